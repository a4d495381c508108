//! Commands as data: what would be started, before anything is.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Address, ChildEnvironment};

/// Which of the program's commands is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// `version`
    Version,
    /// `init`
    Init,
    /// `plan`
    Plan,
    /// `plan -destroy`
    PlanDestroy,
    /// `apply` of a saved plan
    Apply,
    /// `show -json` of a saved plan
    ShowPlan,
    /// `output`
    Output,
    /// `state pull`
    StatePull,
    /// `state push` of a file
    StatePush,
    /// `force-unlock`
    ForceUnlock,
}

impl Step {
    /// What a cancellation may do to this step.
    ///
    /// Only an apply changes anything outside, and only a push writes a state that this program has the one copy of. A second signal makes Terraform return before providers answered and
    /// before the state is written (Terraform `internal/command/meta.go`, `RunOperation`), so an apply is asked once
    /// and then waited for. The rest may be killed: what they leave behind is at most a state lock.
    pub fn interruption(self) -> Interruption {
        match self {
            Self::Apply | Self::StatePush => Interruption::AskOnce,
            Self::Init | Self::Plan | Self::PlanDestroy => {
                Interruption::KillAfter(Duration::from_secs(30))
            }
            Self::ForceUnlock | Self::Output | Self::ShowPlan | Self::StatePull => {
                Interruption::KillAfter(Duration::from_secs(10))
            }
            Self::Version => Interruption::KillAfter(Duration::from_secs(2)),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Version => "version",
            Self::Init => "init",
            Self::Plan => "plan",
            Self::PlanDestroy => "plan -destroy",
            Self::Apply => "apply",
            Self::ShowPlan => "show -json",
            Self::Output => "output",
            Self::StatePull => "state pull",
            Self::StatePush => "state push",
            Self::ForceUnlock => "force-unlock",
        })
    }
}

/// How a running command is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// One interrupt, then wait without a limit.
    AskOnce,
    /// One interrupt; after this time the whole process group is killed.
    KillAfter(Duration),
}

/// One invocation of the program. `Debug` and `Display` show the names of environment variables, never values.
#[derive(Debug, Clone)]
pub struct Command {
    step: Step,
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: ChildEnvironment,
    directory: PathBuf,
}

impl Command {
    /// `version`, in text: `version -json` of OpenTofu cannot be told from that of Terraform.
    pub fn version(program: &Path, environment: &ChildEnvironment, directory: &Path) -> Self {
        Self::new(Step::Version, program, environment, directory, ["version"])
    }

    /// `init -json`, for a generated working directory: `-reconfigure`, so that it never asks to migrate a state.
    pub fn init(
        program: &Path,
        environment: &ChildEnvironment,
        directory: &Path,
        options: &InitOptions,
    ) -> Self {
        let arguments = ["init", "-json", "-input=false", "-no-color", "-reconfigure"];
        let mut command = Self::new(Step::Init, program, environment, directory, arguments);
        if options.upgrade {
            command.push("-upgrade");
        }
        if options.lock_file_read_only {
            command.push("-lockfile=readonly");
        }
        for file in &options.backend_config_files {
            command.push_path("-backend-config=", file);
        }
        if let Some(folder) = &options.plugin_directory {
            command.push_path("-plugin-dir=", folder);
        }
        command
    }

    /// `plan -json -out=FILE`: exit code 0 without changes, 2 with changes, 1 on errors.
    pub fn plan(
        program: &Path,
        environment: &ChildEnvironment,
        directory: &Path,
        out: &Path,
        options: &PlanOptions,
    ) -> Self {
        Self::new(Step::Plan, program, environment, directory, ["plan"]).planning(out, options)
    }

    /// `plan -destroy -json -out=FILE`; the plan is carried out with [`apply`](Self::apply), like any other.
    pub fn plan_destroy(
        program: &Path,
        environment: &ChildEnvironment,
        directory: &Path,
        out: &Path,
        options: &PlanOptions,
    ) -> Self {
        Self::new(
            Step::PlanDestroy,
            program,
            environment,
            directory,
            ["plan", "-destroy"],
        )
        .planning(out, options)
    }

    /// `apply -json FILE`: a saved plan, which needs no approval and takes no variables.
    pub fn apply(
        program: &Path,
        environment: &ChildEnvironment,
        directory: &Path,
        plan: &Path,
        options: &ApplyOptions,
    ) -> Self {
        let arguments = ["apply", "-json", "-input=false", "-no-color"];
        let mut command = Self::new(Step::Apply, program, environment, directory, arguments);
        command.push_lock_timeout(options.lock_timeout);
        command.push_parallelism(options.parallelism);
        command.arguments.push(plan.as_os_str().to_owned());
        command
    }

    /// `show -json FILE` of a saved plan; needs the plan's providers installed. It prints every value in clear, secrets
    /// too: its standard output must never be shown.
    pub fn show_plan(
        program: &Path,
        environment: &ChildEnvironment,
        directory: &Path,
        plan: &Path,
    ) -> Self {
        let arguments = ["show", "-json", "-no-color"];
        let mut command = Self::new(Step::ShowPlan, program, environment, directory, arguments);
        command.arguments.push(plan.as_os_str().to_owned());
        command
    }

    /// `output -json`. It prints sensitive values in clear: its standard output must never be shown.
    pub fn output(program: &Path, environment: &ChildEnvironment, directory: &Path) -> Self {
        Self::new(
            Step::Output,
            program,
            environment,
            directory,
            ["output", "-json", "-no-color"],
        )
    }

    /// `state pull`; needs an initialised working directory. It prints every value in clear: its standard output must
    /// never be shown.
    pub fn state_pull(program: &Path, environment: &ChildEnvironment, directory: &Path) -> Self {
        let arguments = ["state", "pull", "-no-color"];
        Self::new(Step::StatePull, program, environment, directory, arguments)
    }

    /// `state push FILE`; needs an initialised working directory. It takes only a later state of the same lineage.
    pub fn state_push(
        program: &Path,
        environment: &ChildEnvironment,
        directory: &Path,
        file: &Path,
        lock_timeout: Duration,
    ) -> Self {
        let arguments = ["state", "push", "-no-color"];
        let mut command = Self::new(Step::StatePush, program, environment, directory, arguments);
        command.push_lock_timeout(lock_timeout);
        command.arguments.push(file.as_os_str().to_owned());
        command
    }

    /// `force-unlock -force ID`; needs an initialised working directory.
    pub fn force_unlock(
        program: &Path,
        environment: &ChildEnvironment,
        directory: &Path,
        lock_id: &str,
    ) -> Self {
        let arguments = ["force-unlock", "-no-color", "-force", lock_id];
        Self::new(
            Step::ForceUnlock,
            program,
            environment,
            directory,
            arguments,
        )
    }

    /// Which command this is.
    pub fn step(&self) -> Step {
        self.step
    }

    /// The file to execute.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The arguments after the program.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// The child's complete environment.
    pub fn environment(&self) -> &ChildEnvironment {
        &self.environment
    }

    /// The working directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn new<'a>(
        step: Step,
        program: &Path,
        environment: &ChildEnvironment,
        directory: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            step,
            program: program.to_owned(),
            arguments: arguments.into_iter().map(OsString::from).collect(),
            environment: environment.clone(),
            directory: directory.to_owned(),
        }
    }

    fn planning(mut self, out: &Path, options: &PlanOptions) -> Self {
        for argument in ["-json", "-input=false", "-no-color", "-detailed-exitcode"] {
            self.push(argument);
        }
        self.push_lock_timeout(options.lock_timeout);
        self.push_parallelism(options.parallelism);
        if !options.refresh {
            self.push("-refresh=false");
        }
        for target in &options.targets {
            self.push(&format!("-target={target}"));
        }
        for file in &options.variable_files {
            self.push_path("-var-file=", file);
        }
        self.push_path("-out=", out);
        self
    }

    fn push(&mut self, argument: &str) {
        self.arguments.push(argument.into());
    }

    fn push_path(&mut self, flag: &str, path: &Path) {
        let mut argument = OsString::from(flag);
        argument.push(path);
        self.arguments.push(argument);
    }

    fn push_lock_timeout(&mut self, timeout: Duration) {
        self.push(&format!("-lock-timeout={}s", timeout.as_secs()));
    }

    fn push_parallelism(&mut self, parallelism: Option<NonZeroU16>) {
        if let Some(parallelism) = parallelism {
            self.push(&format!("-parallelism={parallelism}"));
        }
    }
}

impl fmt::Display for Command {
    /// The command line as a person would type it, for a log; not meant to be run through a shell.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.program.display())?;
        for argument in &self.arguments {
            let text = argument.to_string_lossy();
            if text.is_empty()
                || text.contains(|character: char| {
                    character.is_whitespace() || "'\"\\$`".contains(character)
                })
            {
                write!(formatter, " {text:?}")?;
            } else {
                write!(formatter, " {text}")?;
            }
        }
        Ok(())
    }
}

/// What [`Command::init`] may be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InitOptions {
    /// Takes the newest providers and modules that the constraints allow instead of those in the lock file.
    pub upgrade: bool,
    /// Fails when `.terraform.lock.hcl` would have to change. Cannot be combined with `upgrade`.
    pub lock_file_read_only: bool,
    /// Files with `key = value` lines that complete an empty backend block.
    pub backend_config_files: Vec<PathBuf>,
    /// Takes providers from this folder alone, without any registry.
    pub plugin_directory: Option<PathBuf>,
}

/// What [`Command::plan`] and [`Command::plan_destroy`] may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOptions {
    /// How long a locked state is waited for; whole seconds count.
    pub lock_timeout: Duration,
    /// How many resources are worked on at once; the program's own default is 10.
    pub parallelism: Option<NonZeroU16>,
    /// Whether the resources are read before planning.
    pub refresh: bool,
    /// Resources or modules, all instances of one that is given without a key; empty means everything. A plan takes what
    /// they depend on as well; a destroy plan takes what depends on them, as the state has it recorded.
    pub targets: Vec<Address>,
    /// Files with values of input variables.
    pub variable_files: Vec<PathBuf>,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            parallelism: None,
            refresh: true,
            targets: Vec::new(),
            variable_files: Vec::new(),
        }
    }
}

/// What [`Command::apply`] may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyOptions {
    /// How long a locked state is waited for; whole seconds count.
    pub lock_timeout: Duration,
    /// How many resources are worked on at once; the program's own default is 10.
    pub parallelism: Option<NonZeroU16>,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            lock_timeout: DEFAULT_LOCK_TIMEOUT,
            parallelism: None,
        }
    }
}

/// Long enough for another command's short lock (an `output`, a plan of a small project), short enough that a lock
/// which somebody left behind is reported soon.
const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn parts() -> (PathBuf, ChildEnvironment, PathBuf) {
        ("terraform".into(), ChildEnvironment::empty(), "work".into())
    }

    #[test]
    fn version() {
        let (program, environment, directory) = parts();
        insta::assert_snapshot!(Command::version(&program, &environment, &directory), @"terraform version");
    }

    #[test]
    fn init() {
        let (program, environment, directory) = parts();
        let command = |options| Command::init(&program, &environment, &directory, &options);
        insta::assert_snapshot!(command(InitOptions::default()), @"terraform init -json -input=false -no-color -reconfigure");
        let everything = InitOptions {
            upgrade: true,
            lock_file_read_only: true,
            backend_config_files: vec!["a.tfbackend".into(), "with space".into()],
            plugin_directory: Some("mirror".into()),
        };
        insta::assert_snapshot!(command(everything), @r#"terraform init -json -input=false -no-color -reconfigure -upgrade -lockfile=readonly -backend-config=a.tfbackend "-backend-config=with space" -plugin-dir=mirror"#);
    }

    fn all_plan_options() -> PlanOptions {
        PlanOptions {
            lock_timeout: Duration::from_millis(90_700),
            parallelism: NonZeroU16::new(4),
            refresh: false,
            targets: vec![
                Address::of_module("a").unwrap(),
                r#"x.y["k z"]"#.parse().unwrap(),
            ],
            variable_files: vec!["v.tfvars".into()],
        }
    }

    #[test]
    fn plan() {
        let (program, environment, directory) = parts();
        let command =
            |options| Command::plan(&program, &environment, &directory, Path::new("p"), &options);
        insta::assert_snapshot!(command(PlanOptions::default()), @"terraform plan -json -input=false -no-color -detailed-exitcode -lock-timeout=60s -out=p");
        insta::assert_snapshot!(command(all_plan_options()), @r#"terraform plan -json -input=false -no-color -detailed-exitcode -lock-timeout=90s -parallelism=4 -refresh=false -target=module.a "-target=x.y[\"k z\"]" -var-file=v.tfvars -out=p"#);
    }

    #[test]
    fn plan_destroy() {
        let (program, environment, directory) = parts();
        let command = |options| {
            Command::plan_destroy(&program, &environment, &directory, Path::new("p"), &options)
        };
        insta::assert_snapshot!(command(PlanOptions::default()), @"terraform plan -destroy -json -input=false -no-color -detailed-exitcode -lock-timeout=60s -out=p");
        insta::assert_snapshot!(command(all_plan_options()), @r#"terraform plan -destroy -json -input=false -no-color -detailed-exitcode -lock-timeout=90s -parallelism=4 -refresh=false -target=module.a "-target=x.y[\"k z\"]" -var-file=v.tfvars -out=p"#);
    }

    #[test]
    fn apply() {
        let (program, environment, directory) = parts();
        let command =
            |options| Command::apply(&program, &environment, &directory, Path::new("p"), &options);
        insta::assert_snapshot!(command(ApplyOptions::default()), @"terraform apply -json -input=false -no-color -lock-timeout=60s p");
        let everything = ApplyOptions {
            lock_timeout: Duration::ZERO,
            parallelism: NonZeroU16::new(1),
        };
        insta::assert_snapshot!(command(everything), @"terraform apply -json -input=false -no-color -lock-timeout=0s -parallelism=1 p");
    }

    #[test]
    fn output_and_force_unlock() {
        let (program, environment, directory) = parts();
        insta::assert_snapshot!(Command::output(&program, &environment, &directory), @"terraform output -json -no-color");
        insta::assert_snapshot!(Command::force_unlock(&program, &environment, &directory, "3f"), @"terraform force-unlock -no-color -force 3f");
    }

    #[test]
    fn state() {
        let (program, environment, directory) = parts();
        insta::assert_snapshot!(Command::state_pull(&program, &environment, &directory), @"terraform state pull -no-color");
        let command = |seconds| {
            let timeout = Duration::from_secs(seconds);
            Command::state_push(&program, &environment, &directory, Path::new("s"), timeout)
        };
        insta::assert_snapshot!(command(7), @"terraform state push -no-color -lock-timeout=7s s");
    }

    #[test]
    fn neither_debug_nor_display_shows_a_value() {
        let (program, mut environment, directory) = parts();
        environment
            .set("AWS_SECRET_ACCESS_KEY", SecretString::from("hunter2"))
            .unwrap();
        let command = Command::version(&program, &environment, &directory);
        let shown = format!("{command:?} {command} {command:#?}");
        assert!(
            shown.contains("AWS_SECRET_ACCESS_KEY") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
