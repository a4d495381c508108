//! The DESTROY task: destroys a plugin with the IaC of its last successful execution, or of its last
//! attempt when none succeeded.
//!
//! The plugin's `deployed` record is removed last. Whoever is killed before that leaves a plugin that
//! the next deployment destroys again: what is gone already is a plan without changes. Its
//! connections are withdrawn only when its resources are gone; a destroy that fails half-way leaves
//! them, because what is left may still be read.

use stk_run::{RunRecord, Unit};
use stk_store::{DeploymentLock, connections, deployed};
use terraform_runner::{ApplyOptions, InitOptions};

use crate::error::{Failing, Scope, TaskError};
use crate::held;
use crate::steps::{Steps, load};
use crate::tools::{Progress, Tools};

pub(crate) async fn run(
    record: &RunRecord,
    unit: &Unit,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), TaskError> {
    let alias = &unit.alias;
    let iac = unit.iac.as_ref().ok_or_else(|| TaskError::NoIac {
        scope: alias.into(),
    })?;
    let scope = Scope::from(alias);
    let folder = load(record, &scope, iac, tools).await?;
    let steps = Steps::new(scope, Some(iac), &[unit], tools, &folder, lock)?;
    steps.init(&InitOptions::default(), report).await?;
    let planned = steps.plan_destroy(&[], report).await?;
    held::before_changes(record, &alias.into(), tools).await?;
    if planned.has_changes {
        let options = ApplyOptions {
            parallelism: steps.parallelism(),
            lock_timeout: steps.lock_timeout(),
        };
        steps
            .apply(planned.file, &options, Failing::Destroy, report)
            .await?;
    }
    held::after_changes(record, &alias.into(), tools).await?;
    for generation in &unit.generates {
        connections::withdraw(tools.iac_store, lock, alias, &generation.connection)
            .await
            .map_err(|source| TaskError::record(alias, source))?;
    }
    deployed::remove(tools.iac_store, lock, alias)
        .await
        .map_err(|source| TaskError::record(alias, source))?;
    Ok(())
}
