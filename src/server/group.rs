//! A group of meta servers over one store, of which one leads.

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
    /// Which one leads from now on; `None` = the one after the leader.
    pub leader: Option<usize>,
    /// How long it serves before it has read its duplications back; 0 = it reads first.
    pub early: Duration,
    /// Whether the old leader thinks that it still leads.
    pub old_stays: bool,
    /// Whether the followers learn who leads. If not, they go on naming the old one.
    pub followers_learn: bool,
}

impl Default for Election {
    /// The next one leads, having read its duplications back, and everyone knows.
    fn default() -> Election {
        Election { leader: None, early: Duration::ZERO, old_stays: false, followers_learn: true }
    }
}

/// A group of meta servers without their ports. Cheap to clone; clones are the same one.
#[derive(Debug, Clone)]
pub struct Group(Arc<Members>);

#[derive(Debug)]
struct Members {
    metas: Vec<(Hub, SocketAddrV4)>,
    leader: Mutex<usize>,
}

impl Group {
    /// A group over one store. The first leads. `listen` of each is what the others name it by;
    /// behaviours may differ, tables and clusters may not.
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
        // Clocks that are turned by hand start together, or the servers would never agree again.
        let start: Arc<dyn Clock> = Arc::new(ManualClock::at(clock.now_ms()));
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
            metas.push((Hub::over(config, store.clone(), Arc::clone(clock))?, address));
        }
        let addresses: Vec<SocketAddrV4> = metas.iter().map(|(_, address)| *address).collect();
        let group = Group(Arc::new(Members { metas, leader: Mutex::new(0) }));
        for (index, (hub, address)) in group.0.metas.iter().enumerate() {
            let mut known = vec![*address];
            known.extend(addresses.iter().filter(|other| *other != address));
            hub.set_addresses(known);
            // Weak: a server of the group must not keep the group alive.
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

    /// The servers.
    pub fn hubs(&self) -> impl Iterator<Item = &Hub> {
        self.0.metas.iter().map(|(hub, _)| hub)
    }

    /// The server at that place, from 0.
    pub fn hub(&self, index: usize) -> Option<&Hub> {
        self.0.metas.get(index).map(|(hub, _)| hub)
    }

    /// The server at that address.
    pub fn at(&self, address: SocketAddrV4) -> Option<&Hub> {
        self.0.metas.iter().find(|(_, own)| *own == address).map(|(hub, _)| hub)
    }

    /// Which one leads.
    pub fn leader(&self) -> usize {
        *self.0.leader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fault rules of the whole group: its servers have the same, and count together. Counting
    /// starts again. Whatever rules a server had of its own are gone.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        let faults = Faults::new(rules);
        for hub in self.hubs() {
            hub.share_faults(faults.clone());
        }
    }

    /// Other partitions that lag or stick, on all servers.
    pub fn set_partitions(&self, rules: &[PartitionRule]) {
        for hub in self.hubs() {
            hub.set_partitions(rules.to_vec());
        }
    }

    /// Turns the clocks of [`ClockMode::Manual`] on, all by the same time. Whether there is one.
    pub fn advance(&self, time: Duration) -> bool {
        // All of them, so not by `any`, which stops at the first.
        self.hubs().filter(|hub| hub.advance(time)).count() > 0
    }

    /// How many requests would have ended a real server, over all of them.
    pub fn would_have_died(&self) -> u64 {
        self.hubs().map(Hub::would_have_died).sum()
    }

    /// Changes the leader. A place that the group hasn't got changes nothing.
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
        // Last, so that the old leader's changes are stored or never will be.
        metas[new].0.lead(election.early);
    }
}

/// A running group of meta servers, each on a port of its own. Dropping it stops it without waiting
/// for anything.
#[derive(Debug)]
pub struct MetaGroup {
    group: Group,
    servers: Vec<MetaServer>,
}

impl MetaGroup {
    /// Starts one server for each configuration, on the tokio runtime of the caller. The store is
    /// the first one's, the fault rules are each one's own.
    pub async fn start(configs: Vec<ServerConfig>) -> Result<MetaGroup, ServerError> {
        MetaGroup::bind_and_run(configs, None).await
    }

    /// The same with fault rules of the whole group, as [`Group::set_faults`] has it.
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
        // Before the first request can come.
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

    /// The servers, in the order of their configurations.
    pub fn servers(&self) -> &[MetaServer] {
        &self.servers
    }

    /// The group, to change its leader.
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
