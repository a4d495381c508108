//! From a plugin's package to its rendered Terraform; nothing here touches a store.

use std::path::Path;

use stk_compose::policy::{self, BackendBlock};
use stk_render::{RenderError, Rendered, TemplateFile, Templates, Tree, Warning, WriteError};
use stk_run::{Alias, RunRecord, Unit};
use stk_store::archive::Entry;

use crate::connections::Connections;
use crate::context;

/// The two spellings of the folder whose files are rendered at deploy.
const FOLDERS: [&str; 2] = ["templates-deploy/", "templates_deploy/"];

/// A plugin's rendered Terraform.
#[derive(Clone, Debug)]
pub struct Project {
    /// The files, by path.
    pub tree: Tree,
    /// What is odd, but not wrong.
    pub warnings: Vec<String>,
}

/// Why a plugin's Terraform cannot be rendered, or is not allowed.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    /// The package has no templates; the plugin cannot be deployed.
    #[error("plugin `{alias}` has nothing to deploy: its package has no `templates-deploy` folder")]
    NoTemplates {
        /// The plugin.
        alias: Alias,
    },
    /// A template or a computed input is wrong; the plugin's author's fault, or an input's.
    #[error("plugin `{alias}` could not be rendered")]
    Template {
        /// The plugin.
        alias: Alias,
        /// Where and why.
        #[source]
        source: RenderError,
    },
    /// The plugin decides where its state is kept, which is the runtime's business; Terraform would
    /// refuse two backends only after it was started.
    #[error(
        "plugin `{alias}` brings its own {}, but the runtime decides where the state is kept",
        listed(.blocks)
    )]
    Backend {
        /// The plugin.
        alias: Alias,
        /// Every such block, with file and line of the rendered Terraform.
        blocks: Vec<BackendBlock>,
    },
}

impl UnitError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoTemplates { .. } => {
                "add a `templates-deploy` folder with Terraform files to the plugin, or apply it \
                 with `type: app`"
                    .to_owned()
            }
            Self::Template { source, .. } => source.excerpt.as_ref().map_or_else(
                || "correct the template, or the input that it uses".to_owned(),
                |excerpt| {
                    format!(
                        "correct this line or the input that it uses: {}",
                        excerpt.trim()
                    )
                },
            ),
            Self::Backend { .. } => {
                "remove the block from the plugin's templates; the state's place is set with \
                 TFSTATE_BUCKET_NAME"
                    .to_owned()
            }
        }
    }
}

fn listed(blocks: &[BackendBlock]) -> String {
    let blocks: Vec<_> = blocks.iter().map(ToString::to_string).collect();
    blocks.join(", ")
}

/// Renders `unit` of `record` from the files of its `package` and checks what comes out.
///
/// # Errors
///
/// [`UnitError`] when a template is wrong or what it renders is not allowed.
pub fn render(
    record: &RunRecord,
    unit: &Unit,
    package: Vec<Entry>,
    connections: &Connections,
) -> Result<Project, UnitError> {
    let alias = &unit.alias;
    let failed = |source| UnitError::Template {
        alias: alias.clone(),
        source,
    };
    let templates = templates(alias, package)?;
    let (context, mut warnings) = context::build(record, unit, connections).map_err(failed)?;
    let Rendered {
        tree,
        warnings: rendering,
    } = stk_render::render(&templates, &context).map_err(failed)?;
    warnings.extend(rendering);
    let mut warnings: Vec<_> = warnings.iter().map(Warning::to_string).collect();

    let found = policy::backends(
        tree.iter()
            .map(|(path, file)| (path, file.bytes.as_slice())),
    );
    if !found.blocks.is_empty() {
        return Err(UnitError::Backend {
            alias: alias.clone(),
            blocks: found.blocks,
        });
    }
    warnings.extend(
        found
            .nested
            .iter()
            .map(|block| format!("{block}: Terraform ignores this in a nested module")),
    );
    Ok(Project { tree, warnings })
}

/// Every syntax error in the templates of a package.
///
/// # Errors
///
/// [`UnitError::NoTemplates`] when there are none at all.
pub fn check(alias: &Alias, package: Vec<Entry>) -> Result<Vec<RenderError>, UnitError> {
    Ok(stk_render::check(&templates(alias, package)?))
}

impl Project {
    /// Writes the files below `folder`, which must not hold any of them yet.
    ///
    /// # Errors
    ///
    /// [`WriteError`], with the path that could not be written.
    pub fn write_to(&self, folder: &Path) -> Result<(), WriteError> {
        self.tree.write_to(folder)
    }
}

fn templates(alias: &Alias, package: Vec<Entry>) -> Result<Templates, UnitError> {
    let files: Vec<_> = package
        .into_iter()
        .filter_map(|entry| {
            let path = FOLDERS
                .iter()
                .find_map(|folder| entry.path.strip_prefix(folder))?
                .to_owned();
            Some(TemplateFile {
                path,
                bytes: entry.bytes,
                executable: entry.executable,
            })
        })
        .collect();
    if files.is_empty() {
        return Err(UnitError::NoTemplates {
            alias: alias.clone(),
        });
    }
    Ok(Templates { files })
}
