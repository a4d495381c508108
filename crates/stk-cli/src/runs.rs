//! `stk-runtime runs`: the runs of a project and environment.

use gha::{Environment, Failure};
use serde_json::json;
use stk_orchestrator::{LoadError, explained};
use stk_run::{RunRecord, Target, exit_code};
use stk_store::runs;

use crate::arguments::{Runs, required_environment_name};
use crate::output::{print, print_json, table};
use crate::project;

pub(crate) async fn run(call: &Runs, environment: &Environment) -> Result<u8, Failure> {
    let name = required_environment_name(call.env.as_deref(), environment)?;
    let workdir = call.project.workdir(environment);
    let read = project::manifest_only(&workdir)?;
    let Some(manifest) = read.manifest else {
        return Err(LoadError::Findings(read.findings).to_failure());
    };
    let target = project::target(&manifest, name)?;
    let records = records(call, &workdir, environment, &target).await?;
    if call.json {
        let records: Vec<_> = records.iter().map(document).collect();
        return print_json(&json!(records)).map(|()| exit_code::OK);
    }
    if records.is_empty() {
        print(&format!("there is no run of {target}"))?;
        return Ok(exit_code::OK);
    }
    let mut rows = vec![
        ["RUN", "VERSION", "STATUS", "STARTED", "FINISHED"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(records.iter().map(|record| {
        vec![
            record.run_id.to_string(),
            record.version_tag.clone(),
            record.status.to_string(),
            format!("{:.0}", record.created_at),
            record
                .finished_at
                .map(|at| format!("{at:.0}"))
                .unwrap_or_default(),
        ]
    }));
    print(&table(&rows))?;
    Ok(exit_code::OK)
}

async fn records(
    call: &Runs,
    workdir: &std::path::Path,
    environment: &Environment,
    target: &Target,
) -> Result<Vec<RunRecord>, Failure> {
    let locations = call.stores.locations(workdir, environment)?;
    let Some(store) = project::look_at(&locations.iac).await? else {
        return Ok(Vec::new());
    };
    let ids = runs::of_target(store.as_ref(), target)
        .await
        .map_err(|error| explained(exit_code::STORE, &error, error.help()))?;
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        // A run whose process was killed before it wrote its record is in the index alone.
        records.extend(project::run_record(store.as_ref(), id).await?);
    }
    Ok(records)
}

fn document(record: &RunRecord) -> serde_json::Value {
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
    })
}
