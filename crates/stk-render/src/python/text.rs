//! Values as Python writes them: `str()` at the top, `repr()` inside containers.

use std::fmt::{self, Write};

use minijinja::{
    Error, ErrorKind, Value,
    value::{ObjectRepr, ValueKind},
};

use super::{
    methods::View,
    values::{Bound, Dict, Generator, Namespace},
};
use crate::{
    filters::{functions, sequences::Group},
    opaque,
};

/// Deeper values are cut off by an error; a namespace can hold itself.
const MAX_DEPTH: usize = 120;

/// Writes `value` as `{{ value }}` prints it.
pub(crate) fn write_str(out: &mut dyn Write, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) => Ok(out.write_str(text)?),
        None if value.is_undefined() => Ok(()),
        None => write_repr(out, value, 0),
    }
}

/// `str(value)`.
pub(crate) fn to_str(value: &Value) -> Result<String, Error> {
    let mut text = String::new();
    write_str(&mut text, value)?;
    Ok(text)
}

/// Writes `repr(value)`.
pub(crate) fn write_repr(out: &mut dyn Write, value: &Value, depth: usize) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "the value is nested too deeply to be printed",
        ));
    }
    match value.kind() {
        ValueKind::Undefined => out.write_str("Undefined")?,
        ValueKind::String if value.is_safe() => {
            out.write_str("Markup(")?;
            write_quoted(out, value.as_str().unwrap_or_default())?;
            out.write_str(")")?;
        }
        ValueKind::String => write_quoted(out, value.as_str().unwrap_or_default())?,
        ValueKind::Number if !value.is_integer() => match f64::try_from(value.clone()) {
            Ok(number) => write_float(out, number)?,
            Err(_) => write!(out, "{value}")?,
        },
        ValueKind::Invalid => return Err(invalid(value)),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            write_container(out, value, depth)?;
        }
        ValueKind::Plain => match value.downcast_object_ref::<Namespace>() {
            Some(namespace) => {
                out.write_str("<Namespace ")?;
                write_pairs(out, namespace.entries(), depth)?;
                out.write_str(">")?;
            }
            None => {
                opaque::check(value)?;
                write!(out, "{value}")?;
            }
        },
        _ => write!(out, "{value}")?,
    }
    Ok(())
}

/// The error that an invalid value carries.
pub(crate) fn invalid(value: &Value) -> Error {
    // An attribute lookup is the engine's public way to get at it.
    match value.get_attr("") {
        Err(error) => error,
        Ok(_) => Error::new(ErrorKind::InvalidOperation, value.to_string()),
    }
}

/// Fails with the error that an invalid value carries.
pub(crate) fn check_valid(value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Invalid => Err(invalid(value)),
        _ => Ok(()),
    }
}

/// Fails with the error that an invalid value carries, and for an opaque value.
pub(crate) fn check(value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Invalid => Err(invalid(value)),
        ValueKind::Plain | ValueKind::String => opaque::check(value),
        _ => Ok(()),
    }
}

/// As [`check`], and fails with the name of an undefined value.
pub(crate) fn check_defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        value.get_attr("")?;
    }
    check(value)
}

/// The name of the value's type in Python.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Undefined => "Undefined",
        ValueKind::None => "NoneType",
        ValueKind::Bool => "bool",
        ValueKind::Number if value.is_integer() => "int",
        ValueKind::Number => "float",
        ValueKind::String if value.is_safe() => "Markup",
        ValueKind::String => "str",
        ValueKind::Bytes => "bytes",
        ValueKind::Seq if value.is_tuple() || is_group(value) => "tuple",
        ValueKind::Seq if functions::is_range(value) => "range",
        ValueKind::Seq => "list",
        ValueKind::Map if engine_type(value).ends_with("::Loop") => "LoopContext",
        ValueKind::Map if engine_type(value).ends_with("::Macro") => "Macro",
        ValueKind::Map => "dict",
        _ => match value.downcast_object_ref::<View>() {
            Some(view) => view.name(),
            None if value.downcast_object_ref::<Generator>().is_some() => "generator",
            None if value.downcast_object_ref::<Namespace>().is_some() => "Namespace",
            None if value.downcast_object_ref::<Bound>().is_some() => "builtin_function_or_method",
            None => "object",
        },
    }
}

fn engine_type(value: &Value) -> &'static str {
    if value.downcast_object_ref::<Dict>().is_some() {
        return "Dict";
    }
    value.as_object().map_or("", |object| object.type_name())
}

fn write_container(out: &mut dyn Write, value: &Value, depth: usize) -> Result<(), Error> {
    let Some(object) = value.as_object() else {
        write!(out, "{value}")?;
        return Ok(());
    };
    if functions::is_range(value) {
        write!(out, "{value}")?;
        return Ok(());
    }
    match type_name(value) {
        "LoopContext" => {
            let part = |name| to_str(&value.get_attr(name)?);
            write!(out, "<LoopContext {}/{}>", part("index")?, part("length")?)?;
            return Ok(());
        }
        "Macro" => {
            write!(out, "<Macro ")?;
            write_repr(out, &value.get_attr("name")?, depth + 1)?;
            out.write_str(">")?;
            return Ok(());
        }
        _ => {}
    }
    let view = value.downcast_object_ref::<View>().map(View::name);
    if let Some(name) = view {
        write!(out, "{name}(")?;
    }
    match object.repr() {
        ObjectRepr::Map => {
            let pairs = object.try_iter_pairs().into_iter().flatten();
            write_pairs(out, pairs, depth)?;
        }
        ObjectRepr::Seq | ObjectRepr::Iterable if object.enumerator_len().is_some() => {
            let tuple = value.is_tuple() || is_group(value);
            let (open, close) = if tuple { ('(', ')') } else { ('[', ']') };
            out.write_char(open)?;
            let mut count = 0_usize;
            for item in object.try_iter().into_iter().flatten() {
                if count > 0 {
                    out.write_str(", ")?;
                }
                write_repr(out, &item, depth + 1)?;
                count += 1;
            }
            if tuple && count == 1 {
                out.write_char(',')?;
            }
            out.write_char(close)?;
        }
        _ => write!(out, "{value}")?,
    }
    if view.is_some() {
        out.write_char(')')?;
    }
    Ok(())
}

fn write_pairs(
    out: &mut dyn Write,
    pairs: impl IntoIterator<Item = (Value, Value)>,
    depth: usize,
) -> Result<(), Error> {
    out.write_char('{')?;
    for (index, (key, entry)) in pairs.into_iter().enumerate() {
        if index > 0 {
            out.write_str(", ")?;
        }
        write_repr(out, &key, depth + 1)?;
        out.write_str(": ")?;
        write_repr(out, &entry, depth + 1)?;
    }
    out.write_char('}')?;
    Ok(())
}

/// Whether it is a group that `groupby` made, a named tuple in Jinja2.
fn is_group(value: &Value) -> bool {
    value.downcast_object_ref::<Group>().is_some()
}

/// `repr(float)`: the shortest digits that read back as the same number, with an exponent outside `1e-4 <= |x| < 1e16`.
pub(crate) fn write_float(out: &mut dyn Write, number: f64) -> fmt::Result {
    if number.is_nan() {
        return out.write_str("nan");
    }
    if number.is_infinite() {
        return out.write_str(if number > 0.0 { "inf" } else { "-inf" });
    }
    // Rust's debug form has the same thresholds, but writes `1e16` where Python writes `1e+16`.
    let text = format!("{number:?}");
    match text.split_once('e') {
        None => out.write_str(&text),
        Some((mantissa, exponent)) => {
            let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            write!(out, "{mantissa}e{sign}{digits:0>2}")
        }
    }
}

/// `repr(str)`: single quotes, unless the text holds single quotes and no double ones.
fn write_quoted(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    opaque::check_text(text)?;
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.write_char(quote)?;
    for letter in text.chars() {
        match letter {
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            _ if letter == quote => write!(out, "\\{letter}")?,
            _ if is_printable(letter) => out.write_char(letter)?,
            _ => match u32::from(letter) {
                code @ 0..=0xff => write!(out, "\\x{code:02x}")?,
                code @ 0x100..=0xffff => write!(out, "\\u{code:04x}")?,
                code => write!(out, "\\U{code:08x}")?,
            },
        }
    }
    Ok(out.write_char(quote)?)
}

/// `str.isprintable` for one character: not a control, format, private-use, unassigned or separator character, except
/// the space. Unassigned ones are taken as printable here: the list changes with every Unicode version.
fn is_printable(letter: char) -> bool {
    !matches!(
        letter,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{1680}'
            | '\u{180e}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{3000}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}'..='\u{ffff}'
            | '\u{e0000}'..='\u{10ffff}'
    )
}

#[cfg(test)]
mod tests {
    use minijinja::Value;

    use super::to_str;

    fn check(value: impl Into<Value>, expect: &str) {
        assert_eq!(to_str(&value.into()).ok().as_deref(), Some(expect));
    }

    /// Every expectation is what CPython prints for the same value.
    #[test]
    fn floats_print_as_python_prints_them() {
        for (number, expect) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.25e-7, "1.25e-07"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            check(number, expect);
        }
    }

    #[test]
    fn strings_inside_lists_are_quoted_as_python_quotes_them() {
        for (text, expect) in [
            ("a", "['a']"),
            ("it's", "[\"it's\"]"),
            ("\"", "['\"']"),
            ("'\"", "['\\'\"']"),
            ("a\\b\n\t\u{7f}", "['a\\\\b\\n\\t\\x7f']"),
            ("ação €", "['ação €']"),
            ("\u{a0}\u{200b}\u{e000}", "['\\xa0\\u200b\\ue000']"),
        ] {
            check(vec![text], expect);
        }
    }

    #[test]
    fn constants_and_containers() {
        check(true, "True");
        check((), "None");
        check(Value::UNDEFINED, "");
        check(vec![Value::UNDEFINED, Value::from(())], "[Undefined, None]");
        check(
            Value::from_pairs([("b", Value::from(false)), ("a", Value::from(vec![1.0]))]),
            "{'b': False, 'a': [1.0]}",
        );
    }
}
