//! Connections of stk.yaml against the slots of plugin.yaml.

use std::collections::BTreeMap;

use stk_manifest::{DynamicInputs, Manifest, PluginDefinition, Unit};

use crate::support::{merge, plugin, project, show};

fn lines(units: &[Unit]) -> String {
    let mut lines = Vec::new();
    for unit in units {
        for it in &unit.requires {
            lines.push(format!(
                "requires {} = {} ({}) at {}",
                it.slot, it.connection, it.kind, it.at
            ));
        }
        for it in &unit.generates {
            let outputs: Vec<String> = it
                .outputs
                .iter()
                .map(|output| format!("{} -> {}", output.from, output.to))
                .collect();
            lines.push(format!(
                "generates {} = {} ({}) at {}: {}",
                it.slot,
                it.connection,
                it.kind,
                it.at,
                outputs.join(", ")
            ));
        }
    }
    lines.join("\n")
}

fn check(entry: &str, schema: &str, spec: &str) -> String {
    let parsed = merge(
        &project(&format!(
            "- name: studio/bucket@1.0.0\n  alias: b\n  type: infra\n{entry}"
        )),
        &plugin(schema, spec),
        "",
    );
    let findings = show(&parsed.findings);
    let units = lines(&parsed.value.expect("units"));
    format!("{units}\n{findings}").trim().to_owned()
}

const V2: &str = "requires:
  connections: [{type: aws-sns-conn, alias: topic}, {type: aws-sqs-conn, alias: queue}]
generates:
  connections: [{type: aws-s3-conn, alias: bucket, outputs: [{from: bucket-arn, to: arn}]}]";

#[test]
fn v2() {
    insta::assert_snapshot!(check("  connections:
    requires:
    - {type: aws-sqs-conn, selected: q, alias: queue}
    - {type: aws-sns-conn, selected: t, alias: topic}
    generates:
    - {type: aws-s3-conn, selected: my bucket, alias: bucket}", "v2", V2), @"
    requires topic = t (aws-sns-conn) at 14:11
    requires queue = q (aws-sqs-conn) at 13:11
    generates bucket = my bucket (aws-s3-conn) at 16:11: bucket-arn -> arn
    ");
}

#[test]
fn v2_faults() {
    insta::assert_snapshot!(check("  connections:
    requires:
    - {type: aws-sns-conn, selected: t, alias: topik}
    - {type: aws-sns-conn, selected: q, alias: queue}
    - {type: aws-s3-conn, selected: x, alias: bucket}
    generates: []", "v2", V2), @"
    requires queue = q (aws-sns-conn) at 14:11
    stk.yaml:8:7: error[STK048]: the plugin `b` requires a connection for its slot `topic` (type `aws-sns-conn`), but stk.yaml selects none
      help: add `{type: aws-sns-conn, selected: <connection>, alias: topic}` to `connections.requires` of the plugin
    stk.yaml:8:7: error[STK048]: the plugin `b` generates a connection for its slot `bucket` (type `aws-s3-conn`), but stk.yaml selects none
      help: add `{type: aws-s3-conn, selected: <connection>, alias: bucket}` to `connections.generates` of the plugin
    stk.yaml:13:11: error[STK047]: the plugin `b` requires no connection for the slot `topik`
      help: did you mean `topic`?
    stk.yaml:14:11: warning[STK049]: the slot `queue` of the plugin `b` is of the type `aws-sqs-conn`, but the connection `q` is given as `aws-sns-conn`
    stk.yaml:15:11: error[STK047]: the plugin `b` requires no connection for the slot `bucket`
      help: the plugin generates this slot: move the entry to `connections.generates`
    ");
    insta::assert_snapshot!(check("  connections:
    requires:
    - {type: aws-sns-conn, selected: t, alias: topic}", "v2", "inputs: []"), @"
    stk.yaml:13:11: error[STK047]: the plugin `b` requires no connection for the slot `topic`
      help: the plugin requires no connections: remove the entry
    ");
}

const V3: &str = "inputs:
- {name: topic, type: required-connection, connection-interface-type: aws-sns-conn}
- {name: gone, type: required-connection, connection-interface-type: aws-sns-conn, condition: {variable: on, operator: ==, value: true}}
- {name: on, type: bool, default: false}
- {name: buckets, type: list, required: false, input: {type: object, inputs: [{name: inner, type: generated-connection, outputs: [{from: arn, to: arn}]}]}}";

#[test]
fn v3() {
    insta::assert_snapshot!(check("  inputs:
    topic: {stk-type: required-connection, selected: t, type: aws-sns-conn}
    buckets:
    - inner: {stk-type: generated-connection, selected: b0, type: aws-s3-conn}
    - inner: {stk-type: generated-connection, selected: b1, type: aws-s3-conn}", "v3", V3), @"
    requires topic = t (aws-sns-conn) at 12:16
    generates buckets[0].inner = b0 (aws-s3-conn) at 14:18: arn -> arn
    generates buckets[1].inner = b1 (aws-s3-conn) at 15:18: arn -> arn
    ");
}

#[test]
fn v3_faults() {
    insta::assert_snapshot!(check("  inputs:
    topic: {stk-type: required-connection, selected: t, type: aws-s3-conn}
    gone: {stk-type: required-connection, selected: g, type: aws-sns-conn}
    other: {stk-type: generated-connection, selected: o, type: aws-s3-conn}", "v3", V3), @"
    requires topic = t (aws-s3-conn) at 12:16
    generates other = o (aws-s3-conn) at 14:16: 
    stk.yaml:12:16: warning[STK049]: the connection input `topic` of the plugin `b` is of the type `aws-sns-conn`, but the connection `t` is given as `aws-s3-conn`
    stk.yaml:13:15: warning[STK043]: the input `gone` of the plugin `b` is left out: its condition `on == true` does not hold
      help: remove it, or change the input that decides
    stk.yaml:14:16: warning[STK042]: the plugin `b` declares no input `other`; templates see it all the same
    stk.yaml:14:16: error[STK047]: the plugin `b` generates no connection for the input `other`
    ");
}

#[test]
fn v1_connectors_go_where_the_plugin_says() {
    let stk = "schema-version: v1
kind: manifest
metadata: {name: shop}
spec:
  type: infra
  plugins:
  - name: account/studio/bucket@1.0.0
    type: infra
    inputs:
      aws_eks_conn__CONNECTOR: cluster
      aws_eks_conn__CONNECTOR__region: us-east-1
    connectors:
    - {name: my-bucket, type: aws-s3-conn}
";
    let spec = "requires: {connection-interface: [aws-eks-conn]}\ngenerates: {connection-interface: [aws-s3-conn]}";
    let manifest = Manifest::parse("stk.yaml", stk).value.expect("a manifest");
    let definition = PluginDefinition::parse("plugin.yaml", &plugin("v1", spec))
        .value
        .expect("a definition");
    let plugins = BTreeMap::from([("bucket".to_owned(), definition)]);
    let parsed = stk_manifest::units(
        &manifest,
        &plugins,
        "dev",
        &DynamicInputs::default(),
        stk_manifest::Secrets::Later,
    );
    assert_eq!(show(&parsed.findings), "");
    insta::assert_snapshot!(lines(&parsed.value.expect("units")), @"
    requires aws-eks-conn = cluster (aws-eks-conn) at 10:32
    generates aws-s3-conn = my-bucket (aws-s3-conn) at 13:7:
    ");
}
