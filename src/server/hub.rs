//! What the connections of one server share: the node, the store, the clock. It carries requests
//! to the node and what the node decides to where it belongs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};

use super::clock::Clock;
use super::config::{Limits, ServerConfig};
use super::connection::{self, Output, Requests};
use super::error::{ServerError, StoreError};
use super::node::{Action, ConnectionId, Node};
use super::state::State;
use super::store::{Store, settle_tables};

/// A meta server without its port: it serves any stream. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    /// Itself, for the store's callbacks: a store that keeps one must not keep the server alive.
    this: Weak<Shared>,
    core: Mutex<Core>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    stop: watch::Sender<bool>,
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
    pub fn new(
        config: &ServerConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<Hub, ServerError> {
        config.check()?;
        let snapshot = settle_tables(store.as_ref(), config, clock.now_ms())?;
        let state = State::new(config, snapshot)
            .map_err(|reason| ServerError::Store(StoreError::Io { reason }))?;
        let core =
            Core { node: Node::new(state), connections: BTreeMap::new(), next_connection: 0 };
        Ok(Hub(Arc::new_cyclic(|this| Shared {
            this: Weak::clone(this),
            core: Mutex::new(core),
            store,
            clock,
            limits: config.limits,
            stop: watch::Sender::new(false),
        })))
    }

    /// Serves one connection until it ends. To end it early, drop the future.
    pub async fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let shared = &self.0;
        let (sender, outputs) = mpsc::unbounded_channel();
        let id = shared.core().connect(sender);
        // Takes the connection off the list whichever way this ends.
        let guard = Registered { shared, id };
        let stop = shared.stop.subscribe();
        let end = connection::serve(stream, &guard, outputs, stop, &shared.limits).await;
        tracing::debug!(connection = id.0, reason = %end, "connection ended");
    }

    /// How many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.0.core().node.would_have_died()
    }

    /// Takes no more requests. Connections end when the requests they took are answered.
    pub fn stop(&self) {
        self.0.stop.send_replace(true);
    }

    /// Waits until what was decided is stored, and lets go of the store.
    pub fn close_store(&self) {
        self.0.store.close();
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stop.subscribe()
    }
}

struct Registered<'a> {
    shared: &'a Shared,
    id: ConnectionId,
}

impl Requests for Registered<'_> {
    fn request(&self, frame: &[u8]) {
        let now_ms = self.shared.clock.now_ms();
        let actions = self.shared.core().node.request(self.id, frame, now_ms);
        self.shared.act(actions);
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

    /// Does what the node decided. The lock is not held here: a store may answer at once.
    fn act(&self, actions: Vec<Action>) {
        for action in actions {
            let (id, output) = match action {
                Action::Send(id, bytes) => (id, Output::Answer(bytes)),
                Action::Done(id) => (id, Output::Done),
                Action::Close(id, why) => {
                    tracing::debug!(connection = id.0, reason = ?why, "connection closed");
                    (id, Output::Close)
                }
                Action::Store(ticket, change) => {
                    let this = Weak::clone(&self.this);
                    let done = Box::new(move |result: Result<(), _>| {
                        let Some(shared) = this.upgrade() else { return };
                        if let Err(error) = &result {
                            tracing::error!(%error, "a change was not stored");
                        }
                        let now_ms = shared.clock.now_ms();
                        let actions = shared.core().node.stored(ticket, result, now_ms);
                        shared.act(actions);
                    });
                    self.store.submit(change, done);
                    continue;
                }
            };
            if let Some(sender) = self.core().connections.get(&id) {
                // A connection that has just ended takes nothing more.
                let _ = sender.send(output);
            }
        }
    }
}

impl Core {
    fn connect(&mut self, sender: mpsc::UnboundedSender<Output>) -> ConnectionId {
        let id = ConnectionId(self.next_connection);
        self.next_connection += 1;
        self.connections.insert(id, sender);
        id
    }
}
