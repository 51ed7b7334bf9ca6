//! The client for callers without an async runtime of their own: C, Python's `Client`, the CLI.

use std::time::Duration;

use super::{Client, DuplicationSpec, Selector, TablePattern};
use crate::error::Result;
use crate::outcome::{Change, Duplication, FailMode, Outcome, Removal};

/// A [`Client`] whose calls block. Brings its own runtime (one background thread), which starts
/// with the first call and ends with the last clone. May be used from many threads at once.
#[derive(Debug, Clone)]
pub struct BlockingClient {
    client: Client,
}

impl BlockingClient {
    /// Makes the calls of `client` blocking.
    pub fn new(client: Client) -> BlockingClient {
        BlockingClient { client }
    }

    /// The async client within.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same client, with another time limit for each call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> BlockingClient {
        BlockingClient { client: self.client.with_timeout(timeout) }
    }

    /// Runs any future of the client on this client's runtime, from a thread that is in no runtime.
    pub fn block_on<F: Future>(&self, _future: F) -> Result<F::Output> {
        todo!()
    }

    /// [`Client::add`], blocking.
    pub fn add(&self, spec: &DuplicationSpec) -> Result<Outcome<Duplication>> {
        self.block_on(self.client.add(spec))?
    }
    /// [`Client::query`], blocking.
    pub fn query(&self, table: &str) -> Result<Vec<Duplication>> {
        self.block_on(self.client.query(table))?
    }
    /// [`Client::list`], blocking.
    pub fn list(&self, tables: &TablePattern) -> Result<Vec<Duplication>> {
        self.block_on(self.client.list(tables))?
    }
    /// [`Client::start`], blocking.
    pub fn start(&self, table: &str, which: &Selector) -> Result<Change<Duplication>> {
        self.block_on(self.client.start(table, which))?
    }
    /// [`Client::pause`], blocking.
    pub fn pause(&self, table: &str, which: &Selector) -> Result<Change<Duplication>> {
        self.block_on(self.client.pause(table, which))?
    }
    /// [`Client::remove`], blocking.
    pub fn remove(&self, table: &str, which: &Selector) -> Result<Removal<Duplication>> {
        self.block_on(self.client.remove(table, which))?
    }
    /// [`Client::set_fail_mode`], blocking.
    pub fn set_fail_mode(
        &self,
        table: &str,
        which: &Selector,
        mode: FailMode,
    ) -> Result<Change<Duplication>> {
        self.block_on(self.client.set_fail_mode(table, which, mode))?
    }
}
