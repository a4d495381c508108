//! Reads the literals in which task lists travel: JSON and what Python's `repr` prints of one.

use serde_json::{Map, Number, Value};

/// Where and why a text is not a literal. `offset` is in characters, from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LiteralError {
    pub(crate) offset: usize,
    pub(crate) reason: String,
}

const MAXIMUM_DEPTH: u32 = 32;

/// Reads the whole of `text` as one literal: lists, dicts with text keys, texts in single or double
/// quotes, numbers, and the constants of JSON and Python.
pub(crate) fn parse(text: &str) -> Result<Value, LiteralError> {
    let mut parser = Parser {
        characters: text.chars().collect(),
        at: 0,
    };
    let value = parser.value(0)?;
    parser.space();
    if parser.at < parser.characters.len() {
        return Err(parser.error("expected the end of the list"));
    }
    Ok(value)
}

struct Parser {
    characters: Vec<char>,
    at: usize,
}

impl Parser {
    fn value(&mut self, depth: u32) -> Result<Value, LiteralError> {
        if depth > MAXIMUM_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.space();
        match self.peek() {
            Some('[') => self.list(depth),
            Some('{') => self.dict(depth),
            Some('\'' | '"') => self.text().map(Value::String),
            Some(first) if first == '-' || first.is_ascii_digit() => self.number(),
            Some(first) if first.is_ascii_alphabetic() => self.constant(),
            Some(_) => {
                Err(self.error("expected a list, an object, a text, a number or a constant"))
            }
            None => Err(self.error("the text ends too early")),
        }
    }

    fn list(&mut self, depth: u32) -> Result<Value, LiteralError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            if self.take(']') {
                return Ok(Value::Array(items));
            }
            if !items.is_empty() && !self.take(',') {
                return Err(self.error("expected `,` or `]`"));
            }
            self.space();
            if self.take(']') {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
        }
    }

    fn dict(&mut self, depth: u32) -> Result<Value, LiteralError> {
        self.at += 1;
        let mut fields = Map::new();
        loop {
            self.space();
            if self.take('}') {
                return Ok(Value::Object(fields));
            }
            if !fields.is_empty() && !self.take(',') {
                return Err(self.error("expected `,` or `}`"));
            }
            self.space();
            if self.take('}') {
                return Ok(Value::Object(fields));
            }
            if !matches!(self.peek(), Some('\'' | '"')) {
                return Err(self.error("expected a quoted name"));
            }
            let name = self.text()?;
            self.space();
            if !self.take(':') {
                return Err(self.error("expected `:`"));
            }
            let value = self.value(depth + 1)?;
            fields.insert(name, value);
        }
    }

    fn text(&mut self) -> Result<String, LiteralError> {
        let start = self.at;
        let quote = self.characters[self.at];
        self.at += 1;
        let mut text = String::new();
        while let Some(character) = self.next() {
            if character == quote {
                return Ok(text);
            }
            text.push(if character == '\\' {
                self.escape()?
            } else {
                character
            });
        }
        self.at = start;
        Err(self.error("this text has no closing quote"))
    }

    fn escape(&mut self) -> Result<char, LiteralError> {
        let start = self.at;
        let character = match self.next() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('x') => return self.code_point(2),
            Some('u') => return self.unicode(),
            Some('U') => return self.code_point(8),
            Some(same @ ('\\' | '\'' | '"' | '/')) => same,
            _ => {
                self.at = start;
                return Err(self.error("unknown escape"));
            }
        };
        Ok(character)
    }

    fn unicode(&mut self) -> Result<char, LiteralError> {
        let start = self.at;
        let first = self.hexadecimal(4)?;
        if (0xD800..0xDC00).contains(&first) && self.take('\\') && self.take('u') {
            let second = self.hexadecimal(4)?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                if let Some(character) = char::from_u32(code) {
                    return Ok(character);
                }
            }
        }
        char::from_u32(first).ok_or_else(|| LiteralError {
            offset: start,
            reason: "not a character".to_owned(),
        })
    }

    fn code_point(&mut self, digits: usize) -> Result<char, LiteralError> {
        let code = self.hexadecimal(digits)?;
        char::from_u32(code).ok_or_else(|| self.error("not a character"))
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u32, LiteralError> {
        let mut code = 0_u32;
        for _ in 0..digits {
            let digit = self
                .peek()
                .and_then(|character| character.to_digit(16))
                .ok_or_else(|| self.error("expected a hexadecimal digit"))?;
            self.at += 1;
            code = code.wrapping_mul(16).wrapping_add(digit);
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Value, LiteralError> {
        let start = self.at;
        while self.peek().is_some_and(|character| {
            character.is_ascii_digit() || matches!(character, '-' | '+' | '.' | 'e' | 'E')
        }) {
            self.at += 1;
        }
        let text: String = self.characters[start..self.at].iter().collect();
        text.parse::<i64>()
            .ok()
            .map(Number::from)
            .or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
            .map(Value::Number)
            .ok_or(LiteralError {
                offset: start,
                reason: format!("`{text}` is not a number"),
            })
    }

    fn constant(&mut self) -> Result<Value, LiteralError> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|character| character.is_ascii_alphanumeric() || character == '_')
        {
            self.at += 1;
        }
        let word: String = self.characters[start..self.at].iter().collect();
        match word.as_str() {
            "true" | "True" => Ok(Value::Bool(true)),
            "false" | "False" => Ok(Value::Bool(false)),
            "null" | "None" => Ok(Value::Null),
            _ => Err(LiteralError {
                offset: start,
                reason: format!("`{word}` is not quoted"),
            }),
        }
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn error(&self, reason: &str) -> LiteralError {
        LiteralError {
            offset: self.at,
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn python_and_json_are_read_alike() {
        let expected = serde_json::json!([{"a": null, "b": true, "c": [1, -2.5], "d": "it's"}]);
        for text in [
            r#"[{'a': None, 'b': True, 'c': [1, -2.5], 'd': "it's"}]"#,
            r#"[{'a': None, 'b': True, 'c': [1, -2.5], 'd': 'it\'s',},]"#,
            r#" [{"a":null,"b":true,"c":[1,-2.5],"d":"it\u0027s"}] "#,
        ] {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
        assert_eq!(parse(r#""\ud83d\ude00\x41""#).unwrap(), "😀A");
    }

    #[test]
    fn faults_have_an_offset() {
        for (text, offset) in [
            ("", 0),
            ("[", 1),
            ("[{'a' 1}]", 6),
            ("['a", 1),
            ("[1 2]", 3),
            ("[x]", 1),
            ("[] []", 3),
            ("[1-2]", 1),
            (r"['\q']", 3),
        ] {
            assert_eq!(parse(text).unwrap_err().offset, offset, "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn json_is_read_as_serde_reads_it(text in "[\\PC\n]{0,20}", number in any::<i64>()) {
            let value = serde_json::json!([{ "k": text, "n": number }]);
            prop_assert_eq!(parse(&value.to_string()).unwrap(), value);
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]{}'\":,\\\\uxTn0-9 \\PC]{0,40}") {
            let _ = parse(&text);
        }
    }
}
