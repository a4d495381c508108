//! `==`, `<` and `in` as Python has them.

use std::cmp::Ordering;

use minijinja::{
    Error, ErrorKind, Value,
    value::{ObjectRepr, ValueKind},
};

use super::text::{self, type_name};
use crate::filters::functions;

/// Deeper values are not compared.
const MAX_DEPTH: usize = 500;

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

/// `left == right`
pub(crate) fn equal(left: &Value, right: &Value) -> Result<bool, Error> {
    equal_at(left, right, 0)
}

fn equal_at(left: &Value, right: &Value, depth: usize) -> Result<bool, Error> {
    text::check(left)?;
    text::check(right)?;
    let (Some(a), Some(b)) = (left.as_object(), right.as_object()) else {
        return Ok(left == right);
    };
    let same = super::values::identity(left);
    if same.is_some() && same == super::values::identity(right) {
        return Ok(true);
    }
    if depth > MAX_DEPTH {
        return Err(invalid("the values are nested too deeply to be compared"));
    }
    if type_name(left) != type_name(right) {
        return Ok(false);
    }
    match a.repr() {
        ObjectRepr::Map => {
            if a.enumerator_len() != b.enumerator_len() {
                return Ok(false);
            }
            for (key, value) in a.try_iter_pairs().into_iter().flatten() {
                match b.get_value(&key) {
                    Some(other) if equal_at(&value, &other, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        ObjectRepr::Seq => {
            if a.enumerator_len() != b.enumerator_len() {
                return Ok(false);
            }
            let pairs = a
                .try_iter()
                .into_iter()
                .flatten()
                .zip(b.try_iter().into_iter().flatten());
            for (x, y) in pairs {
                if !equal_at(&x, &y, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        // The engine compares plain objects by what they print.
        _ => Ok(same.is_none() && left == right),
    }
}

/// How `left` is ordered to `right`; `None` for NaN. `operator` is named where Python does not order such values.
pub(crate) fn order(
    left: &Value,
    right: &Value,
    operator: &str,
) -> Result<Option<Ordering>, Error> {
    order_at(left, right, operator, 0)
}

fn order_at(
    left: &Value,
    right: &Value,
    operator: &str,
    depth: usize,
) -> Result<Option<Ordering>, Error> {
    text::check_defined(left)?;
    text::check_defined(right)?;
    let number = |value: &Value| matches!(value.kind(), ValueKind::Number | ValueKind::Bool);
    if number(left) && number(right) {
        let float = |value: &Value| {
            f64::try_from(value.clone())
                .ok()
                .filter(|_| !value.is_integer())
        };
        let nan = |value: &Value| float(value).is_some_and(f64::is_nan);
        return Ok((!nan(left) && !nan(right)).then(|| left.cmp(right)));
    }
    if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
        return Ok(Some(a.cmp(b)));
    }
    let sequences = left.kind() == ValueKind::Seq
        && right.kind() == ValueKind::Seq
        && type_name(left) == type_name(right)
        && !functions::is_range(left);
    if !sequences || depth > MAX_DEPTH {
        return Err(invalid(format!(
            "`{operator}` is not supported between {} and {}",
            type_name(left),
            type_name(right)
        )));
    }
    let (a, b) = (super::values::items(left)?, super::values::items(right)?);
    for (x, y) in a.iter().zip(&b) {
        if !equal_at(x, y, depth + 1)? {
            return order_at(x, y, operator, depth + 1);
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

/// One of `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`.
pub(crate) fn holds(left: &Value, operator: &str, right: &Value) -> Result<bool, Error> {
    Ok(match operator {
        "==" => equal(left, right)?,
        "!=" => !equal(left, right)?,
        "in" => contains(right, left)?,
        "not in" => !contains(right, left)?,
        _ => {
            let order = order(left, right, operator)?;
            order.is_some_and(|order| match operator {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            })
        }
    })
}

/// `item in container`
pub(crate) fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    text::check(container)?;
    text::check(item)?;
    if container.is_undefined() {
        return Ok(false);
    }
    if let Some(text) = container.as_str() {
        text::check_defined(item)?;
        let part = item.as_str().ok_or_else(|| {
            invalid(format!(
                "only a string can be in a string, not a value of type {}",
                type_name(item)
            ))
        })?;
        return Ok(text.contains(part));
    }
    if container.kind() == ValueKind::Map {
        hashable(item)?;
        return Ok(container
            .as_object()
            .is_some_and(|map| map.get_value(item).is_some()));
    }
    for other in super::values::items(container)? {
        if equal(&other, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Fails for what cannot be a key.
pub(crate) fn hashable(key: &Value) -> Result<(), Error> {
    text::check(key)?;
    if key.is_tuple() {
        for item in key.try_iter()? {
            hashable(&item)?;
        }
        return Ok(());
    }
    if matches!(type_name(key), "list" | "dict") {
        return Err(invalid(format!("a {} cannot be a key", type_name(key))));
    }
    Ok(())
}

/// Sorts as `sorted` does: stable, also backwards; each value stands behind the key that it is sorted by.
pub(crate) fn sort(keyed: &mut [(Value, Value)], reverse: bool) -> Result<(), Error> {
    let mut failed = None;
    keyed.sort_by(|(left, _), (right, _)| {
        if failed.is_some() {
            return Ordering::Equal;
        }
        match order(left, right, "<") {
            Ok(order) if reverse => order.unwrap_or(Ordering::Equal).reverse(),
            Ok(order) => order.unwrap_or(Ordering::Equal),
            Err(error) => {
                failed = Some(error);
                Ordering::Equal
            }
        }
    });
    failed.map_or(Ok(()), Err)
}
