//! What changes in a resource, a line for each attribute.

use std::fmt::Write as _;

use stk_run::{PlannedAttribute, PlannedValue};

use super::style::{Role, Style};
use super::wrapped;

const INDENT: usize = 6;

/// How far the equals signs of a resource are moved to stand below each other.
const WIDEST: usize = 40;

/// The lines; what is `gathered` gets one line. `foreign` shows text of others.
pub(super) fn attributes(
    shown: &[&PlannedAttribute],
    gathered: &[&PlannedAttribute],
    style: Style,
    foreign: &dyn Fn(&str) -> String,
) -> String {
    let paths: Vec<_> = shown.iter().map(|it| foreign(&it.path)).collect();
    let widths = paths.iter().map(|path| path.chars().count());
    let column = widths.filter(|width| *width <= WIDEST).max();
    let column = column.unwrap_or_default();
    let mut text = String::new();
    for (attribute, path) in shown.iter().zip(&paths) {
        one(attribute, path, column, style, foreign, &mut text);
    }
    if !gathered.is_empty() {
        let paths: Vec<_> = gathered.iter().map(|it| foreign(&it.path)).collect();
        let told = format!("known after apply: {}", paths.join(", "));
        let sign = style.paint(Role::Create, "+");
        let lines = wrapped(&told, style.width.saturating_sub(INDENT + 2));
        for (number, line) in lines.iter().enumerate() {
            let sign = if number == 0 { &sign } else { " " };
            let line = style.paint(Role::Quiet, line);
            let _ = writeln!(text, "{:INDENT$}{sign} {line}", "");
        }
    }
    text
}

fn one(
    attribute: &PlannedAttribute,
    path: &str,
    column: usize,
    style: Style,
    foreign: &dyn Fn(&str) -> String,
    text: &mut String,
) {
    let value = |value: &Option<PlannedValue>| {
        value.as_ref().map(|value| match value {
            PlannedValue::Shown(text) => foreign(text),
            hidden @ PlannedValue::Hidden(_) => hidden.to_string(),
        })
    };
    let why = if attribute.forces_replacement {
        let why = style.paint(Role::Destroy, "# forces the replacement");
        format!("  {why}")
    } else {
        String::new()
    };
    let start = |role, sign| {
        format!(
            "{:INDENT$}{} {path:<column$} = ",
            "",
            style.paint(role, sign)
        )
    };
    match (value(&attribute.before), value(&attribute.after)) {
        (None, None) => {}
        (None, Some(after)) => {
            let _ = writeln!(text, "{}{after}{why}", start(Role::Create, "+"));
        }
        (Some(before), None) => {
            let _ = writeln!(text, "{}{before}{why}", start(Role::Destroy, "-"));
        }
        (Some(before), Some(after)) => {
            let start = start(Role::Update, "~");
            let before_arrow = INDENT + 2 + path.chars().count().max(column) + 3;
            let width = before_arrow + before.chars().count() + 4 + after.chars().count();
            if width <= style.width {
                let _ = writeln!(text, "{start}{before} -> {after}{why}");
            } else {
                let at = before_arrow - 3;
                let _ = writeln!(text, "{start}{before}\n{:at$}-> {after}{why}", "");
            }
        }
    }
}
