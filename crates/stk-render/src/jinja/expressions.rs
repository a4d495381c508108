//! Expressions: Jinja2's grammar in, the engine's out.

use super::{Fault, lexer::Kind, names, statements::Parser, strings::literal};

/// Longest chain that an expression may make: the engine follows chains such as `a.b.c` by calling itself.
const MAX_CHAIN: usize = 2_000;
/// How deep brackets, `not` and signs may nest; the engine takes some more.
const MAX_NESTING: usize = 40;

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
    chain: usize,
}

impl Piece {
    fn new(text: impl Into<String>, binding: Binding, line: usize) -> Self {
        Self {
            text: text.into(),
            binding,
            shape: Shape::Other,
            line,
            chain: 1,
        }
    }

    fn shaped(mut self, shape: Shape) -> Self {
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
}

/// The arguments of a call, in brackets.
struct Arguments {
    text: String,
    chain: usize,
}

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

    fn list_of(
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
                test.bound(Binding::Filter)
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
                left.bound(Binding::Filter)
            } else {
                left.text
            };
            first = false;
            text.push(' ');
            text.push_str(word);
            text.push(' ');
            text.push_str(&right.bound(Binding::Filter));
            left = self.chained(Piece::new(text, Binding::Loose, line), chain)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Piece, Fault> {
        if !self.is_name("not") {
            return self.comparison();
        }
        let line = self.line();
        self.advance()?;
        let value = self.nested(Self::not)?;
        let chain = value.chain;
        let text = format!("not {}", value.bound(Binding::Filter));
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

    fn primary(&mut self) -> Result<Piece, Fault> {
        let line = self.line();
        let kind = self.kind().clone();
        match kind {
            Kind::Name(name) => {
                self.advance()?;
                let text = match name {
                    "true" | "True" => "true".to_owned(),
                    "false" | "False" => "false".to_owned(),
                    "none" | "None" => "none".to_owned(),
                    "if" | "else" | "elif" | "in" | "is" | "and" | "or" | "not" => {
                        return Ok(Piece::new(
                            format!("{}|py_name", literal(name)),
                            Binding::Filter,
                            line,
                        ));
                    }
                    _ => {
                        self.names_in_macro(name);
                        return Ok(Piece::new(name, Binding::Postfix, line).shaped(Shape::Name));
                    }
                };
                Ok(Piece::new(text, Binding::Postfix, line))
            }
            Kind::Text(first) => {
                let mut text = first.into_owned();
                self.advance()?;
                while let Kind::Text(more) = self.kind() {
                    text.push_str(more);
                    self.advance()?;
                }
                Ok(Piece::new(literal(&text), Binding::Postfix, line))
            }
            Kind::Integer(digits) => {
                self.advance()?;
                Ok(Piece::new(integer(&digits, line)?, Binding::Postfix, line))
            }
            Kind::Float(digits) => {
                self.advance()?;
                // Numbers that are too large are infinite in Python.
                let finite = digits.parse::<f64>().is_ok_and(f64::is_finite);
                Ok(if finite {
                    Piece::new(digits.to_ascii_lowercase(), Binding::Postfix, line)
                } else {
                    Piece::new("\"inf\"|float", Binding::Filter, line)
                })
            }
            Kind::Operator("(") => {
                self.advance()?;
                let mut value = self.nested(|parser| parser.tuple(true, true, ""))?;
                self.expect(")")?;
                if value.binding < Binding::Postfix {
                    value.text = format!("({})", value.text);
                    value.binding = Binding::Postfix;
                }
                Ok(value)
            }
            Kind::Operator("[") => {
                self.advance()?;
                let mut items = Vec::new();
                while !self.is_operator("]") {
                    if !items.is_empty() {
                        self.expect(",")?;
                        if self.is_operator("]") {
                            break;
                        }
                    }
                    items.push(self.expression()?);
                }
                self.expect("]")?;
                let list = self.list_of(items, ('[', ']'), line)?;
                self.applied(list, "py_list", Vec::new(), line)
            }
            Kind::Operator("{") => self.dictionary(line),
            _ => Err(self.fault(format!("unexpected {}", self.shown()))),
        }
    }

    fn dictionary(&mut self, line: usize) -> Result<Piece, Fault> {
        self.advance()?;
        let mut text = String::from("{");
        let mut chain = 0;
        while !self.is_operator("}") {
            if text.len() > 1 {
                self.expect(",")?;
                if self.is_operator("}") {
                    break;
                }
                text.push_str(", ");
            }
            let key = self.expression()?;
            self.expect(":")?;
            let value = self.expression()?;
            chain = chain.max(key.chain).max(value.chain);
            text.push_str(&key.bound(Binding::Filter));
            text.push_str(": ");
            text.push_str(&value.text);
        }
        self.expect("}")?;
        text.push('}');
        let map = self.chained(Piece::new(text, Binding::Postfix, line), chain)?;
        self.applied(map, "py_dict", Vec::new(), line)
    }

    fn postfix(&mut self, mut value: Piece) -> Result<Piece, Fault> {
        loop {
            value = match self.kind() {
                Kind::Operator("." | "[") => self.subscript(value)?,
                Kind::Operator("(") => self.call(value)?,
                _ => return Ok(value),
            };
        }
    }

    fn filters(&mut self, mut value: Piece) -> Result<Piece, Fault> {
        loop {
            value = match self.kind() {
                Kind::Operator("|") => {
                    self.advance()?;
                    self.filter(value)?
                }
                Kind::Name("is") => self.test(value)?,
                Kind::Operator("(") => self.call(value)?,
                _ => return Ok(value),
            };
        }
    }

    fn subscript(&mut self, value: Piece) -> Result<Piece, Fault> {
        let line = self.line();
        let chain = value.chain;
        if self.is_operator(".") {
            self.advance()?;
            let piece = match self.kind().clone() {
                Kind::Name(name) => {
                    self.advance()?;
                    attribute(value, name, line)
                }
                Kind::Integer(digits) => {
                    let index = integer(&digits, line)?;
                    self.advance()?;
                    Piece::new(
                        format!("{}[{index}]", value.bound(Binding::Postfix)),
                        Binding::Postfix,
                        line,
                    )
                }
                _ => return Err(self.fault("expected a name or a number after the dot")),
            };
            return self.chained(piece, chain);
        }
        self.advance()?;
        let mut items = Vec::new();
        let mut slice = None;
        while !self.is_operator("]") {
            if !items.is_empty() || slice.is_some() {
                self.expect(",")?;
            }
            match self.subscribed()? {
                Subscript::Item(item) => items.push(item),
                Subscript::Slice(parts) => slice = Some(parts),
            }
        }
        self.expect("]")?;
        if let Some(parts) = slice {
            if !items.is_empty() {
                return Err(Fault::new(line, "a slice beside other indexes"));
            }
            return self.applied(value, "py_slice", parts, line);
        }
        let index = match items.pop() {
            Some(item) if items.is_empty() => item,
            Some(last) => {
                items.push(last);
                self.list_of(items, ('(', ')'), line)?
            }
            None => Piece::new("()", Binding::Postfix, line),
        };
        let chain = chain.max(index.chain);
        let piece = match names::DICTIONARY_METHODS
            .iter()
            .find(|name| literal(name) == index.text)
        {
            Some(name) => Piece::new(
                format!(
                    "{}|py_item({})",
                    value.bound(Binding::Filter),
                    literal(name)
                ),
                Binding::Filter,
                line,
            ),
            None => Piece::new(
                format!("{}[{}]", value.bound(Binding::Postfix), index.text),
                Binding::Postfix,
                line,
            ),
        };
        self.chained(piece, chain)
    }

    fn subscribed(&mut self) -> Result<Subscript, Fault> {
        let line = self.line();
        let none = || Piece::new("none", Binding::Postfix, line);
        let ends = |parser: &Self| parser.is_operator("]") || parser.is_operator(",");
        let start = if self.is_operator(":") {
            none()
        } else {
            let item = self.expression()?;
            if !self.is_operator(":") {
                return Ok(Subscript::Item(item));
            }
            item
        };
        self.expect(":")?;
        let stop = if self.is_operator(":") || ends(self) {
            none()
        } else {
            self.expression()?
        };
        let mut step = none();
        if self.is_operator(":") {
            self.advance()?;
            if !ends(self) {
                step = self.expression()?;
            }
        }
        Ok(Subscript::Slice(vec![start, stop, step]))
    }

    fn call(&mut self, value: Piece) -> Result<Piece, Fault> {
        let line = self.line();
        let arguments = self.arguments(None)?;
        let chain = value.chain.max(arguments.chain);
        let text = match &value.shape {
            Shape::Name => format!("{}{}", value.text, arguments.text),
            Shape::Attribute { base, name } => format!("{base}.{name}{}", arguments.text),
            _ => format!("({}){}", value.text, arguments.text),
        };
        self.chained(
            Piece::new(text, Binding::Postfix, line).shaped(Shape::Call),
            chain,
        )
    }

    /// `(a, *b, c=d, **e)`, with `first` before them.
    fn arguments(&mut self, first: Option<&str>) -> Result<Arguments, Fault> {
        let line = self.line();
        self.expect("(")?;
        let mut text = format!("({}", first.unwrap_or_default());
        let mut chain = 0;
        let (mut comma, mut named, mut list, mut map) = (false, false, false, false);
        let wrong = || Fault::new(line, "arguments in an order that a call cannot have");
        while !self.is_operator(")") {
            if comma {
                self.expect(",")?;
                if self.is_operator(")") {
                    break;
                }
            }
            if comma || first.is_some() {
                text.push_str(", ");
            }
            comma = true;
            if self.is_operator("*") {
                if list || map {
                    return Err(wrong());
                }
                self.advance()?;
                list = true;
                text.push('*');
            } else if self.is_operator("**") {
                if map {
                    return Err(wrong());
                }
                self.advance()?;
                map = true;
                text.push_str("**");
            } else if let (Kind::Name(name), true) =
                (self.kind().clone(), self.next_is_operator("="))
            {
                if map {
                    return Err(wrong());
                }
                self.advance()?;
                self.advance()?;
                named = true;
                text.push_str(name);
                text.push('=');
            } else if list || map || named {
                return Err(wrong());
            }
            let value = self.expression()?;
            chain = chain.max(value.chain);
            text.push_str(&value.bound(Binding::Filter));
        }
        self.expect(")")?;
        text.push(')');
        Ok(Arguments { text, chain })
    }

    /// A filter after the `|`, or at the start of a filter block.
    pub(super) fn filter(&mut self, value: Piece) -> Result<Piece, Fault> {
        let line = self.line();
        let name = self.dotted()?;
        let known = self.known(false, &name, line);
        let first = (!known).then(|| literal(&names::unknown(false, &name)));
        let arguments = if self.is_operator("(") {
            self.arguments(first.as_deref())?
        } else {
            let text = first.map(|first| format!("({first})")).unwrap_or_default();
            Arguments { text, chain: 0 }
        };
        let chain = value.chain.max(arguments.chain);
        let mut text = value.bound(Binding::Filter);
        text.push('|');
        text.push_str(if known { &name } else { "py_unknown" });
        text.push_str(&arguments.text);
        self.chained(Piece::new(text, Binding::Filter, line), chain)
    }

    fn test(&mut self, value: Piece) -> Result<Piece, Fault> {
        let line = self.line();
        self.advance()?;
        let negated = self.skip_name("not");
        let name = self.dotted()?;
        let known = self.known(true, &name, line);
        let first = (!known).then(|| literal(&names::unknown(true, &name)));
        let takes = match self.kind() {
            Kind::Name("is") => return Err(self.fault("tests cannot be chained with `is`")),
            Kind::Name(word) => !matches!(*word, "else" | "or" | "and"),
            Kind::Text(_) | Kind::Integer(_) | Kind::Float(_) => true,
            Kind::Operator(operator) => matches!(*operator, "[" | "{"),
            _ => false,
        };
        let mut arguments = if self.is_operator("(") {
            self.arguments(first.as_deref())?
        } else if takes {
            let argument = self.primary()?;
            let argument = self.postfix(argument)?;
            let before = first.map(|first| format!("{first}, ")).unwrap_or_default();
            Arguments {
                text: format!("({before}{})", argument.text),
                chain: argument.chain,
            }
        } else {
            let text = first.map(|first| format!("({first})")).unwrap_or_default();
            Arguments { text, chain: 0 }
        };
        if arguments.text == "()" {
            arguments.text.clear();
        }
        let chain = value.chain.max(arguments.chain);
        let text = format!(
            "{} is {}{}{}",
            value.bound(Binding::Filter),
            if negated { "not " } else { "" },
            if known { &name } else { "py_unknown" },
            arguments.text
        );
        self.chained(Piece::new(text, Binding::Loose, line), chain)
    }

    fn dotted(&mut self) -> Result<String, Fault> {
        let mut name = self.expect_name()?.to_owned();
        while self.is_operator(".") {
            self.advance()?;
            name.push('.');
            name.push_str(self.expect_name()?);
        }
        Ok(name)
    }

    /// `value|filter(arguments)`
    fn applied(
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

    fn chained(&mut self, mut piece: Piece, chain: usize) -> Result<Piece, Fault> {
        piece.chain = chain + 1;
        if piece.chain > MAX_CHAIN {
            return Err(too_long(piece.line));
        }
        Ok(piece)
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.nesting >= MAX_NESTING {
            return Err(too_long(self.line()));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }
}

enum Subscript {
    Item(Piece),
    Slice(Vec<Piece>),
}

/// That an expression, or a chain of `elif`, is longer than the engine can follow.
pub(super) fn too_long(line: usize) -> Fault {
    Fault {
        line,
        message: "the expression or the chain of `elif` is too long".into(),
        limit: true,
    }
}

fn attribute(value: Piece, name: &str, line: usize) -> Piece {
    let special = name.starts_with("__") && name.ends_with("__");
    let base = value.bound(Binding::Postfix);
    let (text, binding) = if special || names::DICTIONARY_METHODS.contains(&name) {
        (
            format!("{base}|py_attr({})", literal(name)),
            Binding::Filter,
        )
    } else {
        (format!("{base}.{name}"), Binding::Postfix)
    };
    let name = name.to_owned();
    Piece::new(text, binding, line).shaped(Shape::Attribute { base, name })
}

/// An integer of Python in the engine's notation.
fn integer(digits: &str, line: usize) -> Result<String, Fault> {
    let lower = digits.to_ascii_lowercase();
    let (base, rest) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ => (10, lower.as_str()),
    };
    match u128::from_str_radix(rest, base) {
        Ok(number) => Ok(number.to_string()),
        Err(_) => Err(Fault {
            line,
            message: format!("the number {digits} is too large"),
            limit: true,
        }),
    }
}

impl Piece {
    /// A name that stands for a value.
    pub(super) fn name(name: &str, line: usize) -> Self {
        Self::new(name, Binding::Postfix, line).shaped(Shape::Name)
    }
}
