//! The connections of an environment: what one project's plugins leave for others, of the same
//! project or not, to read.
//!
//! Different projects are deployed at the same time and may generate a connection of the same name,
//! so these writes are conditional although each writer holds its own target's lock.

use stk_run::{Alias, ConnectionRecord, Publisher};

use crate::document::{self, encode};
use crate::{
    Deleted, DeploymentLock, Key, Name, Prefix, PutMode, RecordError, Store, StoreError, Versioned,
};

/// Each lost race means that another project published the same connection.
const ATTEMPTS: u32 = 16;

/// What [`publish`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Published {
    /// No connection of this name.
    Created,
    /// What the same project had published before.
    Replaced,
    /// What another project had published: two projects generate the same connection, and the user
    /// should know.
    TakenFrom(Publisher),
}

/// What [`withdraw`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Withdrawn {
    /// The plugin's connection, which is gone now.
    Withdrawn,
    /// No connection of this name.
    NotThere,
    /// The connection of another plugin or project, which was left alone.
    OfAnother(Publisher),
}

/// The connection `name` of `environment`; `None` when nobody published it.
///
/// # Errors
///
/// [`RecordError`] when it cannot be read.
pub async fn load(
    store: &dyn Store,
    environment: &str,
    name: &str,
) -> Result<Option<ConnectionRecord>, RecordError> {
    Ok(document::load(store, &Key::connection(environment, name))
        .await?
        .map(Versioned::into_value))
}

/// The connections of `environment`, in the order of their paths. Those whose values cannot be read
/// make the whole list fail.
///
/// # Errors
///
/// [`RecordError`] when they cannot be listed, or one of them cannot be read.
pub async fn of_environment(
    store: &dyn Store,
    environment: &str,
) -> Result<Vec<ConnectionRecord>, RecordError> {
    document::load_all(store, &Prefix::Connections(Name::of(environment))).await
}

/// Publishes `connection`, whose publisher must be of the locked project and environment.
///
/// # Errors
///
/// [`RecordError`] when it cannot be written, or is not the lock holder's to publish.
pub async fn publish(
    store: &dyn Store,
    lock: &DeploymentLock,
    connection: &ConnectionRecord,
) -> Result<Published, RecordError> {
    let key = Key::connection(&connection.environment, &connection.name);
    let publisher = &connection.published_by;
    if lock.target().project != publisher.project
        || lock.target().environment != connection.environment
        || lock.run_id() != publisher.run_id
    {
        return Err(RecordError::OutsideLock {
            key: key.to_path(),
            run_id: lock.run_id(),
        });
    }
    let bytes = encode(store, &key, connection)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let stored = document::load::<ConnectionRecord>(store, &key).await?;
        let mode = match &stored {
            None => PutMode::Create,
            Some(stored) => PutMode::Update(stored.version().clone()),
        };
        match store.put(&key, bytes.clone(), mode).await {
            Ok(_) => {
                return Ok(
                    match stored.map(|stored| stored.into_value().published_by) {
                        None => Published::Created,
                        Some(before) if before.project == publisher.project => Published::Replaced,
                        Some(before) => Published::TakenFrom(before),
                    },
                );
            }
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. })
                if attempt < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes the connection `name` of the locked environment, if the plugin `alias` of the locked
/// project published it last.
///
/// # Errors
///
/// [`RecordError`] when it cannot be read or removed.
pub async fn withdraw(
    store: &dyn Store,
    lock: &DeploymentLock,
    alias: &Alias,
    name: &str,
) -> Result<Withdrawn, RecordError> {
    let target = lock.target();
    let key = Key::connection(&target.environment, name);
    let mut attempt = 0;
    loop {
        attempt += 1;
        let Some(stored) = document::load::<ConnectionRecord>(store, &key).await? else {
            return Ok(Withdrawn::NotThere);
        };
        let publisher = &stored.published_by;
        if publisher.project != target.project || publisher.alias != *alias {
            return Ok(Withdrawn::OfAnother(stored.into_value().published_by));
        }
        match store.delete(&key, Some(stored.version())).await {
            Ok(Deleted::Removed) => return Ok(Withdrawn::Withdrawn),
            Ok(Deleted::Absent) => return Ok(Withdrawn::NotThere),
            Err(StoreError::Precondition { .. }) if attempt < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
    }
}
