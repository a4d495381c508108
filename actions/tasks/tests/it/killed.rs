//! The program is killed in the middle of an apply.

use std::fs;

use rustix::process::Signal;
use stk_testing::terraform::require_terraform;

use crate::support::{Lab, until};

#[test]
fn terraform_goes_on_and_nothing_is_lost() {
    if require_terraform("terraform_goes_on_and_nothing_is_lost").is_none() {
        return;
    }
    let mut lab = Lab::of(&[]);
    lab.set("INPUT_LOCALEXEC_ENABLED", "true");
    let main = format!(
        r#"
        resource "terraform_data" "first" {{}}
        resource "terraform_data" "slow" {{
          depends_on = [terraform_data.first]
          provisioner "local-exec" {{
            command = "echo > {0}/ready; for _ in $(seq 600); do if [ -e {0}/go ]; then exit 0; fi; sleep 0.1; done; exit 1"
          }}
        }}
        resource "terraform_data" "third" {{ depends_on = [terraform_data.slow] }}
        "#,
        lab.root().display()
    );
    lab.plugins(&[
        ("slow", &main),
        ("other", "resource \"terraform_data\" \"x\" {}"),
    ]);
    let rows = lab.orchestrate();
    let started = lab.start_tasks(&rows);
    until("the apply", || lab.path("ready").exists());
    started.signal(Signal::KILL);
    assert_eq!(started.finish().code, -1);

    // The run looks as if it went on, and nobody else gets in.
    assert_eq!(lab.status(&rows.run_id), "RUNNING");
    let refused = lab.try_orchestrate();
    assert_eq!(refused.code, 23, "{}", refused.stderr);
    let again = lab.tasks(&rows);
    assert_eq!(again.code, 10);
    insta::assert_snapshot!(lab.redacted(&again.stderr), @"
    error: the input TASK_LIST does not fit run `<id-1>`
      caused by: DEPLOY_SELF_HOSTED slow was started before and has not ended
      help: if another runner is executing it, wait; if that runner is gone, cancel the run with stk-cancel and deploy again
    ");

    // Terraform does not notice: it finishes and saves its state.
    fs::write(lab.path("go"), "").unwrap();
    let lock = lab
        .state_file("slow")
        .with_file_name(".terraform.tfstate.lock.info");
    until("terraform's end", || {
        !lock.exists() && lab.state_file("slow").exists()
    });
    let finished = lab.resources("slow");
    assert_eq!(finished.len(), 3, "{finished:?}");

    let cancelled = lab.cancel(&rows.run_id);
    assert_eq!(cancelled.code, 0, "{}", cancelled.stderr);
    insta::assert_snapshot!(lab.redacted(&cancelled.stderr), @"
    run <id-1> (project `empty`, environment `dev`) is cancelled
    its deployment lock is released: the next deployment can start
    warning: DEPLOY_SELF_HOSTED slow was being executed: if its runner is still alive, Terraform may go on until it ends; deploy again only when it has
    ");
    assert!(!lab.is_locked());
    insta::assert_snapshot!(lab.task_statuses(&rows.run_id), @"
    IAC slow SUCCEEDED
    DEPLOY slow CANCELED
    IAC other ABORTED
    DEPLOY other ABORTED
    ");

    lab.deploy();
    assert_eq!(lab.resources("slow"), finished, "nothing is made twice");
    assert_eq!(lab.resources("other").len(), 1);
}
