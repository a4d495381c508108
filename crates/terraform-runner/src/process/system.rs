//! Signals and waiting. A signal that cannot be delivered has no one left to receive it, so errors are no news.

#[cfg(unix)]
pub(super) use self::unix::*;

#[cfg(not(unix))]
pub(super) use self::other::*;

#[cfg(unix)]
mod unix {
    use rustix::io::Errno;
    use rustix::process::{
        Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
    };

    pub(in crate::process) fn interrupt(id: u32) {
        if let Some(pid) = pid(id) {
            let _ = kill_process(pid, Signal::INT);
        }
    }

    pub(in crate::process) fn terminate_group(id: u32) {
        if let Some(pid) = pid(id) {
            let _ = kill_process_group(pid, Signal::TERM);
        }
    }

    pub(in crate::process) fn kill_group(id: u32) {
        if let Some(pid) = pid(id) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    /// Returns when the child has ended; its number stays taken until it is reaped.
    pub(in crate::process) fn wait_without_reaping(id: u32) -> std::io::Result<()> {
        let pid = pid(id).ok_or_else(|| std::io::Error::other("not a process id"))?;
        loop {
            match waitid(
                WaitId::Pid(pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
            ) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether anybody but the child is alive in its process group; `false` where there is no `/proc` to tell.
    pub(in crate::process) fn group_has_others(id: u32) -> bool {
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return false;
        };
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
            .filter(|process| *process != id)
            .any(|process| {
                std::fs::read_to_string(format!("/proc/{process}/stat"))
                    .is_ok_and(|status| alive_in_group(&status) == Some(id))
            })
    }

    /// The process group in `/proc/<id>/stat`, unless the process is a zombie: `id (name) state parent group …`, and
    /// the name may hold anything.
    pub(super) fn alive_in_group(status: &str) -> Option<u32> {
        let (_, fields) = status.rsplit_once(')')?;
        let mut fields = fields.split_whitespace();
        let state = fields.next()?;
        if matches!(state, "Z" | "X") {
            return None;
        }
        fields.nth(1)?.parse().ok()
    }

    fn pid(id: u32) -> Option<Pid> {
        i32::try_from(id).ok().and_then(Pid::from_raw)
    }
}

/// Without process groups and signals a command runs to its end.
#[cfg(not(unix))]
mod other {
    pub(in crate::process) fn interrupt(_: u32) {}

    pub(in crate::process) fn terminate_group(_: u32) {}

    pub(in crate::process) fn kill_group(_: u32) {}

    pub(in crate::process) fn wait_without_reaping(_: u32) -> std::io::Result<()> {
        Ok(())
    }

    pub(in crate::process) fn group_has_others(_: u32) -> bool {
        false
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::unix::alive_in_group;

    #[test]
    fn the_group_is_read_past_any_name() {
        assert_eq!(alive_in_group("12 (sleep) S 1 34 5 0"), Some(34));
        assert_eq!(alive_in_group("12 (a) b) (c) R 1 34 5 0"), Some(34));
        assert_eq!(alive_in_group("12 (sleep) Z 1 34 5 0"), None);
        assert_eq!(alive_in_group("12 (sleep"), None);
        assert_eq!(alive_in_group(""), None);
    }
}
