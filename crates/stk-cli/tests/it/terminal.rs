//! A pseudo terminal, for what asks a person.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::wait;

/// A program whose standard input and standard error are a terminal.
pub(crate) struct Session {
    child: Child,
    terminal: File,
    screen: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Session {
    pub(crate) fn start(mut command: Command) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let other = || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .open(OsStr::from_bytes(name.as_bytes()))
                .unwrap()
        };
        let child = command
            .stdin(other())
            .stderr(other())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let terminal = File::from(terminal);
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut input, shared) = (terminal.try_clone().unwrap(), Arc::clone(&screen));
        // Ends with an error when the program has closed its side.
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = input.read(&mut bytes) {
                shared.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        // The command holds the program's side of the terminal open.
        drop(command);
        Self {
            child,
            terminal,
            screen,
            reader,
        }
    }

    /// What is on the screen, in the lines and colours of the terminal.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    pub(crate) fn wait_for(&self, text: &str) {
        wait(text, || self.screen().contains(text).then_some(()));
    }

    pub(crate) fn type_line(&mut self, text: &str) {
        self.terminal
            .write_all(format!("{text}\n").as_bytes())
            .unwrap();
    }

    pub(crate) fn interrupt(&self) {
        interrupt(&self.child);
    }

    /// The exit code, and all that was on the screen.
    pub(crate) fn end(mut self) -> (i32, String) {
        let status = wait("the end of the program", || self.child.try_wait().unwrap());
        // What was printed last may not have been read yet.
        wait("the end of the screen", || {
            self.reader.is_finished().then_some(())
        });
        (status.code().expect("it ended by itself"), self.screen())
    }
}

impl Drop for Session {
    /// A test that fails leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
}
