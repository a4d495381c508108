//! The UNIFIED_IAC task: renders every plugin, also those that go away, and composes them into one project.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stk_compose::project::{self, ComposeError, FilledBy, Filling, HoistedProvider, Module};
use stk_compose::values::Variable;
use stk_render::{Token, Tree};
use stk_run::{Action, DeployMode, Requirement, RunRecord, Unit};
use stk_store::archive::{self, Entry, Limits};
use stk_store::{DeploymentLock, connections as published, deployed, iac, packages, runs};

use super::bundle::BundleError;
use crate::connections::{ConnectionError, Connections, References};
use crate::context::Opaque;
use crate::error::{Scope, TaskError};
use crate::project::WorkFolder;
use crate::render::{UnitError, rendered};
use crate::tools::{Progress, Tools};
use crate::{Stored, secrets};

/// What a composed project says of itself, in a file that Terraform does not read.
const FACTS: &str = "stk-project.json";

/// What is in [`FACTS`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectFacts {
    version: u32,
    /// The provider configurations that several plugins share.
    providers: Vec<HoistedProvider>,
    /// The root outputs by name: the plugin and the name of its output.
    pub(super) outputs: BTreeMap<String, (String, String)>,
}

impl ProjectFacts {
    /// Those of the project in `folder`.
    pub(super) fn of(folder: &WorkFolder) -> Result<Self, BundleError> {
        let bytes = std::fs::read(folder.project().join(FACTS)).map_err(BundleError::Read)?;
        serde_json::from_slice(&bytes).map_err(BundleError::Facts)
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

/// A plugin, rendered, with what its tokens stand for.
struct Part<'r> {
    unit: &'r Unit,
    tree: Tree,
    tokens: Vec<Token>,
    connections: Connections,
    variables: Vec<(String, Variable)>,
}

pub(super) async fn run(
    record: &RunRecord,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Stored, TaskError> {
    let mut parts = Vec::with_capacity(record.units.len());
    for unit in &record.units {
        parts.push(part(record, unit, tools, report).await?);
    }
    let earlier = earlier(record, tools).await?;
    let modules: Vec<Module<'_>> = parts.iter().map(Part::module).collect();
    let project = project::compose(&modules, &earlier).map_err(|errors| {
        TaskError::Compose(ProjectUnitError {
            errors: errors
                .iter()
                .map(|error| described(error, &parts))
                .collect(),
        })
    })?;
    for note in &project.notes {
        report(Progress::Line(note.to_string()));
    }
    let executable: BTreeSet<String> = parts
        .iter()
        .flat_map(|part| {
            let files = part.tree.iter().filter(|(_, file)| file.executable);
            files.map(|(path, _)| format!("{}/{path}", part.unit.alias))
        })
        .collect();
    let mut entries: Vec<_> = project
        .files
        .into_iter()
        .map(|(path, bytes)| Entry {
            executable: executable.contains(&path),
            path,
            bytes,
        })
        .collect();
    let files = entries.len();
    let facts = ProjectFacts {
        version: 1,
        providers: project.hoisted,
        outputs: project
            .outputs
            .into_iter()
            .map(|(root, of)| (root, (of.alias, of.output)))
            .collect(),
    };
    entries.push(Entry {
        path: FACTS.to_owned(),
        bytes: serde_json::to_vec(&facts)
            .map_err(|error| TaskError::Bundle(BundleError::Facts(error)))?,
        executable: false,
    });
    let bytes = archive::pack(entries).map_err(|source| TaskError::pack(Scope::Project, source))?;
    let reference = iac::put(tools.iac_store, lock, None, bytes)
        .await
        .map_err(|source| TaskError::store(Scope::Project, source))?;
    Ok(Stored {
        iac: reference,
        files,
    })
}

/// The provider configurations that earlier deployments of this project shared: the state may still name them.
async fn earlier(record: &RunRecord, tools: &Tools<'_>) -> Result<Vec<HoistedProvider>, TaskError> {
    let units = deployed::all(tools.iac_store, &record.target)
        .await
        .map_err(|source| TaskError::record(Scope::Project, source))?;
    let mut found: BTreeSet<HoistedProvider> = BTreeSet::new();
    let mut seen = Vec::new();
    let unified = units.iter().filter(|unit| unit.mode == DeployMode::Unified);
    for execution in unified.flat_map(|unit| unit.last_success.iter().chain([&unit.last_attempt])) {
        if seen.contains(&&execution.iac) {
            continue;
        }
        seen.push(&execution.iac);
        let bytes = iac::load(tools.iac_store, &execution.iac, None)
            .await
            .map_err(|source| TaskError::iac(&Scope::Project, &execution.iac, source))?;
        let entries = archive::unpack(&bytes, Limits::default())
            .map_err(|source| TaskError::unpack(Scope::Project, source))?;
        for entry in entries.iter().filter(|entry| entry.path == FACTS) {
            // Without them a resource could lose the provider configuration that the state names.
            let facts: ProjectFacts = serde_json::from_slice(&entry.bytes)
                .map_err(|error| TaskError::Bundle(BundleError::Facts(error)))?;
            found.extend(facts.providers);
        }
    }
    Ok(found.into_iter().collect())
}

async fn part<'r>(
    record: &RunRecord,
    unit: &'r Unit,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Part<'r>, TaskError> {
    let alias = &unit.alias;
    let package = packages::load(tools.iac_store, &unit.package)
        .await
        .map_err(|source| TaskError::package(alias, source))?;
    let package = archive::unpack(&package, Limits::default())
        .map_err(|source| TaskError::unpack(alias, source))?;
    let connections = connections(record, unit, tools)
        .await
        .map_err(|source| TaskError::connection(alias, source))?;
    let rendered = rendered(record, unit, package, &connections).map_err(TaskError::Unit)?;
    let files: Vec<_> = rendered
        .tree
        .iter()
        .map(|(path, file)| (path, file.bytes.as_slice()))
        .collect();
    let destroying = unit.action == Action::Destroy;
    UnitError::forbid(&alias.into(), destroying, tools.policy.check(files))?;
    for warning in rendered.warnings {
        report(Progress::Warning(format!("plugin `{alias}`: {warning}")));
    }
    // One name for the whole project: two plugins may have a secret of the same name.
    let variables = secrets::variables(unit)
        .into_iter()
        .map(|(path, variable)| {
            (
                Opaque::Secret(path.clone()).name(),
                Variable {
                    name: secrets::project_name(alias, &variable.name),
                    ..variable
                },
            )
        })
        .collect();
    Ok(Part {
        unit,
        tree: rendered.tree,
        tokens: rendered.tokens,
        connections,
        variables,
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

/// The connections of a plugin: what another plugin of this run generates is a reference, everything else has values.
async fn connections(
    record: &RunRecord,
    unit: &Unit,
    tools: &Tools<'_>,
) -> Result<Connections, ConnectionError> {
    let mut resolved = Connections::new();
    for requirement in &unit.requires {
        let connection = &requirement.connection;
        let generator = record.units.iter().find_map(|other| {
            // What stays is never made of what goes away.
            let may = unit.action == Action::Destroy || other.action == Action::Apply;
            let mut generations = other
                .generates
                .iter()
                .filter(|_| may && other.alias != unit.alias);
            let generation = generations.find(|each| each.connection == *connection)?;
            Some((other, generation))
        });
        if let Some((other, generation)) = generator {
            let outputs: BTreeMap<String, String> = generation
                .outputs
                .iter()
                .map(|mapping| (mapping.to.clone(), mapping.from.clone()))
                .collect();
            resolved.references.insert(
                requirement.slot.clone(),
                References {
                    generator: other.alias.to_string(),
                    outputs,
                },
            );
            continue;
        }
        let values = match record.workspace_connections.get(connection) {
            Some(values) => values.clone(),
            None => earlier_values(record, unit, requirement, tools).await?,
        };
        resolved.insert(&requirement.slot, values);
    }
    Ok(resolved)
}

/// What a plugin that goes away was deployed with.
async fn earlier_values(
    record: &RunRecord,
    unit: &Unit,
    requirement: &Requirement,
    tools: &Tools<'_>,
) -> Result<stk_run::ConnectionValues, ConnectionError> {
    let connection = &requirement.connection;
    let failed = |source| ConnectionError::Store {
        connection: connection.clone(),
        source,
    };
    if let Some(iac) = &unit.iac {
        let earlier = runs::load(tools.iac_store, iac.run_id)
            .await
            .map_err(failed)?;
        let values = earlier.and_then(|run| run.workspace_connections.get(connection).cloned());
        if let Some(values) = values {
            return Ok(values);
        }
    }
    let stored = published::load(tools.iac_store, &record.target.environment, connection)
        .await
        .map_err(failed)?;
    stored
        .map(|stored| stored.values)
        .ok_or_else(|| ConnectionError::NotRecorded {
            slot: requirement.slot.clone(),
            connection: connection.clone(),
        })
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
