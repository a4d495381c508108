//! The tree.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::scalar::{Reading, Resolved, resolve};
use crate::finding::{FindingCode, Position, Report, quoted};

/// A YAML node and where it starts.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub(crate) value: NodeValue<'a>,
    pub(crate) at: Position,
}

#[derive(Debug, Clone)]
pub(crate) enum NodeValue<'a> {
    /// The text as written (quotes and folding resolved) and how it is to be read.
    Scalar(Cow<'a, str>, Reading),
    List(Vec<Node<'a>>),
    Map(Vec<Entry<'a>>),
}

/// One `key: value` of a mapping. Keys are unique within their mapping.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) key_at: Position,
    pub(crate) value: Node<'a>,
}

/// The places of a value's parts, in the order in which the value holds them.
///
/// A [`serde_json::Value`] has no places; this is the parallel tree that keeps them, 24 bytes a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Places {
    pub(crate) at: Position,
    pub(crate) parts: Box<[Self]>,
}

impl Places {
    /// A value without known parts: everything in it is said to be at `at`.
    pub(crate) fn flat(at: Position) -> Self {
        Self {
            at,
            parts: Box::default(),
        }
    }

    /// The place of the part that a path of indexes leads to; the last known place on the way when it ends early.
    pub(crate) fn at_path(&self, indexes: &[usize]) -> Position {
        let mut place = self;
        for index in indexes {
            match place.parts.get(*index) {
                Some(part) => place = part,
                None => break,
            }
        }
        place.at
    }
}

impl Node<'_> {
    /// What a message calls this node: `a list`, `the text ...`.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            NodeValue::List(_) => "a list".to_owned(),
            NodeValue::Map(_) => "a mapping".to_owned(),
            NodeValue::Scalar(text, reading) => match resolve(text, *reading) {
                Resolved::Null => "nothing".to_owned(),
                Resolved::Bool(value) => format!("the boolean `{value}`"),
                Resolved::Number(_) => format!("the number {}", quoted(text)),
                Resolved::Text | Resolved::Inexact(_) => format!("the text {}", quoted(text)),
            },
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, NodeValue::Scalar(text, reading)
            if matches!(resolve(text, *reading), Resolved::Null))
    }

    /// The value as JSON. The loader bounds the depth, so this recursion is bounded too.
    pub(crate) fn to_value(&self, report: &mut Report) -> Value {
        match &self.value {
            NodeValue::Scalar(text, reading) => match resolve(text, *reading) {
                Resolved::Null => Value::Null,
                Resolved::Bool(value) => Value::Bool(value),
                Resolved::Number(number) => {
                    if has_leading_zero(text) {
                        report.warning(
                            FindingCode::OddScalar,
                            self.at,
                            format!("{} is a number, so its leading zero is lost: it becomes `{number}`", quoted(text)),
                            Some(format!("put it in quotes to keep it as written: '{text}'")),
                        );
                    }
                    Value::Number(number)
                }
                Resolved::Text => Value::String(text.clone().into_owned()),
                Resolved::Inexact(reason) => {
                    report.warning(
                        FindingCode::OddScalar,
                        self.at,
                        format!("{} {reason}; it is kept as text", quoted(text)),
                        Some("put it in quotes if text is what is meant".to_owned()),
                    );
                    Value::String(text.clone().into_owned())
                }
            },
            NodeValue::List(items) => {
                Value::Array(items.iter().map(|item| item.to_value(report)).collect())
            }
            NodeValue::Map(entries) => Value::Object(to_map(entries, report)),
        }
    }

    /// The places of [`Node::to_value`]'s parts.
    pub(crate) fn places(&self) -> Places {
        let parts = match &self.value {
            NodeValue::Scalar(..) => Box::default(),
            NodeValue::List(items) => items.iter().map(Node::places).collect(),
            NodeValue::Map(entries) => entries.iter().map(|entry| entry.value.places()).collect(),
        };
        Places { at: self.at, parts }
    }
}

/// A mapping's entries as JSON, in file order.
pub(crate) fn to_map(entries: &[Entry<'_>], report: &mut Report) -> Map<String, Value> {
    entries
        .iter()
        .map(|entry| (entry.key.clone().into_owned(), entry.value.to_value(report)))
        .collect()
}

fn has_leading_zero(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}
