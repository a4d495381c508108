//! What changes in a resource, attribute by attribute, for people.

mod shown;
mod walk;

pub use self::shown::Shown;

use crate::plan::{AttributePath, ResourceChange, ValueChange};

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
pub fn diff(change: &ResourceChange) -> Vec<AttributeChange> {
    walk::changes(&change.change)
}

/// What changes in an output, in the same way.
pub fn diff_value(change: &ValueChange) -> Vec<AttributeChange> {
    walk::changes(change)
}
