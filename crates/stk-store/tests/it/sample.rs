use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Map;
use stk_run::{
    Action, Alias, CONNECTION_VERSION, ConnectionRecord, ConnectionValues, DEPLOYED_VERSION,
    DeployMode, DeployedUnit, Digest, Execution, Holder, IacReference, LOCK_VERSION, LockRecord,
    PluginReference, ProjectKind, ProjectReference, Publisher, RECORD_VERSION, RunId, RunRecord,
    RunStatus, Target, Unit,
};
use stk_store::{DeploymentLock, Store};

/// `second` seconds after the tests' first moment.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_728_561_600 + second).unwrap()
}

/// The tests' run number `number`, later than those with lower numbers.
pub(crate) fn run_id(number: u32) -> RunId {
    format!("01J9V6MWFTWQ3923{number:010}").parse().unwrap()
}

pub(crate) fn alias(text: &str) -> Alias {
    text.parse().unwrap()
}

pub(crate) fn target(project: &str) -> Target {
    Target {
        project: project.to_owned(),
        environment: "dev".to_owned(),
    }
}

pub(crate) fn lock_record(project: &str, run_id: RunId) -> LockRecord {
    LockRecord {
        version: LOCK_VERSION,
        run_id,
        target: target(project),
        acquired_at: at(0),
        holder: Holder {
            host: Some("build-1".to_owned()),
            process: Some(4711),
            pipeline_url: Some("https://ci.example/runs/7".to_owned()),
        },
    }
}

pub(crate) async fn locked(store: &dyn Store, project: &str, run_id: RunId) -> DeploymentLock {
    DeploymentLock::acquire(store, lock_record(project, run_id))
        .await
        .unwrap()
}

pub(crate) fn unit(text: &str, position: u32) -> Unit {
    Unit {
        alias: alias(text),
        action: Action::Apply,
        position,
        plugin: PluginReference {
            qualifier: format!("studio/{text}@1.0.0"),
            studio: "studio".to_owned(),
            stack: None,
            name: text.to_owned(),
            version: Some("1.0.0".to_owned()),
        },
        package: Digest::of(text.as_bytes()),
        inputs: Map::new(),
        secrets: Vec::new(),
        global_inputs: Map::new(),
        computed_inputs: Map::new(),
        global_computed_inputs: Map::new(),
        requires: Vec::new(),
        generates: Vec::new(),
        iac: None,
    }
}

pub(crate) fn record(project: &str, run_id: RunId, aliases: &[&str]) -> RunRecord {
    let units: Vec<Unit> = (0..)
        .zip(aliases)
        .map(|(at, text)| unit(text, at))
        .collect();
    RunRecord {
        version: RECORD_VERSION,
        run_id,
        target: target(project),
        project: ProjectReference {
            name: None,
            kind: ProjectKind::Infra,
            stack: None,
            repository: None,
        },
        version_tag: "v1".to_owned(),
        mode: DeployMode::PerPlugin,
        workspace: None,
        pipeline_url: None,
        status: RunStatus::Running,
        created_at: at(0),
        updated_at: at(0),
        finished_at: None,
        tasks: RunRecord::per_plugin_tasks(run_id, &units),
        units,
        workspace_connections: BTreeMap::new(),
        composition: None,
        plan: None,
        earlier_failures: Vec::new(),
    }
}

pub(crate) fn deployed(text: &str, position: u32) -> DeployedUnit {
    DeployedUnit {
        version: DEPLOYED_VERSION,
        mode: DeployMode::PerPlugin,
        unit: unit(text, position),
        last_success: None,
        last_attempt: Execution {
            run_id: run_id(1),
            version_tag: "v1".to_owned(),
            iac: IacReference {
                run_id: run_id(1),
                digest: Digest::of(b"iac"),
            },
            at: at(0),
        },
    }
}

pub(crate) fn connection(
    name: &str,
    project: &str,
    publisher: &str,
    run_id: RunId,
) -> ConnectionRecord {
    ConnectionRecord {
        version: CONNECTION_VERSION,
        name: name.to_owned(),
        environment: "dev".to_owned(),
        kind: Some("aws-sns-conn".to_owned()),
        values: ConnectionValues {
            attributes: Map::from_iter([("arn".to_owned(), format!("arn of {project}").into())]),
            sensitive: Vec::new(),
        },
        published_by: Publisher {
            project: project.to_owned(),
            alias: alias(publisher),
            run_id,
            at: at(1),
        },
    }
}
