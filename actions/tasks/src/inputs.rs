use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use gha::{Context, Environment, Failure, InputError, InputSpec, Inputs, Level, Log};
use secrecy::SecretString;
use stk_deploy::policy::{ModuleSources, Policy};
use stk_run::{Holder, Secrets, TaskList, TaskListError, exit_code};
use stk_store::Locations;
use terraform_runner::ProviderMirror;

use crate::terraform::{AwsKeys, TerraformRequest};

/// The inputs of the tasks action that this program reads.
pub const INPUTS: &[InputSpec] = &[
    InputSpec::required(
        "TASK_LIST",
        "The rows to execute: the orchestrator's output apply_tasks",
    ),
    InputSpec::required(
        "RUN_ID",
        "The run that they belong to: the orchestrator's output run_id",
    ),
    InputSpec::defaulted(
        "CONTROL_PLANE",
        "stackspot",
        "Who keeps the run: stackspot or standalone",
    ),
    InputSpec::defaulted(
        "WORKDIR",
        "./",
        "The folder that holds .stk, for the default stores",
    ),
    InputSpec::optional(
        "IAC_BUCKET_NAME",
        "Where runs, packages and IaC are kept: file:// and a folder",
    ),
    InputSpec::optional(
        "TFSTATE_BUCKET_NAME",
        "Where Terraform states are kept: file:// and a folder",
    ),
    InputSpec::optional("PROJECT", "Refuse a run that is not of this project"),
    InputSpec::defaulted(
        "OUTPUT_FILE",
        "outputs.json",
        "The end of the name of the file with a plugin's Terraform outputs",
    ),
    InputSpec::optional(
        "PATH_TO_MOUNT",
        "The folder that output files are written to; the current one if empty",
    ),
    InputSpec::optional(
        "SECRET_INPUTS",
        "The values of secret inputs, as JSON: {\"<alias>\": {\"<input>\": \"<value>\"}}",
    ),
    InputSpec::optional(
        "PLAN_ENCRYPTION_KEY",
        "The passphrase that the plan is stored with",
    ),
    InputSpec::optional("TERRAFORM_BIN", "The Terraform or OpenTofu to run"),
    InputSpec::optional("TERRAFORM_IMAGE", "Not available in this version"),
    InputSpec::optional(
        "PROVIDER_MIRROR",
        "A folder with providers, in the layout of `terraform providers mirror`",
    ),
    InputSpec::defaulted(
        "TF_PARALLELISM",
        "10",
        "How many operations Terraform does at once",
    ),
    InputSpec::optional("TF_LOG_PROVIDER", "The level of the providers' logs"),
    InputSpec::optional("AWS_REGION", "The AWS region to deploy to"),
    InputSpec::optional("AWS_ROLE_ARN", "Not available in this version"),
    InputSpec::optional("AWS_ACCESS_KEY_ID", "The AWS access key id"),
    InputSpec::optional("AWS_SECRET_ACCESS_KEY", "The AWS secret access key"),
    InputSpec::optional("AWS_SESSION_TOKEN", "The AWS session token"),
    InputSpec::optional(
        "FEATURES_TERRAFORM_MODULES",
        "Where modules may come from, as JSON; anywhere if empty",
    ),
    InputSpec::defaulted(
        "LOCALEXEC_ENABLED",
        "false",
        "Whether plugins may run commands on the runner",
    ),
    InputSpec::defaulted(
        "FEATURES_LEVEL_LOG",
        "info",
        "How much is logged: error, warn, info, debug or trace",
    ),
];

/// What to execute, and what with.
#[derive(Clone, Debug)]
pub struct Request {
    /// The run, as the user gave it.
    pub run_id: String,
    /// The rows to execute.
    pub rows: TaskList,
    /// The only project whose runs may be executed, if it matters.
    pub project: Option<String>,
    /// Where runs and states are kept.
    pub locations: Locations,
    /// Where `<alias><output_file>` is written; `None`: nowhere.
    pub outputs: Option<OutputFiles>,
    /// The values of secret inputs.
    pub secrets: Secrets,
    /// The passphrase that the plan is stored with; `None`: as it is.
    pub plan_encryption_key: Option<SecretString>,
    /// What plugins' Terraform may do.
    pub policy: Policy,
    /// Who holds the lock of a failed run that goes on, for people who are blocked by it.
    pub holder: Holder,
    /// Which Terraform is run, and how.
    pub terraform: TerraformRequest,
    /// The caller shows what is planned, so what Terraform says of it is a detail of the log.
    pub shows_plan: bool,
}

/// The files with Terraform outputs.
#[derive(Clone, Debug)]
pub struct OutputFiles {
    /// The folder that they are written to.
    pub folder: PathBuf,
    /// The end of their names; an alias stands before it, without a separator.
    pub suffix: String,
}

impl Request {
    /// Reads the action's inputs; masks the secrets among them in `log`, and sets its level.
    /// `folder` is the folder that the program was started in.
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
        let context = Context::new(environment);
        if let Some(text) = inputs.text("FEATURES_LEVEL_LOG") {
            match Level::parse(text) {
                Some(level) => log.set_level(level),
                None => log.warning(&format!(
                    "FEATURES_LEVEL_LOG is `{text}`, which is none of error, warn, info, debug and \
                     trace: info is used"
                )),
            }
        }
        let secrets = secrets(&inputs, environment, log)?;
        let terraform = terraform(&inputs, folder, log)?;
        let plan_encryption_key = inputs.secret("PLAN_ENCRYPTION_KEY");
        if let Some(key) = &plan_encryption_key {
            log.mask(key);
        }
        let plane = inputs
            .choice("CONTROL_PLANE", &["stackspot", "standalone"], "stackspot")
            .map_err(|error| failure(&error))?;
        let rows = rows(inputs.text("TASK_LIST"))?;
        if plane == "stackspot" && !rows.rows().is_empty() {
            return Err(unavailable(
                "the control plane `stackspot`",
                "set the input CONTROL_PLANE to `standalone`",
            ));
        }
        let workdir = folder.join(inputs.path("WORKDIR").unwrap_or_default());
        let locations = Locations::resolve(
            inputs.text("IAC_BUCKET_NAME"),
            inputs.text("TFSTATE_BUCKET_NAME"),
            &workdir,
        )
        .map_err(|error| {
            let failure = Failure::from_error(exit_code::INPUTS, &error);
            match error.help() {
                Some(help) => failure.with_help(help),
                None => failure,
            }
        })?;
        let policy = policy(&inputs, log)?;
        let run_id = if rows.rows().is_empty() {
            inputs.text("RUN_ID").unwrap_or_default().to_owned()
        } else {
            inputs
                .required("RUN_ID")
                .map_err(|error| failure(&error))?
                .to_owned()
        };
        Ok(Self {
            run_id,
            rows,
            project: inputs.text("PROJECT").map(str::to_owned),
            locations,
            outputs: Some(output_files(&inputs, folder)?),
            secrets,
            plan_encryption_key,
            policy,
            holder: Holder {
                host: context.host(),
                process: Some(std::process::id()),
                pipeline_url: context.run_url(),
            },
            terraform,
            shows_plan: false,
        })
    }
}

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

fn rows(text: Option<&str>) -> Result<TaskList, Failure> {
    TaskList::parse(text.unwrap_or_default()).map_err(|error| match error {
        TaskListError::Empty => Failure::new(exit_code::INPUTS, "the input TASK_LIST is empty")
            .with_cause(
                "GitHub drops an output that contains the text of a secret, so the orchestrator's \
                 `apply_tasks` may have been lost on the way",
            )
            .with_help(
                "look for the warning `Skip output 'apply_tasks' since it may contain secret` in \
                 the orchestrator's job, and change the secret whose text stands in an alias or an id",
            )
            .with_help(
                "if the workflow hands on the output itself, check the step's id and the job's \
                 `outputs`; an empty list is written `[]`",
            ),
        other => Failure::new(exit_code::INPUTS, "the input TASK_LIST is malformed")
            .with_cause(other.to_string())
            .with_help("hand on the orchestrator's output `apply_tasks` unchanged"),
    })
}

fn terraform(inputs: &Inputs<'_>, folder: &Path, log: &Log) -> Result<TerraformRequest, Failure> {
    let keys = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ]
    .map(|name| inputs.secret(name));
    for secret in keys.iter().flatten() {
        log.mask(secret);
    }
    if inputs.is_given("AWS_ROLE_ARN") {
        return Err(unavailable(
            "assuming the role of AWS_ROLE_ARN",
            "assume the role in a step before this one (for example with \
             aws-actions/configure-aws-credentials) and leave AWS_ROLE_ARN empty",
        ));
    }
    if inputs.is_given("TERRAFORM_IMAGE") {
        return Err(unavailable(
            "running Terraform in a container (TERRAFORM_IMAGE)",
            "install Terraform on the runner and leave TERRAFORM_IMAGE empty",
        ));
    }
    let aws_keys = match keys {
        [Some(access_key_id), Some(secret_access_key), session_token] => Some(AwsKeys {
            access_key_id,
            secret_access_key,
            session_token,
        }),
        [None, None, None] => None,
        _ => {
            return Err(Failure::new(
                exit_code::INPUTS,
                "the AWS keys are incomplete: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong \
                 together",
            )
            .with_help(
                "give both (and AWS_SESSION_TOKEN for temporary keys), or none to use the runner's \
                 own identity",
            ));
        }
    };
    let provider_mirror = inputs
        .path("PROVIDER_MIRROR")
        .map(|mirror| ProviderMirror::open(&folder.join(mirror)))
        .transpose()
        .map_err(|error| {
            Failure::new(exit_code::INPUTS, "the input PROVIDER_MIRROR is wrong")
                .with_source(Some(&error))
                .with_help(error.help())
        })?;
    let parallelism = inputs
        .number::<u16>("TF_PARALLELISM", 10)
        .map_err(|error| failure(&error))?;
    let parallelism = NonZeroU16::new(parallelism).ok_or_else(|| {
        Failure::new(exit_code::INPUTS, "the input TF_PARALLELISM is 0")
            .with_help("give how many operations Terraform may do at once, from 1")
    })?;
    Ok(TerraformRequest {
        program: inputs.path("TERRAFORM_BIN"),
        parallelism: Some(parallelism),
        log_provider: inputs.text("TF_LOG_PROVIDER").map(str::to_owned),
        aws_region: inputs.text("AWS_REGION").map(str::to_owned),
        aws_keys,
        provider_mirror,
    })
}

fn policy(inputs: &Inputs<'_>, log: &Log) -> Result<Policy, Failure> {
    let modules = match inputs.text("FEATURES_TERRAFORM_MODULES") {
        Some(text) => Some(modules(text, log)?),
        None => None,
    };
    let policy = Policy {
        commands: inputs
            .flag("LOCALEXEC_ENABLED", false)
            .map_err(|error| failure(&error))?,
        modules,
    };
    for secret in policy.secrets() {
        log.mask(&secret);
    }
    for doubt in policy.doubts() {
        log.warning(&format!("FEATURES_TERRAFORM_MODULES: {doubt}"));
    }
    Ok(policy)
}

fn modules(text: &str, log: &Log) -> Result<ModuleSources, Failure> {
    let modules = ModuleSources::parse(text).map_err(|error| {
        Failure::new(
            exit_code::INPUTS,
            "the input FEATURES_TERRAFORM_MODULES is malformed",
        )
        .with_cause(error.to_string())
        .with_help(error.help())
    })?;
    for token in modules.sources.iter().flat_map(|source| &source.token) {
        log.mask(token);
    }
    for key in &modules.unknown {
        log.warning(&format!("FEATURES_TERRAFORM_MODULES: {key}"));
    }
    Ok(modules)
}

fn output_files(inputs: &Inputs<'_>, folder: &Path) -> Result<OutputFiles, Failure> {
    let suffix = inputs.text("OUTPUT_FILE").unwrap_or("outputs.json");
    if suffix.contains(['/', '\\', '\0']) {
        return Err(Failure::new(
            exit_code::INPUTS,
            format!("the input OUTPUT_FILE must be the end of a file's name, but it is `{suffix}`"),
        )
        .with_help(
            "give it without a folder, e.g. `outputs.json`: the files are written to PATH_TO_MOUNT",
        ));
    }
    Ok(OutputFiles {
        folder: folder.join(inputs.path("PATH_TO_MOUNT").unwrap_or_default()),
        suffix: suffix.to_owned(),
    })
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
