//! The records of runs.

use bytes::Bytes;
use jiff::Timestamp;
use stk_run::{
    Event, Holder, LOCK_VERSION, LockRecord, RunId, RunRecord, RunStatus, Target, TransitionError,
};

use crate::document::{self, encode};
use crate::{
    AcquireError, DeploymentLock, Key, Prefix, PutMode, RecordError, Store, StoreError, Versioned,
};

/// Why a run could not be advanced.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// The event does not fit the record: a fault of the caller, or the run has ended.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// Another process changed the run; usually somebody cancelled it. The record that was passed
    /// in is now the stored one.
    #[error("run {run_id} was changed by somebody else: it is now {status}")]
    ChangedElsewhere {
        /// The run.
        run_id: RunId,
        /// Its stored status.
        status: RunStatus,
    },
    /// Another process removed the record.
    #[error("the record of run {run_id} was removed by somebody else")]
    Vanished {
        /// The run.
        run_id: RunId,
    },
    /// The store failed, or the stored record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Why a failed run could not go on. It is as it was, and holds no lock.
#[derive(Debug, thiserror::Error)]
pub enum ReopenError {
    /// Another run of the target was started since: it has decided from what the failed one left behind.
    #[error("run {newer} was started after run {run_id}")]
    Superseded {
        /// The failed run.
        run_id: RunId,
        /// The newest run.
        newer: RunId,
    },
    /// The lock could not be taken.
    #[error(transparent)]
    Acquire(#[from] AcquireError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record could not be advanced.
    #[error(transparent)]
    Advance(#[from] AdvanceError),
}

/// What [`cancel`] found.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancellation {
    /// A running run, which is now cancelled.
    Cancelled(Box<RunRecord>),
    /// A run that had ended before.
    AlreadyFinished(Box<RunRecord>),
    /// No record.
    NotFound,
}

/// Stores the record of a new run, and lists the run under its target. The listing comes first: a
/// run that has a record is always listed.
///
/// # Errors
///
/// [`RecordError`], among them that the run has a record already, or is not the one that holds
/// `lock`.
pub async fn create(
    store: &dyn Store,
    lock: &DeploymentLock,
    record: RunRecord,
) -> Result<Versioned<RunRecord>, RecordError> {
    let key = Key::RunRecord(record.run_id);
    check(lock, &record, &key)?;
    let bytes = encode(store, &key, &record)?;
    let entry = Key::TargetRun {
        target: (&record.target).into(),
        run_id: record.run_id,
    };
    store.put(&entry, Bytes::new(), PutMode::Overwrite).await?;
    let version = document::create(store, &key, bytes).await?;
    Ok(Versioned::new(record, version))
}

/// The record of a run; `None` when there is no such run.
///
/// # Errors
///
/// [`RecordError`] when the record cannot be read.
pub async fn load(
    store: &dyn Store,
    run_id: RunId,
) -> Result<Option<Versioned<RunRecord>>, RecordError> {
    document::load(store, &Key::RunRecord(run_id)).await
}

/// Applies what happened at `now` to `record` and stores it, unless somebody else changed the
/// stored record since it was read.
///
/// # Errors
///
/// [`AdvanceError`]; except after [`AdvanceError::ChangedElsewhere`], `record` is unchanged.
pub async fn advance(
    store: &dyn Store,
    lock: &DeploymentLock,
    record: &mut Versioned<RunRecord>,
    event: &Event,
    now: Timestamp,
) -> Result<(), AdvanceError> {
    let run_id = record.run_id;
    check(lock, record, &Key::RunRecord(run_id))?;
    let mut next = RunRecord::clone(record);
    next.apply(event, now)?;
    match replace(store, record, next).await? {
        Replaced::Ours(next) => {
            *record = *next;
            Ok(())
        }
        Replaced::Lost(Some(stored)) => {
            *record = *stored;
            Err(AdvanceError::ChangedElsewhere {
                run_id,
                status: record.status,
            })
        }
        Replaced::Lost(None) => Err(AdvanceError::Vanished { run_id }),
    }
}

/// Takes the lock again for a run that has failed, and opens its record again, unless another run of its target was
/// started since. `record` must be the stored one.
///
/// # Errors
///
/// [`ReopenError`]; a lock that was taken is released again then.
pub async fn reopen(
    store: &dyn Store,
    record: &mut Versioned<RunRecord>,
    holder: Holder,
    now: Timestamp,
) -> Result<DeploymentLock, ReopenError> {
    let lock = LockRecord {
        version: LOCK_VERSION,
        run_id: record.run_id,
        target: record.target.clone(),
        acquired_at: now,
        holder,
    };
    let lock = DeploymentLock::acquire_again(store, lock).await?;
    match opened(store, &lock, record, now).await {
        Ok(()) => Ok(lock),
        Err(error) => {
            // The error that counts is the first one.
            let _ = lock.release(store).await;
            Err(error)
        }
    }
}

/// Under the lock no other run begins, so the newest one stays the newest.
async fn opened(
    store: &dyn Store,
    lock: &DeploymentLock,
    record: &mut Versioned<RunRecord>,
    now: Timestamp,
) -> Result<(), ReopenError> {
    let run_id = record.run_id;
    match of_target(store, &record.target).await?.first() {
        Some(newer) if *newer > run_id => Err(ReopenError::Superseded {
            run_id,
            newer: *newer,
        }),
        _ => Ok(advance(store, lock, record, &Event::Reopened, now).await?),
    }
}

/// Ends a run, whoever holds its lock: what runs is cancelled, what waits is aborted. Its holder
/// notices at its next write. The lock is not released here.
///
/// # Errors
///
/// [`RecordError`] when the record cannot be read or written.
pub async fn cancel(
    store: &dyn Store,
    run_id: RunId,
    now: Timestamp,
) -> Result<Cancellation, RecordError> {
    let Some(mut record) = load(store, run_id).await? else {
        return Ok(Cancellation::NotFound);
    };
    // Each lost race means that the holder stored an event, and a task has two.
    let attempts = 8 + 2 * record.tasks.len();
    for _ in 0..attempts {
        let mut next = RunRecord::clone(&record);
        if next.apply(&Event::Cancelled, now).is_err() {
            // The event fits every run that has not ended.
            return Ok(Cancellation::AlreadyFinished(Box::new(record.into_value())));
        }
        match replace(store, &record, next).await? {
            Replaced::Ours(next) => {
                return Ok(Cancellation::Cancelled(Box::new(next.into_value())));
            }
            Replaced::Lost(Some(stored)) => record = *stored,
            Replaced::Lost(None) => return Ok(Cancellation::NotFound),
        }
    }
    Err(StoreError::Precondition {
        location: store.location().clone(),
        key: Key::RunRecord(run_id).to_path(),
    }
    .into())
}

/// The runs of `target`, newest first. A run whose process was killed while it was being created
/// may be listed without having a record.
///
/// # Errors
///
/// [`StoreError`] when they cannot be listed.
pub async fn of_target(store: &dyn Store, target: &Target) -> Result<Vec<RunId>, StoreError> {
    let mut runs: Vec<RunId> = store
        .list(&Prefix::TargetRuns(target.into()))
        .await?
        .into_iter()
        .filter_map(|key| match key {
            Key::TargetRun { run_id, .. } => Some(run_id),
            _ => None,
        })
        .collect();
    // Ids sort by the time at which they were made.
    runs.sort_unstable_by(|left, right| right.cmp(left));
    Ok(runs)
}

impl AdvanceError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Transition(_) => None,
            Self::ChangedElsewhere { .. } | Self::Vanished { .. } => {
                Some("start a new deployment".to_owned())
            }
            Self::Record(error) => error.help(),
        }
    }
}

impl ReopenError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Superseded { .. } => {
                Some("start a new deployment: it continues from what is deployed now".to_owned())
            }
            Self::Acquire(error) => error.help(),
            Self::Store(error) => error.help(),
            Self::Advance(error) => error.help(),
        }
    }
}

enum Replaced {
    /// The record is stored.
    Ours(Box<Versioned<RunRecord>>),
    /// Somebody else was faster; this is what is stored.
    Lost(Option<Box<Versioned<RunRecord>>>),
}

async fn replace(
    store: &dyn Store,
    current: &Versioned<RunRecord>,
    next: RunRecord,
) -> Result<Replaced, RecordError> {
    let key = Key::RunRecord(next.run_id);
    let bytes = encode(store, &key, &next)?;
    let mode = PutMode::Update(current.version().clone());
    match store.put(&key, bytes, mode).await {
        Ok(version) => Ok(Replaced::Ours(Box::new(Versioned::new(next, version)))),
        Err(StoreError::Precondition { .. }) => {
            Ok(match document::load::<RunRecord>(store, &key).await? {
                // A store that answers late may be asked twice; the first answer was ours.
                Some(stored) if *stored == next => Replaced::Ours(Box::new(stored)),
                stored => Replaced::Lost(stored.map(Box::new)),
            })
        }
        Err(error) => Err(error.into()),
    }
}

fn check(lock: &DeploymentLock, record: &RunRecord, key: &Key) -> Result<(), RecordError> {
    if lock.run_id() == record.run_id && *lock.target() == record.target {
        Ok(())
    } else {
        Err(RecordError::OutsideLock {
            key: key.to_path(),
            run_id: lock.run_id(),
        })
    }
}
