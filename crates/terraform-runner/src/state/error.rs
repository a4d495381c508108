/// A document that is no state, or states that cannot be put together. No variant holds a value of a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// It is not JSON, or it is not of the documented form; only the place is told, because the parser's words quote
    /// what they complain about.
    #[error("it is not a state of the documented form (at byte {column} of line {line})")]
    Malformed {
        /// Counted from 1; 0 where the parser does not know. Below the top it counts from the part that is malformed.
        line: usize,
        /// Counted from 1; 0 where the parser does not know.
        column: usize,
    },
    /// A part that every state has is missing.
    #[error("it is not a state: it has no `{name}`")]
    Missing {
        /// The part's name.
        name: &'static str,
    },
    /// Its format has another version.
    #[error("its format is version {version}, and only version 4 is understood")]
    Version {
        /// The version that it says.
        version: u64,
    },
    /// Both states have the resource.
    #[error("{address} is in both states")]
    Twice {
        /// Its address, without instance keys.
        address: String,
    },
}

impl From<serde_json::Error> for StateError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed {
            line: error.line(),
            column: error.column(),
        }
    }
}
