use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Where every time in a record comes from. One clock is made in `main` and handed down, so that a
/// test (or a replay) decides what time it is.
///
/// Times have millisecond precision, the precision of StackSpot's run documents.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(|| truncate(Timestamp::now())))
    }

    /// A clock that stands still at `at`.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        let at = truncate(at);
        Self(Arc::new(move || at))
    }

    /// A clock that starts at `start` and goes on by one second each time it is read.
    #[must_use]
    pub fn stepping(start: Timestamp) -> Self {
        let next = AtomicI64::new(start.as_millisecond());
        Self(Arc::new(move || {
            from_millisecond(next.fetch_add(1_000, Ordering::Relaxed))
        }))
    }

    /// The current time, in whole milliseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

fn truncate(at: Timestamp) -> Timestamp {
    from_millisecond(at.as_millisecond())
}

fn from_millisecond(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_whole_milliseconds() {
        let at: Timestamp = "2024-09-27T21:16:23.993123Z".parse().unwrap();
        assert_eq!(
            Clock::fixed(at).now().to_string(),
            "2024-09-27T21:16:23.993Z"
        );
        let stepping = Clock::stepping(at);
        assert_eq!(stepping.now().to_string(), "2024-09-27T21:16:23.993Z");
        assert_eq!(stepping.now().to_string(), "2024-09-27T21:16:24.993Z");
    }
}
