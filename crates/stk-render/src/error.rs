use std::{fmt, io, path::PathBuf};

/// What kind of fault a [`RenderError`] is; decides what the reader has to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The template is not valid Jinja. The plugin author's fault; found by [`check`](crate::check) too.
    Syntax,
    /// The template is valid but failed while it ran: a filter got the wrong kind of value, a division by zero, …
    Runtime,
    /// Something was asked of an undefined value: an attribute, a call, an item. Usually a misspelt or missing input.
    Undefined,
    /// What a file name rendered to cannot be written, or two names render to one.
    Path,
    /// One of the [`Limits`](crate::Limits) was reached.
    Limit,
    /// The template uses a value that [`Context::refuse`](crate::Context::refuse) declared unusable.
    Refused,
}

/// Why a template could not be rendered. Displays as one line, `template:line: message`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct RenderError {
    /// Path of the template as the plugin ships it (placeholders not rendered), or the name given to [`evaluate`](crate::evaluate).
    pub template: String,
    /// Line in the template, from 1. `None` when the fault is in the file's name or concerns the file as a whole.
    pub line: Option<u32>,
    /// What went wrong, without the place.
    pub message: String,
    /// The source line the error is about, without its indentation, where there is one.
    pub excerpt: Option<String>,
    /// What kind of fault it is.
    pub kind: ErrorKind,
}

impl fmt::Display for RenderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(formatter, &self.template, self.line)?;
        formatter.write_str(&self.message)
    }
}

/// Something odd that did not stop the render. Displays as one line, `template:line: message`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Warning {
    /// Path of the template, as in [`RenderError::template`].
    pub template: String,
    /// Line in the template, from 1, where it is known.
    pub line: Option<u32>,
    /// What is odd, without the place.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(formatter, &self.template, self.line)?;
        formatter.write_str(&self.message)
    }
}

fn place(formatter: &mut fmt::Formatter<'_>, template: &str, line: Option<u32>) -> fmt::Result {
    match line {
        Some(line) => write!(formatter, "{template}:{line}: "),
        None => write!(formatter, "{template}: "),
    }
}

/// A [`Tree`](crate::Tree) could not be written to disk: the machine's fault (permissions, space), or a target that was not empty.
#[derive(Debug, thiserror::Error)]
#[error("could not write `{}`", path.display())]
pub struct WriteError {
    /// The file or folder that could not be made.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// A file name that a [`Tree`](crate::Tree) does not take: the caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` cannot be a file of the tree: {reason}")]
pub struct PathError {
    /// The name.
    pub path: String,
    /// What is wrong with it: absolute, `..`, an empty segment, a reserved name, a file where its folder would be, …
    pub reason: String,
}
