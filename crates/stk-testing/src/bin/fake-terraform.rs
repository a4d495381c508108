//! A stand-in for Terraform that does what a script says, for tests of signals and failures.
//!
//! The script is `fake-terraform.json`, looked for in the working directory and then beside the path under which this
//! program was started (so a test makes a link to it in a folder of its own and writes the script there). No
//! environment variable is needed, because the runner under test passes none on.
//!
//! The script maps a subcommand (the first argument, or `plan -destroy`) to what it does:
//!
//! ```json
//! {
//!   "version": { "stdout": ["Terraform v1.9.8"] },
//!   "plan": {
//!     "stdout": ["text", {"@level": "info", "type": "log", "@message": "an object is one line"}],
//!     "stderr": ["text"],
//!     "long_line": 10485760,
//!     "raw_stdout": [255, 10],
//!     "files": { "errored.tfstate": "{}" },
//!     "writes_plan": true,
//!     "leaves_child": 60,
//!     "ready_file": "ready",
//!     "sleep_ms": 1000,
//!     "on_interrupt": "finish",
//!     "drain_ms": 500,
//!     "signals_file": "signals.json",
//!     "record_file": "record.jsonl",
//!     "exit": 2
//!   }
//! }
//! ```
//!
//! In this order: the invocation is appended to `record_file` (`{"arguments": […], "environment": {name: value}}`);
//! `stdout`, `raw_stdout` (bytes), a line of `long_line` times `x`, and `stderr` are printed; `files` are written into the working
//! directory, and the file of `-out=` unless `writes_plan` is false; `leaves_child` starts a `sleep` of so many seconds
//! that outlives this program and holds its output open; `ready_file` is written, with its process id; then it sleeps for `sleep_ms`.
//!
//! Signals are counted from the start to the end. At the first SIGINT or SIGTERM `on_interrupt` decides: `finish`
//! (default) prints Terraform's own message, goes on for `drain_ms`, and exits with 1; `succeed` does so and exits with
//! `exit`; `ignore` goes on sleeping. The counts are written to `signals_file` at the end: `{"int": 1, "term": 0}`.
//!
//! `version` without an entry prints Terraform 1.11.4. Any other subcommand without an entry is a mistake in the test:
//! exit code 97.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};

const SCRIPT: &str = "fake-terraform.json";

/// Exit code when the script does not provide for what is asked.
const NOT_SCRIPTED: u8 = 97;

fn main() -> ExitCode {
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) | Err(error) => {
            // Without standard error there is nobody to tell.
            let _ = writeln!(io::stderr(), "fake-terraform: {error}");
            ExitCode::from(NOT_SCRIPTED)
        }
    }
}

async fn run() -> io::Result<u8> {
    // Before anything is printed, so that no signal is missed by a test that waits for a line.
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut arguments = std::env::args();
    let program = PathBuf::from(arguments.next().unwrap_or_default());
    let arguments: Vec<String> = arguments.collect();
    let Some(play) = find_play(&program, &arguments)? else {
        return Err(io::Error::other(format!(
            "the script has no entry for {arguments:?}"
        )));
    };
    record(&play, &arguments)?;
    print(&play)?;
    write_files(&play, &arguments)?;
    leave_child(&play)?;
    if let Some(file) = play.get("ready_file").and_then(Value::as_str) {
        write_whole(file, &std::process::id().to_string())?;
    }

    let (mut int, mut term) = (0, 0);
    let mut code = number(&play, "exit")
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(0);
    let mut until = Instant::now() + Duration::from_millis(number(&play, "sleep_ms").unwrap_or(0));
    loop {
        tokio::select! {
            _ = interrupts.recv() => int += 1,
            _ = terminations.recv() => term += 1,
            () = sleep_until(until) => break,
        }
        let reaction = play
            .get("on_interrupt")
            .and_then(Value::as_str)
            .unwrap_or("finish");
        if int + term == 1 && reaction != "ignore" {
            let message = "\nInterrupt received.\nPlease wait for Terraform to exit or data loss may occur.\nGracefully shutting down...\n";
            let mut stdout = io::stdout();
            writeln!(
                stdout,
                "{}",
                json!({"@level": "info", "@message": message, "@module": "terraform.ui", "type": "log"})
            )?;
            stdout.flush()?;
            until = Instant::now() + Duration::from_millis(number(&play, "drain_ms").unwrap_or(0));
            if reaction == "finish" {
                code = 1;
            }
        }
    }
    if let Some(file) = play.get("signals_file").and_then(Value::as_str) {
        write_whole(file, &json!({"int": int, "term": term}).to_string())?;
    }
    Ok(code)
}

fn find_play(program: &Path, arguments: &[String]) -> io::Result<Option<Map<String, Value>>> {
    let beside = program.parent().map(|folder| folder.join(SCRIPT));
    let script = [Some(PathBuf::from(SCRIPT)), beside]
        .into_iter()
        .flatten()
        .find(|file| file.is_file());
    let script: Value = match script {
        Some(file) => serde_json::from_slice(&fs::read(file)?)?,
        None => json!({}),
    };
    let first = arguments.first().map(String::as_str).unwrap_or_default();
    let name = if first == "plan" && arguments.iter().any(|argument| argument == "-destroy") {
        "plan -destroy"
    } else {
        first
    };
    let play = match script.get(name) {
        Some(play) => play.clone(),
        None if name == "version" => json!({"stdout": ["Terraform v1.11.4", "on linux_amd64"]}),
        None => return Ok(None),
    };
    Ok(play.as_object().cloned())
}

fn record(play: &Map<String, Value>, arguments: &[String]) -> io::Result<()> {
    let Some(file) = play.get("record_file").and_then(Value::as_str) else {
        return Ok(());
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "what the child was given is what a test wants to see"
    )]
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)?;
    writeln!(
        file,
        "{}",
        json!({"arguments": arguments, "environment": environment})
    )
}

fn print(play: &Map<String, Value>) -> io::Result<()> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    for line in list(play, "stdout") {
        write_line(&mut stdout, line)?;
    }
    let raw: Vec<u8> = list(play, "raw_stdout")
        .iter()
        .filter_map(|byte| u8::try_from(byte.as_u64()?).ok())
        .collect();
    stdout.write_all(&raw)?;
    if let Some(length) = number(play, "long_line") {
        let chunk = [b'x'; 64 * 1024];
        let mut left = usize::try_from(length).unwrap_or(usize::MAX);
        while left > 0 {
            let some = left.min(chunk.len());
            stdout.write_all(&chunk[..some])?;
            left -= some;
        }
        writeln!(stdout)?;
    }
    stdout.flush()?;
    let mut stderr = io::stderr().lock();
    for line in list(play, "stderr") {
        write_line(&mut stderr, line)?;
    }
    Ok(())
}

fn write_line(out: &mut impl Write, line: &Value) -> io::Result<()> {
    match line {
        Value::String(text) => writeln!(out, "{text}"),
        object => writeln!(out, "{object}"),
    }
}

fn write_files(play: &Map<String, Value>, arguments: &[String]) -> io::Result<()> {
    for (name, content) in play
        .get("files")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        fs::write(name, content.as_str().unwrap_or_default())?;
    }
    let writes_plan = play
        .get("writes_plan")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    match arguments
        .iter()
        .find_map(|argument| argument.strip_prefix("-out="))
    {
        Some(out) if writes_plan => fs::write(out, "fake plan"),
        _ => Ok(()),
    }
}

fn leave_child(play: &Map<String, Value>) -> io::Result<()> {
    let Some(seconds) = number(play, "leaves_child") else {
        return Ok(());
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a test double, which plays a provisioner here"
    )]
    std::process::Command::new("sleep")
        .arg(seconds.to_string())
        .spawn()?;
    Ok(())
}

/// Complete when it is there: a test that waits for it reads it at once.
fn write_whole(file: &str, content: &str) -> io::Result<()> {
    let temporary = format!("{file}.new");
    fs::write(&temporary, content)?;
    fs::rename(temporary, file)
}

fn list<'a>(play: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    play.get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn number(play: &Map<String, Value>, name: &str) -> Option<u64> {
    play.get(name).and_then(Value::as_u64)
}
