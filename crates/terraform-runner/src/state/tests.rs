use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A state with a bit of everything; numbers that a float would round.
fn document() -> StateDocument {
    StateDocument::from_json(
        r#"{
  "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l-1", "future": {"a": [1]},
  "outputs": {"password": {"value": "hunter2", "type": "string", "sensitive": true}},
  "resources": [
    {"mode": "data", "type": "aws_region", "name": "here", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
     "instances": [{"schema_version": 0, "attributes": {"name": "hunter2"}}]},
    {"mode": "managed", "type": "aws_sqs_queue", "name": "q", "each": "map", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"].west",
     "instances": [
       {"index_key": "a.b", "schema_version": 0, "attributes": {"big": 123456789012345678901234567890, "exact": 0.10000000000000000001},
        "sensitive_attributes": [], "private": "hunter2", "dependencies": ["data.aws_region.here", "module.m.aws_sns_topic.t"],
        "create_before_destroy": true},
       {"index_key": "a.b", "deposed": "0011aabb", "schema_version": 0, "attributes": {}}]},
    {"module": "module.m[0]", "mode": "managed", "type": "aws_sns_topic", "name": "t",
     "provider": "module.m.provider[\"registry.terraform.io/hashicorp/aws\"]", "instances": [{"index_key": 1, "attributes": null}]}
  ],
  "check_results": [{"object_kind": "resource"}]
}"#,
    )
    .unwrap()
}

fn value(state: &StateDocument) -> Value {
    serde_json::from_str(&state.to_json().unwrap()).unwrap()
}

/// Where everything is and what it names.
fn places(state: &StateDocument) -> String {
    let objects = state.objects().into_iter();
    let providers = state.providers().into_iter().map(str::to_owned);
    let value = value(state);
    let dependencies = value["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|resource| resource["instances"][0].get("dependencies"))
        .map(|dependencies| format!("depends on {dependencies}"));
    let lines: Vec<_> = objects.chain(providers).chain(dependencies).collect();
    lines.join("\n")
}

#[test]
fn a_state_goes_into_a_module() {
    let moved = document().into_module("queue", ProviderHome::Module);
    insta::assert_snapshot!(places(&moved), @r#"
    module.queue.aws_sqs_queue.q["a.b"]
    module.queue.aws_sqs_queue.q["a.b"] (deposed "0011aabb")
    module.queue.module.m[0].aws_sns_topic.t[1]
    module.queue.module.m.provider["registry.terraform.io/hashicorp/aws"]
    module.queue.provider["registry.terraform.io/hashicorp/aws"]
    module.queue.provider["registry.terraform.io/hashicorp/aws"].west
    depends on ["module.queue.data.aws_region.here","module.queue.module.m.aws_sns_topic.t"]
    "#);
    let root = document().into_module("queue", ProviderHome::Root);
    insta::assert_snapshot!(root.providers().into_iter().collect::<Vec<_>>().join("\n"), @r#"
    module.queue.module.m.provider["registry.terraform.io/hashicorp/aws"]
    module.queue.provider["registry.terraform.io/hashicorp/aws"].west
    provider["registry.terraform.io/hashicorp/aws"]
    "#);
    let value = value(&moved);
    assert_eq!(value.get("outputs").or(value.get("check_results")), None);
    assert_eq!(value["future"], json!({"a": [1]}));
}

#[test]
fn what_is_not_understood_stays_as_it_was_written() {
    let text = document().to_json().unwrap();
    for part in [
        r#""big": 123456789012345678901234567890, "exact": 0.10000000000000000001"#,
        r#""private":"hunter2""#,
        r#""create_before_destroy":true"#,
        r#""each":"map""#,
        r#""check_results":[{"object_kind": "resource"}]"#,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_module_comes_out_of_a_project_and_leaves_the_rest() {
    let hoisted = r#"{"version": 4, "serial": 3, "lineage": "l-2", "resources": [
      {"module": "module.a", "mode": "managed", "type": "t", "name": "n", "provider": "provider[\"x/y/z\"].stk_00", "instances": [
        {"dependencies": ["module.b.t.n", "module.a.t.o"]}]},
      {"module": "module.a2", "mode": "managed", "type": "t", "name": "n", "provider": "module.a2.provider[\"x/y/z\"]", "instances": [
        {"dependencies": ["module.a.t.n", "module.a2.t.o"]}]},
      {"module": "module.a[\"k\"]", "mode": "managed", "type": "t", "name": "n", "provider": "provider[\"x/y/z\"]", "instances": [{}]}]}"#;
    let state = StateDocument::from_json(hoisted).unwrap();
    insta::assert_snapshot!(places(&state.extract("a")), @r#"
    t.n
    provider["x/y/z"]
    depends on ["t.o"]
    "#);
    insta::assert_snapshot!(places(&state.without("a")), @r#"
    module.a2.t.n
    module.a["k"].t.n
    module.a2.provider["x/y/z"]
    provider["x/y/z"]
    depends on ["module.a2.t.o"]
    "#);
    insta::assert_snapshot!(places(&state.with_modules(|name| name == "a2")), @r#"
    module.a2.t.n
    module.a2.provider["x/y/z"]
    depends on ["module.a.t.n","module.a2.t.o"]
    "#);
    assert!(state.extract("b").is_empty());
}

#[test]
fn two_states_become_one_and_no_resource_is_in_both() {
    let one = document().into_module("a", ProviderHome::Root);
    let two = document().into_module("b", ProviderHome::Root);
    let project = StateDocument::new("l-3").merge(one.clone()).unwrap();
    let project = project.merge(two).unwrap();
    assert_eq!((project.lineage(), project.objects().len()), ("l-3", 6));
    assert_eq!(value(&project)["terraform_version"], "1.11.4");
    let error = project.clone().merge(one).unwrap_err();
    insta::assert_snapshot!(error, @"module.a.data.aws_region.here is in both states");
    let emptied = project.emptied();
    assert!(emptied.is_empty() && emptied.lineage() == "l-3");
}

#[test]
fn what_is_pushed_follows_what_is_there() {
    let current = document();
    let next = |state: StateDocument| {
        let next = state.after(&current);
        (next.lineage().to_owned(), next.serial())
    };
    assert_eq!(next(StateDocument::new("other")), ("l-1".to_owned(), 8));
    let mut newer = StateDocument::new("other");
    for _ in 0..9 {
        newer = newer.after(&StateDocument::new(""));
    }
    assert_eq!(next(newer), ("l-1".to_owned(), 10));
}

#[test]
fn other_documents_are_refused_without_their_content() {
    let errors: Vec<_> = [
        "",
        "[]",
        "hunter2",
        "{}",
        r#"{"version": 3}"#,
        r#"{"version": "hunter2"}"#,
        r#"{"version": 4, "resources": ["hunter2"]}"#,
        r#"{"version": 4, "resources": [{"mode": "managed"}]}"#,
        r#"{"version": 4, "resources": [{"mode": "managed", "type": "t", "name": "n"}]}"#,
        r#"{"version": 4, "resources": [{"mode": "managed", "type": "t", "name": "n", "provider": "p", "instances": {"hunter2": 1}}]}"#,
    ]
    .map(|text| StateDocument::from_json(text).unwrap_err().to_string())
    .into();
    insta::assert_snapshot!(errors.join("\n"), @"
    it is not a state of the documented form (at byte 0 of line 1)
    it is not a state of the documented form (at byte 0 of line 1)
    it is not a state of the documented form (at byte 1 of line 1)
    it is not a state: it has no `version`
    its format is version 3, and only version 4 is understood
    it is not a state of the documented form (at byte 9 of line 1)
    it is not a state of the documented form (at byte 9 of line 1)
    it is not a state: it has no `type`
    it is not a state: it has no `provider`
    it is not a state of the documented form (at byte 0 of line 1)
    ");
}

#[test]
fn debug_shows_no_value() {
    insta::assert_snapshot!(format!("{:?}", document()), @r#"StateDocument { lineage: "l-1", serial: 7, resources: 3, .. }"#);
}

/// A resource of a random module with random dependencies.
fn resource() -> impl Strategy<Value = Value> {
    let name = "[a-z][a-z0-9_-]{0,3}";
    let module = proptest::option::of(prop_oneof![
        name.prop_map(|name| format!("module.{name}")),
        (name, name).prop_map(|(one, two)| format!("module.{one}[\"k\"].module.{two}")),
    ]);
    let provider = prop_oneof![
        Just(r#"provider["x/y/z"]"#.to_owned()),
        Just(r#"module.m.provider["x/y/z"].west"#.to_owned()),
        Just(r#"provider["x/y/z"].west"#.to_owned()),
    ];
    let mode = prop_oneof![Just("managed"), Just("data")];
    let instances = proptest::collection::vec(
        (any::<Option<u8>>(), proptest::collection::vec(name, 0..3)),
        0..3,
    );
    (module, provider, mode, instances, any::<u32>()).prop_map(
        |(module, provider, mode, instances, name)| {
            let instances: Vec<_> = instances
                .into_iter()
                .map(|(index, names)| {
                    let depends = names.iter().map(|name| format!("t.{name}"));
                    json!({"index_key": index, "attributes": {"a": name}, "dependencies": depends.collect::<Vec<_>>()})
                })
                .collect();
            let mut resource =
                json!({"mode": mode, "type": "t", "name": format!("n{name}"), "provider": provider, "instances": instances});
            if let Some(module) = module {
                resource["module"] = module.into();
            }
            resource
        },
    )
}

fn resources() -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(resource(), 0..5)
}

fn state(resources: &[Value]) -> StateDocument {
    let state = json!({"version": 4, "serial": 1, "lineage": "l", "resources": resources});
    StateDocument::from_json(&state.to_string()).unwrap()
}

proptest! {
    #[test]
    fn out_of_a_module_comes_what_went_in(own in resources(), other in resources()) {
        let before = state(&own);
        let moved = before.clone().into_module("own", ProviderHome::Module);
        let project = moved.clone().merge(state(&other).into_module("other", ProviderHome::Module)).unwrap();
        prop_assert_eq!(value(&project.extract("own")), value(&before));
        prop_assert_eq!(value(&project.without("other")), value(&moved));
        prop_assert_eq!(value(&project.with_modules(|name| name == "own")), value(&moved));
        prop_assert_eq!(project.objects().len(), before.objects().len() + state(&other).objects().len());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}\":,0-9a-z ]{0,60}", kind in 0..3_u8) {
        let text = match kind {
            0 => text,
            1 => format!("{{\"version\":4,\"resources\":[{text}]}}"),
            _ => format!("{{\"version\":4,\"resources\":[{{\"mode\":\"managed\",\"type\":\"t\",\"name\":\"n\",\"provider\":\"p\",\"instances\":[{text}]}}]}}"),
        };
        if let Ok(state) = StateDocument::from_json(&text) {
            let again = StateDocument::from_json(&state.to_json().unwrap()).unwrap();
            prop_assert_eq!(again.to_json().unwrap(), state.to_json().unwrap());
        }
    }
}
