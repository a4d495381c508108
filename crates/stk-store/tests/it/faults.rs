//! A store that did what it was asked to and reports that it did not: what a client sees when the
//! answer is lost, or when it asks again after the first request was carried out.

use std::io;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use stk_run::Event;
use stk_store::{
    AcquireError, Deleted, DeploymentLock, Key, Location, Memory, Object, Prefix, PutMode,
    RecordError, Store, StoreError, Version, runs,
};

use crate::sample::{at, lock_record, locked, record, run_id, target};

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The answer was lost.
    Failed,
    /// The request was repeated, and its own first execution is in its way.
    Repeated,
}

/// Memory whose next write of one key is carried out and reported as a failure.
#[derive(Debug)]
struct Faulty {
    inner: Memory,
    next: Mutex<Option<(Key, Fault)>>,
}

impl Faulty {
    fn new() -> Self {
        Self {
            inner: Memory::new(),
            next: Mutex::new(None),
        }
    }

    fn fail(&self, key: Key, fault: Fault) {
        *self.next.lock().unwrap() = Some((key, fault));
    }
}

#[async_trait]
impl Store for Faulty {
    async fn get(&self, key: &Key) -> Result<Option<Object>, StoreError> {
        self.inner.get(key).await
    }

    async fn put(&self, key: &Key, bytes: Bytes, mode: PutMode) -> Result<Version, StoreError> {
        let version = self.inner.put(key, bytes.clone(), mode.clone()).await?;
        let fault = self.next.lock().unwrap().take_if(|(at, _)| at == key);
        match fault {
            None => Ok(version),
            Some((_, Fault::Repeated)) => self.inner.put(key, bytes, mode).await,
            Some((_, Fault::Failed)) => Err(StoreError::Io {
                location: Location::Memory,
                key: key.to_path(),
                operation: "written",
                path: key.to_path().into(),
                source: io::ErrorKind::ConnectionReset.into(),
            }),
        }
    }

    async fn delete(&self, key: &Key, version: Option<&Version>) -> Result<Deleted, StoreError> {
        self.inner.delete(key, version).await
    }

    async fn list(&self, prefix: &Prefix) -> Result<Vec<Key>, StoreError> {
        self.inner.list(prefix).await
    }

    fn location(&self) -> &Location {
        self.inner.location()
    }
}

#[tokio::test]
async fn a_lock_that_was_not_reported_as_taken_is_not_left_behind() {
    let store = Faulty::new();
    store.fail(Key::lock(&target("shop")), Fault::Failed);
    let error = DeploymentLock::acquire(&store, lock_record("shop", run_id(1)))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        AcquireError::Record(RecordError::Store(StoreError::Io { .. }))
    ));
    assert_eq!(store.list(&Prefix::All).await.unwrap(), []);
    locked(&store, "shop", run_id(2)).await;
}

#[tokio::test]
async fn a_repeated_request_recognises_its_own_work() {
    let store = Faulty::new();
    store.fail(Key::lock(&target("shop")), Fault::Repeated);
    let lock = locked(&store, "shop", run_id(1)).await;

    store.fail(Key::RunRecord(run_id(1)), Fault::Repeated);
    let mut run = runs::create(&store, &lock, record("shop", run_id(1), &["a"]))
        .await
        .unwrap();

    let task = run.tasks[0].id;
    for event in [
        Event::TaskStarted(task),
        Event::TaskSucceeded {
            task,
            stored: stk_run::Stored::Nothing,
        },
    ] {
        store.fail(Key::RunRecord(run_id(1)), Fault::Repeated);
        runs::advance(&store, &lock, &mut run, &event, at(1))
            .await
            .unwrap();
    }
    assert_eq!(runs::load(&store, run_id(1)).await.unwrap().unwrap(), run);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_holder_where_it_was() {
    let store = Faulty::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let mut run = runs::create(&store, &lock, record("shop", run_id(1), &["a"]))
        .await
        .unwrap();
    let before = run.clone();
    let started = Event::TaskStarted(run.tasks[0].id);
    store.fail(Key::RunRecord(run_id(1)), Fault::Failed);
    runs::advance(&store, &lock, &mut run, &started, at(1))
        .await
        .unwrap_err();
    assert_eq!(run, before);
    // The same event at the same time makes the same record, which is there already.
    runs::advance(&store, &lock, &mut run, &started, at(1))
        .await
        .unwrap();
    assert_eq!(runs::load(&store, run_id(1)).await.unwrap().unwrap(), run);
}
