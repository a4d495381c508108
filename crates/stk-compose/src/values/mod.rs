//! Filling values into rendered Terraform that were not known when it was rendered, or must not stand in a file.
//!
//! A rendered file holds a token where such a value belongs. Here the token becomes a reference to a generated variable,
//! in the form that its place in the file needs: `var.x` where an expression stands, `${var.x}` inside a quoted or heredoc
//! template, `(var.x)` as the key of an object. Whoever runs Terraform hands the variables in.

pub(crate) mod modules;
mod replace;

use std::collections::{BTreeMap, BTreeSet};

use crate::Syntax;

/// The file that declares the variables, in the root module and in every local module that needs some.
pub const VARIABLES_FILE: &str = "stk-variables.tf";

/// A generated variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name in Terraform: letters, digits, `_` and `-`.
    pub name: String,
    /// What it holds, for whoever reads the generated declaration.
    pub description: String,
    /// Whether Terraform hides its value.
    pub sensitive: bool,
    /// Whether it is a text; `false` leaves its type to what is handed in.
    pub text: bool,
}

/// One token and what stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The text in the files: an identifier of Terraform that is no part of another one.
    pub text: &'a str,
    /// The variable that it becomes.
    pub variable: &'a Variable,
}

/// What [`fill`] made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The files that changed or were added, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The names of the variables that the root module declares.
    pub variables: BTreeSet<String>,
}

/// A token in a place that a reference cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct Misplaced {
    /// The rendered file.
    pub file: String,
    /// The line in the rendered file, from 1.
    pub line: u32,
    /// The token that stands there; `None` when the file as a whole is at fault.
    pub token: Option<String>,
    /// Why it cannot stand there.
    pub problem: Problem,
}

/// Why a value cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Only Terraform's native syntax can refer to variables here.
    #[error(
        "a value that is filled in later can stand in `.tf` files only; hand it on from there, \
         with `templatefile` or an argument"
    )]
    NotTerraform,
    /// JSON syntax is not read for this.
    #[error(
        "a value that is filled in later cannot stand in a `.tf.json` file; write the file as `.tf`"
    )]
    Json,
    /// The file is not HCL that this crate understands.
    #[error("the file cannot be read as Terraform: {0}")]
    Unreadable(String),
    /// Terraform takes no reference in this place.
    #[error("a value that is filled in later cannot be {0}")]
    Place(&'static str),
    /// The token is a part of a longer name.
    #[error(
        "a value that is filled in later cannot be a part of the name `{0}`; put it in a quoted \
         text of its own"
    )]
    PartOfName(String),
    /// No module block leads to the folder.
    #[error(
        "no `module` block has the folder `{0}` as its source, so nothing can be handed in; a value \
         that is filled in later can stand only in the plugin's own files and in modules that it \
         calls with `source = \"./…\"`"
    )]
    NotCalled(String),
    /// The plugin has a file of the name that is generated.
    #[error("the file name `stk-variables.tf` is taken by a generated file; rename the plugin's")]
    NameTaken,
}

/// Turns every token in `files` into a reference to its variable, declares the variables where they are used, and hands
/// them down to the local modules (`source = "./…"`) that use them.
///
/// # Errors
///
/// Every token that stands where no reference can stand, sorted by file and line.
pub fn fill<'f>(
    files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
    tokens: &[Token<'_>],
) -> Result<Filled, Vec<Misplaced>> {
    if tokens.is_empty() {
        return Ok(Filled::default());
    }
    let files: BTreeMap<&str, &[u8]> = files.into_iter().collect();
    let mut errors = Vec::new();
    let mut changed: BTreeMap<String, String> = BTreeMap::new();
    // Folder to the variables that its files use.
    let mut needs: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (&file, &bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if !tokens.iter().any(|token| text.contains(token.text)) {
            continue;
        }
        if is_readme(file) {
            changed.insert(file.to_owned(), replace::hidden(text, tokens));
            continue;
        }
        let replaced = match Syntax::of(file) {
            Some(Syntax::Native) => replace::replace(text, tokens),
            Some(Syntax::Json) => Err(replace::first(text, tokens, Problem::Json)),
            None => Err(replace::first(text, tokens, Problem::NotTerraform)),
        };
        match replaced {
            Ok(replaced) => {
                let used = needs.entry(modules::folder(file).to_owned()).or_default();
                used.extend(replaced.variables);
                changed.insert(file.to_owned(), replaced.text);
            }
            Err(found) => errors.extend(found.into_iter().map(|found| Misplaced {
                file: file.to_owned(),
                line: found.line,
                token: found.token,
                problem: found.problem,
            })),
        }
    }
    modules::hand_down(&files, &mut changed, &mut needs, &mut errors);
    for (folder, names) in &needs {
        let file = modules::join(folder, VARIABLES_FILE);
        if files.contains_key(file.as_str()) {
            errors.push(Misplaced {
                file,
                line: 1,
                token: None,
                problem: Problem::NameTaken,
            });
            continue;
        }
        changed.insert(file, declarations(names, tokens));
    }
    if !errors.is_empty() {
        errors.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
        errors.dedup();
        return Err(errors);
    }
    let root = needs.remove("").unwrap_or_default();
    Ok(Filled {
        variables: root.into_iter().map(str::to_owned).collect(),
        files: changed
            .into_iter()
            .map(|(file, text)| (file, text.into_bytes()))
            .collect(),
    })
}

/// Whether a file is there for people alone: StackSpot's plugins bring a `README-deploy.md` among their templates.
fn is_readme(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file).to_lowercase();
    name.starts_with("readme") && name.ends_with(".md")
}

fn declarations(names: &BTreeSet<&str>, tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for name in names {
        let mut variables = tokens.iter().map(|token| token.variable);
        let Some(variable) = variables.find(|variable| variable.name == *name) else {
            continue;
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&declaration(variable));
    }
    text
}

pub(crate) fn declaration(variable: &Variable) -> String {
    let mut lines = vec![format!("variable \"{}\" {{", variable.name)];
    lines.push(format!("  description = {}", quoted(&variable.description)));
    if variable.text {
        lines.push("  type        = string".to_owned());
    }
    if variable.sensitive {
        lines.push("  sensitive   = true".to_owned());
    }
    lines.push("}\n".to_owned());
    lines.join("\n")
}

/// `text` as a quoted template that holds nothing but it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if letter.is_control() => quoted.push('\u{fffd}'),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted.replace("${", "$${").replace("%{", "%%{")
}
