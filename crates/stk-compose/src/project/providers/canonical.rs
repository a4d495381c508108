//! A provider's configuration as it would be written without a choice: what is equal means the same everywhere.

use std::collections::BTreeMap;

use hcl_edit::expr::{Expression, ObjectKey, Traversal, TraversalOperator, UnaryOperator};
use hcl_edit::structure::{Body, Structure};

use crate::values::quoted;

/// The locals of a plugin's root module; `None` for one whose value depends on an override file.
pub(crate) type Locals = BTreeMap<String, Option<Expression>>;

/// How many locals may refer to each other in a row.
const DEPTH: usize = 16;

/// The body of a `provider` block, indented for one, with constant locals in place of their names.
///
/// # Errors
///
/// Why it is not known to mean the same in another module: something in it is not constant.
pub(crate) fn canonical(body: &Body, locals: &Locals) -> Result<String, String> {
    let writer = Writer {
        locals,
        followed: 0,
    };
    let mut text = String::new();
    writer.write_body(body, 1, &mut text)?;
    Ok(text)
}

#[derive(Clone, Copy)]
struct Writer<'a> {
    locals: &'a Locals,
    followed: usize,
}

impl Writer<'_> {
    fn write_body(self, body: &Body, depth: usize, text: &mut String) -> Result<(), String> {
        let indent = "  ".repeat(depth);
        let mut attributes = Vec::new();
        for attribute in body.attributes() {
            let key = attribute.key.as_str();
            if depth == 1
                && matches!(
                    key,
                    "alias" | "for_each" | "count" | "depends_on" | "version"
                )
            {
                return Err(format!("it has `{key}`"));
            }
            attributes.push((key, self.expression(&attribute.value, depth)?));
        }
        // The order of arguments says nothing, that of blocks may.
        attributes.sort();
        for (key, value) in attributes {
            text.push_str(&format!("{indent}{key} = {value}\n"));
        }
        for structure in body {
            let Structure::Block(block) = structure else {
                continue;
            };
            if block.ident.as_str() == "dynamic" || !block.labels.is_empty() {
                return Err(format!(
                    "its block `{}` is not constant",
                    block.ident.as_str()
                ));
            }
            text.push_str(&format!("{indent}{} {{\n", block.ident.as_str()));
            self.write_body(&block.body, depth + 1, text)?;
            text.push_str(&format!("{indent}}}\n"));
        }
        Ok(())
    }

    fn expression(self, value: &Expression, depth: usize) -> Result<String, String> {
        Ok(match value {
            Expression::Null(_) => "null".to_owned(),
            Expression::Bool(value) => value.value().to_string(),
            // Others lose digits on their way through the parser.
            Expression::Number(value) if value.value().is_i64() || value.value().is_u64() => {
                value.value().to_string()
            }
            Expression::Number(_) => return Err(not_constant("a number with a fraction")),
            Expression::String(value) => text(value.as_str())?,
            Expression::Parenthesis(inner) => self.expression(inner.inner(), depth)?,
            Expression::UnaryOp(operation) => {
                let operator = match operation.operator.value() {
                    UnaryOperator::Neg => '-',
                    UnaryOperator::Not => '!',
                };
                format!("{operator}{}", self.expression(&operation.expr, depth)?)
            }
            Expression::Array(items) => {
                let items: Result<Vec<_>, _> = items
                    .iter()
                    .map(|item| self.expression(item, depth))
                    .collect();
                format!("[{}]", items?.join(", "))
            }
            Expression::Object(object) => {
                let mut entries = Vec::new();
                for (key, value) in object {
                    let key = match key {
                        ObjectKey::Ident(name) => quoted(name.as_str()),
                        // A name alone is a key, not a reference.
                        ObjectKey::Expression(Expression::Variable(name)) => quoted(name.as_str()),
                        ObjectKey::Expression(Expression::String(key)) => text(key.as_str())?,
                        ObjectKey::Expression(_) => {
                            return Err(not_constant("the key of an object"));
                        }
                    };
                    entries.push((key, self.expression(value.expr(), depth + 1)?));
                }
                let written = entries.len();
                entries.sort();
                entries.dedup_by(|left, right| left.0 == right.0);
                if entries.len() < written {
                    return Err(not_constant("an object with a key that it has twice"));
                }
                if entries.is_empty() {
                    return Ok("{}".to_owned());
                }
                let indent = "  ".repeat(depth);
                let entries = entries
                    .iter()
                    .map(|(key, value)| format!("{indent}  {key} = {value}\n"));
                format!("{{\n{}{indent}}}", entries.collect::<String>())
            }
            Expression::Variable(name) => return Err(not_constant(name.as_str())),
            Expression::Traversal(traversal) => return self.traversal(traversal, depth),
            Expression::FuncCall(call) => return Err(not_constant(call.name.name.as_str())),
            Expression::StringTemplate(_)
            | Expression::HeredocTemplate(_)
            | Expression::Conditional(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => return Err(not_constant("an expression")),
        })
    }

    /// A local that is constant, in full.
    fn traversal(self, traversal: &Traversal, depth: usize) -> Result<String, String> {
        let Expression::Variable(root) = &traversal.expr else {
            return Err(not_constant("an expression"));
        };
        let first = traversal.operators.first().map(|operator| operator.value());
        let Some(TraversalOperator::GetAttr(name)) = first else {
            return Err(not_constant(root.as_str()));
        };
        let path = format!("{}.{}", root.as_str(), name.as_str());
        if root.as_str() != "local" || traversal.operators.len() > 1 || self.followed == DEPTH {
            return Err(not_constant(&path));
        }
        let Some(Some(value)) = self.locals.get(name.as_str()) else {
            return Err(not_constant(&path));
        };
        let followed = self.followed + 1;
        Self { followed, ..self }
            .expression(value, depth)
            .map_err(|_| not_constant(&path))
    }
}

/// A text as it may be written down again, if that is beyond doubt.
fn text(value: &str) -> Result<String, String> {
    if value.contains(|letter: char| letter.is_control() && letter != '\n') {
        return Err(not_constant("a text with control characters"));
    }
    if value.contains("${") || value.contains("%{") {
        return Err(not_constant("a text with `${` or `%{`"));
    }
    Ok(quoted(value))
}

fn not_constant(what: &str) -> String {
    let what = match what {
        "the key of an object" | "an expression" => what.to_owned(),
        what if what.contains(' ') => what.to_owned(),
        what => format!("`{what}`"),
    };
    format!("it uses {what}, and only constants are known to be the same everywhere")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let body: Body = text.parse().map_err(|_| "unreadable".to_owned())?;
        canonical(&body, &Locals::new())
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for text in [
            "",
            "a = \"x\\\"y\\\\z\\n\"\nb = -1\nc = !true\n",
            "tags = { \"b c\" = [1, [null], {}], a = { x = \"$\" } }\n",
            "x {\n  a = 1\n}\nx {\n  a = 2\n}\ny {\n}\n",
        ] {
            let once = read(text).unwrap();
            assert_eq!(read(&once).unwrap(), once, "{text}");
        }
        // Blocks keep their order.
        assert_ne!(
            read("x {\n  a = 1\n}\nx {\n  a = 2\n}\n"),
            read("x {\n  a = 2\n}\nx {\n  a = 1\n}\n")
        );
        assert_ne!(read("a = \"1\"\n"), read("a = 1\n"));
        assert_ne!(read("a = {}\n"), read("a {\n}\n"));
    }

    #[test]
    fn what_may_change_when_it_is_written_is_refused() {
        for text in [
            "a = 1.5\n",
            "a = 99999999999999999999999999\n",
            "a = \"$${x}\"\n",
            "a = \"\\u0001\"\n",
            "a = { b = 1, b = 2 }\n",
            "a = <<E\nx\nE\n",
            "a = 1 + 1\n",
            "a = [for x in [] : x]\n",
            "a = x\n",
        ] {
            let found = read(text);
            assert!(found.is_err(), "{text}: {found:?}");
        }
    }
}
