//! Jinja2's lexer, with `trim_blocks`, `lstrip_blocks` and `keep_trailing_newline`.

use std::borrow::Cow;

use super::{Fault, strings::unescape};

/// One token, the line that it starts at, and the byte.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) line: usize,
    pub(crate) at: usize,
}

/// What Jinja2's parser sees.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind<'a> {
    Data(&'a str),
    BlockBegin,
    BlockEnd,
    VariableBegin,
    VariableEnd,
    Name(&'a str),
    Text(Cow<'a, str>),
    Integer(Cow<'a, str>),
    Float(Cow<'a, str>),
    Operator(&'static str),
    End,
    /// The lexer fails here; whatever is wrong before it is reported first.
    Failure(Fault),
}

/// Longest first, so that the first that matches is the right one.
const OPERATORS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";",
];

/// The tokens of a source whose line ends are all `\n`.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        source,
        at: 0,
        line: 1,
        line_starting: true,
        tokens: Vec::with_capacity(source.len() / 8 + 2),
    };
    let end = match lexer.run() {
        // The end stands at the line of the last token before it.
        Ok(()) => Token {
            kind: Kind::End,
            line: lexer.tokens.last().map_or(1, |token| token.line),
            at: lexer.at,
        },
        Err(fault) => Token {
            line: fault.line,
            at: lexer.at,
            kind: Kind::Failure(fault),
        },
    };
    lexer.tokens.push(end);
    lexer.tokens
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    /// What was matched last ended with a line end.
    line_starting: bool,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) -> Result<(), Fault> {
        while self.at < self.source.len() {
            let rest = &self.source[self.at..];
            let Some((length, sign)) = tag_start(rest) else {
                self.push(Kind::Data(rest));
                self.at = self.source.len();
                break;
            };
            let (text, tag) = rest.split_at(length);
            let variable = tag.starts_with("{{");
            self.data(text, sign, variable);
            self.at += length;
            if tag.starts_with("{#") {
                self.comment(tag)?;
            } else if variable {
                self.skip(2 + sign.map_or(0, char::len_utf8));
                self.push_at(Kind::VariableBegin, self.line);
                self.code("}}", Kind::VariableEnd)?;
            } else if let Some(length) = raw_begin(tag) {
                self.raw(tag, length)?;
            } else {
                self.skip(2 + sign.map_or(0, char::len_utf8));
                self.push_at(Kind::BlockBegin, self.line);
                self.code("%}", Kind::BlockEnd)?;
            }
        }
        Ok(())
    }

    /// The text before a tag, without the white space that the tag takes from it.
    fn data(&mut self, text: &'a str, sign: Option<char>, variable: bool) {
        let kept = match sign {
            Some('-') => text.trim_end_matches(is_space),
            Some(_) => text,
            None if variable => text,
            None => {
                let start = text.rfind('\n').map_or(0, |index| index + 1);
                let (before, last) = text.split_at(start);
                if (start > 0 || self.line_starting) && last.chars().all(is_space) {
                    before
                } else {
                    text
                }
            }
        };
        if !kept.is_empty() {
            self.push_at(Kind::Data(kept), self.line);
        }
        self.line += lines(text);
    }

    fn comment(&mut self, tag: &'a str) -> Result<(), Fault> {
        let start = 2 + usize::from(tag[2..].starts_with(['-', '+']));
        if tag.len() == start {
            self.at = self.source.len();
            return Ok(());
        }
        let fault = || Fault::new(self.line, "missing end of comment tag `#}`");
        let end = start + tag[start..].find("#}").ok_or_else(fault)?;
        self.skip(end);
        self.close(end > start && tag[..end].ends_with('-'), "#}");
        Ok(())
    }

    fn raw(&mut self, tag: &'a str, length: usize) -> Result<(), Fault> {
        self.skip(length);
        self.line_starting = tag[..length].ends_with('\n');
        let body = &tag[length..];
        if body.is_empty() {
            return Ok(());
        }
        let fault = || Fault::new(self.line, "missing end of raw directive `{% endraw %}`");
        let (end, sign, after) = endraw(body).ok_or_else(fault)?;
        self.data(&body[..end], sign, false);
        self.at += end;
        self.skip(after - end);
        let minus = body[..after].ends_with('-');
        self.close(minus, "%}");
        Ok(())
    }

    /// Passes the end of a block or comment and what it takes of the text behind it.
    fn close(&mut self, minus: bool, close: &str) {
        let start = self.at;
        let mut length = close.len();
        let after = &self.source[start + length..];
        if minus {
            length += after.len() - after.trim_start_matches(is_space).len();
        } else if !self.source[..start].ends_with('+') && after.starts_with('\n') {
            length += 1;
        }
        self.skip(length);
        self.line_starting = self.source[..self.at].ends_with('\n');
    }

    fn code(&mut self, close: &'static str, end: Kind<'a>) -> Result<(), Fault> {
        let mut open: Vec<char> = Vec::new();
        while self.at < self.source.len() {
            let rest = &self.source[self.at..];
            if open.is_empty() {
                let minus = rest
                    .strip_prefix('-')
                    .is_some_and(|rest| rest.starts_with(close));
                let plus = close == "%}"
                    && rest
                        .strip_prefix('+')
                        .is_some_and(|rest| rest.starts_with(close));
                if minus || plus || rest.starts_with(close) {
                    self.push_at(end, self.line);
                    self.skip(usize::from(minus || plus));
                    if close == "%}" {
                        self.close(minus, close);
                    } else {
                        let after = &self.source[self.at + close.len()..];
                        let spaces = after.len() - after.trim_start_matches(is_space).len();
                        self.skip(close.len() + if minus { spaces } else { 0 });
                        self.line_starting = self.source[..self.at].ends_with('\n');
                    }
                    return Ok(());
                }
            }
            self.token(rest, &mut open)?;
        }
        Ok(())
    }

    fn token(&mut self, rest: &'a str, open: &mut Vec<char>) -> Result<(), Fault> {
        let Some(first) = rest.chars().next() else {
            return Ok(());
        };
        if is_space(first) {
            let length = rest.len() - rest.trim_start_matches(is_space).len();
            self.skip(length);
            return Ok(());
        }
        let after_dot = self.source[..self.at].ends_with('.');
        if first.is_ascii_digit() {
            let (kind, length) = match float(rest).filter(|_| !after_dot) {
                Some(length) => (Kind::Float(plain(&rest[..length])), length),
                None => {
                    let length = integer(rest);
                    (Kind::Integer(plain(&rest[..length])), length)
                }
            };
            self.push_at(kind, self.line);
            self.skip(length);
            return Ok(());
        }
        if first.is_alphanumeric() || first == '_' {
            let length = rest
                .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .unwrap_or(rest.len());
            if !(first.is_alphabetic() || first == '_') {
                return Err(Fault::new(self.line, "invalid character in identifier"));
            }
            self.push_at(Kind::Name(&rest[..length]), self.line);
            self.skip(length);
            return Ok(());
        }
        if first == '\'' || first == '"' {
            if let Some(length) = text_length(rest, first) {
                let text = unescape(&rest[1..length - 1]).map_err(|m| Fault::new(self.line, m))?;
                self.push_at(Kind::Text(text), self.line);
                self.skip(length);
                return Ok(());
            }
            return Err(Fault::new(
                self.line,
                format!("the text has no closing quote `{first}`"),
            ));
        }
        let found = OPERATORS
            .iter()
            .find(|operator| rest.starts_with(**operator));
        let Some(&operator) = found else {
            return Err(Fault::new(
                self.line,
                format!("unexpected character `{first}`"),
            ));
        };
        match operator {
            "(" => open.push(')'),
            "[" => open.push(']'),
            "{" => open.push('}'),
            ")" | "]" | "}" => match open.pop() {
                Some(expected) if expected == first => {}
                Some(expected) => {
                    let message = format!("unexpected `{first}`, expected `{expected}`");
                    return Err(Fault::new(self.line, message));
                }
                None => return Err(Fault::new(self.line, format!("unexpected `{first}`"))),
            },
            _ => {}
        }
        self.push_at(Kind::Operator(operator), self.line);
        self.skip(operator.len());
        Ok(())
    }

    fn skip(&mut self, length: usize) {
        let end = self.at + length;
        self.line += lines(&self.source[self.at..end]);
        self.at = end;
    }

    fn push(&mut self, kind: Kind<'a>) {
        self.push_at(kind, self.line);
    }

    fn push_at(&mut self, kind: Kind<'a>, line: usize) {
        self.tokens.push(Token {
            kind,
            line,
            at: self.at,
        });
    }
}

/// Where the next tag starts, and its sign.
fn tag_start(text: &str) -> Option<(usize, Option<char>)> {
    let mut from = 0;
    loop {
        let index = from + text[from..].find('{')?;
        if text[index + 1..].starts_with(['{', '%', '#']) {
            let sign = text[index + 2..].chars().next();
            return Some((index, sign.filter(|sign| matches!(sign, '-' | '+'))));
        }
        from = index + 1;
    }
}

/// The length of the `{% raw %}` that `tag` starts with.
fn raw_begin(tag: &str) -> Option<usize> {
    let inside = tag.get(2..)?;
    let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    let after = inside.trim_start_matches(is_space).strip_prefix("raw")?;
    let after = after.trim_start_matches(is_space);
    if let Some(rest) = after.strip_prefix("-%}") {
        return Some(tag.len() - rest.trim_start_matches(is_space).len());
    }
    after.strip_prefix("%}").map(|rest| tag.len() - rest.len())
}

/// Where the body of a raw block ends, the sign of its `{% endraw`, and where the closing `%}` is.
fn endraw(body: &str) -> Option<(usize, Option<char>, usize)> {
    body.match_indices("{%").find_map(|(start, _)| {
        let inside = &body[start + 2..];
        let sign = inside
            .chars()
            .next()
            .filter(|sign| matches!(sign, '-' | '+'));
        let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
        let after = inside.trim_start_matches(is_space).strip_prefix("endraw")?;
        let after = after.trim_start_matches(is_space);
        let close = after.strip_prefix(['-', '+']).unwrap_or(after);
        close
            .starts_with("%}")
            .then(|| (start, sign, body.len() - close.len()))
    })
}

/// How long a quoted text is, both quotes included.
fn text_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (index, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// `(\d+_)*\d+`
fn digits(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut length = 0;
    loop {
        while bytes.get(length).is_some_and(u8::is_ascii_digit) {
            length += 1;
        }
        let goes_on = bytes.get(length) == Some(&b'_')
            && length > 0
            && bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
        if !goes_on {
            return length;
        }
        length += 1;
    }
}

fn float(text: &str) -> Option<usize> {
    let whole = digits(text);
    let exponent = |from: usize| {
        let rest = text[from..].strip_prefix(['e', 'E'])?;
        let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        let length = digits(rest);
        (length > 0).then(|| text.len() - rest.len() + length)
    };
    let fraction = text[whole..]
        .strip_prefix('.')
        .map(digits)
        .filter(|length| *length > 0)
        .map(|length| whole + 1 + length);
    match fraction {
        Some(end) => Some(exponent(end).unwrap_or(end)),
        None => exponent(whole),
    }
}

fn integer(text: &str) -> usize {
    let based = |is_digit: fn(&u8) -> bool| {
        let bytes = &text.as_bytes()[2..];
        let mut length = 0;
        loop {
            let skip = usize::from(bytes.get(length) == Some(&b'_'));
            if !bytes.get(length + skip).is_some_and(is_digit) {
                return (length > 0).then_some(length + 2);
            }
            length += skip + 1;
        }
    };
    let found = match text.get(..2) {
        Some("0b" | "0B") => based(|digit| matches!(digit, b'0' | b'1')),
        Some("0o" | "0O") => based(|digit| matches!(digit, b'0'..=b'7')),
        Some("0x" | "0X") => based(u8::is_ascii_hexdigit),
        _ => None,
    };
    found.unwrap_or_else(|| {
        let length = digits(text);
        if !text.starts_with('0') {
            return length;
        }
        // Zeros only: `01` is two numbers.
        let zeros = text[..length].trim_start_matches(['0', '_']);
        let taken = length - zeros.len();
        text[..taken].trim_end_matches('_').len()
    })
}

fn plain(number: &str) -> Cow<'_, str> {
    if number.contains('_') {
        Cow::Owned(number.replace('_', ""))
    } else {
        Cow::Borrowed(number)
    }
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// What `\s` and `str.isspace` take: more than the white space of Unicode.
pub(super) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{1c}'..='\u{1f}')
}
