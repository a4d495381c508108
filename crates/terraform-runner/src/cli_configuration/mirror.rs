//! A folder with providers, in the layout that `terraform providers mirror` writes.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder that holds providers, so that nothing has to be downloaded. It is only read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMirror {
    folder: PathBuf,
    text: String,
    providers: BTreeSet<String>,
}

/// Why a folder is no provider mirror. All of them are for whoever named the folder.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// It cannot be read, or is no folder.
    #[error("the provider mirror {} cannot be read", folder.display())]
    Read {
        /// The folder, or the one in it that cannot be read.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is nothing in it that is laid out as a provider.
    #[error("the provider mirror {} holds no provider", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// Terraform's configuration is UTF-8, and the path is not.
    #[error("the path of the provider mirror {} is not UTF-8", folder.display())]
    NotUnicode {
        /// The folder.
        folder: PathBuf,
    },
}

impl MirrorError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Read { .. } | Self::Empty { .. } => {
                "fill the folder with `terraform providers mirror <folder>` in a project that requires the providers; it \
                 then holds <host>/<namespace>/<type>/, for example registry.terraform.io/hashicorp/aws/"
                    .to_owned()
            }
            Self::NotUnicode { .. } => "move the folder to a path of plain letters".to_owned(),
        }
    }
}

impl ProviderMirror {
    /// Looks which providers are in `folder`: those of which there is a package, packed
    /// (`<host>/<namespace>/<type>/terraform-provider-<type>_<version>_<os>_<architecture>.zip`) or unpacked
    /// (`<host>/<namespace>/<type>/<version>/<os>_<architecture>/`), whatever it is for.
    ///
    /// # Errors
    ///
    /// [`MirrorError`]
    pub fn open(folder: &Path) -> Result<Self, MirrorError> {
        let folder = std::path::absolute(folder).map_err(|source| MirrorError::Read {
            folder: folder.to_owned(),
            source,
        })?;
        let Some(text) = folder.to_str().map(str::to_owned) else {
            return Err(MirrorError::NotUnicode { folder });
        };
        let mut providers = BTreeSet::new();
        for (host, path) in folders(&folder)? {
            for (namespace, path) in folders(&path)? {
                for (kind, path) in folders(&path)? {
                    if is_filled(&path, &kind)? {
                        providers.insert(format!("{host}/{namespace}/{kind}"));
                    }
                }
            }
        }
        if providers.is_empty() {
            return Err(MirrorError::Empty { folder });
        }
        Ok(Self {
            folder,
            text,
            providers,
        })
    }

    /// The folder, as an absolute path.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The providers that it holds, sorted: `registry.terraform.io/hashicorp/aws`.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().map(String::as_str)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// The folders in `folder` whose names can be parts of a provider's address.
fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, MirrorError> {
    let mut found = entries(folder)?;
    found.retain(|(name, path)| !name.starts_with('.') && path.is_dir());
    Ok(found)
}

fn is_filled(folder: &Path, kind: &str) -> Result<bool, MirrorError> {
    let beginning = format!("terraform-provider-{kind}_");
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            let is_version = name.starts_with(|letter: char| letter.is_ascii_digit());
            if is_version && folders(&path)?.iter().any(|(name, _)| name.contains('_')) {
                return Ok(true);
            }
        } else if name.starts_with(&beginning) && name.ends_with(".zip") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is in `folder`; names that are not UTF-8 are not Terraform's.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, MirrorError> {
    let failed = |source| MirrorError::Read {
        folder: folder.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn both_layouts_are_seen_and_what_only_looks_like_one_is_not() {
        let folder = folder(&[
            "registry.terraform.io/hashicorp/aws/5.1.0/linux_amd64/terraform-provider-aws_v5.1.0",
            "registry.terraform.io/hashicorp/null/terraform-provider-null_3.2.1_linux_amd64.zip",
            "registry.terraform.io/hashicorp/null/index.json",
            "registry.terraform.io/hashicorp/empty/index.json",
            "registry.terraform.io/hashicorp/other/terraform-provider-null_3.2.1_linux_amd64.zip",
            "registry.terraform.io/hashicorp/odd/latest/linux_amd64/terraform-provider-odd",
            "registry.opentofu.org/acme/queue/0.1.0-rc1/darwin_arm64/terraform-provider-queue",
            ".git/a/b/1.0.0/linux_amd64/x",
            "README.md",
        ]);
        let mirror = ProviderMirror::open(folder.path()).unwrap();
        let providers: Vec<_> = mirror.providers().collect();
        insta::assert_snapshot!(providers.join("\n"), @"
        registry.opentofu.org/acme/queue
        registry.terraform.io/hashicorp/aws
        registry.terraform.io/hashicorp/null
        ");
        assert_eq!(mirror.folder(), folder.path());
    }

    #[test]
    fn a_folder_that_is_none_is_refused() {
        let folder = folder(&["aws/5.1.0/linux_amd64/terraform-provider-aws_v5.1.0"]);
        let error = ProviderMirror::open(folder.path()).unwrap_err();
        assert!(matches!(error, MirrorError::Empty { .. }), "{error}");
        insta::assert_snapshot!(error.help(), @"fill the folder with `terraform providers mirror <folder>` in a project that requires the providers; it then holds <host>/<namespace>/<type>/, for example registry.terraform.io/hashicorp/aws/");
        for path in [
            "nothing",
            "aws/5.1.0/linux_amd64/terraform-provider-aws_v5.1.0",
        ] {
            let error = ProviderMirror::open(&folder.path().join(path)).unwrap_err();
            assert!(matches!(error, MirrorError::Read { .. }), "{error}");
        }
    }
}
