//! What a run planned: Terraform's plan file with what a person approves of it, as one archive.

use bytes::Bytes;
use stk_run::{Digest, RunId};

use crate::packages::load_checked;
use crate::{ArchiveError, DeploymentLock, Key, PutMode, Store, StoreError};

/// Stores the plan of the run that holds `lock`, and returns its digest.
///
/// # Errors
///
/// [`StoreError`] when it cannot be written.
pub async fn put(
    store: &dyn Store,
    lock: &DeploymentLock,
    bytes: Bytes,
) -> Result<Digest, StoreError> {
    let digest = Digest::of(&bytes);
    // A task that is repeated plans again.
    store
        .put(&Key::Plan(lock.run_id()), bytes, PutMode::Overwrite)
        .await?;
    Ok(digest)
}

/// The plan of `run_id` with that digest.
///
/// # Errors
///
/// [`ArchiveError`] when it is not there or is not the one that was stored.
pub async fn load(
    store: &dyn Store,
    run_id: RunId,
    digest: &Digest,
) -> Result<Bytes, ArchiveError> {
    load_checked(store, &Key::Plan(run_id), digest).await
}
