//! `stk-runtime status`: a run's tasks and how far they are.

use std::time::Duration;

use gha::{Environment, Failure};
use serde_json::json;
use stk_run::{RunId, RunRecord, exit_code};
use stk_store::{Location, Store};

use crate::arguments::Status;
use crate::output::{print, print_json, table};
use crate::project;

/// How often a watched run is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

pub(crate) async fn run(call: &Status, environment: &Environment) -> Result<u8, Failure> {
    let workdir = call.project.workdir(environment);
    let locations = call.stores.locations(&workdir, environment)?;
    let run_id: RunId = call.run_id.parse().map_err(|error: stk_run::IdError| {
        Failure::from_error(exit_code::INPUTS, &error)
            .with_help("`stk-runtime runs` lists the runs of a project")
    })?;
    let store = project::look_at(&locations.iac)
        .await?
        .ok_or_else(|| unknown(run_id, &locations.iac))?;
    let mut record = load(store.as_ref(), run_id).await?;
    let mut shown = String::new();
    while call.watch && !record.status.is_final() {
        let text = summary(&record);
        if !call.json && text != shown {
            print(&format!("{text}\n"))?;
            shown = text;
        }
        tokio::time::sleep(INTERVAL).await;
        record = load(store.as_ref(), run_id).await?;
    }
    if call.json {
        print_json(&document(&record))?;
    } else {
        print(&summary(&record))?;
    }
    Ok(exit_code::OK)
}

async fn load(store: &dyn Store, run_id: RunId) -> Result<RunRecord, Failure> {
    project::run_record(store, run_id)
        .await?
        .ok_or_else(|| unknown(run_id, store.location()))
}

fn unknown(run_id: RunId, location: &Location) -> Failure {
    Failure::new(
        exit_code::INPUTS,
        format!("there is no run `{run_id}` in {location}"),
    )
    .with_help("give --workdir or --iac-store as the deployment had it")
}

fn document(record: &RunRecord) -> serde_json::Value {
    let tasks: Vec<_> = record
        .tasks
        .iter()
        .map(|task| {
            json!({
                "id": task.id,
                "type": task.kind,
                "pluginAppliedAlias": task.alias,
                "status": task.status,
                "errorDetails": task.error_details,
                "startedAt": task.started_at,
                "finishedAt": task.finished_at,
            })
        })
        .collect();
    json!({
        "runId": record.run_id,
        "status": record.status,
        "project": record.target.project,
        "environment": record.target.environment,
        "versionTag": record.version_tag,
        "pipelineUrl": record.pipeline_url,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
        "finishedAt": record.finished_at,
        "tasks": tasks,
    })
}

fn summary(record: &RunRecord) -> String {
    let mut rows = vec![
        ["#", "TASK", "PLUGIN", "STATUS", "FINISHED"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(record.tasks.iter().map(|task| {
        vec![
            (task.order + 1).to_string(),
            task.kind.to_string(),
            task.alias
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            task.status.to_string(),
            task.finished_at
                .map(|at| format!("{at:.0}"))
                .unwrap_or_default(),
        ]
    }));
    let mut text = format!(
        "run {} of {}, version {}: {}\n{}",
        record.run_id,
        record.target,
        record.version_tag,
        record.status,
        table(&rows)
    );
    for task in &record.tasks {
        if let Some(details) = &task.error_details {
            text.push_str(&format!("\n{}: {details}", task.title()));
        }
    }
    text
}
