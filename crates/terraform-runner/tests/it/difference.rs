//! Differences of attributes, for people.

use serde_json::{Value, json};
use terraform_runner::difference::diff;

use crate::plan_json::{change, document, plan};

fn shown(change: Value) -> String {
    let document = document(&plan(&[change]));
    let lines: Vec<String> = diff(&document.resource_changes[0])
        .into_iter()
        .map(|change| {
            let forces = if change.forces_replacement {
                " # forces replacement"
            } else {
                ""
            };
            format!(
                "{}: {} -> {}{forces}",
                change.path, change.before, change.after
            )
        })
        .collect();
    lines.join("\n")
}

fn update(before: Value, after: Value) -> Value {
    change("terraform_data.x", &["update"], before, after)
}

fn with(mut change: Value, key: &str, value: Value) -> Value {
    change["change"][key] = value;
    change
}

#[test]
fn a_creation_and_a_destruction() {
    let value = json!({"input": {"name": "n", "on": true, "count": 1.50, "no": null}, "list": [], "tags": {}, "ports": [80, 443]});
    let create = change("terraform_data.x", &["create"], Value::Null, value.clone());
    let create = with(
        create,
        "after_unknown",
        json!({"id": true, "input": {"arn": true}, "out": {}, "ports": [false, false]}),
    );
    insta::assert_snapshot!(shown(create), @r#"
    id: (none) -> (known after apply)
    input.arn: (none) -> (known after apply)
    input.count: (none) -> 1.5
    input.name: (none) -> "n"
    input.on: (none) -> true
    list: (none) -> []
    ports[0]: (none) -> 80
    ports[1]: (none) -> 443
    tags: (none) -> {}
    "#);
    insta::assert_snapshot!(shown(change("terraform_data.x", &["delete"], value, Value::Null)), @r#"
    input.count: 1.5 -> (none)
    input.name: "n" -> (none)
    input.on: true -> (none)
    list: [] -> (none)
    ports[0]: 80 -> (none)
    ports[1]: 443 -> (none)
    tags: {} -> (none)
    "#);
}

#[test]
fn only_what_changes() {
    let before = json!({"same": {"a": 1}, "input": {"name": "one", "gone": "x", "a.b": 1}, "kind": "text", "flag": false, "old": ["x"]});
    let after = json!({"same": {"a": 1}, "input": {"name": "two", "new": "y", "a.b": 2}, "kind": {"now": "object"}, "flag": true});
    let change = with(update(before, after), "after_unknown", json!({"old": true}));
    insta::assert_snapshot!(shown(change), @r#"
    flag: false -> true
    input["a.b"]: 1 -> 2
    input.gone: "x" -> (none)
    input.name: "one" -> "two"
    input.new: (none) -> "y"
    kind: "text" -> {"now":"object"}
    old: ["x"] -> (known after apply)
    "#);
}

#[test]
fn lists() {
    insta::assert_snapshot!(shown(update(json!({"l": ["a", "b", "c"]}), json!({"l": ["a", "x", "b", "c"]}))), @r#"l[1]: (none) -> "x""#);
    insta::assert_snapshot!(shown(update(json!({"l": ["a", "b", "c"]}), json!({"l": ["b", "c"]}))), @r#"l[0]: "a" -> (none)"#);
    insta::assert_snapshot!(shown(update(json!({"l": [{"p": 1}, {"p": 2}]}), json!({"l": [{"p": 1}, {"p": 3}]}))), @"l[1].p: 2 -> 3");
    insta::assert_snapshot!(shown(update(json!({"l": ["a"]}), json!({"l": []}))), @r#"l[0]: "a" -> (none)"#);
    let partly = with(
        update(json!({"l": ["a", "b"]}), json!({"l": ["a", null, "c"]})),
        "after_unknown",
        json!({"l": [false, true, false]}),
    );
    insta::assert_snapshot!(shown(partly), @r#"
    l[1]: "b" -> (known after apply)
    l[2]: (none) -> "c"
    "#);
}

#[test]
fn what_forces_a_replacement() {
    let replace = change(
        "terraform_data.x",
        &["delete", "create"],
        json!({"input": 1, "triggers_replace": ["a", {"k": "v"}]}),
        json!({"input": 2, "triggers_replace": ["b", {"k": "w"}]}),
    );
    insta::assert_snapshot!(shown(with(replace.clone(), "replace_paths", json!([["triggers_replace"]]))), @r#"
    input: 1 -> 2
    triggers_replace[0]: "a" -> "b" # forces replacement
    triggers_replace[1].k: "v" -> "w" # forces replacement
    "#);
    insta::assert_snapshot!(shown(with(replace, "replace_paths", json!([["triggers_replace", 1]]))), @r#"
    input: 1 -> 2
    triggers_replace[0]: "a" -> "b"
    triggers_replace[1].k: "v" -> "w" # forces replacement
    "#);
}

#[test]
fn secrets_do_not_come_out() {
    let before = json!({"p": "hunter1", "o": {"p": "hunter2", "q": "x"}, "l": ["hunter3", "y"], "gone": {"k": "hunter4"}, "same": "hunter5", "kind": {"p": "hunter6"}, "now": "hunter7", "was": "hunter8"});
    let after = json!({"p": "hunter1b", "o": {"p": "hunter2b", "q": "z"}, "l": ["hunter3b", "y"], "same": "hunter5", "kind": "text", "now": "hunter7b", "was": "hunter8b"});
    let change = update(before, after);
    let change = with(
        change,
        "before_sensitive",
        json!({"p": true, "o": {"p": true}, "l": [true, false], "gone": {"k": true}, "same": true, "kind": {"p": true}, "was": true}),
    );
    let change = with(
        change,
        "after_sensitive",
        json!({"p": true, "o": {"p": true}, "l": [true, false], "same": true, "now": true, "id": true}),
    );
    let change = with(change, "after_unknown", json!({"gone": true, "id": true}));
    let shown = shown(change);
    assert!(!shown.contains("hunter"), "{shown}");
    insta::assert_snapshot!(shown, @r#"
    gone: (sensitive value) -> (known after apply)
    id: (none) -> (sensitive value)
    kind: (sensitive value) -> "text"
    l[0]: (sensitive value) -> (sensitive value)
    now: (sensitive value) -> (sensitive value)
    o.p: (sensitive value) -> (sensitive value)
    o.q: "x" -> "z"
    p: (sensitive value) -> (sensitive value)
    was: (sensitive value) -> (sensitive value)
    "#);
    let all = with(
        update(json!({"a": "hunter1"}), json!({"a": "hunter2"})),
        "before_sensitive",
        json!(true),
    );
    insta::assert_snapshot!(self::shown(all), @": (sensitive value) -> (sensitive value)");
}

#[test]
fn long_and_odd_texts() {
    let long = "x".repeat(150);
    insta::assert_snapshot!(shown(update(json!({"a": format!("{long}{long}old")}), json!({"a": format!("{long}{long}new{long}{long}")}))), @r#"a: "…xxxxxxxxxxxxxxxxxxxxold" -> "…xxxxxxxxxxxxxxxxxxxxnewxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…""#);
    insta::assert_snapshot!(shown(update(json!({"a": "q\"\\\n\u{1b}[31m"}), json!({"a": "é\u{202e}'\u{0}"}))), @r#"a: "q\"\\\n\u{1b}[31m" -> "é\u{202e}'\0""#);
    insta::assert_snapshot!(shown(update(json!({"a": 1}), json!({"a": 12345678901234567890123_f64}))), @"a: 1 -> 1.2345678901234568e+22");
}
