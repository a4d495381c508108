//! What the programs cost beside Terraform, as a user waits for it.
//!
//! ```text
//! cargo bench -p stk-tasks --bench overhead
//! ```
//!
//! 1. Start-up: the time of `--version` of each program (median of 20), beside that of `true`, which
//!    is what starting any process costs on the machine; and the size of its file. The goals: under
//!    10 ms and under 15 MB.
//! 2. Overhead: `stk-tasks` executes all tasks of the project `quickstart` (IAC and DEPLOY of each
//!    plugin) in a fresh folder store; a bash script runs `terraform init`, `plan -out` and `apply` of
//!    that plan in the very folders that were rendered, with the same kind of state, in the same order
//!    and with the same environment. The two alternate in one run, so that a busy machine slows
//!    down both, and the medians and their ratio are printed. What `stk-tasks` does beyond the script is
//!    rendering, records, locks, archives, asking Terraform for its version and for the outputs, and
//!    reading its JSON. Only Terraform's builtin provider is used: with real providers Terraform takes
//!    longer, and the ratio gets smaller.
//!
//! Not an average of many runs, since one takes a second or more: seven rounds. Programs that are not
//! there in the same profile are built first.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts programs, prints its figures, and has nobody to hand an error to"
)]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use stk_run::TaskList;
use stk_store::archive::{Limits, unpack};
use stk_testing::binaries::binary;
use stk_testing::fixtures::Project;
use stk_testing::terraform::require_terraform;
use terraform_runner::backend;

const STARTS: usize = 20;
const ROUNDS: usize = 7;
const PROGRAMS: [&str; 4] = ["stk-orchestrator", "stk-tasks", "stk-cancel", "stk-runtime"];

fn main() {
    // `cargo bench` passes this; `cargo test --benches` does not, and only wants to see it start.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    start_up();
    match require_terraform("overhead") {
        Some(terraform) => overhead(&terraform),
        None => println!("overhead of stk-tasks: not measured without Terraform"),
    }
}

fn start_up() {
    println!("{:<18} {:>10} {:>10}", "--version", "median", "size");
    for name in PROGRAMS {
        let program = binary(name);
        let size = program.metadata().unwrap().len();
        println!(
            "{name:<18} {:>7.2} ms {:>7.2} MB",
            milliseconds(start_of(&program)),
            size as f64 / 1e6
        );
    }
    let nothing = start_of(Path::new("true"));
    println!("{:<18} {:>7.2} ms", "(true)", milliseconds(nothing));
    println!();
}

fn start_of(program: &Path) -> Duration {
    let times = (0..STARTS)
        .map(|_| time(clean(program).arg("--version").stdout(Stdio::null())))
        .collect();
    median(times)
}

fn overhead(terraform: &Path) {
    let mut tasks = Vec::new();
    let mut script = Vec::new();
    println!(
        "{:<8} {:>10} {:>10} {:>7}",
        "round", "stk-tasks", "script", "ratio"
    );
    for round in 1..=ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::start(folder.path());
        let ours = run.execute();
        let theirs = run.execute_as_script(terraform);
        println!(
            "{round:<8} {:>7.0} ms {:>7.0} ms {:>7.2}",
            milliseconds(ours),
            milliseconds(theirs),
            ours.as_secs_f64() / theirs.as_secs_f64()
        );
        tasks.push(ours);
        script.push(theirs);
    }
    let ratios = tasks
        .iter()
        .zip(&script)
        .map(|(ours, theirs)| ours.div_duration_f64(*theirs))
        .collect();
    let (ours, theirs) = (median(tasks), median(script));
    println!(
        "{:<8} {:>7.0} ms {:>7.0} ms {:>7.2}",
        "median",
        milliseconds(ours),
        milliseconds(theirs),
        middle(ratios)
    );
}

/// A run of the quickstart project that was orchestrated and not executed yet.
struct Run {
    folder: PathBuf,
    workdir: PathBuf,
    run_id: String,
    rows: String,
}

impl Run {
    fn start(folder: &Path) -> Self {
        let project = Project::copy("quickstart", folder);
        let output = clean(&binary("stk-orchestrator"))
            .envs([
                ("INPUT_CONTROL_PLANE", "standalone"),
                ("INPUT_ENVIRONMENT", "dev"),
                ("INPUT_VERSION", "v1"),
            ])
            .env("INPUT_WORKDIR", &project.workdir)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let outputs = String::from_utf8(output.stdout).unwrap();
        let value = |name: &str| {
            outputs
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .expect("an output of the orchestrator")
                .to_owned()
        };
        Self {
            folder: folder.to_owned(),
            workdir: project.workdir,
            run_id: value("run_id"),
            rows: value("apply_tasks"),
        }
    }

    fn execute(&self) -> Duration {
        time(
            clean(Path::new(env!("CARGO_BIN_EXE_stk-tasks")))
                .envs([
                    ("INPUT_CONTROL_PLANE", "standalone"),
                    ("INPUT_RUN_ID", &self.run_id),
                    ("INPUT_TASK_LIST", &self.rows),
                ])
                .env("INPUT_WORKDIR", &self.workdir)
                .env("INPUT_PATH_TO_MOUNT", &self.folder)
                .stdout(Stdio::null()),
        )
    }

    /// The same by hand, from what the tasks have rendered.
    fn execute_as_script(&self, terraform: &Path) -> Duration {
        let rendered = self.folder.join("rendered");
        let states = self.folder.join("states");
        fs::create_dir(&states).unwrap();
        let mut script = String::from("set -euo pipefail\n");
        for alias in self.aliases() {
            let folder = rendered.join(&alias);
            self.unpack(&alias, &folder);
            let state = states.join(format!("{alias}.tfstate"));
            fs::write(folder.join(backend::FILE_NAME), backend::local(&state)).unwrap();
            script += &format!(
                "cd '{}'\n\
                 \"$TERRAFORM\" init -input=false -no-color\n\
                 \"$TERRAFORM\" plan -input=false -no-color -out=plan.tfplan\n\
                 \"$TERRAFORM\" apply -input=false -no-color plan.tfplan\n",
                folder.display()
            );
        }
        time(
            clean(Path::new("bash"))
                .args(["-c", &script])
                .env("TERRAFORM", terraform)
                // What stk-tasks sets.
                .envs([
                    ("TF_IN_AUTOMATION", "1"),
                    ("TF_INPUT", "0"),
                    ("CHECKPOINT_DISABLE", "1"),
                ])
                .stdout(Stdio::null()),
        )
    }

    /// The plugins in the order of the run.
    fn aliases(&self) -> Vec<String> {
        let rows = TaskList::parse(&self.rows).unwrap();
        rows.rows()
            .iter()
            .filter(|row| row.task_type == "DEPLOY_SELF_HOSTED")
            .filter_map(|row| row.plugin_applied_alias.clone())
            .collect()
    }

    fn unpack(&self, alias: &str, folder: &Path) {
        let archive = self
            .workdir
            .join(".stk/runtime/runs")
            .join(&self.run_id)
            .join(format!("iac/{alias}.zip"));
        let bytes = fs::read(&archive).unwrap();
        for entry in unpack(&bytes, Limits::default()).unwrap() {
            let path = folder.join(&entry.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, entry.bytes).unwrap();
        }
    }
}

/// A command that takes nothing from the environment but the path and the home folder.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in ["PATH", "HOME"] {
        let value: Option<OsString> = std::env::var_os(name);
        command.envs(value.map(|value| (name, value)));
    }
    command
}

/// How long it takes until the program has ended, which it must do with success.
fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.stderr(Stdio::piped()).output().unwrap();
    let taken = start.elapsed();
    if !output.status.success() {
        panic!(
            "{command:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    taken
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
