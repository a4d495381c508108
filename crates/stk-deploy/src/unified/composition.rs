//! Composing rendered plugins into one project; nothing here touches a store.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stk_compose::project::{self, ComposeError, FilledBy, Filling, HoistedProvider, Module};
use stk_compose::values::Variable;
use stk_render::{File, Token, Tree, WriteError};
use stk_run::{Action, Requirement, RunRecord, Unit};
use stk_store::archive::Entry;

use super::bundle::BundleError;
use crate::connections::{Connections, References};
use crate::context::Opaque;
use crate::error::TaskError;
use crate::project::WorkFolder;
use crate::render::{UnitError, rendered};
use crate::secrets;

/// What a composed project says of itself, in a file that Terraform does not read.
const FACTS: &str = "stk-project.json";

/// What is in [`FACTS`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectFacts {
    version: u32,
    /// The provider configurations that several plugins share.
    pub(super) providers: Vec<HoistedProvider>,
    /// The root outputs by name: the plugin and the name of its output.
    pub(super) outputs: BTreeMap<String, (String, String)>,
}

impl ProjectFacts {
    /// Those of the project in `folder`.
    pub(super) fn of(folder: &WorkFolder) -> Result<Self, BundleError> {
        match std::fs::read(folder.project().join(FACTS)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(BundleError::Facts),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BundleError::NoFacts),
            Err(error) => Err(BundleError::Read(error)),
        }
    }

    /// Those of a stored project.
    pub(super) fn among(entries: &[Entry]) -> Result<Self, BundleError> {
        let mut entries = entries.iter();
        let entry = entries.find(|entry| entry.path == FACTS);
        let entry = entry.ok_or(BundleError::NoFacts)?;
        serde_json::from_slice(&entry.bytes).map_err(BundleError::Facts)
    }
}

/// Why plugins cannot be composed into one project.
#[derive(Debug, thiserror::Error)]
#[error("{}", listed(.errors))]
pub struct ProjectUnitError {
    /// Everything that is wrong; never empty.
    pub errors: Vec<String>,
}

fn listed(errors: &[String]) -> String {
    errors.join("; ")
}

/// The plugins of a run on their way into one project: [`add`](Self::add) each, in the order of the record, then
/// [`compose`](Self::compose). It is what a UNIFIED_IAC task does between fetching packages and storing the project.
#[derive(Debug)]
pub struct Composition<'r> {
    record: &'r RunRecord,
    parts: Vec<Part<'r>>,
}

/// What a plugin renders to. What other plugins generate, and secrets, are not filled in yet.
#[derive(Debug)]
pub struct Added<'c> {
    /// The files, by path.
    pub tree: &'c Tree,
    /// What is odd, but not wrong.
    pub warnings: Vec<String>,
}

/// One Terraform project that is made of all plugins.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The files, by path: what is stored, byte for byte.
    pub tree: Tree,
    /// What is worth to be said, but neither odd nor wrong.
    pub notes: Vec<String>,
}

impl Composed {
    /// Writes the files below `folder`, which must not hold any of them yet.
    ///
    /// # Errors
    ///
    /// [`WriteError`], with the path that could not be written.
    pub fn write_to(&self, folder: &Path) -> Result<(), WriteError> {
        self.tree.write_to(folder)
    }
}

/// A plugin, rendered, with what its tokens stand for.
#[derive(Debug)]
struct Part<'r> {
    unit: &'r Unit,
    tree: Tree,
    tokens: Vec<Token>,
    connections: Connections,
    variables: Vec<(String, Variable)>,
}

impl<'r> Composition<'r> {
    /// Nothing of `record` yet.
    #[must_use]
    pub fn new(record: &'r RunRecord) -> Self {
        Self {
            record,
            parts: Vec::with_capacity(record.units.len()),
        }
    }

    pub(super) fn record(&self) -> &'r RunRecord {
        self.record
    }

    /// The connections of `unit` that other plugins of the run generate: they become references. Also gives the
    /// requirements that are left; for each, the caller [inserts](Connections::insert) values.
    #[must_use]
    pub fn references<'u>(&self, unit: &'u Unit) -> (Connections, Vec<&'u Requirement>) {
        let mut connections = Connections::new();
        let mut others = Vec::new();
        for requirement in &unit.requires {
            match generator(self.record, unit, requirement) {
                Some(references) => {
                    let slot = requirement.slot.clone();
                    connections.references.insert(slot, references);
                }
                None => others.push(requirement),
            }
        }
        (connections, others)
    }

    /// Renders `unit` of the record from the files of its `package`.
    ///
    /// # Errors
    ///
    /// [`UnitError`] when a template is wrong or what it renders is not allowed.
    pub fn add(
        &mut self,
        unit: &'r Unit,
        package: Vec<Entry>,
        connections: Connections,
    ) -> Result<Added<'_>, UnitError> {
        let rendered = rendered(self.record, unit, package, &connections)?;
        // One name for the whole project: two plugins may have a secret of the same name.
        let variables = secrets::variables(unit)
            .into_iter()
            .map(|(path, variable)| {
                (
                    Opaque::Secret(path.clone()).name(),
                    Variable {
                        name: secrets::project_name(&unit.alias, &variable.name),
                        ..variable
                    },
                )
            })
            .collect();
        let part = self.parts.push_mut(Part {
            unit,
            tree: rendered.tree,
            tokens: rendered.tokens,
            connections,
            variables,
        });
        Ok(Added {
            tree: &part.tree,
            warnings: rendered.warnings,
        })
    }

    /// The project. `earlier` are the provider configurations that earlier deployments of it shared.
    ///
    /// # Errors
    ///
    /// [`TaskError::Compose`] with everything that is wrong.
    pub fn compose(self, earlier: &[HoistedProvider]) -> Result<Composed, TaskError> {
        let parts = self.parts;
        let modules: Vec<Module<'_>> = parts.iter().map(Part::module).collect();
        let project = project::compose(&modules, earlier).map_err(|errors| {
            TaskError::Compose(ProjectUnitError {
                errors: errors
                    .iter()
                    .map(|error| described(error, &parts))
                    .collect(),
            })
        })?;
        let executable: BTreeSet<String> = parts
            .iter()
            .flat_map(|part| {
                let files = part.tree.iter().filter(|(_, file)| file.executable);
                files.map(|(path, _)| format!("{}/{path}", part.unit.alias))
            })
            .collect();
        let facts = ProjectFacts {
            version: 1,
            providers: project.hoisted,
            outputs: project
                .outputs
                .into_iter()
                .map(|(root, of)| (root, (of.alias, of.output)))
                .collect(),
        };
        let facts = serde_json::to_vec(&facts)
            .map_err(|error| TaskError::Bundle(BundleError::Facts(error)))?;
        let mut tree = Tree::default();
        for (path, bytes) in project.files.into_iter().chain([(FACTS.to_owned(), facts)]) {
            let file = File {
                executable: executable.contains(&path),
                bytes,
            };
            tree.insert(&path, file).map_err(|error| {
                TaskError::Compose(ProjectUnitError {
                    errors: vec![error.to_string()],
                })
            })?;
        }
        Ok(Composed {
            tree,
            notes: project.notes.iter().map(ToString::to_string).collect(),
        })
    }
}

/// The plugin of this run that generates what `unit` requires, if one does.
fn generator(record: &RunRecord, unit: &Unit, requirement: &Requirement) -> Option<References> {
    record.units.iter().find_map(|other| {
        // What stays is never made of what goes away.
        let may = unit.action == Action::Destroy || other.action == Action::Apply;
        let mut generations = other
            .generates
            .iter()
            .filter(|_| may && other.alias != unit.alias);
        let generation = generations.find(|each| each.connection == requirement.connection)?;
        Some(References {
            generator: other.alias.to_string(),
            outputs: generation
                .outputs
                .iter()
                .map(|mapping| (mapping.to.clone(), mapping.from.clone()))
                .collect(),
        })
    })
}

impl Part<'_> {
    fn module(&self) -> Module<'_> {
        Module {
            alias: self.unit.alias.as_str(),
            files: self
                .tree
                .iter()
                .map(|(path, file)| project::File {
                    path,
                    bytes: &file.bytes,
                })
                .collect(),
            fillings: self
                .tokens
                .iter()
                .filter_map(|token| self.filling(token))
                .collect(),
        }
    }

    fn filling<'p>(&'p self, token: &'p Token) -> Option<Filling<'p>> {
        let secret = self.variables.iter().find(|(name, _)| *name == token.name);
        let value = match secret {
            Some((_, variable)) => FilledBy::Variable(variable),
            None => {
                let (slot, attribute) = token.name.split_once('\t')?;
                let references = self.connections.references.get(slot)?;
                FilledBy::Output {
                    slot,
                    attribute,
                    generator: &references.generator,
                    output: references.outputs.get(attribute)?,
                }
            }
        };
        Some(Filling {
            token: &token.text,
            value,
        })
    }
}

/// The error with the template and the line that it came from, where a token tells.
fn described(error: &ComposeError, parts: &[Part<'_>]) -> String {
    let ComposeError::Misplaced { alias, misplaced } = error else {
        return error.to_string();
    };
    let token = parts
        .iter()
        .filter(|part| part.unit.alias.as_str() == alias)
        .flat_map(|part| &part.tokens)
        .find(|token| Some(&token.text) == misplaced.token.as_ref());
    match token {
        Some(Token {
            name,
            template,
            line: Some(line),
            ..
        }) => {
            let what = match name.split_once('\t') {
                Some((slot, attribute)) => {
                    format!("the attribute `{attribute}` of the connection `{slot}`")
                }
                None => format!("the secret input `{}`", name.replace('\u{1f}', ".")),
            };
            format!(
                "plugin `{alias}`, {template}:{line}: {what}: {}",
                misplaced.problem
            )
        }
        _ => error.to_string(),
    }
}
