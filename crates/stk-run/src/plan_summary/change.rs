use serde::{Deserialize, Serialize};

use super::{PlannedValue, is_none};

/// What happens to one resource instance, or to one that an unfinished replacement has left behind.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedChange {
    /// Its full address, such as `module.orders-topic.aws_sns_topic.this[0]`.
    pub address: String,
    /// The key of what was left behind, if it is that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    /// What is done.
    pub action: PlannedAction,
    /// Why, in Terraform's word: `replace_because_tainted`, `delete_because_no_resource_config`...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its address before, when it is moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// It exists already and is taken into the state.
    #[serde(default, skip_serializing_if = "is_false")]
    pub imported: bool,
    /// What changes in it. Empty for what is destroyed or forgotten whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<PlannedAttribute>,
    /// How many more attributes change.
    #[serde(default, skip_serializing_if = "is_none")]
    pub omitted_attributes: u64,
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PlannedAction {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is replaced: destroyed first, then made anew.
    DestroyThenCreate,
    /// It is replaced: made anew first, then the old one is destroyed.
    CreateThenDestroy,
    /// It is made anew; the old one goes on existing and no state knows it.
    CreateThenForget,
    /// It is destroyed.
    Destroy,
    /// It goes on existing and no state knows it.
    Forget,
    /// Nothing but a move or an import.
    None,
}

impl PlannedAction {
    /// Whether something that exists is destroyed.
    #[must_use]
    pub fn destroys(self) -> bool {
        matches!(
            self,
            Self::Destroy | Self::DestroyThenCreate | Self::CreateThenDestroy
        )
    }

    /// Whether one object takes the place of another.
    #[must_use]
    pub fn replaces(self) -> bool {
        matches!(
            self,
            Self::DestroyThenCreate | Self::CreateThenDestroy | Self::CreateThenForget
        )
    }
}

/// What changes in an attribute, or in a part of one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedAttribute {
    /// Where it is, as in an expression: `ingress[0].ports["a.b"]`.
    pub path: String,
    /// What is there; missing when there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<PlannedValue>,
    /// What will be there; missing when there will be nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<PlannedValue>,
    /// It is a reason why the resource cannot be changed in place.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forces_replacement: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands it over like this"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}
