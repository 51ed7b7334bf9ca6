//! Reads a table back after a request was sent, over the connection of the request while that exists,
//! otherwise over the connection to the current leader. Meanwhile the response may still arrive.

use std::sync::Arc;
use std::time::Duration;

use super::ask::{self, Asked};
use super::core::Core;
use super::table::queue;
use super::try_error::TryError;
use crate::protocol::messages::Rpc;
use crate::transport::connection::{Connection, Late};
use crate::transport::durations::{QUIET, one_try};
use crate::transport::group::Backoff;
use crate::transport::seams::Deadline;

/// The reads after one request.
pub(crate) struct ReadBack<'a, R> {
    core: &'a Core,
    table: &'a str,
    connection: Arc<Connection>,
    backoff: Backoff,
    deadline: Deadline,
    /// Whether the connection of the request broke, so that another server may be the leader now.
    moved: bool,
    /// When the client may believe that the duplication does not exist, if it stays absent on this
    /// connection until then.
    quiet_at: Option<Deadline>,
    response: &'a mut Late<R>,
}

/// What to do after a read.
#[derive(Debug)]
pub(crate) enum Next<A> {
    /// Read again.
    Read,
    /// Use the response to the request, which has arrived after all.
    Response(A),
    /// Stop, because no time is left.
    Over,
}

/// What a check of the server's queue has shown.
#[derive(Debug)]
pub(crate) enum Queue<A> {
    /// The server has taken the request out of its queue, or has never received it.
    Left,
    /// The request may still be in the queue.
    NotKnown,
    /// The response to the request has arrived after all.
    Response(A),
}

impl<'a, R: Rpc> ReadBack<'a, R> {
    pub(crate) fn new(
        core: &'a Core,
        table: &'a str,
        connection: &Arc<Connection>,
        response: &'a mut Late<R>,
        deadline: Deadline,
    ) -> ReadBack<'a, R> {
        ReadBack {
            core,
            table,
            connection: connection.clone(),
            backoff: core.group.backoff(),
            deadline,
            moved: false,
            quiet_at: None,
            response,
        }
    }

    /// Reads once. If the read fails, the next read goes to the server that is the leader then, and
    /// earlier reads do not count any more.
    pub(crate) async fn read(&mut self) -> Result<Asked, TryError> {
        let table = self.table;
        let read = self
            .read_with(|connection, deadline| async move {
                ask::ask(&connection, table, deadline).await
            })
            .await;
        if let Ok(asked) = &read {
            self.core.unsettled.listed(&asked.duplications);
        }
        read
    }

    /// Works like [`ReadBack::read`], with any other request that reads.
    pub(crate) async fn read_with<T, F>(
        &mut self,
        read: impl FnOnce(Arc<Connection>, Deadline) -> F,
    ) -> Result<T, TryError>
    where
        F: Future<Output = Result<T, TryError>>,
    {
        let read = read(self.connection.clone(), one_try(self.deadline)).await;
        match &read {
            Ok(_) | Err(TryError::Refused(_)) => {}
            Err(TryError::NotApplied(_) | TryError::Call(_)) => {
                self.moved = true;
                self.quiet_at = None;
                let group = &self.core.group;
                group.forget(&self.connection);
                match group.leader(self.table, self.deadline).await {
                    Ok(next) => self.connection = next.connection,
                    Err(error) => tracing::debug!(%error, "no leader to read back from yet"),
                }
            }
        }
        read
    }

    /// Records that the duplication was listed.
    pub(crate) fn there(&mut self) {
        self.quiet_at = None;
    }

    /// Records that the duplication was not listed. Returns whether it has been absent on one connection
    /// for so long that a leader which has not read its duplications back cannot be the reason.
    pub(crate) fn absent(&mut self) -> bool {
        self.quiet_at.get_or_insert_with(|| Deadline::after(QUIET)).is_past()
    }

    /// Returns whether the table is now read over another connection than that of the request.
    pub(crate) fn moved(&self) -> bool {
        self.moved
    }

    /// Checks whether the request has left the server's queue, unless its connection has broken.
    pub(crate) async fn check_queue(&mut self) -> Queue<R::Response> {
        if self.moved || !queue::can_be_checked(&self.connection) {
            return Queue::NotKnown;
        }
        let passed = queue::has_passed(&self.connection, self.table, self.deadline);
        tokio::select! {
            biased;
            Some(response) = self.response.wait(self.deadline) => Queue::Response(response),
            passed = passed => if passed { Queue::Left } else { Queue::NotKnown },
        }
    }

    /// Returns the response if it has arrived already.
    pub(crate) async fn response(&mut self) -> Option<R::Response> {
        self.response.wait(Deadline::after(Duration::ZERO)).await
    }

    /// Waits for the response until `until`. Returns `None`, possibly earlier, if no response arrives.
    pub(crate) async fn wait_for_response(&mut self, until: Deadline) -> Option<R::Response> {
        self.response.wait(until).await
    }

    /// Returns the response if it has arrived meanwhile.
    pub(crate) async fn arrived(&mut self) -> Option<R::Response> {
        self.response.wait(Deadline::after(Duration::ZERO)).await
    }

    /// Pauses before the next read, or until the response arrives if that is earlier.
    pub(crate) async fn pause(&mut self) -> Next<R::Response> {
        let pause = self.backoff.next();
        self.wait(pause).await
    }

    /// Pauses until an absence may be believed. If no time is left for another read after that, this waits
    /// for the response instead.
    pub(crate) async fn keep_quiet(&mut self) -> Next<R::Response> {
        if self.deadline.left() > QUIET {
            return self.wait(QUIET).await;
        }
        match self.response.wait(self.deadline).await {
            Some(response) => Next::Response(response),
            None => Next::Over,
        }
    }

    async fn wait(&mut self, time: Duration) -> Next<R::Response> {
        let until = self.deadline.or_after(time);
        if let Some(response) = self.response.wait(until).await {
            return Next::Response(response);
        }
        until.sleep(time).await;
        match self.deadline.is_past() {
            true => Next::Over,
            false => Next::Read,
        }
    }
}
