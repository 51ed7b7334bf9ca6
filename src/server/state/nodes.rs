//! The replica servers of the cluster, and the places of a table's replicas. The replica servers
//! exist in the responses only: nothing listens on their ports.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::State;
use super::rule::{Context, ReadRule};
use super::table::Table;
use crate::protocol::bare::{HostPort, RpcAddress};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{ListNodes, ListNodesRequest, ListNodesResponse, NodeInfo};
use crate::server::behaviour::ClockMode;

/// The port of the first replica server, as in a onebox. The others have the ports that follow.
const FIRST_PORT: u16 = 34_801;
/// The number that stands for every status in [`ListNodesRequest`].
const ANY: i32 = 0;
/// The number of the status "alive" in [`ListNodesRequest`] and [`NodeInfo`].
const ALIVE: i32 = 1;

/// A replica server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node(SocketAddrV4);

impl Node {
    /// Returns the address as old fields have it.
    pub(super) fn address(self) -> RpcAddress {
        RpcAddress(Some(self.0))
    }

    /// Returns the name and port as fields since 2.6 have them.
    pub(super) fn host_port(self) -> HostPort {
        HostPort { host: host(self.0), port: self.0.port(), kind: 1 }
    }

    /// Returns the address and port as the HTTP pages of the given server show them.
    pub(crate) fn shown(self, with_name: bool) -> String {
        if with_name { named(self.0) } else { self.0.to_string() }
    }
}

/// Returns the name of the host at an address, as a server since 2.6 finds it out.
fn host(address: SocketAddrV4) -> String {
    if *address.ip() == Ipv4Addr::LOCALHOST {
        "localhost".to_owned()
    } else {
        address.ip().to_string()
    }
}

/// Returns an address as `HOST:PORT`.
pub(super) fn named(address: SocketAddrV4) -> String {
    format!("{}:{}", host(address), address.port())
}

/// The replica servers of the cluster.
#[derive(Debug, Clone)]
pub(crate) struct Nodes {
    alive: Vec<Node>,
}

impl Nodes {
    /// Returns as many replica servers as given, all of them alive.
    pub(super) fn new(count: usize) -> Nodes {
        let ports = (FIRST_PORT..).take(count);
        let node = |port| Node(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
        Nodes { alive: ports.map(node).collect() }
    }

    /// Returns the replica servers that are alive, in the order of their addresses.
    pub(crate) fn alive(&self) -> &[Node] {
        &self.alive
    }

    /// Returns whether the function level is `freezed`, because too few replica servers are alive.
    /// The setting `min_live_node_count_for_unfreeze` is 1, as in a onebox.
    pub(super) fn are_too_few(&self) -> bool {
        self.alive.is_empty()
    }
}

/// The time from the creation of a table until its partitions have their replicas, with the clock
/// [`ClockMode::Real`], in milliseconds.
pub(super) const PLACING_MS: i64 = 1_000;
/// The time from the recall of a table until its partitions have their replicas, likewise.
pub(super) const RECALLING_MS: i64 = 3_000;

/// The places of a partition's replicas.
#[derive(Debug)]
pub(super) struct Placement {
    pub(super) primary: Node,
    pub(super) secondaries: Vec<Node>,
}

impl State {
    /// Returns the time at which something of the replica servers is done that takes so many
    /// milliseconds with the clock [`ClockMode::Real`].
    pub(super) fn done_in(&self, ms: i64) -> i64 {
        let ms = match self.clock {
            ClockMode::Fast => ms / 100,
            // Only duplications stand still with a stopped clock.
            ClockMode::Real | ClockMode::Stopped | ClockMode::Manual => ms,
        };
        self.latest_ms.saturating_add(ms)
    }

    /// Returns how many replicas each partition of a table has.
    pub(super) fn placed(&self, table: &Table) -> usize {
        let leaving = table.leaving.filter(|leaving| self.latest_ms < leaving.until_ms);
        self.placed_with(
            table,
            table.record.replicas.max(leaving.map_or(0, |leaving| leaving.replicas)),
        )
    }

    /// Returns how many replicas each partition of a table has with that replica count.
    pub(super) fn placed_with(&self, table: &Table, replicas: i32) -> usize {
        let most = usize::try_from(replicas).unwrap_or(0);
        if self.latest_ms < table.placed_from_ms { 0 } else { self.nodes.alive().len().min(most) }
    }

    /// Returns the ballot of each partition: the number of changes of its configuration.
    pub(super) fn ballot(&self, table: &Table) -> i64 {
        let (placed, kept) = (self.placed(table), self.placed_with(table, table.record.replicas));
        let number = |count: usize| i64::try_from(count).unwrap_or(0);
        // The number of earlier changes already contains what a replica that is leaving adds: the
        // change that placed it, and the change that removes it.
        table.record.ballot + number(placed) - 2 * number(placed - kept)
    }

    /// Returns whether each partition of a table has all its replicas.
    pub(super) fn is_healthy(&self, table: &Table) -> bool {
        usize::try_from(table.record.replicas).is_ok_and(|replicas| self.placed(table) >= replicas)
    }

    /// Returns the places of a partition's replicas, or `None` while the partition has no replica.
    pub(super) fn placement(&self, table: &Table, index: i32) -> Option<Placement> {
        let alive = self.nodes.alive();
        let replicas = self.placed(table);
        if replicas == 0 {
            return None;
        }
        // Neighbouring partitions have different primaries.
        let first = usize::try_from(i64::from(table.record.id) + i64::from(index)).unwrap_or(0);
        let mut nodes = (0..replicas).map(|next| alive[(first + next) % alive.len()]);
        let primary = nodes.next()?;
        Some(Placement { primary, secondaries: nodes.collect() })
    }
}

impl ReadRule for ListNodes {
    /// Returns the replica servers with the requested status. All replica servers are alive.
    fn read(state: &mut State, request: &ListNodesRequest, _: &Context<'_>) -> ListNodesResponse {
        let names = state.rules.remote_names;
        let info = |node: &Node| NodeInfo {
            status: ALIVE,
            node: node.address(),
            hp_node: names.then(|| node.host_port()),
        };
        let infos = match request.status {
            ANY | ALIVE => state.nodes.alive().iter().map(info).collect(),
            _ => Vec::new(),
        };
        ListNodesResponse { err: ErrorCode::Ok, infos: Some(infos) }
    }
}
