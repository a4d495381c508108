//! Python's operators, as filters that [`jinja`](crate::jinja) writes where a template has an operator.

use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::{
    args::{bind, flag_or, required, text_or},
    arithmetic::{arithmetic, modulo, plus, signed, times, whole},
    attributes::attribute,
    compare, macros,
    text::{self, to_str, type_name},
    values::{Dict, Generator, List, Namespace, check_cycle, items, tuple},
};
use crate::{
    filters::{add, functions},
    opaque,
};

type Binary = fn(&mut State<'_, '_>, &Value, &Value) -> Result<Value, Error>;

pub(crate) fn register(environment: &mut Environment<'_>) {
    let binary: [(&'static str, Binary); 7] = [
        ("py_add", plus),
        ("py_sub", |_, left, right| arithmetic("-", left, right)),
        ("py_mul", times),
        ("py_div", |_, left, right| arithmetic("/", left, right)),
        ("py_floordiv", |_, left, right| {
            arithmetic("//", left, right)
        }),
        ("py_mod", modulo),
        ("py_pow", |_, left, right| arithmetic("**", left, right)),
    ];
    for (name, operator) in binary {
        add(environment, name, move |state, args| {
            let [left, right] = two(args)?;
            text::check_defined(left)?;
            if left.as_str().is_none() || name != "py_mod" {
                text::check_defined(right)?;
            }
            operator(state, left, right)
        });
    }
    for (name, operator) in [
        ("py_eq", "=="),
        ("py_ne", "!="),
        ("py_lt", "<"),
        ("py_le", "<="),
        ("py_gt", ">"),
        ("py_ge", ">="),
        ("py_in", "in"),
        ("py_not_in", "not in"),
    ] {
        add(environment, name, move |state, args| {
            let [left, right] = two(args)?;
            let size = right.len().unwrap_or(0).max(left.len().unwrap_or(0));
            state.consume_fuel((size / 16) as u64)?;
            compare::holds(left, operator, right).map(Value::from)
        });
    }
    add(environment, "py_compare", |_, args| {
        for (left, rest) in (0..)
            .step_by(2)
            .map_while(|at| Some((args.get(at)?, args.get(at + 1..at + 3)?)))
        {
            let [operator, right] = two(rest)?;
            if !compare::holds(left, operator.as_str().unwrap_or_default(), right)? {
                return Ok(false.into());
            }
        }
        Ok(true.into())
    });
    add(environment, "py_neg", |_, args| signed(args, "-"));
    add(environment, "py_pos", |_, args| signed(args, "+"));
    add(environment, "py_concat", |state, args| {
        let mut joined = String::new();
        for value in args {
            match opaque::mark(value) {
                Some(mark) => joined.push_str(&mark),
                None => joined.push_str(&to_str(value)?),
            }
            state.consume_fuel((joined.len() / 256) as u64)?;
        }
        Ok(joined.into())
    });
    add(environment, "py_guard", |_, args| {
        let [value] = bind(args, ["value"])?;
        let value = value.unwrap_or_default();
        opaque::check(&value)?;
        Ok(value)
    });
    add(environment, "py_truth", |_, args| {
        let [value] = bind(args, ["value"])?;
        let value = value.unwrap_or_default();
        opaque::check_truth(&value)?;
        Ok(value)
    });
    add(environment, "py_line", |_, args| {
        let [value, line] = bind(args, ["value", "line"])?;
        let line = line.and_then(|line| line.as_usize()).unwrap_or(0);
        Ok(opaque::at_line(value.unwrap_or_default(), line))
    });
    register_values(environment);
}

fn register_values(environment: &mut Environment<'_>) {
    add(environment, "py_list", |_, args| {
        let [value] = bind(args, ["value"])?;
        Ok(List::value(items(&required(value, "value")?)?))
    });
    add(environment, "py_dict", |_, args| {
        let [value] = bind(args, ["value"])?;
        let map = required(value, "value")?;
        let mut entries = Vec::new();
        for (key, value) in map
            .as_object()
            .and_then(|map| map.try_iter_pairs())
            .into_iter()
            .flatten()
        {
            compare::hashable(&key)?;
            entries.push((key, value));
        }
        Ok(Dict::value(entries))
    });
    add(environment, "py_slice", slice);
    add(environment, "py_attr", |_, args| {
        let [value, name] = two(args)?;
        attribute(value, name.as_str().unwrap_or_default())
    });
    add(environment, "py_item", |_, args| {
        let [value, name] = two(args)?;
        let item = value.get_item(name)?;
        if item.is_undefined() {
            return attribute(value, name.as_str().unwrap_or_default());
        }
        Ok(item)
    });
    add(environment, "py_name", |state, args| {
        let [name] = bind(args, ["name"])?;
        Ok(state.lookup(&text_or(name, "")?).unwrap_or_default())
    });
    add(environment, "py_iter", iterated);
    add(environment, "py_unpack", |_, args| {
        let [value, count] = two(args)?;
        text::check(value)?;
        let found = items(value)?;
        let count = count.as_usize().unwrap_or(0);
        if found.len() != count {
            return Err(invalid(format!(
                "{count} values are expected, not {}",
                found.len()
            )));
        }
        Ok(tuple(found))
    });
    add(environment, "py_assign", |state, args| {
        let [namespace, name, value] = bind(args, ["namespace", "name", "value"])?;
        let namespace = namespace.unwrap_or_default();
        let Some(target) = namespace.downcast_object_ref::<Namespace>() else {
            text::check_defined(&namespace)?;
            return Err(invalid(format!(
                "an attribute can only be assigned to a namespace, not to a value of type {}",
                type_name(&namespace)
            )));
        };
        let value = value.unwrap_or_default();
        check_cycle(state, &namespace, &value)?;
        target.set(&text_or(name, "")?, value);
        Ok(false.into())
    });
    add(environment, "py_macro", macros::wrap);
    add(environment, "py_unknown", |_, args| {
        let [_, message] = two(args.get(..2).unwrap_or(args))?;
        Err(Error::new(ErrorKind::UnknownFilter, to_str(message)?))
    });
    environment.add_test("py_missing", macros::missing);
    environment.add_test(
        "py_unknown",
        |_: &Value, message: String, _: minijinja::value::Rest<Value>| {
            Err::<bool, Error>(Error::new(ErrorKind::UnknownTest, message))
        },
    );
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

fn two(args: &[Value]) -> Result<[&Value; 2], Error> {
    match args {
        [left, right] => Ok([left, right]),
        _ => Err(Error::from(ErrorKind::MissingArgument)),
    }
}

fn slice(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, start, stop, step] = bind(args, ["value", "start", "stop", "step"])?;
    let value = value.unwrap_or_default();
    text::check_defined(&value)?;
    let bound = |value: Option<Value>| match value {
        None => Ok(None),
        Some(value) if value.is_none() => Ok(None),
        Some(value) => match whole(&value) {
            Some(index) => Ok(Some(index)),
            None => Err(invalid(format!(
                "a slice needs whole numbers, not {}",
                type_name(&value)
            ))),
        },
    };
    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?.unwrap_or(1));
    let kind = type_name(&value);
    if !matches!(kind, "str" | "Markup" | "list" | "tuple" | "range") {
        return Err(invalid(format!("a value of type {kind} cannot be sliced")));
    }
    if step == 0 {
        return Err(invalid("the step of a slice cannot be 0"));
    }
    let found = items(&value)?;
    state.consume_fuel((found.len() / 16) as u64)?;
    let length = found.len() as i128;
    let clamp = |index: i128, low: i128, high: i128| {
        let index = if index < 0 { index + length } else { index };
        index.clamp(low, high)
    };
    let (low, high) = if step > 0 {
        (0, length)
    } else {
        (-1, length - 1)
    };
    let first = start.map_or(if step > 0 { low } else { high }, |index| {
        clamp(index, low, high)
    });
    let last = stop.map_or(if step > 0 { high } else { low }, |index| {
        clamp(index, low, high)
    });
    if kind == "range" {
        return functions::sliced(&value, first, last, step);
    }
    let mut taken = Vec::new();
    let mut at = first;
    while (step > 0 && at < last) || (step < 0 && at > last) {
        if let Some(item) = usize::try_from(at).ok().and_then(|at| found.get(at)) {
            taken.push(item.clone());
        }
        at = at.saturating_add(step);
    }
    Ok(match kind {
        "list" => List::value(taken),
        "tuple" => tuple(taken),
        _ => taken
            .iter()
            .filter_map(Value::as_str)
            .collect::<String>()
            .into(),
    })
}

/// What a loop goes through: a generator is used up, and texts can be unpacked into their letters.
fn iterated(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value, unpacks] = bind(args, ["value", "unpacks"])?;
    let value = value.unwrap_or_default();
    text::check(&value)?;
    if let Some(generator) = value.downcast_object_ref::<Generator>() {
        return Ok(generator.drain().into());
    }
    if flag_or(unpacks, false) {
        let mut letters = false;
        let mut found = items(&value)?;
        for item in &mut found {
            if item.as_str().is_some() {
                letters = true;
                *item = tuple(items(item)?);
            }
        }
        return Ok(if letters { found.into() } else { value });
    }
    if value.as_str().is_some() {
        return Ok(items(&value)?.into());
    }
    let iterable = value.is_undefined()
        || value
            .as_object()
            .is_some_and(|object| object.repr() != minijinja::value::ObjectRepr::Plain);
    if iterable {
        return Ok(value);
    }
    Err(invalid(format!(
        "a value of type {} cannot be iterated",
        type_name(&value)
    )))
}
