//! What templates read of their variables, without running them.
//!
//! A read is a way through the variables, such as `connections.topic.arn`, however the template spells it: with dots or
//! subscripts, through `{% set c = connections.topic %}{{ c.arn }}`, through the variable of a loop. Where a way cannot
//! be known without running the template (a subscript that is computed, the parameter of a macro), there is no read:
//! what is listed is read, but not everything that is read is listed.

mod cursor;
mod expressions;
mod scopes;
mod statements;
mod tree;
mod walk;

use std::fmt;

use self::{cursor::Cursor, walk::Walk};
use crate::{
    jinja::{self, lexer::tokens},
    render::text_of,
    stack::with_deep_stack,
    templates::Templates,
};

/// One place at which a template reads a variable, or something inside of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// Path of the template as the plugin ships it, or the name given to [`reads_of`].
    pub template: String,
    /// Line in the template, from 1.
    pub line: u32,
    /// Column in characters, from 1: of the last name of the path, or of the variable that stands for the whole path.
    pub column: u32,
    /// What is read, from the variable on.
    pub path: Vec<Step>,
    /// What happens when it is undefined.
    pub usage: Usage,
    /// Whether it depends on a test, a loop or a call whether it is read at all.
    pub conditional: bool,
}

/// One step on the way to what is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A variable; the attribute or item of that name.
    Name(String),
    /// An item of a list.
    Index(usize),
    /// Each item of a list.
    Each,
    /// Each value of a dictionary.
    Value,
}

/// What becomes of a template when what it reads is undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// The template is prepared for it: `is defined`, `default(…)`, `.get(…)`, `{% if x %}`, a test of the same path
    /// around it.
    Tolerated,
    /// It is compared, which is false.
    Compared,
    /// It prints as nothing, or fails.
    Needed,
}

/// `connections.topic.arn`, `buckets[0].name`, `buckets[*].name`.
impl fmt::Display for Read {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.path.iter().enumerate() {
            match step {
                Step::Name(name) if is_identifier(name) => {
                    formatter.write_str(if index > 0 { "." } else { "" })?;
                    formatter.write_str(name)?;
                }
                Step::Name(name) => write!(formatter, "['{name}']")?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Each | Step::Value => formatter.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// What the files of `templates` read, sorted by file and place. Files that are not valid templates read nothing:
/// [`check`](crate::check) says what is wrong with them. The files' names are not looked at.
#[must_use]
pub fn reads(templates: &Templates) -> Vec<Read> {
    with_deep_stack("templates", || {
        let mut reads = Vec::new();
        for template in templates.selected()? {
            if let Some(text) = text_of(&template.bytes) {
                reads.extend(read(text, &template.path));
            }
        }
        Ok(reads)
    })
    .unwrap_or_default()
}

/// What one template reads, as [`reads`]; `name` stands for it.
#[must_use]
pub fn reads_of(source: &str, name: &str) -> Vec<Read> {
    with_deep_stack(name, || Ok(read(source, name))).unwrap_or_default()
}

fn read(source: &str, name: &str) -> Vec<Read> {
    if !(source.contains("{{") || source.contains("{%")) {
        return Vec::new();
    }
    let Ok(template) = jinja::read(source, false) else {
        return Vec::new();
    };
    let Some(statements) = Cursor::new(tokens(&template.source)).template() else {
        return Vec::new();
    };
    let places = Places::new(&template.source);
    let mut reads: Vec<Read> = Walk::new(&statements)
        .run()
        .into_iter()
        .map(|found| {
            let (line, column) = places.of(found.at);
            Read {
                template: name.to_owned(),
                line,
                column,
                path: found.path,
                usage: found.usage,
                conditional: found.conditional,
            }
        })
        .collect();
    reads.sort_by(|left, right| {
        let key = |read: &Read| (read.line, read.column);
        key(left).cmp(&key(right)).then_with(|| left.cmp(right))
    });
    reads.dedup();
    reads
}

/// Lines and columns of a text.
struct Places<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(index, _)| index + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    fn of(&self, at: usize) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied();
        let before = self.text.get(start.unwrap_or_default()..at);
        let column = before.unwrap_or_default().chars().count() + 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(line), number(column))
    }
}

#[cfg(test)]
mod tests;
