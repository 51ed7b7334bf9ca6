//! A group of servers and the client's way to them in one thread: over streams in memory, with wall
//! time that follows tokio's clock, which a test may pause.

use std::net::SocketAddr;
use std::sync::Arc;

use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, Group, ServerConfig};
use pegasus_dup::transport::seams::{Connecting, Connector, LookingUp, Stream, VersionLookup};
use pegasus_dup::{Client, ClientBuilder};

/// Wall time that goes with tokio's, from a fixed moment on.
#[derive(Debug)]
pub(crate) struct SimulatedClock(tokio::time::Instant);

impl SimulatedClock {
    #[allow(clippy::disallowed_methods)] // the clock of these tests, which is paused
    pub(crate) fn begin() -> SimulatedClock {
        SimulatedClock(tokio::time::Instant::now())
    }
}

impl Clock for SimulatedClock {
    fn now_ms(&self) -> i64 {
        1_795_000_000_000 + i64::try_from(self.0.elapsed().as_millis()).expect("a short run")
    }
}

/// Connects to the servers of a group.
#[derive(Debug, Clone)]
pub(crate) struct InMemory(pub(crate) Group);

impl Connector for InMemory {
    fn connect(&self, to: SocketAddr) -> Connecting {
        let SocketAddr::V4(to) = to else { unreachable!("the group has IPv4 addresses") };
        let hub = self.0.at(to).cloned();
        Box::pin(async move {
            let hub = hub.ok_or(std::io::ErrorKind::ConnectionRefused)?;
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            tokio::spawn(async move { hub.serve(theirs).await });
            Ok(Box::new(ours) as Box<dyn Stream>)
        })
    }
}

/// Tells the version of a behaviour, as `GET /version` would.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version(pub(crate) Behaviour);

impl VersionLookup for Version {
    fn version(&self, _: SocketAddr) -> LookingUp {
        let version = match self.0 {
            Behaviour::Freezed => "2.3.0",
            Behaviour::Checkpoint => "2.5.0",
            Behaviour::RemoteName | Behaviour::DupExist | Behaviour::Idempotent => "2.6.0-SNAPSHOT",
        };
        Box::pin(async move { Some(version.to_owned()) })
    }
}

/// A group of that many servers, whose timers run.
pub(crate) fn group(config: &ServerConfig, servers: u8) -> Group {
    let configs: Vec<ServerConfig> = (1..=servers)
        .map(|index| ServerConfig {
            listen: SocketAddr::from(([10, 0, 0, index], 34601)),
            ..config.clone()
        })
        .collect();
    let clock: Arc<dyn Clock> = Arc::new(SimulatedClock::begin());
    let group = Group::new(&configs, Arc::new(MemoryStore::new()), &clock).expect("a group");
    for hub in group.hubs() {
        let hub = hub.clone();
        tokio::spawn(async move { hub.run_timers().await });
    }
    group
}

/// A client of that group, with the default time limit.
pub(crate) fn client(group: &Group, behaviour: Behaviour) -> ClientBuilder {
    let metas: Vec<String> =
        (1..=group.hubs().count()).map(|index| format!("10.0.0.{index}:34601")).collect();
    Client::builder()
        .meta(metas.join(","))
        .connector(InMemory(group.clone()))
        .version_lookup(Version(behaviour))
        .seed(7)
}
