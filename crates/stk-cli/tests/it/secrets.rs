//! Secret inputs, with the real Terraform: they arrive, and nothing of them is left behind.

use std::fs;
use std::path::{Path, PathBuf};

use stk_store::archive::{Limits, unpack};
use stk_testing::terraform::require_terraform;

use crate::support::{Case, DEPLOY};

const PROJECT: &str = "orders-data";
const PASSWORD: &str = "canary-\"quoted\"-${not.a.reference}\\pass";
const PINS: [&str; 2] = ["canary-pin-one", "canary-pin-two"];

/// A project whose secrets are given, one as JSON and the others in the environment.
fn case() -> Case {
    let json = serde_json::json!({
        "orders-db": {"password": PASSWORD, "users": [{"pin": PINS[0]}]}
    });
    let case = Case::new("secrets");
    fs::create_dir_all(case.path("tmp")).unwrap();
    let temporary = case.path("tmp").display().to_string();
    case.with("TMPDIR", &temporary)
        .with("INPUT_LOCALEXEC_ENABLED", "true")
        .with("INPUT_SECRET_INPUTS", &json.to_string())
        .with("STK_SECRET_ORDERS_DB_USERS_1_PIN", PINS[1])
}

/// Every file below `folder`, and every file in every archive among them.
fn contents(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            contents(&path, found);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "zip") {
            for entry in unpack(&bytes, Limits::default()).unwrap() {
                found.push((path.join(entry.path), entry.bytes));
            }
        }
        found.push((path, bytes));
    }
}

/// Fails if a piece of a secret is anywhere in the case's folder, or in `log`.
fn nothing_left(case: &Case, log: &str) {
    let mut found = Vec::new();
    contents(&case.path(""), &mut found);
    assert!(found.len() > 10, "what was looked through: {found:?}");
    for line in log.lines() {
        // GitHub's own command for it, which GitHub takes out of the log.
        assert!(
            line.starts_with("::add-mask::") || !line.contains("canary"),
            "{line}"
        );
    }
    for (path, bytes) in found {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("canary"), "{}: {text}", path.display());
    }
}

fn digest(text: &str) -> String {
    stk_run::Digest::of(text.as_bytes())
        .to_string()
        .replace("sha256:", "")
}

#[test]
fn secrets_reach_terraform_and_nothing_else() {
    if require_terraform("secrets_reach_terraform_and_nothing_else").is_none() {
        return;
    }
    let case = case();
    let listing = case.path("arguments");
    let summary = case.path("summary.md");
    let case = case
        .with("GITHUB_ACTIONS", "true")
        .with("GITHUB_STEP_SUMMARY", &summary.display().to_string())
        .with(
            "GITHUB_OUTPUT",
            &listing.with_file_name("output").display().to_string(),
        );
    let mut call = DEPLOY.to_vec();
    let dynamic = format!("--listing {}", listing.display());
    call.extend(["--dynamic-inputs", &dynamic]);
    let ran = case.run(&call);
    assert_eq!(ran.code, 0, "{}", ran.stderr);

    // They arrived as they are, in the plugin's own files and in its nested module.
    let states: Vec<_> = {
        let mut found = Vec::new();
        contents(&case.path(""), &mut found);
        found
            .into_iter()
            .filter(|(path, _)| path.ends_with("terraform.tfstate"))
            .collect()
    };
    let [(_, state)] = states.as_slice() else {
        panic!("{} states", states.len());
    };
    let state: serde_json::Value = serde_json::from_slice(state).unwrap();
    let output = |name: &str| state["outputs"][name]["value"].as_str().unwrap().to_owned();
    assert_eq!(output("password"), digest(PASSWORD));
    assert_eq!(
        output("billing"),
        digest(&format!("billing:{}:{PASSWORD}", PINS[0]))
    );
    assert_eq!(
        output("shipping"),
        digest(&format!("shipping:{}:{PASSWORD}", PINS[1]))
    );
    let url = &state["resources"][0]["instances"][0]["attributes"]["input"]["value"]["url"];
    assert_eq!(
        url.as_str().unwrap(),
        digest(&format!("db://admin:{PASSWORD}@orders.internal"))
    );
    // The arguments of all programs were listed while Terraform ran.
    let arguments = fs::read_to_string(&listing).unwrap_or_default();
    assert!(arguments.contains("terraform"), "{arguments}");
    nothing_left(&case, &format!("{}{}", ran.stdout, ran.stderr));
    assert!(fs::read_dir(case.path("tmp")).unwrap().next().is_none());
}

#[test]
fn a_failure_does_not_show_them() {
    if require_terraform("a_failure_does_not_show_them").is_none() {
        return;
    }
    let case = case();
    case.project
        .edit_manifest(|text| text.replace("healthy: true", "healthy: false"));
    let ran = case.deploy();
    assert_eq!(ran.code, 21, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("cannot connect to db://admin:***@orders.internal"),
        "{}",
        ran.stderr
    );
    nothing_left(&case, &format!("{}{}", ran.stdout, ran.stderr));
    let record = case.records(PROJECT).remove(0);
    let failed = record
        .tasks
        .iter()
        .find_map(|task| task.error_details.as_ref());
    assert!(failed.unwrap().contains("db://admin:***@"), "{failed:?}");
}

#[test]
fn a_missing_one_is_said_before_anything_runs() {
    let case = Case::new("secrets").with(
        "INPUT_SECRET_INPUTS",
        r#"{"orders-db": {"password": "", "users": [{"pin": "canary"}]}}"#,
    );
    insta::assert_snapshot!(case.seen(&DEPLOY), @r#"
    exit 11
    error: the project cannot be deployed: 2 errors
      caused by: secrets/.stk/stk.yaml:14:19: error[STK045]: the secret input `password` of the plugin `orders-db` has no value
      caused by: secrets/.stk/stk.yaml:19:18: error[STK045]: the secret input `users.1.pin` of the plugin `orders-db` has no value
      help: give it in SECRET_INPUTS as `{"orders-db": {"password": "…"}}`, or in the environment variable STK_SECRET_ORDERS_DB_PASSWORD; a GitHub secret that does not exist is an empty text, which counts as no value
      help: give it in SECRET_INPUTS as `{"orders-db": {"users": {"1": {"pin": "…"}}}}`, or in the environment variable STK_SECRET_ORDERS_DB_USERS_1_PIN; a GitHub secret that does not exist is an empty text, which counts as no value
    "#);
    assert!(!case.project.workdir.join(".stk/runtime").exists());
    let case = Case::new("secrets").with(
        "INPUT_SECRET_INPUTS",
        "{\"orders-db\": {\"password\": \"canary\"\"}}",
    );
    insta::assert_snapshot!(case.seen(&DEPLOY), @r#"
    exit 10
    error: the input SECRET_INPUTS is malformed
      caused by: not valid JSON at line 1, column 36
      help: write `{"<alias>": {"<input>": ${{ toJSON(secrets.NAME) }}}}`; without `toJSON`, a quote or a backslash in the secret breaks the JSON
    "#);
    let case = Case::new("secrets");
    insta::assert_snapshot!(case.seen(&["validate", "--env", "dev"]), @"
    exit 0
    secrets/.stk/stk.yaml:14:19: note[STK045]: the input `password` of the plugin `orders-db` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    secrets/.stk/stk.yaml:17:18: note[STK045]: the input `users.0.pin` of the plugin `orders-db` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    secrets/.stk/stk.yaml:19:18: note[STK045]: the input `users.1.pin` of the plugin `orders-db` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    0 errors, 0 warnings
    ");
}

#[test]
fn what_is_destroyed_needs_its_secrets_too() {
    if require_terraform("what_is_destroyed_needs_its_secrets_too").is_none() {
        return;
    }
    let case = case();
    let ran = case.deploy();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    case.empty();
    let case = case
        .with(
            "INPUT_SECRET_INPUTS",
            r#"{"orders-dc": {"password": "canary"}}"#,
        )
        .with("STK_SECRET_ORDERS_DB_USERS_0_PIN", "canary");
    insta::assert_snapshot!(case.seen(&DEPLOY), @r#"
    exit 10
    shared-infrastructure project identified, with ID: orders-data
    error: a plugin that is to be destroyed lacks a secret: the secret input `password` of plugin `orders-db` has no value
      help: give it in SECRET_INPUTS as `{"orders-db": {"password": "…"}}`, or in the environment variable STK_SECRET_ORDERS_DB_PASSWORD
      help: its Terraform was deployed with the secret and plans with it; where only a resource's argument needs it, any value does
    "#);
    let case = case.with("STK_SECRET_ORDERS_DB_PASSWORD", "canary-any");
    let ran = case.success(&DEPLOY);
    let warnings: Vec<_> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("warning"))
        .collect();
    insta::assert_snapshot!(warnings.join("\n"), @"warning: SECRET_INPUTS names the plugin `orders-dc`, which this run has nothing to do with; did you mean `orders-db`?");
    assert!(
        ran.stderr.contains("0 plugins applied, 1 destroyed"),
        "{}",
        ran.stderr
    );
    assert!(case.deployed(PROJECT).is_empty());
}

#[test]
fn a_project_that_is_deployed_as_one_keeps_its_secrets_too() {
    if require_terraform("a_project_that_is_deployed_as_one_keeps_its_secrets_too").is_none() {
        return;
    }
    let case = case();
    let mut call = DEPLOY.to_vec();
    call.extend(["--mode", "unified"]);
    let ran = case.success(&call);
    let mut found = Vec::new();
    contents(&case.path(""), &mut found);
    for line in ran.stderr.lines() {
        assert!(!line.contains("canary"), "{line}");
    }
    let mut state = None;
    for (path, bytes) in found {
        if path.ends_with("terraform.tfstate") {
            state = serde_json::from_slice::<serde_json::Value>(&bytes).ok();
        }
        // Terraform's plan file holds every variable in clear; that it is kept is said in the documents.
        if path.ends_with("plan.tfplan") || path.ends_with("plan.zip") {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("canary"), "{}: {text}", path.display());
    }
    let state = state.unwrap();
    assert_eq!(
        state["outputs"]["orders-db_password"]["value"],
        digest(PASSWORD)
    );
    assert_eq!(
        state["outputs"]["orders-db_shipping"]["value"],
        digest(&format!("shipping:{}:{PASSWORD}", PINS[1]))
    );
}

/// A switch stores no plan file, so there is no place at all for a secret.
#[test]
fn a_switch_of_the_mode_leaves_nothing_behind_either() {
    if require_terraform("a_switch_of_the_mode_leaves_nothing_behind_either").is_none() {
        return;
    }
    let case = case();
    let mut log = String::new();
    for mode in ["per-plugin", "unified", "per-plugin"] {
        let mut arguments = DEPLOY.to_vec();
        arguments.extend(["--mode", mode]);
        log.push_str(&case.success(&arguments).stderr);
    }
    // Into it, and out of it.
    assert_eq!(log.matches(" the project's state").count(), 2, "{log}");
    nothing_left(&case, &log);
    assert!(fs::read_dir(case.path("tmp")).unwrap().next().is_none());
}
