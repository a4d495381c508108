#![expect(
    clippy::disallowed_methods,
    reason = "the store's promises hold between processes, so the tests need some"
)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::slice;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use stk_store::{Folder, Key, Prefix, PutMode, Store as _, StoreError};

use crate::contract::package;

const ROLE: &str = "STK_STORE_TEST_ROLE";
const ROOT: &str = "STK_STORE_TEST_ROOT";

/// What the children do: this test alone, told apart from its ordinary run by the environment.
#[tokio::test]
async fn child() {
    let (Ok(role), Ok(root)) = (std::env::var(ROLE), std::env::var(ROOT)) else {
        return;
    };
    let store = Folder::existing(Path::new(&root)).unwrap().unwrap();
    match role.as_str() {
        "create" => {
            for round in 0..20 {
                let content = Bytes::from(std::process::id().to_string());
                let put = store.put(&round_key(round), content, PutMode::Create).await;
                match put {
                    Ok(_) => put_line(&store, &format!("won {round} {}", std::process::id())).await,
                    Err(StoreError::AlreadyExists { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
        "count" => {
            for _ in 0..25 {
                add_one(&store).await;
            }
        }
        "scribble" => {
            for round in 0_usize.. {
                let bytes = Bytes::from(vec![round as u8; 200_000]);
                store
                    .put(&package("scribble"), bytes, PutMode::Overwrite)
                    .await
                    .unwrap();
            }
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn of_many_processes_one_creates() {
    let place = tempfile::tempdir().unwrap();
    let store = Folder::create(place.path()).unwrap();
    wait_for((0..6).map(|_| start("create", place.path())).collect());
    for round in 0..20 {
        let winner = store.get(&round_key(round)).await.unwrap().unwrap().bytes;
        let winner = str::from_utf8(&winner).unwrap().to_owned();
        // Exactly one process believes that it won, and it is the one whose content is stored.
        let mut claims = 0;
        for process in store.list(&Prefix::All).await.unwrap() {
            let content = store.get(&process).await.unwrap().unwrap().bytes;
            if let Some(claim) = content.strip_prefix(format!("won {round} ").as_bytes()) {
                claims += 1;
                assert_eq!(claim, winner.as_bytes());
            }
        }
        assert_eq!(claims, 1, "round {round}");
    }
}

#[tokio::test]
async fn processes_that_count_together_lose_nothing() {
    let place = tempfile::tempdir().unwrap();
    let store = Folder::create(place.path()).unwrap();
    let key = package("count");
    store
        .put(&key, Bytes::from_static(b"0"), PutMode::Create)
        .await
        .unwrap();
    wait_for((0..4).map(|_| start("count", place.path())).collect());
    assert_eq!(store.get(&key).await.unwrap().unwrap().bytes, "100");
}

#[tokio::test]
async fn a_killed_writer_leaves_a_whole_object_and_a_store_that_works() {
    let place = tempfile::tempdir().unwrap();
    let store = Folder::create(place.path()).unwrap();
    let key = package("scribble");
    let mut leftovers = 0;
    for round in 0..12_u64 {
        let mut child = start("scribble", place.path());
        // Until it writes: a child needs a moment to start.
        let before = store.get(&key).await.unwrap();
        while store.get(&key).await.unwrap() == before {
            assert!(
                child.try_wait().unwrap().is_none(),
                "the writer ended by itself"
            );
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(round * 777));
        child.kill().unwrap();
        child.wait().unwrap();

        let object = store.get(&key).await.unwrap().unwrap();
        assert_eq!(object.bytes.len(), 200_000);
        let first = object.bytes[0];
        assert!(object.bytes.iter().all(|byte| *byte == first));
        assert_eq!(
            store.list(&Prefix::All).await.unwrap(),
            slice::from_ref(&key)
        );
        // The dead process holds no lock.
        let update = PutMode::Update(object.version);
        store
            .put(&key, Bytes::from(vec![255; 200_000]), update)
            .await
            .unwrap();
        leftovers = std::fs::read_dir(place.path().join("packages"))
            .unwrap()
            .count()
            - 1;
    }
    // Otherwise no process was killed where it matters. Not every one is, so this is no assertion
    // about each round.
    println!("{leftovers} unfinished files were left");
}

fn start(role: &str, root: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child"])
        .env(ROLE, role)
        .env(ROOT, root)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_for(children: Vec<Child>) {
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

fn round_key(round: u32) -> Key {
    package(&format!("round {round}"))
}

async fn put_line(store: &Folder, line: &str) {
    let key = package(line);
    store
        .put(&key, Bytes::from(line.to_owned()), PutMode::Create)
        .await
        .unwrap();
}

async fn add_one(store: &Folder) {
    let key = package("count");
    loop {
        let object = store.get(&key).await.unwrap().unwrap();
        let number: u32 = str::from_utf8(&object.bytes).unwrap().parse().unwrap();
        let next = Bytes::from((number + 1).to_string());
        match store.put(&key, next, PutMode::Update(object.version)).await {
            Ok(_) => return,
            Err(StoreError::Precondition { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}
