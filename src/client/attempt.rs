//! The tries of one call. Each try uses the connection to the leader. A failed try ends the call with an
//! error, or is followed by a pause and another try. All tries share one deadline.

use std::sync::{Arc, Weak};

use super::ask::{self, Asked};
use super::core::{Call, Core};
use super::learn;
use super::progress::{self, Step};
use super::try_error::TryError;
use crate::error::{Error, ErrorKind, Result};
use crate::history;
use crate::protocol::error_code::ErrorCode;
use crate::transport::connection::Connection;
use crate::transport::durations::{QUIET, one_try};
use crate::transport::group::Backoff;
use crate::transport::round::still_leads;
use crate::transport::seams::Deadline;

/// A feature of the meta servers that may be switched off. The server then refuses requests about the feature and
/// no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    Duplication,
    Backups,
}

impl Feature {
    /// Returns the error for a server on which the feature seems to be switched off.
    fn switched_off(self, code: &ErrorCode) -> Error {
        let (kind, what, hint) = match self {
            Feature::Duplication => (
                ErrorKind::Unavailable,
                "duplication",
                "duplication may be switched off: look for `duplication_enabled = false` in the configuration of the meta servers",
            ),
            Feature::Backups => (
                ErrorKind::Unsupported,
                "backup policies",
                "backups are switched off: set `cold_backup_disabled = false` in the configuration of the meta servers",
            ),
        };
        Error::new(
            kind,
            format!(
                "the meta server refuses requests about {what} and responds to others; nothing was done"
            ),
        )
        .with_code(code)
        .with_hint(hint)
    }
}

/// The tries of one call.
pub(crate) struct Attempts<'a> {
    core: &'a Core,
    table: &'a str,
    pub(crate) deadline: Deadline,
    backoff: Backoff,
    /// Whether a disturbance has happened during this call: a server was not ready, the leader changed, or
    /// a connection broke. The leader may then not have read its duplications back yet.
    pub(crate) disturbed: bool,
    /// The connection that this call used last. This reference does not keep it open.
    used: Option<Weak<Connection>>,
    last: Option<Error>,
    /// The feature that the requests of this call need, if it may be switched off.
    feature: Option<Feature>,
    /// When the client concludes that the feature is switched off. This requires that until then the server
    /// refuses requests about the feature and responds to all others.
    switched_off_at: Option<Deadline>,
}

impl<'a> Attempts<'a> {
    /// Returns the tries of a call that sends requests about duplications.
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
            feature: Some(Feature::Duplication),
            switched_off_at: None,
        }
    }

    /// Returns the tries of a call that sends only requests that every server handles.
    pub(crate) fn about_tables(call: Call<'a>, table: &'a str) -> Attempts<'a> {
        Attempts { feature: None, ..Attempts::new(call, table) }
    }

    /// Sets the feature that the requests of this call need, if it is not duplication.
    pub(crate) fn using(self, feature: Feature) -> Attempts<'a> {
        Attempts { feature: Some(feature), ..self }
    }

    /// Returns the connection to the leader.
    pub(crate) async fn leader(&mut self) -> Result<Arc<Connection>> {
        if !self.core.group.has_leader() {
            progress::report(|| Step::LookingForLeader);
        }
        match self.core.group.leader(self.table, self.deadline).await {
            Ok(leader) => {
                let connection = leader.connection;
                // The previous connection may have broken during a pause, without a failed request.
                let another = self
                    .used
                    .replace(Arc::downgrade(&connection))
                    .is_some_and(|used| !std::ptr::eq(used.as_ptr(), Arc::as_ptr(&connection)));
                self.disturbed |= leader.fresh || another;
                Ok(connection)
            }
            // The previous failure says more than that the leader was not found in time.
            Err(error) if error.kind() == ErrorKind::Timeout => {
                Err(self.last.take().unwrap_or(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the table. If `absent` reports that the duplication is missing, the table is read again
    /// after a disturbance, because a new leader may not have read its duplications back yet. Returns
    /// `None` if the call has to start over with another connection.
    pub(crate) async fn ask(
        &mut self,
        connection: &Arc<Connection>,
        absent: &(dyn Fn(&Asked) -> bool + Send + Sync),
    ) -> Result<Option<Asked>> {
        // A disturbance during this read makes the call start over.
        let mut askings = if self.disturbed { 2 } else { 1 };
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

    /// Waits after a disturbance until a new leader has certainly read its duplications back. This is for
    /// reads of all duplications, where nothing shows that a duplication is missing.
    pub(crate) async fn wait_for_a_new_leader(
        &mut self,
        connection: &Arc<Connection>,
    ) -> Result<()> {
        match self.disturbed {
            true => self.keep_quiet(connection).await,
            false => Ok(()),
        }
    }

    /// Waits for [`QUIET`]. Returns an error at once if the time that is left is too short.
    async fn keep_quiet(&mut self, connection: &Arc<Connection>) -> Result<()> {
        if self.deadline.left() > QUIET && self.deadline.sleep(QUIET).await {
            return Ok(());
        }
        Err(self.last.take().unwrap_or_else(|| {
            Error::new(
                ErrorKind::Unavailable,
                "the leader has only just changed, and the timeout is too short to be sure that its list is complete; nothing was sent",
            )
            .with_server(&connection.server)
            .with_hint("try again with a timeout that is a few seconds longer")
        }))
    }

    /// Handles a failed try: returns an error if another try is of no use or no time is left, and otherwise
    /// pauses before the next try. The failed try must not have sent a request that changes something.
    pub(crate) async fn failed(
        &mut self,
        connection: &Arc<Connection>,
        why: TryError,
    ) -> Result<()> {
        let switched_off = self.looks_switched_off(connection, &why).await;
        let error = match (why, switched_off) {
            (TryError::Refused(error), _) => return Err(error.or_server(&connection.server)),
            (TryError::NotApplied(code), Some((feature, _))) => feature.switched_off(&code),
            (why @ (TryError::NotApplied(_) | TryError::Call(_)), _) => why.into_error(),
        }
        .with_server(&connection.server);
        let hopeless = match switched_off {
            Some((_, certain)) => certain,
            None => matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Unsupported),
        };
        if hopeless {
            return Err(error);
        }
        tracing::debug!(%error, "trying again");
        progress::report(|| Step::TryingAgain { why: error.to_string() });
        self.disturbed = true;
        self.core.group.forget(connection);
        self.last = Some(error.clone());
        if self.pause().await { Ok(()) } else { Err(error) }
    }

    /// Returns the feature that seems to be switched off on the server, and whether it has looked so for long
    /// enough to be certain. Returns `None` if nothing looks so.
    ///
    /// Such a server refuses requests about duplication as if it had not started. A server that has not
    /// started refuses all other requests too, so this function sends another request. The server gets
    /// [`QUIET`], because a leader might start to serve some requests earlier than others.
    async fn looks_switched_off(
        &mut self,
        connection: &Connection,
        why: &TryError,
    ) -> Option<(Feature, bool)> {
        let feature = self.feature?;
        let not_active =
            matches!(why, TryError::NotApplied(code) if *code == ErrorCode::ServiceNotActive);
        if !not_active || !still_leads(connection, self.table, one_try(self.deadline)).await {
            self.switched_off_at = None;
            return None;
        }
        let since = self.switched_off_at.get_or_insert_with(|| Deadline::after(QUIET));
        Some((feature, since.is_past()))
    }

    /// Pauses before the next try, and keeps the connection. Returns whether there is time left.
    pub(crate) async fn pause(&mut self) -> bool {
        let time_left = self.backoff.sleep(self.deadline).await;
        if time_left {
            history::next_attempt();
        }
        time_left
    }
}
