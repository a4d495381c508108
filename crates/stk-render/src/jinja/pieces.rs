//! Expressions of the engine, as they are put together.

use super::Fault;

/// How tightly a piece of the engine's grammar holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    /// `a and b`, `a if b`, `a is b`.
    Loose,
    /// `a|b`
    Filter,
    /// `a.b`, a literal, anything in brackets.
    Postfix,
}

/// What a piece is, where that matters for what may follow.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Other,
    Name,
    /// `base.name`, with the base ready for a postfix.
    Attribute {
        base: String,
        name: String,
    },
    Call,
}

/// An expression of the engine.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) binding: Binding,
    pub(super) shape: Shape,
    /// The line that Jinja2 knows the expression by.
    pub(super) line: usize,
    /// How many pieces lead to this one at most.
    pub(super) chain: usize,
}

impl Piece {
    pub(super) fn new(text: impl Into<String>, binding: Binding, line: usize) -> Self {
        Self {
            text: text.into(),
            binding,
            shape: Shape::Other,
            line,
            chain: 1,
        }
    }

    pub(super) fn shaped(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// The text where something of at least that binding can stand.
    pub(super) fn bound(self, binding: Binding) -> String {
        if self.binding >= binding {
            self.text
        } else {
            format!("({})", self.text)
        }
    }

    /// A name that stands for a value.
    pub(super) fn name(name: &str, line: usize) -> Self {
        Self::new(name, Binding::Postfix, line).shaped(Shape::Name)
    }
}

/// That an expression, or a chain of `elif`, is longer than the engine can follow.
pub(super) fn too_long(line: usize) -> Fault {
    Fault {
        line,
        message: "the expression or the chain of `elif` is too long".into(),
        limit: true,
    }
}
