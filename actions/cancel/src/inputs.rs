use std::path::PathBuf;

use gha::{Environment, Failure, InputSpec, Inputs};
use stk_run::exit_code;
use stk_store::Locations;

/// The inputs of the cancel action that this program reads.
pub const INPUTS: &[InputSpec] = &[
    InputSpec::optional("RUN_ID", "The run to cancel; empty: nothing to do"),
    InputSpec::defaulted(
        "CONTROL_PLANE",
        "stackspot",
        "Who keeps the runs: stackspot or standalone",
    ),
    InputSpec::defaulted(
        "WORKDIR",
        "./",
        "The folder that holds .stk, for the default stores",
    ),
    InputSpec::optional(
        "IAC_BUCKET_NAME",
        "Where runs are kept: file:// and a folder",
    ),
    InputSpec::optional(
        "TFSTATE_BUCKET_NAME",
        "Where Terraform states are kept: file:// and a folder",
    ),
    InputSpec::optional("PROJECT", "Refuse a run that is not of this project"),
];

/// What to cancel, and where its record is.
#[derive(Clone, Debug)]
pub struct Request {
    /// The run, as the user gave it; `None` when no run was started.
    pub run_id: Option<String>,
    /// The only project whose runs may be cancelled, if it matters.
    pub project: Option<String>,
    /// Where runs are kept.
    pub locations: Locations,
    /// Where `run_data_output.json` is written.
    pub output_folder: PathBuf,
}

impl Request {
    /// Reads the action's inputs. `folder` is the folder that the program was started in.
    ///
    /// # Errors
    ///
    /// A failure that names the input at fault.
    pub fn from_inputs(
        environment: &Environment,
        folder: &std::path::Path,
    ) -> Result<Self, Failure> {
        let inputs = Inputs::new(environment).with_defaults(INPUTS);
        let plane = inputs
            .choice("CONTROL_PLANE", &["stackspot", "standalone"], "stackspot")
            .map_err(|error| {
                Failure::from_error(exit_code::INPUTS, &error).with_help(error.help())
            })?;
        let run_id = inputs.text("RUN_ID").map(str::to_owned);
        if plane == "stackspot" && run_id.is_some() {
            return Err(Failure::new(
                exit_code::INPUTS,
                "the control plane `stackspot` is not available in this version",
            )
            .with_help("set the input CONTROL_PLANE to `standalone`"));
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
        Ok(Self {
            run_id,
            project: inputs.text("PROJECT").map(str::to_owned),
            locations,
            output_folder: folder.to_owned(),
        })
    }
}
