//! Inputs that are wrong: what is said, and the exit code.

use crate::support::{Lab, healthy};

const ROW: &str = "[{'runTaskId': '01J9V6MWFTWQ392331QBCS46KQ', 'taskType': 'IAC_SELF_HOSTED'}]";
const RUN: &str = "01J9V6MWFTWQ392331QBCS46KQ";

/// What is said about these inputs.
fn check(inputs: &[(&str, &str)]) -> String {
    let lab = Lab::fixture("empty", "empty");
    let mut command = lab.tasks_command(RUN, ROW);
    for (name, value) in inputs {
        command.env(format!("INPUT_{name}"), value);
    }
    let finished = lab.start(command).finish();
    assert_eq!(finished.stdout, "");
    format!(
        "{}\nexit code {}",
        lab.redacted(&finished.stderr),
        finished.code
    )
}

#[test]
fn an_empty_list_of_tasks_is_explained() {
    insta::assert_snapshot!(check(&[("TASK_LIST", " ")]), @"
    error: the input TASK_LIST is empty
      caused by: GitHub drops an output that contains the text of a secret, so the orchestrator's `apply_tasks` may have been lost on the way
      help: look for the warning `Skip output 'apply_tasks' since it may contain secret` in the orchestrator's job, and change the secret whose text stands in an alias or an id
      help: if the workflow hands on the output itself, check the step's id and the job's `outputs`; an empty list is written `[]`
    exit code 10
    ");
}

#[test]
fn a_malformed_list_of_tasks_is_located() {
    insta::assert_snapshot!(check(&[("TASK_LIST", "[{'runTaskId': 'a', }")]), @"
    error: the input TASK_LIST is malformed
      caused by: the task list cannot be read at character 22: expected `,` or `]`: …kId': 'a', }…
      help: hand on the orchestrator's output `apply_tasks` unchanged
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("TASK_LIST", "{'runTaskId': 'a'}")]), @"
    error: the input TASK_LIST is malformed
      caused by: the task list must be a list `[…]`, but it is an object
      help: hand on the orchestrator's output `apply_tasks` unchanged
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("TASK_LIST", "[{'taskType': 'IAC_SELF_HOSTED'}]")]), @"
    error: the input TASK_LIST is malformed
      caused by: row 1 of the task list has no `runTaskId`
      help: hand on the orchestrator's output `apply_tasks` unchanged
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("TASK_LIST", "${{ steps.x.outputs.apply_tasks }}")]), @"
    error: the input TASK_LIST is malformed
      caused by: the task list cannot be read at character 1: expected a list, an object, a text, a number or a constant: …${{ steps.x.outputs.appl…
      help: hand on the orchestrator's output `apply_tasks` unchanged
    exit code 10
    ");
}

#[test]
fn a_run_that_is_not_there_is_said() {
    insta::assert_snapshot!(check(&[("RUN_ID", "")]), @"
    error: input `RUN_ID` is required and is empty
      help: set `RUN_ID` under `with:` of the step; outside GitHub, the environment variable `INPUT_RUN_ID`
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("RUN_ID", "12")]), @"
    error: the input RUN_ID is malformed
      caused by: `12` is not a run id: it must be 26 characters of 0-9 and A-Z without I, L, O, U
      help: hand on the orchestrator's output `run_id` unchanged
    exit code 10
    ");
    insta::assert_snapshot!(check(&[]), @"
    error: there is no run `<id-1>` in file://<lab>/iac
      help: give the tasks action the same IAC_BUCKET_NAME (or WORKDIR) as the orchestrator, and the orchestrator's output `run_id`
    exit code 10
    ");
    let lab = Lab::fake(&["one"], &healthy());
    lab.orchestrate();
    let finished = lab.start(lab.tasks_command(RUN, ROW)).finish();
    assert_eq!(finished.code, 10);
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
    error: there is no run `<id-1>` in file://<lab>/iac
      help: give the tasks action the same IAC_BUCKET_NAME (or WORKDIR) as the orchestrator, and the orchestrator's output `run_id`
    ");
}

#[test]
fn a_run_of_another_project_is_refused() {
    let mut lab = Lab::fake(&["one"], &healthy());
    let rows = lab.orchestrate();
    lab.set("INPUT_PROJECT", "another");
    let finished = lab.tasks(&rows);
    assert_eq!(finished.code, 10);
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
    error: run `<id-1>` is of project `empty`, environment `dev`, not of project `another`
      help: hand on the `run_id` of this project's own orchestrator; `stk-runtime runs` lists the runs of a project
    ");
    lab.set("INPUT_PROJECT", "empty");
    assert_eq!(lab.tasks(&rows).code, 0);
}

#[test]
fn what_is_not_available_yet_is_said() {
    insta::assert_snapshot!(check(&[("CONTROL_PLANE", "")]), @"
    error: the control plane `stackspot` is not available in this version
      help: set the input CONTROL_PLANE to `standalone`
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("CONTROL_PLANE", "moon")]), @"
    error: input `CONTROL_PLANE` must be one of `stackspot`, `standalone`, not `moon`
      help: set `CONTROL_PLANE` under `with:` of the step; outside GitHub, the environment variable `INPUT_CONTROL_PLANE`
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("AWS_ROLE_ARN", "arn:aws:iam::1:role/x")]), @"
    error: assuming the role of AWS_ROLE_ARN is not available in this version
      help: assume the role in a step before this one (for example with aws-actions/configure-aws-credentials) and leave AWS_ROLE_ARN empty
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("TERRAFORM_IMAGE", "hashicorp/terraform:1.11")]), @"
    error: running Terraform in a container (TERRAFORM_IMAGE) is not available in this version
      help: install Terraform on the runner and leave TERRAFORM_IMAGE empty
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("IAC_BUCKET_NAME", "my-bucket")]), @"
    error: the store could not be opened
      caused by: the store `my-bucket` is an S3 bucket, and S3 stores are not available in this version
      help: give `file://` and a folder
    exit code 10
    ");
}

#[test]
fn values_that_make_no_sense_are_named() {
    insta::assert_snapshot!(check(&[("TF_PARALLELISM", "many")]), @"
    error: input `TF_PARALLELISM` must be a number, not `many` (invalid digit found in string)
      help: set `TF_PARALLELISM` under `with:` of the step; outside GitHub, the environment variable `INPUT_TF_PARALLELISM`
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("TF_PARALLELISM", "0")]), @"
    error: the input TF_PARALLELISM is 0
      help: give how many operations Terraform may do at once, from 1
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("OUTPUT_FILE", "../x.json")]), @"
    error: the input OUTPUT_FILE must be the end of a file's name, but it is `../x.json`
      help: give it without a folder, e.g. `outputs.json`: the files are written to PATH_TO_MOUNT
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("AWS_ACCESS_KEY_ID", "AKIACANARY")]), @"
    error: the AWS keys are incomplete: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together
      help: give both (and AWS_SESSION_TOKEN for temporary keys), or none to use the runner's own identity
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("FEATURES_LEVEL_LOG", "loud"), ("TASK_LIST", "[]")]), @"
    warning: FEATURES_LEVEL_LOG is `loud`, which is none of error, warn, info, debug and trace: info is used
    the task list is empty: there is nothing to do
    exit code 0
    ");
}

#[test]
fn a_list_of_module_sources_is_checked() {
    insta::assert_snapshot!(check(&[("FEATURES_TERRAFORM_MODULES", "[\n  {\"token\": \"ghp_canary\" \"path\": 1}\n]")]), @"
    error: the input FEATURES_TERRAFORM_MODULES is malformed
      caused by: line 2, column 26: expected `,` or `}`
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    exit code 10
    ");
    insta::assert_snapshot!(check(&[("FEATURES_TERRAFORM_MODULES", "[{\"path\": \"x\", # a comment in a block that joins lines }]")]), @"
    error: the input FEATURES_TERRAFORM_MODULES is malformed
      caused by: line 1, column 57: EOF while parsing an object
      help: a comment reaches to the end of its line; if the workflow writes the input as `>-`, which joins lines, write it as `|`
    exit code 10
    ");
    let modules = r#"[
      // Allows all repositories of the organization
      {"sourceType": "gitHttps", "path": "github.com/acme", "privat": true, "token": "ghp_canary"},
    ]"#;
    insta::assert_snapshot!(check(&[("FEATURES_TERRAFORM_MODULES", modules), ("TASK_LIST", "[]")]), @"
    warning: FEATURES_TERRAFORM_MODULES: line 3, column 71: unknown key `privat`
    the task list is empty: there is nothing to do
    exit code 0
    ");
}
