//! The JSON Schemas say of a document what the parsers say.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};
use stk_manifest::{Finding, FindingCode, Manifest, PluginDefinition, schema};

/// A parser, of which only the findings count.
type Parse = fn(&str, &str) -> Vec<Finding>;

fn validator(schema: &Value) -> Validator {
    jsonschema::draft7::meta::validate(schema).expect("a schema that is one");
    jsonschema::draft7::new(schema).expect("a schema that can be compiled")
}

fn problems(validator: &Validator, document: &Value) -> String {
    let lines: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    lines.join("\n")
}

fn files(folder: &Path, names: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            files(&path, names, found);
        } else if names
            .iter()
            .any(|wanted| name.to_string_lossy().ends_with(wanted))
        {
            found.push(path);
        }
    }
}

/// Checks that the schema refuses a file if and only if the parser does; returns how many there were.
fn agree(paths: &[PathBuf], schema: &Value, parse: Parse) -> usize {
    let validator = validator(schema);
    let mut wrong = Vec::new();
    for path in paths {
        let text = fs::read_to_string(path).expect("a readable file");
        let findings = parse(&path.display().to_string(), &text);
        // What is no YAML reaches no schema.
        let Ok(document) = serde_yaml::from_str::<Value>(&text) else {
            assert!(is_wrong(&findings, |_| true), "{}", path.display());
            continue;
        };
        let problems = problems(&validator, &document);
        if is_wrong(&findings, is_of_shape) == problems.is_empty() {
            wrong.push(format!("{}:\n{problems}\n{findings:#?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    paths.len()
}

fn is_wrong(findings: &[Finding], counts: fn(FindingCode) -> bool) -> bool {
    findings
        .iter()
        .any(|finding| finding.is_error() && counts(finding.code))
}

/// Whether a schema can see it: one place of the document is enough.
fn is_of_shape(code: FindingCode) -> bool {
    !matches!(
        code,
        FindingCode::DuplicateAlias | FindingCode::DuplicateKey
    )
}

fn manifest(file: &str, text: &str) -> Vec<Finding> {
    Manifest::parse(file, text).findings
}

fn plugin(file: &str, text: &str) -> Vec<Finding> {
    PluginDefinition::parse(file, text).findings
}

#[test]
fn the_schemas_agree_with_the_parsers_about_every_fixture() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let (mut manifests, mut plugins) = (Vec::new(), Vec::new());
    files(&fixtures, &["stk.yaml"], &mut manifests);
    files(&fixtures, &["plugin.yaml"], &mut plugins);
    assert!(agree(&manifests, &schema::stk_yaml(), manifest) > 15);
    assert!(agree(&plugins, &schema::plugin_yaml(), plugin) > 10);
}

#[test]
fn the_schema_takes_every_file_of_other_projects_that_is_here() {
    let mut found = Vec::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/stk-yaml");
    files(&data, &[".yaml"], &mut found);
    agree(&found, &schema::stk_yaml(), manifest);
}

/// An stk.yaml with every key.
fn full_manifest(version: &str) -> Value {
    json!({
        "schema-version": version,
        "kind": "manifest",
        "metadata": {
            "name": "shop", "description": "A shop", "stack-version-id": "01", "stack": "core@1.0.0",
            "starter": "s/t/u", "app-id": "01", "infra-id": "01", "runtime-version": "1",
        },
        "spec": {
            "type": "infra",
            "app-id": "01",
            "infra-id": "01",
            "plugins": [{
                "name": "studio/stack@1.0.0/bucket@1.0.0",
                "alias": "bucket",
                "plugin-version-id": "01",
                "stack-version-id": "01",
                "type": "infra",
                "inputs": {
                    "a": "b",
                    "conn": {"stk-type": "required-connection", "selected": "x", "type": "aws-s3-conn"},
                    "deep": [{"inner": {"stk-type": "generated-connection", "selected": "y", "type": "aws-s3-conn"}}],
                },
                "inputs-envs": {"domain": {"prd": "a", "dev": "b"}},
                "connections": {
                    "generates": [{"type": "aws-sns-conn", "selected": "topic", "alias": "own"}],
                    "requires": [{"type": "aws-sqs-conn", "selected": "queue", "alias": "other"}],
                },
                "connectors": [{"name": "db", "type": "aws-rds-conn", "alias": "db", "selected": "db"}],
                "links": {"generates": [{"name": "n", "url": "u", "type": "t", "picture": "p"}]},
            }],
            "global-inputs": {"team": "checkout"},
            "global-computed-inputs": {"region": "sa-east-1"},
            "repository": "https://example.com",
        },
    })
}

/// A plugin.yaml with every key.
fn full_plugin(version: &str) -> Value {
    let slot = json!({"type": "aws-s3-conn", "alias": "s", "outputs": [{"from": "a", "to": "b"}]});
    let condition = json!({"variable": "a", "operator": "==", "value": 1});
    json!({
        "schema-version": version,
        "kind": "plugin",
        "metadata": {
            "name": "bucket", "display-name": "Bucket", "description": "A bucket", "version": "1.0.0", "picture": "p",
        },
        "spec": {
            "type": "infra",
            "runtime": {"environment": ["terraform-1-4"]},
            "docs": {"en-us": ["d"]},
            "about": "a", "implementation": "a", "requirements": "a", "release-notes": "a", "usage": "a",
            "compatibility": ["x"], "technologies": ["x"], "repository": "r",
            "single-use": false, "stk-projects-only": false, "app-allowed": true, "justification": "j",
            "inputs": [
                {"label": "A", "name": "a", "type": "text", "description": "d", "required": true, "default": "x",
                 "pattern": "^x$", "help": "h", "global": true, "items": ["x"], "external-items": {"source": "s"},
                 "condition": condition},
                {"label": "B", "name": "b", "type": "list", "add-question": "more?",
                 "input": {"type": "object", "inputs": [{"name": "c", "type": "bool", "required": true}]}},
                {"name": "o", "type": "object", "inputs": [{"name": "c", "type": "int"}]},
                {"name": "r", "type": "required-connection", "connection-interface-type": "aws-s3-conn",
                 "required": true},
                {"name": "g", "type": "generated-connection", "outputs": [{"from": "a", "to": "b"}]},
            ],
            "inputs-envs": [{"name": "e", "type": "text"}],
            "computed-inputs": {"c": "{{ a }}"},
            "global-computed-inputs": {"d": "{{ a }}"},
            "hooks": [{"type": "run"}],
            "requires": {
                "connections": [slot], "connection-interface": ["t", {"type": "u"}], "plugin": ["p"],
                "plugins": ["p"], "variables": ["V"], "actions": ["a"],
            },
            "generates": {
                "connections": [slot], "connection-interface": ["t"],
                "link": [{"name": "n", "url": "u", "type": "t", "picture": "p"}], "links": [{"name": "n"}],
            },
            "outputs": {"x": "y"},
            "allowed-resource-fork": ["aws_s3_bucket"],
        },
    })
}

/// The pointers to every value of a document.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (index.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in inside {
        let pointer = format!("{at}/{key}");
        pointers(value, &pointer, found);
        found.push(pointer);
    }
}

/// Puts every kind of value in the place of every value, and takes every key away: parser and schema must agree
/// about each of the documents.
fn agree_about_changes(
    full: &Value,
    replacements: &[Value],
    schema: &Value,
    parse: Parse,
) -> [usize; 2] {
    let validator = validator(schema);
    let mut all = Vec::new();
    pointers(full, "", &mut all);
    let mut counts = [0, 0];
    let mut wrong = Vec::new();
    let mut check = |document: &Value, change: String| {
        let findings = parse("file", &document.to_string());
        let refused = is_wrong(&findings, is_of_shape);
        let is_valid = validator.is_valid(document);
        counts[usize::from(refused)] += 1;
        if refused == is_valid {
            let problems = problems(&validator, document);
            let errors: Vec<String> = findings
                .iter()
                .filter(|each| each.is_error())
                .map(ToString::to_string)
                .collect();
            wrong.push(format!(
                "{change}\n  schema: {problems}\n  parser: {errors:?}"
            ));
        }
    };
    check(full, "unchanged".to_owned());
    for pointer in &all {
        for replacement in replacements {
            let mut document = full.clone();
            *document
                .pointer_mut(pointer)
                .expect("a place of the document") = replacement.clone();
            check(&document, format!("{pointer} = {replacement}"));
        }
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let mut document = full.clone();
        if let Some(Value::Object(parent)) = document.pointer_mut(parent) {
            parent.remove(key);
            check(&document, format!("{pointer} removed"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    counts
}

/// One value of each kind, and what looks like something.
fn replacements() -> Vec<Value> {
    vec![
        json!("text"),
        json!(""),
        json!(" "),
        json!(7),
        json!(1.5),
        json!(true),
        json!(null),
        json!([]),
        json!(["a"]),
        json!([["a"]]),
        json!([null]),
        json!({}),
        json!({"a": 1}),
        json!({"a": null}),
        json!([{}]),
        json!([{"name": "é", "type": "text"}]),
        json!({"stk-type": "generated-connection", "selected": 1, "type": "t"}),
    ]
}

/// The versions of a format differ only in what must be there.
fn absences() -> Vec<Value> {
    vec![json!(null), json!("")]
}

#[test]
fn every_change_of_stk_yaml_is_judged_alike() {
    let schema = schema::stk_yaml();
    for (version, values) in [
        ("v1", absences()),
        ("v2", replacements()),
        ("v3", absences()),
    ] {
        let [taken, refused] =
            agree_about_changes(&full_manifest(version), &values, &schema, manifest);
        assert!(taken > 40 && refused > 40, "{taken} {refused}");
    }
}

#[test]
fn every_change_of_plugin_yaml_is_judged_alike() {
    let schema = schema::plugin_yaml();
    for (version, values) in [
        ("v1", absences()),
        ("v2", absences()),
        ("v3", replacements()),
    ] {
        let [taken, refused] = agree_about_changes(&full_plugin(version), &values, &schema, plugin);
        assert!(taken > 40 && refused > 40, "{taken} {refused}");
    }
}

#[test]
fn names_and_versions_are_judged_alike() {
    let texts = [
        "app",
        "infra",
        "list",
        "object",
        "generated-connection",
        "required-connection",
        "1.0.0",
        "01.0.0",
        "1.0",
        "1.0.0-",
        "1.0.0-rc.1",
        "1.0.0-01",
        "1.0.0-0a",
        "1.0.0+build.5",
        "1.0.0-a+b",
        "1.0.0 ",
        "v1.0.0",
        "1.0.0-a..b",
        "a/b",
        "a/b@1.0.0",
        "a/b@1.0.0-rc.1/c@1.0.0+x",
        "a/b@01.0.0",
        "a@1.0.0/b",
        "a/b/c/d",
        " a/b ",
        "a//b",
        "a/../b",
        "a/b@latest",
        "_a/b",
        "a.b/c_d",
        "alias",
        "_alias",
        "-alias",
        "1alias",
        "a b",
        "a.b",
        "é",
        "a\n",
        "..",
        "==",
        "=",
        "containsAny",
        "containsany",
        "True",
        "yes",
        "on",
        "Infra",
        "manifest",
        "plugin",
        "aws-s3-conn",
    ];
    let pairs: [(Value, Value, &[&str], Parse); 2] = [
        (
            full_manifest("v2"),
            schema::stk_yaml(),
            &[
                "/kind",
                "/spec/type",
                "/spec/plugins/0/name",
                "/spec/plugins/0/alias",
            ],
            manifest,
        ),
        (
            full_plugin("v3"),
            schema::plugin_yaml(),
            &[
                "/kind",
                "/metadata/version",
                "/spec/single-use",
                "/spec/inputs/0/name",
                "/spec/inputs/0/type",
                "/spec/inputs/1/type",
                "/spec/inputs/2/type",
                "/spec/inputs/3/type",
                "/spec/inputs/4/type",
                "/spec/inputs/0/condition/operator",
            ],
            plugin,
        ),
    ];
    for (full, schema, pointers, parse) in pairs {
        let validator = validator(&schema);
        for pointer in pointers {
            for text in texts {
                let mut document = full.clone();
                *document
                    .pointer_mut(pointer)
                    .expect("a place of the document") = json!(text);
                let findings = parse("file", &document.to_string());
                assert_eq!(
                    is_wrong(&findings, is_of_shape),
                    !validator.is_valid(&document),
                    "{pointer} = {text:?}: {findings:?}"
                );
            }
        }
    }
}

/// What a validator says of the mistakes that people make.
fn said(schema: &Value, yaml: &str) -> String {
    let document: Value = serde_yaml::from_str(yaml).expect("YAML");
    problems(&validator(schema), &document)
}

#[test]
fn mistakes_are_named_at_their_place() {
    let entry = "schema-version: v2\nkind: manifst\nspec:\n  type: infrastructure\n  plugins:\n  - name: acme/topic@latest\n    type: infra\n    inputs:\n      conn: {stk-type: required-connection, type: aws-s3-conn}\n    connections:\n      requires:\n      - {type: aws-sns-conn, alias: [topic]}\n";
    insta::assert_snapshot!(said(&schema::stk_yaml(), entry), @r#"
    /kind: "manifst" is not one of "manifest"
    /spec/type: "infrastructure" is not one of "infra" or "app"
    /spec/plugins/0/name: "acme/topic@latest" does not match "^\s*[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}(@(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)?){1,2}\s*$"
    /spec/plugins/0/inputs/conn: "selected" is a required property
    /spec/plugins/0/connections/requires/0: "selected" is a required property
    /spec/plugins/0/connections/requires/0/alias: ["topic"] is not of types "boolean", "number", "string"
    /spec/plugins/0: "alias" is a required property
    "#);
    let inputs = "schema-version: v3\nkind: plugin\nmetadata: {name: topic, version: 2.0}\nspec:\n  type: infra\n  single-use: maybe\n  inputs:\n  - {name: topic name, type: string}\n  - {name: b, type: list}\n  - {name: c, type: object, inputs: [{name: d, type: bool, condition: {variable: x, operator: '='}}]}\n";
    insta::assert_snapshot!(said(&schema::plugin_yaml(), inputs), @r#"
    /metadata/version: 2.0 is not of type "string"
    /spec/single-use: "maybe" does not match "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo])$"
    /spec/inputs/0/type: "string" is not one of "text", "textarea" or 10 other candidates
    /spec/inputs/0/name: "topic name" does not match "^[A-Za-z0-9_-]+$"
    /spec/inputs/1: "input" is a required property
    /spec/inputs/2/inputs/0/condition/operator: "=" is not one of "==", "!=" or 8 other candidates
    "#);
}

#[test]
fn unknown_keys_are_taken_with_a_remark() {
    let schema = schema::stk_yaml();
    let spec = &schema["properties"]["spec"];
    insta::assert_snapshot!(spec["additionalProperties"]["deprecationMessage"].as_str().unwrap_or_default(), @"spec of stk.yaml has no such key; it is ignored (STK005). Its keys: type, app-id, infra-id, plugins, global-inputs, global-computed-inputs, repository");
    let remark = |version: usize, key: &str| {
        schema["allOf"][version]["then"]["properties"]["spec"]["properties"]["plugins"]["items"]
            ["properties"][key]["deprecationMessage"]
            .as_str()
            .unwrap_or("none")
            .to_owned()
    };
    insta::assert_snapshot!(remark(1, "connectors"), @"`connectors` belongs to schema v1; this file is v2");
    assert_eq!(remark(0, "connectors"), "none");
    let text = schema.to_string();
    assert!(!text.contains("\"additionalProperties\":false"));
}
