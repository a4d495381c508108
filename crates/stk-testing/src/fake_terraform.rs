//! Where the `fake-terraform` binary is, built when it is not there yet.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{fs, io};

/// The path of the `fake-terraform` binary of the running test's own target folder and profile.
///
/// A test of another package is not preceded by a build of this one's binaries, so a missing binary, or one that is
/// older than its source, is built with cargo, once per process.
///
/// # Panics
///
/// When it cannot be built: a test can do nothing without it.
#[expect(clippy::panic, reason = "used by tests alone")]
pub fn fake_terraform() -> PathBuf {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match BINARY.get_or_init(locate) {
        Ok(path) => path.clone(),
        Err(problem) => panic!("fake-terraform: {problem}"),
    }
}

/// Puts the binary into `folder` under the name `terraform`, with `script` beside it, and returns its path there.
///
/// The head of `fake-terraform.rs` describes the script.
///
/// # Errors
///
/// When `folder` cannot be written.
pub fn install_fake_terraform(folder: &Path, script: &serde_json::Value) -> io::Result<PathBuf> {
    let program = folder.join("terraform");
    let binary = fake_terraform();
    #[cfg(unix)]
    std::os::unix::fs::symlink(binary, &program)?;
    #[cfg(not(unix))]
    fs::copy(binary, &program)?;
    fs::write(folder.join("fake-terraform.json"), script.to_string())?;
    Ok(program)
}

fn locate() -> Result<PathBuf, String> {
    let test =
        std::env::current_exe().map_err(|error| format!("the running test is unknown: {error}"))?;
    let place = Place::of(&test)
        .ok_or_else(|| format!("{} is in no target folder of cargo", test.display()))?;
    let binary = place
        .output
        .join(format!("fake-terraform{}", std::env::consts::EXE_SUFFIX));
    if is_fresh(&binary) {
        return Ok(binary);
    }
    build(&place)?;
    if binary.is_file() {
        Ok(binary)
    } else {
        Err(format!("cargo built no {}", binary.display()))
    }
}

/// Newer than its source, so that a change of the source is not tested with the old binary.
fn is_fresh(binary: &Path) -> bool {
    let modified = |file: &Path| file.metadata().and_then(|data| data.modified()).ok();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/fake-terraform.rs");
    modified(binary).is_some_and(|built| modified(&source).is_none_or(|written| written <= built))
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

fn build(place: &Place) -> Result<(), String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo builds a test double; no Terraform is involved"
    )]
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo
        .args([
            "build",
            "--quiet",
            "--package",
            "stk-testing",
            "--bin",
            "fake-terraform",
        ])
        .args(["--profile", &place.profile])
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
    fn the_binary_is_found_or_built() {
        assert!(fake_terraform().is_file());
    }
}
