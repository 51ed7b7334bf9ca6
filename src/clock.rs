//! The seam for wall time: the only place that reads the machine's clock for the time of day. Timeouts use
//! tokio's clock, which a simulation pauses.

use std::time::{SystemTime, UNIX_EPOCH};

/// A source of wall time, which is passed in.
pub trait Clock: Send + Sync + 'static {
    /// Returns the time in milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the only place that reads the machine's clock
    fn now_ms(&self) -> i64 {
        // A time before 1970 counts as 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}
