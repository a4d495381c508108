use std::{fmt, sync::Arc};

use minijinja::{
    Environment, Error, ErrorKind, Value,
    value::{Enumerator, Object, ObjectRepr, Rest, ValueKind},
};

/// Jinja2's sandbox refuses longer ranges.
const MAX_RANGE: i64 = 100_000;

pub(crate) fn register(environment: &mut Environment<'_>) {
    environment.add_function("range", range);
    environment.add_function("cycler", |items: Rest<Value>| {
        minijinja_contrib::globals::cycler(items.to_vec())
    });
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
    environment.add_test("callable", |value: &Value| value.kind() == ValueKind::Plain);
    environment.add_test("sequence", |value: &Value| {
        matches!(
            value.kind(),
            ValueKind::Seq | ValueKind::Map | ValueKind::String | ValueKind::Undefined
        )
    });
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

/// Whether the value prints as something else than its items.
pub(crate) fn is_range(value: &Value) -> bool {
    value.downcast_object_ref::<Range>().is_some()
}
