use std::fmt;

use stk_run::{Alias, Digest, RunId, Target};

use crate::Name;

/// Everything that a store can hold: the one place where a path inside a store is made or read.
///
/// The first ten kinds live in the IaC store, the last three in the state store. Their paths do not
/// overlap, so one folder or bucket can be both.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// A plugin's sources: `packages/<hex>.zip`.
    Package(Digest),
    /// A run's record: `runs/<run id>/record.json`.
    RunRecord(RunId),
    /// Which target a run was started for, written before its lock is taken:
    /// `runs/<run id>/target.json`.
    RunTarget(RunId),
    /// A plugin's IaC as one run rendered it: `runs/<run id>/iac/<alias>.zip`; of the whole project,
    /// as one run composed it: `runs/<run id>/iac.zip`.
    Iac {
        /// The run.
        run_id: RunId,
        /// The plugin; `None`: the whole project.
        alias: Option<Alias>,
    },
    /// What one run planned: `runs/<run id>/plan.zip`, or `plan.zip.age` if it is encrypted.
    Plan {
        /// The run.
        run_id: RunId,
        /// In the age format.
        encrypted: bool,
    },
    /// The same for whoever approves it: `runs/<run id>/plan.json`.
    PlanSummary(RunId),
    /// Which run holds a target: `targets/<project>/<environment>/lock.json`.
    Lock(TargetName),
    /// An empty object for each run of a target: `targets/<project>/<environment>/runs/<run id>`.
    TargetRun {
        /// The target.
        target: TargetName,
        /// The run.
        run_id: RunId,
    },
    /// What is deployed of a plugin: `targets/<project>/<environment>/deployed/<alias>.json`.
    Deployed {
        /// The target.
        target: TargetName,
        /// The plugin.
        alias: Alias,
    },
    /// A connection's values: `environments/<environment>/connections/<name>.json`.
    Connection {
        /// The environment.
        environment: Name,
        /// The connection's name in the workspace.
        name: Name,
    },
    /// A plugin's Terraform state, which Terraform itself reads and writes:
    /// `states/<project>/<environment>/<alias>/terraform.tfstate`; that of the whole project, without
    /// the alias.
    State {
        /// The target.
        target: TargetName,
        /// The plugin; `None`: the whole project.
        alias: Option<Alias>,
    },
    /// A state that Terraform could not write where it belongs:
    /// `states/<project>/<environment>/<alias>/rescued/<run id>.tfstate`, or without the alias.
    RescuedState {
        /// The target.
        target: TargetName,
        /// The plugin; `None`: the whole project.
        alias: Option<Alias>,
        /// The run.
        run_id: RunId,
    },
    /// A state as it was before a run moved it to the other mode:
    /// `states/<project>/<environment>/<alias>/backup/<run id>.tfstate`, or without the alias.
    BackupState {
        /// The target.
        target: TargetName,
        /// The plugin; `None`: the whole project.
        alias: Option<Alias>,
        /// The run.
        run_id: RunId,
    },
}

/// A path that is no [`Key`]'s.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{path}` is not the path of an object of this program")]
pub struct KeyError {
    /// The path.
    pub path: String,
}

impl Key {
    /// The lock of `target`.
    #[must_use]
    pub fn lock(target: &Target) -> Self {
        Self::Lock(target.into())
    }

    /// What is deployed of `alias` in `target`.
    #[must_use]
    pub fn deployed(target: &Target, alias: &Alias) -> Self {
        Self::Deployed {
            target: target.into(),
            alias: alias.clone(),
        }
    }

    /// The connection `name` of `environment`.
    #[must_use]
    pub fn connection(environment: &str, name: &str) -> Self {
        Self::Connection {
            environment: Name::of(environment),
            name: Name::of(name),
        }
    }

    /// The Terraform state of `alias` in `target`; of the whole project if there is no alias.
    #[must_use]
    pub fn state(target: &Target, alias: Option<&Alias>) -> Self {
        Self::State {
            target: target.into(),
            alias: alias.cloned(),
        }
    }

    /// The state of `alias` (or of the whole project) in `target` that was rescued in the run
    /// `run_id`.
    #[must_use]
    pub fn rescued_state(target: &Target, alias: Option<&Alias>, run_id: RunId) -> Self {
        Self::RescuedState {
            target: target.into(),
            alias: alias.cloned(),
            run_id,
        }
    }

    /// The state of `alias` (or of the whole project) in `target` before the run `run_id` moved it.
    #[must_use]
    pub fn backup_state(target: &Target, alias: Option<&Alias>, run_id: RunId) -> Self {
        Self::BackupState {
            target: target.into(),
            alias: alias.cloned(),
            run_id,
        }
    }

    /// The path inside the store: segments of ASCII letters, digits and `-_.%~`, joined by `/`, at
    /// most 620 bytes.
    #[must_use]
    pub fn to_path(&self) -> String {
        self.to_string()
    }

    /// Reads a path back.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when [`Key::to_path`] makes this path of no key.
    pub fn parse(path: &str) -> Result<Self, KeyError> {
        // Ids and digests can be written in more than one way; only ours is a path of ours.
        read(path)
            .filter(|key| key.to_path() == path)
            .ok_or_else(|| KeyError {
                path: path.to_owned(),
            })
    }

    /// The media type of what stands under the key.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Package(_)
            | Self::Iac { .. }
            | Self::Plan {
                encrypted: false, ..
            } => "application/zip",
            Self::RunRecord(_)
            | Self::RunTarget(_)
            | Self::PlanSummary(_)
            | Self::Lock(_)
            | Self::Deployed { .. }
            | Self::Connection { .. }
            | Self::State { .. }
            | Self::RescuedState { .. }
            | Self::BackupState { .. } => "application/json",
            Self::TargetRun { .. }
            | Self::Plan {
                encrypted: true, ..
            } => "application/octet-stream",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(digest) => write!(formatter, "packages/{}.zip", digest.hex()),
            Self::RunRecord(run_id) => write!(formatter, "runs/{run_id}/record.json"),
            Self::RunTarget(run_id) => write!(formatter, "runs/{run_id}/target.json"),
            Self::Iac {
                run_id,
                alias: Some(alias),
            } => write!(formatter, "runs/{run_id}/iac/{alias}.zip"),
            Self::Iac {
                run_id,
                alias: None,
            } => write!(formatter, "runs/{run_id}/iac.zip"),
            Self::Plan { run_id, encrypted } => {
                let end = if *encrypted { ".age" } else { "" };
                write!(formatter, "runs/{run_id}/plan.zip{end}")
            }
            Self::PlanSummary(run_id) => write!(formatter, "runs/{run_id}/plan.json"),
            Self::Lock(target) => write!(formatter, "targets/{target}/lock.json"),
            Self::TargetRun { target, run_id } => {
                write!(formatter, "targets/{target}/runs/{run_id}")
            }
            Self::Deployed { target, alias } => {
                write!(formatter, "targets/{target}/deployed/{alias}.json")
            }
            Self::Connection { environment, name } => {
                write!(
                    formatter,
                    "environments/{environment}/connections/{name}.json"
                )
            }
            Self::State { target, alias } => {
                write!(formatter, "states/{target}/")?;
                folder_of(alias.as_ref(), formatter)?;
                formatter.write_str("terraform.tfstate")
            }
            Self::RescuedState {
                target,
                alias,
                run_id,
            } => {
                write!(formatter, "states/{target}/")?;
                folder_of(alias.as_ref(), formatter)?;
                write!(formatter, "rescued/{run_id}.tfstate")
            }
            Self::BackupState {
                target,
                alias,
                run_id,
            } => {
                write!(formatter, "states/{target}/")?;
                folder_of(alias.as_ref(), formatter)?;
                write!(formatter, "backup/{run_id}.tfstate")
            }
        }
    }
}

fn folder_of(alias: Option<&Alias>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    alias.map_or(Ok(()), |alias| write!(formatter, "{alias}/"))
}

/// A target as two path segments: `<project>/<environment>`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TargetName {
    /// The project.
    pub project: Name,
    /// The environment.
    pub environment: Name,
}

impl From<&Target> for TargetName {
    fn from(target: &Target) -> Self {
        Self {
            project: Name::of(&target.project),
            environment: Name::of(&target.environment),
        }
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.project, self.environment)
    }
}

/// A group of keys that can be listed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Prefix {
    /// Everything.
    All,
    /// What one run left under its own name.
    Run(RunId),
    /// The runs of a target.
    TargetRuns(TargetName),
    /// What is deployed of a target.
    Deployed(TargetName),
    /// The connections of an environment.
    Connections(Name),
    /// The states of a target, rescued ones and backups too.
    States(TargetName),
}

impl Prefix {
    /// What the paths of these keys begin with: nothing, or whole segments and a `/`.
    #[must_use]
    pub fn to_path(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Run(run_id) => write!(formatter, "runs/{run_id}/"),
            Self::TargetRuns(target) => write!(formatter, "targets/{target}/runs/"),
            Self::Deployed(target) => write!(formatter, "targets/{target}/deployed/"),
            Self::Connections(environment) => {
                write!(formatter, "environments/{environment}/connections/")
            }
            Self::States(target) => write!(formatter, "states/{target}/"),
        }
    }
}

fn read(path: &str) -> Option<Key> {
    let segments: Vec<&str> = path.split('/').collect();
    let target = |project: &str, environment: &str| {
        Some(TargetName {
            project: Name::parse(project)?,
            environment: Name::parse(environment)?,
        })
    };
    Some(match segments.as_slice() {
        ["packages", file] => {
            let hex = file.strip_suffix(".zip")?;
            Key::Package(format!("sha256:{hex}").parse().ok()?)
        }
        ["runs", run_id, "record.json"] => Key::RunRecord(run_id.parse().ok()?),
        ["runs", run_id, "target.json"] => Key::RunTarget(run_id.parse().ok()?),
        ["runs", run_id, "iac", file] => Key::Iac {
            run_id: run_id.parse().ok()?,
            alias: Some(file.strip_suffix(".zip")?.parse().ok()?),
        },
        ["runs", run_id, "iac.zip"] => Key::Iac {
            run_id: run_id.parse().ok()?,
            alias: None,
        },
        ["runs", run_id, name @ ("plan.zip" | "plan.zip.age")] => Key::Plan {
            run_id: run_id.parse().ok()?,
            encrypted: *name == "plan.zip.age",
        },
        ["runs", run_id, "plan.json"] => Key::PlanSummary(run_id.parse().ok()?),
        ["targets", project, environment, "lock.json"] => Key::Lock(target(project, environment)?),
        ["targets", project, environment, "runs", run_id] => Key::TargetRun {
            target: target(project, environment)?,
            run_id: run_id.parse().ok()?,
        },
        ["targets", project, environment, "deployed", file] => Key::Deployed {
            target: target(project, environment)?,
            alias: file.strip_suffix(".json")?.parse().ok()?,
        },
        ["environments", environment, "connections", file] => Key::Connection {
            environment: Name::parse(environment)?,
            name: Name::parse(file.strip_suffix(".json")?)?,
        },
        ["states", project, environment, "terraform.tfstate"] => Key::State {
            target: target(project, environment)?,
            alias: None,
        },
        ["states", project, environment, alias, "terraform.tfstate"] => Key::State {
            target: target(project, environment)?,
            alias: Some(alias.parse().ok()?),
        },
        ["states", project, environment, "rescued", file] => Key::RescuedState {
            target: target(project, environment)?,
            alias: None,
            run_id: file.strip_suffix(".tfstate")?.parse().ok()?,
        },
        ["states", project, environment, alias, "rescued", file] => Key::RescuedState {
            target: target(project, environment)?,
            alias: Some(alias.parse().ok()?),
            run_id: file.strip_suffix(".tfstate")?.parse().ok()?,
        },
        ["states", project, environment, "backup", file] => Key::BackupState {
            target: target(project, environment)?,
            alias: None,
            run_id: file.strip_suffix(".tfstate")?.parse().ok()?,
        },
        ["states", project, environment, alias, "backup", file] => Key::BackupState {
            target: target(project, environment)?,
            alias: Some(alias.parse().ok()?),
            run_id: file.strip_suffix(".tfstate")?.parse().ok()?,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run_id() -> impl Strategy<Value = RunId> {
        "0[0-9A-HJKMNP-TV-Z]{25}".prop_map(|text| text.parse().unwrap())
    }

    fn alias() -> impl Strategy<Value = Alias> {
        "[A-Za-z_][A-Za-z0-9_-]{0,127}".prop_map(|text| text.parse().unwrap())
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            ".{0,8}",
            "[./~%A-C]{0,3}",
            "[a-zé]{180,260}",
            any::<String>()
        ]
    }

    fn target() -> impl Strategy<Value = Target> {
        (text(), text()).prop_map(|(project, environment)| Target {
            project,
            environment,
        })
    }

    fn key() -> impl Strategy<Value = Key> {
        (
            0..13_u8,
            run_id(),
            proptest::option::of(alias()),
            alias(),
            target(),
            text(),
        )
            .prop_map(|(kind, run_id, perhaps, alias, target, name)| match kind {
                0 => Key::Package(Digest::of(name.as_bytes())),
                1 => Key::RunRecord(run_id),
                2 => Key::RunTarget(run_id),
                3 => Key::Iac {
                    run_id,
                    alias: perhaps,
                },
                4 => Key::lock(&target),
                5 => Key::TargetRun {
                    target: (&target).into(),
                    run_id,
                },
                6 => Key::deployed(&target, &alias),
                7 => Key::connection(&target.environment, &name),
                8 => Key::state(&target, perhaps.as_ref()),
                9 => Key::Plan {
                    run_id,
                    encrypted: perhaps.is_some(),
                },
                10 => Key::PlanSummary(run_id),
                11 => Key::backup_state(&target, perhaps.as_ref(), run_id),
                _ => Key::rescued_state(&target, perhaps.as_ref(), run_id),
            })
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let target = Target {
            project: "shop".to_owned(),
            environment: "dev".to_owned(),
        };
        let run_id: RunId = "01J9V6MWFTWQ392331QBCS46KQ".parse().unwrap();
        let alias: Alias = "topic".parse().unwrap();
        let keys = [
            Key::Package(Digest::of(b"")),
            Key::RunRecord(run_id),
            Key::RunTarget(run_id),
            Key::Iac {
                run_id,
                alias: Some(alias.clone()),
            },
            Key::Iac {
                run_id,
                alias: None,
            },
            Key::Plan {
                run_id,
                encrypted: false,
            },
            Key::Plan {
                run_id,
                encrypted: true,
            },
            Key::PlanSummary(run_id),
            Key::lock(&target),
            Key::TargetRun {
                target: (&target).into(),
                run_id,
            },
            Key::deployed(&target, &alias),
            Key::connection("dev", "orders topic"),
            Key::state(&target, Some(&alias)),
            Key::rescued_state(&target, Some(&alias), run_id),
            Key::state(&target, None),
            Key::rescued_state(&target, None, run_id),
            Key::backup_state(&target, Some(&alias), run_id),
            Key::backup_state(&target, None, run_id),
        ];
        let table: Vec<_> = keys
            .iter()
            .map(|key| format!("{key} {}", key.content_type()))
            .collect();
        insta::assert_snapshot!(table.join("\n"), @"
        packages/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.zip application/zip
        runs/01J9V6MWFTWQ392331QBCS46KQ/record.json application/json
        runs/01J9V6MWFTWQ392331QBCS46KQ/target.json application/json
        runs/01J9V6MWFTWQ392331QBCS46KQ/iac/topic.zip application/zip
        runs/01J9V6MWFTWQ392331QBCS46KQ/iac.zip application/zip
        runs/01J9V6MWFTWQ392331QBCS46KQ/plan.zip application/zip
        runs/01J9V6MWFTWQ392331QBCS46KQ/plan.zip.age application/octet-stream
        runs/01J9V6MWFTWQ392331QBCS46KQ/plan.json application/json
        targets/shop/dev/lock.json application/json
        targets/shop/dev/runs/01J9V6MWFTWQ392331QBCS46KQ application/octet-stream
        targets/shop/dev/deployed/topic.json application/json
        environments/dev/connections/orders%20topic.json application/json
        states/shop/dev/topic/terraform.tfstate application/json
        states/shop/dev/topic/rescued/01J9V6MWFTWQ392331QBCS46KQ.tfstate application/json
        states/shop/dev/terraform.tfstate application/json
        states/shop/dev/rescued/01J9V6MWFTWQ392331QBCS46KQ.tfstate application/json
        states/shop/dev/topic/backup/01J9V6MWFTWQ392331QBCS46KQ.tfstate application/json
        states/shop/dev/backup/01J9V6MWFTWQ392331QBCS46KQ.tfstate application/json
        ");
    }

    #[test]
    fn other_paths_are_no_keys() {
        for path in [
            "",
            "/",
            "packages/x.zip",
            "runs/01j9v6mwftwq392331qbcs46kq/record.json",
            "runs/01J9V6MWFTWQ392331QBCS46KQ/record.json/",
            "runs/01J9V6MWFTWQ392331QBCS46KQ/iac/../record.json",
            "targets/a//lock.json",
            "targets/a/../lock.json",
            "targets/a/%62/lock.json",
            "states/shop/dev/topic/terraform.tfstate.backup",
            "states/shop/dev/topic/.terraform.tfstate.lock.info",
            ".gitignore",
        ] {
            assert!(Key::parse(path).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn paths_are_read_back(key in key()) {
            let path = key.to_path();
            prop_assert!(path.len() <= 620);
            prop_assert_eq!(Key::parse(&path), Ok(key));
        }

        #[test]
        fn different_keys_have_different_paths(left in key(), right in key()) {
            prop_assert_eq!(left == right, left.to_path() == right.to_path());
        }

        #[test]
        fn any_text_is_parsed_or_refused(path in "[a-zA-Z0-9./%~_]{0,40}") {
            if let Ok(key) = Key::parse(&path) {
                prop_assert_eq!(key.to_path(), path);
            }
        }
    }
}
