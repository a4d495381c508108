//! The tokens that statements and expressions are read from, and what is known while they are.

use super::{
    Fault, Unknown,
    lexer::{Kind, Token, tokens},
    names,
    output::Output,
    pieces::{Piece, Shape},
};

/// A name that no template can use by accident.
pub(super) const PLACEHOLDER: &str = "py_text";

/// Reads the tokens of one template and writes it for the engine.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) at: usize,
    pub(super) output: Output,
    pub(super) nesting: usize,
    pub(super) depth: usize,
    pub(super) branches: usize,
    pub(super) temporaries: usize,
    /// The statements that are open: name and line.
    pub(super) open: Vec<(&'a str, usize)>,
    /// What the macros that are open use.
    pub(super) macros: Vec<MacroUses>,
    pub(super) blocks: Vec<&'a str>,
    /// In a branch that may not be taken, unknown filters are not an error before they are used.
    pub(super) soft: bool,
    pub(super) unknown: Vec<(Unknown, bool)>,
    /// What Jinja2 finds wrong after it has read the whole template.
    pub(super) late: Option<Fault>,
    /// Whether the template is written with checks for opaque values.
    pub(super) guarded: bool,
}

/// What a macro uses of its call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MacroUses {
    pub(super) varargs: bool,
    pub(super) kwargs: bool,
    pub(super) caller: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str, guarded: bool) -> Result<Self, Fault> {
        let parser = Self {
            tokens: tokens(source),
            at: 0,
            output: Output::new(source.len() + source.len() / 4),
            nesting: 0,
            depth: 0,
            branches: 0,
            temporaries: 0,
            open: Vec::new(),
            macros: Vec::new(),
            blocks: Vec::new(),
            soft: false,
            unknown: Vec::new(),
            late: None,
            guarded,
        };
        parser.check()?;
        Ok(parser)
    }

    pub(super) fn template(&mut self) -> Result<(), Fault> {
        self.body(&[])?;
        match self.late.take() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// The engine's template, the unknown names, and which of them Jinja2 refuses the template for.
    pub(super) fn finish(self) -> (String, Vec<Unknown>, Option<usize>) {
        let refused = self.unknown.iter().position(|(_, soft)| !soft);
        let unknown = self.unknown.into_iter().map(|(unknown, _)| unknown);
        (self.output.finish(), unknown.collect(), refused)
    }

    pub(super) fn temporary(&mut self) -> String {
        self.temporaries += 1;
        format!("py_{}", self.temporaries)
    }

    /// Stands for the text that a filter block is about.
    pub(super) fn placeholder(&self) -> Piece {
        let mut piece = Piece::name(PLACEHOLDER, self.line());
        piece.shape = Shape::Other;
        piece
    }

    pub(super) fn late(&mut self, fault: Fault) {
        self.late.get_or_insert(fault);
    }

    /// Whether there is such a filter or test; one that there is not is noted.
    pub(super) fn known(&mut self, test: bool, name: &str, line: usize) -> bool {
        let known = names::exists(test, name);
        if !known {
            let message = names::unknown(test, name);
            self.unknown.push((Unknown { line, message }, self.soft));
        }
        known
    }

    /// The unknown names since then stand in a branch.
    pub(super) fn soften(&mut self, since: usize) {
        for (_, soft) in self.unknown.iter_mut().skip(since) {
            *soft = true;
        }
    }

    /// Notes what a macro uses of its call.
    pub(super) fn names_in_macro(&mut self, name: &str) {
        for uses in &mut self.macros {
            match name {
                "varargs" => uses.varargs = true,
                "kwargs" => uses.kwargs = true,
                "caller" => uses.caller = true,
                _ => {}
            }
        }
    }
}

impl<'a> Parser<'a> {
    pub(super) fn kind(&self) -> &Kind<'a> {
        &self.tokens[self.at].kind
    }

    pub(super) fn line(&self) -> usize {
        self.tokens[self.at].line
    }

    pub(super) fn next(&self) -> Option<&Kind<'a>> {
        self.tokens.get(self.at + 1).map(|token| &token.kind)
    }

    /// The end is never passed.
    pub(super) fn advance(&mut self) -> Result<(), Fault> {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        self.check()
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        match self.kind() {
            Kind::Failure(fault) => Err(fault.clone()),
            _ => Ok(()),
        }
    }

    pub(super) fn is_operator(&self, operator: &str) -> bool {
        matches!(self.kind(), Kind::Operator(found) if *found == operator)
    }

    pub(super) fn next_is_operator(&self, operator: &str) -> bool {
        matches!(self.next(), Some(Kind::Operator(found)) if *found == operator)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.kind(), Kind::Name(found) if *found == name)
    }

    pub(super) fn next_is_name(&self, name: &str) -> bool {
        matches!(self.next(), Some(Kind::Name(found)) if *found == name)
    }

    /// Passes a word. What stands behind it is looked at by whoever reads on, so a fault there is not lost.
    pub(super) fn skip_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        if found && self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        found
    }

    pub(super) fn expect(&mut self, operator: &'static str) -> Result<(), Fault> {
        if self.is_operator(operator) {
            return self.advance();
        }
        self.check()?;
        Err(self.fault(format!("expected `{operator}`, got {}", self.shown())))
    }

    pub(super) fn expect_name(&mut self) -> Result<&'a str, Fault> {
        self.check()?;
        let Kind::Name(name) = *self.kind() else {
            return Err(self.fault(format!("expected a name, got {}", self.shown())));
        };
        self.advance()?;
        Ok(name)
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<(), Fault> {
        if self.is_name(word) {
            return self.advance();
        }
        self.check()?;
        Err(self.fault(format!("expected `{word}`, got {}", self.shown())))
    }

    pub(super) fn expect_kind(&mut self, kind: &Kind<'a>) -> Result<(), Fault> {
        if self.kind() == kind {
            return self.advance();
        }
        self.check()?;
        let end = match kind {
            Kind::VariableEnd => "}}",
            _ => "%}",
        };
        Err(self.fault(format!("expected `{end}`, got {}", self.shown())))
    }

    /// A fault at the current token.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        match self.kind() {
            Kind::Failure(fault) => fault.clone(),
            _ => Fault::new(self.line(), message),
        }
    }

    /// The current token in a message.
    pub(super) fn shown(&self) -> String {
        match self.kind() {
            Kind::Data(_) => "text".into(),
            Kind::BlockBegin => "`{%`".into(),
            Kind::BlockEnd => "`%}`".into(),
            Kind::VariableBegin => "`{{`".into(),
            Kind::VariableEnd => "`}}`".into(),
            Kind::Name(name) => format!("`{name}`"),
            Kind::Text(_) => "a text".into(),
            Kind::Integer(number) | Kind::Float(number) => format!("`{number}`"),
            Kind::Operator(operator) => format!("`{operator}`"),
            Kind::End => "the end of the template".into(),
            Kind::Failure(fault) => fault.message.clone(),
        }
    }
}
