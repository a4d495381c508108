//! The Python environment that moto runs in.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use crate::python::{interpreter, run};

/// Everything that is installed, pinned: moto itself and what it needs.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The Python of a venv that holds [`REQUIREMENTS`], which is made if it is not there yet.
///
/// The error is one line about what is missing, and for a failed installation the rest of what
/// pip said on the lines below.
pub(super) fn python() -> Result<PathBuf, String> {
    let target = target_dir()?;
    let name = format!("moto-venv-{}", moto_version());
    let venv = target.join(&name);
    // Tests run in parallel processes: the first makes the venv, the others wait for it. The
    // lock goes when the file is closed, also when its holder is killed.
    let lock = target.join(format!("{name}.lock"));
    let lock = File::create(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    lock.lock()
        .map_err(|error| format!("the lock of {} fails: {error}", venv.display()))?;
    let python = interpreter(&venv);
    let complete = venv.join("complete");
    let is_complete = fs::read_to_string(&complete).is_ok_and(|text| text == REQUIREMENTS);
    if is_complete && python.exists() {
        return Ok(python);
    }
    make(&venv)?;
    // Written last: a venv that was left half made is made again.
    fs::write(&complete, REQUIREMENTS)
        .map_err(|error| format!("{}: {error}", complete.display()))?;
    Ok(python)
}

fn make(venv: &Path) -> Result<(), String> {
    if venv.exists() {
        fs::remove_dir_all(venv).map_err(|error| format!("{}: {error}", venv.display()))?;
    }
    let mut create = Command::new("python3");
    create.args(["-m", "venv"]).arg(venv);
    run(create, "moto needs python3 with its module venv")?;
    let requirements = venv.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)
        .map_err(|error| format!("{}: {error}", requirements.display()))?;
    let mut install = Command::new(interpreter(venv));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--no-compile",
    ]);
    install
        .args(["--disable-pip-version-check", "--requirement"])
        .arg(&requirements);
    run(
        install,
        "moto cannot be installed with pip (Python 3.11 or newer, and a package index)",
    )
}

fn moto_version() -> &'static str {
    let pin = REQUIREMENTS
        .lines()
        .find_map(|line| line.strip_prefix("moto[server]=="));
    pin.unwrap_or("unpinned")
}

/// Cargo's target folder, which Cargo marks with `CACHEDIR.TAG`: the test binary lies in it.
fn target_dir() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| format!("no target folder: {error}"))?;
    let marked = program
        .ancestors()
        .skip(1)
        .find(|dir| dir.join("CACHEDIR.TAG").is_file());
    let parent = || program.parent().map(Path::to_path_buf);
    let found = marked.map(Path::to_path_buf).or_else(parent);
    found.ok_or_else(|| format!("no target folder above {}", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned() {
        let lines = REQUIREMENTS.lines().filter(|line| !line.starts_with('#'));
        let loose: Vec<_> = lines.filter(|line| !line.contains("==")).collect();
        assert!(loose.is_empty(), "{loose:?}");
        assert_ne!(moto_version(), "unpinned");
    }

    #[test]
    fn the_target_folder_holds_this_test() {
        let target = target_dir().unwrap();
        assert!(target.join("CACHEDIR.TAG").is_file());
        assert!(std::env::current_exe().unwrap().starts_with(target));
    }

    #[test]
    fn a_failed_child_is_explained_in_the_first_line() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "echo WARNING: old >&2; echo 'ERROR: no such version' >&2; exit 1",
        ]);
        let error = run(command, "moto cannot be installed").unwrap_err();
        let first = error.lines().next().unwrap();
        assert_eq!(first, "moto cannot be installed: ERROR: no such version");
        let error = run(Command::new("no-such-program-here"), "moto needs python3").unwrap_err();
        assert!(error.starts_with("moto needs python3: "), "{error}");
    }
}
