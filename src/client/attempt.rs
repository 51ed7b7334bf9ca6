//! One call's tries: the leader's connection, what a failed try means for the next, and the pause
//! between them, all within one deadline.

use std::sync::{Arc, Weak};

use super::ask::{self, Asked};
use super::core::{Call, Core};
use super::learn;
use super::planted::{self, Bug};
use super::progress::{self, Step};
use super::try_error::TryError;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::error_code::ErrorCode;
use crate::transport::connection::Connection;
use crate::transport::durations::{QUIET, one_try};
use crate::transport::group::Backoff;
use crate::transport::round::still_leads;
use crate::transport::seams::Deadline;

/// What a server may be about that refuses nothing but requests about duplication.
const SWITCHED_OFF: &str = "duplication may be switched off: look for `duplication_enabled = false` in the configuration of the meta servers";

/// The tries of one call.
pub(crate) struct Attempts<'a> {
    core: &'a Core,
    table: &'a str,
    pub(crate) deadline: Deadline,
    backoff: Backoff,
    /// Something happened within this call after which a leader may be one that has not read its
    /// duplications back: it refused as not ready, it changed, or a connection broke.
    pub(crate) disturbed: bool,
    /// The connection that this call used last, which this does not keep open.
    used: Option<Weak<Connection>>,
    last: Option<Error>,
    /// When a server that answers everything but requests about duplication is believed to have
    /// duplication switched off, if it has answered nothing else until then.
    switched_off_at: Option<Deadline>,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(call: Call<'a>, table: &'a str) -> Attempts<'a> {
        let Call { core, deadline, .. } = call;
        let backoff = core.group.backoff();
        Attempts {
            core,
            table,
            deadline,
            backoff,
            disturbed: false,
            used: None,
            last: None,
            switched_off_at: None,
        }
    }

    /// The leader's connection.
    pub(crate) async fn leader(&mut self) -> Result<Arc<Connection>> {
        if !self.core.group.has_leader() {
            progress::report(|| Step::LookingForLeader);
        }
        match self.core.group.leader(self.table, self.deadline).await {
            Ok(leader) => {
                let connection = leader.connection;
                // Also where nothing failed: it may have broken during a pause.
                let another = self
                    .used
                    .replace(Arc::downgrade(&connection))
                    .is_some_and(|used| !std::ptr::eq(used.as_ptr(), Arc::as_ptr(&connection)));
                self.disturbed |= leader.fresh || (another && !planted::is(Bug::QuietReconnect));
                Ok(connection)
            }
            // What went wrong before says more than that the time for looking was short.
            Err(error) if error.kind() == ErrorKind::Timeout => {
                Err(self.last.take().unwrap_or(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Asks about the table; after a disturbance twice where `absent` says that what is looked for
    /// isn't there, so that what a new leader has not read back yet gets its time to show. `None` =
    /// start over on another connection.
    pub(crate) async fn ask(
        &mut self,
        connection: &Arc<Connection>,
        absent: &(dyn Fn(&Asked) -> bool + Send + Sync),
    ) -> Result<Option<Asked>> {
        // What disturbs this very asking makes the next one start over.
        let once = !self.disturbed || planted::is(Bug::SkipSecondAsking);
        let mut askings = if once { 1 } else { 2 };
        loop {
            let asked = match ask::ask(connection, self.table, one_try(self.deadline)).await {
                Ok(asked) => asked,
                Err(error) => {
                    self.failed(connection, error).await?;
                    return Ok(None);
                }
            };
            learn::check_statement(connection)?;
            connection.learnt.note_table(self.table, asked.table_id);
            self.core.unsettled.listed(&asked.duplications);
            askings -= 1;
            if askings == 0 || !absent(&asked) {
                return Ok(Some(asked));
            }
            self.keep_quiet(connection).await?;
        }
    }

    /// Where something disturbed this call, waits until a leader that may be new has certainly read its
    /// duplications back: for reads of which an absence cannot be seen, because they look for all there
    /// is.
    pub(crate) async fn wait_for_a_new_leader(
        &mut self,
        connection: &Arc<Connection>,
    ) -> Result<()> {
        match self.disturbed && !planted::is(Bug::SkipSecondAsking) {
            true => self.keep_quiet(connection).await,
            false => Ok(()),
        }
    }

    /// Waits for [`QUIET`]; an error, at once, where the time is too short for that.
    async fn keep_quiet(&mut self, connection: &Arc<Connection>) -> Result<()> {
        if self.deadline.left() > QUIET && self.deadline.sleep(QUIET).await {
            return Ok(());
        }
        Err(self.last.take().unwrap_or_else(|| {
            Error::new(
                ErrorKind::Unavailable,
                "the leader has only just changed, and the time is too short to be sure of what it lists; nothing was sent",
            )
            .with_server(&connection.server)
            .with_hint("try again, with a timeout of some seconds more")
        }))
    }

    /// What a failed question means: an error where it is final or the time is over, else a pause
    /// before the next try. Nothing that changes anything may have been sent.
    pub(crate) async fn failed(
        &mut self,
        connection: &Arc<Connection>,
        why: TryError,
    ) -> Result<()> {
        let switched_off = self.looks_switched_off(connection, &why).await;
        let error = match why {
            TryError::Refused(error) => return Err(error.or_server(&connection.server)),
            TryError::NotApplied(code) if switched_off.is_some() => Error::new(
                ErrorKind::Unavailable,
                "the meta server answers other requests, and refuses those about duplication; nothing was done",
            )
            .with_code(&code)
            .with_hint(SWITCHED_OFF),
            why @ (TryError::NotApplied(_) | TryError::Call(_)) => why.into_error(),
        }
        .with_server(&connection.server);
        if matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Unsupported)
            || switched_off == Some(true)
        {
            return Err(error);
        }
        tracing::debug!(%error, "trying again");
        progress::report(|| Step::TryingAgain { why: error.to_string() });
        self.disturbed = true;
        if planted::is(Bug::KeepConnections) {
            std::mem::forget(connection.clone());
        }
        self.core.group.forget(connection);
        self.last = Some(error.clone());
        if self.backoff.sleep(self.deadline).await { Ok(()) } else { Err(error) }
    }

    /// Whether a failure is that of a server on which duplication is switched off: `None` where it is
    /// not, `Some(true)` where it has been so for long enough to be certain.
    ///
    /// Such a server refuses requests about duplication as if it had not started. A server that has
    /// really not started refuses all others too, so this asks one. And the server is given [`QUIET`],
    /// because a leader might begin with some requests earlier than with others.
    async fn looks_switched_off(
        &mut self,
        connection: &Connection,
        why: &TryError,
    ) -> Option<bool> {
        let not_active =
            matches!(why, TryError::NotApplied(code) if *code == ErrorCode::ServiceNotActive);
        if !not_active || !still_leads(connection, self.table, one_try(self.deadline)).await {
            self.switched_off_at = None;
            return None;
        }
        let since = self.switched_off_at.get_or_insert_with(|| Deadline::after(QUIET));
        Some(since.is_past())
    }

    /// Pauses without giving the connection up. Whether there is time left.
    pub(crate) async fn pause(&mut self) -> bool {
        self.backoff.sleep(self.deadline).await
    }
}
