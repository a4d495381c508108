//! What stands in the rendered files of one plugin, as far as composing it needs to know.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Block, Body};

use super::providers::Locals;
use super::{ComposeError, Module, Note, Place, json, paths, providers};
use crate::values::modules::{folder, resolve, source};
use crate::{Syntax, line_of};

/// An `output` block of the plugin's root module.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    pub(super) sensitive: bool,
    /// Terraform takes no root output for such a value.
    pub(super) ephemeral: bool,
}

/// A `provider` block of the plugin's root module.
#[derive(Clone, Debug)]
pub(super) struct ProviderBlock {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) line: u32,
    /// Whether it is an additional configuration.
    pub(super) alias: bool,
    /// The body in a form that says nothing of how it is written, or why there is none.
    pub(super) body: Result<String, String>,
}

/// An entry of `required_providers`, of any module of the plugin.
#[derive(Clone, Debug)]
pub(super) struct Requirement {
    pub(super) name: String,
    pub(super) source: Option<String>,
    pub(super) version: Option<String>,
    pub(super) file: String,
    pub(super) line: u32,
}

#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) outputs: BTreeMap<String, Output>,
    pub(super) providers: Vec<ProviderBlock>,
    pub(super) requirements: Vec<Requirement>,
    /// Whether the root module has a `required_providers` block, of which Terraform takes one only.
    pub(super) has_requirements: bool,
    /// Files of the root module that cannot be read, with the line and the reason.
    pub(super) unread: Vec<(String, u32, String)>,
    /// Module blocks whose source leads out of the plugin: file, line, source.
    leaving: Vec<(String, u32, String)>,
    /// Paths that mean another folder here: file, line, path.
    paths: Vec<(String, u32, String)>,
    imports: Vec<(String, u32)>,
    /// Variables of the root module: file, line, whether it has a default.
    variables: BTreeMap<String, (String, u32, bool)>,
    /// Variables that a `*.tfvars` file sets: name, file, line.
    values: Vec<(String, String, u32)>,
}

impl Facts {
    pub(super) fn of(module: &Module<'_>) -> Self {
        let mut facts = Self::default();
        let mut configured = Configured::default();
        for file in &module.files {
            let text = String::from_utf8_lossy(file.bytes);
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            match Syntax::of(file.path) {
                Some(Syntax::Native) => facts.native(file.path, text, &mut configured),
                Some(Syntax::Json) => json::read(&mut facts, file.path, text),
                None if is_values(file.path) => facts.tfvars(file.path, text),
                None => {}
            }
        }
        for (index, body) in &configured.bodies {
            if let Some(block) = facts.providers.get_mut(*index) {
                block.body = providers::canonical(body, &configured.locals);
            }
        }
        facts
    }

    fn native(&mut self, file: &str, text: &str, configured: &mut Configured) {
        let body: Body = match text.parse() {
            Ok(body) => body,
            Err(error) => {
                let error: hcl_edit::parser::Error = error;
                if !file.contains('/') {
                    let line = u32::try_from(error.location().line()).unwrap_or(1);
                    self.unread
                        .push((file.to_owned(), line, error.message().to_owned()));
                }
                return;
            }
        };
        for (offset, path) in paths::find(&body) {
            self.paths
                .push((file.to_owned(), line_of(text, offset), path));
        }
        let root = !file.contains('/');
        for block in body.blocks() {
            let line = line_at(text, block.ident.span());
            match block.ident.as_str() {
                "module" => self.module(file, line, block),
                "terraform" => self.terraform(file, text, block),
                "output" if root => self.output(block),
                "provider" if root => self.provider(file, line, block, configured),
                "locals" if root => configured.locals(file, block),
                "import" if root => self.imports.push((file.to_owned(), line)),
                "variable" if root => self.variable(file, line, block),
                _ => {}
            }
        }
    }

    fn module(&mut self, file: &str, line: u32, block: &Block) {
        let Some(from) = source(block) else { return };
        let local = from.starts_with("./") || from.starts_with("../") || from == "..";
        if local && resolve(folder(file), from).is_none() {
            self.leaving.push((file.to_owned(), line, from.to_owned()));
        }
    }

    fn terraform(&mut self, file: &str, text: &str, block: &Block) {
        for required in block.body.get_blocks("required_providers") {
            self.has_requirements |= !file.contains('/');
            for attribute in required.body.attributes() {
                let (source, version) = match &attribute.value {
                    Expression::String(version) => (None, Some(version.as_str().to_owned())),
                    Expression::Object(_) => (
                        text_of(&attribute.value, "source"),
                        text_of(&attribute.value, "version"),
                    ),
                    _ => (None, None),
                };
                self.requirements.push(Requirement {
                    name: attribute.key.as_str().to_owned(),
                    source,
                    version,
                    file: file.to_owned(),
                    line: line_at(text, attribute.key.span()),
                });
            }
        }
    }

    fn output(&mut self, block: &Block) {
        let Some(label) = block.labels.first() else {
            return;
        };
        let output = self.outputs.entry(label.as_str().to_owned()).or_default();
        // An override file has the block a second time.
        output.sensitive |= is_true(block, "sensitive");
        output.ephemeral |= is_true(block, "ephemeral");
    }

    fn provider(&mut self, file: &str, line: u32, block: &Block, configured: &mut Configured) {
        let Some(label) = block.labels.first() else {
            return;
        };
        if !is_override(file) {
            let index = self.providers.len();
            configured.bodies.push((index, block.body.clone()));
        }
        self.providers.push(ProviderBlock {
            name: label.as_str().to_owned(),
            file: file.to_owned(),
            line,
            alias: block.body.has_attribute("alias"),
            body: Err("it stands in an override file".to_owned()),
        });
    }

    fn variable(&mut self, file: &str, line: u32, block: &Block) {
        let Some(label) = block.labels.first() else {
            return;
        };
        let default = block.body.has_attribute("default");
        let name = label.as_str().to_owned();
        let variable = (file.to_owned(), line, default);
        let known = self.variables.entry(name).or_insert(variable);
        known.2 |= default;
    }

    fn tfvars(&mut self, file: &str, text: &str) {
        if file.ends_with(".json") {
            let document = serde_json::from_str::<serde_json::Value>(text).ok();
            let values = document.as_ref().and_then(serde_json::Value::as_object);
            for name in values.into_iter().flat_map(serde_json::Map::keys) {
                let line = json::line_of_name(text, name);
                self.values.push((name.clone(), file.to_owned(), line));
            }
            return;
        }
        let Ok(body) = text.parse::<Body>() else {
            return;
        };
        for attribute in body.attributes() {
            let line = line_at(text, attribute.key.span());
            self.values
                .push((attribute.key.as_str().to_owned(), file.to_owned(), line));
        }
    }

    /// What Terraform would refuse, or do differently, because the plugin is a module.
    pub(super) fn errors(&self, module: &Module<'_>) -> Vec<ComposeError> {
        let place = |file: &str, line| place(module.alias, file, line);
        let mut errors = Vec::new();
        for (file, line, from) in &self.leaving {
            errors.push(ComposeError::SourceLeaves {
                place: place(file, *line),
                from: from.clone(),
            });
        }
        for (file, line) in &self.imports {
            errors.push(ComposeError::Import(place(file, *line)));
        }
        let mut set = BTreeSet::new();
        for (name, file, line) in &self.values {
            set.insert(name);
            if self.variables.contains_key(name) {
                errors.push(ComposeError::Values {
                    place: place(file, *line),
                    name: name.clone(),
                });
            }
        }
        for (name, (file, line, default)) in &self.variables {
            if !default && !set.contains(name) {
                errors.push(ComposeError::Unset {
                    place: place(file, *line),
                    name: name.clone(),
                });
            }
        }
        errors
    }

    pub(super) fn notes(&self, module: &Module<'_>) -> Vec<Note> {
        let unread = self.unread.iter().map(|(file, line, reason)| Note::Unread {
            place: place(module.alias, file, *line),
            reason: reason.clone(),
        });
        let paths = self.paths.iter().map(|(file, line, path)| Note::Path {
            place: place(module.alias, file, *line),
            path: path.clone(),
        });
        unread.chain(paths).collect()
    }
}

/// What is needed for the bodies of provider blocks once all files are read.
#[derive(Default)]
struct Configured {
    /// By the block's index.
    bodies: Vec<(usize, Body)>,
    locals: Locals,
}

impl Configured {
    fn locals(&mut self, file: &str, block: &Block) {
        for attribute in block.body.attributes() {
            let name = attribute.key.as_str().to_owned();
            let constant = !is_override(file) && !self.locals.contains_key(&name);
            let value = constant.then(|| attribute.value.clone());
            self.locals.insert(name, value);
        }
    }
}

pub(super) fn place(alias: &str, file: &str, line: u32) -> Place {
    Place {
        alias: alias.to_owned(),
        file: file.to_owned(),
        line,
    }
}

/// Whether what stands in the file is merged into what other files declare.
pub(super) fn is_override(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.split_once(".t").map_or(name, |(stem, _)| stem);
    name == "override" || name.ends_with("_override")
}

/// Whether Terraform takes values of variables from the file, which it does in the root module only.
fn is_values(file: &str) -> bool {
    let file = file.strip_suffix(".json").unwrap_or(file);
    file == "terraform.tfvars" || (!file.contains('/') && file.ends_with(".auto.tfvars"))
}

fn line_at(text: &str, span: Option<Range<usize>>) -> u32 {
    line_of(text, span.map_or(0, |span| span.start))
}

fn is_true(block: &Block, key: &str) -> bool {
    let value = block.body.get_attribute(key).map(|found| &found.value);
    matches!(value, Some(Expression::Bool(value)) if *value.value())
}

fn text_of(object: &Expression, wanted: &str) -> Option<String> {
    let (_, value) = object.as_object()?.iter().find(|(key, _)| match key {
        ObjectKey::Ident(name) => name.as_str() == wanted,
        ObjectKey::Expression(Expression::Variable(name)) => name.as_str() == wanted,
        ObjectKey::Expression(key) => key.as_str() == Some(wanted),
    })?;
    value.expr().as_str().map(str::to_owned)
}
