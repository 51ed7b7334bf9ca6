//! The clocks of the server. Wall time is passed in as a [`Clock`]. Timeouts use tokio's clock, which a
//! simulation pauses, and which only this file of the server reads.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::time::Instant;

pub use crate::clock::{Clock, SystemClock};

/// A clock that stands still until [`ManualClock::advance`] moves it.
#[derive(Debug)]
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn at(ms: i64) -> ManualClock {
        ManualClock(AtomicI64::new(ms))
    }

    pub(crate) fn advance(&self, ms: i64) {
        // The update always returns a value, so it cannot fail.
        let _ = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(ms)));
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Returns the current time for timeouts.
#[allow(clippy::disallowed_methods)] // the only place that reads tokio's clock
pub(crate) fn instant() -> Instant {
    Instant::now()
}
