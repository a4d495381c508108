//! `str % values` and `str.format`.

use minijinja::{
    Error, ErrorKind, State, Value,
    formatting::{FormatStyle, format},
    value::{Kwargs, ValueKind},
};

use super::{
    args::split,
    strings,
    text::{self, to_str},
};

/// Largest width or precision of one value.
const MAX_WIDTH: usize = 100_000;

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

/// `text % values`
pub(crate) fn percent(state: &State<'_, '_>, text: &str, values: &Value) -> Result<String, Error> {
    text::check(values)?;
    let (items, single) = if values.is_tuple() {
        (super::values::items(values)?, false)
    } else {
        (vec![values.clone()], true)
    };
    let mut left = items.iter();
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    let mut named = false;
    while let Some(at) = rest.find('%') {
        written.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let mut key = None;
        if let Some(inside) = rest.strip_prefix('(') {
            let end = inside
                .find(')')
                .ok_or_else(|| invalid("`%(` without its `)`"))?;
            key = Some(&inside[..end]);
            rest = &inside[end + 1..];
        }
        let flags = rest.len() - rest.trim_start_matches(['#', '0', '-', ' ', '+']).len();
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let mut end = flags;
        let mut next = || {
            left.next()
                .cloned()
                .ok_or_else(|| invalid("not enough values for the format"))
        };
        let mut number = |rest: &str, end: &mut usize| -> Result<Option<i64>, Error> {
            if rest[*end..].starts_with('*') {
                *end += 1;
                let value = next()?;
                return value
                    .as_i64()
                    .map(Some)
                    .ok_or_else(|| invalid("`*` needs a whole number"));
            }
            let length = digits(&rest[*end..]);
            let found = &rest[*end..*end + length];
            *end += length;
            Ok(if found.is_empty() {
                None
            } else {
                Some(found.parse().unwrap_or(i64::MAX))
            })
        };
        let width = number(rest, &mut end)?;
        let mut precision = None;
        if rest[end..].starts_with('.') {
            end += 1;
            precision = Some(number(rest, &mut end)?.unwrap_or(0));
        }
        while rest[end..].starts_with(['h', 'l', 'L']) {
            end += 1;
        }
        let conversion = rest[end..]
            .chars()
            .next()
            .ok_or_else(|| invalid("the format ends in the middle of a field"))?;
        let flags = &rest[..flags];
        rest = &rest[end + conversion.len_utf8()..];
        if conversion == '%' {
            written.push('%');
            continue;
        }
        let value = match key {
            Some(key) => {
                named = true;
                if values.kind() != ValueKind::Map {
                    return Err(invalid("the format needs a mapping"));
                }
                let found = values
                    .as_object()
                    .and_then(|map| map.get_value(&Value::from(key)));
                found.ok_or_else(|| invalid(format!("there is no value for `{key}`")))?
            }
            None => next()?,
        };
        let field = Field {
            flags,
            width: bounded(state, width)?,
            precision: precision
                .map(|precision| bounded(state, Some(precision)))
                .transpose()?
                .flatten(),
            conversion,
        };
        written.push_str(&field.write(&value)?);
    }
    written.push_str(rest);
    let used_up = left.next().is_none();
    let takes_all = single && values.kind() == ValueKind::Map;
    let is_list = single && matches!(text::type_name(values), "list" | "range");
    if used_up || named || takes_all || (is_list && text.find('%').is_none()) {
        Ok(written)
    } else {
        Err(invalid("more values than the format has fields"))
    }
}

fn bounded(state: &State<'_, '_>, width: Option<i64>) -> Result<Option<usize>, Error> {
    let Some(width) = width else {
        return Ok(None);
    };
    let size = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
    if size > MAX_WIDTH {
        return Err(invalid(format!("a width of more than {MAX_WIDTH}")));
    }
    state.consume_fuel((size / 64) as u64)?;
    Ok(Some(size))
}

struct Field<'a> {
    flags: &'a str,
    width: Option<usize>,
    precision: Option<usize>,
    conversion: char,
}

impl Field<'_> {
    fn write(&self, value: &Value) -> Result<String, Error> {
        text::check(value)?;
        let shown = match self.conversion {
            's' => to_str(value)?,
            'r' | 'a' => repr(value)?,
            'c' if value
                .as_str()
                .is_some_and(|text| strings::length(text) == 1) =>
            {
                to_str(value)?
            }
            'c' => {
                let letter = value
                    .as_i64()
                    .filter(|_| value.is_integer())
                    .and_then(|code| u32::try_from(code).ok());
                let letter = letter.and_then(char::from_u32);
                letter
                    .ok_or_else(|| invalid("`%c` needs a number or one character"))?
                    .to_string()
            }
            conversion => return self.number(value, conversion),
        };
        let shown = match self.precision {
            Some(precision) if self.conversion != 'c' => strings::prefix(&shown, precision),
            _ => &shown,
        };
        Ok(self.padded(shown))
    }

    fn padded(&self, shown: &str) -> String {
        let fill = self
            .width
            .unwrap_or(0)
            .saturating_sub(strings::length(shown));
        if self.flags.contains('-') {
            strings::pad(shown, 0, fill, ' ')
        } else {
            strings::pad(shown, fill, 0, ' ')
        }
    }

    fn number(&self, value: &Value, conversion: char) -> Result<String, Error> {
        text::check_defined(value)?;
        let value = match value.kind() {
            ValueKind::Bool => Value::from(i64::from(value.is_true())),
            ValueKind::Number => value.clone(),
            _ => {
                return Err(invalid(format!(
                    "`%{conversion}` needs a number, not a value of type {}",
                    text::type_name(value)
                )));
            }
        };
        let value = match conversion {
            'd' | 'i' | 'u' if !value.is_integer() => super::arithmetic::truncated(&value)?,
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => Value::from(f64::try_from(value)?),
            'x' | 'X' | 'o' if !value.is_integer() => {
                return Err(invalid(format!("`%{conversion}` needs a whole number")));
            }
            _ => value,
        };
        let conversion = match conversion {
            'i' | 'u' => 'd',
            other => other,
        };
        let mut spec = format!("%{}", self.flags);
        if let Some(width) = self.width {
            spec.push_str(&width.to_string());
        }
        if let Some(precision) = self.precision {
            spec.push_str(&format!(".{precision}"));
        }
        spec.push(conversion);
        format(FormatStyle::Printf, &spec, &[value])
    }
}

fn repr(value: &Value) -> Result<String, Error> {
    let mut written = String::new();
    text::write_repr(&mut written, value, 0)?;
    Ok(written)
}

/// `text.format(args)`
pub(crate) fn braces(state: &State<'_, '_>, text: &str, args: &[Value]) -> Result<String, Error> {
    let (positional, named) = split(args);
    let mut fields = Fields {
        state,
        positional,
        named: named.as_ref(),
        next: 0,
        numbered: false,
    };
    fields.write(text, 0)
}

struct Fields<'a, 's> {
    state: &'a State<'s, 's>,
    positional: &'a [Value],
    named: Option<&'a Kwargs>,
    next: usize,
    numbered: bool,
}

impl Fields<'_, '_> {
    fn write(&mut self, text: &str, depth: usize) -> Result<String, Error> {
        if depth > 2 {
            return Err(invalid("the fields of the format are nested too deeply"));
        }
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            written.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            rest = after;
            if let Some(after) = rest.strip_prefix(brace) {
                written.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err(invalid("a single `}` in the format"));
            }
            let end = field_end(rest).ok_or_else(|| invalid("a single `{` in the format"))?;
            written.push_str(&self.field(&rest[..end], depth)?);
            rest = &rest[end + 1..];
        }
        written.push_str(rest);
        Ok(written)
    }

    fn field(&mut self, field: &str, depth: usize) -> Result<String, Error> {
        let bracket = field
            .find('[')
            .map_or(0, |at| field[at..].find(']').map_or(0, |end| at + end));
        let at = field[bracket..]
            .find(['!', ':'])
            .map_or(field.len(), |at| bracket + at);
        let (path, tail) = field.split_at(at);
        let (conversion, spec) = match tail.strip_prefix('!') {
            Some(tail) => {
                let conversion = tail
                    .chars()
                    .next()
                    .ok_or_else(|| invalid("no conversion after `!`"))?;
                let tail = &tail[conversion.len_utf8()..];
                if !(tail.is_empty() || tail.starts_with(':')) {
                    return Err(invalid("expected `:` after the conversion"));
                }
                (Some(conversion), tail.strip_prefix(':').unwrap_or(""))
            }
            None => (None, tail.strip_prefix(':').unwrap_or("")),
        };
        let value = self.value(path)?;
        let value = match conversion {
            None => value,
            Some('s') => Value::from(to_str(&value)?),
            Some('r' | 'a') => Value::from(repr(&value)?),
            Some(other) => return Err(invalid(format!("unknown conversion `!{other}`"))),
        };
        let spec = self.write(spec, depth + 1)?;
        self.formatted(&value, &spec)
    }

    fn value(&mut self, path: &str) -> Result<Value, Error> {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (first, mut rest) = path.split_at(end);
        let mixed = || invalid("fields with and without a number are mixed");
        let mut value = if first.is_empty() {
            if self.numbered {
                return Err(mixed());
            }
            self.next += 1;
            self.positional.get(self.next - 1).cloned()
        } else if let Ok(index) = first.parse::<usize>() {
            if self.next > 0 {
                return Err(mixed());
            }
            self.numbered = true;
            self.positional.get(index).cloned()
        } else {
            self.named
                .filter(|named| named.has(first))
                .and_then(|named| named.peek(first).ok())
        }
        .ok_or_else(|| invalid(format!("the format has no value for `{{{path}}}`")))?;
        text::check(&value)?;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                value = match (&after[..end], value.kind()) {
                    ("real", ValueKind::Number) => value,
                    (name, _) => found(value.get_attr(name)?, name)?,
                };
                rest = &after[end..];
            } else {
                let inside = rest
                    .strip_prefix('[')
                    .ok_or_else(|| invalid("expected `.` or `[` in the field"))?;
                let end = inside
                    .find(']')
                    .ok_or_else(|| invalid("a `[` without its `]`"))?;
                let key = &inside[..end];
                let index = key
                    .parse::<i64>()
                    .map_or_else(|_| Value::from(key), Value::from);
                value = found(value.get_item(&index)?, key)?;
                rest = &inside[end + 1..];
            }
            text::check(&value)?;
        }
        Ok(value)
    }

    fn formatted(&self, value: &Value, spec: &str) -> Result<String, Error> {
        if spec.is_empty() {
            return to_str(value);
        }
        for number in spec.split(|letter: char| !letter.is_ascii_digit()) {
            if !number.is_empty() {
                bounded(self.state, Some(number.parse().unwrap_or(i64::MAX)))?;
            }
        }
        let value = match value.kind() {
            ValueKind::Bool => Value::from(i64::from(value.is_true())),
            ValueKind::Number | ValueKind::String => value.clone(),
            _ => {
                return Err(invalid(format!(
                    "a value of type {} takes no format `:{spec}`",
                    text::type_name(value)
                )));
            }
        };
        let value = match value.kind() {
            ValueKind::Number if spec.ends_with(['e', 'E', 'f', 'F', 'g', 'G']) => {
                Value::from(f64::try_from(value)?)
            }
            _ => value,
        };
        let Some(before) = spec.strip_suffix('%') else {
            return format(FormatStyle::StrFormat, &format!("{{:{spec}}}"), &[value]);
        };
        let number = f64::try_from(value)? * 100.0;
        let (align, width) = width_of(before);
        let plain = format!("{}{}", &before[..align], &before[align + width..]);
        let shown = format(
            FormatStyle::StrFormat,
            &format!("{{:{plain}f}}"),
            &[Value::from(number)],
        )? + "%";
        let width = &before[align..align + width];
        if width.is_empty() {
            return Ok(shown);
        }
        let align = if before[..align].contains(['<', '>', '^', '=']) {
            &before[..align]
        } else {
            ">"
        };
        format(
            FormatStyle::StrFormat,
            &format!("{{:{align}{width}}}"),
            &[Value::from(shown)],
        )
    }
}

/// Where the width of a specification starts, and how long it is.
fn width_of(spec: &str) -> (usize, usize) {
    let start = spec
        .find(|letter: char| letter.is_ascii_digit() || letter == '.')
        .unwrap_or(spec.len());
    let rest = &spec[start..];
    (
        start,
        rest.len()
            - rest
                .trim_start_matches(|letter: char| letter.is_ascii_digit())
                .len(),
    )
}

fn found(value: Value, name: &str) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(invalid(format!("the value has no `{name}`")));
    }
    Ok(value)
}

/// Where the field ends whose `{` was passed, with the fields in its specification.
fn field_end(text: &str) -> Option<usize> {
    let mut open = 0;
    for (index, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' if open == 0 => return Some(index),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}
