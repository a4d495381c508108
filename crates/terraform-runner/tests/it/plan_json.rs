//! Small plans in JSON, and those that are refused.

use std::error::Error;

use serde_json::{Value, json};
use terraform_runner::plan::{
    Actions, AttributeStep, Index, Mode, PlanDocument, PlanDocumentError,
};

/// A plan with these changes of resources.
pub(crate) fn plan(changes: &[Value]) -> Value {
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "timestamp": "2026-01-02T03:04:05Z",
        "applyable": true, "complete": true, "errored": false,
        "configuration": {}, "resource_changes": changes,
    })
}

pub(crate) fn document(plan: &Value) -> PlanDocument {
    PlanDocument::from_json(&plan.to_string()).unwrap()
}

/// A change of `terraform_data`, known in all its parts.
pub(crate) fn change(address: &str, actions: &[&str], before: Value, after: Value) -> Value {
    json!({
        "address": address, "mode": "managed", "type": "terraform_data", "name": "x",
        "provider_name": "terraform.io/builtin/terraform",
        "change": {
            "actions": actions, "before": before, "after": after, "after_unknown": {},
            "before_sensitive": {}, "after_sensitive": {},
        },
    })
}

#[test]
fn all_that_matters_is_read() {
    let mut create = change(
        "module.a[\"x.y\"].terraform_data.x[\"k\"]",
        &["create", "delete"],
        json!({"input": "hunter1"}),
        json!({"input": "hunter2"}),
    );
    create["index"] = json!("k");
    create["module_address"] = json!("module.a[\"x.y\"]");
    create["action_reason"] = json!("replace_because_tainted");
    create["change"]["replace_paths"] = json!([["input", 0, "k"]]);
    create["change"]["importing"] = json!({"id": "hunter3"});
    let mut deposed = change("data.t.x[3]", &["delete"], json!({"a": 1}), Value::Null);
    deposed["deposed"] = json!("12ab34cd");
    deposed["mode"] = json!("data");
    deposed["index"] = json!(3);
    let read = change("terraform_data.r", &["read"], Value::Null, json!({}));
    let still = change("terraform_data.s", &["no-op"], json!({}), json!({}));
    let mut moved = change("terraform_data.t", &["no-op"], json!({}), json!({}));
    moved["previous_address"] = json!("terraform_data.old");
    let mut plan = plan(&[read, still, moved, create, deposed]);
    plan["a_newer_field"] = json!({"deep": ["x"]});
    plan["resource_drift"] = json!([change(
        "t.d",
        &["update"],
        json!({"p": "hunter4"}),
        json!({})
    )]);
    plan["output_changes"] =
        json!({"o": {"actions": ["create"], "before": null, "after": "hunter5"}});
    plan["action_invocations"] =
        json!([{"address": "action.t.n", "config_values": {"p": "hunter6"}}]);
    plan["deferred_changes"] = json!([{}]);
    plan["prior_state"] = json!({"values": {"root_module": {"child_modules": [
        {"resources": [{"address": "module.a.t.x[0]", "depends_on": ["module.b.t.y"]}]},
    ]}}});

    let document = document(&plan);
    assert_eq!(document.terraform_version.to_string(), "1.11.4");
    assert_eq!(document.deferred, 1);
    let order: Vec<&str> = document
        .resource_changes
        .iter()
        .map(|change| change.address.as_str())
        .collect();
    assert_eq!(
        order,
        [
            "data.t.x[3]",
            "module.a[\"x.y\"].terraform_data.x[\"k\"]",
            "terraform_data.r",
            "terraform_data.s",
            "terraform_data.t"
        ]
    );
    let effective: Vec<Actions> = document
        .effective_changes()
        .map(|change| change.actions())
        .collect();
    assert_eq!(
        effective,
        [Actions::Delete, Actions::CreateThenDelete, Actions::NoOp],
        "a move does something"
    );
    let [deposed, replaced, ..] = document.resource_changes.as_slice() else {
        panic!("five changes");
    };
    assert_eq!((deposed.mode, deposed.module()), (Mode::Data, None));
    assert_eq!(deposed.index, Some(Index::Number(3)));
    assert_eq!(deposed.deposed.as_deref(), Some("12ab34cd"));
    assert_eq!(
        (replaced.mode, replaced.module()),
        (Mode::Managed, Some("a"))
    );
    assert_eq!(replaced.index, Some(Index::Key("k".to_owned())));
    assert_eq!(
        replaced.change.replace_paths[0].steps(),
        [
            AttributeStep::Name("input".to_owned()),
            AttributeStep::Index(0),
            AttributeStep::Name("k".to_owned())
        ]
    );
    assert_eq!(replaced.change.after.expose(), r#"{"input":"hunter2"}"#);
    assert_eq!(document.resource_drift[0].actions, Actions::Update);
    assert_eq!(document.action_invocations[0].address, "action.t.n");
    let dependent = "module.a.t.x[1]".parse().unwrap();
    assert_eq!(
        document.dependencies.of(&dependent).collect::<Vec<_>>(),
        ["module.b.t.y"]
    );

    let shown = format!("{document:?}\n{document:#?}");
    assert!(shown.contains("terraform_data.x") && !shown.contains("hunter"));
}

#[test]
fn what_cannot_be_decided_on_is_refused_without_its_values() {
    let check = |edit: &dyn Fn(&mut Value), expected: &str| {
        let secret = change(
            "terraform_data.x",
            &["create"],
            Value::Null,
            json!({"p": "hunter2"}),
        );
        let mut plan = plan(&[secret]);
        edit(&mut plan);
        let error = PlanDocument::from_json(&plan.to_string()).unwrap_err();
        let source = error.source().map(|source| format!(": {source}"));
        assert_eq!(format!("{error}{}", source.unwrap_or_default()), expected);
        assert!(!format!("{error:?}").contains("hunter"));
    };
    let place =
        |plan: &mut Value, key: &str, value: Value| plan["resource_changes"][0][key] = value;
    check(
        &|plan| plan["format_version"] = json!("2.0"),
        "its format is version \"2.0\", and only version 1 is understood",
    );
    check(
        &|plan| *plan = json!({"values": {}}),
        "its format is version \"\", and only version 1 is understood",
    );
    check(
        &|plan| {
            *plan = json!({"format_version": "1.0", "terraform_version": "1.11.4", "values": {}})
        },
        "it is not a plan: it holds no configuration",
    );
    check(
        &|plan| plan["terraform_version"] = json!(""),
        "it names no version of the program",
    );
    check(
        &|plan| place(plan, "address", json!("terraform_data")),
        "a resource of it has no usable address: \"terraform_data\" is not an address: a module or a resource is missing",
    );
    check(
        &|plan| plan["resource_changes"][0]["change"]["actions"] = json!(["create", "explode"]),
        "what is done to terraform_data.x is not known: the actions [create, explode] are not known",
    );
    check(
        &|plan| {
            let again = plan["resource_changes"][0].clone();
            plan["resource_changes"].as_array_mut().unwrap().push(again);
        },
        "terraform_data.x is listed twice",
    );
    // What the parser quotes could be a secret.
    let broken = r#"{"format_version": "1.2", "resource_changes": "hunter2"}"#;
    let error = PlanDocument::from_json(broken).unwrap_err();
    assert!(matches!(
        error,
        PlanDocumentError::Malformed { line: 1, .. }
    ));
    assert!(
        !format!("{error} {error:?}").contains("hunter"),
        "{error:?}"
    );
    for text in ["", "null", "[]", "{\"format_version\":", "\"x\""] {
        assert!(PlanDocument::from_json(text).is_err(), "{text:?}");
    }
}
