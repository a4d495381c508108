//! One run of a target at a time.

use crate::support::Case;

#[test]
fn a_second_run_is_refused_and_the_first_is_named() {
    let case = Case::new("quickstart");
    let first = case.success();
    let failure = case.failure();
    insta::assert_snapshot!(failure, @"
    exit 23
    shared-infrastructure project identified, with ID: orders-messaging
    error: project `orders-messaging`, environment `dev` is being deployed by run <id-1>
      caused by: the run has held the deployment lock since <time>, taken by process <pid> on runner-1
      help: wait until the run ends: `stk-runtime status <id-1> --watch`
      help: if it is stuck or its runner is gone, cancel it: the cancel action with RUN_ID <id-1>, or `stk-runtime cancel <id-1>`
    ");
    let lock = case.lock("orders-messaging").unwrap();
    assert_eq!(lock.run_id, first.run_id());
    assert_eq!(case.runs("orders-messaging"), [first.run_id()]);
}

#[test]
fn the_pipeline_of_the_first_is_named() {
    let case = Case::new("quickstart")
        .with("GITHUB_SERVER_URL", "https://github.example")
        .with("GITHUB_REPOSITORY", "acme/shop")
        .with("GITHUB_RUN_ID", "42");
    case.success();
    let failure = case.failure();
    let url = "https://github.example/acme/shop/actions/runs/42";
    assert!(failure.contains(url), "{failure}");
}

#[test]
fn another_environment_is_another_target() {
    let case = Case::new("quickstart");
    case.success();
    case.with("INPUT_ENVIRONMENT", "prd").success();
}

#[test]
fn a_failed_orchestration_holds_nothing() {
    let case = Case::new("workspace-connection");
    std::fs::remove_file(case.project.workdir.join(".stk/connections.yaml")).unwrap();
    case.failure();
    assert_eq!(case.lock("workspace-connection"), None);
    assert_eq!(case.runs("workspace-connection"), []);
}

#[test]
fn of_many_at_once_one_runs() {
    let case = Case::new("quickstart");
    let codes: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..4).map(|_| scope.spawn(|| case.run().code)).collect();
        started
            .into_iter()
            .map(|each| each.join().unwrap())
            .collect()
    });
    let count = |code| codes.iter().filter(|each| **each == code).count();
    assert_eq!((count(0), count(23)), (1, 3), "{codes:?}");
}
