use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use indexmap::IndexMap;

use super::{
    Action, CompositeError, ExpressionError, Outcome, Report, Step, StepReport, Value, evaluate,
    files, interpolate, process,
};

/// A machine to run actions on: a folder for everything, and an environment that has nothing of this process's.
#[derive(Debug, Clone)]
pub struct Runner {
    scratch: PathBuf,
    workspace: PathBuf,
    environment: BTreeMap<OsString, OsString>,
    github: BTreeMap<String, String>,
    limit: Duration,
    cancel: Option<PathBuf>,
}

impl Runner {
    /// A Linux runner whose folders (workspace, tool cache, temporary files, home) are under `folder`.
    pub fn new(folder: &Path) -> Self {
        let environment = [
            (
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ),
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "1"),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
        ];
        let github = [
            ("action_repository", ""),
            ("action_ref", ""),
            ("repository", "acme/shop"),
        ];
        let runner = Self {
            scratch: folder.to_owned(),
            workspace: folder.join("workspace"),
            environment: environment
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            github: github
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            limit: Duration::from_secs(120),
            cancel: None,
        };
        runner
            .env("RUNNER_TEMP", folder.join("temp"))
            .env("RUNNER_TOOL_CACHE", folder.join("tool-cache"))
            .env("HOME", folder.join("home"))
    }

    /// The folder that the repository is checked out into, in place of `<folder>/workspace`.
    #[must_use]
    pub fn workspace(self, workspace: &Path) -> Self {
        let workspace = workspace.to_owned();
        Self { workspace, ..self }
    }

    /// One more variable of the job.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// A value of the `github` context, such as `action_ref`.
    #[must_use]
    pub fn github(mut self, name: &str, value: &str) -> Self {
        self.github.insert(name.to_owned(), value.to_owned());
        self
    }

    /// How long a step may take; two minutes unless set.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// The job is cancelled when this file comes into being: the running step's process gets SIGINT, after 7.5 s SIGTERM, after 2.5 s
    /// more SIGKILL; its children get nothing.
    #[must_use]
    pub fn cancel_when(self, file: &Path) -> Self {
        let cancel = Some(file.to_owned());
        Self { cancel, ..self }
    }

    /// Runs the steps of an action.
    ///
    /// # Errors
    /// [`CompositeError`], for what is wrong with the action or this machine. Steps that fail are in the report.
    pub fn run(&self, action: &Action, inputs: &[(&str, &str)]) -> Result<Report, CompositeError> {
        let mut job = Job {
            runner: self,
            action,
            inputs: given(action, inputs)?,
            environment: self.environment.clone(),
            steps: Vec::new(),
        };
        for (number, step) in action.steps.iter().enumerate() {
            let report = job.step(number, step)?;
            job.steps.push(report);
        }
        let mut outputs = IndexMap::new();
        for (name, output) in &action.outputs {
            let value = job.interpolate(&output.value, &BTreeMap::new());
            let value = value.map_err(|source| CompositeError::Expression {
                place: format!("output `{name}`"),
                source,
            })?;
            outputs.insert(name.clone(), value);
        }
        let steps = job.steps;
        Ok(Report { steps, outputs })
    }
}

/// Every input of the action with its value. Names are compared without case, as GitHub does.
fn given(
    action: &Action,
    inputs: &[(&str, &str)],
) -> Result<BTreeMap<String, String>, CompositeError> {
    let mut values = BTreeMap::new();
    for (name, input) in &action.inputs {
        let default = input.default.clone().unwrap_or_default();
        values.insert(name.to_uppercase(), default);
    }
    for (name, value) in inputs {
        match values.get_mut(&name.to_uppercase()) {
            Some(slot) => *slot = (*value).to_owned(),
            None => return Err(CompositeError::UnexpectedInput((*name).to_owned())),
        }
    }
    Ok(values)
}

/// An action that is being run.
struct Job<'a> {
    runner: &'a Runner,
    action: &'a Action,
    inputs: BTreeMap<String, String>,
    /// The job's environment, which `GITHUB_ENV` and `GITHUB_PATH` add to.
    environment: BTreeMap<OsString, OsString>,
    steps: Vec<StepReport>,
}

impl Job<'_> {
    fn step(&mut self, number: usize, step: &Step) -> Result<StepReport, CompositeError> {
        let expression = |source| CompositeError::Expression {
            place: format!("step `{}`", step.name),
            source,
        };
        let mut report = StepReport {
            name: step.name.clone(),
            id: step.id.clone(),
            outcome: Outcome::Skipped,
            stdout: String::new(),
            stderr: String::new(),
            outputs: BTreeMap::new(),
            summary: String::new(),
        };
        if !self.holds(step).map_err(expression)? {
            return Ok(report);
        }
        let mut own = BTreeMap::new();
        for (name, value) in &step.env {
            // A step's variables do not see each other.
            let value = self
                .interpolate(value, &BTreeMap::new())
                .map_err(expression)?;
            own.insert(name.clone(), value);
        }
        let script = self.interpolate(&step.run, &own).map_err(expression)?;
        let io = |source| CompositeError::Io {
            step: step.name.clone(),
            source,
        };
        let folder = self.runner.scratch.join("steps").join(number.to_string());
        let (command, files) = self.command(&folder, step, own, &script).map_err(io)?;
        let runner = self.runner;
        let finished = process::run(command, &folder, runner.limit, runner.cancel.as_ref());
        let finished = finished.map_err(io)?;
        if finished.timed_out {
            return Err(CompositeError::TimedOut {
                step: step.name.clone(),
                limit: runner.limit,
                stderr: finished.stderr,
            });
        }
        report.outcome = Outcome::Ended(finished.code);
        report.stdout = finished.stdout;
        report.stderr = finished.stderr;
        report.summary = fs::read_to_string(&files.summary).map_err(io)?;
        let read = |file: &Path, name| {
            let text = fs::read_to_string(file).map_err(io)?;
            files::pairs(&text).map_err(|source| CompositeError::FileCommand {
                step: step.name.clone(),
                file: name,
                source,
            })
        };
        report.outputs.extend(read(&files.output, "GITHUB_OUTPUT")?);
        for (name, value) in read(&files.environment, "GITHUB_ENV")? {
            self.environment.insert(name.into(), value.into());
        }
        for folder in fs::read_to_string(&files.path).map_err(io)?.lines() {
            let path = self.environment.entry("PATH".into()).or_default();
            let mut longer = OsString::from(folder);
            longer.push(":");
            longer.push(&*path);
            *path = longer;
        }
        Ok(report)
    }

    /// The command of a step, and the files that it may write. Bash's arguments are the runner's for `shell: bash`.
    fn command(
        &self,
        folder: &Path,
        step: &Step,
        own: BTreeMap<String, String>,
        script: &str,
    ) -> io::Result<(Command, Files)> {
        fs::create_dir_all(folder)?;
        fs::create_dir_all(&self.runner.workspace)?;
        for name in ["RUNNER_TEMP", "RUNNER_TOOL_CACHE", "HOME"] {
            if let Some(folder) = self.environment.get(&OsString::from(name)) {
                fs::create_dir_all(folder)?;
            }
        }
        let files = Files {
            output: folder.join("output"),
            environment: folder.join("environment"),
            path: folder.join("path"),
            summary: folder.join("summary"),
        };
        for file in [
            &files.output,
            &files.environment,
            &files.path,
            &files.summary,
        ] {
            fs::write(file, "")?;
        }
        let file = folder.join("script.sh");
        fs::write(&file, script)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this runner stands for GitHub's, which starts the steps"
        )]
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
            .arg(&file)
            .current_dir(match &step.working_directory {
                Some(folder) => self.runner.workspace.join(folder),
                None => self.runner.workspace.clone(),
            })
            .env_clear()
            .envs(&self.environment)
            .envs(own)
            .env("GITHUB_WORKSPACE", &self.runner.workspace)
            .env("GITHUB_ACTION_PATH", &self.action.folder)
            .env("GITHUB_OUTPUT", &files.output)
            .env("GITHUB_ENV", &files.environment)
            .env("GITHUB_PATH", &files.path)
            .env("GITHUB_STEP_SUMMARY", &files.summary);
        Ok((command, files))
    }

    /// Whether a step runs. A condition that asks for no status implies `success()`.
    fn holds(&self, step: &Step) -> Result<bool, ExpressionError> {
        let Some(condition) = &step.condition else {
            return Ok(self.succeeded());
        };
        let condition = condition.trim();
        let inner = condition
            .strip_prefix("${{")
            .and_then(|rest| rest.strip_suffix("}}"));
        let condition = inner.unwrap_or(condition).trim();
        let no_variables = BTreeMap::new();
        let asks_status = std::cell::Cell::new(false);
        let function = |name: &str| {
            asks_status.set(true);
            self.status(name)
        };
        let lookup = |path: &[String]| self.lookup(path, &no_variables);
        let value = evaluate(condition, &lookup, &function)?;
        Ok(value.is_true() && (asks_status.get() || self.succeeded()))
    }

    fn interpolate(
        &self,
        text: &str,
        own: &BTreeMap<String, String>,
    ) -> Result<String, ExpressionError> {
        let lookup = |path: &[String]| self.lookup(path, own);
        interpolate(text, &lookup, &|_| None)
    }

    fn status(&self, function: &str) -> Option<Value> {
        let value = match function {
            "always" => true,
            "success" => self.succeeded(),
            "failure" => !self.succeeded(),
            _ => return None,
        };
        Some(Value::Bool(value))
    }

    fn succeeded(&self) -> bool {
        let failed = |step: &StepReport| matches!(step.outcome, Outcome::Ended(code) if code != 0);
        !self.steps.iter().any(failed)
    }

    fn lookup(&self, path: &[String], own: &BTreeMap<String, String>) -> Option<Value> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        match path.as_slice() {
            ["inputs", name] => text(self.inputs.get(&name.to_uppercase())?),
            ["github", "action_path"] => text(&self.action.folder.to_string_lossy()),
            ["github", "workspace"] => text(&self.runner.workspace.to_string_lossy()),
            ["github", name] => text(self.runner.github.get(*name)?),
            ["runner", "os"] => text(&self.variable("RUNNER_OS")?),
            ["runner", "arch"] => text(&self.variable("RUNNER_ARCH")?),
            ["runner", "temp"] => text(&self.variable("RUNNER_TEMP")?),
            ["env", name] => match own.get(*name) {
                Some(value) => text(value),
                None => Some(self.variable(name).map_or(Value::Null, Value::Text)),
            },
            ["steps", id, "outputs", name] => {
                self.action.step(id)?;
                let step = self
                    .steps
                    .iter()
                    .find(|step| step.id.as_deref() == Some(id));
                let outputs = step.into_iter().flat_map(|step| &step.outputs);
                let mut named = outputs.filter(|(output, _)| output.eq_ignore_ascii_case(name));
                named
                    .next()
                    .map_or(Some(Value::Null), |(_, value)| text(value))
            }
            ["steps", id, "outcome" | "conclusion"] => {
                let step = self
                    .steps
                    .iter()
                    .find(|step| step.id.as_deref() == Some(id))?;
                text(match step.outcome {
                    Outcome::Skipped => "skipped",
                    Outcome::Ended(0) => "success",
                    Outcome::Ended(_) => "failure",
                })
            }
            _ => None,
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        let value = self.environment.get(&OsString::from(name))?;
        Some(value.to_string_lossy().into_owned())
    }
}

/// The files of one step.
struct Files {
    output: PathBuf,
    environment: PathBuf,
    path: PathBuf,
    summary: PathBuf,
}

#[cfg(test)]
mod tests;
