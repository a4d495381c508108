//! Which program is at hand: Terraform or OpenTofu, and which version.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;
use semver::Version;
use tokio_util::sync::CancellationToken;

use crate::{ChildEnvironment, Command, Exit, RunError, Runner, Stream};

/// A program that prints its version takes milliseconds; one that takes this long is something else.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The two products that understand the same commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// HashiCorp's Terraform.
    Terraform,
    /// OpenTofu.
    OpenTofu,
}

impl Product {
    /// The oldest version that works: `init -json` came with 1.9, S3's own state lock with 1.10 (in both products).
    pub fn minimum(self) -> Version {
        Version::new(1, 10, 0)
    }
}

impl fmt::Display for Product {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Terraform => "Terraform",
            Self::OpenTofu => "OpenTofu",
        })
    }
}

/// A program that was found, and is new enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
    product: Product,
    version: Version,
}

impl Program {
    /// Asks the program at `path` what it is. A bare name is looked for on the `PATH` of `environment`.
    ///
    /// # Errors
    ///
    /// [`DetectError`], each with a [`help`](DetectError::help) that says what to install.
    pub async fn detect(
        path: &Path,
        runner: &dyn Runner,
        environment: &ChildEnvironment,
        cancel: &CancellationToken,
    ) -> Result<Self, DetectError> {
        let path = resolve(path, environment)?;
        // The version is asked for outside of any project, whose lock file it would read.
        let command = Command::version(&path, environment, Path::new("/"));
        let mut stdout = Vec::new();
        let mut stderr = Vec::new();
        let mut on_line = |line: crate::Line| {
            let lines = if line.stream == Stream::Stdout {
                &mut stdout
            } else {
                &mut stderr
            };
            // What is not the program may print anything; the version is at the beginning.
            if lines.len() < 100 {
                lines.push(line.text);
            }
        };
        let deadline = cancel.child_token();
        let exit = {
            let mut run = runner.run(&command, &mut on_line, &deadline);
            tokio::select! {
                exit = &mut run => exit,
                () = tokio::time::sleep(TIMEOUT) => {
                    deadline.cancel();
                    run.await
                }
            }
        };
        let exit = exit.map_err(|source| DetectError::from_run(source, &path))?;
        if exit.interrupted {
            return Err(match cancel.is_cancelled() {
                true => DetectError::Cancelled,
                false => DetectError::Silent {
                    path,
                    seconds: TIMEOUT.as_secs(),
                },
            });
        }
        let Some((product, version)) = stdout.iter().find_map(|line| parse_version(line)) else {
            let output = excerpt(stdout.iter().chain(&stderr));
            return Err(DetectError::NotTerraform { path, exit, output });
        };
        if (version.major, version.minor) < (product.minimum().major, product.minimum().minor) {
            return Err(DetectError::TooOld {
                path,
                product,
                version,
            });
        }
        Ok(Self {
            path,
            product,
            version,
        })
    }

    /// The file that is executed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which product it is.
    pub fn product(&self) -> Product {
        self.product
    }

    /// Its version.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {} ({})",
            self.product,
            self.version,
            self.path.display()
        )
    }
}

/// Why there is no [`Program`]. All of them are for whoever set up the machine.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// There is no file of that name, or it is not on the `PATH`.
    #[error("{} was not found{}", path.display(), looked_in(searched))]
    NotFound {
        /// The path or name that was given.
        path: PathBuf,
        /// The folders of `PATH`, when a bare name was given.
        searched: Vec<PathBuf>,
    },
    /// The file is there and cannot be executed here.
    #[error("{} cannot be executed", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The system could not run it for another reason.
    #[error("{} could not be asked for its version", path.display())]
    Run {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: RunError,
    },
    /// It did not print a version of one of the two products.
    #[error("{} is neither Terraform nor OpenTofu: `version` {} and printed {}", path.display(), ended(exit), printed(output))]
    NotTerraform {
        /// The file.
        path: PathBuf,
        /// How it ended.
        exit: Exit,
        /// The beginning of what it printed.
        output: String,
    },
    /// It did not end.
    #[error("{} did not print its version within {seconds} seconds", path.display())]
    Silent {
        /// The file.
        path: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It is an older version than what is needed.
    #[error("{product} {version} is too old ({}): {} or newer is needed", path.display(), product.minimum())]
    TooOld {
        /// The file.
        path: PathBuf,
        /// Which product it is.
        product: Product,
        /// Its version.
        version: Version,
    },
    /// The token was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl DetectError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotFound { .. } => "install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) \
                or OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to the program"
                .to_owned(),
            Self::TooOld { product: Product::Terraform, .. } => "install Terraform 1.10 or newer \
                (https://developer.hashicorp.com/terraform/install), or set TERRAFORM_BIN to a newer one"
                .to_owned(),
            Self::TooOld { product: Product::OpenTofu, .. } => "install OpenTofu 1.10 or newer \
                (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to a newer one"
                .to_owned(),
            Self::NotExecutable { path, .. } => format!(
                "make {} executable (chmod +x) and check that it is built for this machine, \
                or set TERRAFORM_BIN to another program",
                path.display()
            ),
            Self::NotTerraform { path, .. } | Self::Silent { path, .. } | Self::Run { path, .. } => format!(
                "run `{} version` by hand; set TERRAFORM_BIN to a Terraform or OpenTofu of version 1.10 or newer",
                path.display()
            ),
            Self::Cancelled => "nothing was started".to_owned(),
        }
    }

    fn from_run(source: RunError, path: &Path) -> Self {
        let path = path.to_owned();
        match source {
            RunError::Cancelled => Self::Cancelled,
            RunError::NotFound { program } => Self::NotFound {
                path: program,
                searched: Vec::new(),
            },
            RunError::NotExecutable { program, source } => Self::NotExecutable {
                path: program,
                source,
            },
            source => Self::Run { path, source },
        }
    }
}

fn looked_in(searched: &[PathBuf]) -> String {
    if searched.is_empty() {
        return String::new();
    }
    let folders: Vec<String> = searched
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    format!(" in any folder of PATH ({})", folders.join(", "))
}

fn ended(exit: &Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn printed(output: &str) -> String {
    if output.is_empty() {
        "nothing".to_owned()
    } else {
        format!("{output:?}")
    }
}

fn excerpt<'a>(lines: impl Iterator<Item = &'a String>) -> String {
    let text: Vec<&str> = lines
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .take(3)
        .collect();
    text.join(" / ").chars().take(200).collect()
}

/// Makes a bare name a path, and a relative path an absolute one: the working directory of a command is another.
fn resolve(path: &Path, environment: &ChildEnvironment) -> Result<PathBuf, DetectError> {
    let bare = path.components().count() == 1 && path.file_name() == Some(path.as_os_str());
    if !bare {
        return std::path::absolute(path).map_err(|source| DetectError::NotExecutable {
            path: path.to_owned(),
            source,
        });
    }
    let search = environment
        .get("PATH")
        .map(|value| value.expose_secret().to_owned())
        .unwrap_or_default();
    let searched: Vec<PathBuf> = std::env::split_paths(&search)
        .filter(|folder| folder.is_absolute())
        .collect();
    for folder in &searched {
        for name in [path.to_owned(), path.with_extension("exe")] {
            let candidate = folder.join(&name);
            if is_program(&candidate) && (cfg!(windows) || name == path) {
                return Ok(candidate);
            }
        }
    }
    Err(DetectError::NotFound {
        path: path.to_owned(),
        searched,
    })
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// `Terraform v1.11.4`, `OpenTofu v1.10.0-rc1`.
fn parse_version(line: &str) -> Option<(Product, Version)> {
    let (name, version) = line.trim().split_once(" v")?;
    let product = match name {
        "Terraform" => Product::Terraform,
        "OpenTofu" => Product::OpenTofu,
        _ => return None,
    };
    Some((
        product,
        Version::parse(version.split_whitespace().next()?).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_both_products() {
        let parsed =
            |line| parse_version(line).map(|(product, version)| format!("{product} {version}"));
        assert_eq!(
            parsed("Terraform v1.11.4").as_deref(),
            Some("Terraform 1.11.4")
        );
        assert_eq!(
            parsed("Terraform v1.16.0-rc2 (dev)").as_deref(),
            Some("Terraform 1.16.0-rc2")
        );
        assert_eq!(
            parsed("OpenTofu v1.10.0\r").as_deref(),
            Some("OpenTofu 1.10.0")
        );
        for other in [
            "on linux_amd64",
            "Terragrunt v0.1.0",
            "Terraform vNext",
            "",
            "Your version of Terraform v1.2.3",
        ] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }

    #[test]
    fn a_bare_name_is_looked_for_and_a_missing_one_says_where() {
        let environment =
            crate::EnvironmentPolicy::new().build([("PATH", "/nowhere:relative:/none")]);
        let error = resolve(Path::new("terraform"), &environment).unwrap_err();
        insta::assert_snapshot!(error, @"terraform was not found in any folder of PATH (/nowhere, /none)");
        insta::assert_snapshot!(error.help(), @"install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.10 or newer (https://opentofu.org/docs/intro/install), or set TERRAFORM_BIN to the program");
        assert!(
            resolve(Path::new("./terraform"), &environment)
                .unwrap()
                .is_absolute()
        );
    }
}
