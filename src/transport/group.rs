//! A group of meta servers: its leader is looked for, kept, and looked for again when it has gone.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::MetaAddr;
use super::connection::{CallError, Connection, Seams, Why};
use super::seams::{Deadline, Random};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::bare::HostPort;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{PartitionConfig, QueryConfig, QueryConfigRequest};

/// How long one server may keep silent before the next one is asked too.
const STAGGER: Duration = Duration::from_millis(250);
/// How long one server may take to answer the question whether it leads.
const PROBE: Duration = Duration::from_secs(3);
/// Pause before all are asked again, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// How long nothing must be listed, after the leader may have changed, before that is believed: a new
/// leader serves before it has read its duplications back. A window longer than this nobody can see.
pub(crate) const QUIET: Duration = Duration::from_secs(2);

/// What a server may be about that takes a connection and never answers.
pub(crate) const MAY_REQUIRE_KERBEROS: &str = "a server that takes the connection and never answers may require Kerberos, which is not supported";

/// A pause that doubles from try to try.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    next: Duration,
    random: Random,
}

impl Backoff {
    /// Sleeps, until the deadline at most. Whether there is time left.
    pub(crate) async fn sleep(&mut self, deadline: Deadline) -> bool {
        let pause = self.random.jitter(self.next);
        self.next = (self.next * 2).min(PAUSE.1);
        deadline.sleep(pause).await
    }
}

/// The meta servers of one cluster.
#[derive(Debug)]
pub(crate) struct MetaGroup {
    listed: Arc<[MetaAddr]>,
    seams: Seams,
    random: Random,
    leader: Mutex<Option<Known>>,
    /// One search at a time: the others wait for what it finds.
    searching: Semaphore,
}

/// The leader in use. One that was found fresh stays so for a while, for later calls too.
#[derive(Debug)]
struct Known {
    connection: Arc<Connection>,
    fresh_until: Option<Deadline>,
}

/// A leader, and how it was found.
#[derive(Debug, Clone)]
pub(crate) struct Leader {
    pub(crate) connection: Arc<Connection>,
    /// The group had no leader for a while, or one that was not ready: this one may serve before it
    /// has read its duplications back.
    pub(crate) fresh: bool,
}

impl MetaGroup {
    pub(crate) fn new(listed: Arc<[MetaAddr]>, seams: Seams, random: Random) -> MetaGroup {
        let leader = Mutex::new(None);
        MetaGroup { listed, seams, random, leader, searching: Semaphore::new(1) }
    }

    pub(crate) fn backoff(&self) -> Backoff {
        Backoff { next: PAUSE.0, random: self.random.clone() }
    }

    fn known(&self) -> Option<Leader> {
        let leader = self.leader.lock().unwrap_or_else(PoisonError::into_inner);
        let known = leader.as_ref().filter(|known| !known.connection.is_closed())?;
        let fresh = known.fresh_until.is_some_and(|until| !until.is_past());
        Some(Leader { connection: known.connection.clone(), fresh })
    }

    /// Whether asking for the leader needs no waiting.
    pub(crate) fn has_leader(&self) -> bool {
        self.known().is_some()
    }

    /// A connection to the leader: the one in use, or a new one. `table` is what the servers are
    /// asked about; any name does.
    pub(crate) async fn leader(&self, table: &str, deadline: Deadline) -> Result<Leader> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let turn = deadline.limit(self.searching.acquire()).await;
        let Some(Ok(_turn)) = turn else {
            return Err(Error::new(ErrorKind::Timeout, "the leader was still being looked for"));
        };
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let found = self.search(table, deadline).await?;
        tracing::debug!(server = %found.connection.server, "found the leader");
        *self.leader.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known {
            connection: found.connection.clone(),
            fresh_until: found.fresh.then(|| Deadline::after(QUIET)),
        });
        Ok(found)
    }

    /// Stops taking that server for the leader.
    pub(crate) fn forget(&self, connection: &Arc<Connection>) {
        let mut leader = self.leader.lock().unwrap_or_else(PoisonError::into_inner);
        if leader.as_ref().is_some_and(|known| Arc::ptr_eq(&known.connection, connection)) {
            *leader = None;
        }
    }

    async fn search(&self, table: &str, deadline: Deadline) -> Result<Leader> {
        let mut backoff = self.backoff();
        let mut hopeless = 0;
        let mut fresh = false;
        loop {
            let failures = match self.ask_all(table, deadline).await {
                Ok((connection, others)) => {
                    fresh |= others.iter().any(|(_, failure)| failure.shows_a_change());
                    return Ok(Leader { connection, fresh });
                }
                Err(failures) => failures,
            };
            fresh = true;
            // Nobody there at all is more likely a wrong address than a group that restarts.
            hopeless += u32::from(failures.iter().all(|(_, failure)| failure.is_hopeless()));
            if hopeless == 2 || !backoff.sleep(deadline).await {
                return Err(explain(&failures));
            }
        }
    }

    /// Asks the servers, each a while after the one before it or as soon as that one fails, which of
    /// them leads; those that they name are asked next.
    async fn ask_all(
        &self,
        table: &str,
        deadline: Deadline,
    ) -> Result<(Arc<Connection>, Failures), Failures> {
        let mut waiting: Vec<MetaAddr> = self.listed.iter().rev().cloned().collect();
        let mut asked: Vec<MetaAddr> = Vec::new();
        let mut probes = JoinSet::new();
        let mut failures = Failures::new();
        loop {
            if let Some(server) = waiting.pop() {
                if asked.contains(&server) {
                    continue;
                }
                asked.push(server.clone());
                let (seams, table) = (self.seams.clone(), table.to_owned());
                let until = deadline.or_after(PROBE);
                probes.spawn(async move {
                    let probed = probe(&seams, &server, &table, until).await;
                    (server, probed)
                });
            }
            let next = if waiting.is_empty() { PROBE * 2 } else { STAGGER };
            match Deadline::after(next).limit(probes.join_next()).await {
                None => {}
                Some(None) if waiting.is_empty() => return Err(failures),
                Some(None) => {}
                Some(Some(Ok((_, Ok(connection))))) => return Ok((connection, failures)),
                Some(Some(Ok((server, Err(failure))))) => {
                    if let Failure::Follower { leader: Some(leader) } = &failure {
                        waiting.push(leader.clone());
                    }
                    failures.push((server, failure));
                }
                Some(Some(Err(_))) => {}
            }
        }
    }
}

type Failures = Vec<(MetaAddr, Failure)>;

/// Why a server isn't the leader, or can't be told to be.
#[derive(Debug)]
enum Failure {
    Unreachable(Why),
    Silent,
    Lost(Why),
    Follower { leader: Option<MetaAddr> },
    NotReady(ErrorCode),
    NoMetaServer(ErrorCode),
}

impl Failure {
    fn is_hopeless(&self) -> bool {
        match self {
            Failure::Unreachable(why) => !matches!(why, Why::Timeout),
            Failure::NoMetaServer(_) => true,
            Failure::Lost(why) => why.is_garbage(),
            Failure::Silent | Failure::Follower { .. } | Failure::NotReady(_) => false,
        }
    }

    /// What the server answered, where that is why.
    fn code(&self) -> Option<&ErrorCode> {
        match self {
            Failure::NotReady(code) | Failure::NoMetaServer(code) => Some(code),
            Failure::Unreachable(_)
            | Failure::Silent
            | Failure::Lost(_)
            | Failure::Follower { .. } => None,
        }
    }

    /// Whether it says that the group is changing its leader just now.
    fn shows_a_change(&self) -> bool {
        match self {
            Failure::NotReady(_) => true,
            Failure::Follower { leader } => leader.is_none(),
            Failure::Unreachable(_)
            | Failure::Silent
            | Failure::Lost(_)
            | Failure::NoMetaServer(_) => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unreachable(Why::Io(error)) => write!(f, "cannot be reached: {error}"),
            Failure::Unreachable(why) => write!(f, "cannot be reached: {why}"),
            Failure::Silent => f.write_str("takes the connection and does not answer"),
            Failure::Lost(why) => write!(f, "{why}"),
            Failure::Follower { leader: Some(leader) } => {
                write!(f, "is a follower, and names a leader: leader={leader}")
            }
            Failure::Follower { leader: None } => f.write_str("is a follower, and names no leader"),
            Failure::NotReady(_) => f.write_str("is not ready"),
            Failure::NoMetaServer(_) => f.write_str("is no meta server"),
        }
    }
}

/// The leader that a follower names: by address, else by name.
fn named_leader(config: &PartitionConfig) -> Option<MetaAddr> {
    if let Some(address) = config.primary.0 {
        return Some(MetaAddr::from(SocketAddr::V4(address)));
    }
    let HostPort { host, port, .. } = config.hp_primary.as_ref()?;
    format!("{host}:{port}").parse().ok()
}

/// Asks one server whether it leads, by the one RPC whose answer names the leader. It changes
/// nothing, and every generation has it.
async fn probe(
    seams: &Seams,
    server: &MetaAddr,
    table: &str,
    until: Deadline,
) -> Result<Arc<Connection>, Failure> {
    let connection = Connection::open(seams, server, until).await.map_err(Failure::Unreachable)?;
    let request = QueryConfigRequest { app_name: table.to_owned(), partition_indices: vec![0] };
    let answer = match connection.call::<QueryConfig>(&request, until).await {
        Ok(answer) => answer,
        Err(CallError::Lost(Why::Timeout) | CallError::NotSent(Why::Timeout)) => {
            return Err(Failure::Silent);
        }
        Err(CallError::Lost(why) | CallError::NotSent(why)) => return Err(Failure::Lost(why)),
        Err(CallError::Framework(code)) => return Err(Failure::NoMetaServer(code)),
    };
    match answer.err {
        ErrorCode::ForwardToOthers => {
            let partitions = answer.partitions.as_deref().unwrap_or_default();
            let leader = partitions.first().and_then(named_leader);
            Err(Failure::Follower { leader })
        }
        code if code.says_not_applied() => Err(Failure::NotReady(code)),
        _ => Ok(Arc::new(connection)),
    }
}

/// What it means that no server leads.
fn explain(failures: &Failures) -> Error {
    let silent = failures.iter().any(|(_, failure)| matches!(failure, Failure::Silent));
    let all = |is: fn(&Failure) -> bool| failures.iter().all(|(_, failure)| is(failure));
    let kind = if failures.is_empty() || all(|failure| matches!(failure, Failure::Silent)) {
        ErrorKind::Timeout
    } else if all(|failure| match failure {
        Failure::Lost(why) => why.is_garbage(),
        Failure::NoMetaServer(_) => true,
        _ => false,
    }) {
        ErrorKind::Protocol
    } else {
        ErrorKind::Unavailable
    };
    // One server's code is a field of the error; the codes of several have no other place than this.
    let several = failures.len() > 1;
    let tried: Vec<String> = failures
        .iter()
        .map(|(server, failure)| match failure.code().filter(|_| several) {
            Some(code) => format!("{server} {failure} ({code})"),
            None => format!("{server} {failure}"),
        })
        .collect();
    let message = if tried.is_empty() {
        "no meta server answered in time; nothing was sent".to_owned()
    } else {
        format!("no leader among the meta servers, nothing was sent: {}", tried.join("; "))
    };
    let mut error = Error::new(kind, message);
    if silent {
        error = error.with_hint(MAY_REQUIRE_KERBEROS);
    } else if kind == ErrorKind::Protocol {
        error = error.with_hint(
            "check that the addresses are meta servers' (34601 by default), not replica servers'",
        );
    } else if failures.iter().all(|(_, failure)| matches!(failure, Failure::Unreachable(_))) {
        error = error.with_hint("check the addresses, and that the meta servers run");
    }
    if let [(server, failure)] = failures.as_slice() {
        error = error.with_server(server);
        if let Some(code) = failure.code() {
            error = error.with_code(code);
        }
        if let Failure::Unreachable(why) | Failure::Lost(why) = failure {
            error = error.with_source(why.clone());
        }
    }
    error
}
