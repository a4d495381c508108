//! Projects that are deployed as one, by the actions, to something that speaks AWS's API.

use std::fs;

use serde_json::{Value, json};
use stk_store::archive::{Limits, unpack};
use stk_testing::moto::Moto;
use stk_testing::terraform::{require_provider, require_terraform};

use crate::actions::{Job, groups};

/// A job whose providers come from the mirror and whose AWS is moto.
pub(crate) fn job(project: &str, test: &str) -> Option<(Job, Moto)> {
    require_terraform(test)?;
    let mirror = require_provider("hashicorp/aws", test)?;
    let moto = Moto::require(test)?;
    let mut job = Job::new(project);
    for (name, value) in moto.environment() {
        job.runner = job.runner.env(name, value);
    }
    job.mirror = Some(mirror);
    Some((job, moto))
}

/// What a plan does, a line for each resource, and its counts.
fn changes(said: &str) -> String {
    let telling = |line: &&str| {
        let line = line.trim_start();
        line.starts_with(['+', '-', '~']) && line.contains(" will be ") || line.starts_with("plan:")
    };
    let mut lines: Vec<_> = said.lines().filter(telling).map(str::trim).collect();
    // Terraform names the resources of a plan in an order of its own.
    for part in
        lines.chunk_by_mut(|one, next| one.contains(" will be ") && next.contains(" will be "))
    {
        part.sort_unstable();
    }
    lines.join("\n")
}

/// The files of what was published and deployed, below the store.
fn kept(job: &Job) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![job.path("iac/targets"), job.path("iac/environments")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(job.path("iac")).unwrap();
                files.push(path.display().to_string());
            }
        }
    }
    files.retain(|file| file.contains("/deployed/") || file.contains("/connections/"));
    files.sort();
    files
}

/// The resources in the only state, each as its module and its type.
fn state(job: &Job) -> Vec<String> {
    let mut folders = vec![job.path("states")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .file_name()
                .is_some_and(|name| name == "terraform.tfstate")
            {
                found.push(path);
            }
        }
    }
    assert_eq!(found.len(), 1, "{found:?}");
    let state: Value = serde_json::from_slice(&fs::read(&found[0]).unwrap()).unwrap();
    let resources = state["resources"].as_array().unwrap().iter();
    let managed = resources.filter(|resource| resource["mode"] == "managed");
    let mut found: Vec<_> = managed
        .map(|resource| {
            let part = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
            format!("{}.{}", part("module"), part("type"))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn the_documents_own_example_is_planned_applied_changed_and_emptied_as_one() {
    let test = "the_documents_own_example_is_planned_applied_changed_and_emptied_as_one";
    let Some((job, moto)) = job("sns-sqs", test) else {
        return;
    };
    let (run_id, planned, done) = job.deploy_as("unified", "v1");
    insta::assert_snapshot!(groups(&planned), @"
    [1/3] UNIFIED_IAC
    [2/3] PLAN
    ");
    insta::assert_snapshot!(groups(&done), @"[3/3] UNIFIED_DEPLOY");
    // The tree of StackSpot's document, name for name, and what this project says of itself.
    let composed = job.path("iac/runs").join(&run_id).join("iac.zip");
    let entries = unpack(&fs::read(composed).unwrap(), Limits::default()).unwrap();
    let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
    insta::assert_snapshot!(paths.join("\n"), @"
    sns-topic-1728484987960-outputs.tf
    sns-topic-1728484987960/default-tags.tf
    sns-topic-1728484987960/module-sns-topic.tf
    sns-topic-1728484987960/provider.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-locals.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-main.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-outputs.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-ssm.tf
    sns-topic-1728484987960/sns-topic-module/sns-topic-variables.tf
    sqs-queue-1728485030410-outputs.tf
    sqs-queue-1728485030410/default-tags.tf
    sqs-queue-1728485030410/provider.tf
    sqs-queue-1728485030410/sqs-queue-outputs.tf
    sqs-queue-1728485030410/sqs-queue.tf
    stk-modules.tf
    stk-project.json
    ");
    insta::assert_snapshot!(changes(&planned), @"
    + module.sns-topic-1728484987960.module.sns_topic.aws_sns_topic.this will be created
    + module.sns-topic-1728484987960.module.sns_topic.aws_ssm_parameter.topic_arn will be created
    + module.sqs-queue-1728485030410.aws_sns_topic_subscription.this will be created
    + module.sqs-queue-1728485030410.aws_sqs_queue.this will be created
    plan: 4 to add, 0 to change, 0 to destroy
    ");
    assert_eq!(moto.topics(), ["order-events-dev"]);
    assert_eq!(moto.queues(), ["billing-dev"]);
    let subscriptions = moto.aws_json("sns", "list_subscriptions");
    let subscription = &subscriptions["Subscriptions"][0];
    assert_eq!(
        subscription["TopicArn"],
        moto.parameter("/acme/topics/order-events-dev/arn").unwrap()
    );
    let outputs = fs::read(job.path("sqs-queue-1728485030410outputs.json")).unwrap();
    let outputs: Value = serde_json::from_slice(&outputs).unwrap();
    assert_eq!(outputs["sqs-queue-arn"]["value"], subscription["Endpoint"]);
    insta::assert_snapshot!(kept(&job).join("\n"), @"
    environments/dev/connections/billing-sqs.json
    environments/dev/connections/order-events-sns.json
    targets/01JA2TB0H5K7M9PQ2RSTV4WX6Y/dev/deployed/sns-topic-1728484987960.json
    targets/01JA2TB0H5K7M9PQ2RSTV4WX6Y/dev/deployed/sqs-queue-1728485030410.json
    ");

    job.project.edit_manifest(|text| {
        text.replace(
            "visibility_timeout_seconds: 60",
            "visibility_timeout_seconds: 90",
        )
    });
    let (_, planned, done) = job.deploy_as("unified", "v2");
    insta::assert_snapshot!(changes(&planned), @"
    ~ module.sqs-queue-1728485030410.aws_sqs_queue.this will be updated
    plan: 0 to add, 1 to change, 0 to destroy
    ");
    insta::assert_snapshot!(groups(&done), @"[3/3] UNIFIED_DEPLOY");
    let question = json!({
        "QueueUrl": outputs["sqs-queue-url"]["value"],
        "AttributeNames": ["VisibilityTimeout"]
    });
    let queue = moto.aws_json_with("sqs", "get_queue_attributes", &question);
    assert_eq!(queue["Attributes"]["VisibilityTimeout"], "90");

    job.project.remove_plugin("sqs-queue-1728485030410");
    let (_, planned, done) = job.deploy_as("unified", "v3");
    insta::assert_snapshot!(groups(&planned), @"
    [1/4] UNIFIED_IAC
    [2/4] PLAN
    ");
    insta::assert_snapshot!(changes(&planned), @"
    plan: 0 to add, 0 to change, 0 to destroy
    - module.sqs-queue-1728485030410.aws_sns_topic_subscription.this will be destroyed
    - module.sqs-queue-1728485030410.aws_sqs_queue.this will be destroyed
    ");
    insta::assert_snapshot!(groups(&done), @"
    [3/4] UNIFIED_DEPLOY
    [4/4] UNIFIED_DESTROY
    ");
    assert_eq!(moto.queues(), Vec::<String>::new());
    assert_eq!(moto.topics(), ["order-events-dev"]);
    insta::assert_snapshot!(kept(&job).join("\n"), @"
    environments/dev/connections/order-events-sns.json
    targets/01JA2TB0H5K7M9PQ2RSTV4WX6Y/dev/deployed/sns-topic-1728484987960.json
    ");

    job.project.edit_manifest(|text| {
        let (start, end) = (
            text.find("  plugins:").unwrap(),
            text.find("  global-inputs:").unwrap(),
        );
        format!("{}  plugins: []\n{}", &text[..start], &text[end..])
    });
    let (_, planned, done) = job.deploy_as("unified", "v4");
    insta::assert_snapshot!(groups(&planned), @"
    [1/3] UNIFIED_IAC
    [2/3] PLAN
    ");
    insta::assert_snapshot!(changes(&planned), @"
    - module.sns-topic-1728484987960.module.sns_topic.aws_sns_topic.this will be destroyed
    - module.sns-topic-1728484987960.module.sns_topic.aws_ssm_parameter.topic_arn will be destroyed
    ");
    insta::assert_snapshot!(groups(&done), @"[3/3] UNIFIED_DESTROY");
    assert_eq!(moto.topics(), Vec::<String>::new());
    assert_eq!(moto.parameters(), Vec::<String>::new());
    let subscriptions = moto.aws_json("sns", "list_subscriptions");
    assert_eq!(subscriptions["Subscriptions"], json!([]));
    assert_eq!(state(&job), Vec::<String>::new());
    assert_eq!(kept(&job), Vec::<String>::new());
}

/// A plugin that keeps an SSM parameter of its alias's name where its own provider says, and an entry for `stk.yaml`.
fn keeper(job: &Job, name: &str, provider: &str) -> String {
    let folder = job
        .project
        .workdir
        .join(format!("plugins/acme/aws-messaging@1.0.0/{name}@1.0.0"));
    fs::create_dir_all(folder.join("templates-deploy")).unwrap();
    let definition = format!(
        "schema-version: v2\nkind: plugin\nmetadata: {{name: {name}, display-name: {name}, description: Keeps, version: 1.0.0}}\n\
         spec:\n  type: infra\n"
    );
    fs::write(folder.join("plugin.yaml"), definition).unwrap();
    let main = format!(
        "terraform {{\n  required_providers {{\n    aws = {{ source = \"hashicorp/aws\", version = \">= 5.0\" }}\n  }}\n}}\n\
         {provider}\n\
         resource \"aws_ssm_parameter\" \"kept\" {{\n  name  = \"{name}\"\n  type  = \"String\"\n  value = \"kept\"\n}}\n"
    );
    fs::write(folder.join("templates-deploy/main.tf"), main).unwrap();
    format!(
        "  - {{name: acme/aws-messaging@1.0.0/{name}@1.0.0, alias: {name}, type: infra, inputs: {{}}}}\n"
    )
}

/// What is destroyed is destroyed where it is: with the configuration of its own provider, whether that stands in the
/// plugin's module or at the root, for several plugins.
#[test]
fn what_goes_away_is_destroyed_in_the_region_of_its_own_provider() {
    let test = "what_goes_away_is_destroyed_in_the_region_of_its_own_provider";
    let Some((job, moto)) = job("sns-sqs", test) else {
        return;
    };
    let (far, own) = ("us-east-1", "eu-west-1");
    let shared = format!("provider \"aws\" {{\n  region = \"{far}\"\n}}");
    // What a function makes is not known to be the same as anything else, so this one stays in the module.
    let kept_apart = format!("provider \"aws\" {{\n  region = lower(\"{own}\")\n}}");
    let stays = keeper(&job, "stays", "");
    let (one, two) = (
        keeper(&job, "far-one", &shared),
        keeper(&job, "far-two", &shared),
    );
    let apart = keeper(&job, "apart", &kept_apart);
    let plugins = |plugins: &[&String]| {
        let plugins: String = plugins.iter().map(|plugin| plugin.as_str()).collect();
        let text = format!(
            "schema-version: v2\nkind: manifest\nmetadata: {{name: keepers}}\nspec:\n  type: infra\n  plugins:\n{plugins}"
        );
        fs::write(job.project.workdir.join(".stk/stk.yaml"), text).unwrap();
    };
    // The parameters of the same names in other regions are somebody else's, and must stay.
    let somebodys = |region: &str, name: &str| {
        let parameter = json!({"Name": name, "Value": "not ours", "Type": "String"});
        let _ = moto.aws_json_in(region, "ssm", "put_parameter", &parameter);
    };
    for name in ["far-one", "far-two", "apart"] {
        somebodys(Moto::REGION, name);
    }
    somebodys(far, "apart");
    let home = ["apart", "far-one", "far-two", "stays"];

    plugins(&[&stays, &one, &two, &apart]);
    let (_, planned, _) = job.deploy_as("unified", "v1");
    assert!(
        planned.contains("`far-one` and `far-two` configure the provider `aws` alike"),
        "{planned}"
    );
    assert!(
        planned.contains("plugin `apart`, main.tf:6: the plugin keeps its own"),
        "{planned}"
    );
    assert_eq!(moto.parameters(), home);
    assert_eq!(moto.parameters_in(far), ["apart", "far-one", "far-two"]);
    assert_eq!(moto.parameters_in(own), ["apart"]);

    // One of the two that share, and the one that does not.
    plugins(&[&stays, &two]);
    let (_, planned, _) = job.deploy_as("unified", "v2");
    insta::assert_snapshot!(changes(&planned), @"
    plan: 0 to add, 0 to change, 0 to destroy
    - module.apart.aws_ssm_parameter.kept will be destroyed
    - module.far-one.aws_ssm_parameter.kept will be destroyed
    ");
    assert_eq!(moto.parameters(), home);
    assert_eq!(moto.parameters_in(far), ["apart", "far-two"]);
    assert_eq!(moto.parameters_in(own), Vec::<String>::new());

    // The last one that shared: the state names the configuration at the root.
    plugins(&[&stays]);
    let (_, planned, _) = job.deploy_as("unified", "v3");
    insta::assert_snapshot!(changes(&planned), @"
    plan: 0 to add, 0 to change, 0 to destroy
    - module.far-two.aws_ssm_parameter.kept will be destroyed
    ");
    assert_eq!(moto.parameters(), home);
    assert_eq!(moto.parameters_in(far), ["apart"]);
    insta::assert_snapshot!(state(&job).join("\n"), @"module.stays.aws_ssm_parameter");
}
