mod files;
mod guard;
mod root;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use self::files::Files;
use crate::{
    Deleted, Key, Location, Object, OpenError, Prefix, PutMode, Store, StoreError, Version,
};

/// A store in a folder of this machine: one file per object, under the key's path.
///
/// - Every write goes to a temporary file beside its target, is flushed to the disk, and is then
///   renamed: a reader sees the old content or the new one. What a killed writer leaves behind is a
///   file named `.tmp-…`, which is never listed or read.
/// - A version is the digest of the content, so a content that comes back has its old version
///   again. Everything that is updated here carries a time, and never comes back.
/// - Comparing and writing happen under a lock on the file `.lock`, which processes of one machine
///   respect. It is for one machine: network file systems may not pass such locks on.
/// - Folders are made for their owner alone (0700), files too (0600).
///
/// File operations run on tokio's threads for blocking work rather than in place: a disk that
/// hangs, or a lock file in the hands of a stopped process, must not keep the caller from noticing
/// that it is being cancelled. So the methods need a tokio runtime.
#[derive(Clone, Debug)]
pub struct Folder(Arc<Files>);

impl Folder {
    /// The store in the folder `root`, which is made when it is not there. A folder that is made
    /// here (or found empty) gets a `.gitignore` that ignores everything: the default store lies in
    /// the user's repository, and states do not belong into its history.
    ///
    /// Blocks for a few file operations, one of which proves that the folder can be written.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the folder cannot be made or written.
    pub fn create(root: &Path) -> Result<Self, OpenError> {
        root::prepare(root)?;
        Ok(Self::at(root.to_owned()))
    }

    /// The store in the folder `root` if there is one; nothing is made or written.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when something else than a folder is there, or it cannot be known.
    pub fn existing(root: &Path) -> Result<Option<Self>, OpenError> {
        Ok(root::exists(root)?.then(|| Self::at(root.to_owned())))
    }

    /// Makes the folders above the object `key` of the store in `root`, for a program that writes
    /// the object itself.
    pub(crate) async fn make_folder_of(root: &Path, key: &Key) -> Result<(), StoreError> {
        Self::at(root.to_owned())
            .blocking(key.to_path(), "written", Files::make_room)
            .await
    }

    fn at(root: PathBuf) -> Self {
        Self(Arc::new(Files::new(root)))
    }

    /// Runs `work` where it may block. A caller that is dropped meanwhile leaves it running: what
    /// was begun is finished, never torn.
    async fn blocking<T, W>(
        &self,
        key: String,
        operation: &'static str,
        work: W,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Files, &str) -> Result<T, StoreError> + Send + 'static,
    {
        let files = Arc::clone(&self.0);
        let location = self.0.location().clone();
        let subject = key.clone();
        tokio::task::spawn_blocking(move || work(&files, &subject))
            .await
            .unwrap_or_else(|error| {
                // Only a runtime that is shutting down gives up work that was not begun.
                Err(StoreError::Io {
                    path: self.0.path(&key),
                    location,
                    key,
                    operation,
                    source: error.into(),
                })
            })
    }
}

#[async_trait]
impl Store for Folder {
    async fn get(&self, key: &Key) -> Result<Option<Object>, StoreError> {
        self.blocking(key.to_path(), "read", Files::get).await
    }

    async fn put(&self, key: &Key, bytes: Bytes, mode: PutMode) -> Result<Version, StoreError> {
        self.blocking(key.to_path(), "written", move |files, key| {
            files.put(key, &bytes, &mode)
        })
        .await
    }

    async fn delete(&self, key: &Key, version: Option<&Version>) -> Result<Deleted, StoreError> {
        let version = version.cloned();
        self.blocking(key.to_path(), "removed", move |files, key| {
            files.delete(key, version.as_ref())
        })
        .await
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Key>, StoreError> {
        self.blocking(prefix.to_path(), "listed", Files::list).await
    }

    fn location(&self) -> &Location {
        self.0.location()
    }
}
