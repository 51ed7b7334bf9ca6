//! Tracks what a call has sent, for the case that it is cancelled.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::progress::Step;

/// The change that one call has sent, while its effect is not known. The steps of the call report the
/// change and when its effect is known.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<Option<String>>);

impl InFlight {
    /// Takes note of a step of the call.
    pub(crate) fn note(&self, step: &Step) {
        match step {
            Step::Sending { what } => *self.lock() = Some(what.clone()),
            Step::Settled => *self.lock() = None,
            Step::WaitingForTurn
            | Step::LookingForLeader
            | Step::Asking { .. }
            | Step::TryingAgain { .. }
            | Step::GettingReady { .. } => {}
        }
    }

    /// Returns the change in the format of [`Client::unsettled`](super::Client::unsettled), or `None` if
    /// nothing was sent or the effect is known.
    pub(crate) fn what(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
