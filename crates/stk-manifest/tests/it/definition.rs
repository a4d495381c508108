//! plugin.yaml: what is read, and every complaint.

use stk_manifest::{InputKind, PluginDefinition, SchemaVersion};

use crate::support::{plugin, show};

fn findings(text: &str) -> String {
    show(&PluginDefinition::parse("plugin.yaml", text).findings)
}

#[test]
fn v3_with_every_kind_of_input() {
    let text = plugin(
        "v3",
        "runtime: {environment: [terraform-1-4, aws-cli-2, git-2]}
docs: {pt-br: docs/pt-br.md, en-us: docs/en-us.md}
technologies: [Api]
compatibility: [Java]
single-use: false
app-allowed: true
inputs:
- {label: Name, name: name, type: text, required: true, pattern: '^[a-z]+$', help: h}
- {label: Old select, name: old, type: text, items: [a, b], default: [a]}
- {label: On, name: on, type: bool, default: false}
- {label: Count, name: count, type: int, default: '3', global: true}
- {label: Size, name: size, type: number}
- {label: Secret, name: secret, type: password}
- {label: Many, name: many, type: multiselect, items: [x, y]}
- {label: One, name: one, type: select, external-items: {source: s, value: v, label: l}}
- {label: Notes, name: notes, type: textarea, condition: {variable: on, operator: '==', value: true}}
- label: Buckets
  name: buckets
  type: list
  add-question: more?
  input:
    label: Bucket
    type: object
    inputs:
    - {label: Key, name: key, type: text}
    - {label: Inner, name: inner, type: required-connection, connection-interface-type: aws-s3-conn}
- label: Topic
  name: topic
  type: generated-connection
  connection-interface-type: aws-sns-conn
  outputs: [{from: topic-arn, to: arn}, {from: topic-name, to: topic_name}]
inputs-envs:
- {label: Domain, name: domain, type: text}
computed-inputs: {upper_name: '{{ name | upper }}'}
global-computed-inputs: {package_dir: \"{{ name | replace('.', '/') }}\"}
requires: {variables: [STK_PROJECT_NAME]}
generates: {links: [{name: l, url: 'https://x', type: static}]}
outputs: {topic-arn: the arn}
allowed-resource-fork: [aws_sns_topic]
hooks: []",
    );
    let parsed = PluginDefinition::parse("plugin.yaml", &text);
    assert_eq!(show(&parsed.findings), "");
    let definition = parsed.value.expect("a definition");
    assert_eq!(definition.schema_version, SchemaVersion::V3);
    let kinds: Vec<String> = definition
        .inputs
        .iter()
        .map(|input| format!("{} {}", input.name, input.kind.as_str()))
        .collect();
    insta::assert_snapshot!(kinds.join(", "), @"name text, old select, on bool, count int, size number, secret password, many multiselect, one select, notes textarea, buckets list, topic generated-connection");
    let buckets = definition
        .inputs
        .iter()
        .find(|input| input.name == "buckets")
        .and_then(|input| input.item.as_ref())
        .expect("an item definition");
    assert_eq!(buckets.kind, InputKind::Object);
    let inner = buckets.inputs.get(1).expect("a nested connection");
    assert_eq!(inner.required, Some(true));
    let topic = definition.inputs.last().expect("a connection");
    assert_eq!(topic.outputs.len(), 2);
    assert_eq!(definition.required_variables, ["STK_PROJECT_NAME"]);
    assert_eq!(definition.allowed_resource_fork, ["aws_sns_topic"]);
    assert_eq!(definition.app_allowed, Some(true));
}

#[test]
fn v1_and_v2_connections() {
    let v1 = plugin(
        "v1",
        "requires: {connection-interface: [aws-rds-conn], plugin: []}\ngenerates: {connection-interface: [aws-sns-conn], link: [{name: l, url: u}]}",
    );
    let v1 = PluginDefinition::parse("plugin.yaml", &v1);
    assert_eq!(show(&v1.findings), "");
    let v1 = v1.value.expect("a definition");
    assert_eq!(
        v1.requires.first().map(|slot| slot.slot.as_str()),
        Some("aws-rds-conn")
    );
    assert_eq!(
        v1.generates.first().map(|slot| slot.slot.as_str()),
        Some("aws-sns-conn")
    );
    assert_eq!(v1.links.len(), 1);
    let v2 = plugin(
        "v2",
        "requires: {connections: [{type: aws-rds-conn, alias: db}]}\ngenerates: {connections: [{type: aws-sns-conn, alias: topic, outputs: [{from: a-b, to: arn}]}]}",
    );
    let v2 = PluginDefinition::parse("plugin.yaml", &v2);
    assert_eq!(show(&v2.findings), "");
    let v2 = v2.value.expect("a definition");
    let topic = v2.generates.first().expect("a slot");
    assert_eq!(topic.slot, "topic");
    assert_eq!(
        topic.outputs.first().map(|output| output.from.as_str()),
        Some("a-b")
    );
}

#[test]
fn complaints() {
    insta::assert_snapshot!(findings("name: old\ndescription: d\ntypes: []\ninputs: []\n"), @"
    plugin.yaml:1:1: warning[STK005]: the file has no key `name`; it is ignored
    plugin.yaml:1:1: error[STK012]: `schema-version` is missing
      help: this version reads plugins of schema v1, v2 and v3; a plugin.yaml without a version is older and must be migrated
    plugin.yaml:2:1: warning[STK005]: the file has no key `description`; it is ignored
    plugin.yaml:3:1: warning[STK005]: the file has no key `types`; it is ignored
    plugin.yaml:4:1: warning[STK005]: the file has no key `inputs`; it is ignored
    ");
    insta::assert_snapshot!(findings("schema-version: v2\nkind: plugin\nmetadata: {name: My Plugin, version: one}\nspec: {}\n"), @"
    plugin.yaml:3:18: warning[STK032]: the plugin's name `My Plugin` is not in kebab case
      help: StackSpot takes lower-case letters and digits with single `-` between them
    plugin.yaml:3:38: error[STK032]: `one` is not a version
      help: write three numbers, such as `1.0.0`
    plugin.yaml:4:7: error[STK012]: `type` of `spec` is missing
      help: add `type: infra` or `type: app`
    ");
    insta::assert_snapshot!(findings(&plugin("v2", "app-aLllowed: true\ninputs:\n- {name: a b, type: text}\n- {name: x, type: txt}\n- {type: text}\n- {name: l, type: list}\n- {name: y, type: text, requird: true, condition: {variable: x, operator: =, value: 1}}\n- {name: z, type: bool, required: maybe}\ngenerates:\n  connections:\n  - {type: t, alias: a, outputs: [{from: x}]}\n  - {type: t, alias: a}")), @"
    plugin.yaml:10:3: warning[STK005]: `spec` has no key `app-aLllowed`; it is ignored
      help: did you mean `app-allowed`?
    plugin.yaml:12:12: error[STK030]: the input name `a b` is not valid
      help: an input's name is made of letters, digits, `_` and `-`
    plugin.yaml:13:21: error[STK030]: the input `x` has the unknown type `txt`
      help: did you mean `text`?
    plugin.yaml:14:5: error[STK012]: `name` of input 3 of `inputs` is missing
      help: each input needs a `name:`
    plugin.yaml:15:5: error[STK030]: the input `l` is a list without `input`
      help: add `input:` with the type of the list's items
    plugin.yaml:16:27: warning[STK005]: the input `y` has no key `requird`; it is ignored
      help: did you mean `required`?
    plugin.yaml:16:77: error[STK031]: `condition` of the input `y` has the unknown operator `=`
      help: did you mean `==`?
    plugin.yaml:17:37: error[STK004]: `required` of the input `z` must be true or false, found the text `maybe`
    plugin.yaml:20:37: error[STK012]: `to` of an output of a connection of `generates` of `spec` is missing
      help: name the connection's attribute
    plugin.yaml:21:24: error[STK016]: `generates` of `spec` has the slot `a` twice: on line 20 and on line 21
    ");
}

#[test]
fn every_field_of_an_input_is_read() {
    let text = plugin(
        "v3",
        "stk-projects-only: true
inputs:
- label: Region
  name: region
  type: select
  description: Where it runs
  help: the nearest one
  required: false
  global: true
  external-items: {source: 'https://regions.example', value: '$.id', label: '$.name', lable: x}
- {label: Sizes, name: sizes, type: list, add-question: more?, input: {label: Size, type: int}}",
    );
    let parsed = PluginDefinition::parse("plugin.yaml", &text);
    insta::assert_snapshot!(show(&parsed.findings), @"
    plugin.yaml:19:89: warning[STK005]: `external-items` of the input `region` has no key `lable`; it is ignored
      help: did you mean `label`?
    ");
    let definition = parsed.value.expect("a definition");
    assert_eq!(definition.stk_projects_only, Some(true));
    insta::assert_debug_snapshot!(definition.inputs.first().expect("an input"), @r#"
    InputDefinition {
        name: "region",
        label: Some(
            "Region",
        ),
        description: Some(
            "Where it runs",
        ),
        help: Some(
            "the nearest one",
        ),
        kind: Select,
        required: Some(
            false,
        ),
        default: None,
        pattern: None,
        global: true,
        items: [],
        external_items: Some(
            ExternalItems {
                source: Some(
                    "https://regions.example",
                ),
                value: Some(
                    "$.id",
                ),
                label: Some(
                    "$.name",
                ),
            },
        ),
        add_question: None,
        condition: None,
        inputs: [],
        item: None,
        connection_interface_type: None,
        outputs: [],
        at: Position {
            line: 12,
            column: 5,
        },
    }
    "#);
    let sizes = definition.inputs.last().expect("an input");
    assert_eq!(sizes.add_question.as_deref(), Some("more?"));
    assert_eq!(
        sizes.item.as_ref().map(|item| item.kind),
        Some(InputKind::Int)
    );
}

#[test]
fn inputs_that_cannot_have_a_value() {
    insta::assert_snapshot!(findings(&plugin("v3", "inputs:
- {name: a, type: text}
- {name: a, type: text, condition: {variable: x, operator: ==, value: 1}}
- {name: b, type: text, condition: {variable: x, operator: ==, value: 1}}
- {name: b, type: text}
- {name: box, type: object, inputs: [{name: c, type: text}, {name: c, type: int}]}
- {name: boxes, type: list, input: {type: list, input: {type: object, inputs: [{name: d, type: text}, {name: d, type: int}]}}}
inputs-envs:
- {name: a, type: text}
- {name: conn, type: required-connection, connection-interface-type: aws-s3-conn}")), @"
    plugin.yaml:12:5: warning[STK030]: the input `a` is declared twice, on line 11 and on line 12, and the first one has no condition: the second one is never used
      help: give both a `condition`, or remove one
    plugin.yaml:15:63: warning[STK030]: the input `c` is declared twice, on line 15 and on line 15, and the first one has no condition: the second one is never used
      help: give both a `condition`, or remove one
    plugin.yaml:16:105: warning[STK030]: the input `d` is declared twice, on line 16 and on line 16, and the first one has no condition: the second one is never used
      help: give both a `condition`, or remove one
    plugin.yaml:18:5: warning[STK030]: the input `a` is declared twice, on line 11 and on line 18, and the first one has no condition: the second one is never used
      help: give both a `condition`, or remove one
    plugin.yaml:19:5: warning[STK030]: the input `conn` of `inputs-envs` is a connection, which cannot be given by environment
      help: declare it in `inputs`: a connection's attributes differ by environment anyway
    ");
}

#[test]
fn required_variables() {
    insta::assert_snapshot!(findings(&plugin("v3", "requires:
  variables:
  - STK_PROJECT_NAME
  - COST_CENTER
  - cost center
  - [x]")), @"
    plugin.yaml:13:7: warning[STK053]: the plugin requires the variable `COST_CENTER`, which a deployment without StackSpot does not have
      help: a template that reads `var.COST_CENTER` prints nothing there; let it read an input instead, whose value can come from stk.yaml or DYNAMIC_INPUTS
    plugin.yaml:14:7: warning[STK053]: the plugin requires the variable `cost center`, which a deployment without StackSpot does not have
      help: a variable's name is made of upper-case letters, digits and `_`
    plugin.yaml:15:7: error[STK004]: an item of `variables` of `requires` of `spec` must be text, found a list
    ");
}

#[test]
fn operators_as_people_write_them() {
    insta::assert_snapshot!(findings(&plugin("v3", "inputs:
- {name: a, type: int}
- {name: b, type: text, condition: {variable: a, operator: ==, value: 1}}
- {name: c, type: text, condition: {variable: a, operator: notContainsAll, value: [1, 2]}}
- {name: d, type: text, condition: {variable: a, operator: contains, value: 1}}
- name: e
  type: text
  condition:
    variable: a
    operator: !=
    value: 1
- name: f
  type: text
  condition:
    variable: a
    operator: >
    value: 1
- {name: g, type: text, condition: {variable: a, value: 1}}
- {name: h, type: text, condition: {operator: '>', value: 1, valeu: 2}}")), @"
    plugin.yaml:14:62: error[STK031]: `condition` of the input `d` has the unknown operator `contains`
      help: did you mean `containsAny`?
    plugin.yaml:19:7: error[STK012]: `operator` of `condition` of the input `e` is empty
      help: write an operator in quotes, such as `'!='`
    plugin.yaml:19:17: warning[STK006]: the YAML tag `!=` is ignored
      help: tags mean nothing in this file; remove it
    plugin.yaml:25:7: error[STK012]: `operator` of `condition` of the input `f` is empty
      help: write an operator in quotes, such as `'!='`
    plugin.yaml:27:38: error[STK012]: `operator` of `condition` of the input `g` is missing
      help: write an operator in quotes, such as `'!='`
    plugin.yaml:28:38: error[STK012]: `variable` of `condition` of the input `h` is missing
      help: name the input that decides
    plugin.yaml:28:64: warning[STK005]: `condition` of the input `h` has no key `valeu`; it is ignored
      help: did you mean `value`?
    ");
}
