//! From one mode to the other, with the real Terraform.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use stk_run::DeployMode;
use stk_testing::terraform::require_terraform;

use crate::support::{Case, Ran};
use crate::unified::{Plugin, write};

/// The project of the fixture `quickstart`.
const QUICKSTART: &str = "orders-messaging";
/// The project that [`write`] makes.
pub(crate) const SHOP: &str = "shop";

pub(crate) fn deploy(case: &Case, mode: &str) -> Ran {
    case.run(&[
        "deploy",
        "--env",
        "dev",
        "--version",
        "v1",
        "--mode",
        mode,
        "--auto-approve",
    ])
}

/// Deploys, and expects that it succeeds.
pub(crate) fn deployed(case: &Case, mode: &str) -> Ran {
    let ran = deploy(case, mode);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran
}

/// What is said of the move and of changes.
pub(crate) fn told(case: &Case, ran: &Ran) -> String {
    let telling = [
        " into the project's state",
        " out of the project's state",
        " will be ",
        "plan:",
        "applied:",
        "switches the mode",
        "taken back",
        " is SUCCEEDED",
        "error",
        "warning",
        "caused by",
        "help",
    ];
    let lines = ran.stderr.lines();
    let mut lines: Vec<_> = lines
        .filter(|line| telling.iter().any(|text| line.contains(text)))
        .collect();
    // Terraform names the resources of one plan in an order of its own.
    let is_change = |line: &str| line.contains(" will be ");
    for part in lines.chunk_by_mut(|one, next| is_change(one) && is_change(next)) {
        part.sort_unstable();
    }
    case.shown(&format!("{}\n{}", ran.code, lines.join("\n")))
}

/// The folder of the states of the case's only project.
pub(crate) fn states(case: &Case) -> PathBuf {
    let root = case.project.workdir.join(".stk/runtime/states");
    let mut projects = fs::read_dir(root).unwrap();
    projects.next().unwrap().unwrap().path().join("dev")
}

/// The ids of the resources in a state, by their addresses; `None` when there is no such state.
fn ids(case: &Case, path: &str) -> Option<BTreeMap<String, String>> {
    let text = fs::read_to_string(states(case).join(path)).ok()?;
    let state: Value = serde_json::from_str(&text).unwrap();
    let mut ids = BTreeMap::new();
    for resource in state["resources"].as_array().unwrap() {
        let part = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        // No configuration of a provider is anywhere else than in the root module.
        assert!(
            part("provider").starts_with("provider["),
            "{}",
            part("provider")
        );
        for instance in resource["instances"].as_array().unwrap() {
            let module = part("module");
            let dot = if module.is_empty() { "" } else { "." };
            let address = format!("{module}{dot}{}.{}", part("type"), part("name"));
            let id = instance["attributes"]["id"].as_str().unwrap().to_owned();
            assert_eq!(ids.insert(address, id), None);
        }
    }
    Some(ids)
}

/// Those in the states of the plugins, as they would be called in the project's.
pub(crate) fn of_plugins(case: &Case) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(states(case)).unwrap() {
        let alias = entry.unwrap().file_name().into_string().unwrap();
        let own = ids(case, &format!("{alias}/terraform.tfstate")).unwrap_or_default();
        all.extend(
            own.into_iter()
                .map(|(address, id)| (format!("module.{alias}.{address}"), id)),
        );
    }
    all
}

pub(crate) fn of_project(case: &Case) -> BTreeMap<String, String> {
    ids(case, "terraform.tfstate").unwrap_or_default()
}

pub(crate) fn modes(case: &Case, project: &str) -> Vec<DeployMode> {
    case.deployed(project)
        .iter()
        .map(|unit| unit.mode)
        .collect()
}

#[test]
fn what_is_deployed_moves_to_the_other_mode_and_back() {
    if require_terraform("what_is_deployed_moves_to_the_other_mode_and_back").is_none() {
        return;
    }
    let case = Case::new("quickstart");
    deployed(&case, "per-plugin");
    let before = of_plugins(&case);
    assert_eq!(before.len(), 6);

    let ran = deployed(&case, "unified");
    insta::assert_snapshot!(told(&case, &ran), @"
    0
    warning: this deployment switches the mode: the states of orders-subscription, orders-topic, orders-queue, invoices-bucket, orders-queue-alarm move into the project's, and no resource may change
    plan: nothing changes
        1 resource of `orders-subscription` moves into the project's state
        1 resource of `orders-topic` moves into the project's state
        2 resources of `orders-queue` move into the project's state
        1 resource of `invoices-bucket` moves into the project's state
        1 resource of `orders-queue-alarm` moves into the project's state
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
    run <id-1> is SUCCEEDED: 5 plugins applied, 0 destroyed
    ");
    assert_eq!(of_project(&case), before);
    assert_eq!(of_plugins(&case), BTreeMap::new());
    assert_eq!(modes(&case, QUICKSTART), [DeployMode::Unified; 5]);
    let run = case.records(QUICKSTART)[0].run_id;
    let backup = ids(&case, &format!("orders-topic/backup/{run}.tfstate")).unwrap();
    assert_eq!(
        backup["terraform_data.topic"],
        before["module.orders-topic.terraform_data.topic"]
    );
    let ran = deployed(&case, "unified");
    insta::assert_snapshot!(told(&case, &ran), @"
    0
    plan: nothing changes
        applied: 0 added, 0 changed, 0 destroyed
    run <id-1> is SUCCEEDED: 5 plugins applied, 0 destroyed
    ");

    let ran = deployed(&case, "per-plugin");
    insta::assert_snapshot!(told(&case, &ran), @"
    0
        1 resource of `orders-topic` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        2 resources of `orders-queue` move out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        1 resource of `orders-subscription` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        1 resource of `invoices-bucket` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        1 resource of `orders-queue-alarm` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
    run <id-1> is SUCCEEDED: 5 plugins applied, 0 destroyed
    ");
    assert_eq!(of_plugins(&case), before);
    assert_eq!(of_project(&case), BTreeMap::new());
    assert_eq!(modes(&case, QUICKSTART), [DeployMode::PerPlugin; 5]);
    let run = case.records(QUICKSTART)[0].run_id;
    assert_eq!(
        ids(&case, &format!("backup/{run}.tfstate")).unwrap(),
        before
    );

    // Once more, now that both places have states of their own.
    deployed(&case, "unified");
    assert_eq!(of_project(&case), before);
    case.project.remove_plugin("orders-queue-alarm");
    case.project.remove_plugin("orders-subscription");
    let ran = deployed(&case, "unified");
    insta::assert_snapshot!(told(&case, &ran), @"
    0
      - module.orders-queue-alarm.terraform_data.alarm will be destroyed (id
      - module.orders-subscription.terraform_data.subscription will be destroyed (id
    warning is left out.
    plan: 2 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        - module.orders-queue-alarm.terraform_data.alarm will be destroyed
        - module.orders-subscription.terraform_data.subscription will be destroyed
        plan: 0 to add, 0 to change, 2 to destroy
        applied: 0 added, 0 changed, 2 destroyed
    run <id-1> is SUCCEEDED: 3 plugins applied, 2 destroyed
    ");
    assert_eq!(of_project(&case).len(), 4);
}

/// A generator, who reads it and passes it on, and one who has nothing to do with them.
pub(crate) fn shop(case: &Case, value: &'static str, other: &'static str) {
    write(
        case,
        &[
            Plugin("a", "source", value, Some("from-a"), None),
            Plugin("b", "relay", "", Some("from-b"), Some("from-a")),
            Plugin("c", "value", other, None, None),
        ],
    );
}

#[test]
fn a_run_that_switches_the_mode_must_change_nothing_else() {
    if require_terraform("a_run_that_switches_the_mode_must_change_nothing_else").is_none() {
        return;
    }
    let case = Case::new("removed-generator");
    shop(&case, "value: one", "value: x");
    deployed(&case, "per-plugin");
    let before = of_plugins(&case);
    assert_eq!(before.len(), 3);

    shop(&case, "value: two", "value: x");
    insta::assert_snapshot!(told(&case, &deploy(&case, "unified")), @"
    21
    warning: this deployment switches the mode: the states of a, b, c move into the project's, and no resource may change
    error: the mode cannot be switched, because the project has changes: module.a.terraform_data.kept (update); module.b.terraform_data.kept (update)
      help: no state of the project was moved
      help: a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `per-plugin` first
    ");
    assert_eq!(of_plugins(&case), before);
    assert!(!states(&case).join("terraform.tfstate").exists());
    assert_eq!(modes(&case, SHOP), [DeployMode::PerPlugin; 3]);
    assert_eq!(case.lock(SHOP), None);
    // The advice: the change first, and then the switch.
    deployed(&case, "per-plugin");
    deployed(&case, "unified");
    assert_eq!(of_project(&case), before);

    // The other way the plugins go one after the other.
    shop(&case, "value: two", "value: y");
    insta::assert_snapshot!(told(&case, &deploy(&case, "per-plugin")), @"
    21
        1 resource of `a` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        1 resource of `b` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        1 resource of `c` moves out of the project's state into one of the plugin's own
        ~ terraform_data.kept will be updated
        plan: 0 to add, 1 to change, 0 to destroy
    error: the mode cannot be switched, because plugin `c` has changes: terraform_data.kept (update)
      help: no state of plugin `c` was moved
      help: a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `unified` first
    ");
    assert_eq!(
        modes(&case, SHOP),
        [
            DeployMode::PerPlugin,
            DeployMode::PerPlugin,
            DeployMode::Unified
        ]
    );
    let mut all = of_plugins(&case);
    assert_eq!(all.len(), 2);
    all.extend(of_project(&case));
    assert_eq!(all, before);
    // From there to either side, with nothing else in the same run.
    insta::assert_snapshot!(told(&case, &deploy(&case, "unified")), @"
    21
    warning: this deployment switches the mode: the states of a, b move into the project's, and no resource may change
    error: the mode cannot be switched, because the project has changes: module.c.terraform_data.kept (update)
      help: no state of the project was moved
      help: a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `per-plugin` first
    ");
    shop(&case, "value: two", "value: x");
    deployed(&case, "unified");
    assert_eq!(
        (of_project(&case), of_plugins(&case).len()),
        (before.clone(), 0)
    );
    shop(&case, "value: two", "value: y");
    assert_ne!(deploy(&case, "per-plugin").code, 0);
    shop(&case, "value: two", "value: x");
    let ran = deployed(&case, "per-plugin");
    insta::assert_snapshot!(told(&case, &ran), @"
    0
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        1 resource of `c` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
    run <id-1> is SUCCEEDED: 3 plugins applied, 0 destroyed
    ");
    assert_eq!((of_plugins(&case), of_project(&case).len()), (before, 0));
}

#[test]
fn a_run_that_switches_the_mode_removes_and_adds_nothing() {
    if require_terraform("a_run_that_switches_the_mode_removes_and_adds_nothing").is_none() {
        return;
    }
    let case = Case::new("removed-generator");
    let a = || Plugin("a", "source", "value: one", Some("from-a"), None);
    let c = || Plugin("c", "value", "value: x", None, None);
    write(&case, &[a(), c()]);
    deployed(&case, "per-plugin");
    let before = of_plugins(&case);
    write(&case, &[a()]);
    insta::assert_snapshot!(told(&case, &deploy(&case, "unified")), @"
    10
    error: this project is deployed in the mode `per-plugin`, and a deployment that switches it to `unified` cannot remove plugins: c
      help: put them back into stk.yaml and deploy with DEPLOY_MODE (--mode) `unified` first, remove them afterwards; or remove them in the mode `per-plugin`, then switch
    ");
    write(
        &case,
        &[a(), c(), Plugin("new", "value", "value: y", None, None)],
    );
    insta::assert_snapshot!(told(&case, &deploy(&case, "unified")), @"
    21
    warning: this deployment switches the mode: the states of a, c move into the project's, and no resource may change
    error: the mode cannot be switched, because the project has changes: module.new.terraform_data.kept (create)
      help: no state of the project was moved
      help: a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `per-plugin` first
    ");
    assert_eq!(of_plugins(&case), before);
    assert_eq!(case.lock(SHOP), None);

    write(&case, &[a(), c()]);
    deployed(&case, "unified");
    write(&case, &[a()]);
    insta::assert_snapshot!(told(&case, &deploy(&case, "per-plugin")), @"
    10
    error: this project is deployed in the mode `unified`, and a deployment that switches it to `per-plugin` cannot remove plugins: c
      help: put them back into stk.yaml and deploy with DEPLOY_MODE (--mode) `per-plugin` first, remove them afterwards; or remove them in the mode `unified`, then switch
    ");
    assert_eq!(of_project(&case), before);
    write(&case, &[a(), c()]);
    deployed(&case, "per-plugin");
    write(&case, &[a()]);
    let ran = deployed(&case, "per-plugin");
    insta::assert_snapshot!(told(&case, &ran), @"
    0
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        - terraform_data.kept will be destroyed
        plan: 0 to add, 0 to change, 1 to destroy
        applied: 0 added, 0 changed, 1 destroyed
    run <id-1> is SUCCEEDED: 1 plugin applied, 1 destroyed
    ");
    assert_eq!(of_plugins(&case).len(), 1);
}
