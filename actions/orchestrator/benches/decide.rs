//! How long it takes to decide: from the text of `stk.yaml` to the bytes of the run's record, for 10,
//! 1,000 and 10,000 plugins with two connections each.
//!
//! ```text
//! cargo bench -p stk-orchestrator --bench decide            # the goals, then each stage alone
//! cargo bench -p stk-orchestrator --bench decide -- order   # one stage
//! ```
//!
//! The goals: 10,000 plugins with 20,000 connections in under 150 ms and under 150 MB, at a cost that
//! grows no faster than n log n. They are measured first, on the whole path, and printed as a table;
//! the memory is the peak of the process (`VmHWM`, Linux only), the generated text included. Then
//! divan measures the stages: `parse` reads `stk.yaml`, `units` merges inputs and matches
//! connections, `order` sorts, `Draft` makes the record, `write` makes its JSON. Not measured, since
//! it is the disk's time: looking for the plugins' files, packing them, and putting bytes into the
//! store.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark has nobody to hand an error to, and prints its figures"
)]

mod project;

use std::time::{Duration, Instant};

use divan::Bencher;
use project::Generated;

const SIZES: [usize; 3] = [10, 1_000, 10_000];

fn main() {
    // `cargo bench` passes this; a filter or `--list` asks for less than everything.
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments == ["--bench"] {
        goals();
    }
    divan::main();
}

/// The whole path against the goals.
fn goals() {
    let project = Generated::of(10_000);
    let start = Instant::now();
    project.all();
    let first = start.elapsed();
    let memory = peak_memory();
    drop(project);

    println!(
        "{:<16} {:>10} {:>10} {:>16} {:>10} {:>10}",
        "whole path", "fastest", "median", "per n log2 n", "stk.yaml", "record"
    );
    let mut growth = Vec::new();
    for size in SIZES {
        let project = Generated::of(size);
        let bytes = project.all().len();
        let times = times(if size < 10_000 { 101 } else { 31 }, || {
            divan::black_box(project.all());
        });
        let work = size as f64 * (size as f64).log2();
        // Of the fastest: what else the machine does is not the program's growth.
        let each = times[0].as_secs_f64() * 1e9 / work;
        growth.push(each);
        println!(
            "{:<16} {:>7.2} ms {:>7.2} ms {each:>13.0} ns {:>7.2} MB {:>7.2} MB",
            format!("{size} plugins"),
            milliseconds(times[0]),
            milliseconds(times[times.len() / 2]),
            project.text.len() as f64 / 1e6,
            bytes as f64 / 1e6,
        );
    }
    if let [.., thousand, ten_thousand] = growth.as_slice() {
        println!(
            "growth from 1,000 to 10,000 plugins: {:.2} of n log n",
            ten_thousand / thousand
        );
    }
    println!(
        "first run of the process with 10,000 plugins: {:.0} ms",
        milliseconds(first)
    );
    match memory {
        Some(bytes) => println!("peak memory of that run: {:.0} MB", bytes / 1e6),
        None => println!("peak memory: not known on this system"),
    }
    println!();
}

/// How long it takes, sorted.
fn times(count: usize, mut run: impl FnMut()) -> Vec<Duration> {
    let mut times: Vec<_> = (0..count)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The most memory that this process has had, in bytes.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[divan::bench(args = SIZES)]
fn all(bencher: Bencher<'_, '_>, size: usize) {
    let project = Generated::of(size);
    bencher.bench(|| project.all());
}

#[divan::bench(args = SIZES)]
fn parse(bencher: Bencher<'_, '_>, size: usize) {
    let project = Generated::of(size);
    bencher.bench(|| project.parse());
}

#[divan::bench(args = SIZES)]
fn units(bencher: Bencher<'_, '_>, size: usize) {
    let project = Generated::of(size);
    let manifest = project.parse();
    bencher.bench(|| project.units(&manifest));
}

#[divan::bench(args = SIZES)]
fn order(bencher: Bencher<'_, '_>, size: usize) {
    let project = Generated::of(size);
    let units = project.units(&project.parse());
    bencher.bench(|| Generated::order(&units));
}

#[divan::bench(args = SIZES)]
fn draft(bencher: Bencher<'_, '_>, size: usize) {
    let project = Generated::of(size);
    let manifest = project.parse();
    let units = project.units(&manifest);
    let order = Generated::order(&units);
    bencher
        .with_inputs(|| project.draft(manifest.clone(), units.clone(), order.clone()))
        .bench_values(|draft| draft.record().unwrap());
}

#[divan::bench(args = SIZES)]
fn write(bencher: Bencher<'_, '_>, size: usize) {
    let project = Generated::of(size);
    let manifest = project.parse();
    let units = project.units(&manifest);
    let order = Generated::order(&units);
    let record = project.draft(manifest, units, order).record().unwrap();
    bencher.bench(|| Generated::write(&record));
}
