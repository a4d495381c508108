//! What deploying a project as one costs, and what composing it does.
//!
//! ```text
//! cargo bench -p stk-cli --bench unified              # all of it; some minutes
//! cargo bench -p stk-cli --bench unified -- compose   # one of compose, share, modes
//! ```
//!
//! 1. `compose`: `stk-runtime render --mode unified` of 1,000 plugins, from the start of the process to its end: every
//!    template is rendered, the project composed, looked through and written. The goal: under 2 s and 500 MB.
//! 2. `share`: a deployment of 50 plugins as one, beside the bare `terraform init`, `plan -out` and `apply` of the very
//!    project that `render --mode unified` writes, and beside all commands that the deployment starts (it also asks for
//!    the version, shows the plan to compare with later, and initialises again to apply, since that may be on another
//!    machine). What is over the latter is this program's own. The goal: under 5 % over the bare commands.
//! 3. `modes`: 50 and 200 plugins, deployed as one, per plugin, and by a bash loop that runs `init`, `plan -out` and
//!    `apply` in the folders that `render` writes.
//!
//! What is compared alternates in one run, so that a busy machine slows down all of it. Only Terraform's builtin
//! provider is used: with real providers Terraform takes longer, and the shares get smaller.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts programs, has nobody to hand an error to, and prints its figures"
)]

mod measure;
mod project;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use measure::{milliseconds, peak_memory, processor_time};
use stk_testing::terraform::require_terraform;
use tempfile::TempDir;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` passes this; `cargo test --benches` does not, and only wants to see it start.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let chosen = |name: &str| {
        let mut names = arguments.iter().filter(|name| !name.starts_with("--"));
        names.clone().next().is_none() || names.any(|argument| argument == name)
    };
    if chosen("compose") {
        compose();
    }
    let Some(terraform) = require_terraform("unified") else {
        println!("deployments: not measured without Terraform");
        return;
    };
    if chosen("share") {
        share(&terraform);
    }
    if chosen("modes") {
        modes(&terraform);
    }
}

fn compose() {
    const ROUNDS: usize = 7;
    println!(
        "{:<24} {:>10} {:>10} {:>10} {:>8}",
        "render --mode unified", "fastest", "median", "processor", "memory"
    );
    for (plugins, versions) in [(50, 50), (1_000, 4), (1_000, 1_000)] {
        let folder = TempDir::new().unwrap();
        project::write(folder.path(), plugins, versions);
        let known = r#"{"queue-of-the-workspace": {"arn": "arn:aws:sqs:sa-east-1:1:other"}}"#;
        fs::write(folder.path().join("known.json"), known).unwrap();
        let mut number = 0;
        let mut command = || {
            number += 1;
            let out = format!("out-{number}");
            let mut command = runtime(folder.path());
            command.args([
                "render",
                "--env",
                "dev",
                "--mode",
                "unified",
                "--connections",
                "known.json",
                "--out",
                &out,
            ]);
            command
        };
        assert!(run(&mut command()) > Duration::ZERO);
        let before = processor_time();
        let times: Vec<_> = (0..ROUNDS).map(|_| run(&mut command())).collect();
        let processor = Option::zip(before, processor_time())
            .map(|(before, after)| (after - before) / ROUNDS as f64);
        let memory = (0..3).filter_map(|_| peak_memory(command())).max();
        println!(
            "{:<24} {:>7.0} ms {:>7.0} ms {:>10} {:>8}",
            format!("{plugins} of {versions} versions"),
            milliseconds(*times.iter().min().unwrap()),
            milliseconds(median(times)),
            processor.map_or("unknown".to_owned(), |time| format!("{time:.0} ms")),
            memory.map_or("unknown".to_owned(), |kilobytes| {
                format!("{:.0} MB", kilobytes as f64 * 1024.0 / 1e6)
            }),
        );
    }
    println!();
}

fn share(terraform: &Path) {
    const ROUNDS: usize = 9;
    println!(
        "{:<24} {:>10} {:>10} {:>13} {:>7} {:>7}",
        "deploy, 50 plugins", "as one", "bare", "same commands", "ratio", "own"
    );
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    let (mut ratios, mut own) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let folder = TempDir::new().unwrap();
        write(folder.path(), 50);
        render(folder.path(), "unified");
        copy_tree(&folder.path().join("unified"), &folder.path().join("same"));
        let bare = script(
            terraform,
            &folder.path().join("unified"),
            "$TF init -input=false -no-color && $TF plan -input=false -out=p && $TF apply -input=false p",
        );
        let same = script(
            terraform,
            &folder.path().join("same"),
            "$TF version && $TF init -input=false -no-color && $TF plan -json -input=false -detailed-exitcode -out=p || [ $? = 2 ] \
             && $TF show -json p && mv p ../p && rm -r .terraform && $TF init -input=false -no-color && $TF apply -json ../p",
        );
        let ours = run(&mut deploy(folder.path(), "unified"));
        println!(
            "{:<24} {:>7.0} ms {:>7.0} ms {:>10.0} ms {:>7.2} {:>5.0} %",
            format!("round {round}"),
            milliseconds(ours),
            milliseconds(bare),
            milliseconds(same),
            ours.div_duration_f64(bare),
            (ours.div_duration_f64(same) - 1.0) * 100.0
        );
        ratios.push(ours.div_duration_f64(bare));
        own.push(ours.div_duration_f64(same) - 1.0);
        for (times, time) in all.iter_mut().zip([ours, bare, same]) {
            times.push(time);
        }
    }
    let [ours, bare, same] = all.map(median);
    println!(
        "{:<24} {:>7.0} ms {:>7.0} ms {:>10.0} ms {:>7.2} {:>5.0} %\n",
        "median",
        milliseconds(ours),
        milliseconds(bare),
        milliseconds(same),
        middle(ratios),
        middle(own) * 100.0
    );
}

fn modes(terraform: &Path) {
    println!(
        "{:<24} {:>10} {:>10} {:>10} {:>17}",
        "deploy", "as one", "per plugin", "bash loop", "loop over as one"
    );
    for (plugins, rounds) in [(50, 3), (200, 1)] {
        for _ in 0..rounds {
            let folder = TempDir::new().unwrap();
            write(folder.path(), plugins);
            render(folder.path(), "per-plugin");
            let theirs = script(
                terraform,
                &folder.path().join("per-plugin"),
                "for folder in */; do (cd $folder && $TF init -input=false -no-color && $TF plan -input=false -out=p \
                 && $TF apply -input=false p) || exit 1; done",
            );
            let one = run(&mut deploy(folder.path(), "unified"));
            let other = TempDir::new().unwrap();
            write(other.path(), plugins);
            let each = run(&mut deploy(other.path(), "per-plugin"));
            println!(
                "{:<24} {:>7.0} ms {:>7.0} ms {:>7.0} ms {:>17.1}",
                format!("{plugins} plugins"),
                milliseconds(one),
                milliseconds(each),
                milliseconds(theirs),
                theirs.div_duration_f64(one)
            );
        }
    }
}

/// A project of plugins with two resources each. Every second one requires a connection of the one before it.
fn write(folder: &Path, plugins: usize) {
    let mut text = String::from(
        "schema-version: v2\nkind: manifest\nmetadata: {name: shop}\nspec:\n  type: infra\n  plugins:\n",
    );
    let mut known = serde_json::Map::new();
    for index in 0..plugins {
        let (kind, connections) = if index % 2 == 0 {
            let connection = format!("from-{index}");
            known.insert(
                connection.clone(),
                serde_json::json!({"value": index.to_string()}),
            );
            (
                "source",
                format!("generates: [{{type: value-conn, selected: {connection}, alias: kept}}]"),
            )
        } else {
            (
                "sink",
                format!(
                    "requires: [{{type: value-conn, selected: from-{}, alias: origin}}]",
                    index - 1
                ),
            )
        };
        let _ = writeln!(
            text,
            "  - {{name: acme/basics@1.0.0/{kind}@1.0.0, alias: p{index}, type: infra, inputs: {{value: v{index}}}, \
             connections: {{{connections}}}}}"
        );
    }
    for (kind, connections, read) in [
        (
            "source",
            "generates:\n    connections: [{type: value-conn, alias: kept, outputs: [{from: value, to: value}]}]",
            "{{ value }}",
        ),
        (
            "sink",
            "requires:\n    connections: [{type: value-conn, alias: origin}]",
            "{{ connections.origin.value }}",
        ),
    ] {
        let definition = format!(
            "schema-version: v2\nkind: plugin\nmetadata: {{name: {kind}, display-name: {kind}, description: Keeps, version: 1.0.0}}\n\
             spec:\n  type: infra\n  inputs: [{{label: Value, name: value, type: text}}]\n  {connections}\n"
        );
        let main = format!(
            "resource \"terraform_data\" \"one\" {{\n  input = \"{read}\"\n}}\n\nresource \"terraform_data\" \"two\" {{\n  \
             input = terraform_data.one.output\n}}\n\noutput \"value\" {{\n  value = terraform_data.two.output\n}}\n"
        );
        let plugin = folder.join(format!("plugins/acme/basics@1.0.0/{kind}@1.0.0"));
        fs::create_dir_all(plugin.join("templates-deploy")).unwrap();
        fs::write(plugin.join("plugin.yaml"), definition).unwrap();
        fs::write(plugin.join("templates-deploy/main.tf"), main).unwrap();
    }
    fs::create_dir(folder.join(".stk")).unwrap();
    fs::write(folder.join(".stk/stk.yaml"), text).unwrap();
    fs::write(
        folder.join("known.json"),
        serde_json::Value::from(known).to_string(),
    )
    .unwrap();
}

fn render(folder: &Path, mode: &str) {
    let mut command = runtime(folder);
    command.args([
        "render",
        "--env",
        "dev",
        "--mode",
        mode,
        "--connections",
        "known.json",
        "--out",
        mode,
    ]);
    run(&mut command);
}

fn deploy(folder: &Path, mode: &str) -> Command {
    let mut command = runtime(folder);
    command.args([
        "deploy",
        "--env",
        "dev",
        "--version",
        "v1",
        "--mode",
        mode,
        "--auto-approve",
    ]);
    command
}

fn script(terraform: &Path, folder: &Path, text: &str) -> Duration {
    let mut command = Command::new("bash");
    command.args(["-c", text]).current_dir(folder);
    run(clean(&mut command).env("TF", terraform))
}

fn runtime(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stk-runtime"));
    clean(&mut command).current_dir(folder);
    command
}

/// The same environment for all: without a network, and without what Terraform asks its makers.
fn clean(command: &mut Command) -> &mut Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", "/nonexistent")
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1")
        .stdin(Stdio::null())
}

/// How long it takes; it must succeed.
fn run(command: &mut Command) -> Duration {
    let log = tempfile::NamedTempFile::new().unwrap();
    command
        .stdout(log.reopen().unwrap())
        .stderr(log.reopen().unwrap());
    let start = Instant::now();
    let status = command.status().unwrap();
    let time = start.elapsed();
    let said = || fs::read_to_string(log.path()).unwrap_or_default();
    assert!(status.success(), "{command:?}: {}", said());
    time
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
