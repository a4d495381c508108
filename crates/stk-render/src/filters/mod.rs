//! The filters, tests and functions that Jinja2 and StackSpot have and the engine lacks, or has differently.

pub(crate) mod attributes;
mod case;
mod data;
pub(crate) mod functions;
mod json;
mod numbers;
mod pretty;
pub(crate) mod sequences;
mod tests;
mod text;

use minijinja::{
    Environment, Error, State, Value,
    value::{Rest, ValueOrKwargs},
};

pub(crate) fn register(environment: &mut Environment<'_>) {
    attributes::register(environment);
    case::register(environment);
    data::register(environment);
    functions::register(environment);
    json::register(environment);
    numbers::register(environment);
    pretty::register(environment);
    sequences::register(environment);
    tests::register(environment);
    text::register(environment);
    crate::python::operators::register(environment);
    // What the engine has and Jinja2 has not: a template that uses it would fail at StackSpot.
    for name in ["bool", "chain", "lines", "split", "zip"] {
        environment.remove_filter(name);
    }
    for name in ["endingwith", "safe", "startingwith"] {
        environment.remove_test(name);
    }
    // Prints every variable.
    environment.remove_global("debug");
}

/// Adds a filter that takes its arguments as Python does.
pub(crate) fn add(
    environment: &mut Environment<'_>,
    name: &'static str,
    filter: impl Fn(&mut State<'_, '_>, &[Value]) -> Result<Value, Error> + Send + Sync + 'static,
) {
    environment.add_filter(
        name,
        move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
            filter(state, &args.into_values())
        },
    );
}
