//! What runs a [`Command`]: the trait, its lines and its errors.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::Command;

/// Runs commands: as a process of this machine ([`ProcessRunner`](crate::ProcessRunner)), or in a container.
#[async_trait]
pub trait Runner: fmt::Debug + Send + Sync {
    /// Runs `command` to its end and hands over each line that it prints, in the order in which it was read.
    ///
    /// A cancellation of `cancel` interrupts the command as its [`Step::interruption`](crate::Step::interruption)
    /// says: exactly one interrupt, whatever else happens. A token that is already cancelled starts nothing.
    ///
    /// Do not drop the future of a started apply: nobody would wait for the command any more.
    ///
    /// # Errors
    ///
    /// Only when the command could not be run; an exit code other than 0 is an [`Exit`].
    async fn run(
        &self,
        command: &Command,
        on_line: &mut (dyn FnMut(Line) + Send),
        cancel: &CancellationToken,
    ) -> Result<Exit, RunError>;
}

/// Where a line was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line that a command printed, without its line break. May hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it was printed.
    pub stream: Stream,
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// The line was longer than the runner keeps, and its rest is lost.
    pub truncated: bool,
}

impl fmt::Debug for Line {
    /// Shows the length and not the text, which can be a whole state.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Line")
            .field("stream", &self.stream)
            .field("bytes", &self.text.len())
            .field("truncated", &self.truncated)
            .finish()
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The command was interrupted because the token was cancelled. It may have succeeded all the same.
    pub interrupted: bool,
}

/// A command that could not be run. Except for [`Wait`](Self::Wait), nothing has been started.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The token was cancelled before the start.
    #[error("cancelled before it was started")]
    Cancelled,
    /// There is no such program, or its interpreter is missing.
    #[error("there is no program {}", program.display())]
    NotFound {
        /// The file that was to be executed.
        program: PathBuf,
    },
    /// The file exists, and this user may not execute it.
    #[error("{} cannot be executed", program.display())]
    NotExecutable {
        /// The file that was to be executed.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The working directory does not exist or cannot be entered.
    #[error("there is no working directory {}", directory.display())]
    NoDirectory {
        /// The directory.
        directory: PathBuf,
    },
    /// The system refused to start it for another reason, such as a lack of memory or of processes.
    #[error("{} could not be started", program.display())]
    Start {
        /// The file that was to be executed.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The end of the started program could not be seen. It may still be running.
    #[error("{} could not be waited for", program.display())]
    Wait {
        /// The file that was executed.
        program: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
