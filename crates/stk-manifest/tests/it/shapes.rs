//! Whole documents in the shapes of real ones: what comes out of them, from outside.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stk_manifest::{DynamicInputs, Manifest, PluginDefinition, SelectedConnection, units};

use crate::support::show;

/// The units of `stk` for `environment`, each plugin with the definition of its name, then the findings.
fn deployed(stk: &str, plugins: &[&str], environment: &str, dynamic: &str) -> String {
    let manifest = Manifest::parse("stk.yaml", stk);
    let mut findings = manifest.findings;
    let manifest = manifest.value.expect("a manifest");
    let mut by_name = BTreeMap::new();
    for text in plugins {
        let parsed = PluginDefinition::parse("plugin.yaml", text);
        findings.extend(parsed.findings);
        let definition = parsed.value.expect("a definition");
        by_name.insert(definition.name.clone(), definition);
    }
    let definitions = manifest
        .infra_plugins()
        .filter_map(|applied| {
            let definition = by_name.get(&applied.qualifier.plugin)?;
            Some((applied.alias.clone(), definition.clone()))
        })
        .collect();
    let dynamic = DynamicInputs::parse(dynamic).expect("dynamic inputs");
    let merged = units(
        &manifest,
        &definitions,
        environment,
        &dynamic,
        stk_manifest::Secrets::Later,
    );
    findings.extend(merged.findings);
    let mut shown = String::new();
    for unit in merged.value.expect("units") {
        let _ = writeln!(
            shown,
            "{}: {}",
            unit.alias,
            serde_json::to_string(&unit.inputs).expect("JSON")
        );
        for each in &unit.requires {
            let _ = writeln!(
                shown,
                "  requires {} = {} ({})",
                each.slot, each.connection, each.kind
            );
        }
        for each in &unit.generates {
            let outputs: Vec<String> = each
                .outputs
                .iter()
                .map(|it| format!("{} <- {}", it.to, it.from))
                .collect();
            let _ = writeln!(
                shown,
                "  generates {} = {} ({}): {}",
                each.slot,
                each.connection,
                each.kind,
                outputs.join(", ")
            );
        }
    }
    shown + &show(&findings)
}

const CLUSTER_V1: &str = "schema-version: v1
kind: manifest
metadata:
  name: padaria-api
  description: >-
    Serviço de pedidos: forno,
    balcão e entrega
  stack-version-id: 01GV0Q0Z6W8M5N2C3D4E5F6G7H
  stack: padaria-stack
  starter: padaria-studio/padaria-stack/api-starter
spec:
  type: app
  app-id: 01GV0Q1111111111111111111A
  plugins:
    - name: padaria-account/padaria-studio/service-plugin@0.4.1
      type: infra
      inputs:
        service_name: pedidos
        service_port: '8080'
        service_replicas: 2
        service_image: ''
        aws_eks_conn__CONNECTOR__cluster_name: forno
        aws_eks_conn__CONNECTOR__account_id: '000000000042'
        aws_eks_conn__CONNECTOR__region: sa-east-1
        aws_eks_conn__CONNECTOR: forno conn
        aws_rds_conn__CONNECTOR__host: db.padaria.example
        aws_rds_conn__CONNECTOR__pass: '***'
        aws_rds_conn__CONNECTOR: pedidos-db
      inputs-envs: {}
      connectors:
        - name: forno conn
          type: aws-eks-conn
      links:
        generates: []
    - name: padaria-studio/base-plugin@1.0.0
      type: app
      inputs:
        project_name: padaria-api
  global-inputs:
    project_group_id: br.com.padaria
  global-computed-inputs:
    'package_dir': br/com/padaria
  repository: https://git.example/padaria/padaria-api
";

fn shown(connection: &SelectedConnection) -> String {
    format!(
        "{} = {} {}",
        connection.slot,
        connection.connection,
        serde_json::to_string(&connection.kept).expect("JSON")
    )
}

#[test]
fn v1_connectors_keep_their_attributes() {
    let parsed = Manifest::parse("stk.yaml", CLUSTER_V1);
    assert_eq!(show(&parsed.findings), "");
    let manifest = parsed.value.expect("a manifest");
    insta::assert_snapshot!(manifest.description.as_deref().unwrap_or_default(), @"Serviço de pedidos: forno, balcão e entrega");
    let service = manifest.plugins.first().expect("a plugin");
    insta::assert_snapshot!(service.alias, @"service-plugin");
    let connections: Vec<String> = service.connections.requires.iter().map(shown).collect();
    insta::assert_snapshot!(connections.join("\n"), @r#"
    aws-eks-conn = forno conn {"cluster_name":"forno","account_id":"000000000042","region":"sa-east-1"}
    aws-rds-conn = pedidos-db {"host":"db.padaria.example"}
    "#);
    assert_eq!(
        manifest.plugins.get(1).map(|it| it.alias.as_str()),
        Some("base-plugin")
    );
}

const SERVICE_V1: &str = "schema-version: v1
kind: plugin
metadata:
  name: service-plugin
  display-name: Service
  description: Runs a service in a cluster
  version: 0.4.1
spec:
  type: infra
  about: docs/about.md
  implementation: docs/implementation.md
  requirements: docs/requirements.md
  release-notes: docs/release-notes.md
  usage: docs/usage.md
  compatibility:
    - java
  technologies:
    - Container
  repository: https://git.example/padaria/plugins
  app-allowed: true
  requires:
    connection-interface:
      - aws-eks-conn
      - aws-rds-conn
    plugin: []
  generates:
    connection-interface: []
    link:
      - name: Painel
        url: 'https://painel.example/{{ service_name }}'
        type: dynamic
        picture: docs/painel.png
  inputs:
    - {label: Nome, name: service_name, type: text, required: true, pattern: '^[a-z][a-z-]*$'}
    - {label: Porta, name: service_port, type: text, default: '80'}
    - {label: Réplicas, name: service_replicas, type: int, default: '1'}
    - {label: Memória, name: memory, type: text, items: [256Mi, 512Mi], default: [256Mi]}
    - {label: Imagem, name: service_image, type: text, required: false}
";

/// What is quoted stays text, a default in a list is the item, and the connectors go to their slots.
#[test]
fn v1_project_and_plugin() {
    let stk = CLUSTER_V1.replace("        aws_rds_conn__CONNECTOR__pass: '***'\n", "");
    insta::assert_snapshot!(deployed(&stk, &[SERVICE_V1], "prd", ""), @r#"
    service-plugin: {"service_name":"pedidos","service_port":"8080","service_replicas":2,"memory":"256Mi","service_image":"","aws_eks_conn__CONNECTOR__cluster_name":"forno","aws_eks_conn__CONNECTOR__account_id":"000000000042","aws_eks_conn__CONNECTOR__region":"sa-east-1","aws_eks_conn__CONNECTOR":"forno conn","aws_rds_conn__CONNECTOR__host":"db.padaria.example","aws_rds_conn__CONNECTOR":"pedidos-db"}
      requires aws-eks-conn = forno conn (aws-eks-conn)
      requires aws-rds-conn = pedidos-db (aws-rds-conn)
    "#);
}

const QUEUE_V2: &str = "schema-version: v2
kind: plugin
metadata:
  name: queue
  display-name: Queue
  description: A queue
  version: 2.1.0
spec:
  type: infra
  runtime: {environment: [terraform-1-4, aws-cli-2, git-2]}
  single-use: true
  app-allowed: false
  stk-projects-only: true
  justification: because
  inputs:
    - {label: Kind, name: kind, type: select, items: [standard, fifo], default: standard, required: true}
    - {label: Days, name: retention, type: int, default: '7', condition: {variable: kind, operator: '!=', value: fifo}}
    - {label: Days, name: retention, type: int, default: '14', condition: {variable: kind, operator: '==', value: fifo}}
    - {label: Tags, name: tags, type: multiselect, items: [cost, team, owner], default: [cost]}
    - {label: Owner, name: owner, type: text, condition: {variable: tags, operator: containsAll, value: [team, owner]}}
    - {label: Terraform, name: tf, type: text, default: 1.5.7, global: true}
    - {label: Import, name: import, type: bool, default: 'true', condition: {variable: tf, operator: '>=', value: '1.10'}}
    - {label: Size, name: size, type: int, default: '', required: false}
  inputs-envs:
    - {label: Region, name: region, type: text, required: true, pattern: '[a-z]{2}-[a-z]+-[0-9]'}
  computed-inputs:
    queue_name: \"{{ inputs.kind }}-queue\"
    full_name: \"{{ computed_inputs.queue_name }}.fifo\"
  global-computed-inputs:
    base_dir: \"{{ global_inputs.group | replace('.', '/') }}\"
  hooks:
    - {type: run, trigger: after-render, commands: [ls]}
  requires:
    connections:
      - {type: aws-iam-role-conn, alias: iam-role-default}
  generates:
    connections:
      - type: aws-sqs-conn
        alias: queue-default
        outputs:
          - {from: queue-arn, to: arn}
          - {from: queue_url, to: url}
    links: []
";

fn queues(first: &str, second: &str) -> String {
    let entry = |alias: &str, inputs: &str| {
        format!(
            "    - name: \n        estúdio-x/pilha@1.0.0/queue@2.1.0\n      alias: {alias}\n      plugin-version-id: 01HG9893S8WVPTMGETXAWS447N\n      stack-version-id: 01HG18BB3J3FD7T448W2NS864Y\n      type: infra\n      inputs: {inputs}\n      inputs-envs: {{region: {{dev: us-east-1, prd: sa-east-1}}}}\n      connections:\n        generates:\n        - {{type: aws-sqs-conn, selected: {alias} conn, alias: queue-default}}\n        requires:\n        - {{type: aws-iam-role-conn, selected: shared role, alias: iam-role-default}}\n      links: {{generates: []}}\n"
        )
        .replace("estúdio-x", "estudio-x")
    };
    format!(
        "schema-version: v2\nkind: manifest\nspec:\n  type: app\n  plugins:\n{}{}  global-inputs: {{tf: 1.10.0, group: br.com.x}}\n  global-computed-inputs: {{}}\n",
        entry("queue-1738686911199", first),
        entry("queue-01jg9893s8wvptmgetxaws447n", second)
    )
}

#[test]
fn v2_project_and_plugin() {
    let stk = queues(
        "{kind: fifo, tags: [owner, team], owner: ana}",
        "{retention: '3', tags: team, owner: rui, size: ''}",
    );
    insta::assert_snapshot!(deployed(&stk, &[QUEUE_V2], "dev", "--new 1"), @r#"
    queue-1738686911199: {"kind":"fifo","retention":14,"tags":["owner","team"],"owner":"ana","tf":"1.10.0","import":true,"region":"us-east-1","new":"1"}
      requires iam-role-default = shared role (aws-iam-role-conn)
      generates queue-default = queue-1738686911199 conn (aws-sqs-conn): arn <- queue-arn, url <- queue_url
    queue-01jg9893s8wvptmgetxaws447n: {"kind":"standard","retention":3,"tags":["team"],"tf":"1.10.0","import":true,"size":"","region":"us-east-1","new":"1"}
      requires iam-role-default = shared role (aws-iam-role-conn)
      generates queue-default = queue-01jg9893s8wvptmgetxaws447n conn (aws-sqs-conn): arn <- queue-arn, url <- queue_url
    stk.yaml:6:7: warning[STK052]: the plugin `queue-1738686911199` is applied in a project of `type: app`, but plugin.yaml says `app-allowed: false`
      help: it is deployed all the same; StackSpot applies it in projects of `type: infra` only
    stk.yaml:20:7: warning[STK052]: the plugin `queue` is applied twice, here and on line 6, but plugin.yaml says `single-use: true`
      help: both are deployed; their resources may have the same names
    stk.yaml:20:7: warning[STK052]: the plugin `queue-01jg9893s8wvptmgetxaws447n` is applied in a project of `type: app`, but plugin.yaml says `app-allowed: false`
      help: it is deployed all the same; StackSpot applies it in projects of `type: infra` only
    stk.yaml:26:51: warning[STK043]: the input `owner` of the plugin `queue-01jg9893s8wvptmgetxaws447n` is left out: its condition `tags containsAll ["team","owner"]` does not hold
      help: remove it, or change the input that decides
    "#);
    insta::assert_snapshot!(deployed(&stk, &[QUEUE_V2], "qa", "--region nowhere"), @r#"
    queue-1738686911199: {"kind":"fifo","retention":14,"tags":["owner","team"],"owner":"ana","tf":"1.10.0","import":true,"region":"nowhere"}
      requires iam-role-default = shared role (aws-iam-role-conn)
      generates queue-default = queue-1738686911199 conn (aws-sqs-conn): arn <- queue-arn, url <- queue_url
    queue-01jg9893s8wvptmgetxaws447n: {"kind":"standard","retention":3,"tags":["team"],"tf":"1.10.0","import":true,"size":"","region":"nowhere"}
      requires iam-role-default = shared role (aws-iam-role-conn)
      generates queue-default = queue-01jg9893s8wvptmgetxaws447n conn (aws-sqs-conn): arn <- queue-arn, url <- queue_url
    stk.yaml:6:7: warning[STK052]: the plugin `queue-1738686911199` is applied in a project of `type: app`, but plugin.yaml says `app-allowed: false`
      help: it is deployed all the same; StackSpot applies it in projects of `type: infra` only
    stk.yaml:20:7: warning[STK052]: the plugin `queue` is applied twice, here and on line 6, but plugin.yaml says `single-use: true`
      help: both are deployed; their resources may have the same names
    stk.yaml:20:7: warning[STK052]: the plugin `queue-01jg9893s8wvptmgetxaws447n` is applied in a project of `type: app`, but plugin.yaml says `app-allowed: false`
      help: it is deployed all the same; StackSpot applies it in projects of `type: infra` only
    stk.yaml:26:51: warning[STK043]: the input `owner` of the plugin `queue-01jg9893s8wvptmgetxaws447n` is left out: its condition `tags containsAll ["team","owner"]` does not hold
      help: remove it, or change the input that decides
    DYNAMIC_INPUTS:1:1: error[STK051]: the input `region` of the plugin `queue-1738686911199` must match the pattern `[a-z]{2}-[a-z]+-[0-9]`, found `nowhere`
    DYNAMIC_INPUTS:1:1: error[STK051]: the input `region` of the plugin `queue-01jg9893s8wvptmgetxaws447n` must match the pattern `[a-z]{2}-[a-z]+-[0-9]`, found `nowhere`
    "#);
}

const DEEP_V3: &str = "schema-version: v3
kind: plugin
metadata: {name: deep, display-name: Deep, description: Deep, version: 1.0.0}
spec:
  type: infra
  docs: {pt-br: docs/pt-br.md, en-us: docs/en-us.md}
  runtime: {environment: [terraform-1-5]}
  inputs:
    - label: Sites
      name: sites
      type: list
      add-question: Another site?
      input:
        label: Site
        type: object
        inputs:
          - {label: Host, name: host, type: text, required: true, pattern: '^[a-z.]+$', help: 'a host name, e.g. a.example'}
          - {label: Ports, name: ports, type: list, input: {label: Port, type: int}}
          - {label: Log, name: log, type: bool, default: false}
          - {label: Log bucket, name: log_bucket, type: required-connection, connection-interface-type: aws-s3-conn, condition: {variable: log, operator: ==, value: true}}
          - label: Cache
            name: cache
            type: object
            inputs:
              - {label: Topic, name: topic, type: required-connection, connection-interface-type: aws-sns-conn}
              - {label: TTL, name: ttl, type: int, default: 60}
    - {label: Extra, name: extra, type: list, required: false, input: {label: Bucket, type: required-connection, connection-interface-type: aws-s3-conn}}
    - {label: Out, name: out-conn, type: generated-connection, outputs: [{from: out-arn, to: arn}]}
  outputs: {out-arn: The ARN}
  requires: {variables: [STK_PROJECT_NAME, STK_CLOUD_ACCOUNT_ID_DEV, team-code]}
  allowed-resource-fork: [aws_sns_topic, aws_s3_bucket]
";

const DEEP_STK: &str = "schema-version: v2
kind: manifest
metadata: {name: deep}
spec:
  type: infra
  infra-id: 01J592VJHJVHQB3D6SV6FGX8F2
  plugins:
  - name: local/deep@1.0.0
    alias: deep
    type: infra
    inputs:
      sites:
      - host: a.example
        ports: [80, '443']
        log: true
        log_bucket: {stk-type: required-connection, selected: my-bcket alias, type: aws-s3-conn}
        cache:
          topic:
            stk-type: required-connection
            selected: alias-conn-2
            type: aws-sns-conn
            connection:
              arn: arn:aws:sns:sa-east-1:000000000042:topic
              topic_name: topic
              token: '***'
      - host: B.example
        ports: [http]
        log_bucket: {stk-type: required-connection, selected: gone, type: aws-s3-conn}
        cache: {ttl: 5}
      extra:
      - {stk-type: required-connection, selected: x, type: aws-sns-conn}
      - {stk-type: generated-connection, selected: y, type: aws-s3-conn}
      out-conn: {stk-type: generated-connection, selected: out, type: aws-sns-conn}
    inputs-envs: {}
    connections: {generates: [], requires: []}
  global-inputs: {}
  global-computed-inputs: {}
";

#[test]
fn v3_project_and_plugin() {
    let stk = DEEP_STK.replace("              token: '***'\n", "");
    insta::assert_snapshot!(deployed(&stk, &[DEEP_V3], "dev", ""), @r#"
    deep: {"sites":[{"host":"a.example","ports":[80,443],"log":true,"log_bucket":{"stk-type":"required-connection","selected":"my-bcket alias","type":"aws-s3-conn"},"cache":{"topic":{"stk-type":"required-connection","selected":"alias-conn-2","type":"aws-sns-conn","connection":{"arn":"arn:aws:sns:sa-east-1:000000000042:topic","topic_name":"topic"}},"ttl":60}},{"host":"B.example","ports":["http"],"log":false,"cache":{"ttl":5}}],"extra":[{"stk-type":"required-connection","selected":"x","type":"aws-sns-conn"},{"stk-type":"generated-connection","selected":"y","type":"aws-s3-conn"}],"out-conn":{"stk-type":"generated-connection","selected":"out","type":"aws-sns-conn"}}
      requires sites[0].log_bucket = my-bcket alias (aws-s3-conn)
      requires sites[0].cache.topic = alias-conn-2 (aws-sns-conn)
      requires extra[0] = x (aws-sns-conn)
      generates extra[1] = y (aws-s3-conn): 
      generates out-conn = out (aws-sns-conn): arn <- out-arn
    plugin.yaml:30:44: warning[STK053]: the plugin requires the variable `STK_CLOUD_ACCOUNT_ID_DEV`, which a deployment without StackSpot does not have
      help: a template that reads `var.STK_CLOUD_ACCOUNT_ID_DEV` prints nothing there; let it read an input instead, whose value can come from stk.yaml or DYNAMIC_INPUTS
    plugin.yaml:30:70: warning[STK053]: the plugin requires the variable `team-code`, which a deployment without StackSpot does not have
      help: a variable's name is made of upper-case letters, digits and `_`
    stk.yaml:25:15: error[STK051]: the input `sites[1].host` of the plugin `deep` must match the pattern `^[a-z.]+$`, found `B.example`
      help: the plugin says of it: `a host name, e.g. a.example`
    stk.yaml:26:17: error[STK041]: the input `sites[1].ports[0]` of the plugin `deep` is declared as int, found the text `http`
    stk.yaml:27:21: warning[STK043]: the input `sites[1].log_bucket` of the plugin `deep` is left out: its condition `log == true` does not hold
      help: remove it, or change the input that decides
    stk.yaml:28:16: error[STK048]: the input `sites[1].cache.topic` of the plugin `deep` selects no connection
      help: add `topic: {stk-type: required-connection, selected: <connection>, type: aws-sns-conn}` to it
    stk.yaml:30:9: warning[STK049]: the connection input `extra[0]` of the plugin `deep` is of the type `aws-s3-conn`, but the connection `x` is given as `aws-sns-conn`
    stk.yaml:31:9: error[STK041]: the input `extra[1]` of the plugin `deep` is declared as required-connection, found a `generated-connection`
      help: write `{stk-type: required-connection, selected: <connection>, type: <connection interface type>}`
    "#);
    let manifest = Manifest::parse("stk.yaml", DEEP_STK)
        .value
        .expect("a manifest");
    let deep = manifest.plugins.first().expect("a plugin");
    let kept: Vec<String> = deep.connections.requires.iter().map(shown).collect();
    insta::assert_snapshot!(kept.join("\n"), @r#"
    sites[0].log_bucket = my-bcket alias {}
    sites[0].cache.topic = alias-conn-2 {"arn":"arn:aws:sns:sa-east-1:000000000042:topic","topic_name":"topic"}
    sites[1].log_bucket = gone {}
    extra[0] = x {}
    "#);
}

#[test]
fn the_document_is_kept_whole() {
    let text = "schema-version: v2
kind: manifest
owner: {team: &team [ana, rui]}
metadata: {name: x, tier: gold}
spec:
  type: infra
  plugins:
  - name: local/a@1.0.0
    alias: a
    type: infra
    priority: 1
    inputs: {port: '8080', off: 'false', empty: '', none: , at: 2024-01-31, big: 1e3, people: *team}
    inputs-envs: {}
  deadline: tomorrow
";
    let document = Manifest::document("stk.yaml", text);
    assert_eq!(show(&document.findings), "");
    insta::assert_snapshot!(serde_json::to_string(&document.value.expect("a document")).expect("JSON"), @r#"{"schema-version":"v2","kind":"manifest","owner":{"team":["ana","rui"]},"metadata":{"name":"x","tier":"gold"},"spec":{"type":"infra","plugins":[{"name":"local/a@1.0.0","alias":"a","type":"infra","priority":1,"inputs":{"port":"8080","off":"false","empty":"","none":null,"at":"2024-01-31","big":1000.0,"people":["ana","rui"]},"inputs-envs":{}}],"deadline":"tomorrow"}}"#);
    insta::assert_snapshot!(show(&Manifest::parse("stk.yaml", text).findings), @"
    stk.yaml:3:1: warning[STK005]: the file has no key `owner`; it is ignored
    stk.yaml:4:21: warning[STK005]: `metadata` has no key `tier`; it is ignored
    stk.yaml:11:5: warning[STK005]: the plugin `a` has no key `priority`; it is ignored
    stk.yaml:14:3: warning[STK005]: `spec` has no key `deadline`; it is ignored
    ");
    insta::assert_snapshot!(show(&Manifest::document("stk.yaml", "- a\n").findings), @"stk.yaml:1:1: error[STK004]: the file must be a mapping, found a list");
    insta::assert_snapshot!(show(&Manifest::document("stk.yaml", "a: 1\na: 2\n").findings), @"
    stk.yaml:2:1: error[STK003]: the key `a` stands twice in this mapping: on line 1 and on line 2
      help: remove one of the two
    ");
}
