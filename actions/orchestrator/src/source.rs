//! Where a plugin's files are, and what of them is packed.

use std::io;
use std::path::{Path, PathBuf};

use stk_manifest::{AppliedPlugin, PluginQualifier};
use stk_store::archive::Entry;

/// The two spellings of the folder whose files are rendered at deploy.
const TEMPLATES: [&str; 2] = ["templates-deploy", "templates_deploy"];
const DEFINITION: &str = "plugin.yaml";
/// Deeper folders are a loop of symbolic links.
const MAXIMUM_DEPTH: usize = 64;

/// The files of one plugin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PluginSource {
    /// The folder that holds `plugin.yaml`.
    pub definition: PathBuf,
    /// The folder that holds the templates.
    pub templates: PathBuf,
    /// Whether the templates are the project's own fork.
    pub forked: bool,
}

/// Why a plugin's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// None of the folders exists.
    #[error("no source was found for plugin `{qualifier}`")]
    NotFound {
        /// The plugin, as `stk.yaml` names it.
        qualifier: String,
        /// Every folder that was looked for, in order.
        tried: Vec<PathBuf>,
    },
    /// The folder has no definition.
    #[error("the plugin folder `{}` has no plugin.yaml", .folder.display())]
    NoDefinition {
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder cannot be read.
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

impl PluginSource {
    /// Finds the files of `plugin`: a fork below `workdir`, else the first of the catalogue's folders
    /// that exists.
    ///
    /// # Errors
    ///
    /// [`SourceError::NotFound`] with every folder looked for, or that the folder found cannot be
    /// used.
    pub fn find(
        workdir: &Path,
        plugins: Option<&Path>,
        plugin: &AppliedPlugin,
    ) -> Result<Self, SourceError> {
        let fork = workdir
            .join(".stk")
            .join("FORKED_PLUGINS")
            .join(&plugin.alias);
        let mut tried = vec![fork.clone()];
        let catalogue: Vec<_> = plugins
            .into_iter()
            .flat_map(|plugins| candidates(plugins, &plugin.qualifier))
            .collect();
        let found = catalogue.iter().find(|folder| folder.is_dir());
        if fork.is_dir() {
            // A fork holds what was copied to be edited: maybe all of the plugin, maybe only its
            // templates, maybe these without their folder.
            let definition = if fork.join(DEFINITION).is_file() {
                fork.clone()
            } else {
                match found {
                    Some(folder) => folder.clone(),
                    None => return Err(SourceError::NoDefinition { folder: fork }),
                }
            };
            let templates = templates_of(&fork).unwrap_or(fork);
            return Self {
                definition,
                templates,
                forked: true,
            }
            .checked();
        }
        let Some(folder) = found else {
            tried.extend(catalogue);
            return Err(SourceError::NotFound {
                qualifier: plugin.qualifier.to_string(),
                tried,
            });
        };
        Self {
            definition: folder.clone(),
            templates: templates_of(folder).unwrap_or_else(|| folder.join(TEMPLATES[0])),
            forked: false,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, SourceError> {
        if self.definition_file().is_file() {
            Ok(self)
        } else {
            Err(SourceError::NoDefinition {
                folder: self.definition,
            })
        }
    }

    /// The path of `plugin.yaml`.
    #[must_use]
    pub fn definition_file(&self) -> PathBuf {
        self.definition.join(DEFINITION)
    }

    /// The files that deploying needs: `plugin.yaml` and everything below `templates-deploy/`.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when one of them cannot be read or stored.
    pub fn entries(&self) -> Result<Vec<Entry>, SourceError> {
        let mut entries = vec![read(&self.definition_file(), DEFINITION.to_owned())?];
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

/// The folders of a catalogue that may hold a plugin, most specific first.
fn candidates(plugins: &Path, qualifier: &PluginQualifier) -> Vec<PathBuf> {
    let plugin = qualifier.plugin.as_str();
    let versioned = qualifier.version.as_ref().map_or_else(
        || plugin.to_owned(),
        |version| format!("{plugin}@{version}"),
    );
    let studio = plugins.join(&qualifier.studio);
    let mut folders = Vec::new();
    if let Some(stack) = &qualifier.stack {
        if let Some(version) = &qualifier.stack_version {
            folders.push(studio.join(format!("{stack}@{version}")).join(&versioned));
        }
        folders.push(studio.join(stack).join(&versioned));
    }
    folders.push(studio.join(&versioned));
    folders.push(plugins.join(&versioned));
    if versioned != plugin {
        folders.push(plugins.join(plugin));
    }
    folders
}

fn templates_of(folder: &Path) -> Option<PathBuf> {
    TEMPLATES
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_dir())
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
        std::fs::metadata(file)
            .map_err(failed)?
            .permissions()
            .mode()
            & 0o111
            != 0
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
mod tests {
    use super::*;

    fn shown(qualifier: &str) -> Vec<String> {
        candidates(Path::new("p"), &PluginQualifier::parse(qualifier).unwrap())
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    }

    #[test]
    fn the_most_specific_folder_comes_first() {
        assert_eq!(
            shown("studio/stack@1.2.3/plugin@4.5.6"),
            [
                "p/studio/stack@1.2.3/plugin@4.5.6",
                "p/studio/stack/plugin@4.5.6",
                "p/studio/plugin@4.5.6",
                "p/plugin@4.5.6",
                "p/plugin",
            ]
        );
        assert_eq!(
            shown("studio/plugin@1.0.0"),
            ["p/studio/plugin@1.0.0", "p/plugin@1.0.0", "p/plugin"]
        );
    }

    #[test]
    fn only_what_deploying_needs_is_packed() {
        let folder = tempfile::TempDir::new().unwrap();
        for (path, text) in [
            ("plugin.yaml", "x"),
            ("README.md", "x"),
            ("templates/app.txt", "x"),
            ("templates-deploy/main.tf", "x"),
            ("templates-deploy/module/main.tf", "x"),
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let source = PluginSource {
            definition: folder.path().to_owned(),
            templates: folder.path().join("templates-deploy"),
            forked: false,
        };
        let mut paths: Vec<_> = source
            .entries()
            .unwrap()
            .into_iter()
            .map(|entry| entry.path)
            .collect();
        paths.sort();
        assert_eq!(
            paths,
            [
                "plugin.yaml",
                "templates-deploy/main.tf",
                "templates-deploy/module/main.tf"
            ]
        );
    }
}
