//! What is odd about a plugin's inputs as a whole.

use std::collections::HashMap;

use super::InputDefinition;
use crate::finding::{FindingCode, Position, Report};

/// Warns about inputs that can never have a value, or not the one that they are declared for.
pub(super) fn check(
    inputs: &[InputDefinition],
    inputs_envs: &[InputDefinition],
    report: &mut Report,
) {
    unreachable(inputs.iter().chain(inputs_envs), report);
    for input in inputs_envs {
        if input.kind.is_connection() {
            report.warning(
                FindingCode::InvalidInput,
                input.at,
                format!(
                    "the input `{}` of `inputs-envs` is a connection, which cannot be given by environment",
                    input.name
                ),
                Some("declare it in `inputs`: a connection's attributes differ by environment anyway".to_owned()),
            );
        }
    }
}

/// A name may stand twice, with conditions that exclude each other. Behind an input without a condition there is
/// nothing left to decide.
fn unreachable<'i>(inputs: impl Iterator<Item = &'i InputDefinition>, report: &mut Report) {
    let mut certain: HashMap<&str, Position> = HashMap::new();
    for input in inputs {
        if let Some(first) = certain.get(input.name.as_str()) {
            report.warning(
                FindingCode::InvalidInput,
                input.at,
                format!(
                    "the input `{}` is declared twice, on line {} and on line {}, and the first one has no condition: the second one is never used",
                    input.name, first.line, input.at.line
                ),
                Some("give both a `condition`, or remove one".to_owned()),
            );
        } else if input.condition.is_none() {
            certain.insert(&input.name, input.at);
        }
        unreachable(input.inputs.iter(), report);
        if let Some(item) = &input.item {
            unreachable(std::slice::from_ref(&**item).iter(), report);
        }
    }
}
