use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use indexmap::IndexMap;
use thiserror::Error;

use super::{ExpressionError, FileCommandError};

/// Why an action could not be run. A step that fails is not an error but an [`Outcome`].
#[derive(Debug, Error)]
pub enum CompositeError {
    /// An input was given that the action does not have (GitHub only warns).
    #[error("the action has no input `{0}`")]
    UnexpectedInput(String),
    /// An expression of the action.
    #[error("the action's {place} cannot be evaluated")]
    Expression {
        /// The step or output.
        place: String,
        /// What is wrong with it.
        #[source]
        source: ExpressionError,
    },
    /// What a step wrote to one of the runner's files.
    #[error("step `{step}` wrote a broken {file}")]
    FileCommand {
        /// The step's name.
        step: String,
        /// The variable that names the file.
        file: &'static str,
        /// The line.
        #[source]
        source: FileCommandError,
    },
    /// A step did not end in time and was killed.
    #[error("step `{step}` did not end within {limit:?}; stderr so far: {stderr}")]
    TimedOut {
        /// The step's name.
        step: String,
        /// The limit.
        limit: Duration,
        /// What it had printed.
        stderr: String,
    },
    /// The scratch folder, or bash.
    #[error("step `{step}` cannot be run")]
    Io {
        /// The step's name.
        step: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its condition did not hold.
    Skipped,
    /// It ended with this exit code; 128 + the signal if one ended it.
    Ended(i32),
}

/// What came of one step.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it printed on the standard output.
    pub stdout: String,
    /// What it printed on the standard error.
    pub stderr: String,
    /// The outputs that it set.
    pub outputs: BTreeMap<String, String>,
    /// What it wrote to the step summary.
    pub summary: String,
}

/// What came of an action.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its steps, in order, the skipped ones too.
    pub steps: Vec<StepReport>,
    /// Its outputs.
    pub outputs: IndexMap<String, String>,
}

impl Report {
    /// The exit code of the first step that failed, else 0.
    pub fn exit_code(&self) -> i32 {
        let codes = self.steps.iter().map(|step| match step.outcome {
            Outcome::Ended(code) => code,
            Outcome::Skipped => 0,
        });
        codes.into_iter().find(|code| *code != 0).unwrap_or(0)
    }

    /// The step with this id.
    pub fn step(&self, id: &str) -> Option<&StepReport> {
        self.steps
            .iter()
            .find(|step| step.id.as_deref() == Some(id))
    }
}
