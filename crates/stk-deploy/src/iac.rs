//! The IAC task: renders a plugin and stores the result.

use stk_run::{IacReference, RunRecord, Unit};
use stk_store::archive::{self, Entry, Limits};
use stk_store::{DeploymentLock, iac, packages};

use crate::error::TaskError;
use crate::tools::{Progress, Tools};
use crate::{UnitError, connections, render};

/// What an IAC task stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The stored archive.
    pub iac: IacReference,
    /// How many files it holds.
    pub files: usize,
}

pub(crate) async fn run(
    record: &RunRecord,
    unit: &Unit,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Stored, TaskError> {
    let alias = &unit.alias;
    let package = packages::load(tools.iac_store, &unit.package)
        .await
        .map_err(|source| TaskError::package(alias, source))?;
    let package = archive::unpack(&package, Limits::default())
        .map_err(|source| TaskError::unpack(alias, source))?;
    let connections = connections::resolve(tools.iac_store, record, unit)
        .await
        .map_err(|source| TaskError::connection(alias, source))?;
    let project = render(record, unit, package, &connections)?;
    let files = project
        .tree
        .iter()
        .map(|(path, file)| (path, file.bytes.as_slice()));
    let violations = tools.policy.check(files.collect::<Vec<_>>());
    UnitError::forbid(&alias.into(), false, violations)?;
    for warning in project.warnings {
        report(Progress::Warning(warning));
    }
    let entries: Vec<_> = project
        .tree
        .into_iter()
        .map(|(path, file)| Entry {
            path,
            bytes: file.bytes,
            executable: file.executable,
        })
        .collect();
    let files = entries.len();
    let bytes = archive::pack(entries).map_err(|source| TaskError::pack(alias, source))?;
    let iac = iac::put(tools.iac_store, lock, Some(alias), bytes)
        .await
        .map_err(|source| TaskError::store(alias, source))?;
    Ok(Stored { iac, files })
}
