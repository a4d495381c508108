//! Plugins that do not fit each other.

use std::fs;

use crate::support::Case;
use stk_testing::fixtures::root;

const TOPIC: &str = "\
schema-version: v2
kind: plugin
metadata: {name: topic, display-name: Topic, description: A topic, version: 1.0.0}
spec:
  type: infra
  inputs:
  - {label: Name, name: name, type: text, required: true}
  generates:
    connections:
    - type: aws-sns-conn
      alias: out
      outputs:
      - {from: topic_arn, to: arn}
      - {from: topic_name, to: topic_name}
";

const TOPIC_MAIN: &str = "\
{% for part in ['arn', 'name'] %}
output \"topic_{{ part }}\" {
  value = \"{{ name }}-{{ part }}\"
}
{% endfor %}
";

const QUEUE: &str = "\
schema-version: v2
kind: plugin
metadata: {name: queue, display-name: Queue, description: A queue, version: 1.0.0}
spec:
  type: infra
  inputs:
  - {label: Encrypted, name: encrypted, type: bool, default: false}
  requires:
    connections:
    - {type: aws-sns-conn, alias: topic}
";

const MANIFEST: &str = "\
schema-version: v2
kind: manifest
metadata: {name: shop}
spec:
  type: infra
  infra-id: 01J9V6MWFTWQ392331QBCS46KQ
  plugins:
  - name: acme/topic@1.0.0
    alias: orders-topic
    type: infra
    inputs: {name: orders}
    connections:
      generates:
      - {type: aws-sns-conn, selected: orders topic, alias: out}
      requires: []
  - name: acme/queue@1.0.0
    alias: orders-queue
    type: infra
    inputs: {}
    connections:
      generates: []
      requires:
      - {type: aws-sns-conn, selected: orders topic, alias: topic}
  global-inputs: {}
";

/// A topic, and a queue whose template is `main`.
fn pair(main: &str) -> Case {
    let case = Case::new("empty");
    case.write(".stk/stk.yaml", MANIFEST);
    case.write("plugins/topic/plugin.yaml", TOPIC);
    case.write("plugins/topic/templates-deploy/main.tf", TOPIC_MAIN);
    case.write("plugins/queue/plugin.yaml", QUEUE);
    case.write("plugins/queue/templates-deploy/main.tf", main);
    case
}

fn edit(case: &Case, path: &str, from: &str, to: &str) {
    let file = case.project.workdir.join(path);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    case.write(path, &text.replace(from, to));
}

fn seen(case: &Case) -> String {
    case.seen(&["validate", "--env", "dev"])
}

#[test]
fn plugins_that_fit() {
    let case = pair("# {{ connections.topic.arn }} {{ connections['topic'].topic_name }}\n");
    insta::assert_snapshot!(seen(&case), @"
    exit 0
    0 errors, 0 warnings
    ");
}

#[test]
fn an_attribute_that_nobody_gives() {
    let case = pair(
        "\
locals {
  topic  = \"{{ connections.topic.arm }}\"
  region = \"{{ connections['topic']['region'] | upper }}\"
}
{% set source = connections.topic %}
# {{ source.toppic_name }}
",
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 13
    empty/plugins/queue/templates-deploy/main.tf:2:34: error[STK081]: the plugin `orders-queue` reads `connections.topic.arm`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `arm`
      help: did you mean `arn`?
    empty/plugins/queue/templates-deploy/main.tf:3:37: error[STK081]: the plugin `orders-queue` reads `connections.topic.region`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `region`
      help: `orders-topic` gives it `arn`, `topic_name`
    empty/plugins/queue/templates-deploy/main.tf:6:13: error[STK081]: the plugin `orders-queue` reads `connections.topic.toppic_name`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `toppic_name`
      help: did you mean `topic_name`?
    3 errors, 0 warnings
    ");
}

#[test]
fn a_template_may_ask_before_it_reads() {
    let case = pair(
        "\
# {{ connections.topic.key|default('none') }} {{ connections.topic.get('key') }}
{% if connections.topic.key is defined %}{{ connections.topic.key }}{% endif %}
{% if 'region' in connections.topic %}{{ connections.topic.region }}{% endif %}
# {{ connections.topic.zone if connections.topic.zone else '' }}
",
    );
    assert_eq!(seen(&case), "exit 0\n0 errors, 0 warnings\n");
}

#[test]
fn a_branch_counts_when_it_is_taken() {
    let case = pair("{% if encrypted %}\n# {{ connections.topic.key }}\n{% endif %}\n");
    assert_eq!(seen(&case), "exit 0\n0 errors, 0 warnings\n");
    edit(
        &case,
        ".stk/stk.yaml",
        "inputs: {}\n    conn",
        "inputs: {encrypted: true}\n    conn",
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 13
    empty/plugins/queue/templates-deploy/main.tf:2:24: error[STK081]: the plugin `orders-queue` reads `connections.topic.key`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `key`
      help: `orders-topic` gives it `arn`, `topic_name`
    1 error, 0 warnings
    ");
    // Without an environment the branches are not certain.
    insta::assert_snapshot!(case.seen(&["validate"]), @"
    exit 0
    empty/plugins/queue/templates-deploy/main.tf:2:24: warning[STK081]: the plugin `orders-queue` may read `connections.topic.key`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `key`
      help: `orders-topic` gives it `arn`, `topic_name`
    0 errors, 1 warning
    ");
}

#[test]
fn a_comparison_with_what_nobody_gives_is_odd() {
    let case = pair("{% if connections.topic.kind == 'fifo' %}\nfifo\n{% endif %}\n");
    insta::assert_snapshot!(seen(&case), @"
    exit 0
    empty/plugins/queue/templates-deploy/main.tf:1:25: warning[STK081]: the plugin `orders-queue` compares `connections.topic.kind`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `kind`
      help: `orders-topic` gives it `arn`, `topic_name`
    0 errors, 1 warning
    ");
}

#[test]
fn computed_inputs_are_templates_too() {
    let case = pair("# {{ source }}\n");
    edit(
        &case,
        "plugins/queue/plugin.yaml",
        "  requires:",
        "  computed-inputs: {source: '{{ connections.topic.url }}'}\n  requires:",
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 13
    empty/plugins/queue/plugin.yaml:8:1: error[STK081]: the plugin `orders-queue` reads `connections.topic.url`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `url` (computed input `source`)
      help: `orders-topic` gives it `arn`, `topic_name`
    1 error, 0 warnings
    ");
}

#[test]
fn a_slot_that_the_plugin_does_not_have() {
    let case = pair(
        "# {{ connections.topik.arn }} {{ connections.other.arn if encrypted }} {{ connections.third is defined }}\n",
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 13
    empty/plugins/queue/templates-deploy/main.tf:1:18: error[STK085]: the plugin `orders-queue` reads `connections.topik`, but it requires no connection for a slot `topik`
      help: did you mean `topic`?
    empty/plugins/queue/templates-deploy/main.tf:1:46: warning[STK085]: the plugin `orders-queue` may read `connections.other`, but it requires no connection for a slot `other`
      help: the slots that it requires are `topic`
    1 error, 1 warning
    ");
}

#[test]
fn connection_inputs_at_any_depth() {
    let case = pair(
        "{% for s in sources %}# {{ s.topic.connection.arn }} {{ s.topic.connection.key }}\n{% endfor %}\n",
    );
    case.write(
        "plugins/queue/plugin.yaml",
        "\
schema-version: v3
kind: plugin
metadata: {name: queue, display-name: Queue, description: A queue, version: 1.0.0}
spec:
  type: infra
  docs: {en-us: docs.md}
  runtime: {environment: [terraform-1-4]}
  inputs:
  - label: Sources
    name: sources
    type: list
    add-question: More?
    input:
      type: object
      label: Source
      inputs:
      - {label: Topic, name: topic, type: required-connection, connection-interface-type: aws-sns-conn}
",
    );
    edit(
        &case,
        ".stk/stk.yaml",
        "    inputs: {}\n    connections:\n      generates: []\n      requires:\n      - {type: aws-sns-conn, selected: orders topic, alias: topic}\n",
        "    inputs:\n      sources:\n      - topic: {stk-type: required-connection, selected: orders topic, type: aws-sns-conn}\n",
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 13
    empty/plugins/queue/templates-deploy/main.tf:1:76: error[STK081]: the plugin `orders-queue` reads `sources[*].topic.connection.key`, but the connection `orders topic` (slot `sources[0].topic`), which the plugin `orders-topic` generates, has no attribute `key`
      help: `orders-topic` gives it `arn`, `topic_name`
    1 error, 0 warnings
    ");
}

#[test]
fn an_output_that_no_template_declares() {
    let case = pair("# {{ connections.topic.arn }}\n");
    edit(
        &case,
        "plugins/topic/plugin.yaml",
        "from: topic_arn",
        "from: topic-arn",
    );
    edit(
        &case,
        "plugins/topic/templates-deploy/main.tf",
        "'arn', 'name'",
        "'arn'",
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 13
    empty/plugins/topic/plugin.yaml:13:16: error[STK082]: the attribute `arn` of the connection `orders topic` (slot `out`) is filled from the output `topic-arn`, which no template of the plugin `orders-topic` declares
      help: did you mean `topic_arn`?
    empty/plugins/topic/plugin.yaml:14:16: error[STK082]: the attribute `topic_name` of the connection `orders topic` (slot `out`) is filled from the output `topic_name`, which no template of the plugin `orders-topic` declares
      help: did you mean `topic_arn`?
    2 errors, 0 warnings
    ");
    // An output of a nested module is not one of the project.
    case.write(
        "plugins/topic/templates-deploy/module/outputs.tf",
        "output \"topic_name\" {\n  value = 1\n}\n",
    );
    assert!(seen(&case).contains("from the output `topic_name`"));
    // In a file that is no HCL there may be any output.
    case.write(
        "plugins/topic/templates-deploy/more.tf",
        "output \"topic_name\" {\n  value = ???\n",
    );
    assert!(!seen(&case).contains("STK082"));
}

#[test]
fn outputs_that_depend_on_a_deployment_are_not_judged() {
    let case = pair("# {{ connections.topic.arn }}\n");
    case.write(
        "plugins/topic/templates-deploy/main.tf",
        "\
{% if environment == 'prd' %}
output \"topic_arn\" {
  value = 1
}
{% endif %}
output \"topic_name\" {
  value = 1
}
",
    );
    // With an environment it is certain that it is not there.
    assert!(seen(&case).contains("STK082"));
    assert_eq!(
        case.seen(&["validate", "--env", "prd"]),
        "exit 0\n0 errors, 0 warnings\n"
    );
    assert_eq!(case.seen(&["validate"]), "exit 0\n0 errors, 0 warnings\n");
}

#[test]
fn a_connection_that_nobody_requires_is_a_note() {
    let case = pair("# queue\n");
    let text = fs::read_to_string(case.project.workdir.join(".stk/stk.yaml")).unwrap();
    let start = text.find("  - name: acme/queue").unwrap();
    let end = text.find("  global-inputs").unwrap();
    case.write(
        ".stk/stk.yaml",
        &format!("{}{}", &text[..start], &text[end..]),
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 0
    empty/.stk/stk.yaml:14:9: note[STK083]: no plugin of this project requires the connection `orders topic` that the plugin `orders-topic` generates; it is there for other projects of the workspace
    0 errors, 0 warnings
    ");
}

#[test]
fn a_requirement_of_another_type() {
    let case = pair("# {{ connections.topic.arn }}\n");
    edit(
        &case,
        "plugins/queue/plugin.yaml",
        "aws-sns-conn",
        "aws-sqs-conn",
    );
    edit(
        &case,
        ".stk/stk.yaml",
        "{type: aws-sns-conn, selected: orders topic, alias: topic}",
        "{type: aws-sqs-conn, selected: orders topic, alias: topic}",
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 0
    empty/.stk/stk.yaml:23:9: warning[STK080]: the plugin `orders-queue` requires the connection `orders topic` (slot `topic`) as `aws-sqs-conn`, but the plugin `orders-topic` generates it as `aws-sns-conn`
      help: select a connection of the type `aws-sqs-conn`, or correct the type that is wrong
    0 errors, 1 warning
    ");
}

#[test]
fn a_value_that_is_not_there() {
    let case = pair(
        "# {{ owner }} {{ inputs.team }} {{ encrypted }} {{ connections.topic.arn }}\n# {{ kms }}\n",
    );
    insta::assert_snapshot!(seen(&case), @"
    exit 0
    empty/plugins/queue/templates-deploy/main.tf:1:6: warning[STK084]: in the plugin `orders-queue` `owner` is undefined; it prints as nothing
    empty/plugins/queue/templates-deploy/main.tf:1:25: warning[STK084]: in the plugin `orders-queue` `inputs.team` is undefined; it prints as nothing
    empty/plugins/queue/templates-deploy/main.tf:2:6: warning[STK084]: in the plugin `orders-queue` `kms` is undefined; it prints as nothing
    0 errors, 3 warnings
    ");
}

#[test]
fn in_a_workflow_they_are_annotated() {
    let case = pair("# {{ connections.topic.arm }}\n");
    let folder = case.path("").display().to_string();
    let case = case
        .with("GITHUB_ACTIONS", "true")
        .with("GITHUB_WORKSPACE", &folder);
    let ran = case.run(&["validate", "--env", "dev"]);
    insta::assert_snapshot!(case.shown(&ran.stderr), @"::error file=empty/plugins/queue/templates-deploy/main.tf,line=1,col=24,title=STK081::the plugin `orders-queue` reads `connections.topic.arm`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `arm`%0Adid you mean `arn`?");
    let ran = case.run(&["validate", "--env", "dev", "--format", "json"]);
    insta::assert_snapshot!(case.shown(&ran.stdout), @r#"
    {
      "errors": 1,
      "warnings": 0,
      "findings": [
        {
          "severity": "error",
          "code": "STK081",
          "message": "the plugin `orders-queue` reads `connections.topic.arm`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `arm`",
          "file": "empty/plugins/queue/templates-deploy/main.tf",
          "line": 1,
          "column": 24,
          "help": "did you mean `arn`?"
        }
      ]
    }
    "#);
}

/// What is said about projects that can be deployed has to be true.
#[test]
fn the_fixtures_fit() {
    let mut lines = Vec::new();
    let mut fixtures: Vec<_> = fs::read_dir(root().join("projects"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    fixtures.sort();
    for fixture in fixtures {
        let case = Case::new(&fixture);
        for call in [&["validate"][..], &["validate", "--env", "dev"]] {
            let ran = case.run(call);
            let about = ran.stdout.lines().filter(|line| line.contains("[STK08"));
            lines.extend(about.map(|line| case.shown(line)));
        }
    }
    lines.dedup();
    insta::assert_snapshot!(lines.join("\n"), @"sns-sqs/.stk/stk.yaml:46:13: note[STK083]: no plugin of this project requires the connection `billing-sqs` that the plugin `sqs-queue-1728485030410` generates; it is there for other projects of the workspace");
}

#[test]
fn secrets_are_there_and_have_no_value() {
    let case = pair(
        "\
{% if password and token is defined %}
# {{ connections.topic.key }}
{% endif %}
output \"queue_url\" {
  value     = \"https://{{ password }}@queue\"
  sensitive = true
}
output \"{{ 'queue_' ~ name }}\" {
  value = \"{{ inputs.token }}\"
}
",
    );
    edit(
        &case,
        "plugins/queue/plugin.yaml",
        "  requires:",
        "  - {label: Name, name: name, type: text, default: arn}
  - {label: Password, name: password, type: password, required: true}
  - {label: Token, name: token, type: text}
  generates:
    connections:
    - type: aws-sqs-conn
      alias: queue
      outputs:
      - {from: queue_url, to: url}
      - {from: queue_arn, to: arn}
      - {from: queue_name, to: name}
  requires:",
    );
    edit(
        &case,
        ".stk/stk.yaml",
        "inputs: {}\n    connections:\n      generates: []",
        "inputs: {password: '***', token: '***'}\n    connections:\n      generates:\n      - {type: aws-sqs-conn, selected: orders queue, alias: queue}",
    );
    insta::assert_snapshot!(without_notes(&case), @"
    exit 13
    empty/plugins/queue/templates-deploy/main.tf:2:24: error[STK081]: the plugin `orders-queue` reads `connections.topic.key`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `key`
      help: `orders-topic` gives it `arn`, `topic_name`
    1 error, 0 warnings
    ");
    // A secret that is compared stops the template: whether it would get further is not known.
    case.write(
        "plugins/queue/templates-deploy/main.tf",
        "{% if password == 'x' %}{{ connections.topic.key }}{% endif %}\n",
    );
    insta::assert_snapshot!(without_notes(&case), @r#"
    exit 13
    empty/plugins/queue/templates-deploy/main.tf:1:46: warning[STK081]: the plugin `orders-queue` may read `connections.topic.key`, but the connection `orders topic` (slot `topic`), which the plugin `orders-topic` generates, has no attribute `key`
      help: `orders-topic` gives it `arn`, `topic_name`
    empty/plugins/queue/plugin.yaml:16:16: error[STK082]: the attribute `url` of the connection `orders queue` (slot `queue`) is filled from the output `queue_url`, which no template of the plugin `orders-queue` declares
      help: declare `output "queue_url"` in the root of `templates-deploy`
    empty/plugins/queue/plugin.yaml:17:16: error[STK082]: the attribute `arn` of the connection `orders queue` (slot `queue`) is filled from the output `queue_arn`, which no template of the plugin `orders-queue` declares
      help: declare `output "queue_arn"` in the root of `templates-deploy`
    empty/plugins/queue/plugin.yaml:18:16: error[STK082]: the attribute `name` of the connection `orders queue` (slot `queue`) is filled from the output `queue_name`, which no template of the plugin `orders-queue` declares
      help: declare `output "queue_name"` in the root of `templates-deploy`
    3 errors, 1 warning
    "#);
}

fn without_notes(case: &Case) -> String {
    let seen = seen(case);
    let mut lines = seen.lines().peekable();
    let mut kept = Vec::new();
    while let Some(line) = lines.next() {
        if line.contains(": note[") {
            lines.next_if(|line| line.starts_with("  help: "));
        } else {
            kept.push(line);
        }
    }
    kept.join("\n")
}
