//! Arithmetic as Python does it, and the same operators between texts and lists.

use minijinja::{Error, ErrorKind, State, Value, value::ValueKind};

use super::{
    args::{bind, required},
    format, strings,
    text::{self, type_name},
    values::{List, items, tuple},
};

/// Longest text that `*` makes, in bytes.
const MAX_REPEATED: usize = 100_000_000;

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

/// `left + right`
pub(crate) fn plus(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
        state.consume_fuel(((a.len() + b.len()) / 64) as u64)?;
        if left.is_safe() || right.is_safe() {
            let escaped = |value: &Value, text: &str| {
                if value.is_safe() {
                    text.to_owned()
                } else {
                    strings::escape(text)
                }
            };
            return Ok(Value::from_safe_string(
                escaped(left, a) + &escaped(right, b),
            ));
        }
        return Ok([a, b].concat().into());
    }
    let kind = type_name(left);
    if kind == type_name(right) && matches!(kind, "list" | "tuple") {
        let (mut first, second) = (items(left)?, items(right)?);
        state.consume_fuel(((first.len() + second.len()) / 8) as u64)?;
        first.extend(second);
        return Ok(if kind == "list" {
            List::value(first)
        } else {
            tuple(first)
        });
    }
    arithmetic("+", left, right)
}

/// `left * right`
pub(crate) fn times(
    state: &mut State<'_, '_>,
    left: &Value,
    right: &Value,
) -> Result<Value, Error> {
    let whole = |value: &Value| match value.kind() {
        ValueKind::Bool => Some(i128::from(value.is_true())),
        ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok(),
        _ => None,
    };
    let repeated = [(left, whole(right)), (right, whole(left))];
    for (value, count) in repeated {
        let kind = type_name(value);
        let Some(count) = count.filter(|_| matches!(kind, "str" | "Markup" | "list" | "tuple"))
        else {
            continue;
        };
        let count = u64::try_from(count.max(0)).unwrap_or(u64::MAX);
        let size = value
            .as_str()
            .map_or_else(|| value.len().unwrap_or(0).saturating_mul(8), str::len);
        state.consume_fuel(count.saturating_mul(size as u64) / 64)?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if let Some(text) = value.as_str() {
            let length = text
                .len()
                .checked_mul(count)
                .filter(|length| *length <= MAX_REPEATED);
            length.ok_or_else(|| invalid("the text would be too long"))?;
            let text = text.repeat(count);
            return Ok(if value.is_safe() {
                Value::from_safe_string(text)
            } else {
                text.into()
            });
        }
        let found = items(value)?;
        let length = found
            .len()
            .checked_mul(count)
            .filter(|length| *length <= MAX_REPEATED / 16);
        length.ok_or_else(|| invalid("the list would be too long"))?;
        let found = std::iter::repeat_n(found, count).flatten().collect();
        return Ok(if kind == "tuple" {
            tuple(found)
        } else {
            List::value(found)
        });
    }
    arithmetic("*", left, right)
}

/// `left % right`
pub(crate) fn modulo(
    state: &mut State<'_, '_>,
    left: &Value,
    right: &Value,
) -> Result<Value, Error> {
    match left.as_str() {
        Some(text) => format::percent(state, text, right).map(Value::from),
        None => arithmetic("%", left, right),
    }
}

/// `-value` and `+value`
pub(crate) fn signed(args: &[Value], sign: &str) -> Result<Value, Error> {
    let [value] = bind(args, ["value"])?;
    let value = required(value, "value")?;
    text::check_defined(&value)?;
    match sign {
        "-" if !value.is_integer() && value.kind() == ValueKind::Number => {
            Ok(Value::from(-f64::try_from(value.clone())?))
        }
        "-" => arithmetic("-", &Value::from(0), &value),
        _ => arithmetic("+", &value, &Value::from(0)),
    }
    .map_err(|_| {
        invalid(format!(
            "`{sign}` is not supported by a value of type {}",
            type_name(&value)
        ))
    })
}

/// A whole number, if it is one that fits.
pub(crate) fn whole(value: &Value) -> Option<i128> {
    match value.kind() {
        ValueKind::Bool => Some(i128::from(value.is_true())),
        ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok(),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value.kind() {
        ValueKind::Bool => Some(if value.is_true() { 1.0 } else { 0.0 }),
        ValueKind::Number => f64::try_from(value.clone()).ok(),
        _ => None,
    }
}

/// An operator between two numbers.
pub(crate) fn arithmetic(operator: &str, left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (whole(left), whole(right)) {
        return integers(operator, a, b);
    }
    match (float(left), float(right)) {
        (Some(a), Some(b)) => floats(operator, a, b),
        _ => Err(unsupported(operator, left, right)),
    }
}

fn integers(operator: &str, a: i128, b: i128) -> Result<Value, Error> {
    let zero = || invalid(format!("`{a} {operator} {b}` divides by zero"));
    let result = match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" => {
            #[expect(clippy::cast_precision_loss, reason = "Python rounds as well")]
            return if b == 0 {
                Err(zero())
            } else {
                Ok(Value::from(a as f64 / b as f64))
            };
        }
        _ if b == 0 && operator != "**" => return Err(zero()),
        "//" => {
            let quotient = a.checked_div(b);
            let rounds = a % b != 0 && (a < 0) != (b < 0);
            quotient.map(|quotient| if rounds { quotient - 1 } else { quotient })
        }
        "%" => {
            let rest = a.checked_rem(b).unwrap_or(0);
            Some(if rest != 0 && (rest < 0) != (b < 0) {
                rest + b
            } else {
                rest
            })
        }
        _ if b < 0 => {
            #[expect(
                clippy::cast_precision_loss,
                reason = "Python computes with floats as well"
            )]
            return floats("**", a as f64, b as f64);
        }
        _ => match a {
            0 | 1 => Some(if b == 0 { 1 } else { a }),
            -1 => Some(if b % 2 == 0 { 1 } else { -1 }),
            _ => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        },
    };
    let result =
        result.ok_or_else(|| invalid(format!("`{a} {operator} {b}` is too large a number")))?;
    Ok(i64::try_from(result).map_or_else(|_| Value::from(result), Value::from))
}

fn floats(operator: &str, a: f64, b: f64) -> Result<Value, Error> {
    let divides = matches!(operator, "/" | "//" | "%") && b == 0.0;
    let inverse = operator == "**" && a == 0.0 && b < 0.0;
    if divides || inverse {
        return Err(invalid(format!("`{a:?} {operator} {b:?}` divides by zero")));
    }
    // Python's remainder has the sign of the divisor.
    let remainder = || {
        let rest = a % b;
        match rest == 0.0 {
            true => 0.0_f64.copysign(b),
            false if (rest < 0.0) != (b < 0.0) => rest + b,
            false => rest,
        }
    };
    Ok(Value::from(match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "//" => {
            let quotient = (a - remainder()) / b;
            let floor = quotient.floor();
            if quotient == 0.0 {
                0.0_f64.copysign(a / b)
            } else if quotient - floor > 0.5 {
                floor + 1.0
            } else {
                floor
            }
        }
        "%" => remainder(),
        _ => {
            let power = a.powf(b);
            if power.is_nan() && !a.is_nan() && !b.is_nan() {
                return Err(invalid(format!("`{a:?} ** {b:?}` is not a real number")));
            }
            if power.is_infinite() && a.is_finite() && b.is_finite() {
                return Err(invalid(format!("`{a:?} ** {b:?}` is too large a number")));
            }
            power
        }
    }))
}

/// A float without its fraction, as a whole number.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn truncated(value: &Value) -> Result<Value, Error> {
    let number = f64::try_from(value.clone())?;
    if number.abs() < 1e38 {
        let whole = number as i128;
        return Ok(i64::try_from(whole).map_or_else(|_| Value::from(whole), Value::from));
    }
    Err(invalid(format!("{number:?} cannot be a whole number")))
}

fn unsupported(operator: &str, left: &Value, right: &Value) -> Error {
    invalid(format!(
        "`{operator}` is not supported between {} and {}",
        type_name(left),
        type_name(right)
    ))
}
