//! The Terraform code that a run rendered for a plugin or composed of a project, as an archive.

use bytes::Bytes;
use stk_run::{Alias, Digest, IacReference};

use crate::packages::load_checked;
use crate::{ArchiveError, DeploymentLock, Key, PutMode, Store, StoreError};

/// Stores what the run that holds `lock` rendered for the plugin `alias`, or
/// composed of the whole project, and returns the reference
/// by which it is found again.
///
/// # Errors
///
/// [`StoreError`] when it cannot be written.
pub async fn put(
    store: &dyn Store,
    lock: &DeploymentLock,
    alias: Option<&Alias>,
    bytes: Bytes,
) -> Result<IacReference, StoreError> {
    let reference = IacReference {
        run_id: lock.run_id(),
        digest: Digest::of(&bytes),
    };
    let key = key(&reference, alias);
    // A task that is repeated renders again.
    store.put(&key, bytes, PutMode::Overwrite).await?;
    Ok(reference)
}

/// The archive of the plugin `alias`, or of the whole project, that `reference` names.
///
/// # Errors
///
/// [`ArchiveError`] when it is not there or is not the one that was stored.
pub async fn load(
    store: &dyn Store,
    reference: &IacReference,
    alias: Option<&Alias>,
) -> Result<Bytes, ArchiveError> {
    load_checked(store, &key(reference, alias), &reference.digest).await
}

fn key(reference: &IacReference, alias: Option<&Alias>) -> Key {
    Key::Iac {
        run_id: reference.run_id,
        alias: alias.cloned(),
    }
}
