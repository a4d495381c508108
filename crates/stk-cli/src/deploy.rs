//! `stk-runtime deploy`: orchestrate, show, ask, run the tasks.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use gha::{Environment, Failure, Inputs, Log};
use stk_run::{Action, Clock, DeployMode, PlanSummary, TaskList, exit_code};
use tokio_util::sync::CancellationToken;

use crate::arguments::{
    Deploy, Deployment, Format, Plan, check_mode, check_version_tag, current_folder,
    required_environment_name,
};
use crate::output;
use crate::planned::{self, Style};

pub(crate) async fn run(
    call: &Deploy,
    environment: &Environment,
    log: &Log,
) -> Result<u8, Failure> {
    if !call.auto_approve && !io::stdin().is_terminal() {
        return Err(Failure::new(
            exit_code::INPUTS,
            "nobody can be asked: standard input is not a terminal",
        )
        .with_help("give --auto-approve to deploy without a question"));
    }
    let approval = if call.auto_approve {
        Approval::Given
    } else {
        Approval::Asked
    };
    deploy(&call.deployment, &approval, environment, log).await
}

/// `stk-runtime plan`: the same up to the plan; the run is cancelled then.
pub(crate) async fn plan(call: &Plan, environment: &Environment, log: &Log) -> Result<u8, Failure> {
    let mode = call.deployment.mode.as_deref();
    if mode.or_else(|| Inputs::new(environment).text("DEPLOY_MODE")) != Some("unified") {
        return Err(Failure::new(
            exit_code::INPUTS,
            "only a project that is deployed as one can be planned as a whole",
        )
        .with_help(
            "give --mode unified; per plugin, what a plugin depends on is known only when the ones before \
             it are applied",
        ));
    }
    let approval = Approval::Never(call.format);
    deploy(&call.deployment, &approval, environment, log).await
}

/// Whether what was planned is applied.
#[derive(Debug, PartialEq, Eq)]
enum Approval {
    Given,
    Asked,
    /// It is only printed.
    Never(Format),
}

async fn deploy(
    call: &Deployment,
    approval: &Approval,
    environment: &Environment,
    log: &Log,
) -> Result<u8, Failure> {
    // Asked for here in the words of the command line; what comes next speaks of inputs.
    required_environment_name(call.env.as_deref(), environment)?;
    check_version_tag(call.version.as_deref(), environment)?;
    check_mode(call.mode.as_deref(), environment)?;
    let environment = with_inputs(call, environment);
    let folder = current_folder()?;
    let clock = Clock::system();
    let orchestration = stk_orchestrator::Request::from_inputs(&environment, &folder, log)?;
    // The inputs of the tasks are read now, so that what is wrong with them is said before a run
    // exists.
    let mut tasks = stk_tasks::Request::from_inputs(&environment, &folder, log)?;
    tasks.locations = orchestration.locations.clone();
    tasks.outputs = None;

    let cancel = stk_tasks::interrupted(log);
    let started = stk_orchestrator::orchestrate(&orchestration, &environment, log, &clock).await?;
    let run_id = started.record.run_id;
    if started.record.tasks.is_empty() {
        if *approval == Approval::Never(Format::Json) {
            output::print("null")?;
        }
        return Ok(exit_code::OK);
    }
    tasks.run_id = run_id.to_string();
    let unified = started.record.mode == DeployMode::Unified;
    let of_kind = |prepares: bool| {
        let tasks = started.record.tasks.iter();
        TaskList::of(tasks.filter(|task| !unified || task.kind.prepares() == prepares))
    };

    let canceller = Canceller {
        request: stk_cancel::Request {
            run_id: Some(run_id.to_string()),
            project: None,
            locations: tasks.locations.clone(),
            output_folder: folder,
        },
        log,
        clock: &clock,
    };
    let temporary = std::env::temp_dir();
    if unified {
        // What is approved is the plan.
        tasks.rows = of_kind(true);
        tasks.shows_plan = true;
        let planned = stk_tasks::run(&tasks, &environment, log, &clock, &cancel, &temporary).await;
        tasks.shows_plan = false;
        let shown = match planned {
            Ok(report) => show(report.planned.as_deref(), approval, &environment, log),
            Err(error) => Err(error.to_failure()),
        };
        if let Err(failure) = shown {
            canceller.cancel().await;
            return Err(failure);
        }
    }
    tasks.rows = of_kind(false);
    match approval {
        Approval::Given => {}
        Approval::Asked if approved(&cancel).await => {}
        Approval::Asked => {
            canceller.cancel().await;
            log.line("nothing was applied");
            return Ok(exit_code::CANCELLED);
        }
        Approval::Never(_) => {
            canceller.cancel().await;
            log.line("this was a plan: nothing was applied");
            return Ok(exit_code::OK);
        }
    }
    let done = stk_tasks::run(&tasks, &environment, log, &clock, &cancel, &temporary).await;
    match done {
        Ok(report) => {
            if let Some(record) = report.record {
                let count = |action| {
                    let units = record.units.iter();
                    units.filter(|unit| unit.action == action).count()
                };
                let applied = count(Action::Apply);
                let plugins = if applied == 1 { "plugin" } else { "plugins" };
                log.line(&format!(
                    "run {run_id} is {}: {applied} {plugins} applied, {} destroyed",
                    record.status,
                    count(Action::Destroy)
                ));
            }
            Ok(exit_code::OK)
        }
        Err(error) => {
            // A task that fails ends its run; what fails before the first task leaves it running.
            canceller.cancel().await;
            Err(error.to_failure())
        }
    }
}

/// A plan that was asked for is the result, and goes to standard output; one that is about to be approved goes where the
/// question is asked.
fn show(
    planned: Option<&PlanSummary>,
    approval: &Approval,
    environment: &Environment,
    log: &Log,
) -> Result<(), Failure> {
    let Some(planned) = planned else {
        return Ok(());
    };
    let text = |style| planned::text(planned, style, &|text| log.redact(text));
    match approval {
        Approval::Never(Format::Json) => output::print_document(planned),
        Approval::Never(Format::Text) => {
            output::print(&text(Style::of(environment, &io::stdout())))
        }
        Approval::Given | Approval::Asked => {
            let mut stderr = io::stderr();
            let _ = writeln!(stderr, "{}", text(Style::of(environment, &stderr)));
            let _ = stderr.flush();
            Ok(())
        }
    }
}

struct Canceller<'a> {
    request: stk_cancel::Request,
    log: &'a Log,
    clock: &'a Clock,
}

impl Canceller<'_> {
    /// Frees the next deployment. What went wrong before is what the user must see, so a failure
    /// here is only a warning.
    async fn cancel(&self) {
        match stk_cancel::cancel(&self.request, self.clock).await {
            Ok(stk_cancel::Outcome::Cancelled { record, .. }) => self
                .log
                .line(&format!("run {} is cancelled", record.run_id)),
            Ok(_) => {}
            Err(error) => self.log.warning(&format!(
                "the run could not be cancelled ({error}): cancel it with `stk-runtime cancel {}`",
                self.request.run_id.as_deref().unwrap_or_default()
            )),
        }
    }
}

/// Asks on the terminal. Only `yes` is an approval, as with Terraform; an interrupt is a no.
async fn approved(cancel: &CancellationToken) -> bool {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "\nDo you want to do this? Only `yes` is accepted: ");
    let _ = stderr.flush();
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        Some(answer)
    });
    tokio::select! {
        answer = answer => matches!(answer, Ok(Some(text)) if text.trim() == "yes"),
        () = cancel.cancelled() => false,
    }
}

/// The flags as the actions' inputs.
fn with_inputs(call: &Deployment, environment: &Environment) -> Environment {
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref()
            .map(|path| path.to_string_lossy().into_owned())
    };
    let given = [
        ("INPUT_WORKDIR", path(&call.project.workdir)),
        ("INPUT_PLUGINS_PATH", path(&call.plugins.plugins_path)),
        ("INPUT_DYNAMIC_INPUTS", call.plugins.dynamic_inputs.clone()),
        ("INPUT_ENVIRONMENT", call.env.clone()),
        ("INPUT_VERSION", call.version.clone()),
        ("INPUT_DEPLOY_MODE", call.mode.clone()),
        ("INPUT_IAC_BUCKET_NAME", call.stores.iac_store.clone()),
        ("INPUT_TFSTATE_BUCKET_NAME", call.state_store.clone()),
        // An empty list stands for the one that the orchestration decides.
        ("INPUT_TASK_LIST", Some("[]".to_owned())),
    ];
    let mut environment = environment.clone();
    if environment.get("INPUT_CONTROL_PLANE").is_none() {
        environment = environment.with("INPUT_CONTROL_PLANE", "standalone");
    }
    for (name, value) in given {
        if let Some(value) = value {
            environment = environment.with(name, value);
        }
    }
    environment
}
