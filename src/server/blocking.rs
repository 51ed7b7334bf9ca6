//! The server for callers without a runtime: it brings its own thread.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::config::ServerConfig;
use super::error::ServerError;
use super::hub::Hub;
use super::listener::MetaServer;

/// A running embedded meta server on a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct BlockingMetaServer {
    address: SocketAddr,
    hub: Hub,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl BlockingMetaServer {
    /// Opens the store and starts listening; returns when connections are accepted.
    pub fn start(config: ServerConfig) -> Result<BlockingMetaServer, ServerError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServerError::Thread)?;
        let (started, start) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let server = match MetaServer::start(config).await {
                Ok(server) => server,
                Err(error) => {
                    // The caller waits for this: it can't be gone.
                    let _ = started.send(Err(error));
                    return;
                }
            };
            let _ = started.send(Ok((server.address(), server.hub().clone())));
            // An error is the other end gone, which means the same.
            let _ = stopped.await;
            server.stop().await;
        };
        let thread = std::thread::Builder::new()
            .name("pegasus-dup-meta".to_owned())
            .spawn(move || runtime.block_on(serve))
            .map_err(ServerError::Thread)?;
        match start.recv() {
            Ok(Ok((address, hub))) => {
                let running = Mutex::new(Some(Running { stop, thread }));
                Ok(BlockingMetaServer { address, hub, running })
            }
            Ok(Err(error)) => {
                let _ = thread.join();
                Err(error)
            }
            Err(error) => {
                let _ = thread.join();
                Err(ServerError::Thread(std::io::Error::other(error)))
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.hub.would_have_died()
    }

    /// Stops: takes no more requests, answers those it took, and ends the thread. Stopping a
    /// stopped one does nothing.
    pub fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { stop, thread }) = running {
            // An error is a thread that has ended already.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl Drop for BlockingMetaServer {
    fn drop(&mut self) {
        self.stop();
    }
}
