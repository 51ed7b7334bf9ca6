//! Who may change one (table, cluster) now, and what was sent and is not settled.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::progress::{self, Step};
use crate::transport::seams::Deadline;

/// (table, remote cluster).
pub(crate) type Pair = (String, String);

/// Adds of one pair go one after the other: two at once end a real server of an old generation.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<BTreeMap<Pair, Arc<Semaphore>>>);

/// The right to change one pair. Passed on when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    pair: Pair,
    waiting: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Waits for the turn; `None` when the deadline came first.
    pub(crate) async fn take(&self, pair: Pair, deadline: Deadline) -> Option<Turn<'_>> {
        let waiting = lock(&self.0)
            .entry(pair.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(1)))
            .clone();
        if waiting.available_permits() == 0 {
            progress::report(|| Step::WaitingForTurn);
        }
        // Made before waiting, so that whoever gives up tidies up.
        let mut turn = Turn { turns: self, pair, waiting: waiting.clone(), permit: None };
        turn.permit = deadline.limit(waiting.acquire_owned()).await?.ok();
        turn.permit.is_some().then_some(turn)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut pairs = lock(&self.turns.0);
        self.permit = None;
        // The map's and this one: nobody else waits.
        if Arc::strong_count(&self.waiting) == 2 {
            pairs.remove(&self.pair);
        }
    }
}

/// How many unsettled requests are remembered at the most, the latest.
const REMEMBERED: usize = 1000;

/// Requests that were sent and whose effect is not known (yet).
#[derive(Debug, Default)]
pub(crate) struct Unsettled(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    by_order: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    pair: Pair,
    adds: bool,
    words: String,
}

/// One request on its way. It stays in the list unless it is settled: also when its caller is
/// dropped, or killed by Ctrl-C, which is what the list is for.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    list: &'a Unsettled,
    order: u64,
}

impl Unsettled {
    /// Notes an add that is about to be sent.
    pub(crate) fn note_add(&self, pair: Pair) -> Sent<'_> {
        let words = format!("add table={} cluster={}", pair.0, pair.1);
        self.note(Entry { pair, adds: true, words })
    }

    /// Notes a change that is about to be sent.
    pub(crate) fn note_change(&self, pair: Pair, words: String) -> Sent<'_> {
        self.note(Entry { pair, adds: false, words })
    }

    fn note(&self, what: Entry) -> Sent<'_> {
        progress::report(|| Step::Sending { what: what.words.clone() });
        let mut entries = lock(&self.0);
        let order = entries.next;
        entries.next += 1;
        entries.by_order.insert(order, what);
        if entries.by_order.len() > REMEMBERED {
            entries.by_order.pop_first();
        }
        Sent { list: self, order }
    }

    /// What was sent and is not settled, in the order it was sent.
    pub(crate) fn all(&self) -> Vec<String> {
        lock(&self.0).by_order.values().map(|entry| entry.words.clone()).collect()
    }

    /// Whether anything that was sent for that pair is not settled.
    pub(crate) fn has(&self, pair: &Pair) -> bool {
        lock(&self.0).by_order.values().any(|entry| entry.pair == *pair)
    }

    /// A duplication of that pair is there: whatever became of earlier adds, none stands in a queue
    /// any more that would be harmed by another request.
    pub(crate) fn settle_adds(&self, pair: &Pair) {
        lock(&self.0).by_order.retain(|_, entry| !(entry.adds && entry.pair == *pair));
    }
}

impl Sent<'_> {
    /// Its effect is known.
    pub(crate) fn settle(self) {
        lock(&self.list.0).by_order.remove(&self.order);
        progress::report(|| Step::Settled);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
