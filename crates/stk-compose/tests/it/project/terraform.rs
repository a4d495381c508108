//! The real Terraform executes what was composed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use stk_compose::project::HoistedProvider;
use stk_testing::terraform::{require_provider, require_terraform, write_cli_config};

use super::*;

/// A folder with a composed project, in which Terraform runs with nothing of this process's environment.
struct Work {
    folder: tempfile::TempDir,
    terraform: PathBuf,
    mirror: Option<PathBuf>,
}

impl Work {
    fn new(test: &str) -> Option<Self> {
        Some(Self {
            terraform: require_terraform(test)?,
            folder: tempfile::tempdir().unwrap(),
            mirror: None,
        })
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Puts the project in place of the one before; the state stays.
    fn write(&self, project: &Project) {
        let _ = std::fs::remove_dir_all(self.project());
        for (path, bytes) in &project.files {
            let path = self.project().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let state = self.folder.path().join("terraform.tfstate");
        let backend =
            format!("terraform {{\n  backend \"local\" {{\n    path = {state:?}\n  }}\n}}\n");
        std::fs::write(self.project().join("stk-backend-config.tf"), backend).unwrap();
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
        let mut command = Command::new(&self.terraform);
        command
            .args(arguments)
            .current_dir(self.project())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("CHECKPOINT_DISABLE", "1")
            .envs(
                variables
                    .iter()
                    .map(|(name, value)| (format!("TF_VAR_{name}"), value)),
            );
        if let Some(mirror) = &self.mirror {
            let config: &Path = &write_cli_config(self.folder.path(), mirror);
            command.env("TF_CLI_CONFIG_FILE", config);
        }
        let output = command.output().unwrap();
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        if output.status.success() {
            Ok(text)
        } else {
            Err(text)
        }
    }

    /// Initialises and applies; the text that Terraform printed.
    fn apply(&self, project: &Project, variables: &[(&str, &str)]) -> Result<String, String> {
        self.write(project);
        self.run(&["init", "-input=false", "-no-color"], &[])?;
        let said = self.run(&["validate", "-no-color"], &[])?;
        assert!(!said.contains("Warning"), "{said}");
        self.run(
            &["apply", "-input=false", "-auto-approve", "-no-color"],
            variables,
        )
    }

    fn outputs(&self) -> BTreeMap<String, serde_json::Value> {
        let text = self.run(&["output", "-json"], &[]).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn references_secrets_and_nested_modules_are_applied() {
    let Some(work) = Work::new("references_secrets_and_nested_modules_are_applied") else {
        return;
    };
    let password = secret("stk_secret_sink_password");
    let project = composed(&[
        module(
            "source-1",
            &[(
                "main.tf",
                "resource \"terraform_data\" \"topic\" {\n  input = \"arn:topic\"\n}\n\noutput \"topic-arn\" {\n  value = terraform_data.topic.output\n}\n\noutput \"map\" {\n  value = { list = [1, 2] }\n}\n\noutput \"key\" {\n  value     = \"hidden\"\n  sensitive = true\n}\n",
            )],
            &[],
        ),
        module(
            "sink",
            &[
                ("provider.tf", "provider \"terraform\" {}"),
                (
                    "main.tf",
                    "module \"inner\" {\n  source = \"./modules/inner\"\n}\n\nresource \"terraform_data\" \"uses\" {\n  input = {\n    text   = \"x-t_0_-y\"\n    second = t_1_.list[1]\n    secret = \"t_2_\"\n    count  = length(\"t_3_\")\n  }\n}\n\noutput \"uses\" {\n  value = terraform_data.uses.input.text\n}\n\noutput \"open\" {\n  value = module.inner.open\n}\n\noutput \"key\" {\n  value = \"k-t_3_\"\n}\n",
                ),
                (
                    "modules/inner/main.tf",
                    "module \"deep\" {\n  source = \"../deep\"\n}\n\noutput \"open\" {\n  value = module.deep.open\n}\n",
                ),
                (
                    "modules/deep/main.tf",
                    "resource \"terraform_data\" \"deep\" {\n  input = <<-EOT\n    topic t_0_\n  EOT\n}\n\noutput \"open\" {\n  value = terraform_data.deep.output\n}\n",
                ),
            ],
            &[
                (
                    "t_0_",
                    output("source-topic", "arn", "source-1", "topic-arn"),
                ),
                ("t_1_", output("source-topic", "map", "source-1", "map")),
                ("t_2_", FilledBy::Variable(&password)),
                ("t_3_", output("source-topic", "key", "source-1", "key")),
            ],
        ),
    ]);
    let variables = [("stk_secret_sink_password", "s3cr\"${et}")];
    let missing = work.apply(&project, &[]).unwrap_err();
    assert!(missing.contains("stk_secret_sink_password"), "{missing}");
    let said = work.apply(&project, &variables).unwrap();
    assert!(!said.contains("s3cr") && !said.contains("hidden"), "{said}");
    let outputs = work.outputs();
    assert_eq!(outputs["sink_open"]["value"], "topic arn:topic\n");
    assert_eq!(outputs["sink_key"]["value"], "k-hidden");
    assert_eq!(outputs["sink_key"]["sensitive"], true);
    assert_eq!(outputs["sink_uses"]["value"], "x-arn:topic-y");
    assert_eq!(outputs["source-1_topic-arn"]["value"], "arn:topic");
    assert_eq!(outputs["source-1_topic-arn"]["sensitive"], false);
    let sensitive: Vec<&String> = project
        .outputs
        .iter()
        .filter(|(_, of)| of.sensitive)
        .map(|(name, _)| name)
        .collect();
    insta::assert_snapshot!(format!("{sensitive:?}"), @r#"["sink_key", "sink_uses", "source-1_key"]"#);
    let again = work.run(
        &["plan", "-input=false", "-no-color", "-detailed-exitcode"],
        &variables,
    );
    assert!(again.is_ok(), "{again:?}");
    let destroyed = work
        .run(
            &[
                "destroy",
                "-input=false",
                "-auto-approve",
                "-no-color",
                "-target=module.sink",
            ],
            &variables,
        )
        .unwrap();
    assert!(destroyed.contains("2 destroyed"), "{destroyed}");
}

/// A configuration of the AWS provider that talks to nobody.
fn configured(region: &str) -> String {
    format!(
        "provider \"aws\" {{\n  region = \"{region}\"\n  access_key = \"x\"\n  secret_key = \"y\"\n  skip_credentials_validation = true\n  skip_requesting_account_id = true\n  skip_metadata_api_check = true\n}}\n"
    )
}

const REQUIRED: &str = "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n";

fn with_provider<'a>(alias: &'a str, provider: &'a str) -> Module<'a> {
    module(alias, &[("provider.tf", provider), ("v.tf", REQUIRED)], &[])
}

#[test]
fn a_resource_that_is_gone_is_destroyed_whether_hoisting_begins_or_ends() {
    let test = "a_resource_that_is_gone_is_destroyed_whether_hoisting_begins_or_ends";
    let (Some(mut work), Some(mirror)) = (Work::new(test), require_provider("hashicorp/aws", test))
    else {
        return;
    };
    work.mirror = Some(mirror);
    let east = configured("sa-east-1");
    let hoisted = composed(&[with_provider("a", &east), with_provider("b", &east)]);
    let alias = &hoisted.hoisted[0].alias;
    let alone = [with_provider("a", &east)];
    let own = "module.a.provider[\"registry.terraform.io/hashicorp/aws\"]".to_owned();
    let shared = format!("provider[\"registry.terraform.io/hashicorp/aws\"].{alias}");
    let forgotten = compose(&alone, &[]).unwrap();
    let remembered = compose(&alone, &hoisted.hoisted).unwrap();
    // A resource in the state that no plugin has any more, and the configuration that it was made with.
    for (project, made_with, destroyed) in [
        (&hoisted, &own, true),
        (&remembered, &shared, true),
        (&forgotten, &shared, false),
    ] {
        work.write(project);
        let state = serde_json::json!({
            "version": 4, "terraform_version": "1.10.0", "serial": 1, "lineage": "l", "outputs": {},
            "resources": [{
                "module": "module.a", "mode": "managed", "type": "aws_sns_topic", "name": "gone", "provider": made_with,
                "instances": [{"schema_version": 0, "attributes": {"id": "x", "arn": "x", "name": "x"}}],
            }],
        });
        std::fs::write(
            work.folder.path().join("terraform.tfstate"),
            state.to_string(),
        )
        .unwrap();
        work.run(&["init", "-input=false", "-no-color"], &[])
            .unwrap();
        let planned = work.run(
            &["plan", "-refresh=false", "-input=false", "-no-color"],
            &[],
        );
        match planned {
            Ok(said) => assert!(
                destroyed && said.contains("1 to destroy"),
                "{made_with}: {said}"
            ),
            Err(said) => assert!(
                !destroyed && said.contains("Provider configuration not present"),
                "{made_with}: {said}"
            ),
        }
    }
}

#[test]
fn the_real_provider_gets_the_configuration_of_each_plugin() {
    let test = "the_real_provider_gets_the_configuration_of_each_plugin";
    let (Some(mut work), Some(mirror)) = (Work::new(test), require_provider("hashicorp/aws", test))
    else {
        return;
    };
    work.mirror = Some(mirror);
    let region = "data \"aws_region\" \"this\" {}\noutput \"region\" {\n  value = data.aws_region.this.name\n}\nmodule \"inner\" {\n  source = \"./inner\"\n}\noutput \"inner\" {\n  value = module.inner.region\n}\n";
    let inner = "data \"aws_region\" \"this\" {}\noutput \"region\" {\n  value = data.aws_region.this.name\n}\n";
    let (east, west) = (configured("sa-east-1"), configured("us-west-2"));
    let plugin = |alias: &'static str, provider| {
        module(
            alias,
            &[
                ("main.tf", region),
                ("inner/main.tf", inner),
                ("provider.tf", provider),
                ("v.tf", REQUIRED),
            ],
            &[],
        )
    };
    let other = configured("eu-west-3").replacen("{\n", "{\n  alias = \"other\"\n", 1);
    let two = format!("{east}{other}");
    let chosen = format!(
        "{region}data \"aws_region\" \"other\" {{\n  provider = aws.other\n}}\noutput \"other\" {{\n  value = data.aws_region.other.name\n}}\n"
    );
    let modules = [
        plugin("a", &east),
        plugin("b", &east),
        plugin("c", &west),
        // Without `required_providers`, and with another configuration that stays.
        module(
            "d",
            &[
                ("main.tf", &chosen),
                ("inner/main.tf", inner),
                ("provider.tf", &two),
            ],
            &[],
        ),
    ];
    // What an earlier deployment hoisted is there, and nothing configures it.
    let earlier = HoistedProvider {
        name: "aws".to_owned(),
        source: "registry.terraform.io/hashicorp/aws".to_owned(),
        alias: "stk_0".to_owned(),
        body: "  region = \"nowhere\"\n".to_owned(),
    };
    let project = compose(&modules, &[earlier]).unwrap();
    assert_eq!(project.hoisted.len(), 1);
    work.apply(&project, &[]).unwrap();
    let regions: Vec<_> = work
        .outputs()
        .into_iter()
        .map(|(name, output)| format!("{name} = {}\n", output["value"]))
        .collect();
    insta::assert_snapshot!(regions.concat(), @r#"
    a_inner = "sa-east-1"
    a_region = "sa-east-1"
    b_inner = "sa-east-1"
    b_region = "sa-east-1"
    c_inner = "us-west-2"
    c_region = "us-west-2"
    d_inner = "sa-east-1"
    d_other = "eu-west-3"
    d_region = "sa-east-1"
    "#);
}
