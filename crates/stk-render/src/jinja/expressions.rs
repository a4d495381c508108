//! Expressions: Jinja2's grammar in, the engine's out.

use super::{
    Fault,
    lexer::Kind,
    parser::Parser,
    pieces::{Binding, Piece, too_long},
    strings::literal,
};

/// Longest chain that an expression may make: the engine follows chains such as `a.b.c` by calling itself.
const MAX_CHAIN: usize = 2_000;
/// How deep brackets, `not` and signs may nest; the engine takes some more.
const MAX_NESTING: usize = 40;

impl Parser<'_> {
    /// One expression, or several with commas, which are a tuple. `branches` says whether `a if b` may stand there.
    pub(super) fn tuple(
        &mut self,
        branches: bool,
        brackets: bool,
        end: &str,
    ) -> Result<Piece, Fault> {
        let mut line = self.line();
        let mut items: Vec<Piece> = Vec::new();
        let mut is_tuple = false;
        loop {
            if !items.is_empty() {
                self.expect(",")?;
            }
            let ends = matches!(self.kind(), Kind::VariableEnd | Kind::BlockEnd)
                || self.is_operator(")")
                || (!end.is_empty() && self.is_name(end));
            if ends {
                break;
            }
            items.push(if branches {
                self.expression()?
            } else {
                self.or()?
            });
            if !self.is_operator(",") {
                break;
            }
            is_tuple = true;
            line = self.line();
        }
        if !is_tuple {
            match items.pop() {
                Some(item) => return Ok(item),
                None if !brackets => {
                    return Err(self.fault(format!("expected an expression, got {}", self.shown())));
                }
                None => {}
            }
        }
        self.list_of(items, ('(', ')'), line)
    }

    pub(super) fn list_of(
        &mut self,
        items: Vec<Piece>,
        (open, close): (char, char),
        line: usize,
    ) -> Result<Piece, Fault> {
        let mut text = String::from(open);
        let mut chain = 0;
        let single = items.len() == 1;
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            chain = chain.max(item.chain);
            text.push_str(&item.text);
        }
        if single && open == '(' {
            text.push(',');
        }
        text.push(close);
        self.chained(Piece::new(text, Binding::Postfix, line), chain)
    }

    pub(super) fn expression(&mut self) -> Result<Piece, Fault> {
        self.nested(Self::branches)
    }

    fn branches(&mut self) -> Result<Piece, Fault> {
        let mut line = self.line();
        let unknown = self.unknown.len();
        let mut value = self.or()?;
        while self.skip_name("if") {
            let test = self.or()?;
            let mut chain = value.chain.max(test.chain);
            let mut text = format!(
                "{} if {}",
                value.bound(Binding::Filter),
                self.condition(test)
            );
            if self.skip_name("else") {
                let other = self.nested(Self::branches)?;
                chain = chain.max(other.chain);
                text.push_str(" else ");
                text.push_str(&other.bound(Binding::Filter));
            }
            value = self.chained(Piece::new(text, Binding::Loose, line), chain)?;
            self.soften(unknown);
            line = self.line();
        }
        Ok(value)
    }

    pub(super) fn or(&mut self) -> Result<Piece, Fault> {
        self.joined("or", |parser| parser.joined("and", Self::not))
    }

    fn joined(
        &mut self,
        word: &str,
        operand: fn(&mut Self) -> Result<Piece, Fault>,
    ) -> Result<Piece, Fault> {
        let line = self.line();
        let mut left = operand(self)?;
        let mut first = true;
        while self.skip_name(word) {
            let right = operand(self)?;
            let chain = left.chain.max(right.chain);
            // `and` and `or` are chained flat, and never mixed without brackets.
            let mut text = if first {
                self.condition(left)
            } else {
                left.text
            };
            first = false;
            text.push(' ');
            text.push_str(word);
            text.push(' ');
            text.push_str(&self.condition(right));
            left = self.chained(Piece::new(text, Binding::Loose, line), chain)?;
        }
        Ok(left)
    }

    /// An expression whose truth matters.
    pub(super) fn condition(&self, value: Piece) -> String {
        let mut text = value.bound(Binding::Filter);
        if self.guarded {
            text.push_str("|py_truth");
        }
        text
    }

    fn not(&mut self) -> Result<Piece, Fault> {
        if !self.is_name("not") {
            return self.comparison();
        }
        let line = self.line();
        self.advance()?;
        let value = self.nested(Self::not)?;
        let chain = value.chain;
        let text = format!("not {}", self.condition(value));
        self.chained(Piece::new(text, Binding::Loose, line), chain)
    }

    fn comparison(&mut self) -> Result<Piece, Fault> {
        let mut line = self.line();
        let left = self.sum()?;
        let mut operands: Vec<(&'static str, Piece)> = Vec::new();
        loop {
            let operator = match self.kind() {
                Kind::Operator(operator @ ("==" | "!=" | "<" | "<=" | ">" | ">=")) => *operator,
                Kind::Name("in") => "in",
                Kind::Name("not") if self.next_is_name("in") => {
                    self.advance()?;
                    "not in"
                }
                _ => break,
            };
            self.advance()?;
            operands.push((operator, self.sum()?));
            line = self.line();
        }
        if let [(operator, _)] = operands.as_slice() {
            let filter = match *operator {
                "==" => "py_eq",
                "!=" => "py_ne",
                "<" => "py_lt",
                "<=" => "py_le",
                ">" => "py_gt",
                ">=" => "py_ge",
                "in" => "py_in",
                _ => "py_not_in",
            };
            let right = operands.remove(0).1;
            return self.applied(left, filter, vec![right], line);
        }
        if operands.is_empty() {
            return Ok(left);
        }
        let mut arguments = Vec::new();
        for (operator, operand) in operands {
            arguments.push(Piece::new(literal(operator), Binding::Postfix, line));
            arguments.push(operand);
        }
        self.applied(left, "py_compare", arguments, line)
    }

    fn sum(&mut self) -> Result<Piece, Fault> {
        self.operation(&[("+", "py_add"), ("-", "py_sub")], Self::concatenation)
    }

    fn concatenation(&mut self) -> Result<Piece, Fault> {
        let line = self.line();
        let first = self.product()?;
        let mut rest = Vec::new();
        while self.is_operator("~") {
            self.advance()?;
            rest.push(self.product()?);
        }
        if rest.is_empty() {
            return Ok(first);
        }
        self.applied(first, "py_concat", rest, line)
    }

    fn product(&mut self) -> Result<Piece, Fault> {
        let operators = [
            ("*", "py_mul"),
            ("/", "py_div"),
            ("//", "py_floordiv"),
            ("%", "py_mod"),
        ];
        self.operation(&operators, |parser| {
            parser.operation(&[("**", "py_pow")], |parser| parser.unary(true))
        })
    }

    fn operation(
        &mut self,
        operators: &[(&str, &'static str)],
        operand: fn(&mut Self) -> Result<Piece, Fault>,
    ) -> Result<Piece, Fault> {
        let mut line = self.line();
        let mut left = operand(self)?;
        loop {
            let found = operators
                .iter()
                .find(|(operator, _)| self.is_operator(operator));
            let Some((_, filter)) = found else {
                return Ok(left);
            };
            self.advance()?;
            let right = operand(self)?;
            left = self.applied(left, filter, vec![right], line)?;
            line = self.line();
        }
    }

    fn unary(&mut self, filters: bool) -> Result<Piece, Fault> {
        let line = self.line();
        let sign = match self.kind() {
            Kind::Operator("-") => Some("py_neg"),
            Kind::Operator("+") => Some("py_pos"),
            _ => None,
        };
        let value = match sign {
            None => self.primary()?,
            Some(filter) => {
                self.advance()?;
                let value = self.nested(|parser| parser.unary(false))?;
                self.applied(value, filter, Vec::new(), line)?
            }
        };
        let value = self.postfix(value)?;
        if filters {
            self.filters(value)
        } else {
            Ok(value)
        }
    }

    /// `value|filter(arguments)`
    pub(super) fn applied(
        &mut self,
        value: Piece,
        filter: &str,
        arguments: Vec<Piece>,
        line: usize,
    ) -> Result<Piece, Fault> {
        let mut chain = value.chain;
        let mut text = value.bound(Binding::Filter);
        text.push('|');
        text.push_str(filter);
        for (index, argument) in arguments.iter().enumerate() {
            text.push_str(if index == 0 { "(" } else { ", " });
            text.push_str(&argument.text);
            chain = chain.max(argument.chain);
        }
        if !arguments.is_empty() {
            text.push(')');
        }
        self.chained(Piece::new(text, Binding::Filter, line), chain)
    }

    pub(super) fn chained(&mut self, mut piece: Piece, chain: usize) -> Result<Piece, Fault> {
        piece.chain = chain + 1;
        if piece.chain > MAX_CHAIN {
            return Err(too_long(piece.line));
        }
        Ok(piece)
    }

    pub(super) fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.nesting >= MAX_NESTING {
            return Err(too_long(self.line()));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }
}
