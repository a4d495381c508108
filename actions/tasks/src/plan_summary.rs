//! What a person approves: the plan of the whole project, as the page of the step.

mod details;
mod graph;
mod text;

use std::cell::Cell;
use std::fmt::Write as _;

use stk_run::{PlanNoteKind, PlanSummary, PlannedChange, PluginFate, PluginPlan};

use self::details::{Depth, details, happening};
use self::text::{Foreign, code, fenced, line, list};

/// GitHub shows no summary of more than 1 MiB; what else the step has to say comes after this page.
const LIMIT: usize = 900 * 1024;

/// How much room each part has that is shown whatever else is there, in bytes. Together with the largest graph they leave
/// room for what is folded.
const ROOM_DESTROYED: usize = 200 * 1024;
const ROOM_TABLE: usize = 200 * 1024;
const ROOM_REMOVED: usize = 120 * 1024;
const ROOM_OTHERS: usize = 40 * 1024;

/// How many of Terraform's warnings are shown, and how much of each.
const WARNINGS: usize = 20;
const WARNING_LINES: usize = 20;

/// The page in Markdown. `redact` hides in a text what must not be seen.
pub(crate) fn page(summary: &PlanSummary, redact: &dyn Fn(&str) -> String) -> String {
    let foreign = &Foreign {
        hide: redact,
        is_cut: Cell::new(false),
    };
    let head = head(summary, foreign);
    let overview = format!(
        "{}{}{}",
        destroyed(summary, foreign),
        graph::graph(summary),
        table(summary, foreign)
    );
    let removed = removed(summary, foreign);
    let tail = [elsewhere, connections, kept, drift, notes]
        .map(|part| part(summary, foreign))
        .concat();
    let pointer = pointer(summary);
    let always = head.len() + overview.len() + removed.len() + tail.len() + pointer.len();
    let room = LIMIT.saturating_sub(always);
    let folded = folded(summary, room, foreign);
    let had = had(summary, room - folded.len(), foreign);
    let pointer = if foreign.is_cut.get() { &pointer } else { "" };
    format!("{head}{pointer}{overview}{folded}{removed}{had}{tail}")
}

fn head(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    let mark = if summary.destroys() { "⚠️ " } else { "" };
    let mut verdict = summary.verdict();
    if let Some(first) = verdict.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!(
        "### Plan of {} in {}, version {}\n\n{mark}**{verdict}.**\n\n<sub>Run {}, planned by {}.</sub>\n\n",
        code(summary.project(), foreign),
        code(&summary.target.environment, foreign),
        code(&summary.version_tag, foreign),
        code(&summary.run_id.to_string(), foreign),
        line(&summary.program, foreign),
    )
}

/// What is destroyed or replaced of plugins that stay: the first thing to look at.
fn destroyed(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    let stay = summary.plugins.iter();
    let stay = stay.filter(|plugin| plugin.fate != PluginFate::Removed);
    let changes = stay.flat_map(|plugin| &plugin.changes);
    let destroyed = changes.filter(|it| it.action.destroys() || it.action.replaces());
    let mut items = destroyed.map(|change| item(change, foreign)).peekable();
    if items.peek().is_none() {
        return String::new();
    }
    format!(
        "#### ⚠️ Destroyed or replaced\n\n{}",
        list(items, ROOM_DESTROYED, foreign)
    )
}

/// A resource, what happens to it and why.
fn item(change: &PlannedChange, foreign: &Foreign<'_>) -> String {
    let mut text = code(&change.address, foreign);
    // What says why holds no name of anybody's choice but an address, and that is written out.
    let happening = happening(change, foreign);
    let _ = write!(text, " {}", escaped(&happening));
    let forcing: Vec<_> = change
        .forcing()
        .take(5)
        .map(|attribute| code(&attribute.path, foreign))
        .collect();
    if !forcing.is_empty() {
        let _ = write!(text, " ({})", forcing.join(", "));
    }
    if let (true, Some(id)) = (change.action.destroys(), change.identity()) {
        let _ = write!(text, ", id {}", code(id, foreign));
    }
    text
}

fn table(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    let also = |plugin: &PluginPlan| {
        let counts = plugin.counts;
        counts.r#move + counts.import + counts.forget > 0
    };
    let wide = summary.plugins.iter().any(also);
    let mut table = String::from("| plugin | what happens | create | change | replace | destroy |");
    table.push_str(if wide {
        " import | move | forget |\n"
    } else {
        "\n"
    });
    table.push_str("|---|---|---:|---:|---:|---:|");
    table.push_str(if wide { "---:|---:|---:|\n" } else { "\n" });
    let (unchanged, mut rows): (Vec<_>, Vec<_>) = summary
        .plugins
        .iter()
        .partition(|plugin| plugin.fate == PluginFate::Unchanged);
    let width = |plugins: &[&PluginPlan]| -> usize {
        let widths = plugins.iter().map(|plugin| row(plugin, wide).len());
        widths.sum()
    };
    let mut left_out = unchanged.len();
    if width(&rows) + width(&unchanged) <= ROOM_TABLE {
        rows = summary.plugins.iter().collect();
        left_out = 0;
    }
    let (start, mut more) = (table.len(), 0);
    for plugin in rows {
        let row = row(plugin, wide);
        if table.len() - start + row.len() > ROOM_TABLE {
            more += 1;
        } else {
            table.push_str(&row);
        }
    }
    table.push('\n');
    if more > 0 {
        foreign.is_cut.set(true);
        let _ = writeln!(table, "… and {more} more plugins that change.\n");
    }
    if left_out > 0 {
        let _ = writeln!(table, "{left_out} plugins do not change.\n");
    }
    table
}

fn row(plugin: &PluginPlan, wide: bool) -> String {
    let counts = plugin.counts;
    let bold = |count: u64| match count {
        0 => String::new(),
        count => format!("**{count}**"),
    };
    let plain = |count: u64| match count {
        0 => String::new(),
        count => count.to_string(),
    };
    let fate = match plugin.fate {
        fate @ (PluginFate::Reduced | PluginFate::Replaced | PluginFate::Removed) => {
            format!("**{}**", fate.words())
        }
        fate => fate.words().to_owned(),
    };
    let mut row = format!(
        "| `{}` | {fate} | {} | {} | {} | {} |",
        plugin.alias,
        plain(counts.create),
        plain(counts.update),
        bold(counts.replace),
        bold(counts.destroy),
    );
    if wide {
        let _ = write!(
            row,
            " {} | {} | {} |",
            plain(counts.import),
            plain(counts.r#move),
            plain(counts.forget)
        );
    }
    row.push('\n');
    row
}

/// The plugins that stay and change. When there is not room for all, those that lose something come first, whole but in
/// at most half of the room; then come the resources of the others; then their attributes.
fn folded(summary: &PlanSummary, mut room: usize, foreign: &Foreign<'_>) -> String {
    let plugins = summary.plugins.iter();
    let changing: Vec<_> = plugins
        .filter(|plugin| !(plugin.changes.is_empty() && plugin.connections.is_empty()))
        .filter(|plugin| plugin.fate != PluginFate::Removed)
        .collect();
    let mut texts = vec![String::new(); changing.len()];
    let loses = |index: &usize| changing[*index].fate > PluginFate::Changed;
    let (losing, others): (Vec<_>, Vec<_>) = (0..changing.len()).partition(loses);
    let half = room / 2;
    for (indexes, depth, kept_free) in [
        (&losing, Depth::Resources, 0),
        (&losing, Depth::Attributes, half),
        (&others, Depth::Resources, 0),
        (&losing, Depth::Attributes, 0),
        (&others, Depth::Attributes, 0),
    ] {
        for &index in indexes {
            let before = texts[index].len();
            // What does not fit with less does not fit with more.
            if depth == Depth::Attributes && before == 0 {
                continue;
            }
            let text = details(changing[index], depth, foreign);
            if text.len() + kept_free <= room + before {
                room = room + before - text.len();
                texts[index] = text;
            } else if kept_free == 0 {
                foreign.is_cut.set(true);
            }
        }
    }
    texts.concat()
}

/// What the plugins that go away have, as far as there is room.
fn had(summary: &PlanSummary, mut room: usize, foreign: &Foreign<'_>) -> String {
    let mut text = String::new();
    let plugins = summary.plugins.iter();
    for plugin in plugins.filter(|it| it.fate == PluginFate::Removed && !it.changes.is_empty()) {
        let details = details(plugin, Depth::Attributes, foreign);
        if details.len() > room {
            foreign.is_cut.set(true);
            continue;
        }
        room -= details.len();
        text.push_str(&details);
    }
    text
}

fn removed(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    let plugins = summary.plugins.iter();
    let removed: Vec<_> = plugins
        .filter(|plugin| plugin.fate == PluginFate::Removed)
        .collect();
    if removed.is_empty() {
        return String::new();
    }
    let mut text = String::from("#### Plugins that go away\n\n");
    let room = ROOM_REMOVED / removed.len();
    let mut more = 0;
    for plugin in removed {
        let head = format!("**`{}`**: {}\n\n", plugin.alias, plugin.counts.words());
        if text.len() + head.len() > ROOM_REMOVED {
            more += 1;
            continue;
        }
        text.push_str(&head);
        let items = plugin.changes.iter().map(|change| item(change, foreign));
        if !plugin.changes.is_empty() {
            text.push_str(&list(items, room.saturating_sub(head.len()), foreign));
        }
    }
    if more > 0 {
        foreign.is_cut.set(true);
        let _ = writeln!(text, "… and {more} more plugins.\n");
    }
    text
}

fn elsewhere(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    if summary.elsewhere.is_empty() {
        return String::new();
    }
    let items = summary.elsewhere.iter().map(|change| item(change, foreign));
    format!(
        "#### ⚠️ Outside of every plugin\n\n{}",
        list(items, ROOM_OTHERS, foreign)
    )
}

fn connections(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    let plugins = summary.plugins.iter();
    let mut items = plugins
        .flat_map(|plugin| plugin.connections.iter().map(move |it| (plugin, it)))
        .map(|(plugin, connection)| {
            let paths: Vec<_> = connection
                .attributes
                .iter()
                .take(10)
                .map(|attribute| code(&attribute.path, foreign))
                .collect();
            let readers: Vec<_> = connection
                .read_by
                .iter()
                .map(|alias| format!("`{alias}`"))
                .collect();
            format!(
                "{} of `{}`: {}{}",
                code(&connection.connection, foreign),
                plugin.alias,
                paths.join(", "),
                if readers.is_empty() {
                    String::new()
                } else {
                    format!(", read by {}", readers.join(", "))
                }
            )
        })
        .peekable();
    if items.peek().is_none() {
        return String::new();
    }
    format!(
        "#### Connections that change for whoever reads them\n\n{}",
        list(items, ROOM_OTHERS, foreign)
    )
}

fn kept(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    if summary.kept.is_empty() {
        return String::new();
    }
    let items = summary.kept.iter().map(|kept| {
        let way: Vec<_> = kept.depends.iter().skip(1).take(10).collect();
        let way: Vec<_> = way.into_iter().map(|step| code(step, foreign)).collect();
        let address = code(&kept.address, foreign);
        if way.is_empty() {
            address
        } else {
            format!("{address} depended on {}", way.join(" → "))
        }
    });
    format!(
        "<details><summary>{} <b>not</b> destroyed, though Terraform's plan of the removal has it so</summary>\n\nThey belong to plugins that stay. When they were applied last they depended on \
         what goes away; they no longer do once this plan is applied, and that comes first.\n\n{}{}</details>\n\n",
        resources(summary.kept.len() as u64 + summary.omitted_kept),
        list(items, ROOM_OTHERS, foreign),
        more(summary.omitted_kept),
    )
}

fn drift(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    if summary.drift.is_empty() {
        return String::new();
    }
    let items = summary.drift.iter().map(|drift| {
        let address = code(&drift.address, foreign);
        format!("{address}: {}", drift.action.words())
    });
    format!(
        "<details><summary>{} not as the last deployment left them: changed by somebody, or by the provider itself</summary>\n\n{}{}</details>\n\n",
        resources(summary.drift.len() as u64 + summary.omitted_drift),
        list(items, ROOM_OTHERS, foreign),
        more(summary.omitted_drift),
    )
}

fn resources(count: u64) -> String {
    match count {
        1 => "1 resource is".to_owned(),
        count => format!("{count} resources are"),
    }
}

fn more(omitted: u64) -> String {
    match omitted {
        0 => String::new(),
        omitted => format!("… and {omitted} more\n\n"),
    }
}

fn notes(summary: &PlanSummary, foreign: &Foreign<'_>) -> String {
    let (warnings, notes): (Vec<_>, Vec<_>) = summary
        .notes
        .iter()
        .partition(|note| note.kind == PlanNoteKind::Warning);
    let mut text = String::new();
    if !warnings.is_empty() {
        let lines: Vec<_> = warnings
            .iter()
            .take(WARNINGS)
            .flat_map(|note| note.text.lines().take(WARNING_LINES).enumerate())
            .map(|(number, text)| {
                let start = if number == 0 { "-" } else { " " };
                format!("{start} {}", line(text, foreign))
            })
            .collect();
        text.push_str("#### Terraform warns\n\n");
        text.push_str(&fenced("text", &lines));
        text.push_str(&more(warnings.len().saturating_sub(WARNINGS) as u64));
    }
    if !notes.is_empty() {
        let items = notes.iter().map(|note| match note.kind {
            // It names an address.
            PlanNoteKind::Invocation => code(&note.text, foreign),
            _ => line(&note.text, foreign),
        });
        text.push_str(&list(items, ROOM_OTHERS, foreign));
    }
    text
}

/// Where all of it is, when it is too much for the page.
fn pointer(summary: &PlanSummary) -> String {
    format!(
        "**This page is cut: GitHub shows 1 MiB at most.** All of the plan is in the IaC store, as \
         `runs/{}/plan.json`; `stk-runtime plan --mode unified --format json` prints such a document.\n\n",
        summary.run_id
    )
}

/// Words of this program around an address: nothing of it is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_punctuation() && !",.:;()-'/".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests;
