//! One meta server without its sockets: the bytes of a request and the time go in, and what to do
//! comes out. The node knows which connection waits for which response, whether the server is the
//! leader, and which fault a request meets. The rules are those of [`super::state`].

mod call;
mod faulty;
mod pages;
mod respond;
mod role;
mod roles;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddrV4;
use std::sync::Arc;

use call::Call;
pub(crate) use call::{ConnectionId, Now};
pub(crate) use role::Role;

use super::config::ServerConfig;
use super::event::Event;
use super::fault::{Fault, Faults};
use super::partition::PartitionRule;
use super::reply::Reply;
use super::state::rule::{self, Update};
use super::state::{CallId, Effect, State, Ticket};
use super::store::{RecordChange, StoreFailure};
use crate::protocol::frame::{
    FrameError, RequestFrame, THRIFT_BINARY, THRIFT_JSON, decode_request,
};
use crate::protocol::thrift::DecodeError;

/// Something that the caller of the node must do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send a response. One request of the connection is finished.
    Send(ConnectionId, Vec<u8>),
    /// Send bytes that are the response to no request.
    SendMore(ConnectionId, Vec<u8>),
    /// Do nothing. One request of the connection is finished without a response.
    Done(ConnectionId),
    /// Close the connection.
    Close(ConnectionId),
    /// Close all connections.
    CloseAll,
    /// Store a change, then call [`Node::stored`] with the life and the ticket.
    Store { life: u64, ticket: Ticket, change: RecordChange },
    /// Load what is stored, then call [`Node::loaded`].
    Load,
    /// Load what is stored, then call [`Node::read_back`].
    ReadBack,
    /// Make another server of the group the leader, which serves for that time before it reads its
    /// duplications back.
    Elect { early_ms: u64 },
}

/// An update that waits for its turn.
#[derive(Debug)]
struct Queued {
    call: CallId,
    update: Box<dyn Update>,
    ready_ms: u64,
}

/// Something that happens when its time comes.
#[derive(Debug)]
enum Timed {
    Request(CallId, Vec<u8>),
    Queue,
    Store(Ticket, RecordChange),
    Response(Call, Reply),
    ReadBack,
    Restart,
}

/// A change that was passed to the store.
#[derive(Debug)]
struct AtStore {
    connection: ConnectionId,
    seqid: i32,
    change: RecordChange,
}

/// One meta server without its sockets.
#[derive(Debug)]
pub(crate) struct Node {
    config: Arc<ServerConfig>,
    state: State,
    role: Role,
    /// The number of crashes and changes of the leader so far. What the store reports to an earlier
    /// life does not concern this life.
    life: u64,
    down: bool,
    /// How long the server serves without its duplications once what is stored is loaded.
    early_ms: u64,
    calls: BTreeMap<CallId, Call>,
    next_call: u64,
    queue: VecDeque<Queued>,
    at_store: BTreeMap<Ticket, AtStore>,
    timers: BTreeMap<(u64, u64), Timed>,
    next_timer: u64,
    pub(crate) faults: Faults,
    /// The server's own address, then the addresses of the other servers of its group.
    pub(crate) addresses: Vec<SocketAddrV4>,
    pub(crate) started_ms: i64,
    would_have_died: u64,
    events: Vec<Event>,
}

impl Node {
    /// Returns a node that leads.
    pub(crate) fn new(config: Arc<ServerConfig>, state: State, started_ms: i64) -> Node {
        Node {
            faults: Faults::new(config.faults.clone()),
            config,
            state,
            role: Role::Leader,
            life: 0,
            down: false,
            early_ms: 0,
            calls: BTreeMap::new(),
            next_call: 0,
            queue: VecDeque::new(),
            at_store: BTreeMap::new(),
            timers: BTreeMap::new(),
            next_timer: 0,
            addresses: Vec::new(),
            started_ms,
            would_have_died: 0,
            events: Vec::new(),
        }
    }

    /// Returns how many requests would have ended a real server.
    pub(crate) fn would_have_died(&self) -> u64 {
        self.would_have_died
    }

    /// Returns whether the server has crashed and is not back yet.
    pub(crate) fn is_down(&self) -> bool {
        self.down
    }

    /// Replaces the rules for partitions that lag or stick. A crash does not change the rules.
    pub(crate) fn set_partitions(&mut self, rules: Vec<PartitionRule>) {
        let mut config = ServerConfig::clone(&self.config);
        config.partitions = rules.clone();
        self.config = Arc::new(config);
        self.state.partitions = rules;
    }

    /// Lets the first `count` replica servers be alive, and the others dead.
    pub(crate) fn set_alive_nodes(&mut self, count: usize, now: Now) {
        self.state.set_alive_nodes(count, now.wall_ms);
    }

    /// Returns the events since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Returns when [`Node::tick`] has something to do next.
    pub(crate) fn next_due_ms(&self) -> Option<u64> {
        self.timers.keys().next().map(|&(due_ms, _)| due_ms)
    }

    /// Handles a complete request frame.
    pub(crate) fn request(
        &mut self,
        connection: ConnectionId,
        frame: &[u8],
        now: Now,
    ) -> Vec<Action> {
        if self.down {
            return vec![Action::Close(connection)];
        }
        let request = match decode_request(frame) {
            Ok(request) => request,
            Err(error) => return vec![self.garbage(connection, &error)],
        };
        // A real server looks for a replica of the table, which no meta server has.
        if request.app_id > 0 && self.knows(&request.name) {
            return vec![self.end(connection, "the request is for a replica")];
        }
        if request.serialize_format != THRIFT_BINARY {
            let reason = "the request is not in the binary format of thrift";
            // A real server also reads JSON. Any other format ends the process in the handler of the RPC.
            let ends = request.serialize_format != THRIFT_JSON && self.knows(&request.name);
            let close = if ends { Node::end } else { Node::close };
            return vec![close(self, connection, reason)];
        }
        if self.state.foreign_request_ends_it(&request) {
            return vec![self.end(
                connection,
                "the request ends real servers, although this server does not handle the RPC",
            )];
        }
        let fault = self.faults.meet(&request.name);
        self.events.push(Event::Request {
            connection: connection.0,
            seqid: request.seqid,
            rpc: request.name.to_string(),
            fault: fault.clone(),
        });
        let id = CallId(self.next_call);
        self.next_call += 1;
        let call = Call::new(connection, request.envelope(), fault.clone());
        self.calls.insert(id, call);
        let mut actions = Vec::new();
        match fault {
            Some(Fault::CloseBefore) => return self.hang_up(id, "a fault rule requires it"),
            Some(Fault::ChangeLeader(early_ms)) => {
                actions = self.step_down(Some(id), now);
                actions.push(Action::Elect { early_ms });
            }
            Some(Fault::Hold(ms)) if !respond::is_update(&request.name) => {
                self.at(now.steady_ms.saturating_add(ms), Timed::Request(id, frame.to_vec()));
                return Vec::new();
            }
            _ => {}
        }
        actions.extend(self.handle(id, &request, now));
        actions
    }

    /// Handles a request whose call is open.
    fn handle(&mut self, id: CallId, request: &RequestFrame<'_>, now: Now) -> Vec<Action> {
        match self.reply_or_queue(id, request, now) {
            Ok(Some(reply)) => self.respond(id, reply, now),
            Ok(None) => self.run_queue(now),
            Err(error) => match self.calls.remove(&id) {
                Some(call) => vec![self.garbage(call.connection, &FrameError::Envelope(error))],
                None => Vec::new(),
            },
        }
    }

    /// Puts an update into the queue.
    fn enqueue(&mut self, call: CallId, update: Box<dyn Update>, now: Now) {
        let held_ms = match self.calls.get(&call).and_then(|call| call.fault.as_ref()) {
            Some(Fault::Hold(ms)) => *ms,
            _ => 0,
        };
        let ready_ms = now.steady_ms.saturating_add(held_ms);
        if held_ms > 0 {
            self.at(ready_ms, Timed::Queue);
        }
        self.queue.push_back(Queued { call, update, ready_ms });
    }

    /// Decides about the updates in the queue, one after the other, until an update is held.
    fn run_queue(&mut self, now: Now) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some(Queued { call, update, .. }) =
            self.queue.pop_front_if(|queued| queued.ready_ms <= now.steady_ms)
        {
            let effects = rule::begin(&mut self.state, call, update, now.wall_ms);
            actions.extend(self.act(effects, now));
        }
        actions
    }

    /// Takes the result of a change from the store.
    pub(crate) fn stored(
        &mut self,
        life: u64,
        ticket: Ticket,
        result: Result<(), StoreFailure>,
        now: Now,
    ) -> Vec<Action> {
        if life != self.life {
            return Vec::new();
        }
        if let Some(AtStore { connection: ConnectionId(connection), seqid, change }) =
            self.at_store.remove(&ticket)
        {
            self.events.push(match result {
                Ok(()) => Event::Stored { connection, seqid, change },
                Err(_) => Event::NotStored { connection, seqid, change },
            });
        }
        let effects = self.state.finish(ticket, result, now.wall_ms);
        self.act(effects, now)
    }

    /// Does what has waited for its time.
    pub(crate) fn tick(&mut self, now: Now) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > now.steady_ms {
                break;
            }
            actions.extend(match entry.remove() {
                Timed::Request(id, frame) => match decode_request(&frame) {
                    Ok(request) => self.handle(id, &request, now),
                    Err(_) => Vec::new(),
                },
                Timed::Queue => self.run_queue(now),
                Timed::Store(ticket, change) => self.submit(ticket, change, now),
                Timed::Response(call, reply) => self.send(&call, reply),
                Timed::ReadBack => vec![Action::ReadBack],
                Timed::Restart => self.restart(),
            });
        }
        actions
    }

    /// Notes that a connection is gone and nobody waits for its responses. The requests are
    /// executed all the same.
    pub(crate) fn gone(&mut self, connection: ConnectionId) {
        for call in self.calls.values_mut().filter(|call| call.connection == connection) {
            call.gone = true;
        }
    }

    fn at(&mut self, due_ms: u64, what: Timed) {
        self.timers.insert((due_ms, self.next_timer), what);
        self.next_timer += 1;
    }

    /// Counts bytes that are no frame, if they would have ended a real server. The caller closes the
    /// connection.
    pub(crate) fn not_a_frame(&mut self, connection: ConnectionId, error: &FrameError) {
        if ends_a_real_server(error) {
            self.die(connection);
        }
    }

    fn garbage(&mut self, connection: ConnectionId, error: &FrameError) -> Action {
        if ends_a_real_server(error) {
            self.die(connection);
        }
        self.close(connection, &format!("the request cannot be read: {error}"))
    }

    /// Closes a connection.
    fn close(&mut self, connection: ConnectionId, reason: &str) -> Action {
        self.events.push(Event::Closed { connection: connection.0, reason: reason.to_owned() });
        Action::Close(connection)
    }

    /// Counts a request that would have ended a real server, and closes the connection.
    fn end(&mut self, connection: ConnectionId, reason: &str) -> Action {
        self.die(connection);
        self.close(connection, reason)
    }

    /// Counts a request that would have ended a real server.
    pub(crate) fn die(&mut self, connection: ConnectionId) {
        self.would_have_died += 1;
        self.events.push(Event::WouldHaveDied { connection: connection.0 });
    }

    /// Closes the connection of a call instead of responding.
    fn hang_up(&mut self, id: CallId, reason: &str) -> Vec<Action> {
        let Some(call) = self.calls.remove(&id) else { return Vec::new() };
        let connection = call.connection.0;
        self.events.push(Event::Closed { connection, reason: reason.to_owned() });
        vec![Action::Close(call.connection)]
    }

    fn act(&mut self, effects: Vec<Effect>, now: Now) -> Vec<Action> {
        let mut actions = Vec::new();
        let life = self.life;
        for effect in effects {
            actions.extend(match effect {
                Effect::Store(id, ticket, change) => self.store(id, ticket, change, now),
                Effect::Respond(id, reply) => self.respond(id, reply, now),
                Effect::RespondAndStore(id, reply, ticket, change) => {
                    let mut actions = self.respond_early(id, reply, now);
                    actions.extend(self.store(id, ticket, change, now));
                    actions
                }
                Effect::Die(id) => {
                    if let Some(connection) = self.calls.get(&id).map(|call| call.connection) {
                        self.die(connection);
                    }
                    self.hang_up(id, "the request ends real servers of this generation")
                }
                Effect::EndReplicaServers(id) => {
                    if let Some(connection) = self.calls.get(&id).map(|call| call.connection) {
                        self.die(connection);
                    }
                    Vec::new()
                }
                Effect::HangUp(id) => {
                    self.hang_up(id, "it is not known whether the change was stored")
                }
            });
            if self.life != life {
                // The server has crashed, which cancels the remaining effects.
                break;
            }
        }
        actions
    }
}

/// Returns whether the process of a real server would end on bytes that it cannot read: thrift
/// throws an exception there, and nothing catches it. Other bad frames only end the session.
fn ends_a_real_server(error: &FrameError) -> bool {
    match error {
        FrameError::BadMagic(_)
        | FrameError::BadHeaderVersion(_)
        | FrameError::BadHeaderLength(_)
        | FrameError::TooLong { .. }
        | FrameError::WrongChecksum { .. }
        | FrameError::NotARequest
        | FrameError::Forwarded
        | FrameError::TooShort(_) => false,
        FrameError::Overflow(_) => true,
        FrameError::Envelope(error) => match error {
            DecodeError::Truncated { .. }
            | DecodeError::NegativeLength(_)
            | DecodeError::UnknownType(_)
            | DecodeError::TooDeep
            | DecodeError::BadVersion(_) => true,
            DecodeError::WrongType { .. }
            | DecodeError::WrongElement { .. }
            | DecodeError::Missing { .. }
            | DecodeError::NotUtf8
            | DecodeError::NotBool(_)
            | DecodeError::TrailingBytes(_)
            | DecodeError::BadMessageType(_)
            | DecodeError::BadBody => false,
        },
    }
}
