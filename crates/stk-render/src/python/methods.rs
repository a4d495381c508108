//! Methods of Python's strings, lists, dictionaries and numbers.

use std::sync::Arc;

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{DynObject, Enumerator, Object, ObjectRepr, Tuple, ValueKind},
};
use minijinja_contrib::pycompat;

use super::{
    args::{bind, flag_or, integer_or, required, size_or, string},
    strings, text,
};

/// Longest text that padding may make.
const MAX_WIDTH: usize = 100_000;

/// Calls `value.method(args)` where the engine knows no such method.
pub(crate) fn call(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let found = match value.kind() {
        ValueKind::String => text_method(value.as_str().unwrap_or_default(), method, args)?,
        ValueKind::Map => map_method(value, method, args)?,
        ValueKind::Seq => list_method(value, method, args)?,
        ValueKind::Number => number_method(value, method, args)?,
        _ => None,
    };
    match found {
        Some(result) => Ok(result),
        None => pycompat::unknown_method_callback(state, value, method, args),
    }
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
        "istitle" => (text.chars().any(|letter| cased(&letter)) && title(text) == text).into(),
        "isdecimal" | "isdigit" => (!text.is_empty() && text.chars().all(char::is_numeric)).into(),
        "isidentifier" => {
            let mut letters = text.chars();
            let first = letters
                .next()
                .is_some_and(|letter| letter.is_alphabetic() || letter == '_');
            (first && letters.all(|letter| letter.is_alphanumeric() || letter == '_')).into()
        }
        "expandtabs" => {
            let [size] = bind(args, ["tabsize"])?;
            expand_tabs(text, size_or(size, 8)?.min(MAX_WIDTH)).into()
        }
        "join" => {
            let [items] = bind(args, ["iterable"])?;
            let mut joined = String::new();
            for (index, item) in required(items, "iterable")?
                .try_iter()?
                .checked()
                .enumerate()
            {
                let item = item?;
                if index > 0 {
                    joined.push_str(text);
                }
                joined.push_str(item.as_str().ok_or_else(|| {
                    invalid(format!(
                        "only strings can be joined; item {index} is a {}",
                        item.kind()
                    ))
                })?);
            }
            joined.into()
        }
        _ => return Ok(None),
    }))
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

/// Splits at runs of white space; the rest that is not split keeps its inner spaces.
fn split_spaces(text: &str, most: Option<usize>, reverse: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let at = if reverse {
            rest.rfind(char::is_whitespace)
        } else {
            rest.find(char::is_whitespace)
        };
        match at {
            Some(at) if most.is_none_or(|most| parts.len() < most) => {
                let (before, after) = rest.split_at(at);
                if reverse {
                    parts.push(after.trim_start());
                    rest = before.trim_end();
                } else {
                    parts.push(before);
                    rest = after.trim_start();
                }
            }
            _ => {
                parts.push(rest);
                break;
            }
        }
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
            titled.extend(letter.to_uppercase());
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

fn map_method(value: &Value, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    let Some(object) = value.as_object() else {
        return Ok(None);
    };
    let name = match method {
        "keys" => "dict_keys",
        "values" => "dict_values",
        "items" => "dict_items",
        "copy" => {
            let [] = bind(args, [])?;
            return Ok(Some(value.clone()));
        }
        "update" | "pop" | "popitem" | "setdefault" | "clear" => return Err(immutable(method)),
        _ => return Ok(None),
    };
    let [] = bind(args, [])?;
    Ok(Some(Value::from_object(View {
        name,
        map: object.clone(),
    })))
}

fn list_method(value: &Value, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    match method {
        "index" => {
            let [what] = bind(args, ["value"])?;
            let what = required(what, "value")?;
            for (index, item) in value.try_iter()?.checked().enumerate() {
                if item? == what {
                    return Ok(Some(index.into()));
                }
            }
            Err(invalid(format!(
                "{} is not in the list",
                text::to_str(&what)?
            )))
        }
        "copy" => {
            let [] = bind(args, [])?;
            Ok(Some(value.clone()))
        }
        "append" | "extend" | "insert" | "remove" | "pop" | "clear" | "sort" | "reverse" => {
            Err(immutable(method))
        }
        _ => Ok(None),
    }
}

fn number_method(value: &Value, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    if method != "is_integer" {
        return Ok(None);
    }
    let [] = bind(args, [])?;
    let whole = f64::try_from(value.clone()).is_ok_and(|number| number.fract() == 0.0);
    Ok(Some(whole.into()))
}

fn immutable(method: &str) -> Error {
    invalid(format!(
        "`.{method}()` would change a value in place, which this engine does not do; build a new value with `+`, a filter or a `namespace`"
    ))
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
