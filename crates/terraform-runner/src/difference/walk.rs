//! Walking through a change.

use std::collections::BTreeSet;

use super::AttributeChange;
use super::secrets::Secrets;
use super::shown::{self, Shown};
use crate::plan::{AttributePath, AttributeStep, Node, ValueChange};

pub(super) fn changes(change: &ValueChange, secrets: &Secrets) -> Vec<AttributeChange> {
    let mut walk = Walk {
        secrets,
        replace_paths: &change.replace_paths,
        path: AttributePath::default(),
        found: Vec::new(),
    };
    walk.visit(Place {
        before: change.before.expose(),
        after: change.after.expose(),
        unknown: change.after_unknown.expose(),
        before_sensitive: change.before_sensitive.expose(),
        after_sensitive: change.after_sensitive.expose(),
    });
    walk.found
}

/// One place in the five trees of a change, as JSON.
#[derive(Clone, Copy)]
struct Place<'a> {
    before: &'a str,
    after: &'a str,
    unknown: &'a str,
    before_sensitive: &'a str,
    after_sensitive: &'a str,
}

struct Walk<'a> {
    secrets: &'a Secrets,
    replace_paths: &'a [AttributePath],
    path: AttributePath,
    found: Vec<AttributeChange>,
}

impl Walk<'_> {
    fn visit(&mut self, place: Place<'_>) {
        let (before, after) = (Node::parse(place.before), Node::parse(place.after));
        let unknown = Node::parse(place.unknown);
        let wholly_unknown = matches!(unknown, Node::Bool(true));
        let sensitive = is_true(place.before_sensitive) || is_true(place.after_sensitive);
        if sensitive {
            if wholly_unknown || !same(place.before, place.after) || holds_true(place.unknown) {
                let seen = |node: &Node<'_>| match node {
                    Node::Null => Shown::Absent,
                    _ => Shown::Sensitive,
                };
                let after = if wholly_unknown {
                    Shown::Sensitive
                } else {
                    seen(&after)
                };
                self.found(seen(&before), after);
            }
            return;
        }
        if wholly_unknown {
            // The old value is taken apart, unless it is simple.
            let before = self.leaf_or(&before, place.before_sensitive, place.before);
            self.found(before, Shown::Unknown);
            return;
        }
        match (&before, &after) {
            (Node::Object(_) | Node::Null, Node::Object(_) | Node::Null)
                if is_container(&before)
                    || is_container(&after)
                    || matches!(unknown, Node::Object(_)) =>
            {
                self.object(place);
            }
            (Node::List(_) | Node::Null, Node::List(_) | Node::Null)
                if is_container(&before)
                    || is_container(&after)
                    || matches!(unknown, Node::List(_)) =>
            {
                self.list(place);
            }
            (Node::Text(one), Node::Text(other)) => {
                if one != other {
                    let (before, after) = shown::pair(one, other);
                    let seen = |text: &str, shown| {
                        if self.secrets.are_in_text(text) {
                            Shown::Sensitive
                        } else {
                            shown
                        }
                    };
                    self.found(seen(one, before), seen(other, after));
                }
            }
            _ if same(place.before, place.after) => {}
            _ => {
                let before = self.leaf_or(&before, place.before_sensitive, place.before);
                let after = self.leaf_or(&after, place.after_sensitive, place.after);
                self.found(before, after);
            }
        }
    }

    fn object(&mut self, place: Place<'_>) {
        let trees = [
            place.before,
            place.after,
            place.unknown,
            place.before_sensitive,
            place.after_sensitive,
        ]
        .map(entries);
        let [before, after, unknown, ..] = &trees;
        let names: BTreeSet<&str> = [before, after, unknown]
            .into_iter()
            .flat_map(|tree| tree.keys().map(AsRef::as_ref))
            .collect();
        if names.is_empty() {
            self.appears_or_goes(place);
        }
        // What is in the path is seen.
        if names.iter().any(|name| self.secrets.are_in_text(name)) {
            if !same(place.before, place.after) || holds_true(place.unknown) {
                self.found(Shown::Sensitive, Shown::Sensitive);
            }
            return;
        }
        for name in names {
            let [before, after, unknown, before_sensitive, after_sensitive] = trees
                .each_ref()
                .map(|tree| tree.get(name).copied().unwrap_or("null"));
            self.path.push(AttributeStep::Name(name.to_owned()));
            self.visit(Place {
                before,
                after,
                unknown,
                before_sensitive,
                after_sensitive,
            });
            self.path.pop();
        }
    }

    /// Items at the beginning and at the end that stay the same are matched first, then the others in their order:
    /// what is inserted or taken out is seen as that.
    fn list(&mut self, place: Place<'_>) {
        let [before, after, unknown, before_sensitive, after_sensitive] = [
            place.before,
            place.after,
            place.unknown,
            place.before_sensitive,
            place.after_sensitive,
        ]
        .map(items);
        let count = after.len().max(unknown.len());
        if before.is_empty() && count == 0 {
            self.appears_or_goes(place);
            return;
        }
        let at = |items: &[&_], index: usize| -> String {
            items
                .get(index)
                .map_or_else(|| "null".to_owned(), |json: &&str| (*json).to_owned())
        };
        let stays = |one: usize, other: usize| {
            same(before[one], after.get(other).copied().unwrap_or("null"))
                && !holds_true(unknown.get(other).copied().unwrap_or("null"))
        };
        let most = before.len().min(count);
        let head = (0..most).take_while(|index| stays(*index, *index)).count();
        let tail = (1..=most - head)
            .take_while(|back| stays(before.len() - back, count - back))
            .count();
        let (before_rest, after_rest) = (before.len() - head - tail, count - head - tail);
        for offset in 0..before_rest.max(after_rest) {
            let index = head + offset;
            let (was, becomes) = (offset < before_rest, offset < after_rest);
            let pick = |there: bool, items: &[&str]| {
                if there {
                    at(items, index)
                } else {
                    "null".to_owned()
                }
            };
            let trees = [
                pick(was, &before),
                pick(becomes, &after),
                pick(becomes, &unknown),
                pick(was, &before_sensitive),
                pick(becomes, &after_sensitive),
            ];
            self.path.push(AttributeStep::Index(index as u64));
            self.visit(Place {
                before: &trees[0],
                after: &trees[1],
                unknown: &trees[2],
                before_sensitive: &trees[3],
                after_sensitive: &trees[4],
            });
            self.path.pop();
        }
    }

    /// An empty object or list that was not there, or will not be.
    fn appears_or_goes(&mut self, place: Place<'_>) {
        if !same(place.before, place.after) {
            let seen = |json: &str| match Node::parse(json) {
                Node::Null => Shown::Absent,
                Node::List(_) => shown::plain("[]"),
                _ => shown::plain("{}"),
            };
            self.found(seen(place.before), seen(place.after));
        }
    }

    /// One side of a difference that is not taken apart.
    fn leaf_or(&self, node: &Node<'_>, sensitive: &str, json: &str) -> Shown {
        match node {
            Node::Null => Shown::Absent,
            // A part of it is sensitive.
            _ if holds_true(sensitive) || self.secrets.are_in(json) => Shown::Sensitive,
            Node::Text(text) => shown::text(text),
            Node::Bool(_) | Node::Number(_) => shown::plain(json.trim_ascii()),
            Node::List(_) | Node::Object(_) => shown::json(json),
        }
    }

    fn found(&mut self, before: Shown, after: Shown) {
        let path = self.path.clone();
        let forces_replacement = self
            .replace_paths
            .iter()
            .any(|forcing| forcing.contains(&path) || path.contains(forcing));
        self.found.push(AttributeChange {
            path,
            before,
            after,
            forces_replacement,
        });
    }
}

fn entries(json: &str) -> std::collections::BTreeMap<std::borrow::Cow<'_, str>, &str> {
    match Node::parse(json) {
        Node::Object(entries) => entries,
        _ => Default::default(),
    }
}

fn items(json: &str) -> Vec<&str> {
    match Node::parse(json) {
        Node::List(items) => items,
        _ => Vec::new(),
    }
}

fn is_container(node: &Node<'_>) -> bool {
    matches!(node, Node::Object(_) | Node::List(_))
}

fn is_true(json: &str) -> bool {
    matches!(Node::parse(json), Node::Bool(true))
}

/// The program writes equal values in the same way, keys sorted.
fn same(one: &str, other: &str) -> bool {
    one == other
}

/// Whether there is a `true` anywhere.
fn holds_true(json: &str) -> bool {
    Node::parse(json).holds_true()
}
