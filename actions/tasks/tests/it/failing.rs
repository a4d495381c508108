//! A deployment that fails half-way, and the ones that follow.

use stk_testing::terraform::require_terraform;

use crate::support::{Lab, healthy, healthy_but};

#[test]
fn what_fails_ends_the_run_and_the_next_one_goes_on_from_there() {
    if require_terraform("what_fails_ends_the_run_and_the_next_one_goes_on_from_there").is_none() {
        return;
    }
    let lab = Lab::fixture("failing-apply", "failing-apply");
    let rows = lab.orchestrate();
    let failed = lab.tasks(&rows);
    assert_eq!(failed.code, 21);
    insta::assert_snapshot!(lab.redacted(&failed.stderr), @"
    [1/6] IAC_SELF_HOSTED before
      1 file rendered
    [2/6] DEPLOY_SELF_HOSTED before
      terraform init
      terraform plan
        + terraform_data.kept will be created
        plan: 1 to add, 0 to change, 0 to destroy
      terraform apply
        terraform_data.kept: creating...
        terraform_data.kept: created in <seconds> [id=<id>]
        applied: 1 added, 0 changed, 0 destroyed
      published connection `kept`
    [3/6] IAC_SELF_HOSTED fragile
      1 file rendered
    [4/6] DEPLOY_SELF_HOSTED fragile
      terraform init
      terraform plan
        + terraform_data.first will be created
        + terraform_data.second will be created
        plan: 2 to add, 0 to change, 0 to destroy
      terraform apply
        terraform_data.first: creating...
        terraform_data.first: created in <seconds> [id=<id>]
    error: plugin `fragile` could not be applied
      caused by: terraform apply exited with code 1
      caused by: Error: Resource precondition failed (main.tf line 12)
          The fragile plugin was told to fail.
      help: the rendered files are kept as iac/fragile.zip of run <id-1>
      help: if the cause lies outside of the project and is mended, run this step again: the run goes on with what failed; otherwise start a new deployment
    ");
    insta::assert_snapshot!(lab.task_statuses(&rows.run_id), @"
    IAC before SUCCEEDED
    DEPLOY before SUCCEEDED
    IAC fragile SUCCEEDED
    DEPLOY fragile FAILED
    IAC after ABORTED
    DEPLOY after ABORTED
    ");
    assert_eq!(lab.status(&rows.run_id), "FAILED");
    assert!(!lab.is_locked());
    assert_eq!(lab.deployed(), ["before", "fragile"]);
    let half = lab.resources("fragile");
    assert_eq!(half.keys().collect::<Vec<_>>(), ["terraform_data.first"]);
    let before = lab.resources("before");

    // Mended: what was made is used, and what was never reached is made.
    lab.project
        .edit_manifest(|text| text.replace("healthy: false", "healthy: true"));
    lab.deploy();
    let whole = lab.resources("fragile");
    assert_eq!(whole["terraform_data.first"], half["terraform_data.first"]);
    assert_eq!(whole.len(), 2);
    assert_eq!(lab.resources("before"), before);
    assert_eq!(lab.resources("after").len(), 1);
}

#[test]
fn what_failed_and_is_removed_is_destroyed() {
    if require_terraform("what_failed_and_is_removed_is_destroyed").is_none() {
        return;
    }
    let lab = Lab::fixture("failing-apply", "failing-apply");
    assert_eq!(lab.tasks(&lab.orchestrate()).code, 21);
    assert_eq!(lab.resources("fragile").len(), 1);
    lab.project.remove_plugin("fragile");
    lab.deploy();
    assert!(lab.resources("fragile").is_empty());
    assert_eq!(lab.deployed(), ["after", "before"]);
}

#[test]
fn a_store_that_fails_in_the_middle_is_named_before_anything_is_applied() {
    let lab = Lab::fake(&["one"], &healthy());
    let rows = lab.orchestrate();
    // Root writes everywhere, so the obstacle is a file where a folder is needed.
    std::fs::write(lab.path("iac/targets/empty/dev/deployed"), "").unwrap();
    let finished = lab.tasks(&rows);
    assert_eq!(finished.code, 22, "{}", finished.stderr);
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
    error: the records of plugin `one` could not be read or written
      caused by: `targets/empty/dev/deployed/one.json` in file://<lab>/iac could not be read: <lab>/iac/targets/empty/dev/deployed is in the way
      caused by: Not a directory (os error 20)
      help: move <lab>/iac/targets/empty/dev/deployed away: the folder belongs to the store alone
    ");
    assert_eq!(lab.status(&rows.run_id), "FAILED");
    assert!(!lab.is_locked());
    std::fs::remove_file(lab.path("iac/targets/empty/dev/deployed")).unwrap();
    lab.deploy();
}

#[test]
fn everything_that_terraform_says_is_shown() {
    let error = |summary: &str| {
        serde_json::json!({"@level": "error", "@message": format!("Error: {summary}"), "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": summary, "detail": format!("Details of {summary}."), "range": {"filename": "main.tf", "start": {"line": 3, "column": 1}}}})
    };
    let script = healthy_but(
        "plan",
        serde_json::json!({"exit": 1, "stdout": [error("one"), error("another")]}),
    );
    let lab = Lab::fake(&["one"], &script);
    let failed = lab.tasks(&lab.orchestrate());
    assert_eq!(failed.code, 21);
    insta::assert_snapshot!(lab.redacted(&failed.stderr), @"
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
      terraform init
      terraform plan
    error: plugin `one` could not be planned
      caused by: terraform plan exited with code 1
      caused by: Error: one (main.tf line 3)
          Details of one.
      caused by: Error: another (main.tf line 3)
          Details of another.
      help: the rendered files are kept as iac/one.zip of run <id-1>
      help: if the cause lies outside of the project and is mended, run this step again: the run goes on with what failed; otherwise start a new deployment
    ");

    let script = healthy_but(
        "init",
        serde_json::json!({"exit": 1, "stderr": ["panic: everything is lost", "goroutine 1"]}),
    );
    let lab = Lab::fake(&["one"], &script);
    let failed = lab.tasks(&lab.orchestrate());
    insta::assert_snapshot!(lab.redacted(&failed.stderr), @"
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
      terraform init
    error: plugin `one` could not be initialised
      caused by: terraform init exited with code 1
      caused by: Error: panic: everything is lost
          goroutine 1
      help: the rendered files are kept as iac/one.zip of run <id-1>
      help: if the cause lies outside of the project and is mended, run this step again: the run goes on with what failed; otherwise start a new deployment
    ");
}
