//! The unsettled requests of a client: those that were sent and whose effect is not known. Also tracks how
//! long such a request may still be in flight.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::progress::{self, Step};
use super::subject::Subject;
use crate::error::{ErrorKind, Result};
use crate::outcome::Status;
use crate::protocol::messages::Rpc;
use crate::resource::Duplication;
use crate::transport::connection::{Connection, Late, LateSignal};
use crate::transport::durations::UNDER_WAY;
use crate::transport::seams::Deadline;

/// How many unsettled requests are remembered. If there are more, the oldest are dropped.
const REMEMBERED: usize = 1000;

/// The list of unsettled requests.
#[derive(Debug, Default)]
pub(crate) struct Unsettled(Mutex<Records>);

#[derive(Debug, Default)]
struct Records {
    next: u64,
    by_order: BTreeMap<u64, Record>,
}

#[derive(Debug)]
struct Record {
    subject: Subject,
    /// Whether the request creates the subject. Otherwise the request changes or removes the subject.
    creates: bool,
    words: String,
    /// The connection over which the request was sent.
    connection: Weak<Connection>,
    state: State,
}

/// The state of an unsettled request.
#[derive(Debug)]
enum State {
    /// The call that sent the request has not ended.
    Calling,
    /// The call has ended without a response. The request may still wait in the server's queue, or be on
    /// its way there, until this deadline or until its response arrives.
    InFlight(Deadline, LateSignal),
    /// The server has taken the request out of its queue. What the server did is not known.
    Handled,
}

/// One request whose call has not ended. The request stays in the list unless it is settled, also if the
/// call is dropped or is interrupted by Ctrl-C.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    list: &'a Unsettled,
    order: u64,
}

impl Unsettled {
    /// Records a request that is about to be sent and that creates the subject. `verb` is the name of the
    /// command, such as `add`.
    pub(crate) fn note_create(
        &self,
        verb: &str,
        subject: Subject,
        connection: &Arc<Connection>,
    ) -> Sent<'_> {
        let words = format!("{verb} {subject}");
        self.note(subject, true, words, connection)
    }

    /// Records a request that is about to be sent and that changes or removes the subject. `words` describes
    /// the request.
    pub(crate) fn note_change(
        &self,
        subject: Subject,
        words: String,
        connection: &Arc<Connection>,
    ) -> Sent<'_> {
        self.note(subject, false, words, connection)
    }

    fn note(
        &self,
        subject: Subject,
        creates: bool,
        words: String,
        over: &Arc<Connection>,
    ) -> Sent<'_> {
        progress::report(|| Step::Sending { what: words.clone() });
        let connection = Arc::downgrade(over);
        let mut records = self.lock();
        let order = records.next;
        records.next += 1;
        let record = Record { subject, creates, words, connection, state: State::Calling };
        records.by_order.insert(order, record);
        if records.by_order.len() > REMEMBERED {
            records.by_order.pop_first();
        }
        Sent { list: self, order }
    }

    /// Returns the unsettled requests in the order in which they were sent.
    pub(crate) fn all(&self) -> Vec<String> {
        let mut records = self.lock();
        records.hear();
        records.by_order.values().map(|record| record.words.clone()).collect()
    }

    /// Returns until when an earlier request of this client that creates the subject may still be in flight.
    /// The caller must have the turn of the subject.
    pub(crate) fn create_in_flight(&self, subject: &Subject) -> Option<Deadline> {
        let mut records = self.lock();
        records.hear();
        let creates =
            records.by_order.values().filter(|record| record.creates && record.subject == *subject);
        creates
            .filter_map(|record| match &record.state {
                State::InFlight(until, _) if !until.is_past() => Some(*until),
                State::InFlight(..) | State::Calling | State::Handled => None,
            })
            .max()
    }

    /// Records which duplications are listed. If a stored duplication is listed, earlier adds of the same
    /// pair are settled, because none of them can be waiting to be stored any more. A second add is only
    /// dangerous while an earlier one waits to be stored.
    pub(crate) fn listed<'a>(&self, duplications: impl IntoIterator<Item = &'a Duplication>) {
        let stored = duplications
            .into_iter()
            .filter(|one| one.status != Some(Status::Init) && !one.is_being_removed());
        self.exist(stored.map(|one| Subject::duplication(&one.table, &one.cluster)));
    }

    /// Records that resources certainly exist. Earlier creates of them are settled, because the server
    /// refuses any of them that it has not executed yet.
    pub(crate) fn exist(&self, subjects: impl IntoIterator<Item = Subject>) {
        let mut records = self.lock();
        if records.by_order.is_empty() {
            return;
        }
        let there: BTreeSet<Subject> = subjects.into_iter().collect();
        records.forget(|record| record.creates && there.contains(&record.subject));
    }

    /// Records that the subject certainly does not exist. Earlier changes of the subject are settled, because
    /// what they were to change does not exist any more.
    pub(crate) fn gone(&self, subject: &Subject) {
        self.lock().forget(|record| !record.creates && record.subject == *subject);
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    /// Removes the requests that are settled and whose call has ended.
    fn forget(&mut self, settled: impl Fn(&Record) -> bool) {
        self.by_order
            .retain(|_, record| matches!(record.state, State::Calling) || !settled(record));
    }

    /// Finds the requests whose response has arrived since their call ended. The server is done with them.
    fn hear(&mut self) {
        for record in self.by_order.values_mut() {
            if let State::InFlight(_, response) = &mut record.state
                && response.has_come()
            {
                record.state = State::Handled;
            }
        }
    }
}

impl Sent<'_> {
    /// Removes the request from the list, because its effect is known.
    pub(crate) fn settle(self) {
        self.list.lock().by_order.remove(&self.order);
        progress::report(|| Step::Settled);
    }

    /// Records that the server returned ERR_OK. Adds and changes wait in the same queue of the server, so
    /// earlier requests of this client over the same connection have left the queue.
    pub(crate) fn was_done(&self) {
        let mut records = self.list.lock();
        let Some(this) = records.by_order.get(&self.order) else { return };
        let connection = this.connection.clone();
        for (_, earlier) in records.by_order.range_mut(..self.order) {
            if matches!(earlier.state, State::InFlight(..))
                && Weak::ptr_eq(&earlier.connection, &connection)
            {
                earlier.state = State::Handled;
            }
        }
    }

    /// Ends the request together with its call. The request stays in the list if the call ends in
    /// `OutcomeUnknown`. `answered` says whether the server has responded to the request.
    pub(crate) fn conclude<R: Rpc, T>(self, result: &Result<T>, answered: bool, response: Late<R>) {
        match result {
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                self.leave(answered, response);
            }
            _ => self.settle(),
        }
    }

    /// Leaves the request in the list, because the call ends and the effect is not known.
    pub(crate) fn leave<R: Rpc>(self, answered: bool, response: Late<R>) {
        let state = match answered {
            true => State::Handled,
            false => in_flight(response.into_signal()),
        };
        self.end(state);
    }

    fn end(&self, state: State) {
        let mut records = self.list.lock();
        if let Some(record) = records.by_order.get_mut(&self.order)
            && matches!(record.state, State::Calling)
        {
            record.state = state;
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        // The call was dropped, so nothing waits for the response any more.
        self.end(in_flight(LateSignal::none()));
    }
}

fn in_flight(response: LateSignal) -> State {
    State::InFlight(Deadline::after(UNDER_WAY), response)
}
