//! Reading parts of a JSON text, and saying where they are in it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Where something is in a text. Displays as `line 3, column 5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// What is not JSON.
pub(super) struct Malformed {
    pub(super) at: Place,
    pub(super) reason: String,
    /// Whether the text just stops.
    pub(super) at_end: bool,
}

/// The members of an object, in the order of the text, a name that is there twice twice.
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

/// A text, and the same text as plain JSON, byte for byte.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) original: &'a str,
    pub(super) plain: &'a str,
}

impl<'a> Reader<'a> {
    /// Reads `part`, which is a part of the plain text.
    pub(super) fn read<T: Deserialize<'a>>(&self, part: &'a str) -> Result<T, Malformed> {
        serde_json::from_str(part).map_err(|error| {
            let line_start = part
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1))
                .map(str::len)
                .sum::<usize>();
            // The column counts bytes from 1; at the end of a line it may be the 0 of the next.
            let inside = line_start + error.column().saturating_sub(1);
            Malformed {
                at: self.place_at(self.offset(part) + inside.min(part.len())),
                reason: without_place(&error.to_string()).to_owned(),
                at_end: error.is_eof(),
            }
        })
    }

    /// Where `part`, which is a part of the plain text, starts.
    pub(super) fn place(&self, part: &str) -> Place {
        self.place_at(self.offset(part))
    }

    fn offset(&self, part: &str) -> usize {
        part.as_ptr()
            .addr()
            .saturating_sub(self.plain.as_ptr().addr())
    }

    fn place_at(&self, offset: usize) -> Place {
        // Characters are counted in what the person wrote, where a comment may hold any.
        let before = self
            .original
            .char_indices()
            .take_while(|(at, _)| *at < offset);
        let mut place = Place { line: 1, column: 1 };
        for (_, letter) in before {
            if letter == '\n' {
                place.line += 1;
                place.column = 1;
            } else {
                place.column += 1;
            }
        }
        place
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}

/// The parser ends its messages with the place, which is reported apart.
fn without_place(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(text, _)| text)
}
