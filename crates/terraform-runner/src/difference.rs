//! What changes in a resource, attribute by attribute, for people.

mod secrets;
mod shown;
mod walk;

pub use self::shown::Shown;

use self::secrets::Secrets;
use crate::plan::{AttributePath, PlanDocument, ResourceChange, ValueChange};

/// One attribute, or one part of one, that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeChange {
    /// Where it is; empty for an output that is no object or list.
    pub path: AttributePath,
    /// What was there.
    pub before: Shown,
    /// What will be there.
    pub after: Shown,
    /// It is a reason why the resource cannot be updated.
    pub forces_replacement: bool,
}

/// What changes in a resource. Objects and lists are taken apart; what stays the same is left out. Sensitive values do
/// not come out, and long ones are cut.
///
/// A provider may hand a sensitive value on without saying so (`output` of `terraform_data` does, and Terraform shows
/// it). So whatever holds a text that is sensitive elsewhere in the resource is not shown either; [`Differences`] knows
/// those of the whole plan.
pub fn diff(change: &ResourceChange) -> Vec<AttributeChange> {
    let mut secrets = Secrets::default();
    secrets.learn(&change.change);
    walk::changes(&change.change, &secrets)
}

/// Makes the differences of plans, and knows all that is sensitive anywhere in them. `Debug` shows nothing of that.
#[derive(Debug, Default)]
pub struct Differences {
    secrets: Secrets,
}

impl Differences {
    /// Learns what is sensitive in `plan`.
    pub fn of(plan: &PlanDocument) -> Self {
        let mut differences = Self::default();
        differences.learn(plan);
        differences
    }

    /// Learns what is sensitive in another plan as well.
    pub fn learn(&mut self, plan: &PlanDocument) {
        for change in &plan.resource_changes {
            self.secrets.learn(&change.change);
        }
        for change in plan.output_changes.values() {
            self.secrets.learn(change);
        }
    }

    /// Does not show whatever holds this text, whether a plan says that it is sensitive or not. A text of fewer than four
    /// characters is hidden where it is the whole value. Of a text with several lines each is hidden.
    pub fn hide(&mut self, secret: &str) {
        self.secrets.hide(secret);
    }

    /// As [`diff`].
    pub fn resource(&self, change: &ResourceChange) -> Vec<AttributeChange> {
        walk::changes(&change.change, &self.secrets)
    }

    /// What changes in an output, in the same way.
    pub fn output(&self, change: &ValueChange) -> Vec<AttributeChange> {
        walk::changes(change, &self.secrets)
    }
}
