//! What the connections of one server share: the node, the store and the clock. The hub carries
//! requests to the node, and the node's decisions to the connections and the store.

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
use super::state::{ReplicaServers, State};
use super::store::{SharedStore, Store, settle_tables};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::FrameError;

/// Receives the events of a server.
type Observer = Box<dyn Fn(&Event) + Send + Sync>;
/// Makes another server of the group the leader, which serves for that many milliseconds before it
/// reads its duplications back.
pub(super) type Elector = Box<dyn Fn(u64) + Send + Sync>;

/// A meta server without its port, which serves any stream. Cloning is cheap, and all clones are
/// the same server.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    /// A weak reference to itself for the callbacks of the store, so that a store which keeps a
    /// callback does not keep the server alive.
    this: Weak<Shared>,
    core: Mutex<Core>,
    store: SharedStore,
    clock: Arc<dyn Clock>,
    /// `clock` once more, if tests advance it by hand.
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
    /// Returns a server with that store and that clock. `config.listen` and `config.store` are not
    /// used.
    ///
    /// Delayed faults and timed crashes only take effect while [`Hub::run_timers`] is running.
    pub fn new(
        config: &ServerConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Hub, ServerError> {
        config.check()?;
        Hub::over(config, SharedStore::new(store), clock, config.replica_servers())
    }

    pub(super) fn over(
        config: &ServerConfig,
        store: SharedStore,
        clock: Arc<dyn Clock>,
        replicas: ReplicaServers,
    ) -> Result<Hub, ServerError> {
        config.check()?;
        let now_ms = clock.now_ms();
        let (snapshot, made) = settle_tables(&store, config, now_ms)?;
        let manual = (config.clock_mode() == ClockMode::Manual).then(|| {
            let stored = snapshot.duplications.iter().map(|(_, record)| record);
            let latest = stored.map(|record| record.since_ms.max(record.create_ts_ms)).max();
            let tables = snapshot.tables.iter();
            let seconds = tables.map(|table| table.create_second.max(table.drop_second)).max();
            let latest = latest.max(seconds.map(|second| second.saturating_mul(1_000)));
            Arc::new(ManualClock::at(latest.unwrap_or(now_ms).max(now_ms)))
        });
        let clock = match &manual {
            Some(manual) => Arc::clone(manual) as Arc<dyn Clock>,
            None => clock,
        };
        let mut state = State::new(config, snapshot, replicas, None)
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

    /// Serves one connection until it ends. Drop the future to end the connection early.
    pub async fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        self.serve_reserved(self.reserve(), stream).await;
    }

    /// Returns the number that the next connection will have in events, for
    /// [`Hub::serve_reserved`].
    pub fn reserve(&self) -> u64 {
        let mut core = self.0.core();
        let id = core.next_connection;
        core.next_connection += 1;
        id
    }

    /// Serves one connection under a number that [`Hub::reserve`] has returned.
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
        // The guard takes the connection off the list, however this call ends.
        let registered = Registered { shared, id };
        let stop = shared.stop.subscribe();
        let end = connection::serve(stream, &registered, outputs, stop, &shared.limits).await;
        tracing::debug!(connection = number, reason = %end, "connection ended");
    }

    /// Executes what waits for its time, when the time comes. Never returns: drop the future to
    /// stop the timers.
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

    /// Returns how many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.0.core().node.would_have_died()
    }

    /// Replaces the fault rules of this server. Counting starts again.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.share_faults(Faults::new(rules));
    }

    /// Replaces the fault rules by rules that other servers may share.
    pub(super) fn share_faults(&self, faults: Faults) {
        self.0.core().node.faults = faults;
    }

    /// Replaces the rules for partitions that lag or stick.
    pub fn set_partitions(&self, rules: Vec<PartitionRule>) {
        self.0.core().node.set_partitions(rules);
    }

    /// Lets the first `count` replica servers be alive from now on, and the others dead. All servers of a
    /// group have the same replica servers.
    ///
    /// A partition whose primary dies gets one of its secondaries that are alive as its primary at once.
    /// If there is no such secondary, the partition has no primary until one of its replica servers comes
    /// back. After [`ServerConfig::ready_after`], partitions get the replicas that they lack, unless too
    /// few replica servers are alive.
    pub fn set_alive_nodes(&self, count: usize) {
        self.0.with_node(|node, now| {
            node.set_alive_nodes(count, now);
            Vec::new()
        });
    }

    /// Moves the clock of [`ClockMode::Manual`] forward. Returns whether the server has such a
    /// clock.
    pub fn advance(&self, time: Duration) -> bool {
        let Some(manual) = &self.0.manual else { return false };
        manual.advance(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
        true
    }

    /// Calls `observer` for everything that the server does from now on, in order and never under a
    /// lock, on the thread that does it. Only the first observer is kept.
    pub fn observe(&self, observer: impl Fn(&Event) + Send + Sync + 'static) {
        // A second observer is dropped, as documented.
        let _ = self.0.observer.set(Box::new(observer));
    }

    /// Crashes the server now: all connections end, and everything that is not stored is lost. The
    /// server is back after that time.
    pub fn crash(&self, after: Duration) {
        self.0.with_node(|node, now| node.crash(millis(after), now));
    }

    /// From now on responds to every request with that error code in the body, as a server does
    /// that has not started or is recovering. This ends when the server leads or follows.
    pub fn not_ready(&self, code: ErrorCode) {
        self.0.with_node(|node, now| node.not_ready(code, now));
    }

    /// Makes the server the leader, with what is stored. The server serves for the time `early`
    /// before it reads its duplications and backup policies back; with 0 it reads them first.
    pub fn lead(&self, early: Duration) {
        self.0.with_node(|node, now| node.lead(millis(early), now));
    }

    /// Makes the server a follower. Its responses name the leader, if a leader is given.
    pub fn follow(&self, leader: Option<SocketAddrV4>) {
        self.0.with_node(|node, now| node.follow(leader, now));
    }

    /// Makes the server continue as if it were the leader, although another server leads. It shows
    /// the duplications that it knows, and its changes are neither stored nor acknowledged.
    pub fn go_stale(&self) {
        self.0.core().node.go_stale();
    }

    /// Returns whether the server responds as a leader.
    pub fn leads(&self) -> bool {
        matches!(self.0.core().node.role(), Role::Leader | Role::StaleLeader)
    }

    /// Accepts no more requests. A connection ends when all its requests have a response.
    pub fn stop(&self) {
        self.0.stop.send_replace(true);
    }

    /// Waits until all decided changes are stored, and releases the store.
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
        // A server belongs to at most one group.
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

    fn not_a_frame(&self, error: &FrameError) {
        self.shared.with_node(|node, _| {
            node.not_a_frame(self.id, error);
            Vec::new()
        });
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
        // A panic under this lock is a defect. To continue is better than to let every client wait
        // for ever.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Now {
        let steady = instant().saturating_duration_since(self.made);
        Now { wall_ms: self.clock.now_ms(), steady_ms: millis(steady) }
    }

    /// Lets the node decide, passes the events to the observer, and executes the decision.
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
                    tracing::warn!(
                        connection,
                        "received a request that would have ended a real server"
                    );
                }
                _ => tracing::debug!(?event),
            }
            if let Some(observer) = self.observer.get() {
                observer(event);
            }
        }
        self.act(actions);
    }

    /// Executes the node's decision. The lock is not held here, because a store may call back at
    /// once.
    fn act(&self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(id, bytes) => self.tell(id, Output::Response(bytes)),
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
            // A connection that has just ended receives nothing more.
            let _ = sender.send(output);
        }
    }

    /// Passes what is stored to the node, once no change is on its way to the store.
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
                    tracing::error!(%error, "the store cannot be read; this server does not become the leader");
                    return;
                }
            };
            shared.with_node(|node, now| {
                if let Err(reason) = take(node, snapshot, now) {
                    tracing::error!(reason, "the stored data makes no sense; this server does not become the leader");
                }
                Vec::new()
            });
        }));
    }
}
