//! The blocking client, for callers without an async runtime. Its operations are declared in the parent
//! module.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::handle::Client;
use super::spec::Mode;
use crate::error::{Error, ErrorKind, Result};
use crate::threads;

/// A [`Client`] whose calls block. It has its own runtime with one background thread, which starts with
/// the first call and ends with the last clone. Any number of threads may use it at the same time. It
/// cannot be used from within an async runtime, nor in a forked child of the process that made the first
/// call.
#[derive(Debug, Clone)]
pub struct BlockingClient {
    client: Client,
    runtime: Arc<LazyRuntime>,
}

/// A background thread that starts on first use. If that fails, the next call tries again.
#[derive(Debug, Default)]
struct LazyRuntime(OnceCell<Background>);

/// The thread that runs the connections. It notices a connection that the server closes between two calls
/// before the second request is sent. The thread ends after this value is dropped, and nothing waits for
/// that.
#[derive(Debug)]
struct Background {
    runtime: Handle,
    _until_dropped: oneshot::Sender<()>,
}

impl Background {
    // Tokio's own threads are not used, because tokio panics if the system cannot start a thread.
    fn start() -> io::Result<Background> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (until_dropped, dropped) = oneshot::channel();
        let run = move || {
            // The error says that the sender was dropped, for which this thread waits.
            let _ = runtime.block_on(dropped);
            runtime.shutdown_background();
        };
        thread::Builder::new().name("pegasus-dup".to_owned()).spawn(run)?;
        Ok(Background { runtime: handle, _until_dropped: until_dropped })
    }
}

impl LazyRuntime {
    fn handle(&self) -> Result<&Handle> {
        let background = self.0.get_or_try_init(Background::start).map_err(cannot_start)?;
        Ok(&background.runtime)
    }
}

/// Returns the error for a call that could not start.
pub(crate) fn cannot_start(why: io::Error) -> Error {
    let message = format!("the client could not start, and nothing was sent: {why}");
    let error = Error::new(ErrorKind::Unavailable, message);
    match threads::advice(&why) {
        Some(advice) => error.with_hint(advice),
        None => error,
    }
    .with_source(why)
}

impl BlockingClient {
    /// Returns a blocking client that makes its calls with `client`.
    pub fn new(client: Client) -> BlockingClient {
        BlockingClient { client, runtime: Arc::default() }
    }

    /// Returns the async client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns a client with another timeout for each call. Both clients share their connections.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> BlockingClient {
        BlockingClient { client: self.client.with_timeout(timeout), runtime: self.runtime.clone() }
    }

    /// Returns a client with another mode for adds. Both clients share their connections.
    #[must_use]
    pub fn with_mode(&self, mode: Mode) -> BlockingClient {
        BlockingClient { client: self.client.with_mode(mode), runtime: self.runtime.clone() }
    }

    /// Returns the runtime on which the connections run.
    ///
    /// # Errors
    ///
    /// Fails with `Unavailable` if the background thread cannot be started.
    pub fn runtime(&self) -> Result<&Handle> {
        self.runtime.handle()
    }

    /// Runs a future of the client on the calling thread. The connections run on the background thread.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if it is called from within an async runtime, which it would block, and
    /// with `Unavailable` if the background thread cannot be started.
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        if Handle::try_current().is_ok() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a blocking client was called from within an async runtime",
            )
            .with_hint("use the async client within an async runtime"));
        }
        Ok(self.runtime.handle()?.block_on(future))
    }
}
