//! One round of asking the meta servers which of them is the leader.
//!
//! The servers are asked in the order of the list. Each server is asked a short while after the previous
//! one, or as soon as a server fails (as in RFC 8305, "Happy Eyeballs"). A host name is resolved when its
//! turn comes, and each of its addresses is asked as a separate server. If a follower names the leader,
//! that server is asked next.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::MetaAddr;
use super::address::ServerAddr;
use super::connection::{CallError, Connection, Seams, Why};
use super::durations::{PROBE, RESOLVE, STAGGER};
use super::seams::Deadline;
use crate::history;
use crate::protocol::bare::HostPort;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{PartitionConfig, QueryConfig, QueryConfigRequest};
use crate::threads;

/// What a round asks next: a name that must be resolved first, or a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Candidate {
    Name(MetaAddr),
    Server(ServerAddr),
}

impl From<MetaAddr> for Candidate {
    fn from(named: MetaAddr) -> Candidate {
        match named.socket_addr() {
            Some(address) => Candidate::Server(ServerAddr { named, address }),
            None => Candidate::Name(named),
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Candidate::Name(name) => name.fmt(f),
            Candidate::Server(server) => server.fmt(f),
        }
    }
}

/// The result of asking one server: the connection if the server is the leader, otherwise the reason why
/// it is not, or why that is not known.
pub(crate) type Probed = Result<Arc<Connection>, Failure>;

/// The reason why a server is not the leader, or why the client does not know.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The name cannot be resolved.
    Unresolved(Why),
    /// The name has no address.
    NoAddress,
    /// No connection could be opened.
    Unreachable(Why),
    /// The server accepted the connection and sent nothing in time.
    Silent,
    /// The server began to send a response and did not finish in time.
    Unfinished,
    /// The connection broke before the response arrived, or the response cannot be read.
    Lost(Why),
    /// The server is a follower, and names these addresses of the leader. There are several if it gives
    /// both an IP address and a host name.
    Follower { leaders: Vec<MetaAddr> },
    /// The meta server has not finished starting, or is recovering.
    NotReady(ErrorCode),
    /// The server does not have this RPC, so it is not a meta server.
    NoMetaServer(ErrorCode),
}

impl Failure {
    /// Returns whether a wrong address is more likely than a server that is down for a moment.
    pub(crate) fn is_hopeless(&self) -> bool {
        match self {
            Failure::Unresolved(why) | Failure::Unreachable(why) => !matches!(why, Why::Timeout),
            Failure::NoAddress | Failure::NoMetaServer(_) => true,
            Failure::Lost(why) => why.is_garbage(),
            Failure::Silent
            | Failure::Unfinished
            | Failure::Follower { .. }
            | Failure::NotReady(_) => false,
        }
    }

    /// Returns the error code of the response, if the response is the reason.
    pub(crate) fn code(&self) -> Option<&ErrorCode> {
        match self {
            Failure::NotReady(code) | Failure::NoMetaServer(code) => Some(code),
            Failure::Unresolved(_)
            | Failure::NoAddress
            | Failure::Unreachable(_)
            | Failure::Silent
            | Failure::Unfinished
            | Failure::Lost(_)
            | Failure::Follower { .. } => None,
        }
    }

    /// Returns the reason with the error code of the server, if there is one.
    pub(crate) fn with_code(&self) -> String {
        match self.code() {
            Some(code) => format!("{self}: code={code}"),
            None => self.to_string(),
        }
    }

    /// Returns what to do, if the reason is that this machine has run out of something.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        match self {
            Failure::Unresolved(Why::Io(error))
            | Failure::Unreachable(Why::Io(error))
            | Failure::Lost(Why::Io(error)) => threads::advice(error),
            Failure::Unresolved(_)
            | Failure::NoAddress
            | Failure::Unreachable(_)
            | Failure::Silent
            | Failure::Unfinished
            | Failure::Lost(_)
            | Failure::Follower { .. }
            | Failure::NotReady(_)
            | Failure::NoMetaServer(_) => None,
        }
    }

    /// Returns whether this shows that the leader is changing at the moment.
    pub(crate) fn shows_a_change(&self) -> bool {
        match self {
            Failure::NotReady(_) => true,
            Failure::Follower { leaders } => leaders.is_empty(),
            Failure::Unresolved(_)
            | Failure::NoAddress
            | Failure::Unreachable(_)
            | Failure::Silent
            | Failure::Unfinished
            | Failure::Lost(_)
            | Failure::NoMetaServer(_) => false,
        }
    }

    /// Returns whether no connection to the server could be opened.
    pub(crate) fn is_nobody_there(&self) -> bool {
        matches!(self, Failure::Unresolved(_) | Failure::NoAddress | Failure::Unreachable(_))
    }

    /// Returns whether the server has sent anything.
    pub(crate) fn has_answered(&self) -> bool {
        match self {
            Failure::Unresolved(_)
            | Failure::NoAddress
            | Failure::Unreachable(_)
            | Failure::Silent => false,
            Failure::Lost(why) => why.is_garbage(),
            Failure::Unfinished
            | Failure::Follower { .. }
            | Failure::NotReady(_)
            | Failure::NoMetaServer(_) => true,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unresolved(Why::Io(error)) => write!(f, "cannot be resolved: {error}"),
            Failure::Unresolved(why) => write!(f, "cannot be resolved: {why}"),
            Failure::NoAddress => f.write_str("is a name without an address"),
            Failure::Unreachable(Why::Io(error)) => write!(f, "cannot be reached: {error}"),
            Failure::Unreachable(why) => write!(f, "cannot be reached: {why}"),
            Failure::Silent => f.write_str("accepts the connection and does not respond"),
            Failure::Unfinished => f.write_str("began to respond and did not finish in time"),
            Failure::Lost(why) => write!(f, "{why}"),
            Failure::Follower { leaders } if leaders.is_empty() => {
                f.write_str("is a follower and names no leader")
            }
            Failure::Follower { leaders } => {
                let leaders: Vec<String> = leaders.iter().map(ToString::to_string).collect();
                write!(f, "is a follower, and names a leader: leader={}", leaders.join(","))
            }
            Failure::NotReady(_) => f.write_str("is not ready"),
            Failure::NoMetaServer(_) => f.write_str("is not a meta server"),
        }
    }
}

/// A round in progress. Dropping it stops everything that it has started.
pub(crate) struct Round<'a> {
    seams: &'a Seams,
    table: &'a str,
    deadline: Deadline,
    /// The server to ask first, if it is still listed.
    preferred: Option<ServerAddr>,
    waiting: VecDeque<Candidate>,
    resolved: Vec<MetaAddr>,
    asked: Vec<SocketAddr>,
    under_way: JoinSet<(Candidate, TaskResult)>,
}

/// The result of one task of a round.
enum TaskResult {
    Addresses(Vec<SocketAddr>),
    Probed(Probed),
}

impl<'a> Round<'a> {
    /// Starts a round over the `listed` servers. The question names `table`, which need not exist.
    pub(crate) fn new(
        seams: &'a Seams,
        listed: &[MetaAddr],
        preferred: Option<ServerAddr>,
        table: &'a str,
        deadline: Deadline,
    ) -> Round<'a> {
        let mut listed = listed.to_vec();
        if let Some(preferred) = &preferred {
            listed.sort_by_key(|named| *named != preferred.named);
        }
        Round {
            seams,
            table,
            deadline,
            preferred,
            waiting: listed.into_iter().map(Candidate::from).collect(),
            resolved: Vec::new(),
            asked: Vec::new(),
            under_way: JoinSet::new(),
        }
    }

    /// Waits for the next result and returns it with its server, or with the name that could not be
    /// resolved. Returns `None` after the last result.
    pub(crate) async fn next(&mut self) -> Option<(Candidate, Probed)> {
        loop {
            if let Some(candidate) = self.waiting.pop_front()
                && !self.start(candidate)
            {
                continue;
            }
            let found = if self.waiting.is_empty() {
                // Each task has its own deadline.
                self.under_way.join_next().await?
            } else {
                // Whatever the deadline is, all candidates are asked within the first half of the time.
                let turns = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
                let stagger = STAGGER.min(self.deadline.left() / turns.saturating_mul(2));
                match Deadline::after(stagger).limit(self.under_way.join_next()).await {
                    Some(Some(found)) => found,
                    Some(None) | None => continue,
                }
            };
            match found {
                Ok((Candidate::Name(name), TaskResult::Addresses(addresses))) => {
                    self.take_addresses(&name, addresses);
                }
                Ok((candidate, TaskResult::Probed(probed))) => {
                    if let Err(Failure::Follower { leaders }) = &probed {
                        self.ask_next(leaders.iter().cloned().map(Candidate::from));
                    }
                    return Some((candidate, probed));
                }
                // A server has no addresses to resolve, and no task is cancelled or panics.
                Ok((Candidate::Server(_), TaskResult::Addresses(_))) | Err(_) => {}
            }
        }
    }

    /// Starts to resolve a name or to ask a server. Returns whether that had not been started before.
    fn start(&mut self, candidate: Candidate) -> bool {
        let seams = self.seams.clone();
        match candidate {
            Candidate::Name(name) if !self.resolved.contains(&name) => {
                self.resolved.push(name.clone());
                let until = self.deadline.or_after(RESOLVE);
                self.under_way.spawn(history::in_this_call(async move {
                    let found = resolve(&seams, &name, until).await;
                    if let TaskResult::Probed(probed) = &found {
                        history::found_server(&name, || words(probed));
                    }
                    (Candidate::Name(name), found)
                }));
                true
            }
            Candidate::Server(server) if !self.asked.contains(&server.address) => {
                self.asked.push(server.address);
                let (table, until) = (self.table.to_owned(), self.deadline.or_after(PROBE));
                self.under_way.spawn(history::in_this_call(async move {
                    let probed = probe(&seams, &server, &table, until).await;
                    history::found_server(&server, || words(&probed));
                    (Candidate::Server(server), TaskResult::Probed(probed))
                }));
                true
            }
            Candidate::Name(_) | Candidate::Server(_) => false,
        }
    }

    fn take_addresses(&mut self, name: &MetaAddr, addresses: Vec<SocketAddr>) {
        let mut addresses = families_in_turn(addresses);
        if let Some(preferred) = &self.preferred {
            addresses.sort_by_key(|address| *address != preferred.address);
        }
        let servers = addresses.into_iter();
        self.ask_next(
            servers.map(|address| Candidate::Server(ServerAddr { named: name.clone(), address })),
        );
    }

    /// Puts candidates in front of all that wait.
    fn ask_next(&mut self, candidates: impl DoubleEndedIterator<Item = Candidate>) {
        for candidate in candidates.rev() {
            self.waiting.push_front(candidate);
        }
    }
}

/// Sorts addresses so that IPv4 and IPv6 alternate, starting with the family of the first address. If a
/// machine cannot reach one of the two families, this costs one turn, however many addresses there are.
fn families_in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut counts = [0_usize; 2];
    let mut in_turn: Vec<(usize, SocketAddr)> = addresses
        .into_iter()
        .map(|address| {
            let count = &mut counts[usize::from(address.is_ipv6())];
            *count += 1;
            (*count, address)
        })
        .collect();
    in_turn.sort_by_key(|(turn, _)| *turn);
    in_turn.into_iter().map(|(_, address)| address).collect()
}

/// Returns what a probe has found out, as it continues the name of the server.
fn words(probed: &Probed) -> String {
    match probed {
        Ok(_) => "is the leader".to_owned(),
        Err(failure) => failure.with_code(),
    }
}

async fn resolve(seams: &Seams, name: &MetaAddr, until: Deadline) -> TaskResult {
    let resolved = until.limit(seams.resolver.resolve(name)).await;
    TaskResult::Probed(Err(match resolved {
        Some(Ok(addresses)) if !addresses.is_empty() => return TaskResult::Addresses(addresses),
        Some(Ok(_)) => Failure::NoAddress,
        Some(Err(error)) => Failure::Unresolved(Why::Io(Arc::new(error))),
        None => Failure::Unresolved(Why::Timeout),
    }))
}

/// Asks one server whether it is the leader. The request is the only RPC whose response names the leader.
/// It changes nothing, and servers of every generation have it.
async fn probe(seams: &Seams, server: &ServerAddr, table: &str, until: Deadline) -> Probed {
    let connection = Connection::open(seams, server, until).await.map_err(Failure::Unreachable)?;
    let answer = match connection.call::<QueryConfig>(&who_leads(table), until).await {
        Ok(answer) => answer,
        Err(CallError::Lost(Why::Timeout) | CallError::NotSent(Why::Timeout)) => {
            return Err(if connection.has_received() {
                Failure::Unfinished
            } else {
                Failure::Silent
            });
        }
        Err(CallError::Lost(why) | CallError::NotSent(why)) => return Err(Failure::Lost(why)),
        Err(CallError::Framework(code)) => return Err(Failure::NoMetaServer(code)),
    };
    match answer.err {
        ErrorCode::ForwardToOthers => {
            let partitions = answer.partitions.as_deref().unwrap_or_default();
            let leaders = partitions.first().map(named_leaders).unwrap_or_default();
            Err(Failure::Follower { leaders })
        }
        code if code.says_not_applied() => Err(Failure::NotReady(code)),
        _ => Ok(Arc::new(connection)),
    }
}

fn who_leads(table: &str) -> QueryConfigRequest {
    QueryConfigRequest { app_name: table.to_owned(), partition_indices: vec![0] }
}

/// Returns whether the server still responds as a leader that has started.
pub(crate) async fn still_leads(connection: &Connection, table: &str, until: Deadline) -> bool {
    let answer = connection.call::<QueryConfig>(&who_leads(table), until).await;
    answer.is_ok_and(|answer| !answer.err.says_not_applied())
}

/// Returns the addresses under which a follower names the leader: an IP address, a host name, or both.
/// Either may be of no use on this machine, for example an address inside another network.
fn named_leaders(config: &PartitionConfig) -> Vec<MetaAddr> {
    let by_address = config.primary.0.map(|address| MetaAddr::from(SocketAddr::V4(address)));
    let by_name = config.hp_primary.as_ref();
    let by_name =
        by_name.and_then(|HostPort { host, port, .. }| MetaAddr::from_host_and_port(host, *port));
    by_address.into_iter().chain(by_name).collect()
}
