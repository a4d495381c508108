//! Tasks of the whole project: one Terraform project, a module for each plugin.
//!
//! What stays and what goes away is planned before anybody approves, from the same composed project. What stays is
//! applied from that very plan. What goes away is planned again afterwards, because every plan of a state is stale once
//! the state has changed; the new plan may do nothing that was not shown, and nothing outside of the plugins that go away.

mod apply;
mod bundle;
mod compose;
mod composition;
mod plan;
mod recorded;
mod summary;
mod switch;

use stk_run::{Action, IacReference, RunRecord, Task, TaskKind, Unit};
use stk_store::DeploymentLock;
use terraform_runner::Address;

pub use apply::DeployedProject;
pub use bundle::BundleError;
pub use composition::{Added, Composed, Composition, ProjectUnitError};
pub use plan::PlannedProject;

use crate::Done;
use crate::error::{Scope, TaskError};
use crate::project::WorkFolder;
use crate::steps::{Steps, load};
use crate::tools::{Progress, Tools};

pub(crate) async fn execute(
    record: &RunRecord,
    task: &Task,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Done, TaskError> {
    match task.kind {
        TaskKind::UnifiedIac => compose::run(record, lock, tools, report)
            .await
            .map(Done::Stored),
        TaskKind::Plan => plan::run(record, lock, tools, report)
            .await
            .map(|planned| Done::Planned(Box::new(planned))),
        TaskKind::UnifiedDeploy => apply::deploy(record, lock, tools, report)
            .await
            .map(Done::DeployedProject),
        TaskKind::UnifiedDestroy => apply::destroy(record, lock, tools, report)
            .await
            .map(|()| Done::Destroyed),
        kind => Err(TaskError::NoSuchUnit { kind }),
    }
}

/// The plugins that stay, or those that go away.
fn units(record: &RunRecord, action: Action) -> Vec<&Unit> {
    let units = record.units.iter();
    units.filter(|unit| unit.action == action).collect()
}

/// `module.<alias>` of each.
fn targets(units: &[&Unit]) -> Result<Vec<Address>, TaskError> {
    let address = |unit: &&Unit| {
        Address::of_module(unit.alias.as_str()).map_err(|source| TaskError::Address {
            scope: (&unit.alias).into(),
            source,
        })
    };
    units.iter().map(address).collect()
}

/// What the plan of what stays is limited to. Without removals everything stays: no target, no warning, and outputs
/// follow.
fn survivors(stay: &[&Unit], go: &[&Unit]) -> Result<Vec<Address>, TaskError> {
    if go.is_empty() {
        return Ok(Vec::new());
    }
    targets(stay)
}

/// Whether a resource is in the module of one of the plugins.
fn is_of(address: &str, units: &[&Unit]) -> bool {
    let Ok(address) = address.parse::<Address>() else {
        return false;
    };
    let module = address.module();
    let mut aliases = units.iter().map(|unit| unit.alias.as_str());
    aliases.any(|alias| module == Some(alias))
}

fn composition(record: &RunRecord) -> Result<&IacReference, TaskError> {
    record.composition.as_ref().ok_or(TaskError::NoIac {
        scope: Scope::Project,
    })
}

async fn folder(
    record: &RunRecord,
    iac: &IacReference,
    tools: &Tools<'_>,
) -> Result<WorkFolder, TaskError> {
    load(record, &Scope::Project, iac, tools).await
}

fn steps<'a>(
    record: &RunRecord,
    iac: &'a IacReference,
    tools: &'a Tools<'a>,
    folder: &'a WorkFolder,
    lock: &'a DeploymentLock,
) -> Result<Steps<'a>, TaskError> {
    let units: Vec<_> = record.units.iter().collect();
    Steps::new(Scope::Project, Some(iac), &units, tools, folder, lock)
}
