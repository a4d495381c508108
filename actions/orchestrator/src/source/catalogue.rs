//! Finding a plugin's folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use stk_manifest::{AppliedPlugin, PluginQualifier};

use super::{DEFINITION, PluginSource, SourceError, TEMPLATES};

/// Where the plugins of one project are looked for: its forks, then the folder of plugin sources.
/// A plugin that is applied often is looked for once.
#[derive(Debug)]
pub(crate) struct Catalogue {
    forks: PathBuf,
    /// Most projects have no forks, and need not be asked for each plugin.
    has_forks: bool,
    plugins: PathBuf,
    /// By the text of the qualifier.
    found: HashMap<String, Option<PathBuf>>,
    /// The same, for those that were looked into.
    sources: HashMap<String, PluginSource>,
}

impl Catalogue {
    /// The catalogue of the project below `workdir`, with the folder of plugin sources `plugins`.
    pub(crate) fn new(workdir: &Path, plugins: PathBuf) -> Self {
        let forks = workdir.join(".stk").join("FORKED_PLUGINS");
        Self {
            has_forks: forks.is_dir(),
            forks,
            plugins,
            found: HashMap::new(),
            sources: HashMap::new(),
        }
    }

    /// Finds the files of `plugin`: a fork, else the first of the catalogue's folders that exists.
    ///
    /// # Errors
    ///
    /// [`SourceError`] with every folder looked for, or that the folder found cannot be used.
    pub(crate) fn find(&mut self, plugin: &AppliedPlugin) -> Result<PluginSource, SourceError> {
        let fork = self.forks.join(&plugin.alias);
        if self.has_forks && fork.is_dir() {
            let folder = self.folder(&plugin.qualifier);
            return self.forked(fork, folder, &plugin.qualifier);
        }
        if let Some(source) = self.sources.get(&plugin.qualifier.text) {
            return Ok(source.clone());
        }
        let folder = self.folder(&plugin.qualifier);
        let Some(folder) = folder else {
            let mut tried = vec![fork];
            tried.extend(candidates(&self.plugins, &plugin.qualifier));
            return Err(SourceError::NotFound {
                qualifier: plugin.qualifier.to_string(),
                tried,
            });
        };
        if !folder.join(DEFINITION).is_file() {
            return Err(SourceError::NoDefinition { folder });
        }
        let source = PluginSource {
            templates: templates_of(&folder).unwrap_or_else(|| folder.join(TEMPLATES[0])),
            definition: folder,
            forked_definition: false,
        };
        let qualifier = plugin.qualifier.text.clone();
        self.sources.insert(qualifier, source.clone());
        Ok(source)
    }

    /// A fork holds what was copied to be edited: maybe all of the plugin, maybe only its templates,
    /// maybe these without their folder.
    fn forked(
        &self,
        fork: PathBuf,
        original: Option<PathBuf>,
        qualifier: &PluginQualifier,
    ) -> Result<PluginSource, SourceError> {
        let forked_definition = fork.join(DEFINITION).is_file();
        let definition = if forked_definition {
            fork.clone()
        } else {
            let Some(original) = original else {
                return Err(SourceError::ForkOfNothing {
                    folder: fork,
                    qualifier: qualifier.to_string(),
                    tried: candidates(&self.plugins, qualifier),
                });
            };
            if !original.join(DEFINITION).is_file() {
                return Err(SourceError::NoDefinition { folder: original });
            }
            original
        };
        Ok(PluginSource {
            definition,
            templates: templates_of(&fork).unwrap_or(fork),
            forked_definition,
        })
    }

    fn folder(&mut self, qualifier: &PluginQualifier) -> Option<PathBuf> {
        if let Some(found) = self.found.get(&qualifier.text) {
            return found.clone();
        }
        let found = candidates(&self.plugins, qualifier)
            .into_iter()
            .find(|folder| folder.is_dir());
        self.found.insert(qualifier.text.clone(), found.clone());
        found
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
}
