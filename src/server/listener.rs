//! The server on a TCP port.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::clock::SystemClock;
use super::config::{ServerConfig, StoreChoice};
use super::error::ServerError;
use super::fault::FaultRule;
use super::hub::Hub;
use super::store::{FileStore, MemoryStore, Store};
use crate::threads;

/// How long the server waits before it accepts again when the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running embedded meta server. Dropping it stops the server without waiting for anything.
#[derive(Debug)]
pub struct MetaServer {
    address: SocketAddr,
    hub: Hub,
    /// The task that accepts connections and owns their tasks. `None` once the server is stopped.
    acceptor: Mutex<Option<JoinHandle<()>>>,
    /// Whether the store belongs to this server alone, and is closed together with it.
    owns_store: bool,
}

impl MetaServer {
    /// Opens the store and starts to listen, on the tokio runtime of the caller.
    pub async fn start(config: ServerConfig) -> Result<MetaServer, ServerError> {
        config.check()?;
        // The port comes first, because a port in use shows that another server is running before
        // any file is touched.
        let (listener, address) = bind(config.listen).await?;
        let hub = blocking(move || {
            let store = open(&config)?;
            Hub::new(&config, store, Arc::new(SystemClock))
        })
        .await?;
        if let SocketAddr::V4(address) = address {
            hub.set_addresses(vec![address]);
        }
        Ok(MetaServer::run(listener, address, hub, true))
    }

    /// Serves connections to a port that is already bound.
    pub(super) fn run(
        listener: TcpListener,
        address: SocketAddr,
        hub: Hub,
        owns_store: bool,
    ) -> MetaServer {
        let acceptor = Mutex::new(Some(tokio::spawn(accept_all(listener, hub.clone()))));
        MetaServer { address, hub, acceptor, owns_store }
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the server without its port, which can crash, change its faults or its role, and be
    /// observed.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Returns how many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.hub.would_have_died()
    }

    /// Replaces the fault rules. Counting starts again.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.hub.set_faults(rules);
    }

    /// Stops the server: accepts no more requests, responds to those it has received, and leaves no
    /// task behind. Does nothing if the server is stopped already.
    pub async fn stop(&self) {
        if self.stop_serving().await && self.owns_store {
            close_store(&self.hub).await;
        }
    }

    /// Stops the server but leaves the store open. Returns whether this call stopped the server.
    pub(super) async fn stop_serving(&self) -> bool {
        let Some(acceptor) = self.take_acceptor() else { return false };
        self.hub.stop();
        // The task ends by itself within the grace period. An error means that it panicked, which
        // has been reported.
        let _ = acceptor.await;
        true
    }

    fn take_acceptor(&self) -> Option<JoinHandle<()>> {
        self.acceptor.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for MetaServer {
    fn drop(&mut self) {
        if let Some(acceptor) = self.take_acceptor() {
            self.hub.stop();
            // The tasks of the connections end with this task.
            acceptor.abort();
        }
    }
}

/// Runs work that waits for a disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
) -> Result<T, ServerError> {
    threads::blocking("pegasus-dup-disk", work).await.map_err(ServerError::Thread)?
}

/// Closes the store, which waits for a disk, on another thread if a thread can be started.
pub(super) async fn close_store(hub: &Hub) {
    let on_another = hub.clone();
    if threads::blocking("pegasus-dup-disk", move || on_another.close_store()).await.is_err() {
        hub.close_store();
    }
}

pub(super) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let listen = |source| ServerError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    Ok((listener, address))
}

pub(super) fn open(config: &ServerConfig) -> Result<Arc<dyn Store>, ServerError> {
    Ok(match &config.store {
        StoreChoice::Memory => Arc::new(MemoryStore::new()),
        StoreChoice::File(path) => Arc::new(FileStore::open(path, &config.cluster_name)?),
    })
}

async fn accept_all(listener: TcpListener, hub: Hub) {
    let mut connections = JoinSet::new();
    let mut timers = std::pin::pin!(hub.run_timers());
    tokio::select! {
        biased;
        () = timers.as_mut() => {}
        () = accept_until_stopped(&listener, &hub, &mut connections) => {}
    }
    drop(listener);
    let all_ended = async {
        tokio::select! {
            biased;
            // Requests that were received may still wait for their time.
            () = timers => {}
            () = async { while connections.join_next().await.is_some() {} } => {}
        }
    };
    if timeout(hub.limits().stop_grace, all_ended).await.is_err() {
        tracing::warn!("connections did not end in time and are cut off");
        connections.shutdown().await;
    }
}

async fn accept_until_stopped(listener: &TcpListener, hub: &Hub, connections: &mut JoinSet<()>) {
    let mut stopping = hub.stopping();
    loop {
        tokio::select! {
            biased;
            () = stop_asked(&mut stopping) => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) if connections.len() < hub.limits().max_connections => {
                    tracing::debug!(%peer, "connection accepted");
                    connections.spawn(serve(stream, hub.clone()));
                }
                Ok((_, peer)) => tracing::warn!(%peer, "connection refused: too many"),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Returns when the server is to stop, or is dropped.
async fn stop_asked(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|&stop| stop).await;
}

async fn serve(stream: TcpStream, hub: Hub) {
    // Responses are small and should leave at once. If the option cannot be set, they leave later,
    // which is no error.
    let _ = stream.set_nodelay(true);
    hub.serve(stream).await;
}
