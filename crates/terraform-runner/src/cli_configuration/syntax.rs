//! What stands at the top of a file of Terraform's CLI configuration, which is HCL 1 or JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A setting or block at the top of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Top {
    pub(super) name: String,
    /// From 1.
    pub(super) line: u32,
}

/// A file, as HCL.
#[derive(Clone)]
pub(super) struct Parsed {
    pub(super) hcl: String,
    pub(super) tops: Vec<Top>,
}

/// Why a file cannot be read; Terraform would refuse it too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// It ends in the middle of something.
    #[error("line {line}: {what} is not closed")]
    Open {
        /// Where it was opened, from 1.
        line: u32,
        /// What was opened.
        what: &'static str,
    },
    /// Something stands where nothing of that kind can stand.
    #[error("line {line}: unexpected `{found}`")]
    Unexpected {
        /// Where, from 1.
        line: u32,
        /// What.
        found: char,
    },
    /// It begins like JSON and is none.
    #[error("line {line}: no JSON of an object")]
    Json {
        /// Where, from 1.
        line: u32,
    },
}

/// Reads a file. What is in blocks and values is not looked at, so what passes may still be refused by Terraform; but it
/// ends where it seems to end, and something can be put after it.
pub(super) fn parse(text: &str) -> Result<Parsed, SyntaxError> {
    let text = text.trim_start_matches('\u{feff}');
    // As Terraform's parser tells the two apart.
    if text.trim_start().starts_with('{') {
        return json(text);
    }
    Ok(Parsed {
        hcl: text.to_owned(),
        tops: Scanner::new(text).tops()?,
    })
}

fn json(text: &str) -> Result<Parsed, SyntaxError> {
    let object: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| SyntaxError::Json {
            line: u32::try_from(error.line()).unwrap_or(u32::MAX),
        })?;
    let mut hcl = String::new();
    for (name, value) in &object {
        match value {
            // What is labelled, `credentials "<host>" {…}`, is an object of objects in JSON.
            Value::Object(labelled) if labelled.values().all(Value::is_object) => {
                for (label, value) in labelled {
                    let _ = writeln!(hcl, "{} {} {}", quoted(name), quoted(label), native(value));
                }
            }
            Value::Object(_) => {
                let _ = writeln!(hcl, "{} {}", quoted(name), native(value));
            }
            _ => {
                let _ = writeln!(hcl, "{} = {}", quoted(name), native(value));
            }
        }
    }
    let line_of = |name: &str| {
        let before = text.find(&quoted(name)).map_or("", |at| &text[..at]);
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
    };
    let tops = object.keys().map(|name| Top {
        name: name.clone(),
        line: line_of(name),
    });
    Ok(Parsed {
        hcl,
        tops: tops.collect(),
    })
}

fn native(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{} = {}\n", quoted(name), native(value)))
                .collect();
            format!("{{\n{}}}", fields.concat())
        }
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(native).collect();
            format!("[{}]", values.join(", "))
        }
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A string of HCL 1. It knows no escape for `${`: between that and `}` stands what is meant.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

struct Scanner<'t> {
    rest: &'t str,
    line: u32,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            rest: text,
            line: 1,
        }
    }

    fn tops(mut self) -> Result<Vec<Top>, SyntaxError> {
        let mut tops = Vec::new();
        // Every bracket that is open, with its line.
        let mut open: Vec<(char, u32)> = Vec::new();
        // Whether the next name at the top begins an entry, and whether a value is due.
        let (mut begins, mut value) = (true, false);
        while let Some(letter) = self.rest.chars().next() {
            let line = self.line;
            let mut name = None;
            match letter {
                '#' => self.skip_line(),
                '/' if self.rest.starts_with("//") => self.skip_line(),
                '/' if self.rest.starts_with("/*") => {
                    let end = self.rest.find("*/");
                    let end = end.ok_or(SyntaxError::Open {
                        line,
                        what: "a comment",
                    })?;
                    self.take(end + 2);
                }
                '"' => name = Some(self.string()?),
                '<' if self.rest.starts_with("<<") => {
                    self.heredoc()?;
                    name = Some(String::new());
                }
                '{' | '[' => {
                    self.take(1);
                    open.push((letter, line));
                }
                '}' | ']' => {
                    self.take(1);
                    let opened = if letter == '}' { '{' } else { '[' };
                    if open.pop().map(|(letter, _)| letter) != Some(opened) {
                        return Err(SyntaxError::Unexpected {
                            line,
                            found: letter,
                        });
                    }
                    if open.is_empty() {
                        (begins, value) = (true, false);
                    }
                }
                '=' => {
                    self.take(1);
                    value |= open.is_empty();
                }
                letter if letter.is_whitespace() || letter == ',' => self.take(letter.len_utf8()),
                letter if is_word(letter) => {
                    let end = self.rest.find(|letter| !is_word(letter));
                    let word = &self.rest[..end.unwrap_or(self.rest.len())];
                    name = Some(word.to_owned());
                    self.take(word.len());
                }
                found => return Err(SyntaxError::Unexpected { line, found }),
            }
            let Some(name) = name.filter(|_| open.is_empty()) else {
                continue;
            };
            if value {
                (begins, value) = (true, false);
            } else if begins {
                tops.push(Top { name, line });
                begins = false;
            }
        }
        match open.pop() {
            Some((_, line)) => Err(SyntaxError::Open {
                line,
                what: "a bracket",
            }),
            None if begins => Ok(tops),
            None => Err(SyntaxError::Open {
                line: self.line,
                what: "the last setting",
            }),
        }
    }

    /// The text between the quotes.
    fn string(&mut self) -> Result<String, SyntaxError> {
        let open = SyntaxError::Open {
            line: self.line,
            what: "a text",
        };
        let mut depth = 0_u32;
        let mut letters = self.rest.char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' if depth == 0 => {
                    let text = self.rest[1..at].to_owned();
                    self.take(at + 1);
                    return Ok(text);
                }
                '\n' if depth == 0 => return Err(open),
                '\\' if depth == 0 => {
                    letters.next();
                }
                '$' if depth == 0 && letters.peek().is_some_and(|(_, next)| *next == '{') => {
                    letters.next();
                    depth = 1;
                }
                '{' if depth > 0 => depth += 1,
                '}' if depth > 0 => depth -= 1,
                _ => {}
            }
        }
        Err(open)
    }

    fn heredoc(&mut self) -> Result<(), SyntaxError> {
        let open = SyntaxError::Open {
            line: self.line,
            what: "a text",
        };
        let Some(end) = self.rest.find('\n') else {
            return Err(open);
        };
        let mark = self.rest[2..end].trim_start_matches('-').trim();
        let mut at = end + 1;
        for line in self.rest[at..].split_inclusive('\n') {
            at += line.len();
            if line.trim() == mark {
                // The line's end is left for the next entry.
                self.take(at);
                return Ok(());
            }
        }
        Err(open)
    }

    fn skip_line(&mut self) {
        self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
    }

    fn take(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        let lines = taken.matches('\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
    }
}

/// What names, numbers and constants are made of.
fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '+')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tops(text: &str) -> String {
        match parse(text) {
            Ok(parsed) => {
                let tops = parsed.tops.iter();
                let tops: Vec<_> = tops
                    .map(|top| format!("{}:{}", top.line, top.name))
                    .collect();
                tops.join(" ")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_names_at_the_top_are_found() {
        insta::assert_snapshot!(tops(r#"# provider_installation {
// provider_installation {
/* provider_installation {
*/
disable_checkpoint = true
plugin_cache_dir   = "$HOME/.terraform.d/plugin-cache"
credentials "app.terraform.io" {
  token = "a }\" { b"
}
host "x" { services = { "modules.v1" = "${ {"} }" } }
"quoted" = [1, "{", 2]
text = <<-EOT
  provider_installation {
  EOT
provider_installation {
  direct {}
}
last = -1.5"#), @"5:disable_checkpoint 6:plugin_cache_dir 7:credentials 10:host 11:quoted 12:text 15:provider_installation 18:last");
        insta::assert_snapshot!(tops(""), @"");
    }

    #[test]
    fn what_does_not_end_is_refused() {
        insta::assert_snapshot!(tops("a {\n"), @"line 1: a bracket is not closed");
        insta::assert_snapshot!(tops("\na = \"b\n"), @"line 2: a text is not closed");
        insta::assert_snapshot!(tops("a = 1\n/* "), @"line 2: a comment is not closed");
        insta::assert_snapshot!(tops("a = <<EOT\nb\n"), @"line 1: a text is not closed");
        insta::assert_snapshot!(tops("a = 1 }"), @"line 1: unexpected `}`");
        insta::assert_snapshot!(tops("a = ["), @"line 1: a bracket is not closed");
        insta::assert_snapshot!(tops("a {]"), @"line 1: unexpected `]`");
        insta::assert_snapshot!(tops("a ="), @"line 1: the last setting is not closed");
        insta::assert_snapshot!(tops("a ? b"), @"line 1: unexpected `?`");
        insta::assert_snapshot!(tops("\n{\"a\": }"), @"line 2: no JSON of an object");
    }

    #[test]
    fn json_becomes_native() {
        let text = r#"{
  "credentials": {"app.terraform.io": {"token": "a\"b"}},
  "disable_checkpoint": true,
  "provider_installation": {"direct": {}}
}"#;
        insta::assert_snapshot!(tops(text), @"2:credentials 3:disable_checkpoint 4:provider_installation");
        insta::assert_snapshot!(parse(text).unwrap().hcl, @r#"
        "credentials" "app.terraform.io" {
        "token" = "a\"b"
        }
        "disable_checkpoint" = true
        "provider_installation" "direct" {
        }
        "#);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_is_quoted_is_one_text(text in "\\PC*", inner in "[^$]*") {
            let _ = parse(&text);
            let setting = format!("a = {}", quoted(&inner));
            prop_assert_eq!(tops(&setting), "1:a");
        }
    }
}
