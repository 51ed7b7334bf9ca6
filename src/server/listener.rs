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

/// How long accepting pauses when the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running embedded meta server. Dropping it stops it without waiting for anything.
#[derive(Debug)]
pub struct MetaServer {
    address: SocketAddr,
    hub: Hub,
    /// Accepts, and owns every connection's task; gone once stopped.
    acceptor: Mutex<Option<JoinHandle<()>>>,
    /// Whether the store is this server's alone, and is closed with it.
    owns_store: bool,
}

impl MetaServer {
    /// Opens the store and starts listening, on the tokio runtime of the caller.
    pub async fn start(config: ServerConfig) -> Result<MetaServer, ServerError> {
        config.check()?;
        // First the port: it shows at once that another server runs, and touches no file.
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

    /// Serves a port that is bound.
    pub(super) fn run(
        listener: TcpListener,
        address: SocketAddr,
        hub: Hub,
        owns_store: bool,
    ) -> MetaServer {
        let acceptor = Mutex::new(Some(tokio::spawn(accept_all(listener, hub.clone()))));
        MetaServer { address, hub, acceptor, owns_store }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server behind the port: to crash it, change its faults or its role, observe it.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// How many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.hub.would_have_died()
    }

    /// Other fault rules. Counting starts again.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.hub.set_faults(rules);
    }

    /// Stops: takes no more requests, answers those it took, and leaves no task behind. Stopping a
    /// stopped one does nothing.
    pub async fn stop(&self) {
        if self.stop_serving().await && self.owns_store {
            close_store(&self.hub).await;
        }
    }

    /// The same, but for the store. Whether this call stopped it.
    pub(super) async fn stop_serving(&self) -> bool {
        let Some(acceptor) = self.take_acceptor() else { return false };
        self.hub.stop();
        // It ends by itself, within the grace; an error is a panic of it, already reported.
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
            // Its connections' tasks go with it.
            acceptor.abort();
        }
    }
}

/// Runs what waits for a disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
) -> Result<T, ServerError> {
    threads::blocking("pegasus-dup-disk", work).await.map_err(ServerError::Thread)?
}

/// Closes the store, which waits for a disk: on another thread if there is one left.
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
            // What was taken may wait for its time.
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

/// Returns when the server is to stop, or is gone.
async fn stop_asked(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|&stop| stop).await;
}

async fn serve(stream: TcpStream, hub: Hub) {
    // Answers are small and wanted at once. Without it they come later, which is no error.
    let _ = stream.set_nodelay(true);
    hub.serve(stream).await;
}
