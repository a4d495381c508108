//! A project's whole life: deployed, changed, reduced, emptied, with the real Terraform.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use stk_testing::terraform::require_terraform;

use crate::support::Lab;

const ALL: [&str; 5] = [
    "orders-subscription",
    "orders-topic",
    "orders-queue",
    "invoices-bucket",
    "orders-queue-alarm",
];

fn resources(lab: &Lab) -> BTreeMap<&'static str, BTreeMap<String, String>> {
    ALL.map(|alias| (alias, lab.resources(alias))).into()
}

/// The tasks in the order in which they were started, by their titles.
fn order(stderr: &str) -> String {
    let titles = stderr.lines().filter(|line| line.starts_with('['));
    titles.collect::<Vec<_>>().join("\n")
}

#[test]
fn quickstart_lives_and_ends() {
    if require_terraform("quickstart_lives_and_ends").is_none() {
        return;
    }
    let lab = Lab::fixture("quickstart", "orders-messaging");
    let first = lab.deploy();
    insta::assert_snapshot!(order(&first.stderr), @"
    [1/10] IAC_SELF_HOSTED orders-topic
    [2/10] DEPLOY_SELF_HOSTED orders-topic
    [3/10] IAC_SELF_HOSTED orders-queue
    [4/10] DEPLOY_SELF_HOSTED orders-queue
    [5/10] IAC_SELF_HOSTED orders-subscription
    [6/10] DEPLOY_SELF_HOSTED orders-subscription
    [7/10] IAC_SELF_HOSTED invoices-bucket
    [8/10] DEPLOY_SELF_HOSTED invoices-bucket
    [9/10] IAC_SELF_HOSTED orders-queue-alarm
    [10/10] DEPLOY_SELF_HOSTED orders-queue-alarm
    ");
    let made = resources(&lab);
    insta::assert_snapshot!(
        made.iter().map(|(alias, found)| format!("{alias}: {}", found.keys().cloned().collect::<Vec<_>>().join(" "))).collect::<Vec<_>>().join("\n"),
        @"
    invoices-bucket: terraform_data.bucket
    orders-queue: module.dead_letter.terraform_data.dead_letter terraform_data.queue
    orders-queue-alarm: terraform_data.alarm
    orders-subscription: terraform_data.subscription
    orders-topic: terraform_data.topic
    "
    );
    // The requirer has the ids that its generators really got.
    let subscription = fs::read_to_string(lab.state_file("orders-subscription")).unwrap();
    for (alias, address) in [
        ("orders-topic", "terraform_data.topic"),
        ("orders-queue", "terraform_data.queue"),
    ] {
        assert!(
            subscription.contains(&made[alias][address]),
            "{subscription}"
        );
    }
    outputs_are_written_as_terraform_prints_them(&lab);

    // Nothing has changed: nothing changes.
    let states = ALL.map(|alias| lab.state(alias).unwrap());
    let again = lab.deploy();
    let unchanged = again
        .stderr
        .matches("applied: 0 added, 0 changed, 0 destroyed")
        .count();
    assert_eq!(unchanged, 5, "{}", again.stderr);
    assert_eq!(ALL.map(|alias| lab.state(alias).unwrap()), states);

    // One input: one change in place.
    lab.project.edit_manifest(|text| {
        text.replace(
            "visibility_timeout_seconds: 120",
            "visibility_timeout_seconds: 60",
        )
    });
    let changed = lab.deploy();
    assert_eq!(
        changed
            .stderr
            .matches("applied: 0 added, 1 changed, 0 destroyed")
            .count(),
        1,
        "{}",
        changed.stderr
    );
    assert_eq!(
        changed
            .stderr
            .matches("applied: 0 added, 0 changed, 0 destroyed")
            .count(),
        4
    );
    assert!(
        fs::read_to_string(lab.state_file("orders-queue"))
            .unwrap()
            .contains("\"visibility_timeout_seconds\": 60")
    );
    assert_eq!(resources(&lab), made);

    // One plugin goes, and so has its source: it is destroyed with what it was applied with.
    let source = lab
        .project
        .plugins_path
        .join("acme/messaging@1.0.0/queue-alarm@0.4.0");
    fs::remove_dir_all(&source).unwrap();
    lab.project.remove_plugin("orders-queue-alarm");
    let reduced = lab.deploy();
    insta::assert_snapshot!(order(&reduced.stderr), @"
    [1/9] IAC_SELF_HOSTED orders-topic
    [2/9] DEPLOY_SELF_HOSTED orders-topic
    [3/9] IAC_SELF_HOSTED orders-queue
    [4/9] DEPLOY_SELF_HOSTED orders-queue
    [5/9] IAC_SELF_HOSTED orders-subscription
    [6/9] DEPLOY_SELF_HOSTED orders-subscription
    [7/9] IAC_SELF_HOSTED invoices-bucket
    [8/9] DEPLOY_SELF_HOSTED invoices-bucket
    [9/9] DESTROY_SELF_HOSTED orders-queue-alarm
    ");
    let mut left = made.clone();
    left.insert("orders-queue-alarm", BTreeMap::new());
    assert_eq!(resources(&lab), left);
    assert!(!lab.deployed().contains(&"orders-queue-alarm".to_owned()));

    // A changed source of a plugin that goes: its old IaC is used, not the new one, which is broken.
    let bucket = lab
        .project
        .plugins_path
        .join("acme/storage@2.1.0/bucket@2.0.1/templates-deploy");
    fs::write(bucket.join("broken.tf"), "resource {{ }").unwrap();
    for alias in ALL.iter().filter(|alias| **alias != "orders-queue-alarm") {
        lab.project.remove_plugin(alias);
    }
    let emptied = lab.deploy();
    insta::assert_snapshot!(order(&emptied.stderr), @"
    [1/4] DESTROY_SELF_HOSTED invoices-bucket
    [2/4] DESTROY_SELF_HOSTED orders-subscription
    [3/4] DESTROY_SELF_HOSTED orders-queue
    [4/4] DESTROY_SELF_HOSTED orders-topic
    ");
    assert!(resources(&lab).values().all(BTreeMap::is_empty));
    assert!(lab.deployed().is_empty());
    assert_eq!(
        fs::read_dir(lab.path("iac/environments/dev/connections")).map_or(0, Iterator::count),
        0
    );

    // And once more: there is nothing to do.
    let rows = lab.orchestrate();
    assert_eq!(rows.list, "[]");
    assert_eq!(lab.tasks(&rows).code, 0);
    assert_eq!(
        fs::read_dir(lab.path("temp")).unwrap().count(),
        0,
        "working folders are removed"
    );
}

fn outputs_are_written_as_terraform_prints_them(lab: &Lab) {
    for alias in ["orders-topic", "orders-queue", "orders-subscription"] {
        let file = lab.path(&format!("mount/{alias}outputs.json"));
        let written: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let state = lab.state(alias).unwrap();
        let in_state = state["outputs"].as_object().unwrap();
        assert_eq!(written.as_object().unwrap().len(), in_state.len());
        for (name, output) in in_state {
            assert_eq!(written[name]["value"], output["value"], "{alias} {name}");
            assert_eq!(written[name]["type"], output["type"], "{alias} {name}");
            assert_eq!(written[name]["sensitive"], false, "{alias} {name}");
        }
    }
    let alarm = fs::read_to_string(lab.path("mount/orders-queue-alarmoutputs.json")).unwrap();
    assert_eq!(alarm, "{}\n");
}

#[test]
fn a_sensitive_output_is_listed_without_its_value() {
    if require_terraform("a_sensitive_output_is_listed_without_its_value").is_none() {
        return;
    }
    let main = "resource \"terraform_data\" \"made\" { input = \"canary-in-the-state\" }\n\
                output \"secret\" {\n  value = terraform_data.made.output\n  sensitive = true\n}\n\
                output \"list\" { value = [1, \"two\"] }\n";
    let mut lab = Lab::of(&[("keeper", main)]);
    lab.set("INPUT_OUTPUT_FILE", "-result.json");
    let finished = lab.deploy();
    let written = fs::read_to_string(lab.path("mount/keeper-result.json")).unwrap();
    insta::assert_snapshot!(written, @r#"
    {
      "list": {
        "sensitive": false,
        "type": [
          "tuple",
          [
            "number",
            "string"
          ]
        ],
        "value": [
          1,
          "two"
        ]
      },
      "secret": {
        "sensitive": true,
        "type": "string"
      }
    }
    "#);
    assert!(
        !finished.stderr.contains("canary-in-the-state"),
        "{}",
        finished.stderr
    );
}
