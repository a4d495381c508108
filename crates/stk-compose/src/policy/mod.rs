//! What a plugin's rendered Terraform may and may not contain.

mod address;
mod calls;
mod executions;
mod hcl;
mod installed;
mod json;
mod modules;
mod scan;
mod versions;

use std::fmt;

pub use calls::{ModuleCall, RequiredVersion, module_sources, required_versions};
pub use executions::{Execution, executions};
pub use installed::{InstalledModule, MANIFEST, ManifestError, installed_modules};
pub use modules::{
    ModuleSource, ModuleSourceKind, ModuleSources, ModuleSourcesError, NotAllowed, Place,
    UnknownKey,
};

use crate::{Syntax, line_of};

/// What [`backends`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backends {
    /// Blocks in files of the root module, sorted by file and line. They clash with the backend that the runtime adds
    /// (`Error: Duplicate backend configuration`), or in override files silently replace it.
    pub blocks: Vec<BackendBlock>,
    /// Blocks in files of sub-folders, sorted by file and line. Terraform ignores them there, with a warning.
    pub nested: Vec<BackendBlock>,
    /// Files of the root module that this crate could not parse, sorted by file. They were searched all the same,
    /// token by token; whether they are valid is Terraform's to say.
    pub unread: Vec<Unread>,
}

/// One `backend` or `cloud` block. Displays as `main.tf:2: backend "s3"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackendBlock {
    /// Path of the file, relative to the root module, `/` between the segments.
    pub file: String,
    /// Line of the block's name, from 1.
    pub line: u32,
    /// Which of the two blocks it is.
    pub kind: BackendKind,
    /// The backend's type, as `s3`; `None` for `cloud` and where it is missing.
    pub name: Option<String>,
}

/// The two blocks that say where state is kept. Terraform accepts one of them at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BackendKind {
    /// `terraform { backend "x" { … } }`.
    Backend,
    /// `terraform { cloud { … } }`.
    Cloud,
}

/// A file that could not be parsed here. Displays as `main.tf:7: reason`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// Path of the file, as in [`BackendBlock::file`].
    pub file: String,
    /// Line where parsing stopped, from 1, where it is known.
    pub line: Option<u32>,
    /// What the parser said.
    pub reason: String,
}

/// Finds the `backend` and `cloud` blocks of a Terraform project. `files` are relative path and content; those that
/// neither Terraform nor OpenTofu reads as configuration are skipped: other extensions (`.tf`, `.tf.json`, `.tofu` and
/// `.tofu.json` count), hidden files and editors' backups (Terraform's `IsIgnoredFile`).
pub fn backends<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Backends {
    let mut found = Backends::default();
    for (file, bytes) in files {
        let Some(syntax) = Syntax::of(file) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let parsed = match syntax {
            Syntax::Native => hcl::find(text),
            Syntax::Json => json::find(text),
        };
        let (located, problem) = match parsed {
            Ok(located) => (located, None),
            Err(problem) => (
                match syntax {
                    Syntax::Native => scan::find(text),
                    Syntax::Json => json::scan(text),
                },
                Some(problem),
            ),
        };
        let nested = file.contains('/');
        let blocks = if nested {
            &mut found.nested
        } else {
            &mut found.blocks
        };
        blocks.extend(located.into_iter().map(|block| BackendBlock {
            file: file.to_owned(),
            line: line_of(text, block.offset),
            kind: block.kind,
            name: block.name,
        }));
        if !nested && let Some(problem) = problem {
            found.unread.push(Unread {
                file: file.to_owned(),
                line: problem.line,
                reason: problem.reason,
            });
        }
    }
    found.blocks.sort();
    found.nested.sort();
    found.unread.sort();
    found
}

impl fmt::Display for BackendBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: ", self.file, self.line)?;
        match (self.kind, &self.name) {
            (BackendKind::Cloud, _) => formatter.write_str("cloud"),
            (BackendKind::Backend, Some(name)) => write!(formatter, "backend \"{name}\""),
            (BackendKind::Backend, None) => formatter.write_str("backend"),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.file, self.reason),
            None => write!(formatter, "{}: {}", self.file, self.reason),
        }
    }
}

/// A block at a byte offset of its file.
#[derive(Debug, PartialEq, Eq)]
struct Located {
    offset: usize,
    kind: BackendKind,
    name: Option<String>,
}

/// Why a file could not be parsed.
#[derive(Debug)]
struct Problem {
    line: Option<u32>,
    reason: String,
}
