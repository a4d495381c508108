//! Jinja2's own grammar: reads a template as Jinja2 3.1 reads it, and writes it down again for the engine.
//!
//! Jinja2's lexer and parser decide what is data and what is a tag, which white space goes, and which templates are
//! errors at which line. What is written for the engine holds the same data and tags, on the same lines, with every
//! expression in the engine's grammar; operators become calls of the filters in [`operators`](crate::python::operators)
//! (`a + b` is `a|py_add(b)`), because the engine's own operators differ from Python's.

mod expressions;
pub(crate) mod lexer;
mod loading;
mod macros;
pub(crate) mod names;
mod operands;
mod output;
mod parser;
mod pieces;
mod statements;
mod strings;
mod targets;

pub(crate) use output::{BLOCK, COMMENT, VARIABLE};

/// A template, read.
#[derive(Debug)]
pub(crate) struct Template {
    /// What the engine is given.
    pub(crate) engine: String,
    /// The source with its line ends as Jinja2 counts them, for excerpts.
    pub(crate) source: String,
    /// The first unknown filter or test for which Jinja2 refuses the whole template: one that does not stand directly
    /// in a branch that may not be taken.
    pub(crate) refused: Option<usize>,
    /// All filters and tests that do not exist.
    pub(crate) unknown: Vec<Unknown>,
}

/// A filter or test that does not exist.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// Why a template cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) message: String,
    /// It is not wrong, but more than this crate takes.
    pub(crate) limit: bool,
}

impl Fault {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
            limit: false,
        }
    }
}

/// Reads a template. If `guarded`, what filters and tests are given is checked for opaque values, and the tags that print
/// a value tell their line.
pub(crate) fn read(source: &str, guarded: bool) -> Result<Template, Fault> {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut parser = parser::Parser::new(&source, guarded)?;
    parser.template()?;
    let (engine, unknown, refused) = parser.finish();
    Ok(Template {
        engine,
        source,
        refused,
        unknown,
    })
}
