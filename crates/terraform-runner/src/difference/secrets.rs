//! What is sensitive in one place and must not be seen in another.

use std::collections::BTreeSet;
use std::fmt;

use crate::plan::{Node, ValueChange};

/// A text that is shorter is only known as a whole: it could be a part of any other.
const SHORTEST_PART: usize = 4;

/// Texts and numbers that are sensitive somewhere.
#[derive(Default)]
pub(super) struct Secrets(BTreeSet<String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// Remembers what the change says is sensitive.
    pub(super) fn learn(&mut self, change: &ValueChange) {
        self.marked(change.before.expose(), change.before_sensitive.expose());
        self.marked(change.after.expose(), change.after_sensitive.expose());
    }

    /// Whether a text is one of them, or holds one.
    pub(super) fn are_in_text(&self, text: &str) -> bool {
        self.0.contains(text)
            || self
                .0
                .iter()
                .any(|secret| secret.len() >= SHORTEST_PART && text.contains(secret.as_str()))
    }

    /// Whether any part of a value is one of them, or holds one; the names in objects too.
    pub(super) fn are_in(&self, json: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        match Node::parse(json) {
            Node::Null | Node::Bool(_) => false,
            Node::Number(text) => self.are_in_text(text),
            Node::Text(text) => self.are_in_text(&text),
            Node::List(items) => items.into_iter().any(|json| self.are_in(json)),
            Node::Object(entries) => entries
                .into_iter()
                .any(|(name, json)| self.are_in_text(&name) || self.are_in(json)),
        }
    }

    fn marked(&mut self, json: &str, sensitive: &str) {
        match (Node::parse(json), Node::parse(sensitive)) {
            (_, Node::Bool(true)) => self.all(json),
            (Node::Object(entries), Node::Object(marks)) => {
                for (name, json) in entries {
                    self.marked(json, marks.get(&name).copied().unwrap_or("false"));
                }
            }
            (Node::List(items), Node::List(marks)) => {
                for (json, marks) in items.into_iter().zip(marks) {
                    self.marked(json, marks);
                }
            }
            _ => {}
        }
    }

    fn all(&mut self, json: &str) {
        match Node::parse(json) {
            Node::Null | Node::Bool(_) => {}
            // Zero and one are no secrets that could be kept.
            Node::Number(text) if text.len() < SHORTEST_PART => {}
            Node::Number(text) => {
                self.0.insert(text.to_owned());
            }
            Node::Text(text) if text.is_empty() => {}
            Node::Text(text) => {
                self.0.insert(text.into_owned());
            }
            Node::List(items) => items.into_iter().for_each(|json| self.all(json)),
            Node::Object(entries) => entries.into_values().for_each(|json| self.all(json)),
        }
    }
}
