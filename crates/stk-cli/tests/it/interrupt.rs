//! Ctrl-C in the middle of an apply.

use std::process::Stdio;

use stk_run::{RunStatus, TaskStatus};
use stk_testing::terraform::require_terraform;

use crate::support::{Case, DEPLOY, Ran, wait};
use crate::terminal::interrupt;

const MANIFEST: &str = "\
schema-version: v2
kind: manifest
metadata: {name: empty}
spec:
  type: infra
  plugins:
  - {name: acme/sleeper@1.0.0, alias: sleeper, type: infra}
  - {name: acme/sleeper@1.0.0, alias: after, type: infra}
";
const PLUGIN: &str = "\
schema-version: v2
kind: plugin
metadata: {name: sleeper, display-name: Sleeper, description: Sleeps, version: 1.0.0}
spec:
  type: infra
";

#[test]
fn the_run_is_cancelled_and_the_next_one_can_start() {
    if require_terraform("the_run_is_cancelled_and_the_next_one_can_start").is_none() {
        return;
    }
    let case = Case::new("empty").with("INPUT_LOCALEXEC_ENABLED", "true");
    let ready = case.path("ready");
    case.write(".stk/stk.yaml", MANIFEST);
    case.write("plugins/sleeper/plugin.yaml", PLUGIN);
    let template = format!(
        "resource \"terraform_data\" \"sleeper\" {{\n  provisioner \"local-exec\" {{\n    command = \
         \"touch {} && exec sleep 300\"\n  }}\n}}\n",
        ready.display()
    );
    case.write("plugins/sleeper/templates-deploy/main.tf", &template);
    let child = case
        .command(&DEPLOY)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait("the apply", || ready.exists().then_some(()));
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 30, "{}", ran.stderr);
    assert!(ran.stderr.contains("SIGINT received"), "{}", ran.stderr);
    let record = &case.records("empty")[0];
    assert_eq!(record.status, RunStatus::Canceled);
    let statuses: Vec<_> = record.tasks.iter().map(|task| task.status).collect();
    assert_eq!(
        statuses,
        [
            TaskStatus::Succeeded,
            TaskStatus::Canceled,
            TaskStatus::Aborted,
            TaskStatus::Aborted
        ]
    );
    assert_eq!(case.lock("empty"), None);

    // What the interrupted apply left is known, and can be destroyed.
    case.write(
        ".stk/stk.yaml",
        "schema-version: v2\nkind: manifest\nmetadata: {name: empty}\nspec: {type: infra, plugins: []}\n",
    );
    let ran = case.deploy();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(case.deployed("empty"), []);
}
