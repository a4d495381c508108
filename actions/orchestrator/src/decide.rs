//! From what the project says and what is deployed to what is to be done.

use std::collections::BTreeMap;

use stk_manifest::{Finding, FindingCode, Severity};
use stk_order::{Action, DeployOrder, DeployedConnection, order};
use stk_run::{ConnectionValues, DeployedUnit};
use stk_store::{Store, connections};

use crate::error::StartError;
use crate::findings::order_finding;
use crate::load::Project;

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
        let stored = connections::load(store, environment, name)
            .await
            .map_err(StartError::Record)?
            .map(|record| record.values);
        let values = stored.or_else(|| {
            let attributes = project.workspace.connections.get(name)?.clone();
            Some(ConnectionValues {
                attributes,
                sensitive: Vec::new(),
            })
        });
        match values {
            Some(values) => {
                workspace_connections.insert(name.clone(), values);
            }
            None => missing.push(not_found(
                project,
                &step.alias,
                &need.slot,
                name,
                environment,
            )),
        }
    }
    if missing.is_empty() {
        Ok(Decision {
            order,
            workspace_connections,
        })
    } else {
        Err(StartError::Order(missing))
    }
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

fn not_found(
    project: &Project,
    alias: &str,
    slot: &str,
    connection: &str,
    environment: &str,
) -> Finding {
    let at = project
        .units
        .iter()
        .filter(|unit| unit.alias == alias)
        .flat_map(|unit| &unit.requires)
        .find(|each| each.slot == slot)
        .map_or(stk_manifest::Position::START, |each| each.at);
    let generated = project
        .units
        .iter()
        .flat_map(|unit| &unit.generates)
        .map(|each| each.connection.as_str());
    let known = generated.chain(project.workspace.connections.names());
    let nearest = stk_manifest::nearest(connection, known)
        .map(|name| format!("did you mean `{name}`? Otherwise "))
        .unwrap_or_default();
    Finding {
        severity: Severity::Error,
        code: FindingCode::UnknownConnection,
        message: format!(
            "plugin `{alias}` requires connection `{connection}` (slot `{slot}`), which no plugin \
             of this project generates and the workspace does not have for environment \
             `{environment}`"
        ),
        file: project.manifest.file.clone(),
        line: at.line,
        column: at.column,
        help: Some(format!(
            "{nearest}deploy the project that generates it first (with the same store), or give \
             its values in {}",
            project.workspace.path.display()
        )),
    }
}
