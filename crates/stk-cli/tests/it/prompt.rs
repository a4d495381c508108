//! Asking before anything is applied.

use stk_run::RunStatus;
use stk_testing::terraform::require_terraform;

use crate::support::Case;
use crate::terminal::Session;

const ASK: [&str; 5] = ["deploy", "--env", "dev", "--version", "v1"];
const QUESTION: &str = "Only `yes` is accepted";

#[test]
fn nobody_is_asked_without_a_terminal() {
    let case = Case::new("quickstart");
    insta::assert_snapshot!(case.seen(&ASK), @"
    exit 10
    error: nobody can be asked: standard input is not a terminal
      help: give --auto-approve to deploy without a question
    ");
    assert!(!case.project.workdir.join(".stk/runtime").exists());
}

#[test]
fn no_cancels_the_run() {
    let case = Case::new("quickstart");
    for answer in ["no", "y", ""] {
        let mut session = Session::start(case.command(&ASK));
        session.wait_for(QUESTION);
        session.type_line(answer);
        let (code, screen) = session.end();
        assert_eq!(code, 30, "{screen}");
        assert!(screen.contains("nothing was applied"), "{screen}");
        assert_eq!(
            case.records("orders-messaging")[0].status,
            RunStatus::Canceled
        );
        assert_eq!(case.lock("orders-messaging"), None);
    }
}

#[test]
fn an_interrupt_is_a_no() {
    let case = Case::new("quickstart");
    let session = Session::start(case.command(&ASK));
    session.wait_for(QUESTION);
    session.interrupt();
    let (code, screen) = session.end();
    assert_eq!(code, 30, "{screen}");
    assert_eq!(
        case.records("orders-messaging")[0].status,
        RunStatus::Canceled
    );
    assert_eq!(case.lock("orders-messaging"), None);
}

#[test]
fn yes_deploys() {
    if require_terraform("yes_deploys").is_none() {
        return;
    }
    let case = Case::new("v1");
    let mut session = Session::start(case.command(&ASK));
    session.wait_for(QUESTION);
    session.type_line("yes");
    let (code, screen) = session.end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("1 plugin applied, 0 destroyed"), "{screen}");
}

#[test]
fn with_nothing_to_do_nobody_is_asked() {
    let case = Case::new("empty");
    let (code, screen) = Session::start(case.command(&ASK)).end();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains(QUESTION), "{screen}");
}
