//! The workspace's programs for tests of other packages, built when they are not there yet.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The path of one of the workspace's programs (`stk-orchestrator`, `stk-tasks`, `stk-cancel`, `stk-runtime`,
/// `fake-terraform`), of the running test's own target folder and profile.
///
/// A test of another package is not preceded by a build of the program, so one that is missing, or older than a source
/// that it was made from, is built with cargo, once per process. Inside the package that owns the program,
/// `env!("CARGO_BIN_EXE_<name>")` does the same at no cost.
///
/// # Panics
///
/// When it cannot be built: a test can do nothing without it.
#[expect(clippy::panic, reason = "used by tests alone")]
pub fn binary(name: &str) -> PathBuf {
    static FOUND: Mutex<BTreeMap<String, Result<PathBuf, String>>> = Mutex::new(BTreeMap::new());
    // Held while cargo builds, so that two tests do not build the same.
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let path = found
        .entry(name.to_owned())
        .or_insert_with(|| locate(name))
        .clone();
    drop(found);
    match path {
        Ok(path) => path,
        Err(problem) => panic!("{name}: {problem}"),
    }
}

/// Which package has a program. All others are called as their packages.
fn package_of(name: &str) -> &str {
    match name {
        "fake-terraform" => "stk-testing",
        "stk-runtime" => "stk-cli",
        other => other,
    }
}

fn locate(name: &str) -> Result<PathBuf, String> {
    let test =
        std::env::current_exe().map_err(|error| format!("the running test is unknown: {error}"))?;
    let place = Place::of(&test)
        .ok_or_else(|| format!("{} is in no target folder of cargo", test.display()))?;
    let binary = place
        .output
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if is_fresh(&binary) {
        return Ok(binary);
    }
    build(&place, name)?;
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!("cargo built no {}", binary.display()))
    }
}

/// Whether the program is there and newer than every source of this workspace that it was made from; those stand in the
/// file that cargo puts beside it. Asking cargo itself would be right too, but a build of one package alone chooses other
/// features of the dependencies than a build of all, and would compile most of them again.
fn is_fresh(binary: &Path) -> bool {
    let modified = |file: &Path| file.metadata().and_then(|data| data.modified()).ok();
    let Some(built) = modified(binary) else {
        return false;
    };
    // `cargo test` builds the programs of packages with integration tests, but writes the file only when a program is
    // built for its own sake. Without it, nothing of the workspace may be newer.
    let sources = match fs::read_to_string(binary.with_extension("d")) {
        Ok(sources) => sources_of(&sources),
        Err(_) => workspace_files(),
    };
    sources
        .iter()
        .all(|source| modified(source).is_some_and(|written| written <= built))
}

/// Every file of the workspace's packages.
fn workspace_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![root.join("Cargo.toml"), root.join("Cargo.lock")];
    let mut folders = vec![root.join("crates"), root.join("actions")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files
}

/// The files after the colon of a line in the format of make, in which a backslash keeps a space.
fn sources_of(dependencies: &str) -> Vec<PathBuf> {
    let files = dependencies.split_once(": ").map_or("", |(_, files)| files);
    let files = files.trim().replace("\\ ", "\0");
    files
        .split(' ')
        .filter(|file| !file.is_empty())
        .map(|file| PathBuf::from(file.replace('\0', " ")))
        .collect()
}

/// What the path of a test says about how it was built: `<root>[/<triple>]/<profile>/deps/<test>`.
#[derive(Debug, PartialEq)]
struct Place {
    root: PathBuf,
    triple: Option<String>,
    profile: String,
    output: PathBuf,
}

impl Place {
    fn of(test: &Path) -> Option<Self> {
        // A doc test runs from elsewhere, and an example has its own folder; both have the profile's folder above.
        let root = test
            .ancestors()
            .find(|folder| folder.join("CACHEDIR.TAG").is_file())?;
        Self::under(root, test)
    }

    fn under(root: &Path, test: &Path) -> Option<Self> {
        let parts: Vec<&str> = test
            .strip_prefix(root)
            .ok()?
            .iter()
            .map(|part| part.to_str())
            .collect::<Option<_>>()?;
        let deps = parts.iter().position(|part| *part == "deps")?;
        let folder = *parts.get(deps.checked_sub(1)?)?;
        Some(Self {
            root: root.to_owned(),
            triple: parts
                .get(..deps - 1)?
                .last()
                .map(|triple| (*triple).to_owned()),
            profile: if folder == "debug" { "dev" } else { folder }.to_owned(),
            output: parts[..deps]
                .iter()
                .fold(root.to_owned(), |path, part| path.join(part)),
        })
    }
}

fn build(place: &Place, name: &str) -> Result<(), String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo builds a program; no Terraform is involved"
    )]
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--package", package_of(name)])
        .args(["--bin", name, "--profile", &place.profile])
        .arg("--target-dir")
        .arg(&place.root)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if let Some(triple) = &place.triple {
        cargo.args(["--target", triple]);
    }
    let output = cargo
        .output()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "it could not be built:\n{}",
        String::from_utf8_lossy(&output.stderr)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(test: &str) -> Option<String> {
        let place = Place::under(Path::new("/t"), Path::new(test))?;
        Some(format!(
            "{} {:?} {}",
            place.profile,
            place.triple,
            place.output.display()
        ))
    }

    #[test]
    fn the_test_says_how_it_was_built() {
        assert_eq!(
            place("/t/debug/deps/it-0123").as_deref(),
            Some("dev None /t/debug")
        );
        assert_eq!(
            place("/t/release/deps/it").as_deref(),
            Some("release None /t/release")
        );
        assert_eq!(
            place("/t/a-b-c/debug/deps/it").as_deref(),
            Some("dev Some(\"a-b-c\") /t/a-b-c/debug")
        );
        assert_eq!(place("/elsewhere/it"), None);
        assert_eq!(place("/t/deps/it"), None);
    }

    #[test]
    fn sources_are_read_as_make_does() {
        let text = "/t/debug/stk-tasks: /w/a.rs /w/my\\ files/b.rs\n";
        let expected = [PathBuf::from("/w/a.rs"), PathBuf::from("/w/my files/b.rs")];
        assert_eq!(sources_of(text), expected);
        assert_eq!(sources_of(""), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_program_is_found_or_built() {
        assert!(binary("fake-terraform").is_file());
    }
}
