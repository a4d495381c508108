//! Methods of Python's strings, lists, dictionaries and numbers.

use std::sync::Arc;

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{DynObject, Enumerator, Kwargs, Object, ObjectRepr, Tuple, ValueKind},
};
use minijinja_contrib::pycompat;

use super::{
    args::{bind, flag_or, integer_or, required, size_or, split as split_args, string},
    collections, format, strings,
    text::type_name,
    values,
};
use crate::opaque;

/// Longest text that padding may make.
const MAX_WIDTH: usize = 100_000;

/// Calls `value.method(args)` where the engine knows no such method.
pub(crate) fn call(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    if value.kind() == ValueKind::String {
        opaque::check(value)?;
        if !matches!(method, "format" | "join") {
            args.iter().try_for_each(opaque::check)?;
        }
    }
    if value.is_safe() {
        let plain = Value::from(value.as_str().unwrap_or_default());
        return markup(call(state, &plain, method, &escaped(method, args)?)?);
    }
    let found = match value.kind() {
        ValueKind::String if method == "format" => {
            let text = value.as_str().unwrap_or_default();
            Some(format::braces(state, text, args)?.into())
        }
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            match method {
                "join" => Some(join(state, text, args)?.into()),
                "expandtabs" => {
                    let [size] = bind(args, ["tabsize"])?;
                    let size = size_or(size, 8)?.min(MAX_WIDTH);
                    let tabs = text.bytes().filter(|byte| *byte == b'\t').count();
                    state.consume_fuel((tabs.saturating_mul(size) / 64) as u64)?;
                    Some(expand_tabs(text, size).into())
                }
                _ => text_method(text, method, args)?,
            }
        }
        ValueKind::Map => collections::map_method(state, value, method, args)?,
        ValueKind::Seq => collections::list_method(state, value, method, args)?,
        ValueKind::Number => number_method(value, method, args)?,
        _ => None,
    };
    match found {
        Some(result) => Ok(values::changeable(result)),
        None => pycompat::unknown_method_callback(state, value, method, args),
    }
}

/// The arguments of a method of `Markup`, which escapes what it puts into itself.
fn escaped(method: &str, args: &[Value]) -> Result<Vec<Value>, Error> {
    let escape = |value: &Value| match value.as_str() {
        Some(text) if !value.is_safe() => strings::escape(text).into(),
        _ => value.clone(),
    };
    let (positional, named) = split_args(args);
    let mut args: Vec<Value> = match (method, positional) {
        ("replace", [old, new, rest @ ..]) => [old.clone(), escape(new)]
            .into_iter()
            .chain(rest.iter().cloned())
            .collect(),
        ("join", [items]) => {
            vec![
                values::items(items)?
                    .iter()
                    .map(escape)
                    .collect::<Vec<Value>>()
                    .into(),
            ]
        }
        ("format", _) => positional.iter().map(escape).collect(),
        _ => positional.to_vec(),
    };
    if let Some(named) = named {
        let named = named
            .args()
            .map(|name| Ok((name, escape(&named.peek(name)?))));
        args.push(Value::from(named.collect::<Result<Kwargs, Error>>()?));
    }
    Ok(args)
}

/// What a method of `Markup` gives: texts are `Markup` again, also in lists.
fn markup(value: Value) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        return Ok(Value::from_safe_string(text.to_owned()));
    }
    if value.kind() != ValueKind::Seq {
        return Ok(value);
    }
    let parts = values::items(&value)?
        .into_iter()
        .map(markup)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(if value.is_tuple() {
        values::tuple(parts)
    } else {
        values::List::value(parts)
    })
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

fn text_method(text: &str, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    let cased = |letter: &char| letter.is_uppercase() || letter.is_lowercase();
    Ok(Some(match method {
        "center" | "ljust" | "rjust" => {
            let [width, fill] = bind(args, ["width", "fillchar"])?;
            let width = size_or(width, 0)?.min(MAX_WIDTH);
            let fill = fill.map(|fill| string(Some(&fill))).transpose()?;
            let fill = fill
                .as_ref()
                .and_then(|fill| fill.chars().next())
                .unwrap_or(' ');
            let rest = width.saturating_sub(strings::length(text));
            match method {
                "center" => strings::center(text, width, fill).into(),
                "ljust" => strings::pad(text, 0, rest, fill).into(),
                _ => strings::pad(text, rest, 0, fill).into(),
            }
        }
        "zfill" => {
            let [width] = bind(args, ["width"])?;
            let rest = size_or(width, 0)?
                .min(MAX_WIDTH)
                .saturating_sub(strings::length(text));
            let sign = usize::from(text.starts_with(['+', '-']));
            let (sign, digits) = text.split_at(sign);
            format!("{sign}{}", strings::pad(digits, rest, 0, '0')).into()
        }
        "removeprefix" => {
            let [prefix] = bind(args, ["prefix"])?;
            text.strip_prefix(&*string(prefix.as_ref())?)
                .unwrap_or(text)
                .into()
        }
        "removesuffix" => {
            let [suffix] = bind(args, ["suffix"])?;
            text.strip_suffix(&*string(suffix.as_ref())?)
                .unwrap_or(text)
                .into()
        }
        "partition" | "rpartition" => {
            let [separator] = bind(args, ["sep"])?;
            let separator = string(separator.as_ref())?;
            if separator.is_empty() {
                return Err(invalid("the separator is empty"));
            }
            let parts = match method {
                "partition" => text.split_once(&*separator),
                _ => text.rsplit_once(&*separator),
            };
            let parts = match parts {
                Some((before, after)) => [before, &*separator, after],
                None if method == "partition" => [text, "", ""],
                None => ["", "", text],
            };
            Value::from(Tuple::from(parts.map(Value::from)))
        }
        "split" | "rsplit" => return split(text, method, args).map(Some),
        "splitlines" => {
            let [keep] = bind(args, ["keepends"])?;
            let lines = strings::split_lines(text, flag_or(keep, false));
            lines
                .into_iter()
                .map(Value::from)
                .collect::<Vec<Value>>()
                .into()
        }
        "index" | "rindex" => {
            let [what] = bind(args, ["sub"])?;
            let what = string(what.as_ref())?;
            let found = match method {
                "index" => text.find(&*what),
                _ => text.rfind(&*what),
            };
            let found = found.ok_or_else(|| invalid(format!("`{what}` is not in the text")))?;
            strings::length(&text[..found]).into()
        }
        "swapcase" => text
            .chars()
            .map(|letter| {
                if letter.is_uppercase() {
                    letter.to_lowercase().to_string()
                } else {
                    letter.to_uppercase().to_string()
                }
            })
            .collect::<String>()
            .into(),
        "casefold" => text.to_lowercase().replace('ß', "ss").into(),
        "title" => title(text).into(),
        "capitalize" => strings::capitalize(text).into(),
        "istitle" => (text.chars().any(|letter| cased(&letter)) && title(text) == text).into(),
        "isdecimal" | "isdigit" => {
            // Superscripts are digits and not decimal; fractions and the like are neither.
            let superscript = |letter| {
                method == "isdigit"
                    && matches!(letter, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}' | '\u{2074}'..='\u{2079}' | '\u{2080}'..='\u{2089}' | '\u{2460}'..='\u{2468}')
            };
            let digit = |letter: char| {
                superscript(letter) || (letter.is_numeric() && strings::is_decimal(letter))
            };
            (!text.is_empty() && text.chars().all(digit)).into()
        }
        "startswith" | "endswith" => {
            let [what, start, end] = bind(args, ["prefix", "start", "end"])?;
            let part: String = sliced(text, start, end)?;
            let matches = |what: &Value| -> Result<bool, Error> {
                let what = string(Some(what))?;
                Ok(if method == "startswith" {
                    part.starts_with(&*what)
                } else {
                    part.ends_with(&*what)
                })
            };
            let what = required(what, "prefix")?;
            if !what.is_tuple() {
                return Ok(Some(matches(&what)?.into()));
            }
            for what in what.try_iter()? {
                if matches(&what)? {
                    return Ok(Some(true.into()));
                }
            }
            false.into()
        }
        "isidentifier" => {
            let mut letters = text.chars();
            let first = letters
                .next()
                .is_some_and(|letter| letter.is_alphabetic() || letter == '_');
            (first && letters.all(|letter| letter.is_alphanumeric() || letter == '_')).into()
        }
        _ => return Ok(None),
    }))
}

fn join(state: &State<'_, '_>, text: &str, args: &[Value]) -> Result<String, Error> {
    let [items] = bind(args, ["iterable"])?;
    let mut joined = String::new();
    for (index, item) in values::items(&required(items, "iterable")?)?
        .iter()
        .enumerate()
    {
        opaque::check(item)?;
        let part = item.as_str().ok_or_else(|| {
            let kind = type_name(item);
            invalid(format!(
                "only strings can be joined; item {index} is a {kind}"
            ))
        })?;
        state.consume_fuel(((text.len() + part.len()) / 64) as u64)?;
        if index > 0 {
            joined.push_str(text);
        }
        joined.push_str(part);
    }
    Ok(joined)
}

/// `text[start:end]`
fn sliced(text: &str, start: Option<Value>, end: Option<Value>) -> Result<String, Error> {
    let length = i64::try_from(strings::length(text)).unwrap_or(i64::MAX);
    let index = |value: Option<Value>, default| {
        let index = integer_or(value.filter(|value| !value.is_none()), default)?;
        let index = if index < 0 { index + length } else { index };
        Ok::<_, Error>(usize::try_from(index.clamp(0, length)).unwrap_or(0))
    };
    let (start, end) = (index(start, 0)?, index(end, length)?);
    Ok(text.chars().take(end).skip(start).collect())
}

fn split(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let [separator, most] = bind(args, ["sep", "maxsplit"])?;
    let most = usize::try_from(integer_or(most, -1)?).ok();
    let separator = separator.filter(|separator| !separator.is_none());
    let reverse = method == "rsplit";
    let mut parts: Vec<&str> = match separator {
        None => split_spaces(text, most, reverse),
        Some(separator) => {
            let separator = string(Some(&separator))?;
            if separator.is_empty() {
                return Err(invalid("the separator is empty"));
            }
            match (most.map(|most| most.saturating_add(1)), reverse) {
                (None, _) => text.split(&*separator).collect(),
                (Some(most), false) => text.splitn(most, &*separator).collect(),
                (Some(most), true) => {
                    let mut parts: Vec<&str> = text.rsplitn(most, &*separator).collect();
                    parts.reverse();
                    parts
                }
            }
        }
    };
    parts.shrink_to_fit();
    Ok(parts
        .into_iter()
        .map(Value::from)
        .collect::<Vec<Value>>()
        .into())
}

/// Splits at runs of white space; the rest that is not split keeps the spaces inside and behind it, or before it.
fn split_spaces(text: &str, most: Option<usize>, reverse: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = if reverse {
        text.trim_end()
    } else {
        text.trim_start()
    };
    while !rest.is_empty() {
        if most.is_some_and(|most| parts.len() >= most) {
            parts.push(rest);
            break;
        }
        let (part, after) = if reverse {
            let start = rest.rfind(char::is_whitespace).map_or(0, |at| {
                at + rest[at..].chars().next().map_or(0, char::len_utf8)
            });
            (&rest[start..], rest[..start].trim_end())
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (&rest[..end], rest[end..].trim_start())
        };
        parts.push(part);
        rest = after;
    }
    if reverse {
        parts.reverse();
    }
    parts
}

/// `str.title`: a letter after anything that has no case is upper case.
fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut inside = false;
    for letter in text.chars() {
        if inside {
            titled.extend(letter.to_lowercase());
        } else {
            strings::push_title(&mut titled, letter);
        }
        inside = letter.is_uppercase() || letter.is_lowercase();
    }
    titled
}

fn expand_tabs(text: &str, size: usize) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut column = 0_usize;
    for letter in text.chars() {
        match letter {
            '\t' => {
                let spaces = if size == 0 { 0 } else { size - column % size };
                expanded.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            _ => {
                expanded.push(letter);
                column = if matches!(letter, '\n' | '\r') {
                    0
                } else {
                    column + 1
                };
            }
        }
    }
    expanded
}

fn number_method(value: &Value, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    if method == "bit_length" && value.is_integer() {
        let [] = bind(args, [])?;
        let number = i128::try_from(value.clone())?;
        return Ok(Some((128 - number.unsigned_abs().leading_zeros()).into()));
    }
    if method != "is_integer" || value.is_integer() {
        return Ok(None);
    }
    let [] = bind(args, [])?;
    let whole = f64::try_from(value.clone()).is_ok_and(|number| number.fract() == 0.0);
    Ok(Some(whole.into()))
}

/// What `.keys()`, `.values()` and `.items()` of a dictionary give.
#[derive(Debug)]
pub(crate) struct View {
    name: &'static str,
    map: DynObject,
}

impl View {
    /// `dict_keys`, `dict_values` or `dict_items`: printed around the items.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn value(name: &'static str, map: DynObject) -> Value {
        Value::from_object(Self { name, map })
    }

    /// The dictionary.
    pub(crate) fn map(&self) -> Value {
        Value::from_dyn_object(self.map.clone())
    }
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let pairs = self.map.try_iter_pairs().into_iter().flatten();
        let items = match self.name {
            "dict_keys" => pairs.map(|(key, _)| key).collect(),
            "dict_values" => pairs.map(|(_, value)| value).collect(),
            _ => pairs
                .map(|(key, value)| Value::from(Tuple::from([key, value])))
                .collect(),
        };
        Enumerator::Values(items)
    }
}
