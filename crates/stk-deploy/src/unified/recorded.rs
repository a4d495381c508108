//! What is written down of each plugin before and after the project is applied. Plugins are many, each of their records
//! is an object of its own, and a store answers after a while: several are written at once.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use stk_run::{DEPLOYED_VERSION, DeployMode, DeployedUnit, Execution, RunRecord, Unit};
use stk_store::{DeploymentLock, connections, deployed};
use terraform_runner::Outputs;

use crate::error::TaskError;
use crate::tools::{Progress, Tools};
use crate::{deploy, mapping, switch};

/// How many plugins are written down at once. A folder waits for its disk and a bucket for its network, so neither gains
/// by more.
const AT_ONCE: usize = 16;

/// The results, in order; the first error when there is one.
pub(super) async fn at_once<T>(
    work: impl IntoIterator<Item = impl Future<Output = Result<T, TaskError>>>,
) -> Result<Vec<T>, TaskError> {
    stream::iter(work).buffered(AT_ONCE).try_collect().await
}

/// Writes down that `unit` may have resources from now on.
pub(super) async fn attempt(
    record: &RunRecord,
    unit: &Unit,
    execution: &Execution,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
) -> Result<DeployedUnit, TaskError> {
    let before = deployed::load(tools.iac_store, &record.target, &unit.alias)
        .await
        .map_err(|source| TaskError::record(&unit.alias, source))?;
    let before = before.map(|before| switch::in_mode(before, DeployMode::Unified));
    let attempt = DeployedUnit {
        mode: DeployMode::Unified,
        ..deploy::attempted(unit, before.as_ref(), execution)
    };
    put(tools, lock, &attempt).await?;
    Ok(attempt)
}

/// What was written down of a plugin that is deployed.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) outputs: Value,
    /// The connections that were published.
    pub(super) published: Vec<String>,
    /// What is to be said of it.
    pub(super) said: Vec<Progress>,
}

/// Publishes what `unit` generates, takes back what it generates no more, and writes down that it is deployed.
pub(super) async fn succeeded(
    record: &RunRecord,
    unit: &Unit,
    attempt: &DeployedUnit,
    outputs: Outputs,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
) -> Result<Recorded, TaskError> {
    let mut recorded = Recorded {
        outputs: mapping::document(&outputs),
        published: Vec::new(),
        said: Vec::new(),
    };
    for generation in &unit.generates {
        let values =
            mapping::values(generation, &outputs).map_err(|source| TaskError::Mapping {
                scope: (&unit.alias).into(),
                source,
            })?;
        let mut said = |progress| recorded.said.push(progress);
        deploy::publish(record, unit, generation, &values, lock, tools, &mut said).await?;
        recorded.published.push(generation.connection.clone());
    }
    for generation in &attempt.unit.generates {
        if !deploy::generates(unit, &generation.connection) {
            connections::withdraw(tools.iac_store, lock, &unit.alias, &generation.connection)
                .await
                .map_err(|source| TaskError::record(&unit.alias, source))?;
        }
    }
    let success = DeployedUnit {
        version: DEPLOYED_VERSION,
        mode: DeployMode::Unified,
        unit: unit.clone(),
        last_success: Some(attempt.last_attempt.clone()),
        last_attempt: attempt.last_attempt.clone(),
    };
    put(tools, lock, &success).await?;
    Ok(recorded)
}

async fn put(
    tools: &Tools<'_>,
    lock: &DeploymentLock,
    unit: &DeployedUnit,
) -> Result<(), TaskError> {
    deployed::put(tools.iac_store, lock, unit)
        .await
        .map_err(|source| TaskError::record(unit.alias(), source))
}
