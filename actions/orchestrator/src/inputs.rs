use std::path::{Path, PathBuf};

use gha::{Context, Environment, Failure, InputError, InputSpec, Inputs, Level, Log};
use stk_manifest::DynamicInputs;
use stk_run::{DeployMode, Holder, Secrets, exit_code};
use stk_store::{Location, LocationError, Locations};

use crate::error::LoadError;
use crate::failure::explained;

/// The inputs of the orchestrator action that this program reads.
pub const INPUTS: &[InputSpec] = &[
    InputSpec::defaulted(
        "CONTROL_PLANE",
        "stackspot",
        "Who orders the plugins and keeps the run: stackspot or standalone",
    ),
    InputSpec::defaulted(
        "DEPLOY_MODE",
        "per-plugin",
        "per-plugin: a Terraform project for each plugin; unified: one for all",
    ),
    InputSpec::defaulted("WORKDIR", "./", "The folder that holds .stk"),
    InputSpec::required("ENVIRONMENT", "The environment to deploy to"),
    InputSpec::required("VERSION", "The version tag to deploy"),
    InputSpec::optional("WORKSPACE", "The workspace's name, for templates"),
    InputSpec::optional(
        "PLUGINS_PATH",
        "The folder of plugin sources; plugins under WORKDIR if empty",
    ),
    InputSpec::optional(
        "DYNAMIC_INPUTS",
        "Inputs added to every plugin: --name value --other=value",
    ),
    InputSpec::optional(
        "SECRET_INPUTS",
        "The values of secret inputs, as JSON; only looked at for what is missing",
    ),
    InputSpec::optional(
        "IAC_BUCKET_NAME",
        "Where runs, packages and IaC are kept: file:// and a folder",
    ),
    InputSpec::optional(
        "TFSTATE_BUCKET_NAME",
        "Where Terraform states are kept: file:// and a folder",
    ),
    InputSpec::defaulted(
        "LEVEL_LOG",
        "info",
        "How much is logged: error, warn, info, debug or trace",
    ),
    InputSpec::defaulted("VERBOSE", "false", "Log as with LEVEL_LOG: debug"),
];

/// What to deploy, and from where.
#[derive(Clone, Debug)]
pub struct Request {
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// The folder that holds `.stk`.
    pub workdir: PathBuf,
    /// The catalogue of plugin sources; `None`: `plugins` below `workdir`.
    pub plugins: Option<PathBuf>,
    /// DYNAMIC_INPUTS.
    pub dynamic_inputs: DynamicInputs,
    /// Where runs and states are kept.
    pub locations: Locations,
    /// What of the request enters the record.
    pub settings: Settings,
}

/// What of a request decides what the run's record says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The environment to deploy to.
    pub environment: String,
    /// How the plugins' Terraform is organised.
    pub mode: DeployMode,
    /// The version tag to deploy.
    pub version_tag: String,
    /// The workspace's name, if one was given.
    pub workspace: Option<String>,
    /// Who deploys.
    pub holder: Holder,
    /// The values of secret inputs. Only that they are there matters; none is recorded.
    pub secrets: Secrets,
}

impl Request {
    /// Reads the action's inputs, and sets the level of `log`. `folder` is the folder that the
    /// program was started in.
    ///
    /// # Errors
    ///
    /// A failure that names the input at fault.
    pub fn from_inputs(
        environment: &Environment,
        folder: &Path,
        log: &Log,
    ) -> Result<Self, Failure> {
        let inputs = Inputs::new(environment).with_defaults(INPUTS);
        if let Some(level) = inputs.text("LEVEL_LOG").and_then(Level::parse) {
            log.set_level(level);
        }
        if inputs
            .flag("VERBOSE", false)
            .map_err(|error| failure(&error))?
        {
            log.set_level(Level::Debug);
        }
        let choice = |name, choices, default| {
            inputs
                .choice(name, choices, default)
                .map_err(|error| failure(&error))
        };
        if choice("CONTROL_PLANE", &["stackspot", "standalone"], "stackspot")? == "stackspot" {
            return Err(unavailable(
                "the control plane `stackspot`",
                "set the input CONTROL_PLANE to `standalone`",
            ));
        }
        let mode = match choice("DEPLOY_MODE", &["per-plugin", "unified"], "per-plugin")? {
            "unified" => DeployMode::Unified,
            _ => DeployMode::PerPlugin,
        };
        let required = |name| {
            inputs
                .required(name)
                .map(str::to_owned)
                .map_err(|error| failure(&error))
        };
        let workdir = inputs.path("WORKDIR").unwrap_or_default();
        let locations = locations(
            inputs.text("IAC_BUCKET_NAME"),
            inputs.text("TFSTATE_BUCKET_NAME"),
            &folder.join(&workdir),
        )?;
        let dynamic_inputs =
            DynamicInputs::parse(inputs.text("DYNAMIC_INPUTS").unwrap_or_default())
                .map_err(|error| LoadError::DynamicInputs(error).to_failure())?;
        Ok(Self {
            folder: folder.to_owned(),
            workdir,
            plugins: inputs.path("PLUGINS_PATH"),
            dynamic_inputs,
            locations,
            settings: Settings {
                environment: required("ENVIRONMENT")?,
                mode,
                version_tag: required("VERSION")?,
                workspace: inputs.text("WORKSPACE").map(str::to_owned),
                holder: holder(environment),
                secrets: secrets(&inputs, environment, log)?,
            },
        })
    }
}

/// The values of secret inputs, masked in `log`.
fn secrets(inputs: &Inputs<'_>, environment: &Environment, log: &Log) -> Result<Secrets, Failure> {
    let json = inputs.secret("SECRET_INPUTS");
    let secrets = Secrets::read(json.as_ref(), environment.text_pairs()).map_err(|error| {
        Failure::new(exit_code::INPUTS, "the input SECRET_INPUTS is malformed")
            .with_cause(error.to_string())
            .with_help(error.help())
    })?;
    for value in secrets.values() {
        log.mask(value);
    }
    Ok(secrets)
}

/// Where runs and states are kept: what was given for the one and the other, else the folder beside
/// the `stk.yaml` below `workdir`.
///
/// # Errors
///
/// A failure that names the input at fault.
pub fn locations(
    iac: Option<&str>,
    state: Option<&str>,
    workdir: &Path,
) -> Result<Locations, Failure> {
    // One at a time, to know which of them is at fault.
    let iac = Locations::resolve(iac, None, workdir).map(|locations| locations.iac);
    let state = Locations::resolve(None, state, workdir).map(|locations| locations.state);
    Ok(Locations {
        iac: location(iac, "IAC_BUCKET_NAME (--iac-store)")?,
        state: location(state, "TFSTATE_BUCKET_NAME (--state-store)")?,
    })
}

/// What the input `name` names, if this version can use it.
fn location(location: Result<Location, LocationError>, name: &str) -> Result<Location, Failure> {
    let cause = match location {
        Ok(Location::Bucket { name: bucket }) => {
            let message = format!(
                "the input {name} names the S3 bucket `{bucket}`, and S3 stores are not available \
                 in this version"
            );
            let help = "give `file://` and a folder, or nothing for `.stk/runtime` beside stk.yaml";
            return Err(Failure::new(exit_code::INPUTS, message).with_help(help));
        }
        Ok(location) => return Ok(location),
        Err(error) => explained(exit_code::INPUTS, &error, error.help()),
    };
    Err(Failure {
        message: format!("the input {name} names no store"),
        causes: vec![cause.message],
        ..cause
    })
}

/// Who holds the lock, for people who are blocked by it.
fn holder(environment: &Environment) -> Holder {
    let context = Context::new(environment);
    Holder {
        host: context.host(),
        process: Some(std::process::id()),
        pipeline_url: context.run_url(),
    }
}

fn unavailable(what: &str, help: &str) -> Failure {
    Failure::new(
        exit_code::INPUTS,
        format!("{what} is not available in this version"),
    )
    .with_help(help)
}

fn failure(error: &InputError) -> Failure {
    explained(exit_code::INPUTS, error, Some(error.help()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pairs: &[(&str, &str)]) -> Result<Request, Failure> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let log = Log::new(&environment, Box::new(std::io::sink()));
        Request::from_inputs(&environment, Path::new("/project"), &log)
    }

    fn message(pairs: &[(&str, &str)]) -> String {
        let failure = request(pairs).unwrap_err();
        let mut lines = vec![format!("{} {}", failure.exit_code, failure.message)];
        lines.extend(failure.causes);
        lines.extend(failure.help);
        lines.join("\n")
    }

    const STANDALONE: (&str, &str) = ("INPUT_CONTROL_PLANE", "standalone");

    #[test]
    fn the_default_stores_are_beside_the_manifest() {
        let request = request(&[
            STANDALONE,
            ("INPUT_ENVIRONMENT", "dev"),
            ("INPUT_VERSION", "v1"),
            ("INPUT_WORKDIR", "infra"),
        ])
        .unwrap();
        assert_eq!(
            request.locations.iac.to_string(),
            "file:///project/infra/.stk/runtime"
        );
        assert_eq!(request.locations.iac, request.locations.state);
    }

    #[test]
    fn what_is_missing_is_named() {
        insta::assert_snapshot!(message(&[STANDALONE]), @"
        10 input `ENVIRONMENT` is required and is empty
        set `ENVIRONMENT` under `with:` of the step; outside GitHub, the environment variable `INPUT_ENVIRONMENT`
        ");
        insta::assert_snapshot!(message(&[STANDALONE, ("INPUT_ENVIRONMENT", "dev")]), @"
        10 input `VERSION` is required and is empty
        set `VERSION` under `with:` of the step; outside GitHub, the environment variable `INPUT_VERSION`
        ");
    }

    #[test]
    fn what_is_not_a_choice_is_named() {
        insta::assert_snapshot!(message(&[("INPUT_CONTROL_PLANE", "alone")]), @"
        10 input `CONTROL_PLANE` must be one of `stackspot`, `standalone`, not `alone`
        set `CONTROL_PLANE` under `with:` of the step; outside GitHub, the environment variable `INPUT_CONTROL_PLANE`
        ");
        insta::assert_snapshot!(message(&[STANDALONE, ("INPUT_VERBOSE", "maybe")]), @"
        10 input `VERBOSE` must be `true` or `false`, not `maybe`
        set `VERBOSE` under `with:` of the step; outside GitHub, the environment variable `INPUT_VERBOSE`
        ");
    }

    #[test]
    fn malformed_dynamic_inputs_are_explained() {
        insta::assert_snapshot!(message(&[STANDALONE, ("INPUT_DYNAMIC_INPUTS", "--name 'x")]), @"
        10 the input DYNAMIC_INPUTS is malformed
        at character 7: the quote ' is never closed
        give `--name value` or `--name=value`, with quotes around values with spaces
        ");
    }

    #[test]
    fn a_path_that_is_no_store_is_explained() {
        insta::assert_snapshot!(message(&[STANDALONE, ("INPUT_IAC_BUCKET_NAME", "/data")]), @"
        10 the input IAC_BUCKET_NAME (--iac-store) names no store
        `/data` looks like a folder, but a folder is given as `file://` and its path
        give `file:///data`
        ");
    }
}
