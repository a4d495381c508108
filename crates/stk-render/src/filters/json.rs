//! `tojson`: what `json.dumps(value, sort_keys=True)` writes, with the characters escaped that would end an HTML script.

use std::fmt::Write as _;

use minijinja::{
    Environment, Error, ErrorKind, Value,
    value::{ObjectRepr, ValueKind},
};

use super::{add, functions};
use crate::{
    opaque,
    python::{
        args::{bind, required},
        compare, text,
    },
};

const MAX_DEPTH: usize = 120;
/// Longest text that is written, in bytes; the indention can make much of little.
const MAX_LENGTH: usize = 32 * 1024 * 1024;

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "tojson", |_, args| {
        let [value, indent] = bind(args, ["value", "indent"])?;
        let value = required(value, "value")?;
        let indent = match indent {
            None => None,
            Some(indent) if indent.is_none() => None,
            Some(indent) => match indent.as_str() {
                Some(text) => Some(text.to_owned()),
                None => Some(" ".repeat(indent.as_usize().unwrap_or(0).min(64))),
            },
        };
        let mut writer = Writer {
            out: String::new(),
            indent,
        };
        writer.write(&value, 0)?;
        Ok(Value::from_safe_string(writer.out))
    });
}

struct Writer {
    out: String,
    indent: Option<String>,
}

impl Writer {
    fn write(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if self.out.len() > MAX_LENGTH {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "the JSON is too long",
            ));
        }
        if depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "the value is nested too deeply for JSON",
            ));
        }
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool if value.is_true() => self.out.push_str("true"),
            ValueKind::Bool => self.out.push_str("false"),
            ValueKind::Number => number(&mut self.out, value)?,
            ValueKind::String => quote(&mut self.out, value.as_str().unwrap_or_default())?,
            ValueKind::Invalid => return Err(text::invalid(value)),
            ValueKind::Undefined => {
                value.get_attr("")?;
            }
            ValueKind::Map => self.map(value, depth)?,
            ValueKind::Seq if !functions::is_range(value) => self.list(value, depth)?,
            _ => {
                text::check(value)?;
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    format!(
                        "a value of type {} cannot be written as JSON",
                        text::type_name(value)
                    ),
                ));
            }
        }
        Ok(())
    }

    fn list(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let mut empty = true;
        self.out.push('[');
        for item in value.try_iter()? {
            self.separate(empty, depth + 1);
            empty = false;
            self.write(&item, depth + 1)?;
        }
        self.close(empty, depth, ']');
        Ok(())
    }

    fn map(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let object = value
            .as_object()
            .filter(|object| object.repr() == ObjectRepr::Map);
        let mut entries = Vec::new();
        for (key, entry) in object
            .into_iter()
            .flat_map(|map| map.try_iter_pairs())
            .flatten()
        {
            entries.push((key, entry));
        }
        // Python sorts the keys before it turns them into texts, and does not sort what it cannot compare.
        compare::sort(&mut entries, false)?;
        let mut empty = true;
        self.out.push('{');
        for (key, entry) in entries {
            self.separate(empty, depth + 1);
            empty = false;
            quote(&mut self.out, &key_text(&key)?)?;
            self.out.push_str(": ");
            self.write(&entry, depth + 1)?;
        }
        self.close(empty, depth, '}');
        Ok(())
    }

    fn separate(&mut self, first: bool, depth: usize) {
        if !first {
            self.out.push(',');
        }
        match &self.indent {
            Some(_) => self.line(depth),
            None if !first => self.out.push(' '),
            None => {}
        }
    }

    fn close(&mut self, empty: bool, depth: usize, bracket: char) {
        if !empty && self.indent.is_some() {
            self.line(depth);
        }
        self.out.push(bracket);
    }

    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        if let Some(indent) = &self.indent {
            self.out.push_str(&indent.repeat(depth));
        }
    }
}

fn key_text(key: &Value) -> Result<String, Error> {
    let mut written = String::new();
    match key.kind() {
        ValueKind::String => written.push_str(key.as_str().unwrap_or_default()),
        ValueKind::None => written.push_str("null"),
        ValueKind::Bool => written.push_str(if key.is_true() { "true" } else { "false" }),
        ValueKind::Number => number(&mut written, key)?,
        other => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("a {other} cannot be a key of a JSON object"),
            ));
        }
    }
    Ok(written)
}

fn number(out: &mut String, value: &Value) -> Result<(), Error> {
    match f64::try_from(value.clone()) {
        Ok(float) if !value.is_integer() => {
            if float.is_nan() {
                out.push_str("NaN");
            } else if float.is_infinite() {
                out.push_str(if float > 0.0 { "Infinity" } else { "-Infinity" });
            } else {
                text::write_float(out, float)?;
            }
        }
        _ => write!(out, "{value}")?,
    }
    Ok(())
}

fn quote(out: &mut String, text: &str) -> Result<(), Error> {
    opaque::check_text(text)?;
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\'' => write!(out, "\\u{:04x}", u32::from(letter))?,
            ' '..='~' => out.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
    }
    out.push('"');
    Ok(())
}
