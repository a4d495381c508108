use std::time::{Duration, Instant};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use stk_run::{PlannedAction, PlannedAttribute, PlannedValue};

use super::*;
use stk_run::{PlanCounts, PlanNote};

const MIXED: &str = include_str!("../../../../fixtures/records/v1/plan-mixed.json");

/// What somebody who may name things could try.
const HOSTILE: [&str; 10] = [
    "`````` x ``` `",
    "</details></summary><script>alert(1)</script>",
    "a | b || c",
    "one\n```\n\n# two\r\n",
    "\u{202e}txt.exe\u{200b}",
    "--> <!-- ]]>",
    "@acme/everyone #1 https://evil.example [x](y) ![x](y)",
    "::set-output name=x::y",
    "**bold** _it_ ~~no~~ \\ & &amp; <b>",
    "details",
];

fn mixed() -> PlanSummary {
    serde_json::from_str(MIXED).unwrap()
}

fn plain(summary: &PlanSummary) -> String {
    page(summary, &|text| text.to_owned())
}

/// What a page is made of, as a Markdown parser sees it.
#[derive(Debug, Default)]
struct Seen {
    details: usize,
    rows: usize,
    blocks: Vec<String>,
    headings: Vec<String>,
    /// The text that is neither code nor in a block.
    prose: String,
    code: Vec<String>,
}

/// Reads the page, and fails when something is left open or when anything but this program's own markup acts.
fn seen(page: &str) -> Seen {
    let mut seen = Seen::default();
    let text = format!("{page}\nthe end\n");
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    let (mut open, mut cells, mut in_block, mut heading) = (0, 0, false, false);
    for event in Parser::new_ext(&text, options) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let mut tags = html.split('<').skip(1);
                assert!(
                    tags.all(|tag| {
                        let name = tag.split('>').next().unwrap().trim_start_matches('/');
                        ["details", "summary", "code", "sub", "b"].contains(&name)
                    }),
                    "{html}"
                );
                open += html.matches("<details>").count();
                seen.details += html.matches("<details>").count();
                open -= html.matches("</details>").count();
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                in_block = true;
                seen.blocks.push(language.to_string());
            }
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Start(Tag::TableRow) => cells = 0,
            Event::Start(Tag::TableCell) => cells += 1,
            Event::End(TagEnd::TableRow) => {
                assert!([6, 9].contains(&cells), "{cells} cells");
                seen.rows += 1;
            }
            Event::Start(Tag::Heading { level, .. }) => {
                heading = level == HeadingLevel::H4;
                seen.headings.push(String::new());
            }
            Event::End(TagEnd::Heading(_)) => heading = false,
            Event::Code(text) => seen.code.push(text.to_string()),
            Event::Text(text) if heading => seen.headings.last_mut().unwrap().push_str(&text),
            Event::Text(text) if in_block => seen.blocks.last_mut().unwrap().push_str(&text),
            Event::Text(text) => {
                if &*text == "the end" {
                    assert_eq!(open, 0, "a <details> is open");
                }
                seen.prose.push_str(&text);
                seen.prose.push('\n');
            }
            Event::Start(
                tag @ (Tag::Link { .. }
                | Tag::Image { .. }
                | Tag::BlockQuote(_)
                | Tag::Strikethrough
                | Tag::Emphasis),
            ) => panic!("{tag:?}"),
            _ => {}
        }
    }
    assert!(seen.prose.ends_with("the end\n"), "something is open");
    seen
}

#[test]
fn the_page_shows_who_is_touched_and_how() {
    let page = plain(&mixed());
    insta::assert_snapshot!(page, @r#"
    ### Plan of `orders-messaging` in `dev`, version `v2`

    ⚠️ **2 to create, 3 to change, 1 to replace, 2 to destroy, 1 to import, 1 to move, 1 to forget.**

    <sub>Run `01M858KH2VM41VERDG32CVW1TM`, planned by Terraform 1.11.4.</sub>

    #### ⚠️ Destroyed or replaced

    - `module.orders-topic.aws_sns_topic.this` will be replaced: destroyed first, then created, because it cannot be changed in place (`name`)
    - `module.orders-queue.module.dead_letter.aws_sqs_queue.this[0]` will be destroyed, because its count is smaller now (left behind by an unfinished replacement: 00000001)

    ```mermaid
    flowchart LR
      p0["orders-topic<br/>1 to replace, 1 to move"]:::replaced
      p1["orders-queue<br/>1 to change, 1 to destroy"]:::reduced
      p2["orders-subscription<br/>1 to change, 1 to import, 1 to forget"]:::changed
      p3["invoices-bucket<br/>2 to create"]:::created
      p4["orders-queue-alarm<br/>removed: 1 to destroy"]:::removed
      p1 --> p2
      p0 --> p2
      p1 -.-> p4
      classDef created fill:#dafbe1,stroke:#1a7f37,color:#1f2328
      classDef changed fill:#fff8c5,stroke:#9a6700,color:#1f2328
      classDef reduced fill:#ffebe9,stroke:#cf222e,color:#1f2328
      classDef replaced fill:#ffebe9,stroke:#cf222e,color:#1f2328
      classDef removed fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4
    ```

    | plugin | what happens | create | change | replace | destroy | import | move | forget |
    |---|---|---:|---:|---:|---:|---:|---:|---:|
    | `orders-topic` | **resources replaced** |  |  | **1** |  |  | 1 |  |
    | `orders-queue` | **loses resources** |  | 1 |  | **1** |  |  |  |
    | `orders-subscription` | changed |  | 1 |  |  | 1 |  | 1 |
    | `invoices-bucket` | created | 2 |  |  |  |  |  |  |
    | `orders-queue-alarm` | **removed** |  |  |  | **1** |  |  |  |

    <details><summary><code>orders-topic</code>: 1 to replace, 1 to move</summary>

    ```diff
    ! module.orders-topic.aws_sns_topic.this
    !   will be replaced: destroyed first, then created, because it cannot be changed in place
    -     name                = "orders-dev"
    +     name                = "orders-v2-dev"  # forces the replacement
    -     kms_master_key_id   = (sensitive)
    +     kms_master_key_id   = (sensitive)
    +     tags["cost center"] = "checkout"
    +     known after apply: arn
    #     … and 2 more attributes

    ! module.orders-topic.aws_sns_topic_policy.this
    !   will be moved from module.orders-topic.aws_sns_topic_policy.old

    ! connection orders-topic-conn will change
    -     arn = "arn:aws:sns:eu-west-1:000000000000:orders-dev"
    +     arn = (known after apply)
    #     … and 1 more attribute
    ```

    </details>

    <details><summary><code>orders-queue</code>: 1 to change, 1 to destroy</summary>

    ```diff
    ! module.orders-queue.aws_sqs_queue.this will be changed
    -     visibility_timeout_seconds = 30
    +     visibility_timeout_seconds = 120

    - module.orders-queue.module.dead_letter.aws_sqs_queue.this[0]
    -   will be destroyed, because its count is smaller now (left behind by an unfinished replacement: 00000001)
    ```

    </details>

    <details><summary><code>orders-subscription</code>: 1 to change, 1 to import, 1 to forget</summary>

    ```diff
    ! module.orders-subscription.aws_sns_topic_subscription.this will be changed
    -     topic_arn = "arn:aws:sns:eu-west-1:000000000000:orders-dev"
    +     topic_arn = (known after apply)

    ! module.orders-subscription.aws_sqs_queue_policy.mine will be imported
    # … and 1 more
    ```

    </details>

    <details><summary><code>invoices-bucket</code>: 2 to create</summary>

    ```diff
    + module.invoices-bucket.aws_s3_bucket.this will be created
    +     bucket = "acme-invoices"
    +     known after apply: id

    + module.invoices-bucket.aws_s3_bucket_versioning.this will be created
    +     versioning_configuration[0].status = "Enabled"
    ```

    </details>

    #### Plugins that go away

    **`orders-queue-alarm`**: 1 to destroy

    - `module.orders-queue-alarm.aws_cloudwatch_metric_alarm.this` will be destroyed

    <details><summary><code>orders-queue-alarm</code>: 1 to destroy</summary>

    ```diff
    - module.orders-queue-alarm.aws_cloudwatch_metric_alarm.this will be destroyed
    ```

    </details>

    #### ⚠️ Outside of every plugin

    - `terraform_data.odd` will be changed

    #### Connections that change for whoever reads them

    - `orders-topic-conn` of `orders-topic`: `arn`, read by `orders-subscription`

    <details><summary>2 resources are <b>not</b> destroyed, though Terraform's plan of the removal has it so</summary>

    They belong to plugins that stay. When they were applied last they depended on what goes away; they no longer do once this plan is applied, and that comes first.

    - `module.orders-subscription.aws_sns_topic_subscription.this` depended on `module.orders-queue-alarm.aws_cloudwatch_metric_alarm.this`

    … and 1 more

    </details>

    <details><summary>4 resources are not as the last deployment left them: changed by somebody, or by the provider itself</summary>

    - `module.orders-queue.aws_sqs_queue.this`: changed

    … and 3 more

    </details>

    - What goes away is planned once more after everything else is applied.
    "#);
    let seen = seen(&page);
    assert_eq!((seen.rows, seen.details), (5, 7));
}

#[test]
fn nothing_changes_in_a_short_page() {
    let mut summary = mixed();
    summary.counts = PlanCounts::default();
    summary.plugins.truncate(1);
    for plugin in &mut summary.plugins {
        plugin.fate = PluginFate::Unchanged;
        plugin.counts = PlanCounts::default();
        plugin.changes.clear();
        plugin.connections.clear();
    }
    (summary.elsewhere, summary.kept, summary.drift) = (Vec::new(), Vec::new(), Vec::new());
    summary.notes.clear();
    (summary.omitted_kept, summary.omitted_drift) = (0, 0);
    insta::assert_snapshot!(plain(&summary), @r#"
    ### Plan of `orders-messaging` in `dev`, version `v2`

    **Nothing changes.**

    <sub>Run `01M858KH2VM41VERDG32CVW1TM`, planned by Terraform 1.11.4.</sub>

    ```mermaid
    flowchart LR
      p0["orders-topic<br/>unchanged"]:::unchanged
      classDef unchanged fill:#f6f8fa,stroke:#8c959f,color:#1f2328
    ```

    | plugin | what happens | create | change | replace | destroy |
    |---|---|---:|---:|---:|---:|
    | `orders-topic` | unchanged |  |  |  |  |
    "#);
}

#[test]
fn what_others_have_named_does_nothing() {
    for text in HOSTILE {
        let hostile = |place: &mut String| *place = format!("{place}{text}");
        let mut summary = mixed();
        hostile(&mut summary.version_tag);
        summary.project_name.iter_mut().for_each(hostile);
        let changes = summary.plugins.iter_mut().flat_map(|it| &mut it.changes);
        for change in changes.chain(&mut summary.elsewhere) {
            hostile(&mut change.address);
            change.moved_from.iter_mut().for_each(hostile);
            change.reason.iter_mut().for_each(hostile);
            change.deposed.iter_mut().for_each(hostile);
            for attribute in &mut change.attributes {
                hostile(&mut attribute.path);
                for value in [&mut attribute.before, &mut attribute.after] {
                    if let Some(PlannedValue::Shown(value)) = value {
                        hostile(value);
                    }
                }
            }
        }
        for connection in summary
            .plugins
            .iter_mut()
            .flat_map(|it| &mut it.connections)
        {
            hostile(&mut connection.connection);
        }
        summary
            .kept
            .iter_mut()
            .for_each(|it| hostile(&mut it.address));
        summary
            .drift
            .iter_mut()
            .for_each(|it| hostile(&mut it.address));
        for kind in [PlanNoteKind::Warning, PlanNoteKind::Invocation] {
            let text = text.to_owned();
            summary.notes.push(PlanNote { kind, text });
        }
        let page = plain(&summary);
        let seen = seen(&page);
        assert_eq!((seen.rows, seen.details), (5, 7), "{text}");
        assert!(!page.contains(['\u{202e}', '\u{200b}', '\r']), "{text}");
        assert!(!page.lines().any(|line| line.starts_with("::")), "{text}");
        // It is not lost either.
        let visible = stk_run::visible(text).into_owned();
        let all = format!("{:?}{:?}", seen.code, seen.blocks);
        let shown = format!("{visible:?}");
        assert!(all.contains(shown.trim_matches('"')), "{text}\n{all}");
    }
}

/// A secret that is a word of Markdown or HTML is hidden where others wrote it, and nowhere else.
#[test]
fn what_must_not_be_seen_is_hidden_and_the_page_stays_whole() {
    let mut summary = mixed();
    summary.plugins[0].changes[0]
        .address
        .push_str("[\"details\"]");
    let page = page(&summary, &|text| text.replace("details", "***"));
    assert_eq!(seen(&page).details, 7);
    assert!(page.contains("[\"***\"]") && !page.contains("[\"details\"]"));
}

fn large(plugins: usize, changes: usize, attributes: usize, action: PlannedAction) -> PlanSummary {
    let mut summary = mixed();
    let sample = summary.plugins[2].clone();
    summary.plugins = (0..plugins)
        .map(|number| {
            let alias = format!("a-plugin-with-a-usual-name-{number}");
            let change = |resource| PlannedChange {
                address: format!("module.{alias}.aws_sqs_queue.queue_of_something[{resource}]"),
                action,
                attributes: (0..attributes)
                    .map(|attribute| PlannedAttribute {
                        path: format!("tags[\"a key {attribute}\"]"),
                        before: Some(PlannedValue::Shown(
                            "\"arn:aws:sqs:eu-west-1:0\"".to_owned(),
                        )),
                        after: Some(PlannedValue::Shown("\"<b>`|\"".to_owned())),
                        forces_replacement: false,
                    })
                    .collect(),
                ..sample.changes[0].clone()
            };
            let mut counts = PlanCounts::default();
            let changes: Vec<_> = (0..changes).map(change).collect();
            changes.iter().for_each(|change| counts.add(change));
            PluginPlan {
                fate: match action {
                    PlannedAction::Destroy => PluginFate::Reduced,
                    _ => PluginFate::Changed,
                },
                needs: Vec::new(),
                alias: alias.parse().unwrap(),
                counts,
                changes,
                ..sample.clone()
            }
        })
        .collect();
    summary.counts = PlanCounts::default();
    for plugin in &summary.plugins {
        summary.counts += plugin.counts;
    }
    summary
}

#[test]
fn a_thousand_plugins_of_fifty_changes_fit() {
    let update = large(1_000, 50, 2, PlannedAction::Update);
    let started = Instant::now();
    let page = plain(&update);
    let took = started.elapsed();
    assert!(page.len() <= LIMIT, "{}", page.len());
    assert!(
        page.len() > LIMIT / 2,
        "{}: most of the room is used",
        page.len()
    );
    assert!(took < Duration::from_secs(20), "{took:?}");
    let seen = seen(&page);
    assert_eq!(seen.rows, 1_000);
    assert!(page.contains("**50000 to change.**") && page.contains("This page is cut"));
    assert!(page.contains("1000 plugins are too many to be drawn"));
}

#[test]
fn what_is_destroyed_stays_when_details_go() {
    let mut summary = large(1_000, 50, 2, PlannedAction::Update);
    let destroying = large(1, 3, 500, PlannedAction::Destroy).plugins.remove(0);
    summary.plugins.push(PluginPlan {
        alias: "last".parse().unwrap(),
        ..destroying
    });
    let page = plain(&summary);
    assert!(page.len() <= LIMIT);
    let seen = seen(&page);
    let heading = "⚠️ Destroyed or replaced".to_owned();
    assert!(seen.headings.contains(&heading));
    let named = seen.code.iter().filter(|it| it.ends_with("something[2]"));
    assert_eq!(named.count(), 1);
    // Its attributes come before those of what only changes.
    assert!(page.contains("will be destroyed\n-     tags[\"a key 0\"]"));
}

#[test]
fn fifty_thousand_destroyed_resources_are_cut_and_counted() {
    let mut summary = large(1_000, 50, 0, PlannedAction::Destroy);
    for removed in [false, true] {
        if removed {
            let plugins = summary.plugins.iter_mut();
            plugins.for_each(|plugin| plugin.fate = PluginFate::Removed);
        }
        let page = plain(&summary);
        assert!(page.len() <= LIMIT, "{}", page.len());
        assert_eq!(seen(&page).rows, 1_000);
        assert!(
            page.contains("… and ") && page.contains("This page is cut"),
            "{removed}"
        );
    }
}

/// An unchanged plugin is the first that a large table and a large graph leave out.
#[test]
fn ten_thousand_plugins_fit() {
    let mut summary = large(10_000, 0, 0, PlannedAction::Update);
    let plugins = summary.plugins.iter_mut().skip(20);
    plugins.for_each(|plugin| plugin.fate = PluginFate::Unchanged);
    let page = plain(&summary);
    assert!(page.len() <= LIMIT / 10);
    assert_eq!(seen(&page).rows, 20);
    assert!(page.contains("9980 plugins do not change."));
    assert!(page.contains("Without the 9980 plugins that do not change."));
    let plugins = summary.plugins.iter_mut();
    plugins.for_each(|plugin| plugin.fate = PluginFate::Changed);
    let page = plain(&summary);
    assert!(page.len() <= LIMIT);
    assert!(page.contains("more plugins that change."));
    seen(&page);
}

#[test]
fn a_graph_is_drawn_within_the_limits_of_mermaid() {
    let mut summary = large(40, 1, 0, PlannedAction::Update);
    assert!(plain(&summary).contains("```mermaid"));
    let aliases: Vec<_> = summary.plugins.iter().map(|it| it.alias.clone()).collect();
    let plugins = summary.plugins.iter_mut();
    plugins.for_each(|plugin| plugin.needs.clone_from(&aliases));
    assert!(!plain(&summary).contains("```mermaid"), "1600 edges");
}
