//! Reading a mapping's known keys, and naming the unknown ones.

use serde_json::{Map, Value};

use super::node::{Entry, Node, NodeValue, Places, to_map};
use super::scalar::Reading;
use super::what::What;
use crate::finding::{FindingCode, Position, Report, Severity, nearest, quoted};
use crate::shape::Shape;

/// A mapping that is being read. `what` names it in messages, as in "`connections` of the plugin `a`".
pub(crate) struct Fields<'n, 'a, 'p> {
    entries: &'n [Entry<'a>],
    what: What<'p>,
    /// Where the mapping starts: the place of complaints about keys that are not there.
    pub(crate) at: Position,
}

impl<'n, 'a, 'p> Fields<'n, 'a, 'p> {
    /// The mapping in `node`; anything else is an error.
    pub(crate) fn of(node: &'n Node<'a>, what: What<'p>, report: &mut Report) -> Option<Self> {
        match &node.value {
            NodeValue::Map(entries) => Some(Self {
                entries,
                what,
                at: node.at,
            }),
            _ => {
                wrong_shape(report, node, &what.to_string(), "a mapping");
                None
            }
        }
    }

    pub(crate) const fn what(&self) -> What<'p> {
        self.what
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&'n Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of `key`, unless it is missing or null.
    pub(crate) fn node(&self, key: &str) -> Option<&'n Node<'a>> {
        self.entry(key)
            .map(|entry| &entry.value)
            .filter(|node| !node.is_null())
    }

    /// The text of `key`. A plain number or boolean counts as the text that is written.
    pub(crate) fn text(&self, key: &str, report: &mut Report) -> Option<String> {
        let node = self.node(key)?;
        let text = text_of(node);
        if text.is_none() {
            wrong_shape(report, node, &self.name_of(key), "text");
        }
        text.map(str::to_owned)
    }

    /// Like [`Fields::text`], but missing or empty is an error.
    pub(crate) fn required_text(
        &self,
        key: &str,
        help: &str,
        report: &mut Report,
    ) -> Option<(String, Position)> {
        let at = self.place(key);
        if let Some(node) = self.node(key) {
            let text = self.text(key, report)?;
            if !text.trim().is_empty() {
                return Some((text, node.at));
            }
        }
        let problem = if self.entry(key).is_some() {
            "is empty"
        } else {
            "is missing"
        };
        report.error_with_help(
            FindingCode::MissingKey,
            at,
            format!("{} {problem}", self.name_of(key)),
            help,
        );
        None
    }

    pub(crate) fn boolean(&self, key: &str, report: &mut Report) -> Option<bool> {
        let node = self.node(key)?;
        // Quoted booleans are common in plugin.yaml and can mean nothing else.
        match text_of(node).map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes") => Some(true),
            Some("false" | "no") => Some(false),
            _ => {
                wrong_shape(report, node, &self.name_of(key), "true or false");
                None
            }
        }
    }

    /// The items of the list at `key`; none when it is missing or null.
    pub(crate) fn list(&self, key: &str, report: &mut Report) -> &'n [Node<'a>] {
        match self.node(key) {
            None => &[],
            Some(node) => match &node.value {
                NodeValue::List(items) => items,
                _ => {
                    wrong_shape(report, node, &self.name_of(key), "a list");
                    &[]
                }
            },
        }
    }

    /// The texts of the list at `key`.
    pub(crate) fn texts(&self, key: &str, report: &mut Report) -> Vec<String> {
        let name = self.name_of(key);
        self.list(key, report)
            .iter()
            .filter_map(|item| {
                let text = text_of(item);
                if text.is_none() {
                    wrong_shape(report, item, &format!("an item of {name}"), "text");
                }
                text.map(str::to_owned)
            })
            .collect()
    }

    /// The mapping at `key`; `None` when it is missing or null.
    pub(crate) fn mapping<'s>(
        &'s self,
        key: &'s str,
        report: &mut Report,
    ) -> Option<Fields<'n, 'a, 's>> {
        Fields::of(self.node(key)?, What::Key(key, &self.what), report)
    }

    /// The mapping at `key` as JSON with the places of its values; empty when it is missing or null.
    pub(crate) fn values(&self, key: &str, report: &mut Report) -> (Map<String, Value>, Places) {
        let Some(fields) = self.mapping(key, report) else {
            return (Map::new(), Places::flat(self.place(key)));
        };
        let places = Places {
            at: fields.at,
            parts: fields
                .entries
                .iter()
                .map(|entry| entry.value.places())
                .collect(),
        };
        (to_map(fields.entries, report), places)
    }

    pub(crate) fn entries(&self) -> &'n [Entry<'a>] {
        self.entries
    }

    /// Where `key` stands, or where the mapping starts.
    pub(crate) fn place(&self, key: &str) -> Position {
        self.entry(key).map_or(self.at, |entry| entry.key_at)
    }

    /// Warns about every key that is not in `known`.
    pub(crate) fn warn_unknown(&self, known: &Shape, report: &mut Report) {
        for entry in self.entries {
            if known.has(&entry.key) {
                continue;
            }
            let near = if report.is_full(Severity::Warning) {
                None
            } else {
                nearest(&entry.key, known.names())
            };
            report.warning(
                FindingCode::UnknownKey,
                entry.key_at,
                format!(
                    "{} has no key {}; it is ignored",
                    self.what,
                    quoted(&entry.key)
                ),
                near.map(|known| format!("did you mean `{known}`?")),
            );
        }
    }

    /// "`name` of `metadata`".
    pub(crate) fn name_of(&self, key: &str) -> String {
        What::Key(key, &self.what).to_string()
    }
}

/// The text of a scalar as written; `None` for lists and mappings.
pub(crate) fn text_of<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.value {
        NodeValue::Scalar(text, Reading::Plain | Reading::Text | Reading::Tagged) => Some(text),
        NodeValue::List(_) | NodeValue::Map(_) => None,
    }
}

pub(crate) fn wrong_shape(report: &mut Report, node: &Node<'_>, what: &str, expected: &str) {
    report.error(
        FindingCode::WrongShape,
        node.at,
        format!("{what} must be {expected}, found {}", node.describe()),
    );
}
