//! What makes the engine's values look and behave as Python's do.

pub(crate) mod args;
pub(crate) mod arithmetic;
pub(crate) mod attributes;
pub(crate) mod collections;
pub(crate) mod compare;
pub(crate) mod format;
pub(crate) mod macros;
pub(crate) mod methods;
pub(crate) mod operators;
pub(crate) mod strings;
pub(crate) mod text;
pub(crate) mod values;
