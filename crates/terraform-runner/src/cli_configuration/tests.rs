use super::*;
use crate::EnvironmentPolicy;

/// A home folder with these files, and a mirror in it.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let package = "mirror/registry.terraform.io/hashicorp/aws/5.1.0/linux_amd64/x";
        for (path, text) in files.iter().chain([&(package, "")]) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    fn existing(
        &self,
        product: Product,
        more: &[(&str, &str)],
    ) -> Result<CliConfiguration, CliConfigurationError> {
        let home = self.folder.path().to_str().unwrap();
        let more = more
            .iter()
            .map(|(name, value)| (*name, value.replace("HOME", home)));
        let pairs = more.chain([("HOME", home.to_owned())]);
        CliConfiguration::existing(product, &EnvironmentPolicy::new().build(pairs))
    }

    /// The merged text, or what is wrong and what to do.
    fn merged(&self, product: Product, more: &[(&str, &str)]) -> String {
        let mirror = ProviderMirror::open(&self.folder.path().join("mirror")).unwrap();
        let merged = self
            .existing(product, more)
            .and_then(|existing| existing.with_mirror(&mirror));
        let text = match merged {
            Ok(text) => text.expose_secret().to_owned(),
            Err(error) => {
                let source = std::error::Error::source(&error);
                let source = source.map_or_else(String::new, |source| format!(": {source}"));
                format!("{error}{source}\n{}", error.help())
            }
        };
        text.replace(self.folder.path().to_str().unwrap(), "HOME")
    }
}

#[test]
fn what_the_mirror_holds_comes_from_it_alone() {
    insta::assert_snapshot!(Home::with(&[]).merged(Product::Terraform, &[]), @r#"
    provider_installation {
      filesystem_mirror {
        path    = "HOME/mirror"
        include = ["registry.terraform.io/hashicorp/aws"]
      }
      direct {
        exclude = ["registry.terraform.io/hashicorp/aws"]
      }
    }
    "#);
}

#[test]
fn what_there_is_stays() {
    let home = Home::with(&[
        (".terraformrc", "disable_checkpoint = true # no end of line"),
        (
            ".terraform.d/credentials.tfrc.json",
            r#"{"credentials": {"app.terraform.io": {"token": "t"}}}"#,
        ),
        (".terraform.d/more.tfrc", "host \"x\" {}\n"),
        (".terraform.d/plugins/not.tfrc", "broken {"),
        ("named.tfrc", "plugin_cache_dir = \"/cache\"\n"),
        (".tofurc", "disable_checkpoint = false\n"),
    ]);
    insta::assert_snapshot!(home.merged(Product::Terraform, &[]), @r#"
    disable_checkpoint = true # no end of line
    "credentials" "app.terraform.io" {
    "token" = "t"
    }

    host "x" {}

    provider_installation {
      filesystem_mirror {
        path    = "HOME/mirror"
        include = ["registry.terraform.io/hashicorp/aws"]
      }
      direct {
        exclude = ["registry.terraform.io/hashicorp/aws"]
      }
    }
    "#);
    // Who names a file means that one alone, as Terraform has it.
    insta::assert_snapshot!(home.merged(Product::Terraform, &[("TF_CLI_CONFIG_FILE", "HOME/named.tfrc")]), @r#"
    plugin_cache_dir = "/cache"

    provider_installation {
      filesystem_mirror {
        path    = "HOME/mirror"
        include = ["registry.terraform.io/hashicorp/aws"]
      }
      direct {
        exclude = ["registry.terraform.io/hashicorp/aws"]
      }
    }
    "#);
    let existing = |product, more| home.existing(product, more).unwrap();
    let files = |existing: &CliConfiguration| {
        format!("{existing:?}").replace(home.folder.path().to_str().unwrap(), "HOME")
    };
    insta::assert_snapshot!(files(&existing(Product::OpenTofu, &[])), @r#"["HOME/.tofurc", "HOME/.terraform.d/credentials.tfrc.json", "HOME/.terraform.d/more.tfrc"]"#);
    let named = existing(
        Product::Terraform,
        &[("TF_CLI_CONFIG_FILE", "HOME/named.tfrc")],
    );
    assert_eq!(named.shared_cache().map(|(_, line)| line), Some(1));
    assert_eq!(existing(Product::Terraform, &[]).shared_cache(), None);
    // One that is not there is not read by Terraform either.
    let missing = existing(Product::Terraform, &[("TF_CLI_CONFIG_FILE", "HOME/none")]);
    assert_eq!(missing.files().count(), 0);
}

#[test]
fn what_cannot_be_merged_is_said() {
    let refused =
        |path: &str, text: &str| Home::with(&[(path, text)]).merged(Product::Terraform, &[]);
    insta::assert_snapshot!(refused(".terraformrc", "\nprovider_installation {\n  direct {}\n}\n"), @"
    HOME/.terraformrc:2: Terraform's configuration has a provider_installation block already, and there can be one only
    leave PROVIDER_MIRROR empty and name the folder in that block's `filesystem_mirror`, or remove the block
    ");
    insta::assert_snapshot!(refused(".terraform.d/a.tfrc.json", "{\n\"provider_installation\": {\"direct\": {}}}"), @"
    HOME/.terraform.d/a.tfrc.json:2: Terraform's configuration has a provider_installation block already, and there can be one only
    leave PROVIDER_MIRROR empty and name the folder in that block's `filesystem_mirror`, or remove the block
    ");
    insta::assert_snapshot!(refused(".terraformrc", "credentials \"a\" {\n"), @"
    Terraform's configuration HOME/.terraformrc is malformed: line 1: a bracket is not closed
    correct the file: Terraform cannot read it either (`terraform version` shows what it says)
    ");
    let home = Home::with(&[]);
    insta::assert_snapshot!(home.merged(Product::Terraform, &[("TF_CLI_CONFIG_FILE", "HOME/mirror")]), @"
    Terraform's configuration HOME/mirror cannot be read: Is a directory (os error 21)
    make the file readable, or let TF_CLI_CONFIG_FILE name another one
    ");
}
