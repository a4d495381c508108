use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bytes::Bytes;
use stk_store::{
    Folder, Key, Location, OpenError, Prefix, PutMode, Store, StoreError, open, open_existing,
    states,
};
use tempfile::TempDir;

use crate::contract::{self, package};
use crate::sample::{alias, target};

fn folder() -> (TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let store = Folder::create(&place.path().join("store")).unwrap();
    (place, store)
}

fn explain(
    place: &TempDir,
    error: &(dyn std::error::Error + 'static),
    help: Option<String>,
) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!("\ncaused by: {error}"));
        source = error.source();
    }
    text.push_str(&format!("\nhelp: {}", help.unwrap_or_default()));
    text.replace(&place.path().display().to_string(), "/place")
}

#[tokio::test]
async fn a_folder_keeps_the_contract() {
    let (_place, store) = folder();
    contract::every_promise(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_in_one_folder_are_one_store() {
    let (place, store) = folder();
    let other = Folder::create(&place.path().join("store")).unwrap();
    let key = package("shared");
    let version = store
        .put(&key, Bytes::from_static(b"1"), PutMode::Create)
        .await
        .unwrap();
    other
        .put(&key, Bytes::from_static(b"2"), PutMode::Update(version))
        .await
        .unwrap();
    assert_eq!(store.get(&key).await.unwrap().unwrap().bytes, "2");
}

#[tokio::test]
async fn everything_is_for_its_owner_alone() {
    let (place, store) = folder();
    let key = Key::deployed(&target("shop"), &alias("a"));
    store
        .put(&key, Bytes::new(), PutMode::Create)
        .await
        .unwrap();
    store
        .put(&key, Bytes::new(), PutMode::Overwrite)
        .await
        .unwrap();
    let root = place.path().join("store");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut path = root.join(key.to_path());
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&root.join(".lock")), 0o600);
    while path != root {
        path.pop();
        assert_eq!(mode(&path), 0o700, "{}", path.display());
    }
}

#[tokio::test]
async fn a_folder_that_is_made_here_ignores_itself_in_git() {
    let place = tempfile::tempdir().unwrap();
    let read = |name: &str| fs::read_to_string(place.path().join(name).join(".gitignore")).ok();

    Folder::create(&place.path().join("a/b/new")).unwrap();
    assert_eq!(read("a/b/new").as_deref(), Some("*\n"));
    assert_eq!(read("a/b"), None);

    fs::create_dir(place.path().join("empty")).unwrap();
    Folder::create(&place.path().join("empty")).unwrap();
    assert_eq!(read("empty").as_deref(), Some("*\n"));

    fs::create_dir_all(place.path().join("full/src")).unwrap();
    Folder::create(&place.path().join("full")).unwrap();
    assert_eq!(read("full"), None);

    fs::write(place.path().join("empty/.gitignore"), "mine").unwrap();
    Folder::create(&place.path().join("empty")).unwrap();
    assert_eq!(read("empty").as_deref(), Some("mine"));
}

#[tokio::test]
async fn what_is_no_object_is_not_listed() {
    let (place, store) = folder();
    let root = place.path().join("store");
    let key = Key::state(&target("shop"), Some(&alias("a")));
    store
        .put(&key, Bytes::new(), PutMode::Create)
        .await
        .unwrap();
    let folder = root.join("states/shop/dev/a");
    for name in [
        ".tmp-a1B2c3",
        ".terraform.tfstate.lock.info",
        "terraform.tfstate.backup",
        "notes.txt",
    ] {
        fs::write(folder.join(name), "x").unwrap();
    }
    fs::create_dir_all(root.join("states/shop/dev/b/terraform.tfstate/x")).unwrap();
    assert_eq!(store.list(&Prefix::All).await.unwrap(), [key]);
}

#[tokio::test]
async fn terraform_finds_a_folder_for_its_state() {
    let (place, store) = folder();
    let path = states::local_path(&store, &target("my shop"), Some(&alias("a")))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        path,
        place
            .path()
            .join("store/states/my%20shop/dev/a/terraform.tfstate")
    );
    assert!(path.is_absolute() && path.parent().unwrap().is_dir());
    let mode = fs::metadata(path.parent().unwrap())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    let memory = stk_store::Memory::new();
    assert_eq!(
        states::local_path(&memory, &target("shop"), Some(&alias("a")))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn looking_makes_nothing() {
    let place = tempfile::tempdir().unwrap();
    let location = Location::parse("file://store", place.path()).unwrap();
    assert!(open_existing(&location).await.unwrap().is_none());
    assert!(!place.path().join("store").exists());
    open(&location).await.unwrap();
    assert!(open_existing(&location).await.unwrap().is_some());
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_explained() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "x").unwrap();
    let fault = async |text: &str| {
        let location = Location::parse(text, place.path()).unwrap();
        let error = open(&location).await.unwrap_err();
        let help = error.help();
        explain(&place, &error, help)
    };
    insta::assert_snapshot!(fault("file://file").await, @"
    /place/file cannot be a store: /place/file is not a folder
    help: move /place/file away, or choose another folder
    ");
    insta::assert_snapshot!(fault("file://file/below/it").await, @"
    /place/file/below/it cannot be a store: /place/file is not a folder
    help: move /place/file away, or choose another folder
    ");
    insta::assert_snapshot!(fault("my-bucket").await, @"
    the store `my-bucket` is an S3 bucket, and S3 stores are not available in this version
    help: give `file://` and a folder
    ");
}

/// Not even root may write in `/sys`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_that_may_not_be_written_is_explained() {
    let error = Folder::create(Path::new("/sys/kernel/stk-store")).unwrap_err();
    assert!(matches!(&error, OpenError::CannotCreate { path, .. }
        if path == Path::new("/sys/kernel/stk-store")));
    let error = Folder::create(Path::new("/sys/kernel")).unwrap_err();
    assert!(matches!(&error, OpenError::NotWritable { path, .. }
        if path == Path::new("/sys/kernel")));
    insta::assert_snapshot!(error, @"the store's folder /sys/kernel cannot be written");

    let store = Folder::existing(Path::new("/sys/kernel")).unwrap().unwrap();
    let error = store
        .put(&package("x"), Bytes::new(), PutMode::Create)
        .await
        .unwrap_err();
    assert!(matches!(&error, StoreError::Denied { path, .. }
        if path == Path::new("/sys/kernel/packages")));
    assert_eq!(store.get(&package("x")).await.unwrap(), None);
}

#[tokio::test]
async fn what_stands_in_the_way_is_named() {
    let (place, store) = folder();
    let root = place.path().join("store");
    fs::write(root.join("targets"), "x").unwrap();
    let key = Key::lock(&target("shop"));
    let fault = |error: StoreError| {
        let help = error.help();
        explain(&place, &error, help)
    };
    let put = async |mode| store.put(&key, Bytes::new(), mode).await.unwrap_err();
    insta::assert_snapshot!(fault(put(PutMode::Create).await), @"
    `targets/shop/dev/lock.json` in file:///place/store could not be written: /place/store/targets is in the way
    caused by: not a directory
    help: move /place/store/targets away: the folder belongs to the store alone
    ");
    insta::assert_snapshot!(fault(store.get(&key).await.unwrap_err()), @"
    `targets/shop/dev/lock.json` in file:///place/store could not be read: /place/store/targets is in the way
    caused by: Not a directory (os error 20)
    help: move /place/store/targets away: the folder belongs to the store alone
    ");
    insta::assert_snapshot!(fault(store.list(&Prefix::TargetRuns((&target("shop")).into())).await.unwrap_err()), @"
    `targets/shop/dev/runs/` in file:///place/store could not be listed: /place/store/targets is in the way
    caused by: Not a directory (os error 20)
    help: move /place/store/targets away: the folder belongs to the store alone
    ");

    fs::remove_file(root.join("targets")).unwrap();
    fs::create_dir_all(root.join(key.to_path())).unwrap();
    for mode in [PutMode::Create, PutMode::Overwrite] {
        assert!(matches!(put(mode).await, StoreError::Blocked { path, .. }
            if path == root.join(key.to_path())));
    }
    assert!(matches!(
        store.get(&key).await,
        Err(StoreError::Blocked { .. })
    ));
    assert!(matches!(
        store.delete(&key, None).await,
        Err(StoreError::Blocked { .. } | StoreError::Denied { .. })
    ));
}

#[test]
fn a_reader_sees_whole_objects_only() {
    let (_place, store) = folder();
    let key = package("hammer");
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    };
    let content = |round: usize| Bytes::from(vec![round as u8; 1 + (round * 7919) % 50_000]);
    runtime()
        .block_on(store.put(&key, content(0), PutMode::Create))
        .unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let (store, key) = (&store, &key);
                scope.spawn(move || {
                    let runtime = runtime();
                    for round in 0..150 {
                        let bytes = content(round * 2 + writer);
                        runtime
                            .block_on(store.put(key, bytes, PutMode::Overwrite))
                            .unwrap();
                    }
                })
            })
            .collect();
        for _ in 0..2 {
            scope.spawn(|| {
                let runtime = runtime();
                let mut reads = 0;
                while reads < 100 || !is_over.load(Ordering::Relaxed) {
                    let bytes = runtime.block_on(store.get(&key)).unwrap().unwrap().bytes;
                    let first = bytes[0];
                    assert!(bytes.iter().all(|byte| *byte == first));
                    assert!(
                        (0..300).any(
                            |round| content(round).len() == bytes.len() && round as u8 == first
                        )
                    );
                    reads += 1;
                }
            });
        }
        for writer in writers {
            writer.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
    });
}
