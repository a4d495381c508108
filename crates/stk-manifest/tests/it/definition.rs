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
