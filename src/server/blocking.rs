//! Servers for callers without a runtime. Each server or group has its own thread.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::config::ServerConfig;
use super::error::ServerError;
use super::fault::FaultRule;
use super::group::{Group, MetaGroup};
use super::hub::Hub;
use super::listener::MetaServer;

/// A running embedded meta server on its own thread. Dropping it stops the server.
#[derive(Debug)]
pub struct BlockingMetaServer {
    address: SocketAddr,
    hub: Hub,
    thread: Thread,
}

impl BlockingMetaServer {
    /// Opens the store and starts to listen. Returns when the server accepts connections.
    pub fn start(config: ServerConfig) -> Result<BlockingMetaServer, ServerError> {
        let (thread, (address, hub)) = Thread::start(
            MetaServer::start(config),
            |server| (server.address(), server.hub().clone()),
            |server| async move { server.stop().await },
        )?;
        Ok(BlockingMetaServer { address, hub, thread })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.hub.would_have_died()
    }

    /// Returns the server without its port, which can crash, change its faults or its role, and be
    /// observed.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Replaces the fault rules. Counting starts again.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.hub.set_faults(rules);
    }

    /// Stops the server: accepts no more requests, responds to those it has received, and ends the
    /// thread. Does nothing if the server is stopped already.
    pub fn stop(&self) {
        self.thread.stop();
    }
}

/// A running group of embedded meta servers on its own thread. Dropping it stops the servers.
#[derive(Debug)]
pub struct BlockingMetaGroup {
    addresses: Vec<SocketAddr>,
    group: Group,
    thread: Thread,
}

impl BlockingMetaGroup {
    /// Starts a group like [`MetaGroup::start_with_faults`]. Returns when the servers accept
    /// connections.
    pub fn start(
        configs: Vec<ServerConfig>,
        rules: Vec<FaultRule>,
    ) -> Result<BlockingMetaGroup, ServerError> {
        let (thread, (addresses, group)) = Thread::start(
            MetaGroup::start_with_faults(configs, rules),
            |group| {
                let addresses = group.servers().iter().map(MetaServer::address).collect();
                (addresses, group.group().clone())
            },
            |group| async move { group.stop().await },
        )?;
        Ok(BlockingMetaGroup { addresses, group, thread })
    }

    /// Returns the addresses that the servers listen on, in the order of their configurations.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns the group, which can change its leader and its faults.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Stops every server, as [`BlockingMetaServer::stop`] stops one server.
    pub fn stop(&self) {
        self.thread.stop();
    }
}

/// The thread of a server or a group.
#[derive(Debug)]
struct Thread(Mutex<Option<Running>>);

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Thread {
    /// Starts a value on a new thread, and returns what `show` makes of the value once it runs.
    fn start<T, V, E>(
        start: impl Future<Output = Result<T, ServerError>> + Send + 'static,
        show: impl FnOnce(&T) -> V + Send + 'static,
        end: impl FnOnce(T) -> E + Send + 'static,
    ) -> Result<(Thread, V), ServerError>
    where
        T: Send,
        V: Send + 'static,
        E: Future<Output = ()> + Send,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ServerError::Thread)?;
        let (started, shown) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let run = async move {
            let value = match start.await {
                Ok(value) => value,
                Err(error) => {
                    // The receiver cannot be gone, because the caller waits for this message.
                    let _ = started.send(Err(error));
                    return;
                }
            };
            let _ = started.send(Ok(show(&value)));
            // An error means that the sender was dropped, which also asks for the end.
            let _ = stopped.await;
            end(value).await;
        };
        let thread = std::thread::Builder::new()
            .name("pegasus-dup-meta".to_owned())
            .spawn(move || runtime.block_on(run))
            .map_err(ServerError::Thread)?;
        match shown.recv() {
            Ok(Ok(shown)) => Ok((Thread(Mutex::new(Some(Running { stop, thread }))), shown)),
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

    fn stop(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { stop, thread }) = running {
            // An error means that the thread has ended already.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.stop();
    }
}
