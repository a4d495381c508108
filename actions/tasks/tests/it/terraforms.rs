//! Which Terraform is found, and what is said when there is none.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

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

/// A lab with a fake Terraform that keeps the configuration that it was started with, and a mirror with one provider.
fn with_mirror() -> Lab {
    let mut lab = Lab::fake(&["one"], &healthy());
    let package = lab.path("mirror/registry.terraform.io/acme/fake/1.0.0/linux_amd64");
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("terraform-provider-fake_v1.0.0"), "").unwrap();
    let keeping = lab.path("keeping");
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" != version ]; then cat \"$TF_CLI_CONFIG_FILE\" >{0}; ls -l \"$TF_CLI_CONFIG_FILE\" | cut -c1-10 >>{0}; fi\nexec {1} \"$@\"\n",
        lab.path("seen").display(),
        lab.path("fake/terraform").display(),
    );
    fs::write(&keeping, script).unwrap();
    fs::set_permissions(&keeping, fs::Permissions::from_mode(0o755)).unwrap();
    lab.set("INPUT_TERRAFORM_BIN", keeping.to_str().unwrap());
    lab.set("INPUT_PROVIDER_MIRROR", "../mirror");
    lab
}

/// The exit code, what was said, and the configuration that Terraform was started with.
fn seen(lab: &Lab) -> String {
    let finished = lab.tasks(&lab.orchestrate());
    let left: Vec<_> = fs::read_dir(lab.path("temp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let seen = fs::read_to_string(lab.path("seen")).unwrap_or_default();
    lab.redacted(&format!("{}\n{}{seen}", finished.code, finished.stderr))
}

#[test]
fn providers_come_from_a_mirror_and_the_configuration_stays_in_force() {
    let mut lab = with_mirror();
    insta::assert_snapshot!(seen(&lab), @r#"
    0
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
      terraform init
      terraform plan
      terraform apply
    provider_installation {
      filesystem_mirror {
        path    = "<lab>/mount/../mirror"
        include = ["registry.terraform.io/acme/fake"]
      }
      direct {
        exclude = ["registry.terraform.io/acme/fake"]
      }
    }
    -rw-------
    "#);
    let own = lab.path("own.tfrc");
    fs::write(&own, "plugin_cache_dir = \"/cache\"\n").unwrap();
    lab.set("TF_CLI_CONFIG_FILE", own.to_str().unwrap());
    insta::assert_snapshot!(seen(&lab), @r#"
    0
    warning: <lab>/own.tfrc:1: all runs on this machine write to the folder of plugin_cache_dir, and Terraform does not promise that this goes well when two install providers at once; PROVIDER_MIRROR names a folder that is only read
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
      terraform init
      terraform plan
      terraform apply
    plugin_cache_dir = "/cache"

    provider_installation {
      filesystem_mirror {
        path    = "<lab>/mount/../mirror"
        include = ["registry.terraform.io/acme/fake"]
      }
      direct {
        exclude = ["registry.terraform.io/acme/fake"]
      }
    }
    -rw-------
    "#);
}

#[test]
fn a_mirror_beside_a_configuration_that_names_one_is_refused_before_anything_runs() {
    let mut lab = with_mirror();
    let own = lab.path("own.tfrc");
    fs::write(&own, "\nprovider_installation {\n  direct {}\n}\n").unwrap();
    lab.set("TF_CLI_CONFIG_FILE", own.to_str().unwrap());
    insta::assert_snapshot!(seen(&lab), @"
    21
    error: Terraform cannot be told to use the provider mirror
      caused by: <lab>/own.tfrc:2: Terraform's configuration has a provider_installation block already, and there can be one only
      help: leave PROVIDER_MIRROR empty and name the folder in that block's `filesystem_mirror`, or remove the block
    ");
}

#[test]
fn a_mirror_that_is_none_is_refused_at_once() {
    let seen = |path: &str| {
        let mut lab = with_mirror();
        lab.set("INPUT_PROVIDER_MIRROR", path);
        seen(&lab)
    };
    insta::assert_snapshot!(seen("../nowhere"), @"
    10
    error: the input PROVIDER_MIRROR is wrong
      caused by: the provider mirror <lab>/mount/../nowhere cannot be read
      caused by: No such file or directory (os error 2)
      help: fill the folder with `terraform providers mirror <folder>` in a project that requires the providers; it then holds <host>/<namespace>/<type>/, for example registry.terraform.io/hashicorp/aws/
    ");
    insta::assert_snapshot!(seen("../mirror/registry.terraform.io"), @"
    10
    error: the input PROVIDER_MIRROR is wrong
      caused by: the provider mirror <lab>/mount/../mirror/registry.terraform.io holds no provider
      help: fill the folder with `terraform providers mirror <folder>` in a project that requires the providers; it then holds <host>/<namespace>/<type>/, for example registry.terraform.io/hashicorp/aws/
    ");
}
