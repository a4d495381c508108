//! Values as they may be seen.

use std::fmt;

/// How many characters of a value are shown.
const LONGEST: usize = 200;

/// How many characters before the first difference are shown of values that are alike for long.
const LEAD: usize = 20;

/// What may be seen of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The value as JSON, in one line and cut when it is long; it holds no control characters.
    Value(String),
    /// There is a value that must not be seen.
    Sensitive,
    /// There will be one that is not known yet.
    Unknown,
    /// There is none.
    Absent,
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Value(text) => text,
            Self::Sensitive => "(sensitive value)",
            Self::Unknown => "(known after apply)",
            Self::Absent => "(none)",
        })
    }
}

/// Two texts side by side: where they begin alike and are too long to be shown whole, what they share is left out.
pub(super) fn pair(before: &str, after: &str) -> (Shown, Shown) {
    let mut start = 0;
    if before.chars().count().max(after.chars().count()) > LONGEST {
        let alike = before
            .chars()
            .zip(after.chars())
            .take_while(|(one, other)| one == other)
            .count();
        start = alike.saturating_sub(LEAD);
        if start < LEAD {
            start = 0;
        }
    }
    (text_from(before, start), text_from(after, start))
}

/// A text in quotes.
pub(super) fn text(text: &str) -> Shown {
    text_from(text, 0)
}

/// A number, a truth value, or an empty list or object.
pub(super) fn plain(json: &str) -> Shown {
    Shown::Value(cut(json, 0, |character| character.to_string()))
}

/// A whole list or object, in one line.
pub(super) fn json(json: &str) -> Shown {
    Shown::Value(cut(json, 0, |character| match character {
        '"' | '\\' => character.to_string(),
        character => escape(character),
    }))
}

fn text_from(text: &str, start: usize) -> Shown {
    Shown::Value(format!("\"{}\"", cut(text, start, escape)))
}

fn cut(text: &str, start: usize, escape: impl Fn(char) -> String) -> String {
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    let mut characters = text.chars().skip(start);
    shown.extend(characters.by_ref().take(LONGEST).map(escape));
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// What a terminal or a reader could be fooled with is written out: control characters, marks of direction.
fn escape(character: char) -> String {
    match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\'' => "'".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => character.escape_unicode().to_string(),
        character => character.escape_debug().to_string(),
    }
}
