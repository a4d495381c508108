//! What a scalar's text means.
//!
//! YAML 1.2's core schema as ruamel.yaml (the library that writes stk.yaml) resolves it: `yes`, `no`, `on` and
//! `off` are text, `true`/`True`/`TRUE` are booleans, integers may hold `_` and start with `0b`, `0o` or `0x`.
//! A date is left as the text that is written, because that is how a template prints it.

use serde_json::Number;

/// How the text of a scalar is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Plain style: the core schema decides.
    Plain,
    /// Quoted, a block scalar, or tagged as text: it is text whatever it looks like.
    Text,
    /// Quoted but tagged `!!int`, `!!float`, `!!bool` or `!!null`: read like a plain scalar.
    Tagged,
}

/// What a scalar is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Number(Number),
    Text,
    /// A number that JSON cannot hold exactly, and why.
    Inexact(&'static str),
}

pub(crate) fn resolve(text: &str, reading: Reading) -> Resolved {
    if reading == Reading::Text {
        return Resolved::Text;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        _ => {}
    }
    let Some(first) = text.bytes().next() else {
        return Resolved::Null;
    };
    if !matches!(first, b'0'..=b'9' | b'-' | b'+' | b'.') {
        return Resolved::Text;
    }
    integer(text)
        .or_else(|| float(text))
        .unwrap_or(Resolved::Text)
}

fn integer(text: &str) -> Option<Resolved> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = if let Some(rest) = digits.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = digits.strip_prefix("0o") {
        (8, rest)
    } else if let Some(rest) = digits.strip_prefix("0b") {
        (2, rest)
    } else {
        (10, digits)
    };
    if !digits
        .chars()
        .all(|character| character == '_' || character.is_digit(radix))
        || !digits.contains(|character: char| character.is_digit(radix))
    {
        return None;
    }
    let mut value: i128 = 0;
    for digit in digits
        .chars()
        .filter_map(|character| character.to_digit(radix))
    {
        let next = value
            .checked_mul(i128::from(radix))
            .and_then(|value| value.checked_add(i128::from(digit)));
        match next {
            Some(next) if next <= i128::from(u64::MAX) + 1 => value = next,
            _ => return Some(Resolved::Inexact("is an integer of more than 64 bits")),
        }
    }
    let value = if negative { -value } else { value };
    let number = i64::try_from(value)
        .map(Number::from)
        .or_else(|_| u64::try_from(value).map(Number::from));
    Some(number.map_or(
        Resolved::Inexact("is an integer of more than 64 bits"),
        Resolved::Number,
    ))
}

fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => return Some(Resolved::Inexact("is an infinite number")),
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => {
            return Some(Resolved::Inexact("is not a number"));
        }
        _ => {}
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(place) => (&unsigned[..place], Some(&unsigned[place + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent_is_valid = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit())
    });
    // ruamel's pattern wants a sign in the exponent of a number without a whole part: `.5e3` is text to it.
    let exponent_is_valid = exponent_is_valid
        && (!whole.is_empty() || exponent.is_none_or(|exponent| exponent.starts_with(['-', '+'])));
    let has_digit = mantissa.bytes().any(|byte| byte.is_ascii_digit());
    if !(has_digit
        && digits(whole)
        && !whole.starts_with('_')
        && fraction.is_none_or(digits)
        && exponent_is_valid
        && (fraction.is_some() || exponent.is_some()))
    {
        return None;
    }
    let number: f64 = text.replace('_', "").parse().ok()?;
    Some(Number::from_f64(number).map_or(
        Resolved::Inexact("is too large for a number"),
        Resolved::Number,
    ))
}

#[cfg(test)]
mod tests {
    use super::{Reading, Resolved, resolve};

    fn check(text: &str, expected: &str) {
        let shown = match resolve(text, Reading::Plain) {
            Resolved::Null => "null".to_owned(),
            Resolved::Bool(value) => format!("bool {value}"),
            Resolved::Number(number) => format!("number {number}"),
            Resolved::Text => "text".to_owned(),
            Resolved::Inexact(reason) => format!("inexact: {reason}"),
        };
        assert_eq!(shown, expected, "{text:?}");
    }

    // The expected column is what ruamel.yaml 0.19 gives for the same text in a YAML 1.2 document.
    #[test]
    fn the_core_schema_as_ruamel_reads_it() {
        for text in [
            "yes", "no", "on", "off", "y", "N", "Yes", "tRUE", "nULL", "None",
        ] {
            check(text, "text");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            check(text, "null");
        }
        check("true", "bool true");
        check("False", "bool false");
        check("0", "number 0");
        check("-0", "number 0");
        check("8080", "number 8080");
        check("+12", "number 12");
        check("1_000", "number 1000");
        check("0x1F", "number 31");
        check("0o17", "number 15");
        check("0b101", "number 5");
        check("0123", "number 123");
        check("18446744073709551615", "number 18446744073709551615");
        check("-9223372036854775808", "number -9223372036854775808");
        check(
            "18446744073709551616",
            "inexact: is an integer of more than 64 bits",
        );
        check("1.5", "number 1.5");
        check("1.", "number 1.0");
        check(".5", "number 0.5");
        check("1e3", "number 1000.0");
        check(".5e+3", "number 500.0");
        check("1_.5", "number 1.5");
        check("1__0", "number 10");
        check("-0x1F", "number -31");
        check("01_2", "number 12");
        check("-1.5E-3", "number -0.0015");
        check(".inf", "inexact: is an infinite number");
        check("-.INF", "inexact: is an infinite number");
        check(".nan", "inexact: is not a number");
        check("1e999", "inexact: is too large for a number");
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for text in [
            "1.2.3",
            "1-2",
            "-",
            "+",
            ".",
            "0x",
            "0o8",
            "0b2",
            "1e",
            "e3",
            "_1",
            "12:30:45",
            "2024-01-31",
            "1,000",
            "10.0.0.0/16",
            "-.nan",
            ".5e3",
            ".e3",
            "0x_",
            "256Mi",
            "1 2",
            "٣",
        ] {
            check(text, "text");
        }
    }

    #[test]
    fn quotes_win() {
        for text in ["8080", "false", "", "null", "~"] {
            assert_eq!(resolve(text, Reading::Text), Resolved::Text);
        }
    }
}
