//! Two deployments at once.

use stk_run::RunStatus;

use crate::support::Case;
use crate::terminal::Session;

const ASK: [&str; 5] = ["deploy", "--env", "dev", "--version", "v1"];

#[test]
fn the_second_terminal_is_refused_until_the_first_is_cancelled() {
    let case = Case::new("quickstart");
    let first = Session::start(case.command(&ASK));
    first.wait_for("Only `yes` is accepted");
    insta::assert_snapshot!(case.shown(&case.deploy().stderr), @"
    shared-infrastructure project identified, with ID: orders-messaging
    error: project `orders-messaging`, environment `dev` is being deployed by run <id-1>
      caused by: the run has held the deployment lock since <time>, taken by process <pid> on laptop-1
      help: wait until the run ends: `stk-runtime status <id-1> --watch`
      help: if it is stuck or its runner is gone, cancel it: the cancel action with RUN_ID <id-1>, or `stk-runtime cancel <id-1>`
    ");
    assert_eq!(case.deploy().code, 23);

    // As the message says.
    let run_id = case.records("orders-messaging")[0].run_id.to_string();
    insta::assert_snapshot!(case.seen(&["cancel", &run_id]), @"
    exit 0
    run_data=<folder>/run_data_output.json
    run <id-1> (project `orders-messaging`, environment `dev`) is cancelled
    its deployment lock is released: the next deployment can start
    ");
    assert_eq!(case.lock("orders-messaging"), None);
    let mut first = first;
    first.type_line("yes");
    let (code, screen) = first.end();
    assert_eq!(code, 30, "{screen}");
    assert_eq!(
        case.records("orders-messaging")[0].status,
        RunStatus::Canceled
    );
}
