//! What plugins' Terraform may do, as the user's inputs say it, and whether it keeps to that.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use stk_compose::policy::{self, Execution, InstalledModule, MANIFEST};

pub use stk_compose::policy::{
    ModuleSource, ModuleSourceKind, ModuleSources, ModuleSourcesError, NotAllowed, Place,
    UnknownKey,
};

use crate::credentials;

/// How many violations a message lists.
const SHOWN: usize = 10;

/// What plugins' Terraform may do. The default allows no commands, and modules from anywhere.
///
/// The Debug form shows no token.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Whether provisioners and `data "external"` may stand in it.
    pub commands: bool,
    /// Where modules may come from; `None`: anywhere.
    pub modules: Option<ModuleSources>,
}

/// Something in a plugin's Terraform that the policy does not allow. Displays with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// It would run a command on the runner.
    Command(Execution),
    /// A module comes from elsewhere.
    Module {
        /// Which, and where it is called.
        module: String,
        /// Why it is not allowed.
        reason: String,
    },
    /// The plugin brings a file in one of Terraform's own folders: `.terraform`, where installed modules are listed, or
    /// `terraform.d`, where Terraform looks for providers, which are programs.
    TerraformFolder {
        /// The file.
        path: String,
    },
    /// What Terraform downloaded cannot be looked at.
    Unreadable {
        /// The file or folder.
        path: String,
        /// Why not.
        reason: String,
    },
}

impl Policy {
    /// Checks a plugin's rendered files, before Terraform runs: relative path and content.
    #[must_use]
    pub fn check<'a>(
        &self,
        files: impl IntoIterator<Item = (&'a str, &'a [u8])> + Clone,
    ) -> Vec<Violation> {
        let mut found = Vec::new();
        if !self.is_restricted() {
            return found;
        }
        for (path, _) in files.clone() {
            let folder = path.split('/').next().unwrap_or_default();
            if folder.eq_ignore_ascii_case(".terraform")
                || (!self.commands && folder.eq_ignore_ascii_case("terraform.d"))
            {
                found.push(Violation::TerraformFolder {
                    path: path.to_owned(),
                });
            }
        }
        if !self.commands {
            let commands = policy::executions(files.clone());
            found.extend(commands.into_iter().map(Violation::Command));
        }
        if let Some(modules) = &self.modules {
            for call in policy::module_sources(files) {
                let refused = if call.leaves_project() {
                    Some("it lies outside of the plugin".to_owned())
                } else {
                    // One that is computed is seen when Terraform has installed it.
                    let source = call.source.as_deref();
                    source
                        .and_then(|source| modules.allows(source).err())
                        .map(|reason| reason.to_string())
                };
                found.extend(refused.map(|reason| Violation::Module {
                    module: call.to_string(),
                    reason,
                }));
            }
        }
        found
    }

    /// Checks what `terraform init` installed below `project`: where every module at every depth comes from, and what is
    /// in it. Only the folders of modules that are called count, since examples and tests of a module are not run.
    #[must_use]
    pub fn check_installed(&self, project: &Path) -> Vec<Violation> {
        if !self.is_restricted() {
            return Vec::new();
        }
        let unreadable = |path: &str, reason: &dyn fmt::Display| {
            vec![Violation::Unreadable {
                path: path.to_owned(),
                reason: reason.to_string(),
            }]
        };
        let installed = match fs::read(project.join(MANIFEST)) {
            Ok(manifest) => match policy::installed_modules(&manifest) {
                Ok(installed) => installed,
                Err(error) => return unreadable(MANIFEST, &error.reason()),
            },
            // Without modules there is none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => return unreadable(MANIFEST, &error),
        };
        let mut found = Vec::new();
        let mut looked_at = BTreeSet::new();
        for module in installed.iter().filter(|module| !module.key.is_empty()) {
            found.extend(self.source(module));
            if self.commands || !looked_at.insert(module.dir.as_str()) {
                continue;
            }
            match files(project, &module.dir) {
                Ok(files) => {
                    let files = files
                        .iter()
                        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
                    let commands = policy::executions(files);
                    found.extend(commands.into_iter().map(Violation::Command));
                }
                Err(error) => found.extend(unreadable(&module.dir, &error)),
            }
        }
        found
    }

    fn source(&self, module: &InstalledModule) -> Option<Violation> {
        let modules = self.modules.as_ref()?;
        if module.is_inside() {
            return None;
        }
        let reason = match modules.allows(&module.source) {
            // A local one, or it would have been inside.
            Ok(()) if module.source.starts_with('.') => "it lies outside of the plugin".to_owned(),
            Ok(()) => return None,
            Err(reason) => reason.to_string(),
        };
        Some(Violation::Module {
            module: module.to_string(),
            reason,
        })
    }

    fn is_restricted(&self) -> bool {
        !self.commands || self.modules.is_some()
    }

    /// Everything that must not be shown: tokens, and what is made of them.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let sources = self.modules.iter().flat_map(|modules| &modules.sources);
        let mut secrets = Vec::new();
        for source in sources {
            let Some(token) = &source.token else {
                continue;
            };
            secrets.push(token.clone());
            secrets.push(credentials::login(source, token));
        }
        secrets
    }

    /// What of the list cannot work, for a warning each.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let Some(modules) = &self.modules else {
            return Vec::new();
        };
        let useless = modules.useless();
        let useless = useless.iter().map(|place| {
            format!("entry {place} allows nothing: its `path` is not the start of such an address")
        });
        let mut doubts: Vec<_> = useless.collect();
        let mut seen: Vec<(String, &SecretString)> = Vec::new();
        for source in &modules.sources {
            let place = source.git_url().or_else(|| source.registry_host());
            let (Some(place), Some(token)) = (place, &source.token) else {
                continue;
            };
            match seen.iter().find(|(before, _)| *before == place) {
                Some((_, before)) if before.expose_secret() != token.expose_secret() => {
                    doubts.push(format!(
                        "there are two tokens for {place}: the first one is used"
                    ));
                }
                Some(_) => {}
                None => seen.push((place, token)),
            }
        }
        doubts
    }
}

/// The files of one folder, without those below it; paths with the folder before them.
fn files(project: &Path, folder: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(project.join(folder))? {
        let entry = entry?;
        let path = entry.path();
        // Follows links, as Terraform does.
        if path.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.contains(".tf") || name.contains(".tofu") {
                found.push((format!("{folder}/{name}"), fs::read(&path)?));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// All of them in one line.
pub(crate) fn listed(violations: &[Violation]) -> String {
    let shown = violations.iter().take(SHOWN).map(ToString::to_string);
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if violations.len() > SHOWN {
        text.push_str(&format!(" and {} more", violations.len() - SHOWN));
    }
    text
}

/// What to do about them.
pub(crate) fn help(violations: &[Violation], destroying: bool) -> String {
    let any = |matches: fn(&Violation) -> bool| violations.iter().any(matches);
    let mut help = Vec::new();
    if any(|violation| matches!(violation, Violation::Command(_))) {
        help.push(
            "commands may run on the runner when LOCALEXEC_ENABLED (of the orchestrator: LOCAL_EXEC_ENABLED) is `true`",
        );
    }
    if any(|violation| matches!(violation, Violation::Module { .. })) {
        help.push(
            "modules may come from the plugin's own folder and from what FEATURES_TERRAFORM_MODULES lists",
        );
    }
    help.push(if destroying {
        "what is destroyed is the IaC of the last deployment: allow it for this run, or take the plugin back into \
         `stk.yaml`, deploy it without that, and then remove it"
    } else {
        "change the plugin, or the input"
    });
    help.join("; ")
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => command.fmt(formatter),
            Self::Module { module, reason } => write!(formatter, "{module} ({reason})"),
            Self::TerraformFolder { path } => {
                write!(formatter, "{path} (the folder is Terraform's own)")
            }
            Self::Unreadable { path, reason } => {
                write!(formatter, "{path} (cannot be looked at: {reason})")
            }
        }
    }
}

#[cfg(test)]
mod tests;
