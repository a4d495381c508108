//! How long the built `stk-runtime` takes to look at a large project, and how much memory: `validate` of 1,000 plugins,
//! whose templates are checked and compared with each other, and `graph` of 10,000.
//!
//! ```text
//! cargo bench -p stk-cli --bench look
//! ```
//!
//! The goals: `validate` in under 1 s, `graph` in under 0.5 s, each in under 300 MB. The whole process is measured, from
//! its start to its end; beside the time that passed, the processor's time, which other programs on the machine change
//! less. The memory is its peak (`VmHWM`) as it was last seen, in runs of their own. Both are known on Linux only.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts the program, has nobody to hand an error to, and prints its figures"
)]

mod measure;
mod project;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use measure::{milliseconds, peak_memory, processor_time};

const ROUNDS: usize = 11;

/// A project, and what is asked about it.
struct Case {
    plugins: usize,
    versions: usize,
    arguments: &'static [&'static str],
    goal: Duration,
}

const CASES: [Case; 7] = [
    Case::new(1_000, 4, &["validate"], 1_000),
    Case::new(1_000, 1_000, &["validate"], 1_000),
    Case::new(1_000, 1_000, &["validate", "--env", "dev"], 1_000),
    Case::new(1_000, 4, &["validate", "--manifest-only"], 1_000),
    Case::new(10_000, 4, &["graph"], 500),
    Case::new(10_000, 4, &["graph", "--manifest-only"], 500),
    Case::new(10_000, 4, &["graph", "--format", "json"], 500),
];

impl Case {
    const fn new(
        plugins: usize,
        versions: usize,
        arguments: &'static [&'static str],
        milliseconds: u64,
    ) -> Self {
        Self {
            plugins,
            versions,
            arguments,
            goal: Duration::from_millis(milliseconds),
        }
    }
}

fn main() {
    println!(
        "{:<28} {:>7} {:>8} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "stk-runtime", "plugins", "versions", "fastest", "median", "processor", "goal", "memory"
    );
    for case in &CASES {
        let folder = tempfile::TempDir::new().unwrap();
        project::write(folder.path(), case.plugins, case.versions);
        let command = || command(folder.path(), case.arguments);
        check(command(), case);
        let before = processor_time();
        let mut times: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let mut command = command();
                command.stdout(Stdio::null());
                let start = Instant::now();
                assert!(command.status().unwrap().success());
                start.elapsed()
            })
            .collect();
        times.sort();
        let processor = Option::zip(before, processor_time())
            .map(|(before, after)| (after - before) / ROUNDS as f64);
        let memory = (0..3).filter_map(|_| peak_memory(command())).max();
        println!(
            "{:<28} {:>7} {:>8} {:>7.0} ms {:>7.0} ms {:>10} {:>5.0} ms {:>8}",
            case.arguments.join(" "),
            case.plugins,
            case.versions,
            milliseconds(times[0]),
            milliseconds(times[ROUNDS / 2]),
            processor.map_or("unknown".to_owned(), |time| format!("{time:.0} ms")),
            milliseconds(case.goal),
            memory.map_or("unknown".to_owned(), |kilobytes| {
                format!("{:.0} MB", kilobytes as f64 * 1024.0 / 1e6)
            }),
        );
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stk-runtime"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null());
    command
}

/// A generator that makes faulty projects would measure the wrong thing.
fn check(mut command: Command, case: &Case) {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}{errors}");
    let mut lines = text.lines();
    if case.arguments.starts_with(&["validate"]) {
        assert_eq!(lines.next_back(), Some("0 errors, 0 warnings"));
        // The leaves of the tree generate what no plugin requires.
        let other = lines.find(|line| !line.contains(": note[STK083]: "));
        assert_eq!(other, None);
    } else {
        assert!(lines.count() >= case.plugins, "{text}");
    }
}
