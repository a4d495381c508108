//! Looking at runs, and ending them.

use std::process::Stdio;

use stk_testing::terraform::require_terraform;

use crate::support::{Case, Ran, wait};
use crate::terminal::Session;

const ASK: [&str; 5] = ["deploy", "--env", "dev", "--version", "v1"];

/// A run that waits for an answer.
fn waiting(case: &Case) -> (Session, String) {
    let session = Session::start(case.command(&ASK));
    session.wait_for("Only `yes` is accepted");
    let screen = session.screen();
    let (_, started) = screen.split_once("started with ID: ").unwrap();
    let run_id = started.split_whitespace().next().unwrap().to_owned();
    (session, run_id)
}

#[test]
fn there_is_no_run_yet() {
    let case = Case::new("v1");
    insta::assert_snapshot!(case.seen(&["runs", "--env", "dev"]), @"
    exit 0
    there is no run of project `<id-1>`, environment `dev`
    ");
    assert_eq!(
        case.success(&["runs", "--env", "dev", "--json"]).stdout,
        "[]\n"
    );
    insta::assert_snapshot!(case.seen(&["status", "01J9V6MWFTWQ392331QBCS46KQ"]), @"
    exit 10
    error: there is no run `<id-1>` in file://<folder>/v1/.stk/runtime
      help: give --workdir or --iac-store as the deployment had it
    ");
    insta::assert_snapshot!(case.seen(&["status", "newest"]), @"
    exit 10
    error: `newest` is not a run id: it must be 26 characters of 0-9 and A-Z without I, L, O, U
      help: `stk-runtime runs` lists the runs of a project
    ");
    insta::assert_snapshot!(case.seen(&["cancel", "01J9V6MWFTWQ392331QBCS46KQ"]), @"
    exit 0
    warning: there is no run `<id-1>` in file://<folder>/v1/.stk/runtime: nothing was cancelled
    ");
    // Looking makes no store.
    assert!(!case.project.workdir.join(".stk/runtime").exists());
}

#[test]
fn a_run_is_shown_while_it_waits_and_after_it_is_cancelled() {
    let case = Case::new("v1");
    let (session, run_id) = waiting(&case);
    insta::assert_snapshot!(case.seen(&["status", &run_id]), @"
    exit 0
    run <id-1> of project `<id-2>`, environment `dev`, version v1: RUNNING
    #  TASK                PLUGIN    STATUS   FINISHED
    1  IAC_SELF_HOSTED     greeting  PENDING
    2  DEPLOY_SELF_HOSTED  greeting  PENDING
    ");
    insta::assert_snapshot!(case.seen(&["status", &run_id, "--json"]), @r#"
    exit 0
    {
      "runId": "<id-1>",
      "status": "RUNNING",
      "project": "<id-2>",
      "environment": "dev",
      "versionTag": "v1",
      "pipelineUrl": null,
      "createdAt": "<time>",
      "updatedAt": "<time>",
      "finishedAt": null,
      "tasks": [
        {
          "id": "<id-3>",
          "type": "IAC_SELF_HOSTED",
          "pluginAppliedAlias": "greeting",
          "status": "PENDING",
          "errorDetails": null,
          "startedAt": null,
          "finishedAt": null
        },
        {
          "id": "<id-4>",
          "type": "DEPLOY_SELF_HOSTED",
          "pluginAppliedAlias": "greeting",
          "status": "PENDING",
          "errorDetails": null,
          "startedAt": null,
          "finishedAt": null
        }
      ]
    }
    "#);

    let watch = case
        .command(&["status", &run_id, "--watch"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    insta::assert_snapshot!(case.seen(&["cancel", &run_id, "--force"]), @"
    exit 0
    run_data=<folder>/run_data_output.json
    run <id-1> (project `<id-2>`, environment `dev`) is cancelled
    its deployment lock is released: the next deployment can start
    ");
    let watched = Ran::of(watch.wait_with_output().unwrap());
    assert_eq!(watched.code, 0, "{}", watched.stderr);
    assert!(watched.stdout.contains("CANCELED"), "{}", watched.stdout);
    assert!(case.path("run_data_output.json").is_file());
    // A second time there is nothing to cancel.
    let again = case.success(&["cancel", &run_id]);
    assert!(again.stderr.contains("already ended"), "{}", again.stderr);
    drop(session);
}

#[test]
fn runs_are_listed_newest_first() {
    if require_terraform("runs_are_listed_newest_first").is_none() {
        return;
    }
    let case = Case::new("v1");
    for version in ["v1", "v2"] {
        let ran = case.run(&[
            "deploy",
            "--env",
            "dev",
            "--version",
            version,
            "--auto-approve",
        ]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    insta::assert_snapshot!(case.seen(&["runs", "--env", "dev"]), @"
    exit 0
    RUN                         VERSION  STATUS     STARTED               FINISHED
    <id-1>  v2       SUCCEEDED  <time>  <time>
    <id-2>  v1       SUCCEEDED  <time>  <time>
    ");
    insta::assert_snapshot!(case.seen(&["runs", "--env", "dev", "--json"]), @r#"
    exit 0
    [
      {
        "runId": "<id-1>",
        "status": "SUCCEEDED",
        "project": "<id-2>",
        "environment": "dev",
        "versionTag": "v2",
        "pipelineUrl": null,
        "createdAt": "<time>",
        "updatedAt": "<time>",
        "finishedAt": "<time>"
      },
      {
        "runId": "<id-3>",
        "status": "SUCCEEDED",
        "project": "<id-2>",
        "environment": "dev",
        "versionTag": "v1",
        "pipelineUrl": null,
        "createdAt": "<time>",
        "updatedAt": "<time>",
        "finishedAt": "<time>"
      }
    ]
    "#);
    insta::assert_snapshot!(case.seen(&["runs", "--env", "prd"]), @"
    exit 0
    there is no run of project `<id-1>`, environment `prd`
    ");
}

#[test]
fn a_run_is_watched_to_its_end() {
    if require_terraform("a_run_is_watched_to_its_end").is_none() {
        return;
    }
    let case = Case::new("v1");
    let (mut session, run_id) = waiting(&case);
    let mut watch = case
        .command(&["status", &run_id, "--watch", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    session.type_line("yes");
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    wait("the watch", || watch.try_wait().unwrap());
    let watched = watch.wait_with_output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&watched.stdout).unwrap();
    assert_eq!(document["status"], "SUCCEEDED");
}
