//! [`Client`], which offers every operation as a method.

use std::sync::Arc;
use std::time::Duration;

use super::core::{Call, Core};
use super::modify::Goal;
use super::spec::{DuplicationSpec, Mode, Selector, TablePattern};
use super::{add, info, list, modify, query};
use crate::error::Result;
use crate::info::Info;
use crate::outcome::{Change, Duplication, FailMode, Outcome, Removal, TableDuplications};
use crate::transport::seams::Deadline;

/// A client of one cluster's meta servers. Cheap to clone; clones share their connections. Its
/// calls need a tokio runtime with time and I/O; without one use [`BlockingClient`](super::blocking::BlockingClient).
///
/// Every call ends within the client's timeout. Dropping a call's future cancels it: what was not
/// sent by then never is, and what was sent and is not settled stays in [`Client::unsettled`].
#[derive(Debug, Clone)]
pub struct Client {
    core: Arc<Core>,
    timeout: Duration,
    mode: Mode,
}

impl Client {
    pub(crate) fn new(core: Core, timeout: Duration, mode: Mode) -> Client {
        Client { core: Arc::new(core), timeout, mode }
    }

    /// The same client, with another time limit for each call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Client {
        Client { timeout, ..self.clone() }
    }

    /// The same client, with another way to add.
    #[must_use]
    pub fn with_mode(&self, mode: Mode) -> Client {
        Client { mode, ..self.clone() }
    }

    /// The time limit of each call.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Adds a duplication, and tells what became of it (RPC_CM_ADD_DUPLICATION between two
    /// askings). Adds and changes of one (table, cluster) from one client go one after the other.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::OutcomeUnknown`] where an add was sent and nothing tells what it did;
    /// any other kind means that this call created nothing.
    pub async fn add(&self, spec: &DuplicationSpec) -> Result<Outcome<Duplication>> {
        add::add(self.call(), spec).await
    }

    /// The duplications of one table, in dupid order (RPC_CM_LIST_DUPLICATION, or
    /// RPC_CM_QUERY_DUPLICATION where the server lacks it). Changes nothing.
    ///
    /// # Errors
    ///
    /// TableNotFound, PermissionDenied, Unavailable, Timeout, Protocol.
    pub async fn query(&self, table: &str) -> Result<Vec<Duplication>> {
        query::query(self.call(), table).await
    }

    /// The duplications of many tables, by table name and dupid. Changes nothing.
    ///
    /// # Errors
    ///
    /// PermissionDenied, Unavailable, Timeout, Protocol.
    pub async fn list(&self, tables: &TablePattern) -> Result<Vec<Duplication>> {
        list::list(self.call(), tables).await
    }

    /// The same by table, by table name. Tables without a duplication are there too, and each table
    /// tells its number of partitions. Changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Client::list`].
    pub async fn list_by_table(&self, tables: &TablePattern) -> Result<Vec<TableDuplications>> {
        list::list_by_table(self.call(), tables).await
    }

    /// Lets a paused one run again (RPC_CM_MODIFY_DUPLICATION). One that runs, or is about to, is
    /// left alone.
    ///
    /// # Errors
    ///
    /// DuplicationNotFound; Unsupported where the server's generation isn't known; OutcomeUnknown
    /// where it was sent and nothing tells what it did; any other kind means that nothing changed.
    pub async fn start(&self, table: &str, which: &Selector) -> Result<Change<Duplication>> {
        modify::change(self.call(), table, which, Goal::Running).await
    }

    /// Pauses one (RPC_CM_MODIFY_DUPLICATION). Writes pile up in this cluster until it is started.
    ///
    /// # Errors
    ///
    /// As [`Client::start`]; WrongState for one that has not come to DS_LOG yet.
    pub async fn pause(&self, table: &str, which: &Selector) -> Result<Change<Duplication>> {
        modify::change(self.call(), table, which, Goal::Paused).await
    }

    /// Removes one (RPC_CM_MODIFY_DUPLICATION). The remote table keeps what it has. One that is being
    /// removed already (DS_REMOVED) is waited for until it is gone, and then isn't there.
    ///
    /// # Errors
    ///
    /// As [`Client::start`], but for one that isn't there: that is [`Removal::NotFound`].
    pub async fn remove(&self, table: &str, which: &Selector) -> Result<Removal<Duplication>> {
        modify::remove(self.call(), table, which).await
    }

    /// Sets what one does with writes that the remote cluster refuses (RPC_CM_MODIFY_DUPLICATION).
    /// Its status stays.
    ///
    /// # Errors
    ///
    /// As [`Client::start`]; InvalidArgument for [`FailMode::Unknown`].
    pub async fn set_fail_mode(
        &self,
        table: &str,
        which: &Selector,
        mode: FailMode,
    ) -> Result<Change<Duplication>> {
        modify::change(self.call(), table, which, Goal::FailMode(mode)).await
    }

    /// What the meta servers are: which of them can be reached, which leads, and of which version and
    /// generation the leader is (RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX to each server, then
    /// RPC_CM_LIST_DUPLICATION, RPC_CM_GET_MAX_REPLICA_COUNT and `GET /version` to the leader).
    /// Changes nothing. That no server leads, or that the stated generation is wrong, is no error
    /// here: the result says so.
    ///
    /// # Errors
    ///
    /// None of its own; others may come.
    pub async fn info(&self) -> Result<Info> {
        Ok(info::info(self.call()).await)
    }

    /// The adds and changes that this client (or a clone) has sent, or is about to, and whose
    /// effect is not known: under way, cancelled, or ended in OutcomeUnknown. In words, in the
    /// order they were sent, the latest thousand.
    pub fn unsettled(&self) -> Vec<String> {
        self.core.unsettled.all()
    }

    /// Returns what a call that starts now works with.
    fn call(&self) -> Call<'_> {
        Call { core: &self.core, mode: self.mode, deadline: Deadline::after(self.timeout) }
    }
}
