//! What the client does not reach for by itself: addresses of names, streams, the clock, randomness.
//! A simulation passes in its own, so that the same seed gives the same run.
//!
//! The clock is tokio's, which a simulation pauses; nothing else in the crate asks it for the time.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::MetaAddr;
use crate::threads;

/// Something that bytes go to and come from.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A future that a [`Resolver`] returns.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Resolves the names of meta servers.
pub trait Resolver: Debug + Send + Sync + 'static {
    /// Returns all addresses of a name, with the port that was given with the name. The client does
    /// not ask for a host that is an IP address, and it limits the time.
    fn resolve(&self, name: &MetaAddr) -> Resolving;
}

/// Resolves names as the operating system does.
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

/// A future that a [`Connector`] returns.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// Opens streams to meta servers.
pub trait Connector: Debug + Send + Sync + 'static {
    /// Opens a stream to that very address. The client limits the time.
    fn connect(&self, to: SocketAddr) -> Connecting;
}

/// Opens TCP connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpConnector;

impl Connector for TcpConnector {
    fn connect(&self, to: SocketAddr) -> Connecting {
        Box::pin(async move {
            let stream = above_standard_streams(TcpStream::connect(to).await?)?;
            // A request is one small write that somebody waits for.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

/// Where the process has stdin, stdout or stderr closed, a socket gets the number of one, and whatever
/// the process prints goes to the server. So the socket moves to another number; `try_clone` takes none
/// of those three.
fn above_standard_streams(stream: TcpStream) -> io::Result<TcpStream> {
    if stream.as_raw_fd() > 2 {
        return Ok(stream);
    }
    TcpStream::from_std(stream.into_std()?.try_clone()?)
}

/// A future that a [`VersionLookup`] returns: the version, or `None` where it can't be had.
pub type LookingUp = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// Looks up which version a meta server says it is. What can't be looked up is not told; everything
/// works without it.
pub trait VersionLookup: Debug + Send + Sync + 'static {
    /// Looks up the version of the server at that very address. The client limits the time.
    fn version(&self, server: SocketAddr) -> LookingUp;
}

/// When something must be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// That much time from now.
    #[allow(clippy::disallowed_methods)] // the one place that asks the clock
    pub(crate) fn after(time: Duration) -> Deadline {
        let now = Instant::now();
        // A timeout too long to add is as good as a year.
        let year = Duration::from_secs(365 * 24 * 3600);
        Deadline(now.checked_add(time.min(year)).unwrap_or(now))
    }

    /// The time left, 0 when it is past.
    #[allow(clippy::disallowed_methods)] // the one place that asks the clock
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it is past.
    pub(crate) fn is_past(self) -> bool {
        self.left().is_zero()
    }

    /// This one, or that much time from now if that comes first.
    pub(crate) fn or_after(self, time: Duration) -> Deadline {
        self.min(Deadline::after(time))
    }

    /// Waits for `future`, until then.
    pub(crate) async fn limit<F: Future>(self, future: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.0, future).await.ok()
    }

    /// Sleeps that long, or until then if that comes first. Whether there is time left after it.
    pub(crate) async fn sleep(self, time: Duration) -> bool {
        tokio::time::sleep_until(self.or_after(time).0).await;
        !self.is_past()
    }
}

/// Randomness: jitter of retries, nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Random(Arc<Mutex<fastrand::Rng>>);

impl Random {
    /// From a seed; or, without one, other each time.
    #[allow(clippy::disallowed_methods)] // the one place that makes a generator
    pub(crate) fn new(seed: Option<u64>) -> Random {
        Random(Arc::new(Mutex::new(seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed))))
    }

    /// Between half of `time` and all of it, so that clients that failed together don't return
    /// together.
    pub(crate) fn jitter(&self, time: Duration) -> Duration {
        let share = self.0.lock().unwrap_or_else(PoisonError::into_inner).f64();
        time.mul_f64(0.5 + share / 2.0)
    }
}
