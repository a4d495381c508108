//! The command line. Each flag stands for an action's input: what is not given is taken from
//! `INPUT_<NAME>`, and what is given is read as the action reads its input.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use gha::{Environment, Failure, Inputs};
use stk_manifest::DynamicInputs;
use stk_orchestrator::LoadError;
use stk_run::exit_code;
use stk_store::Locations;

use crate::explain;

/// Deploys the infrastructure plugins of a StackSpot project, without an account and without a
/// server.
#[derive(Debug, Parser)]
#[command(name = "stk-runtime", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) call: Call,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Call {
    /// Order the plugins, show what will happen, ask, and apply them.
    Deploy(Deploy),
    /// Show what a deployment would change, and change nothing. Needs `--mode unified`.
    Plan(Plan),
    /// Report everything that is wrong with stk.yaml and its plugins.
    Validate(Validate),
    /// Show in which order the plugins are applied, and what each needs from which.
    Graph(Graph),
    /// Write the Terraform that would be applied, without running anything.
    Render(Render),
    /// Show a run's tasks and how far they are.
    Status(Status),
    /// List the runs of this project and environment, newest first.
    Runs(Runs),
    /// Cancel a run and free the next deployment.
    Cancel(Cancel),
}

/// Where the project is.
#[derive(Args, Debug)]
pub(crate) struct ProjectArguments {
    /// The folder that holds `.stk` [default: the current one].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) workdir: Option<PathBuf>,
}

/// Where the sources of the plugins are.
#[derive(Args, Debug)]
pub(crate) struct PluginArguments {
    /// The folder of plugin sources [default: `plugins` under the workdir].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) plugins_path: Option<PathBuf>,
    /// Inputs added to every plugin: `--name value --other=value`, as one argument.
    #[arg(long, value_name = "INPUTS", allow_hyphen_values = true)]
    pub(crate) dynamic_inputs: Option<String>,
}

/// Where runs are kept.
#[derive(Args, Debug)]
pub(crate) struct StoreArguments {
    /// Where runs, packages and IaC are kept: `file://` and a folder [default: `.stk/runtime` under
    /// the workdir].
    #[arg(long, value_name = "STORE")]
    pub(crate) iac_store: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Deploy {
    #[command(flatten)]
    pub(crate) deployment: Deployment,
    /// Do not ask before applying.
    #[arg(long)]
    pub(crate) auto_approve: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) deployment: Deployment,
    /// How the plan is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// What is deployed, how and where to.
#[derive(Args, Debug)]
pub(crate) struct Deployment {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    /// The environment to deploy to.
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// The version tag to deploy.
    #[arg(long, value_name = "TAG")]
    pub(crate) version: Option<String>,
    /// How the plugins' Terraform is organised: `per-plugin` (the default), a project for each; `unified`, one for all.
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<String>,
    #[command(flatten)]
    pub(crate) plugins: PluginArguments,
    #[command(flatten)]
    pub(crate) stores: StoreArguments,
    /// Where Terraform states are kept: `file://` and a folder [default: `.stk/runtime` under the
    /// workdir].
    #[arg(long, value_name = "STORE")]
    pub(crate) state_store: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Validate {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) plugins: PluginArguments,
    /// Check the inputs for this environment.
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// Look at stk.yaml alone.
    #[arg(long)]
    pub(crate) manifest_only: bool,
    /// How the findings are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Explain the code of a finding, such as STK012, and check nothing; without a code, list them
    /// all.
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = explain::LIST)]
    pub(crate) explain: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) plugins: PluginArguments,
    #[command(flatten)]
    pub(crate) stores: StoreArguments,
    /// Compare with what is deployed to this environment: what was removed is destroyed.
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// Look at stk.yaml alone.
    #[arg(long)]
    pub(crate) manifest_only: bool,
    /// How the order is printed.
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub(crate) format: GraphFormat,
}

#[derive(Args, Debug)]
pub(crate) struct Render {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) plugins: PluginArguments,
    /// The environment to render for.
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// How the plugins' Terraform is organised: `per-plugin` (the default), a project for each; `unified`, one for all.
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<String>,
    /// A JSON file with known connections: `{"<connection>": {"<attribute>": "<value>"}}`. With `--mode unified` it
    /// needs only those that no plugin of the project generates.
    #[arg(long, value_name = "FILE")]
    pub(crate) connections: Option<PathBuf>,
    /// The folder to write to; each plugin gets a folder of its own in it.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Status {
    /// The run.
    pub(crate) run_id: String,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) stores: StoreArguments,
    /// Wait until the run has ended, and show each change.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Runs {
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) stores: StoreArguments,
    /// The environment.
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Cancel {
    /// The run.
    pub(crate) run_id: String,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
    #[command(flatten)]
    pub(crate) stores: StoreArguments,
    /// Accepted as the action accepts it; a run is always cancelled.
    #[arg(long)]
    pub(crate) force: bool,
}

/// How findings, and plans, are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For people: a line for each.
    Text,
    /// One JSON document.
    Json,
}

/// How an order is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A line for each plugin.
    Text,
    /// One JSON document.
    Json,
    /// A flowchart for Mermaid.
    Mermaid,
}

impl ProjectArguments {
    /// The flag, else `INPUT_WORKDIR`, else the current folder.
    pub(crate) fn workdir(&self, environment: &Environment) -> PathBuf {
        self.workdir
            .clone()
            .or_else(|| Inputs::new(environment).path("WORKDIR"))
            .unwrap_or_default()
    }
}

impl PluginArguments {
    /// The flag, else `INPUT_PLUGINS_PATH`.
    pub(crate) fn path(&self, environment: &Environment) -> Option<PathBuf> {
        self.plugins_path
            .clone()
            .or_else(|| Inputs::new(environment).path("PLUGINS_PATH"))
    }

    /// The flag, else `INPUT_DYNAMIC_INPUTS`.
    pub(crate) fn dynamic(&self, environment: &Environment) -> Result<DynamicInputs, Failure> {
        let flag = self.dynamic_inputs.as_deref();
        let text = flag.or_else(|| Inputs::new(environment).text("DYNAMIC_INPUTS"));
        DynamicInputs::parse(text.unwrap_or_default())
            .map_err(|error| LoadError::DynamicInputs(error).to_failure())
    }
}

impl StoreArguments {
    /// The flag, else the inputs, else the folder beside `stk.yaml`.
    pub(crate) fn locations(
        &self,
        workdir: &Path,
        environment: &Environment,
    ) -> Result<Locations, Failure> {
        let inputs = Inputs::new(environment);
        let iac = self.iac_store.as_deref();
        stk_orchestrator::locations(
            iac.or_else(|| inputs.text("IAC_BUCKET_NAME")),
            inputs.text("TFSTATE_BUCKET_NAME"),
            &current_folder()?.join(workdir),
        )
    }
}

/// `--env`, else `INPUT_ENVIRONMENT`.
pub(crate) fn environment_name(flag: Option<&str>, environment: &Environment) -> Option<String> {
    flag.or_else(|| Inputs::new(environment).text("ENVIRONMENT"))
        .map(str::to_owned)
}

/// The same for a call that cannot do without.
pub(crate) fn required_environment_name(
    flag: Option<&str>,
    environment: &Environment,
) -> Result<String, Failure> {
    environment_name(flag, environment).ok_or_else(|| {
        Failure::new(exit_code::INPUTS, "no environment is named")
            .with_help("give --env, or set INPUT_ENVIRONMENT")
    })
}

/// `--version`, else `INPUT_VERSION`.
pub(crate) fn check_version_tag(
    flag: Option<&str>,
    environment: &Environment,
) -> Result<(), Failure> {
    match flag.or_else(|| Inputs::new(environment).text("VERSION")) {
        Some(_) => Ok(()),
        None => Err(
            Failure::new(exit_code::INPUTS, "no version tag is named").with_help(
                "give --version (any text that names this deployment, e.g. v1.0.0), or set \
                     INPUT_VERSION",
            ),
        ),
    }
}

/// That the mode is one that there is.
pub(crate) fn check_mode(flag: Option<&str>, environment: &Environment) -> Result<(), Failure> {
    match flag.or_else(|| Inputs::new(environment).text("DEPLOY_MODE")) {
        None | Some("per-plugin" | "unified") => Ok(()),
        Some(other) => Err(
            Failure::new(exit_code::INPUTS, format!("`{other}` is not a mode"))
                .with_help("give `per-plugin` or `unified`"),
        ),
    }
}

/// The folder that the program was started in.
pub(crate) fn current_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|error| {
        Failure::from_error(exit_code::INPUTS, &error)
            .with_help("start the program in a folder that exists")
    })
}
