//! What several calls need to know of a project.

use std::path::Path;

use gha::Failure;
use stk_manifest::{Finding, Manifest, Unit, units_without_definitions};
use stk_orchestrator::LoadError;
use stk_order::{DeployOrder, DeployedUnit, order};
use stk_run::exit_code;

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
    Ok(ManifestOnly {
        manifest: parsed.value,
        units,
        findings: parsed.findings,
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
