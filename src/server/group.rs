//! A group of meta servers over one store, of which one is the leader.

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::behaviour::ClockMode;
use super::clock::{Clock, ManualClock, SystemClock};
use super::config::ServerConfig;
use super::error::ServerError;
use super::fault::{FaultRule, Faults};
use super::hub::Hub;
use super::listener::{MetaServer, bind, blocking, close_store, open};
use super::partition::PartitionRule;
use super::store::{SharedStore, Store};

/// How the leader changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Election {
    /// The index of the new leader. `None` stands for the server after the current leader.
    pub leader: Option<usize>,
    /// The time for which the new leader serves before it reads its duplications and backup policies
    /// back. With 0 it reads them first.
    pub early: Duration,
    /// Whether the old leader continues as if it were the leader.
    pub old_stays: bool,
    /// Whether the followers learn who the new leader is. Otherwise they still name the old leader.
    pub followers_learn: bool,
}

impl Default for Election {
    /// Returns an election of the next server, which reads its duplications back first, and which
    /// all servers learn of.
    fn default() -> Election {
        Election { leader: None, early: Duration::ZERO, old_stays: false, followers_learn: true }
    }
}

/// A group of meta servers without their ports. Cloning is cheap, and all clones are the same
/// group.
#[derive(Debug, Clone)]
pub struct Group(Arc<Members>);

#[derive(Debug)]
struct Members {
    metas: Vec<(Hub, SocketAddrV4)>,
    leader: Mutex<usize>,
}

impl Group {
    /// Returns a group over one store, whose first server is the leader. The servers name each
    /// other by the address `listen` of each configuration. Behaviours may differ, but tables and
    /// cluster names must be equal. The replica servers are those of the first configuration.
    pub fn new(
        configs: &[ServerConfig],
        store: Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Group, ServerError> {
        let wrong = |text: &str| Err(ServerError::Config(text.to_owned()));
        let Some(first) = configs.first() else {
            return wrong("a group needs a server");
        };
        let store = SharedStore::new(store);
        // Clocks that are moved by hand start at the same time, because the servers would disagree
        // for ever otherwise.
        let start: Arc<dyn Clock> = Arc::new(ManualClock::at(clock.now_ms()));
        first.check()?;
        let replicas = first.replica_servers();
        let mut metas: Vec<(Hub, SocketAddrV4)> = Vec::new();
        for config in configs {
            let SocketAddr::V4(address) = config.listen else {
                return wrong("servers of a group name each other by IPv4 addresses");
            };
            if metas.iter().any(|(_, other)| *other == address) {
                return wrong("servers of a group have addresses of their own");
            }
            if config.cluster_name != first.cluster_name || config.tables != first.tables {
                return wrong("servers of a group have the same cluster name and tables");
            }
            let clock = if config.clock_mode() == ClockMode::Manual { &start } else { clock };
            let (store, clock) = (store.clone(), Arc::clone(clock));
            metas.push((Hub::over(config, store, clock, replicas.clone())?, address));
        }
        let addresses: Vec<SocketAddrV4> = metas.iter().map(|(_, address)| *address).collect();
        let group = Group(Arc::new(Members { metas, leader: Mutex::new(0) }));
        for (index, (hub, address)) in group.0.metas.iter().enumerate() {
            let mut known = vec![*address];
            known.extend(addresses.iter().filter(|other| *other != address));
            hub.set_addresses(known);
            // The reference is weak, because a server of the group must not keep the group alive.
            let members: Weak<Members> = Arc::downgrade(&group.0);
            hub.set_elector(Box::new(move |early_ms| {
                if let Some(members) = members.upgrade() {
                    let early = Duration::from_millis(early_ms);
                    Group(members).elect(&Election { early, ..Election::default() });
                }
            }));
            if index > 0 {
                hub.follow(Some(addresses[0]));
            }
        }
        Ok(group)
    }

    /// Returns the servers.
    pub fn hubs(&self) -> impl Iterator<Item = &Hub> {
        self.0.metas.iter().map(|(hub, _)| hub)
    }

    /// Returns the server with that index.
    pub fn hub(&self, index: usize) -> Option<&Hub> {
        self.0.metas.get(index).map(|(hub, _)| hub)
    }

    /// Returns the server at that address.
    pub fn at(&self, address: SocketAddrV4) -> Option<&Hub> {
        self.0.metas.iter().find(|(_, own)| *own == address).map(|(hub, _)| hub)
    }

    /// Returns the index of the leader.
    pub fn leader(&self) -> usize {
        *self.0.leader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the fault rules of all servers by rules that the servers share, so that they count
    /// together. Counting starts again.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        let faults = Faults::new(rules);
        for hub in self.hubs() {
            hub.share_faults(faults.clone());
        }
    }

    /// Replaces the rules for partitions that lag or stick, on all servers.
    pub fn set_partitions(&self, rules: &[PartitionRule]) {
        for hub in self.hubs() {
            hub.set_partitions(rules.to_vec());
        }
    }

    /// Lets the first `count` replica servers be alive from now on, as [`Hub::set_alive_nodes`] does.
    pub fn set_alive_nodes(&self, count: usize) {
        // The servers share the replica servers.
        if let Some(hub) = self.hub(0) {
            hub.set_alive_nodes(count);
        }
    }

    /// Moves the clocks of [`ClockMode::Manual`] forward, all by the same time. Returns whether
    /// there is such a clock.
    pub fn advance(&self, time: Duration) -> bool {
        // This does not use `any`, which would stop at the first clock.
        self.hubs().filter(|hub| hub.advance(time)).count() > 0
    }

    /// Returns how many requests would have ended a real server, over all servers.
    pub fn would_have_died(&self) -> u64 {
        self.hubs().map(Hub::would_have_died).sum()
    }

    /// Changes the leader. Does nothing if the group has no server with that index.
    pub fn elect(&self, election: &Election) {
        let metas = &self.0.metas;
        let (old, new) = {
            let mut leader = self.0.leader.lock().unwrap_or_else(PoisonError::into_inner);
            let old = *leader;
            let new = election.leader.unwrap_or((old + 1) % metas.len());
            if new >= metas.len() {
                return;
            }
            *leader = new;
            (old, new)
        };
        let address = metas[new].1;
        for (index, (hub, _)) in metas.iter().enumerate() {
            if index == new {
                continue;
            }
            if index == old {
                if election.old_stays {
                    hub.go_stale();
                } else {
                    hub.follow(Some(address));
                }
            } else if election.followers_learn {
                hub.follow(Some(address));
            }
        }
        // The new leader comes last, when each change of the old leader has been stored or never
        // will be.
        metas[new].0.lead(election.early);
    }
}

/// A running group of meta servers, each on its own port. Dropping it stops the servers without
/// waiting for anything.
#[derive(Debug)]
pub struct MetaGroup {
    group: Group,
    servers: Vec<MetaServer>,
}

impl MetaGroup {
    /// Starts one server for each configuration, on the tokio runtime of the caller. The group uses
    /// the store of the first configuration. Each server has the fault rules of its own
    /// configuration.
    pub async fn start(configs: Vec<ServerConfig>) -> Result<MetaGroup, ServerError> {
        MetaGroup::bind_and_run(configs, None).await
    }

    /// Starts the group with fault rules that all servers share, as with [`Group::set_faults`].
    pub async fn start_with_faults(
        configs: Vec<ServerConfig>,
        rules: Vec<FaultRule>,
    ) -> Result<MetaGroup, ServerError> {
        MetaGroup::bind_and_run(configs, Some(rules)).await
    }

    async fn bind_and_run(
        mut configs: Vec<ServerConfig>,
        rules: Option<Vec<FaultRule>>,
    ) -> Result<MetaGroup, ServerError> {
        let mut ports = Vec::new();
        for config in &mut configs {
            config.check()?;
            let (listener, address) = bind(config.listen).await?;
            config.listen = address;
            ports.push((listener, address));
        }
        let group = blocking(move || {
            let first = configs.first();
            let first =
                first.ok_or_else(|| ServerError::Config("a group needs a server".into()))?;
            let store = open(first)?;
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            Group::new(&configs, store, &clock)
        })
        .await?;
        // The rules must be in place before the first request can arrive.
        if let Some(rules) = rules {
            group.set_faults(rules);
        }
        let servers = ports
            .into_iter()
            .zip(group.hubs().cloned())
            .map(|((listener, address), hub)| MetaServer::run(listener, address, hub, false))
            .collect();
        Ok(MetaGroup { group, servers })
    }

    /// Returns the servers, in the order of their configurations.
    pub fn servers(&self) -> &[MetaServer] {
        &self.servers
    }

    /// Returns the group, which can change its leader.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Stops every server, then closes the store.
    pub async fn stop(&self) {
        let mut stopped = false;
        for server in &self.servers {
            stopped |= server.stop_serving().await;
        }
        if let Some(hub) = self.group.hub(0).filter(|_| stopped) {
            close_store(hub).await;
        }
    }
}
