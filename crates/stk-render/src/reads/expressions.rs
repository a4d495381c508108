//! Expressions in Jinja2's grammar, as [`jinja`](crate::jinja) reads them.

use super::{
    cursor::Cursor,
    tree::{Choice, Expression, What},
};
use crate::jinja::lexer::Kind;

impl Cursor<'_> {
    /// One expression, or several with commas, which are a tuple.
    pub(super) fn tuple(&mut self) -> Option<Expression> {
        let at = self.place();
        let mut items = Vec::new();
        let mut is_tuple = false;
        loop {
            let ends = matches!(self.kind(), Kind::VariableEnd | Kind::BlockEnd)
                || self.is_operator(")")
                || self.is_name("recursive");
            if ends {
                break;
            }
            items.push(self.expression()?);
            if !self.take_operator(",") {
                break;
            }
            is_tuple = true;
        }
        match items.pop() {
            Some(only) if !is_tuple => Some(only),
            last => {
                items.extend(last);
                Some(expression(What::List(items), at))
            }
        }
    }

    pub(super) fn expression(&mut self) -> Option<Expression> {
        self.nested(|cursor| {
            let mut value = cursor.or()?;
            while cursor.take_name("if") {
                let test = cursor.or()?;
                let other = if cursor.take_name("else") {
                    Some(cursor.expression()?)
                } else {
                    None
                };
                let at = value.at;
                let choice = Choice { value, test, other };
                value = expression(What::Choice(Box::new(choice)), at);
            }
            Some(value)
        })
    }

    /// As an expression, without `a if b`, which would take the `if` of a loop.
    pub(super) fn or(&mut self) -> Option<Expression> {
        self.joined("or", What::Or, |cursor| {
            cursor.joined("and", What::And, Self::not)
        })
    }

    fn joined(
        &mut self,
        word: &str,
        join: fn(Vec<Expression>) -> What,
        operand: fn(&mut Self) -> Option<Expression>,
    ) -> Option<Expression> {
        let at = self.place();
        let first = operand(self)?;
        if !self.is_name(word) {
            return Some(first);
        }
        let mut operands = vec![first];
        while self.take_name(word) {
            operands.push(operand(self)?);
        }
        Some(expression(join(operands), at))
    }

    fn not(&mut self) -> Option<Expression> {
        let at = self.place();
        if !self.take_name("not") {
            return self.comparison();
        }
        let value = self.nested(Self::not)?;
        Some(expression(What::Not(Box::new(value)), at))
    }

    fn comparison(&mut self) -> Option<Expression> {
        let at = self.place();
        let mut operands = vec![self.sum()?];
        let mut only_in = true;
        loop {
            match self.kind() {
                Kind::Operator("==" | "!=" | "<" | "<=" | ">" | ">=") => only_in = false,
                Kind::Name("in") => {}
                Kind::Name("not") if self.next_is_name("in") => self.advance(),
                _ => break,
            }
            self.advance();
            operands.push(self.sum()?);
        }
        if operands.len() == 1 {
            return operands.pop();
        }
        if only_in && operands.len() == 2 {
            let container = Box::new(operands.pop()?);
            let item = Box::new(operands.pop()?);
            return Some(expression(What::In(item, container), at));
        }
        Some(expression(What::Comparison(operands), at))
    }

    /// Arithmetic and `~`: which binds tighter makes no difference to what is read.
    fn sum(&mut self) -> Option<Expression> {
        let at = self.place();
        let mut operands = vec![self.unary(true)?];
        while matches!(
            self.kind(),
            Kind::Operator("+" | "-" | "*" | "/" | "//" | "%" | "**" | "~")
        ) {
            self.advance();
            operands.push(self.unary(true)?);
        }
        if operands.len() == 1 {
            return operands.pop();
        }
        Some(expression(What::Parts(operands), at))
    }

    fn unary(&mut self, filters: bool) -> Option<Expression> {
        let at = self.place();
        let mut value = if matches!(self.kind(), Kind::Operator("-" | "+")) {
            self.advance();
            let value = self.nested(|cursor| cursor.unary(false))?;
            expression(What::Parts(vec![value]), at)
        } else {
            self.primary()?
        };
        value = self.postfix(value)?;
        if filters {
            value = self.filters(value)?;
        }
        Some(value)
    }

    fn primary(&mut self) -> Option<Expression> {
        let at = self.place();
        let what = match self.kind().clone() {
            Kind::Name(name) => {
                self.advance();
                match name {
                    "true" | "True" | "false" | "False" | "none" | "None" => What::Constant,
                    _ => What::Name(name.to_owned()),
                }
            }
            Kind::Text(first) => {
                self.advance();
                let mut text = first.into_owned();
                while let Kind::Text(more) = self.kind() {
                    text.push_str(more);
                    self.advance();
                }
                What::Text(text)
            }
            Kind::Integer(digits) => {
                self.advance();
                digits.parse().map_or(What::Constant, What::Index)
            }
            Kind::Float(_) => {
                self.advance();
                What::Constant
            }
            Kind::Operator("(") => {
                self.advance();
                let inside = self.nested(Self::tuple)?;
                self.operator(")")?;
                return Some(inside);
            }
            Kind::Operator("[") => {
                self.advance();
                What::List(self.items("]")?)
            }
            Kind::Operator("{") => {
                self.advance();
                let mut parts = Vec::new();
                while !self.is_operator("}") {
                    parts.push(self.expression()?);
                    self.operator(":")?;
                    parts.push(self.expression()?);
                    if !self.take_operator(",") {
                        break;
                    }
                }
                self.operator("}")?;
                What::Parts(parts)
            }
            _ => return None,
        };
        Some(expression(what, at))
    }

    fn items(&mut self, end: &str) -> Option<Vec<Expression>> {
        let mut items = Vec::new();
        while !self.is_operator(end) {
            items.push(self.expression()?);
            if !self.take_operator(",") {
                break;
            }
        }
        self.operator(end)?;
        Some(items)
    }

    fn postfix(&mut self, mut value: Expression) -> Option<Expression> {
        loop {
            value = match self.kind() {
                Kind::Operator(".") => {
                    self.advance();
                    let at = self.place();
                    let what = match self.kind().clone() {
                        Kind::Name(name) => What::Attribute(Box::new(value), name.to_owned()),
                        Kind::Integer(digits) => What::Subscript(
                            Box::new(value),
                            Box::new(expression(
                                digits.parse().map_or(What::Constant, What::Index),
                                at,
                            )),
                        ),
                        _ => return None,
                    };
                    self.advance();
                    expression(what, at)
                }
                Kind::Operator("[") => self.subscript(value)?,
                Kind::Operator("(") => self.call(value)?,
                _ => return Some(value),
            };
        }
    }

    fn subscript(&mut self, value: Expression) -> Option<Expression> {
        self.advance();
        let at = self.place();
        let mut parts = Vec::new();
        let mut single = true;
        while !self.is_operator("]") {
            if self.take_operator(":") || self.take_operator(",") {
                single = false;
            } else {
                parts.push(self.expression()?);
            }
        }
        self.operator("]")?;
        if single && parts.len() == 1 {
            let index = Box::new(parts.pop()?);
            return Some(expression(What::Subscript(Box::new(value), index), at));
        }
        parts.insert(0, value);
        Some(expression(What::Parts(parts), at))
    }

    fn call(&mut self, value: Expression) -> Option<Expression> {
        let at = value.at;
        let arguments = self.arguments()?;
        Some(expression(What::Call(Box::new(value), arguments), at))
    }

    /// `(a, *b, c=d, **e)`
    fn arguments(&mut self) -> Option<Vec<Expression>> {
        self.operator("(")?;
        let mut arguments = Vec::new();
        while !self.is_operator(")") {
            if self.is_operator("*") || self.is_operator("**") {
                self.advance();
            } else if matches!(self.kind(), Kind::Name(_)) && self.next_is_operator("=") {
                self.advance();
                self.advance();
            }
            arguments.push(self.expression()?);
            if !self.take_operator(",") {
                break;
            }
        }
        self.operator(")")?;
        Some(arguments)
    }

    fn filters(&mut self, mut value: Expression) -> Option<Expression> {
        loop {
            value = match self.kind() {
                Kind::Operator("|") => {
                    self.advance();
                    self.filter(value)?
                }
                Kind::Name("is") => self.test(value)?,
                Kind::Operator("(") => self.call(value)?,
                _ => return Some(value),
            };
        }
    }

    /// A filter after its `|`.
    pub(super) fn filter(&mut self, value: Expression) -> Option<Expression> {
        let at = value.at;
        let name = self.dotted()?;
        let arguments = if self.is_operator("(") {
            self.arguments()?
        } else {
            Vec::new()
        };
        Some(expression(
            What::Filter(Box::new(value), name, arguments),
            at,
        ))
    }

    fn test(&mut self, value: Expression) -> Option<Expression> {
        self.advance();
        self.take_name("not");
        self.dotted()?;
        let takes = match self.kind() {
            Kind::Name(word) => !matches!(*word, "else" | "or" | "and" | "if" | "recursive"),
            Kind::Text(_) | Kind::Integer(_) | Kind::Float(_) => true,
            Kind::Operator(operator) => matches!(*operator, "[" | "{"),
            _ => false,
        };
        let arguments = if self.is_operator("(") {
            self.arguments()?
        } else if takes {
            let argument = self.primary()?;
            vec![self.postfix(argument)?]
        } else {
            Vec::new()
        };
        let at = value.at;
        Some(expression(What::Test(Box::new(value), arguments), at))
    }

    fn dotted(&mut self) -> Option<String> {
        let mut name = self.name()?.to_owned();
        while self.take_operator(".") {
            name.push('.');
            name.push_str(self.name()?);
        }
        Some(name)
    }
}

pub(super) fn expression(what: What, at: usize) -> Expression {
    Expression { what, at }
}
