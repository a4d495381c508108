//! What a saved plan says, as `show -json` prints it (Terraform `internal/command/jsonplan`, format 1.x; OpenTofu the
//! same).

mod actions;
mod dependencies;
mod read;
mod value;

pub use self::actions::{Actions, UnknownActions};
pub use self::dependencies::Dependencies;
pub use self::read::PlanDocumentError;
pub use self::value::PlanValue;

pub(crate) use self::value::Node;

use std::collections::BTreeMap;
use std::fmt;

use semver::Version;

use crate::Address;

/// A plan in all its parts that matter to a decision about it.
///
/// It holds secrets in clear, all of them in values of type [`PlanValue`], so `Debug` shows none.
#[derive(Debug, Clone)]
pub struct PlanDocument {
    /// The program's version. Terraform shows only plans that the very same version has made, so it is the version of
    /// the plan as well as of the program that showed it; only that version can apply the plan.
    pub terraform_version: Version,
    /// When the plan was made, as `plantimestamp()` gives it.
    pub timestamp: Option<String>,
    /// Applying it would do something. `None` where the program does not say.
    pub applyable: Option<bool>,
    /// It covers all that the configuration says: `false` with targets. `None` where the program does not say.
    pub complete: Option<bool>,
    /// The planning ended with errors; such a plan cannot be applied.
    pub errored: bool,
    /// Each resource of the plan, those to which nothing is done too, sorted by address and deposed key.
    pub resource_changes: Vec<ResourceChange>,
    /// Each output of the root module, sorted by name.
    pub output_changes: BTreeMap<String, ValueChange>,
    /// What was found to be different outside of the configuration, sorted like the changes.
    pub resource_drift: Vec<Drift>,
    /// Actions that are invoked around resources (Terraform 1.14 and newer).
    pub action_invocations: Vec<ActionInvocation>,
    /// How many changes were put off to a later plan.
    pub deferred: usize,
    /// What depends on what, as the state before the plan has it recorded.
    pub dependencies: Dependencies,
}

impl PlanDocument {
    /// The changes that do something, in order: everything but no-ops and reads of data sources.
    pub fn effective_changes(&self) -> impl Iterator<Item = &ResourceChange> {
        self.resource_changes
            .iter()
            .filter(|change| change.is_effective())
    }
}

/// What is done to one resource instance, or to one that was deposed.
#[derive(Debug, Clone)]
pub struct ResourceChange {
    /// Its full address.
    pub address: Address,
    /// Its address before, when it is moved.
    pub previous_address: Option<Address>,
    /// Address of the module that it is in; `None` in the root module.
    pub module_address: Option<String>,
    /// A resource or a data source.
    pub mode: Mode,
    /// Its type, such as `aws_sns_topic`.
    pub resource_type: String,
    /// Its name in the configuration.
    pub name: String,
    /// Its key, when it has a `count` or a `for_each`.
    pub index: Option<Index>,
    /// The key of a deposed object: what an unfinished `create_before_destroy` has left behind.
    pub deposed: Option<String>,
    /// The source address of its provider.
    pub provider: String,
    /// Why, in the program's word: `replace_because_tainted`, `delete_because_no_module`...
    pub action_reason: Option<String>,
    /// What is done, and the values.
    pub change: ValueChange,
}

impl ResourceChange {
    /// What is done.
    pub fn actions(&self) -> Actions {
        self.change.actions
    }

    /// The name of the first module on the way to it; `None` in the root module.
    pub fn module(&self) -> Option<&str> {
        self.address.module()
    }

    /// Whether applying does anything to it: not so for a no-op that is neither an import nor a move, and for the
    /// read of a data source.
    pub fn is_effective(&self) -> bool {
        match self.change.actions {
            Actions::NoOp => self.change.importing.is_some() || self.previous_address.is_some(),
            Actions::Read => false,
            _ => true,
        }
    }
}

/// What is done to a value: a resource's attributes, or an output.
#[derive(Debug, Clone)]
pub struct ValueChange {
    /// What is done.
    pub actions: Actions,
    /// The value before; null when there was none.
    pub before: PlanValue,
    /// The value after; null when there is none, and without what is not known yet.
    pub after: PlanValue,
    /// `true` in the places of `after` that are not known yet.
    pub after_unknown: PlanValue,
    /// `true` in the places of `before` that are sensitive.
    pub before_sensitive: PlanValue,
    /// `true` in the places of `after` that are sensitive.
    pub after_sensitive: PlanValue,
    /// The attributes that make an update impossible.
    pub replace_paths: Vec<AttributePath>,
    /// What is imported: the document says no more than that this part is there can be relied on.
    pub importing: Option<PlanValue>,
}

/// A difference that was found outside of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The resource's address.
    pub address: Address,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// What has happened to it: an update, or a deletion.
    pub actions: Actions,
}

/// An action that is invoked.
#[derive(Debug, Clone)]
pub struct ActionInvocation {
    /// Its address, such as `module.a.action.aws_lambda_invoke.b`; not parsed.
    pub address: String,
    /// All that the plan says about it, configuration values included.
    pub content: PlanValue,
}

/// Whether something is made or only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A `resource` block.
    Managed,
    /// A `data` block.
    Data,
}

/// The key of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// Of `count`.
    Number(u64),
    /// Of `for_each`.
    Key(String),
}

/// The way from a resource to one of its attributes, or to a part of one: `ingress[0].ports["a.b"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributePath(Vec<AttributeStep>);

/// One step of an [`AttributePath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeStep {
    /// An attribute, or a key of a map.
    Name(String),
    /// A place in a list.
    Index(u64),
}

impl AttributePath {
    /// The steps; none for the whole.
    pub fn steps(&self) -> &[AttributeStep] {
        &self.0
    }

    /// The attribute that it begins with; `None` for the whole.
    pub fn attribute(&self) -> Option<&str> {
        match self.0.first() {
            Some(AttributeStep::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Whether `other` is the same place or one in it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    pub(crate) fn push(&mut self, step: AttributeStep) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }
}

impl FromIterator<AttributeStep> for AttributePath {
    fn from_iter<I: IntoIterator<Item = AttributeStep>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for AttributePath {
    /// As it would be written in an expression; keys that are no identifiers are quoted.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                AttributeStep::Index(index) => write!(formatter, "[{index}]")?,
                AttributeStep::Name(name) if is_identifier(name) => {
                    let dot = if position == 0 { "" } else { "." };
                    write!(formatter, "{dot}{name}")?;
                }
                AttributeStep::Name(name) => write!(formatter, "[{name:?}]")?,
            }
        }
        Ok(())
    }
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && characters.all(|character| matches!(character, '_' | '-') || character.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_an_expression() {
        let path: AttributePath = [
            AttributeStep::Name("ingress".to_owned()),
            AttributeStep::Index(0),
            AttributeStep::Name("ports".to_owned()),
            AttributeStep::Name("a.\"b\"\u{1b}".to_owned()),
        ]
        .into_iter()
        .collect();
        assert_eq!(path.to_string(), r#"ingress[0].ports["a.\"b\"\u{1b}"]"#);
        assert_eq!(path.attribute(), Some("ingress"));
        assert!(AttributePath::default().contains(&path) && path.contains(&path));
        assert!(!path.contains(&AttributePath::default()));
    }
}
