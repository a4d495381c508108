//! What a deployment hands on: outputs, lines in the log, the record.

use std::fs;

use stk_run::{RunStatus, TaskList};

use crate::support::Case;

#[test]
fn the_order_of_quickstart() {
    let case = Case::new("quickstart");
    let ran = case.success();
    insta::assert_snapshot!(ran.tasks(), @"
    IAC_SELF_HOSTED orders-topic
    DEPLOY_SELF_HOSTED orders-topic
    IAC_SELF_HOSTED orders-queue
    DEPLOY_SELF_HOSTED orders-queue
    IAC_SELF_HOSTED orders-subscription
    DEPLOY_SELF_HOSTED orders-subscription
    IAC_SELF_HOSTED invoices-bucket
    DEPLOY_SELF_HOSTED invoices-bucket
    IAC_SELF_HOSTED orders-queue-alarm
    DEPLOY_SELF_HOSTED orders-queue-alarm
    ");
    // Scripts look for these lines.
    insta::assert_snapshot!(case.shown(&ran.stderr), @"
    shared-infrastructure project identified, with ID: orders-messaging
    ✅ - RUN DEPLOY_SELF_HOSTED successfully started with ID: <id-1>
      1. apply   orders-topic
      2. apply   orders-queue
      3. apply   orders-subscription (needs orders-topic-conn from orders-topic, orders-queue-conn from orders-queue)
      4. apply   invoices-bucket
      5. apply   orders-queue-alarm (needs orders-queue-conn from orders-queue)
    ");
}

#[test]
fn outputs_are_printed_where_no_file_takes_them() {
    let case = Case::new("workspace-connection");
    case.project.edit_manifest(|text| {
        let second = text.match_indices("    - name:").nth(1).unwrap().0;
        let end = text.find("  global-inputs:").unwrap();
        format!("{}{}", &text[..second], &text[end..])
    });
    let ran = case.success();
    insta::assert_snapshot!(case.shown(&ran.stdout), @"
    run_id=<id-1>
    tasks=[{'runTaskId': '<id-2>', 'taskType': 'IAC_SELF_HOSTED', 'pluginAppliedAlias': 'reads-plain', 'order': 0}, {'runTaskId': '<id-3>', 'taskType': 'DEPLOY_SELF_HOSTED', 'pluginAppliedAlias': 'reads-plain', 'order': 1}]
    prepare_tasks=[]
    apply_tasks=[{'runTaskId': '<id-2>', 'taskType': 'IAC_SELF_HOSTED', 'pluginAppliedAlias': 'reads-plain', 'order': 0}, {'runTaskId': '<id-3>', 'taskType': 'DEPLOY_SELF_HOSTED', 'pluginAppliedAlias': 'reads-plain', 'order': 1}]
    ");
}

#[test]
fn outputs_are_written_to_the_file_of_the_runner() {
    let case = Case::new("quickstart");
    let file = case.path("outputs");
    fs::write(&file, "earlier=1\n").unwrap();
    let case = case.with("GITHUB_OUTPUT", &file.display().to_string());
    let ran = case.success();
    assert_eq!(ran.stdout, "");
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .collect();
    let names: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["earlier", "run_id", "tasks", "prepare_tasks", "apply_tasks"]
    );
    let [_, (_, run_id), (_, tasks), (_, prepare), (_, apply)] = lines[..] else {
        panic!("{text}");
    };
    assert_eq!(prepare, "[]");
    assert_eq!(tasks, apply);
    assert_eq!(TaskList::parse(apply).unwrap().rows().len(), 10);
    assert_eq!(
        case.runs("orders-messaging"),
        [run_id.parse::<stk_run::RunId>().unwrap()]
    );
}

#[test]
fn the_record_has_everything_that_the_tasks_need() {
    let case = Case::new("quickstart").with("INPUT_WORKSPACE", "shop");
    let ran = case.success();
    let record = case.record(&ran);
    assert_eq!(record.status, RunStatus::Running);
    assert_eq!(
        TaskList::of_run(&record).to_single_quoted(),
        ran.output("apply_tasks")
    );
    let mut document = serde_json::to_value(&record).unwrap();
    // The subscription alone: it has inputs, global inputs and requirements.
    document["units"] = document["units"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|unit| unit["alias"] == "orders-subscription")
        .cloned()
        .collect();
    document["tasks"] = document["tasks"].as_array().unwrap().len().into();
    let text = serde_json::to_string_pretty(&document).unwrap();
    // The digest of the package is that of the fixture's files.
    let digest = record.units[2].package.to_string();
    insta::assert_snapshot!(case.shown(&text.replace(&digest, "<digest>")), @r#"
    {
      "version": 1,
      "runId": "<id-1>",
      "target": {
        "project": "orders-messaging",
        "environment": "dev"
      },
      "project": {
        "name": "orders-messaging",
        "kind": "infra",
        "stack": "messaging@1.0.0"
      },
      "versionTag": "v1",
      "mode": "per-plugin",
      "workspace": "shop",
      "status": "RUNNING",
      "createdAt": "<time>",
      "updatedAt": "<time>",
      "units": [
        {
          "alias": "orders-subscription",
          "action": "apply",
          "position": 0,
          "plugin": {
            "qualifier": "acme/messaging@1.0.0/subscription@1.0.3",
            "studio": "acme",
            "stack": "messaging@1.0.0",
            "name": "subscription",
            "version": "1.0.3"
          },
          "package": "<digest>",
          "inputs": {
            "source_topic": {
              "stk-type": "required-connection",
              "type": "topic-conn",
              "selected": "orders-topic-conn"
            },
            "target_queue": {
              "stk-type": "required-connection",
              "type": "queue-conn",
              "selected": "orders-queue-conn"
            },
            "raw_delivery": true,
            "event_types": [
              "OrderPlaced",
              "OrderCancelled"
            ]
          },
          "globalInputs": {
            "team": "checkout"
          },
          "globalComputedInputs": {
            "region": "eu-west-1"
          },
          "requires": [
            {
              "slot": "source_topic",
              "connection": "orders-topic-conn",
              "kind": "topic-conn",
              "from": "orders-topic"
            },
            {
              "slot": "target_queue",
              "connection": "orders-queue-conn",
              "kind": "queue-conn",
              "from": "orders-queue"
            }
          ]
        }
      ],
      "tasks": 10
    }
    "#);
}

#[test]
fn equal_sources_are_stored_once() {
    let case = Case::new("workspace-connection");
    let record = case.record(&case.success());
    assert_eq!(record.units[0].package, record.units[1].package);
    let packages = case.project.workdir.join(".stk/runtime/packages");
    assert_eq!(fs::read_dir(packages).unwrap().count(), 1);
}

#[test]
fn an_application_deploys_its_infrastructure_alone() {
    let case = Case::new("app-with-infra");
    let ran = case.success();
    insta::assert_snapshot!(case.shown(&ran.stderr), @"
    application project identified, with ID: <id-1>
    ✅ - RUN DEPLOY_SELF_HOSTED successfully started with ID: <id-2>
      1. apply   orders-table
      2. apply   table-reader (needs orders-table from orders-table)
    ");
    insta::assert_snapshot!(ran.tasks(), @"
    IAC_SELF_HOSTED orders-table
    DEPLOY_SELF_HOSTED orders-table
    IAC_SELF_HOSTED table-reader
    DEPLOY_SELF_HOSTED table-reader
    ");
}

#[test]
fn a_project_of_the_first_format_is_deployed() {
    let case = Case::new("v1");
    insta::assert_snapshot!(case.success().tasks(), @"
    IAC_SELF_HOSTED greeting
    DEPLOY_SELF_HOSTED greeting
    ");
}

#[test]
fn nothing_to_do_is_a_run_that_has_ended() {
    let case = Case::new("empty");
    let ran = case.success();
    insta::assert_snapshot!(case.shown(&format!("{}{}", ran.stdout, ran.stderr)), @"
    run_id=<id-1>
    tasks=[]
    prepare_tasks=[]
    apply_tasks=[]
    shared-infrastructure project identified, with ID: empty
    ✅ - RUN DEPLOY_SELF_HOSTED successfully started with ID: <id-1>
    there is nothing to deploy and nothing to destroy
    ");
    assert_eq!(case.record(&ran).status, RunStatus::Succeeded);
    assert_eq!(case.lock("empty"), None);
    case.success();
}
