//! Python's operators, as filters that [`jinja`](crate::jinja) writes where a template has an operator.

use minijinja::{Environment, Error, ErrorKind, State, Value, value::ValueKind};

use super::{
    args::{bind, flag_or, required, text_or},
    compare, format, macros, strings,
    text::{self, to_str, type_name},
    values::{Bound, Dict, Generator, List, Namespace, check_cycle, items, tuple},
};
use crate::{
    filters::{add, functions},
    jinja::names::DICTIONARY_METHODS,
};

type Binary = fn(&mut State<'_, '_>, &Value, &Value) -> Result<Value, Error>;

pub(crate) fn register(environment: &mut Environment<'_>) {
    let binary: [(&'static str, Binary); 7] = [
        ("py_add", plus),
        ("py_sub", |_, left, right| arithmetic("-", left, right)),
        ("py_mul", times),
        ("py_div", |_, left, right| arithmetic("/", left, right)),
        ("py_floordiv", |_, left, right| {
            arithmetic("//", left, right)
        }),
        ("py_mod", modulo),
        ("py_pow", |_, left, right| arithmetic("**", left, right)),
    ];
    for (name, operator) in binary {
        add(environment, name, move |state, args| {
            let [left, right] = two(args)?;
            text::check_defined(left)?;
            if left.as_str().is_none() || name != "py_mod" {
                text::check_defined(right)?;
            }
            operator(state, left, right)
        });
    }
    for (name, operator) in [
        ("py_eq", "=="),
        ("py_ne", "!="),
        ("py_lt", "<"),
        ("py_le", "<="),
        ("py_gt", ">"),
        ("py_ge", ">="),
        ("py_in", "in"),
        ("py_not_in", "not in"),
    ] {
        add(environment, name, move |state, args| {
            let [left, right] = two(args)?;
            let size = right.len().unwrap_or(0).max(left.len().unwrap_or(0));
            state.consume_fuel((size / 16) as u64)?;
            compare::holds(left, operator, right).map(Value::from)
        });
    }
    add(environment, "py_compare", |_, args| {
        for (left, rest) in (0..)
            .step_by(2)
            .map_while(|at| Some((args.get(at)?, args.get(at + 1..at + 3)?)))
        {
            let [operator, right] = two(rest)?;
            if !compare::holds(left, operator.as_str().unwrap_or_default(), right)? {
                return Ok(false.into());
            }
        }
        Ok(true.into())
    });
    add(environment, "py_neg", |_, args| signed(args, "-"));
    add(environment, "py_pos", |_, args| signed(args, "+"));
    add(environment, "py_concat", |state, args| {
        let mut joined = String::new();
        for value in args {
            joined.push_str(&to_str(value)?);
            state.consume_fuel((joined.len() / 256) as u64)?;
        }
        Ok(joined.into())
    });
    register_values(environment);
}

fn register_values(environment: &mut Environment<'_>) {
    add(environment, "py_list", |_, args| {
        let [value] = bind(args, ["value"])?;
        Ok(List::value(items(&required(value, "value")?)?))
    });
    add(environment, "py_dict", |_, args| {
        let [value] = bind(args, ["value"])?;
        let map = required(value, "value")?;
        let mut entries = Vec::new();
        for (key, value) in map
            .as_object()
            .and_then(|map| map.try_iter_pairs())
            .into_iter()
            .flatten()
        {
            compare::hashable(&key)?;
            entries.push((key, value));
        }
        Ok(Dict::value(entries))
    });
    add(environment, "py_slice", slice);
    add(environment, "py_attr", |_, args| {
        let [value, name] = two(args)?;
        attribute(value, name.as_str().unwrap_or_default())
    });
    add(environment, "py_item", |_, args| {
        let [value, name] = two(args)?;
        let item = value.get_item(name)?;
        if item.is_undefined() {
            return attribute(value, name.as_str().unwrap_or_default());
        }
        Ok(item)
    });
    add(environment, "py_name", |state, args| {
        let [name] = bind(args, ["name"])?;
        Ok(state.lookup(&text_or(name, "")?).unwrap_or_default())
    });
    add(environment, "py_iter", iterated);
    add(environment, "py_unpack", |_, args| {
        let [value, count] = two(args)?;
        let found = items(value)?;
        let count = count.as_usize().unwrap_or(0);
        if found.len() != count {
            return Err(invalid(format!(
                "{count} values are expected, not {}",
                found.len()
            )));
        }
        Ok(tuple(found))
    });
    add(environment, "py_assign", |state, args| {
        let [namespace, name, value] = bind(args, ["namespace", "name", "value"])?;
        let namespace = namespace.unwrap_or_default();
        let Some(target) = namespace.downcast_object_ref::<Namespace>() else {
            text::check_defined(&namespace)?;
            return Err(invalid(format!(
                "an attribute can only be assigned to a namespace, not to a value of type {}",
                type_name(&namespace)
            )));
        };
        let value = value.unwrap_or_default();
        check_cycle(state, &namespace, &value)?;
        target.set(&text_or(name, "")?, value);
        Ok(false.into())
    });
    add(environment, "py_macro", macros::wrap);
    add(environment, "py_unknown", |_, args| {
        let [_, message] = two(args.get(..2).unwrap_or(args))?;
        Err(Error::new(ErrorKind::UnknownFilter, to_str(message)?))
    });
    environment.add_test("py_missing", macros::missing);
    environment.add_test(
        "py_unknown",
        |_: &Value, message: String, _: minijinja::value::Rest<Value>| {
            Err::<bool, Error>(Error::new(ErrorKind::UnknownTest, message))
        },
    );
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

fn two(args: &[Value]) -> Result<[&Value; 2], Error> {
    match args {
        [left, right] => Ok([left, right]),
        _ => Err(Error::from(ErrorKind::MissingArgument)),
    }
}

fn unsupported(operator: &str, left: &Value, right: &Value) -> Error {
    invalid(format!(
        "`{operator}` is not supported between {} and {}",
        type_name(left),
        type_name(right)
    ))
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

fn times(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
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

/// Longest text that `*` makes, in bytes.
const MAX_REPEATED: usize = 100_000_000;

fn modulo(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
    match left.as_str() {
        Some(text) => format::percent(state, text, right).map(Value::from),
        None => arithmetic("%", left, right),
    }
}

fn signed(args: &[Value], sign: &str) -> Result<Value, Error> {
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
fn whole(value: &Value) -> Option<i128> {
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
            if quotient - floor > 0.5 {
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

fn slice(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, start, stop, step] = bind(args, ["value", "start", "stop", "step"])?;
    let value = value.unwrap_or_default();
    text::check_defined(&value)?;
    let bound = |value: Option<Value>| match value {
        None => Ok(None),
        Some(value) if value.is_none() => Ok(None),
        Some(value) => match whole(&value) {
            Some(index) => Ok(Some(index)),
            None => Err(invalid(format!(
                "a slice needs whole numbers, not {}",
                type_name(&value)
            ))),
        },
    };
    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?.unwrap_or(1));
    let kind = type_name(&value);
    if !matches!(kind, "str" | "Markup" | "list" | "tuple" | "range") {
        return Err(invalid(format!("a value of type {kind} cannot be sliced")));
    }
    if step == 0 {
        return Err(invalid("the step of a slice cannot be 0"));
    }
    let found = items(&value)?;
    state.consume_fuel((found.len() / 16) as u64)?;
    let length = found.len() as i128;
    let clamp = |index: i128, low: i128, high: i128| {
        let index = if index < 0 { index + length } else { index };
        index.clamp(low, high)
    };
    let (low, high) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let first = start.map_or(if step > 0 { low } else { high }, |index| {
        clamp(index, low, high)
    });
    let last = stop.map_or(if step > 0 { high } else { low }, |index| {
        clamp(index, low, high)
    });
    if kind == "range" {
        return functions::sliced(&value, first, last, step);
    }
    let mut taken = Vec::new();
    let mut at = first;
    while (step > 0 && at < last) || (step < 0 && at > last) {
        if let Some(item) = usize::try_from(at).ok().and_then(|at| found.get(at)) {
            taken.push(item.clone());
        }
        at = at.saturating_add(step);
    }
    Ok(match kind {
        "list" => List::value(taken),
        "tuple" => tuple(taken),
        _ => taken
            .iter()
            .filter_map(Value::as_str)
            .collect::<String>()
            .into(),
    })
}

/// `value.name`, where the name may be that of a method.
fn attribute(value: &Value, name: &str) -> Result<Value, Error> {
    text::check_defined(value)?;
    // Python's own attributes are not for templates: the sandbox has them undefined.
    if name.starts_with("__") {
        return Ok(Value::UNDEFINED);
    }
    if is_method(value, name) {
        return Ok(bound_method(value, name));
    }
    value.get_attr(name)
}

/// The method of that name, not called.
pub(crate) fn bound_method(value: &Value, name: &str) -> Value {
    Value::from_object(Bound {
        object: value.clone(),
        method: name.to_owned(),
    })
}

/// Whether Python's type of the value has such a method.
pub(crate) fn is_method(value: &Value, name: &str) -> bool {
    match type_name(value) {
        "dict" => DICTIONARY_METHODS.contains(&name),
        "list" => LIST_METHODS.contains(&name),
        "tuple" => matches!(name, "count" | "index"),
        "str" => TEXT_METHODS.contains(&name),
        _ => false,
    }
}

const LIST_METHODS: [&str; 11] = [
    "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse",
    "sort",
];

const TEXT_METHODS: [&str; 44] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
];

/// What a loop goes through: a generator is used up, and texts can be unpacked into their letters.
fn iterated(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, unpacks] = bind(args, ["value", "unpacks"])?;
    let value = value.unwrap_or_default();
    text::check(&value)?;
    if let Some(generator) = value.downcast_object_ref::<Generator>() {
        return Ok(generator.drain().into());
    }
    if flag_or(unpacks, false) {
        let mut letters = false;
        let mut found = items(&value)?;
        for item in &mut found {
            if item.as_str().is_some() {
                letters = true;
                *item = tuple(items(item)?);
            }
        }
        return Ok(if letters { found.into() } else { value });
    }
    if value.as_str().is_some() {
        return Ok(items(&value)?.into());
    }
    let iterable = value.is_undefined()
        || value
            .as_object()
            .is_some_and(|object| object.repr() != minijinja::value::ObjectRepr::Plain);
    if iterable {
        return Ok(value);
    }
    Err(invalid(format!(
        "a value of type {} cannot be iterated",
        type_name(&value)
    )))
}
