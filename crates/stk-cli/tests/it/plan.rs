//! What a plan prints, and where.

use stk_run::PlanSummary;
use stk_testing::terraform::require_terraform;

use crate::support::{Case, block_on};
use crate::terminal::Session;

const PROJECT: &str = "orders-messaging";

const PLAN: [&str; 7] = [
    "plan",
    "--env",
    "dev",
    "--version",
    "v1",
    "--mode",
    "unified",
];

/// The ids that `terraform_data` makes up are UUIDs.
fn without_ids(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(dash) = rest.find('-') {
        let id = dash.checked_sub(8).and_then(|start| {
            let id = rest.get(start..start + 36)?;
            let parts: Vec<_> = id.split('-').map(str::len).collect();
            let is_hex = |letter: char| letter == '-' || letter.is_ascii_hexdigit();
            (parts == [8, 4, 4, 4, 12] && id.chars().all(is_hex)).then_some(start)
        });
        let (kept, put, next) = match id {
            Some(start) => (start, "<uuid>", start + 36),
            None => (dash + 1, "", dash + 1),
        };
        shown.push_str(&rest[..kept]);
        shown.push_str(put);
        rest = &rest[next..];
    }
    let shown = shown + rest;
    // One that is cut.
    let Some((before, after)) = shown.split_once('…') else {
        return shown;
    };
    let kept = before.len() - 8;
    assert!(
        before[kept..]
            .chars()
            .all(|letter| letter.is_ascii_hexdigit())
    );
    format!("{}<uu…{after}", &before[..kept])
}

#[test]
fn the_document_is_all_that_standard_output_gets_and_what_the_store_keeps() {
    let name = "the_document_is_all_that_standard_output_gets_and_what_the_store_keeps";
    if require_terraform(name).is_none() {
        return;
    }
    let case = Case::new("quickstart");
    let ran = case.success(&[&PLAN[..], &["--format", "json"]].concat());
    let printed: PlanSummary = serde_json::from_str(&ran.stdout).unwrap();
    let store = case.store();
    let stored = block_on(stk_store::plans::load_summary(
        store.as_ref(),
        printed.run_id,
    ));
    assert_eq!(stored.unwrap(), Some(printed.clone()));
    assert_eq!(
        (printed.verdict().as_str(), printed.plugins.len()),
        ("6 to create", 5)
    );
    assert!(ran.stderr.contains("this was a plan: nothing was applied"));
    assert!(!ran.stderr.contains("will be created"), "{}", ran.stderr);
    assert!(case.deployed(PROJECT).is_empty() && case.lock(PROJECT).is_none());
}

#[test]
fn a_plan_of_nothing_is_a_document_too() {
    let case = Case::new("empty");
    let ran = case.success(&[&PLAN[..], &["--format", "json"]].concat());
    assert_eq!(ran.stdout, "null\n");
}

#[test]
fn a_plan_is_read_on_standard_output() {
    if require_terraform("a_plan_is_read_on_standard_output").is_none() {
        return;
    }
    let case = Case::new("quickstart");
    assert_eq!(
        case.run(&[&["deploy", "--auto-approve"], &PLAN[1..]].concat())
            .code,
        0
    );
    case.project.remove_plugin("orders-queue-alarm");
    case.project
        .edit_manifest(|text| text.replace("topic_name: orders", "topic_name: sales"));
    let ran = case.success(&PLAN);
    insta::assert_snapshot!(case.shown(&without_ids(&ran.stdout)), @r#"
    Plan of orders-messaging in dev, version v1 (Terraform 1.11.4)

    orders-topic: 1 to change
      ~ module.orders-topic.terraform_data.topic will be changed
          ~ input.name = "orders-dev" -> "sales-dev"
          ~ output     = {"name":"orders-dev","owner":"checkout","retention_days":14}
                      -> (known after apply)
      ~ connection orders-topic-conn will change, read by orders-subscription
          ~ arn  = "arn:acme:topic:eu-west-1:orders-dev/<uuid>"
                -> (known after apply)
          ~ name = "orders-dev" -> (known after apply)

    orders-subscription: 1 to change
      ~ module.orders-subscription.terraform_data.subscription will be changed
          ~ input.topic_arn = "arn:acme:topic:eu-west-1:orders-dev/<uuid>"
                           -> (known after apply)
          ~ output          = {"delivery_policy":"{\n  \"source\": \"orders-topic-conn\",\n  \"allowed\": [\n    \"OrderPlaced\",\n    \"OrderCancelled\"\n  ]\n}\n","queue_arn":"arn:acme:queue:eu-west-1:orders-to-ship-dev/<uu…
                           -> (known after apply)

    Unchanged: orders-queue, invoices-bucket

    Plugins that go away

    orders-queue-alarm: 1 to destroy
      - module.orders-queue-alarm.terraform_data.alarm will be destroyed (id
        "<uuid>")

    Terraform planned the plugins that stay and those that go away one after the other, with `-target`.
    It warns then that a plan may be incomplete; the two together cover the whole project, so that
    warning is left out.
    What goes away is planned once more right before it is destroyed, after everything else is applied.
    Nothing is destroyed then that is not listed here: the run fails instead.

    plan: 2 to change, 1 to destroy
    "#);
    insta::assert_snapshot!(case.shown(&ran.stderr), @"
    shared-infrastructure project identified, with ID: orders-messaging
    ✅ - RUN DEPLOY_SELF_HOSTED successfully started with ID: <id-1>
      1. apply   orders-topic
      2. apply   orders-queue
      3. apply   orders-subscription (needs orders-topic-conn from orders-topic, orders-queue-conn from orders-queue)
      4. apply   invoices-bucket
      5. destroy orders-queue-alarm
    [1/4] UNIFIED_IAC
      19 files rendered
    [2/4] PLAN
      terraform init
      terraform plan
      terraform plan -destroy
    run <id-1> is cancelled
    this was a plan: nothing was applied
    ");
}

#[test]
fn the_verdict_stands_before_the_question_in_colour() {
    if require_terraform("the_verdict_stands_before_the_question_in_colour").is_none() {
        return;
    }
    for (variable, value, is_coloured) in [("TERM", "xterm", true), ("NO_COLOR", "1", false)] {
        let case = Case::new("quickstart").with(variable, value);
        let mut session = Session::start(case.command(&[&["deploy"], &PLAN[1..]].concat()));
        session.wait_for("Only `yes` is accepted");
        session.type_line("no");
        let (code, screen) = session.end();
        assert_eq!(code, 30, "{screen}");
        let before = screen.split("Do you want to do this?").next().unwrap();
        let last = before.trim_end().lines().last().unwrap();
        assert!(
            last.starts_with("plan: ") && last.contains("6 to create"),
            "{before}"
        );
        assert_eq!(
            before.contains("\u{1b}[32m+\u{1b}[0m module."),
            is_coloured,
            "{before}"
        );
        assert!(is_coloured || !screen.contains('\u{1b}'), "{screen}");
        // Once.
        let line = "module.orders-topic.terraform_data.topic will be created";
        assert_eq!(screen.matches(line).count(), 1, "{screen}");
    }
}
