#![doc = include_str!("../README.md")]

mod context;
mod engine;
mod error;
mod filters;
mod jinja;
mod limits;
mod opaque;
mod path;
mod python;
pub mod reads;
mod render;
mod stack;
mod templates;
mod tree;

pub use context::Context;
pub use error::{ErrorKind, PathError, RenderError, Warning, WriteError};
pub use limits::Limits;
pub use opaque::Truth;
pub use render::{Evaluated, Rendered, Token, check, evaluate, render, render_with};
pub use stack::batch;
pub use templates::{TemplateFile, Templates};
pub use tree::{File, Tree};
