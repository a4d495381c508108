//! What holds for all plans: a part of an approved plan is accepted in any order, an altered one is not, and no secret
//! comes out of a difference.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use terraform_runner::Address;
use terraform_runner::approval::{ApprovedChanges, DigestKey};
use terraform_runner::difference::diff;
use terraform_runner::plan::PlanDocument;

use crate::plan_json::{change, document, plan};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\\u{e9}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-c.]{1,2}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    btree_map("[a-d]", value(), 1..4).prop_map(|map| json!(map))
}

/// `true` in some places of the value, which is without them then.
fn hide(value: &mut Value, choices: &mut impl Iterator<Item = bool>) -> Value {
    match value {
        Value::Object(entries) => {
            let mut unknown = serde_json::Map::new();
            entries.retain(|name, value| {
                let hidden = choices.next().unwrap_or(false);
                let below = if hidden {
                    json!(true)
                } else {
                    hide(value, choices)
                };
                unknown.insert(name.clone(), below);
                !hidden
            });
            Value::Object(unknown)
        }
        Value::Array(items) => items.iter_mut().map(|item| hide(item, choices)).collect(),
        _ => json!(false),
    }
}

fn one_change() -> impl Strategy<Value = Value> {
    let actions = select(vec![
        vec!["create"],
        vec!["update"],
        vec!["delete"],
        vec!["forget"],
        vec!["delete", "create"],
        vec!["create", "delete"],
        vec!["create", "forget"],
    ]);
    (actions, object(), object(), vec(any::<bool>(), 12)).prop_map(
        |(actions, before, mut after, hidden)| {
            let creates = actions == ["create"];
            let goes = matches!(actions[..], ["delete"] | ["forget"]);
            let unknown = hide(&mut after, &mut hidden.into_iter());
            let mut change = change(
                "",
                &actions,
                if creates { Value::Null } else { before },
                if goes { Value::Null } else { after },
            );
            change["change"]["after_unknown"] = if goes { json!(false) } else { unknown };
            change
        },
    )
}

fn changes() -> impl Strategy<Value = Vec<Value>> {
    vec(one_change(), 1..6).prop_map(|mut changes| {
        for (number, change) in changes.iter_mut().enumerate() {
            change["address"] = json!(format!("module.m.t.n[{number}]"));
        }
        changes
    })
}

fn accepts(approved: &[Value], later: &[Value]) -> bool {
    let key = DigestKey::random().unwrap();
    let approved = ApprovedChanges::of(&document(&plan(approved)), &key);
    approved.accepts(&document(&plan(later)), &key).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_part_in_any_order_is_accepted((changes, part) in changes().prop_flat_map(|changes| {
        let part = proptest::sample::subsequence(changes.clone(), 0..=changes.len()).prop_shuffle();
        (Just(changes), part)
    })) {
        prop_assert!(accepts(&changes, &part));
    }

    #[test]
    fn another_address_is_refused(changes in changes(), which in any::<Index>()) {
        let mut later = changes.clone();
        which.get_mut(&mut later)["address"] = json!("module.m.t.n[99]");
        prop_assert!(!accepts(&changes, &later));
    }

    #[test]
    fn other_actions_are_refused(changes in changes(), which in any::<Index>(), other in one_change()) {
        let mut later = changes.clone();
        let change = which.get_mut(&mut later);
        let (old, new) = (change["change"]["actions"].clone(), other["change"]["actions"].clone());
        // What is left of a replacement whose first half is done.
        prop_assume!(old != new && !(old == json!(["delete", "create"]) && new == json!(["create"])));
        change["change"]["actions"] = new;
        prop_assert!(!accepts(&changes, &later));
    }

    #[test]
    fn another_value_is_refused(changes in changes(), which in any::<Index>(), name in "[a-d]", new in value()) {
        let mut later = changes.clone();
        let change = which.get_mut(&mut later);
        let part = if change["change"]["after"].is_null() { "before" } else { "after" };
        prop_assume!(change["change"]["after_unknown"][&name] != json!(true));
        let old = change["change"][part][&name].clone();
        // A part that was not known may be anything.
        let partly = change["change"]["after_unknown"][&name].to_string().contains("true");
        prop_assume!(old != new && !partly);
        change["change"][part][&name] = new;
        if part == "after" {
            change["change"]["after_unknown"][&name] = json!(false);
        }
        prop_assert!(!accepts(&changes, &later));
    }

    #[test]
    fn another_start_is_refused_unless_it_is_the_end(changes in changes(), which in any::<Index>(), name in "[a-d]", new in value()) {
        let mut later = changes.clone();
        let change = which.get_mut(&mut later);
        let old = change["change"]["before"].get(&name).cloned().unwrap_or_default();
        prop_assume!(!change["change"]["before"].is_null() && old != new);
        let hidden = change["change"]["after_unknown"].get(&name).cloned().unwrap_or_default();
        prop_assume!(!hidden.to_string().contains("true"));
        let end = change["change"]["after"].get(&name).cloned().unwrap_or_default();
        let expected = change["change"]["actions"] == json!(["update"]) && new == end;
        change["change"]["before"][&name] = new;
        prop_assert_eq!(accepts(&changes, &later), expected);
    }

    #[test]
    fn what_becomes_known_is_accepted(after in object(), hidden in vec(any::<bool>(), 12)) {
        let later = change("t.n", &["create"], Value::Null, after.clone());
        let mut known = after;
        let unknown = hide(&mut known, &mut hidden.into_iter());
        let mut approved = change("t.n", &["create"], Value::Null, known);
        approved["change"]["after_unknown"] = unknown.clone();
        prop_assert!(accepts(std::slice::from_ref(&approved), std::slice::from_ref(&later)));
        // And the other way round it is news.
        if unknown.to_string().contains("true") {
            prop_assert!(!accepts(&[later], &[approved]));
        }
    }

    #[test]
    fn a_secret_never_comes_out(before in object(), after in object(), name in "[a-d]", secret in value()) {
        let sentinel = json!({"deep": ["hunter2", secret], "k": "hunter2"});
        let (mut before, mut after) = (before, after);
        before[&name] = sentinel.clone();
        let mut change = change("t.n", &["update"], before, after.clone());
        change["change"]["before_sensitive"] = json!({&name: {"deep": [true], "k": true}});
        prop_assert!(!shows(&change));
        after[&name] = sentinel;
        change["change"]["after"] = after;
        change["change"]["before"][&name] = json!("hunter2");
        change["change"]["after_sensitive"] = json!({&name: true});
        prop_assert!(!shows(&change));
    }

    #[test]
    fn any_key_of_an_instance_is_stepped_over(key in "\\PC{0,20}") {
        // As the program writes it (Terraform `internal/addrs/instance_key.go`).
        let quoted = key.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${").replace("%{", "%%{");
        let text = format!("module.a[\"{quoted}\"].module.b.t.n[\"{quoted}\"]");
        let address: Address = text.parse().unwrap();
        prop_assert_eq!(address.module(), Some("a"));
        prop_assert_eq!(address.without_keys(), "module.a.module.b.t.n");
    }

    #[test]
    fn no_text_is_too_odd(text in "\\PC{0,40}", json in "[\\[\\]{}\",:0-9a-z\\\\]{0,40}") {
        let _ = text.parse::<Address>();
        let _ = PlanDocument::from_json(&json);
        let _ = PlanDocument::from_json(&format!("{{\"format_version\":\"1.0\",\"resource_changes\":{json}}}"));
    }
}

fn shows(change: &Value) -> bool {
    let document = document(&plan(std::slice::from_ref(change)));
    format!("{:?}", diff(&document.resource_changes[0])).contains("hunter")
}
