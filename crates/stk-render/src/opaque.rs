//! Values that templates may print and nothing else, and the marks that they and refused values leave in texts.
//!
//! An opaque value prints as a mark: private-use characters, which no template writes by accident and which no change of
//! case touches. Texts that hold a mark (captured blocks, results of macros, computed inputs) may be printed and joined
//! where that keeps the mark whole; everything that would look at the text is refused as it is for the value itself.

use std::{fmt, sync::Arc};

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Object, ObjectRepr},
};

/// Surrounds the number of a reason in the text of an engine error, so that it is recognised also where the engine
/// turned the error into text.
pub(crate) const REFUSED: char = '\u{f5c1}';

const OPEN: char = '\u{f5cb}';
const SEPARATOR: char = '\u{f5cd}';
const CLOSE: char = '\u{f5cc}';
/// The digit 0 of a mark; the others follow.
const ZERO: u32 = 0xf5d0;

/// The error of a value that must not be used so.
pub(crate) fn refused(reason: usize) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("{REFUSED}{reason}{REFUSED}"),
    )
}

/// An opaque value.
pub(crate) fn value(reason: usize, name: usize, truth: Truth) -> Value {
    Value::from_object(Opaque {
        reason,
        name,
        line: 0,
        truth,
    })
}

/// What a condition takes an opaque value for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It is something: a condition on it is true.
    Something,
    /// Nobody knows, for it may turn out to be empty: a condition on it fails.
    Unknown,
}

/// Fails for an opaque value of which nobody knows whether it is something.
pub(crate) fn check_truth(value: &Value) -> Result<(), Error> {
    match value.downcast_object_ref::<Opaque>() {
        Some(opaque) if opaque.truth == Truth::Unknown => Err(refused(opaque.reason)),
        _ => Ok(()),
    }
}

#[derive(Clone, Copy, Debug)]
struct Opaque {
    reason: usize,
    name: usize,
    /// The line of the tag that prints it, where that is known.
    line: usize,
    truth: Truth,
}

impl Object for Opaque {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from(refused(self.reason)))
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, Error> {
        Err(refused(self.reason))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        _: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        Err(refused(self.reason))
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever turns it into text without asking leaves what is recognised as a refusal.
        write!(formatter, "{REFUSED}{}{REFUSED}", self.reason)
    }
}

/// Fails for an opaque value, and for a text that holds the mark of one.
pub(crate) fn check(value: &Value) -> Result<(), Error> {
    if let Some(opaque) = value.downcast_object_ref::<Opaque>() {
        return Err(refused(opaque.reason));
    }
    value.as_str().map_or(Ok(()), check_text)
}

/// Fails for a text that holds a mark.
pub(crate) fn check_text(text: &str) -> Result<(), Error> {
    if let Some((_, rest)) = text.split_once(OPEN) {
        return Err(refused(reason_of(rest)));
    }
    match text.split_once(REFUSED) {
        None => Ok(()),
        Some((_, rest)) => {
            let number = rest
                .split(REFUSED)
                .next()
                .and_then(|number| number.parse().ok());
            Err(refused(number.unwrap_or(usize::MAX)))
        }
    }
}

/// The reason in a mark, behind its opening.
fn reason_of(rest: &str) -> usize {
    let mut numbers = rest.split(SEPARATOR);
    numbers.next().and_then(number).unwrap_or(usize::MAX)
}

/// `value` as it is printed by the tag of `line`.
pub(crate) fn at_line(value: Value, line: usize) -> Value {
    match value.downcast_object_ref::<Opaque>() {
        None => value,
        Some(opaque) => Value::from_object(Opaque { line, ..*opaque }),
    }
}

/// The mark that `value` prints, if it is opaque.
pub(crate) fn mark(value: &Value) -> Option<String> {
    let opaque = value.downcast_object_ref::<Opaque>()?;
    let mut mark = String::from(OPEN);
    for (index, number) in [opaque.reason, opaque.name, opaque.line].iter().enumerate() {
        if index > 0 {
            mark.push(SEPARATOR);
        }
        mark.extend(
            number
                .to_string()
                .bytes()
                .filter_map(|digit| char::from_u32(ZERO + u32::from(digit - b'0'))),
        );
    }
    mark.push(CLOSE);
    Some(mark)
}

fn number(digits: &str) -> Option<usize> {
    let plain: Option<String> = digits
        .chars()
        .map(|digit| char::from_digit(u32::from(digit).checked_sub(ZERO)?, 10))
        .collect();
    plain?.parse().ok()
}

/// Whether `text` holds a mark, whole or not.
pub(crate) fn is_marked(text: &str) -> bool {
    text.contains([OPEN, CLOSE, SEPARATOR])
}

/// A piece of a text with marks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Text(&'t str),
    Mark { name: usize, line: usize },
}

/// The pieces of a text; `None` when a mark in it is not whole any more.
pub(crate) fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (mark, after) = after.split_once(CLOSE)?;
        let mut numbers = mark.split(SEPARATOR).map(number);
        let (Some(Some(_)), Some(Some(name)), Some(Some(line)), None) = (
            numbers.next(),
            numbers.next(),
            numbers.next(),
            numbers.next(),
        ) else {
            return None;
        };
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Mark { name, line });
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    let whole = |piece: &Piece<'_>| !matches!(piece, Piece::Text(text) if is_marked(text));
    pieces.iter().all(whole).then_some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again() {
        let value = at_line(value(3, 12, Truth::Something), 405);
        let text = format!("a{}b", mark(&value).unwrap());
        assert_eq!(
            pieces(&text),
            Some(vec![
                Piece::Text("a"),
                Piece::Mark {
                    name: 12,
                    line: 405
                },
                Piece::Text("b"),
            ])
        );
        assert_eq!(pieces(&text.to_uppercase()), pieces(&text.to_uppercase()));
        assert!(check_text(&text).is_err());
        assert!(check_text("ab").is_ok());
    }

    #[test]
    fn a_damaged_mark_is_noticed() {
        let text = mark(&value(0, 1, Truth::Something)).unwrap();
        let letters: Vec<char> = text.chars().collect();
        for from in 0..letters.len() {
            for to in from + 1..=letters.len() {
                let part: String = letters[from..to].iter().collect();
                let whole = part == text;
                let digits = !is_marked(&part);
                assert_eq!(pieces(&part).is_some(), whole || digits, "{from}..{to}");
            }
        }
        let reversed: String = text.chars().rev().collect();
        assert_eq!(pieces(&reversed), None);
    }
}
