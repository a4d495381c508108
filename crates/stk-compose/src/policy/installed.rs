//! What Terraform has downloaded: `.terraform/modules/modules.json`.

use std::fmt;

use serde::Deserialize;

use super::address;

/// Where the manifest is, relative to the root module.
pub const MANIFEST: &str = ".terraform/modules/modules.json";

/// A module that Terraform has installed, at any depth. Displays as ``module `a.b` from `./b` ``; a login in the address
/// is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstalledModule {
    /// The names of the calls that lead to it, with dots between them; empty for the root module.
    pub key: String,
    /// Its source as Terraform understood it: a registry's host and `git::` are written out.
    #[serde(default)]
    pub source: String,
    /// Its folder, relative to the root module.
    pub dir: String,
}

/// A manifest that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{MANIFEST}` cannot be read")]
pub struct ManifestError(#[source] serde_json::Error);

impl ManifestError {
    /// What is wrong with it.
    #[must_use]
    pub fn reason(&self) -> String {
        self.0.to_string()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Manifest {
    modules: Vec<InstalledModule>,
}

/// Reads the manifest that `terraform init` writes (Terraform, `internal/modsdir/manifest.go`): every module that the
/// configuration calls, also those that modules call.
///
/// # Errors
///
/// [`ManifestError`] when it is not such a document.
pub fn installed_modules(manifest: &[u8]) -> Result<Vec<InstalledModule>, ManifestError> {
    let manifest: Manifest = serde_json::from_slice(manifest).map_err(ManifestError)?;
    Ok(manifest.modules)
}

impl InstalledModule {
    /// Whether it is a folder of whoever calls it, and inside the project.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        let folder = self.dir.replace('\\', "/");
        let outside = folder.starts_with('/')
            || folder.contains(':')
            || folder.split('/').any(|part| part == "..");
        address::is_local(&self.source) && !outside
    }
}

impl fmt::Display for InstalledModule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "module `{}` from `{}`",
            self.key,
            address::shown(&self.source)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_lists_modules_at_every_depth() {
        let manifest = br#"{"Modules":[{"Key":"","Source":"","Dir":"."},
            {"Key":"a","Source":"git::https://u:secret@github.com/acme/x?ref=v1","Dir":".terraform/modules/a"},
            {"Key":"a.in","Source":"./sub","Dir":".terraform/modules/a/sub"},
            {"Key":"r","Source":"registry.terraform.io/acme/vpc/aws","Version":"1.0.0","Dir":".terraform/modules/r"},
            {"Key":"out","Source":"../out","Dir":"../out"},
            {"Key":"abs","Source":"./x","Dir":"/etc"}]}"#;
        let modules = installed_modules(manifest).unwrap();
        let shown: Vec<_> = modules
            .iter()
            .map(|module| format!("{module} {}\n", module.is_inside()))
            .collect();
        insta::assert_snapshot!(shown.concat(), @"
        module `` from `` false
        module `a` from `git::https://***@github.com/acme/x?ref=v1` false
        module `a.in` from `./sub` true
        module `r` from `registry.terraform.io/acme/vpc/aws` false
        module `out` from `../out` false
        module `abs` from `./x` false
        ");
        assert!(installed_modules(b"[]").is_err());
        assert!(installed_modules(b"").is_err());
    }
}
