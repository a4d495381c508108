//! `attr`, and the filters that go through a list with an attribute, a filter or a test.

use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Kwargs, ObjectRepr, ValueKind},
};

use super::add;
use crate::{
    jinja::names,
    opaque,
    python::{
        args::{bind, required, split, text_or},
        attributes::{bound_method, is_method},
        text::{check, check_defined, check_valid},
        values::{Generator, List, items},
    },
};

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "attr", |_, args| {
        let [value, name] = bind(args, ["obj", "name"])?;
        let value = required(value, "obj")?;
        check_defined(&value)?;
        let name = text_or(name, "")?;
        if is_method(&value, &name) {
            return Ok(bound_method(&value, &name));
        }
        // Attributes only: what is in a dictionary or list is not found.
        let is_object = value
            .as_object()
            .is_some_and(|object| object.repr() == ObjectRepr::Plain);
        if is_object || crate::python::text::type_name(&value) == "LoopContext" {
            return value.get_attr(&name);
        }
        Ok(Value::UNDEFINED)
    });
    add(environment, "map", map);
    for (name, selects, attribute) in [
        ("select", true, false),
        ("reject", false, false),
        ("selectattr", true, true),
        ("rejectattr", false, true),
    ] {
        add(environment, name, move |state, args| {
            let kept = select(state, args, selects, attribute)?;
            let shown = match name {
                "select" => "generator object sync_do_select",
                "reject" => "generator object sync_do_reject",
                "selectattr" => "generator object sync_do_selectattr",
                _ => "generator object sync_do_rejectattr",
            };
            Ok(Generator::value(shown, kept))
        });
    }
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}

fn map(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    const NAME: &str = "generator object sync_do_map";

    let (positional, named) = split(args);
    let [value, rest @ ..] = positional else {
        return Err(invalid("a list is needed"));
    };
    let found = present(value)?;
    let attribute = named.as_ref().filter(|named| named.has("attribute"));
    if rest.is_empty()
        && let Some(named) = attribute
    {
        let default = named.peek::<Option<Value>>("default")?;
        let getter = Getter::new(Some(named.peek("attribute")?), default, false)?;
        let mapped = found
            .iter()
            .map(|item| getter.get(item))
            .collect::<Result<_, _>>()?;
        return Ok(Generator::value(NAME, mapped));
    }
    let [name, rest @ ..] = rest else {
        return Err(invalid("`map` needs a filter or an attribute"));
    };
    let name = name
        .as_str()
        .ok_or_else(|| invalid("`map` needs the name of a filter"))?;
    if !names::exists(false, name) {
        return Err(Error::new(
            ErrorKind::UnknownFilter,
            names::unknown(false, name),
        ));
    }
    let mut mapped = Vec::with_capacity(found.len());
    for item in found {
        if !matches!(name, "default" | "d") {
            opaque::check(&item)?;
        }
        mapped.push(state.apply_filter(name, &call(item, rest, named.as_ref()))?);
    }
    Ok(Generator::value(NAME, mapped))
}

fn select(
    state: &mut State<'_, '_>,
    args: &[Value],
    selects: bool,
    by_attribute: bool,
) -> Result<Vec<Value>, Error> {
    let (positional, named) = split(args);
    let [value, rest @ ..] = positional else {
        return Err(invalid("a list is needed"));
    };
    let (getter, rest) = match rest {
        [attribute, rest @ ..] if by_attribute => {
            (Getter::new(Some(attribute.clone()), None, false)?, rest)
        }
        [] if by_attribute => return Err(invalid("an attribute is needed")),
        rest => (Getter::new(None, None, false)?, rest),
    };
    let (test, rest) = match rest {
        [test, rest @ ..] => (Some(text_or(Some(test.clone()), "")?), rest),
        [] => (None, rest),
    };
    if let Some(test) = test.as_deref().filter(|test| !names::exists(true, test)) {
        return Err(Error::new(
            ErrorKind::UnknownTest,
            names::unknown(true, test),
        ));
    }
    let mut kept = Vec::new();
    for item in present(value)? {
        let tested = getter.get(&item)?;
        check(&tested)?;
        let holds = match &test {
            Some(test) => state.perform_test(test, &call(tested, rest, named.as_ref()))?,
            None => tested.is_true(),
        };
        if holds == selects {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// The items, of which there are none in anything false, whether or not it can be iterated.
fn present(value: &Value) -> Result<Vec<Value>, Error> {
    check(value)?;
    if value.is_true() {
        items(value)
    } else {
        Ok(Vec::new())
    }
}

fn call(first: Value, rest: &[Value], named: Option<&Kwargs>) -> Vec<Value> {
    let mut args = vec![first];
    args.extend_from_slice(rest);
    args.extend(named.map(|named| Value::from(named.clone())));
    args
}

/// Gets what a list is sorted, grouped or mapped by out of each item.
pub(crate) struct Getter {
    /// Ways through the item; without one it is the item itself.
    paths: Vec<Vec<Value>>,
    /// The keys are lists, one for each path.
    several: bool,
    default: Option<Value>,
    lower: bool,
}

impl Getter {
    /// By one attribute, such as `name`, `tags.0` or `1`.
    pub(crate) fn new(
        attribute: Option<Value>,
        default: Option<Value>,
        lower: bool,
    ) -> Result<Self, Error> {
        let attribute = attribute.filter(|attribute| !attribute.is_none());
        Ok(Self {
            paths: attribute.iter().map(path).collect(),
            several: false,
            default: default.filter(|default| !default.is_none()),
            lower,
        })
    }

    /// By several, with commas between them. The keys are lists always, so that equal values need not be ordered.
    pub(crate) fn several(attribute: Option<Value>, lower: bool) -> Result<Self, Error> {
        let mut getter = Self::new(attribute.clone(), None, lower)?;
        getter.several = true;
        if let Some(text) = attribute.as_ref().and_then(Value::as_str) {
            getter.paths = text
                .split(',')
                .map(|part| path(&Value::from(part)))
                .collect();
        } else if getter.paths.is_empty() {
            getter.paths.push(Vec::new());
        }
        Ok(getter)
    }

    pub(crate) fn get(&self, item: &Value) -> Result<Value, Error> {
        if !self.several {
            return match self.paths.first() {
                Some(path) => self.part(item, path),
                None => Ok(self.folded(item.clone())),
            };
        }
        let parts = self.paths.iter().map(|path| self.part(item, path));
        Ok(List::value(parts.collect::<Result<_, _>>()?))
    }

    /// Each item behind its key.
    pub(crate) fn keyed(&self, items: Vec<Value>) -> Result<Vec<(Value, Value)>, Error> {
        items
            .into_iter()
            .map(|item| Ok((self.get(&item)?, item)))
            .collect()
    }

    fn part(&self, item: &Value, path: &[Value]) -> Result<Value, Error> {
        let mut value = item.clone();
        for key in path {
            check_defined(&value)?;
            let mut found = value.get_item(key)?;
            if let Some(name) = key.as_str()
                && found.is_undefined()
            {
                found = if is_method(&value, name) {
                    bound_method(&value, name)
                } else {
                    value.get_attr(name)?
                };
            }
            check_valid(&found)?;
            value = match &self.default {
                Some(default) if found.is_undefined() => default.clone(),
                _ => found,
            };
        }
        Ok(self.folded(value))
    }

    fn folded(&self, value: Value) -> Value {
        match value.as_str() {
            Some(text) if self.lower && value.kind() == ValueKind::String => {
                text.to_lowercase().into()
            }
            _ => value,
        }
    }
}

fn path(attribute: &Value) -> Vec<Value> {
    let Some(text) = attribute.as_str() else {
        return vec![attribute.clone()];
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.')
        .map(|part| match part.parse::<i64>() {
            Ok(index) if digits(part) => Value::from(index),
            _ => Value::from(part),
        })
        .collect()
}
