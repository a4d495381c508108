//! What would run commands on the machine that Terraform runs on.

use std::collections::BTreeSet;
use std::fmt;

use hcl_edit::Span as _;
use hcl_edit::parser;
use hcl_edit::structure::{Block, Body};

use super::{json, scan};
use crate::{Syntax, line_of};

/// The blocks that are told apart by their first label. The last two are OpenTofu's, in `encryption`.
const TYPED: [&str; 6] = [
    "data",
    "ephemeral",
    "action",
    "resource",
    "key_provider",
    "method",
];

/// The types whose only purpose is to start a program: `hashicorp/external`'s data source, the data source and action of
/// `hashicorp/local`, and OpenTofu's `external` key providers and methods.
const PROGRAMS: [&str; 2] = ["external", "local_command"];

/// Something that would run a command. Displays as `main.tf:7: provisioner "local-exec"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Execution {
    /// Path of the file, relative to the root module, `/` between the segments.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// What it is: `provisioner "local-exec"`, `data "external"`, or why it cannot be told.
    pub what: String,
}

/// Finds what runs commands in Terraform's files, in those of every folder: each `provisioner`, whatever its label and
/// wherever it stands (destroy-time ones and those of `removed` blocks as well), and each `data "external"`, also in a
/// `check` block, and its like. Sorted by file and line.
///
/// Other than in [`backends`](super::backends) doubt counts: of a file that cannot be parsed each line is listed that
/// could hold such a block, and where the parser and the search by tokens disagree, both are listed.
///
/// What a provider does by itself is not seen: a provider is a program.
pub fn executions<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<Execution> {
    let mut found = Vec::new();
    for (file, bytes) in files {
        let Some(syntax) = Syntax::of(file) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let located = match syntax {
            Syntax::Native => native(text),
            Syntax::Json => in_json(text),
        };
        // Two readers may name one thing; the parser's words come first.
        let mut lines = BTreeSet::new();
        for (offset, what) in located {
            let line = line_of(text, offset);
            if lines.insert((line, what.clone())) {
                found.push(Execution {
                    file: file.to_owned(),
                    line,
                    what,
                });
            }
        }
    }
    found.sort();
    found
}

fn native(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    match parser::parse_body(text) {
        Ok(body) => {
            let body: Body = body;
            in_body(&body, &mut found);
        }
        Err(_) => doubtful(text, &mut found),
    }
    found.extend(scan::headers(text).into_iter().filter_map(|header| {
        let what = program(&header.name, header.label.as_deref())?;
        Some((header.offset, what))
    }));
    found
}

fn in_body(body: &Body, found: &mut Vec<(usize, String)>) {
    for block in body.blocks() {
        let label = label(block, 0);
        let offset = block.ident.span().map_or(0, |span| span.start);
        let what = match block.ident.as_str() {
            // Terraform does not expand it into a provisioner today.
            "dynamic" => label.and_then(|label| program(label, None)),
            name => program(name, label),
        };
        if let Some(what) = what {
            found.push((offset, what));
        }
        in_body(&block.body, found);
    }
}

fn label(block: &Block, index: usize) -> Option<&str> {
    block.labels.get(index).map(|label| label.as_str())
}

/// What a block with this name and first label runs.
fn program(name: &str, label: Option<&str>) -> Option<String> {
    if name == "provisioner" {
        return Some(match label {
            Some(label) => format!("provisioner \"{label}\""),
            None => "provisioner".to_owned(),
        });
    }
    let label = label.filter(|label| PROGRAMS.contains(label))?;
    TYPED.contains(&name).then(|| format!("{name} \"{label}\""))
}

/// The lines of a file that nobody can read which hold one of the words, or an escape that could spell one.
fn doubtful(text: &str, found: &mut Vec<(usize, String)>) {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let word = words(line)
            .find(|word| *word == "provisioner" || PROGRAMS.contains(word))
            .or_else(|| {
                let escape = ["\\u00", "\\U0000"];
                escape.into_iter().find(|escape| line.contains(escape))
            });
        if let Some(word) = word {
            let what = format!("`{word}` in a file that cannot be parsed");
            found.push((offset, what));
        }
        offset += line.len();
    }
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-')
}

fn in_json(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    json::walk(text, &mut |property| {
        let what = match (property.path, property.name) {
            (["resource", _, _] | ["removed"], "provisioner")
            | (["resource", _, _, "dynamic"] | ["removed", "dynamic"], "provisioner") => {
                "provisioner".to_owned()
            }
            (["resource", _, _, "provisioner"] | ["removed", "provisioner"], label) => {
                let what = format!("provisioner \"{label}\"");
                match found.last_mut() {
                    // Its label, which comes right after the property.
                    Some((_, last)) if last == "provisioner" => {
                        *last = what;
                        return;
                    }
                    _ => what,
                }
            }
            ([kind] | ["check", _, kind] | ["terraform", "encryption", kind], name) => {
                match program(kind, Some(name)) {
                    Some(what) => what,
                    None => return,
                }
            }
            _ => return,
        };
        found.push((property.offset, what));
    });
    found
}

impl fmt::Display for Execution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.what)
    }
}

#[cfg(test)]
mod tests;
