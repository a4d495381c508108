//! `pprint`: what Python's `pprint.pformat` writes, with dictionaries sorted and lines of 80 characters. A long text is
//! not split into pieces, as Python would.

use minijinja::{
    Environment, Error, Value,
    value::{Tuple, ValueKind},
};

use super::add;
use crate::python::{
    args::{bind, required},
    strings, text,
};

const WIDTH: usize = 80;
const MAX_DEPTH: usize = 120;

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "pprint", |_, args| {
        let [value] = bind(args, ["value"])?;
        let value = sorted(&required(value, "value")?, 0)?;
        let mut out = String::new();
        format(&mut out, &value, 0, 0)?;
        Ok(out.into())
    });
}

/// The value with every dictionary in it sorted by its keys.
fn sorted(value: &Value, depth: usize) -> Result<Value, Error> {
    if depth > MAX_DEPTH {
        return Ok(value.clone());
    }
    match value.kind() {
        ValueKind::Invalid => Err(text::invalid(value)),
        ValueKind::Map => {
            let pairs = value.as_object().and_then(|map| map.try_iter_pairs());
            let mut entries = Vec::new();
            for (key, entry) in pairs.into_iter().flatten() {
                entries.push((key, sorted(&entry, depth + 1)?));
            }
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Ok(Value::from_pairs(entries))
        }
        ValueKind::Seq if !super::functions::is_range(value) => {
            let items = value
                .try_iter()?
                .map(|item| sorted(&item, depth + 1))
                .collect::<Result<Vec<Value>, Error>>()?;
            Ok(if value.is_tuple() {
                Value::from(Tuple::from(items))
            } else {
                items.into()
            })
        }
        _ => Ok(value.clone()),
    }
}

fn repr(value: &Value) -> Result<String, Error> {
    let mut written = String::new();
    text::write_repr(&mut written, value, 0)?;
    Ok(written)
}

/// `indent` columns are used before the value, `allowance` are needed after it.
fn format(out: &mut String, value: &Value, indent: usize, allowance: usize) -> Result<(), Error> {
    let whole = repr(value)?;
    let splits = matches!(value.kind(), ValueKind::Map | ValueKind::Seq)
        && value.len().is_some_and(|length| length > 0)
        && !super::functions::is_range(value);
    if !splits || strings::length(&whole) + indent + allowance <= WIDTH {
        out.push_str(&whole);
        return Ok(());
    }
    let map = value.kind() == ValueKind::Map;
    let length = value.len().unwrap_or(0);
    let (open, close) = match (map, value.is_tuple()) {
        (true, _) => ("{", "}"),
        (false, true) if length == 1 => ("(", ",)"),
        (false, true) => ("(", ")"),
        (false, false) => ("[", "]"),
    };
    out.push_str(open);
    for (index, item) in value.try_iter()?.enumerate() {
        let last = index + 1 == length;
        let after = if last { allowance + close.len() } else { 1 };
        if map {
            let key = repr(&item)?;
            out.push_str(&key);
            out.push_str(": ");
            let used = indent + 1 + strings::length(&key) + 2;
            format(out, &value.get_item(&item)?, used, after)?;
        } else {
            format(out, &item, indent + 1, after)?;
        }
        if !last {
            out.push_str(",\n");
            out.extend(std::iter::repeat_n(' ', indent + 1));
        }
    }
    out.push_str(close);
    Ok(())
}
