//! Signals to the program, and what Terraform sees of them.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use stk_testing::terraform::require_terraform;

use crate::support::{Lab, healthy, healthy_but, until};

/// Three plugins; Terraform waits in the apply of the first.
fn waiting(on_interrupt: &str) -> Lab {
    let mut lab = Lab::fake(&["one", "two", "three"], &healthy());
    let apply = json!({
        "ready_file": lab.path("ready"), "signals_file": lab.path("signals.json"), "sleep_ms": 60_000, "drain_ms": 1_000,
        "on_interrupt": on_interrupt,
        "stdout": [{"@level": "info", "@message": "Outputs: 0", "type": "outputs", "outputs": {}}],
    });
    lab.install_fake(&healthy_but("apply", apply));
    lab
}

fn counted(lab: &Lab) -> Value {
    serde_json::from_slice(&fs::read(lab.path("signals.json")).unwrap()).unwrap()
}

#[test]
fn whatever_ends_the_program_terraform_sees_one_interrupt() {
    for (first, second) in [
        (Signal::INT, Signal::TERM),
        (Signal::TERM, Signal::TERM),
        (Signal::HUP, Signal::INT),
    ] {
        let lab = waiting("finish");
        let rows = lab.orchestrate();
        let started = lab.start_tasks(&rows);
        until("the apply", || lab.path("ready").exists());
        started.signal(first);
        std::thread::sleep(Duration::from_millis(300));
        started.signal(second);
        let finished = started.finish();
        assert_eq!(finished.code, 30, "{}", finished.stderr);
        assert_eq!(counted(&lab), json!({"int": 1, "term": 0}));
        assert_eq!(lab.status(&rows.run_id), "CANCELED");
        assert!(!lab.is_locked());
        insta::allow_duplicates! {
            insta::assert_snapshot!(lab.task_statuses(&rows.run_id), @"
            IAC one SUCCEEDED
            DEPLOY one CANCELED
            IAC two ABORTED
            DEPLOY two ABORTED
            IAC three ABORTED
            DEPLOY three ABORTED
            ");
        }
        if first == Signal::INT {
            insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
            [1/6] IAC_SELF_HOSTED one
              1 file rendered
            [2/6] DEPLOY_SELF_HOSTED one
              terraform init
              terraform plan
              terraform apply
            SIGINT received: Terraform is asked once to stop; waiting until it has saved its state
                Interrupt received. Please wait for Terraform to exit or data loss may occur. Gracefully shutting down...
            SIGTERM received again: still waiting for Terraform to end cleanly
            error: the run was interrupted
              caused by: plugin `one` could not be applied
              caused by: terraform apply was cancelled
              help: the rendered files are kept as iac/one.zip of run <id-1>
              help: what was applied before is kept; deploy again to continue from there
            ");
        }
        assert_eq!(fs::read_dir(lab.path("temp")).unwrap().count(), 0);
        assert_eq!(lab.deployed(), ["one"], "what may exist is on record");
    }
}

#[test]
fn an_interrupt_between_two_tasks_ends_the_run_there() {
    let lab = waiting("succeed");
    let rows = lab.orchestrate();
    let started = lab.start_tasks(&rows);
    until("the apply", || lab.path("ready").exists());
    started.signal(Signal::INT);
    let finished = started.finish();
    assert_eq!(finished.code, 30, "{}", finished.stderr);
    insta::assert_snapshot!(lab.task_statuses(&rows.run_id), @"
    IAC one SUCCEEDED
    DEPLOY one SUCCEEDED
    IAC two ABORTED
    DEPLOY two ABORTED
    IAC three ABORTED
    DEPLOY three ABORTED
    ");
    assert_eq!(lab.status(&rows.run_id), "CANCELED");
    assert!(!lab.is_locked());
}

#[test]
fn an_interrupt_during_the_last_row_of_a_process_ends_the_run_too() {
    let lab = waiting("succeed");
    let rows = lab.orchestrate();
    let single = rows.one_by_one();
    assert_eq!(lab.tasks(&rows.with(&single[0])).code, 0);
    let started = lab.start_tasks(&rows.with(&single[1]));
    until("the apply", || lab.path("ready").exists());
    started.signal(Signal::INT);
    let finished = started.finish();
    assert_eq!(finished.code, 30, "{}", finished.stderr);
    assert_eq!(lab.status(&rows.run_id), "CANCELED");
    assert!(!lab.is_locked());
}

#[test]
fn an_interrupt_before_the_first_task_ends_the_run() {
    let mut lab = Lab::fake(&["one"], &healthy());
    let version = json!({"ready_file": lab.path("ready"), "sleep_ms": 60_000, "stdout": ["Terraform v1.11.4"]});
    lab.install_fake(&healthy_but("version", version));
    let rows = lab.orchestrate();
    let started = lab.start_tasks(&rows);
    until("the question for the version", || {
        lab.path("ready").exists()
    });
    started.signal(Signal::INT);
    let finished = started.finish();
    assert_eq!(finished.code, 30, "{}", finished.stderr);
    assert_eq!(lab.status(&rows.run_id), "CANCELED");
    assert!(!lab.is_locked());
}

#[test]
fn the_real_terraform_saves_its_state_when_it_is_interrupted() {
    if require_terraform("the_real_terraform_saves_its_state_when_it_is_interrupted").is_none() {
        return;
    }
    let mut lab = Lab::of(&[]);
    lab.set("INPUT_LOCALEXEC_ENABLED", "true");
    let main = format!(
        r#"
        resource "terraform_data" "first" {{}}
        resource "terraform_data" "slow" {{
          depends_on = [terraform_data.first]
          provisioner "local-exec" {{ command = "echo > {0}/ready; if [ ! -e {0}/fast ]; then sleep 60; fi" }}
        }}
        resource "terraform_data" "third" {{ depends_on = [terraform_data.slow] }}
        "#,
        lab.root().display()
    );
    lab.plugins(&[("slow", &main)]);
    let rows = lab.orchestrate();
    let started = lab.start_tasks(&rows);
    until("the apply", || lab.path("ready").exists());
    started.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(200));
    started.signal(Signal::TERM);
    let finished = started.finish();
    assert_eq!(finished.code, 30, "{}", finished.stderr);
    assert_eq!(lab.status(&rows.run_id), "CANCELED");
    assert!(!lab.is_locked());
    let saved = lab.resources("slow");
    assert!(saved.contains_key("terraform_data.first"), "{saved:?}");
    assert!(!saved.contains_key("terraform_data.third"), "{saved:?}");

    fs::write(lab.path("fast"), "").unwrap();
    lab.deploy();
    let whole = lab.resources("slow");
    assert_eq!(whole["terraform_data.first"], saved["terraform_data.first"]);
    assert_eq!(whole.len(), 3);
}
