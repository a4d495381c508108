//! Which Terraform is found, and what is said when there is none.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use stk_testing::fake_terraform::fake_terraform;

use crate::support::{Lab, healthy, healthy_but};

/// What is said with only these programs on `PATH`, each a fake one that prints that version.
fn with_path(programs: &[(&str, &str)]) -> String {
    let mut lab = Lab::fake(&["one"], &healthy());
    lab.environment.remove("INPUT_TERRAFORM_BIN");
    let mut folders = vec![lab.path("nothing")];
    for (name, version) in programs {
        let folder = lab.path(&format!("only-{name}"));
        fs::create_dir(&folder).unwrap();
        symlink(fake_terraform(), folder.join(name)).unwrap();
        let script = healthy_but("version", json!({"stdout": [version]}));
        fs::write(folder.join("fake-terraform.json"), script.to_string()).unwrap();
        folders.push(folder);
    }
    let rows = lab.orchestrate();
    let path = std::env::join_paths(folders).unwrap();
    lab.set("PATH", path.to_str().unwrap());
    let finished = lab.tasks(&rows);
    if finished.code != 0 {
        // Nothing was started: once Terraform is there, the same rows are executed.
        assert_eq!(finished.code, 21);
        assert_eq!(lab.status(&rows.run_id), "RUNNING");
        lab.install_fake(&healthy());
        assert_eq!(lab.tasks(&rows).code, 0);
    }
    lab.redacted(&finished.stderr)
}

fn with_program(script: Value) -> String {
    let mut lab = Lab::fake(&["one"], &healthy());
    let rows = lab.orchestrate();
    lab.install_fake(&script);
    lab.redacted(&lab.tasks(&rows).stderr)
}

#[test]
fn a_missing_one_is_explained() {
    insta::assert_snapshot!(with_path(&[]), @"
    error: there is no Terraform to run
      caused by: terraform was not found in any folder of PATH (<lab>/nothing)
      help: install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to the program
    ");
}

#[test]
fn opentofu_is_used_when_there_is_no_terraform() {
    insta::assert_snapshot!(with_path(&[("tofu", "OpenTofu v1.10.2")]), @"
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
      tofu init
      tofu plan
      tofu apply
    ");
}

#[test]
fn terraform_is_preferred() {
    let said = with_path(&[
        ("tofu", "OpenTofu v1.10.2"),
        ("terraform", "Terraform v1.12.0"),
    ]);
    assert!(said.contains("terraform plan"), "{said}");
}

#[test]
fn an_old_one_is_refused() {
    insta::assert_snapshot!(with_program(healthy_but("version", json!({"stdout": ["Terraform v1.9.8"]}))), @"
    error: there is no Terraform to run
      caused by: Terraform 1.9.8 is too old (<lab>/fake/terraform): 1.10.0 or newer is needed
      help: install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install), or set TERRAFORM_BIN to a newer one
    ");
    insta::assert_snapshot!(with_path(&[("tofu", "OpenTofu v1.9.1")]), @"
    error: there is no Terraform to run
      caused by: OpenTofu 1.9.1 is too old (<lab>/only-tofu/tofu): 1.10.0 or newer is needed
      help: install OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to a newer one
    ");
}

#[test]
fn another_program_is_refused() {
    insta::assert_snapshot!(with_program(healthy_but("version", json!({"stdout": ["hello"]}))), @r#"
    error: there is no Terraform to run
      caused by: <lab>/fake/terraform is neither Terraform nor OpenTofu: `version` exited with code 0 and printed "hello"
      help: run `<lab>/fake/terraform version` by hand; set TERRAFORM_BIN to a Terraform or OpenTofu of version 1.10 or newer
    "#);
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let mut lab = Lab::fake(&["one"], &healthy());
    let rows = lab.orchestrate();
    let nowhere = lab.path("nowhere");
    lab.set("INPUT_TERRAFORM_BIN", nowhere.to_str().unwrap());
    let finished = lab.tasks(&rows);
    assert_eq!(finished.code, 21);
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
    error: there is no Terraform to run
      caused by: <lab>/nowhere was not found
      help: install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to the program
    ");
}

#[test]
fn rows_without_terraform_need_none() {
    let mut lab = Lab::fake(&["one"], &healthy());
    let rows = lab.orchestrate();
    lab.environment.remove("INPUT_TERRAFORM_BIN");
    lab.set("PATH", "/nowhere");
    let finished = lab.tasks(&rows.with(&rows.one_by_one()[0]));
    assert_eq!(finished.code, 0, "{}", finished.stderr);
}

#[test]
fn what_terraform_does_not_get_is_said() {
    let mut lab = Lab::fake(&["one"], &healthy());
    lab.set("TF_CLI_ARGS_plan", "-destroy");
    lab.set("TF_CLI_CONFIG_FILE", "/nowhere/terraform.rc");
    let finished = lab.tasks(&lab.orchestrate());
    assert_eq!(finished.code, 0);
    insta::assert_snapshot!(lab.redacted(&finished.stderr), @"
    warning: not handed on to Terraform: TF_CLI_ARGS_plan (this program sets its flags and variables itself)
    warning: TF_CLI_CONFIG_FILE names `/nowhere/terraform.rc`, which does not exist: Terraform goes on without it
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
      terraform init
      terraform plan
      terraform apply
    ");
}
