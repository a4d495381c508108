use std::fmt::Write as _;

use stk_manifest::Position;

/// Why plugins cannot be ordered. All are faults of `stk.yaml`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// Plugins need each other in a circle, so none of them can go first; or one needs itself.
    #[error("{}", circle(.path))]
    Cycle {
        /// The circle, from the plugin that stands first in the file; the last step leads back to it.
        /// One step for a plugin that requires what it generates itself.
        path: Vec<CycleStep>,
        /// Where the first plugin of the circle reads its connection.
        at: Position,
    },
    /// The same connection is filled twice, so nobody can tell whose values a reader gets.
    #[error("{}", twice(.connection, .first, .second))]
    TwoGenerators {
        /// The connection's name in the workspace.
        connection: String,
        /// The generator that stands first in the file.
        first: String,
        /// The other one; the same plugin when it fills two of its slots with one connection.
        second: String,
        /// Where it is generated for the second time.
        at: Position,
    },
    /// A plugin was removed, but another one still reads what it generates.
    #[error(
        "plugin `{generator}` cannot be removed: `{required_by}` still requires its connection \
         `{connection}` (slot `{slot}`)"
    )]
    StillRequired {
        /// The removed plugin.
        generator: String,
        /// The connection's name in the workspace.
        connection: String,
        /// The plugin that reads it.
        required_by: String,
        /// That plugin's own name for it.
        slot: String,
        /// Where that plugin reads it.
        at: Position,
    },
    /// A plugin stays, but no longer generates what another one still reads.
    #[error(
        "plugin `{generator}` no longer generates connection `{connection}`, which `{required_by}` \
         still requires (slot `{slot}`)"
    )]
    NoLongerGenerated {
        /// The plugin that generated it in the last deployment.
        generator: String,
        /// The connection's name in the workspace.
        connection: String,
        /// The plugin that reads it.
        required_by: String,
        /// That plugin's own name for it.
        slot: String,
        /// Where that plugin reads it.
        at: Position,
    },
}

/// One plugin of a circle and what it needs from the next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CycleStep {
    /// The plugin that needs something.
    pub alias: String,
    /// The connection that it needs.
    pub connection: String,
    /// The plugin that generates it: the next of the circle.
    pub from: String,
}

impl OrderError {
    /// Where in `stk.yaml` the fault is.
    #[must_use]
    pub fn at(&self) -> Position {
        match self {
            Self::Cycle { at, .. }
            | Self::TwoGenerators { at, .. }
            | Self::StillRequired { at, .. }
            | Self::NoLongerGenerated { at, .. } => *at,
        }
    }

    /// What to do about it, in one sentence.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Cycle { path, .. } if path.len() == 1 => {
                "let it select a connection that another plugin generates, or give the one that it \
                 generates another name"
                    .to_owned()
            }
            Self::Cycle { .. } => {
                "remove one of these connections, or move what both sides need into a plugin of \
                 its own that they require"
                    .to_owned()
            }
            Self::TwoGenerators {
                connection,
                first,
                second,
                ..
            } if first == second => format!(
                "give one of the connections that `{second}` generates another name than \
                 `{connection}`"
            ),
            Self::TwoGenerators {
                connection, second, ..
            } => format!(
                "give the connection that `{second}` generates another name than `{connection}`, \
                 and let the plugins that mean it select that name"
            ),
            Self::StillRequired {
                generator,
                required_by,
                ..
            } => format!(
                "remove `{required_by}` as well, let it select another connection, or put \
                 `{generator}` back"
            ),
            Self::NoLongerGenerated {
                generator,
                connection,
                required_by,
                ..
            } => format!(
                "let `{required_by}` select what `{generator}` generates now, or let `{generator}` \
                 generate `{connection}` again"
            ),
        }
    }
}

fn circle(path: &[CycleStep]) -> String {
    if let [step] = path {
        return format!(
            "plugin `{}` requires connection `{}`, which it generates itself",
            step.alias, step.connection
        );
    }
    let mut text = String::from("these plugins need each other in a circle: ");
    for step in path {
        // Writing to a String cannot fail.
        let _ = write!(text, "`{}` -({})-> ", step.alias, step.connection);
    }
    if let Some(first) = path.first() {
        let _ = write!(text, "`{}`", first.alias);
    }
    text
}

fn twice(connection: &str, first: &str, second: &str) -> String {
    if first == second {
        format!("connection `{connection}` is generated twice by `{first}`")
    } else {
        format!("connection `{connection}` is generated by both `{first}` and `{second}`")
    }
}
