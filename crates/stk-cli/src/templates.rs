//! The plugins' templates, as far as they can be checked without rendering.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use stk_manifest::{Finding, FindingCode, Severity};
use stk_orchestrator::{PluginSource, Project};
use stk_run::{Alias, Digest};
use stk_store::archive::Entry;

/// The files of the plugins, by what stands for their digest.
pub(crate) type Packages = BTreeMap<Digest, Vec<Entry>>;

/// What stands for the digest of a plugin's package: nothing is packed to look at it.
pub(crate) fn stand_in(source: &PluginSource) -> Digest {
    let folders = (&source.definition, &source.templates);
    Digest::of(format!("{folders:?}").as_bytes())
}

/// Every template that is not valid Jinja. A plugin that is applied twice is looked at once. The files that were read go
/// to `packages`.
pub(crate) fn check(project: &Project, packages: &mut Packages) -> Vec<Finding> {
    let mut seen: HashSet<&Path> = HashSet::new();
    let mut findings = Vec::new();
    for unit in &project.units {
        let Some(source) = project.sources.get(&unit.alias) else {
            continue;
        };
        if !seen.insert(&source.templates) {
            continue;
        }
        let Ok(alias) = unit.alias.parse::<Alias>() else {
            continue;
        };
        let at_plugin = |message: String, help: Option<String>| Finding {
            severity: Severity::Error,
            code: FindingCode::NoTemplates,
            message,
            file: project.manifest.file.clone(),
            line: unit.at.line,
            column: unit.at.column,
            help,
        };
        let entries = match source.entries() {
            Ok(entries) => entries,
            Err(error) => {
                findings.push(at_plugin(
                    format!("plugin `{}` cannot be packed: {error}", unit.alias),
                    error.help(),
                ));
                continue;
            }
        };
        packages.insert(stand_in(source), entries.clone());
        match stk_deploy::check(&alias, entries) {
            Ok(errors) => findings.extend(errors.into_iter().map(|error| {
                Finding {
                    severity: Severity::Error,
                    code: FindingCode::TemplateSyntax,
                    message: error.message,
                    file: source.templates.join(&error.template).display().to_string(),
                    line: error.line.unwrap_or(1),
                    column: 1,
                    help: error
                        .excerpt
                        .map(|excerpt| format!("the line is `{}`", excerpt.trim())),
                }
            })),
            Err(error) => findings.push(at_plugin(error.to_string(), Some(error.help()))),
        }
    }
    findings
}
