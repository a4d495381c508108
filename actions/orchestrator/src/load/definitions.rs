//! The definitions of a project's plugins. A `plugin.yaml` is read once, however often its plugin is
//! applied.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use stk_manifest::{AppliedPlugin, Finding, FindingCode, Manifest, PluginDefinition};

use super::files::{read, shown};
use crate::source::{Catalogue, PluginSource, SourceError};

/// What was found of the plugins of a project, by alias.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) sources: BTreeMap<String, PluginSource>,
    /// Shared by the plugins that have the same one.
    pub(super) definitions: BTreeMap<String, Arc<PluginDefinition>>,
}

impl Definitions {
    /// Looks for every infrastructure plugin of `manifest` in `catalogue`. What is wrong goes to
    /// `findings`.
    pub(super) fn of(
        manifest: &Manifest,
        catalogue: &mut Catalogue,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut found = Self::default();
        let mut parsed: HashMap<PathBuf, Option<Arc<PluginDefinition>>> = HashMap::new();
        for plugin in manifest.infra_plugins() {
            let source = match catalogue.find(plugin) {
                Ok(source) => source,
                Err(error) => {
                    findings.push(source_finding(manifest, plugin, &error));
                    continue;
                }
            };
            let file = source.definition_file();
            let definition = match parsed.get(&file) {
                Some(definition) => definition.clone(),
                None => {
                    let definition = match read(&file) {
                        Ok(text) => {
                            let definition = PluginDefinition::parse(&shown(&file), &text);
                            findings.extend(definition.findings);
                            definition.value.map(Arc::new)
                        }
                        Err(source) => {
                            let error = SourceError::Read {
                                path: file.clone(),
                                source,
                            };
                            findings.push(source_finding(manifest, plugin, &error));
                            None
                        }
                    };
                    parsed.insert(file, definition.clone());
                    definition
                }
            };
            if let Some(definition) = definition {
                if !source.forked_definition {
                    findings.extend(definition.version_mismatch(manifest, plugin));
                }
                found.definitions.insert(plugin.alias.clone(), definition);
            }
            found.sources.insert(plugin.alias.clone(), source);
        }
        found
    }
}

fn source_finding(manifest: &Manifest, plugin: &AppliedPlugin, error: &SourceError) -> Finding {
    let mut message = format!("plugin `{}`: {error}", plugin.alias);
    if let SourceError::Read { source, .. } = error {
        message = format!("{message}: {source}");
    }
    manifest.finding_at(plugin, FindingCode::NoDefinition, message, error.help())
}
