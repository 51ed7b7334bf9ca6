//! The seam for time: the one place of the server that asks for it. Wall time is passed in as a
//! [`Clock`]; timeouts go by tokio's clock, which a simulation pauses.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Wall time, passed in.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that asks the machine
    fn now_ms(&self) -> i64 {
        // A machine set to before 1970 counts as standing at 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Now, for timeouts.
#[allow(clippy::disallowed_methods)] // the one place that asks tokio's clock
pub(crate) fn instant() -> Instant {
    Instant::now()
}
