#![doc = include_str!("../README.md")]

mod connections;
mod context;
mod credentials;
mod deploy;
mod destroy;
mod error;
mod held;
mod iac;
mod interface;
mod mapping;
pub mod policy;
mod project;
mod render;
#[cfg(test)]
mod samples;
mod secrets;
mod steps;
mod switch;
mod tools;
mod unified;

pub use connections::{ConnectionError, Connections};
pub use deploy::Deployed;
pub use error::{DraggedIn, Failing, Scope, TaskError, TriedMove};
pub use iac::Stored;
pub use interface::{Effect, Inputs, Mismatch, Place, Problem, interface};
pub use mapping::MappingError;
pub use project::ProjectError;
pub use render::{Project, UnitError, check, render};
pub use stk_render::batch;
pub use tools::{Progress, Terraform, Tools};
pub use unified::{
    Added, BundleError, Composed, Composition, DeployedProject, PlannedProject, ProjectUnitError,
};

use stk_run::{RunRecord, Task, TaskKind};
use stk_store::DeploymentLock;

/// What a task did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Done {
    /// An IAC task stored what it rendered.
    Stored(Stored),
    /// A DEPLOY task applied a plugin.
    Deployed(Deployed),
    /// A PLAN task planned the project.
    Planned(Box<PlannedProject>),
    /// A UNIFIED_DEPLOY task applied the plan.
    DeployedProject(DeployedProject),
    /// A DESTROY task destroyed a plugin, or a UNIFIED_DESTROY task what goes away.
    Destroyed,
}

/// Executes one task of `record`, start to finish, under the run's lock.
///
/// The caller advances the record: this function neither reads nor writes how far the run is.
///
/// # Errors
///
/// [`TaskError`]; [`TaskError::is_cancelled`] tells an interruption from a failure.
pub async fn execute(
    record: &RunRecord,
    task: &Task,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Done, TaskError> {
    let Some(alias) = &task.alias else {
        return unified::execute(record, task, lock, tools, report).await;
    };
    let unit = record
        .unit(alias)
        .ok_or(TaskError::NoSuchUnit { kind: task.kind })?;
    match task.kind {
        TaskKind::IacSelfHosted => iac::run(record, unit, lock, tools, report)
            .await
            .map(Done::Stored),
        TaskKind::DeploySelfHosted => deploy::run(record, unit, lock, tools, report)
            .await
            .map(Done::Deployed),
        TaskKind::DestroySelfHosted => destroy::run(record, unit, lock, tools, report)
            .await
            .map(|()| Done::Destroyed),
        kind => Err(TaskError::Unsupported { kind }),
    }
}
