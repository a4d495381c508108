//! Streams that Terraform 1.11.4 printed, as a person sees them.

use terraform_runner::event::{Event, Severity};
use terraform_runner::{Line, StateLock, Stream};

fn shown(stream: &str) -> String {
    stream
        .lines()
        .filter_map(|line| Event::parse(line).to_line())
        .collect::<Vec<_>>()
        .join("\n")
}

/// How many lines of each stream are not understood: a new type, or one that has lost its meaning here.
fn not_understood(stream: &str) -> usize {
    let events = stream.lines().map(Event::parse);
    events
        .filter(|event| matches!(event, Event::Other(_) | Event::Unreadable { .. }))
        .count()
}

#[test]
fn init() {
    insta::assert_snapshot!(shown(include_str!("../fixtures/init.jsonl")), @"
    Initializing the backend...
    Initializing modules...
    - inner in inner
    Initializing provider plugins...
    terraform.io/builtin/terraform is built in to Terraform
    Terraform has been successfully initialized!
    ");
}

#[test]
fn plan_of_new_resources() {
    insta::assert_snapshot!(shown(include_str!("../fixtures/plan-create.jsonl")), @r#"
    + module.inner.terraform_data.this will be created
    + terraform_data.topic will be created
    + terraform_data.queue["a"] will be created
    plan: 3 to add, 0 to change, 0 to destroy
    "#);
}

#[test]
fn apply_of_new_resources() {
    insta::assert_snapshot!(shown(include_str!("../fixtures/apply-create.jsonl")), @r#"
    + module.inner.terraform_data.this will be created
    + terraform_data.topic will be created
    + terraform_data.queue["a"] will be created
    terraform_data.topic: creating...
    terraform_data.topic: created in 0s [id=4fc46b86-a2cb-e438-db07-75038e700dda]
    module.inner.terraform_data.this: creating...
    module.inner.terraform_data.this: created in 0s [id=2a3b13b3-334b-a3dc-a13e-ad8cd416326c]
    terraform_data.queue["a"]: creating...
    terraform_data.queue["a"]: created in 0s [id=f50985b8-52ce-dade-0e7d-13746b729f07]
    applied: 3 added, 0 changed, 0 destroyed
    "#);
}

#[test]
fn plan_with_an_update_a_replacement_a_move_and_a_warning() {
    insta::assert_snapshot!(shown(include_str!("../fixtures/plan-replace.jsonl")), @r#"
    ~ terraform_data.topic will be updated
    -/+ terraform_data.queue["a"] must be replaced (cannot_update)
    > module.moved.terraform_data.this has moved (was module.inner.terraform_data.this)
    plan: 1 to add, 1 to change, 1 to destroy
    warning: Check block assertion failed (main.tf line 22): The topic is never empty.
    "#);
}

#[test]
fn apply_with_an_update_and_a_replacement() {
    insta::assert_snapshot!(shown(include_str!("../fixtures/apply-replace.jsonl")), @r#"
    ~ terraform_data.topic will be updated
    -/+ terraform_data.queue["a"] must be replaced (cannot_update)
    terraform_data.queue["a"]: destroying... [id=f50985b8-52ce-dade-0e7d-13746b729f07]
    terraform_data.queue["a"]: destroyed in 0s
    terraform_data.topic: updating... [id=4fc46b86-a2cb-e438-db07-75038e700dda]
    terraform_data.topic: updated in 0s [id=4fc46b86-a2cb-e438-db07-75038e700dda]
    terraform_data.queue["a"]: creating...
    terraform_data.queue["a"]: created in 0s [id=44689854-79ba-9bcd-9307-cbead8e5b63e]
    warning: Check block assertion failed (main.tf line 22): The topic is never empty.
    applied: 1 added, 1 changed, 1 destroyed
    "#);
}

#[test]
fn destruction() {
    insta::assert_snapshot!(shown(include_str!("../fixtures/plan-destroy.jsonl")), @r#"
    - module.moved.terraform_data.this will be destroyed
    - terraform_data.queue["a"] will be destroyed
    - terraform_data.topic will be destroyed
    plan: 0 to add, 0 to change, 3 to destroy
    "#);
    insta::assert_snapshot!(shown(include_str!("../fixtures/apply-destroy.jsonl")), @r#"
    - module.moved.terraform_data.this will be destroyed
    - terraform_data.queue["a"] will be destroyed
    - terraform_data.topic will be destroyed
    terraform_data.queue["a"]: destroying... [id=44689854-79ba-9bcd-9307-cbead8e5b63e]
    terraform_data.queue["a"]: destroyed in 0s
    module.moved.terraform_data.this: destroying... [id=2a3b13b3-334b-a3dc-a13e-ad8cd416326c]
    module.moved.terraform_data.this: destroyed in 0s
    terraform_data.topic: destroying... [id=4fc46b86-a2cb-e438-db07-75038e700dda]
    terraform_data.topic: destroyed in 0s
    applied: 0 added, 0 changed, 3 destroyed
    "#);
}

#[test]
fn failing_apply() {
    insta::assert_snapshot!(shown(include_str!("../fixtures/apply-failed.jsonl")), @r#"
    + terraform_data.bad will be created
    terraform_data.bad: creating...
    terraform_data.bad: running local-exec
    terraform_data.bad (local-exec): Executing: ["/bin/sh" "-c" "echo hello; exit 3"]
    terraform_data.bad (local-exec): hello
    terraform_data.bad: local-exec failed
    terraform_data.bad: creation failed after 0s
    error: local-exec provisioner error (main.tf line 2): Error running command 'echo hello; exit 3': exit status 3. Output: hello
    "#);
}

#[test]
fn interrupted_apply() {
    insta::assert_snapshot!(shown(include_str!("../fixtures/apply-interrupted.jsonl")), @r#"
    + terraform_data.slow will be created
    terraform_data.slow: creating...
    terraform_data.slow: running local-exec
    terraform_data.slow (local-exec): Executing: ["/bin/sh" "-c" "sleep 2"]
    Interrupt received. Please wait for Terraform to exit or data loss may occur. Gracefully shutting down...
    Stopping operation...
    terraform_data.slow: local-exec failed
    terraform_data.slow: creation failed after 1s
    error: local-exec provisioner error (main.tf line 2): Error running command 'sleep 2': signal: killed. Output:
    error: execution halted
    error: execution halted
    "#);
}

#[test]
fn diagnostic_with_its_place() {
    let stream = include_str!("../fixtures/plan-error.jsonl");
    insta::assert_snapshot!(shown(stream), @r#"error: Reference to undeclared input variable (main.tf line 2): An input variable with the name "missing" has not been declared. This variable can be declared with a variable "missing" {} block."#);
    let diagnostic = stream
        .lines()
        .map(Event::parse)
        .find_map(|event| match event {
            Event::Diagnostic(diagnostic) => Some(diagnostic),
            _ => None,
        });
    insta::assert_debug_snapshot!(diagnostic.unwrap(), @r#"
    Diagnostic {
        severity: Error,
        summary: "Reference to undeclared input variable",
        detail: "An input variable with the name \"missing\" has not been declared. This variable can be declared with a variable \"missing\" {} block.",
        address: None,
        file: Some(
            "main.tf",
        ),
        line: Some(
            2,
        ),
        column: Some(
            11,
        ),
        source_excerpt: Some(
            "  input = var.missing",
        ),
    }
    "#);
}

#[test]
fn locked_state() {
    let stream = include_str!("../fixtures/plan-locked.jsonl");
    let lock = stream
        .lines()
        .map(Event::parse)
        .find_map(|event| match event {
            Event::Diagnostic(diagnostic) => StateLock::from_diagnostic(&diagnostic),
            _ => None,
        });
    insta::assert_debug_snapshot!(lock.unwrap(), @r#"
    StateLock {
        id: "ad6d89f4-91ec-3202-1e99-c3a0da33faf4",
        path: "terraform.tfstate",
        operation: "OperationTypeApply",
        who: "someone@machine",
        version: "1.11.4",
        created: "2026-11-23 18:29:18.98965409 +0000 UTC",
        info: "",
    }
    "#);
}

#[test]
fn every_recorded_line_is_understood() {
    let streams = [
        include_str!("../fixtures/init.jsonl"),
        include_str!("../fixtures/plan-create.jsonl"),
        include_str!("../fixtures/apply-create.jsonl"),
        include_str!("../fixtures/plan-replace.jsonl"),
        include_str!("../fixtures/apply-replace.jsonl"),
        include_str!("../fixtures/plan-destroy.jsonl"),
        include_str!("../fixtures/apply-destroy.jsonl"),
        include_str!("../fixtures/apply-failed.jsonl"),
        include_str!("../fixtures/apply-interrupted.jsonl"),
        include_str!("../fixtures/plan-error.jsonl"),
    ];
    for stream in streams {
        assert_eq!(not_understood(stream), 0, "{stream}");
    }
}

#[test]
fn a_type_from_the_future_is_shown_by_its_message_and_kept() {
    let line = r#"{"@level":"info","@message":"Action started: action.x.y","@module":"terraform.ui","hook":{"n":1},"type":"action_start"}"#;
    let Event::Other(other) = Event::parse(line) else {
        panic!("{line}")
    };
    assert_eq!(
        (other.kind.as_str(), other.raw.as_str()),
        ("action_start", line)
    );
    assert_eq!(
        Event::parse(line).to_line().as_deref(),
        Some("Action started: action.x.y")
    );
    let incomplete = r#"{"@level":"info","@message":"a: Creating...","type":"apply_start"}"#;
    assert_eq!(
        Event::parse(incomplete).to_line().as_deref(),
        Some("a: Creating...")
    );
}

#[test]
fn an_unknown_major_version_is_not_supported() {
    let supported = |ui: &str| match Event::parse(&format!(
        r#"{{"@level":"info","@message":"T","type":"version","ui":"{ui}"}}"#
    )) {
        Event::Version(version) => version.is_supported(),
        other => panic!("{other:?}"),
    };
    assert!(supported("1.2") && supported("1.9") && supported("1"));
    assert!(!supported("2.0") && !supported("10.1") && !supported(""));
}

#[test]
fn a_state_is_never_shown_and_never_changed() {
    // Larger than 64 bits, and with more digits than a float has.
    let state =
        r#"{"serial":123456789012345678901234567890,"secret":"hunter2","x":0.1234567890123456789}"#;
    let line = format!(
        r#"{{"@level":"info","@message":"Emergency state dump","@module":"terraform.ui","state":{state},"type":"log"}}"#
    );
    for line in [line.clone(), format!("text without a line break{line}")] {
        let event = Event::parse(&line);
        let Event::StateDump(dump) = &event else {
            panic!("{event:?}")
        };
        assert_eq!(dump.as_bytes(), state.as_bytes());
        insta::allow_duplicates! {
            insta::assert_snapshot!(event.to_line().unwrap(), @"the state could not be saved and was printed instead (86 bytes)");
            insta::assert_snapshot!(format!("{event:?}"), @"StateDump(StateDump(86 bytes))");
        }
    }
    let broken = Event::parse(&line[..line.len() - 20]);
    assert!(!broken.to_line().unwrap().contains("hunter2"), "{broken:?}");
    let cut = Event::from_line(Line {
        stream: Stream::Stdout,
        text: line,
        truncated: true,
    });
    assert!(!cut.to_line().unwrap().contains("hunter2"), "{cut:?}");
}

#[test]
fn progress_is_shown_now_and_then() {
    let shown: Vec<u64> = (1..=18)
        .map(|beat| beat * 10)
        .filter(|elapsed| {
            let line = format!(r#"{{"@level":"info","@message":"m","hook":{{"resource":{{"addr":"a.b"}},"action":"create","elapsed_seconds":{elapsed}}},"type":"apply_progress"}}"#);
            Event::parse(&line).to_line().is_some()
        })
        .collect();
    assert_eq!(shown, [30, 60, 120, 180]);
}

#[test]
fn no_line_is_a_panic() {
    for line in [
        "",
        "{",
        "{}",
        "[]",
        "null",
        "{\"type\":1}",
        "{\"@level\":",
        "{\"@level\":\"x\"}",
        "\u{fffd}{\"@level\":1}",
    ] {
        let _ = Event::parse(line).to_line();
    }
    let long = "é".repeat(5000);
    assert!(Event::parse(&long).to_line().unwrap().len() < 5000);
}

#[test]
fn a_line_that_ends_anywhere_is_no_panic_and_shows_no_state() {
    let dump = r#"{"@level":"info","@message":"Emergency state dump","state":{"password":"hunter2"},"type":"log"}"#;
    let recorded = include_str!("../fixtures/apply-failed.jsonl");
    for line in recorded.lines().chain([dump]) {
        for end in (0..=line.len()).filter(|end| line.is_char_boundary(*end)) {
            let shown = Event::parse(&line[..end]).to_line().unwrap_or_default();
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

#[test]
fn every_action_has_its_words() {
    let planned = |action: &str| {
        let line = format!(
            r#"{{"@level":"info","@message":"m","type":"planned_change","change":{{"resource":{{"addr":"a.b"}},"action":"{action}","reason":"r"}}}}"#
        );
        Event::parse(&line).to_line().unwrap_or_default()
    };
    let actions = [
        "noop", "read", "import", "remove", "forget", "create", "open",
    ];
    insta::assert_snapshot!(actions.map(planned).join("\n"), @"

    <= a.b will be read during apply (r)
    = a.b will be imported (r)
    . a.b will be forgotten, not destroyed (r)
    . a.b will be forgotten, not destroyed (r)
    + a.b will be created (r)
    ? a.b: open
    ");
    let drift = |action: &str| {
        let line = format!(
            r#"{{"@level":"info","@message":"m","type":"resource_drift","change":{{"resource":{{"addr":"a.b"}},"action":"{action}"}}}}"#
        );
        Event::parse(&line).to_line().unwrap_or_default()
    };
    insta::assert_snapshot!(["update", "delete"].map(drift).join("\n"), @"
    ! a.b was changed outside of this configuration
    ! a.b was destroyed outside of this configuration
    ");
    let summary = |operation: &str| {
        let line = format!(
            r#"{{"@level":"info","@message":"m","type":"change_summary","changes":{{"add":1,"import":2,"operation":"{operation}"}}}}"#
        );
        Event::parse(&line).to_line().unwrap_or_default()
    };
    insta::assert_snapshot!(["plan", "apply"].map(summary).join("\n"), @"
    plan: 2 to import, 1 to add, 0 to change, 0 to destroy
    applied: 2 imported, 1 added, 0 changed, 0 destroyed
    ");
}

#[test]
fn what_is_not_a_warning_is_an_error() {
    let line = r#"{"@level":"x","@message":"m","diagnostic":{"severity":"fatal","summary":"s","detail":""},"type":"diagnostic"}"#;
    let Event::Diagnostic(diagnostic) = Event::parse(line) else {
        panic!("{line}")
    };
    assert_eq!(diagnostic.severity, Severity::Error);
}
