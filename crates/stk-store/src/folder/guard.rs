use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// The file whose lock guards every change of the store. Its leading `.` keeps it out of listings.
pub(super) const FILE_NAME: &str = ".lock";

/// What only a file system that does not tell upper from lower case finds, where [`FILE_NAME`] is.
pub(super) const FILE_NAME_UPPER: &str = ".LOCK";

/// The lock is held for two file operations; whoever holds it this long is stopped or hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub(super) enum GuardError {
    Held { seconds: u64 },
    Io(io::Error),
}

/// Waits for the lock on `path`, at most `patience`. It ends when the file is closed, also by the death of the process.
pub(super) fn take(path: &Path, patience: Duration) -> Result<File, GuardError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(GuardError::Io)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() >= patience => {
                return Err(GuardError::Held {
                    seconds: patience.as_secs(),
                });
            }
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(GuardError::Io(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_never_released_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let held = take(&path, PATIENCE).unwrap();
        let patience = Duration::from_millis(20);
        assert!(matches!(
            take(&path, patience),
            Err(GuardError::Held { seconds: 0 })
        ));
        drop(held);
        take(&path, patience).unwrap();
    }
}
