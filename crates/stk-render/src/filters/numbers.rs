use minijinja::{
    Environment, Error, Value, filters,
    value::{Kwargs, ValueKind},
};

use super::add;
use crate::python::args::{bind, integer_or, required, text_or};

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "int", |_, args| {
        let [value, default, base] = bind(args, ["value", "default", "base"])?;
        let base = integer_or(base, 10)?;
        let value = required(value, "value")?;
        fail_if_undefined(&value)?;
        let found = match value.as_str() {
            Some(text) => integer(text, base).or_else(|| number(text).and_then(truncated)),
            None if value.is_integer() => Some(value.clone()),
            None => float(&value).and_then(truncated),
        };
        Ok(found.or(default).unwrap_or_else(|| Value::from(0)))
    });
    add(environment, "float", |_, args| {
        let [value, default] = bind(args, ["value", "default"])?;
        let value = required(value, "value")?;
        fail_if_undefined(&value)?;
        let found = value.as_str().map_or_else(|| float(&value), number);
        Ok(found
            .map(Value::from)
            .or(default)
            .unwrap_or_else(|| Value::from(0.0)))
    });
    add(environment, "abs", |_, args| {
        let [value] = bind(args, ["x"])?;
        filters::abs(number_of(required(value, "x")?))
    });
    add(environment, "round", |_, args| {
        let [value, precision, method] = bind(args, ["value", "precision", "method"])?;
        let method = text_or(method, "common")?;
        let precision = i32::try_from(integer_or(precision, 0)?).ok();
        let mut value = number_of(required(value, "value")?);
        if method != "common" && value.is_integer() {
            // `math.floor(x * 10 ** n) / 10 ** n`
            value = Value::from(f64::try_from(value)?);
        }
        filters::round(
            value,
            precision,
            Some(&method),
            std::iter::empty::<(String, Value)>().collect::<Kwargs>(),
        )
    });
}

/// Booleans are numbers in Python.
fn number_of(value: Value) -> Value {
    match value.kind() {
        ValueKind::Bool => Value::from(i64::from(value.is_true())),
        _ => value,
    }
}

fn fail_if_undefined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        value.get_attr("")?;
    }
    Ok(())
}

fn float(value: &Value) -> Option<f64> {
    match value.kind() {
        ValueKind::Bool => Some(if value.is_true() { 1.0 } else { 0.0 }),
        ValueKind::Number => f64::try_from(value.clone()).ok(),
        _ => None,
    }
}

/// `float(text)`.
fn number(text: &str) -> Option<f64> {
    without_underscores(text.trim())?.parse().ok()
}

/// `int(text, base)`.
fn integer(text: &str, base: i64) -> Option<Value> {
    let text = without_underscores(text.trim())?.to_ascii_lowercase();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (base, digits) = match (base, digits.get(..2)) {
        (16 | 0, Some("0x")) => (16, &digits[2..]),
        (8 | 0, Some("0o")) => (8, &digits[2..]),
        (2 | 0, Some("0b")) => (2, &digits[2..]),
        (0, _) => (10, digits),
        _ => (
            u32::try_from(base)
                .ok()
                .filter(|base| (2..=36).contains(base))?,
            digits,
        ),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(digits, base).ok()?;
    Some(Value::from(if negative { -value } else { value }))
}

/// Python allows one underscore between two digits.
fn without_underscores(text: &str) -> Option<String> {
    let misplaced = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    (!misplaced).then(|| text.replace('_', ""))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked; cutting off the fraction is the point"
)]
fn truncated(number: f64) -> Option<Value> {
    const LIMIT: f64 = 1.0e38;
    (number.abs() < LIMIT).then(|| Value::from(number as i128))
}
