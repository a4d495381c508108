use std::error::Error as _;

use bytes::Bytes;
use stk_store::{
    AcquireError, DeploymentLock, Folder, Key, Memory, Prefix, PutMode, Released, ResumeError,
    Store,
};

use crate::contract::unknown_run;
use crate::sample::{lock_record, locked, record, run_id, target};

#[tokio::test]
async fn a_second_run_learns_who_is_first() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let error = DeploymentLock::acquire(&store, lock_record("shop", run_id(2)))
        .await
        .unwrap_err();
    insta::assert_snapshot!(error, @"run 01J9V6MWFTWQ39230000000001 has held the lock of project `shop`, environment `dev` since 2024-10-10T12:00:00Z; process 4711 on build-1 (https://ci.example/runs/7) took it");
    insta::assert_snapshot!(error.help().unwrap(), @"wait for it to end, or cancel it: `stk-runtime cancel 01J9V6MWFTWQ39230000000001`, or the cancel action with RUN_ID 01J9V6MWFTWQ39230000000001");
    assert!(matches!(error, AcquireError::Held(held) if *held == *lock.record()));
    // The run that never began left nothing.
    assert_eq!(
        DeploymentLock::target_of(&store, run_id(2)).await.unwrap(),
        None
    );
    assert_eq!(store.list(&Prefix::Run(run_id(2))).await.unwrap(), []);

    locked(&store, "another project", run_id(3)).await;
    assert_eq!(lock.release(&store).await.unwrap(), Released::Released);
    locked(&store, "shop", run_id(2)).await;
}

#[tokio::test]
async fn of_many_runs_one_gets_the_lock() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::create(place.path()).unwrap();
    let memory = Memory::new();
    let stores: [&dyn Store; 2] = [&folder, &memory];
    for store in stores {
        for round in 0..5 {
            let attempts = (0..50).map(|number| {
                DeploymentLock::acquire(store, lock_record("shop", run_id(round * 100 + number)))
            });
            let mut held_by = Vec::new();
            let mut winners = Vec::new();
            for result in futures_util::future::join_all(attempts).await {
                match result {
                    Ok(lock) => winners.push(lock),
                    Err(AcquireError::Held(held)) => held_by.push(held.run_id),
                    Err(error) => panic!("{error:?}"),
                }
            }
            assert_eq!(winners.len(), 1);
            let winner = winners.remove(0);
            assert!(held_by.iter().all(|run_id| *run_id == winner.run_id()));
            assert_eq!(winner.release(store).await.unwrap(), Released::Released);
        }
    }
}

#[tokio::test]
async fn a_run_goes_on_while_it_holds_its_lock() {
    let store = Memory::new();
    let mine = record("shop", run_id(1), &["a"]);
    let fault = async || DeploymentLock::resume(&store, &mine).await.unwrap_err();

    let error = fault().await;
    assert!(matches!(error, ResumeError::NotHeld { .. }));
    insta::assert_snapshot!(error, @"run 01J9V6MWFTWQ39230000000001 no longer holds the lock of project `shop`, environment `dev`");

    let lock = locked(&store, "shop", run_id(1)).await;
    let resumed = DeploymentLock::resume(&store, &mine).await.unwrap();
    assert_eq!(resumed.record(), lock.record());
    assert_eq!(resumed.release(&store).await.unwrap(), Released::Released);

    locked(&store, "shop", run_id(2)).await;
    let error = fault().await;
    insta::assert_snapshot!(error, @"run 01J9V6MWFTWQ39230000000002 holds the lock of project `shop`, environment `dev`, not run 01J9V6MWFTWQ39230000000001");
    insta::assert_snapshot!(error.help().unwrap(), @"wait for run 01J9V6MWFTWQ39230000000002 to end, then start a new deployment");
    // What another run holds is left alone.
    let Released::HeldByOther(other) = lock.release(&store).await.unwrap() else {
        panic!("released another run's lock");
    };
    assert_eq!(other.run_id, run_id(2));
    assert!(
        DeploymentLock::current(&store, &target("shop"))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn releasing_twice_is_no_fault() {
    let store = Memory::new();
    let mine = record("shop", run_id(1), &[]);
    let first = locked(&store, "shop", run_id(1)).await;
    let second = DeploymentLock::resume(&store, &mine).await.unwrap();
    assert_eq!(first.release(&store).await.unwrap(), Released::Released);
    assert_eq!(second.release(&store).await.unwrap(), Released::NotHeld);
}

#[tokio::test]
async fn a_lock_whose_process_died_is_found_by_its_run() {
    let store = Memory::new();
    // Killed after it took the lock, before it wrote a record.
    locked(&store, "shop", run_id(1)).await;
    assert_eq!(
        DeploymentLock::target_of(&store, unknown_run())
            .await
            .unwrap(),
        None
    );
    let found = DeploymentLock::target_of(&store, run_id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, target("shop"));
    let release = async |number| {
        DeploymentLock::release_of_run(&store, &found, run_id(number))
            .await
            .unwrap()
    };
    assert!(matches!(release(2).await, Released::HeldByOther(_)));
    assert_eq!(release(1).await, Released::Released);
    assert_eq!(release(1).await, Released::NotHeld);
}

#[tokio::test]
async fn a_lock_that_was_written_but_reported_as_there_is_ours() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    // The same request again, as a client does whose first answer was lost.
    let again = DeploymentLock::acquire(&store, lock_record("shop", run_id(1)))
        .await
        .unwrap();
    assert_eq!(again.record(), lock.record());
    // Another attempt of the same run is another request.
    let mut later = lock_record("shop", run_id(1));
    later.holder.process = Some(1);
    let error = DeploymentLock::acquire(&store, later).await.unwrap_err();
    assert!(matches!(error, AcquireError::Held(_)));
    assert!(
        DeploymentLock::target_of(&store, run_id(1))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_damaged_lock_is_named() {
    let store = Memory::new();
    let key = Key::lock(&target("shop"));
    let damage = async |text: &'static str| {
        store
            .put(
                &key,
                Bytes::from_static(text.as_bytes()),
                PutMode::Overwrite,
            )
            .await
            .unwrap();
        let error = DeploymentLock::acquire(&store, lock_record("shop", run_id(1)))
            .await
            .unwrap_err();
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        format!("{error}; {cause}; {}", error.help().unwrap_or_default())
    };
    insta::assert_snapshot!(damage("").await, @"`targets/shop/dev/lock.json` in memory cannot be read as a deployment lock; EOF while parsing a value at line 1 column 0; make sure that no deployment of this target is running, then remove `targets/shop/dev/lock.json` in memory");
    insta::assert_snapshot!(damage("{\"version\": 1, \"runId\"").await, @"`targets/shop/dev/lock.json` in memory cannot be read as a deployment lock; EOF while parsing an object at line 1 column 22; make sure that no deployment of this target is running, then remove `targets/shop/dev/lock.json` in memory");
    insta::assert_snapshot!(damage("{\"version\": 2, \"epoch\": 7}").await, @"`targets/shop/dev/lock.json` in memory is a deployment lock in version 2 of its form, and this program knows no version after 1; ; a newer version of stk-runtime wrote it: use that version here too");
    assert!(store.get(&key).await.unwrap().is_some());
}
