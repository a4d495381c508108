//! From a project's folder to its plugins with merged inputs. Nothing here needs a store.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use stk_manifest::{
    AppliedPlugin, DynamicInputs, Finding, FindingCode, Manifest, Parsed, PluginDefinition, Unit,
    WorkspaceConnections, units,
};

use crate::error::LoadError;
use crate::source::{PluginSource, SourceError};

/// A project that can be deployed: everything of it is known and valid.
#[derive(Clone, Debug)]
pub struct Project {
    /// `stk.yaml`.
    pub manifest: Manifest,
    /// Its infrastructure plugins, in file order.
    pub units: Vec<Unit>,
    /// Where the files of each are, by alias.
    pub sources: BTreeMap<String, PluginSource>,
    /// `.stk/connections.yaml`.
    pub workspace: WorkspaceFile,
    /// What is odd, but not wrong.
    pub warnings: Vec<Finding>,
}

/// `.stk/connections.yaml`: connections that live in the workspace, for this environment.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceFile {
    /// Where the file is, or would be.
    pub path: PathBuf,
    /// What it says.
    pub connections: WorkspaceConnections,
}

/// Reads the project below `workdir` for `environment`. `plugins` is the catalogue's folder; `None`:
/// `plugins` below `workdir`, if it exists.
///
/// # Errors
///
/// [`LoadError`]; when files are at fault, with every finding in them.
pub fn load(
    workdir: &Path,
    plugins: Option<&Path>,
    environment: &str,
    dynamic: &DynamicInputs,
) -> Result<Project, LoadError> {
    let (project, findings) = inspect(workdir, plugins, environment, dynamic)?;
    match project {
        Some(project) if !findings.iter().any(Finding::is_error) => Ok(Project {
            warnings: findings,
            ..project
        }),
        _ => Err(LoadError::Findings(findings)),
    }
}

/// The same, with every finding whether or not it is an error. The project is there when enough of it
/// could be read to go on looking; do not deploy it if a finding is an error.
///
/// # Errors
///
/// [`LoadError`] when there is no project to look at.
pub fn inspect(
    workdir: &Path,
    plugins: Option<&Path>,
    environment: &str,
    dynamic: &DynamicInputs,
) -> Result<(Option<Project>, Vec<Finding>), LoadError> {
    let workdir = tidy(workdir);
    let parsed = manifest(&workdir)?;
    let mut findings = parsed.findings;
    let Some(manifest) = parsed.value else {
        return Ok((None, findings));
    };

    let default = workdir.join("plugins");
    let plugins = plugins.map_or(default, Path::to_owned);
    let mut sources = BTreeMap::new();
    let mut definitions = BTreeMap::new();
    for plugin in manifest.infra_plugins() {
        match definition(&workdir, &plugins, &manifest, plugin, &mut findings) {
            Some((source, Some(definition))) => {
                sources.insert(plugin.alias.clone(), source);
                definitions.insert(plugin.alias.clone(), definition);
            }
            Some((source, None)) => {
                sources.insert(plugin.alias.clone(), source);
            }
            None => {}
        }
    }
    let workspace = workspace(&workdir, environment, &mut findings)?;
    let units = units(&manifest, &definitions, environment, dynamic);
    // A plugin without a definition was reported when its source was looked for.
    findings.extend(
        units
            .findings
            .into_iter()
            .filter(|finding| finding.code != FindingCode::NoDefinition),
    );
    findings.sort_by(|one, other| {
        (one.file.as_str(), one.line, one.column).cmp(&(&other.file, other.line, other.column))
    });
    findings.dedup();
    let project = units.value.map(|units| Project {
        manifest,
        units,
        sources,
        workspace,
        warnings: Vec::new(),
    });
    Ok((project, findings))
}

/// Reads `stk.yaml` below `workdir`, and nothing else.
///
/// # Errors
///
/// [`LoadError`] when it is not there or cannot be read. What is wrong in it is in the findings.
pub fn manifest(workdir: &Path) -> Result<Parsed<Manifest>, LoadError> {
    let workdir = tidy(workdir);
    let file = workdir.join(".stk").join("stk.yaml");
    let text = match read(&file) {
        Ok(text) => text,
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            return Err(LoadError::NoManifest {
                elsewhere: nearby(&workdir),
                path: file,
            });
        }
        Err(source) => return Err(LoadError::Read { path: file, source }),
    };
    let mut parsed = Manifest::parse(&shown(&file), &text);
    if let Some(manifest) = &parsed.value
        && let Err(finding) = manifest.project_identity()
    {
        parsed.findings.push(*finding);
    }
    Ok(parsed)
}

/// The definition of one applied plugin. What is wrong with it goes to `findings`.
fn definition(
    workdir: &Path,
    plugins: &Path,
    manifest: &Manifest,
    plugin: &AppliedPlugin,
    findings: &mut Vec<Finding>,
) -> Option<(PluginSource, Option<PluginDefinition>)> {
    let source = match PluginSource::find(workdir, Some(plugins), plugin) {
        Ok(source) => source,
        Err(error) => {
            findings.push(source_finding(manifest, plugin, &error));
            return None;
        }
    };
    let file = source.definition_file();
    let text = match read(&file) {
        Ok(text) => text,
        Err(error) => {
            let error = SourceError::Read {
                path: file,
                source: error,
            };
            findings.push(source_finding(manifest, plugin, &error));
            return None;
        }
    };
    let parsed = PluginDefinition::parse(&shown(&file), &text);
    findings.extend(parsed.findings);
    if let Some(definition) = &parsed.value
        && !source.forked
    {
        findings.extend(definition.version_mismatch(manifest, plugin));
    }
    Some((source, parsed.value))
}

fn source_finding(manifest: &Manifest, plugin: &AppliedPlugin, error: &SourceError) -> Finding {
    let mut message = format!("plugin `{}`: {error}", plugin.alias);
    let mut help = None;
    match error {
        SourceError::NotFound { tried, .. } => {
            let tried: Vec<_> = tried.iter().map(|path| shown(path)).collect();
            help = Some(format!(
                "put the plugin's folder in one of these places, or set PLUGINS_PATH \
                 (--plugins-path) to your catalogue; looked in: {}",
                tried.join(", ")
            ));
        }
        SourceError::NoDefinition { .. } => {
            help = Some("a plugin's folder holds plugin.yaml and templates-deploy/".to_owned());
        }
        SourceError::Read { source, .. } => message = format!("{message}: {source}"),
        SourceError::Name { .. } | SourceError::Depth { .. } => {}
    }
    manifest.finding_at(plugin, FindingCode::NoDefinition, message, help)
}

fn workspace(
    workdir: &Path,
    environment: &str,
    findings: &mut Vec<Finding>,
) -> Result<WorkspaceFile, LoadError> {
    let path = workdir.join(".stk").join("connections.yaml");
    let text = match read(&path) {
        Ok(text) => text,
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(WorkspaceFile {
                path,
                ..WorkspaceFile::default()
            });
        }
        Err(source) => return Err(LoadError::Read { path, source }),
    };
    let parsed = WorkspaceConnections::parse(&shown(&path), &text, environment);
    findings.extend(parsed.findings);
    Ok(WorkspaceFile {
        path,
        connections: parsed.value.unwrap_or_default(),
    })
}

/// Folders nearby that do hold a project: the one that the user probably meant.
fn nearby(workdir: &Path) -> Vec<PathBuf> {
    let holds = |folder: &Path| folder.join(".stk").join("stk.yaml").is_file();
    let parent = workdir.join("..");
    let mut found: Vec<_> = std::fs::read_dir(workdir)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| holds(folder))
        .collect();
    found.sort();
    if holds(&parent) {
        found.push(parent);
    }
    found
}

/// A byte order mark and the rest are the parser's business; not being UTF-8 is a fault that has a
/// place, which the parser gives it.
fn read(path: &Path) -> io::Result<String> {
    let bytes = std::fs::read(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is not UTF-8 (line {})", line + 1),
        )
    })
}

/// `./` in front of a path helps nobody, and GitHub wants annotations without it.
fn tidy(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| !matches!(part, std::path::Component::CurDir))
        .collect()
}

fn shown(path: &Path) -> String {
    tidy(path).display().to_string()
}
