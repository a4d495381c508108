//! Records and units for the unit tests.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stk_run::{
    Action, ConnectionValues, DeployMode, Digest, PluginReference, ProjectKind, ProjectReference,
    RECORD_VERSION, Requirement, RunRecord, RunStatus, Target, Unit,
};
use stk_store::archive::Entry;

pub(crate) const RUN: &str = "01J9V6MWFTWQ392331QBCS46KQ";

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("not an object: {other}"),
    }
}

/// A plugin `acme/messaging@1.0.0/queue@1.1.0`, applied as `queue`.
pub(crate) fn unit(inputs: Value) -> Unit {
    Unit {
        alias: "queue".parse().unwrap(),
        action: Action::Apply,
        position: 0,
        plugin: PluginReference {
            qualifier: "acme/messaging@1.0.0/queue@1.1.0".to_owned(),
            studio: "acme".to_owned(),
            stack: Some("messaging@1.0.0".to_owned()),
            name: "queue".to_owned(),
            version: Some("1.1.0".to_owned()),
        },
        package: Digest::of(b"package"),
        inputs: object(inputs),
        secrets: Vec::new(),
        global_inputs: Map::new(),
        computed_inputs: Map::new(),
        global_computed_inputs: Map::new(),
        requires: Vec::new(),
        generates: Vec::new(),
        iac: None,
    }
}

/// A connection that lives in the workspace.
pub(crate) fn requirement(slot: &str, connection: &str) -> Requirement {
    Requirement {
        slot: slot.to_owned(),
        connection: connection.to_owned(),
        kind: None,
        from: None,
    }
}

pub(crate) fn values(attributes: Value, sensitive: &[&str]) -> ConnectionValues {
    ConnectionValues {
        attributes: object(attributes),
        sensitive: sensitive.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// A run of the project `shop` in `dev`.
pub(crate) fn record(units: &[Unit]) -> RunRecord {
    let run_id = RUN.parse().unwrap();
    let now = "2024-10-10T12:00:00Z".parse().unwrap();
    RunRecord {
        version: RECORD_VERSION,
        run_id,
        target: Target {
            project: "01J9SHOP".to_owned(),
            environment: "dev".to_owned(),
        },
        project: ProjectReference {
            name: Some("shop".to_owned()),
            kind: ProjectKind::Infra,
            stack: None,
            repository: None,
        },
        version_tag: "v1".to_owned(),
        mode: DeployMode::PerPlugin,
        workspace: Some("retail".to_owned()),
        pipeline_url: None,
        status: RunStatus::Running,
        created_at: now,
        updated_at: now,
        finished_at: None,
        tasks: RunRecord::per_plugin_tasks(run_id, units),
        units: units.to_vec(),
        workspace_connections: BTreeMap::new(),
        composition: None,
        plan: None,
        earlier_failures: Vec::new(),
    }
}

pub(crate) fn entry(path: &str, text: &str) -> Entry {
    Entry {
        path: path.to_owned(),
        bytes: text.as_bytes().to_vec(),
        executable: false,
    }
}

pub(crate) fn computed(pairs: &[(&str, &str)]) -> Map<String, Value> {
    let pair = |(name, template): &(&str, &str)| ((*name).to_owned(), json!(template));
    pairs.iter().map(pair).collect()
}
