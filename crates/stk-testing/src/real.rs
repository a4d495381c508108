//! `stk.yaml` files that other people wrote, where this machine has some. They are not in this repository.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "test harness: it reads the environment, and a failure of it fails the test"
)]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{fixtures, skip::Skip};

/// Names the folder of the files; without it, `shared/data/stk-yaml` beside the checkout.
pub const MANIFESTS_VARIABLE: &str = "STK_TEST_MANIFESTS";

/// One of the files.
#[derive(Clone, Debug)]
pub struct RealManifest {
    /// The file's name, without a folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The files, sorted by name.
///
/// # Errors
///
/// A [`Skip`] when there is no such folder; a machine that builds this repository need not have it.
///
/// # Panics
///
/// When a file cannot be read, or the folder named by [`MANIFESTS_VARIABLE`] is not there or holds none.
pub fn manifests() -> Result<Vec<RealManifest>, Skip> {
    let named = std::env::var_os(MANIFESTS_VARIABLE).filter(|folder| !folder.is_empty());
    let folder = named.as_ref().map_or_else(
        || fixtures::root().join("../../shared/data/stk-yaml"),
        PathBuf::from,
    );
    if named.is_none() && !folder.is_dir() {
        return Err(Skip::new(format!(
            "no stk.yaml files of other people are there; {MANIFESTS_VARIABLE} can name a folder of them"
        )));
    }
    let mut found = read(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert!(!found.is_empty(), "{} holds no *.yaml", folder.display());
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn read(folder: &Path) -> io::Result<Vec<RealManifest>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            found.push(RealManifest {
                name: name.into_owned(),
                text: fs::read_to_string(&path)?,
            });
        }
    }
    Ok(found)
}
