//! What would be applied.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};
use stk_store::{archive, connections, iac};
use stk_testing::terraform::require_terraform;

use crate::support::{Case, DEPLOY, block_on, odd};

const RENDER: [&str; 5] = ["render", "--env", "dev", "--out", "out"];

/// The files below `folder`, by path.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

fn names(case: &Case) -> String {
    let files: Vec<_> = tree(&case.path("out")).into_keys().collect();
    files.join("\n")
}

#[test]
fn the_rendered_files_are_those_that_were_stored() {
    if require_terraform("the_rendered_files_are_those_that_were_stored").is_none() {
        return;
    }
    let case = Case::new("quickstart");
    let ran = case.deploy();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let store = case.store();
    let published = block_on(connections::of_environment(store.as_ref(), "dev")).unwrap();
    let known: Map<String, Value> = published
        .into_iter()
        .map(|each| (each.name, Value::from(each.values.attributes)))
        .collect();
    fs::write(case.path("known.json"), Value::from(known).to_string()).unwrap();
    let mut arguments = RENDER.to_vec();
    arguments.extend(["--connections", "known.json"]);
    case.success(&arguments);

    let mut compared = 0;
    for unit in case.deployed("orders-messaging") {
        let alias = unit.alias();
        let stored = &unit.destroyed_with().iac;
        let bytes = block_on(iac::load(store.as_ref(), stored, Some(alias))).unwrap();
        let stored: BTreeMap<_, _> = archive::unpack(&bytes, archive::Limits::default())
            .unwrap()
            .into_iter()
            .map(|entry| (entry.path, entry.bytes))
            .collect();
        let rendered = tree(&case.path("out").join(alias.as_str()));
        assert_eq!(rendered, stored, "{alias}");
        compared += stored.len();
    }
    assert_eq!(compared, 13);
}

#[test]
fn the_example_of_the_document_has_its_files() {
    let case = Case::new("sns-sqs");
    fs::write(
        case.path("known.json"),
        r#"{"order-events-sns": {"arn": "arn:aws:sns:sa-east-1:1:order-events", "topic_arn": "a", "name": "n"}}"#,
    )
    .unwrap();
    let mut arguments = RENDER.to_vec();
    arguments.extend(["--connections", "known.json"]);
    case.success(&arguments);
    insta::assert_snapshot!(names(&case), @"
    sns-topic-1728484987960/default-tags.tf
    sns-topic-1728484987960/module-sns-topic.tf
    sns-topic-1728484987960/provider.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-locals.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-main.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-outputs.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-ssm.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-variables.tf
    sqs-queue-1728485030410/default-tags.tf
    sqs-queue-1728485030410/provider.tf
    sqs-queue-1728485030410/sqs-queue-outputs.tf
    sqs-queue-1728485030410/sqs-queue.tf
    ");
}

const UNIFIED: [&str; 7] = [
    "render", "--env", "dev", "--out", "out", "--mode", "unified",
];

#[test]
fn the_whole_project_is_what_was_stored() {
    if require_terraform("the_whole_project_is_what_was_stored").is_none() {
        return;
    }
    for (fixture, project) in [
        ("quickstart", "orders-messaging"),
        ("secrets", "orders-data"),
    ] {
        let case = Case::new(fixture)
            .with("INPUT_LOCALEXEC_ENABLED", "true")
            .with(
                "INPUT_SECRET_INPUTS",
                r#"{"orders-db": {"password": "a", "users": [{"pin": "b"}, {"pin": "c"}]}}"#,
            );
        let mut arguments = DEPLOY.to_vec();
        arguments.extend(["--mode", "unified"]);
        case.success(&arguments);
        let store = case.store();
        let record = case.records(project).remove(0);
        let iac = record.composition.unwrap();
        let bytes = block_on(iac::load(store.as_ref(), &iac, None)).unwrap();
        let stored: BTreeMap<_, _> = archive::unpack(&bytes, archive::Limits::default())
            .unwrap()
            .into_iter()
            .map(|entry| (entry.path, entry.bytes))
            .collect();
        case.success(&UNIFIED);
        assert_eq!(tree(&case.path("out")), stored, "{fixture}");
    }
}

#[test]
fn the_whole_project_is_one_that_terraform_accepts() {
    let Some(terraform) = require_terraform("the_whole_project_is_one_that_terraform_accepts")
    else {
        return;
    };
    let case = Case::new("quickstart");
    insta::assert_snapshot!(case.seen(&UNIFIED), @"
    exit 0
    out
    ");
    insta::assert_snapshot!(names(&case), @"
    invoices-bucket-outputs.tf
    invoices-bucket/acme-invoices-bucket.tf
    orders-queue-alarm-outputs.tf
    orders-queue-alarm/alarm.tf
    orders-queue-outputs.tf
    orders-queue/dead-letter/main.tf
    orders-queue/dead-letter/outputs.tf
    orders-queue/dead-letter/variables.tf
    orders-queue/main.tf
    orders-queue/outputs.tf
    orders-subscription-outputs.tf
    orders-subscription/README-deploy.md
    orders-subscription/delivery-policy.json.tftpl
    orders-subscription/main.tf
    orders-subscription/outputs.tf
    orders-topic-outputs.tf
    orders-topic/main.tf
    orders-topic/outputs.tf
    stk-modules.tf
    stk-project.json
    ");
    for arguments in [
        &["init", "-backend=false", "-input=false"][..],
        &["validate"],
    ] {
        let output = Command::new(&terraform)
            .args(arguments)
            .current_dir(case.path("out"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", case.path(""))
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
    assert!(!case.project.workdir.join(".stk/runtime").exists());
}

#[test]
fn the_example_of_the_document_has_its_tree() {
    let case = Case::new("sns-sqs");
    case.success(&UNIFIED);
    insta::assert_snapshot!(names(&case), @"
    sns-topic-1728484987960-outputs.tf
    sns-topic-1728484987960/default-tags.tf
    sns-topic-1728484987960/module-sns-topic.tf
    sns-topic-1728484987960/provider.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-locals.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-main.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-outputs.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-ssm.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-variables.tf
    sqs-queue-1728485030410-outputs.tf
    sqs-queue-1728485030410/default-tags.tf
    sqs-queue-1728485030410/provider.tf
    sqs-queue-1728485030410/sqs-queue-outputs.tf
    sqs-queue-1728485030410/sqs-queue.tf
    stk-modules.tf
    stk-project.json
    ");
    let files = tree(&case.path("out"));
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    insta::assert_snapshot!(text("stk-modules.tf"), @r#"
    module "sns-topic-1728484987960" {
      source = "./sns-topic-1728484987960"
    }

    module "sqs-queue-1728485030410" {
      source = "./sqs-queue-1728485030410"

      stk_connection_source-topic_arn        = module.sns-topic-1728484987960.sns-topic-arn
      stk_connection_source-topic_topic_name = module.sns-topic-1728484987960.sns-topic-name
    }
    "#);
}

#[test]
fn what_lives_in_the_workspace_is_given_and_what_the_project_generates_is_not() {
    let case = Case::new("workspace-connection");
    case.success(&UNIFIED);
    let files = tree(&case.path("out"));
    let text = String::from_utf8_lossy(&files["reads-per-environment/main.tf"]);
    assert!(text.contains("network-dev"), "{text}");

    let case = odd("locals {\n  a = \"{{ connections.origin.value }}\"\n}\n");
    fs::write(case.path("known.json"), r#"{"from-a": {"value": "given"}}"#).unwrap();
    let mut arguments = UNIFIED.to_vec();
    arguments.extend(["--connections", "known.json"]);
    case.success(&arguments);
    let files = tree(&case.path("out"));
    insta::assert_snapshot!(String::from_utf8_lossy(&files["odd/main.tf"]), @r#"
    locals {
      a = "${var.stk_connection_origin_value}"
    }

    variable "stk_connection_origin_value" {
      description = "value of the connection origin: the output kept-value of the plugin a."
    }
    "#);
}

#[test]
fn a_reference_where_none_can_stand_is_refused_with_its_line_and_nothing_is_written() {
    let seen = |template: &str| {
        let case = odd(template);
        let seen = case.seen(&UNIFIED);
        assert_eq!(names(&case), "");
        seen
    };
    insta::assert_snapshot!(seen("\nlocals {\n  a = \"{{ connections.origin.value | upper }}\"\n}\n"), @r#"
    exit 13
    error: plugin `odd` could not be rendered
      caused by: main.tf:3: the attribute `value` of the connection `origin` is not known before the plan is applied: a template can only print it, into the value of an argument or a quoted text; do what is to be done with it in Terraform
      help: correct this line or the input that it uses: a = "{{ connections.origin.value | upper }}"
    "#);
    insta::assert_snapshot!(seen("\nresource \"terraform_data\" \"{{ connections.origin.value }}\" {}\n"), @"
    exit 13
    error: the plugins could not be composed into one project
      caused by: plugin `odd`, main.tf:2: the attribute `value` of the connection `origin`: a value that is filled in later cannot be the name of a block: Terraform must know all names before it knows any value
      help: correct the plugins; `stk-runtime render --mode unified` shows the same without a deployment
    ");
}

#[test]
fn what_needs_unknown_values_is_left_out_and_explained() {
    let case = Case::new("quickstart");
    insta::assert_snapshot!(case.seen(&RENDER), @r#"
    exit 13
    out/orders-topic
    out/orders-queue
    out/invoices-bucket
    error: 2 plugins could not be rendered
      caused by: plugin `orders-subscription` could not be rendered: README-deploy.md:1: connection `orders-queue-conn` has no values before the plugin that generates it is deployed
      caused by: plugin `orders-queue-alarm` could not be rendered: alarm.tf:3: connection `orders-queue-conn` has no values before the plugin that generates it is deployed
      help: to render `orders-subscription`, give --connections a file with {"orders-topic-conn":{"<attribute>":"<value>"},"orders-queue-conn":{"<attribute>":"<value>"}}
      help: to render `orders-queue-alarm`, give --connections a file with {"orders-queue-conn":{"<attribute>":"<value>"}}
    "#);
    insta::assert_snapshot!(names(&case), @"
    invoices-bucket/acme-invoices-bucket.tf
    orders-queue/dead-letter/main.tf
    orders-queue/dead-letter/outputs.tf
    orders-queue/dead-letter/variables.tf
    orders-queue/main.tf
    orders-queue/outputs.tf
    orders-topic/main.tf
    orders-topic/outputs.tf
    ");
}

#[test]
fn connections_of_the_workspace_are_known() {
    let case = Case::new("workspace-connection");
    case.success(&RENDER);
    let files = tree(&case.path("out"));
    let text = String::from_utf8_lossy(&files["reads-per-environment/main.tf"]);
    assert!(text.contains("network-dev"), "{text}");
}

#[test]
fn nothing_is_written_over() {
    let case = Case::new("v1");
    case.success(&RENDER);
    insta::assert_snapshot!(case.seen(&RENDER), @"
    exit 10
    error: `out` cannot be rendered to
      caused by: the folder is not empty
      help: give --out a new folder, or empty this one
    ");
}

#[test]
fn a_file_of_connections_that_is_wrong() {
    let case = Case::new("v1");
    fs::write(case.path("known.json"), "{").unwrap();
    let mut arguments = RENDER.to_vec();
    arguments.extend(["--connections", "known.json"]);
    insta::assert_snapshot!(case.seen(&arguments), @r#"
    exit 10
    error: the connections in `known.json` cannot be read
      caused by: EOF while parsing an object at line 1 column 1
      help: give JSON like {"<connection>": {"<attribute>": "<value>"}}
    "#);
    assert!(!case.path("out").exists());
}

#[test]
fn templates_that_must_not_be_deployed_are_refused() {
    insta::assert_snapshot!(Case::new("backend-block").seen(&RENDER), @r#"
    exit 13
    error: plugin `stubborn` brings its own state.tf:3: backend "local", but the runtime decides where the state is kept
      help: remove the block from the plugin's templates; the state's place is set with TFSTATE_BUCKET_NAME
    "#);
    insta::assert_snapshot!(Case::new("path-escape").seen(&RENDER), @"
    exit 13
    error: plugin `traveller` could not be rendered
      caused by: {{ folder }}/main.tf: the file's name renders to `../../outside/main.tf`: `..` leaves the plugin's folder
      help: correct the template, or the input that it uses
    ");
    insta::assert_snapshot!(Case::new("template-syntax").seen(&RENDER), @"
    exit 13
    error: plugin `rules` could not be rendered
      caused by: network/rules.tf:4: syntax error: the template ends, but the `{% if %}` of line 3 is not closed by `{% endif %}`
      help: correct this line or the input that it uses: port = 443
    ");
}

#[test]
fn a_secret_is_rendered_as_a_variable() {
    let case = Case::new("secrets");
    case.success(&RENDER);
    let files = tree(&case.path("out/orders-db"));
    let shown: Vec<_> = files
        .iter()
        .flat_map(|(name, bytes)| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let mentions = |line: &&str| line.contains("stk_secret") || line.contains("***");
            let lines = text.lines().filter(mentions);
            lines
                .map(|line| format!("{name}: {}\n", line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    insta::assert_snapshot!(shown.concat(), @r#"
    README-deploy.md: The administrator of orders logs in with ***.
    main.tf: password = nonsensitive(sha256("${var.stk_secret_password}"))
    main.tf: url      = nonsensitive(sha256("db://admin:${var.stk_secret_password}@orders.internal"))
    main.tf: environment = { LISTING = "/dev/null", PASSWORD = "${var.stk_secret_password}" }
    main.tf: pin    = var.stk_secret_users_0_pin
    main.tf: stk_secret_password = var.stk_secret_password
    main.tf: pin    = var.stk_secret_users_1_pin
    main.tf: stk_secret_password = var.stk_secret_password
    stk-variables.tf: variable "stk_secret_password" {
    stk-variables.tf: variable "stk_secret_users_0_pin" {
    stk-variables.tf: variable "stk_secret_users_1_pin" {
    user/main.tf: administrator = "${var.stk_secret_password}"
    user/stk-variables.tf: variable "stk_secret_password" {
    "#);
    for text in files.values() {
        assert!(!String::from_utf8_lossy(text).contains("stk_token"));
    }
}

#[test]
fn the_variables_that_a_plugin_may_require_are_those_that_templates_see() {
    let case = Case::new("empty");
    case.write(
        ".stk/stk.yaml",
        "\
schema-version: v2
kind: manifest
metadata: {name: shop}
spec:
  type: infra
  plugins:
  - {name: acme/probe@1.0.0, alias: probe, type: infra, inputs: {}}
  global-inputs: {}
",
    );
    case.write(
        "plugins/probe/plugin.yaml",
        "\
schema-version: v2
kind: plugin
metadata: {name: probe, display-name: Probe, description: A probe, version: 1.0.0}
spec:
  type: infra
",
    );
    case.write(
        "plugins/probe/templates-deploy/names.txt",
        "{% for name in var %}\n{{ name }}\n{% endfor %}\n",
    );
    case.success(&RENDER);
    let rendered = fs::read_to_string(case.path("out/probe/names.txt")).unwrap();
    let mut provided: Vec<_> = rendered.lines().collect();
    let mut known = stk_manifest::VARIABLES.to_vec();
    provided.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, provided);
}
