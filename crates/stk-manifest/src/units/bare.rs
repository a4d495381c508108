//! Units from stk.yaml alone.

use super::{Generation, Requirement, Unit};
use crate::connection::SelectedConnection;
use crate::manifest::{AppliedPlugin, Manifest};

pub(super) fn units(manifest: &Manifest) -> Vec<Unit> {
    manifest
        .infra_plugins()
        .map(|plugin| unit(manifest, plugin))
        .collect()
}

fn unit(manifest: &Manifest, plugin: &AppliedPlugin) -> Unit {
    Unit {
        alias: plugin.alias.clone(),
        position: plugin.index,
        qualifier: plugin.qualifier.clone(),
        plugin_name: plugin.qualifier.plugin.clone(),
        plugin_version: plugin.qualifier.version.clone(),
        inputs: plugin.inputs.clone(),
        secrets: Vec::new(),
        global_inputs: manifest.global_inputs.clone(),
        computed_inputs: serde_json::Map::new(),
        global_computed_inputs: manifest.global_computed_inputs.clone(),
        requires: plugin
            .connections
            .requires
            .iter()
            .map(requirement)
            .collect(),
        generates: plugin
            .connections
            .generates
            .iter()
            .map(|selected| Generation {
                slot: selected.slot.clone(),
                connection: selected.connection.clone(),
                kind: selected.kind.clone(),
                outputs: Vec::new(),
                at: selected.at,
            })
            .collect(),
        at: plugin.position,
    }
}

pub(super) fn requirement(selected: &SelectedConnection) -> Requirement {
    Requirement {
        slot: selected.slot.clone(),
        connection: selected.connection.clone(),
        kind: selected.kind.clone(),
        at: selected.at,
    }
}
