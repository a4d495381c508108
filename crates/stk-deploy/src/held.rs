//! Whether the run still holds its lock, looked at right before and right after resources change.
//!
//! A run that is cancelled from elsewhere loses its lock at once, while its runner may be in the
//! middle of a plan. It must not apply that plan: another deployment of the target may have begun.

use stk_run::RunRecord;
use stk_store::{DeploymentLock, ResumeError};

use crate::error::{Scope, TaskError};
use crate::tools::Tools;

/// Nothing is changed without the lock.
pub(crate) async fn before_changes(
    record: &RunRecord,
    scope: &Scope,
    tools: &Tools<'_>,
) -> Result<(), TaskError> {
    match DeploymentLock::resume(tools.iac_store, record).await {
        Ok(_) => Ok(()),
        Err(source) => Err(lost(scope, false, source)),
    }
}

/// What was changed is recorded also by a run that was cancelled meanwhile: it is the truth. Only
/// when another run holds the lock by now, that run's records are the newer ones, and overwriting
/// them could make a plugin look undeployed that it has just applied.
pub(crate) async fn after_changes(
    record: &RunRecord,
    scope: &Scope,
    tools: &Tools<'_>,
) -> Result<(), TaskError> {
    match DeploymentLock::resume(tools.iac_store, record).await {
        Ok(_) | Err(ResumeError::NotHeld { .. }) => Ok(()),
        Err(source) => Err(lost(scope, true, source)),
    }
}

fn lost(scope: &Scope, changed: bool, source: ResumeError) -> TaskError {
    match source {
        ResumeError::Record(source) => TaskError::record(scope.clone(), source),
        source => TaskError::LockLost {
            scope: scope.clone(),
            changed,
            source: Box::new(source),
        },
    }
}
