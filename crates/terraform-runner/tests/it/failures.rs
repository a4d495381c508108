//! What can go wrong, played by the fake Terraform.

use std::fs;

use serde_json::{Value, json};
use terraform_runner::event::Event;
use terraform_runner::{
    ApplyOptions, Command, Line, PlanOptions, ProcessRunner, Runner, StateOrigin, StepErrorKind,
};

use crate::support::{Project, chain, environment};

fn log(message: &str) -> Value {
    json!({"@level": "info", "@message": message, "@module": "terraform.ui", "type": "log"})
}

fn error(summary: &str) -> Value {
    json!({"@level": "error", "@message": format!("Error: {summary}"), "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": summary, "detail": "Long story.", "range": {"filename": "main.tf", "start": {"line": 3, "column": 1}}}})
}

#[tokio::test]
async fn a_state_in_a_file_is_rescued() {
    let mut project = Project::fake(json!({
        "plan": {"exit": 2},
        "apply": {"exit": 1, "stdout": [error("Failed to save state")], "files": {"errored.tfstate": "{\"serial\": 7}"}},
    }))
    .await;
    let planned = project.plan().await.unwrap();
    let mut failed = project.apply(planned).await.unwrap_err();
    insta::assert_snapshot!(format!("{}\n  help: {}", chain(&failed), failed.help().join("\n")), @"
    terraform apply exited with code 1
      caused by: Error: Failed to save state (main.tf line 3)
      help: the state could not be saved; keep the rescued copy and put it back with `terraform state push` before anything else runs
    ");
    let state = failed.take_rescued_state().unwrap();
    assert_eq!(state.as_bytes(), br#"{"serial": 7}"#);
    assert_eq!(
        state.origin(),
        &StateOrigin::File(project.work().join("errored.tfstate"))
    );
    assert_eq!(format!("{:?}", failed.rescued_state()), "None");
}

#[tokio::test]
async fn a_state_that_an_earlier_run_left_is_not_taken_for_this_ones() {
    let mut project = Project::fake(json!({"plan": {"exit": 2}, "apply": {"exit": 1}})).await;
    fs::write(project.work().join("errored.tfstate"), "old").unwrap();
    let planned = project.plan().await.unwrap();
    assert!(
        project
            .apply(planned)
            .await
            .unwrap_err()
            .rescued_state()
            .is_none()
    );
}

#[tokio::test]
async fn a_printed_state_is_rescued_and_not_shown() {
    let mut dump = log("Emergency state dump");
    dump["state"] = json!({"serial": 9, "password": "hunter2"});
    let mut project = Project::fake(json!({
        "plan": {"exit": 2},
        "apply": {"exit": 1, "stdout": [error("Failed to persist state"), dump]},
    }))
    .await;
    let planned = project.plan().await.unwrap();
    let mut shown = String::new();
    let failed = project
        .session
        .apply(
            planned.file,
            &ApplyOptions::default(),
            &mut |event| shown.push_str(&format!("{event:?} {:?}\n", event.to_line())),
            &project.cancel,
        )
        .await
        .unwrap_err();
    assert!(
        !shown.contains("hunter2") && !format!("{failed:?}").contains("hunter2"),
        "{shown}"
    );
    let state = failed.rescued_state().unwrap();
    assert_eq!(state.origin(), &StateOrigin::Printed);
    assert_eq!(
        serde_json::from_slice::<Value>(state.as_bytes()).unwrap(),
        json!({"serial": 9, "password": "hunter2"})
    );
}

#[tokio::test]
async fn garbage_between_the_events_does_no_harm() {
    let summary = json!({"@level": "info", "@message": "m", "type": "change_summary", "changes": {"add": 1, "change": 0, "remove": 0, "operation": "plan"}});
    let mut project = Project::fake(json!({"plan": {
        "exit": 2,
        "stdout": ["", "{", "{\"type\": 3}", "{\"@level\":\"info\",\"@mess", "plain text", "[1]", summary],
        "raw_stdout": [255, 254, 10, 123, 0, 10],
    }}))
    .await;
    let planned = project.plan().await.unwrap();
    assert!(planned.has_changes);
    assert_eq!(planned.summary.add, 1);
    insta::assert_snapshot!(project.take_said().replace('\0', "\\0"), @r#"
    {
    {"type": 3}
    (an unreadable line of 23 bytes was left out)
    plain text
    [1]
    plan: 1 to add, 0 to change, 0 to destroy
    ��
    {\0
    "#);
}

#[tokio::test]
async fn a_line_of_ten_megabytes_is_whole() {
    let length = 10 * 1024 * 1024;
    let project =
        Project::fake(json!({"version": {"long_line": length, "stderr": ["after"]}})).await;
    let command = Command::version(
        project.session.program().path(),
        &environment(),
        &project.work(),
    );
    let mut lengths = Vec::new();
    let mut take = |line: Line| lengths.push((line.text.len(), line.truncated));
    ProcessRunner::new()
        .run(&command, &mut take, &project.cancel)
        .await
        .unwrap();
    lengths.sort_unstable();
    assert_eq!(lengths, [(5, false), (length, false)]);

    let mut lengths = Vec::new();
    let mut take = |line: Line| lengths.push((line.text.len(), line.truncated));
    ProcessRunner::new()
        .with_line_limit(1000)
        .run(&command, &mut take, &project.cancel)
        .await
        .unwrap();
    lengths.sort_unstable();
    assert_eq!(lengths, [(5, false), (1000, true)]);
}

#[tokio::test]
async fn an_error_in_plain_text_is_found() {
    let mut project = Project::fake(json!({"init": {"exit": 1, "stderr": [
        "There are some problems with the CLI configuration:", "╷", "│ Error: Error parsing terraform.rc", "│ ", "│ At 1:1: key 'x' expected", "╵",
    ]}}))
    .await;
    let failed = project.init().await.unwrap_err();
    insta::assert_snapshot!(chain(&failed), @"
    terraform init exited with code 1
      caused by: Error: Error parsing terraform.rc
    ");
    insta::assert_snapshot!(failed.diagnostics()[0].detail, @"At 1:1: key 'x' expected");
    assert_eq!(failed.stderr_tail().len(), 6);
}

#[tokio::test]
async fn a_failure_without_a_word_keeps_the_tail() {
    let noise: Vec<String> = (0..200).map(|number| format!("line {number}")).collect();
    let mut project = Project::fake(json!({"plan": {"exit": 1, "stderr": noise}})).await;
    let failed = project.plan().await.unwrap_err();
    insta::assert_snapshot!(chain(&failed), @"terraform plan exited with code 1");
    assert_eq!(
        (
            failed.stderr_tail().len(),
            failed.stderr_tail()[49].as_str()
        ),
        (50, "line 199")
    );
}

#[tokio::test]
async fn what_init_said_on_standard_error_is_not_said_again() {
    let warning = "Warning: Unable to open CLI configuration file";
    let mut project = Project::fake(
        json!({"init": {"stderr": [warning]}, "plan": {"stderr": [warning, "news"]}}),
    )
    .await;
    project.init().await.unwrap();
    assert_eq!(project.take_said(), warning);
    project.plan().await.unwrap();
    assert_eq!(project.take_said(), "news");
}

#[tokio::test]
async fn an_interface_of_another_age_is_refused_before_anything_is_applied() {
    let version =
        json!({"@level": "info", "@message": "Terraform 3.0.0", "type": "version", "ui": "2.0"});
    let mut project = Project::fake(json!({"init": {"stdout": [version]}})).await;
    let failed = project.init().await.unwrap_err();
    insta::assert_snapshot!(format!("{failed}\n  help: {}", failed.help().join("\n")), @r#"
    terraform init speaks version "2.0" of the machine-readable UI, and only version 1 is understood
      help: use an older version of Terraform
    "#);
}

#[tokio::test]
async fn an_error_that_is_reported_twice_is_one_error() {
    let mut project = Project::fake(
        json!({"init": {"exit": 1, "stdout": [error("One"), error("One"), error("Two")]}}),
    )
    .await;
    let failed = project.init().await.unwrap_err();
    assert_eq!(failed.diagnostics().len(), 2);
    insta::assert_snapshot!(project.take_said(), @"
    error: One (main.tf line 3): Long story.
    error: Two (main.tf line 3): Long story.
    ");
}

#[tokio::test]
async fn a_plan_that_is_not_there_is_no_plan() {
    let mut project = Project::fake(json!({"plan": {"exit": 0, "writes_plan": false}})).await;
    let failed = project.plan().await.unwrap_err();
    assert!(matches!(failed.kind(), StepErrorKind::NoPlan));
    insta::assert_snapshot!(failed, @"terraform plan succeeded and wrote no plan");
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let project = Project::fake(json!({})).await;
    let nowhere = project.plans().join("nowhere");
    let failed = project
        .session
        .plan(
            &PlanOptions::default(),
            &nowhere,
            &mut |_| {},
            &project.cancel,
        )
        .await
        .unwrap_err();
    insta::assert_snapshot!(chain(&failed).replace(&nowhere.display().to_string(), "[folder]"), @"
    a file for the plan could not be made in [folder]
      caused by: No such file or directory (os error 2)
    ");
    fs::remove_dir_all(project.work()).unwrap();
    let failed = project
        .session
        .force_unlock("x", &mut |_| {}, &project.cancel)
        .await
        .unwrap_err();
    insta::assert_snapshot!(chain(&failed).replace(&project.work().display().to_string(), "[folder]"), @"
    terraform force-unlock could not be run
      caused by: there is no working directory [folder]
    ");
}

#[tokio::test]
async fn a_plan_of_another_directory_is_not_applied() {
    let mut one = Project::fake(json!({"plan": {"exit": 2}})).await;
    let mut other = Project::fake(json!({})).await;
    let planned = one.plan().await.unwrap();
    let failed = other.apply(planned).await.unwrap_err();
    assert!(matches!(failed.kind(), StepErrorKind::ForeignPlan { .. }));
}

#[tokio::test]
async fn outputs_are_asked_for_when_the_apply_does_not_tell_them() {
    let mut project = Project::fake(json!({
        "plan": {"exit": 2},
        "apply": {"stdout": ["done"]},
        "output": {"stdout": ["{", "  \"a\": {\"sensitive\": false, \"type\": \"string\", \"value\": \"x\"},",
            "  \"b\": {\"sensitive\": true, \"type\": \"string\", \"value\": \"hunter2\"}", "}", "", "Warning: dynamodb_table is deprecated"]},
    }))
    .await;
    let planned = project.plan().await.unwrap();
    let applied = project.apply(planned).await.unwrap();
    assert_eq!(applied.outputs.get("a").unwrap().value, Some(json!("x")));
    assert!(applied.outputs.get("b").unwrap().sensitive);
    assert!(!format!("{applied:?} {:?}", project.said).contains("hunter2"));
}

#[tokio::test]
async fn the_child_sees_the_policys_environment_alone() {
    let project = Project::fake(json!({"version": {"record_file": "record.jsonl"}})).await;
    let environment = terraform_runner::EnvironmentPolicy::new().build([
        ("AWS_REGION", "eu-west-1"),
        ("TF_LOG", "TRACE"),
        ("TF_CLI_ARGS", "-x"),
        ("SECRET", "s"),
    ]);
    let command = Command::version(
        project.session.program().path(),
        &environment,
        &project.work(),
    );
    ProcessRunner::new()
        .run(&command, &mut |_| {}, &project.cancel)
        .await
        .unwrap();
    let record: Value =
        serde_json::from_slice(&fs::read(project.work().join("record.jsonl")).unwrap()).unwrap();
    insta::assert_snapshot!(record, @r#"{"arguments":["version"],"environment":{"AWS_REGION":"eu-west-1","CHECKPOINT_DISABLE":"1","TF_INPUT":"0","TF_IN_AUTOMATION":"1"}}"#);
}

#[tokio::test]
async fn events_are_handed_over_in_order() {
    let lines: Vec<Value> = (0..2000).map(|number| log(&number.to_string())).collect();
    let mut project = Project::fake(json!({"init": {"stdout": lines}})).await;
    project.init().await.unwrap();
    let expected: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    assert_eq!(project.said, expected);
    assert!(matches!(Event::parse("text"), Event::Text { .. }));
}

#[tokio::test]
async fn a_plan_that_does_not_fit_is_told_from_other_failures() {
    let detail = |summary: &str, detail: &str| {
        let mut error = error(summary);
        error["diagnostic"]["detail"] = json!(detail);
        error["diagnostic"]["range"] = Value::Null;
        error
    };
    let check = async |diagnostic: Value| {
        let script = json!({"plan": {"exit": 2}, "apply": {"exit": 1, "stdout": [diagnostic]}});
        let mut project = Project::fake(script).await;
        let planned = project.plan().await.unwrap();
        let failed = project.apply(planned).await.unwrap_err();
        format!("{}\n{}", chain(&failed), failed.help().join("\n"))
    };
    let lock_file = detail(
        "Inconsistent dependency lock file",
        "The given plan file was created with a different set of external dependency selections.",
    );
    insta::assert_snapshot!(check(lock_file).await, @"
    terraform apply refused the plan: it was made with other providers than .terraform.lock.hcl names
      caused by: Error: Inconsistent dependency lock file
    apply the plan with the .terraform.lock.hcl that it was made with, or make a new plan
    ");
    let init = detail(
        "Inconsistent dependency lock file",
        "The following dependency selections recorded in the lock file are inconsistent with the current configuration.",
    );
    insta::assert_snapshot!(check(init).await, @"
    terraform apply exited with code 1
      caused by: Error: Inconsistent dependency lock file
    ");
    let version = detail(
        "Failed to read plan from plan file",
        "Cannot read the plan from the given plan file: plan file was created by Terraform 1.11.3, but this is 1.11.4; plan files cannot be transferred between different Terraform versions.",
    );
    insta::assert_snapshot!(check(version).await, @"
    terraform apply refused the plan: it was made by another version
      caused by: Error: Failed to read plan from plan file
    use the same version of Terraform for plan and apply
    ");
    insta::assert_snapshot!(check(detail("Failed to read plan from plan file", "It is broken.")).await, @"
    terraform apply exited with code 1
      caused by: Error: Failed to read plan from plan file
    ");
}

#[tokio::test]
async fn what_show_prints_is_kept_out_of_errors() {
    let show = async |script: Value| {
        let mut project = Project::fake(json!({"plan": {"exit": 2}, "show": script})).await;
        let planned = project.plan().await.unwrap();
        let failed = project.session.show(&planned.file, &project.cancel).await;
        let failed = failed.unwrap_err();
        assert!(!format!("{failed:?} {}", chain(&failed)).contains("hunter2"));
        failed
    };
    let in_text = "│ Error: Couldn't show local plan\n│ \n│ Plan read error: plan file was created by Terraform 1.11.3, but this is\n│ 1.11.4; plan files cannot be transferred between different Terraform\n│ versions\n";
    let lines: Vec<&str> = in_text.lines().collect();
    let failed = show(json!({"exit": 1, "stderr": lines, "stdout": ["hunter2"]})).await;
    assert!(
        matches!(failed.kind(), StepErrorKind::PlanOfAnotherVersion),
        "{failed:?}"
    );
    insta::assert_snapshot!(chain(&failed), @"
    terraform show -json refused the plan: it was made by another version
      caused by: Error: Couldn't show local plan
    ");
    let failed =
        show(json!({"stdout": ["{\"format_version\": \"1.2\", \"errored\": \"hunter2\"}"]})).await;
    insta::assert_snapshot!(chain(&failed), @"
    what terraform show -json printed cannot be used
      caused by: it is not a plan of the documented form (at byte 46 of line 1)
    ");
    let failed = show(json!({"stdout": ["{\"format_version\": \"hunter2"]})).await;
    assert!(
        matches!(failed.kind(), StepErrorKind::Document(_)),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_plan_may_be_longer_than_a_line_and_not_without_a_limit() {
    let runner = ProcessRunner::new().with_line_limit(1000);
    let script = |bytes: usize| json!({"show": {"long_line": bytes}});
    for (bytes, truncated) in [(4000, false), (4001, true)] {
        let project = Project::fake(script(bytes)).await;
        let (program, plan) = (
            project.session.program().path(),
            project.plans().join("plan"),
        );
        let command = Command::show_plan(program, &environment(), &project.work(), &plan);
        let mut lines: Vec<Line> = Vec::new();
        runner
            .run(&command, &mut |line| lines.push(line), &project.cancel)
            .await
            .unwrap();
        assert_eq!((lines[0].text.len(), lines[0].truncated), (4000, truncated));
    }
}
