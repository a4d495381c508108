//! `stk-runtime render --mode unified`: the project that UNIFIED_IAC would store.

use std::collections::BTreeMap;
use std::path::Path;

use gha::{Failure, Log};
use stk_deploy::Composition;
use stk_orchestrator::PluginSource;
use stk_run::{RunRecord, exit_code};

use super::{Known, failed, files, finish, insert, unwritten};

/// Writes the whole project to `out`, or nothing.
pub(super) fn render(
    record: &RunRecord,
    sources: &BTreeMap<String, PluginSource>,
    known: &Known,
    out: &Path,
    log: &Log,
) -> Result<u8, Failure> {
    let mut composition = Composition::new(record);
    let mut failures = Vec::new();
    for unit in &record.units {
        let Some(package) = files(sources, unit)? else {
            continue;
        };
        let (mut connections, others) = composition.references(unit);
        insert(&mut connections, others, known);
        match composition.add(unit, package, connections) {
            Ok(added) => {
                for warning in added.warnings {
                    log.warning(&format!("{}: {warning}", unit.alias));
                }
            }
            Err(error) => failures.push(failed(&error, unit, known)),
        }
    }
    if !failures.is_empty() {
        return finish(failures);
    }
    // What earlier deployments shared is in a store, and only needed for what they deployed.
    let composed = composition.compose(&[]).map_err(|error| {
        let mut failure = Failure::from_error(error.exit_code(), &error);
        failure.help.extend(error.help());
        failure
    })?;
    for note in &composed.notes {
        log.line(note);
    }
    composed.write_to(out).map_err(|error| unwritten(&error))?;
    log.line(&out.display().to_string());
    Ok(exit_code::OK)
}
