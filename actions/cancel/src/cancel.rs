use stk_run::{Clock, IdError, RunId, RunRecord, Target, exit_code};
use stk_store::runs::Cancellation;
use stk_store::{DeploymentLock, Location, OpenError, RecordError, Released, runs};

use crate::Request;

/// What became of a request to cancel. None of these is a failure: the action runs when something
/// else has already failed, and what it is asked for is that nothing blocks the next deployment.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No run id was given: no run was started.
    NoRun,
    /// The text cannot be the id of any run.
    Malformed {
        /// What was asked for, and why it is none.
        error: IdError,
    },
    /// There is no such run.
    NotFound {
        /// What was asked for.
        run_id: RunId,
        /// Where it was looked for.
        location: Location,
    },
    /// The run had taken the lock but written no record; the lock is released.
    NotRecorded {
        /// The run.
        run_id: RunId,
        /// What it was about to deploy.
        target: Target,
    },
    /// The run is cancelled.
    Cancelled {
        /// Its record, as it is now.
        record: Box<RunRecord>,
        /// What was found when the lock was to be released.
        lock: Released,
    },
    /// The run had already ended.
    AlreadyFinished {
        /// Its record.
        record: Box<RunRecord>,
        /// What was found when the lock was to be released that it should not hold any more.
        lock: Released,
    },
}

/// Why a run could not be cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// The store could not be opened.
    #[error("the store of runs could not be opened")]
    Open(#[source] OpenError),
    /// The run's record or lock could not be read or written.
    #[error("run `{run_id}` could not be cancelled")]
    Record {
        /// The run.
        run_id: RunId,
        /// What went wrong.
        #[source]
        source: Box<RecordError>,
    },
    /// The run is of another project than the one it was looked for in.
    #[error("run `{run_id}` is of {found}, not of project `{project}`")]
    OtherProject {
        /// The run.
        run_id: RunId,
        /// What it deploys.
        found: Target,
        /// What was asked for.
        project: String,
    },
}

impl CancelError {
    /// The exit code that says this.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Open(OpenError::BucketsNotAvailable { .. }) | Self::OtherProject { .. } => {
                exit_code::INPUTS
            }
            Self::Open(_) | Self::Record { .. } => exit_code::STORE,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Open(error) => error.help(),
            Self::Record { source, .. } => source.help(),
            Self::OtherProject { .. } => Some(
                "give the id of a run of this project; `stk-runtime runs` lists them".to_owned(),
            ),
        }
    }
}

/// Cancels the requested run and releases the lock that it holds.
///
/// # Errors
///
/// [`CancelError`] when the store cannot be used or the run is of another project.
pub async fn cancel(request: &Request, clock: &Clock) -> Result<Outcome, CancelError> {
    let Some(text) = &request.run_id else {
        return Ok(Outcome::NoRun);
    };
    let run_id = match text.parse::<RunId>() {
        Ok(run_id) => run_id,
        Err(error) => return Ok(Outcome::Malformed { error }),
    };
    let not_found = || Outcome::NotFound {
        run_id,
        location: request.locations.iac.clone(),
    };
    let store = stk_store::open_existing(&request.locations.iac)
        .await
        .map_err(CancelError::Open)?;
    let Some(store) = store else {
        return Ok(not_found());
    };
    let store = store.as_ref();
    let failed = |source| CancelError::Record {
        run_id,
        source: Box::new(source),
    };

    if let Some(record) = runs::load(store, run_id).await.map_err(failed)? {
        is_of(request, run_id, &record.target)?;
    }
    match runs::cancel(store, run_id, clock.now())
        .await
        .map_err(failed)?
    {
        Cancellation::Cancelled(record) => {
            let lock = DeploymentLock::release_of_run(store, &record.target, run_id)
                .await
                .map_err(failed)?;
            Ok(Outcome::Cancelled { record, lock })
        }
        Cancellation::AlreadyFinished(record) => {
            // A runner that was killed between its last record and the release leaves the lock
            // behind; releasing twice does no harm.
            let lock = DeploymentLock::release_of_run(store, &record.target, run_id)
                .await
                .map_err(failed)?;
            Ok(Outcome::AlreadyFinished { record, lock })
        }
        Cancellation::NotFound => match DeploymentLock::target_of(store, run_id)
            .await
            .map_err(failed)?
        {
            Some(target) => {
                is_of(request, run_id, &target)?;
                DeploymentLock::release_of_run(store, &target, run_id)
                    .await
                    .map_err(failed)?;
                Ok(Outcome::NotRecorded { run_id, target })
            }
            None => Ok(not_found()),
        },
    }
}

fn is_of(request: &Request, run_id: RunId, target: &Target) -> Result<(), CancelError> {
    match &request.project {
        Some(project) if *project != target.project => Err(CancelError::OtherProject {
            run_id,
            found: target.clone(),
            project: project.clone(),
        }),
        _ => Ok(()),
    }
}
