use stk_run::{Event, RunStatus, TransitionError};
use stk_store::runs::{self, AdvanceError, Cancellation};
use stk_store::{Folder, Memory, RecordError, Store, StoreError};

use crate::contract::unknown_run;
use crate::sample::{at, locked, record, run_id, target};

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
        for event in [Event::TaskStarted(task), Event::TaskSucceeded(task)] {
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

    let error = runs::advance(&store, &lock, &mut run, &Event::TaskSucceeded(task), at(3))
        .await
        .unwrap_err();
    insta::assert_snapshot!(error, @"");
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

/// Many events, and a cancellation in the middle of them: whatever the order, the run ends
/// cancelled, its holder learns so, and no event is lost that was reported as stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_wins_against_a_busy_holder() {
    let aliases: Vec<String> = (0..40).map(|number| format!("a{number}")).collect();
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
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
                for event in [Event::TaskStarted(task), Event::TaskSucceeded(task)] {
                    if let Err(error) = runs::advance(&store, &lock, &mut run, &event, at(1)).await
                    {
                        return error;
                    }
                }
            }
            panic!("the cancellation came too late to be tested");
        };
        let canceller = async {
            tokio::time::sleep(std::time::Duration::from_millis(round * 3)).await;
            runs::cancel(&store, run_id(1), at(2)).await.unwrap()
        };
        let (error, cancelled) = tokio::join!(holder, canceller);
        assert!(
            matches!(cancelled, Cancellation::Cancelled(_)),
            "{cancelled:?}"
        );
        assert!(
            matches!(
                error,
                AdvanceError::ChangedElsewhere {
                    status: RunStatus::Canceled,
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(
            runs::load(&store, run_id(1)).await.unwrap().unwrap().status,
            RunStatus::Canceled
        );
    }
}
