//! Terraform's JSON syntax.
//!
//! Found by walking the tokens, not the parsed document: HCL's JSON allows a property name twice, where a parsed
//! document keeps only the last, and a parsed document has no lines.

use super::{BackendKind, Located, Problem};

pub(super) fn find(text: &str) -> Result<Vec<Located>, Problem> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Ok(scan(text)),
        Err(error) => Err(Problem {
            line: u32::try_from(error.line()).ok().filter(|&line| line > 0),
            reason: without_place(&error.to_string()).to_owned(),
        }),
    }
}

/// The blocks of any text that is more or less JSON.
pub(super) fn scan(text: &str) -> Vec<Located> {
    let mut found: Vec<Located> = Vec::new();
    walk(text, &mut |property| match (property.path, property.name) {
        (["terraform"], "cloud") => found.push(Located {
            offset: property.offset,
            kind: BackendKind::Cloud,
            name: None,
        }),
        (["terraform", "backend"], name) => found.push(Located {
            offset: property.offset,
            kind: BackendKind::Backend,
            name: Some(name.to_owned()),
        }),
        _ => {}
    });
    found
}

/// A property of an object.
pub(super) struct Property<'a> {
    /// The names of the properties whose objects it is in, the document's own first.
    pub(super) path: &'a [&'a str],
    pub(super) name: &'a str,
    /// Where its name starts.
    pub(super) offset: usize,
    /// Its value, where that is a text.
    pub(super) text: Option<String>,
}

/// Shows every property of any text that is more or less JSON, in the order of the text.
pub(super) fn walk(text: &str, show: &mut dyn FnMut(Property<'_>)) {
    // The property names that lead to the current object. Lists and their items have none, which makes a list between
    // an object and its items transparent, as it is for HCL.
    let mut path: Vec<Option<String>> = Vec::new();
    let mut key: Option<String> = None;
    let mut last_text: Option<(String, usize)> = None;
    let mut at = 0;
    while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let start = at;
        at += letter.len_utf8();
        match letter {
            '"' => {
                at = end_of_text(text, at);
                last_text = Some((unquote(&text[start..at]), start));
            }
            ':' => {
                key = last_text.take().map(|(name, offset)| {
                    let names: Vec<&str> = path.iter().filter_map(Option::as_deref).collect();
                    show(Property {
                        path: &names,
                        name: &name,
                        offset,
                        text: text_at(text, at),
                    });
                    name
                });
            }
            '{' | '[' => path.push(key.take()),
            '}' | ']' => {
                path.pop();
                key = None;
            }
            ',' => last_text = None,
            _ => {}
        }
    }
}

/// The quoted text that stands at `at`, behind blanks.
fn text_at(text: &str, at: usize) -> Option<String> {
    let rest = text.get(at..)?;
    let start = at + (rest.len() - rest.trim_start().len());
    if !text.get(start..)?.starts_with('"') {
        return None;
    }
    text.get(start..end_of_text(text, start + 1)).map(unquote)
}

fn end_of_text(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn unquote(quoted: &str) -> String {
    serde_json::from_str(quoted).unwrap_or_else(|_| quoted.trim_matches('"').to_owned())
}

/// The parser ends its messages with the place, which is reported apart.
fn without_place(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(text, _)| text)
}
