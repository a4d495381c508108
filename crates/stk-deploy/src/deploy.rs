//! The DEPLOY task: applies a plugin's stored IaC and publishes the connections that it generates.

use stk_run::{
    CONNECTION_VERSION, ConnectionRecord, ConnectionValues, DEPLOYED_VERSION, DeployedUnit,
    Execution, Generation, IacReference, Publisher, RunRecord, Unit,
};
use stk_store::connections::Published;
use stk_store::{DeploymentLock, connections, deployed};
use terraform_runner::event::ChangeSummary;
use terraform_runner::{ApplyOptions, InitOptions, Planned};

use crate::error::{Failing, TaskError};
use crate::mapping;
use crate::steps::{Steps, load};
use crate::tools::{Progress, Tools};

/// What a DEPLOY task did.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// What Terraform changed.
    pub summary: ChangeSummary,
    /// The Terraform outputs in the shape of `terraform output -json`. A sensitive output is listed
    /// without its value.
    pub outputs: serde_json::Value,
    /// The names of the connections that were published.
    pub published: Vec<String>,
}

pub(crate) async fn run(
    record: &RunRecord,
    unit: &Unit,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Deployed, TaskError> {
    let alias = &unit.alias;
    let iac = unit.iac.as_ref().ok_or_else(|| TaskError::NoIac {
        alias: alias.clone(),
    })?;
    let before = deployed::load(tools.iac_store, &record.target, alias)
        .await
        .map_err(|source| TaskError::record(alias, source))?;

    let folder = load(record, unit, iac, tools).await?;
    let steps = Steps::new(unit, tools, &folder, lock)?;
    steps.init(&InitOptions::default(), report).await?;
    let planned: Planned = steps.plan(report).await?;

    // From here on Terraform may leave resources behind, whatever happens next.
    let execution = Execution {
        run_id: record.run_id,
        version_tag: record.version_tag.clone(),
        iac: iac.clone(),
        at: tools.clock.now(),
    };
    let attempt = attempted(unit, before.as_ref(), &execution);
    deployed::put(tools.iac_store, lock, &attempt)
        .await
        .map_err(|source| TaskError::record(alias, source))?;
    let options = ApplyOptions {
        parallelism: steps.parallelism(),
        lock_timeout: steps.lock_timeout(),
    };
    let applied = steps
        .apply(planned.file, &options, Failing::Apply, report)
        .await?;

    let generated = generated(unit, &applied.outputs)?;
    for (generation, values) in &generated {
        publish(record, unit, generation, values, lock, tools, report).await?;
    }
    let gone = before.iter().flat_map(|before| &before.unit.generates);
    for generation in gone.filter(|old| {
        unit.generates
            .iter()
            .all(|new| new.connection != old.connection)
    }) {
        connections::withdraw(tools.iac_store, lock, alias, &generation.connection)
            .await
            .map_err(|source| TaskError::record(alias, source))?;
    }
    let success = DeployedUnit {
        version: DEPLOYED_VERSION,
        unit: unit.clone(),
        last_success: Some(execution.clone()),
        last_attempt: execution,
    };
    deployed::put(tools.iac_store, lock, &success)
        .await
        .map_err(|source| TaskError::record(alias, source))?;
    Ok(Deployed {
        summary: applied.summary,
        outputs: mapping::document(&applied.outputs),
        published: generated
            .iter()
            .map(|(generation, _)| generation.connection.clone())
            .collect(),
    })
}

/// The plugin as it is known while its apply is under way: what succeeded last stays what a destroy
/// would use.
fn attempted(unit: &Unit, before: Option<&DeployedUnit>, execution: &Execution) -> DeployedUnit {
    let last_success = before.and_then(|before| before.last_success.clone());
    let known = before.filter(|before| before.last_success.is_some());
    DeployedUnit {
        version: DEPLOYED_VERSION,
        unit: known.map_or_else(|| unit.clone(), |before| before.unit.clone()),
        last_success,
        last_attempt: execution.clone(),
    }
}

fn generated<'a>(
    unit: &'a Unit,
    outputs: &terraform_runner::Outputs,
) -> Result<Vec<(&'a Generation, ConnectionValues)>, TaskError> {
    unit.generates
        .iter()
        .map(|generation| {
            mapping::values(generation, outputs)
                .map(|values| (generation, values))
                .map_err(|source| TaskError::Mapping {
                    alias: unit.alias.clone(),
                    source,
                })
        })
        .collect()
}

async fn publish(
    record: &RunRecord,
    unit: &Unit,
    generation: &Generation,
    values: &ConnectionValues,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), TaskError> {
    let connection = ConnectionRecord {
        version: CONNECTION_VERSION,
        name: generation.connection.clone(),
        environment: record.target.environment.clone(),
        kind: generation.kind.clone(),
        values: values.clone(),
        published_by: Publisher {
            project: record.target.project.clone(),
            alias: unit.alias.clone(),
            run_id: record.run_id,
            at: tools.clock.now(),
        },
    };
    let published = connections::publish(tools.iac_store, lock, &connection)
        .await
        .map_err(|source| TaskError::record(&unit.alias, source))?;
    if let Published::TakenFrom(other) = published {
        report(Progress::Warning(format!(
            "connection `{}` was last published by `{}` of project `{}`: two projects generate it",
            generation.connection, other.alias, other.project
        )));
    }
    Ok(())
}

/// Which archive a unit's task executes; for messages.
pub(crate) fn archive_name(iac: &IacReference, unit: &Unit) -> String {
    format!("iac/{}.zip of run {}", unit.alias, iac.run_id)
}
