use std::time::Duration;

use stk_run::{Event, Holder, RunStatus, TaskId, TransitionError};
use stk_store::runs::{self, AdvanceError, Cancellation, ReopenError};
use stk_store::{AcquireError, DeploymentLock, Folder, Memory, RecordError, Store, StoreError};

use crate::contract::unknown_run;
use crate::sample::{at, locked, record, run_id, target};

fn succeeded(task: TaskId) -> Event {
    Event::TaskSucceeded {
        task,
        stored: stk_run::Stored::Nothing,
    }
}

#[tokio::test]
async fn a_run_is_created_once_and_listed() {
    let store = Memory::new();
    assert_eq!(runs::load(&store, run_id(1)).await.unwrap(), None);
    for number in [2, 1, 3] {
        let lock = locked(&store, "shop", run_id(number)).await;
        let created = runs::create(&store, &lock, record("shop", run_id(number), &["a"]))
            .await
            .unwrap();
        let loaded = runs::load(&store, run_id(number)).await.unwrap().unwrap();
        assert_eq!(created, loaded);

        let another = runs::create(&store, &lock, record("shop", run_id(number), &["b"])).await;
        assert!(matches!(
            another,
            Err(RecordError::Store(StoreError::AlreadyExists { .. }))
        ));
        lock.release(&store).await.unwrap();
    }
    let listed = runs::of_target(&store, &target("shop")).await.unwrap();
    assert_eq!(listed, [run_id(3), run_id(2), run_id(1)]);
    assert_eq!(runs::of_target(&store, &target("other")).await.unwrap(), []);
}

#[tokio::test]
async fn a_record_needs_the_lock_of_its_own_run() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    for foreign in [
        record("shop", run_id(2), &[]),
        record("other", run_id(1), &[]),
    ] {
        let error = runs::create(&store, &lock, foreign).await.unwrap_err();
        assert!(matches!(error, RecordError::OutsideLock { .. }));
    }
    assert_eq!(runs::of_target(&store, &target("shop")).await.unwrap(), []);
}

#[tokio::test]
async fn a_run_advances_event_by_event() {
    let place = tempfile::tempdir().unwrap();
    let store = Folder::create(place.path()).unwrap();
    let lock = locked(&store, "shop", run_id(1)).await;
    let mut run = runs::create(&store, &lock, record("shop", run_id(1), &["a"]))
        .await
        .unwrap();
    let tasks: Vec<_> = run.tasks.iter().map(|task| task.id).collect();
    for (second, task) in (1..).zip(tasks) {
        for event in [Event::TaskStarted(task), succeeded(task)] {
            runs::advance(&store, &lock, &mut run, &event, at(second))
                .await
                .unwrap();
            assert_eq!(runs::load(&store, run_id(1)).await.unwrap().unwrap(), run);
        }
    }
    assert_eq!(run.status, RunStatus::Succeeded);
    let before = run.clone();
    let error = runs::advance(&store, &lock, &mut run, &Event::Cancelled, at(9))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        AdvanceError::Transition(TransitionError::RunEnded(..))
    ));
    assert_eq!(run, before);
}

#[tokio::test]
async fn a_cancelled_run_is_noticed_by_its_holder() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let mut run = runs::create(&store, &lock, record("shop", run_id(1), &["a"]))
        .await
        .unwrap();
    let task = run.tasks[0].id;
    runs::advance(&store, &lock, &mut run, &Event::TaskStarted(task), at(1))
        .await
        .unwrap();

    let cancelled = runs::cancel(&store, run_id(1), at(2)).await.unwrap();
    assert!(matches!(&cancelled, Cancellation::Cancelled(record)
        if record.status == RunStatus::Canceled));

    let error = runs::advance(&store, &lock, &mut run, &succeeded(task), at(3))
        .await
        .unwrap_err();
    insta::assert_snapshot!(error, @"run 01J9V6MWFTWQ39230000000001 was changed by somebody else: it is now CANCELED");
    assert!(matches!(error, AdvanceError::ChangedElsewhere { .. }));
    assert_eq!(run.status, RunStatus::Canceled);
    assert_eq!(runs::load(&store, run_id(1)).await.unwrap().unwrap(), run);

    let again = runs::cancel(&store, run_id(1), at(4)).await.unwrap();
    assert!(matches!(&again, Cancellation::AlreadyFinished(record)
        if record.finished_at == Some(at(2))));
    let unknown = runs::cancel(&store, unknown_run(), at(4)).await.unwrap();
    assert_eq!(unknown, Cancellation::NotFound);
}

#[tokio::test]
async fn a_removed_record_is_noticed() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let mut run = runs::create(&store, &lock, record("shop", run_id(1), &["a"]))
        .await
        .unwrap();
    let task = run.tasks[0].id;
    store
        .delete(&stk_store::Key::RunRecord(run_id(1)), None)
        .await
        .unwrap();
    let error = runs::advance(&store, &lock, &mut run, &Event::TaskStarted(task), at(1))
        .await
        .unwrap_err();
    assert!(matches!(error, AdvanceError::Vanished { .. }));
}

/// Many events, and a cancellation in the middle of them: whoever wins a race, both sides and the
/// stored record agree on how the run ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_wins_against_a_busy_holder() {
    let aliases: Vec<String> = (0..40).map(|number| format!("a{number}")).collect();
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    let mut cancelled = 0;
    for round in 0..5 {
        let place = tempfile::tempdir().unwrap();
        let store = Folder::create(place.path()).unwrap();
        let lock = locked(&store, "shop", run_id(1)).await;
        let mut run = runs::create(&store, &lock, record("shop", run_id(1), &aliases))
            .await
            .unwrap();
        let tasks: Vec<_> = run.tasks.iter().map(|task| task.id).collect();
        let holder = async {
            for task in tasks {
                for event in [Event::TaskStarted(task), succeeded(task)] {
                    runs::advance(&store, &lock, &mut run, &event, at(1)).await?;
                }
                // Every fourth round without a pause: the canceller loses many races then.
                if round % 4 != 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            Ok(())
        };
        let canceller = async {
            tokio::time::sleep(Duration::from_millis(round * 3)).await;
            runs::cancel(&store, run_id(1), at(2)).await.unwrap()
        };
        let (held, outcome) = tokio::join!(holder, canceller);
        let expected = match outcome {
            Cancellation::Cancelled(_) => {
                cancelled += 1;
                assert!(
                    matches!(
                        held,
                        Err(AdvanceError::ChangedElsewhere {
                            status: RunStatus::Canceled,
                            ..
                        })
                    ),
                    "{held:?}"
                );
                RunStatus::Canceled
            }
            Cancellation::AlreadyFinished(_) => {
                held.unwrap();
                RunStatus::Succeeded
            }
            Cancellation::NotFound => panic!("the run is there"),
        };
        let stored = runs::load(&store, run_id(1)).await.unwrap().unwrap();
        assert_eq!(stored.status, expected);
        assert_eq!(stored, run);
    }
    assert!(
        cancelled > 0,
        "the cancellations came too late to test anything"
    );
}

#[tokio::test]
async fn a_failed_run_takes_its_lock_again_unless_another_one_was_started() {
    let store = Memory::new();
    let lock = locked(&store, "shop", run_id(1)).await;
    let mut run = runs::create(&store, &lock, record("shop", run_id(1), &["a"]))
        .await
        .unwrap();
    let first = run.tasks[0].id;
    for event in [
        Event::TaskStarted(first),
        Event::TaskFailed {
            task: first,
            details: "no quota".to_owned(),
        },
    ] {
        runs::advance(&store, &lock, &mut run, &event, at(1))
            .await
            .unwrap();
    }
    let holder = || Holder {
        host: Some("second".to_owned()),
        ..Holder::default()
    };
    // Its lock is still there: whoever failed is about to release it.
    let error = runs::reopen(&store, &mut run, holder(), at(2))
        .await
        .unwrap_err();
    assert!(matches!(error, ReopenError::Acquire(AcquireError::Held(_))));
    lock.release(&store).await.unwrap();

    let mut stale = runs::load(&store, run_id(1)).await.unwrap().unwrap();
    let lock = runs::reopen(&store, &mut run, holder(), at(3))
        .await
        .unwrap();
    assert_eq!(lock.record().holder, holder());
    assert_eq!(run.status, RunStatus::Running);
    let stored = runs::load(&store, run_id(1)).await.unwrap().unwrap();
    assert_eq!(stored, run);

    // Who read it before and comes later changes nothing, and leaves the lock to its holder.
    lock.release(&store).await.unwrap();
    let error = runs::reopen(&store, &mut stale, holder(), at(4))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        ReopenError::Advance(AdvanceError::ChangedElsewhere { .. })
    ));
    assert_eq!(
        DeploymentLock::current(&store, &target("shop"))
            .await
            .unwrap(),
        None
    );

    let newer = locked(&store, "shop", run_id(2)).await;
    runs::create(&store, &newer, record("shop", run_id(2), &["a"]))
        .await
        .unwrap();
    newer.release(&store).await.unwrap();
    let error = runs::reopen(&store, &mut run, holder(), at(5))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("run {} was started after run {}", run_id(2), run_id(1))
    );
    assert_eq!(
        DeploymentLock::current(&store, &target("shop"))
            .await
            .unwrap(),
        None
    );
}
