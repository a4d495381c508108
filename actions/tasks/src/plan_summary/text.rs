//! Foreign text in Markdown: it is seen as it is, and does nothing.

use std::cell::Cell;

use stk_run::visible;

/// How much is shown of a name that anybody may have chosen.
const LONGEST: usize = 300;

/// How text of others is shown.
pub(super) struct Foreign<'a> {
    /// Hides in a text what must not be seen.
    pub(super) hide: &'a dyn Fn(&str) -> String,
    /// Something was left out of the page.
    pub(super) is_cut: Cell<bool>,
}

/// The text in one line, not longer than a name should be.
pub(super) fn line(text: &str, foreign: &Foreign<'_>) -> String {
    let redacted = (foreign.hide)(text);
    let visible = visible(&redacted);
    if visible.chars().count() <= LONGEST {
        return visible.into_owned();
    }
    let mut cut: String = visible.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}

/// The text as a code span: between more backticks than it has in a row (CommonMark, "Code spans").
pub(super) fn code(text: &str, foreign: &Foreign<'_>) -> String {
    let text = line(text, foreign);
    let ticks = "`".repeat(longest_run(&text) + 1);
    let pad =
        if text.starts_with('`') || text.ends_with('`') || text.starts_with(' ') || text.is_empty()
        {
            " "
        } else {
            ""
        };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// The lines as a fenced block.
pub(super) fn fenced(language: &str, lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max();
    let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
    let mut block = format!("{fence}{language}\n");
    for line in lines {
        block.push_str(line);
        block.push('\n');
    }
    block.push_str(&fence);
    block.push_str("\n\n");
    block
}

/// The most backticks in a row.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|letter| letter != '`');
    runs.map(str::len).max().unwrap_or_default()
}

/// As many of the items as there is room for, each on a line of its own, and then how many more there are.
pub(super) fn list(
    items: impl IntoIterator<Item = String>,
    room: usize,
    foreign: &Foreign<'_>,
) -> String {
    let mut list = String::new();
    let (mut more, mut items) = (0_usize, items.into_iter());
    for item in items.by_ref() {
        if list.len() + item.len() + 3 > room {
            more = 1;
            break;
        }
        list.push_str("- ");
        list.push_str(&item);
        list.push('\n');
    }
    more += items.count();
    if more > 0 {
        foreign.is_cut.set(true);
        list.push_str(&format!("- … and {more} more\n"));
    }
    list.push('\n');
    list
}
