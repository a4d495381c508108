//! One process of a step: its output in files, a time limit, and the end that GitHub gives the steps of a cancelled job.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long GitHub waits after SIGINT, and then after SIGTERM (actions/runner `ProcessInvoker.cs`).
const AFTER_INTERRUPT: Duration = Duration::from_millis(7_500);
const AFTER_TERMINATE: Duration = Duration::from_millis(2_500);

pub(super) struct Finished {
    pub(super) code: i32,
    pub(super) timed_out: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs the command to its end. When the file `cancel` comes into being, the process gets SIGINT, 7.5 s later SIGTERM, 2.5 s later
/// SIGKILL: it alone, not its children, which is what GitHub does.
pub(super) fn run(
    mut command: Command,
    scratch: &Path,
    limit: Duration,
    cancel: Option<&PathBuf>,
) -> io::Result<Finished> {
    // Files rather than pipes: nothing to drain, and a grandchild that outlives the step cannot keep us waiting.
    let stdout = scratch.join("stdout");
    let stderr = scratch.join("stderr");
    command
        .stdin(Stdio::null())
        .stdout(File::create(&stdout)?)
        .stderr(File::create(&stderr)?);
    let mut child = command.spawn()?;
    let mut signals = vec![
        (Duration::ZERO, Signal::INT),
        (AFTER_INTERRUPT, Signal::TERM),
        (AFTER_INTERRUPT + AFTER_TERMINATE, Signal::KILL),
    ]
    .into_iter()
    .peekable();
    let started = Instant::now();
    let mut cancelled: Option<Instant> = None;
    let mut timed_out = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > limit {
            timed_out = true;
            child.kill()?;
            break child.wait()?;
        }
        if cancelled.is_none() && cancel.is_some_and(|file| file.exists()) {
            cancelled = Some(Instant::now());
        }
        if let Some(since) = cancelled
            && let Some((_, signal)) = signals.next_if(|(after, _)| since.elapsed() >= *after)
        {
            send(&child, signal)?;
        }
        sleep(Duration::from_millis(5));
    };
    Ok(Finished {
        code: exit_code(status),
        timed_out,
        stdout: text(&stdout)?,
        stderr: text(&stderr)?,
    })
}

fn send(child: &Child, signal: Signal) -> io::Result<()> {
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
        return Ok(());
    };
    // Not reaped yet, so the number is still this process's.
    Ok(kill_process(pid, signal)?)
}

/// The exit code as a shell would show it: 128 + the signal for a process that a signal ended.
fn exit_code(status: ExitStatus) -> i32 {
    let signal = status.signal().map(|signal| 128 + signal);
    status.code().or(signal).unwrap_or(-1)
}

fn text(file: &Path) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(file)?).into_owned())
}
