//! Values that nobody sees by accident.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A JSON value of a plan, kept as the text that the program wrote: a number keeps all its digits. It may hold secrets,
/// sensitive or not. `Debug` shows nothing of it, not even its length.
#[derive(Clone, Default)]
pub struct PlanValue(Option<Box<RawValue>>);

impl PlanValue {
    /// The JSON text; `null` when the program wrote nothing. Whoever takes it answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.as_deref().map_or("null", RawValue::get)
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        self.expose() == "null"
    }

    /// The value, one level deep.
    pub(crate) fn node(&self) -> Node<'_> {
        Node::parse(self.expose())
    }

    /// Takes the place of a key that was missing.
    pub(crate) fn or_null(value: Option<Self>) -> Self {
        value.unwrap_or_default()
    }
}

impl fmt::Debug for PlanValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PlanValue(..)")
    }
}

impl<'de> Deserialize<'de> for PlanValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if is_too_deep(raw.get()) {
            return Err(serde::de::Error::custom("a value is nested too deeply"));
        }
        Ok(Self(Some(raw)))
    }
}

/// No type of a provider comes near. Whoever walks through a value may use the stack after this.
const DEEPEST: usize = 128;

fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// A JSON value of which one level is read. No `Debug`: it is full of secrets.
///
/// Reading level by level keeps the text of numbers, which `serde_json::Value` would round, and needs no recursion to
/// step over the rest.
#[derive(Clone)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<&'a str>),
    Object(BTreeMap<Cow<'a, str>, &'a str>),
}

impl<'a> Node<'a> {
    pub(crate) fn parse(json: &'a str) -> Self {
        let json = json.trim_ascii();
        let parsed = match json.as_bytes().first() {
            Some(b'n') => Some(Self::Null),
            Some(b't') => Some(Self::Bool(true)),
            Some(b'f') => Some(Self::Bool(false)),
            Some(b'"') => serde_json::from_str::<Text<'a>>(json)
                .ok()
                .map(|text| Self::Text(text.0)),
            Some(b'[') => serde_json::from_str::<Vec<&'a RawValue>>(json)
                .ok()
                .map(|items| Self::List(items.into_iter().map(RawValue::get).collect())),
            Some(b'{') => serde_json::from_str::<BTreeMap<Text<'a>, &'a RawValue>>(json)
                .ok()
                .map(|entries| {
                    let entries = entries.into_iter();
                    Self::Object(entries.map(|(key, raw)| (key.0, raw.get())).collect())
                }),
            _ => None,
        };
        // What is left has been checked by the parser that cut it out: it is a number. A text that it could not read
        // after all (a lone surrogate) is told from others by its JSON.
        parsed.unwrap_or(Self::Number(json))
    }

    /// Whether there is a `true` anywhere: in the trees that run beside a value it says that a place is unknown, or
    /// sensitive.
    pub(crate) fn holds_true(self) -> bool {
        match self {
            Self::Bool(value) => value,
            Self::List(items) => items.into_iter().any(|json| Node::parse(json).holds_true()),
            Self::Object(entries) => entries
                .into_values()
                .any(|json| Node::parse(json).holds_true()),
            Self::Null | Self::Number(_) | Self::Text(_) => false,
        }
    }
}

/// A text that is borrowed when it can be.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_level_is_read_and_numbers_keep_their_digits() {
        let value: PlanValue = serde_json::from_str(
            r#"{"b":[1, 1.00, 123456789012345678901234567890],"a":"x\n","c":null,"d":true,"e":{}}"#,
        )
        .unwrap();
        let Node::Object(entries) = value.node() else {
            panic!("an object");
        };
        let keys: Vec<&str> = entries.keys().map(AsRef::as_ref).collect();
        assert_eq!(keys, ["a", "b", "c", "d", "e"]);
        let Node::List(items) = Node::parse(entries["b"]) else {
            panic!("a list");
        };
        assert_eq!(items, ["1", "1.00", "123456789012345678901234567890"]);
        assert!(matches!(Node::parse(items[2]), Node::Number(text) if text.len() == 30));
        assert!(matches!(Node::parse(entries["a"]), Node::Text(text) if text == "x\n"));
        assert!(matches!(Node::parse(entries["c"]), Node::Null));
        assert!(matches!(Node::parse(entries["d"]), Node::Bool(true)));
    }

    #[test]
    fn a_value_that_could_fill_the_stack_is_refused() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(serde_json::from_str::<PlanValue>(&nested(128)).is_ok());
        assert!(serde_json::from_str::<PlanValue>(&nested(129)).is_err());
        assert!(serde_json::from_str::<PlanValue>(&nested(1_000_000)).is_err());
        let text = format!(r#"{{"a\"{{":"{}"}}"#, "[".repeat(1000));
        assert!(serde_json::from_str::<PlanValue>(&text).is_ok());
    }

    #[test]
    fn nothing_is_shown() {
        let value: PlanValue = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(
            format!("{value:?} {value:#?}"),
            "PlanValue(..) PlanValue(..)"
        );
        assert!(!value.is_null() && PlanValue::default().is_null());
    }
}
