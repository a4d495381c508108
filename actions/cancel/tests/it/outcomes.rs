//! Everything that may become of a request to cancel.

use std::fs;

use crate::support::Lab;

const RUN: &str = "01J9V6MWFTWQ392331QBCS46KQ";

#[test]
fn without_a_run_there_is_nothing_to_cancel() {
    let lab = Lab::new();
    insta::assert_snapshot!(lab.said(&[]), @"
    no RUN_ID was given: no run was started, so there is nothing to cancel
    exit code 0
    ");
    insta::assert_snapshot!(lab.said(&[("RUN_ID", " "), ("CONTROL_PLANE", "")]), @"
    no RUN_ID was given: no run was started, so there is nothing to cancel
    exit code 0
    ");
    assert!(!lab.document().exists());
    assert!(!lab.path("iac").exists(), "nothing is made");
}

#[test]
fn a_run_that_nobody_knows_is_said() {
    let lab = Lab::new();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", "null")]), @"
    warning: `null` is not a run id: it must be 26 characters of 0-9 and A-Z without I, L, O, U: nothing was cancelled
    exit code 0
    ");
    // No store at all.
    insta::assert_snapshot!(lab.said(&[("RUN_ID", RUN)]), @"
    warning: there is no run `<id-1>` in file://<lab>/iac: nothing was cancelled
    exit code 0
    ");
    assert!(!lab.path("iac").exists(), "nothing is made");
    lab.orchestrate();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", RUN)]), @"
    warning: there is no run `<id-1>` in file://<lab>/iac: nothing was cancelled
    exit code 0
    ");
    assert!(lab.lock().exists());
    assert!(!lab.document().exists());
}

#[test]
fn a_running_run_is_cancelled_and_frees_the_next_one() {
    let lab = Lab::new();
    let (run_id, _) = lab.orchestrate();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id)]), @"
    run <id-1> (project `failing-apply`, environment `dev`) is cancelled
    its deployment lock is released: the next deployment can start
    run_data=<lab>/step/run_data_output.json
    exit code 0
    ");
    assert!(!lab.lock().exists());
    let document = fs::read_to_string(lab.document()).unwrap();
    insta::assert_snapshot!(lab.redacted(&document), @r#"
    {
      "runId": "<id-1>",
      "appId": null,
      "infraId": "failing-apply",
      "envId": "dev",
      "deploymentId": "<id-1>",
      "type": "DEPLOY_SELF_HOSTED",
      "status": "CANCELED",
      "createdAt": "<time>",
      "updatedAt": "<time>",
      "appliedPlugins": [
        {
          "pluginAppliedAlias": "before",
          "tasks": [
            {
              "id": "<id-2>",
              "type": "IAC_SELF_HOSTED",
              "status": "ABORTED",
              "errorDetails": "",
              "logs": ""
            },
            {
              "id": "<id-3>",
              "type": "DEPLOY_SELF_HOSTED",
              "status": "ABORTED",
              "errorDetails": "",
              "logs": ""
            }
          ]
        },
        {
          "pluginAppliedAlias": "after",
          "tasks": [
            {
              "id": "<id-4>",
              "type": "IAC_SELF_HOSTED",
              "status": "ABORTED",
              "errorDetails": "",
              "logs": ""
            },
            {
              "id": "<id-5>",
              "type": "DEPLOY_SELF_HOSTED",
              "status": "ABORTED",
              "errorDetails": "",
              "logs": ""
            }
          ]
        }
      ]
    }
    "#);
    lab.orchestrate();
    // Once more does no harm to the next run.
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id)]), @"
    run <id-1> has already ended with status CANCELED: there is nothing to cancel
    run_data=<lab>/step/run_data_output.json
    exit code 0
    ");
    assert!(lab.lock().exists());
}

#[test]
fn the_document_is_named_in_an_output() {
    let lab = Lab::new();
    let (run_id, _) = lab.orchestrate();
    let outputs = lab.path("outputs");
    fs::write(&outputs, "").unwrap();
    let finished = lab.cancel(&[
        ("RUN_ID", &run_id),
        ("GITHUB_OUTPUT", outputs.to_str().unwrap()),
    ]);
    assert_eq!((finished.code, finished.stdout.as_str()), (0, ""));
    let outputs = fs::read_to_string(outputs).unwrap();
    let path = outputs.trim_end().strip_prefix("run_data=").unwrap();
    assert_eq!(
        fs::canonicalize(path).unwrap(),
        fs::canonicalize(lab.document()).unwrap()
    );
    assert!(path.starts_with('/'));
}

#[test]
fn a_run_that_has_ended_stays_as_it_is() {
    let lab = Lab::new();
    let (run_id, rows) = lab.orchestrate();
    lab.tasks(&run_id, &rows);
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id)]), @"
    run <id-1> has already ended with status SUCCEEDED: there is nothing to cancel
    run_data=<lab>/step/run_data_output.json
    exit code 0
    ");
    let document = fs::read_to_string(lab.document()).unwrap();
    assert!(document.contains("\"status\": \"SUCCEEDED\""), "{document}");
}

#[test]
fn what_was_done_before_stays_done() {
    let lab = Lab::new();
    let (run_id, rows) = lab.orchestrate();
    let first = rows.split("}, ").next().unwrap();
    lab.tasks(&run_id, &format!("{first}}}]"));
    assert_eq!(lab.cancel(&[("RUN_ID", &run_id)]).code, 0);
    let document = fs::read_to_string(lab.document()).unwrap();
    let count = |status: &str| {
        document
            .matches(&format!("\"status\": \"{status}\""))
            .count()
    };
    assert_eq!(
        (count("SUCCEEDED"), count("ABORTED"), count("CANCELED")),
        (1, 3, 1)
    );
}

#[test]
fn the_lock_of_another_run_is_left_alone() {
    let lab = Lab::new();
    let (run_id, _) = lab.orchestrate();
    fs::remove_file(lab.lock()).unwrap();
    let (other, _) = lab.orchestrate();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id)]), @"
    run <id-1> (project `failing-apply`, environment `dev`) is cancelled
    the deployment lock belongs to run <id-2> and was left alone
    run_data=<lab>/step/run_data_output.json
    exit code 0
    ");
    assert!(fs::read_to_string(lab.lock()).unwrap().contains(&other));
}

#[test]
fn a_run_that_was_killed_before_its_record_frees_its_lock() {
    let lab = Lab::new();
    let (run_id, _) = lab.orchestrate();
    fs::remove_file(lab.path(&format!("iac/runs/{run_id}/record.json"))).unwrap();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id)]), @"
    run <id-1> (project `failing-apply`, environment `dev`) had not started any task; its lock is released
    exit code 0
    ");
    assert!(!lab.lock().exists());
}

#[test]
fn a_run_that_ended_without_giving_its_lock_back_loses_it() {
    let lab = Lab::new();
    let (run_id, rows) = lab.orchestrate();
    let lock = fs::read(lab.lock()).unwrap();
    lab.tasks(&run_id, &rows);
    fs::write(lab.lock(), lock).unwrap();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id)]), @"
    run <id-1> has already ended with status SUCCEEDED: there is nothing to cancel
    the deployment lock that it still held is released
    run_data=<lab>/step/run_data_output.json
    exit code 0
    ");
    assert!(!lab.lock().exists());
}

#[test]
fn a_run_of_another_project_is_refused() {
    let lab = Lab::new();
    let (run_id, _) = lab.orchestrate();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id), ("PROJECT", "another")]), @"
    error: run `<id-1>` is of project `failing-apply`, environment `dev`, not of project `another`
      help: give the id of a run of this project; `stk-runtime runs` lists them
    exit code 10
    ");
    assert!(lab.lock().exists());
    fs::remove_file(lab.path(&format!("iac/runs/{run_id}/record.json"))).unwrap();
    assert_eq!(
        lab.cancel(&[("RUN_ID", &run_id), ("PROJECT", "another")])
            .code,
        10
    );
    assert!(lab.lock().exists());
    assert_eq!(
        lab.cancel(&[("RUN_ID", &run_id), ("PROJECT", "failing-apply")])
            .code,
        0
    );
}

#[test]
fn a_document_that_cannot_be_written_does_not_keep_the_lock() {
    let lab = Lab::new();
    let (run_id, _) = lab.orchestrate();
    fs::create_dir(lab.document()).unwrap();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id)]), @"
    run <id-1> (project `failing-apply`, environment `dev`) is cancelled
    its deployment lock is released: the next deployment can start
    error: the run's document could not be written to <lab>/step/run_data_output.json
      caused by: Is a directory (os error 21)
      help: run the action in a folder that can be written
    exit code 22
    ");
    assert!(!lab.lock().exists());
}

#[test]
fn a_damaged_record_is_named() {
    let lab = Lab::new();
    let (run_id, _) = lab.orchestrate();
    fs::write(lab.path(&format!("iac/runs/{run_id}/record.json")), "{").unwrap();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", &run_id)]), @"
    error: run `<id-1>` could not be cancelled
      caused by: `runs/<id-1>/record.json` in file://<lab>/iac cannot be read as a run record
      caused by: EOF while parsing an object at line 1 column 1
      help: restore `runs/<id-1>/record.json` in file://<lab>/iac from a backup
    exit code 22
    ");
}

#[test]
fn what_is_not_available_yet_is_said() {
    let lab = Lab::new();
    insta::assert_snapshot!(lab.said(&[("RUN_ID", RUN), ("CONTROL_PLANE", "")]), @"
    error: the control plane `stackspot` is not available in this version
      help: set the input CONTROL_PLANE to `standalone`
    exit code 10
    ");
    insta::assert_snapshot!(lab.said(&[("RUN_ID", RUN), ("IAC_BUCKET_NAME", "my-bucket")]), @"
    error: the store of runs could not be opened
      caused by: the store `my-bucket` is an S3 bucket, and S3 stores are not available in this version
      help: give `file://` and a folder
    exit code 10
    ");
}
