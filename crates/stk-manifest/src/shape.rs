//! Which keys the mappings of stk.yaml and plugin.yaml have: one table for each mapping.
//!
//! The parsers take the keys that they know from here, and the JSON Schemas are made of it. What the tables say of
//! types is what the parsers take, not what StackSpot's own schemas say: a value that a parser does not look at is
//! [`Type::Any`].

use crate::manifest::SchemaVersion;

pub(crate) mod plugin_yaml;
pub(crate) mod stk_yaml;

/// A mapping.
#[derive(Debug)]
pub(crate) struct Shape {
    /// What the mapping is, for a person who looks at the schema's text.
    pub(crate) title: &'static str,
    /// Its keys, in the order in which they are usually written.
    pub(crate) keys: &'static [Key],
    /// Keys that are read another way when some key has one of some values.
    pub(crate) variants: &'static [Variant],
    /// Whether other keys are taken without a warning.
    pub(crate) is_open: bool,
}

/// One key of a mapping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    /// What editors show.
    pub(crate) description: &'static str,
    /// The schema versions that have it. The parsers read it in all of them.
    pub(crate) versions: &'static [SchemaVersion],
    /// The schema versions in which it must be there and not be empty.
    pub(crate) required: &'static [SchemaVersion],
}

/// How `keys` are read when `key` has one of `values`.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) key: &'static str,
    pub(crate) values: &'static [&'static str],
    pub(crate) keys: &'static [Key],
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type {
    /// Anything: the parser keeps it, or does not look at it.
    Any,
    /// A scalar, taken as the text that is written.
    Text,
    /// A text of a certain form.
    Matching(&'static Form),
    /// One of these texts.
    Choice(fn() -> Vec<&'static str>),
    /// A boolean, or its name in quotes.
    Boolean,
    /// A mapping with known keys.
    Mapping(&'static Shape),
    /// The same for a shape that contains itself, with keys that only this place needs. It stands in the schema's
    /// `definitions` under its title.
    Definition(fn() -> &'static Shape, &'static [Key]),
    /// A mapping with any keys.
    MapOf(&'static Self),
    /// A list.
    List(&'static Self),
    /// A scalar in place of a mapping.
    TextOrMapping(&'static Shape),
    /// The value of an input, in which connections can stand at any depth.
    InputValue,
}

/// The form of a text.
#[derive(Debug)]
pub(crate) struct Form {
    /// A regular expression that JavaScript and Rust read alike.
    pub(crate) pattern: &'static str,
    /// What an editor says about a text of another form.
    pub(crate) message: &'static str,
    /// The JSON types besides `string` whose text can have the form.
    pub(crate) scalars: &'static [&'static str],
}

/// The regular expression of a semantic version, without anchors.
macro_rules! semantic_version {
    () => {
        r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
    };
}
pub(crate) use semantic_version;

/// The regular expression of one name in a plugin reference, without anchors.
macro_rules! slug {
    () => {
        "[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
    };
}
pub(crate) use slug;

/// Every schema version.
pub(crate) const ALL: &[SchemaVersion] = &[SchemaVersion::V1, SchemaVersion::V2, SchemaVersion::V3];
/// The first one.
pub(crate) const V1: &[SchemaVersion] = &[SchemaVersion::V1];
/// The first two.
pub(crate) const V1_V2: &[SchemaVersion] = &[SchemaVersion::V1, SchemaVersion::V2];
/// All but the first.
pub(crate) const V2_V3: &[SchemaVersion] = &[SchemaVersion::V2, SchemaVersion::V3];
/// The last one.
pub(crate) const V3: &[SchemaVersion] = &[SchemaVersion::V3];

impl Shape {
    pub(crate) const fn new(title: &'static str, keys: &'static [Key]) -> Self {
        Self {
            title,
            keys,
            variants: &[],
            is_open: false,
        }
    }

    /// Whether it has a key of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
    }

    /// The names of its keys.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }
}

/// An optional key of all schema versions.
pub(crate) const fn key(name: &'static str, kind: Type, description: &'static str) -> Key {
    Key {
        name,
        kind,
        description,
        versions: ALL,
        required: &[],
    }
}

impl Key {
    /// The key must be there in every version.
    pub(crate) const fn required(self) -> Self {
        self.required_in(ALL)
    }

    /// The key must be there in these versions.
    pub(crate) const fn required_in(mut self, versions: &'static [SchemaVersion]) -> Self {
        self.required = versions;
        self
    }

    /// Only these versions have the key.
    pub(crate) const fn only_in(mut self, versions: &'static [SchemaVersion]) -> Self {
        self.versions = versions;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Key, Shape, Type, plugin_yaml, stk_yaml};

    fn visit(
        shape: &'static Shape,
        seen: &mut HashSet<*const Shape>,
        check: &mut impl FnMut(&Key),
    ) {
        if !seen.insert(std::ptr::from_ref(shape)) {
            return;
        }
        let mut names = HashSet::new();
        for key in shape.keys {
            assert!(names.insert(key.name), "{} twice", key.name);
        }
        for key in shape
            .keys
            .iter()
            .chain(shape.variants.iter().flat_map(|variant| variant.keys))
        {
            assert!(names.contains(key.name), "{}", key.name);
            check(key);
            let mut kind = &key.kind;
            loop {
                match kind {
                    Type::MapOf(inner) | Type::List(inner) => kind = inner,
                    Type::Mapping(inner) | Type::TextOrMapping(inner) => {
                        visit(inner, seen, check);
                        break;
                    }
                    Type::Definition(inner, _) => {
                        visit(inner(), seen, check);
                        break;
                    }
                    _ => break,
                }
            }
        }
    }

    #[test]
    fn every_key_is_described_and_stands_once() {
        let mut seen = HashSet::new();
        for root in [&stk_yaml::TOP, &plugin_yaml::TOP] {
            visit(root, &mut seen, &mut |key| {
                assert!(key.description.len() > 10, "{}", key.name);
                assert!(key.description.ends_with('.'), "{}", key.name);
                assert!(!key.versions.is_empty(), "{}", key.name);
            });
        }
        assert!(seen.len() > 12, "{} shapes", seen.len());
    }
}
