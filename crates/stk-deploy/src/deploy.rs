//! The DEPLOY task: applies a plugin's stored IaC and publishes the connections that it generates.
//!
//! # What is deployed, whenever this process is killed
//!
//! The `deployed` record of a plugin must never say less than what exists: a resource that no record
//! and no state knows is lost. So it is written twice, around the apply, and never the other way:
//!
//! | # | step | killed right after it |
//! |---|---|---|
//! | 1 | the run's record: the task has started | nothing is changed |
//! | 2 | the lock is looked at again | nothing is changed; a cancelled run ends here |
//! | 3 | `deployed`: the attempt | nothing may exist of a first attempt; destroying it is a plan without changes |
//! | 4 | Terraform applies, and keeps its state itself | the state knows what exists, `deployed` knows the IaC; Terraform outlives this process and saves its state |
//! | 5 | connections are published | the attempt already names them, so a destroy withdraws them |
//! | 6 | connections that are no longer generated are withdrawn | as before |
//! | 7 | `deployed`: the success | everything is true but the run's record, which is cancelled by hand |
//! | 8 | the run's record: the task has succeeded | |
//!
//! The attempt keeps the last success and its IaC, which is what a destroy uses, and lists the
//! connections of both: either may be published, and either may be read. After every one of these
//! points the next deployment renders, plans and applies again on the state that there is, which
//! changes what is still to be changed and nothing else.
//!
//! A plugin that is a module of the whole project by now is moved between 1 and 4: see [`switch`].

use stk_run::{
    CONNECTION_VERSION, ConnectionRecord, ConnectionValues, DEPLOYED_VERSION, DeployMode,
    DeployedUnit, Execution, Generation, IacReference, Publisher, Requirement, RunRecord, Unit,
};
use stk_store::connections::Published;
use stk_store::{DeploymentLock, connections, deployed};
use terraform_runner::event::ChangeSummary;
use terraform_runner::{ApplyOptions, InitOptions, Planned};

use crate::error::{Failing, Scope, TaskError};
use crate::steps::{Steps, load};
use crate::tools::{Progress, Tools};
use crate::{held, mapping, switch};

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
        scope: alias.into(),
    })?;
    let before = deployed::load(tools.iac_store, &record.target, alias)
        .await
        .map_err(|source| TaskError::record(alias, source))?;

    let scope = Scope::from(alias);
    let folder = load(record, &scope, iac, tools).await?;
    let steps = Steps::new(scope, Some(iac), &[unit], tools, &folder, lock)?;
    steps.init(&InitOptions::default(), report).await?;
    let moved = switch::into_plugin(
        record,
        unit,
        before.as_ref(),
        iac,
        &steps,
        lock,
        tools,
        report,
    )
    .await?;
    let planned: Planned = match &moved {
        Some(moved) => moved.plan(&steps, report).await?,
        None => steps.plan(&[], report).await?,
    };
    let before = before.map(|before| switch::in_mode(before, DeployMode::PerPlugin));

    held::before_changes(record, &alias.into(), tools).await?;
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
    if let Some(moved) = moved {
        moved.finish(record, lock, tools).await?;
    }
    let options = ApplyOptions {
        parallelism: steps.parallelism(),
        lock_timeout: steps.lock_timeout(),
    };
    let applied = steps
        .apply(planned.file, &options, Failing::Apply, report)
        .await?;

    held::after_changes(record, &alias.into(), tools).await?;
    let generated = generated(unit, &applied.outputs)?;
    for (generation, values) in &generated {
        publish(record, unit, generation, values, lock, tools, report).await?;
    }
    for generation in &attempt.unit.generates {
        if generates(unit, &generation.connection) {
            continue;
        }
        connections::withdraw(tools.iac_store, lock, alias, &generation.connection)
            .await
            .map_err(|source| TaskError::record(alias, source))?;
    }
    let success = DeployedUnit {
        version: DEPLOYED_VERSION,
        mode: DeployMode::PerPlugin,
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
/// would use, and whatever either of the two requires or generates counts.
pub(crate) fn attempted(
    unit: &Unit,
    before: Option<&DeployedUnit>,
    execution: &Execution,
) -> DeployedUnit {
    let last_success = before.and_then(|before| before.last_success.clone());
    let (mut known, other) = match before {
        Some(before) if last_success.is_some() => (before.unit.clone(), Some(unit)),
        Some(before) => (unit.clone(), Some(&before.unit)),
        None => (unit.clone(), None),
    };
    for generation in other.iter().flat_map(|other| &other.generates) {
        if !generates(&known, &generation.connection) {
            known.generates.push(generation.clone());
        }
    }
    for requirement in other.iter().flat_map(|other| &other.requires) {
        let reads = |known: &Requirement| known.connection == requirement.connection;
        if !known.requires.iter().any(reads) {
            known.requires.push(requirement.clone());
        }
    }
    DeployedUnit {
        version: DEPLOYED_VERSION,
        mode: DeployMode::PerPlugin,
        unit: known,
        last_success,
        last_attempt: execution.clone(),
    }
}

pub(crate) fn generates(unit: &Unit, connection: &str) -> bool {
    let mut all = unit.generates.iter();
    all.any(|generation| generation.connection == connection)
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
                    scope: (&unit.alias).into(),
                    source,
                })
        })
        .collect()
}

pub(crate) async fn publish(
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

/// Which archive a task executes; for messages.
pub(crate) fn archive_name(iac: &IacReference, scope: &Scope) -> String {
    match scope.alias() {
        Some(alias) => format!("iac/{alias}.zip of run {}", iac.run_id),
        None => format!("iac.zip of run {}", iac.run_id),
    }
}
