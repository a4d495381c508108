use ignore::gitignore::GitignoreBuilder;

use crate::error::{ErrorKind, RenderError};

/// Name of the file at the root of the templates that lists, in gitignore's syntax, files to leave out.
pub(crate) const IGNORE_FILE: &str = ".stkignore";

/// The template files of one plugin: everything below its `templates-deploy/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// The files, in any order. A `.stkignore` at the root is honoured and is itself left out.
    pub files: Vec<TemplateFile>,
}

/// One template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// Path relative to the templates folder, `/` between the segments; may hold Jinja (`{{ table }}-table.tf`).
    pub path: String,
    /// Content. Bytes that are not UTF-8, or hold a NUL, are a binary file and pass through unchanged.
    pub bytes: Vec<u8>,
    /// Whether the owner may execute it; kept.
    pub executable: bool,
}

impl Templates {
    /// The files that take part, sorted by path so that neither results nor errors depend on how a folder was listed.
    pub(crate) fn selected(&self) -> Result<Vec<&TemplateFile>, RenderError> {
        let ignored = self.ignored()?;
        let mut selected: Vec<&TemplateFile> = self
            .files
            .iter()
            .filter(|file| file.path != IGNORE_FILE)
            // The matcher panics on absolute paths; those are reported later, with the reason.
            .filter(|file| {
                file.path.starts_with(['/', '\\'])
                    || !ignored
                        .matched_path_or_any_parents(&file.path, false)
                        .is_ignore()
            })
            .collect();
        selected.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(selected)
    }

    fn ignored(&self) -> Result<ignore::gitignore::Gitignore, RenderError> {
        let mut builder = GitignoreBuilder::new("");
        let Some(file) = self.files.iter().find(|file| file.path == IGNORE_FILE) else {
            return Ok(ignore::gitignore::Gitignore::empty());
        };
        let text = String::from_utf8_lossy(&file.bytes);
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if let Err(error) = builder.add_line(None, line) {
                return Err(RenderError {
                    template: IGNORE_FILE.into(),
                    line: u32::try_from(index + 1).ok(),
                    message: format!("not a pattern that can be matched: {error}"),
                    excerpt: Some(line.trim().into()),
                    kind: ErrorKind::Syntax,
                });
            }
        }
        builder.build().map_err(|error| RenderError {
            template: IGNORE_FILE.into(),
            line: None,
            message: format!("the patterns cannot be matched: {error}"),
            excerpt: None,
            kind: ErrorKind::Syntax,
        })
    }
}
