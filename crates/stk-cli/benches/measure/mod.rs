//! What a process costs.

use std::process::{Command, Stdio};
use std::time::Duration;

/// The most memory that the process had, in KiB, at the last look before its end.
pub(crate) fn peak_memory(mut command: Command) -> Option<u64> {
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let seen = text.lines().find_map(|line| {
            let kilobytes = line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?;
            kilobytes.parse().ok()
        });
        peak = peak.max(seen);
        std::thread::sleep(Duration::from_micros(200));
    }
    peak
}

/// The processor's time of all children that have ended, in milliseconds.
pub(crate) fn processor_time() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, is the only field that may hold a blank; `cutime` and `cstime` are the
    // fourteenth and fifteenth behind it, in hundredths of a second.
    let (_, fields) = text.rsplit_once(") ")?;
    let ticks = fields
        .split(' ')
        .skip(13)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().ok());
    Some(ticks.sum::<Option<f64>>()? * 10.0)
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
