//! Names: what Terraform takes, and names that no two things share.

use std::collections::BTreeSet;

use super::{ComposeError, Module};

/// Aliases and paths that cannot be composed.
pub(super) fn check(modules: &[Module<'_>]) -> Vec<ComposeError> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for module in modules {
        let alias = module.alias.to_owned();
        // An identifier holds no dot, so a folder is never called like a generated file.
        if !is_identifier(module.alias) {
            errors.push(ComposeError::Alias { alias });
            continue;
        }
        if !seen.insert(module.alias) {
            errors.push(ComposeError::Duplicate { alias });
            continue;
        }
        for file in &module.files {
            if !stays_inside(file.path) {
                errors.push(ComposeError::Path {
                    alias: alias.clone(),
                    path: file.path.to_owned(),
                });
            }
        }
    }
    errors
}

fn stays_inside(path: &str) -> bool {
    !path.contains('\\') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether `text` is an alias that Terraform takes as a name; it takes more letters, but folders should not.
pub(super) fn is_identifier(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|next| next.is_ascii_alphanumeric() || next == '_' || next == '-')
}

/// Whether an output of this name can be referred to; HCL takes letters of every language.
pub(super) fn is_output(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text
            .chars()
            .all(|next| next.is_alphanumeric() || next == '_' || next == '-')
}

/// `parts` as one name, `_` between them and for every letter that Terraform does not take.
pub(super) fn identifier(parts: &[&str]) -> String {
    let joined = parts.join("_");
    let letters = joined.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            letter
        } else {
            '_'
        }
    });
    letters.collect()
}

/// `name`, with a number when it is taken already.
pub(super) fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut unique = name.clone();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{name}_{number}");
        number += 1;
    }
    unique
}
