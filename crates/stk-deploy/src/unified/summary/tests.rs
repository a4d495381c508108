use std::fmt::Write as _;

use secrecy::SecretString;
use serde_json::{Value, json};
use stk_run::PlannedChange;

use super::*;

const RECORD: &str = include_str!("../../../../../fixtures/records/v1/record-unified.json");

fn document(changes: Value, rest: Value) -> PlanDocument {
    let mut plan = json!({
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "configuration": {},
        "resource_changes": changes,
    });
    for (name, value) in crate::samples::object(rest) {
        plan[name] = value;
    }
    PlanDocument::from_json(&plan.to_string()).unwrap()
}

fn resource(address: &str, actions: Value, before: Value, after: Value) -> Value {
    let parts: Vec<_> = address.rsplit('.').collect();
    json!({
        "address": address,
        "mode": "managed",
        "type": parts[1],
        "name": parts[0].split('[').next().unwrap(),
        "provider_name": "registry.terraform.io/acme/acme",
        "change": {
            "actions": actions,
            "before": before,
            "after": after,
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {},
        },
    })
}

fn with(mut resource: Value, pointer: &str, value: Value) -> Value {
    match resource.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => resource[pointer.trim_start_matches('/')] = value,
    }
    resource
}

fn summary_of(
    stay: Option<&PlanDocument>,
    go: Option<&PlanDocument>,
    secrets: &str,
) -> PlanSummary {
    let record: RunRecord = serde_json::from_str(RECORD).unwrap();
    let names = [
        ("orders-topic-topic-arn", "orders-topic", "topic-arn"),
        ("orders-topic-topic-name", "orders-topic", "topic-name"),
    ];
    let outputs = names
        .map(|(root, alias, name)| (root.to_owned(), (alias.to_owned(), name.to_owned())))
        .into();
    let secrets = SecretString::from(secrets);
    Planned {
        record: &record,
        stay,
        go,
        outputs: &outputs,
        secrets: &Secrets::read(Some(&secrets), []).unwrap(),
        program: "Terraform 1.11.4".to_owned(),
        planned_at: record.updated_at,
        warnings: vec!["deprecated: hunter2".to_owned()],
    }
    .summary()
}

/// A line for everything of a summary.
fn shown(summary: &PlanSummary) -> String {
    let mut text = format!("{}\n", summary.verdict());
    let change = |text: &mut String, change: &PlannedChange| {
        let PlannedChange {
            address, action, ..
        } = change;
        let _ = writeln!(text, "  {} {address} {:?}", action.sign(), change.because());
        for it in &change.attributes {
            let _ = writeln!(text, "    {}: {:?} -> {:?}", it.path, it.before, it.after);
        }
    };
    for plugin in &summary.plugins {
        let (fate, needs) = (plugin.fate.words(), &plugin.needs);
        let _ = writeln!(text, "{} {fate}, needs {needs:?}", plugin.alias);
        plugin.changes.iter().for_each(|it| change(&mut text, it));
        for it in &plugin.connections {
            let _ = writeln!(text, "  {it:?}");
        }
    }
    summary
        .elsewhere
        .iter()
        .for_each(|it| change(&mut text, it));
    for kept in &summary.kept {
        let _ = writeln!(text, "kept {} by {:?}", kept.address, kept.depends);
    }
    for drift in &summary.drift {
        let _ = writeln!(text, "drift {} {:?}", drift.address, drift.action);
    }
    for note in &summary.notes {
        let _ = writeln!(text, "{:?}: {}", note.kind, note.text);
    }
    text
}

#[test]
fn every_change_is_told_under_its_plugin() {
    let stay = document(
        json!([
            with(
                with(
                    resource(
                        "module.orders-topic.acme_topic.this",
                        json!(["delete", "create"]),
                        json!({"name": "a", "key": "sesame-1", "tags": {}}),
                        json!({"name": "b", "key": "sesame-2", "tags": {"k": "has sesame-2"}}),
                    ),
                    "/change/after_sensitive",
                    json!({"key": true}),
                ),
                "/action_reason",
                json!("replace_because_cannot_update"),
            ),
            resource(
                "module.orders-queue.acme_queue.a",
                json!(["create"]),
                Value::Null,
                json!({"x": 1})
            ),
            resource(
                "module.orders-queue.acme_queue.b",
                json!(["no-op"]),
                json!({}),
                json!({})
            ),
            resource(
                "module.invoices-bucket[\"k\"].module.m.acme_b.c[0]",
                json!(["create"]),
                Value::Null,
                json!({"pin": "712", "note": "x hunter2 y"})
            ),
            resource(
                "acme_odd.root",
                json!(["update"]),
                json!({"a": 1}),
                json!({"a": 2})
            ),
            resource(
                "module.nobody.acme_odd.that",
                json!(["forget"]),
                json!({}),
                Value::Null
            ),
        ]),
        json!({
            "output_changes": {
                "orders-topic-topic-arn": {"actions": ["update"], "before": "arn:1", "after_unknown": true},
                "orders-topic-topic-name": {"actions": ["create"], "before": null, "after": "b"},
            },
            "resource_drift": [resource("module.orders-queue.acme_queue.b", json!(["update"]), json!({}), json!({}))],
            "deferred_changes": [{}, {}],
            "action_invocations": [{"address": "module.orders-queue.action.x.y"}],
        }),
    );
    let go = document(
        json!([
            resource(
                "module.orders-queue-alarm.acme_alarm.this",
                json!(["delete"]),
                json!({"id": "alarm-1"}),
                Value::Null
            ),
            resource(
                "module.orders-queue.acme_queue.b",
                json!(["delete"]),
                json!({}),
                Value::Null
            ),
        ]),
        json!({
            "resource_drift": [resource("module.orders-queue.acme_queue.b", json!(["update"]), json!({}), json!({}))],
            "prior_state": {"values": {"root_module": {"child_modules": [{"resources": [{
                "address": "module.orders-queue.acme_queue.b",
                "mode": "managed", "type": "acme_queue", "name": "b",
                "depends_on": ["module.orders-queue-alarm.acme_alarm.this"],
            }]}]}}},
        }),
    );
    let secrets = r#"{"orders-topic": {"password": "hunter2", "pin": "712"}}"#;
    let summary = summary_of(Some(&stay), Some(&go), secrets);
    insta::assert_snapshot!(shown(&summary), @r#"
    2 to create, 1 to change, 1 to replace, 1 to destroy, 1 to forget
    orders-topic resources replaced, needs []
      ± module.orders-topic.acme_topic.this Some("it cannot be changed in place")
        key: Some(Hidden(Sensitive)) -> Some(Hidden(Sensitive))
        name: Some(Shown("\"a\"")) -> Some(Shown("\"b\""))
        tags.k: None -> Some(Hidden(Sensitive))
      PlannedConnection { connection: "orders-topic-conn", read_by: [Alias("orders-subscription")], attributes: [PlannedAttribute { path: "arn", before: Some(Shown("\"arn:1\"")), after: Some(Hidden(Unknown)), forces_replacement: false }], omitted_attributes: 0 }
    orders-queue changed, needs []
      + module.orders-queue.acme_queue.a None
        x: None -> Some(Shown("1"))
    orders-subscription unchanged, needs [Alias("orders-queue"), Alias("orders-topic")]
    invoices-bucket created, needs []
      + module.invoices-bucket["k"].module.m.acme_b.c[0] None
        note: None -> Some(Hidden(Sensitive))
        pin: None -> Some(Hidden(Sensitive))
    orders-queue-alarm removed, needs [Alias("orders-queue")]
      - module.orders-queue-alarm.acme_alarm.this None
        id: Some(Shown("\"alarm-1\"")) -> None
      ~ acme_odd.root None
        a: Some(Shown("1")) -> Some(Shown("2"))
      · module.nobody.acme_odd.that None
    kept module.orders-queue.acme_queue.b by ["module.orders-queue.acme_queue.b", "module.orders-queue-alarm.acme_alarm.this"]
    drift module.orders-queue.acme_queue.b Update
    Targeted: Terraform planned the plugins that stay and those that go away one after the other, with `-target`. It warns then that a plan may be incomplete; the two together cover the whole project, so that warning is left out.
    PlannedAgain: What goes away is planned once more right before it is destroyed, after everything else is applied. Nothing is destroyed then that is not listed here: the run fails instead.
    Deferred: Terraform has put off 2 changes to a later plan.
    Invocation: The action module.orders-queue.action.x.y is invoked.
    Warning: deprecated: ***
    "#);
    let stored = serde_json::to_string(&summary).unwrap();
    for secret in ["hunter2", "sesame", "712"] {
        assert!(!stored.contains(secret), "{secret}: {stored}");
    }
}

#[test]
fn a_plan_that_does_nothing_says_so() {
    let stay = document(
        json!([resource(
            "module.orders-queue.acme_queue.b",
            json!(["no-op"]),
            json!({}),
            json!({})
        )]),
        json!({}),
    );
    let summary = summary_of(Some(&stay), None, "");
    assert_eq!(summary.verdict(), "nothing changes");
    assert!(
        summary.plugins[1].fate == PluginFate::Unchanged && summary.plugins[1].changes.is_empty()
    );
    assert_eq!(summary.notes.len(), 1, "the warning alone");
}

/// What destroys something is always listed, and whatever is left out is counted.
#[test]
fn much_is_cut_and_counted() {
    let attributes: serde_json::Map<_, _> = (0..300)
        .map(|number| (format!("a{number:03}"), json!(number)))
        .collect();
    let many = (0..1_500).map(|number| {
        let address = format!("module.orders-queue.acme_queue.q[{number}]");
        let action = if number % 5 == 0 { "delete" } else { "create" };
        let all = Value::from(attributes.clone());
        let (before, after) = match action {
            "delete" => (all, Value::Null),
            _ => (Value::Null, all),
        };
        resource(&address, json!([action]), before, after)
    });
    let stay = document(many.collect(), json!({}));
    let summary = summary_of(Some(&stay), None, "");
    let queue = &summary.plugins[1];
    assert_eq!((queue.counts.create, queue.counts.destroy), (1_200, 300));
    let destroyed = queue.changes.iter().filter(|it| it.action.destroys());
    assert_eq!((destroyed.count(), queue.changes.len()), (300, 1_300));
    assert_eq!(queue.omitted_changes, 200);
    let listed: usize = queue.changes.iter().map(|it| it.attributes.len()).sum();
    let omitted: u64 = queue.changes.iter().map(|it| it.omitted_attributes).sum();
    assert_eq!(listed, 100_000);
    assert_eq!(listed as u64 + omitted, 1_300 * 300);
    assert_eq!(queue.changes[0].attributes.len(), 200);
}

#[test]
fn what_forces_a_replacement_is_not_cut() {
    use terraform_runner::difference::{AttributeChange, Shown};
    let change = |number| AttributeChange {
        path: [terraform_runner::plan::AttributeStep::Index(number)]
            .into_iter()
            .collect(),
        before: Shown::Absent,
        after: Shown::Unknown,
        forces_replacement: number == 8,
    };
    let paths = |most| {
        let (listed, omitted) = changes::listed((0..10).map(change).collect(), most);
        let paths: Vec<_> = listed.into_iter().map(|it| it.path).collect();
        format!("{} and {omitted}", paths.concat())
    };
    assert_eq!(paths(10), "[0][1][2][3][4][5][6][7][8][9] and 0");
    assert_eq!(paths(3), "[0][1][8] and 7");
    assert_eq!(paths(0), " and 10");
}
