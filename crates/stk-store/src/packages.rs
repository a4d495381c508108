//! Plugin packages, stored under the digest of their content, so that the tasks of a run need no
//! catalogue and a destroy years later uses the same bytes.

use bytes::Bytes;
use stk_run::Digest;

use crate::{Key, Location, PutMode, Store, StoreError};

/// Why a stored archive could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is not there: somebody removed it, or this is not the store that the run used.
    #[error("`{key}` is not in {location}")]
    Missing {
        /// The store.
        location: Location,
        /// The object.
        key: String,
    },
    /// It is not what was stored: somebody replaced it, or it was damaged.
    #[error(
        "`{key}` in {location} has changed since it was stored: it has {found}, not {expected}"
    )]
    Differs {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// The digest that it was stored with.
        expected: Digest,
        /// The digest that it has.
        found: Digest,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ArchiveError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Missing { location, .. } => Some(format!(
                "check that {location} is the store that the deployment used, or restore the object"
            )),
            Self::Differs { key, .. } => Some(format!(
                "restore `{key}` from a backup; if there is none, remove it and deploy again"
            )),
            Self::Store(error) => error.help(),
        }
    }
}

/// Stores a package, unless it is there already.
///
/// # Errors
///
/// [`StoreError`] when it cannot be written.
pub async fn put_if_absent(store: &dyn Store, bytes: Bytes) -> Result<Digest, StoreError> {
    let digest = Digest::of(&bytes);
    let key = Key::Package(digest.clone());
    match store.put(&key, bytes, PutMode::Create).await {
        // Equal digests are equal contents; a damaged one is noticed when it is loaded.
        Ok(_) | Err(StoreError::AlreadyExists { .. }) => Ok(digest),
        Err(error) => Err(error),
    }
}

/// The package with this digest, which its content really has.
///
/// # Errors
///
/// [`ArchiveError`] when it is not there or has changed.
pub async fn load(store: &dyn Store, digest: &Digest) -> Result<Bytes, ArchiveError> {
    load_checked(store, &Key::Package(digest.clone()), digest).await
}

pub(crate) async fn load_checked(
    store: &dyn Store,
    key: &Key,
    expected: &Digest,
) -> Result<Bytes, ArchiveError> {
    let Some(object) = store.get(key).await? else {
        return Err(ArchiveError::Missing {
            location: store.location().clone(),
            key: key.to_path(),
        });
    };
    let found = Digest::of(&object.bytes);
    if found == *expected {
        Ok(object.bytes)
    } else {
        Err(ArchiveError::Differs {
            location: store.location().clone(),
            key: key.to_path(),
            expected: expected.clone(),
            found,
        })
    }
}
