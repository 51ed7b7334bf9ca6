//! Finds the leader among the meta servers of a cluster, keeps the connection to it, and finds the next
//! leader after a change.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::MetaAddr;
use super::address::ServerAddr;
use super::connection::{Connection, Seams};
use super::durations::{PAUSE, POLL, QUIET};
use super::round::{Candidate, Failure, Round};
use super::seams::{Deadline, Random};
use crate::error::{Error, ErrorKind, Result};

/// A hint for a server that accepts a connection and never responds.
const MAY_REQUIRE_KERBEROS: &str = "a server that accepts the connection and never responds may require Kerberos, which is not supported";

/// A pause that doubles with each try.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    next: Duration,
    most: Duration,
    random: Random,
}

impl Backoff {
    /// Sleeps, but not beyond the deadline. Returns whether there is time left.
    pub(crate) async fn sleep(&mut self, deadline: Deadline) -> bool {
        let pause = self.next();
        deadline.sleep(pause).await
    }

    /// Returns the length of the next pause.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.random.jitter(self.next);
        self.next = (self.next * 2).min(self.most);
        pause
    }
}

/// The meta servers of one cluster.
#[derive(Debug)]
pub(crate) struct MetaServers {
    listed: Arc<[MetaAddr]>,
    seams: Seams,
    random: Random,
    memory: Mutex<Memory>,
    /// Allows one search at a time. Other calls wait for its result.
    searching: Semaphore,
}

/// What the client remembers about the leader.
#[derive(Debug, Default)]
struct Memory {
    /// The leader in use.
    known: Option<Known>,
    /// The server that was the leader last. The next search asks it first, if it is still listed or still
    /// an address of a listed name.
    last: Option<ServerAddr>,
}

/// The leader in use. A leader that was found fresh stays fresh for a while, also for later calls.
#[derive(Debug)]
struct Known {
    connection: Arc<Connection>,
    fresh_until: Option<Deadline>,
}

/// The connection to a leader, and whether the leader may be new.
#[derive(Debug, Clone)]
pub(crate) struct Leader {
    pub(crate) connection: Arc<Connection>,
    /// Whether the cluster had no leader for a while, or a leader that was not ready. This leader may then
    /// serve requests before it has read its duplications back.
    pub(crate) fresh: bool,
}

impl MetaServers {
    pub(crate) fn new(listed: Arc<[MetaAddr]>, seams: Seams, random: Random) -> MetaServers {
        let memory = Mutex::default();
        MetaServers { listed, seams, random, memory, searching: Semaphore::new(1) }
    }

    /// Returns a new sequence of pauses between tries.
    pub(crate) fn backoff(&self) -> Backoff {
        Backoff { next: PAUSE.0, most: PAUSE.1, random: self.random.clone() }
    }

    /// Returns a new sequence of pauses between reads that wait for something to happen.
    pub(crate) fn polling(&self) -> Backoff {
        Backoff { next: POLL.0, most: POLL.1, random: self.random.clone() }
    }

    /// Returns a text that no other call has.
    pub(crate) fn unique(&self) -> String {
        self.random.unique()
    }

    /// Returns the servers that the caller has listed.
    pub(crate) fn listed(&self) -> &[MetaAddr] {
        &self.listed
    }

    /// Returns whether two servers are certainly not the same process: the caller has listed both, each
    /// under another name and with another address.
    pub(crate) fn are_distinct(&self, one: &ServerAddr, other: &ServerAddr) -> bool {
        let listed = |server: &ServerAddr| self.listed.contains(&server.named);
        one.named != other.named && one.address != other.address && listed(one) && listed(other)
    }

    /// Returns the leader in use, unless its connection has ended.
    fn known(&self) -> Option<Leader> {
        let memory = self.memory();
        let known = memory.known.as_ref().filter(|known| !known.connection.is_closed())?;
        let fresh = known.fresh_until.is_some_and(|until| !until.is_past());
        Some(Leader { connection: known.connection.clone(), fresh })
    }

    /// Returns whether [`MetaServers::leader`] returns without waiting.
    pub(crate) fn has_leader(&self) -> bool {
        self.known().is_some()
    }

    /// Returns the connection to the leader, and opens it if necessary. The question to the servers names
    /// `table`, which need not exist.
    pub(crate) async fn leader(&self, table: &str, deadline: Deadline) -> Result<Leader> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let turn = deadline.limit(self.searching.acquire()).await;
        let Some(Ok(_turn)) = turn else {
            return Err(Error::new(ErrorKind::Timeout, "the leader was not found in time"));
        };
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let found = self.search(table, deadline).await?;
        tracing::debug!(server = %found.connection.server, "found the leader");
        let known = Known {
            connection: found.connection.clone(),
            fresh_until: found.fresh.then(|| Deadline::after(QUIET)),
        };
        *self.memory() = Memory { known: Some(known), last: Some(found.connection.server.clone()) };
        Ok(found)
    }

    /// Stops using this connection as the one to the leader.
    pub(crate) fn forget(&self, connection: &Arc<Connection>) {
        let mut memory = self.memory();
        if memory.known.as_ref().is_some_and(|known| Arc::ptr_eq(&known.connection, connection)) {
            memory.known = None;
        }
    }

    async fn search(&self, table: &str, deadline: Deadline) -> Result<Leader> {
        let mut backoff = self.backoff();
        let mut hopeless = 0;
        let mut fresh = false;
        loop {
            let failures = match self.ask(table, deadline).await {
                Ok((connection, others)) => {
                    fresh |= others.iter().any(|(_, failure)| failure.shows_a_change());
                    return Ok(Leader { connection, fresh });
                }
                Err(failures) => failures,
            };
            fresh = true;
            // If no server can be reached, a wrong address is more likely than a restart of all servers.
            hopeless += u32::from(failures.iter().all(|(_, failure)| failure.is_hopeless()));
            if hopeless == 2 || !backoff.sleep(deadline).await {
                return Err(explain(&failures));
            }
        }
    }

    /// Asks the servers whether they are the leader, until one confirms it.
    async fn ask(
        &self,
        table: &str,
        deadline: Deadline,
    ) -> Result<(Arc<Connection>, Failures), Failures> {
        let mut round = self.round(table, deadline);
        let mut failures = Failures::new();
        while let Some((candidate, probed)) = round.next().await {
            match probed {
                Ok(connection) => return Ok((connection, failures)),
                Err(failure) => failures.push((candidate, failure)),
            }
        }
        Err(failures)
    }

    /// Starts a round of questions to each address of each listed server, and to the servers that
    /// followers name as the leader.
    pub(crate) fn round<'a>(&'a self, table: &'a str, deadline: Deadline) -> Round<'a> {
        Round::new(&self.seams, &self.listed, self.memory().last.clone(), table, deadline)
    }

    /// Returns the position of a server in the list, or the length of the list if it is not listed.
    pub(crate) fn place(&self, candidate: &Candidate) -> usize {
        let named = match candidate {
            Candidate::Name(named) => named,
            Candidate::Server(server) => &server.named,
        };
        let place = self.listed.iter().position(|listed| listed == named);
        place.unwrap_or(self.listed.len())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The servers that are not the leader, each with the reason.
type Failures = Vec<(Candidate, Failure)>;

/// Returns the error for a cluster in which no server is the leader.
fn explain(failures: &Failures) -> Error {
    let all = |is: fn(&Failure) -> bool| failures.iter().all(|(_, failure)| is(failure));
    let silent = failures.iter().any(|(_, failure)| matches!(failure, Failure::Silent));
    let kind = if all(|failure| matches!(failure, Failure::Silent | Failure::Unfinished)) {
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
    // The code of a single server is a field of the error. The codes of several appear in the message.
    let several = failures.len() > 1;
    let tried: Vec<String> = failures
        .iter()
        .map(|(server, failure)| match failure.code().filter(|_| several) {
            Some(code) => format!("{server} {failure} ({code})"),
            None => format!("{server} {failure}"),
        })
        .collect();
    let message = if tried.is_empty() {
        "no meta server responded in time; nothing was sent".to_owned()
    } else {
        format!("no meta server is the leader; nothing was sent: {}", tried.join("; "))
    };
    let mut error = Error::new(kind, message);
    let short = failures.iter().find_map(|(_, failure)| failure.advice());
    if let Some(advice) = short {
        error = error.with_hint(advice);
    } else if silent && !failures.iter().any(|(_, failure)| failure.has_answered()) {
        error = error.with_hint(MAY_REQUIRE_KERBEROS);
    } else if silent {
        error = error.with_hint(
            "the server that does not respond may be the leader: check that server, or try again when another server is the leader",
        );
    } else if kind == ErrorKind::Protocol {
        error = error.with_hint(
            "check that these are the addresses of meta servers (port 34601 by default) and not of replica servers",
        );
    } else if all(Failure::is_nobody_there) {
        error = error.with_hint("check the addresses, and whether the meta servers are running");
    }
    if let [(server, failure)] = failures.as_slice() {
        error = error.with_server(server);
        if let Some(code) = failure.code() {
            error = error.with_code(code);
        }
        if let Failure::Unresolved(why) | Failure::Unreachable(why) | Failure::Lost(why) = failure {
            error = error.with_source(why.clone());
        }
    }
    error
}
