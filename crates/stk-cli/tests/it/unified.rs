//! Deployments of a whole project as one, with the real Terraform.

use std::fs;

use serde_json::Value;
use stk_store::connections;
use stk_testing::terraform::require_terraform;

use crate::support::{Case, Ran, block_on, odd};

const PROJECT: &str = "orders-messaging";

/// A plugin of the fixtures' own: its alias, its kind, its input, what it generates and what it requires.
pub(crate) struct Plugin(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) Option<&'static str>,
    pub(crate) Option<&'static str>,
);

fn deploy(case: &Case) -> Ran {
    case.run(&[
        "deploy",
        "--env",
        "dev",
        "--version",
        "v1",
        "--mode",
        "unified",
        "--auto-approve",
    ])
}

/// The lines that say what happens to a resource, and the counts.
fn told(ran: &Ran) -> String {
    let telling = [
        " will be ",
        "plan:",
        "applied:",
        " is SUCCEEDED",
        "error",
        "warning:",
        "caused by",
        "help",
    ];
    let mut lines: Vec<_> = ran
        .stderr
        .lines()
        .filter(|line| telling.iter().any(|text| line.contains(text)))
        // Terraform makes ids up.
        .map(|line| line.split(" (id").next().unwrap())
        .collect();
    // Terraform names the resources of one plan in an order of its own.
    for part in lines.chunk_by_mut(|one, next| is_change(one) && is_change(next)) {
        part.sort_unstable();
    }
    lines.join("\n")
}

fn is_change(line: &str) -> bool {
    line.contains(" will be ")
}

pub(crate) fn write(case: &Case, plugins: &[Plugin]) {
    let mut text = String::from(
        "schema-version: v2\nkind: manifest\nmetadata: {name: shop}\nspec:\n  type: infra\n  plugins:\n",
    );
    for Plugin(alias, kind, value, generates, requires) in plugins {
        let connection = |selected: &Option<&str>, slot| {
            selected.map_or_else(String::new, |selected| {
                format!("{{type: value-conn, selected: {selected}, alias: {slot}}}")
            })
        };
        text.push_str(&format!(
            "  - name: acme/basics@1.0.0/{kind}@1.0.0\n    alias: {alias}\n    type: infra\n    inputs: {{{value}}}\n    \
             connections:\n      generates: [{}]\n      requires: [{}]\n",
            connection(generates, "kept"),
            connection(requires, "origin"),
        ));
    }
    case.write(".stk/stk.yaml", &text);
}

/// The addresses in the project's only state.
fn state(case: &Case, project: &str) -> Vec<String> {
    let path = format!(".stk/runtime/states/{project}/dev/terraform.tfstate");
    let text = fs::read_to_string(case.project.workdir.join(path)).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    let resources = state["resources"].as_array().unwrap();
    let address = |resource: &Value| {
        let part = |name: &str| resource[name].as_str().unwrap().to_owned();
        format!("{}.{}.{}", part("module"), part("type"), part("name"))
    };
    resources.iter().map(address).collect()
}

#[test]
fn a_project_is_planned_whole_applied_as_planned_and_emptied() {
    if require_terraform("a_project_is_planned_whole_applied_as_planned_and_emptied").is_none() {
        return;
    }
    let case = Case::new("quickstart");
    let shown = |ran: &Ran| {
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(case.lock(PROJECT), None);
        case.shown(&told(ran))
    };
    insta::assert_snapshot!(shown(&deploy(&case)), @"
      + module.invoices-bucket.terraform_data.bucket will be created
      + module.orders-queue-alarm.terraform_data.alarm will be created
      + module.orders-queue.module.dead_letter.terraform_data.dead_letter will be created
      + module.orders-queue.terraform_data.queue will be created
      + module.orders-subscription.terraform_data.subscription will be created
      + module.orders-topic.terraform_data.topic will be created
    plan: 6 to create
        applied: 6 added, 0 changed, 0 destroyed
    run <id-1> is SUCCEEDED: 5 plugins applied, 0 destroyed
    ");
    insta::assert_snapshot!(state(&case, PROJECT).join("\n"), @"
    module.invoices-bucket.terraform_data.bucket
    module.orders-queue.terraform_data.queue
    module.orders-queue-alarm.terraform_data.alarm
    module.orders-queue.module.dead_letter.terraform_data.dead_letter
    module.orders-subscription.terraform_data.subscription
    module.orders-topic.terraform_data.topic
    ");
    insta::assert_snapshot!(shown(&deploy(&case)), @"
    plan: nothing changes
        applied: 0 added, 0 changed, 0 destroyed
    run <id-1> is SUCCEEDED: 5 plugins applied, 0 destroyed
    ");
    case.project.remove_plugin("orders-queue-alarm");
    case.project.remove_plugin("orders-subscription");
    insta::assert_snapshot!(shown(&deploy(&case)), @"
      - module.orders-queue-alarm.terraform_data.alarm will be destroyed
      - module.orders-subscription.terraform_data.subscription will be destroyed
    plan: 2 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        - module.orders-queue-alarm.terraform_data.alarm will be destroyed
        - module.orders-subscription.terraform_data.subscription will be destroyed
        plan: 0 to add, 0 to change, 2 to destroy
        applied: 0 added, 0 changed, 2 destroyed
    run <id-1> is SUCCEEDED: 3 plugins applied, 2 destroyed
    ");
    assert_eq!(case.deployed(PROJECT).len(), 3);
    case.empty();
    insta::assert_snapshot!(shown(&deploy(&case)), @"
      - module.invoices-bucket.terraform_data.bucket will be destroyed
      - module.orders-queue.module.dead_letter.terraform_data.dead_letter will be destroyed
      - module.orders-queue.terraform_data.queue will be destroyed
      - module.orders-topic.terraform_data.topic will be destroyed
    plan: 4 to destroy
        - module.invoices-bucket.terraform_data.bucket will be destroyed
        - module.orders-queue.module.dead_letter.terraform_data.dead_letter will be destroyed
        - module.orders-queue.terraform_data.queue will be destroyed
        - module.orders-topic.terraform_data.topic will be destroyed
        plan: 0 to add, 0 to change, 4 to destroy
        applied: 0 added, 0 changed, 4 destroyed
    run <id-1> is SUCCEEDED: 0 plugins applied, 3 destroyed
    ");
    assert!(state(&case, PROJECT).is_empty());
    assert!(case.deployed(PROJECT).is_empty());
}

/// The case in which destroying what goes away by its module alone would take the plugin along that stays: the state
/// still says that it depends on it, until what stays is applied.
#[test]
fn who_was_rewired_survives_the_removal_of_its_generator() {
    if require_terraform("who_was_rewired_survives_the_removal_of_its_generator").is_none() {
        return;
    }
    let case = Case::new("removed-generator");
    write(
        &case,
        &[
            Plugin("a", "source", "value: one", Some("from-a"), None),
            Plugin("b", "source", "value: two", Some("from-b"), None),
            Plugin("c", "relay", "", Some("from-c"), Some("from-a")),
            Plugin("d", "sink", "", None, Some("from-c")),
        ],
    );
    assert_eq!(deploy(&case).code, 0);
    write(
        &case,
        &[
            Plugin("b", "source", "value: two", Some("from-b"), None),
            Plugin("c", "relay", "", Some("from-c"), Some("from-b")),
            Plugin("d", "sink", "", None, Some("from-c")),
        ],
    );
    let ran = deploy(&case);
    insta::assert_snapshot!(case.shown(&told(&ran)), @"
      - module.a.terraform_data.kept will be destroyed
      ~ module.c.terraform_data.kept will be changed
      ~ module.d.terraform_data.kept will be changed
    plan: 2 to change, 1 to destroy
        applied: 0 added, 2 changed, 0 destroyed
        - module.a.terraform_data.kept will be destroyed
        plan: 0 to add, 0 to change, 1 to destroy
        applied: 0 added, 0 changed, 1 destroyed
    run <id-1> is SUCCEEDED: 3 plugins applied, 1 destroyed
    ");
    // Why Terraform's own plan would destroy them is told beforehand.
    let kept = "module.c.terraform_data.kept depended on module.a.terraform_data.kept\n";
    assert!(ran.stderr.contains(kept), "{}", ran.stderr);
    insta::assert_snapshot!(state(&case, "shop").join("\n"), @"
    module.b.terraform_data.kept
    module.c.terraform_data.kept
    module.d.terraform_data.kept
    ");
    // What the chain hands on is what comes from its new beginning; what nobody generates any more is gone.
    let published = block_on(connections::of_environment(case.store().as_ref(), "dev")).unwrap();
    let published: Vec<_> = published
        .into_iter()
        .map(|each| format!("{}: {}", each.name, each.values.attributes["value"]))
        .collect();
    insta::assert_snapshot!(published.join("\n"), @r#"
    from-b: "two"
    from-c: "two"
    "#);
}

/// The same value from another plugin: Terraform has nothing to change.
#[test]
fn who_was_rewired_to_the_same_value_survives_too() {
    if require_terraform("who_was_rewired_to_the_same_value_survives_too").is_none() {
        return;
    }
    let case = Case::new("removed-generator");
    write(
        &case,
        &[
            Plugin("a", "source", "value: same", Some("from-a"), None),
            Plugin("b", "source", "value: same", Some("from-b"), None),
            Plugin("c", "sink", "", None, Some("from-a")),
        ],
    );
    assert_eq!(deploy(&case).code, 0);
    write(
        &case,
        &[
            Plugin("b", "source", "value: same", Some("from-b"), None),
            Plugin("c", "sink", "", None, Some("from-b")),
        ],
    );
    let ran = deploy(&case);
    insta::assert_snapshot!(case.shown(&told(&ran)), @"
      - module.a.terraform_data.kept will be destroyed
    plan: 1 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        - module.a.terraform_data.kept will be destroyed
        plan: 0 to add, 0 to change, 1 to destroy
        applied: 0 added, 0 changed, 1 destroyed
    run <id-1> is SUCCEEDED: 2 plugins applied, 1 destroyed
    ");
    insta::assert_snapshot!(state(&case, "shop").join("\n"), @"
    module.b.terraform_data.kept
    module.c.terraform_data.kept
    ");
}

#[test]
fn a_template_that_looks_at_what_is_not_known_yet_is_refused_with_its_line() {
    let refused = |template: &str| {
        let case = odd(template);
        let ran = deploy(&case);
        assert_eq!(case.lock("shop"), None);
        let text = case.shown(&told(&ran));
        format!("{} {text}", ran.code)
    };
    insta::assert_snapshot!(refused("\nlocals {\n  a = \"{{ connections.origin.value | upper }}\"\n}\n"), @r#"
    13 error: plugin `odd` could not be rendered
      caused by: main.tf:3: the attribute `value` of the connection `origin` is not known before the plan is applied: a template can only print it, into the value of an argument or a quoted text; do what is to be done with it in Terraform
      help: correct this line or the input that it uses: a = "{{ connections.origin.value | upper }}"
    "#);
    insta::assert_snapshot!(refused("resource \"terraform_data\" \"{{ connections.origin.value }}\" {}\n"), @"
    13 error: the plugins could not be composed into one project
      caused by: plugin `odd`, main.tf:1: the attribute `value` of the connection `origin`: a value that is filled in later cannot be the name of a block: Terraform must know all names before it knows any value
      help: correct the plugins; `stk-runtime render --mode unified` shows the same without a deployment
    ");
}

#[test]
fn what_plugins_may_not_do_they_may_not_do_together_either() {
    let case = Case::new("secrets").with(
        "INPUT_SECRET_INPUTS",
        r#"{"orders-db": {"password": "one-pass", "users": [{"pin": "pin-one"}, {"pin": "pin-two"}]}}"#,
    );
    let ran = deploy(&case);
    insta::assert_snapshot!(format!("{} {}", ran.code, case.shown(&told(&ran))), @r#"
    13 error: plugin `orders-db` has what is not allowed here: main.tf:10: provisioner "local-exec"
      help: commands may run on the runner when LOCALEXEC_ENABLED (of the orchestrator: LOCAL_EXEC_ENABLED) is `true`; change the plugin, or the input
    "#);
    assert_eq!(case.lock("orders-data"), None);
}
