use std::io;
use std::path::PathBuf;

use crate::Location;

/// Why a store could not do what it was asked to. The variants differ by what the caller, or the
/// person who reads the message, can do about it.
///
/// `key` is the path of the object (or the prefix that was listed) inside the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An object is there already, so nothing was created: somebody else was faster.
    #[error("`{key}` already exists in {location}")]
    AlreadyExists {
        /// The store.
        location: Location,
        /// The object.
        key: String,
    },
    /// The object changed (or went) since it was read: somebody else was faster. Read it again.
    #[error("`{key}` in {location} was changed by somebody else in the meantime")]
    Precondition {
        /// The store.
        location: Location,
        /// The object.
        key: String,
    },
    /// The operating system does not let this user read or write there.
    #[error("`{key}` in {location} could not be {operation}: no permission for {}", .path.display())]
    Denied {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What was tried, e.g. `written`.
        operation: &'static str,
        /// The file or folder that is closed.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file stands where the store needs a folder, or a folder where it needs a file; somebody
    /// else put it there.
    #[error("`{key}` in {location} could not be {operation}: {} is in the way", .path.display())]
    Blocked {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What was tried.
        operation: &'static str,
        /// What is in the way.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file system does not tell upper from lower case, and an object whose name differs in
    /// nothing else is there already.
    #[error(
        "`{key}` in {location} could not be written: this file system does not tell it from {}",
        .path.display()
    )]
    Alike {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What is there already.
        path: PathBuf,
    },
    /// The disk or the quota is full.
    #[error("`{key}` in {location} could not be {operation}: no space is left for {}", .path.display())]
    Full {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What was tried.
        operation: &'static str,
        /// What did not fit.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process holds the folder's lock file and does not let go; usually it is stopped or
    /// its file system hangs, because the lock is held for milliseconds.
    #[error(
        "`{key}` in {location} could not be {operation}: another process has held {} for {seconds} s",
        .path.display()
    )]
    Busy {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What was tried.
        operation: &'static str,
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// Anything else that the operating system reports.
    #[error("`{key}` in {location} could not be {operation} ({})", .path.display())]
    Io {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What was tried.
        operation: &'static str,
        /// The file or folder concerned.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl StoreError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::AlreadyExists { .. } | Self::Precondition { .. } => {
                Some("another process works on the same objects: try again".to_owned())
            }
            Self::Denied { path, .. } => Some(format!(
                "give the user that runs this read and write access to {}, or choose another folder \
                 for the store",
                path.display()
            )),
            Self::Blocked { path, .. } => Some(format!(
                "move {} away: the folder belongs to the store alone",
                path.display()
            )),
            Self::Alike { .. } => Some(
                "rename one of the two, or use a folder on a file system that tells upper from \
                 lower case"
                    .to_owned(),
            ),
            Self::Full { location, .. } => {
                Some(format!("make room for {location} and run this again"))
            }
            Self::Busy { path, .. } => Some(format!(
                "find the process that has {} open (for example with `fuser`), and end it if it is \
                 stopped",
                path.display()
            )),
            Self::Io { .. } => None,
        }
    }
}
