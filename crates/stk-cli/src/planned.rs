//! A plan on the terminal.

mod attributes;
mod style;

pub(crate) use style::Style;

use std::fmt::Write as _;

use stk_run::{
    PlanNoteKind, PlanSummary, PlannedAction, PlannedAttribute, PlannedChange, PlannedConnection,
    PluginFate, PluginPlan, visible,
};

use self::attributes::attributes;
use self::style::Role;

/// What hides a secret in a text.
type Redact<'a> = &'a dyn Fn(&str) -> String;

/// The plan, the verdict last and without a line end.
pub(crate) fn text(summary: &PlanSummary, style: Style, redact: Redact<'_>) -> String {
    let mut page = Page {
        text: String::new(),
        style,
        redact,
    };
    page.heading(&format!(
        "Plan of {} in {}, version {} ({})",
        summary.project(),
        summary.target.environment,
        summary.version_tag,
        summary.program
    ));
    let (removed, stay): (Vec<_>, Vec<_>) = summary
        .plugins
        .iter()
        .partition(|plugin| plugin.fate == PluginFate::Removed);
    let (unchanged, changing): (Vec<_>, Vec<_>) = stay
        .into_iter()
        .partition(|plugin| plugin.fate == PluginFate::Unchanged);
    changing.iter().for_each(|plugin| page.plugin(plugin));
    if !summary.elsewhere.is_empty() {
        page.heading("Outside of every plugin");
        summary.elsewhere.iter().for_each(|it| page.change(it));
        page.text.push('\n');
    }
    if !unchanged.is_empty() {
        let names: Vec<_> = unchanged
            .iter()
            .map(|plugin| plugin.alias.as_str())
            .collect();
        page.sentence("", &format!("Unchanged: {}", names.join(", ")));
        page.text.push('\n');
    }
    page.found(summary);
    if !removed.is_empty() {
        page.heading("Plugins that go away");
        removed.iter().for_each(|plugin| page.plugin(plugin));
    }
    page.remarks(summary);
    let role = if summary.destroys() {
        Role::Destroy
    } else {
        Role::Heading
    };
    let verdict = page.style.paint(role, &summary.verdict());
    let _ = write!(page.text, "plan: {verdict}");
    page.text
}

struct Page<'a> {
    text: String,
    style: Style,
    redact: Redact<'a>,
}

impl Page<'_> {
    /// A text of others, in one line, and without what must not be seen.
    fn foreign(&self, text: &str) -> String {
        visible(&(self.redact)(text)).into_owned()
    }

    fn heading(&mut self, text: &str) {
        let text = self.foreign(text);
        let text = self.style.paint(Role::Heading, &text);
        let _ = writeln!(self.text, "{text}\n");
    }

    fn plugin(&mut self, plugin: &PluginPlan) {
        let alias = self.style.paint(Role::Heading, plugin.alias.as_str());
        let _ = writeln!(self.text, "{alias}: {}", plugin.counts.words());
        plugin.changes.iter().for_each(|it| self.change(it));
        self.more(plugin.omitted_changes, "change", 2);
        plugin.connections.iter().for_each(|it| self.connection(it));
        self.text.push('\n');
    }

    fn change(&mut self, change: &PlannedChange) {
        let mut told = self.foreign(&change.address);
        let mut parts = Vec::new();
        if change.action != PlannedAction::None {
            parts.push(format!("will be {}", change.action.words()));
        }
        if let Some(from) = &change.moved_from {
            parts.push(format!("will be moved from {}", self.foreign(from)));
        }
        if change.imported {
            parts.push("will be imported".to_owned());
        }
        let _ = write!(told, " {}", parts.join(" and "));
        if let Some(because) = change.because() {
            let _ = write!(told, ", because {}", self.foreign(&because));
        }
        if let Some(deposed) = &change.deposed {
            let deposed = self.foreign(deposed);
            let _ = write!(
                told,
                " (left behind by an unfinished replacement: {deposed})"
            );
        }
        if let (true, Some(id)) = (change.action.destroys(), change.identity()) {
            let _ = write!(told, " (id {})", self.foreign(id));
        }
        let sign = change.action.sign().to_string();
        let sign = self.style.paint(change.action.into(), &sign);
        let told = wrapped(&told, self.style.width.saturating_sub(4));
        let _ = writeln!(self.text, "  {sign} {}", told.join("\n    "));
        // What is destroyed whole is known by its id.
        if change.action != PlannedAction::Destroy {
            let (shown, gathered) = change.shown_attributes();
            self.attributes(&shown, &gathered);
            self.more(change.omitted_attributes, "attribute", 6);
        }
    }

    fn connection(&mut self, connection: &PlannedConnection) {
        let mut told = format!(
            "connection {} will change",
            self.foreign(&connection.connection)
        );
        if !connection.read_by.is_empty() {
            let readers: Vec<_> = connection.read_by.iter().map(|it| it.as_str()).collect();
            let _ = write!(told, ", read by {}", readers.join(", "));
        }
        let sign = self.style.paint(Role::Update, "~");
        let told = wrapped(&told, self.style.width.saturating_sub(4));
        let _ = writeln!(self.text, "  {sign} {}", told.join("\n    "));
        self.attributes(&connection.attributes.iter().collect::<Vec<_>>(), &[]);
        self.more(connection.omitted_attributes, "attribute", 6);
    }

    fn attributes(&mut self, shown: &[&PlannedAttribute], gathered: &[&PlannedAttribute]) {
        let lines = attributes(shown, gathered, self.style, &|text| self.foreign(text));
        self.text.push_str(&lines);
    }

    fn more(&mut self, omitted: u64, what: &str, indent: usize) {
        if omitted > 0 {
            let many = if omitted == 1 { "" } else { "s" };
            let _ = writeln!(self.text, "{:indent$}… and {omitted} more {what}{many}", "");
        }
    }

    /// What the world has become since the last deployment, and what Terraform's own plan of the removal would say.
    fn found(&mut self, summary: &PlanSummary) {
        if !summary.drift.is_empty() {
            self.heading("Not as the last deployment left it: changed by somebody, or by the provider itself");
            for drift in &summary.drift {
                let address = self.foreign(&drift.address);
                let _ = writeln!(self.text, "  {address}: {}", drift.action.words());
            }
            self.more(summary.omitted_drift, "resource", 2);
            self.text.push('\n');
        }
        if !summary.kept.is_empty() {
            self.heading("Not destroyed, though Terraform's plan of the removal has it so");
            for kept in &summary.kept {
                let way: Vec<_> = kept
                    .depends
                    .iter()
                    .skip(1)
                    .map(|it| self.foreign(it))
                    .collect();
                let mut told = self.foreign(&kept.address);
                if !way.is_empty() {
                    let _ = write!(told, " depended on {}", way.join(", then "));
                }
                self.sentence("  ", &told);
            }
            self.more(summary.omitted_kept, "resource", 2);
            self.text.push('\n');
        }
    }

    /// Warnings are in the log already.
    fn remarks(&mut self, summary: &PlanSummary) {
        let notes = summary.notes.iter();
        let notes: Vec<_> = notes
            .filter(|note| note.kind != PlanNoteKind::Warning)
            .collect();
        for note in &notes {
            self.sentence("", &note.text);
        }
        if !notes.is_empty() {
            self.text.push('\n');
        }
    }

    fn sentence(&mut self, indent: &str, text: &str) {
        let text = self.foreign(text);
        for line in wrapped(&text, self.style.width.saturating_sub(indent.len())) {
            let _ = writeln!(self.text, "{indent}{line}");
        }
    }
}

/// The text in lines of at most `width` characters, broken between words; a longer word gets a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests;
