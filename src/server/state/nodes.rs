//! The replica servers of the cluster, as responses name them. The replica servers exist in the responses
//! only: nothing listens on their ports.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::State;
use super::replicas::Due;
use super::rule::{Context, ReadRule};
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
/// The number of the status "dead", likewise.
const DEAD: i32 = 2;
/// How many times as long as a new table a recalled table waits for its replicas.
const RECALLING: i64 = 3;

/// A replica server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node(SocketAddrV4);

impl Node {
    /// Returns as many replica servers as given, in the order of their addresses.
    pub(super) fn all(count: usize) -> impl Iterator<Item = Node> {
        let ports = (FIRST_PORT..).take(count);
        ports.map(|port| Node(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)))
    }

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

    /// Returns when the partitions of a table that changes now are checked.
    pub(super) fn due(&self) -> Due {
        Due {
            placing_ms: self.done_in(self.ready_after_ms),
            recalling_ms: self.done_in(self.ready_after_ms.saturating_mul(RECALLING)),
        }
    }

    /// Returns whether the function level is `freezed`, and how many replica servers are alive.
    pub(super) fn alive_nodes(&self) -> (bool, i32) {
        let replicas = self.replicas.lock();
        (replicas.are_too_few(), i32::try_from(replicas.alive().len()).unwrap_or(i32::MAX))
    }

    /// Lets the first `count` replica servers be alive, and the others dead.
    pub(crate) fn set_alive_nodes(&mut self, count: usize, now_ms: i64) {
        self.steady(now_ms);
        self.replicas.lock().set_alive(count, self.due().placing_ms);
    }
}

impl ReadRule for ListNodes {
    /// Returns the replica servers with the requested status, those that are alive first.
    fn read(state: &mut State, request: &ListNodesRequest, _: &Context<'_>) -> ListNodesResponse {
        let names = state.rules.remote_names;
        let replicas = state.replicas.lock();
        let with = |status: i32, nodes: &[Node]| -> Vec<NodeInfo> {
            let asked = [ANY, status].contains(&request.status);
            let info = |node: &Node| NodeInfo {
                status,
                node: node.address(),
                hp_node: names.then(|| node.host_port()),
            };
            nodes.iter().filter(|_| asked).map(info).collect()
        };
        let mut infos = with(ALIVE, replicas.alive());
        infos.extend(with(DEAD, replicas.dead()));
        ListNodesResponse { err: ErrorCode::Ok, infos: Some(infos) }
    }
}
