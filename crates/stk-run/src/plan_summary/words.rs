//! How a plan is spoken of, wherever it is shown.

use std::borrow::Cow;
use std::ops::AddAssign;

use super::{
    PlanCounts, PlanSummary, PlannedAction, PlannedAttribute, PlannedChange, PlannedValue,
    PluginFate,
};

impl PlanSummary {
    /// What the project is called.
    #[must_use]
    pub fn project(&self) -> &str {
        self.project_name.as_deref().unwrap_or(&self.target.project)
    }

    /// What happens, in one line: `2 to create, 1 to replace, 3 to destroy`, or `nothing changes`.
    #[must_use]
    pub fn verdict(&self) -> String {
        self.counts.words()
    }

    /// Whether something that exists is destroyed: replaced, or not made again.
    #[must_use]
    pub fn destroys(&self) -> bool {
        let plugins = self.plugins.iter();
        let mut changes = plugins
            .flat_map(|plugin| &plugin.changes)
            .chain(&self.elsewhere);
        changes.any(|change| change.action.destroys())
    }
}

impl PlanCounts {
    /// Counts a change.
    pub fn add(&mut self, change: &PlannedChange) {
        match change.action {
            PlannedAction::Create => self.create += 1,
            PlannedAction::Update => self.update += 1,
            PlannedAction::DestroyThenCreate
            | PlannedAction::CreateThenDestroy
            | PlannedAction::CreateThenForget => self.replace += 1,
            PlannedAction::Destroy => self.destroy += 1,
            PlannedAction::Forget => self.forget += 1,
            PlannedAction::None => {}
        }
        self.r#move += u64::from(change.moved_from.is_some());
        self.import += u64::from(change.imported);
    }

    /// Whether nothing happens.
    #[must_use]
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// The counts that are not zero, as in `1 to change, 2 to destroy`; `nothing changes` when all are.
    #[must_use]
    pub fn words(&self) -> String {
        let parts: Vec<_> = [
            (self.create, "to create"),
            (self.update, "to change"),
            (self.replace, "to replace"),
            (self.destroy, "to destroy"),
            (self.import, "to import"),
            (self.r#move, "to move"),
            (self.forget, "to forget"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        if parts.is_empty() {
            "nothing changes".to_owned()
        } else {
            parts.join(", ")
        }
    }
}

impl AddAssign for PlanCounts {
    fn add_assign(&mut self, other: Self) {
        self.create += other.create;
        self.update += other.update;
        self.replace += other.replace;
        self.destroy += other.destroy;
        self.forget += other.forget;
        self.r#move += other.r#move;
        self.import += other.import;
    }
}

impl PluginFate {
    /// The word in documents, e.g. `created`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Reduced => "reduced",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
        }
    }

    /// What happens, as it follows the plugin's name.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Reduced => "loses resources",
            Self::Replaced => "resources replaced",
            other => other.name(),
        }
    }
}

impl PlannedAction {
    /// What happens, as it follows "the resource will be".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "changed",
            Self::DestroyThenCreate => "replaced: destroyed first, then created",
            Self::CreateThenDestroy => "replaced: created first, then destroyed",
            Self::CreateThenForget => "replaced: created anew, and the old one left alone",
            Self::Destroy => "destroyed",
            Self::Forget => "forgotten: it goes on existing",
            Self::None => "left as it is",
        }
    }

    /// One character for it: `+`, `~`, `±`, `-`, `·`.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::DestroyThenCreate | Self::CreateThenDestroy | Self::CreateThenForget => '±',
            Self::Destroy => '-',
            Self::Forget | Self::None => '·',
        }
    }
}

impl PlannedChange {
    /// What tells it from others of its kind, if something does: its `id`, as it is shown. Known of what is destroyed or
    /// replaced.
    #[must_use]
    pub fn identity(&self) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let id = attributes.find(|attribute| attribute.path == "id")?;
        match &id.before {
            Some(PlannedValue::Shown(text)) => Some(text),
            _ => None,
        }
    }

    /// The attributes that are the reason why it is replaced.
    pub fn forcing(&self) -> impl Iterator<Item = &PlannedAttribute> {
        let attributes = self.attributes.iter();
        attributes.filter(|attribute| attribute.forces_replacement)
    }

    /// Why it happens, as it follows "because": Terraform's words (`internal/command/jsonplan/plan.go`) in plain ones. A
    /// word that is not known here is returned with spaces.
    #[must_use]
    pub fn because(&self) -> Option<String> {
        let reason = self.reason.as_deref()?;
        let words = match reason {
            "replace_because_tainted" => "its last creation did not succeed, or it was marked",
            "replace_because_cannot_update" => "it cannot be changed in place",
            "replace_by_request" => "it was asked for",
            "replace_by_triggers" => "something that it is tied to changes",
            "delete_because_no_resource_config" => "the plugin's Terraform no longer has it",
            "delete_because_no_module" => "its module is no longer there",
            "delete_because_wrong_repetition" => {
                "it has a count or for_each now, or no longer has one"
            }
            "delete_because_count_index" => "its count is smaller now",
            "delete_because_each_key" => "its for_each no longer has this key",
            "delete_because_no_move_target" => "it was moved to where nothing is",
            other => return Some(other.replace('_', " ")),
        };
        Some(words.to_owned())
    }
}

/// A text in one line in which nothing acts: control characters, line ends and marks of direction are written out. Keys of
/// `for_each` and names of attributes are anybody's text.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let acts = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            letter if acts(letter) => written.extend(letter.escape_unicode()),
            letter => written.push(letter),
        }
    }
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_a_plan_are_those_of_its_changes() {
        let text = include_str!("../../../../fixtures/records/v1/plan-mixed.json");
        let summary: PlanSummary = serde_json::from_str(text).unwrap();
        let mut all = PlanCounts::default();
        for plugin in &summary.plugins {
            let mut counts = PlanCounts::default();
            for change in &plugin.changes {
                counts.add(change);
            }
            // One more is left out there.
            counts.forget += plugin.omitted_changes;
            assert_eq!(counts, plugin.counts, "{}", plugin.alias);
            all += counts;
        }
        summary.elsewhere.iter().for_each(|change| all.add(change));
        assert_eq!(all, summary.counts);
        assert_eq!(
            summary.verdict(),
            "2 to create, 3 to change, 1 to replace, 2 to destroy, 1 to import, 1 to move, 1 to forget"
        );
        assert!(summary.destroys() && !all.are_none());
        assert_eq!(PlanCounts::default().words(), "nothing changes");
    }

    #[test]
    fn what_acts_is_written_out() {
        assert_eq!(visible("a [\"é\"] 漢"), "a [\"é\"] 漢");
        assert_eq!(
            visible("a\nb\tc\u{1b}[31m\u{202e}d\u{200b}"),
            "a\\nb\\tc\\u{1b}[31m\\u{202e}d\\u{200b}"
        );
    }

    #[test]
    fn reasons_are_told_in_plain_words() {
        let text = include_str!("../../../../fixtures/records/v1/plan-mixed.json");
        let summary: PlanSummary = serde_json::from_str(text).unwrap();
        let because: Vec<_> = summary
            .plugins
            .iter()
            .flat_map(|plugin| &plugin.changes)
            .filter_map(PlannedChange::because)
            .collect();
        assert_eq!(
            because,
            ["it cannot be changed in place", "its count is smaller now"]
        );
        let newer = PlannedChange {
            reason: Some("delete_because_of_the_moon".to_owned()),
            ..summary.plugins[0].changes[0].clone()
        };
        assert_eq!(newer.because().unwrap(), "delete because of the moon");
    }
}
