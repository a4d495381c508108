//! YAML text to a tree in which every node knows its place.

pub(crate) use self::fields::{Fields, text_of};
pub(crate) use self::load::load;
pub(crate) use self::node::{Node, NodeValue, Places, to_map};
pub(crate) use self::what::What;

mod advice;
mod fields;
mod input;
mod load;
mod node;
mod scalar;
mod source;
mod text;
mod what;
