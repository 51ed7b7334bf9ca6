//! Servers for callers without a runtime: they bring their own thread.

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

/// A running embedded meta server on a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct BlockingMetaServer {
    address: SocketAddr,
    hub: Hub,
    thread: Thread,
}

impl BlockingMetaServer {
    /// Opens the store and starts listening; returns when connections are accepted.
    pub fn start(config: ServerConfig) -> Result<BlockingMetaServer, ServerError> {
        let (thread, (address, hub)) = Thread::start(
            MetaServer::start(config),
            |server| (server.address(), server.hub().clone()),
            |server| async move { server.stop().await },
        )?;
        Ok(BlockingMetaServer { address, hub, thread })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests would have ended a real server of this generation.
    pub fn would_have_died(&self) -> u64 {
        self.hub.would_have_died()
    }

    /// The server behind the port: to crash it, change its faults or its role, observe it.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Other fault rules. Counting starts again.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.hub.set_faults(rules);
    }

    /// Stops: takes no more requests, answers those it took, and ends the thread. Stopping a
    /// stopped one does nothing.
    pub fn stop(&self) {
        self.thread.stop();
    }
}

/// A running group of embedded meta servers on a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct BlockingMetaGroup {
    addresses: Vec<SocketAddr>,
    group: Group,
    thread: Thread,
}

impl BlockingMetaGroup {
    /// Like [`MetaGroup::start_with_faults`]; returns when connections are accepted.
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

    /// Where they listen, in the order of their configurations.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The group, to change its leader or its faults.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Stops every server, as [`BlockingMetaServer::stop`] does one.
    pub fn stop(&self) {
        self.thread.stop();
    }
}

/// The thread that something runs on.
#[derive(Debug)]
struct Thread(Mutex<Option<Running>>);

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Thread {
    /// Has it start on a new thread, and returns what `show` makes of it once it runs.
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
                    // The caller waits for this: it can't be gone.
                    let _ = started.send(Err(error));
                    return;
                }
            };
            let _ = started.send(Ok(show(&value)));
            // An error is the other end gone, which means the same.
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
            // An error is a thread that has ended already.
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
