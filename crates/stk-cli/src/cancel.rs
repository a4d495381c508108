//! `stk-runtime cancel`: what the cancel action does.

use gha::{Environment, Failure, Log};
use stk_run::{Clock, exit_code};

use crate::arguments::{Cancel, current_folder};

pub(crate) async fn run(
    call: &Cancel,
    environment: &Environment,
    log: &Log,
) -> Result<u8, Failure> {
    let workdir = call.project.workdir(environment);
    let request = stk_cancel::Request {
        run_id: Some(call.run_id.clone()).filter(|id| !id.trim().is_empty()),
        project: gha::Inputs::new(environment)
            .text("PROJECT")
            .map(str::to_owned),
        locations: call.stores.locations(&workdir, environment)?,
        output_folder: current_folder()?,
    };
    let outcome = stk_cancel::cancel(&request, &Clock::system())
        .await
        .map_err(|error| stk_orchestrator::explained(error.exit_code(), &error, error.help()))?;
    if let Some(path) = stk_cancel::report(&outcome, &request.output_folder, log)? {
        crate::output::print(&format!("run_data={}", path.display()))?;
    }
    Ok(exit_code::OK)
}
