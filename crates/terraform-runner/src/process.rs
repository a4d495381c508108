//! Runs commands as child processes of this machine.

mod child;
mod output;
mod system;

use std::process::ExitStatus;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::child::Handle;
use self::output::{Output, Readers};
use crate::lines::LINE_LIMIT;
use crate::{Command, Exit, Interruption, Line, RunError, Runner, Step, Stream};

/// How long the next line is waited for after everything in the process group is gone. Only where output goes through
/// pipes can a program that moved to another group hold it open that long.
const DRAIN_IDLE: Duration = Duration::from_secs(5);

/// How long such a program is listened to at most, when it goes on printing.
const DRAIN_TOTAL: Duration = Duration::from_secs(60);

/// How many times longer than a line a plan in JSON may be.
const DOCUMENT_LINES: usize = 4;

/// Runs commands as child processes, each in a process group of its own with no standard input.
///
/// On Linux a command does not notice when the calling process is killed: its output goes to memory that it holds
/// itself, and not through a pipe that would close and end Terraform in the middle of an apply. The output is read by
/// threads, so the command is not held up by a busy runtime either, and not by a future that is dropped.
///
/// When the child has ended, whatever is left in its group is ended too (Terraform kills only the shell of a
/// `local-exec`, not what the shell started). The group is signalled while the child is still a zombie, so its number
/// cannot have been given to somebody else.
#[derive(Debug, Clone)]
pub struct ProcessRunner {
    line_limit: usize,
}

impl ProcessRunner {
    /// A runner that keeps up to 64 MiB of a line, and 256 MiB of a plan in JSON.
    pub fn new() -> Self {
        Self {
            line_limit: LINE_LIMIT,
        }
    }

    /// Keeps only `bytes` of a line (four times as much of a plan in JSON, which is one line); the rest of it is read and lost, and the line is marked as truncated.
    pub fn with_line_limit(mut self, bytes: usize) -> Self {
        self.line_limit = bytes;
        self
    }
}

impl Default for ProcessRunner {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Runner for ProcessRunner {
    async fn run(
        &self,
        command: &Command,
        on_line: &mut (dyn FnMut(Line) + Send),
        cancel: &CancellationToken,
    ) -> Result<Exit, RunError> {
        if cancel.is_cancelled() {
            return Err(RunError::Cancelled);
        }
        let line_limit = match command.step() {
            // The whole document is one line, or one value of a state may be.
            Step::ShowPlan | Step::StatePull => self.line_limit.saturating_mul(DOCUMENT_LINES),
            _ => self.line_limit,
        };
        let mut running = Running::start(command, line_limit)?;
        let mut interrupted = false;
        let mut kill_at: Option<Instant> = None;
        let mut output_open = true;
        let status = loop {
            // A deadline that is not set is never polled; the value only has to exist.
            let deadline = kill_at.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                () = cancel.cancelled(), if !interrupted => {
                    interrupted = true;
                    running.handle.interrupt();
                    if let Interruption::KillAfter(grace) = command.step().interruption() {
                        kill_at = Some(Instant::now() + grace);
                    }
                }
                () = sleep_until(deadline), if kill_at.is_some() => {
                    kill_at = None;
                    running.handle.kill_group();
                }
                line = running.lines.recv(), if output_open => match line {
                    Some(line) => on_line(line),
                    None => output_open = false,
                },
                status = &mut running.ended => break status,
            }
        };
        // The threads send the last lines before, or shortly after, the end is reported.
        let drained = Instant::now() + DRAIN_TOTAL;
        while let Ok(Some(line)) = tokio::time::timeout(DRAIN_IDLE, running.lines.recv()).await {
            on_line(line);
            if Instant::now() > drained {
                break;
            }
        }
        let status = status
            .unwrap_or_else(|_| Err(std::io::Error::other("the thread that waits for it ended")))
            .map_err(|source| RunError::Wait {
                program: command.program().to_owned(),
                source,
            })?;
        Ok(exit(status, interrupted))
    }
}

/// A started child, its output, and its end.
struct Running {
    handle: Handle,
    lines: mpsc::Receiver<Line>,
    ended: oneshot::Receiver<std::io::Result<ExitStatus>>,
}

impl Running {
    fn start(command: &Command, line_limit: usize) -> Result<Self, RunError> {
        if !command.directory().is_dir() {
            return Err(RunError::NoDirectory {
                directory: command.directory().to_owned(),
            });
        }
        let start_error = |source| RunError::Start {
            program: command.program().to_owned(),
            source,
        };
        let (stdout, stdout_writer) = Output::new().map_err(start_error)?;
        let (stderr, stderr_writer) = Output::new().map_err(start_error)?;
        let child = child::spawn(command, stdout_writer, stderr_writer)?;
        let handle = Handle::new(&child);
        // A few lines are enough to keep the readers going, and few enough to bound the memory.
        let (sender, lines) = mpsc::channel(16);
        let mut readers = Readers::new(sender, line_limit);
        readers.start(stdout, Stream::Stdout);
        readers.start(stderr, Stream::Stderr);
        let (report, ended) = oneshot::channel();
        let waiter = handle.clone();
        thread::spawn(move || {
            let status = waiter.wait(child);
            readers.child_ended();
            // Nobody listens when the future was dropped.
            let _ = report.send(status);
        });
        Ok(Self {
            handle,
            lines,
            ended,
        })
    }
}

fn exit(status: ExitStatus, interrupted: bool) -> Exit {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None;
    Exit {
        code: status.code(),
        signal,
        interrupted,
    }
}
