//! Tasks whose run is ended while they are executed.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use stk_run::{Clock, RunId};
use stk_store::DeploymentLock;

use crate::support::{
    DEPLOY, DESTROY, IAC, World, acquire, message, plugin, removed, target, until,
};

/// A Terraform that waits during `step` until the test has done something.
async fn waiting(step: &str) -> World {
    let world = World::fake(&json!({})).await;
    let ready = world.folder.path().join("ready");
    let wait = |name: &str, exit: u8| {
        if name == step {
            json!({"exit": exit, "ready_file": ready, "sleep_ms": 60_000, "on_interrupt": "succeed"})
        } else {
            json!({"exit": exit})
        }
    };
    let script = json!({
        "init": {}, "plan": wait("plan", 2), "apply": wait("apply", 0), "output": {"stdout": ["{}"]},
        "plan -destroy": wait("plan -destroy", 2),
    });
    let file = world.folder.path().join("fake-terraform.json");
    std::fs::write(file, script.to_string()).unwrap();
    world
}

/// Ends the run as a cancellation from elsewhere does, and starts another one if `then` says so.
async fn cancelled_elsewhere(world: &World, run_id: RunId, then: bool) -> Option<DeploymentLock> {
    let ready = world.folder.path().join("ready");
    until("terraform", || ready.exists()).await;
    DeploymentLock::release_of_run(&world.iac, &target(), run_id)
        .await
        .unwrap();
    let next = match then {
        true => Some(acquire(&world.iac, RunId::generate(Clock::system().now())).await),
        false => None,
    };
    // Terraform has waited long enough.
    let id: i32 = std::fs::read_to_string(ready).unwrap().parse().unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    next
}

#[tokio::test]
async fn a_plan_of_a_run_that_was_cancelled_meanwhile_is_not_applied() {
    let world = waiting("plan").await;
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.execute(IAC, "a").await.unwrap();
    let run_id = run.record.run_id;
    let (done, _) = tokio::join!(
        run.execute(DEPLOY, "a"),
        cancelled_elsewhere(&world, run_id, false)
    );
    let error = done.unwrap_err();
    insta::assert_snapshot!(message(&error, &run), @"
    plugin `a` was left as it was because the run was ended from elsewhere
      caused by: run <run> no longer holds the lock of project `shop`, environment `dev`
      help: deploy again when no other deployment is running: it continues from what really is deployed
    ");
    assert_eq!(error.exit_code(), stk_run::exit_code::CANCELLED);
    assert!(world.deployed("a").await.is_none(), "nothing was attempted");
}

#[tokio::test]
async fn what_was_applied_is_recorded_although_the_run_was_cancelled() {
    let world = waiting("apply").await;
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.execute(IAC, "a").await.unwrap();
    let run_id = run.record.run_id;
    let (done, _) = tokio::join!(
        run.execute(DEPLOY, "a"),
        cancelled_elsewhere(&world, run_id, false)
    );
    done.unwrap();
    assert!(world.deployed("a").await.unwrap().last_success.is_some());
}

#[tokio::test]
async fn the_records_of_the_run_that_follows_are_left_alone() {
    let world = waiting("apply").await;
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.execute(IAC, "a").await.unwrap();
    let run_id = run.record.run_id;
    let (done, _) = tokio::join!(
        run.execute(DEPLOY, "a"),
        cancelled_elsewhere(&world, run_id, true)
    );
    let error = done.unwrap_err();
    let text = message(&error, &run);
    insta::assert_snapshot!(text, @"
    plugin `a` was changed, but is not recorded, because the run was ended from elsewhere
      caused by: run <id-1> holds the lock of project `shop`, environment `dev`, not run <run>
      help: deploy again when no other deployment is running: it continues from what really is deployed
    ");
    let attempt = world.deployed("a").await.unwrap();
    assert_eq!(
        attempt.last_success, None,
        "the attempt was recorded before"
    );
}

#[tokio::test]
async fn a_destroy_that_lost_its_lock_does_not_forget_what_the_next_run_applied() {
    let world = waiting("plan -destroy").await;
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.apply("a").await.unwrap();
    run.end().await;
    let mut run = world.start(vec![removed("a")]).await;
    let run_id = run.record.run_id;
    let (done, _lock) = tokio::join!(
        run.execute(DESTROY, "a"),
        cancelled_elsewhere(&world, run_id, true)
    );
    assert_eq!(done.unwrap_err().exit_code(), stk_run::exit_code::CANCELLED);
    assert!(world.deployed("a").await.is_some());
}

#[tokio::test]
async fn an_interrupted_apply_is_known_as_an_attempt() {
    let world = waiting("apply").await;
    let file = world.folder.path().join("fake-terraform.json");
    let script = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, script.replace("succeed", "finish")).unwrap();
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.execute(IAC, "a").await.unwrap();
    let (cancel, ready) = (run.cancel.clone(), world.folder.path().join("ready"));
    let interrupt = async {
        until("the apply", || ready.exists()).await;
        cancel.cancel();
    };
    let (done, ()) = tokio::join!(run.execute(DEPLOY, "a"), interrupt);
    let error = done.unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(error.exit_code(), stk_run::exit_code::CANCELLED);
    insta::assert_snapshot!(message(&error, &run), @"
    plugin `a` could not be applied
      caused by: terraform apply was cancelled
      help: the rendered files are kept as iac/a.zip of run <run>
    ");
    let attempt = world.deployed("a").await.unwrap();
    assert_eq!(attempt.last_success, None);
}
