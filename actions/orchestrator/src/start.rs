//! Starts a run: under the target's lock, from what is really deployed.

use std::collections::{BTreeMap, HashMap};

use stk_order::{Action, DeployOrder};
use stk_run::{
    Clock, DeployMode, DeployedUnit, Digest, Event, LOCK_VERSION, LockRecord, RunId, RunRecord,
    Target,
};
use stk_store::{AcquireError, DeploymentLock, Store, archive, deployed, packages, runs};

use crate::Settings;
use crate::decide::{Decision, decide};
use crate::error::StartError;
use crate::load::Project;
use crate::record::Draft;
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
    let lock = LockRecord {
        version: LOCK_VERSION,
        run_id: RunId::generate(now),
        target,
        acquired_at: now,
        holder: settings.holder.clone(),
    };
    let lock = DeploymentLock::acquire(store, lock)
        .await
        .map_err(|error| match error {
            AcquireError::Held(lock) => StartError::Held(lock),
            other => StartError::Acquire(other),
        })?;
    match under_lock(project, settings, store, clock, &lock).await {
        Ok(started) => {
            if started.record.status.is_final() {
                lock.release(store).await.map_err(StartError::Release)?;
            }
            Ok(started)
        }
        Err(error) => {
            // What went wrong first is what the user must see; a lock that stays is reported by the
            // next deployment, with how to cancel it.
            let _ = lock.release(store).await;
            Err(error)
        }
    }
}

/// Ends a run of which nobody can be told, so that it does not block the next deployment: it is
/// cancelled, and its lock released.
///
/// # Errors
///
/// [`StartError`] when the store fails.
pub async fn abandon(
    record: &RunRecord,
    store: &dyn Store,
    clock: &Clock,
) -> Result<(), StartError> {
    runs::cancel(store, record.run_id, clock.now())
        .await
        .map_err(StartError::Release)?;
    DeploymentLock::release_of_run(store, &record.target, record.run_id)
        .await
        .map_err(StartError::Release)?;
    Ok(())
}

async fn under_lock(
    project: Project,
    settings: &Settings,
    store: &dyn Store,
    clock: &Clock,
    lock: &DeploymentLock,
) -> Result<Started, StartError> {
    let target = lock.target();
    let deployed = deployed::all(store, target)
        .await
        .map_err(StartError::Deployed)?;
    let decision = decide(&project, &deployed, &target.environment, store).await?;
    only_switch(&deployed, &decision, settings.mode)?;
    let packages = pack(&project, store).await?;
    let order = decision.order.clone();
    let draft = Draft {
        run_id: lock.run_id(),
        target: target.clone(),
        project,
        decision,
        deployed,
        packages: &packages,
        settings,
        now: clock.now(),
    };
    let record = draft.record()?;
    // Those of applied plugins were looked for when the project was read; a plugin that goes away
    // needs the ones that it was deployed with.
    let missing = settings.secrets.missing(&record.units);
    if !missing.is_empty() {
        return Err(StartError::Secrets(missing));
    }
    let mut record = runs::create(store, lock, record)
        .await
        .map_err(StartError::Create)?;
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

/// What is deployed in the other mode is moved to this one by the tasks, and they see that nothing else changes. What is
/// removed is not moved: its state would be looked for in the wrong place.
fn only_switch(
    deployed: &[DeployedUnit],
    decision: &Decision,
    wanted: DeployMode,
) -> Result<(), StartError> {
    let Some(other) = deployed.iter().find(|unit| unit.mode != wanted) else {
        return Ok(());
    };
    let steps = decision.order.steps.iter();
    let removed: Vec<_> = steps
        .filter(|step| step.action == Action::Destroy)
        .map(|step| step.alias.clone())
        .collect();
    if removed.is_empty() {
        return Ok(());
    }
    Err(StartError::SwitchRemoves {
        deployed: other.mode,
        wanted,
        removed,
    })
}

/// Stores the files of every plugin; those of a plugin that is applied twice once.
async fn pack(
    project: &Project,
    store: &dyn Store,
) -> Result<BTreeMap<String, Digest>, StartError> {
    let mut stored: HashMap<&PluginSource, Digest> = HashMap::new();
    let mut packages = BTreeMap::new();
    for (alias, source) in &project.sources {
        let digest = match stored.get(source) {
            Some(digest) => digest.clone(),
            None => {
                let digest = pack_one(alias, source, store).await?;
                stored.insert(source, digest.clone());
                digest
            }
        };
        packages.insert(alias.clone(), digest);
    }
    Ok(packages)
}

async fn pack_one(
    alias: &str,
    source: &PluginSource,
    store: &dyn Store,
) -> Result<Digest, StartError> {
    let alias = || alias.to_owned();
    let entries = source.entries().map_err(|source| StartError::Source {
        alias: alias(),
        source,
    })?;
    let bytes = archive::pack(entries).map_err(|source| StartError::Pack {
        alias: alias(),
        source,
    })?;
    packages::put_if_absent(store, bytes)
        .await
        .map_err(|source| StartError::Package {
            alias: alias(),
            source: Box::new(source),
        })
}
