use ignore::gitignore::{Gitignore, GitignoreBuilder};

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

    /// Leaves out what a `.stkignore` at the plugin's root lists. `patterns` is that file, and `folder` the path of the
    /// templates below that root, as `templates-deploy`; it is what patterns with a slash are matched with.
    ///
    /// # Errors
    ///
    /// A line that is not a pattern, with its number: the plugin author's fault.
    pub fn excluding(mut self, patterns: &[u8], folder: &str) -> Result<Self, RenderError> {
        let ignored = matcher(patterns)?;
        self.files.retain(|file| {
            let path = format!("{}/{}", folder.trim_matches('/'), file.path);
            let path = path.trim_start_matches('/');
            !ignored.matched_path_or_any_parents(path, false).is_ignore()
        });
        Ok(self)
    }

    fn ignored(&self) -> Result<Gitignore, RenderError> {
        match self.files.iter().find(|file| file.path == IGNORE_FILE) {
            Some(file) => matcher(&file.bytes),
            None => Ok(Gitignore::empty()),
        }
    }
}

fn matcher(patterns: &[u8]) -> Result<Gitignore, RenderError> {
    let mut builder = GitignoreBuilder::new("");
    let text = String::from_utf8_lossy(patterns);
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
