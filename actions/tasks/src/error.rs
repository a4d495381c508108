use gha::{Annotation, Failure, Severity};
use stk_deploy::TaskError;
use stk_run::{MissingSecret, RunId, RunStatus, Target, Task, exit_code};
use stk_store::runs::{AdvanceError, ReopenError};
use stk_store::{AcquireError, Location, OpenError, RecordError, ResumeError};

use crate::rows::RowError;
use crate::terraform::TerraformError;

/// Why the tasks of a run could not be executed.
#[derive(Debug, thiserror::Error)]
pub enum TasksError {
    /// The text is not the id of a run.
    #[error("the input RUN_ID is malformed")]
    RunId(#[source] stk_run::IdError),
    /// A store could not be opened.
    #[error("the store could not be opened")]
    Open(#[source] OpenError),
    /// The store has no such run.
    #[error("there is no run `{run_id}` in {location}")]
    NoSuchRun {
        /// The run.
        run_id: RunId,
        /// Where it was looked for.
        location: Location,
    },
    /// The run is of another project than the one named.
    #[error("run `{run_id}` is of {found}, not of project `{project}`")]
    OtherProject {
        /// The run.
        run_id: RunId,
        /// What it deploys.
        found: Target,
        /// What was asked for.
        project: String,
    },
    /// The run has ended.
    #[error("run `{run_id}` has already ended with status {status}")]
    Ended {
        /// The run.
        run_id: RunId,
        /// How it ended.
        status: RunStatus,
    },
    /// The run has failed and cannot go on.
    #[error("run `{run_id}` has failed and cannot go on")]
    Reopen {
        /// The run.
        run_id: RunId,
        /// Why not.
        #[source]
        source: Box<ReopenError>,
    },
    /// The rows do not fit the run.
    #[error("the input TASK_LIST does not fit run `{run_id}`")]
    Rows {
        /// The run.
        run_id: RunId,
        /// Which row, and why.
        #[source]
        source: RowError,
    },
    /// A task was to be executed before one that must precede it.
    #[error("{task} cannot be executed yet: {} is {}", .missing.title(), .missing.status)]
    OutOfOrder {
        /// The task's type, and its plugin.
        task: String,
        /// What must be done before.
        missing: Box<Task>,
    },
    /// The run does not hold its target's lock.
    #[error("the tasks of run `{run_id}` cannot be executed")]
    Lock {
        /// The run.
        run_id: RunId,
        /// Why not.
        #[source]
        source: Box<ResumeError>,
    },
    /// Plugins need secrets that nobody gave.
    #[error("{}", listed(.missing))]
    Secrets {
        /// What is missing; never empty.
        missing: Vec<MissingSecret>,
    },
    /// Terraform cannot be run.
    #[error(transparent)]
    Terraform(#[from] TerraformError),
    /// A task failed. The run has failed and its lock is released.
    #[error(transparent)]
    Task(Box<TaskError>),
    /// The program was told to stop. The run is cancelled and its lock is released.
    #[error("the run was interrupted")]
    Interrupted {
        /// What the task in execution said.
        #[source]
        source: Option<Box<TaskError>>,
    },
    /// Somebody cancelled the run while its tasks were executed.
    #[error("run `{run_id}` was changed from elsewhere: it is now {status}")]
    ChangedElsewhere {
        /// The run.
        run_id: RunId,
        /// What it is now.
        status: RunStatus,
    },
    /// The run's record could not be read or written.
    #[error("the record of run `{run_id}` could not be read or written")]
    Record {
        /// The run.
        run_id: RunId,
        /// How.
        #[source]
        source: Box<AdvanceError>,
    },
    /// The run's record could not be read.
    #[error("run `{run_id}` could not be read")]
    Load {
        /// The run.
        run_id: RunId,
        /// How.
        #[source]
        source: Box<RecordError>,
    },
}

fn listed(missing: &[MissingSecret]) -> String {
    let all: Vec<_> = missing.iter().map(ToString::to_string).collect();
    all.join("; ")
}

impl TasksError {
    /// The exit code that says this.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::RunId(_)
            | Self::NoSuchRun { .. }
            | Self::OtherProject { .. }
            | Self::Rows { .. }
            | Self::OutOfOrder { .. }
            | Self::Secrets { .. }
            | Self::Open(OpenError::BucketsNotAvailable { .. }) => exit_code::INPUTS,
            Self::Ended { status, .. } | Self::ChangedElsewhere { status, .. } => match status {
                RunStatus::Canceled => exit_code::CANCELLED,
                _ => exit_code::INPUTS,
            },
            Self::Lock { source, .. } => match source.as_ref() {
                ResumeError::HeldBy { .. } => exit_code::BUSY,
                ResumeError::NotHeld { .. } => exit_code::CANCELLED,
                _ => exit_code::STORE,
            },
            Self::Reopen { source, .. } => match source.as_ref() {
                ReopenError::Acquire(AcquireError::Held(_) | AcquireError::Contended { .. }) => {
                    exit_code::BUSY
                }
                ReopenError::Superseded { .. } => exit_code::INPUTS,
                _ => exit_code::STORE,
            },
            Self::Terraform(_) => exit_code::TERRAFORM,
            Self::Task(error) => error.exit_code(),
            Self::Interrupted { .. } => exit_code::CANCELLED,
            Self::Open(_) | Self::Record { .. } | Self::Load { .. } => exit_code::STORE,
        }
    }

    /// Whether Terraform has failed to carry out a task, so that the same task may succeed another time.
    pub(crate) fn was_executed(&self) -> bool {
        matches!(self, Self::Task(error) if matches!(error.as_ref(), TaskError::Terraform { .. }))
    }

    /// The failure to show: what, why, and what to do next.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let mut failure = Failure::from_error(self.exit_code(), self);
        if let Self::Task(error)
        | Self::Interrupted {
            source: Some(error),
        } = self
        {
            add_diagnostics(&mut failure, error);
            annotate(&mut failure);
        }
        failure.help.extend(self.help());
        failure
    }

    fn help(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::RunId(_) => one("hand on the orchestrator's output `run_id` unchanged"),
            Self::Open(error) => error.help().into_iter().collect(),
            Self::NoSuchRun { .. } => one(
                "give the tasks action the same IAC_BUCKET_NAME (or WORKDIR) as the orchestrator, \
                 and the orchestrator's output `run_id`",
            ),
            Self::OtherProject { .. } => one(
                "hand on the `run_id` of this project's own orchestrator; `stk-runtime runs` lists \
                 the runs of a project",
            ),
            Self::Ended {
                status: RunStatus::Failed,
                ..
            } => one("start a new deployment; a failed run goes on only with the row that failed"),
            Self::Ended { .. } => one("start a new deployment: this run is over"),
            Self::Reopen { source, .. } => source.help().into_iter().collect(),
            Self::Rows {
                source: RowError::Running { .. },
                ..
            } => one(
                "if another runner is executing it, wait; if that runner is gone, cancel the run \
                 with stk-cancel and deploy again",
            ),
            Self::Rows { .. } => one(
                "hand on `apply_tasks` and `run_id` of one and the same orchestrator step, unchanged",
            ),
            Self::OutOfOrder { .. } => one(
                "execute the rows in the order of the task list (destroys come last); the run is \
                     still open for them",
            ),
            Self::Lock { source, .. } => source.help().into_iter().collect(),
            Self::Secrets { missing } => {
                let mut help: Vec<_> = missing.iter().map(MissingSecret::help).collect();
                help.push(
                    "a GitHub secret that does not exist is an empty text, which counts as no value; \
                     the run is still open: run the tasks again with the values"
                        .to_owned(),
                );
                help
            }
            Self::Terraform(error) => error.help().into_iter().collect(),
            Self::Task(error) => error.help(),
            Self::Interrupted { source } => {
                let mut help = source
                    .as_ref()
                    .map(|error| error.help())
                    .unwrap_or_default();
                help.push(
                    "what was applied before is kept; deploy again to continue from there"
                        .to_owned(),
                );
                help
            }
            Self::ChangedElsewhere { .. } => {
                one("somebody cancelled the run; deploy again when nothing else is running")
            }
            Self::Record { source, .. } => source.help().into_iter().collect(),
            Self::Load { source, .. } => source.help().into_iter().collect(),
        }
    }
}

/// On GitHub's page of the workflow run there is no chain of causes, only this one text.
fn annotate(failure: &mut Failure) {
    let cause = failure.causes.last().map(String::as_str);
    let text = match cause.and_then(|cause| cause.lines().next()) {
        Some(cause) => format!("{}: {cause}", failure.message),
        None => failure.message.clone(),
    };
    failure
        .annotations
        .push(Annotation::new(Severity::Error, text));
}

/// Terraform often says more than one thing; all of it belongs into the message.
fn add_diagnostics(failure: &mut Failure, error: &TaskError) {
    let TaskError::Terraform { source, .. } = error else {
        return;
    };
    let errors: Vec<_> = source
        .diagnostics()
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .collect();
    if errors.is_empty() {
        let tail = source.stderr_tail().join("\n");
        if !tail.trim().is_empty() {
            failure.causes.push(tail.trim().to_owned());
        }
        return;
    }
    // The first one is the end of the chain already; it comes again with its details.
    failure.causes.pop();
    for diagnostic in errors {
        let detail = diagnostic.detail.trim();
        failure.causes.push(if detail.is_empty() {
            diagnostic.to_string()
        } else {
            format!("{diagnostic}\n{detail}")
        });
    }
}
