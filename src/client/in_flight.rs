//! What a call that is given up leaves behind.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::progress::Step;

/// What one call has sent, as long as its effect is not known. It learns that from the call's steps.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<Option<String>>);

impl InFlight {
    pub(crate) fn note(&self, step: &Step) {
        match step {
            Step::Sending { what } => *self.lock() = Some(what.clone()),
            Step::Settled => *self.lock() = None,
            Step::WaitingForTurn
            | Step::LookingForLeader
            | Step::Asking { .. }
            | Step::TryingAgain { .. } => {}
        }
    }

    /// The change, in the words of [`Client::unsettled`](super::Client::unsettled).
    pub(crate) fn what(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
