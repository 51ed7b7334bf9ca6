//! What was sent and is not settled, and how long it may still be under way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::planted::{self, Bug};
use super::progress::{self, Step};
use super::turns::Pair;
use crate::outcome::{Duplication, Status};
use crate::protocol::messages::Rpc;
use crate::transport::connection::{Connection, Late, LateSignal};
use crate::transport::durations::UNDER_WAY;
use crate::transport::seams::Deadline;

/// How many unsettled requests are remembered at the most, the latest.
const REMEMBERED: usize = 1000;

/// Requests that were sent and whose effect is not known (yet).
#[derive(Debug, Default)]
pub(crate) struct Unsettled(Mutex<Records>);

#[derive(Debug, Default)]
struct Records {
    next: u64,
    by_order: BTreeMap<u64, Record>,
}

#[derive(Debug)]
struct Record {
    pair: Pair,
    adds: bool,
    words: String,
    /// The connection that it was sent over.
    connection: Weak<Connection>,
    state: State,
}

/// Where a request may be.
#[derive(Debug)]
enum State {
    /// The call that sent the request has not ended.
    Calling,
    /// Its call has ended without its response. It may still stand in the server's queue, or be on its
    /// way there, until then at most; unless its response comes.
    UnderWay(Deadline, LateSignal),
    /// The server has taken it out of its queue. What it did is not known.
    Handled,
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
    pub(crate) fn note_add(&self, pair: Pair, connection: &Arc<Connection>) -> Sent<'_> {
        let words = format!("add table={} cluster={}", pair.0, pair.1);
        self.note(pair, true, words, connection)
    }

    /// Notes a change that is about to be sent.
    pub(crate) fn note_change(
        &self,
        pair: Pair,
        words: String,
        connection: &Arc<Connection>,
    ) -> Sent<'_> {
        self.note(pair, false, words, connection)
    }

    fn note(&self, pair: Pair, adds: bool, words: String, over: &Arc<Connection>) -> Sent<'_> {
        progress::report(|| Step::Sending { what: words.clone() });
        let connection = Arc::downgrade(over);
        let mut records = self.lock();
        let order = records.next;
        records.next += 1;
        let record = Record { pair, adds, words, connection, state: State::Calling };
        records.by_order.insert(order, record);
        if records.by_order.len() > REMEMBERED {
            records.by_order.pop_first();
        }
        Sent { list: self, order }
    }

    /// What was sent and is not settled, in the order it was sent.
    pub(crate) fn all(&self) -> Vec<String> {
        let mut records = self.lock();
        records.hear();
        records.by_order.values().map(|record| record.words.clone()).collect()
    }

    /// Until when an add of that pair which this client sent earlier may still be under way. The caller
    /// has the pair's turn.
    pub(crate) fn add_under_way(&self, pair: &Pair) -> Option<Deadline> {
        let mut records = self.lock();
        records.hear();
        let adds = records.by_order.values().filter(|record| record.adds && record.pair == *pair);
        adds.filter_map(|record| match &record.state {
            State::UnderWay(until, _) if !until.is_past() => Some(*until),
            State::UnderWay(..) | State::Calling | State::Handled => None,
        })
        .max()
    }

    /// These were listed. Where a duplication is there and stored, earlier adds of the same pair are
    /// settled: no such add waits any more to be stored, which is all that a second request can harm.
    pub(crate) fn listed<'a>(&self, duplications: impl IntoIterator<Item = &'a Duplication>) {
        let mut records = self.lock();
        if records.by_order.is_empty() {
            return;
        }
        let there: BTreeSet<(&str, &str)> = duplications
            .into_iter()
            .filter(|one| one.status != Some(Status::Init) && !one.is_being_removed())
            .map(|one| (one.table.as_str(), one.cluster.as_str()))
            .collect();
        records.forget(|record| {
            record.adds && there.contains(&(record.pair.0.as_str(), record.pair.1.as_str()))
        });
    }

    /// No duplication of that pair is there, and that is certain: earlier changes are settled, because
    /// what they were to change is gone.
    pub(crate) fn gone(&self, pair: &Pair) {
        self.lock().forget(|record| !record.adds && record.pair == *pair);
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    /// Forgets those whose call has ended and that are settled.
    fn forget(&mut self, settled: impl Fn(&Record) -> bool) {
        self.by_order
            .retain(|_, record| matches!(record.state, State::Calling) || !settled(record));
    }

    /// Looks which responses have come since: the server has done with those requests.
    fn hear(&mut self) {
        for record in self.by_order.values_mut() {
            if let State::UnderWay(_, response) = &mut record.state
                && response.has_come()
            {
                record.state = State::Handled;
            }
        }
    }
}

impl Sent<'_> {
    /// Its effect is known.
    pub(crate) fn settle(self) {
        self.list.lock().by_order.remove(&self.order);
        progress::report(|| Step::Settled);
    }

    /// The server answered ERR_OK. Adds and changes wait in one queue of the server, so those that this
    /// client sent over the same connection before have left the queue.
    pub(crate) fn was_done(&self) {
        let mut records = self.list.lock();
        let Some(this) = records.by_order.get(&self.order) else { return };
        let connection = this.connection.clone();
        for (_, earlier) in records.by_order.range_mut(..self.order) {
            if matches!(earlier.state, State::UnderWay(..))
                && Weak::ptr_eq(&earlier.connection, &connection)
            {
                earlier.state = State::Handled;
            }
        }
    }

    /// Its effect is not known, and its call ends.
    pub(crate) fn leave<R: Rpc>(self, answered: bool, response: Late<R>) {
        let state = match answered {
            true => State::Handled,
            false => under_way(response.into_signal()),
        };
        self.end(state);
    }

    fn end(&self, state: State) {
        let mut records = self.list.lock();
        if planted::is(Bug::ForgetUnsettled) {
            records.by_order.remove(&self.order);
        } else if let Some(record) = records.by_order.get_mut(&self.order)
            && matches!(record.state, State::Calling)
        {
            record.state = state;
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        // Where its caller was dropped, nobody listens for the response any more.
        self.end(under_way(LateSignal::none()));
    }
}

fn under_way(response: LateSignal) -> State {
    State::UnderWay(Deadline::after(UNDER_WAY), response)
}
