//! On GitHub: groups, annotations, masks, the step summary.

use std::fs;

use serde_json::json;

use crate::support::{Lab, healthy, healthy_but};

fn on_github(lab: &mut Lab) {
    let summary = lab.path("summary.md");
    lab.set("GITHUB_ACTIONS", "true");
    lab.set("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
}

#[test]
fn a_success_is_folded_and_summarised() {
    let mut lab = Lab::fake(&["one", "two"], &healthy());
    let rows = lab.orchestrate();
    on_github(&mut lab);
    lab.set("INPUT_AWS_ACCESS_KEY_ID", "AKIACANARY");
    lab.set("INPUT_AWS_SECRET_ACCESS_KEY", "canary-secret");
    let finished = lab.tasks(&rows);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(finished.stdout, "");
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
    ::add-mask::AKIACANARY
    ::add-mask::canary-secret
    ::group::[1/4] IAC_SELF_HOSTED one
      1 file rendered
    ::endgroup::
    ::group::[2/4] DEPLOY_SELF_HOSTED one
      terraform init
      terraform plan
      terraform apply
    ::endgroup::
    ::group::[3/4] IAC_SELF_HOSTED two
      1 file rendered
    ::endgroup::
    ::group::[4/4] DEPLOY_SELF_HOSTED two
      terraform init
      terraform plan
      terraform apply
    ::endgroup::
    ");
    insta::assert_snapshot!(lab.redacted(&fs::read_to_string(lab.path("summary.md")).unwrap()), @"
    ### Deployment of project `empty`, environment `dev` (v1)

    Run `<id-1>` is **SUCCEEDED**.

    | # | task | plugin | status |
    |---|---|---|---|
    | 1 | IAC_SELF_HOSTED | `one` | SUCCEEDED |
    | 2 | DEPLOY_SELF_HOSTED | `one` | SUCCEEDED |
    | 3 | IAC_SELF_HOSTED | `two` | SUCCEEDED |
    | 4 | DEPLOY_SELF_HOSTED | `two` | SUCCEEDED |
    ");
}

#[test]
fn a_failure_is_annotated_and_summarised() {
    let error = json!({"@level": "error", "@message": "Error: Bad <thing>", "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": "Bad <thing>", "detail": "::error::no command", "range": {"filename": "main.tf", "start": {"line": 3, "column": 1}}}});
    let warning = json!({"@level": "warn", "@message": "Warning: Old", "type": "diagnostic",
        "diagnostic": {"severity": "warning", "summary": "Old", "detail": "Use the new one."}});
    let script = healthy_but(
        "plan",
        json!({"exit": 1, "stdout": ["::set-output name=x::y", warning, error]}),
    );
    let mut lab = Lab::fake(&["one", "two"], &script);
    let rows = lab.orchestrate();
    on_github(&mut lab);
    let finished = lab.tasks(&rows);
    assert_eq!(finished.code, 21);
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @r"
    ::group::[1/4] IAC_SELF_HOSTED one
      1 file rendered
    ::endgroup::
    ::group::[2/4] DEPLOY_SELF_HOSTED one
      terraform init
      terraform plan
    \    ::set-output name=x::y
    ::warning::plugin `one`: Old: Use the new one.
    ::endgroup::
    error: plugin `one` could not be planned
      caused by: terraform plan exited with code 1
      caused by: Error: Bad <thing> (main.tf line 3)
    \      ::error::no command
      help: the rendered files are kept as iac/one.zip of run <id-1>
      help: if the cause lies outside of the project and is mended, run this step again: the run goes on with what failed; otherwise start a new deployment
    ::error::plugin `one` could not be planned: Error: Bad <thing> (main.tf line 3)
    ");
    insta::assert_snapshot!(lab.redacted(&fs::read_to_string(lab.path("summary.md")).unwrap()), @"
    ### Deployment of project `empty`, environment `dev` (v1)

    Run `<id-1>` is **FAILED**.

    | # | task | plugin | status |
    |---|---|---|---|
    | 1 | IAC_SELF_HOSTED | `one` | SUCCEEDED |
    | 2 | DEPLOY_SELF_HOSTED | `one` | FAILED |
    | 3 | IAC_SELF_HOSTED | `two` | ABORTED |
    | 4 | DEPLOY_SELF_HOSTED | `two` | ABORTED |

    DEPLOY_SELF_HOSTED of `one`:

    <pre>plugin `one` could not be planned: terraform plan exited with code 1: Error: Bad &lt;thing&gt; (main.tf line 3)
    ::error::no command</pre>
    ");
}
