//! The last look at a summary: what the run knows to be secret is not in it, wherever it stands.

use stk_run::{HiddenValue, PlanSummary, PlannedAttribute, PlannedChange, PlannedValue};

/// A shorter text is a part of too many others; where it is a whole value, the differences have hidden it.
const SHORTEST: usize = 4;

const MASK: &str = "***";

/// The secrets of a run, as they could stand in a text.
pub(super) struct Mask {
    /// The longest first: one may be a part of another.
    secrets: Vec<String>,
}

impl Mask {
    pub(super) fn of<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut all = Vec::new();
        for secret in secrets {
            for line in secret.lines().map(str::trim) {
                let quoted = serde_json::Value::from(line).to_string();
                let escaped: String = line.escape_debug().collect();
                all.extend([
                    line.to_owned(),
                    quoted[1..quoted.len() - 1].to_owned(),
                    escaped,
                ]);
            }
        }
        all.retain(|text| text.chars().count() >= SHORTEST);
        all.sort_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        all.dedup();
        Self { secrets: all }
    }

    /// Masks every text that does not come from this program.
    pub(super) fn apply(&self, summary: &mut PlanSummary) {
        if self.secrets.is_empty() {
            return;
        }
        for plugin in &mut summary.plugins {
            plugin.changes.iter_mut().for_each(|it| self.change(it));
            let connections = plugin.connections.iter_mut();
            connections
                .flat_map(|connection| &mut connection.attributes)
                .for_each(|attribute| self.attribute(attribute));
        }
        summary.elsewhere.iter_mut().for_each(|it| self.change(it));
        for kept in &mut summary.kept {
            self.text(&mut kept.address);
            kept.depends.iter_mut().for_each(|it| self.text(it));
        }
        for drift in &mut summary.drift {
            self.text(&mut drift.address);
        }
        for note in &mut summary.notes {
            self.text(&mut note.text);
        }
    }

    fn change(&self, change: &mut PlannedChange) {
        self.text(&mut change.address);
        change.moved_from.iter_mut().for_each(|it| self.text(it));
        change.reason.iter_mut().for_each(|it| self.text(it));
        change
            .attributes
            .iter_mut()
            .for_each(|it| self.attribute(it));
    }

    fn attribute(&self, attribute: &mut PlannedAttribute) {
        self.text(&mut attribute.path);
        for value in [&mut attribute.before, &mut attribute.after] {
            if matches!(value, Some(PlannedValue::Shown(text)) if self.is_in(text)) {
                *value = Some(PlannedValue::Hidden(HiddenValue::Sensitive));
            }
        }
    }

    fn text(&self, text: &mut String) {
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASK);
            }
        }
    }

    fn is_in(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret))
    }
}
