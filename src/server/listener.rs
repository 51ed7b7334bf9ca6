//! The server on a TCP port.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::clock::{Clock, SystemClock};
use super::config::{ServerConfig, StoreChoice};
use super::error::ServerError;
use super::hub::Hub;
use super::store::{FileStore, MemoryStore, Store};

/// How long accepting pauses when the process has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running embedded meta server. Dropping it stops it without waiting for anything.
#[derive(Debug)]
pub struct MetaServer {
    address: SocketAddr,
    hub: Hub,
    /// Accepts, and owns every connection's task; gone once stopped.
    acceptor: Mutex<Option<JoinHandle<()>>>,
}

impl MetaServer {
    /// Opens the store and starts listening, on the tokio runtime of the caller.
    pub async fn start(config: ServerConfig) -> Result<MetaServer, ServerError> {
        config.check()?;
        let address = config.listen;
        let listen = |source| ServerError::Listen { address, source };
        // First the port: it shows at once that another server runs, and touches no file.
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let hub = tokio::task::spawn_blocking(move || open(&config))
            .await
            .map_err(|error| ServerError::Thread(std::io::Error::other(error)))??;
        let acceptor = tokio::spawn(accept_all(listener, hub.clone()));
        Ok(MetaServer { address, hub, acceptor: Mutex::new(Some(acceptor)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.hub.would_have_died()
    }

    /// Stops: takes no more requests, answers those it took, and leaves no task behind. Stopping a
    /// stopped one does nothing.
    pub async fn stop(&self) {
        let acceptor = self.take_acceptor();
        let Some(acceptor) = acceptor else { return };
        self.hub.stop();
        // It ends by itself, within the grace; an error is a panic of it, already reported.
        let _ = acceptor.await;
        let hub = self.hub.clone();
        let _ = tokio::task::spawn_blocking(move || hub.close_store()).await;
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
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

fn open(config: &ServerConfig) -> Result<Hub, ServerError> {
    let store: Arc<dyn Store> = match &config.store {
        StoreChoice::Memory => Arc::new(MemoryStore::new()),
        StoreChoice::File(path) => Arc::new(FileStore::open(path, &config.cluster_name)?),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Hub::new(config, store, clock)
}

async fn accept_all(listener: TcpListener, hub: Hub) {
    let mut stopping = hub.stopping();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop_asked(&mut stopping) => break,
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
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(hub.limits().stop_grace, all_ended).await.is_err() {
        tracing::warn!("connections did not end in time and are cut off");
        connections.shutdown().await;
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
