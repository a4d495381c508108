//! Which modules a project calls, and with what `required_version`.

use std::fmt;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::parser;
use hcl_edit::structure::{Attribute, Body};
use hcl_edit::template::Element;

use super::{address, json};
use crate::{Syntax, line_of};

/// A `module` block. Displays as ``main.tf:7: module `x` from `github.com/acme/x` ``; a login in the address is not
/// shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleCall {
    /// Path of the file, relative to the root module, `/` between the segments.
    pub file: String,
    /// Line of the source, or of the block where it has none; from 1.
    pub line: u32,
    /// The name of the call.
    pub name: String,
    /// Where the module comes from; `None` where it is missing or computed. What a computed one comes to is known when
    /// Terraform has downloaded it: [`installed_modules`](super::installed_modules).
    pub source: Option<String>,
    /// The `version`, where it is a plain text.
    pub version: Option<String>,
}

/// A `required_version` of the root module. Displays as `main.tf:2: required_version = ">= 1.5"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequiredVersion {
    /// Path of the file, relative to the root module.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The constraint, as it stands there.
    pub constraint: String,
}

/// The `module` blocks in Terraform's files of every folder, sorted by file and line. A file that cannot be parsed has
/// none; what Terraform makes of it is seen after the download.
pub fn module_sources<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<ModuleCall> {
    let mut found = Vec::new();
    for (file, bytes) in files {
        let Some(syntax) = Syntax::of(file) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let calls = match syntax {
            Syntax::Native => native_calls(text),
            Syntax::Json => json_calls(text),
        };
        found.extend(calls.into_iter().map(|call| ModuleCall {
            file: file.to_owned(),
            line: line_of(text, call.offset),
            name: call.name,
            source: call.source,
            version: call.version,
        }));
    }
    found.sort();
    found
}

/// The `required_version` constraints in the root module's files that are plain texts, sorted by file and line.
pub fn required_versions<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Vec<RequiredVersion> {
    let mut found = Vec::new();
    for (file, bytes) in files {
        let Some(syntax) = Syntax::of(file) else {
            continue;
        };
        if file.contains('/') {
            continue;
        }
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let constraints = match syntax {
            Syntax::Native => native_versions(text),
            Syntax::Json => json_versions(text),
        };
        found.extend(
            constraints
                .into_iter()
                .map(|(offset, constraint)| RequiredVersion {
                    file: file.to_owned(),
                    line: line_of(text, offset),
                    constraint,
                }),
        );
    }
    found.sort();
    found
}

#[derive(Default)]
struct Call {
    offset: usize,
    name: String,
    source: Option<String>,
    version: Option<String>,
}

fn native_calls(text: &str) -> Vec<Call> {
    let Ok(body) = parser::parse_body(text) else {
        return Vec::new();
    };
    let body: Body = body;
    let calls = body.get_blocks("module").map(|block| {
        let source = block.body.get_attribute("source");
        let place = source
            .and_then(|source| source.key.span())
            .or_else(|| block.ident.span());
        let label = block.labels.first();
        Call {
            offset: place.map_or(0, |span| span.start),
            name: label.map_or_else(String::new, |label| label.as_str().to_owned()),
            source: source.and_then(literal),
            version: block.body.get_attribute("version").and_then(literal),
        }
    });
    calls.collect()
}

/// The text of an attribute that is nothing but a text.
fn literal(attribute: &Attribute) -> Option<String> {
    in_expression(&attribute.value)
}

fn in_expression(value: &Expression) -> Option<String> {
    match value {
        Expression::String(text) => Some(text.as_str().to_owned()),
        Expression::Parenthesis(inside) => in_expression(inside.inner()),
        Expression::StringTemplate(template) => template
            .iter()
            .map(|element| match element {
                Element::Literal(text) => Some(text.as_str()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

fn json_calls(text: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    json::walk(text, &mut |property| match (property.path, property.name) {
        (["module"], name) => calls.push(Call {
            offset: property.offset,
            name: name.to_owned(),
            ..Call::default()
        }),
        (["module", name], "source") => {
            let call = Call {
                offset: property.offset,
                name: (*name).to_owned(),
                source: property.text.filter(|text| is_plain(text)),
                version: None,
            };
            match calls.last_mut() {
                Some(last) if last.source.is_none() => {
                    *last = Call {
                        version: last.version.take(),
                        ..call
                    };
                }
                // A property that is given twice.
                _ => calls.push(call),
            }
        }
        (["module", _], "version") => {
            if let Some(last) = calls.last_mut() {
                last.version = property.text.filter(|text| is_plain(text));
            }
        }
        _ => {}
    });
    calls
}

fn is_plain(text: &str) -> bool {
    !text.contains("${") && !text.contains("%{")
}

fn native_versions(text: &str) -> Vec<(usize, String)> {
    let Ok(body) = parser::parse_body(text) else {
        return Vec::new();
    };
    let body: Body = body;
    let blocks = body.get_blocks("terraform");
    let attributes = blocks.filter_map(|block| block.body.get_attribute("required_version"));
    attributes
        .filter_map(|attribute| {
            let offset = attribute.key.span().map_or(0, |span| span.start);
            Some((offset, literal(attribute)?))
        })
        .collect()
}

fn json_versions(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    json::walk(text, &mut |property| {
        if let (["terraform"], "required_version", Some(text)) =
            (property.path, property.name, property.text)
        {
            found.push((property.offset, text));
        }
    });
    found
}

impl ModuleCall {
    /// Whether the source is a local one that leaves the project's folder.
    #[must_use]
    pub fn leaves_project(&self) -> bool {
        let Some(source) = self
            .source
            .as_deref()
            .filter(|source| address::is_local(source))
        else {
            return false;
        };
        let mut depth = self.file.matches('/').count();
        for part in source.split(['/', '\\']) {
            match part {
                "" | "." => {}
                ".." if depth == 0 => return true,
                ".." => depth -= 1,
                _ => depth += 1,
            }
        }
        false
    }
}

impl fmt::Display for ModuleCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}: module `{}`",
            self.file, self.line, self.name
        )?;
        match &self.source {
            Some(source) => write!(formatter, " from `{}`", address::shown(source)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for RequiredVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}: required_version = \"{}\"",
            self.file, self.line, self.constraint
        )
    }
}

#[cfg(test)]
mod tests;
