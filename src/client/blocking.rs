//! The client for callers without an async runtime of their own: C, Python's `Client`, scripts.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::{Client, DuplicationSpec, Mode, Selector, TablePattern};
use crate::error::{Error, ErrorKind, Result};
use crate::info::Info;
use crate::outcome::{Change, Duplication, FailMode, Outcome, Removal, TableDuplications};
use crate::threads;

/// A [`Client`] whose calls block. It brings its own runtime of one background thread, which starts
/// with the first call and ends with the last clone. May be used from many threads at once, but not
/// from within an async runtime, nor in a forked child of the process that made its first call.
#[derive(Debug, Clone)]
pub struct BlockingClient {
    client: Client,
    runtime: Arc<LazyRuntime>,
}

/// A thread that is started when it is first needed, which may fail: then the next call tries again.
#[derive(Debug, Default)]
struct LazyRuntime(OnceCell<Background>);

/// The thread that connections run on, so that a server which closes a connection between two calls is
/// noticed before the second one is sent. It ends once this is dropped, and nobody waits for that.
#[derive(Debug)]
struct Background {
    runtime: Handle,
    _until_dropped: oneshot::Sender<()>,
}

impl Background {
    // Not tokio's own threads: where the system has none left, those panic.
    fn start() -> io::Result<Background> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (until_dropped, dropped) = oneshot::channel();
        let run = move || {
            // An error is the other end gone, which is what this waits for.
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

/// The error of a call that could not begin.
pub(crate) fn cannot_start(why: io::Error) -> Error {
    let message = format!("the client could not be started, and nothing was sent: {why}");
    let error = Error::new(ErrorKind::Unavailable, message);
    match threads::advice(&why) {
        Some(advice) => error.with_hint(advice),
        None => error,
    }
    .with_source(why)
}

impl BlockingClient {
    /// Makes the calls of `client` blocking.
    pub fn new(client: Client) -> BlockingClient {
        BlockingClient { client, runtime: Arc::default() }
    }

    /// The async client within.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same client, with another time limit for each call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> BlockingClient {
        BlockingClient { client: self.client.with_timeout(timeout), runtime: self.runtime.clone() }
    }

    /// The same client, with another way to add.
    #[must_use]
    pub fn with_mode(&self, mode: Mode) -> BlockingClient {
        BlockingClient { client: self.client.with_mode(mode), runtime: self.runtime.clone() }
    }

    /// The runtime that the calls run on.
    ///
    /// # Errors
    ///
    /// Unavailable where its thread can't be started.
    pub fn runtime(&self) -> Result<&Handle> {
        self.runtime.handle()
    }

    /// Runs a future of the client on the calling thread, its connections on the background one.
    ///
    /// # Errors
    ///
    /// InvalidArgument from within an async runtime, which would block; Unavailable where the
    /// background thread can't be started.
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output> {
        if Handle::try_current().is_ok() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a blocking client was called from within an async runtime",
            )
            .with_hint("use the async client there"));
        }
        Ok(self.runtime.handle()?.block_on(future))
    }

    /// [`Client::add`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::add`], and as [`BlockingClient::block_on`].
    pub fn add(&self, spec: &DuplicationSpec) -> Result<Outcome<Duplication>> {
        self.block_on(self.client.add(spec))?
    }

    /// [`Client::query`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::query`], and as [`BlockingClient::block_on`].
    pub fn query(&self, table: &str) -> Result<Vec<Duplication>> {
        self.block_on(self.client.query(table))?
    }

    /// [`Client::list`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::list`], and as [`BlockingClient::block_on`].
    pub fn list(&self, tables: &TablePattern) -> Result<Vec<Duplication>> {
        self.block_on(self.client.list(tables))?
    }

    /// [`Client::list_by_table`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::list_by_table`], and as [`BlockingClient::block_on`].
    pub fn list_by_table(&self, tables: &TablePattern) -> Result<Vec<TableDuplications>> {
        self.block_on(self.client.list_by_table(tables))?
    }

    /// [`Client::start`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::start`], and as [`BlockingClient::block_on`].
    pub fn start(&self, table: &str, which: &Selector) -> Result<Change<Duplication>> {
        self.block_on(self.client.start(table, which))?
    }

    /// [`Client::pause`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::pause`], and as [`BlockingClient::block_on`].
    pub fn pause(&self, table: &str, which: &Selector) -> Result<Change<Duplication>> {
        self.block_on(self.client.pause(table, which))?
    }

    /// [`Client::remove`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::remove`], and as [`BlockingClient::block_on`].
    pub fn remove(&self, table: &str, which: &Selector) -> Result<Removal<Duplication>> {
        self.block_on(self.client.remove(table, which))?
    }

    /// [`Client::info`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::info`], and as [`BlockingClient::block_on`].
    pub fn info(&self) -> Result<Info> {
        self.block_on(self.client.info())?
    }

    /// [`Client::set_fail_mode`], blocking.
    ///
    /// # Errors
    ///
    /// As [`Client::set_fail_mode`], and as [`BlockingClient::block_on`].
    pub fn set_fail_mode(
        &self,
        table: &str,
        which: &Selector,
        mode: FailMode,
    ) -> Result<Change<Duplication>> {
        self.block_on(self.client.set_fail_mode(table, which, mode))?
    }
}
