//! What several calls need to know of a project.

use std::path::Path;
use std::sync::Arc;

use gha::Failure;
use stk_manifest::{Finding, FindingCode, Manifest, Severity, Unit, units_without_definitions};
use stk_orchestrator::{LoadError, StartError, explained};
use stk_order::{DeployOrder, DeployedUnit, order};
use stk_run::{RunId, RunRecord, Target, exit_code};
use stk_store::{Location, Store, Versioned, runs};

/// `stk.yaml` alone, with the plugins as far as it describes them.
pub(crate) struct ManifestOnly {
    pub(crate) manifest: Option<Manifest>,
    pub(crate) units: Vec<Unit>,
    pub(crate) findings: Vec<Finding>,
}

/// Reads `stk.yaml` below `workdir` and nothing else.
pub(crate) fn manifest_only(workdir: &Path) -> Result<ManifestOnly, Failure> {
    let parsed = stk_orchestrator::manifest(workdir).map_err(|error| error.to_failure())?;
    let units = parsed
        .value
        .as_ref()
        .map(units_without_definitions)
        .unwrap_or_default();
    // Who looks at a file alone may not have registered or named the project yet; only a deployment
    // has to know which one it is.
    let mut findings = parsed.findings;
    for finding in &mut findings {
        if finding.code == FindingCode::NoIdentity {
            finding.severity = Severity::Warning;
        }
    }
    Ok(ManifestOnly {
        manifest: parsed.value,
        units,
        findings,
    })
}

/// The order, or why there is none as findings in `stk.yaml`, which is `file`.
pub(crate) fn ordered(
    units: &[Unit],
    deployed: &[DeployedUnit],
    file: &str,
) -> Result<DeployOrder, Vec<Finding>> {
    order(units, deployed).map_err(|errors| {
        errors
            .iter()
            .map(|error| stk_orchestrator::order_finding(error, file))
            .collect()
    })
}

/// The failure of a call that needs a project without errors.
pub(crate) fn check(findings: Vec<Finding>) -> Result<(), Failure> {
    if findings.iter().any(Finding::is_error) {
        Err(LoadError::Findings(findings).to_failure())
    } else {
        Ok(())
    }
}

/// The failure of a call that needs an order.
pub(crate) fn no_order(findings: Vec<Finding>) -> Failure {
    let mut failure = LoadError::Findings(findings).to_failure();
    failure.exit_code = exit_code::ORDER;
    failure
}

/// What `environment` of the project is called in the stores.
pub(crate) fn target(manifest: &Manifest, environment: String) -> Result<Target, Failure> {
    let identity = manifest
        .project_identity()
        .map_err(|finding| LoadError::Findings(vec![*finding]).to_failure())?;
    Ok(Target {
        project: identity.to_owned(),
        environment,
    })
}

/// The store at `location`, for a look; `None` when nothing was ever stored there.
pub(crate) async fn look_at(location: &Location) -> Result<Option<Arc<dyn Store>>, Failure> {
    stk_store::open_existing(location)
        .await
        .map_err(|error| StartError::Open(error).to_failure())
}

/// The record of a run, if it has one.
pub(crate) async fn run_record(
    store: &dyn Store,
    run_id: RunId,
) -> Result<Option<RunRecord>, Failure> {
    match runs::load(store, run_id).await {
        Ok(record) => Ok(record.map(Versioned::into_value)),
        Err(error) => {
            let mut failure = explained(exit_code::STORE, &error, error.help());
            let cause = std::mem::replace(
                &mut failure.message,
                format!("run {run_id} could not be read"),
            );
            failure.causes.insert(0, cause);
            Err(failure)
        }
    }
}
