//! What was approved, and later plans that do no more, or more.

use serde_json::{Value, json};
use terraform_runner::approval::{ApprovedChanges, DeviationKind, DigestKey};

use crate::plan_json::{change, document, plan};

/// What is new in `later`, a line each.
fn new_in(later: &Value, approved: &Value) -> String {
    let key = DigestKey::random().unwrap();
    let approved = ApprovedChanges::of(&document(approved), &key);
    let kept = serde_json::to_string(&approved).unwrap();
    let approved: ApprovedChanges = serde_json::from_str(&kept).unwrap();
    match approved.accepts(&document(later), &key) {
        Ok(()) => String::new(),
        Err(deviations) => {
            let lines: Vec<String> = deviations.iter().map(ToString::to_string).collect();
            lines.join("\n")
        }
    }
}

fn create(name: &str, after: Value) -> Value {
    change(
        &format!("module.a.terraform_data.{name}"),
        &["create"],
        Value::Null,
        after,
    )
}

fn update(name: &str, before: Value, after: Value) -> Value {
    change(
        &format!("module.a.terraform_data.{name}"),
        &["update"],
        before,
        after,
    )
}

fn with(mut change: Value, edit: impl Fn(&mut Value)) -> Value {
    edit(&mut change);
    change
}

fn unknown(change: Value, unknown: Value) -> Value {
    with(change, |change| {
        change["change"]["after_unknown"] = unknown.clone()
    })
}

#[test]
fn the_same_and_what_is_left_of_it() {
    let approved = plan(&[
        create("a", json!({"input": "1"})),
        update("b", json!({"input": "1"}), json!({"input": "2"})),
        change(
            "module.b.terraform_data.c",
            &["delete"],
            json!({"input": "1"}),
            Value::Null,
        ),
    ]);
    assert_eq!(new_in(&approved, &approved), "");
    let rest = plan(&[
        change(
            "module.b.terraform_data.c",
            &["delete"],
            json!({"input": "1"}),
            Value::Null,
        ),
        change(
            "module.a.terraform_data.a",
            &["no-op"],
            json!({"input": "9"}),
            json!({"input": "9"}),
        ),
        change(
            "module.a.data.t.n",
            &["read"],
            Value::Null,
            json!({"input": "9"}),
        ),
    ]);
    assert_eq!(new_in(&rest, &approved), "");
    assert_eq!(new_in(&plan(&[]), &approved), "");
    assert_eq!(new_in(&plan(&[]), &plan(&[])), "");
}

#[test]
fn what_was_unknown_may_be_anything_and_the_rest_may_not() {
    let approved = plan(&[unknown(
        create(
            "a",
            json!({"input": {"name": "n", "list": [1, null]}, "tags": {"k": "v"}}),
        ),
        json!({"id": true, "input": {"arn": true, "list": [false, true]}}),
    )]);
    assert_eq!(new_in(&approved, &approved), "");
    let later = |arn: Value, name: &str| {
        let input = json!({"name": name, "list": [1, "x"], "arn": arn});
        unknown(
            create("a", json!({"input": input, "tags": {"k": "v"}})),
            json!({"id": true}),
        )
    };
    assert_eq!(new_in(&plan(&[later(json!("arn:1"), "n")]), &approved), "");
    assert_eq!(
        new_in(&plan(&[later(json!({"deep": [1]}), "n")]), &approved),
        ""
    );
    insta::assert_snapshot!(new_in(&plan(&[later(json!("arn:1"), "other")]), &approved), @"module.a.terraform_data.a would become something else than approved: input");
    // What was known is not any more.
    let less = unknown(
        create("a", json!({"tags": {"k": "v"}})),
        json!({"id": true, "input": true}),
    );
    insta::assert_snapshot!(new_in(&plan(&[less]), &approved), @"module.a.terraform_data.a would become something else than approved: input");
}

#[test]
fn a_plan_of_its_own_time_is_the_same_at_another_time() {
    let at = |time: &str, value: &str| {
        let mut plan = plan(&[create("a", json!({"input": ["x", value]}))]);
        plan["timestamp"] = json!(time);
        plan
    };
    let approved = at("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    assert_eq!(
        new_in(
            &at("2026-02-02T00:00:00Z", "2026-02-02T00:00:00Z"),
            &approved
        ),
        ""
    );
    insta::assert_snapshot!(new_in(&at("2026-02-02T00:00:00Z", "2026-02-02T00:00:01Z"), &approved), @"module.a.terraform_data.a would become something else than approved: input");
    insta::assert_snapshot!(new_in(&at("2026-02-02T00:00:00Z", "2026-01-01T00:00:00Z"), &approved), @"module.a.terraform_data.a would become something else than approved: input");
}

#[test]
fn an_update_may_be_partly_done() {
    let approved = plan(&[unknown(
        update(
            "a",
            json!({"one": 1, "two": 1, "etag": "x"}),
            json!({"one": 2, "two": 2}),
        ),
        json!({"etag": true}),
    )]);
    let later = |before: Value| {
        plan(&[unknown(
            update("a", before, json!({"one": 2, "two": 2})),
            json!({"etag": true}),
        )])
    };
    assert_eq!(
        new_in(&later(json!({"one": 2, "two": 1, "etag": "y"})), &approved),
        ""
    );
    insta::assert_snapshot!(new_in(&later(json!({"one": 3, "two": 1, "etag": "x"})), &approved), @"module.a.terraform_data.a has changed since the approved plan: one");
    insta::assert_snapshot!(new_in(&later(json!({"one": 1, "two": 1, "etag": "x", "new": 0})), &approved), @"module.a.terraform_data.a has changed since the approved plan: new");
}

#[test]
fn a_replacement_may_be_half_done() {
    let address = "module.a.terraform_data.a";
    let replace = |order: &[&str]| {
        let mut replace = change(address, order, json!({"input": "1"}), json!({"input": "2"}));
        replace["change"]["replace_paths"] = json!([["input"]]);
        plan(&[replace])
    };
    let deposed = |action: &str, input: &str| {
        let mut rest = change(address, &[action], json!({"input": input}), Value::Null);
        rest["deposed"] = json!("12ab34cd");
        plan(&[rest])
    };
    let creation = |input: &str| plan(&[create("a", json!({"input": input}))]);
    let (delete_first, create_first) = (
        replace(&["delete", "create"]),
        replace(&["create", "delete"]),
    );

    assert_eq!(new_in(&creation("2"), &delete_first), "");
    insta::assert_snapshot!(new_in(&creation("3"), &delete_first), @"module.a.terraform_data.a would become something else than approved: input");
    insta::assert_snapshot!(new_in(&creation("2"), &create_first), @"module.a.terraform_data.a would be created; approved was: created anew, and then the old one destroyed");
    assert_eq!(new_in(&deposed("delete", "1"), &create_first), "");
    insta::assert_snapshot!(new_in(&deposed("delete", "9"), &create_first), @"module.a.terraform_data.a (deposed object 12ab34cd) would be destroyed, which was not in the approved plan");
    insta::assert_snapshot!(new_in(&deposed("delete", "1"), &delete_first), @"module.a.terraform_data.a (deposed object 12ab34cd) would be destroyed, which was not in the approved plan");
    assert_eq!(
        new_in(&deposed("forget", "1"), &replace(&["create", "forget"])),
        ""
    );
    insta::assert_snapshot!(new_in(&delete_first, &create_first), @"module.a.terraform_data.a would be destroyed and created again; approved was: created anew, and then the old one destroyed");
    let more = {
        let mut plan = delete_first.clone();
        plan["resource_changes"][0]["change"]["replace_paths"] =
            json!([["input"], ["other", "hunter2"]]);
        plan
    };
    insta::assert_snapshot!(new_in(&more, &delete_first), @"module.a.terraform_data.a would be replaced also because of other");
    assert_eq!(
        new_in(&delete_first, &more),
        "",
        "fewer reasons are no news"
    );
}

#[test]
fn what_is_new_is_said() {
    let approved = plan(&[
        create("a", json!({"input": "1"})),
        update("b", json!({"input": "1"}), json!({"input": "2"})),
    ]);
    let check = |change: Value| new_in(&plan(&[change]), &approved);
    insta::assert_snapshot!(check(update("a", json!({"input": "0"}), json!({"input": "1"}))), @"module.a.terraform_data.a would be updated in place; approved was: created");
    insta::assert_snapshot!(check(with(change("module.a.terraform_data.a", &["delete", "create"], json!({}), json!({"input": "1"})), |change| change["action_reason"] = json!("replace_because_tainted"))), @"module.a.terraform_data.a would be destroyed and created again (replace_because_tainted); approved was: created");
    insta::assert_snapshot!(check(create("c", json!({}))), @"module.a.terraform_data.c would be created, which was not in the approved plan");
    insta::assert_snapshot!(check(with(change("module.z.t.x", &["delete"], json!({}), Value::Null), |change| change["action_reason"] = json!("delete_because_no_module"))), @"module.z.t.x would be destroyed (delete_because_no_module), which was not in the approved plan");
    insta::assert_snapshot!(check(with(create("a", json!({"input": "1"})), |change| change["deposed"] = json!("00000000"))), @"module.a.terraform_data.a (deposed object 00000000) would be created, which was not in the approved plan");
    insta::assert_snapshot!(check(with(create("a", json!({"input": "1"})), |change| change["provider_name"] = json!("evil"))), @"module.a.terraform_data.a would be changed by the provider evil; approved was: by terraform.io/builtin/terraform");
    insta::assert_snapshot!(check(with(create("a", json!({"input": "1"})), |change| change["previous_address"] = json!("t.old"))), @"module.a.terraform_data.a would be moved there from t.old, which was not in the approved plan");
    insta::assert_snapshot!(check(with(create("a", json!({"input": "1"})), |change| change["change"]["importing"] = json!({"id": "hunter2"}))), @"module.a.terraform_data.a would be imported, which was not in the approved plan");
    insta::assert_snapshot!(check(create("a", json!({"input": "hunter2", "more": 1}))), @"module.a.terraform_data.a would become something else than approved: input, more");
}

#[test]
fn outputs_and_invocations_count() {
    let with_output = |change: Value| {
        let mut plan = plan(&[]);
        plan["output_changes"] = json!({"url": change});
        plan["action_invocations"] = json!([{"address": "action.t.n", "config_values": {"p": 1}}]);
        plan
    };
    let output = |actions: &[&str], before: Value, after: Value| json!({"actions": actions, "before": before, "after": after, "after_unknown": false});
    let approved = with_output(output(&["create"], Value::Null, json!("x")));
    assert_eq!(new_in(&approved, &approved), "");
    assert_eq!(
        new_in(
            &with_output(output(&["update"], json!("half"), json!("x"))),
            &approved
        ),
        "",
        "an output has no world behind it"
    );
    insta::assert_snapshot!(new_in(&with_output(output(&["create"], Value::Null, json!("y"))), &approved), @"output url would become something else than approved: value");
    insta::assert_snapshot!(new_in(&with_output(output(&["delete"], json!("x"), Value::Null)), &approved), @"output url would be destroyed; approved was: created");
    insta::assert_snapshot!(new_in(&approved, &plan(&[])), @"
    output url would be created, which was not in the approved plan
    action.t.n would be invoked, which was not in the approved plan
    ");
    let later = json!({"actions": ["create"], "before": null, "after_unknown": true});
    assert_eq!(new_in(&approved, &with_output(later)), "");
}

#[test]
fn a_failed_plan_and_another_key_are_refused() {
    let mut failed = plan(&[]);
    failed["errored"] = json!(true);
    insta::assert_snapshot!(new_in(&failed, &plan(&[])), @"the plan is incomplete: planning it failed");
    let approved = ApprovedChanges::of(&document(&plan(&[])), &DigestKey::random().unwrap());
    let deviations = approved
        .accepts(&document(&plan(&[])), &DigestKey::random().unwrap())
        .unwrap_err();
    assert_eq!(deviations[0].kind, DeviationKind::OtherKey);
    insta::assert_snapshot!(deviations[0], @"the plan cannot be compared: the key is not the one of the approved changes");
}

#[test]
fn the_document_holds_no_value_and_is_read_strictly() {
    let key = DigestKey::random().unwrap();
    let secret = with(
        update(
            "a",
            json!({"input": "hunter1", "same": "hunter3"}),
            json!({"input": {"hunter2": ["hunter2"]}, "same": "hunter3"}),
        ),
        |change| {
            change["change"]["replace_paths"] = json!([["input", "hunter4"]]);
            change["change"]["importing"] = json!({"id": "hunter5"});
        },
    );
    let mut secrets = plan(&[secret, create("b", json!({"input": "hunter1"}))]);
    secrets["output_changes"] =
        json!({"o": {"actions": ["create"], "before": null, "after": "hunter6"}});
    secrets["action_invocations"] =
        json!([{"address": "action.t.n", "config_values": {"p": "hunter7"}}]);
    let approved = ApprovedChanges::of(&document(&secrets), &key);
    let kept = serde_json::to_string(&approved).unwrap();
    assert!(
        !kept.contains("hunter") && !format!("{approved:?}").contains("hunter"),
        "{kept}"
    );
    let mut digests: Vec<&str> = kept
        .split('"')
        .filter(|part| part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .collect();
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(
        count - digests.len(),
        1,
        "only before and after of `same` are alike"
    );
    let other = ApprovedChanges::of(&document(&secrets), &DigestKey::random().unwrap());
    let other = serde_json::to_string(&other).unwrap();
    assert!(digests.iter().all(|digest| !other.contains(digest)));
    assert_eq!(
        approved
            .addresses()
            .map(|(address, _)| address)
            .collect::<Vec<_>>(),
        ["module.a.terraform_data.a", "module.a.terraform_data.b"]
    );

    let newer = kept.replacen("\"version\":1", "\"version\":2", 1);
    insta::assert_snapshot!(serde_json::from_str::<ApprovedChanges>(&newer).unwrap_err(), @"approved changes of version 2; only version 1 is understood at line 1 column 12");
    let more = kept.replacen("\"version\":1", "\"version\":1,\"all\":true", 1);
    assert!(serde_json::from_str::<ApprovedChanges>(&more).is_err());
}
