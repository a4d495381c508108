//! What a person approves: the plan of the whole project, as the page of the step.

use std::fmt::Write as _;

use stk_deploy::PlannedProject;
use stk_run::{Action, Alias, RunRecord, Unit};
use terraform_runner::event::{self, Change};

/// How many changes of one plugin are listed; nobody reads more, and the page has a limit.
const LISTED: usize = 200;

/// The page in Markdown.
pub(crate) fn page(record: &RunRecord, planned: &PlannedProject) -> String {
    let plugins: Vec<Plugin<'_>> = record
        .units
        .iter()
        .map(|unit| Plugin::of(unit, planned))
        .collect();
    let mut text = format!(
        "### Plan of {} ({})\n\n{}\n\n",
        plain(&record.target.to_string()),
        plain(&record.version_tag),
        verdict(&plugins)
    );
    graph(&mut text, &plugins);
    text.push_str(
        "| plugin | | create | change | replace | destroy |\n|---|---|---:|---:|---:|---:|\n",
    );
    for plugin in &plugins {
        let count = &plugin.count;
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            plugin.unit.alias,
            if plugin.goes() { "**goes away**" } else { "" },
            shown(count.create),
            shown(count.change),
            shown(count.replace),
            shown(count.destroy),
        );
    }
    text.push('\n');
    let (go, stay): (Vec<_>, Vec<_>) = plugins.iter().partition(|plugin| plugin.goes());
    for plugin in &stay {
        details(&mut text, plugin);
    }
    if !go.is_empty() {
        text.push_str(
            "#### Plugins that go away\n\nTheir resources are destroyed after everything else is applied. Then they are \
             planned again; nothing is destroyed that is not listed here.\n\n",
        );
        for plugin in &go {
            details(&mut text, plugin);
        }
    }
    text
}

/// One plugin, with what happens to its resources.
struct Plugin<'r> {
    unit: &'r Unit,
    changes: Vec<&'r Change>,
    count: Count,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    create: usize,
    change: usize,
    replace: usize,
    destroy: usize,
    other: usize,
}

impl<'r> Plugin<'r> {
    fn of(unit: &'r Unit, planned: &'r PlannedProject) -> Self {
        let all = match unit.action {
            Action::Apply => &planned.changes,
            Action::Destroy => &planned.removals,
        };
        let changes: Vec<_> = all
            .iter()
            .filter(|change| is_of(&change.address, &unit.alias))
            .collect();
        let mut count = Count::default();
        for change in &changes {
            match change.action {
                event::Action::Create => count.create += 1,
                event::Action::Update => count.change += 1,
                event::Action::Replace => count.replace += 1,
                event::Action::Delete => count.destroy += 1,
                _ => count.other += 1,
            }
        }
        Self {
            unit,
            changes,
            count,
        }
    }

    fn goes(&self) -> bool {
        self.unit.action == Action::Destroy
    }

    /// The word for what happens to it, also the name of its class in the graph.
    fn fate(&self) -> &'static str {
        let Count {
            create,
            change,
            replace,
            destroy,
            other,
        } = self.count;
        if self.goes() {
            "removed"
        } else if replace + destroy > 0 {
            "replaced"
        } else if change + other > 0 {
            "changed"
        } else if create > 0 {
            "created"
        } else {
            "unchanged"
        }
    }
}

/// Whether a resource is in the module of a plugin.
fn is_of(address: &str, alias: &Alias) -> bool {
    address
        .strip_prefix("module.")
        .and_then(|rest| rest.strip_prefix(alias.as_str()))
        .is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['))
}

fn verdict(plugins: &[Plugin<'_>]) -> String {
    let sum = |of: fn(&Count) -> usize| plugins.iter().map(|plugin| of(&plugin.count)).sum();
    let (create, change): (usize, usize) = (sum(|it| it.create), sum(|it| it.change));
    let (replace, destroy): (usize, usize) = (sum(|it| it.replace), sum(|it| it.destroy));
    if create + change + replace + destroy == 0 {
        return "**Nothing changes.**".to_owned();
    }
    let parts: Vec<_> = [
        (create, "to create"),
        (change, "to change"),
        (replace, "to **replace**"),
        (destroy, "to **destroy**"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    let mark = if replace + destroy > 0 { "⚠️ " } else { "" };
    format!("{mark}**{}.**", parts.join(", ").replace("**", ""))
}

/// The plugins and what they need of each other. Mermaid knows them by number, since an alias may be a word of its own.
fn graph(text: &mut String, plugins: &[Plugin<'_>]) {
    text.push_str("```mermaid\nflowchart LR\n");
    for (number, plugin) in plugins.iter().enumerate() {
        let _ = writeln!(
            text,
            "  p{number}[\"{}<br/>{}\"]:::{}",
            plugin.unit.alias,
            plugin.fate(),
            plugin.fate()
        );
    }
    for (number, plugin) in plugins
        .iter()
        .enumerate()
        .filter(|(_, plugin)| !plugin.goes())
    {
        let needed = plugin.unit.requires.iter().filter_map(|requirement| {
            let from = requirement.from.as_ref()?;
            plugins.iter().position(|other| other.unit.alias == *from)
        });
        let mut needed: Vec<_> = needed.collect();
        needed.sort_unstable();
        needed.dedup();
        for from in needed {
            let _ = writeln!(text, "  p{from} --> p{number}");
        }
    }
    for (class, style) in [
        ("created", "fill:#dafbe1,stroke:#1a7f37,color:#1f2328"),
        ("changed", "fill:#fff8c5,stroke:#9a6700,color:#1f2328"),
        ("replaced", "fill:#ffebe9,stroke:#cf222e,color:#1f2328"),
        (
            "removed",
            "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
        ),
        ("unchanged", "fill:#f6f8fa,stroke:#8c959f,color:#1f2328"),
    ] {
        let _ = writeln!(text, "  classDef {class} {style}");
    }
    text.push_str("```\n\n");
}

fn details(text: &mut String, plugin: &Plugin<'_>) {
    if plugin.changes.is_empty() {
        return;
    }
    let _ = write!(
        text,
        "<details><summary><code>{}</code>: {}</summary>\n\n",
        plugin.unit.alias,
        plugin.fate()
    );
    for change in plugin.changes.iter().take(LISTED) {
        let (sign, word) = match change.action {
            event::Action::Create => ("+", "create"),
            event::Action::Update => ("~", "change"),
            event::Action::Replace => ("±", "**replace**"),
            event::Action::Delete => ("−", "**destroy**"),
            event::Action::Read => ("→", "read"),
            event::Action::Move => ("→", "move"),
            event::Action::Import => ("→", "import"),
            event::Action::Forget => ("→", "forget"),
            event::Action::NoOp | event::Action::Other(_) => ("·", "other"),
        };
        let reason = change.reason.as_deref().map_or_else(String::new, |reason| {
            format!(" ({})", plain(&reason.replace('_', " ")))
        });
        let _ = writeln!(
            text,
            "- {sign} {word} <code>{}</code>{reason}",
            escaped(&change.address)
        );
    }
    let more = plugin.changes.len().saturating_sub(LISTED);
    if more > 0 {
        let _ = writeln!(text, "- … and {more} more, in the log of this step");
    }
    text.push_str("\n</details>\n\n");
}

fn shown(count: usize) -> String {
    if count == 0 {
        String::new()
    } else {
        count.to_string()
    }
}

/// Keys of `for_each` are anybody's text.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Text as Markdown that shows it as it is.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\`*_[]<>|#~&".contains(letter) {
            plain.push('\\');
        }
        plain.push(if letter.is_control() { ' ' } else { letter });
    }
    plain
}

#[cfg(test)]
mod tests {
    use stk_run::{Digest, PlanReference};
    use terraform_runner::event::ChangeSummary;

    use super::*;

    fn change(address: &str, action: event::Action, reason: Option<&str>) -> Change {
        Change {
            address: address.to_owned(),
            module: String::new(),
            resource_type: String::new(),
            action,
            reason: reason.map(str::to_owned),
            previous_address: None,
        }
    }

    #[test]
    fn the_page_shows_who_is_touched_and_how() {
        let mut record: RunRecord = serde_json::from_str(include_str!(
            "../../../fixtures/records/v1/record-unified.json"
        ))
        .unwrap();
        record.version_tag = "v1|*".to_owned();
        let planned = PlannedProject {
            plan: PlanReference {
                digest: Digest::of(b""),
                program: "Terraform 1.11.4".to_owned(),
                encrypted: false,
            },
            changes: vec![
                change(
                    "module.orders-topic.terraform_data.topic",
                    event::Action::Replace,
                    Some("cannot_update"),
                ),
                change(
                    "module.orders-queue.x.y[\"<b>\"]",
                    event::Action::Create,
                    None,
                ),
                change("module.orders-queue2.x.y", event::Action::Create, None),
            ],
            summary: ChangeSummary::default(),
            removals: vec![change(
                "module.orders-queue-alarm.terraform_data.alarm",
                event::Action::Delete,
                None,
            )],
        };
        insta::assert_snapshot!(page(&record, &planned), @r#"
        ### Plan of project \`orders-messaging\`, environment \`dev\` (v1\|\*)

        ⚠️ **1 to create, 1 to replace, 1 to destroy.**

        ```mermaid
        flowchart LR
          p0["orders-topic<br/>replaced"]:::replaced
          p1["orders-queue<br/>created"]:::created
          p2["orders-subscription<br/>unchanged"]:::unchanged
          p3["invoices-bucket<br/>unchanged"]:::unchanged
          p4["orders-queue-alarm<br/>removed"]:::removed
          p0 --> p2
          p1 --> p2
          classDef created fill:#dafbe1,stroke:#1a7f37,color:#1f2328
          classDef changed fill:#fff8c5,stroke:#9a6700,color:#1f2328
          classDef replaced fill:#ffebe9,stroke:#cf222e,color:#1f2328
          classDef removed fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4
          classDef unchanged fill:#f6f8fa,stroke:#8c959f,color:#1f2328
        ```

        | plugin | | create | change | replace | destroy |
        |---|---|---:|---:|---:|---:|
        | `orders-topic` |  |  |  | 1 |  |
        | `orders-queue` |  | 1 |  |  |  |
        | `orders-subscription` |  |  |  |  |  |
        | `invoices-bucket` |  |  |  |  |  |
        | `orders-queue-alarm` | **goes away** |  |  |  | 1 |

        <details><summary><code>orders-topic</code>: replaced</summary>

        - ± **replace** <code>module.orders-topic.terraform_data.topic</code> (cannot update)

        </details>

        <details><summary><code>orders-queue</code>: created</summary>

        - + create <code>module.orders-queue.x.y["&lt;b&gt;"]</code>

        </details>

        #### Plugins that go away

        Their resources are destroyed after everything else is applied. Then they are planned again; nothing is destroyed that is not listed here.

        <details><summary><code>orders-queue-alarm</code>: removed</summary>

        - − **destroy** <code>module.orders-queue-alarm.terraform_data.alarm</code>

        </details>
        "#);
        let nothing = PlannedProject {
            changes: Vec::new(),
            removals: Vec::new(),
            ..planned
        };
        assert!(page(&record, &nothing).contains("**Nothing changes.**"));
    }
}
