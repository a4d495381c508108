//! In which way a plan does more than was approved.

use std::fmt;

use crate::plan::Actions;

/// One thing that a plan would do and nobody has approved. It holds no value; `Display` says it in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// The resource's address, `output NAME`, or the action's address; `None` when it is about the whole plan.
    pub subject: Option<String>,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    /// What is new.
    pub kind: DeviationKind,
}

/// What is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviationKind {
    /// The digests were made with another key, so nothing can be compared. The caller's mistake, or a mix-up.
    OtherKey,
    /// The later plan is incomplete because planning it failed.
    Errored,
    /// Nothing was approved for it.
    NotApproved {
        /// What would be done.
        actions: Actions,
        /// Why, in the program's word.
        reason: Option<String>,
    },
    /// Something else would be done to it.
    OtherActions {
        /// What was approved.
        approved: Actions,
        /// What would be done.
        now: Actions,
        /// Why, in the program's word.
        reason: Option<String>,
    },
    /// Another provider would do it.
    OtherProvider {
        /// The approved one.
        approved: String,
        /// The one of the later plan.
        now: String,
    },
    /// It would be moved from another address.
    OtherMove {
        /// That address.
        from: String,
    },
    /// Something would be imported that was not, or another thing.
    OtherImport,
    /// It is replaced for more reasons: these attributes.
    OtherReplaceReasons {
        /// The attributes.
        attributes: Vec<String>,
    },
    /// These attributes would become something else.
    OtherResult {
        /// The attributes; one without a name is the value as a whole.
        attributes: Vec<String>,
    },
    /// These attributes have changed since, and not to what was approved: somebody else has changed the resource.
    OtherStart {
        /// The attributes.
        attributes: Vec<String>,
    },
    /// An action would be invoked that was not in the plan, or in another way.
    NewInvocation,
}

impl fmt::Display for Deviation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.subject.as_deref().unwrap_or("the plan");
        formatter.write_str(subject)?;
        if let Some(key) = &self.deposed {
            write!(formatter, " (deposed object {key})")?;
        }
        match &self.kind {
            DeviationKind::OtherKey => formatter
                .write_str(" cannot be compared: the key is not the one of the approved changes"),
            DeviationKind::Errored => formatter.write_str(" is incomplete: planning it failed"),
            DeviationKind::NotApproved { actions, reason } => {
                write!(
                    formatter,
                    " would be {actions}{}, which was not in the approved plan",
                    because(reason)
                )
            }
            DeviationKind::OtherActions {
                approved,
                now,
                reason,
            } => {
                write!(
                    formatter,
                    " would be {now}{}; approved was: {approved}",
                    because(reason)
                )
            }
            DeviationKind::OtherProvider { approved, now } => {
                write!(
                    formatter,
                    " would be changed by the provider {now}; approved was: by {approved}"
                )
            }
            DeviationKind::OtherMove { from } => {
                write!(
                    formatter,
                    " would be moved there from {from}, which was not in the approved plan"
                )
            }
            DeviationKind::OtherImport => {
                formatter.write_str(" would be imported, which was not in the approved plan")
            }
            DeviationKind::OtherReplaceReasons { attributes } => {
                write!(
                    formatter,
                    " would be replaced also because of {}",
                    list(attributes)
                )
            }
            DeviationKind::OtherResult { attributes } => {
                write!(
                    formatter,
                    " would become something else than approved: {}",
                    list(attributes)
                )
            }
            DeviationKind::OtherStart { attributes } => {
                write!(
                    formatter,
                    " has changed since the approved plan: {}",
                    list(attributes)
                )
            }
            DeviationKind::NewInvocation => {
                formatter.write_str(" would be invoked, which was not in the approved plan")
            }
        }
    }
}

fn because(reason: &Option<String>) -> String {
    reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(" ({reason})"))
}

fn list(attributes: &[String]) -> String {
    let names: Vec<&str> = attributes
        .iter()
        .map(|name| if name.is_empty() { "value" } else { name })
        .collect();
    names.join(", ")
}
