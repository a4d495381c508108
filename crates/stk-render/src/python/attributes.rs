//! Attributes that are methods.

use minijinja::{Error, Value};

use super::{
    text::{self, type_name},
    values::Bound,
};
use crate::jinja::names::DICTIONARY_METHODS;

/// `value.name`, where the name may be that of a method.
pub(crate) fn attribute(value: &Value, name: &str) -> Result<Value, Error> {
    text::check_defined(value)?;
    // Python's own attributes are not for templates: the sandbox has them undefined.
    if name.starts_with("__") {
        return Ok(Value::UNDEFINED);
    }
    if is_method(value, name) {
        return Ok(bound_method(value, name));
    }
    value.get_attr(name)
}

/// The method of that name, not called.
pub(crate) fn bound_method(value: &Value, name: &str) -> Value {
    Value::from_object(Bound {
        object: value.clone(),
        method: name.to_owned(),
    })
}

/// Whether Python's type of the value has such a method.
pub(crate) fn is_method(value: &Value, name: &str) -> bool {
    match type_name(value) {
        "dict" => DICTIONARY_METHODS.contains(&name),
        "list" => LIST_METHODS.contains(&name),
        "tuple" => matches!(name, "count" | "index"),
        "str" => TEXT_METHODS.contains(&name),
        _ => false,
    }
}

const LIST_METHODS: [&str; 11] = [
    "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse",
    "sort",
];

const TEXT_METHODS: [&str; 44] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
];
