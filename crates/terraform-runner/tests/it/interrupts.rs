//! Signals, with the fake Terraform that counts them.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
#[cfg(target_os = "linux")]
use stk_testing::fake_terraform::install_fake_terraform;
use terraform_runner::{Command, Exit, ProcessRunner, RunError, Runner};

use crate::support::{Project, environment, until};

const PLAN: &str = "plan";

fn counted(project: &Project) -> Value {
    serde_json::from_slice(&fs::read(project.work().join("signals.json")).unwrap()).unwrap()
}

/// Applies, and cancels (over and over) as soon as the apply has begun.
async fn cancelled_apply(
    apply: Value,
) -> (
    Project,
    Result<terraform_runner::Applied, terraform_runner::StepError>,
) {
    let mut project = Project::fake(json!({PLAN: {"exit": 2}, "apply": apply})).await;
    let planned = project.plan().await.unwrap();
    let (cancel, ready) = (project.cancel.clone(), project.work().join("ready"));
    let canceller = tokio::spawn(async move {
        until("the apply", || ready.exists()).await;
        for _ in 0..5 {
            cancel.cancel();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let outcome = project.apply(planned).await;
    canceller.await.unwrap();
    (project, outcome)
}

#[tokio::test]
async fn an_apply_gets_one_interrupt_however_often_it_is_cancelled() {
    let apply = json!({"ready_file": "ready", "sleep_ms": 60_000, "drain_ms": 1000, "signals_file": "signals.json"});
    let (mut project, outcome) = cancelled_apply(apply).await;
    assert!(outcome.unwrap_err().is_cancelled());
    assert_eq!(counted(&project), json!({"int": 1, "term": 0}));
    insta::assert_snapshot!(project.take_said(), @"Interrupt received. Please wait for Terraform to exit or data loss may occur. Gracefully shutting down...");
}

#[tokio::test]
async fn an_apply_that_finishes_all_the_same_is_a_success() {
    let apply = json!({
        "ready_file": "ready", "sleep_ms": 60_000, "drain_ms": 200, "on_interrupt": "succeed", "signals_file": "signals.json",
        "stdout": [{"@level": "info", "@message": "Outputs: 0", "type": "outputs", "outputs": {}}],
    });
    let (project, outcome) = cancelled_apply(apply).await;
    assert!(outcome.unwrap().outputs.is_empty());
    assert_eq!(counted(&project), json!({"int": 1, "term": 0}));
}

#[tokio::test]
async fn an_apply_that_takes_its_time_is_waited_for() {
    let apply = json!({"ready_file": "ready", "sleep_ms": 4000, "on_interrupt": "ignore", "exit": 1, "signals_file": "signals.json"});
    let started = Instant::now();
    let (project, outcome) = cancelled_apply(apply).await;
    assert!(outcome.unwrap_err().is_cancelled());
    assert!(started.elapsed() >= Duration::from_secs(4));
    assert_eq!(counted(&project), json!({"int": 1, "term": 0}));
}

#[tokio::test]
async fn a_version_that_hangs_is_killed_after_its_grace() {
    let project = Project::fake(
        json!({"version": {"ready_file": "ready", "sleep_ms": 60_000, "on_interrupt": "ignore"}}),
    )
    .await;
    let command = Command::version(
        project.session.program().path(),
        &environment(),
        &project.work(),
    );
    let (cancel, ready) = (project.cancel.clone(), project.work().join("ready"));
    let canceller = tokio::spawn(async move {
        until("the command", || ready.exists()).await;
        cancel.cancel();
    });
    let exit = ProcessRunner::new()
        .run(&command, &mut |_| {}, &project.cancel)
        .await
        .unwrap();
    canceller.await.unwrap();
    assert_eq!(
        exit,
        Exit {
            code: None,
            signal: Some(9),
            interrupted: true
        }
    );
}

#[tokio::test]
async fn nothing_is_started_when_it_is_cancelled_already() {
    let mut project = Project::fake(json!({PLAN: {"record_file": "record"}})).await;
    project.cancel.cancel();
    let error = project.plan().await.unwrap_err();
    assert!(error.is_cancelled());
    insta::assert_snapshot!(error, @"terraform plan was cancelled before it was started");
    assert!(!project.work().join("record").exists());
    assert_eq!(fs::read_dir(project.plans()).unwrap().count(), 0);
    let command = Command::version(
        project.session.program().path(),
        &environment(),
        &project.work(),
    );
    let outcome = ProcessRunner::new()
        .run(&command, &mut |_| {}, &project.cancel)
        .await;
    assert!(matches!(outcome, Err(RunError::Cancelled)));
}

#[tokio::test]
async fn a_child_that_is_left_behind_does_not_hold_up_the_end() {
    let mut project = Project::fake(json!({PLAN: {"exit": 2, "leaves_child": 600}})).await;
    let started = Instant::now();
    project.plan().await.unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_dropped_future_leaves_the_command_alive() {
    let project = Project::fake(json!({"version": {"ready_file": "ready", "sleep_ms": 300, "signals_file": "signals.json"}})).await;
    let command = Command::version(
        project.session.program().path(),
        &environment(),
        &project.work(),
    );
    let runner = ProcessRunner::new();
    let ready = project.work().join("ready");
    let mut ignore = |_| {};
    tokio::select! {
        _ = runner.run(&command, &mut ignore, &project.cancel) => panic!("it has ended"),
        () = until("the start", || ready.exists()) => {}
    }
    until("the end", || project.work().join("signals.json").exists()).await;
    assert_eq!(counted(&project), json!({"int": 0, "term": 0}));
}

/// Names the project of the test below to the process that it starts.
#[cfg(target_os = "linux")]
const OUTLIVED: &str = "TERRAFORM_RUNNER_TEST_OUTLIVED";

/// Not a test of its own: the process that is killed, and a test that passes when it is run as one.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_caller_that_is_killed() {
    let Some(work) = std::env::var_os(OUTLIVED) else {
        return;
    };
    let work = std::path::PathBuf::from(work);
    let program = work.parent().unwrap().join("terraform");
    let command = Command::apply(&program, &environment(), &work, &work, &Default::default());
    let outcome = ProcessRunner::new()
        .run(&command, &mut |_| {}, &Default::default())
        .await;
    panic!("it was to be killed: {outcome:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_apply_outlives_a_caller_that_is_killed() {
    use rustix::process::{Pid, Signal, kill_process};
    let folder = tempfile::tempdir().unwrap();
    install_fake_terraform(
        folder.path(),
        &json!({"apply": {
            "ready_file": "ready", "sleep_ms": 60_000, "signals_file": "signals.json",
        }}),
    )
    .unwrap();
    let work = folder.path().join("work");
    fs::create_dir(&work).unwrap();
    let mut caller = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "interrupts::a_caller_that_is_killed"])
        .env(OUTLIVED, &work)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("the apply", || work.join("ready").exists()).await;
    caller.kill().unwrap();
    caller.wait().unwrap();
    // It prints a line now, which would end it if nobody could receive it.
    let id: i32 = fs::read_to_string(work.join("ready"))
        .unwrap()
        .parse()
        .unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
    until("its orderly end", || work.join("signals.json").exists()).await;
}
