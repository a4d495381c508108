//! What is deployed of a target, plugin by plugin: where its next deployment starts from.

use stk_run::{Alias, DeployedUnit, Target};

use crate::document::{self, encode};
use crate::{Deleted, DeploymentLock, Key, Prefix, PutMode, RecordError, Store, Versioned};

/// All that is deployed of `target`, in the order in which the plugins stood in `stk.yaml` when
/// they were applied; those with equal positions by alias.
///
/// # Errors
///
/// [`RecordError`] when they cannot be listed, or one of them cannot be read.
pub async fn all(store: &dyn Store, target: &Target) -> Result<Vec<DeployedUnit>, RecordError> {
    let mut units: Vec<DeployedUnit> =
        document::load_all(store, &Prefix::Deployed(target.into())).await?;
    units.sort_by(|left, right| {
        (left.unit.position, left.alias()).cmp(&(right.unit.position, right.alias()))
    });
    Ok(units)
}

/// What is deployed of one plugin of `target`.
///
/// # Errors
///
/// [`RecordError`] when it cannot be read.
pub async fn load(
    store: &dyn Store,
    target: &Target,
    alias: &Alias,
) -> Result<Option<DeployedUnit>, RecordError> {
    Ok(document::load(store, &Key::deployed(target, alias))
        .await?
        .map(Versioned::into_value))
}

/// Stores what is deployed of one plugin of the locked target.
///
/// # Errors
///
/// [`RecordError`] when it cannot be written.
pub async fn put(
    store: &dyn Store,
    lock: &DeploymentLock,
    unit: &DeployedUnit,
) -> Result<(), RecordError> {
    let key = Key::deployed(lock.target(), unit.alias());
    let bytes = encode(store, &key, unit)?;
    // The lock's holder is the only writer.
    store.put(&key, bytes, PutMode::Overwrite).await?;
    Ok(())
}

/// Forgets one plugin of the locked target, because nothing of it is deployed any more.
///
/// # Errors
///
/// [`RecordError`] when it cannot be removed.
pub async fn remove(
    store: &dyn Store,
    lock: &DeploymentLock,
    alias: &Alias,
) -> Result<Deleted, RecordError> {
    let key = Key::deployed(lock.target(), alias);
    Ok(store.delete(&key, None).await?)
}
