//! Terraform's states. Terraform itself reads and writes them, through its own backend; only what
//! it could not write is put here by hand, and what it had before a state was moved.

use std::path::PathBuf;

use bytes::Bytes;
use stk_run::{Alias, Target};

use crate::{DeploymentLock, Folder, Key, Location, PutMode, Store, StoreError};

/// The absolute path of the file in which Terraform's local backend is to keep the state of
/// `alias` (or of the whole project) in `target`. The folders above it are made, for their owner alone: Terraform makes the
/// file readable for everybody, and there are secrets in it. `None` when the store is no folder.
///
/// # Errors
///
/// [`StoreError`] when the folders cannot be made.
pub async fn local_path(
    store: &dyn Store,
    target: &Target,
    alias: Option<&Alias>,
) -> Result<Option<PathBuf>, StoreError> {
    let key = Key::state(target, alias);
    let Location::Folder(root) = store.location() else {
        return Ok(None);
    };
    Folder::make_folder_of(root, &key).await?;
    Ok(store.location().state_path(&key))
}

/// Keeps a state that Terraform could not write where it belongs (`errored.tfstate`, or what it
/// prints as an emergency dump), and returns where it is.
///
/// # Errors
///
/// [`StoreError`] when it cannot be written.
pub async fn rescue(
    store: &dyn Store,
    lock: &DeploymentLock,
    alias: Option<&Alias>,
    bytes: Bytes,
) -> Result<Key, StoreError> {
    let key = Key::rescued_state(lock.target(), alias, lock.run_id());
    store.put(&key, bytes, PutMode::Overwrite).await?;
    Ok(key)
}

/// Keeps a state as it is before it is moved, and returns where it is. The first backup of a run stays: what a task
/// that is repeated finds may be half moved.
///
/// # Errors
///
/// [`StoreError`] when it cannot be written.
pub async fn back_up(
    store: &dyn Store,
    lock: &DeploymentLock,
    alias: Option<&Alias>,
    bytes: Bytes,
) -> Result<Key, StoreError> {
    let key = Key::backup_state(lock.target(), alias, lock.run_id());
    match store.put(&key, bytes, PutMode::Create).await {
        Ok(_) | Err(StoreError::AlreadyExists { .. }) => Ok(key),
        Err(error) => Err(error),
    }
}
