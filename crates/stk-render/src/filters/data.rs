use std::cmp::Ordering;

use minijinja::{Environment, Error, ErrorKind, State, Value, value::ValueKind};

use super::add;
use crate::{
    opaque,
    python::{
        args::{bind, flag_or, required},
        compare,
        values::{List, tuple},
    },
};

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "dictsort", dictsort);
    add(environment, "random", random);
    add(environment, "urlize", |_, _| {
        Err(Error::new(
            ErrorKind::InvalidOperation,
            "the filter `urlize`, which makes links for HTML, is not supported",
        ))
    });
    for name in ["default", "d"] {
        add(environment, name, |_, args| {
            let [value, default, boolean] = bind(args, ["value", "default_value", "boolean"])?;
            let value = value.unwrap_or_default();
            let boolean = flag_or(boolean, false);
            if boolean {
                opaque::check_truth(&value)?;
            }
            let replaced = value.is_undefined() || (boolean && !value.is_true());
            Ok(if replaced {
                default.unwrap_or_else(|| Value::from(""))
            } else {
                value
            })
        });
    }
}

fn dictsort(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [map, case, by, reverse] = bind(args, ["value", "case_sensitive", "by", "reverse"])?;
    let map = required(map, "value")?;
    let by_value = match by.as_ref().map(|by| by.as_str()) {
        None | Some(Some("key")) => false,
        Some(Some("value")) => true,
        Some(_) => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "`by` is either \"key\" or \"value\"",
            ));
        }
    };
    let pairs = map
        .as_object()
        .filter(|_| map.kind() == ValueKind::Map)
        .and_then(|map| map.try_iter_pairs())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                "only a mapping can be sorted so",
            )
        })?;
    let case = flag_or(case, false);
    let sorted_by = |value: &Value| match value.as_str() {
        Some(text) if !case => Value::from(text.to_lowercase()),
        _ => value.clone(),
    };
    let mut entries: Vec<(Value, Value)> = pairs
        .map(|(key, value)| {
            let order = sorted_by(if by_value { &value } else { &key });
            (order, tuple(vec![key, value]))
        })
        .collect();
    compare::sort(&mut entries, flag_or(reverse, false))?;
    Ok(List::value(
        entries.into_iter().map(|(_, pair)| pair).collect(),
    ))
}

/// Counts the draws of one render.
#[derive(Default)]
struct Draws(u64);

/// Draws in a fixed order for each template: what is rendered twice must be the same twice, or every deployment would
/// replace resources.
fn random(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind(args, ["seq"])?;
    let value = required(value, "seq")?;
    let mut items: Vec<Value> = value.try_iter()?.collect();
    // FNV-1a over the template's name, then over the number of the draw.
    let name = state.name().to_owned();
    let draws = state.get_or_insert_extension(Draws::default());
    draws.0 += 1;
    let seed = name
        .bytes()
        .chain(draws.0.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    match items.len().cmp(&0) {
        Ordering::Greater => {
            let index = (seed >> 16) % items.len() as u64;
            Ok(items.swap_remove(usize::try_from(index).unwrap_or(0)))
        }
        _ => Ok(Value::UNDEFINED),
    }
}
