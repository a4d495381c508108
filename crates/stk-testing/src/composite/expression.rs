//! The expressions of GitHub: `inputs.X`, `steps.a.outputs.b`, literals, `!`, `==`, `!=`, `&&`, `||`, parentheses and a few functions.

use thiserror::Error;

/// Why a text with expressions cannot be evaluated.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ExpressionError {
    /// It does not parse, or uses syntax that this runner does not know.
    #[error("in `{expression}`: {reason}")]
    Syntax {
        /// The expression.
        expression: String,
        /// What is wrong.
        reason: String,
    },
    /// A context or property that is not there; on GitHub it would be an empty string.
    #[error("in `{expression}`: there is no `{path}`")]
    Unknown {
        /// The expression.
        expression: String,
        /// The property, e.g. `inputs.TYPO`.
        path: String,
    },
}

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, or an output that a step did not set.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl Value {
    /// Whether a condition with this value holds: everything but `null`, `false`, `0`, `NaN` and the empty text.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(number) => *number,
            Self::Text(text) if text.trim().is_empty() => 0.0,
            Self::Text(text) => text.trim().parse().unwrap_or(f64::NAN),
        }
    }

    /// GitHub's loose equality: texts without case, different types as numbers.
    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Text(left), Self::Text(right)) => left.to_uppercase() == right.to_uppercase(),
            _ => self.number() == other.number(),
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

/// Evaluates one expression (without `${{ }}`). `lookup` gives the value of a path such as `["inputs", "X"]`, or `None` if there is
/// no such thing; `function` that of a call without arguments, such as `always`.
///
/// # Errors
/// [`ExpressionError`].
pub fn evaluate(
    expression: &str,
    lookup: &dyn Fn(&[String]) -> Option<Value>,
    function: &dyn Fn(&str) -> Option<Value>,
) -> Result<Value, ExpressionError> {
    let mut parser = Parser {
        expression,
        tokens: tokens(expression)?,
        position: 0,
        lookup,
        function,
    };
    let value = parser.or()?;
    match parser.next() {
        None => Ok(value),
        Some(token) => Err(parser.syntax(format!("{token:?} is not expected here"))),
    }
}

/// A text with every `${{ … }}` replaced by its value.
///
/// # Errors
/// [`ExpressionError`].
pub fn interpolate(
    text: &str,
    lookup: &dyn Fn(&[String]) -> Option<Value>,
    function: &dyn Fn(&str) -> Option<Value>,
) -> Result<String, ExpressionError> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        result.push_str(before);
        let (expression, after) = split_end(after).ok_or_else(|| ExpressionError::Syntax {
            expression: text.to_owned(),
            reason: "`}}` is missing".to_owned(),
        })?;
        let value = evaluate(expression.trim(), lookup, function)?;
        result.push_str(&value.to_string());
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

/// Splits at the first `}}` that is not in a quoted text.
fn split_end(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (index, character) in text.char_indices() {
        if character == '\'' {
            quoted = !quoted;
        }
        let rest = text.get(index..)?;
        if !quoted && let Some(after) = rest.strip_prefix("}}") {
            return Some((text.get(..index)?, after));
        }
    }
    None
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Literal(Value),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 10] = ["==", "!=", "&&", "||", "!", "(", ")", ".", "[", "]"];

fn tokens(expression: &str) -> Result<Vec<Token>, ExpressionError> {
    let syntax = |reason: String| ExpressionError::Syntax {
        expression: expression.to_owned(),
        reason,
    };
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let used = if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            tokens.push(Token::Symbol(symbol));
            symbol.len()
        } else if first == '\'' {
            let (text, used) =
                quoted(rest).ok_or_else(|| syntax("a quote is not closed".into()))?;
            tokens.push(Token::Literal(Value::Text(text)));
            used
        } else {
            let word =
                |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
            let number = first.is_ascii_digit() || first == '-';
            let end = rest
                .find(|character| !(word(character) || (number && character == '.')))
                .unwrap_or(rest.len());
            let text = rest.get(..end).unwrap_or_default();
            tokens.push(match text {
                "" => return Err(syntax(format!("`{first}` is not known"))),
                "true" => Token::Literal(Value::Bool(true)),
                "false" => Token::Literal(Value::Bool(false)),
                "null" => Token::Literal(Value::Null),
                _ if number => match text.parse() {
                    Ok(number) => Token::Literal(Value::Number(number)),
                    Err(_) => return Err(syntax(format!("`{text}` is not a number"))),
                },
                _ => Token::Word(text.to_owned()),
            });
            end
        };
        rest = rest.get(used..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// A text in single quotes at the start, where two quotes stand for one; and the length that it takes.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character != '\'' {
            value.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Some((value, index + 1));
        }
    }
    None
}

struct Parser<'a> {
    expression: &'a str,
    tokens: Vec<Token>,
    position: usize,
    lookup: &'a dyn Fn(&[String]) -> Option<Value>,
    function: &'a dyn Fn(&str) -> Option<Value>,
}

impl Parser<'_> {
    fn or(&mut self) -> Result<Value, ExpressionError> {
        let mut value = self.and()?;
        while self.accept("||") {
            let right = self.and()?;
            value = if value.is_true() { value } else { right };
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<Value, ExpressionError> {
        let mut value = self.comparison()?;
        while self.accept("&&") {
            let right = self.comparison()?;
            value = if value.is_true() { right } else { value };
        }
        Ok(value)
    }

    fn comparison(&mut self) -> Result<Value, ExpressionError> {
        let mut value = self.unary()?;
        loop {
            if self.accept("==") {
                value = Value::Bool(value.equals(&self.unary()?));
            } else if self.accept("!=") {
                value = Value::Bool(!value.equals(&self.unary()?));
            } else {
                return Ok(value);
            }
        }
    }

    fn unary(&mut self) -> Result<Value, ExpressionError> {
        if self.accept("!") {
            return Ok(Value::Bool(!self.unary()?.is_true()));
        }
        if self.accept("(") {
            let value = self.or()?;
            self.expect(")")?;
            return Ok(value);
        }
        match self.next() {
            Some(Token::Literal(value)) => Ok(value),
            Some(Token::Word(name)) if self.accept("(") => {
                self.expect(")")?;
                let value = (self.function)(&name);
                value.ok_or_else(|| self.syntax(format!("the function `{name}()` is not known")))
            }
            Some(Token::Word(name)) => self.path(name),
            Some(token) => Err(self.syntax(format!("{token:?} is not expected here"))),
            None => Err(self.syntax("something is missing at the end".to_owned())),
        }
    }

    fn path(&mut self, context: String) -> Result<Value, ExpressionError> {
        let mut path = vec![context];
        loop {
            if self.accept(".") {
                match self.next() {
                    Some(Token::Word(name)) => path.push(name),
                    _ => return Err(self.syntax("a name must follow `.`".to_owned())),
                }
            } else if self.accept("[") {
                match self.next() {
                    Some(Token::Literal(Value::Text(name))) => path.push(name),
                    _ => return Err(self.syntax("a quoted name must follow `[`".to_owned())),
                }
                self.expect("]")?;
            } else {
                break;
            }
        }
        (self.lookup)(&path).ok_or_else(|| ExpressionError::Unknown {
            expression: self.expression.to_owned(),
            path: path.join("."),
        })
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.position).cloned();
        self.position += 1;
        token
    }

    fn accept(&mut self, symbol: &'static str) -> bool {
        let found = self.tokens.get(self.position) == Some(&Token::Symbol(symbol));
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), ExpressionError> {
        if self.accept(symbol) {
            return Ok(());
        }
        Err(self.syntax(format!("`{symbol}` is missing")))
    }

    fn syntax(&self, reason: String) -> ExpressionError {
        ExpressionError::Syntax {
            expression: self.expression.to_owned(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(path: &[String]) -> Option<Value> {
        match path.join(".").as_str() {
            "inputs.NAME" => Some(Value::Text("It's ${{ x }}".into())),
            "inputs.EMPTY" => Some(Value::Text(String::new())),
            "steps.a-b.outputs.list" => Some(Value::Text("[]".into())),
            "steps.none.outputs.x" => Some(Value::Null),
            _ => None,
        }
    }

    fn function(name: &str) -> Option<Value> {
        (name == "always").then_some(Value::Bool(true))
    }

    fn check(expression: &str, expected: bool) {
        let value = evaluate(expression, &lookup, &function).unwrap();
        assert_eq!(value.is_true(), expected, "{expression}");
    }

    #[test]
    fn operators_follow_githubs_rules() {
        check("inputs.NAME == 'IT''S ${{ X }}'", true);
        check(
            "steps.a-b.outputs.list != '' && steps['a-b'].outputs.list != '[]'",
            false,
        );
        check("inputs.EMPTY || steps.a-b.outputs.list", true);
        check("!inputs.EMPTY", true);
        check("(true || false) && false", false);
        check("true || false && false", true);
        check("always()", true);
        check("steps.none.outputs.x == ''", true);
        check("null == 0", true);
        check("'1' == 1", true);
        check("'x' == 1", false);
        check("-1.5 != -1", true);
    }

    #[test]
    fn values_are_put_in_once() {
        let text = interpolate("a ${{ inputs.NAME }} b ${{ 'x}}''y' }}", &lookup, &function);
        assert_eq!(text.unwrap(), "a It's ${{ x }} b x}}'y");
        let text = interpolate(
            "${{ inputs.EMPTY || 'no' }}${{ 3 == 3 }}",
            &lookup,
            &function,
        );
        assert_eq!(text.unwrap(), "notrue");
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let error = |text: &str| {
            interpolate(text, &lookup, &function)
                .unwrap_err()
                .to_string()
        };
        let errors = [
            error("${{ inputs.TYPO }}"),
            error("${{ secrets.KEY }}"),
            error("${{ failure() }}"),
            error("${{ contains(inputs.NAME, 'x') }}"),
            error("${{ inputs.NAME"),
            error("${{ inputs.NAME < 3 }}"),
            error("${{ inputs.* }}"),
            error("${{ 'x }}"),
            error("${{ (true }}"),
            error("${{ true false }}"),
            error("${{ }}"),
        ];
        insta::assert_snapshot!(errors.join("\n"), @r"
        in `inputs.TYPO`: there is no `inputs.TYPO`
        in `secrets.KEY`: there is no `secrets.KEY`
        in `failure()`: the function `failure()` is not known
        in `contains(inputs.NAME, 'x')`: `,` is not known
        in `${{ inputs.NAME`: `}}` is missing
        in `inputs.NAME < 3`: `<` is not known
        in `inputs.*`: `*` is not known
        in `${{ 'x }}`: `}}` is missing
        in `(true`: `)` is missing
        in `true false`: Literal(Bool(false)) is not expected here
        in ``: something is missing at the end
        ");
    }
}
