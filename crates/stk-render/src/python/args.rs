//! Arguments as Python binds them: by position or by name.

use std::sync::Arc;

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
};

use super::text;

/// The arguments of one call, by the position of their names in `names`. What was not given is `None`.
pub(crate) fn bind<const N: usize>(
    args: &[Value],
    names: [&str; N],
) -> Result<[Option<Value>; N], Error> {
    let mut bound = [const { None }; N];
    let (positional, named) = split(args);
    if positional.len() > N {
        return Err(Error::new(
            ErrorKind::TooManyArguments,
            format!("at most {N} are taken"),
        ));
    }
    for (slot, value) in bound.iter_mut().zip(positional) {
        *slot = Some(value.clone());
    }
    let Some(named) = named else {
        return Ok(bound);
    };
    for given in named.args() {
        let slot = names
            .iter()
            .position(|name| *name == given)
            .and_then(|index| bound.get_mut(index));
        match slot {
            None => {
                return Err(Error::new(
                    ErrorKind::TooManyArguments,
                    format!("there is no argument named `{given}`"),
                ));
            }
            Some(Some(_)) => {
                return Err(Error::new(
                    ErrorKind::TooManyArguments,
                    format!("`{given}` is given twice"),
                ));
            }
            Some(slot) => *slot = Some(named.peek::<Value>(given)?),
        }
    }
    Ok(bound)
}

/// The arguments by position, and those by name.
pub(crate) fn split(args: &[Value]) -> (&[Value], Option<Kwargs>) {
    if let Some((last, before)) = args.split_last()
        && last.is_kwargs()
        && let Ok(named) = Kwargs::try_from(last.clone())
    {
        return (before, Some(named));
    }
    (args, None)
}

/// A required argument.
pub(crate) fn required(value: Option<Value>, name: &str) -> Result<Value, Error> {
    value.ok_or_else(|| Error::new(ErrorKind::MissingArgument, format!("`{name}` is missing")))
}

/// `str(value)` of an optional argument.
pub(crate) fn text_or(value: Option<Value>, default: &str) -> Result<String, Error> {
    value.map_or_else(|| Ok(default.to_owned()), |value| text::to_str(&value))
}

/// A value that must be a string, as a method of Python's strings would be called on it.
pub(crate) fn string(value: Option<&Value>) -> Result<Arc<str>, Error> {
    let value = value.unwrap_or(&Value::UNDEFINED);
    if value.is_undefined() {
        // Fails with the name of the undefined expression.
        value.get_attr("")?;
    }
    value.to_str().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("a string is needed, not a {}", value.kind()),
        )
    })
}

/// A whole number; booleans count, as they do in Python.
pub(crate) fn integer_or(value: Option<Value>, default: i64) -> Result<i64, Error> {
    let Some(value) = value else {
        return Ok(default);
    };
    if value.kind() == ValueKind::Bool {
        return Ok(i64::from(value.is_true()));
    }
    value
        .as_i64()
        .filter(|_| value.is_integer())
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidOperation,
                format!("a whole number is needed, not a {}", value.kind()),
            )
        })
}

/// A length or width: negative numbers count as nothing.
pub(crate) fn size_or(value: Option<Value>, default: usize) -> Result<usize, Error> {
    match value {
        None => Ok(default),
        some => Ok(usize::try_from(integer_or(some, 0)?).unwrap_or(0)),
    }
}

/// Whether an optional argument is true.
pub(crate) fn flag_or(value: Option<Value>, default: bool) -> bool {
    value.map_or(default, |value| value.is_true())
}
