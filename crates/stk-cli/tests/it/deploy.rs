//! Deployments with the real Terraform.

use stk_run::{RunStatus, TaskStatus};
use stk_testing::terraform::require_terraform;

use crate::support::Case;

const PROJECT: &str = "orders-messaging";

/// The lines of the log that say what was done.
fn summary(log: &str) -> String {
    let telling = [
        "apply   ",
        "destroy ",
        "applied: ",
        "run ",
        "there is nothing",
    ];
    let lines: Vec<_> = log
        .lines()
        .filter(|line| telling.iter().any(|text| line.contains(text)))
        .collect();
    lines.join("\n")
}

#[test]
fn a_project_is_deployed_changed_and_emptied() {
    if require_terraform("a_project_is_deployed_changed_and_emptied").is_none() {
        return;
    }
    let case = Case::new("quickstart");
    let deploy = || {
        let ran = case.deploy();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        assert_eq!(case.lock(PROJECT), None);
        case.shown(&summary(&ran.stderr))
    };
    insta::assert_snapshot!(deploy(), @"
      1. apply   orders-topic
      2. apply   orders-queue
      3. apply   orders-subscription (needs orders-topic-conn from orders-topic, orders-queue-conn from orders-queue)
      4. apply   invoices-bucket
      5. apply   orders-queue-alarm (needs orders-queue-conn from orders-queue)
        applied: 1 added, 0 changed, 0 destroyed
        applied: 2 added, 0 changed, 0 destroyed
        applied: 1 added, 0 changed, 0 destroyed
        applied: 1 added, 0 changed, 0 destroyed
        applied: 1 added, 0 changed, 0 destroyed
    run <id-1> is SUCCEEDED: 5 plugins applied, 0 destroyed
    ");
    // Nothing has changed; Terraform finds that out.
    insta::assert_snapshot!(deploy(), @"
      1. apply   orders-topic
      2. apply   orders-queue
      3. apply   orders-subscription (needs orders-topic-conn from orders-topic, orders-queue-conn from orders-queue)
      4. apply   invoices-bucket
      5. apply   orders-queue-alarm (needs orders-queue-conn from orders-queue)
        applied: 0 added, 0 changed, 0 destroyed
        applied: 0 added, 0 changed, 0 destroyed
        applied: 0 added, 0 changed, 0 destroyed
        applied: 0 added, 0 changed, 0 destroyed
        applied: 0 added, 0 changed, 0 destroyed
    run <id-1> is SUCCEEDED: 5 plugins applied, 0 destroyed
    ");
    // What goes is destroyed last.
    case.project.remove_plugin("orders-queue-alarm");
    case.project.remove_plugin("orders-subscription");
    insta::assert_snapshot!(deploy(), @"
      1. apply   orders-topic
      2. apply   orders-queue
      3. apply   invoices-bucket
      4. destroy orders-queue-alarm
      5. destroy orders-subscription
        applied: 0 added, 0 changed, 0 destroyed
        applied: 0 added, 0 changed, 0 destroyed
        applied: 0 added, 0 changed, 0 destroyed
        applied: 0 added, 0 changed, 1 destroyed
        applied: 0 added, 0 changed, 1 destroyed
    run <id-1> is SUCCEEDED: 3 plugins applied, 2 destroyed
    ");
    let aliases: Vec<_> = case
        .deployed(PROJECT)
        .iter()
        .map(|unit| unit.alias().to_string())
        .collect();
    assert_eq!(aliases, ["orders-topic", "orders-queue", "invoices-bucket"]);
    case.empty();
    insta::assert_snapshot!(deploy(), @"
      1. destroy invoices-bucket
      2. destroy orders-queue
      3. destroy orders-topic
        applied: 0 added, 0 changed, 1 destroyed
        applied: 0 added, 0 changed, 2 destroyed
        applied: 0 added, 0 changed, 1 destroyed
    run <id-1> is SUCCEEDED: 0 plugins applied, 3 destroyed
    ");
    assert_eq!(case.deployed(PROJECT), []);
    insta::assert_snapshot!(deploy(), @"there is nothing to deploy and nothing to destroy");
    let records = case.records(PROJECT);
    assert_eq!(records.len(), 5);
    assert!(
        records
            .iter()
            .all(|record| record.status == RunStatus::Succeeded)
    );
}

#[test]
fn a_failed_deployment_is_recorded_and_the_next_one_goes_on() {
    if require_terraform("a_failed_deployment_is_recorded_and_the_next_one_goes_on").is_none() {
        return;
    }
    let case = Case::new("failing-apply");
    let ran = case.deploy();
    assert_eq!(ran.code, 21, "{}", ran.stderr);
    let record = &case.records("failing-apply")[0];
    assert_eq!(record.status, RunStatus::Failed);
    let statuses: Vec<_> = record
        .tasks
        .iter()
        .map(|task| format!("{} {}", task.title(), task.status))
        .collect();
    insta::assert_snapshot!(statuses.join("\n"), @"
    IAC_SELF_HOSTED before SUCCEEDED
    DEPLOY_SELF_HOSTED before SUCCEEDED
    IAC_SELF_HOSTED fragile SUCCEEDED
    DEPLOY_SELF_HOSTED fragile FAILED
    IAC_SELF_HOSTED after ABORTED
    DEPLOY_SELF_HOSTED after ABORTED
    ");
    let failed = record
        .tasks
        .iter()
        .find(|task| task.status == TaskStatus::Failed);
    let details = failed.unwrap().error_details.as_deref().unwrap_or_default();
    let status = case.success(&["status", &record.run_id.to_string()]);
    assert!(
        status.stdout.contains(details.lines().next().unwrap()),
        "{}",
        status.stdout
    );
    assert_eq!(case.lock("failing-apply"), None);

    case.project
        .edit_manifest(|text| text.replace("healthy: false", "healthy: true"));
    let ran = case.deploy();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        case.records("failing-apply")[0].status,
        RunStatus::Succeeded
    );
}

#[test]
fn without_terraform_nothing_is_left_running() {
    let case = Case::new("empty").with("PATH", "/nowhere");
    case.write(
        ".stk/stk.yaml",
        "schema-version: v2\nkind: manifest\nmetadata: {name: empty}\nspec:\n  type: infra\n  plugins:\n  \
         - name: acme/basics@1.0.0/value@1.0.0\n    alias: one\n    type: infra\n    inputs: {value: x}\n",
    );
    let ran = case.deploy();
    assert_eq!(ran.code, 21, "{}", ran.stderr);
    let shown = case.shown(&ran.stderr);
    insta::assert_snapshot!(shown, @"
    shared-infrastructure project identified, with ID: empty
    ✅ - RUN DEPLOY_SELF_HOSTED successfully started with ID: <id-1>
      1. apply   one
    run <id-1> is cancelled
    error: there is no Terraform to run
      caused by: terraform was not found in any folder of PATH (/nowhere)
      help: install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to the program
    ");
    assert_eq!(case.records("empty")[0].status, RunStatus::Canceled);
    assert_eq!(case.lock("empty"), None);
}
