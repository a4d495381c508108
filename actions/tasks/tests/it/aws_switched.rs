//! The mode of a project that is deployed to something that speaks AWS's API is switched.

use std::fs;

use serde_json::Value;
use stk_testing::moto::Moto;

use crate::actions::Job;
use crate::aws::job;

/// The resources in the states of the job, and the provider configuration of each: those of a state of its own as they
/// would be called in the project's.
fn states(job: &Job) -> (Vec<(String, String)>, Vec<String>) {
    let mut projects = fs::read_dir(job.path("states/states")).unwrap();
    let folder = projects.next().unwrap().unwrap().path().join("dev");
    let mut files = vec![(String::new(), folder.join("terraform.tfstate"))];
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let alias = entry.file_name().into_string().unwrap();
        files.push((
            format!("module.{alias}."),
            entry.path().join("terraform.tfstate"),
        ));
    }
    let (mut ids, mut providers) = (Vec::new(), Vec::new());
    for (prefix, file) in files {
        let Ok(text) = fs::read(file) else { continue };
        let state: Value = serde_json::from_slice(&text).unwrap();
        for resource in state["resources"].as_array().unwrap() {
            let part = |name: &str| resource[name].as_str().unwrap_or_default();
            if part("mode") == "managed" {
                let module = match part("module") {
                    "" => String::new(),
                    module => format!("{module}."),
                };
                let id = &resource["instances"][0]["attributes"]["id"];
                ids.push((
                    format!("{prefix}{module}{}.{}", part("type"), part("name")),
                    id.as_str().unwrap().to_owned(),
                ));
                providers.push(part("provider").replace("registry.terraform.io/hashicorp/", ""));
            }
        }
    }
    ids.sort();
    providers.sort();
    providers.dedup();
    (ids, providers)
}

/// The environment says another region than the plugins: a resource that were looked for with another configuration than
/// the one that it was made with would not be found.
#[test]
fn what_is_in_aws_stays_there_when_the_mode_is_switched() {
    let test = "what_is_in_aws_stays_there_when_the_mode_is_switched";
    let Some((mut job, moto)) = job("sns-sqs", test) else {
        return;
    };
    for (name, value) in moto.environment() {
        let value = if value == Moto::REGION {
            "us-west-2".to_owned()
        } else {
            value
        };
        job.runner = job.runner.env(name, value);
    }
    let plugins = job.project.workdir.join("plugins/acme/aws-messaging@1.0.0");
    let provider = |plugin: &str, more: &str| {
        let text = format!(
            "terraform {{\n  required_providers {{\n    aws = {{\n      source = \"hashicorp/aws\"\n    }}\n  }}\n}}\n\
             provider \"aws\" {{\n  region = \"{{{{ region }}}}\"\n{more}}}\n"
        );
        let file = format!("{plugin}@1.0.0/templates-deploy/provider.tf");
        fs::write(plugins.join(file), text).unwrap();
    };
    provider("sns-topic", "");
    provider("sqs-queue", "");
    job.deploy_as("per-plugin", "v1");
    let (before, providers) = states(&job);
    assert_eq!(
        (before.len(), providers.as_slice()),
        (4, [r#"provider["aws"]"#.to_owned()].as_slice())
    );

    // Both plugins configure the provider alike, so the project has one configuration for both.
    let (_, planned, _) = job.deploy_as("unified", "v2");
    assert!(
        planned.contains("move into the project's state"),
        "{planned}"
    );
    let (ids, providers) = states(&job);
    assert_eq!(ids, before);
    assert!(
        matches!(providers.as_slice(), [one] if one.starts_with(r#"provider["aws"].stk_"#)),
        "{providers:?}"
    );
    // No longer alike: next time each module has its own. That changes no resource.
    provider("sqs-queue", "  max_retries = 7\n");
    job.deploy_as("per-plugin", "v3");
    assert_eq!(
        states(&job),
        (before.clone(), vec![r#"provider["aws"]"#.to_owned()])
    );
    job.deploy_as("unified", "v4");
    let (ids, providers) = states(&job);
    assert_eq!(ids, before);
    insta::assert_snapshot!(providers.join("\n"), @r#"
    module.sns-topic-1728484987960.provider["aws"]
    module.sqs-queue-1728485030410.provider["aws"]
    "#);
    assert_eq!(moto.topics(), ["order-events-dev"]);
    assert_eq!(moto.queues(), ["billing-dev"]);

    job.project.remove_plugin("sqs-queue-1728485030410");
    job.deploy_as("unified", "v5");
    assert_eq!(moto.queues(), Vec::<String>::new());
    assert_eq!(moto.topics(), ["order-events-dev"]);
}
