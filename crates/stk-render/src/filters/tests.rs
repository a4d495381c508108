//! The tests of Jinja2 that the engine has differently.

use minijinja::{
    Environment, Error, ErrorKind, Value,
    value::{ObjectRepr, Rest},
};

use crate::python::{
    arithmetic, compare,
    text::{to_str, type_name},
    values::Namespace,
};

pub(crate) fn register(environment: &mut Environment<'_>) {
    for (names, operator) in [
        (&["==", "eq", "equalto"][..], "=="),
        (&["!=", "ne"], "!="),
        (&[">", "gt", "greaterthan"], ">"),
        (&[">=", "ge"], ">="),
        (&["<", "lt", "lessthan"], "<"),
        (&["<=", "le"], "<="),
        (&["in"], "in"),
    ] {
        for name in names {
            environment.add_test(*name, move |left: &Value, right: &Value| {
                compare::holds(left, operator, right)
            });
        }
    }
    environment.add_test("odd", |value: &Value| remainder(value, &Value::from(2), 1));
    environment.add_test("even", |value: &Value| remainder(value, &Value::from(2), 0));
    environment.add_test("divisibleby", |value: &Value, by: &Value| {
        remainder(value, by, 0)
    });
    environment.add_test("lower", |value: &Value| {
        cased(value, char::is_lowercase, char::is_uppercase)
    });
    environment.add_test("upper", |value: &Value| {
        cased(value, char::is_uppercase, char::is_lowercase)
    });
    environment.add_test("filter", |name: &Value| named(name, false));
    environment.add_test("test", |name: &Value| named(name, true));
    environment.add_test("iterable", |value: &Value| {
        value.is_undefined()
            || value.as_str().is_some()
            || value
                .as_object()
                .is_some_and(|object| object.repr() != ObjectRepr::Plain)
    });
    environment.add_test("callable", |value: &Value, _: Rest<Value>| {
        let plain = value
            .as_object()
            .is_some_and(|object| object.repr() == ObjectRepr::Plain);
        let other = value.downcast_object_ref::<Namespace>().is_some()
            || super::functions::is_cycler(value);
        (plain && !other) || matches!(type_name(value), "Macro" | "LoopContext")
    });
}

fn remainder(value: &Value, by: &Value, rest: i64) -> Result<bool, Error> {
    if value.as_str().is_some() {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "a number is needed, not a text",
        ));
    }
    compare::equal(&arithmetic::arithmetic("%", value, by)?, &Value::from(rest))
}

fn cased(value: &Value, wanted: fn(char) -> bool, other: fn(char) -> bool) -> Result<bool, Error> {
    let text = to_str(value)?;
    Ok(text.chars().any(wanted) && !text.chars().any(other))
}

fn named(name: &Value, test: bool) -> bool {
    name.as_str()
        .is_some_and(|name| crate::jinja::names::exists(test, name))
}
