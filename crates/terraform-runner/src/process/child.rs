//! A child process: how it is started, signalled and waited for.

use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::system;
use crate::{Command, RunError};

/// How long programs that the command left behind get between being asked and being killed.
const SWEEP_GRACE: Duration = Duration::from_secs(2);

/// How often a program is tried that somebody is writing: a file that was just installed stays busy for as long as
/// another thread's child, forked in that moment, has not yet closed what it inherited.
const BUSY_ATTEMPTS: u32 = 10;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a child is started"
)]
pub(super) fn spawn(command: &Command, stdout: Stdio, stderr: Stdio) -> Result<Child, RunError> {
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
        .stdout(stdout)
        .stderr(stderr);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    let mut attempts = 0;
    let started = loop {
        match process.spawn() {
            Err(error)
                if error.kind() == std::io::ErrorKind::ExecutableFileBusy
                    && attempts < BUSY_ATTEMPTS =>
            {
                attempts += 1;
                thread::sleep(Duration::from_millis(20));
            }
            outcome => break outcome,
        }
    };
    started.map_err(|source| {
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

/// The process id of the child, for as long as it is the child's: it is forgotten before the child is reaped.
#[derive(Clone)]
pub(super) struct Handle {
    id: Arc<Mutex<Option<u32>>>,
}

impl Handle {
    pub(super) fn new(child: &Child) -> Self {
        Self {
            id: Arc::new(Mutex::new(Some(child.id()))),
        }
    }

    /// Sends the child, and it alone, one interrupt.
    pub(super) fn interrupt(&self) {
        self.with_id(system::interrupt);
    }

    /// Kills the child and whatever it started.
    pub(super) fn kill_group(&self) {
        self.with_id(system::kill_group);
    }

    /// Waits for the child, ends what is left in its group, and only then lets go of its number.
    pub(super) fn wait(&self, mut child: Child) -> std::io::Result<ExitStatus> {
        system::wait_without_reaping(child.id())?;
        self.sweep(child.id());
        let mut id = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        *id = None;
        child.wait()
    }

    /// Asks what is left to end, and kills it after a while.
    fn sweep(&self, id: u32) {
        if system::group_has_others(id) {
            self.with_id(system::terminate_group);
            let step = Duration::from_millis(20);
            let mut waited = Duration::ZERO;
            while waited < SWEEP_GRACE && system::group_has_others(id) {
                thread::sleep(step);
                waited += step;
            }
        }
        // Also where nobody can say whether somebody is left.
        self.with_id(system::kill_group);
    }

    fn with_id(&self, signal: impl FnOnce(u32)) {
        let id = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = *id {
            signal(id);
        }
    }
}
