//! Macros as Jinja2 calls them.

use std::{fmt, sync::Arc};

use indexmap::IndexMap;
use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Kwargs, Object, ObjectRepr},
};

use super::{
    args::{bind, integer_or, split, text_or},
    values::{Dict, items, tuple},
};

/// A macro of the engine, with the arguments that Jinja2 passes to it: what was not given, as
/// [`missing`], and what was given too much, as `varargs` and `kwargs`.
#[derive(Debug)]
pub(crate) struct Macro {
    inner: Value,
    name: String,
    parameters: Vec<String>,
    defaults: usize,
    varargs: bool,
    kwargs: bool,
    caller: bool,
}

/// Stands for an argument that a call does not give, and that has a default.
#[derive(Debug)]
struct Missing;

impl Object for Missing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// Whether a parameter was not given.
pub(crate) fn missing(value: &Value) -> bool {
    value.downcast_object_ref::<Missing>().is_some()
}

/// `inner|py_macro(name, parameters, defaults, flags)`
pub(crate) fn wrap(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [inner, name, parameters, defaults, flags] =
        bind(args, ["macro", "name", "parameters", "defaults", "flags"])?;
    let parameters = items(&parameters.unwrap_or_default())?;
    let flags = text_or(flags, "")?;
    Ok(Value::from_object(Macro {
        inner: inner.unwrap_or_default(),
        name: text_or(name, "")?,
        parameters: parameters.iter().map(ToString::to_string).collect(),
        defaults: usize::try_from(integer_or(defaults, 0)?).unwrap_or(0),
        varargs: flags.contains('v'),
        kwargs: flags.contains('k'),
        caller: flags.contains('c'),
    }))
}

impl Macro {
    fn arguments(&self, args: &[Value]) -> Result<Vec<Value>, Error> {
        let (positional, named) = split(args);
        let mut rest: IndexMap<String, Value> = IndexMap::new();
        if let Some(named) = &named {
            for name in named.args() {
                rest.insert(name.to_owned(), named.peek(name)?);
            }
        }
        let count = self.parameters.len();
        let fail = |message: String| Err(Error::new(ErrorKind::TooManyArguments, message));
        let mut bound = Vec::with_capacity(count + 3);
        for (index, name) in self.parameters.iter().enumerate() {
            bound.push(match (positional.get(index), rest.shift_remove(name)) {
                (Some(_), Some(_)) => {
                    return fail(format!("macro `{}` is given `{name}` twice", self.name));
                }
                (Some(value), None) => value.clone(),
                (None, Some(value)) => value,
                (None, None) if index + self.defaults >= count => Value::from_object(Missing),
                (None, None) => Value::UNDEFINED,
            });
        }
        let caller = if self.caller {
            rest.shift_remove("caller")
        } else {
            None
        };
        if self.varargs {
            bound.push(tuple(positional.get(count..).unwrap_or_default().to_vec()));
        } else if positional.len() > count {
            return fail(format!(
                "macro `{}` takes not more than {count} arguments",
                self.name
            ));
        }
        if self.kwargs {
            let entries = rest
                .drain(..)
                .map(|(name, value)| (Value::from(name), value));
            bound.push(Dict::value(entries.collect::<Vec<_>>()));
        } else if let Some((name, _)) = rest.first() {
            return fail(format!(
                "macro `{}` takes no argument named `{name}`",
                self.name
            ));
        }
        if let Some(caller) = caller {
            bound.push(Value::from(
                [("caller", caller)].into_iter().collect::<Kwargs>(),
            ));
        }
        Ok(bound)
    }
}

impl Object for Macro {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "name" => Value::from(self.name.as_str()),
            "arguments" => tuple(
                self.parameters
                    .iter()
                    .map(|name| Value::from(name.as_str()))
                    .collect(),
            ),
            "catch_varargs" => self.varargs.into(),
            "catch_kwargs" => self.kwargs.into(),
            "caller" => self.caller.into(),
            _ => return None,
        })
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.inner.call(state, &self.arguments(args)?)
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "<Macro '{}'>", self.name)
    }
}
