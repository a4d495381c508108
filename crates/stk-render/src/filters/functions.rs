use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Enumerator, Object, ObjectRepr, Rest, ValueKind, ValueOrKwargs},
};

use crate::python::{
    args::bind,
    collections,
    values::{Dict, Namespace},
};

/// Jinja2's sandbox refuses longer ranges.
const MAX_RANGE: i64 = 100_000;

pub(crate) fn register(environment: &mut Environment<'_>) {
    environment.add_function("range", range);
    environment.add_function("cycler", |items: Rest<Value>| {
        if items.is_empty() {
            return Err(Error::new(
                ErrorKind::MissingArgument,
                "a cycler needs at least one item",
            ));
        }
        Ok(Value::from_object(Cycler {
            items: items.to_vec(),
            at: AtomicUsize::new(0),
        }))
    });
    environment.add_function("dict", |args: Rest<ValueOrKwargs>| {
        collections::entries(&args.into_values()).map(Dict::value)
    });
    environment.add_function("namespace", |args: Rest<ValueOrKwargs>| {
        let entries = collections::entries(&args.into_values())?;
        Ok::<_, Error>(Namespace::value(
            entries
                .into_iter()
                .map(|(name, value)| (name.to_string(), value))
                .collect(),
        ))
    });
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
    environment.add_test("sequence", |value: &Value| {
        matches!(
            value.kind(),
            ValueKind::Seq | ValueKind::Map | ValueKind::String | ValueKind::Undefined
        )
    });
}

/// Jinja2's `cycler`.
#[derive(Debug)]
struct Cycler {
    items: Vec<Value>,
    at: AtomicUsize,
}

impl Cycler {
    fn current(&self) -> Value {
        let at = self.at.load(Ordering::Relaxed) % self.items.len().max(1);
        self.items.get(at).cloned().unwrap_or_default()
    }
}

impl Object for Cycler {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str() == Some("current")).then(|| self.current())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let [] = bind(args, [])?;
        match method {
            "next" => {
                let item = self.current();
                self.at.fetch_add(1, Ordering::Relaxed);
                Ok(item)
            }
            "reset" => {
                self.at.store(0, Ordering::Relaxed);
                Ok(Value::from(()))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// Python's `range`, which prints as it is written.
#[derive(Debug)]
struct Range {
    start: i64,
    stop: i64,
    step: i64,
    length: i64,
}

fn range(first: i64, second: Option<i64>, step: Option<i64>) -> Result<Value, Error> {
    let fail = |reason| Err(Error::new(ErrorKind::InvalidOperation, reason));
    let (start, stop) = second.map_or((0, first), |second| (first, second));
    let step = step.unwrap_or(1);
    if step == 0 {
        return fail("the step of a range cannot be 0");
    }
    let distance = if step > 0 {
        i128::from(stop) - i128::from(start)
    } else {
        i128::from(start) - i128::from(stop)
    };
    let wide = i128::from(step).abs();
    let length = (distance.max(0) + wide - 1) / wide;
    match i64::try_from(length) {
        Ok(length) if length <= MAX_RANGE => Ok(Value::from_object(Range {
            start,
            stop,
            step,
            length,
        })),
        _ => fail("the range has more than 100000 items"),
    }
}

impl Object for Range {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key
            .as_i64()
            .filter(|index| (0..self.length).contains(index))?;
        Some(Value::from(self.start + index * self.step))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(usize::try_from(self.length).unwrap_or(0))
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "range({}, {}", self.start, self.stop)?;
        if self.step != 1 {
            write!(formatter, ", {}", self.step)?;
        }
        formatter.write_str(")")
    }
}

/// Whether it is what `cycler` gives.
pub(crate) fn is_cycler(value: &Value) -> bool {
    value.downcast_object_ref::<Cycler>().is_some()
}

/// A slice of a range, whose bounds are indexes into it.
pub(crate) fn sliced(range: &Value, start: i128, stop: i128, step: i128) -> Result<Value, Error> {
    let fail = || Error::new(ErrorKind::InvalidOperation, "the range is too large");
    let range = range.downcast_object_ref::<Range>().ok_or_else(fail)?;
    let at = |index: i128| {
        let value = i128::from(range.start) + index * i128::from(range.step);
        i64::try_from(value).map_err(|_| fail())
    };
    let wide = i128::from(range.step) * step;
    let distance = if step > 0 { stop - start } else { start - stop };
    let length = (distance.max(0) + step.abs() - 1) / step.abs();
    Ok(Value::from_object(Range {
        start: at(start)?,
        stop: at(stop)?,
        step: i64::try_from(wide).map_err(|_| fail())?,
        length: i64::try_from(length).map_err(|_| fail())?,
    }))
}

/// Whether the value prints as something else than its items.
pub(crate) fn is_range(value: &Value) -> bool {
    value.downcast_object_ref::<Range>().is_some()
}
