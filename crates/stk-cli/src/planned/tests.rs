use gha::Environment;

use super::*;

fn mixed() -> PlanSummary {
    let text = include_str!("../../../../fixtures/records/v1/plan-mixed.json");
    serde_json::from_str(text).unwrap()
}

fn shown(summary: &PlanSummary, colour: bool, width: usize) -> String {
    text(summary, Style { colour, width }, &|text| text.to_owned())
}

#[test]
fn a_plan_reads_from_the_plugins_to_the_verdict() {
    insta::assert_snapshot!(shown(&mixed(), false, 100), @r#"
    Plan of orders-messaging in dev, version v2 (Terraform 1.11.4)

    orders-topic: 1 to replace, 1 to move
      ± module.orders-topic.aws_sns_topic.this will be replaced: destroyed first, then created, because
        it cannot be changed in place
          ~ name                = "orders-dev" -> "orders-v2-dev"  # forces the replacement
          ~ kms_master_key_id   = (sensitive) -> (sensitive)
          + tags["cost center"] = "checkout"
          + known after apply: arn
          … and 2 more attributes
      · module.orders-topic.aws_sns_topic_policy.this will be moved from
        module.orders-topic.aws_sns_topic_policy.old
      ~ connection orders-topic-conn will change, read by orders-subscription
          ~ arn = "arn:aws:sns:eu-west-1:000000000000:orders-dev" -> (known after apply)
          … and 1 more attribute

    orders-queue: 1 to change, 1 to destroy
      ~ module.orders-queue.aws_sqs_queue.this will be changed
          ~ visibility_timeout_seconds = 30 -> 120
      - module.orders-queue.module.dead_letter.aws_sqs_queue.this[0] will be destroyed, because its
        count is smaller now (left behind by an unfinished replacement: 00000001)

    orders-subscription: 1 to change, 1 to import, 1 to forget
      ~ module.orders-subscription.aws_sns_topic_subscription.this will be changed
          ~ topic_arn = "arn:aws:sns:eu-west-1:000000000000:orders-dev" -> (known after apply)
      · module.orders-subscription.aws_sqs_queue_policy.mine will be imported
      … and 1 more change

    invoices-bucket: 2 to create
      + module.invoices-bucket.aws_s3_bucket.this will be created
          + bucket = "acme-invoices"
          + known after apply: id
      + module.invoices-bucket.aws_s3_bucket_versioning.this will be created
          + versioning_configuration[0].status = "Enabled"

    Outside of every plugin

      ~ terraform_data.odd will be changed

    Not as the last deployment left it: changed by somebody, or by the provider itself

      module.orders-queue.aws_sqs_queue.this: changed
      … and 3 more resources

    Not destroyed, though Terraform's plan of the removal has it so

      module.orders-subscription.aws_sns_topic_subscription.this depended on
      module.orders-queue-alarm.aws_cloudwatch_metric_alarm.this
      … and 1 more resource

    Plugins that go away

    orders-queue-alarm: 1 to destroy
      - module.orders-queue-alarm.aws_cloudwatch_metric_alarm.this will be destroyed

    What goes away is planned once more after everything else is applied.

    plan: 2 to create, 3 to change, 1 to replace, 2 to destroy, 1 to import, 1 to move, 1 to forget
    "#);
}

#[test]
fn a_narrow_terminal_breaks_between_words() {
    let mut summary = mixed();
    summary.plugins.truncate(1);
    insta::assert_snapshot!(shown(&summary, false, 60), @r#"
    Plan of orders-messaging in dev, version v2 (Terraform 1.11.4)

    orders-topic: 1 to replace, 1 to move
      ± module.orders-topic.aws_sns_topic.this will be replaced:
        destroyed first, then created, because it cannot be
        changed in place
          ~ name                = "orders-dev"
                               -> "orders-v2-dev"  # forces the replacement
          ~ kms_master_key_id   = (sensitive) -> (sensitive)
          + tags["cost center"] = "checkout"
          + known after apply: arn
          … and 2 more attributes
      · module.orders-topic.aws_sns_topic_policy.this will be
        moved from module.orders-topic.aws_sns_topic_policy.old
      ~ connection orders-topic-conn will change, read by
        orders-subscription
          ~ arn = "arn:aws:sns:eu-west-1:000000000000:orders-dev"
               -> (known after apply)
          … and 1 more attribute

    Outside of every plugin

      ~ terraform_data.odd will be changed

    Not as the last deployment left it: changed by somebody, or by the provider itself

      module.orders-queue.aws_sqs_queue.this: changed
      … and 3 more resources

    Not destroyed, though Terraform's plan of the removal has it so

      module.orders-subscription.aws_sns_topic_subscription.this
      depended on
      module.orders-queue-alarm.aws_cloudwatch_metric_alarm.this
      … and 1 more resource

    What goes away is planned once more after everything else is
    applied.

    plan: 2 to create, 3 to change, 1 to replace, 2 to destroy, 1 to import, 1 to move, 1 to forget
    "#);
}

#[test]
fn colour_is_all_that_colour_changes() {
    let coloured = shown(&mixed(), true, 100);
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    assert_eq!(plain, shown(&mixed(), false, 100));
    let lines: Vec<_> = coloured
        .lines()
        .filter(|line| line.contains("aws_s"))
        .collect();
    insta::assert_debug_snapshot!(lines, @r#"
    [
        "  \u{1b}[1m\u{1b}[31m±\u{1b}[0m module.orders-topic.aws_sns_topic.this will be replaced: destroyed first, then created, because",
        "  \u{1b}[33m·\u{1b}[0m module.orders-topic.aws_sns_topic_policy.this will be moved from",
        "    module.orders-topic.aws_sns_topic_policy.old",
        "  \u{1b}[33m~\u{1b}[0m module.orders-queue.aws_sqs_queue.this will be changed",
        "  \u{1b}[1m\u{1b}[31m-\u{1b}[0m module.orders-queue.module.dead_letter.aws_sqs_queue.this[0] will be destroyed, because its",
        "  \u{1b}[33m~\u{1b}[0m module.orders-subscription.aws_sns_topic_subscription.this will be changed",
        "  \u{1b}[33m·\u{1b}[0m module.orders-subscription.aws_sqs_queue_policy.mine will be imported",
        "  \u{1b}[32m+\u{1b}[0m module.invoices-bucket.aws_s3_bucket.this will be created",
        "  \u{1b}[32m+\u{1b}[0m module.invoices-bucket.aws_s3_bucket_versioning.this will be created",
        "  module.orders-queue.aws_sqs_queue.this: changed",
        "  module.orders-subscription.aws_sns_topic_subscription.this depended on",
    ]
    "#);
}

#[test]
fn what_others_have_named_does_not_act_on_the_terminal() {
    let mut summary = mixed();
    let change = &mut summary.plugins[0].changes[0];
    change
        .address
        .push_str("[\"\u{1b}[2J\u{202e}\nplan: nothing changes\"]");
    change.attributes[0].path.push('\r');
    summary.version_tag.push('\u{7}');
    let text = shown(&summary, false, 100);
    let acts = |letter: char| letter.is_control() && letter != '\n';
    assert!(!text.contains(acts) && !text.contains('\u{202e}'));
    let verdicts = text.lines().filter(|line| line.starts_with("plan: "));
    assert_eq!(verdicts.count(), 1);
}

#[test]
fn what_must_not_be_seen_is_hidden() {
    let style = Style {
        colour: false,
        width: 100,
    };
    let text = text(&mixed(), style, &|text| text.replace("orders-v2", "***"));
    assert!(text.contains("\"***-dev\"") && !text.contains("orders-v2"));
}

#[test]
fn colour_is_a_matter_of_the_environment_where_there_is_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("out")).unwrap();
    let colour = |pairs: &[(&str, &str)]| {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let style = Style::of(&environment, &file);
        assert_eq!(style.width, 100);
        style.colour
    };
    assert!(!colour(&[]));
    assert!(colour(&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")]));
    assert!(!colour(&[("CLICOLOR_FORCE", "0")]));
    assert!(!colour(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}
