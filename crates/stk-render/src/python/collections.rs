//! Methods of Python's lists, tuples and dictionaries.

use minijinja::{Error, ErrorKind, State, Value};

use super::{
    args::{bind, flag_or, integer_or, required, split},
    compare,
    methods::View,
    text::{check_defined, to_str, type_name},
    values::{Dict, List, check_cycle, items, tuple},
};

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

fn none() -> Result<Option<Value>, Error> {
    Ok(Some(Value::from(())))
}

/// `list.method(args)` and `tuple.method(args)`; `None` when there is no such method.
pub(crate) fn list_method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Option<Value>, Error> {
    match method {
        "index" => {
            let [what, start, stop] = bind(args, ["value", "start", "stop"])?;
            let what = required(what, "value")?;
            let found = items(value)?;
            let start = position(start, 0, found.len())?;
            let stop = position(stop, found.len(), found.len())?;
            for (index, item) in found.iter().enumerate().take(stop).skip(start) {
                if compare::equal(item, &what)? {
                    return Ok(Some(index.into()));
                }
            }
            Err(not_in_list(&what)?)
        }
        "count" => {
            let [what] = bind(args, ["value"])?;
            let what = required(what, "value")?;
            let mut count = 0_usize;
            for item in items(value)? {
                count += usize::from(compare::equal(&item, &what)?);
            }
            Ok(Some(count.into()))
        }
        _ => match value.downcast_object_ref::<List>() {
            Some(list) => change_list(state, value, list, method, args),
            None => Ok(None),
        },
    }
}

fn change_list(
    state: &mut State<'_, '_>,
    value: &Value,
    list: &List,
    method: &str,
    args: &[Value],
) -> Result<Option<Value>, Error> {
    match method {
        "append" => {
            let [item] = bind(args, ["object"])?;
            let item = required(item, "object")?;
            check_cycle(state, value, &item)?;
            list.change(|items| items.push(item));
            none()
        }
        "extend" => {
            let [more] = bind(args, ["iterable"])?;
            let more = items(&required(more, "iterable")?)?;
            state.consume_fuel((more.len() / 8) as u64)?;
            for item in &more {
                check_cycle(state, value, item)?;
            }
            list.change(|items| items.extend(more));
            none()
        }
        "insert" => {
            let [index, item] = bind(args, ["index", "object"])?;
            let item = required(item, "object")?;
            let index = required(index, "index")?;
            check_cycle(state, value, &item)?;
            let length = list.change(|items| items.len());
            let at = position(Some(index), 0, length)?;
            state.consume_fuel((length / 64) as u64)?;
            list.change(|items| items.insert(at.min(items.len()), item));
            none()
        }
        "remove" => {
            let [what] = bind(args, ["value"])?;
            let what = required(what, "value")?;
            for (index, item) in list.items().iter().enumerate() {
                if compare::equal(item, &what)? {
                    list.change(|items| drop((index < items.len()).then(|| items.remove(index))));
                    return none();
                }
            }
            Err(not_in_list(&what)?)
        }
        "pop" => {
            let [index] = bind(args, ["index"])?;
            let index = integer_or(index, -1)?;
            let popped = list.change(|items| {
                let index = usize::try_from(index).ok().or_else(|| {
                    items
                        .len()
                        .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
                })?;
                (index < items.len()).then(|| items.remove(index))
            });
            popped
                .map(Some)
                .ok_or_else(|| invalid("there is no such item to pop from the list"))
        }
        "clear" => {
            let [] = bind(args, [])?;
            list.change(Vec::clear);
            none()
        }
        "copy" => {
            let [] = bind(args, [])?;
            Ok(Some(List::value(list.items())))
        }
        "reverse" => {
            let [] = bind(args, [])?;
            list.change(|items| items.reverse());
            none()
        }
        "sort" => {
            let [key, reverse] = bind(args, ["key", "reverse"])?;
            let mut keyed = Vec::new();
            for item in list.items() {
                let by = match &key {
                    Some(key) if !key.is_none() => key.call(state, std::slice::from_ref(&item))?,
                    _ => item.clone(),
                };
                keyed.push((by, item));
            }
            compare::sort(&mut keyed, flag_or(reverse, false))?;
            let sorted = keyed.into_iter().map(|(_, item)| item).collect();
            list.change(|items| *items = sorted);
            none()
        }
        _ => Ok(None),
    }
}

fn not_in_list(what: &Value) -> Result<Error, Error> {
    Ok(invalid(format!("{} is not in the list", to_str(what)?)))
}

/// An index as slices take it: from the end if negative, and never outside.
fn position(index: Option<Value>, default: usize, length: usize) -> Result<usize, Error> {
    let Some(index) = index else {
        return Ok(default);
    };
    let index = integer_or(Some(index), 0)?;
    let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(if index < 0 {
        length.saturating_sub(distance)
    } else {
        distance.min(length)
    })
}

/// `dict.method(args)`; `None` when there is no such method.
pub(crate) fn map_method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Option<Value>, Error> {
    let Some(object) = value.as_object() else {
        return Ok(None);
    };
    let name = match method {
        "keys" => "dict_keys",
        "values" => "dict_values",
        "items" => "dict_items",
        "get" => {
            let [key, default] = bind(args, ["key", "default"])?;
            let key = required(key, "key")?;
            compare::hashable(&key)?;
            return Ok(Some(
                object
                    .get_value(&key)
                    .or(default)
                    .unwrap_or_else(|| Value::from(())),
            ));
        }
        "copy" => {
            let [] = bind(args, [])?;
            return Ok(Some(Dict::value(
                object.try_iter_pairs().into_iter().flatten(),
            )));
        }
        _ => {
            return match value.downcast_object_ref::<Dict>() {
                Some(dict) => change_map(state, value, dict, method, args),
                None => Ok(None),
            };
        }
    };
    let [] = bind(args, [])?;
    Ok(Some(View::value(name, object.clone())))
}

fn change_map(
    state: &mut State<'_, '_>,
    value: &Value,
    dict: &Dict,
    method: &str,
    args: &[Value],
) -> Result<Option<Value>, Error> {
    match method {
        "update" => {
            let entries = entries(args)?;
            state.consume_fuel((entries.len() / 8) as u64)?;
            for (_, item) in &entries {
                check_cycle(state, value, item)?;
            }
            dict.change(|map| map.extend(entries));
            none()
        }
        "setdefault" => {
            let [key, default] = bind(args, ["key", "default"])?;
            let key = required(key, "key")?;
            compare::hashable(&key)?;
            let default = default.unwrap_or_else(|| Value::from(()));
            check_cycle(state, value, &default)?;
            Ok(Some(
                dict.change(|map| map.entry(key).or_insert(default).clone()),
            ))
        }
        "pop" => {
            let [key, default] = bind(args, ["key", "default"])?;
            let key = required(key, "key")?;
            compare::hashable(&key)?;
            let popped = dict.change(|map| map.shift_remove(&key)).or(default);
            match popped {
                Some(popped) => Ok(Some(popped)),
                None => Err(invalid(format!("there is no key {} to pop", to_str(&key)?))),
            }
        }
        "popitem" => {
            let [] = bind(args, [])?;
            let popped = dict.change(indexmap::IndexMap::pop);
            let (key, item) =
                popped.ok_or_else(|| invalid("there is nothing to pop from the dictionary"))?;
            Ok(Some(tuple(vec![key, item])))
        }
        "clear" => {
            let [] = bind(args, [])?;
            dict.change(indexmap::IndexMap::clear);
            none()
        }
        _ => Ok(None),
    }
}

/// The entries that `dict(…)`, `dict.update(…)` and `namespace(…)` take: a mapping or pairs, and named ones.
pub(crate) fn entries(args: &[Value]) -> Result<Vec<(Value, Value)>, Error> {
    let (positional, named) = split(args);
    let mut entries = Vec::new();
    match positional {
        [] => {}
        [value] => {
            check_defined(value)?;
            if type_name(value) == "dict" {
                let pairs = value.as_object().and_then(|map| map.try_iter_pairs());
                entries.extend(pairs.into_iter().flatten());
            } else {
                for pair in items(value)? {
                    match <[Value; 2]>::try_from(items(&pair)?) {
                        Ok([key, value]) => entries.push((key, value)),
                        Err(_) => return Err(invalid("a dictionary is made of pairs")),
                    }
                }
            }
        }
        _ => {
            return Err(Error::new(
                ErrorKind::TooManyArguments,
                "at most one value and names are taken",
            ));
        }
    }
    for (key, _) in &entries {
        compare::hashable(key)?;
    }
    if let Some(named) = named {
        for name in named.args() {
            entries.push((Value::from(name), named.peek(name)?));
        }
    }
    Ok(entries)
}
