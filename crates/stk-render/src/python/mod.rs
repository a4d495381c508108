//! What makes the engine's values look and behave as Python's do.

pub(crate) mod args;
pub(crate) mod methods;
pub(crate) mod strings;
pub(crate) mod text;
