//! The CLI configuration that names a mirror, read by the real Terraform.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use secrecy::ExposeSecret as _;
use stk_testing::terraform::{require_provider, require_terraform};
use terraform_runner::{CliConfiguration, EnvironmentPolicy, Product, ProviderMirror};

/// A folder with a project and with a home that has a configuration.
struct Machine {
    folder: tempfile::TempDir,
    terraform: PathBuf,
}

impl Machine {
    fn new(terraform: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Self { folder, terraform };
        machine.write("home/.terraformrc", "disable_checkpoint = true\nhost \"registry.acme.example\" {\n  services = {\n    \"modules.v1\" = \"https://modules.acme.example/\"\n  }\n}");
        machine.write(
            "home/.terraform.d/credentials.tfrc.json",
            r#"{"credentials": {"app.terraform.io": {"token": "a\"b\\c"}, "registry.acme.example": {"token": "x"}}}"#,
        );
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `terraform init` of a project that requires the provider, with the mirror.
    fn init(&self, mirror: &Path, source: &str, version: &str) -> Output {
        self.write(
            "project/main.tf",
            &format!("terraform {{\n  required_providers {{\n    it = {{ source = \"{source}\", version = \"{version}\" }}\n  }}\n}}\n"),
        );
        let home = self.path("home");
        let child = EnvironmentPolicy::new().build([("HOME", &home)]);
        let existing = CliConfiguration::existing(Product::Terraform, &child).unwrap();
        assert_eq!(existing.files().count(), 2);
        let mirror = ProviderMirror::open(mirror).unwrap();
        let text = existing.with_mirror(&mirror).unwrap();
        self.write("merged.rc", text.expose_secret());
        Command::new(&self.terraform)
            .args(["init", "-input=false", "-no-color"])
            .current_dir(self.path("project"))
            .env_clear()
            .env("HOME", home)
            .env("TF_CLI_CONFIG_FILE", self.path("merged.rc"))
            .output()
            .unwrap()
    }
}

/// On one line: Terraform breaks lines where it likes.
fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(text).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name that Terraform has for this machine.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{architecture}")
}

#[test]
fn providers_come_from_the_mirror_alone_and_the_rest_stays_in_force() {
    let test = "providers_come_from_the_mirror_alone_and_the_rest_stays_in_force";
    let Some(terraform) = require_terraform(test) else {
        return;
    };
    for name in ["mirror", "a \"b\" \\c $d", "ü ${e} f"] {
        let machine = Machine::new(terraform.clone());
        let package = format!("registry.terraform.io/acme/fake/1.2.0/{}", platform());
        // `init` looks at its bytes and does not start it.
        machine.write(
            &format!("{name}/{package}/terraform-provider-fake_v1.2.0"),
            "",
        );
        let mirror = machine.path(name);
        let output = machine.init(&mirror, "acme/fake", "~> 1.0");
        let text = said(&output);
        assert!(output.status.success(), "{name}: {text}");
        assert!(text.contains("Installed acme/fake v1.2.0"), "{text}");
        // Terraform says so when it does not understand its configuration.
        assert!(
            !text.contains("problems with the CLI configuration"),
            "{text}"
        );
        fs::remove_file(machine.path("project/.terraform.lock.hcl")).unwrap();
        // No registry is asked for what the mirror holds.
        let text = said(&machine.init(&mirror, "acme/fake", "2.0.0"));
        assert!(text.contains("no available releases match"), "{text}");
    }
}

#[test]
fn a_real_provider_is_installed_from_the_mirror() {
    let test = "a_real_provider_is_installed_from_the_mirror";
    let (Some(terraform), Some(mirror)) = (
        require_terraform(test),
        require_provider("hashicorp/aws", test),
    ) else {
        return;
    };
    let machine = Machine::new(terraform);
    let output = machine.init(&mirror, "hashicorp/aws", ">= 1.0");
    assert!(output.status.success(), "{}", said(&output));
}
