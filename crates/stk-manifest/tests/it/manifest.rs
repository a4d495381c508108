//! stk.yaml: what is read, and every complaint.

use stk_manifest::{Kind, Manifest, SchemaVersion};

use crate::support::{findings, project, show};

const GOOD: &str = "\u{feff}schema-version: v2\r
kind: manifest\r
metadata:\r
  name: loja\r
  description: \"Descrição: ação\"\r
  stack-version-id: 01HG18BB3J3FD7T448W2NS864Y\r
  stack: core@1.0.39\r
spec:\r
  type: app\r
  app-id: 01J592VJHJVHQB3D6SV6FGX8F2\r
  plugins:\r
  - name: \r
      studio-with-a-long-name/stack-with-a-long-name@1.0.0/plugin-with-a-long-name@0.0.2\r
    alias: topic-1723660584592\r
    plugin-version-id: 01HG9893S8WVPTMGETXAWS447N\r
    type: infra\r
    inputs:\r
      port: '8080'\r
      open: 'false'\r
      image: ''\r
      answer: yes\r
      replicas: 3\r
      fifo: true\r
      bucket:\r
        inner:\r
          stk-type: required-connection\r
          selected: my-bcket alias\r
          type: aws-s3-conn\r
      queues:\r
      - stk-type: generated-connection\r
        selected: q1\r
        type: aws-sqs-conn\r
    inputs-envs:\r
      domain: {prd: a.example, dev: b.example}\r
    connections:\r
      generates:\r
      - {type: aws-sns-conn, selected: orders, alias: topic}\r
      requires: []\r
    links:\r
      generates:\r
      - {name: Logs, url: 'https://x/{{stk_env}}', type: dynamic, picture: ''}\r
  - name: local/site@0.1.0\r
    alias: site\r
    type: app\r
    inputs: {}\r
  global-inputs: {region: sa-east-1}\r
  global-computed-inputs:\r
    'package': br/com/loja\r
  repository: git@github.com:loja/loja.git\r
";

#[test]
fn every_field_of_v2_is_read() {
    let parsed = Manifest::parse("stk.yaml", GOOD);
    assert_eq!(show(&parsed.findings), "");
    let manifest = parsed.value.expect("a manifest");
    assert_eq!(manifest.schema_version, SchemaVersion::V2);
    assert_eq!(manifest.kind, Kind::App);
    assert_eq!(manifest.description.as_deref(), Some("Descrição: ação"));
    assert_eq!(manifest.stack.as_deref(), Some("core@1.0.39"));
    assert_eq!(
        manifest.project_identity(),
        Ok("01J592VJHJVHQB3D6SV6FGX8F2")
    );
    assert_eq!(
        manifest.repository.as_deref(),
        Some("git@github.com:loja/loja.git")
    );
    assert_eq!(manifest.plugins.len(), 2);
    assert_eq!(manifest.infra_plugins().count(), 1);
    let topic = manifest.plugins.first().expect("a plugin");
    assert_eq!(topic.qualifier.plugin, "plugin-with-a-long-name");
    assert_eq!(topic.qualifier.stack_version.as_deref(), Some("1.0.0"));
    assert_eq!((topic.position.line, topic.position.column), (12, 5));
    insta::assert_snapshot!(serde_json::to_string(&topic.inputs).expect("JSON"), @r#"{"port":"8080","open":"false","image":"","answer":"yes","replicas":3,"fifo":true,"bucket":{"inner":{"stk-type":"required-connection","selected":"my-bcket alias","type":"aws-s3-conn"}},"queues":[{"stk-type":"generated-connection","selected":"q1","type":"aws-sqs-conn"}]}"#);
    insta::assert_snapshot!(serde_json::to_string(&topic.inputs_envs).expect("JSON"), @r#"{"domain":{"prd":"a.example","dev":"b.example"}}"#);
    let connections: Vec<String> = topic
        .connections
        .requires
        .iter()
        .map(|it| {
            format!(
                "requires {} = {} ({}) at {}",
                it.slot, it.connection, it.kind, it.at
            )
        })
        .chain(topic.connections.generates.iter().map(|it| {
            format!(
                "generates {} = {} ({}) at {}",
                it.slot, it.connection, it.kind, it.at
            )
        }))
        .collect();
    insta::assert_snapshot!(connections.join("\n"), @"
    requires bucket.inner = my-bcket alias (aws-s3-conn) at 26:11
    generates topic = orders (aws-sns-conn) at 37:9
    generates queues[0] = q1 (aws-sqs-conn) at 30:9
    ");
    let link = topic.links.first().expect("a link");
    assert_eq!(link.url.as_deref(), Some("https://x/{{stk_env}}"));
    assert_eq!(
        manifest.global_computed_inputs.get("package"),
        Some(&serde_json::json!("br/com/loja"))
    );
}

#[test]
fn v1_connectors_and_derived_aliases() {
    let text = "schema-version: v1
kind: manifest
spec:
  type: infra
  plugins:
    - name: account/studio/service@0.0.2
      type: infra
      inputs:
        aws_eks_conn__CONNECTOR__region: us-east-1
        aws_eks_conn__CONNECTOR: cluster
        aws_rds_conn__CONNECTOR: database
      connectors:
        - {name: cluster, type: aws-eks-conn}
    - name: account/studio/service@0.0.2
      type: infra
      inputs: {}
      connectors: []
";
    let parsed = Manifest::parse("stk.yaml", text);
    insta::assert_snapshot!(show(&parsed.findings), @"
    stk.yaml:14:7: warning[STK014]: the plugin `service` is applied more than once without an alias: this entry is called `service-2` by its place in the file, so when one of them is removed, another one takes over its name and what is deployed under it
      help: give each of them an `alias` before one is removed, this one `alias: service-2`
    ");
    let manifest = parsed.value.expect("a manifest");
    let aliases: Vec<&str> = manifest
        .plugins
        .iter()
        .map(|it| it.alias.as_str())
        .collect();
    assert_eq!(aliases, ["service", "service-2"]);
    assert!(manifest.plugins.iter().all(|it| it.alias_is_derived));
    let connectors: Vec<(&str, &str)> = manifest
        .plugins
        .iter()
        .flat_map(|it| &it.connections.requires)
        .map(|it| (it.slot.as_str(), it.connection.as_str()))
        .collect();
    assert_eq!(
        connectors,
        [("aws-eks-conn", "cluster"), ("aws-rds-conn", "database")]
    );
    let identity = manifest.project_identity().expect_err("no identity");
    insta::assert_snapshot!(show(&[*identity]), @"
    stk.yaml:4:3: error[STK017]: nothing says which project this is: there is neither `spec.infra-id` nor `metadata.name`
      help: add `metadata.name: <a name for the project>`, or register the project with StackSpot, which adds `spec.infra-id`
    ");
}

#[test]
fn head() {
    insta::assert_snapshot!(findings(""), @"stk.yaml:1:1: error[STK001]: the file is empty");
    insta::assert_snapshot!(findings("# nothing\n"), @"stk.yaml:1:1: error[STK001]: the file is empty");
    insta::assert_snapshot!(findings("- a\n"), @"stk.yaml:1:1: error[STK004]: the file must be a mapping, found a list");
    insta::assert_snapshot!(findings("kind: manifest\nspec: {type: infra, plugins: []}\n"), @"
    stk.yaml:1:1: error[STK012]: `schema-version` is missing
      help: this version reads `schema-version: v1` and `schema-version: v2`
    ");
    insta::assert_snapshot!(findings("schema-version: v9\nkind: manifest\nspec: {type: infra, plugins: []}\n"), @"
    stk.yaml:1:17: error[STK010]: the schema version `v9` is unknown
      help: this version reads `schema-version: v1` and `schema-version: v2`
    ");
    insta::assert_snapshot!(findings("schema-version: v3\nkind: manifest\nspec: {type: infra, plugins: []}\n"), @"stk.yaml:1:17: warning[STK010]: `schema-version: v3` is not known for stk.yaml; the file is read as v2");
    insta::assert_snapshot!(findings("schema-version: v2\nkind: plugin\nmetadata: {name: x, display-name: X}\nspec: {type: infra, plugins: []}\n"), @"
    stk.yaml:2:7: error[STK011]: the kind is `plugin`, not `manifest`
      help: this file must have `kind: manifest`; is it the plugin's file?
    stk.yaml:3:21: warning[STK005]: `metadata` has no key `display-name`; it is ignored
    ");
    insta::assert_snapshot!(findings("schema-version: v2\nkind: manifest\nspecs: {type: infra}\n"), @"
    stk.yaml:1:1: error[STK012]: `spec` is missing
      help: an stk.yaml has `spec:` with `type:` and `plugins:` below it
    stk.yaml:3:1: warning[STK005]: the file has no key `specs`; it is ignored
      help: did you mean `spec`?
    ");
    insta::assert_snapshot!(findings("schema-version: v2\nkind: manifest\nspec:\n  type: both\n  plugins: []\n"), @"
    stk.yaml:4:9: error[STK018]: `type` of `spec` must be `app` or `infra`, found `both`
      help: write `type: infra` for what is deployed with Terraform
    ");
    insta::assert_snapshot!(findings("schema-version: v2\nkind: manifest\nspec:\n  type: infra\n  plugins: {}\n  plugin: 1\n"), @"
    stk.yaml:5:12: error[STK004]: `plugins` of `spec` must be a list, found a mapping
    stk.yaml:6:3: warning[STK005]: `spec` has no key `plugin`; it is ignored
      help: did you mean `plugins`?
    ");
}

#[test]
fn entries() {
    let text = project(
        "- name: studio/stack@1.0.0/bucket@1.0.0
  alias: a
  type: infra
- name: studio/bucket@one
  alias: b
  type: infra
- name: studio/bucket@1.0.0
  alias: a
  type: infra
- alias: ../x
  type: infra
  name: studio/bucket@1.0.0
- name: studio/bucket@1.0.0
  alias: a/b
  type: infra
- name: studio/bucket@1.0.0
  alias: 1a
  type: infra
- name: bucket
  alias: c
  type: infra
- alias: d
  type: lambda
- just text
- name: studio/bucket@1.0.0
  type: infra
- name: studio/bucket@1.0.0
  alias: e
  type: infra
  input: {x: 1}
  inputs: [x]
  inputs-envs: {domain: x}",
    );
    insta::assert_snapshot!(findings(&text), @"
    stk.yaml:11:13: error[STK015]: `studio/bucket@one` does not name a plugin: `one` is not a version such as 1.2.3
      help: write `<studio>/<stack>@<version>/<plugin>@<version>` or `<studio>/<plugin>@<version>`
    stk.yaml:15:14: error[STK014]: the alias `a` stands twice: on line 9 and on line 15
      help: give each applied plugin its own alias
    stk.yaml:17:14: error[STK013]: the alias `../x` cannot be used: it would leave its folder
      help: an alias names a folder and a Terraform module: it starts with a letter or `_` and goes on with letters, digits, `_` and `-`, at most 128 in all
    stk.yaml:21:14: error[STK013]: the alias `a/b` cannot be used: it would leave its folder
      help: an alias names a folder and a Terraform module: it starts with a letter or `_` and goes on with letters, digits, `_` and `-`, at most 128 in all
    stk.yaml:24:14: error[STK013]: the alias `1a` cannot be used: it does not start with a letter or `_`
      help: an alias names a folder and a Terraform module: it starts with a letter or `_` and goes on with letters, digits, `_` and `-`, at most 128 in all
    stk.yaml:26:13: error[STK015]: `bucket` does not name a plugin: it has 1 parts between slashes, not 2 or 3
      help: write `<studio>/<stack>@<version>/<plugin>@<version>` or `<studio>/<plugin>@<version>`
    stk.yaml:29:7: error[STK012]: `name` of entry 8 of `plugins` is missing
      help: write `<studio>/<stack>@<version>/<plugin>@<version>` or `<studio>/<plugin>@<version>`
    stk.yaml:30:13: error[STK018]: `type` of the plugin `d` must be `app` or `infra`, found `lambda`
      help: write `type: infra` for what is deployed with Terraform
    stk.yaml:31:7: error[STK004]: entry 9 of `plugins` must be a mapping, found the text `just text`
    stk.yaml:32:7: error[STK012]: `alias` of entry 10 of `plugins` is missing
      help: add an `alias:` that is unique in this file
    stk.yaml:37:7: warning[STK005]: the plugin `e` has no key `input`; it is ignored
      help: did you mean `inputs`?
    stk.yaml:38:15: error[STK004]: `inputs` of the plugin `e` must be a mapping, found a list
    stk.yaml:39:29: error[STK004]: `domain` of `inputs-envs` of the plugin `e` must be a mapping, found the text `x`
    ");
    let parsed = Manifest::parse("stk.yaml", &text);
    let usable: Vec<String> = parsed
        .value
        .into_iter()
        .flat_map(|it| it.plugins)
        .map(|it| it.alias)
        .collect();
    assert_eq!(usable, ["a", "e"], "the usable entries stay");
}

#[test]
fn connections() {
    let text = project(
        "- name: studio/bucket@1.0.0
  alias: a
  type: infra
  inputs:
    one: {stk-type: required-connection, type: aws-s3-conn}
    two: {stk-type: generated-connection, selected: x}
  connections:
    require: []
    requires:
    - {type: aws-s3-conn, selected: '', alias: s}
    - {selected: x, type: aws-s3-conn}
    - {selected: x, type: aws-s3-conn, alias: same}
    - {selected: y, type: aws-s3-conn, alias: same, name: y}
    - x
    generates: x",
    );
    insta::assert_snapshot!(findings(&text), @"
    stk.yaml:12:14: error[STK016]: the connection input `one` of the plugin `a` selects no connection
      help: add `selected: <the connection's name in the workspace>` to it
    stk.yaml:13:14: error[STK016]: the connection input `two` of the plugin `a` has no type
      help: add `type: <the connection interface type>` to it
    stk.yaml:15:9: warning[STK005]: `connections` of the plugin `a` has no key `require`; it is ignored
      help: did you mean `requires`?
    stk.yaml:17:31: error[STK016]: `selected` of a connection that the plugin `a` requires is missing or empty
      help: name the connection in the workspace
    stk.yaml:18:11: error[STK016]: `alias` of a connection that the plugin `a` requires is missing or empty
      help: name the plugin's own slot, as its plugin.yaml does
    stk.yaml:20:11: error[STK016]: the plugin `a` requires the slot `same` twice: on line 19 and on line 20
    stk.yaml:20:57: warning[STK005]: a connection that the plugin `a` requires has no key `name`; it is ignored
    stk.yaml:21:11: error[STK004]: a connection that the plugin `a` requires must be a mapping, found the text `x`
    stk.yaml:22:20: error[STK004]: `generates` of `connections` of the plugin `a` must be a list, found the text `x`
    ");
}

#[test]
fn duplicate_keys_name_both_lines() {
    let text = project("- name: studio/bucket@1.0.0\n  alias: a\n  alias: b\n  type: infra");
    insta::assert_snapshot!(findings(&text), @"
    stk.yaml:10:7: error[STK003]: the key `alias` stands twice in this mapping: on line 9 and on line 10
      help: remove one of the two
    ");
}

#[test]
fn a_leading_zero_is_pointed_out() {
    let text = project(
        "- name: studio/bucket@1.0.0\n  alias: a\n  type: infra\n  inputs: {account: 0123, big: 99999999999999999999, list: [.inf]}",
    );
    insta::assert_snapshot!(findings(&text), @"
    stk.yaml:11:25: warning[STK006]: `0123` is a number, so its leading zero is lost: it becomes `123`
      help: put it in quotes to keep it as written: '0123'
    stk.yaml:11:36: warning[STK006]: `99999999999999999999` is an integer of more than 64 bits; it is kept as text
      help: put it in quotes if text is what is meant
    stk.yaml:11:65: warning[STK006]: `.inf` is an infinite number; it is kept as text
      help: put it in quotes if text is what is meant
    ");
}

#[test]
fn that_there_are_no_plugins_has_to_be_said() {
    let findings = |plugins: &str| {
        let text = format!(
            "schema-version: v2\nkind: manifest\nmetadata: {{name: shop}}\nspec:\n  type: infra\n{plugins}"
        );
        let findings = Manifest::parse("stk.yaml", &text).findings;
        findings
            .iter()
            .map(|finding| format!("{finding}\n{}", finding.help.as_deref().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join("\n")
    };
    insta::assert_snapshot!(findings(""), @"
    stk.yaml:5:3: error[STK012]: `plugins` of `spec` is missing
    list the applied plugins; write `plugins: []` if there are none, which destroys what is deployed
    ");
    insta::assert_snapshot!(findings("  plugins:\n"), @"
    stk.yaml:6:3: error[STK012]: `plugins` of `spec` is empty
    list the applied plugins; write `plugins: []` if there are none, which destroys what is deployed
    ");
    assert_eq!(findings("  plugins: []\n"), "");
}
