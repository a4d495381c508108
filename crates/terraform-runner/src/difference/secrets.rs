//! What is sensitive in one place and must not be seen in another.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Bound;

use crate::plan::{Node, ValueChange};

/// A text that is shorter is only known as a whole: it could be a part of any other.
const SHORTEST_PART: usize = 4;

/// Texts and numbers that are sensitive somewhere.
#[derive(Default)]
pub(super) struct Secrets {
    /// Those that are too short to be looked for in others.
    wholes: BTreeSet<String>,
    /// Those that must not be a part of another text either.
    parts: BTreeSet<String>,
}

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

    /// Remembers a text that is a secret wherever it stands, and how it stands in JSON.
    pub(super) fn hide(&mut self, secret: &str) {
        let lines = secret.lines().map(str::trim);
        let long = lines.filter(|line| line.len() >= SHORTEST_PART);
        for text in std::iter::once(secret).chain(long) {
            self.add(text.to_owned());
            let quoted = serde_json::Value::from(text).to_string();
            self.add(quoted[1..quoted.len() - 1].to_owned());
        }
    }

    /// Whether a text is one of them, or holds one.
    pub(super) fn are_in_text(&self, text: &str) -> bool {
        self.wholes.contains(text)
            || (!self.parts.is_empty()
                && text
                    .char_indices()
                    .any(|(start, _)| self.is_begun_by_one(&text[start..])))
    }

    /// Whether one of them is a prefix of the text. In the order of texts a prefix comes before what it begins, and in
    /// between come only others that begin alike: so each step back shortens what is left to look for.
    fn is_begun_by_one(&self, text: &str) -> bool {
        let mut text = text;
        while let Some(before) = self
            .parts
            .range::<str, _>((Bound::Unbounded, Bound::Included(text)))
            .next_back()
        {
            if text.starts_with(before.as_str()) {
                return true;
            }
            let mut alike = text
                .bytes()
                .zip(before.bytes())
                .take_while(|(one, other)| one == other)
                .count();
            while !text.is_char_boundary(alike) {
                alike -= 1;
            }
            if alike < SHORTEST_PART {
                return false;
            }
            text = &text[..alike];
        }
        false
    }

    /// Whether any part of a value is one of them, or holds one; the names in objects too.
    pub(super) fn are_in(&self, json: &str) -> bool {
        if self.wholes.is_empty() && self.parts.is_empty() {
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

    fn add(&mut self, secret: String) {
        if secret.len() >= SHORTEST_PART {
            self.parts.insert(secret);
        } else if !secret.is_empty() {
            self.wholes.insert(secret);
        }
    }

    fn all(&mut self, json: &str) {
        match Node::parse(json) {
            Node::Null | Node::Bool(_) => {}
            // Zero and one are no secrets that could be kept.
            Node::Number(text) if text.len() < SHORTEST_PART => {}
            Node::Number(text) => self.add(text.to_owned()),
            Node::Text(text) => self.add(text.into_owned()),
            Node::List(items) => items.into_iter().for_each(|json| self.all(json)),
            Node::Object(entries) => entries.into_values().for_each(|json| self.all(json)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secrets(texts: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        texts
            .iter()
            .for_each(|text| secrets.add((*text).to_owned()));
        secrets
    }

    #[test]
    fn parts_are_found_and_short_ones_only_as_a_whole() {
        let secrets = secrets(&["abc", "hunter2", "hunter22", "hunt", ""]);
        for text in ["abc", "hunter2", "x hunter2 y", "\u{e9}hunt", "hhunter"] {
            assert!(secrets.are_in_text(text), "{text}");
        }
        for text in ["", "abcd", "hun", "HUNTER2"] {
            assert!(!secrets.are_in_text(text), "{text}");
        }
        assert!(secrets.are_in(r#"{"a":["x",{"b":"a hunter2"}]}"#));
        assert!(secrets.are_in(r#"{"hunter2":1}"#));
        assert!(!secrets.are_in(r#"{"a":["x",1,true,null]}"#));
        assert_eq!(format!("{secrets:?}"), "Secrets(..)");
    }

    #[test]
    fn what_is_hidden_is_found_line_by_line_and_in_json() {
        let mut secrets = Secrets::default();
        secrets.hide("-----BEGIN\n  a\"b\\cd\n}\n");
        secrets.hide("ab");
        for text in ["x -----BEGIN", "a\"b\\cd", r#"{"k":"a\"b\\cd"}"#, "ab"] {
            assert!(secrets.are_in_text(text), "{text}");
        }
        for text in ["}", "abc", ""] {
            assert!(!secrets.are_in_text(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(
            texts in proptest::collection::vec("[ab\u{e9}]{4,7}", 0..6),
            text in "[ab\u{e9}]{0,30}",
        ) {
            let known: Vec<&str> = texts.iter().map(String::as_str).collect();
            let plain = known.iter().any(|secret| text.contains(secret));
            prop_assert_eq!(secrets(&known).are_in_text(&text), plain);
        }
    }
}
