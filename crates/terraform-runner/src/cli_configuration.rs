//! The CLI configuration of Terraform: the file in which a user says, among other things, where providers come from.
//!
//! Which files there are and what counts: Terraform `internal/command/cliconfig` (`LoadConfig`, `config_unix.go`,
//! `config_windows.go`), and the same files of OpenTofu.

mod mirror;
mod syntax;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

pub use self::mirror::{MirrorError, ProviderMirror};
pub use self::syntax::SyntaxError;

use self::syntax::{Parsed, quoted};
use crate::{ChildEnvironment, Product};

/// The block that says where providers come from. There may be one at most.
const INSTALLATION: &str = "provider_installation";

/// The setting of a folder that all runs share and write to.
const CACHE: &str = "plugin_cache_dir";

/// The CLI configuration that a child would read.
#[derive(Clone, Default)]
pub struct CliConfiguration {
    files: Vec<(PathBuf, Parsed)>,
}

/// Why there is no configuration with a mirror in it. All of them are for whoever set up the machine.
#[derive(Debug, thiserror::Error)]
pub enum CliConfigurationError {
    /// A file is there and cannot be read.
    #[error("Terraform's configuration {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is no configuration.
    #[error("Terraform's configuration {} is malformed", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: SyntaxError,
    },
    /// The configuration says itself where providers come from.
    #[error("{}:{line}: Terraform's configuration has a {INSTALLATION} block already, and there can be one only", path.display())]
    Conflict {
        /// The file.
        path: PathBuf,
        /// Where the block is, from 1.
        line: u32,
    },
}

impl CliConfigurationError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Read { .. } => "make the file readable, or let TF_CLI_CONFIG_FILE name another one".to_owned(),
            Self::Syntax { .. } => {
                "correct the file: Terraform cannot read it either (`terraform version` shows what it says)".to_owned()
            }
            Self::Conflict { .. } => "leave PROVIDER_MIRROR empty and name the folder in that block's `filesystem_mirror`, or \
                 remove the block"
                .to_owned(),
        }
    }
}

impl CliConfiguration {
    /// What a child with this environment would read: the file that `TF_CLI_CONFIG_FILE` names, else the one in the
    /// home folder and those in the folder of settings beside it. What is not there is left out.
    ///
    /// # Errors
    ///
    /// [`CliConfigurationError::Read`] and [`CliConfigurationError::Syntax`]
    pub fn existing(
        product: Product,
        environment: &ChildEnvironment,
    ) -> Result<Self, CliConfigurationError> {
        let mut files = Vec::new();
        for path in paths(product, environment)? {
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(CliConfigurationError::Read { path, source }),
            };
            match syntax::parse(&text) {
                Ok(parsed) => files.push((path, parsed)),
                Err(source) => return Err(CliConfigurationError::Syntax { path, source }),
            }
        }
        Ok(Self { files })
    }

    /// The files that it is made of.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// The file and line of a `plugin_cache_dir`. Terraform says itself that such a folder is not safe when two
    /// processes install into it at once (`internal/providercache/dir.go`).
    #[must_use]
    pub fn shared_cache(&self) -> Option<(&Path, u32)> {
        self.find(CACHE)
    }

    /// The text of a file that says the same and takes every provider that `mirror` holds from there alone, and every
    /// other one from its own registry. It may hold tokens.
    ///
    /// That is what Terraform makes of the folders in which it looks for providers by itself; those are not looked into
    /// any more, since whoever says where providers come from says all of it.
    ///
    /// # Errors
    ///
    /// [`CliConfigurationError::Conflict`]
    pub fn with_mirror(
        &self,
        mirror: &ProviderMirror,
    ) -> Result<SecretString, CliConfigurationError> {
        if let Some((path, line)) = self.find(INSTALLATION) {
            return Err(CliConfigurationError::Conflict {
                path: path.to_owned(),
                line,
            });
        }
        let mut text = String::new();
        for (_, parsed) in &self.files {
            text.push_str(&parsed.hcl);
            text.push('\n');
        }
        let providers: Vec<_> = mirror.providers().map(quoted).collect();
        let providers = providers.join(", ");
        text.push_str(&format!(
            "{INSTALLATION} {{\n  filesystem_mirror {{\n    path    = {}\n    include = [{providers}]\n  }}\n  direct {{\n    \
             exclude = [{providers}]\n  }}\n}}\n",
            quoted(mirror.text())
        ));
        Ok(text.into())
    }

    fn find(&self, name: &str) -> Option<(&Path, u32)> {
        self.files.iter().find_map(|(path, parsed)| {
            let top = parsed.tops.iter().find(|top| top.name == name)?;
            Some((path.as_path(), top.line))
        })
    }
}

/// Shows the files, never what is in them.
impl fmt::Debug for CliConfiguration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.files()).finish()
    }
}

/// The files that are read, whether or not they exist.
fn paths(
    product: Product,
    environment: &ChildEnvironment,
) -> Result<Vec<PathBuf>, CliConfigurationError> {
    let folder = |name: &str| {
        let value = environment.get(name)?.expose_secret();
        (!value.is_empty()).then(|| PathBuf::from(value))
    };
    if let Some(file) = folder("TF_CLI_CONFIG_FILE") {
        return Ok(vec![file]);
    }
    let (mut files, mut settings) = (Vec::new(), None);
    if cfg!(windows) {
        if let Some(data) = folder("APPDATA") {
            files = vec![data.join("terraform.rc")];
            if product == Product::OpenTofu {
                files.insert(0, data.join("tofu.rc"));
            }
            settings = Some(data.join("terraform.d"));
        }
    } else if let Some(home) = folder("HOME") {
        files = vec![home.join(".terraformrc")];
        settings = Some(home.join(".terraform.d"));
        if product == Product::OpenTofu {
            files.insert(0, home.join(".tofurc"));
            if let Some(own) = folder("XDG_CONFIG_HOME") {
                files.push(own.join("opentofu/tofurc"));
                settings = settings
                    .filter(|settings| settings.exists())
                    .or_else(|| Some(own.join("opentofu")));
            }
        }
    }
    let mut paths: Vec<_> = files
        .into_iter()
        .find(|file| file.exists())
        .into_iter()
        .collect();
    if let Some(settings) = settings.filter(|settings| settings.is_dir()) {
        let failed = |source| CliConfigurationError::Read {
            path: settings.clone(),
            source,
        };
        let mut more = Vec::new();
        for entry in fs::read_dir(&settings).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.ends_with(".tfrc") || name.ends_with(".tfrc.json")) {
                more.push(path);
            }
        }
        more.sort();
        paths.extend(more);
    }
    Ok(paths)
}

#[cfg(test)]
mod tests;
