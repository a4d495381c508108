use std::fmt;

use serde::{Deserialize, Serialize};

/// What may be seen of a value: in JSON `{"shown": "\"a text\""}` or `{"hidden": "sensitive"}`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Form", into = "Form")]
pub enum PlannedValue {
    /// The value, for people: in one line, texts in quotes, and with `…` where it is cut. Not JSON to be parsed.
    Shown(String),
    /// There is one, and it is not shown.
    Hidden(HiddenValue),
}

/// Why a value is not shown.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HiddenValue {
    /// It must not be seen.
    Sensitive,
    /// It is known only when the plan is applied.
    Unknown,
}

/// A value that is neither shown nor hidden, or both.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a value must have exactly one of `shown` and `hidden`")]
pub struct PlannedValueError;

impl fmt::Display for PlannedValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Shown(text) => text,
            Self::Hidden(HiddenValue::Sensitive) => "(sensitive)",
            Self::Hidden(HiddenValue::Unknown) => "(known after apply)",
        })
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hidden: Option<HiddenValue>,
}

impl From<PlannedValue> for Form {
    fn from(value: PlannedValue) -> Self {
        let (shown, hidden) = match value {
            PlannedValue::Shown(text) => (Some(text), None),
            PlannedValue::Hidden(why) => (None, Some(why)),
        };
        Self { shown, hidden }
    }
}

impl TryFrom<Form> for PlannedValue {
    type Error = PlannedValueError;

    fn try_from(form: Form) -> Result<Self, PlannedValueError> {
        match (form.shown, form.hidden) {
            (Some(text), None) => Ok(Self::Shown(text)),
            (None, Some(why)) => Ok(Self::Hidden(why)),
            _ => Err(PlannedValueError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_or_hidden() {
        for (value, json, text) in [
            (
                PlannedValue::Shown("\"a\"".to_owned()),
                r#"{"shown":"\"a\""}"#,
                "\"a\"",
            ),
            (
                PlannedValue::Hidden(HiddenValue::Sensitive),
                r#"{"hidden":"sensitive"}"#,
                "(sensitive)",
            ),
            (
                PlannedValue::Hidden(HiddenValue::Unknown),
                r#"{"hidden":"unknown"}"#,
                "(known after apply)",
            ),
        ] {
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            assert_eq!(serde_json::from_str::<PlannedValue>(json).unwrap(), value);
            assert_eq!(value.to_string(), text);
        }
        for json in [
            "{}",
            r#"{"shown":"a","hidden":"unknown"}"#,
            r#"{"hidden":"x"}"#,
        ] {
            assert!(
                serde_json::from_str::<PlannedValue>(json).is_err(),
                "{json}"
            );
        }
    }
}
