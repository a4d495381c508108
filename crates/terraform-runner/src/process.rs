//! Runs commands as child processes of this machine.

use std::io::{BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::lines::{LINE_LIMIT, read_line};
use crate::{Command, Exit, Interruption, Line, RunError, Runner, Stream};

/// How long programs that the command left behind get between being asked and being killed.
const SWEEP_GRACE: Duration = Duration::from_secs(2);

/// How long the next line is waited for after everything in the process group is gone. Only a program that moved to
/// another group can hold the output open that long.
const DRAIN_IDLE: Duration = Duration::from_secs(5);

/// How long such a program is listened to at most, when it goes on printing.
const DRAIN_TOTAL: Duration = Duration::from_secs(60);

/// Runs commands as child processes, each in a process group of its own with no standard input.
///
/// Output is read by threads, so that the child is never held up by a busy runtime, and so that it can go on writing
/// when the future is dropped: a closed pipe would end Terraform in the middle of an apply.
///
/// When the child has ended, whatever is left in its group is ended too (Terraform kills only the shell of a
/// `local-exec`, not what the shell started). The group is signalled while the child is still a zombie, so its number
/// cannot have been given to somebody else.
#[derive(Debug, Clone)]
pub struct ProcessRunner {
    line_limit: usize,
}

impl ProcessRunner {
    /// A runner that keeps up to 64 MiB of a line.
    pub fn new() -> Self {
        Self {
            line_limit: LINE_LIMIT,
        }
    }

    /// Keeps only `bytes` of a line; the rest of it is read and lost, and the line is marked as truncated.
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
        let mut running = Running::start(command, self.line_limit)?;
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
        let mut child = spawn(command)?;
        let handle = Handle::new(&child);
        // A few lines are enough to keep the child going, and few enough to bound the memory.
        let (sender, lines) = mpsc::channel(16);
        let readers = Readers::start(
            child.stdout.take(),
            child.stderr.take(),
            &sender,
            line_limit,
        );
        let (report, ended) = oneshot::channel();
        let waiter = handle.clone();
        thread::spawn(move || {
            let status = waiter.wait(child, &readers);
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

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a child is started"
)]
fn spawn(command: &Command) -> Result<Child, RunError> {
    let mut process = std::process::Command::new(command.program());
    process
        .args(command.arguments())
        .current_dir(command.directory())
        .env_clear()
        .envs(
            command
                .environment()
                .pairs()
                .map(|(name, value)| (name, value.expose_secret())),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    process.spawn().map_err(|source| {
        let program = command.program().to_owned();
        match source.kind() {
            std::io::ErrorKind::NotFound => RunError::NotFound { program },
            std::io::ErrorKind::PermissionDenied => RunError::NotExecutable { program, source },
            // ENOEXEC: neither a binary of this machine nor a script with an interpreter line.
            _ if source.raw_os_error() == Some(8) && cfg!(unix) => {
                RunError::NotExecutable { program, source }
            }
            _ => RunError::Start { program, source },
        }
    })
}

/// The threads that read the child's output.
struct Readers {
    threads: Vec<thread::JoinHandle<()>>,
}

impl Readers {
    fn start(
        stdout: Option<ChildStdout>,
        stderr: Option<ChildStderr>,
        sender: &mpsc::Sender<Line>,
        line_limit: usize,
    ) -> Self {
        let mut threads = Vec::new();
        if let Some(stdout) = stdout {
            let sender = sender.clone();
            threads.push(thread::spawn(move || {
                forward(stdout, Stream::Stdout, &sender, line_limit)
            }));
        }
        if let Some(stderr) = stderr {
            let sender = sender.clone();
            threads.push(thread::spawn(move || {
                forward(stderr, Stream::Stderr, &sender, line_limit)
            }));
        }
        Self { threads }
    }

    /// Whether every writer has closed the output.
    fn finished(&self) -> bool {
        self.threads.iter().all(thread::JoinHandle::is_finished)
    }
}

fn forward(output: impl Read, stream: Stream, sender: &mpsc::Sender<Line>, line_limit: usize) {
    let mut reader = BufReader::with_capacity(64 * 1024, output);
    // A pipe that cannot be read any more is as good as one at its end.
    while let Ok(Some(line)) = read_line(&mut reader, line_limit) {
        // When nobody listens the output is still read to its end: see `ProcessRunner`.
        let _ = sender.blocking_send(Line {
            stream,
            text: line.text,
            truncated: line.truncated,
        });
    }
}

/// The process id of the child, for as long as it is the child's: it is forgotten before the child is reaped.
#[derive(Clone)]
struct Handle {
    id: Arc<Mutex<Option<u32>>>,
}

impl Handle {
    fn new(child: &Child) -> Self {
        Self {
            id: Arc::new(Mutex::new(Some(child.id()))),
        }
    }

    /// Sends the child, and it alone, one interrupt.
    fn interrupt(&self) {
        self.with_id(system::interrupt);
    }

    /// Kills the child and whatever it started.
    fn kill_group(&self) {
        self.with_id(system::kill_group);
    }

    fn with_id(&self, signal: impl FnOnce(u32)) {
        let id = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = *id {
            signal(id);
        }
    }

    /// Waits for the child, ends what is left in its group, and only then lets go of its number.
    fn wait(&self, mut child: Child, readers: &Readers) -> std::io::Result<ExitStatus> {
        system::wait_without_reaping(child.id())?;
        self.sweep(readers);
        let mut id = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        *id = None;
        child.wait()
    }

    /// Asks, waits for the output to be closed, kills. Without leftovers the output is closed by now.
    fn sweep(&self, readers: &Readers) {
        self.with_id(system::terminate_group);
        let step = Duration::from_millis(10);
        let mut waited = Duration::ZERO;
        while !readers.finished() && waited < SWEEP_GRACE {
            thread::sleep(step);
            waited += step;
        }
        self.with_id(system::kill_group);
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

/// Signals and waiting. A signal that cannot be delivered has no one left to receive it, so errors are no news.
#[cfg(unix)]
mod system {
    use rustix::io::Errno;
    use rustix::process::{
        Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
    };

    fn pid(id: u32) -> Option<Pid> {
        i32::try_from(id).ok().and_then(Pid::from_raw)
    }

    pub(super) fn interrupt(id: u32) {
        if let Some(pid) = pid(id) {
            let _ = kill_process(pid, Signal::INT);
        }
    }

    pub(super) fn terminate_group(id: u32) {
        if let Some(pid) = pid(id) {
            let _ = kill_process_group(pid, Signal::TERM);
        }
    }

    pub(super) fn kill_group(id: u32) {
        if let Some(pid) = pid(id) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    /// Returns when the child has ended; its number stays taken until it is reaped.
    pub(super) fn wait_without_reaping(id: u32) -> std::io::Result<()> {
        let pid = pid(id).ok_or_else(|| std::io::Error::other("not a process id"))?;
        loop {
            match waitid(
                WaitId::Pid(pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
            ) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Without process groups and signals a command runs to its end.
#[cfg(not(unix))]
mod system {
    pub(super) fn interrupt(_: u32) {}

    pub(super) fn terminate_group(_: u32) {}

    pub(super) fn kill_group(_: u32) {}

    pub(super) fn wait_without_reaping(_: u32) -> std::io::Result<()> {
        Ok(())
    }
}
