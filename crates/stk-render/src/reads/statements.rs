//! Statements, as [`jinja`](crate::jinja) reads them.

use super::{
    cursor::Cursor,
    expressions::expression,
    tree::{Expression, For, Macro, Statement, Target, What},
};
use crate::jinja::lexer::Kind;

impl<'a> Cursor<'a> {
    pub(super) fn template(&mut self) -> Option<Vec<Statement>> {
        let body = self.body(&[])?;
        matches!(self.kind(), Kind::End).then_some(body)
    }

    /// Statements up to one of `ends`, which is passed by.
    fn body(&mut self, ends: &[&str]) -> Option<Vec<Statement>> {
        let mut body = Vec::new();
        loop {
            match *self.kind() {
                Kind::Data(_) => self.advance(),
                Kind::VariableBegin => {
                    self.advance();
                    body.push(Statement::Print(self.tuple()?));
                    self.take_kind(&Kind::VariableEnd)?;
                }
                Kind::BlockBegin => {
                    self.advance();
                    if let Kind::Name(name) = self.kind()
                        && ends.contains(name)
                    {
                        return Some(body);
                    }
                    self.nested(|cursor| cursor.statement(&mut body))?;
                    self.take_kind(&Kind::BlockEnd)?;
                }
                Kind::End if ends.is_empty() => return Some(body),
                _ => return None,
            }
        }
    }

    /// The rest of the tag that opens a body, and the body.
    fn opened(&mut self, ends: &[&str]) -> Option<Vec<Statement>> {
        self.take_operator(":");
        self.take_kind(&Kind::BlockEnd)?;
        self.body(ends)
    }

    fn closed(&mut self, end: &str) -> Option<Vec<Statement>> {
        let body = self.opened(&[end])?;
        self.advance();
        Some(body)
    }

    fn statement(&mut self, into: &mut Vec<Statement>) -> Option<()> {
        let statement = match self.name()? {
            "if" => self.if_statement()?,
            "for" => self.for_statement()?,
            "set" => self.set_statement()?,
            "with" => {
                let mut pairs = Vec::new();
                while !matches!(self.kind(), Kind::BlockEnd) && !self.is_operator(":") {
                    let target = self.target("")?;
                    self.operator("=")?;
                    pairs.push((target, self.expression()?));
                    self.take_operator(",");
                }
                Statement::With(pairs, self.closed("endwith")?)
            }
            "macro" => {
                let name = self.name()?.to_owned();
                let parameters = self.signature()?;
                let body = self.closed("endmacro")?;
                Statement::Macro(Macro {
                    name,
                    parameters,
                    body,
                })
            }
            "call" => {
                let parameters = if self.is_operator("(") {
                    self.signature()?
                } else {
                    Vec::new()
                };
                let call = self.expression()?;
                let block = Macro {
                    name: String::new(),
                    parameters,
                    body: self.closed("endcall")?,
                };
                Statement::Call(block, call)
            }
            "filter" => {
                let filters = self.filter_chain()?;
                Statement::Scope(filters, self.closed("endfilter")?)
            }
            "block" => {
                let name = self.name()?;
                self.take_name("scoped");
                self.take_name("required");
                let body = self.closed("endblock")?;
                self.take_name(name);
                // Like a macro, it does not see the variables of the place that it stands in.
                Statement::Macro(Macro {
                    name: String::new(),
                    parameters: Vec::new(),
                    body,
                })
            }
            "autoescape" => {
                let value = self.expression()?;
                Statement::Scope(vec![value], self.closed("endautoescape")?)
            }
            "print" => {
                while !matches!(self.kind(), Kind::BlockEnd) {
                    into.push(Statement::Print(self.expression()?));
                    self.take_operator(",");
                }
                return Some(());
            }
            // Loading another template: there are none.
            _ => return None,
        };
        into.push(statement);
        Some(())
    }

    fn if_statement(&mut self) -> Option<Statement> {
        let mut branches = Vec::new();
        loop {
            let test = self.or()?;
            branches.push((Some(test), self.opened(&["elif", "else", "endif"])?));
            if self.take_name("elif") {
                continue;
            }
            if self.take_name("else") {
                branches.push((None, self.opened(&["endif"])?));
            }
            self.advance();
            return Some(Statement::If(branches));
        }
    }

    fn for_statement(&mut self) -> Option<Statement> {
        let target = self.target("in")?;
        self.take_name("in").then_some(())?;
        let items = self.loop_items()?;
        let test = if self.take_name("if") {
            Some(self.expression()?)
        } else {
            None
        };
        self.take_name("recursive");
        let body = self.opened(&["else", "endfor"])?;
        let other = if self.take_name("else") {
            self.opened(&["endfor"])?
        } else {
            Vec::new()
        };
        self.advance();
        Some(Statement::For(For {
            target,
            items,
            test,
            body,
            other,
        }))
    }

    fn loop_items(&mut self) -> Option<Expression> {
        let at = self.place();
        let mut items = vec![self.or()?];
        let mut is_tuple = false;
        while self.take_operator(",") {
            is_tuple = true;
            if matches!(self.kind(), Kind::BlockEnd | Kind::Name("if" | "recursive")) {
                break;
            }
            items.push(self.or()?);
        }
        if is_tuple {
            Some(expression(What::List(items), at))
        } else {
            items.pop()
        }
    }

    fn set_statement(&mut self) -> Option<Statement> {
        let target = self.target("")?;
        if self.take_operator("=") {
            return Some(Statement::Set(target, self.tuple()?));
        }
        let filters = if self.take_operator("|") {
            self.filter_chain()?
        } else {
            Vec::new()
        };
        Some(Statement::SetBlock(target, filters, self.closed("endset")?))
    }

    /// `upper|replace(a, b)` in a tag, applied to a text.
    fn filter_chain(&mut self) -> Option<Vec<Expression>> {
        let at = self.place();
        let mut value = expression(What::Constant, at);
        loop {
            value = self.filter(value)?;
            if !self.take_operator("|") {
                return Some(vec![value]);
            }
        }
    }

    fn signature(&mut self) -> Option<Vec<(String, Option<Expression>)>> {
        self.operator("(")?;
        let mut parameters = Vec::new();
        while !self.is_operator(")") {
            let name = self.name()?.to_owned();
            let default = if self.take_operator("=") {
                Some(self.expression()?)
            } else {
                None
            };
            parameters.push((name, default));
            if !self.take_operator(",") {
                break;
            }
        }
        self.operator(")")?;
        Some(parameters)
    }

    fn target(&mut self, end: &str) -> Option<Target> {
        self.nested(|cursor| {
            let mut items = Vec::new();
            let mut is_tuple = false;
            loop {
                let ends = matches!(cursor.kind(), Kind::BlockEnd)
                    || cursor.is_operator(")")
                    || cursor.is_operator("=")
                    || (!end.is_empty() && cursor.is_name(end));
                if ends {
                    break;
                }
                if cursor.take_operator("(") {
                    items.push(cursor.target("")?);
                    cursor.operator(")")?;
                } else {
                    let name = cursor.name()?;
                    items.push(if cursor.take_operator(".") {
                        cursor.name()?;
                        Target::Attribute
                    } else {
                        Target::Name(name.to_owned())
                    });
                }
                if !cursor.take_operator(",") {
                    break;
                }
                is_tuple = true;
            }
            match items.pop() {
                Some(only) if !is_tuple => Some(only),
                last => {
                    items.extend(last);
                    Some(Target::Tuple(items))
                }
            }
        })
    }
}
