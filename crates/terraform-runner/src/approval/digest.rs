//! Digests of values in a canonical form.

use std::collections::{BTreeMap, BTreeSet};

use super::key::{DigestKey, KeyedDigest};
use crate::plan::{Node, PlanValue};

/// Makes the digests of one resource, or of one output. Each holds the address and the attribute, so that two
/// attributes with the same password do not show it.
pub(super) struct Digests<'a> {
    pub(super) key: &'a DigestKey,
    pub(super) address: &'a str,
}

/// How one value is read.
#[derive(Default, Clone, Copy)]
pub(super) struct Reading<'a> {
    /// `after_unknown` at the same place, as JSON.
    pub(super) unknown: Option<&'a str>,
    /// Digests of places that count as unknown, whatever is there.
    pub(super) masked: Option<&'a BTreeSet<String>>,
    /// The text that `plantimestamp()` gives; it counts as the same in every plan.
    pub(super) timestamp: Option<&'a str>,
}

/// What comes out of one value.
pub(super) struct Digested {
    /// `None` for null, which is the same as nothing.
    pub(super) digest: Option<String>,
    /// Digests of the places that are not known.
    pub(super) unknown: BTreeSet<String>,
    /// Nothing of it is known.
    pub(super) wholly_unknown: bool,
}

impl Digests<'_> {
    /// The digest of an attribute.
    pub(super) fn attribute(
        &self,
        name: &str,
        json: Option<&str>,
        reading: Reading<'_>,
    ) -> Digested {
        let json = json.unwrap_or("null");
        let mut unknown = BTreeSet::new();
        let mut path = vec![name.as_bytes().to_vec()];
        let wholly_unknown = self.is_unknown(reading, &path);
        if !wholly_unknown
            && matches!(Node::parse(json), Node::Null)
            && !holds_unknown(reading.unknown)
        {
            return Digested {
                digest: None,
                unknown,
                wholly_unknown,
            };
        }
        let mut digest = self.begin(b"value", name);
        if wholly_unknown {
            digest.update(b"u");
        } else {
            self.write(&mut digest, json, reading, &mut path, &mut unknown);
        }
        Digested {
            digest: Some(digest.finish()),
            unknown,
            wholly_unknown,
        }
    }

    /// The digest of a whole value that is only compared as one.
    pub(super) fn whole(&self, what: &str, value: &PlanValue) -> String {
        let mut digest = self.begin(b"whole", what);
        let (mut path, mut unknown) = (Vec::new(), BTreeSet::new());
        self.write(
            &mut digest,
            value.expose(),
            Reading::default(),
            &mut path,
            &mut unknown,
        );
        digest.finish()
    }

    /// The digest of a place.
    pub(super) fn place(&self, path: &[Vec<u8>]) -> String {
        let mut digest = self.begin(b"place", "");
        for step in path {
            digest.update_part(step);
        }
        digest.finish()
    }

    fn begin(&self, domain: &[u8], name: &str) -> KeyedDigest {
        let mut digest = self.key.digest();
        digest.update_part(domain);
        digest.update_part(self.address.as_bytes());
        digest.update_part(name.as_bytes());
        digest
    }

    fn is_unknown(&self, reading: Reading<'_>, path: &[Vec<u8>]) -> bool {
        matches!(reading.unknown.map(Node::parse), Some(Node::Bool(true)))
            || reading
                .masked
                .is_some_and(|masked| !masked.is_empty() && masked.contains(&self.place(path)))
    }

    fn write(
        &self,
        digest: &mut KeyedDigest,
        json: &str,
        reading: Reading<'_>,
        path: &mut Vec<Vec<u8>>,
        unknown: &mut BTreeSet<String>,
    ) {
        let unknown_here = reading.unknown.map(Node::parse);
        match (Node::parse(json), unknown_here) {
            (Node::Object(mut entries), below) => {
                let below = objects(below);
                // What is not known is left out of the value.
                for (name, json) in &below {
                    if holds_unknown(Some(json)) && !entries.contains_key(name) {
                        entries.insert(name.clone(), "null");
                    }
                }
                digest.update(b"{");
                digest.update(&(entries.len() as u64).to_be_bytes());
                for (name, json) in &entries {
                    digest.update_part(name.as_bytes());
                    let reading = Reading {
                        unknown: below.get(name).copied(),
                        ..reading
                    };
                    self.step(
                        digest,
                        json,
                        reading,
                        name.as_bytes().to_vec(),
                        path,
                        unknown,
                    );
                }
            }
            (Node::List(items), below) => {
                let below = match below {
                    Some(Node::List(items)) => items,
                    _ => Vec::new(),
                };
                let count = items.len().max(below.len());
                digest.update(b"[");
                digest.update(&(count as u64).to_be_bytes());
                for index in 0..count {
                    let json = items.get(index).copied().unwrap_or("null");
                    let reading = Reading {
                        unknown: below.get(index).copied(),
                        ..reading
                    };
                    // No name of an attribute has this form, so a place in a list is no other's.
                    let step = [&[0xff], (index as u64).to_be_bytes().as_slice()].concat();
                    self.step(digest, json, reading, step, path, unknown);
                }
            }
            (Node::Null, Some(Node::Object(below))) if holds_unknown(reading.unknown) => {
                // Only unknown parts: an object without the known ones.
                let reading_below = |name| Reading {
                    unknown: below.get(name).copied(),
                    ..reading
                };
                digest.update(b"{");
                digest.update(&(below.len() as u64).to_be_bytes());
                for name in below.keys() {
                    digest.update_part(name.as_bytes());
                    self.step(
                        digest,
                        "null",
                        reading_below(name),
                        name.as_bytes().to_vec(),
                        path,
                        unknown,
                    );
                }
            }
            (Node::Null, _) => digest.update(b"n"),
            (Node::Bool(true), _) => digest.update(b"t"),
            (Node::Bool(false), _) => digest.update(b"f"),
            (Node::Number(text), _) => {
                digest.update(b"#");
                digest.update_part(text.as_bytes());
            }
            (Node::Text(text), _) if reading.timestamp == Some(&*text) => digest.update(b"p"),
            (Node::Text(text), _) => {
                digest.update(b"s");
                digest.update_part(text.as_bytes());
            }
        }
    }

    fn step(
        &self,
        digest: &mut KeyedDigest,
        json: &str,
        reading: Reading<'_>,
        step: Vec<u8>,
        path: &mut Vec<Vec<u8>>,
        unknown: &mut BTreeSet<String>,
    ) {
        path.push(step);
        if self.is_unknown(reading, path) {
            unknown.insert(self.place(path));
            digest.update(b"u");
        } else {
            self.write(digest, json, reading, path, unknown);
        }
        path.pop();
    }
}

fn objects<'a>(node: Option<Node<'a>>) -> BTreeMap<std::borrow::Cow<'a, str>, &'a str> {
    match node {
        Some(Node::Object(entries)) => entries,
        _ => BTreeMap::new(),
    }
}

/// Whether any place in `after_unknown` is unknown.
fn holds_unknown(json: Option<&str>) -> bool {
    json.is_some_and(|json| Node::parse(json).holds_true())
}
