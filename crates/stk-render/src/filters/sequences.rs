//! The filters of Jinja2 that work on lists. Those that are generators in Python give their items once here too.

use std::{fmt, sync::Arc};

use indexmap::IndexSet;
use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Enumerator, Object, ObjectRepr, ValueKind},
};

use super::{add, attributes::Getter};
use crate::python::{
    args::{bind, flag_or, integer_or, required, text_or},
    arithmetic, compare,
    text::{check, check_defined, check_valid, to_str, type_name},
    values::{Generator, List, items, tuple},
};

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "list", |state, args| {
        let [value] = bind(args, ["value"])?;
        let found = items(&required(value, "value")?)?;
        state.consume_fuel((found.len() / 16) as u64)?;
        Ok(List::value(found))
    });
    for name in ["length", "count"] {
        add(environment, name, |_, args| {
            let [value] = bind(args, ["obj"])?;
            length(&required(value, "obj")?)
        });
    }
    add(environment, "first", |_, args| {
        let [value] = bind(args, ["seq"])?;
        let value = required(value, "seq")?;
        check(&value)?;
        if let Some(object) = value
            .as_object()
            .filter(|object| object.repr() != ObjectRepr::Plain)
        {
            let first = object.try_iter().and_then(|mut items| items.next());
            let first = first.unwrap_or_default();
            check_valid(&first)?;
            return Ok(first);
        }
        Ok(items(&value)?.into_iter().next().unwrap_or_default())
    });
    add(environment, "last", |_, args| {
        let [value] = bind(args, ["seq"])?;
        let value = required(value, "seq")?;
        if type_name(&value) == "generator" {
            return Err(invalid("a generator has no last item; use `|list` before"));
        }
        Ok(items(&value)?.pop().unwrap_or_default())
    });
    add(environment, "reverse", reverse);
    add(environment, "join", join);
    add(environment, "sum", |state, args| {
        let [value, attribute, start] = bind(args, ["iterable", "attribute", "start"])?;
        let getter = Getter::new(attribute, None, false)?;
        let mut sum = start.unwrap_or_else(|| Value::from(0));
        for item in items(&required(value, "iterable")?)? {
            let item = getter.get(&item)?;
            check_defined(&item)?;
            sum = arithmetic::plus(state, &sum, &item)?;
        }
        Ok(sum)
    });
    for (name, operator) in [("min", "<"), ("max", ">")] {
        add(environment, name, move |_, args| best(args, operator));
    }
    add(environment, "sort", |state, args| {
        let [value, reverse, case, attribute] =
            bind(args, ["value", "reverse", "case_sensitive", "attribute"])?;
        let getter = Getter::several(attribute, !flag_or(case, false))?;
        let mut keyed = getter.keyed(items(&required(value, "value")?)?)?;
        state.consume_fuel((keyed.len() / 4) as u64)?;
        compare::sort(&mut keyed, flag_or(reverse, false))?;
        Ok(List::value(
            keyed.into_iter().map(|(_, item)| item).collect(),
        ))
    });
    add(environment, "unique", |_, args| {
        let [value, case, attribute] = bind(args, ["value", "case_sensitive", "attribute"])?;
        let getter = Getter::new(attribute, None, !flag_or(case, false))?;
        let mut seen = IndexSet::new();
        let mut kept = Vec::new();
        for (key, item) in getter.keyed(items(&required(value, "value")?)?)? {
            compare::hashable(&key)?;
            if seen.insert(key) {
                kept.push(item);
            }
        }
        Ok(Generator::value("generator object sync_do_unique", kept))
    });
    add(environment, "groupby", groupby);
    add(environment, "batch", batch);
    add(environment, "slice", slice);
    add(environment, "items", |_, args| {
        let [value] = bind(args, ["value"])?;
        let value = required(value, "value")?;
        check(&value)?;
        let map = value.as_object().filter(|_| value.kind() == ValueKind::Map);
        if map.is_none() && !value.is_undefined() {
            return Err(invalid("only a mapping has items"));
        }
        let pairs = map
            .and_then(|map| map.try_iter_pairs())
            .into_iter()
            .flatten();
        let pairs = pairs.map(|(key, value)| tuple(vec![key, value])).collect();
        Ok(Generator::value("generator object do_items", pairs))
    });
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

fn length(value: &Value) -> Result<Value, Error> {
    check(value)?;
    if value.is_undefined() {
        return Ok(0.into());
    }
    let length = if type_name(value) == "generator" {
        None
    } else {
        value.len()
    };
    length.map(Value::from).ok_or_else(|| {
        invalid(format!(
            "a value of type {} has no length",
            type_name(value)
        ))
    })
}

fn reverse(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind(args, ["value"])?;
    let value = required(value, "value")?;
    let mut found = items(&value)?;
    found.reverse();
    let name = match type_name(&value) {
        "str" | "Markup" => {
            return Ok(found
                .iter()
                .filter_map(Value::as_str)
                .collect::<String>()
                .into());
        }
        "generator" => return Ok(List::value(found)),
        "list" => "list_reverseiterator object",
        "range" => "range_iterator object",
        "dict" => "dict_reversekeyiterator object",
        _ => "reversed object",
    };
    Ok(Generator::value(name, found))
}

fn join(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, separator, attribute] = bind(args, ["value", "d", "attribute"])?;
    let separator = text_or(separator, "")?;
    let getter = Getter::new(attribute, None, false)?;
    let mut joined = String::new();
    for (index, item) in items(&required(value, "value")?)?.iter().enumerate() {
        if index > 0 {
            joined.push_str(&separator);
        }
        let before = joined.len();
        joined.push_str(&to_str(&getter.get(item)?)?);
        state.consume_fuel(((joined.len() - before + separator.len()) / 64) as u64)?;
    }
    Ok(joined.into())
}

fn best(args: &[Value], operator: &str) -> Result<Value, Error> {
    let [value, case, attribute] = bind(args, ["value", "case_sensitive", "attribute"])?;
    let getter = Getter::new(attribute, None, !flag_or(case, false))?;
    let mut best: Option<(Value, Value)> = None;
    for (key, item) in getter.keyed(items(&required(value, "value")?)?)? {
        let better = match &best {
            Some((other, _)) => compare::holds(&key, operator, other)?,
            None => true,
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map(|(_, item)| item).unwrap_or_default())
}

fn batch(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, count, fill] = bind(args, ["value", "linecount", "fill_with"])?;
    let count = integer_or(Some(required(count, "linecount")?), 0)?;
    let found = items(&required(value, "value")?)?;
    let mut rows = Vec::new();
    let mut row = Vec::new();
    for item in found {
        if i64::try_from(row.len()).is_ok_and(|length| length == count) {
            rows.push(List::value(std::mem::take(&mut row)));
        }
        row.push(item);
    }
    if !row.is_empty() {
        if let Some(fill) = fill.filter(|fill| !fill.is_none()) {
            let count = usize::try_from(count).unwrap_or(0).min(MAX_FILLED);
            row.resize(row.len().max(count), fill);
        }
        rows.push(List::value(row));
    }
    Ok(Generator::value("generator object do_batch", rows))
}

/// Most items that a row is filled to.
const MAX_FILLED: usize = 100_000;

fn slice(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, slices, fill] = bind(args, ["value", "slices", "fill_with"])?;
    let found = items(&required(value, "value")?)?;
    let slices = integer_or(Some(required(slices, "slices")?), 0)?;
    let slices = usize::try_from(slices).unwrap_or(0);
    if slices == 0 {
        return Err(invalid("the number of slices must be more than 0"));
    }
    state.consume_fuel((slices / 8) as u64)?;
    let (each, extra) = (found.len() / slices, found.len() % slices);
    let mut rest = found.into_iter();
    let rows = (0..slices).map(|index| {
        let more = index < extra;
        let mut row: Vec<Value> = rest.by_ref().take(each + usize::from(more)).collect();
        if let Some(fill) = fill.as_ref().filter(|fill| !fill.is_none() && !more) {
            row.push(fill.clone());
        }
        List::value(row)
    });
    Ok(Generator::value(
        "generator object sync_do_slice",
        rows.collect(),
    ))
}

fn groupby(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, attribute, default, case] =
        bind(args, ["value", "attribute", "default", "case_sensitive"])?;
    let attribute = required(attribute, "attribute")?;
    let getter = Getter::new(
        Some(attribute.clone()),
        default.clone(),
        !flag_or(case, false),
    )?;
    let mut keyed = getter.keyed(items(&required(value, "value")?)?)?;
    compare::sort(&mut keyed, false)?;
    let shown = Getter::new(Some(attribute), default, false)?;
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for (key, item) in keyed {
        match groups.last_mut() {
            Some((last, members)) if compare::equal(last, &key)? => members.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    let mut found = Vec::with_capacity(groups.len());
    for (_, members) in groups {
        let grouper = match members.first() {
            Some(first) => shown.get(first)?,
            None => Value::UNDEFINED,
        };
        found.push(Value::from_object(Group {
            grouper,
            list: List::value(members),
        }));
    }
    Ok(List::value(found))
}

/// The named tuple that `groupby` makes.
#[derive(Debug)]
pub(crate) struct Group {
    grouper: Value,
    list: Value,
}

impl Object for Group {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match (key.as_str(), key.as_usize()) {
            (Some("grouper"), _) | (_, Some(0)) => Some(self.grouper.clone()),
            (Some("list"), _) | (_, Some(1)) => Some(self.list.clone()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(2)
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "({}, {})", self.grouper, self.list)
    }
}
