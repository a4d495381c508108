//! From one mode to the other: what is deployed keeps its resources, and their states are moved.
//!
//! A plugin that is deployed on its own has a state of its own; as a part of the whole project it is a module in the
//! project's state. A run in the other mode moves what it deploys, and must change nothing else: before anything is
//! moved, the state is put together on the side, in a file that nobody else sees, and planned with the new
//! configuration. If that plan does anything to a resource, the run is refused. Otherwise the plan, which can do no more
//! than to set outputs, is applied to the copy, so that it is Terraform that writes into it which provider configuration
//! each resource belongs to. That copy is what is moved.
//!
//! # What knows the resources, whenever this process is killed
//!
//! `deployed/<alias>.json` says in which mode a plugin is deployed, and so which of its two states is the true one.
//! What another state says of it is a copy, which is not read and is replaced when the plugin is moved there. So the
//! copy is made first and the old place emptied last:
//!
//! | # | step | killed right after it |
//! |---|---|---|
//! | 1 | the states are read, put together on the side, planned, and applied there | nothing is changed |
//! | 2 | the lock is looked at again | nothing is changed; a cancelled run ends here |
//! | 3 | each state that will change is backed up | backups that nobody needs |
//! | 4 | the new place gets its state | a copy in the new place; `deployed` says the old one, which is as it was: both modes go on from there |
//! | 5 | a plan in the new place; if it does anything, the new place gets back what it had | as after 4, or as after 3 |
//! | 6 | `deployed`: the attempt, in the new mode | the new place is the true one; a copy stays in the old one. Of a whole project some plugins may be moved and others not: a run in either mode takes those that are not its own. A destroy of the plugin empties the copy too |
//! | 7 | the old place is emptied (a plugin's), or loses the module (the project's) | everything is true but the connections and the success in `deployed`, which any next run brings |
//! | 8 | the plan is applied: outputs | as in any other deployment |
//!
//! A task that is repeated reads the states again and does the same; its backups are those of the first time. The attempt
//! does not keep a success of the other mode: its IaC is of another kind, and that of this run does the same, for
//! otherwise the plan would have had changes.

mod copy;
mod place;
mod to_plugin;

use stk_run::{Alias, DeployMode, DeployedUnit};
use terraform_runner::Planned;
use terraform_runner::event::{Action, Change};
use terraform_runner::state::StateDocument;

use crate::error::{Scope, TaskError, TriedMove};
use crate::steps::Steps;
use crate::tools::Progress;

pub(crate) use copy::{Copy, Rehearsed, rehearse};
pub(crate) use place::{Place, back_up};
pub(crate) use to_plugin::into_plugin;

/// What is known of a plugin, as far as a run of `mode` can use it.
pub(crate) fn in_mode(before: DeployedUnit, mode: DeployMode) -> DeployedUnit {
    if before.mode == mode {
        return before;
    }
    DeployedUnit {
        mode,
        last_success: None,
        ..before
    }
}

/// `3 resources of ... move`, for a message.
pub(crate) fn moving(resources: usize, alias: &Alias) -> String {
    match resources {
        1 => format!("1 resource of `{alias}` moves"),
        many => format!("{many} resources of `{alias}` move"),
    }
}

/// A plan in the new place must leave every resource as it is. Outputs may follow, data sources may be read, and a
/// `moved` block may give a resource another name.
pub(crate) fn unchanged(
    scope: &Scope,
    from: DeployMode,
    planned: &Planned,
) -> Result<(), TaskError> {
    let changes: Vec<_> = planned.changes.iter().filter_map(change).collect();
    if changes.is_empty() {
        return Ok(());
    }
    Err(TaskError::SwitchChanges {
        scope: scope.clone(),
        from,
        changes,
        tried: TriedMove::Aside,
    })
}

fn change(change: &Change) -> Option<String> {
    let what = match &change.action {
        Action::NoOp | Action::Read | Action::Move => return None,
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "destroy",
        Action::Import => "import",
        Action::Forget => "forget",
        Action::Other(other) => other,
    };
    Some(format!("{} ({what})", change.address))
}

/// Puts back what was in the new place, because of `error`, which then says so.
pub(crate) async fn taken_back(
    mut error: TaskError,
    steps: &Steps<'_>,
    before: &StateDocument,
    report: &mut (dyn FnMut(Progress) + Send),
) -> TaskError {
    let back = match steps.restore_state(before).await {
        Ok(()) => {
            report(Progress::Line(
                "the state was taken back to where it was".to_owned(),
            ));
            TriedMove::TakenBack
        }
        Err(failed) => {
            report(Progress::Warning(format!(
                "a copy of the state could not be taken back: {failed}"
            )));
            TriedMove::CopyLeft
        }
    };
    if let TaskError::SwitchChanges { tried, .. } = &mut error {
        *tried = back;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(action: Action) -> Change {
        Change {
            address: "module.a.x.y".to_owned(),
            module: String::new(),
            resource_type: "x".to_owned(),
            action,
            reason: None,
            previous_address: None,
        }
    }

    #[test]
    fn whatever_is_done_to_a_resource_is_a_change() {
        let actions = [
            Action::NoOp,
            Action::Read,
            Action::Move,
            Action::Create,
            Action::Update,
            Action::Replace,
            Action::Delete,
            Action::Import,
            Action::Forget,
            Action::Other("newer".to_owned()),
        ];
        let changes = actions.into_iter().map(|action| change(&planned(action)));
        let changes: Vec<_> = changes.flatten().collect();
        insta::assert_snapshot!(changes.join("\n"), @"
        module.a.x.y (create)
        module.a.x.y (update)
        module.a.x.y (replace)
        module.a.x.y (destroy)
        module.a.x.y (import)
        module.a.x.y (forget)
        module.a.x.y (newer)
        ");
    }

    fn message(error: &TaskError) -> String {
        let help = error.help().join("\n  ");
        format!("{error} ({})\n  {help}", error.exit_code())
    }

    #[test]
    fn the_errors_say_what_to_do() {
        let error = |tried| TaskError::SwitchChanges {
            scope: Scope::Project,
            from: DeployMode::PerPlugin,
            changes: ["x.y (update)", "x.z (create)"].map(str::to_owned).into(),
            tried,
        };
        let mut messages: Vec<_> = [TriedMove::Aside, TriedMove::TakenBack, TriedMove::CopyLeft]
            .map(|tried| message(&error(tried)))
            .into();
        messages.push(message(&TaskError::SwitchLoses {
            scope: Scope::Project,
            addresses: vec!["module.a.x.y".to_owned()],
        }));
        insta::assert_snapshot!(messages.join("\n"), @"
        the mode cannot be switched, because the project has changes: x.y (update); x.z (create) (21)
          no state of the project was moved
          a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `per-plugin` first
        the mode cannot be switched, because the project has changes: x.y (update); x.z (create) (21)
          the state had been moved and is back where it was
          a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `per-plugin` first
        the mode cannot be switched, because the project has changes: x.y (update); x.z (create) (21)
          the state is where it was; a copy is left in the new place, which is not read and which the next switch replaces
          a deployment that switches the mode must change nothing else: undo the change, switch, then deploy it; or, as long as no plugin has moved, deploy it in the mode `per-plugin` first
        the mode cannot be switched, because resources of the project would be lost or found: module.a.x.y (21)
          nothing was moved; deploy in the mode in which it is deployed first, to see what has happened to them
        ");
    }
}
