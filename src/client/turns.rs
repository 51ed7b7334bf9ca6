//! Lets the requests that create or change the same resource go one after the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::progress::{self, Step};
use super::subject::Subject;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::seams::Deadline;

/// The turns of all subjects. Adds and changes of one duplication go one after the other, because two at the
/// same time terminate a server of an old generation.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<BTreeMap<Subject, Arc<Semaphore>>>);

/// The right to create or change one subject. When it is dropped, the next call gets its turn.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    subject: Subject,
    waiting: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for the turn. Returns an error if the deadline passes first.
    pub(crate) async fn take(&self, subject: Subject, deadline: Deadline) -> Result<Turn<'_>> {
        let mut turn = self.line_up(subject);
        if turn.waiting.available_permits() == 0 {
            progress::report(|| Step::WaitingForTurn);
        }
        let permit = deadline.limit(turn.waiting.clone().acquire_owned()).await;
        turn.permit = permit.and_then(std::result::Result::ok);
        match turn.permit {
            Some(_) => Ok(turn),
            None => Err(Error::new(
                ErrorKind::Busy,
                format!(
                    "another request of this client for the same {} is in flight; nothing was sent: {}",
                    turn.subject.resource().noun(),
                    turn.subject
                ),
            )
            .with_hint("try again when that call has ended")),
        }
    }

    /// Takes the turn if no other call has it.
    pub(crate) fn take_at_once(&self, subject: Subject) -> Option<Turn<'_>> {
        let mut turn = self.line_up(subject);
        turn.permit = turn.waiting.clone().try_acquire_owned().ok();
        turn.permit.is_some().then_some(turn)
    }

    /// Returns a turn that has not come yet. It exists before the wait, so that a call that gives up
    /// leaves nothing behind.
    fn line_up(&self, subject: Subject) -> Turn<'_> {
        let mut subjects = lock(&self.0);
        let waiting =
            subjects.entry(subject.clone()).or_insert_with(|| Arc::new(Semaphore::new(1))).clone();
        Turn { turns: self, subject, waiting, permit: None }
    }
}

impl Turn<'_> {
    /// Returns the subject that may be created or changed.
    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut subjects = lock(&self.turns.0);
        self.permit = None;
        // The two references are the one in the map and this one, so no other call waits.
        if Arc::strong_count(&self.waiting) == 2 {
            subjects.remove(&self.subject);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
