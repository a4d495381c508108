use std::ops::Deref;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stk_run::{
    CONNECTION_VERSION, ConnectionRecord, DEPLOYED_VERSION, DeployedUnit, LOCK_VERSION, LockRecord,
    PLAN_SUMMARY_VERSION, PlanSummary, RECORD_VERSION, RunId, RunRecord,
};

use crate::{Key, Location, Prefix, PutMode, Store, StoreError, Version};

/// How many objects are read at once. A folder on two cores gains nothing from more, and S3's
/// answers are then quick enough.
const READERS: usize = 32;

/// A stored document together with the version that it was read or written in. The version is what
/// makes the next write conditional, so nobody can make one up.
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned<T> {
    value: T,
    version: Version,
}

impl<T> Versioned<T> {
    pub(crate) fn new(value: T, version: Version) -> Self {
        Self { value, version }
    }

    /// The version of the stored object.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The document alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Why a stored document could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store failed, or somebody else was faster.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A newer version of this program wrote the document; this one would misread it.
    #[error(
        "`{key}` in {location} is a {kind} in version {found} of its form, and this program knows \
         no version after {known}"
    )]
    Newer {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What the object is.
        kind: &'static str,
        /// The version that it has.
        found: u64,
        /// The latest version that is known here.
        known: u32,
    },
    /// The object is damaged, or somebody edited it.
    #[error("`{key}` in {location} cannot be read as a {kind}")]
    Unreadable {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What the object should be.
        kind: &'static str,
        /// Where reading failed, and why.
        source: serde_json::Error,
    },
    /// The document is whole, but belongs under another key: somebody copied it by hand.
    #[error("`{key}` in {location} holds the {kind} of something else")]
    Misplaced {
        /// The store.
        location: Location,
        /// The object.
        key: String,
        /// What the object is.
        kind: &'static str,
    },
    /// The document does not belong to what the lock is of: a fault of this program.
    #[error("run {run_id} holds no lock that lets it write `{key}`")]
    OutsideLock {
        /// The object.
        key: String,
        /// The run that holds the lock.
        run_id: RunId,
    },
}

impl RecordError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.help(),
            Self::Newer { .. } => Some(
                "a newer version of stk-runtime wrote it: use that version here too".to_owned(),
            ),
            Self::Unreadable {
                key,
                location,
                kind,
                ..
            }
            | Self::Misplaced {
                key,
                location,
                kind,
            } if *kind == LockRecord::KIND => Some(format!(
                "make sure that no deployment of this target is running, then remove `{key}` in \
                     {location}"
            )),
            Self::Unreadable { key, location, .. } | Self::Misplaced { key, location, .. } => {
                Some(format!("restore `{key}` in {location} from a backup"))
            }
            Self::OutsideLock { .. } => None,
        }
    }
}

/// One of the stored forms that carry a version.
pub(crate) trait Document: Serialize + DeserializeOwned {
    /// What a message calls it.
    const KIND: &'static str;
    /// The only version of its form so far.
    const VERSION: u32;

    fn form(&self) -> u32;

    /// Whether this is a document that may stand under `key`.
    fn belongs_under(&self, key: &Key) -> bool;
}

impl Document for RunRecord {
    const KIND: &'static str = "run record";
    const VERSION: u32 = RECORD_VERSION;

    fn form(&self) -> u32 {
        self.version
    }

    fn belongs_under(&self, key: &Key) -> bool {
        *key == Key::RunRecord(self.run_id)
    }
}

impl Document for PlanSummary {
    const KIND: &'static str = "plan summary";
    const VERSION: u32 = PLAN_SUMMARY_VERSION;

    fn form(&self) -> u32 {
        self.version
    }

    fn belongs_under(&self, key: &Key) -> bool {
        *key == Key::PlanSummary(self.run_id)
    }
}

impl Document for LockRecord {
    const KIND: &'static str = "deployment lock";
    const VERSION: u32 = LOCK_VERSION;

    fn form(&self) -> u32 {
        self.version
    }

    fn belongs_under(&self, key: &Key) -> bool {
        *key == Key::lock(&self.target)
    }
}

impl Document for DeployedUnit {
    const KIND: &'static str = "deployed plugin";
    const VERSION: u32 = DEPLOYED_VERSION;

    fn form(&self) -> u32 {
        self.version
    }

    fn belongs_under(&self, key: &Key) -> bool {
        matches!(key, Key::Deployed { alias, .. } if alias == self.alias())
    }
}

impl Document for ConnectionRecord {
    const KIND: &'static str = "connection";
    const VERSION: u32 = CONNECTION_VERSION;

    fn form(&self) -> u32 {
        self.version
    }

    fn belongs_under(&self, key: &Key) -> bool {
        *key == Key::connection(&self.environment, &self.name)
    }
}

/// The stored bytes of `document`: one line, so that a record of 10,000 plugins is not twice as
/// long for its indentation.
pub(crate) fn encode<T: Document>(
    store: &dyn Store,
    key: &Key,
    document: &T,
) -> Result<Bytes, RecordError> {
    serde_json::to_vec(document)
        .map(Bytes::from)
        .map_err(|source| unreadable::<T>(store, key, source))
}

/// The document under `key`, if there is one.
pub(crate) async fn load<T: Document>(
    store: &dyn Store,
    key: &Key,
) -> Result<Option<Versioned<T>>, RecordError> {
    let Some(object) = store.get(key).await? else {
        return Ok(None);
    };
    let document = decode::<T>(store, key, &object.bytes)?;
    if !document.belongs_under(key) {
        return Err(RecordError::Misplaced {
            location: store.location().clone(),
            key: key.to_path(),
            kind: T::KIND,
        });
    }
    Ok(Some(Versioned::new(document, object.version)))
}

/// Every document under `prefix`, in the order of the keys. One that is removed meanwhile is left
/// out.
pub(crate) async fn load_all<T: Document>(
    store: &dyn Store,
    prefix: &Prefix,
) -> Result<Vec<T>, RecordError> {
    let keys = store.list(prefix).await?;
    let documents: Vec<Option<Versioned<T>>> = futures_util::stream::iter(keys)
        .map(|key| async move { load(store, &key).await })
        .buffered(READERS)
        .try_collect()
        .await?;
    Ok(documents
        .into_iter()
        .flatten()
        .map(Versioned::into_value)
        .collect())
}

/// Creates the object. An object with exactly these bytes was created by this call too: a store
/// that answers late may be asked twice.
pub(crate) async fn create(
    store: &dyn Store,
    key: &Key,
    bytes: Bytes,
) -> Result<Version, StoreError> {
    match store.put(key, bytes.clone(), PutMode::Create).await {
        Err(error @ StoreError::AlreadyExists { .. }) => match store.get(key).await? {
            Some(stored) if stored.bytes == bytes => Ok(stored.version),
            _ => Err(error),
        },
        other => other,
    }
}

fn decode<T: Document>(store: &dyn Store, key: &Key, bytes: &[u8]) -> Result<T, RecordError> {
    let newer = |found| RecordError::Newer {
        location: store.location().clone(),
        key: key.to_path(),
        kind: T::KIND,
        found,
        known: T::VERSION,
    };
    match serde_json::from_slice::<T>(bytes) {
        Ok(document) if document.form() == T::VERSION => Ok(document),
        Ok(document) if document.form() > T::VERSION => Err(newer(document.form().into())),
        Ok(document) => {
            let reason = format!("version {} of its form never existed", document.form());
            Err(unreadable::<T>(
                store,
                key,
                serde::de::Error::custom(reason),
            ))
        }
        // A newer form usually has fields that are unknown here; that it is newer is the reason.
        Err(error) => Err(match form_of(bytes) {
            Some(form) if form > T::VERSION.into() => newer(form),
            _ => unreadable::<T>(store, key, error),
        }),
    }
}

fn form_of(bytes: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Form {
        version: u64,
    }
    serde_json::from_slice::<Form>(bytes)
        .ok()
        .map(|form| form.version)
}

fn unreadable<T: Document>(store: &dyn Store, key: &Key, source: serde_json::Error) -> RecordError {
    RecordError::Unreadable {
        location: store.location().clone(),
        key: key.to_path(),
        kind: T::KIND,
        source,
    }
}
