//! Units in a few words.

use serde_json::Map;
use stk_manifest::{Generation, PluginQualifier, Position, Requirement, Unit};
use stk_order::{Action, DeployOrder, DeployedConnection, DeployedUnit};

/// The plugin `alias` at `position`. Its slots are called after what they select; the entry stands
/// on line `10 * (position + 1)`, and each connection on a line of its own below.
pub(crate) fn unit(position: u32, alias: &str, requires: &[&str], generates: &[&str]) -> Unit {
    let first_line = 10 * (position + 1);
    let at = |offset: usize| Position {
        line: first_line + u32::try_from(offset).unwrap(),
        column: 9,
    };
    Unit {
        alias: alias.to_owned(),
        position,
        qualifier: PluginQualifier::parse("acme/stack@1.0.0/plugin@1.0.0").unwrap(),
        plugin_name: "plugin".to_owned(),
        plugin_version: None,
        inputs: Map::new(),
        secrets: Vec::new(),
        global_inputs: Map::new(),
        computed_inputs: Map::new(),
        global_computed_inputs: Map::new(),
        requires: (1..)
            .zip(requires)
            .map(|(offset, connection)| Requirement {
                slot: format!("needs-{connection}"),
                connection: (*connection).to_owned(),
                kind: "some-conn".to_owned(),
                at: at(offset),
            })
            .collect(),
        generates: (1 + requires.len()..)
            .zip(generates)
            .map(|(offset, connection)| Generation {
                slot: format!("gives-{connection}"),
                connection: (*connection).to_owned(),
                kind: "some-conn".to_owned(),
                outputs: Vec::new(),
                at: at(offset),
            })
            .collect(),
        at: at(0),
    }
}

/// Plugins in file order: alias, what it requires, what it generates.
pub(crate) fn file(plugins: &[(&str, &[&str], &[&str])]) -> Vec<Unit> {
    (0..)
        .zip(plugins)
        .map(|(position, (alias, requires, generates))| unit(position, alias, requires, generates))
        .collect()
}

/// What is deployed after `unit` was applied.
pub(crate) fn deployed(unit: &Unit) -> DeployedUnit {
    DeployedUnit {
        alias: unit.alias.clone(),
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

/// [`deployed`] of all.
pub(crate) fn all_deployed(units: &[Unit]) -> Vec<DeployedUnit> {
    units.iter().map(deployed).collect()
}

/// The order on one line: `a b -c` applies a and b and destroys c.
pub(crate) fn line(order: &DeployOrder) -> String {
    let steps: Vec<_> = order
        .steps
        .iter()
        .map(|step| match step.action {
            Action::Apply => step.alias.clone(),
            Action::Destroy => format!("-{}", step.alias),
        })
        .collect();
    steps.join(" ")
}
