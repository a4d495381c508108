use std::collections::BTreeMap;

use crate::{
    context::Context,
    engine::Engine,
    error::{ErrorKind, RenderError, Warning},
    limits::Limits,
    opaque::{self, Piece},
    path,
    stack::with_deep_stack,
    templates::{TemplateFile, Templates},
    tree::{File, Tree},
};

/// What [`render`] made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The files.
    pub tree: Tree,
    /// Oddities, sorted by template and line.
    pub warnings: Vec<Warning>,
    /// The tokens that opaque values left in the files, in the order of the templates and of their places in them.
    pub tokens: Vec<Token>,
}

/// Where one opaque value ([`Context::opaque`]) was printed by one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What stands in the rendered file: letters, digits and `_`, never a part of another token.
    pub text: String,
    /// The name of the opaque value.
    pub name: String,
    /// The template, by its path.
    pub template: String,
    /// The line of the tag, from 1. Not known for what reached the file through a computed input or a `~`.
    pub line: Option<u32>,
}

/// What [`evaluate`] made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluated {
    /// The text; Jinja always gives text, so `{{ 1 + 1 }}` is the string `2`. Where it printed an opaque value, it holds a
    /// mark that only a context with the same opaque values, given in the same order, understands.
    pub text: String,
    /// Oddities, as of [`render`].
    pub warnings: Vec<Warning>,
}

/// Renders every file and every file name of `templates` within the default [`Limits`].
///
/// # Errors
///
/// The first fault, in the order of the templates' paths; see [`ErrorKind`].
pub fn render(templates: &Templates, context: &Context) -> Result<Rendered, RenderError> {
    render_with(templates, context, Limits::default())
}

/// Like [`render`], within `limits`.
///
/// # Errors
///
/// As [`render`].
pub fn render_with(
    templates: &Templates,
    context: &Context,
    limits: Limits,
) -> Result<Rendered, RenderError> {
    with_deep_stack("templates", || render_all(templates, context, limits))
}

fn render_all(
    templates: &Templates,
    context: &Context,
    limits: Limits,
) -> Result<Rendered, RenderError> {
    let selected = templates.selected()?;
    let mut engine = Engine::new(context, limits)?;
    let mut rendered = Rendered::default();
    let mut origins: BTreeMap<String, &str> = BTreeMap::new();
    let mut bytes_total = 0_usize;
    for (count, template) in selected.into_iter().enumerate() {
        let target = file_name(&mut engine, template, &mut rendered.warnings)?;
        let bytes = match text_of(&template.bytes) {
            None => template.bytes.clone(),
            Some(text) => {
                let text = engine.run(&template.path, text, &mut rendered.warnings)?;
                with_tokens(text, context, template, &mut rendered.tokens)?.into_bytes()
            }
        };
        bytes_total = bytes_total.saturating_add(bytes.len());
        if count >= limits.files || bytes_total > limits.bytes_total {
            return Err(fault(
                template,
                ErrorKind::Limit,
                format!(
                    "the templates render to more than {} files or {} bytes",
                    limits.files, limits.bytes_total
                ),
            ));
        }
        if let Some(other) = origins.get(&target) {
            return Err(fault(
                template,
                ErrorKind::Path,
                format!("renders to `{target}`, and so does `{other}`"),
            ));
        }
        if let Some(obstacle) = rendered.tree.obstacle(&target) {
            let other = origins.get(obstacle).copied().unwrap_or(obstacle);
            return Err(fault(
                template,
                ErrorKind::Path,
                format!(
                    "renders to `{target}`, but `{other}` renders to `{obstacle}`: one would be a file and the other its folder"
                ),
            ));
        }
        let file = File {
            bytes,
            executable: template.executable,
        };
        rendered
            .tree
            .insert(&target, file)
            .map_err(|error| bad_name(template, &target, &error.reason))?;
        origins.insert(target, &template.path);
    }
    rendered.warnings.sort();
    rendered.warnings.dedup();
    Ok(rendered)
}

/// The syntax errors of all file names and files, and the filters and tests in them that do not exist, without running
/// anything; sorted by template. A file that does not parse is searched no further.
pub fn check(templates: &Templates) -> Vec<RenderError> {
    with_deep_stack("templates", || check_all(templates)).unwrap_or_else(|error| vec![error])
}

fn check_all(templates: &Templates) -> Result<Vec<RenderError>, RenderError> {
    let selected = templates.selected()?;
    let context = Context::default();
    let engine = Engine::new(&context, Limits::default())?;
    let mut errors = Vec::new();
    for template in selected {
        let in_names = engine.check(&template.path, &template.path);
        errors.extend(in_names.into_iter().map(|error| in_name(template, error)));
        if let Some(text) = text_of(&template.bytes) {
            errors.extend(engine.check(&template.path, text));
        }
    }
    Ok(errors)
}

/// Renders one string of a plugin's definition, as a computed input. `name` stands for the template in errors and warnings.
///
/// # Errors
///
/// As [`render`], without those about files.
pub fn evaluate(source: &str, name: &str, context: &Context) -> Result<Evaluated, RenderError> {
    with_deep_stack(name, || {
        let mut engine = Engine::new(context, Limits::default())?;
        let mut evaluated = Evaluated::default();
        evaluated.text = engine.run(name, source, &mut evaluated.warnings)?;
        Ok(evaluated)
    })
}

/// What no template may print when there are tokens, because it could be taken for one.
const TOKEN: &str = "stk_token_";

/// The text with a token for every mark in it.
fn with_tokens(
    text: String,
    context: &Context,
    template: &TemplateFile,
    tokens: &mut Vec<Token>,
) -> Result<String, RenderError> {
    if !context.has_opaque() {
        return Ok(text);
    }
    let wrong = |message: &str| fault(template, ErrorKind::Refused, message.to_owned());
    if text.contains(TOKEN) {
        return Err(wrong(
            "prints `stk_token_`, which is reserved for values that are filled in later",
        ));
    }
    if !opaque::is_marked(&text) {
        return Ok(text);
    }
    let damaged = || wrong("changes a value that can only be printed as it is");
    let mut with_tokens = String::with_capacity(text.len());
    for piece in opaque::pieces(&text).ok_or_else(damaged)? {
        let (name, line) = match piece {
            Piece::Text(text) => {
                with_tokens.push_str(text);
                continue;
            }
            Piece::Mark { name, line } => (context.name(name).ok_or_else(damaged)?.0, line),
        };
        let line = u32::try_from(line).ok().filter(|line| *line > 0);
        let same = |token: &&Token| {
            token.name == name && token.line == line && token.template == template.path
        };
        if let Some(token) = tokens.iter().rfind(same) {
            with_tokens.push_str(&token.text);
            continue;
        }
        let token = Token {
            text: format!("{TOKEN}{}_", tokens.len()),
            name: name.to_owned(),
            template: template.path.clone(),
            line,
        };
        with_tokens.push_str(&token.text);
        tokens.push(token);
    }
    Ok(with_tokens)
}

/// Why a text that must be whole cannot be, if it holds a mark.
fn printed(text: &str, context: &Context) -> Option<String> {
    if !opaque::is_marked(text) {
        return None;
    }
    let name = opaque::pieces(text)?
        .into_iter()
        .find_map(|piece| match piece {
            Piece::Mark { name, .. } => Some(name),
            Piece::Text(_) => None,
        });
    let reason = name
        .and_then(|name| context.name(name))
        .map(|(_, reason)| reason);
    Some(
        reason
            .unwrap_or("a value that cannot be used here")
            .to_owned(),
    )
}

/// The text of a template, or `None` for a binary file.
pub(crate) fn text_of(bytes: &[u8]) -> Option<&str> {
    if bytes.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

fn file_name(
    engine: &mut Engine<'_>,
    template: &TemplateFile,
    warnings: &mut Vec<Warning>,
) -> Result<String, RenderError> {
    let mut found = Vec::new();
    // The path is one template, not one for each segment: an `{% if %}` may span folders.
    let name = engine
        .run(&template.path, &template.path, &mut found)
        .map_err(|error| in_name(template, error))?;
    if let Some(reason) = printed(&name, engine.context()) {
        let error = fault(template, ErrorKind::Refused, reason);
        return Err(in_name(template, error));
    }
    warnings.extend(found.into_iter().map(|warning| Warning {
        line: None,
        message: format!("in the file's name: {}", warning.message),
        ..warning
    }));
    path::normalize(&name).map_err(|reason| bad_name(template, &name, &reason))
}

fn bad_name(template: &TemplateFile, name: &str, reason: &str) -> RenderError {
    let message = if name.is_empty() {
        "the file's name renders to nothing".to_owned()
    } else if name == template.path {
        format!("not a usable file name: {reason}")
    } else {
        // A message is one line.
        let shown = name.replace(char::is_control, "\u{fffd}");
        format!("the file's name renders to `{shown}`: {reason}")
    };
    fault(template, ErrorKind::Path, message)
}

fn in_name(template: &TemplateFile, error: RenderError) -> RenderError {
    RenderError {
        line: None,
        excerpt: None,
        message: format!("in the file's name: {}", error.message),
        template: template.path.clone(),
        ..error
    }
}

fn fault(template: &TemplateFile, kind: ErrorKind, message: String) -> RenderError {
    RenderError {
        template: template.path.clone(),
        line: None,
        message,
        excerpt: None,
        kind,
    }
}
