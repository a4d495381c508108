//! What a message calls a part of a document.

use std::fmt;

/// The name of a mapping, put together only when a message needs it: nearly all mappings have nothing wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'p> {
    /// The document's own mapping.
    Document,
    /// `entry 3 of `plugins``, counted from 1.
    Entry(usize),
    /// An applied plugin, by alias.
    Plugin(&'p str),
    /// A declared input, by name.
    Input(&'p str),
    /// The value of a key.
    Key(&'p str, &'p Self),
    /// A nameless part: `a link of …`, where the text is `a link`.
    Part(&'p str, &'p Self),
    /// A connection, where the text is what its plugin does with it: `requires` or `generates`.
    Connection(&'p str, &'p Self),
    /// A part with a number, counted from 1: `input 3 of …`.
    Numbered(&'p str, usize, &'p Self),
}

impl fmt::Display for What<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => formatter.write_str("the file"),
            Self::Entry(number) => write!(formatter, "entry {number} of `plugins`"),
            Self::Plugin(alias) => write!(formatter, "the plugin `{alias}`"),
            Self::Input(name) => write!(formatter, "the input `{name}`"),
            // A key of the document itself goes without an "of".
            Self::Key(key, Self::Document) => write!(formatter, "`{key}`"),
            Self::Key(key, parent) => write!(formatter, "`{key}` of {parent}"),
            Self::Part(part, parent) => write!(formatter, "{part} of {parent}"),
            Self::Connection(verb, plugin) => {
                write!(formatter, "a connection that {plugin} {verb}")
            }
            Self::Numbered(part, number, parent) => {
                write!(formatter, "{part} {number} of {parent}")
            }
        }
    }
}
