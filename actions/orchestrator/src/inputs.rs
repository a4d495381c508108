use std::path::{Path, PathBuf};

use gha::{Context, Environment, Failure, InputError, InputSpec, Inputs, Level, Log};
use stk_manifest::DynamicInputs;
use stk_run::{Holder, exit_code};
use stk_store::Locations;

use crate::error::LoadError;

const fn optional(name: &'static str, description: &'static str) -> InputSpec {
    InputSpec {
        name,
        description,
        default: None,
        required: false,
    }
}

const fn defaulted(
    name: &'static str,
    default: &'static str,
    description: &'static str,
) -> InputSpec {
    InputSpec {
        name,
        description,
        default: Some(default),
        required: false,
    }
}

const fn required(name: &'static str, description: &'static str) -> InputSpec {
    InputSpec {
        name,
        description,
        default: None,
        required: true,
    }
}

/// The inputs of the orchestrator action that this program reads.
pub const INPUTS: &[InputSpec] = &[
    defaulted(
        "CONTROL_PLANE",
        "stackspot",
        "Who orders the plugins and keeps the run: stackspot or standalone",
    ),
    defaulted(
        "DEPLOY_MODE",
        "per-plugin",
        "per-plugin: a Terraform project for each plugin",
    ),
    defaulted("WORKDIR", "./", "The folder that holds .stk"),
    required("ENVIRONMENT", "The environment to deploy to"),
    required("VERSION", "The version tag to deploy"),
    optional("WORKSPACE", "The workspace's name, for templates"),
    optional(
        "PLUGINS_PATH",
        "The folder of plugin sources; plugins under WORKDIR if empty",
    ),
    optional(
        "DYNAMIC_INPUTS",
        "Inputs added to every plugin: --name value --other=value",
    ),
    optional(
        "IAC_BUCKET_NAME",
        "Where runs, packages and IaC are kept: file:// and a folder",
    ),
    optional(
        "TFSTATE_BUCKET_NAME",
        "Where Terraform states are kept: file:// and a folder",
    ),
    defaulted(
        "LEVEL_LOG",
        "info",
        "How much is logged: error, warn, info, debug or trace",
    ),
];

/// What to deploy, and from where.
#[derive(Clone, Debug)]
pub struct Request {
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

/// What of a request enters the run's record.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The environment to deploy to.
    pub environment: String,
    /// The version tag to deploy.
    pub version_tag: String,
    /// The workspace's name, if one was given.
    pub workspace: Option<String>,
    /// Who deploys.
    pub holder: Holder,
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
        if choice("DEPLOY_MODE", &["per-plugin", "unified"], "per-plugin")? == "unified" {
            return Err(unavailable(
                "unified deployment",
                "leave the input DEPLOY_MODE empty, or set it to `per-plugin`",
            ));
        }
        let required = |name| {
            inputs
                .required(name)
                .map(str::to_owned)
                .map_err(|error| failure(&error))
        };
        let workdir = inputs.path("WORKDIR").unwrap_or_default();
        let locations = Locations::resolve(
            inputs.text("IAC_BUCKET_NAME"),
            inputs.text("TFSTATE_BUCKET_NAME"),
            &folder.join(&workdir),
        )
        .map_err(|error| {
            let failure = Failure::from_error(exit_code::INPUTS, &error);
            match error.help() {
                Some(help) => failure.with_help(help),
                None => failure,
            }
        })?;
        let dynamic_inputs =
            DynamicInputs::parse(inputs.text("DYNAMIC_INPUTS").unwrap_or_default())
                .map_err(|error| LoadError::DynamicInputs(error).to_failure())?;
        Ok(Self {
            workdir,
            plugins: inputs.path("PLUGINS_PATH"),
            dynamic_inputs,
            locations,
            settings: Settings {
                environment: required("ENVIRONMENT")?,
                version_tag: required("VERSION")?,
                workspace: inputs.text("WORKSPACE").map(str::to_owned),
                holder: holder(environment),
            },
        })
    }
}

/// Who holds the lock, for people who are blocked by it.
pub(crate) fn holder(environment: &Environment) -> Holder {
    let host = ["HOSTNAME", "COMPUTERNAME", "RUNNER_NAME"]
        .iter()
        .find_map(|name| environment.get(name))
        .map(str::to_owned)
        .or_else(|| {
            let name = std::fs::read_to_string("/etc/hostname").ok()?;
            Some(name.trim().to_owned()).filter(|name| !name.is_empty())
        });
    Holder {
        host,
        process: Some(std::process::id()),
        pipeline_url: Context::new(environment).run_url(),
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
    Failure::from_error(exit_code::INPUTS, error).with_help(error.help())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pairs: &[(&str, &str)]) -> Result<Request, Failure> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let log = Log::new(&environment, Box::new(std::io::sink()));
        Request::from_inputs(&environment, Path::new("/project"), &log)
    }

    #[test]
    fn the_default_stores_are_beside_the_manifest() {
        let request = request(&[
            ("INPUT_CONTROL_PLANE", "standalone"),
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
    fn missing_and_unavailable_inputs_are_named() {
        let message = |pairs| {
            let failure = request(pairs).unwrap_err();
            format!("{} | {}", failure.message, failure.help.join(" | "))
        };
        insta::assert_snapshot!(message(&[]), @"");
        insta::assert_snapshot!(message(&[("INPUT_CONTROL_PLANE", "standalone")]), @"");
        insta::assert_snapshot!(message(&[("INPUT_CONTROL_PLANE", "alone")]), @"");
        insta::assert_snapshot!(message(&[("INPUT_CONTROL_PLANE", "standalone"), ("INPUT_DEPLOY_MODE", "unified")]), @"");
    }
}
