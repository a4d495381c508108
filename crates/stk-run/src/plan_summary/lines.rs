//! Which attributes of a change are worth a line of their own.

use super::{HiddenValue, PlannedAction, PlannedAttribute, PlannedChange, PlannedValue};

impl PlannedChange {
    /// The attributes to show one by one, those that force a replacement first, and those of which there is nothing to
    /// say but that they will be known after the apply.
    ///
    /// What is made anew has many of the latter. What it had and will not have any more is left out where it was empty:
    /// providers write an empty text, a zero or `false` for what nobody has set (as Terraform itself leaves it out). Where
    /// a resource stays, every change is shown.
    #[must_use]
    pub fn shown_attributes(&self) -> (Vec<&PlannedAttribute>, Vec<&PlannedAttribute>) {
        let anew = self.action == PlannedAction::Create || self.action.replaces();
        let goes = self.action.replaces() || self.action == PlannedAction::Destroy;
        let shown = self.attributes.iter().filter(|attribute| {
            let is_left_out = goes && attribute.after.is_none() && is_empty(attribute);
            attribute.forces_replacement || !is_left_out
        });
        let (gathered, mut shown): (Vec<_>, Vec<_>) = shown.partition(|attribute| {
            let is_unknown = attribute.after == Some(PlannedValue::Hidden(HiddenValue::Unknown));
            anew && is_unknown && !attribute.forces_replacement
        });
        shown.sort_by_key(|attribute| !attribute.forces_replacement);
        (shown, gathered)
    }
}

fn is_empty(attribute: &PlannedAttribute) -> bool {
    match &attribute.before {
        Some(PlannedValue::Shown(text)) => {
            matches!(text.as_str(), "\"\"" | "0" | "false" | "{}" | "[]")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(action: PlannedAction) -> String {
        let value = |text: &str| match text {
            "none" => None,
            "unknown" => Some(PlannedValue::Hidden(HiddenValue::Unknown)),
            text => Some(PlannedValue::Shown(text.to_owned())),
        };
        let attributes = [
            ("arn", "\"a\"", "unknown", false),
            ("empty", "\"\"", "none", false),
            ("gone", "\"x\"", "none", false),
            ("key", "none", "unknown", true),
            ("name", "\"a\"", "\"b\"", true),
            ("size", "0", "1", false),
            ("unset", "false", "none", true),
        ];
        let change = PlannedChange {
            address: String::new(),
            deposed: None,
            action,
            reason: None,
            moved_from: None,
            imported: false,
            attributes: attributes
                .map(
                    |(path, before, after, forces_replacement)| PlannedAttribute {
                        path: path.to_owned(),
                        before: value(before),
                        after: value(after),
                        forces_replacement,
                    },
                )
                .into(),
            omitted_attributes: 0,
        };
        let (shown, gathered) = change.shown_attributes();
        let paths = |attributes: Vec<&PlannedAttribute>| {
            let paths: Vec<_> = attributes.iter().map(|it| it.path.as_str()).collect();
            paths.join(" ")
        };
        format!("{} | {}", paths(shown), paths(gathered))
    }

    #[test]
    fn a_replacement_is_told_by_what_forces_it() {
        assert_eq!(
            told(PlannedAction::DestroyThenCreate),
            "key name unset gone size | arn"
        );
        assert_eq!(
            told(PlannedAction::Update),
            "key name unset arn empty gone size | "
        );
    }
}
