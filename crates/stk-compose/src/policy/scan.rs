//! Terraform's native syntax, token by token: for files that the parser does not understand.
//!
//! Knows only what is needed to tell code from text: comments, quoted templates with `${…}` and `%{…}` inside,
//! heredocs, braces. Anything else is passed over.

use super::{BackendKind, Located};

pub(super) fn find(text: &str) -> Vec<Located> {
    let in_terraform =
        |header: &Header| header.depth == 1 && header.parent.as_deref() == Some("terraform");
    let located = |header: Header| {
        let (kind, name) = match header.name.as_str() {
            "backend" => (BackendKind::Backend, header.label),
            "cloud" => (BackendKind::Cloud, None),
            _ => return None,
        };
        Some(Located {
            offset: header.offset,
            kind,
            name,
        })
    };
    let headers = headers(text).into_iter().filter(in_terraform);
    headers.filter_map(located).collect()
}

/// A block, or a map that looks like one.
pub(super) struct Header {
    pub(super) offset: usize,
    pub(super) name: String,
    /// Its first label.
    pub(super) label: Option<String>,
    parent: Option<String>,
    /// In how many braces it stands.
    depth: usize,
}

/// Every block, whatever it stands in.
pub(super) fn headers(text: &str) -> Vec<Header> {
    let mut scanner = Scanner {
        text,
        at: 0,
        modes: Vec::new(),
        path: Vec::new(),
        recent: Vec::new(),
        found: Vec::new(),
    };
    while scanner.step() {}
    scanner.found
}

/// What the scanner is inside of.
enum Mode {
    /// A quoted template.
    Quoted,
    /// A heredoc with this end marker.
    Heredoc(String),
    /// `${…}` or `%{…}` of a template, with the number of braces open in it.
    Interpolation(usize),
}

/// The last tokens of the line, as far as they can head a block.
enum Token {
    Name { text: String, offset: usize },
    Label(String),
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    modes: Vec<Mode>,
    /// The names of the open blocks and maps; `None` for those without one.
    path: Vec<Option<String>>,
    recent: Vec<Token>,
    found: Vec<Header>,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Consumes something; `false` at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(letter) = rest.chars().next() else {
            return false;
        };
        match self.modes.last() {
            Some(Mode::Quoted) => self.quoted(letter),
            Some(Mode::Heredoc(_)) => self.heredoc(),
            Some(Mode::Interpolation(_)) | None => self.code(letter),
        }
        true
    }

    fn quoted(&mut self, letter: char) {
        let rest = self.rest();
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            self.skip(3);
        } else if rest.starts_with("${") || rest.starts_with("%{") {
            self.skip(2);
            self.modes.push(Mode::Interpolation(0));
        } else if letter == '\\' {
            self.skip(1 + rest.chars().nth(1).map_or(0, char::len_utf8));
        } else {
            // A quoted template cannot hold a line break: one that does was never closed.
            if letter == '"' || letter == '\n' {
                self.modes.pop();
            }
            self.skip(letter.len_utf8());
        }
    }

    fn heredoc(&mut self) {
        let rest = self.rest();
        let line = rest.lines().next().unwrap_or_default();
        let starts_line = self.at == 0 || self.text.as_bytes()[self.at - 1] == b'\n';
        let ends = match self.modes.last() {
            Some(Mode::Heredoc(marker)) => starts_line && line.trim() == marker,
            _ => false,
        };
        if ends {
            self.skip(line.len());
            self.modes.pop();
            return;
        }
        let length = rest.find('\n').map_or(rest.len(), |index| index + 1);
        let chunk = &rest[..length];
        let start = ["${", "%{"]
            .iter()
            .flat_map(|mark| chunk.match_indices(mark))
            .filter(|(index, mark)| !chunk[..*index].ends_with(&mark[..1]))
            .map(|(index, _)| index)
            .min();
        match start {
            Some(index) => {
                self.skip(index + 2);
                self.modes.push(Mode::Interpolation(0));
            }
            None => self.skip(length),
        }
    }

    fn code(&mut self, letter: char) {
        let rest = self.rest();
        if letter == '#' || rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(rest.find("*/").map_or(rest.len(), |index| index + 2));
        } else if let Some(marker) = rest.strip_prefix("<<").and_then(heredoc_marker) {
            self.skip(rest.find('\n').map_or(rest.len(), |index| index + 1));
            self.modes.push(Mode::Heredoc(marker.to_owned()));
        } else if letter == '"' {
            self.label(rest);
        } else if letter.is_alphabetic() || letter == '_' {
            let length = rest
                .find(|next: char| !next.is_alphanumeric() && next != '_' && next != '-')
                .unwrap_or(rest.len());
            let text = rest[..length].to_owned();
            self.recent.push(Token::Name {
                text,
                offset: self.at,
            });
            self.skip(length);
        } else {
            match letter {
                '{' => self.open(),
                '}' => self.close(),
                ' ' | '\t' | '\r' => {}
                _ => self.recent.clear(),
            }
            self.skip(letter.len_utf8());
        }
    }

    /// A quoted text in code: remembered as a label where it is a plain one.
    fn label(&mut self, rest: &str) {
        let inside = &rest[1..];
        let end = inside.find(['"', '\\', '\n', '$', '%']);
        match end {
            Some(end) if inside[end..].starts_with('"') => {
                self.recent.push(Token::Label(inside[..end].to_owned()));
                self.skip(end + 2);
            }
            _ => {
                self.recent.clear();
                self.skip(1);
                self.modes.push(Mode::Quoted);
            }
        }
    }

    fn open(&mut self) {
        if let Some(Mode::Interpolation(braces)) = self.modes.last_mut() {
            *braces += 1;
            return;
        }
        let mut header = self.recent.drain(..);
        let Some(Token::Name { text, offset }) = header.next() else {
            drop(header);
            self.path.push(None);
            return;
        };
        let label = header.next().map(|token| match token {
            Token::Label(text) | Token::Name { text, .. } => text,
        });
        drop(header);
        self.found.push(Header {
            offset,
            name: text.clone(),
            label,
            parent: self.path.last().cloned().flatten(),
            depth: self.path.len(),
        });
        self.path.push(Some(text));
    }

    fn close(&mut self) {
        self.recent.clear();
        match self.modes.last_mut() {
            Some(Mode::Interpolation(0)) => {
                self.modes.pop();
            }
            Some(Mode::Interpolation(braces)) => *braces -= 1,
            _ => {
                self.path.pop();
            }
        }
    }
}

/// The end marker of a heredoc, from what follows its `<<`.
fn heredoc_marker(rest: &str) -> Option<&str> {
    let line = rest.lines().next()?;
    let marker = line.strip_prefix('-').unwrap_or(line).trim_end();
    let mut letters = marker.chars();
    let first = letters.next()?;
    let valid = (first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-');
    valid.then_some(marker)
}
