use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Key, Location, Prefix, StoreError};

/// Named objects with versions: everything that a deployment remembers goes through these four
/// operations, whose semantics are those that S3's conditional requests can give.
///
/// Every operation is atomic: a reader sees an object whole, as one writer left it, or not at all,
/// also when a writer is killed half-way. Whatever a call returned `Ok` for survives a crash.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// The object under `key`; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be known.
    async fn get(&self, key: &Key) -> Result<Option<Object>, StoreError>;

    /// Writes `bytes` under `key` if `mode` allows it, and returns the version that they then have.
    ///
    /// # Errors
    ///
    /// [`StoreError::AlreadyExists`] for [`PutMode::Create`] and [`StoreError::Precondition`] for
    /// [`PutMode::Update`] when somebody else was faster: nothing was written. Others when it could
    /// not be written.
    async fn put(&self, key: &Key, bytes: Bytes, mode: PutMode) -> Result<Version, StoreError>;

    /// Removes the object under `key`; with a `version`, only if it still has that one. An object
    /// that is not there is an outcome, not an error.
    ///
    /// # Errors
    ///
    /// [`StoreError::Precondition`] when the object has another version. Others when it could not
    /// be removed.
    async fn delete(&self, key: &Key, version: Option<&Version>) -> Result<Deleted, StoreError>;

    /// The keys under `prefix`, sorted by their paths. What is no [`Key`] (a file that somebody put
    /// there, what Terraform keeps beside a state) is left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when they cannot be listed.
    async fn list(&self, prefix: &Prefix) -> Result<Vec<Key>, StoreError>;

    /// Where the objects are, for messages.
    fn location(&self) -> &Location;
}

/// What a store holds under one key. `Debug` shows the size, never the content: a state holds
/// secrets.
#[derive(Clone, Eq, PartialEq)]
pub struct Object {
    /// The content.
    pub bytes: Bytes,
    /// The version of this content.
    pub version: Version,
}

impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Object")
            .field("size", &self.bytes.len())
            .field("version", &self.version)
            .finish()
    }
}

/// Tells one content of an object from another. Opaque: only a store makes and compares versions,
/// and one store's mean nothing to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Version(String);

impl Version {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// When a [`Store::put`] may write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PutMode {
    /// Only if there is no object: of all who try at once exactly one succeeds.
    Create,
    /// Only if the object still has this version, i.e. nobody wrote it since it was read.
    Update(Version),
    /// Always.
    Overwrite,
}

/// What a [`Store::delete`] found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deleted {
    /// The object, which is gone now.
    Removed,
    /// Nothing.
    Absent,
}
