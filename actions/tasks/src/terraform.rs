//! Which Terraform is run, and with what environment.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gha::Environment;
use secrecy::{ExposeSecret as _, SecretString};
use stk_deploy::Terraform;
use tempfile::TempDir;
use terraform_runner::{
    ChildEnvironment, CliConfiguration, CliConfigurationError, DetectError, EnvironmentError,
    EnvironmentPolicy, ProcessRunner, Product, Program, ProviderMirror, Runner,
};
use tokio_util::sync::CancellationToken;

/// How long Terraform waits for a state that somebody else has locked. Deployments of one target
/// exclude each other, so whoever holds it is a person or a runner that is about to end.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// What the user asked of Terraform.
#[derive(Clone, Debug, Default)]
pub struct TerraformRequest {
    /// The program, instead of `terraform` or `tofu` on `PATH`.
    pub program: Option<PathBuf>,
    /// How many operations Terraform does at once.
    pub parallelism: Option<NonZeroU16>,
    /// The level of the providers' logs.
    pub log_provider: Option<String>,
    /// The AWS region that plugins use which name none.
    pub aws_region: Option<String>,
    /// An AWS access key id, its secret key, and a session token.
    pub aws_keys: Option<AwsKeys>,
    /// Where the providers that it holds come from.
    pub provider_mirror: Option<ProviderMirror>,
}

/// AWS keys that were given as inputs.
#[derive(Clone, Debug)]
pub struct AwsKeys {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: SecretString,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: SecretString,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<SecretString>,
}

/// Why Terraform cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum TerraformError {
    /// No usable program was found.
    #[error("there is no Terraform to run")]
    Detect(#[source] DetectError),
    /// The environment of the program could not be made.
    #[error("Terraform's environment could not be made")]
    Environment(#[source] EnvironmentError),
    /// The provider mirror does not go with the configuration that there is.
    #[error("Terraform cannot be told to use the provider mirror")]
    Configuration(#[source] CliConfigurationError),
    /// The configuration that names the provider mirror could not be written.
    #[error("Terraform's configuration could not be written in {}", folder.display())]
    Write {
        /// The folder for what is temporary.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl TerraformError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Detect(error) => Some(error.help()),
            Self::Environment(_) => None,
            Self::Configuration(error) => Some(error.help()),
            Self::Write { .. } => {
                Some("let RUNNER_TEMP (TMPDIR) name a folder that can be written".to_owned())
            }
        }
    }
}

/// What is ready to be run.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) terraform: Terraform,
    /// What is odd about its environment.
    pub(crate) odd: Vec<String>,
    /// The folder of the configuration that was written for it; it goes away with this value.
    pub(crate) configuration: Option<TempDir>,
}

/// Finds Terraform, else OpenTofu, and makes the environment that it runs in. What has to be written for it is written
/// in a folder of its own in `temporary`.
pub(crate) async fn prepare(
    request: &TerraformRequest,
    environment: &Environment,
    temporary: &Path,
    cancel: &CancellationToken,
) -> Result<Prepared, TerraformError> {
    let mut child = child_environment(request, environment).map_err(TerraformError::Environment)?;
    let mut odd = Vec::new();
    if !child.dropped().is_empty() {
        odd.push(format!(
            "not handed on to Terraform: {} (this program sets its flags and variables itself)",
            child.dropped().join(", ")
        ));
    }
    if let Some(file) = environment.get("TF_CLI_CONFIG_FILE")
        && !Path::new(file).exists()
    {
        // Terraform says so in seven lines, with every command.
        odd.push(format!(
            "TF_CLI_CONFIG_FILE names `{file}`, which does not exist: Terraform goes on without it"
        ));
    }
    let runner: Arc<dyn Runner> = Arc::new(ProcessRunner::new());
    let program = match &request.program {
        Some(path) => Program::detect(path, runner.as_ref(), &child, cancel).await,
        None => on_path(runner.as_ref(), &child, cancel).await,
    }
    .map_err(TerraformError::Detect)?;
    let existing = CliConfiguration::existing(program.product(), &child);
    // OpenTofu locks what it installs into such a folder.
    if program.product() == Product::Terraform
        && let Some((file, line)) = existing
            .as_ref()
            .ok()
            .and_then(CliConfiguration::shared_cache)
    {
        odd.push(format!(
            "{}:{line}: all runs on this machine write to the folder of plugin_cache_dir, and Terraform does not promise \
             that this goes well when two install providers at once; PROVIDER_MIRROR names a folder that is only read",
            file.display()
        ));
    }
    let configuration = match &request.provider_mirror {
        None => None,
        Some(mirror) => {
            let text = existing
                .and_then(|existing| existing.with_mirror(mirror))
                .map_err(TerraformError::Configuration)?;
            let (folder, file) =
                write(&text, temporary).map_err(|source| TerraformError::Write {
                    folder: temporary.to_owned(),
                    source,
                })?;
            child
                .set("TF_CLI_CONFIG_FILE", file.into())
                .map_err(TerraformError::Environment)?;
            Some(folder)
        }
    };
    let terraform = Terraform {
        program,
        runner,
        environment: child,
        parallelism: request.parallelism,
        lock_timeout: LOCK_TIMEOUT,
    };
    Ok(Prepared {
        terraform,
        odd,
        configuration,
    })
}

/// Writes what may hold tokens to a file that nobody else can read: the folder, and the file's path.
fn write(text: &SecretString, temporary: &Path) -> io::Result<(TempDir, String)> {
    let folder = tempfile::Builder::new()
        .prefix("stk-terraform-")
        .tempdir_in(temporary)?;
    let path = std::path::absolute(folder.path().join("terraform.rc"))?;
    let Some(name) = path.to_str().map(str::to_owned) else {
        return Err(io::Error::other("its path is not UTF-8"));
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(&path)?
        .write_all(text.expose_secret().as_bytes())?;
    Ok((folder, name))
}

/// `terraform`, else `tofu`. When neither is there, the error is the one about `terraform`.
async fn on_path(
    runner: &dyn Runner,
    child: &ChildEnvironment,
    cancel: &CancellationToken,
) -> Result<Program, DetectError> {
    match Program::detect("terraform".as_ref(), runner, child, cancel).await {
        Err(missing @ DetectError::NotFound { .. }) => {
            match Program::detect("tofu".as_ref(), runner, child, cancel).await {
                Err(DetectError::NotFound { .. }) => Err(missing),
                other => other,
            }
        }
        other => other,
    }
}

fn child_environment(
    request: &TerraformRequest,
    environment: &Environment,
) -> Result<ChildEnvironment, EnvironmentError> {
    let mut child = EnvironmentPolicy::new().build(environment.pairs());
    // Terraform runs in another folder than this program.
    if let Some(file) = environment.get("TF_CLI_CONFIG_FILE")
        && let Ok(file) = std::path::absolute(file)
        && let Some(file) = file.to_str()
    {
        child.set("TF_CLI_CONFIG_FILE", file.to_owned().into())?;
    }
    if let Some(region) = &request.aws_region {
        child.set("AWS_REGION", region.clone().into())?;
    }
    if let Some(keys) = &request.aws_keys {
        // Keys that come with the runner must not mix with the ones given: a leftover session token
        // or profile would make AWS refuse the keys.
        for name in ["AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"] {
            child.remove(name);
        }
        child.set("AWS_ACCESS_KEY_ID", keys.access_key_id.clone())?;
        child.set("AWS_SECRET_ACCESS_KEY", keys.secret_access_key.clone())?;
        if let Some(token) = &keys.session_token {
            child.set("AWS_SESSION_TOKEN", token.clone())?;
        }
    }
    if let Some(level) = &request.log_provider {
        child.set("TF_LOG_PROVIDER", level.clone().into())?;
    }
    Ok(child)
}
