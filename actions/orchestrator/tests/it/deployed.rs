//! Deployments that start from what is deployed.

use stk_run::Action;

use crate::support::{Case, execution};

/// The quickstart project, of which everything is deployed.
fn quickstart() -> Case {
    let case = Case::new("quickstart");
    let record = case.record(&case.success());
    case.deploy(&record);
    case
}

#[test]
fn what_did_not_change_is_applied_again() {
    let case = quickstart();
    let ran = case.success();
    assert_eq!(ran.tasks().lines().count(), 10);
    assert!(!ran.tasks().contains("DESTROY"), "{}", ran.tasks());
}

#[test]
fn a_removed_plugin_is_destroyed_last_with_its_old_code() {
    let case = quickstart();
    let first = case.runs("orders-messaging")[0];
    case.project.remove_plugin("orders-subscription");
    let ran = case.success();
    insta::assert_snapshot!(ran.tasks(), @"
    IAC_SELF_HOSTED orders-topic
    DEPLOY_SELF_HOSTED orders-topic
    IAC_SELF_HOSTED orders-queue
    DEPLOY_SELF_HOSTED orders-queue
    IAC_SELF_HOSTED invoices-bucket
    DEPLOY_SELF_HOSTED invoices-bucket
    IAC_SELF_HOSTED orders-queue-alarm
    DEPLOY_SELF_HOSTED orders-queue-alarm
    DESTROY_SELF_HOSTED orders-subscription
    ");
    insta::assert_snapshot!(case.shown(&ran.stderr), @"
    shared-infrastructure project identified, with ID: orders-messaging
    ✅ - RUN DEPLOY_SELF_HOSTED successfully started with ID: <id-1>
      1. apply   orders-topic
      2. apply   orders-queue
      3. apply   invoices-bucket
      4. apply   orders-queue-alarm (needs orders-queue-conn from orders-queue)
      5. destroy orders-subscription
    ");
    let record = case.record(&ran);
    let unit = record.units.last().unwrap();
    assert_eq!(unit.action, Action::Destroy);
    assert_eq!(unit.iac, Some(execution(first, &unit.alias).iac));
    let inputs = serde_json::to_string(&unit.inputs).unwrap();
    assert!(inputs.contains("OrderCancelled"), "{inputs}");
}

#[test]
fn everything_is_destroyed_in_reverse_order_when_the_list_is_emptied() {
    let case = quickstart();
    case.project.edit_manifest(|text| {
        let start = text.find("  plugins:").unwrap();
        let end = text.find("  global-inputs:").unwrap();
        format!("{}  plugins: []\n{}", &text[..start], &text[end..])
    });
    let ran = case.success();
    insta::assert_snapshot!(ran.tasks(), @"
    DESTROY_SELF_HOSTED orders-queue-alarm
    DESTROY_SELF_HOSTED invoices-bucket
    DESTROY_SELF_HOSTED orders-subscription
    DESTROY_SELF_HOSTED orders-queue
    DESTROY_SELF_HOSTED orders-topic
    ");
    let record = case.record(&ran);
    case.deploy(&record);
    // And then there is nothing left to do.
    let ran = case.success();
    assert_eq!(ran.output("apply_tasks"), "[]");
    assert_eq!(case.lock("orders-messaging"), None);
}

#[test]
fn what_is_still_required_is_not_removed() {
    let case = Case::new("removed-generator");
    let record = case.record(&case.success());
    case.deploy(&record);
    let text =
        std::fs::read_to_string(case.project.workdir.join(".stk/without-generator.stk.yaml"));
    case.write(".stk/stk.yaml", &text.unwrap());
    insta::assert_snapshot!(case.failure(), @"
    exit 12
    shared-infrastructure project identified, with ID: removed-generator
    error: the project cannot be deployed
      caused by: removed-generator/.stk/stk.yaml:18:13: error[STK062]: plugin `generator` cannot be removed: `requirer` still requires its connection `kept` (slot `origin`)
      help: remove `requirer` as well, let it select another connection, or put `generator` back
    ");
    assert_eq!(case.lock("removed-generator"), None);
}
