//! What a run that deploys a project as one has stored and what is not as it was: nothing is applied.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stk_run::Digest;
use stk_store::archive::{Entry, Limits, pack, unpack};
use stk_testing::terraform::require_terraform;

use crate::support::{Lab, Rows};

const STEADY: &str = "resource \"terraform_data\" \"steady\" {\n  input = \"steady\"\n}\n";

/// A run that is planned and waits for its approval.
fn planned() -> (Lab, Rows) {
    let mut lab = Lab::of(&[("steady", STEADY)]);
    let (rows, _) = lab.planned();
    (lab, rows)
}

fn stored(lab: &Lab, rows: &Rows, name: &str) -> PathBuf {
    lab.path(&format!("iac/runs/{}/{name}", rows.run_id))
}

/// What is said when the rest of the run is executed; nothing may have been applied.
fn refused(lab: &Lab, rows: &Rows) -> String {
    let finished = lab.tasks(rows);
    assert!(!lab.state_file("").exists(), "{}", finished.stderr);
    assert!(!lab.is_locked());
    format!("{} {}", finished.code, error(lab, &finished.stderr))
}

/// The error without digests, which depend on what Terraform writes into a plan, and without names of folders.
fn error(lab: &Lab, said: &str) -> String {
    let text = lab.redacted(said);
    let (_, error) = text.split_once("error: ").unwrap();
    let mut parts = error.split("sha256:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, rest) = part.split_at(64);
        shown.push_str("<digest>");
        shown.push_str(rest);
    }
    shown
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut document = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut document);
    fs::write(path, document.to_string()).unwrap();
}

/// Changes a stored archive, and what the record says of it: as another version of the program would have written it.
fn rewrite(lab: &Lab, rows: &Rows, name: &str, key: &str, change: impl FnOnce(&mut Vec<Entry>)) {
    let path = stored(lab, rows, name);
    let mut entries = unpack(&fs::read(&path).unwrap(), Limits::default()).unwrap();
    change(&mut entries);
    let bytes = pack(entries).unwrap();
    fs::write(&path, &bytes).unwrap();
    edit(&stored(lab, rows, "record.json"), |record| {
        record[key]["digest"] = json!(Digest::of(&bytes));
    });
}

/// Replaces a file of an archive, or takes it out.
fn replaced(entries: &mut Vec<Entry>, path: &str, bytes: Option<&str>) {
    entries.retain(|entry| entry.path != path);
    entries.extend(bytes.map(|bytes| Entry {
        path: path.to_owned(),
        bytes: bytes.into(),
        executable: false,
    }));
}

#[test]
fn a_plan_that_is_not_what_was_stored_is_not_applied() {
    if require_terraform("a_plan_that_is_not_what_was_stored_is_not_applied").is_none() {
        return;
    }
    let (lab, rows) = planned();
    let path = stored(&lab, &rows, "plan.zip");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    insta::assert_snapshot!(refused(&lab, &rows), @"
    22 the plan could not be stored or fetched
      caused by: `runs/<id-1>/plan.zip` in file://<lab>/iac has changed since it was stored: it has <digest>, not <digest>
      help: restore `runs/<id-1>/plan.zip` from a backup; if there is none, remove it and deploy again
    ");

    let (lab, rows) = planned();
    fs::remove_file(stored(&lab, &rows, "plan.zip")).unwrap();
    insta::assert_snapshot!(refused(&lab, &rows), @"
    22 the plan could not be stored or fetched
      caused by: `runs/<id-1>/plan.zip` is not in file://<lab>/iac
      help: check that file://<lab>/iac is the store that the deployment used, or restore the object
    ");

    let (lab, rows) = planned();
    let bytes = b"no archive";
    fs::write(stored(&lab, &rows, "plan.zip"), bytes).unwrap();
    edit(&stored(&lab, &rows, "record.json"), |record| {
        record["plan"]["digest"] = json!(Digest::of(bytes));
    });
    insta::assert_snapshot!(refused(&lab, &rows), @"
    22 the plan could not be kept or read
      caused by: the stored plan is damaged
      caused by: the archive cannot be read
      caused by: invalid Zip archive: Could not find EOCD
      help: start a new deployment
    ");
}

#[test]
fn a_plan_of_another_version_or_without_its_parts_is_not_applied() {
    if require_terraform("a_plan_of_another_version_or_without_its_parts_is_not_applied").is_none()
    {
        return;
    }
    let refused = |path: &str, bytes: Option<&str>| {
        let (lab, rows) = planned();
        rewrite(&lab, &rows, "plan.zip", "plan", |entries| {
            replaced(entries, path, bytes);
        });
        refused(&lab, &rows)
    };
    insta::assert_snapshot!(refused("destroy.json", Some(r#"{"version": 1, "addresses": [], "more": 1}"#)), @"
    22 the plan could not be kept or read
      caused by: the stored plan was written by another version of this program
      caused by: unknown field `more`, expected `version` or `addresses` at line 1 column 38
      help: start a new deployment
    ");
    insta::assert_snapshot!(refused("approval.json", Some("{}")), @"
    22 the plan could not be kept or read
      caused by: the stored plan was written by another version of this program
      caused by: missing field `key` at line 1 column 2
      help: start a new deployment
    ");
    insta::assert_snapshot!(refused("plan.tfplan", None), @"
    22 the plan could not be kept or read
      caused by: the stored plan has nothing to apply
      help: start a new deployment
    ");
    let first = |text: String| text.lines().take(2).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(first(refused("plan.tfplan", Some("no plan"))), @"
    21 the project could not be applied
      caused by: terraform apply exited with code 1
    ");
    insta::assert_snapshot!(first(refused(".terraform.lock.hcl", Some("provider {"))), @"
    21 the project could not be initialised
      caused by: terraform init exited with code 1
    ");
}

#[test]
fn a_plan_of_another_terraform_is_not_applied() {
    if require_terraform("a_plan_of_another_terraform_is_not_applied").is_none() {
        return;
    }
    let (lab, rows) = planned();
    edit(&stored(&lab, &rows, "record.json"), |record| {
        record["plan"]["program"] = json!("Terraform 1.10.0");
    });
    let refused = refused(&lab, &rows);
    let (beginning, _) = refused.split_once(", and this is").unwrap();
    insta::assert_snapshot!(beginning, @"21 the plan was made with Terraform 1.10.0");
}

#[test]
fn a_project_that_does_not_say_what_it_is_is_not_applied() {
    if require_terraform("a_project_that_does_not_say_what_it_is_is_not_applied").is_none() {
        return;
    }
    for bytes in [
        None,
        Some(r#"{"version": 1, "providers": [], "outputs": {}, "more": 1}"#),
    ] {
        let (lab, rows) = planned();
        rewrite(&lab, &rows, "iac.zip", "composition", |entries| {
            replaced(entries, "stk-project.json", bytes);
        });
        let refused = refused(&lab, &rows);
        match bytes {
            None => insta::assert_snapshot!(refused, @"
            22 the plan could not be kept or read
              caused by: the composed project has no `stk-project.json`: another version of this program stored it, or it is damaged
              help: start a new deployment
            "),
            Some(_) => insta::assert_snapshot!(refused, @"
            22 the plan could not be kept or read
              caused by: the composed project was stored by another version of this program, or is damaged
              caused by: unknown field `more`, expected one of `version`, `providers`, `outputs` at line 1 column 53
              help: start a new deployment
            "),
        }
    }
}

/// What is deployed may need the provider configurations of an earlier project, so that is read before the next one is
/// composed.
#[test]
fn an_earlier_project_that_cannot_be_read_stops_the_next_one() {
    if require_terraform("an_earlier_project_that_cannot_be_read_stops_the_next_one").is_none() {
        return;
    }
    let refused = |damage: &dyn Fn(&Lab, &Rows)| {
        let (lab, rows) = planned();
        let done = lab.tasks(&rows);
        assert_eq!(done.code, 0, "{}", done.stderr);
        damage(&lab, &rows);
        let next = lab.try_orchestrate();
        let next = Rows {
            run_id: next.output("run_id"),
            list: next.output("prepare_tasks"),
        };
        let finished = lab.tasks(&next);
        let error = error(&lab, &finished.stderr);
        assert_eq!(lab.resources("").len(), 1);
        format!("{} {error}", finished.code)
    };
    insta::assert_snapshot!(refused(&|lab, rows| {
        fs::remove_file(stored(lab, rows, "iac.zip")).unwrap();
    }), @"
    22 the IaC (iac.zip of run <id-1>) of the project could not be fetched
      caused by: `runs/<id-1>/iac.zip` is not in file://<lab>/iac
      help: check that file://<lab>/iac is the store that the deployment used, or restore the object
    ");
    insta::assert_snapshot!(refused(&|lab, rows| {
        rewrite(lab, rows, "iac.zip", "composition", |entries| {
            replaced(entries, "stk-project.json", Some("[]"));
        });
        let digest = lab.record(&rows.run_id)["composition"]["digest"].clone();
        edit(&lab.path("iac/targets/empty/dev/deployed/steady.json"), |unit| {
            unit["lastSuccess"]["iac"]["digest"] = digest.clone();
            unit["lastAttempt"]["iac"]["digest"] = digest;
        });
    }), @"
    22 the project that run <id-1> deployed could not be read
      caused by: the composed project was stored by another version of this program, or is damaged
      caused by: invalid length 0, expected struct ProjectFacts with 3 elements at line 1 column 2
      help: what is deployed may need the provider configurations of that project: restore `runs/<id-1>/iac.zip` from a backup, or deploy with the version of this program that wrote it
    ");
}
