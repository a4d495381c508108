//! What was approved is applied, also by a step that is run again, and nothing else.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use stk_testing::terraform::require_terraform;

use crate::support::{Lab, Rows};

const PASSPHRASE: &str = "correct horse battery staple";

/// Applies only once `<lab>/quota` exists, which Terraform cannot know when it plans.
fn fragile(lab: &Lab) -> String {
    format!(
        r#"
resource "terraform_data" "first" {{
  input = "one"
}}

resource "terraform_data" "second" {{
  input = terraform_data.first.id

  lifecycle {{
    precondition {{
      condition     = terraform_data.first.id == "" ? true : fileexists("{}")
      error_message = "There is no quota for a second one."
    }}
  }}
}}
"#,
        lab.path("quota").display()
    )
}

const STEADY: &str = "resource \"terraform_data\" \"steady\" {\n  input = \"steady\"\n}\n";

/// A run that was approved and of which the apply has failed half-way.
fn half_applied() -> (Lab, Rows) {
    let mut lab = Lab::of(&[("steady", STEADY)]);
    let (rows, _) = lab.planned();
    let applied = lab.tasks(&rows);
    assert_eq!(applied.code, 0, "{}", applied.stderr);

    let fragile = fragile(&lab);
    lab.plugins(&[("steady", STEADY), ("fragile", &fragile)]);
    let (rows, _) = lab.planned();
    let failed = lab.tasks(&rows);
    assert_eq!(failed.code, 21, "{}", failed.stderr);
    assert_eq!(lab.status(&rows.run_id), "FAILED");
    assert!(!lab.is_locked());
    (lab, rows)
}

#[test]
fn a_failed_apply_that_is_run_again_does_what_is_left_of_what_was_approved() {
    if require_terraform("a_failed_apply_that_is_run_again_does_what_is_left_of_what_was_approved")
        .is_none()
    {
        return;
    }
    let (lab, rows) = half_applied();
    let half = lab.resources("");
    // Nothing has changed: it fails for the same reason, and the run can still go on.
    let failed = lab.tasks(&rows);
    assert_eq!(failed.code, 21, "{}", failed.stderr);

    fs::write(lab.path("quota"), "").unwrap();
    let done = lab.tasks(&rows);
    insta::assert_snapshot!(lab.redacted(&done.stderr), @"
    run <id-1> had failed: it goes on with what failed
    [3/3] UNIFIED_DEPLOY
      terraform init
      terraform apply
        the state has changed since the plan was made: what is left is planned anew and compared with what was approved
      terraform plan
        + module.fragile.terraform_data.second will be created
        plan: 1 to add, 0 to change, 0 to destroy
        all of it was approved: it is applied
      terraform apply
        module.fragile.terraform_data.second: creating...
        module.fragile.terraform_data.second: created in <seconds> [id=<id>]
        applied: 1 added, 0 changed, 0 destroyed
    ");
    assert_eq!(done.code, 0);
    assert_eq!(lab.status(&rows.run_id), "SUCCEEDED");
    assert!(!lab.is_locked());
    let whole = lab.resources("");
    assert_eq!(whole.len(), 3);
    for (address, id) in half {
        assert_eq!(whole[&address], id);
    }
    assert_eq!(lab.deployed(), ["fragile", "steady"]);
    let record = lab.record(&rows.run_id);
    assert_eq!(record["earlierFailures"].as_array().unwrap().len(), 2);
    // What is done is done.
    let again = lab.tasks(&rows);
    assert_eq!(again.code, 10, "{}", again.stderr);
}

#[test]
fn what_was_not_approved_is_not_applied_by_a_step_that_is_run_again() {
    if require_terraform("what_was_not_approved_is_not_applied_by_a_step_that_is_run_again")
        .is_none()
    {
        return;
    }
    let (lab, rows) = half_applied();
    fs::write(lab.path("quota"), "").unwrap();
    // Meanwhile somebody takes a resource out of the state: a new plan would make it a second time.
    let mut forget = Command::new("terraform");
    forget
        .args(["state", "rm"])
        .arg(format!("-state={}", lab.state_file("").display()))
        .arg("module.steady.terraform_data.steady")
        .current_dir(lab.root())
        .env_clear()
        .envs(&lab.environment);
    let forgotten = lab.start(forget).finish();
    assert_eq!(forgotten.code, 0, "{}", forgotten.stderr);

    let refused = lab.tasks(&rows);
    assert_eq!(refused.code, 21);
    let text = lab.redacted(&refused.stderr);
    let (_, error) = text.split_once("error:").unwrap();
    insta::assert_snapshot!(error, @"
    the state has changed since the plan was approved, and a new plan does what nobody approved: module.steady.terraform_data.steady would be created, which was not in the approved plan
     help: nothing of it was applied; start a new deployment to see and approve the whole plan
    ");
    assert_eq!(lab.resources("").len(), 1, "{}", refused.stderr);
    assert_eq!(lab.status(&rows.run_id), "FAILED");
    assert!(!lab.is_locked());
}

#[test]
fn a_failed_run_does_not_go_on_after_a_newer_one() {
    if require_terraform("a_failed_run_does_not_go_on_after_a_newer_one").is_none() {
        return;
    }
    let (mut lab, rows) = half_applied();
    lab.plugins(&[("steady", STEADY)]);
    let (newer, _) = lab.planned();
    let held = lab.tasks(&rows);
    assert_eq!(held.code, 23, "{}", held.stderr);
    let done = lab.tasks(&newer);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let refused = lab.tasks(&rows);
    insta::assert_snapshot!(lab.redacted(&refused.stderr), @"
    error: run `<id-1>` has failed and cannot go on
      caused by: run <id-2> was started after run <id-1>
      help: start a new deployment: it continues from what is deployed now
    ");
    assert_eq!(refused.code, 10);
    assert!(!lab.is_locked());
    assert_eq!(lab.resources("").len(), 1);
}

#[test]
fn a_plan_is_kept_encrypted_and_applied_with_its_passphrase_alone() {
    if require_terraform("a_plan_is_kept_encrypted_and_applied_with_its_passphrase_alone").is_none()
    {
        return;
    }
    let mut lab = Lab::of(&[("steady", STEADY)]);
    lab.set("INPUT_PLAN_ENCRYPTION_KEY", PASSPHRASE);
    let (rows, _) = lab.planned();
    let run = lab.path(&format!("iac/runs/{}", rows.run_id));
    let stored = fs::read(run.join("plan.zip.age")).unwrap();
    assert!(stored.starts_with(b"age-encryption.org/v1\n"));
    assert!(!run.join("plan.zip").exists());

    lab.environment.remove("INPUT_PLAN_ENCRYPTION_KEY");
    let without = lab.tasks(&rows);
    lab.set("INPUT_PLAN_ENCRYPTION_KEY", "another");
    let wrong = lab.tasks(&rows);
    lab.set("INPUT_PLAN_ENCRYPTION_KEY", PASSPHRASE);
    let right = lab.tasks(&rows);
    let error = |text: &str| {
        let text = lab.redacted(text);
        text.split_once("error:").map(|(_, error)| error.to_owned())
    };
    insta::assert_snapshot!(
        [error(&without.stderr), error(&wrong.stderr)].map(Option::unwrap).join("\n"),
        @"
    the plan could not be stored or fetched
     caused by: the plan is encrypted, and no passphrase is given
     help: give the passphrase that the plan was made with (PLAN_ENCRYPTION_KEY); if it is lost, start a new deployment
    the plan could not be stored or fetched
     caused by: the passphrase is not the one that the plan was encrypted with
     help: give the passphrase that the plan was made with (PLAN_ENCRYPTION_KEY); if it is lost, start a new deployment
    "
    );
    assert_eq!((without.code, wrong.code), (10, 10));
    assert_eq!(right.code, 0, "{}", right.stderr);
    assert_eq!(lab.resources("").len(), 1);
    for said in [without.stderr, wrong.stderr, right.stderr] {
        assert!(!said.contains(PASSPHRASE), "{said}");
    }
}

#[test]
fn what_would_be_dragged_into_a_destroy_is_named_with_the_way_to_it() {
    if require_terraform("what_would_be_dragged_into_a_destroy_is_named_with_the_way_to_it")
        .is_none()
    {
        return;
    }
    let mut lab = Lab::of(&[("steady", STEADY), ("gone", STEADY)]);
    let (rows, _) = lab.planned();
    assert_eq!(lab.tasks(&rows).code, 0);
    lab.plugins(&[("steady", STEADY)]);
    let (rows, _) = lab.planned();
    let [deploy, destroy] = rows.one_by_one().try_into().unwrap();
    assert_eq!(lab.tasks(&rows.with(&deploy)).code, 0);
    // By then somebody has made what stays depend on what goes away, which the state alone knows.
    let path = lab.state_file("");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for resource in state["resources"].as_array_mut().unwrap() {
        if resource["module"] == "module.steady" {
            resource["instances"][0]["dependencies"] = json!(["module.gone.terraform_data.steady"]);
        }
    }
    fs::write(&path, state.to_string()).unwrap();
    let refused = lab.tasks(&rows.with(&destroy));
    assert_eq!(refused.code, 21, "{}", refused.stderr);
    let text = lab.redacted(&refused.stderr);
    let (_, error) = text.split_once("error:").unwrap();
    insta::assert_snapshot!(error, @"
    destroying would take along what belongs to plugins that stay: module.steady.terraform_data.steady (depends on module.gone.terraform_data.steady)
     help: nothing was destroyed; make the plugins that stay independent of those that go away, and deploy again
    ");
    assert_eq!(lab.resources("").len(), 2);
}
