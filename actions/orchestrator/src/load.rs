//! From a project's folder to its plugins with merged inputs. Nothing here needs a store.

mod definitions;
mod files;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use stk_manifest::{
    DynamicInputs, Finding, FindingCode, Manifest, Parsed, Secrets, Unit, WorkspaceConnections,
    units,
};

use self::definitions::Definitions;
use self::files::{nearby, read, shown, tidy};
use crate::error::LoadError;
use crate::source::{Catalogue, PluginSource};

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
    secrets: Secrets<'_>,
) -> Result<Project, LoadError> {
    let (project, findings) = inspect(workdir, plugins, environment, dynamic, secrets)?;
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
    secrets: Secrets<'_>,
) -> Result<(Option<Project>, Vec<Finding>), LoadError> {
    let workdir = tidy(workdir);
    let parsed = manifest(&workdir)?;
    let mut findings = parsed.findings;
    let Some(manifest) = parsed.value else {
        return Ok((None, findings));
    };

    let plugins = plugins.map_or_else(|| workdir.join("plugins"), tidy);
    let mut catalogue = Catalogue::new(&workdir, plugins);
    let Definitions {
        sources,
        definitions,
    } = Definitions::of(&manifest, &mut catalogue, &mut findings);
    let workspace = workspace(&workdir, environment, &mut findings)?;
    let units = units(&manifest, &definitions, environment, dynamic, secrets);
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
