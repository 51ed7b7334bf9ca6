//! Stops an apply early.

use tokio::sync::watch;

/// Stops an apply early: no further duplication is started, and the requests in flight are brought to their
/// end. Clones stop the same apply.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Returns a stop that has not been requested.
    pub fn new() -> Stop {
        Stop(watch::Sender::new(false))
    }

    /// Requests the stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Returns whether the stop was requested.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the stop is requested.
    pub async fn requested(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as this value, so the wait can only end because of a stop.
        let _ = receiver.wait_for(|stop| *stop).await;
    }
}

impl Default for Stop {
    fn default() -> Stop {
        Stop::new()
    }
}
