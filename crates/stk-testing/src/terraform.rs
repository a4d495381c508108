//! Finding the real Terraform, and providers for it without a network.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "test harness: it reads the environment, and a failure of it fails the test"
)]

use std::path::{Path, PathBuf};

use crate::skip::Skip;

/// Names a folder that holds `registry.terraform.io/`: an unpacked provider mirror, as
/// `terraform providers mirror <folder>` writes one (packed zips serve as well).
pub const PROVIDER_MIRROR_VARIABLE: &str = "STK_TEST_PROVIDER_MIRROR";

/// Finds `terraform`, else `tofu`, on `PATH`.
///
/// When neither is there, says so in one line (see [`Skip::report`]) and returns `None`: the test
/// then returns.
///
/// # Panics
///
/// When neither is there and `CI=true`.
pub fn require_terraform(test: &str) -> Option<PathBuf> {
    let found = find_program(std::env::var_os("PATH").as_deref());
    if found.is_none() {
        let reason = "neither `terraform` nor `tofu` is on PATH; install Terraform 1.10 or newer";
        Skip::unless_ci(reason).report(test);
    }
    found
}

/// The folder that [`PROVIDER_MIRROR_VARIABLE`] names; `None` when it is unset or empty.
///
/// # Panics
///
/// When the variable is set to something that is not such a folder: a typo must not silently
/// skip the tests that need it.
pub fn provider_mirror() -> Option<PathBuf> {
    let value = std::env::var_os(PROVIDER_MIRROR_VARIABLE).filter(|value| !value.is_empty())?;
    let path = PathBuf::from(value);
    if !path.join("registry.terraform.io").is_dir() {
        panic!(
            "{PROVIDER_MIRROR_VARIABLE}={}: there is no folder registry.terraform.io in it",
            path.display()
        );
    }
    Some(path)
}

/// [`provider_mirror`] that holds the provider `source` (`hashicorp/aws`) in some version; when
/// there is none, says so in one line and returns `None`.
///
/// # Panics
///
/// As [`provider_mirror`]. Not with `CI=true` alone: a runner without a mirror is a sane place.
pub fn require_provider(source: &str, test: &str) -> Option<PathBuf> {
    let mirror = provider_mirror();
    let reason = match &mirror {
        None => format!(
            "{PROVIDER_MIRROR_VARIABLE} is not set; `terraform providers mirror <folder>` makes one with {source}"
        ),
        Some(mirror) if !mirror.join("registry.terraform.io").join(source).is_dir() => {
            format!(
                "the provider mirror {} does not hold {source}",
                mirror.display()
            )
        }
        Some(_) => return mirror,
    };
    Skip::new(reason).report(test);
    None
}

/// Writes `<dir>/terraform.rc`, which makes Terraform take every provider from `mirror` and
/// none from the network, and returns its path: the value for `TF_CLI_CONFIG_FILE`.
///
/// # Panics
///
/// When the file cannot be written or the mirror's path is not Unicode.
pub fn write_cli_config(dir: &Path, mirror: &Path) -> PathBuf {
    let Some(mirror) = mirror.to_str() else {
        panic!(
            "{}: not Unicode, which Terraform's configuration is",
            mirror.display()
        );
    };
    let text = cli_config(mirror);
    let path = dir.join("terraform.rc");
    if let Err(error) = std::fs::write(&path, text) {
        panic!("{}: {error}", path.display());
    }
    path
}

fn cli_config(mirror: &str) -> String {
    let mirror = quoted(mirror);
    format!("provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n")
}

/// An HCL string literal: `${` and `%{` would start a template.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}

fn find_program(path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    ["terraform", "tofu"].into_iter().find_map(|name| {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        std::env::split_paths(path?)
            .map(|dir| dir.join(&name))
            .find(|path| is_executable(path))
    })
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cli_config_names_the_mirror_alone() {
        insta::assert_snapshot!(cli_config(r#"/data/a "b" ${c}"#), @r#"
        provider_installation {
          filesystem_mirror {
            path = "/data/a \"b\" $${c}"
          }
        }
        "#);
    }

    #[cfg(unix)]
    #[test]
    fn terraform_is_preferred_to_tofu_wherever_it_stands() {
        use std::os::unix::fs::OpenOptionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("first"), dir.path().join("second"));
        for (folder, name, mode) in [
            (&first, "tofu", 0o755),
            (&second, "terraform", 0o755),
            (&first, "terraform", 0o644),
        ] {
            std::fs::create_dir_all(folder).unwrap();
            let mut options = std::fs::OpenOptions::new();
            options
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(folder.join(name))
                .unwrap();
        }
        let path = std::env::join_paths([&first, &second]).unwrap();
        assert_eq!(find_program(Some(&path)), Some(second.join("terraform")));
        assert_eq!(
            find_program(Some(first.as_os_str())),
            Some(first.join("tofu"))
        );
        assert_eq!(find_program(Some(dir.path().as_os_str())), None);
        assert_eq!(find_program(None), None);
    }
}
