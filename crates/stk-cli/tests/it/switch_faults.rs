//! What goes wrong while the mode is switched, with the real Terraform behind a script that makes it go wrong.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use stk_run::DeployMode;
use stk_testing::terraform::require_terraform;

use crate::support::Case;
use crate::switch::{SHOP, deploy, deployed, modes, of_plugins, of_project, shop, told};
use crate::unified::{Plugin, write};

/// Puts a `terraform` first in the path that is the real one, but for what it does after a `state push`: `fault` is run
/// by a shell in which `$n` is the number of the push since `pushes` was removed, and `$PPID` the program under test.
fn with_fault(test: &str, fault: &str) -> Option<Case> {
    let real = require_terraform(test)?;
    let case = Case::new("removed-generator");
    let folder = case.path("bin");
    fs::create_dir(&folder).unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$1 $2\" in\n\"state push\")\n  {real} \"$@\" || exit $?\n  cd {folder}\n  n=$(($(cat pushes \
         2>/dev/null || echo 0) + 1))\n  echo $n > pushes\n  {fault}\n  exit 0;;\nesac\nexec {real} \"$@\"\n",
        real = real.display(),
        folder = folder.display(),
    );
    let program = folder.join("terraform");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    Some(case.with("PATH", &format!("{}:{path}", folder.display())))
}

/// Kills the program at the push of that number, and makes the target free again.
fn killed_at(case: &Case, mode: &str, push: usize) {
    let folder = case.path("bin");
    fs::write(folder.join(format!("kill-{push}")), "").unwrap();
    let _ = fs::remove_file(folder.join("pushes"));
    let output = case
        .command(&[
            "deploy",
            "--env",
            "dev",
            "--version",
            "v1",
            "--mode",
            mode,
            "--auto-approve",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), None, "push {push} of {mode}");
    fs::remove_file(folder.join(format!("kill-{push}"))).unwrap();
    let run = case.records(SHOP)[0].run_id.to_string();
    assert_eq!(case.run(&["cancel", &run]).code, 0);
}

const KILL: &str = "if [ -e kill-$n ]; then kill -9 $PPID; fi";

/// Every resource is in a state that `deployed` says is the true one.
fn is_known(case: &Case, before: &BTreeMap<String, String>) {
    let (own, project) = (of_plugins(case), of_project(case));
    for unit in case.deployed(SHOP) {
        let address = format!("module.{}.terraform_data.kept", unit.alias());
        let state = match unit.mode {
            DeployMode::Unified => &project,
            _ => &own,
        };
        assert_eq!(state.get(&address), before.get(&address), "{address}");
    }
}

#[test]
fn whoever_is_killed_on_the_way_into_the_project_loses_nothing() {
    let test = "whoever_is_killed_on_the_way_into_the_project_loses_nothing";
    let Some(case) = with_fault(test, KILL) else {
        return;
    };
    shop(&case, "value: one", "value: x");
    deployed(&case, "per-plugin");
    let before = of_plugins(&case);
    let mut known = Vec::new();
    // The project's state, and then the emptied ones of three plugins.
    for (push, next) in [
        (1, "unified"),
        (1, "per-plugin"),
        (2, "per-plugin"),
        (4, "unified"),
    ] {
        killed_at(&case, "unified", push);
        known.push(format!("{push}: {:?}", modes(&case, SHOP)));
        is_known(&case, &before);
        deployed(&case, next);
        is_known(&case, &before);
        deployed(&case, "per-plugin");
        assert_eq!(of_plugins(&case), before, "push {push}");
    }
    insta::assert_snapshot!(known.join("\n"), @"
    1: [PerPlugin, PerPlugin, PerPlugin]
    1: [PerPlugin, PerPlugin, PerPlugin]
    2: [Unified, Unified, Unified]
    4: [Unified, Unified, Unified]
    ");
}

#[test]
fn whoever_is_killed_on_the_way_out_of_the_project_loses_nothing() {
    let test = "whoever_is_killed_on_the_way_out_of_the_project_loses_nothing";
    let Some(case) = with_fault(test, KILL) else {
        return;
    };
    shop(&case, "value: one", "value: x");
    deployed(&case, "unified");
    let before = of_project(&case);
    let mut known = Vec::new();
    // Of each of three plugins its own state, and then the project's without it.
    for (push, next) in [
        (1, "unified"),
        (2, "per-plugin"),
        (3, "unified"),
        (6, "per-plugin"),
    ] {
        killed_at(&case, "per-plugin", push);
        known.push(format!("{push}: {:?}", modes(&case, SHOP)));
        is_known(&case, &before);
        deployed(&case, next);
        is_known(&case, &before);
        deployed(&case, "unified");
        assert_eq!(of_project(&case), before, "push {push}");
    }
    insta::assert_snapshot!(known.join("\n"), @"
    1: [Unified, Unified, Unified]
    2: [PerPlugin, Unified, Unified]
    3: [PerPlugin, Unified, Unified]
    6: [PerPlugin, PerPlugin, PerPlugin]
    ");
}

#[test]
fn a_copy_that_is_left_in_the_old_place_does_not_come_back() {
    let test = "a_copy_that_is_left_in_the_old_place_does_not_come_back";
    let Some(case) = with_fault(test, KILL) else {
        return;
    };
    shop(&case, "value: one", "value: x");
    deployed(&case, "per-plugin");
    let before = of_plugins(&case);
    killed_at(&case, "unified", 1 + 1);
    let copies = of_plugins(&case);
    let c = "module.c.terraform_data.kept";
    assert_eq!(copies.get(c), before.get(c));
    let others = [
        Plugin("a", "source", "value: one", Some("from-a"), None),
        Plugin("b", "relay", "", Some("from-b"), Some("from-a")),
    ];
    write(&case, &others);
    deployed(&case, "unified");
    deployed(&case, "per-plugin");
    shop(&case, "value: one", "value: x");
    deployed(&case, "per-plugin");
    let after = of_plugins(&case);
    assert_ne!(
        after[c], before[c],
        "it was destroyed, and is another one now"
    );
    assert_eq!(after.len(), before.len());
}

/// A plugin whose configuration follows the world, and a world that changes between the look on the side and the move.
fn fickle(case: &Case) {
    let there = case.path("bin/there");
    let plugin = case.project.workdir.join("plugins/fickle");
    fs::create_dir_all(plugin.join("templates-deploy")).unwrap();
    fs::write(
        plugin.join("plugin.yaml"),
        "schema-version: v2\nkind: plugin\nmetadata: {name: fickle, display-name: F, description: F, version: 1.0.0}\n\
         spec:\n  type: infra\n",
    )
    .unwrap();
    let main = format!(
        "resource \"terraform_data\" \"kept\" {{\n  input = fileexists(\"{}\")\n}}\n",
        there.display()
    );
    fs::write(plugin.join("templates-deploy/main.tf"), main).unwrap();
    case.write(
        ".stk/stk.yaml",
        "schema-version: v2\nkind: manifest\nmetadata: {name: shop}\nspec:\n  type: infra\n  plugins:\n  \
         - {name: acme/fickle@1.0.0, alias: a, type: infra}\n  - {name: acme/fickle@1.0.0, alias: b, type: infra}\n",
    );
}

#[test]
fn what_has_changed_by_the_time_of_the_move_is_taken_back() {
    let test = "what_has_changed_by_the_time_of_the_move_is_taken_back";
    let fault = "if [ -e change-$n ]; then touch there; fi";
    let Some(case) = with_fault(test, fault) else {
        return;
    };
    fickle(&case);
    let bin = case.path("bin");
    deployed(&case, "per-plugin");
    let before = of_plugins(&case);
    fs::write(bin.join("change-1"), "").unwrap();
    insta::assert_snapshot!(told(&case, &deploy(&case, "unified")), @"
    21
    warning: this deployment switches the mode: the states of a, b move into the project's, and no resource may change
    plan: nothing changes
        1 resource of `a` moves into the project's state
        1 resource of `b` moves into the project's state
        plan: 0 to add, 0 to change, 0 to destroy
        ~ module.a.terraform_data.kept will be updated
        ~ module.b.terraform_data.kept will be updated
        plan: 0 to add, 2 to change, 0 to destroy
        the state was taken back to where it was
    error: the mode cannot be switched, because the project has changes: module.a.terraform_data.kept (update); module.b.terraform_data.kept (update)
      help: the state had been moved and is back where it was
      help: a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `per-plugin` first
    ");
    assert_eq!(of_plugins(&case), before);
    assert_eq!(of_project(&case), BTreeMap::new());
    assert_eq!(modes(&case, SHOP), [DeployMode::PerPlugin; 2]);

    // It was only for a moment, and the move is made.
    fs::remove_file(bin.join("there")).unwrap();
    fs::remove_file(bin.join("change-1")).unwrap();
    deployed(&case, "unified");
    assert_eq!(of_project(&case), before);
    fs::remove_file(bin.join("pushes")).unwrap();
    fs::write(bin.join("change-3"), "").unwrap();
    insta::assert_snapshot!(told(&case, &deploy(&case, "per-plugin")), @"
    21
        1 resource of `a` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        plan: 0 to add, 0 to change, 0 to destroy
        applied: 0 added, 0 changed, 0 destroyed
        1 resource of `b` moves out of the project's state into one of the plugin's own
        plan: 0 to add, 0 to change, 0 to destroy
        ~ terraform_data.kept will be updated
        plan: 0 to add, 1 to change, 0 to destroy
        the state was taken back to where it was
    error: the mode cannot be switched, because plugin `b` has changes: terraform_data.kept (update)
      help: the state had been moved and is back where it was
      help: a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `unified` first
    ");
    assert_eq!(
        modes(&case, SHOP),
        [DeployMode::PerPlugin, DeployMode::Unified]
    );
    fs::remove_file(bin.join("there")).unwrap();
    deployed(&case, "unified");
    assert_eq!(of_project(&case), before);
}
