//! What the connections of one server share: the node, the store, the clock. It carries requests
//! to the node and what the node decides to where it belongs.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::behaviour::ClockMode;
use super::clock::{Clock, ManualClock, instant};
use super::config::{Limits, ServerConfig};
use super::connection::{self, Output, Requests};
use super::error::{ServerError, StoreError};
use super::event::Event;
use super::fault::{FaultRule, Faults};
use super::http::Page;
use super::node::{Action, ConnectionId, Node, Now, Role};
use super::partition::PartitionRule;
use super::state::State;
use super::store::{SharedStore, Store, settle_tables};
use crate::protocol::error_code::ErrorCode;

/// What is told of what a server does.
type Observer = Box<dyn Fn(&Event) + Send + Sync>;
/// What has another server of the group lead.
pub(super) type Elector = Box<dyn Fn(u64) + Send + Sync>;

/// A meta server without its port: it serves any stream. Cheap to clone; clones are the same one.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    /// Itself, for the store's callbacks: a store that keeps one must not keep the server alive.
    this: Weak<Shared>,
    core: Mutex<Core>,
    store: SharedStore,
    clock: Arc<dyn Clock>,
    /// The same clock, if it is one that is turned by hand.
    manual: Option<Arc<ManualClock>>,
    made: Instant,
    limits: Limits,
    stop: watch::Sender<bool>,
    timers_changed: Notify,
    observer: OnceLock<Observer>,
    elector: OnceLock<Elector>,
}

struct Core {
    node: Node,
    connections: BTreeMap<ConnectionId, mpsc::UnboundedSender<Output>>,
    next_connection: u64,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Hub {
    /// A server over that store and clock; `config.listen` and `config.store` are not looked at.
    /// Faults that wait, and a crash that ends, need [`Hub::run_timers`] beside it.
    pub fn new(
        config: &ServerConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Hub, ServerError> {
        Hub::over(config, SharedStore::new(store), clock)
    }

    pub(super) fn over(
        config: &ServerConfig,
        store: SharedStore,
        clock: Arc<dyn Clock>,
    ) -> Result<Hub, ServerError> {
        config.check()?;
        let now_ms = clock.now_ms();
        let (snapshot, made) = settle_tables(&store, config, now_ms)?;
        let manual = (config.clock_mode() == ClockMode::Manual).then(|| {
            let stored = snapshot.duplications.iter().map(|(_, record)| record);
            let latest = stored.map(|record| record.since_ms.max(record.create_ts_ms)).max();
            Arc::new(ManualClock::at(latest.unwrap_or(now_ms).max(now_ms)))
        });
        let clock = match &manual {
            Some(manual) => Arc::clone(manual) as Arc<dyn Clock>,
            None => clock,
        };
        let mut state = State::new(config, snapshot)
            .map_err(|reason| ServerError::Store(StoreError::Io { reason }))?;
        state.just_made(&made);
        let node = Node::new(Arc::new(config.clone()), state, now_ms);
        let core = Core { node, connections: BTreeMap::new(), next_connection: 0 };
        Ok(Hub(Arc::new_cyclic(|this| Shared {
            this: Weak::clone(this),
            core: Mutex::new(core),
            store,
            clock,
            manual,
            made: instant(),
            limits: config.limits,
            stop: watch::Sender::new(false),
            timers_changed: Notify::new(),
            observer: OnceLock::new(),
            elector: OnceLock::new(),
        })))
    }

    /// Serves one connection until it ends. To end it early, drop the future.
    pub async fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        self.serve_reserved(self.reserve(), stream).await;
    }

    /// The number of the next connection, as events show it, for [`Hub::serve_reserved`].
    pub fn reserve(&self) -> u64 {
        let mut core = self.0.core();
        let id = core.next_connection;
        core.next_connection += 1;
        id
    }

    /// Serves one connection under a number that [`Hub::reserve`] gave.
    pub async fn serve_reserved<S>(&self, number: u64, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let shared = &self.0;
        let id = ConnectionId(number);
        let (sender, outputs) = mpsc::unbounded_channel();
        {
            let mut core = shared.core();
            if core.node.is_down() {
                return;
            }
            core.connections.insert(id, sender);
        }
        // Takes the connection off the list whichever way this ends.
        let registered = Registered { shared, id };
        let stop = shared.stop.subscribe();
        let end = connection::serve(stream, &registered, outputs, stop, &shared.limits).await;
        tracing::debug!(connection = number, reason = %end, "connection ended");
    }

    /// Does what has waited for its time, as it comes. Ends when the server is gone: drop it
    /// before.
    pub async fn run_timers(&self) {
        let shared = &self.0;
        loop {
            let due_ms = shared.core().node.next_due_ms();
            let changed = shared.timers_changed.notified();
            match due_ms {
                Some(due_ms) => {
                    let due = shared.made.checked_add(Duration::from_millis(due_ms));
                    tokio::select! {
                        biased;
                        () = changed => {}
                        () = sleep_until(due.unwrap_or_else(far_away)) => {
                            shared.with_node(|node, now| node.tick(now));
                        }
                    }
                }
                None => changed.await,
            }
        }
    }

    /// How many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.0.core().node.would_have_died()
    }

    /// Other fault rules, this server's own. Counting starts again.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.share_faults(Faults::new(rules));
    }

    /// Rules that other servers may count with.
    pub(super) fn share_faults(&self, faults: Faults) {
        self.0.core().node.faults = faults;
    }

    /// Other partitions that lag or stick.
    pub fn set_partitions(&self, rules: Vec<PartitionRule>) {
        self.0.core().node.set_partitions(rules);
    }

    /// Turns the clock of [`ClockMode::Manual`] on. Whether there is one.
    pub fn advance(&self, time: Duration) -> bool {
        let Some(manual) = &self.0.manual else { return false };
        manual.advance(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        true
    }

    /// Tells `observer` of everything that the server does from now on. Only the first is kept.
    /// It is called in order, never under a lock, on whichever thread does it.
    pub fn observe(&self, observer: impl Fn(&Event) + Send + Sync + 'static) {
        // A second one is dropped, as documented.
        let _ = self.0.observer.set(Box::new(observer));
    }

    /// Crashes now: every connection ends, everything that is not stored is forgotten. It is back
    /// `after` later.
    pub fn crash(&self, after: Duration) {
        self.0.with_node(|node, now| node.crash(millis(after), now));
    }

    /// Answers every request by that code in its body from now on, as a server does that hasn't
    /// started or is recovering, until it leads or follows.
    pub fn not_ready(&self, code: ErrorCode) {
        self.0.with_node(|node, now| node.not_ready(code, now));
    }

    /// Leads from now on, with what is stored. It serves that long before it has read its
    /// duplications back; 0 = it reads first.
    pub fn lead(&self, early: Duration) {
        self.0.with_node(|node, now| node.lead(millis(early), now));
    }

    /// Follows from now on. Its answers name the leader, if it knows one.
    pub fn follow(&self, leader: Option<SocketAddrV4>) {
        self.0.with_node(|node, now| node.follow(leader, now));
    }

    /// Goes on as if it led, though another does: it shows what it knows, and nothing of what it
    /// changes is stored or answered.
    pub fn go_stale(&self) {
        self.0.core().node.go_stale();
    }

    /// Whether it answers as a leader.
    pub fn leads(&self) -> bool {
        matches!(self.0.core().node.role(), Role::Leader | Role::StaleLeader)
    }

    /// Takes no more requests. Connections end when the requests they took are answered.
    pub fn stop(&self) {
        self.0.stop.send_replace(true);
    }

    /// Waits until what was decided is stored, and lets go of the store.
    pub fn close_store(&self) {
        self.0.store.close();
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stop.subscribe()
    }

    pub(super) fn set_addresses(&self, addresses: Vec<SocketAddrV4>) {
        self.0.core().node.addresses = addresses;
    }

    pub(super) fn set_elector(&self, elector: Elector) {
        // A server is in one group at most.
        let _ = self.0.elector.set(elector);
    }
}

fn far_away() -> Instant {
    instant() + Duration::from_secs(86_400)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

struct Registered<'a> {
    shared: &'a Shared,
    id: ConnectionId,
}

impl Requests for Registered<'_> {
    fn request(&self, frame: &[u8]) {
        self.shared.with_node(|node, now| node.request(self.id, frame, now));
    }

    fn http(&self, target: &str) -> Option<Page> {
        let mut page = None;
        self.shared.with_node(|node, now| {
            page = node.page(self.id, target, now);
            Vec::new()
        });
        page
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        let mut core = self.shared.core();
        core.connections.remove(&self.id);
        core.node.gone(self.id);
    }
}

impl Shared {
    fn core(&self) -> MutexGuard<'_, Core> {
        // A panic under this lock is a defect; going on beats every client waiting for ever.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Now {
        let steady = instant().saturating_duration_since(self.made);
        Now { wall_ms: self.clock.now_ms(), steady_ms: millis(steady) }
    }

    /// Has the node decide, tells the observer, and does what was decided.
    fn with_node(&self, decide: impl FnOnce(&mut Node, Now) -> Vec<Action>) {
        let now = self.now();
        let (actions, events, due_changed) = {
            let mut core = self.core();
            let due_ms = core.node.next_due_ms();
            let actions = decide(&mut core.node, now);
            (actions, core.node.take_events(), core.node.next_due_ms() != due_ms)
        };
        if due_changed {
            self.timers_changed.notify_one();
        }
        for event in &events {
            match event {
                Event::WouldHaveDied { connection } => {
                    tracing::warn!(connection, "a request that would have ended a real server");
                }
                _ => tracing::debug!(?event),
            }
            if let Some(observer) = self.observer.get() {
                observer(event);
            }
        }
        self.act(actions);
    }

    /// Does what the node decided. The lock is not held here: a store may answer at once.
    fn act(&self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(id, bytes) => self.tell(id, Output::Answer(bytes)),
                Action::SendMore(id, bytes) => self.tell(id, Output::More(bytes)),
                Action::Done(id) => self.tell(id, Output::Done),
                Action::Close(id) => self.tell(id, Output::Close),
                Action::CloseAll => {
                    for sender in self.core().connections.values() {
                        let _ = sender.send(Output::Close);
                    }
                }
                Action::Store { life, ticket, change } => {
                    let this = Weak::clone(&self.this);
                    let done = Box::new(move |result: Result<(), _>| {
                        let Some(shared) = this.upgrade() else { return };
                        if let Err(error) = &result {
                            tracing::error!(%error, "a change was not stored");
                        }
                        shared.with_node(|node, now| node.stored(life, ticket, result, now));
                    });
                    self.store.submit(change, done);
                }
                Action::Load => self.load(|node, snapshot, now| node.loaded(snapshot, now)),
                Action::ReadBack => self.load(|node, snapshot, _| node.read_back(snapshot)),
                Action::Elect { early_ms } => match self.elector.get() {
                    Some(elect) => elect(early_ms),
                    None => self.with_node(|node, now| node.lead(early_ms, now)),
                },
            }
        }
    }

    fn tell(&self, id: ConnectionId, output: Output) {
        if let Some(sender) = self.core().connections.get(&id) {
            // A connection that has just ended takes nothing more.
            let _ = sender.send(output);
        }
    }

    /// Gives the node what is stored, once nothing is on its way there.
    fn load(
        &self,
        take: impl FnOnce(&mut Node, super::store::Snapshot, Now) -> Result<(), String> + Send + 'static,
    ) {
        let this = Weak::clone(&self.this);
        self.store.when_idle(Box::new(move || {
            let Some(shared) = this.upgrade() else { return };
            let snapshot = match shared.store.load() {
                Ok(snapshot) => snapshot,
                Err(error) => {
                    tracing::error!(%error, "what is stored cannot be read: not leading");
                    return;
                }
            };
            shared.with_node(|node, now| {
                if let Err(reason) = take(node, snapshot, now) {
                    tracing::error!(reason, "what is stored makes no sense: not leading");
                }
                Vec::new()
            });
        }));
    }
}
