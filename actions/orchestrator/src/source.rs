//! Where a plugin's files are, and what of them is packed.

mod catalogue;

use std::io;
use std::path::{Path, PathBuf};

use stk_store::archive::Entry;

pub(crate) use self::catalogue::Catalogue;

/// The two spellings of the folder whose files are rendered at deploy.
const TEMPLATES: [&str; 2] = ["templates-deploy", "templates_deploy"];
const DEFINITION: &str = "plugin.yaml";
/// What of the plugin is left out when it is published.
const IGNORED: &str = ".stkignore";
/// Deeper folders are a loop of symbolic links.
const MAXIMUM_DEPTH: usize = 64;

/// The files of one plugin.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct PluginSource {
    /// The folder that holds `plugin.yaml`.
    pub definition: PathBuf,
    /// The folder that holds the templates. It need not exist: what has no templates cannot be
    /// deployed, which is found out when it is rendered.
    pub templates: PathBuf,
    /// Whether `plugin.yaml` is the project's own fork, whose version is nobody else's.
    pub forked_definition: bool,
}

/// Why a plugin's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// None of the folders exists.
    #[error("no source was found for plugin `{qualifier}`; looked in {}", listed(.tried))]
    NotFound {
        /// The plugin, as `stk.yaml` names it.
        qualifier: String,
        /// Every folder that was looked for, in order.
        tried: Vec<PathBuf>,
    },
    /// A fork holds templates alone, and the plugin that it forks is nowhere.
    #[error(
        "the fork `{}` has no plugin.yaml, and the plugin `{qualifier}` that it belongs to was not \
         found; looked in {}", .folder.display(), listed(.tried)
    )]
    ForkOfNothing {
        /// The folder of the fork.
        folder: PathBuf,
        /// The plugin, as `stk.yaml` names it.
        qualifier: String,
        /// Every folder that was looked for, in order.
        tried: Vec<PathBuf>,
    },
    /// The folder has no definition.
    #[error("the plugin's folder `{}` has no plugin.yaml", .folder.display())]
    NoDefinition {
        /// The folder.
        folder: PathBuf,
    },
    /// This user may not read a file or folder, or `plugin.yaml` is not text.
    #[error("`{}` cannot be read", .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file's name cannot be stored.
    #[error("the name of `{}` is not valid Unicode", .path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// Folders are nested without end.
    #[error("`{}` is nested too deeply; is a symbolic link going in a circle?", .path.display())]
    Depth {
        /// The folder.
        path: PathBuf,
    },
}

impl SourceError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::NotFound { .. } | Self::ForkOfNothing { .. } => {
                "put the plugin's folder in one of these places, or set PLUGINS_PATH \
                 (--plugins-path) to the folder that holds your plugins"
            }
            Self::NoDefinition { .. } => {
                "a plugin's folder holds plugin.yaml and templates-deploy/"
            }
            Self::Read { .. } => "check the permissions of the plugin's folder",
            Self::Name { .. } => "rename the file",
            Self::Depth { .. } => return None,
        };
        Some(help.to_owned())
    }
}

impl PluginSource {
    /// The path of `plugin.yaml`.
    #[must_use]
    pub fn definition_file(&self) -> PathBuf {
        self.definition.join(DEFINITION)
    }

    /// The files that deploying needs: `plugin.yaml` and everything below `templates-deploy/`, in no
    /// particular order.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when one of them cannot be read or stored.
    pub fn entries(&self) -> Result<Vec<Entry>, SourceError> {
        let mut entries = vec![read(&self.definition_file(), DEFINITION.to_owned())?];
        let ignored = self.definition.join(IGNORED);
        if ignored.is_file() {
            entries.push(read(&ignored, IGNORED.to_owned())?);
        }
        if self.templates.is_dir() {
            walk(&self.templates, TEMPLATES[0], 0, &mut entries)?;
        }
        if self.templates == self.definition {
            // A fork without a folder of its own for its templates.
            entries.retain(|entry| entry.path != format!("{}/{DEFINITION}", TEMPLATES[0]));
        }
        Ok(entries)
    }
}

fn listed(folders: &[PathBuf]) -> String {
    let folders: Vec<_> = folders
        .iter()
        .map(|folder| format!("`{}`", folder.display()))
        .collect();
    folders.join(", ")
}

fn walk(
    folder: &Path,
    path: &str,
    depth: usize,
    entries: &mut Vec<Entry>,
) -> Result<(), SourceError> {
    let failed = |source| SourceError::Read {
        path: folder.to_owned(),
        source,
    };
    if depth > MAXIMUM_DEPTH {
        return Err(SourceError::Depth {
            path: folder.to_owned(),
        });
    }
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
            return Err(SourceError::Name { path: file });
        };
        let path = format!("{path}/{name}");
        // Follows symbolic links: what is packed is what they lead to now.
        let metadata = std::fs::metadata(&file).map_err(|source| SourceError::Read {
            path: file.clone(),
            source,
        })?;
        if metadata.is_dir() {
            walk(&file, &path, depth + 1, entries)?;
        } else {
            entries.push(read(&file, path)?);
        }
    }
    Ok(())
}

fn read(file: &Path, path: String) -> Result<Entry, SourceError> {
    let failed = |source| SourceError::Read {
        path: file.to_owned(),
        source,
    };
    let bytes = std::fs::read(file).map_err(failed)?;
    #[cfg(unix)]
    let executable = {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = std::fs::metadata(file).map_err(failed)?;
        metadata.permissions().mode() & 0o111 != 0
    };
    #[cfg(not(unix))]
    let executable = false;
    Ok(Entry {
        path,
        bytes,
        executable,
    })
}

#[cfg(test)]
mod tests;
