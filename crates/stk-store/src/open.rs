use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::{Folder, Location, Memory, Store};

/// Why a store cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The user asks for a bucket, which this version cannot use.
    #[error("the store `{name}` is an S3 bucket, and S3 stores are not available in this version")]
    BucketsNotAvailable {
        /// The bucket.
        name: String,
    },
    /// Something else than a folder has the folder's path, or a part of it.
    #[error("{} cannot be a store: {} is not a folder", .path.display(), .obstacle.display())]
    NotAFolder {
        /// The folder that was wanted.
        path: PathBuf,
        /// What is there instead.
        obstacle: PathBuf,
    },
    /// The folder is not there, and this user may not make it, or the disk is full.
    #[error("the store's folder {} cannot be made", .path.display())]
    CannotCreate {
        /// The folder, or the one above it that is missing.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder is there, but this user may not write it, or the disk is full.
    #[error("the store's folder {} cannot be written", .path.display())]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Whether the folder is there cannot be known.
    #[error("the store's folder {} cannot be reached", .path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl OpenError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::BucketsNotAvailable { .. } => "give `file://` and a folder".to_owned(),
            Self::NotAFolder { obstacle, .. } => {
                format!("move {} away, or choose another folder", obstacle.display())
            }
            Self::CannotCreate { .. } | Self::NotWritable { .. } | Self::Unreadable { .. } => {
                "choose a folder that the user that runs this can write, as `file://` and its path"
                    .to_owned()
            }
        })
    }
}

/// The store at `location`; a folder is made when it is not there. A store in memory is a new one.
///
/// # Errors
///
/// [`OpenError`] when the store cannot be used.
pub async fn open(location: &Location) -> Result<Arc<dyn Store>, OpenError> {
    match location {
        Location::Folder(root) => Ok(Arc::new(Folder::create(root)?)),
        Location::Bucket { name } => Err(buckets_not_available(name)),
        Location::Memory => Ok(Arc::new(Memory::new())),
    }
}

/// The store at `location` if there is one, for those who only look: nothing is made or written.
///
/// # Errors
///
/// [`OpenError`] when the store cannot be used, or it cannot be known whether it is there.
pub async fn open_existing(location: &Location) -> Result<Option<Arc<dyn Store>>, OpenError> {
    match location {
        Location::Folder(root) => {
            Ok(Folder::existing(root)?.map(|folder| -> Arc<dyn Store> { Arc::new(folder) }))
        }
        Location::Bucket { name } => Err(buckets_not_available(name)),
        Location::Memory => Ok(None),
    }
}

fn buckets_not_available(name: &str) -> OpenError {
    OpenError::BucketsNotAvailable {
        name: name.to_owned(),
    }
}
