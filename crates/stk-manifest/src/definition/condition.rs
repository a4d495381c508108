//! Conditions of inputs: `condition: {variable, operator, value}`.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use crate::finding::Position;

/// When an input is asked for (and so may have a value).
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The name of the input that decides.
    pub variable: String,
    /// How it is compared.
    pub operator: ConditionOperator,
    /// What it is compared with: a scalar or a list.
    pub value: Value,
    /// Where the condition stands in plugin.yaml.
    pub at: Position,
}

/// The ten operators of StackSpot's own test plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionOperator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `containsAny`: the two lists share an item.
    ContainsAny,
    /// `notContainsAny`: they share none.
    NotContainsAny,
    /// `containsAll`: the input has every item of the value.
    ContainsAll,
    /// `notContainsAll`: it lacks at least one.
    NotContainsAll,
}

impl ConditionOperator {
    /// The operators as plugin.yaml writes them.
    pub(crate) const NAMES: &[(&'static str, Self)] = &[
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        (">", Self::Greater),
        (">=", Self::GreaterOrEqual),
        ("<", Self::Less),
        ("<=", Self::LessOrEqual),
        ("containsAny", Self::ContainsAny),
        ("notContainsAny", Self::NotContainsAny),
        ("containsAll", Self::ContainsAll),
        ("notContainsAll", Self::NotContainsAll),
    ];

    pub(crate) fn names() -> Vec<&'static str> {
        Self::NAMES.iter().map(|(name, _)| *name).collect()
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, operator)| *operator)
    }
}

impl fmt::Display for ConditionOperator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES
            .iter()
            .find(|(_, operator)| operator == self)
            .map_or("", |(name, _)| name);
        formatter.write_str(name)
    }
}

impl Condition {
    /// Whether the condition holds for the deciding input's value.
    ///
    /// Scalars are equal when they look alike: a quoted `'3'` equals the number 3. For the four orders the input's
    /// value decides: a number compares as a number; a text that looks like a version (`3`, `2.7.2`) compares part
    /// by part, and any other text as a text.
    /// A scalar counts as a list of one for the `contains` operators.
    #[must_use]
    pub fn holds(&self, actual: &Value) -> bool {
        use ConditionOperator as Operator;
        match self.operator {
            Operator::Equal => equal(actual, &self.value),
            Operator::NotEqual => !equal(actual, &self.value),
            Operator::Greater => order(actual, &self.value).is_some_and(Ordering::is_gt),
            Operator::GreaterOrEqual => order(actual, &self.value).is_some_and(Ordering::is_ge),
            Operator::Less => order(actual, &self.value).is_some_and(Ordering::is_lt),
            Operator::LessOrEqual => order(actual, &self.value).is_some_and(Ordering::is_le),
            Operator::ContainsAny => shared(actual, &self.value) > 0,
            Operator::NotContainsAny => shared(actual, &self.value) == 0,
            Operator::ContainsAll => shared(actual, &self.value) == items(&self.value).len(),
            Operator::NotContainsAll => shared(actual, &self.value) < items(&self.value).len(),
        }
    }
}

/// How many items of `wanted` are in `actual`.
fn shared(actual: &Value, wanted: &Value) -> usize {
    let actual = items(actual);
    items(wanted)
        .iter()
        .filter(|item| actual.iter().any(|own| equal(own, item)))
        .count()
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        scalar => std::slice::from_ref(scalar),
    }
}

/// Equality of what a person sees: `'3'` and 3, `'true'` and true are equal.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal(left, right))
        }
        _ => match (scalar_text(left), scalar_text(right)) {
            (Some(left), Some(right)) => {
                left == right
                    || matches!((left.parse::<f64>(), right.parse::<f64>()), (Ok(left), Ok(right)) if left == right && left.is_finite())
                    || (left.eq_ignore_ascii_case(&right) && is_boolean(&left))
            }
            _ => left == right,
        },
    }
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// The type of the input's own value decides: a number is compared as one, a text as a version if it looks like one
/// (`'2.10'` is after `'2.9'`), else as a number or a text.
fn order(actual: &Value, wanted: &Value) -> Option<Ordering> {
    let is_number = actual.is_number();
    let (actual, wanted) = (scalar_text(actual)?, scalar_text(wanted)?);
    if !is_number && let (Some(actual), Some(wanted)) = (version(&actual), version(&wanted)) {
        let longest = actual.len().max(wanted.len());
        let part = |parts: &[u64], index: usize| parts.get(index).copied().unwrap_or(0);
        return (0..longest)
            .map(|index| part(&actual, index).cmp(&part(&wanted, index)))
            .find(|order| order.is_ne())
            .or(Some(Ordering::Equal));
    }
    match (actual.parse::<f64>(), wanted.parse::<f64>()) {
        (Ok(actual), Ok(wanted)) => actual.partial_cmp(&wanted),
        _ => Some(actual.cmp(&wanted)),
    }
}

/// `2.7.2` as numbers; `None` when it is not only digits and dots.
fn version(text: &str) -> Option<Vec<u64>> {
    text.strip_prefix('v')
        .unwrap_or(text)
        .split('.')
        .map(|part| part.parse().ok())
        .collect()
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Condition, ConditionOperator};
    use crate::finding::Position;

    fn check(actual: Value, operator: &str, value: Value, expected: bool) {
        let condition = Condition {
            variable: "x".to_owned(),
            operator: ConditionOperator::parse(operator).expect("a known operator"),
            value: value.clone(),
            at: Position::START,
        };
        assert_eq!(
            condition.holds(&actual),
            expected,
            "{actual} {operator} {value}"
        );
    }

    #[test]
    fn equality_looks_through_quotes() {
        check(json!("a"), "==", json!("a"), true);
        check(json!("3"), "==", json!(3), true);
        check(json!(3), "==", json!(3.0), true);
        check(json!(true), "==", json!("True"), true);
        check(json!("True"), "==", json!(false), false);
        check(json!("a"), "!=", json!("a"), false);
        check(json!("A"), "==", json!("a"), false);
        check(json!(["a", "b"]), "==", json!(["a", "b"]), true);
        check(json!(["a"]), "!=", json!("a"), true);
        check(Value::Null, "==", json!("a"), false);
    }

    #[test]
    fn orders_compare_numbers_and_versions() {
        check(json!(10), ">", json!(9), true);
        check(json!("10"), ">", json!("9"), true);
        check(json!("2.7.2"), ">=", json!("3"), false);
        check(json!("3.1.0"), ">=", json!("3"), true);
        check(json!("3.0.0"), ">=", json!("3"), true);
        check(json!("2.10.0"), ">", json!("2.9.1"), true);
        check(json!("v2.10"), "<", json!("2.11.0"), true);
        check(json!("2.10"), ">", json!("2.9"), true);
        check(json!("2.10"), ">", json!(2.9), true);
        check(json!(2.10), ">", json!("2.9"), false);
        check(json!("-1"), "<", json!("1"), true);
        check(json!("b"), ">", json!("a"), true);
        check(json!(3), "<=", json!(3), true);
        check(json!(3), "<", json!(3), false);
        check(json!(["a"]), ">", json!("a"), false);
        check(Value::Null, "<=", json!(3), false);
    }

    #[test]
    fn contains_takes_lists_and_scalars() {
        check(json!(["a", "b"]), "containsAny", json!(["b", "c"]), true);
        check(json!(["a"]), "containsAny", json!("a"), true);
        check(json!("a"), "containsAny", json!(["a", "b"]), true);
        check(json!(["a"]), "notContainsAny", json!(["b"]), true);
        check(json!(["a", "b"]), "containsAll", json!(["a", "b"]), true);
        check(json!(["a"]), "containsAll", json!(["a", "b"]), false);
        check(json!(["a"]), "notContainsAll", json!(["a", "b"]), true);
        check(json!([]), "notContainsAny", json!(["a"]), true);
        check(json!(["1"]), "containsAll", json!([1]), true);
    }
}
