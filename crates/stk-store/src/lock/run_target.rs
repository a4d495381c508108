use serde::{Deserialize, Serialize};
use stk_run::{LockRecord, RunId, Target};

use crate::Key;
use crate::document::Document;

/// Which target a run was started for.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RunTarget {
    version: u32,
    run_id: RunId,
    pub(super) target: Target,
}

impl RunTarget {
    pub(super) fn of(lock: &LockRecord) -> Self {
        Self {
            version: Self::VERSION,
            run_id: lock.run_id,
            target: lock.target.clone(),
        }
    }
}

impl Document for RunTarget {
    const KIND: &'static str = "run's target";
    const VERSION: u32 = 1;

    fn form(&self) -> u32 {
        self.version
    }

    fn belongs_under(&self, key: &Key) -> bool {
        *key == Key::RunTarget(self.run_id)
    }
}
