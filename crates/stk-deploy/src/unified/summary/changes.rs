use stk_run::{
    HiddenValue, PlanCounts, PlannedAction, PlannedAttribute, PlannedChange, PlannedValue,
};
use terraform_runner::difference::{AttributeChange, Differences, Shown};
use terraform_runner::plan::{Actions, ResourceChange};

/// How many attributes of one resource are listed.
const ATTRIBUTES: usize = 200;

/// How many changes of one plugin are listed, beside those that destroy something.
const CHANGES: usize = 1_000;

/// How many attributes are listed in all: some ten megabytes of a document. No person reads more, and a page shows less.
const ALL_ATTRIBUTES: usize = 100_000;

/// Lists changes until there are too many.
pub(super) struct Listing<'a> {
    differences: &'a Differences,
    attributes_left: usize,
}

impl<'a> Listing<'a> {
    pub(super) fn new(differences: &'a Differences) -> Self {
        Self {
            differences,
            attributes_left: ALL_ATTRIBUTES,
        }
    }

    /// The changes that are listed, the counts of all, and how many are not listed.
    pub(super) fn changes(
        &mut self,
        changes: &[&ResourceChange],
    ) -> (Vec<PlannedChange>, PlanCounts, u64) {
        let (mut listed, mut counts) = (Vec::new(), PlanCounts::default());
        let (mut harmless, mut omitted) = (0, 0);
        for change in changes {
            if !change.actions().destroys() {
                harmless += 1;
                if harmless > CHANGES {
                    counts.add(&plain(change));
                    omitted += 1;
                    continue;
                }
            }
            let change = self.change(change);
            counts.add(&change);
            listed.push(change);
        }
        (listed, counts, omitted)
    }

    pub(super) fn change(&mut self, change: &ResourceChange) -> PlannedChange {
        let mut attributes = self.differences.resource(change);
        // A resource without attributes is an empty object.
        attributes.retain(|attribute| !attribute.path.steps().is_empty());
        let most = ATTRIBUTES.min(self.attributes_left);
        let (attributes, omitted_attributes) = listed(attributes, most);
        self.attributes_left -= attributes.len();
        PlannedChange {
            attributes,
            omitted_attributes,
            ..plain(change)
        }
    }
}

/// The change without its attributes.
fn plain(change: &ResourceChange) -> PlannedChange {
    PlannedChange {
        address: change.address.to_string(),
        deposed: change.deposed.clone(),
        action: action(change.actions()),
        reason: change.action_reason.clone(),
        moved_from: change.previous_address.as_ref().map(ToString::to_string),
        imported: change.change.importing.is_some(),
        attributes: Vec::new(),
        omitted_attributes: 0,
    }
}

/// The first ones, and how many more there are. Those that force a replacement come before all others when they have to
/// be chosen from.
pub(super) fn listed(changes: Vec<AttributeChange>, most: usize) -> (Vec<PlannedAttribute>, u64) {
    let omitted = changes.len().saturating_sub(most);
    let forcing = changes.iter().filter(|change| change.forces_replacement);
    let mut others_left = most.saturating_sub(forcing.count());
    let chosen = changes.into_iter().filter(|change| {
        let chosen = omitted == 0 || change.forces_replacement || others_left > 0;
        if !change.forces_replacement {
            others_left = others_left.saturating_sub(1);
        }
        chosen
    });
    let attributes = chosen.take(most).map(attribute).collect();
    (attributes, omitted as u64)
}

fn attribute(change: AttributeChange) -> PlannedAttribute {
    PlannedAttribute {
        path: change.path.to_string(),
        before: value(change.before),
        after: value(change.after),
        forces_replacement: change.forces_replacement,
    }
}

fn value(shown: Shown) -> Option<PlannedValue> {
    match shown {
        Shown::Value(text) => Some(PlannedValue::Shown(text)),
        Shown::Sensitive => Some(PlannedValue::Hidden(HiddenValue::Sensitive)),
        Shown::Unknown => Some(PlannedValue::Hidden(HiddenValue::Unknown)),
        Shown::Absent => None,
    }
}

pub(super) fn action(actions: Actions) -> PlannedAction {
    match actions {
        Actions::NoOp | Actions::Read => PlannedAction::None,
        Actions::Create => PlannedAction::Create,
        Actions::Update => PlannedAction::Update,
        Actions::DeleteThenCreate => PlannedAction::DestroyThenCreate,
        Actions::CreateThenDelete => PlannedAction::CreateThenDestroy,
        Actions::CreateThenForget => PlannedAction::CreateThenForget,
        Actions::Delete => PlannedAction::Destroy,
        Actions::Forget => PlannedAction::Forget,
    }
}
