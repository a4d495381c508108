//! What every store promises. Each function takes a store that holds nothing under the keys that it
//! uses, and leaves it as full as it likes.

use bytes::Bytes;
use stk_run::{Digest, RunId, Target};
use stk_store::{Deleted, Key, Prefix, PutMode, Store, StoreError, Version};

use crate::sample::{alias, run_id, target};

/// How many try at once.
const RACERS: usize = 32;

/// All of them, on one store.
pub(crate) async fn every_promise(store: &dyn Store) {
    nothing_is_there_at_first(store).await;
    what_is_put_is_got(store).await;
    create_never_replaces(store).await;
    update_needs_the_version_that_is_stored(store).await;
    delete_needs_the_version_that_is_stored(store).await;
    keys_are_listed_by_prefix_and_sorted(store).await;
    awkward_names_are_names(store).await;
    of_many_creators_one_wins(store).await;
    of_many_updaters_one_wins(store).await;
    counting_by_updates_loses_nothing(store).await;
    large_objects_are_kept(store).await;
}

pub(crate) async fn nothing_is_there_at_first(store: &dyn Store) {
    let key = package("nothing");
    assert_eq!(store.get(&key).await.unwrap(), None);
    assert_eq!(store.delete(&key, None).await.unwrap(), Deleted::Absent);
    let runs = Prefix::TargetRuns((&target("nothing")).into());
    assert_eq!(store.list(&runs).await.unwrap(), []);
}

pub(crate) async fn what_is_put_is_got(store: &dyn Store) {
    let key = package("put");
    for content in ["first", "", "second", "second"] {
        let version = put(store, &key, content, PutMode::Overwrite).await.unwrap();
        let object = store.get(&key).await.unwrap().unwrap();
        assert_eq!(object.bytes, content);
        assert_eq!(object.version, version);
    }
}

pub(crate) async fn create_never_replaces(store: &dyn Store) {
    let key = package("create");
    let version = put(store, &key, "first", PutMode::Create).await.unwrap();
    let error = put(store, &key, "second", PutMode::Create)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, StoreError::AlreadyExists { location, key: at }
        if location == store.location() && *at == key.to_path())
    );
    let object = store.get(&key).await.unwrap().unwrap();
    assert_eq!(
        (object.bytes, object.version),
        (Bytes::from("first"), version)
    );

    store.delete(&key, None).await.unwrap();
    put(store, &key, "third", PutMode::Create).await.unwrap();
}

pub(crate) async fn update_needs_the_version_that_is_stored(store: &dyn Store) {
    let key = package("update");
    let first = put(store, &key, "first", PutMode::Create).await.unwrap();
    let second = put(store, &key, "second", PutMode::Update(first.clone()))
        .await
        .unwrap();
    assert_ne!(first, second);
    assert_precondition(
        put(store, &key, "late", PutMode::Update(first)).await,
        &key,
        store,
    );
    assert_eq!(store.get(&key).await.unwrap().unwrap().bytes, "second");

    store.delete(&key, None).await.unwrap();
    let late = put(store, &key, "late", PutMode::Update(second)).await;
    assert_precondition(late, &key, store);
    assert_eq!(store.get(&key).await.unwrap(), None);
}

pub(crate) async fn delete_needs_the_version_that_is_stored(store: &dyn Store) {
    let key = package("delete");
    let first = put(store, &key, "first", PutMode::Create).await.unwrap();
    let second = put(store, &key, "second", PutMode::Overwrite)
        .await
        .unwrap();
    assert_precondition(store.delete(&key, Some(&first)).await, &key, store);
    assert_eq!(store.get(&key).await.unwrap().unwrap().version, second);
    assert_eq!(
        store.delete(&key, Some(&second)).await.unwrap(),
        Deleted::Removed
    );
    assert_eq!(
        store.delete(&key, Some(&second)).await.unwrap(),
        Deleted::Absent
    );
    assert_eq!(store.get(&key).await.unwrap(), None);
}

pub(crate) async fn keys_are_listed_by_prefix_and_sorted(store: &dyn Store) {
    let (mine, other) = (target("list"), target("list-2"));
    let run = |target: &Target, number| Key::TargetRun {
        target: target.into(),
        run_id: run_id(number),
    };
    let keys = [
        run(&mine, 3),
        run(&mine, 1),
        run(&mine, 2),
        run(&other, 4),
        Key::lock(&mine),
        Key::deployed(&mine, &alias("b")),
        Key::deployed(&mine, &alias("a")),
        Key::state(&mine, Some(&alias("a"))),
        Key::rescued_state(&mine, Some(&alias("a")), run_id(1)),
        Key::RunRecord(run_id(1)),
        Key::RunTarget(run_id(1)),
    ];
    for key in &keys {
        put(store, key, "", PutMode::Create).await.unwrap();
    }
    let list = async |prefix| store.list(&prefix).await.unwrap();
    assert_eq!(
        list(Prefix::TargetRuns((&mine).into())).await,
        [run(&mine, 1), run(&mine, 2), run(&mine, 3)]
    );
    assert_eq!(
        list(Prefix::Deployed((&mine).into())).await,
        [
            Key::deployed(&mine, &alias("a")),
            Key::deployed(&mine, &alias("b"))
        ]
    );
    assert_eq!(
        list(Prefix::States((&mine).into())).await,
        [
            Key::rescued_state(&mine, Some(&alias("a")), run_id(1)),
            Key::state(&mine, Some(&alias("a"))),
        ]
    );
    assert_eq!(
        list(Prefix::Run(run_id(1))).await,
        [Key::RunRecord(run_id(1)), Key::RunTarget(run_id(1))]
    );
    let all = list(Prefix::All).await;
    assert!(keys.iter().all(|key| all.contains(key)));
    let paths: Vec<_> = all.iter().map(Key::to_path).collect();
    assert!(paths.is_sorted());
}

pub(crate) async fn awkward_names_are_names(store: &dyn Store) {
    let long = "é/".repeat(300);
    let names = [
        "", ".", "..", "a/b", "a%2Fb", "~empty", "a b", "\0", "日本", ".hidden", &long,
    ];
    for (number, name) in names.iter().enumerate() {
        let key = Key::connection(name, name);
        put(store, &key, &number.to_string(), PutMode::Create)
            .await
            .unwrap();
    }
    for (number, name) in names.iter().enumerate() {
        let key = Key::connection(name, name);
        let object = store.get(&key).await.unwrap().unwrap();
        assert_eq!(object.bytes, number.to_string());
        let Key::Connection { environment, .. } = &key else {
            unreachable!()
        };
        let listed = store
            .list(&Prefix::Connections(environment.clone()))
            .await
            .unwrap();
        assert_eq!(listed, [key]);
    }
}

pub(crate) async fn of_many_creators_one_wins(store: &dyn Store) {
    for round in 0..8 {
        let key = package(&format!("creators {round}"));
        let results = race(store, |number| {
            (key.clone(), number.to_string(), PutMode::Create)
        })
        .await;
        let winner = only_winner(&results, |error| {
            matches!(error, StoreError::AlreadyExists { .. })
        });
        let object = store.get(&key).await.unwrap().unwrap();
        assert_eq!(object.bytes, winner.to_string());
        assert_eq!(Some(&object.version), results[winner].as_ref().ok());
    }
}

pub(crate) async fn of_many_updaters_one_wins(store: &dyn Store) {
    for round in 0..8 {
        let key = package(&format!("updaters {round}"));
        let version = put(store, &key, "before", PutMode::Create).await.unwrap();
        let results = race(store, |number| {
            (
                key.clone(),
                number.to_string(),
                PutMode::Update(version.clone()),
            )
        })
        .await;
        let winner = only_winner(&results, |error| {
            matches!(error, StoreError::Precondition { .. })
        });
        let object = store.get(&key).await.unwrap().unwrap();
        assert_eq!(object.bytes, winner.to_string());
    }
}

/// Readers that write what they read plus one, conditionally: the sum is right.
pub(crate) async fn counting_by_updates_loses_nothing(store: &dyn Store) {
    let key = package("counter");
    put(store, &key, "0", PutMode::Create).await.unwrap();
    let count = async || {
        for _ in 0..4 {
            loop {
                let object = store.get(&key).await.unwrap().unwrap();
                let text = str::from_utf8(&object.bytes).unwrap();
                let next = text.parse::<u32>().unwrap() + 1;
                match put(
                    store,
                    &key,
                    &next.to_string(),
                    PutMode::Update(object.version),
                )
                .await
                {
                    Ok(_) => break,
                    Err(StoreError::Precondition { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    };
    futures_util::future::join_all((0..8).map(|_| count())).await;
    assert_eq!(store.get(&key).await.unwrap().unwrap().bytes, "32");
}

pub(crate) async fn large_objects_are_kept(store: &dyn Store) {
    let key = package("large");
    let bytes: Bytes = (0..20_000_000_u32).map(|number| number as u8).collect();
    store
        .put(&key, bytes.clone(), PutMode::Create)
        .await
        .unwrap();
    assert!(store.get(&key).await.unwrap().unwrap().bytes == bytes);
}

pub(crate) fn package(name: &str) -> Key {
    Key::Package(Digest::of(name.as_bytes()))
}

/// A run of which nothing is stored.
pub(crate) fn unknown_run() -> RunId {
    run_id(999_999)
}

async fn put(
    store: &dyn Store,
    key: &Key,
    content: &str,
    mode: PutMode,
) -> Result<Version, StoreError> {
    store.put(key, Bytes::from(content.to_owned()), mode).await
}

async fn race(
    store: &dyn Store,
    attempt: impl Fn(usize) -> (Key, String, PutMode),
) -> Vec<Result<Version, StoreError>> {
    futures_util::future::join_all((0..RACERS).map(|number| {
        let (key, content, mode) = attempt(number);
        async move { put(store, &key, &content, mode).await }
    }))
    .await
}

fn only_winner(
    results: &[Result<Version, StoreError>],
    is_lost_race: impl Fn(&StoreError) -> bool,
) -> usize {
    let winners: Vec<usize> = (0..results.len())
        .filter(|at| results[*at].is_ok())
        .collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    assert!(
        results
            .iter()
            .filter_map(|result| result.as_ref().err())
            .all(is_lost_race),
        "{results:?}"
    );
    winners[0]
}

fn assert_precondition<T: std::fmt::Debug>(
    result: Result<T, StoreError>,
    key: &Key,
    store: &dyn Store,
) {
    let error = result.unwrap_err();
    assert!(
        matches!(&error, StoreError::Precondition { location, key: at }
        if location == store.location() && *at == key.to_path())
    );
}
