use std::cmp::Ordering;

use minijinja::{
    Environment, Error, ErrorKind, State, Value, filters,
    value::{Kwargs, Tuple, ValueKind},
};

use super::add;
use crate::python::args::{bind, flag_or, required};

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "dictsort", dictsort);
    add(environment, "random", random);
    for name in ["default", "d"] {
        add(environment, name, |_, args| {
            let [value, default, boolean] = bind(args, ["value", "default_value", "boolean"])?;
            let value = value.unwrap_or_default();
            let replaced = value.is_undefined() || (flag_or(boolean, false) && !value.is_true());
            Ok(if replaced {
                default.unwrap_or_else(|| Value::from(""))
            } else {
                value
            })
        });
    }
    add(environment, "unique", |state, args| {
        let [value, case, attribute] = bind(args, ["value", "case_sensitive", "attribute"])?;
        let named = [("case_sensitive", case), ("attribute", attribute)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect::<Kwargs>();
        filters::unique(state, required(value, "value")?, named)
    });
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
    let mut entries: Vec<(Value, [Value; 2])> = pairs
        .map(|(key, value)| {
            let order = sorted_by(if by_value { &value } else { &key });
            (order, [key, value])
        })
        .collect();
    // Python's sort is stable in both directions.
    let reverse = flag_or(reverse, false);
    entries.sort_by(|left, right| {
        let order = left.0.cmp(&right.0);
        if reverse { order.reverse() } else { order }
    });
    Ok(entries
        .into_iter()
        .map(|(_, pair)| Value::from(Tuple::from(pair)))
        .collect::<Vec<Value>>()
        .into())
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
