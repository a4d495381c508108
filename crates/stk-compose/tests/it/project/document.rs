//! The two plugins of StackSpot's document.

use super::*;

const TOPIC: &str = "sns-topic-1728484987960";
const QUEUE: &str = "sqs-queue-1728485030410";

fn modules() -> [Module<'static>; 2] {
    let provider = "provider \"aws\" {\n  region = \"sa-east-1\"\n\n  default_tags {\n    tags = local.default_tags\n  }\n}\n";
    let topic_tags = "locals {\n  default_tags = {\n    Plugin = \"sns-topic\"\n  }\n}\n";
    let queue_tags = "locals {\n  default_tags = {\n    Plugin = \"sqs-queue\"\n  }\n}\n";
    [
        module(
            TOPIC,
            &[
                ("default-tags.tf", topic_tags),
                (
                    "module-sns-topic.tf",
                    "module \"sns_topic\" {\n  source = \"./sns-topic-module\"\n}\n\noutput \"sns-topic-arn\" {\n  value = module.sns_topic.arn\n}\n",
                ),
                ("provider.tf", provider),
                (
                    "sns-topic-module/sns-topic-locals.tf",
                    "locals {\n  a = 1\n}\n",
                ),
                (
                    "sns-topic-module/sns-topic-main.tf",
                    "resource \"aws_sns_topic\" \"this\" {\n  name = \"orders\"\n}\n",
                ),
                (
                    "sns-topic-module/sns-topic-outputs.tf",
                    "output \"arn\" {\n  value = aws_sns_topic.this.arn\n}\n",
                ),
                ("sns-topic-module/sns-topic-ssm.tf", ""),
                ("sns-topic-module/sns-topic-variables.tf", ""),
            ],
            &[],
        ),
        module(
            QUEUE,
            &[
                ("default-tags.tf", queue_tags),
                ("provider.tf", provider),
                (
                    "sqs-queue-outputs.tf",
                    "output \"sqs-queue-url\" {\n  value = aws_sqs_queue.this.url\n}\n",
                ),
                (
                    "sqs-queue.tf",
                    "resource \"aws_sqs_queue\" \"this\" {\n  name = \"billing\"\n}\n\nresource \"aws_sns_topic_subscription\" \"this\" {\n  topic_arn = \"stk_token_0_\"\n  protocol  = \"sqs\"\n  endpoint  = aws_sqs_queue.this.arn\n}\n",
                ),
            ],
            &[(
                "stk_token_0_",
                output("source-topic", "arn", TOPIC, "sns-topic-arn"),
            )],
        ),
    ]
}

#[test]
fn the_tree_is_the_documents() {
    let project = composed(&modules());
    let paths: Vec<&str> = project.files.keys().map(String::as_str).collect();
    // As the document draws it.
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
    ");
}

#[test]
fn the_files_at_the_root() {
    let project = composed(&modules());
    insta::assert_snapshot!(shown(&project, at_the_root), @r#"
    --- sns-topic-1728484987960-outputs.tf
    output "sns-topic-1728484987960_sns-topic-arn" {
      value = module.sns-topic-1728484987960.sns-topic-arn
    }
    --- sqs-queue-1728485030410-outputs.tf
    output "sqs-queue-1728485030410_sqs-queue-url" {
      value = module.sqs-queue-1728485030410.sqs-queue-url
    }
    --- stk-modules.tf
    module "sns-topic-1728484987960" {
      source = "./sns-topic-1728484987960"
    }

    module "sqs-queue-1728485030410" {
      source = "./sqs-queue-1728485030410"

      stk_connection_source-topic_arn = module.sns-topic-1728484987960.sns-topic-arn
    }
    "#);
    insta::assert_snapshot!(notes(&project), @"");
    assert_eq!(
        project.outputs["sns-topic-1728484987960_sns-topic-arn"].alias,
        TOPIC
    );
    assert!(project.variables.is_empty());
}

#[test]
fn without_a_connection_the_module_blocks_are_the_documents() {
    let [topic, mut queue] = modules();
    queue.fillings.clear();
    let project = composed(&[topic, queue]);
    let text = String::from_utf8(project.files["stk-modules.tf"].clone()).unwrap();
    insta::assert_snapshot!(text, @r#"
    module "sns-topic-1728484987960" {
      source = "./sns-topic-1728484987960"
    }

    module "sqs-queue-1728485030410" {
      source = "./sqs-queue-1728485030410"
    }
    "#);
    assert!(
        !project
            .files
            .keys()
            .any(|path| path.ends_with("stk-variables.tf"))
    );
}
