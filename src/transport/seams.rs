//! The environment of the client: name resolution, streams, the clock and randomness. A simulation passes
//! in its own, so that the same seed gives the same run.
//!
//! The clock is tokio's, which a simulation can pause. Only this file reads it.

use std::fmt::Debug;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::MetaAddr;
use crate::threads;

/// A stream of bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The future that a [`Resolver`] returns.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Resolves the names of meta servers.
pub trait Resolver: Debug + Send + Sync + 'static {
    /// Returns all addresses of a name, with the port of `name`. The client does not call this for a
    /// host that is an IP address. The client drops the future if it takes too long.
    fn resolve(&self, name: &MetaAddr) -> Resolving;
}

/// Resolves names with the resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, name: &MetaAddr) -> Resolving {
        let (host, port) = (name.host().to_owned(), name.port());
        Box::pin(async move {
            let look_up = move || (host, port).to_socket_addrs().map(Iterator::collect);
            threads::blocking("pegasus-dup-name", look_up).await?
        })
    }
}

/// The future that a [`Connector`] returns.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// Opens streams to meta servers.
pub trait Connector: Debug + Send + Sync + 'static {
    /// Opens a stream to this address. The client drops the future if it takes too long.
    fn connect(&self, to: SocketAddr) -> Connecting;
}

/// Opens TCP connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpConnector;

impl Connector for TcpConnector {
    fn connect(&self, to: SocketAddr) -> Connecting {
        Box::pin(async move {
            let stream = above_standard_streams(TcpStream::connect(to).await?)?;
            // A request is one small write, and a caller waits for the response.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

/// Returns the stream with a file descriptor above 2. If the process has closed stdin, stdout or stderr,
/// a new socket gets that file descriptor, and everything that the process prints would be sent to the
/// server. `try_clone` never uses the file descriptors 0 to 2.
fn above_standard_streams(stream: TcpStream) -> io::Result<TcpStream> {
    if stream.as_raw_fd() > 2 {
        return Ok(stream);
    }
    TcpStream::from_std(stream.into_std()?.try_clone()?)
}

/// The future that a [`VersionLookup`] returns. Its output is `None` if the text cannot be found out.
pub type LookingUp = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// Looks up the version that a meta server reports. The client works without it, but can then not
/// distinguish some generations.
pub trait VersionLookup: Debug + Send + Sync + 'static {
    /// Looks up the version of the server at this address. The client drops the future if it takes too
    /// long.
    fn version(&self, server: SocketAddr) -> LookingUp;

    /// Looks up the name of the cluster in the configuration of the server at this address. The name is
    /// empty if the configuration has none. By default, the name cannot be found out.
    fn cluster_name(&self, server: SocketAddr) -> LookingUp {
        let _ = server;
        Box::pin(std::future::ready(None))
    }
}

/// The time at which something must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline after this time from now.
    #[allow(clippy::disallowed_methods)] // only `Deadline` reads the clock
    pub(crate) fn after(time: Duration) -> Deadline {
        let now = Instant::now();
        // A timeout that does not fit is replaced by a year.
        let year = Duration::from_secs(365 * 24 * 3600);
        Deadline(now.checked_add(time.min(year)).unwrap_or(now))
    }

    /// Returns the time that is left, or 0 if the deadline has passed.
    #[allow(clippy::disallowed_methods)] // only `Deadline` reads the clock
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Returns whether the deadline has passed.
    pub(crate) fn is_past(self) -> bool {
        self.left().is_zero()
    }

    /// Returns the earlier of this deadline and the one after this time from now.
    pub(crate) fn or_after(self, time: Duration) -> Deadline {
        self.min(Deadline::after(time))
    }

    /// Waits for `future`. Returns `None` if the deadline passes first.
    pub(crate) async fn limit<F: Future>(self, future: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.0, future).await.ok()
    }

    /// Sleeps for this time, but not beyond the deadline. Returns whether there is time left.
    pub(crate) async fn sleep(self, time: Duration) -> bool {
        tokio::time::sleep_until(self.or_after(time).0).await;
        !self.is_past()
    }
}

/// Randomness: the jitter of retries, and the proof that a call has created a table.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    generator: Arc<Mutex<fastrand::Rng>>,
    seeded: bool,
}

impl Random {
    /// Returns a generator that starts from the seed, or from a random state if there is none.
    #[allow(clippy::disallowed_methods)] // only `Random` creates a generator
    pub(crate) fn new(seed: Option<u64>) -> Random {
        let generator = seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Random { generator: Arc::new(Mutex::new(generator)), seeded: seed.is_some() }
    }

    /// Returns a random time between half of `time` and all of it. Clients that failed at the same time
    /// then do not retry at the same time.
    pub(crate) fn jitter(&self, time: Duration) -> Duration {
        let share = self.generator().f64();
        time.mul_f64(0.5 + share / 2.0)
    }

    /// Returns a text that no other call has, in this process or in another one.
    #[allow(clippy::disallowed_methods)] // only this file reads the clock
    pub(crate) fn unique(&self) -> String {
        let random = self.generator().u64(..);
        // After a fork, both processes have the same generator. Their process ids differ.
        let process = match self.seeded {
            true => random.rotate_left(32),
            false => RandomState::new().hash_one((std::process::id(), std::time::Instant::now())),
        };
        format!("{random:016x}{process:016x}")
    }

    fn generator(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.generator.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
