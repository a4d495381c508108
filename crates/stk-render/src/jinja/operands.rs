//! Operands: literals, and what may stand behind a value.

use super::{
    Fault,
    lexer::Kind,
    names,
    parser::Parser,
    pieces::{Binding, Piece, Shape},
    strings::literal,
};

/// Fails for an opaque value.
const GUARD: &str = "|py_guard";

/// The arguments of a call, in brackets.
struct Arguments {
    text: String,
    chain: usize,
}

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Result<Piece, Fault> {
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

    pub(super) fn postfix(&mut self, mut value: Piece) -> Result<Piece, Fault> {
        loop {
            value = match self.kind() {
                Kind::Operator("." | "[") => self.subscript(value)?,
                Kind::Operator("(") => self.call(value)?,
                _ => return Ok(value),
            };
        }
    }

    pub(super) fn filters(&mut self, mut value: Piece) -> Result<Piece, Fault> {
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
        let arguments = self.arguments(None, false)?;
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

    /// `(a, *b, c=d, **e)`, with `first` before them. If `guard`, none of them may be opaque.
    fn arguments(&mut self, first: Option<&str>, guard: bool) -> Result<Arguments, Fault> {
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
            if guard {
                text.push_str(GUARD);
            }
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
        // These hand their values on as they are.
        let guard = self.guarded && !matches!(name.as_str(), "default" | "d");
        let arguments = if self.is_operator("(") {
            self.arguments(first.as_deref(), guard)?
        } else {
            let text = first.map(|first| format!("({first})")).unwrap_or_default();
            Arguments { text, chain: 0 }
        };
        let chain = value.chain.max(arguments.chain);
        let mut text = value.bound(Binding::Filter);
        if guard {
            text.push_str(GUARD);
        }
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
        // Whether a value is there says nothing about it.
        let guard = self.guarded && !matches!(name.as_str(), "defined" | "undefined" | "none");
        let mut arguments = if self.is_operator("(") {
            self.arguments(first.as_deref(), guard)?
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
            "{}{} is {}{}{}",
            value.bound(Binding::Filter),
            if guard { GUARD } else { "" },
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
}

enum Subscript {
    Item(Piece),
    Slice(Vec<Piece>),
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
