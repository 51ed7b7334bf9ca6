//! Applies the fault of a request to its response, and to its change on the way to the store.

use super::{Action, AtStore, Call, Node, Now, Role, Timed};
use crate::server::event::Event;
use crate::server::fault::Fault;
use crate::server::reply::Reply;
use crate::server::state::{CallId, Ticket};
use crate::server::store::{RecordChange, StoreFailure};

impl Node {
    /// Responds to a call whose change is not stored yet, unless the fault of the call prevents it. What the
    /// fault does after the response happens when the call is finished.
    pub(super) fn respond_early(&mut self, id: CallId, reply: Reply, now: Now) -> Vec<Action> {
        let Some(call) = self.calls.get_mut(&id) else { return Vec::new() };
        call.answered = true;
        let call = call.clone();
        match &call.fault {
            Some(
                Fault::ChangeLeaderAfter(_)
                | Fault::AliveNodes(_)
                | Fault::CrashBeforeStore(_)
                | Fault::CrashAfterStore(_),
            ) => self.send(&call, reply),
            _ => self.reply(&call, reply, now),
        }
    }

    /// Finishes a call. Responds to the call, unless the call has its response or its fault prevents it.
    pub(super) fn respond(&mut self, id: CallId, reply: Reply, now: Now) -> Vec<Action> {
        let Some(call) = self.calls.remove(&id) else { return Vec::new() };
        match call.answered {
            true => self.after_response(&call, now),
            false => self.reply(&call, reply, now),
        }
    }

    fn reply(&mut self, call: &Call, reply: Reply, now: Now) -> Vec<Action> {
        match &call.fault {
            None
            | Some(
                Fault::CloseBefore
                | Fault::Hold(_)
                | Fault::SlowStore(_)
                | Fault::FailStore
                | Fault::Refuse(_)
                | Fault::NoSuchRpc
                | Fault::ChangeLeader(_),
            ) => self.send(call, reply),
            Some(Fault::DropReply) => vec![Action::Done(call.connection)],
            Some(Fault::CloseAfter) => {
                self.events.push(Event::Closed {
                    connection: call.connection.0,
                    reason: "a fault rule requires it".to_owned(),
                });
                vec![Action::Close(call.connection)]
            }
            Some(Fault::Delay(ms)) => {
                self.at(now.steady_ms.saturating_add(*ms), Timed::Response(call.clone(), reply));
                Vec::new()
            }
            Some(Fault::AnswerTwice) => {
                let again = self.frame(call, &reply);
                let mut actions = self.send(call, reply);
                if !call.gone {
                    actions.push(Action::SendMore(call.connection, again));
                }
                actions
            }
            Some(Fault::AnotherSeqid) => {
                // A client that counts gives this number to its next request.
                let another = call.envelope.seqid().wrapping_add(1);
                let envelope = call.envelope.clone().with_seqid(another);
                self.send(&Call { envelope, ..call.clone() }, reply)
            }
            Some(Fault::ChangeLeaderAfter(_) | Fault::AliveNodes(_)) => {
                let mut actions = self.send(call, reply);
                actions.extend(self.after_response(call, now));
                actions
            }
            Some(Fault::CrashBeforeStore(_) | Fault::CrashAfterStore(_)) => {
                self.after_response(call, now)
            }
        }
    }

    /// Does what the fault of a call does once the call has its response.
    fn after_response(&mut self, call: &Call, now: Now) -> Vec<Action> {
        match call.fault {
            Some(Fault::ChangeLeaderAfter(early_ms)) => {
                let mut actions = self.step_down(None, now);
                actions.push(Action::Elect { early_ms });
                actions
            }
            Some(Fault::AliveNodes(count)) => {
                self.set_alive_nodes(count, now);
                Vec::new()
            }
            Some(Fault::CrashBeforeStore(ms) | Fault::CrashAfterStore(ms)) => self.crash(ms, now),
            _ => Vec::new(),
        }
    }

    pub(super) fn send(&mut self, call: &Call, reply: Reply) -> Vec<Action> {
        if call.gone {
            return vec![Action::Done(call.connection)];
        }
        self.events.push(Event::Response {
            connection: call.connection.0,
            seqid: call.envelope.seqid(),
            rpc: call.envelope.name().to_owned(),
            err: reply.err.clone(),
        });
        vec![Action::Send(call.connection, self.frame(call, &reply))]
    }

    fn frame(&self, call: &Call, reply: &Reply) -> Vec<u8> {
        call.envelope.frame(&reply.response, self.addresses.first().copied())
    }

    /// Sends a change to the store, unless the fault of its call prevents it.
    pub(super) fn store(
        &mut self,
        id: CallId,
        ticket: Ticket,
        change: RecordChange,
        now: Now,
    ) -> Vec<Action> {
        let Some(call) = self.calls.get(&id).cloned() else { return Vec::new() };
        if let Some(Fault::CrashBeforeStore(ms)) = call.fault {
            return self.crash(ms, now);
        }
        self.events.push(Event::Storing {
            connection: call.connection.0,
            seqid: call.envelope.seqid(),
            change: change.clone(),
        });
        let at_store = AtStore {
            connection: call.connection,
            seqid: call.envelope.seqid(),
            change: change.clone(),
        };
        self.at_store.insert(ticket, at_store);
        match call.fault {
            Some(Fault::FailStore) => {
                let failed = StoreFailure::NotStored("a fault rule requires it".to_owned());
                self.stored(self.life, ticket, Err(failed), now)
            }
            Some(Fault::SlowStore(ms)) => {
                self.at(now.steady_ms.saturating_add(ms), Timed::Store(ticket, change));
                Vec::new()
            }
            _ => self.submit(ticket, change, now),
        }
    }

    /// Passes a change to the store. The store accepts changes from the leader only, so a server
    /// that does not know that another server leads never learns what became of its change.
    pub(super) fn submit(&mut self, ticket: Ticket, change: RecordChange, now: Now) -> Vec<Action> {
        if matches!(self.role, Role::StaleLeader) {
            let lost = StoreFailure::Uncertain("another meta server leads".to_owned());
            return self.stored(self.life, ticket, Err(lost), now);
        }
        vec![Action::Store { life: self.life, ticket, change }]
    }
}
