use std::error::Error as _;

use bytes::Bytes;
use serde_json::Value;
use stk_run::{Digest, IacReference};
use stk_store::{
    Key, Memory, PutMode, RecordError, Store, connections, deployed, iac, packages, runs, states,
};

use crate::sample::{alias, connection, deployed as unit, locked, record, run_id, target};

async fn overwrite(store: &dyn Store, key: &Key, bytes: impl Into<Bytes>) {
    store
        .put(key, bytes.into(), PutMode::Overwrite)
        .await
        .unwrap();
}

fn explain(error: &RecordError) -> String {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}; {cause}; {}", error.help().unwrap_or_default())
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named() {
    let store = Memory::new();
    let key = Key::RunRecord(run_id(1));
    let fault = async |text: String| {
        overwrite(&store, &key, text).await;
        explain(&runs::load(&store, run_id(1)).await.unwrap_err())
    };
    let whole = serde_json::to_value(record("shop", run_id(1), &["a"])).unwrap();
    let with_form = |form: u32| {
        let mut value = whole.clone();
        value["version"] = form.into();
        value.to_string()
    };
    // Every other field is as it is today: the version alone decides.
    insta::assert_snapshot!(fault(with_form(2)).await, @"`runs/01J9V6MWFTWQ39230000000001/record.json` in memory is a run record in version 2 of its form, and this program knows no version after 1; ; a newer version of stk-runtime wrote it: use that version here too");
    insta::assert_snapshot!(fault("{\"version\": 3, \"stages\": []}".to_owned()).await, @"`runs/01J9V6MWFTWQ39230000000001/record.json` in memory is a run record in version 3 of its form, and this program knows no version after 1; ; a newer version of stk-runtime wrote it: use that version here too");
    insta::assert_snapshot!(fault(with_form(0)).await, @"`runs/01J9V6MWFTWQ39230000000001/record.json` in memory cannot be read as a run record; version 0 of its form never existed; restore `runs/01J9V6MWFTWQ39230000000001/record.json` in memory from a backup");
    insta::assert_snapshot!(fault(whole.to_string()[..300].to_owned()).await, @"`runs/01J9V6MWFTWQ39230000000001/record.json` in memory cannot be read as a run record; EOF while parsing a string at line 1 column 300; restore `runs/01J9V6MWFTWQ39230000000001/record.json` in memory from a backup");
    insta::assert_snapshot!(fault("not json".to_owned()).await, @"`runs/01J9V6MWFTWQ39230000000001/record.json` in memory cannot be read as a run record; expected ident at line 1 column 2; restore `runs/01J9V6MWFTWQ39230000000001/record.json` in memory from a backup");
    let mut edited = whole.clone();
    edited["surprise"] = Value::Null;
    insta::assert_snapshot!(fault(edited.to_string()).await, @"`runs/01J9V6MWFTWQ39230000000001/record.json` in memory cannot be read as a run record; unknown field `surprise`, expected one of `version`, `runId`, `target`, `project`, `versionTag`, `mode`, `workspace`, `pipelineUrl`, `status`, `createdAt`, `updatedAt`, `finishedAt`, `units`, `tasks`, `composition`, `plan`, `earlierFailures`, `workspaceConnections` at line 1 column 716; restore `runs/01J9V6MWFTWQ39230000000001/record.json` in memory from a backup");
    let other = serde_json::to_string(&record("shop", run_id(2), &["a"])).unwrap();
    insta::assert_snapshot!(fault(other).await, @"`runs/01J9V6MWFTWQ39230000000001/record.json` in memory holds the run record of something else; ; restore `runs/01J9V6MWFTWQ39230000000001/record.json` in memory from a backup");
}

#[tokio::test]
async fn one_damaged_document_fails_the_list() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    deployed::put(&store, &lock, &unit("a", 0)).await.unwrap();
    overwrite(&store, &Key::deployed(&target("shop"), &alias("b")), "{}").await;
    let error = deployed::all(&store, &target("shop")).await.unwrap_err();
    insta::assert_snapshot!(explain(&error), @"`targets/shop/dev/deployed/b.json` in memory cannot be read as a deployed plugin; missing field `version` at line 1 column 2; restore `targets/shop/dev/deployed/b.json` in memory from a backup");
}

#[tokio::test]
async fn documents_under_another_key_are_refused() {
    let store = Memory::new();
    let bytes = serde_json::to_vec(&unit("a", 0)).unwrap();
    overwrite(&store, &Key::deployed(&target("shop"), &alias("b")), bytes).await;
    assert!(matches!(
        deployed::load(&store, &target("shop"), &alias("b")).await,
        Err(RecordError::Misplaced { .. })
    ));
    let bytes = serde_json::to_vec(&connection("orders", "shop", "a", run_id(1))).unwrap();
    overwrite(&store, &Key::connection("prod", "orders"), bytes).await;
    assert!(matches!(
        connections::load(&store, "prod", "orders").await,
        Err(RecordError::Misplaced { .. })
    ));
}

#[tokio::test]
async fn a_package_is_stored_once_and_checked() {
    let store = Memory::new();
    let bytes = Bytes::from_static(b"package");
    let digest = packages::put_if_absent(&store, bytes.clone())
        .await
        .unwrap();
    let version = store
        .get(&Key::Package(digest.clone()))
        .await
        .unwrap()
        .unwrap()
        .version;
    assert_eq!(
        packages::put_if_absent(&store, bytes.clone())
            .await
            .unwrap(),
        digest
    );
    let object = store
        .get(&Key::Package(digest.clone()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(object.version, version);
    assert_eq!(packages::load(&store, &digest).await.unwrap(), bytes);

    overwrite(&store, &Key::Package(digest.clone()), "pack").await;
    let error = packages::load(&store, &digest).await.unwrap_err();
    insta::assert_snapshot!(format!("{error}; {}", error.help().unwrap()), @"`packages/bc4a71180870f7945155fbb02f4b0a2e3faa2a62d6d31b7039013055ed19869a.zip` in memory has changed since it was stored: it has sha256:4862f447f2c7f272fa2f4aaf89dadb3b1ac09105bd5864f8d1a0c9452bb0a226, not sha256:bc4a71180870f7945155fbb02f4b0a2e3faa2a62d6d31b7039013055ed19869a; restore `packages/bc4a71180870f7945155fbb02f4b0a2e3faa2a62d6d31b7039013055ed19869a.zip` from a backup; if there is none, remove it and deploy again");
    let error = packages::load(&store, &Digest::of(b"other"))
        .await
        .unwrap_err();
    insta::assert_snapshot!(format!("{error}; {}", error.help().unwrap()), @"`packages/d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa.zip` is not in memory; check that memory is the store that the deployment used, or restore the object");
}

#[tokio::test]
async fn an_iac_archive_is_found_by_its_reference() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let bytes = Bytes::from_static(b"iac");
    let reference = iac::put(&store, &lock, Some(&alias("a")), bytes.clone())
        .await
        .unwrap();
    assert_eq!(
        reference,
        IacReference {
            run_id: run_id(1),
            digest: Digest::of(b"iac")
        }
    );
    assert_eq!(
        iac::load(&store, &reference, Some(&alias("a")))
            .await
            .unwrap(),
        bytes
    );
    let error = iac::load(&store, &reference, Some(&alias("b")))
        .await
        .unwrap_err();
    insta::assert_snapshot!(error, @"`runs/01J9V6MWFTWQ39230000000001/iac/b.zip` is not in memory");
    iac::put(
        &store,
        &lock,
        Some(&alias("a")),
        Bytes::from_static(b"later"),
    )
    .await
    .unwrap();
    let error = iac::load(&store, &reference, Some(&alias("a")))
        .await
        .unwrap_err();
    insta::assert_snapshot!(error, @"`runs/01J9V6MWFTWQ39230000000001/iac/a.zip` in memory has changed since it was stored: it has sha256:1d9283d848ea941ace1fe0d2378ef8b70056a0d4d1648b95a322d90163e78285, not sha256:e914d68f72dbeaa29a91a4c2f9f3108f4cc6f4630a3712982fee13cfb45169fe");
}

#[tokio::test]
async fn a_rescued_state_is_kept_beside_the_state() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let key = states::rescue(&store, &lock, Some(&alias("a")), Bytes::from_static(b"{}"))
        .await
        .unwrap();
    assert_eq!(
        key.to_path(),
        format!("states/shop/dev/a/rescued/{}.tfstate", run_id(1))
    );
    assert_eq!(store.get(&key).await.unwrap().unwrap().bytes, "{}");
}
