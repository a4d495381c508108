use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Deleted, Key, Location, Object, Prefix, PutMode, Store, StoreError, Version};

/// A store that lives as long as the process: for tests, and for programs that embed the
/// deployment and keep the result elsewhere. Clones share their objects.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Objects>>);

#[derive(Default)]
struct Objects {
    by_path: BTreeMap<String, Object>,
    writes: u64,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        // No code that can panic runs while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Memory {
    async fn get(&self, key: &Key) -> Result<Option<Object>, StoreError> {
        Ok(self.objects().by_path.get(&key.to_path()).cloned())
    }

    async fn put(&self, key: &Key, bytes: Bytes, mode: PutMode) -> Result<Version, StoreError> {
        let path = key.to_path();
        let mut objects = self.objects();
        let stored = objects.by_path.get(&path).map(|object| &object.version);
        match &mode {
            PutMode::Create if stored.is_some() => return Err(already_exists(path)),
            PutMode::Update(version) if stored != Some(version) => return Err(precondition(path)),
            _ => {}
        }
        objects.writes += 1;
        let version = Version::new(objects.writes.to_string());
        let object = Object {
            bytes,
            version: version.clone(),
        };
        objects.by_path.insert(path, object);
        Ok(version)
    }

    async fn delete(&self, key: &Key, version: Option<&Version>) -> Result<Deleted, StoreError> {
        let path = key.to_path();
        let mut objects = self.objects();
        let Some(stored) = objects.by_path.get(&path) else {
            return Ok(Deleted::Absent);
        };
        if version.is_some_and(|version| stored.version != *version) {
            return Err(precondition(path));
        }
        objects.by_path.remove(&path);
        Ok(Deleted::Removed)
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Key>, StoreError> {
        let prefix = prefix.to_path();
        Ok(self
            .objects()
            .by_path
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .filter_map(|(path, _)| Key::parse(path).ok())
            .collect())
    }

    fn location(&self) -> &Location {
        &Location::Memory
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Memory")
            .field("objects", &self.objects().by_path.len())
            .finish()
    }
}

fn already_exists(key: String) -> StoreError {
    StoreError::AlreadyExists {
        location: Location::Memory,
        key,
    }
}

fn precondition(key: String) -> StoreError {
    StoreError::Precondition {
        location: Location::Memory,
        key,
    }
}
