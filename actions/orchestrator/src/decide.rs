//! From what the project says and what is deployed to what is to be done.

use std::collections::{BTreeMap, HashMap};

use stk_manifest::{Finding, FindingCode, Position, Severity};
use stk_order::{Action, DeployOrder, DeployedConnection, Need, order};
use stk_run::{ConnectionValues, DeployedUnit};
use stk_store::{Store, connections};

use crate::error::StartError;
use crate::findings::order_finding;
use crate::load::Project;

/// For how many missing connections a name is looked for that is alike; each costs a look at every
/// name that there is, and nobody reads more.
const SUGGESTIONS: usize = 20;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The plugins, in order.
    pub order: DeployOrder,
    /// The connections that live in the workspace and that applied plugins read, by name.
    pub workspace_connections: BTreeMap<String, ConnectionValues>,
}

/// Orders `project` against what is `deployed`, and finds the connections that it takes from the
/// workspace: in the store, else in `.stk/connections.yaml`.
///
/// # Errors
///
/// [`StartError::Order`] with every finding, or that the store could not be read.
pub async fn decide(
    project: &Project,
    deployed: &[DeployedUnit],
    environment: &str,
    store: &dyn Store,
) -> Result<Decision, StartError> {
    let deployed: Vec<_> = deployed.iter().map(for_order).collect();
    let order = order(&project.units, &deployed).map_err(|errors| {
        StartError::Order(
            errors
                .iter()
                .map(|error| order_finding(error, &project.manifest.file))
                .collect(),
        )
    })?;
    let mut workspace_connections = BTreeMap::new();
    let mut missing = Vec::new();
    let applied = order
        .steps
        .iter()
        .filter(|step| step.action == Action::Apply);
    for (step, need) in applied.flat_map(|step| step.needs.iter().map(move |need| (step, need))) {
        let name = &need.connection;
        if need.from.is_some() || workspace_connections.contains_key(name) {
            continue;
        }
        match workspace_connection(project, environment, name, store).await? {
            Some(values) => {
                workspace_connections.insert(name.clone(), values);
            }
            None => missing.push((step.alias.as_str(), need)),
        }
    }
    if !missing.is_empty() {
        return Err(StartError::Order(not_found(project, environment, &missing)));
    }
    Ok(Decision {
        order,
        workspace_connections,
    })
}

/// The values of a connection that the project does not generate. What was deployed wins over what
/// was written down.
async fn workspace_connection(
    project: &Project,
    environment: &str,
    name: &str,
    store: &dyn Store,
) -> Result<Option<ConnectionValues>, StartError> {
    let stored = connections::load(store, environment, name)
        .await
        .map_err(|source| StartError::Connection {
            name: name.to_owned(),
            source: Box::new(source),
        })?;
    if let Some(record) = stored {
        return Ok(Some(record.values));
    }
    let written = project.workspace.connections.get(name);
    Ok(written.map(|attributes| ConnectionValues {
        attributes: attributes.clone(),
        sensitive: Vec::new(),
    }))
}

/// What [`order`] needs to know of a deployed plugin.
#[must_use]
pub fn for_order(deployed: &DeployedUnit) -> stk_order::DeployedUnit {
    let unit = &deployed.unit;
    stk_order::DeployedUnit {
        alias: unit.alias.to_string(),
        position: unit.position,
        requires: unit
            .requires
            .iter()
            .map(|each| DeployedConnection {
                slot: each.slot.clone(),
                connection: each.connection.clone(),
            })
            .collect(),
        generates: unit
            .generates
            .iter()
            .map(|each| each.connection.clone())
            .collect(),
    }
}

/// Findings for the needs (each with the alias of its plugin) that nothing fulfils, in file order.
fn not_found(project: &Project, environment: &str, missing: &[(&str, &Need)]) -> Vec<Finding> {
    let slots: HashMap<(&str, &str), Position> = project
        .units
        .iter()
        .flat_map(|unit| unit.requires.iter().map(move |each| (unit, each)))
        .map(|(unit, each)| ((unit.alias.as_str(), each.slot.as_str()), each.at))
        .collect();
    let known: Vec<&str> = project
        .units
        .iter()
        .flat_map(|unit| &unit.generates)
        .map(|each| each.connection.as_str())
        .chain(project.workspace.connections.names())
        .collect();
    let mut findings: Vec<_> = missing
        .iter()
        .enumerate()
        .map(|(index, (alias, need))| {
            let (slot, connection) = (need.slot.as_str(), need.connection.as_str());
            let at = slots.get(&(*alias, slot)).copied();
            let at = at.unwrap_or(Position::START);
            let nearest = (index < SUGGESTIONS)
                .then(|| stk_manifest::nearest(connection, known.iter().copied()))
                .flatten();
            let suggestion = match nearest {
                Some(name) => format!("did you mean `{name}`? If not: "),
                None => String::new(),
            };
            Finding {
                severity: Severity::Error,
                code: FindingCode::UnknownConnection,
                message: format!(
                    "plugin `{alias}` requires connection `{connection}` (slot `{slot}`), which no \
                     plugin of this project generates and which was not found in the workspace, \
                     environment `{environment}`"
                ),
                file: project.manifest.file.clone(),
                line: at.line,
                column: at.column,
                help: Some(format!(
                    "{suggestion}deploy the project that generates it to `{environment}` first, \
                     with the same store, or write its values into {}",
                    project.workspace.path.display()
                )),
            }
        })
        .collect();
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings
}

#[cfg(test)]
mod tests;
