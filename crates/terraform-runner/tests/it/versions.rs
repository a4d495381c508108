//! Which programs are accepted.

use std::fs;
use std::path::Path;

use serde_json::json;
use stk_testing::fake_terraform::install_fake_terraform;

use crate::support::{chain, detect};

/// The program, or the error with its help, without the folder's name.
async fn detected(script: serde_json::Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    let program = install_fake_terraform(folder.path(), &script).unwrap();
    outcome(&program, folder.path()).await
}

async fn outcome(program: &Path, folder: &Path) -> String {
    let text = match detect(program).await {
        Ok(program) => program.to_string(),
        Err(error) => format!("{}\n  help: {}", chain(&error), error.help()),
    };
    text.replace(&folder.display().to_string(), "[folder]")
}

#[tokio::test]
async fn the_real_one() {
    let Some(program) = stk_testing::terraform::require_terraform("the_real_one") else {
        return;
    };
    let program = detect(&program).await.unwrap();
    assert!(program.version() >= &program.product().minimum());
}

#[tokio::test]
async fn both_products() {
    insta::assert_snapshot!(detected(json!({})).await, @"Terraform 1.11.4 ([folder]/terraform)");
    insta::assert_snapshot!(detected(json!({"version": {"stdout": ["OpenTofu v1.10.0", "on linux_amd64"]}})).await, @"OpenTofu 1.10.0 ([folder]/terraform)");
    insta::assert_snapshot!(detected(json!({"version": {
        "stdout": ["", "Terraform v1.10.0-rc1", "on linux_amd64", "", "Your version of Terraform is out of date!"],
        "stderr": ["There are some problems with the CLI configuration:"],
    }})).await, @"Terraform 1.10.0-rc1 ([folder]/terraform)");
}

#[tokio::test]
async fn too_old() {
    insta::assert_snapshot!(detected(json!({"version": {"stdout": ["Terraform v1.9.8"]}})).await, @"
    Terraform 1.9.8 is too old ([folder]/terraform): 1.10.0 or newer is needed
      help: install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install), or set TERRAFORM_BIN to a newer one
    ");
    insta::assert_snapshot!(detected(json!({"version": {"stdout": ["OpenTofu v1.9.1"]}})).await, @"
    OpenTofu 1.9.1 is too old ([folder]/terraform): 1.10.0 or newer is needed
      help: install OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to a newer one
    ");
    insta::assert_snapshot!(detected(json!({"version": {"stdout": ["Terraform v0.15.5"]}})).await, @"
    Terraform 0.15.5 is too old ([folder]/terraform): 1.10.0 or newer is needed
      help: install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install), or set TERRAFORM_BIN to a newer one
    ");
}

#[tokio::test]
async fn something_else() {
    insta::assert_snapshot!(detected(json!({"version": {"stdout": ["git version 2.51.0", "more", "more", "more"], "exit": 0}})).await, @r#"
    [folder]/terraform is neither Terraform nor OpenTofu: `version` exited with code 0 and printed "git version 2.51.0 / more / more"
      help: run `[folder]/terraform version` by hand; set TERRAFORM_BIN to a Terraform or OpenTofu of version 1.10 or newer
    "#);
    insta::assert_snapshot!(detected(json!({"version": {"stderr": ["unknown command"], "exit": 64}})).await, @r#"
    [folder]/terraform is neither Terraform nor OpenTofu: `version` exited with code 64 and printed "unknown command"
      help: run `[folder]/terraform version` by hand; set TERRAFORM_BIN to a Terraform or OpenTofu of version 1.10 or newer
    "#);
    insta::assert_snapshot!(detected(json!({"version": {"exit": 0}})).await, @"
    [folder]/terraform is neither Terraform nor OpenTofu: `version` exited with code 0 and printed nothing
      help: run `[folder]/terraform version` by hand; set TERRAFORM_BIN to a Terraform or OpenTofu of version 1.10 or newer
    ");
}

#[tokio::test]
async fn missing() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(outcome(&folder.path().join("terraform"), folder.path()).await, @"
    [folder]/terraform was not found
      help: install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to the program
    ");
}

#[cfg(unix)]
#[tokio::test]
async fn not_executable() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("terraform");
    fs::write(&program, "not a program").unwrap();
    insta::assert_snapshot!(outcome(&program, folder.path()).await, @"
    [folder]/terraform cannot be executed
      caused by: Permission denied (os error 13)
      help: make [folder]/terraform executable (chmod +x) and check that it is built for this machine, or set TERRAFORM_BIN to another program
    ");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    insta::assert_snapshot!(outcome(&program, folder.path()).await, @"
    [folder]/terraform cannot be executed
      caused by: Exec format error (os error 8)
      help: make [folder]/terraform executable (chmod +x) and check that it is built for this machine, or set TERRAFORM_BIN to another program
    ");
}
