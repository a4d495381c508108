//! What is done to a resource, or to an output.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Every combination of actions that a plan may hold (Terraform `internal/command/jsonplan/plan.go`, `Change.Actions`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actions {
    /// `["no-op"]`
    NoOp,
    /// `["create"]`
    Create,
    /// `["read"]`: a data source that could not be read while planning.
    Read,
    /// `["update"]`: in place.
    Update,
    /// `["delete", "create"]`: replaced, the old one is destroyed first.
    DeleteThenCreate,
    /// `["create", "delete"]`: replaced, the new one is made first.
    CreateThenDelete,
    /// `["create", "forget"]`: replaced, and the old one goes on existing without a state.
    CreateThenForget,
    /// `["delete"]`
    Delete,
    /// `["forget"]`: it leaves the state and goes on existing.
    Forget,
}

impl Actions {
    /// Whether something that exists is destroyed.
    pub fn destroys(self) -> bool {
        matches!(
            self,
            Self::Delete | Self::DeleteThenCreate | Self::CreateThenDelete
        )
    }

    /// Whether one object takes the place of another.
    pub fn replaces(self) -> bool {
        matches!(
            self,
            Self::DeleteThenCreate | Self::CreateThenDelete | Self::CreateThenForget
        )
    }

    /// Reads the list of words.
    ///
    /// # Errors
    ///
    /// [`UnknownActions`] for a combination of a newer version: what it does is not known, so nobody may decide on it.
    pub fn from_words<S: AsRef<str>>(words: &[S]) -> Result<Self, UnknownActions> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        Ok(match words.as_slice() {
            ["no-op"] => Self::NoOp,
            ["create"] => Self::Create,
            ["read"] => Self::Read,
            ["update"] => Self::Update,
            ["delete", "create"] => Self::DeleteThenCreate,
            ["create", "delete"] => Self::CreateThenDelete,
            ["create", "forget"] => Self::CreateThenForget,
            ["delete"] => Self::Delete,
            ["forget"] => Self::Forget,
            _ => {
                return Err(UnknownActions {
                    words: words.join(", "),
                });
            }
        })
    }
}

impl fmt::Display for Actions {
    /// What happens, as it follows "the resource is": `created`, `replaced (destroyed first)`...
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoOp => "left as it is",
            Self::Create => "created",
            Self::Read => "read",
            Self::Update => "updated in place",
            Self::DeleteThenCreate => "destroyed and created again",
            Self::CreateThenDelete => "created anew, and then the old one destroyed",
            Self::CreateThenForget => "created anew, and the old one forgotten",
            Self::Delete => "destroyed",
            Self::Forget => "forgotten",
        })
    }
}

/// A combination of actions without a meaning here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the actions [{words}] are not known")]
pub struct UnknownActions {
    words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documented_combinations_are_read() {
        for (words, destroys, replaces) in [
            (&["no-op"][..], false, false),
            (&["create"], false, false),
            (&["read"], false, false),
            (&["update"], false, false),
            (&["delete"], true, false),
            (&["forget"], false, false),
            (&["delete", "create"], true, true),
            (&["create", "delete"], true, true),
            (&["create", "forget"], false, true),
        ] {
            let actions = Actions::from_words(words).unwrap();
            assert_eq!(
                (actions.destroys(), actions.replaces()),
                (destroys, replaces),
                "{words:?}"
            );
        }
        for words in [
            &[][..],
            &["open"],
            &["delete", "delete"],
            &["forget", "create"],
        ] {
            assert!(Actions::from_words(words).is_err(), "{words:?}");
        }
    }
}
