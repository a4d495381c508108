//! The tokens that a tree is read from.
//!
//! Whether a template is valid was settled before by [`jinja::read`](crate::jinja::read); what is not understood here
//! gives no tree, and so no reads.

use crate::jinja::lexer::{Kind, Token};

/// A template of more parts in each other than this is not looked at; reading it for the engine has a lower limit.
const MAX_DEPTH: usize = 400;

pub(super) struct Cursor<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(tokens: Vec<Token<'a>>) -> Self {
        Self {
            tokens,
            at: 0,
            depth: 0,
        }
    }

    pub(super) fn kind(&self) -> &Kind<'a> {
        self.tokens
            .get(self.at)
            .map_or(&Kind::End, |token| &token.kind)
    }

    /// Byte of the current token.
    pub(super) fn place(&self) -> usize {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(0, |token| token.at)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn is_operator(&self, operator: &str) -> bool {
        matches!(self.kind(), Kind::Operator(found) if *found == operator)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.kind(), Kind::Name(found) if *found == name)
    }

    pub(super) fn next_is_operator(&self, operator: &str) -> bool {
        matches!(
            self.tokens.get(self.at + 1).map(|token| &token.kind),
            Some(Kind::Operator(found)) if *found == operator
        )
    }

    pub(super) fn next_is_name(&self, name: &str) -> bool {
        matches!(
            self.tokens.get(self.at + 1).map(|token| &token.kind),
            Some(Kind::Name(found)) if *found == name
        )
    }

    pub(super) fn take_operator(&mut self, operator: &str) -> bool {
        let found = self.is_operator(operator);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        self.at += usize::from(found);
        found
    }

    pub(super) fn operator(&mut self, operator: &str) -> Option<()> {
        self.take_operator(operator).then_some(())
    }

    pub(super) fn name(&mut self) -> Option<&'a str> {
        let Kind::Name(name) = *self.kind() else {
            return None;
        };
        self.advance();
        Some(name)
    }

    pub(super) fn take_kind(&mut self, kind: &Kind<'a>) -> Option<()> {
        let found = self.kind() == kind;
        self.at += usize::from(found);
        found.then_some(())
    }

    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}
