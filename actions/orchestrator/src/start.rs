//! Starts a run: under the target's lock, from what is really deployed.

use std::collections::BTreeMap;

use stk_order::DeployOrder;
use stk_run::{
    Clock, DeployedUnit, Digest, Event, LOCK_VERSION, LockRecord, RunId, RunRecord, Target,
};
use stk_store::{AcquireError, DeploymentLock, Released, Store, archive, deployed, packages, runs};

use crate::Settings;
use crate::decide::{Decision, decide};
use crate::error::StartError;
use crate::load::Project;
use crate::record::draft;
use crate::source::PluginSource;

/// A run that was started.
#[derive(Clone, Debug)]
pub struct Started {
    /// Its record, as it is stored.
    pub record: RunRecord,
    /// The order that was decided, with what needs what.
    pub order: DeployOrder,
}

/// Takes the lock of the project's target, decides, packs the plugins and writes the run's record.
/// The run keeps the lock until its tasks are done, unless it has none.
///
/// # Errors
///
/// [`StartError`]; the lock is then released again.
pub async fn start(
    project: Project,
    settings: &Settings,
    store: &dyn Store,
    clock: &Clock,
) -> Result<Started, StartError> {
    let identity = project.manifest.project_identity();
    let target = Target {
        project: identity
            .map_err(|finding| StartError::Order(vec![*finding]))?
            .to_owned(),
        environment: settings.environment.clone(),
    };
    let now = clock.now();
    let run_id = RunId::generate(now);
    let lock = LockRecord {
        version: LOCK_VERSION,
        run_id,
        target: target.clone(),
        acquired_at: now,
        holder: settings.holder.clone(),
    };
    let lock = DeploymentLock::acquire(store, lock)
        .await
        .map_err(|error| match error {
            AcquireError::Held(lock) => StartError::Held(lock),
            other => StartError::Acquire(other),
        })?;
    match under_lock(project, run_id, target, settings, store, clock, &lock).await {
        Ok(started) => {
            if started.record.status.is_final() {
                release(lock, store).await?;
            }
            Ok(started)
        }
        Err(error) => {
            // What went wrong first is what the user must see; a lock that stays is reported by the
            // next deployment, with how to cancel it.
            let _ = release(lock, store).await;
            Err(error)
        }
    }
}

async fn release(lock: DeploymentLock, store: &dyn Store) -> Result<Released, StartError> {
    lock.release(store).await.map_err(StartError::Record)
}

async fn under_lock(
    project: Project,
    run_id: RunId,
    target: Target,
    settings: &Settings,
    store: &dyn Store,
    clock: &Clock,
    lock: &DeploymentLock,
) -> Result<Started, StartError> {
    let deployed: Vec<DeployedUnit> = deployed::all(store, &target)
        .await
        .map_err(StartError::Record)?;
    let Decision {
        order,
        workspace_connections,
    } = decide(&project, &deployed, &target.environment, store).await?;
    let packages = pack(&project, store).await?;
    let decision = Decision {
        order: order.clone(),
        workspace_connections,
    };
    let record = draft(
        run_id,
        target,
        project,
        decision,
        deployed,
        &packages,
        settings,
        clock.now(),
    )?;
    let mut record = runs::create(store, lock, record)
        .await
        .map_err(StartError::Record)?;
    if record.tasks.is_empty() {
        runs::advance(store, lock, &mut record, &Event::NothingToDo, clock.now())
            .await
            .map_err(|error| StartError::Advance(Box::new(error)))?;
    }
    Ok(Started {
        record: record.into_value(),
        order,
    })
}

/// Stores the files of every plugin; those of a plugin that is applied twice once.
async fn pack(
    project: &Project,
    store: &dyn Store,
) -> Result<BTreeMap<String, Digest>, StartError> {
    let mut stored: Vec<(&PluginSource, Digest)> = Vec::new();
    let mut packages = BTreeMap::new();
    for unit in &project.units {
        let alias = &unit.alias;
        let Some(source) = project.sources.get(alias) else {
            continue;
        };
        let known = stored.iter().find(|(other, _)| *other == source);
        let digest = if let Some((_, digest)) = known {
            digest.clone()
        } else {
            let entries = source.entries().map_err(|source| StartError::Source {
                alias: alias.clone(),
                source,
            })?;
            let bytes = archive::pack(entries).map_err(|source| StartError::Pack {
                alias: alias.clone(),
                source,
            })?;
            let digest = packages::put_if_absent(store, bytes)
                .await
                .map_err(StartError::Store)?;
            stored.push((source, digest.clone()));
            digest
        };
        packages.insert(alias.clone(), digest);
    }
    Ok(packages)
}
