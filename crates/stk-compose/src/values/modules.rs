//! Local modules: who calls whom, and what is handed down.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use super::{Misplaced, Problem};
use crate::Syntax;

/// The folder of a file; empty for the root.
pub(crate) fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// A `module` block whose source is a folder of the project.
struct Call {
    file: String,
    /// The folder that it stands in.
    from: String,
    /// The folder that it calls.
    to: String,
    /// The block's place in its file.
    span: Range<usize>,
}

/// Declares in each calling module what its local modules need, and hands it to them in their `module` blocks.
pub(super) fn hand_down(
    files: &BTreeMap<&str, &[u8]>,
    changed: &mut BTreeMap<String, String>,
    needs: &mut BTreeMap<String, BTreeSet<&str>>,
    errors: &mut Vec<Misplaced>,
) {
    if needs.keys().all(String::is_empty) {
        return;
    }
    let calls = calls(files, changed);
    // What each call hands in, by its index.
    let mut handed: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    let mut open: Vec<String> = needs.keys().filter(|to| !to.is_empty()).cloned().collect();
    while let Some(to) = open.pop() {
        let wanted = needs.get(&to).cloned().unwrap_or_default();
        let mut called = false;
        for (index, call) in calls.iter().enumerate().filter(|(_, call)| call.to == to) {
            called = true;
            handed.entry(index).or_default().extend(&wanted);
            let above = needs.entry(call.from.clone()).or_default();
            let before = above.len();
            above.extend(&wanted);
            if above.len() > before && !call.from.is_empty() {
                open.push(call.from.clone());
            }
        }
        if !called {
            let file = changed.keys().find(|file| folder(file) == to);
            errors.push(Misplaced {
                file: file.cloned().unwrap_or_else(|| to.clone()),
                line: 1,
                token: None,
                problem: Problem::NotCalled(to),
            });
        }
    }
    // From the end of each file to its start, so that places stay right.
    for (index, names) in handed.into_iter().rev() {
        let Some(call) = calls.get(index) else {
            continue;
        };
        let text = changed.get(&call.file).cloned().or_else(|| {
            let bytes = files.get(call.file.as_str())?;
            Some(String::from_utf8_lossy(bytes).into_owned())
        });
        if let Some(text) = text.and_then(|text| with_arguments(&text, &call.span, &names)) {
            changed.insert(call.file.clone(), text);
        }
    }
}

/// The calls of local modules, in the order of files and of their places in them.
fn calls(files: &BTreeMap<&str, &[u8]>, changed: &BTreeMap<String, String>) -> Vec<Call> {
    let mut calls = Vec::new();
    for (&file, &bytes) in files {
        if !matches!(Syntax::of(file), Some(Syntax::Native)) {
            continue;
        }
        let text = match changed.get(file) {
            Some(text) => text.as_str().into(),
            None => String::from_utf8_lossy(bytes),
        };
        // What cannot be read is Terraform's to complain about.
        let Ok(body) = text.parse::<Body>() else {
            continue;
        };
        for block in body.get_blocks("module") {
            let from = folder(file);
            let to = source(block).and_then(|source| resolve(from, source));
            if let (Some(to), Some(span)) = (to, block.span()) {
                calls.push(Call {
                    file: file.to_owned(),
                    from: from.to_owned(),
                    to,
                    span,
                });
            }
        }
    }
    calls
}

pub(crate) fn source(block: &Block) -> Option<&str> {
    match &block.body.get_attribute("source")?.value {
        Expression::String(text) => Some(text.as_str()),
        _ => None,
    }
}

/// The folder of the project that `source` means when it stands in `folder`; `None` for what is no local module, and
/// for what leaves the project.
pub(crate) fn resolve(folder: &str, source: &str) -> Option<String> {
    if !(source.starts_with("./") || source.starts_with("../") || matches!(source, "." | "..")) {
        return None;
    }
    let mut path: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            part => path.push(part),
        }
    }
    Some(path.join("/"))
}

/// The text with `name = var.name` for each name at the end of the block at `span`.
fn with_arguments(text: &str, span: &Range<usize>, names: &BTreeSet<&str>) -> Option<String> {
    let block = text.get(span.clone())?;
    let close = block.rfind('}')?;
    let inside = block.get(..close)?;
    let mut arguments = String::new();
    for name in names {
        arguments.push_str(&format!("  {name} = var.{name}\n"));
    }
    let mut changed = text.get(..span.start)?.to_owned();
    // A block on one line takes one argument only.
    if !inside.contains('\n') {
        let open = inside.find('{')? + 1;
        changed.push_str(inside.get(..open)?);
        changed.push_str("\n ");
        changed.push_str(inside.get(open..)?.trim_end());
    } else {
        changed.push_str(inside.trim_end());
    }
    changed.push('\n');
    changed.push_str(&arguments);
    changed.push_str(block.get(close..)?);
    changed.push_str(text.get(span.end..)?);
    Some(changed)
}
