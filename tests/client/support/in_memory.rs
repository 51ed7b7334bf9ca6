//! A group of servers in memory with running timers, and a client of the group.

use std::net::SocketAddr;
use std::sync::Arc;

use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, Group, ServerConfig};
use pegasus_dup::transport::seams::{LookingUp, VersionLookup};
use pegasus_dup::{Client, ClientBuilder};

use crate::common::in_memory::{InMemory, SimulatedClock};

/// A version look-up that returns the version of a behaviour, like `GET /version`.
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

/// Returns a group of `servers` servers with running timers.
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

/// Returns a client of the group, with the default timeout.
pub(crate) fn client(group: &Group, behaviour: Behaviour) -> ClientBuilder {
    let metas: Vec<String> =
        (1..=group.hubs().count()).map(|index| format!("10.0.0.{index}:34601")).collect();
    Client::builder()
        .meta(metas.join(","))
        .connector(InMemory(group.clone()))
        .version_lookup(Version(behaviour))
        .seed(7)
}
