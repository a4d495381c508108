//! Which secret inputs have a value, for the merge; and what is given in vain.

use stk_manifest::{SecretSource, nearest};
use stk_run::{RunRecord, SecretPath, Secrets};

/// The values that a deployment was given.
pub(crate) struct Given<'s>(pub(crate) &'s Secrets);

impl SecretSource for Given<'_> {
    fn has(&self, alias: &str, path: &[String]) -> bool {
        let path = SecretPath::new(path.iter().cloned());
        self.0.get(alias, &path).is_some()
    }

    fn variable(&self, alias: &str, path: &[String]) -> String {
        SecretPath::new(path.iter().cloned()).variable(alias)
    }
}

/// What SECRET_INPUTS gives that nothing in the run of `record` takes; names only.
pub(crate) fn in_vain(secrets: &Secrets, record: &RunRecord) -> Vec<String> {
    let mut vain = Vec::new();
    for (alias, paths) in secrets.given() {
        let unit = record
            .units
            .iter()
            .find(|unit| unit.alias.as_str() == alias);
        let Some(unit) = unit else {
            let known = record.units.iter().map(|unit| unit.alias.as_str());
            let meant = nearest(alias, known)
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            vain.push(format!(
                "SECRET_INPUTS names the plugin `{alias}`, which this run has nothing to do with{meant}"
            ));
            continue;
        };
        for path in paths.iter().filter(|path| !unit.secrets.contains(path)) {
            let known: Vec<_> = unit.secrets.iter().map(ToString::to_string).collect();
            let meant = nearest(&path.to_string(), known.iter().map(String::as_str))
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            vain.push(format!(
                "SECRET_INPUTS gives `{path}` to the plugin `{alias}`, which has no such input{meant}"
            ));
        }
    }
    vain
}
