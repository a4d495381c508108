mod run_target;

use stk_run::{LockRecord, RunId, RunRecord, Target};

use self::run_target::RunTarget;
use crate::document::{create, encode, load};
use crate::{Deleted, Key, RecordError, Store, StoreError, Version};

/// How often a lock may change hands under a process that wants it before that process gives up.
const ATTEMPTS: u32 = 16;

/// Proof that a run holds the lock of its target. Whatever changes a run or a target asks for it,
/// so nothing is written by those who never took the lock.
///
/// It proves that the lock was held when the value was made. A run that is cancelled from elsewhere
/// loses its lock; it learns so from the next write of its record, which is conditional.
#[derive(Debug)]
pub struct DeploymentLock {
    record: LockRecord,
    version: Version,
}

/// Why the lock of a target was not taken. Nothing is held then.
#[derive(Debug, thiserror::Error)]
pub enum AcquireError {
    /// Another deployment of the same target is running (or was killed and holds it still).
    #[error(
        "run {} has held the lock of {} since {}; {} took it",
        .0.run_id, .0.target, .0.acquired_at, .0.holder
    )]
    Held(Box<LockRecord>),
    /// The lock went from hand to hand while this process tried to take it.
    #[error("the lock of {target} was taken by one deployment after the other")]
    Contended {
        /// What was to be deployed.
        target: Target,
    },
    /// The store failed, or the lock object cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Why a run cannot go on: it does not hold the lock of its target any more.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// Nobody holds it: the run has ended, or was cancelled.
    #[error("run {run_id} no longer holds the lock of {target}")]
    NotHeld {
        /// The run.
        run_id: RunId,
        /// What it deploys.
        target: Target,
    },
    /// Another run holds it: this one was cancelled, and another one was started since.
    #[error("run {} holds the lock of {}, not run {run_id}", .lock.run_id, .lock.target)]
    HeldBy {
        /// The run that wanted to go on.
        run_id: RunId,
        /// What the lock says.
        lock: Box<LockRecord>,
    },
    /// The store failed, or the lock object cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What releasing a lock found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Released {
    /// The run's lock, which is free now.
    Released,
    /// No lock.
    NotHeld,
    /// The lock of another run, which was left alone.
    HeldByOther(Box<LockRecord>),
}

impl DeploymentLock {
    /// Takes the lock of `record.target` for the run `record.run_id`. Of all who try at once
    /// exactly one succeeds.
    ///
    /// The run's target is stored first, under the run's own name. So a process that is killed
    /// right after it took the lock leaves a lock that can be found and released by the run's id
    /// alone (see [`DeploymentLock::target_of`]), without looking through all targets.
    ///
    /// # Errors
    ///
    /// [`AcquireError`], with all that is known about the holder.
    pub async fn acquire(store: &dyn Store, record: LockRecord) -> Result<Self, AcquireError> {
        let run_target = RunTarget::of(&record);
        let run_target_key = Key::RunTarget(record.run_id);
        let bytes = encode(store, &run_target_key, &run_target)?;
        create(store, &run_target_key, bytes)
            .await
            .map_err(RecordError::from)?;

        match take(store, &record).await {
            Ok(version) => Ok(Self { record, version }),
            // Another process of the same run holds it, and the run's target stays true.
            Err(AcquireError::Held(held)) if held.run_id == record.run_id => {
                Err(AcquireError::Held(held))
            }
            Err(error) => {
                // A store may write the lock and report a failure all the same. Best effort: the
                // error that counts is the first one.
                if !matches!(error, AcquireError::Held(_)) {
                    let _ = Self::release_of_run(store, &record.target, record.run_id).await;
                }
                let _ = store.delete(&run_target_key, None).await;
                Err(error)
            }
        }
    }

    /// The lock that the run of `record` took earlier, maybe in another process or on another
    /// machine.
    ///
    /// # Errors
    ///
    /// [`ResumeError`] when the run does not hold it any more.
    pub async fn resume(store: &dyn Store, record: &RunRecord) -> Result<Self, ResumeError> {
        let run_id = record.run_id;
        match load::<LockRecord>(store, &Key::lock(&record.target)).await? {
            None => Err(ResumeError::NotHeld {
                run_id,
                target: record.target.clone(),
            }),
            Some(lock) if lock.run_id != run_id => Err(ResumeError::HeldBy {
                run_id,
                lock: Box::new(lock.into_value()),
            }),
            Some(lock) => Ok(Self {
                version: lock.version().clone(),
                record: lock.into_value(),
            }),
        }
    }

    /// Takes the lock again for a run that held it before and has ended since.
    ///
    /// # Errors
    ///
    /// [`AcquireError`], with all that is known about the holder.
    pub(crate) async fn acquire_again(
        store: &dyn Store,
        record: LockRecord,
    ) -> Result<Self, AcquireError> {
        let version = take(store, &record).await?;
        Ok(Self { record, version })
    }

    /// Who holds the lock of `target`.
    ///
    /// # Errors
    ///
    /// [`RecordError`] when it cannot be known.
    pub async fn current(
        store: &dyn Store,
        target: &Target,
    ) -> Result<Option<LockRecord>, RecordError> {
        Ok(load(store, &Key::lock(target))
            .await?
            .map(crate::Versioned::into_value))
    }

    /// Gives the lock back.
    ///
    /// # Errors
    ///
    /// [`RecordError`] when it is not known to be free; [`DeploymentLock::release_of_run`] may be
    /// tried again.
    pub async fn release(self, store: &dyn Store) -> Result<Released, RecordError> {
        let target = self.target();
        match store.delete(&Key::lock(target), Some(&self.version)).await {
            Ok(Deleted::Removed) => Ok(Released::Released),
            Ok(Deleted::Absent) => Ok(Released::NotHeld),
            Err(StoreError::Precondition { .. }) => {
                Self::release_of_run(store, target, self.run_id()).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Frees `target` if the run `run_id` holds it, whoever calls. For those who end a run from
    /// elsewhere: they end its record first, so that its holder notices.
    ///
    /// # Errors
    ///
    /// [`RecordError`] when it is not known to be free.
    pub async fn release_of_run(
        store: &dyn Store,
        target: &Target,
        run_id: RunId,
    ) -> Result<Released, RecordError> {
        let key = Key::lock(target);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let Some(lock) = load::<LockRecord>(store, &key).await? else {
                return Ok(Released::NotHeld);
            };
            if lock.run_id != run_id {
                return Ok(Released::HeldByOther(Box::new(lock.into_value())));
            }
            match store.delete(&key, Some(lock.version())).await {
                Ok(Deleted::Removed) => return Ok(Released::Released),
                Ok(Deleted::Absent) => return Ok(Released::NotHeld),
                Err(StoreError::Precondition { .. }) if attempt < ATTEMPTS => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The target that the run `run_id` was started for, also when it has no record because its
    /// process was killed before it wrote one. `None` when no such run ever took a lock.
    ///
    /// # Errors
    ///
    /// [`RecordError`] when it cannot be known.
    pub async fn target_of(
        store: &dyn Store,
        run_id: RunId,
    ) -> Result<Option<Target>, RecordError> {
        Ok(load::<RunTarget>(store, &Key::RunTarget(run_id))
            .await?
            .map(|found| found.into_value().target))
    }

    /// What the lock object says.
    #[must_use]
    pub fn record(&self) -> &LockRecord {
        &self.record
    }

    /// What is locked.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.record.target
    }

    /// The run that holds the lock.
    #[must_use]
    pub fn run_id(&self) -> RunId {
        self.record.run_id
    }
}

impl AcquireError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Held(lock) => Some(format!(
                "wait for it to end, or cancel it: `stk-runtime cancel {0}`, or the cancel action with \
                 RUN_ID {0}",
                lock.run_id
            )),
            Self::Contended { .. } => {
                Some("try again when fewer deployments are waiting".to_owned())
            }
            Self::Record(error) => error.help(),
        }
    }
}

impl ResumeError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotHeld { .. } => Some("start a new deployment".to_owned()),
            Self::HeldBy { lock, .. } => Some(format!(
                "wait for run {} to end, then start a new deployment",
                lock.run_id
            )),
            Self::Record(error) => error.help(),
        }
    }
}

async fn take(store: &dyn Store, record: &LockRecord) -> Result<Version, AcquireError> {
    let key = Key::lock(&record.target);
    let bytes = encode(store, &key, record)?;
    for _ in 0..ATTEMPTS {
        match create(store, &key, bytes.clone()).await {
            Ok(version) => return Ok(version),
            Err(StoreError::AlreadyExists { .. }) => {
                if let Some(held) = load::<LockRecord>(store, &key).await? {
                    return Err(AcquireError::Held(Box::new(held.into_value())));
                }
                // Released between the two requests.
            }
            Err(error) => return Err(RecordError::from(error).into()),
        }
    }
    Err(AcquireError::Contended {
        target: record.target.clone(),
    })
}
