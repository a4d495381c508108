//! What happens in one plugin, as the lines of a difference: GitHub colours what begins with `+`, `-` and `!`.

use stk_run::{
    PlannedAction, PlannedAttribute, PlannedChange, PlannedConnection, PlannedValue, PluginPlan,
};

use super::text::{Foreign, fenced, line};

/// How far the equals signs of a resource are moved to stand below each other.
const WIDEST: usize = 40;

/// What GitHub shows of a line without scrolling.
const WIDEST_LINE: usize = 105;

/// How much of a plugin is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Depth {
    /// Its resources.
    Resources,
    /// Their attributes too.
    Attributes,
}

/// The plugin, folded.
pub(super) fn details(plugin: &PluginPlan, depth: Depth, foreign: &Foreign<'_>) -> String {
    let mut text = format!(
        "<details><summary><code>{}</code>: {}</summary>\n\n",
        plugin.alias,
        plugin.counts.words(),
    );
    text.push_str(&fenced("diff", &lines(plugin, depth, foreign)));
    text.push_str("</details>\n\n");
    text
}

fn lines(plugin: &PluginPlan, depth: Depth, foreign: &Foreign<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &plugin.changes {
        if depth == Depth::Attributes && !lines.is_empty() {
            lines.push(String::new());
        }
        resource(change, depth, foreign, &mut lines);
    }
    if plugin.omitted_changes > 0 {
        lines.push(format!("# … and {} more", plugin.omitted_changes));
    }
    for connection in &plugin.connections {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        self::connection(connection, depth, foreign, &mut lines);
    }
    lines
}

/// The resource's line, which says what happens to it and why.
fn resource(change: &PlannedChange, depth: Depth, foreign: &Foreign<'_>, lines: &mut Vec<String>) {
    let (sign, address) = (sign(change.action), line(&change.address, foreign));
    let happening = happening(change, foreign);
    if address.chars().count() + happening.chars().count() <= WIDEST_LINE {
        lines.push(format!("{sign} {address} {happening}"));
    } else {
        lines.push(format!("{sign} {address}"));
        lines.push(format!("{sign}   {happening}"));
    }
    if depth == Depth::Attributes {
        let (shown, gathered) = change.shown_attributes();
        attributes(&shown, &gathered, foreign, lines);
        more(change.omitted_attributes, lines);
    }
}

/// What happens to a resource, as it follows its address.
pub(super) fn happening(change: &PlannedChange, foreign: &Foreign<'_>) -> String {
    let mut parts = Vec::new();
    match change.action {
        PlannedAction::None => {}
        action => parts.push(format!("will be {}", action.words())),
    }
    if let Some(from) = &change.moved_from {
        parts.push(format!("will be moved from {}", line(from, foreign)));
    }
    if change.imported {
        parts.push("will be imported".to_owned());
    }
    let mut text = parts.join(" and ");
    if let Some(because) = change.because() {
        text.push_str(&format!(", because {}", line(&because, foreign)));
    }
    if let Some(deposed) = &change.deposed {
        let deposed = line(deposed, foreign);
        text.push_str(&format!(
            " (left behind by an unfinished replacement: {deposed})"
        ));
    }
    text
}

fn connection(
    connection: &PlannedConnection,
    depth: Depth,
    foreign: &Foreign<'_>,
    lines: &mut Vec<String>,
) {
    lines.push(format!(
        "! connection {} will change",
        line(&connection.connection, foreign)
    ));
    if depth == Depth::Attributes {
        attributes(
            &connection.attributes.iter().collect::<Vec<_>>(),
            &[],
            foreign,
            lines,
        );
        more(connection.omitted_attributes, lines);
    }
}

/// The first character of a line, which gives it its colour.
fn sign(action: PlannedAction) -> char {
    match action.sign() {
        sign @ ('+' | '-') => sign,
        _ => '!',
    }
}

/// What is `gathered` gets one line.
fn attributes(
    shown: &[&PlannedAttribute],
    gathered: &[&PlannedAttribute],
    foreign: &Foreign<'_>,
    lines: &mut Vec<String>,
) {
    let paths: Vec<_> = shown.iter().map(|it| line(&it.path, foreign)).collect();
    let widest = paths.iter().map(|path| path.chars().count());
    let width = widest.filter(|width| *width <= WIDEST).max();
    let width = width.unwrap_or_default();
    for (attribute, path) in shown.iter().zip(&paths) {
        for (sign, value) in [('-', &attribute.before), ('+', &attribute.after)] {
            if let Some(value) = value {
                let value = visible_value(value, foreign);
                let why = if sign == '+' && attribute.forces_replacement {
                    "  # forces the replacement"
                } else {
                    ""
                };
                lines.push(format!("{sign}     {path:<width$} = {value}{why}"));
            }
        }
        if attribute.after.is_none() && attribute.forces_replacement {
            lines.push(format!("#     {path:<width$} forces the replacement"));
        }
    }
    if !gathered.is_empty() {
        let paths: Vec<_> = gathered.iter().map(|it| line(&it.path, foreign)).collect();
        let mut told = String::from("+     known after apply:");
        for (number, path) in paths.iter().enumerate() {
            if told.chars().count() + path.chars().count() > WIDEST_LINE {
                lines.push(std::mem::replace(&mut told, "+      ".to_owned()));
            }
            let comma = if number + 1 < paths.len() { "," } else { "" };
            told.push_str(&format!(" {path}{comma}"));
        }
        lines.push(told);
    }
}

fn more(omitted: u64, lines: &mut Vec<String>) {
    if omitted > 0 {
        let many = if omitted == 1 { "" } else { "s" };
        lines.push(format!("#     … and {omitted} more attribute{many}"));
    }
}

/// Values are cut already.
fn visible_value(value: &PlannedValue, foreign: &Foreign<'_>) -> String {
    match value {
        PlannedValue::Shown(text) => stk_run::visible(&(foreign.hide)(text)).into_owned(),
        hidden @ PlannedValue::Hidden(_) => hidden.to_string(),
    }
}
