//! The run is cancelled by another process while its tasks are executed.

use serde_json::json;

use crate::support::{Lab, healthy, healthy_but, release, until};

/// Two plugins; Terraform takes its time in `step`, and its applies are counted.
fn waiting(step: &str) -> Lab {
    let mut lab = Lab::fake(&["one", "two"], &healthy());
    let exit = if step == "plan" { 2 } else { 0 };
    let outputs =
        json!({"@level": "info", "@message": "Outputs: 0", "type": "outputs", "outputs": {}});
    let play = json!({"ready_file": lab.path("ready"), "sleep_ms": 60_000, "on_interrupt": "succeed", "exit": exit, "stdout": [outputs]});
    let mut script = healthy_but(step, play);
    script["apply"]["record_file"] = json!(lab.path("applies"));
    lab.install_fake(&script);
    lab
}

#[test]
fn an_apply_under_way_is_finished_and_the_next_task_is_not_started() {
    let lab = waiting("apply");
    let rows = lab.orchestrate();
    let started = lab.start_tasks(&rows);
    until("the apply", || lab.path("ready").exists());
    let cancelled = lab.cancel(&rows.run_id);
    assert_eq!(cancelled.code, 0, "{}", cancelled.stderr);
    assert!(!lab.is_locked());
    release(&lab.path("ready"));
    let finished = started.finish();
    assert_eq!(finished.code, 30, "{}", finished.stderr);
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
    [1/4] IAC_SELF_HOSTED one
      1 file rendered
    [2/4] DEPLOY_SELF_HOSTED one
      terraform init
      terraform plan
      terraform apply
        Interrupt received. Please wait for Terraform to exit or data loss may occur. Gracefully shutting down...
    error: run `<id-1>` was changed from elsewhere: it is now CANCELED
      help: somebody cancelled the run; deploy again when nothing else is running
    ");
    insta::assert_snapshot!(lab.task_statuses(&rows.run_id), @"
    IAC one SUCCEEDED
    DEPLOY one CANCELED
    IAC two ABORTED
    DEPLOY two ABORTED
    ");
    assert_eq!(lab.status(&rows.run_id), "CANCELED");
    assert_eq!(lab.deployed(), ["one"], "what was applied is on record");
}

#[test]
fn a_plan_is_not_applied_any_more() {
    let lab = waiting("plan");
    let rows = lab.orchestrate();
    let started = lab.start_tasks(&rows);
    until("the plan", || lab.path("ready").exists());
    assert_eq!(lab.cancel(&rows.run_id).code, 0);
    release(&lab.path("ready"));
    let finished = started.finish();
    assert_eq!(finished.code, 30, "{}", finished.stderr);
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
    [1/4] IAC_SELF_HOSTED one
      1 file rendered
    [2/4] DEPLOY_SELF_HOSTED one
      terraform init
      terraform plan
        Interrupt received. Please wait for Terraform to exit or data loss may occur. Gracefully shutting down...
    warning: plugin `one` was left as it was because the run was ended from elsewhere
    error: run `<id-1>` was changed from elsewhere: it is now CANCELED
      help: somebody cancelled the run; deploy again when nothing else is running
    ");
    assert!(!lab.path("applies").exists());
    assert!(lab.deployed().is_empty());
}

#[test]
fn the_run_that_follows_keeps_its_lock() {
    let mut lab = waiting("plan");
    let rows = lab.orchestrate();
    let started = lab.start_tasks(&rows);
    until("the plan", || lab.path("ready").exists());
    assert_eq!(lab.cancel(&rows.run_id).code, 0);
    let next = lab.orchestrate();
    release(&lab.path("ready"));
    let finished = started.finish();
    assert_eq!(finished.code, 30, "{}", finished.stderr);
    assert!(lab.is_locked());
    // The rows of the cancelled run are refused, those of the new one are executed.
    let refused = lab.tasks(&rows);
    assert_eq!(refused.code, 30);
    insta::assert_snapshot!(lab.redacted(&refused.stderr), @"
    error: run `<id-1>` has already ended with status CANCELED
      help: start a new deployment: this run is over
    ");
    lab.install_fake(&healthy());
    assert_eq!(lab.tasks(&next).code, 0);
    assert_eq!(lab.status(&next.run_id), "SUCCEEDED");
}

#[test]
fn a_run_whose_lock_was_taken_away_is_not_executed() {
    let lab = Lab::fake(&["one"], &healthy());
    let rows = lab.orchestrate();
    std::fs::remove_file(lab.path("iac/targets/empty/dev/lock.json")).unwrap();
    let refused = lab.tasks(&rows);
    assert_eq!(refused.code, 30, "{}", refused.stderr);
    insta::assert_snapshot!(lab.redacted(&refused.stderr), @"
    error: the tasks of run `<id-1>` cannot be executed
      caused by: run <id-1> no longer holds the lock of project `empty`, environment `dev`
      help: start a new deployment
    ");
    let next = lab.orchestrate();
    let refused = lab.tasks(&rows);
    assert_eq!(refused.code, 23, "{}", refused.stderr);
    insta::assert_snapshot!(lab.redacted(&refused.stderr), @"
    error: the tasks of run `<id-1>` cannot be executed
      caused by: run <id-2> holds the lock of project `empty`, environment `dev`, not run <id-1>
      help: wait for run <id-2> to end, then start a new deployment
    ");
    assert_eq!(lab.tasks(&next).code, 0);
}
