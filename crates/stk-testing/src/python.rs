//! Python environments for tests that compare with the real thing: one venv for each set of requirements, and a process
//! in it that answers one line for each line.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "test harness: it starts Python, and a failure of it fails the test"
)]

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::skip::Skip;

/// A virtual environment below the target folder, with everything installed.
#[derive(Clone, Debug)]
pub struct Venv {
    python: PathBuf,
}

/// The venv `name` with what `requirements` lists (a requirements file of pip, every line pinned), made at the first use
/// under a file lock and kept; it is made again when the requirements change.
///
/// # Errors
///
/// [`Skip`] with one line about what is missing: `python3` with its module venv, or a package index at the first use.
///
/// # Panics
///
/// Instead of skipping, with `CI=true` in the environment; see [`Skip::unless_ci`].
pub fn venv(name: &str, requirements: &str) -> Result<Venv, Skip> {
    match prepare(name, requirements) {
        Ok(python) => Ok(Venv { python }),
        Err(reason) => Err(Skip::unless_ci(reason)),
    }
}

impl Venv {
    /// Its interpreter.
    #[must_use]
    pub fn python(&self) -> &Path {
        &self.python
    }

    /// Starts `script`, which reads a line of JSON from stdin and prints a line of JSON to stdout, again and again.
    ///
    /// # Panics
    ///
    /// When the interpreter cannot be started.
    #[must_use]
    pub fn lines(&self, script: &str) -> Lines {
        let mut command = Command::new(&self.python);
        // -I: nothing of the caller's environment or folder is imported.
        command.args(["-I", "-c", script]);
        command
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONIOENCODING", "utf-8");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child =
            command.spawn().and_then(
                |mut child| match (child.stdin.take(), child.stdout.take()) {
                    (Some(input), Some(output)) => Ok((child, input, output)),
                    _ => Err(std::io::Error::other("it has no pipes")),
                },
            );
        match child {
            Ok((child, input, output)) => Lines {
                child,
                input: Some(input),
                output: BufReader::new(output),
            },
            Err(error) => panic!("{} cannot be started: {error}", self.python.display()),
        }
    }
}

/// A process that answers one line for each line. It ends when the value is dropped.
#[derive(Debug)]
pub struct Lines {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Lines {
    /// Sends a question and waits for its answer.
    ///
    /// # Panics
    ///
    /// When the process ended, or answered with something else than a line of JSON.
    #[must_use]
    pub fn ask(&mut self, question: &Value) -> Value {
        let sent = self
            .input
            .as_mut()
            .map(|input| writeln!(input, "{question}").and_then(|()| input.flush()));
        if let Some(Err(error)) = sent {
            panic!("the Python process takes no question: {error}");
        }
        let mut answer = String::new();
        if let Err(error) = self.output.read_line(&mut answer) {
            panic!("the Python process gives no answer to {question}: {error}");
        }
        match serde_json::from_str(&answer) {
            Ok(answer) => answer,
            Err(error) => panic!("the Python process answers {question} with {answer:?}: {error}"),
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // The script's loop over stdin ends with stdin.
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn prepare(name: &str, requirements: &str) -> Result<PathBuf, String> {
    let target = target_dir()?;
    let venv = target.join(format!("{name}-venv"));
    // Tests run in parallel processes: the first makes the venv, the others wait for it. The lock goes when the file is
    // closed, also when its holder is killed.
    let lock = target.join(format!("{name}-venv.lock"));
    let lock = File::create(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    lock.lock()
        .map_err(|error| format!("the lock of {} fails: {error}", venv.display()))?;
    let python = interpreter(&venv);
    let complete = venv.join("complete");
    let is_complete = fs::read_to_string(&complete).is_ok_and(|text| text == requirements);
    if is_complete && python.exists() {
        return Ok(python);
    }
    make(&venv, name, requirements)?;
    // Written last: a venv that was left half made is made again.
    fs::write(&complete, requirements)
        .map_err(|error| format!("{}: {error}", complete.display()))?;
    Ok(python)
}

fn make(venv: &Path, name: &str, requirements: &str) -> Result<(), String> {
    if venv.exists() {
        fs::remove_dir_all(venv).map_err(|error| format!("{}: {error}", venv.display()))?;
    }
    let mut create = Command::new("python3");
    create.args(["-m", "venv"]).arg(venv);
    run(
        create,
        &format!("{name} needs python3 with its module venv"),
    )?;
    let file = venv.join("requirements.txt");
    fs::write(&file, requirements).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut install = Command::new(interpreter(venv));
    install.args(["-m", "pip", "install", "--quiet", "--no-input"]);
    install
        .args(["--disable-pip-version-check", "--requirement"])
        .arg(&file);
    run(install, &format!("{name} cannot be installed with pip"))
}

/// Runs `command` to its end; an error starts with `purpose` and goes on with what it printed.
pub(crate) fn run(mut command: Command, purpose: &str) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{purpose}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stderr, output.stdout].concat();
    let printed = String::from_utf8_lossy(&printed);
    // pip's reason is its last line that speaks of an error, below its warnings.
    let reason = printed
        .lines()
        .rfind(|line| line.starts_with("ERROR") || line.contains("Error:"));
    Err(format!(
        "{purpose}: {}\n{printed}",
        reason.unwrap_or("it says nothing of the cause")
    ))
}

pub(crate) fn interpreter(venv: &Path) -> PathBuf {
    if cfg!(windows) {
        venv.join("Scripts/python.exe")
    } else {
        venv.join("bin/python")
    }
}

/// Cargo's target folder, which Cargo marks with `CACHEDIR.TAG`: the test binary lies in it.
fn target_dir() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| format!("no target folder: {error}"))?;
    let marked = program
        .ancestors()
        .skip(1)
        .find(|dir| dir.join("CACHEDIR.TAG").is_file());
    let parent = || program.parent().map(Path::to_path_buf);
    let found = marked.map(Path::to_path_buf).or_else(parent);
    found.ok_or_else(|| format!("no target folder above {}", program.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_process_answers_line_by_line() {
        let venv = match venv("empty", "") {
            Ok(venv) => venv,
            Err(skip) => return skip.report("a_process_answers_line_by_line"),
        };
        let script = "import json, sys\nfor line in sys.stdin:\n    print(json.dumps(json.loads(line) * 2), flush=True)";
        let mut lines = venv.lines(script);
        assert_eq!(lines.ask(&json!(21)), json!(42));
        assert_eq!(lines.ask(&json!("é")), json!("éé"));
    }

    #[test]
    fn a_failed_child_is_explained_in_the_first_line() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'ERROR: no such version' >&2; exit 1"]);
        let error = run(command, "it cannot be installed").unwrap_err();
        let first = error.lines().next().unwrap();
        assert_eq!(first, "it cannot be installed: ERROR: no such version");
    }
}
