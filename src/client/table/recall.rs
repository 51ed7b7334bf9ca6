//! Recalls a dropped table by its id.

mod decide;

use std::sync::Arc;

use super::ask;
use super::named;
use crate::client::ask as duplications;
use crate::client::attempt::Attempts;
use crate::client::codes::{Meaning, Request};
use crate::client::core::{Call, Core};
use crate::client::hints;
use crate::client::read_back::{Next, ReadBack};
use crate::client::spec::RecallSpec;
use crate::client::subject::Subject;
use crate::client::try_error::TryError;
use crate::client::warning;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::Change;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{AppInfo, RecallApp, RecallAppRequest, RecallAppResponse};
use crate::resource::Table;
use crate::transport::connection::{CallError, Connection, Late};
use crate::transport::durations::{READ_BACK_ADD, answer_until, one_try};
use crate::transport::seams::Deadline;
use decide::Found;

pub(crate) async fn recall(call: Call<'_>, spec: &RecallSpec) -> Result<Change<Table>> {
    let subject = Subject::DroppedTable(spec.table_id);
    let _turn = call.core.turns.take(subject, call.deadline).await?;
    // The question who leads names a table, which need not exist.
    let mut attempts = Attempts::about_tables(call, spec.new_name.as_deref().unwrap_or_default());
    let mut refused_before = false;
    loop {
        let connection = attempts.leader().await?;
        // Followers of 2.5 and later return ERR_APP_NOT_EXIST to every recall, but refuse to list the tables.
        // The list therefore also shows that this server leads.
        let tables = match list(&connection, spec, attempts.deadline).await {
            Ok(tables) => tables,
            Err(error) => {
                attempts.failed(&connection, error).await?;
                continue;
            }
        };
        let before = match Found::of(spec, &tables) {
            Found::Changing(_) if attempts.pause().await => continue,
            Found::Changing(one) => return Err(named::busy(one).or_server(&connection.server)),
            Found::Dropped(table) => table.clone(),
            settled => {
                return without_sending(spec, settled)
                    .map_err(|error| error.or_server(&connection.server));
            }
        };
        if let Some(lived) = decide::lived_too_short(&before)
            && !spec.force
        {
            return Err(refuse_danger(&before, lived).or_server(&connection.server));
        }
        let recalling = Recalling { core: call.core, spec, before, refused_before };
        match recalling.send(&mut attempts, &connection).await? {
            Tried::Over(change) => return Ok(change),
            Tried::Again => {}
            Tried::NotThere => refused_before = true,
        }
    }
}

/// Reads all tables.
async fn list(
    connection: &Connection,
    spec: &RecallSpec,
    deadline: Deadline,
) -> Result<Vec<AppInfo>, TryError> {
    let subject = format!("table_id={}", spec.table_id);
    ask::tables(connection, &subject, one_try(deadline)).await
}

/// Returns the outcome if the list shows that there is nothing to recall.
fn without_sending(spec: &RecallSpec, found: Found<'_>) -> Result<Change<Table>> {
    let error = match found {
        Found::Available(table) => {
            let current = ask::table(table.clone());
            return Ok(Change::Unchanged { current, warning: None });
        }
        Found::Changing(table) => named::busy(table),
        Found::Nothing => not_found(format!("no table has this id: table_id={}", spec.table_id)),
        Found::Dropped(table) => not_found(format!(
            "the server refuses to recall the dropped table, probably because its reserve time has ended: table={} table_id={} expire_second={}",
            table.app_name, table.app_id, table.expire_second
        )),
        Found::OtherName(table) => Error::new(
            ErrorKind::WrongState,
            format!(
                "the table is available under another name, and a recall does not rename an available table: table={} table_id={} new_name={}",
                table.app_name,
                table.app_id,
                spec.new_name.as_deref().unwrap_or_default()
            ),
        )
        .with_known([ask::table(table.clone())]),
        Found::NameTaken { table, by } => Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "another table has the name of the recalled table: table={} table_id={} recalled_table_id={}",
                by.app_name, by.app_id, table.app_id
            ),
        )
        .with_hint("give the recalled table a new name")
        .with_known([ask::table(by.clone())]),
    };
    Err(error)
}

fn not_found(message: String) -> Error {
    Error::new(ErrorKind::TableNotFound, message)
        .with_hint("list the tables, dropped tables included, to see which ones can be recalled")
}

/// Returns the error for a table whose recall may end the replica servers.
fn refuse_danger(table: &AppInfo, lived: i64) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "the table was dropped less than a minute after it was created, and the recall of a table whose replicas were never complete ends all replica servers; nothing was sent: table={} table_id={} lived_seconds={lived}",
            table.app_name, table.app_id
        ),
    )
    .with_hint(
        "force the recall only if you know that all partitions of the table were ready before the drop",
    )
    .with_known([ask::table(table.clone())])
}

/// A recall that is about to be sent or was sent.
struct Recalling<'a> {
    core: &'a Core,
    spec: &'a RecallSpec,
    /// The dropped table.
    before: AppInfo,
    /// Whether the server has refused the recall once with ERR_APP_NOT_EXIST.
    refused_before: bool,
}

impl Recalling<'_> {
    /// Sends the recall once.
    async fn send(
        &self,
        attempts: &mut Attempts<'_>,
        connection: &Arc<Connection>,
    ) -> Result<Tried> {
        let words = format!("recall-table {}", self.subject());
        let subject = Subject::DroppedTable(self.spec.table_id);
        let note = self.core.unsettled.note_change(subject, words, connection);
        let request = RecallAppRequest {
            app_id: self.spec.table_id,
            new_app_name: self.spec.new_name.clone().unwrap_or_default(),
        };
        let until = answer_until(attempts.deadline, READ_BACK_ADD);
        let (mut reply, mut late) = connection.call_for_a_while::<RecallApp>(&request, until).await;
        let mut answered = false;
        let ended = loop {
            answered |= reply.is_ok();
            let doubt = match reply {
                Err(error @ CallError::NotSent(_)) => {
                    note.settle();
                    attempts.failed(connection, error.into()).await?;
                    return Ok(Tried::Again);
                }
                Err(CallError::Framework(code)) => {
                    match Request::Recall.refused_by_rpc_layer(&code) {
                        Some(kind) => {
                            break Err(Request::Recall.refused(kind, &code, &self.subject()));
                        }
                        None => format!("the server returned {code}"),
                    }
                }
                Err(CallError::Lost(why)) => why.to_string(),
                Ok(RecallAppResponse { err, info }) => match Request::Recall.meaning(&err, None) {
                    Meaning::Done => match info.filter(|info| self.is_recalled(info)) {
                        Some(info) => {
                            note.was_done();
                            break Ok(self.done(info, connection, attempts.deadline).await);
                        }
                        None => "it returned ERR_OK for another table".to_owned(),
                    },
                    Meaning::NotApplied => {
                        note.settle();
                        attempts.failed(connection, TryError::NotApplied(err)).await?;
                        return Ok(Tried::Again);
                    }
                    Meaning::Refused(ErrorKind::Busy) => {
                        note.settle();
                        if attempts.pause().await {
                            return Ok(Tried::Again);
                        }
                        return Err(self.refused(ErrorKind::Busy, &err, connection));
                    }
                    Meaning::Refused(ErrorKind::TableNotFound) if !self.refused_before => {
                        // Perhaps the server has lost its lead since the list, because followers know no table.
                        // The next list shows it.
                        note.settle();
                        match attempts.pause().await {
                            true => return Ok(Tried::NotThere),
                            false => {
                                return Err(self.refused(
                                    ErrorKind::TableNotFound,
                                    &err,
                                    connection,
                                ));
                            }
                        }
                    }
                    Meaning::Refused(
                        kind @ (ErrorKind::TableNotFound | ErrorKind::InvalidArgument),
                    ) => break self.after_refusal(kind, &err, connection, attempts.deadline).await,
                    Meaning::Exists => {
                        break self
                            .after_refusal(ErrorKind::Busy, &err, connection, attempts.deadline)
                            .await;
                    }
                    Meaning::Refused(kind) => break Err(self.refused(kind, &err, connection)),
                    Meaning::Unclear => format!("the server returned {err}"),
                },
            };
            match self.find_out(connection, &doubt, &mut late, attempts.deadline).await {
                Resolved::Ended(ended) => break ended,
                Resolved::Response(response) => reply = Ok(response),
            }
        };
        note.conclude(&ended, answered, late);
        ended.map(Tried::Over).map_err(|error| error.or_server(&connection.server))
    }

    /// Returns the name that the table gets.
    fn name(&self) -> &str {
        self.spec.new_name.as_deref().unwrap_or(&self.before.app_name)
    }

    /// Returns the table as `key=value` pairs.
    fn subject(&self) -> String {
        format!("table={} table_id={}", self.name(), self.spec.table_id)
    }

    /// Returns whether a response describes the table as it is after the recall.
    fn is_recalled(&self, info: &AppInfo) -> bool {
        info.app_id == self.spec.table_id
            && info.app_name == self.name()
            && matches!(Found::of(self.spec, std::slice::from_ref(info)), Found::Available(_))
    }

    fn refused(&self, kind: ErrorKind, code: &ErrorCode, connection: &Connection) -> Error {
        Request::Recall
            .refused(kind, code, &self.subject())
            .with_server(&connection.server)
            .with_known([ask::table(self.before.clone())])
    }

    /// Returns the outcome of a recall that the server refused because of what exists. `kind` is the error if
    /// the list does not show the reason.
    async fn after_refusal(
        &self,
        kind: ErrorKind,
        code: &ErrorCode,
        connection: &Connection,
        deadline: Deadline,
    ) -> Result<Change<Table>> {
        let refused = || self.refused(kind, code, connection);
        let Ok(tables) = list(connection, self.spec, deadline).await else { return Err(refused()) };
        match Found::of(self.spec, &tables) {
            // The server has refused the recall although the list shows no reason any more.
            Found::Changing(_) => Err(refused()),
            Found::Dropped(_) if kind != ErrorKind::TableNotFound => Err(refused()),
            found => without_sending(self.spec, found).map_err(|error| error.with_code(code)),
        }
    }

    /// Returns the outcome after the server returned ERR_OK and the recalled table.
    async fn done(
        &self,
        response: AppInfo,
        connection: &Arc<Connection>,
        deadline: Deadline,
    ) -> Change<Table> {
        let subject = self.subject();
        let read = ask::tables_afterwards::<RecallApp>(
            self.core,
            connection,
            self.name(),
            &subject,
            deadline,
        );
        match read.await {
            Ok((connection, tables)) => {
                let (after, remark) = match Found::of(self.spec, &tables) {
                    Found::Available(now) => (now.clone(), None),
                    _ => (response, Some("the table has been changed again since".to_owned())),
                };
                self.changed(after, remark, &connection, deadline).await
            }
            Err(error) => {
                let remark = format!("the table could not be read back: {error}");
                self.changed(response, Some(remark), connection, deadline).await
            }
        }
    }

    /// Returns the outcome for a table that was recalled.
    async fn changed(
        &self,
        after: AppInfo,
        remark: Option<String>,
        connection: &Connection,
        deadline: Deadline,
    ) -> Change<Table> {
        let forgotten = forgotten_duplications(&after, connection, deadline).await;
        Change::Changed {
            before: ask::table(self.before.clone()),
            after: ask::table(after),
            warning: warning::join(remark, forgotten),
        }
    }

    /// Lists the tables after a recall without a response, until the table is available, the response arrives
    /// after all, or no time is left.
    async fn find_out(
        &self,
        connection: &Arc<Connection>,
        why: &str,
        late: &mut Late<RecallApp>,
        deadline: Deadline,
    ) -> Resolved {
        let mut reads = ReadBack::new(self.core, self.name(), connection, late, deadline);
        let spec = self.spec;
        loop {
            let read = reads.read_with(|connection, deadline| async move {
                let tables = list(&connection, spec, deadline).await?;
                Ok((connection, tables))
            });
            let (known, words) = match read.await {
                Ok((connection, tables)) => match Found::of(spec, &tables) {
                    Found::Available(now) if now.app_name == self.name() => {
                        if let Some(response) = reads.arrived().await {
                            return Resolved::Response(response);
                        }
                        let remark = format!(
                            "no response confirmed the recall, but the table is available: {why}"
                        );
                        let changed =
                            self.changed(now.clone(), Some(remark), &connection, deadline);
                        return Resolved::Ended(Ok(changed.await));
                    }
                    _ => match named::with_id(&tables, spec.table_id) {
                        Some(now) => {
                            let words = format!(
                                "when last listed, the table was in {} with the name {}",
                                named::status(now),
                                now.app_name
                            );
                            (Some(now.clone()), words)
                        }
                        None => (None, "when last listed, the table was missing".to_owned()),
                    },
                },
                Err(error) => (None, format!("the tables could not be listed ({error})")),
            };
            match reads.pause().await {
                Next::Read => {}
                Next::Response(response) => return Resolved::Response(response),
                Next::Over => {
                    return Resolved::Ended(Err(Error::new(
                        ErrorKind::OutcomeUnknown,
                        format!(
                            "whether the table was recalled is not known: the recall was sent, and nothing shows its effect ({why}); {words}: {}",
                            self.subject()
                        ),
                    )
                    .with_hint(hints::AFTER_A_LOST_RECALL)
                    .with_known(known.map(ask::table))));
                }
            }
        }
    }
}

/// Returns a warning if a recalled table had duplications and has none now. A meta server that was restarted,
/// or took over, while the table was dropped does not load its duplications. The next restart does, and then
/// there may be two duplications for one pair.
async fn forgotten_duplications(
    table: &AppInfo,
    connection: &Connection,
    deadline: Deadline,
) -> Option<String> {
    if table.duplicating != Some(true) {
        return None;
    }
    match duplications::ask(connection, &table.app_name, one_try(deadline)).await {
        Ok(asked) if asked.table_id != table.app_id || !asked.duplications.is_empty() => None,
        Ok(_) => Some(
            "the table is marked as duplicated, but no duplication is listed: the meta server probably restarted, or another one took over, while the table was dropped; the old duplications may come back at the next restart, beside a duplication that is added until then"
                .to_owned(),
        ),
        Err(error) => Some(format!(
            "the table is marked as duplicated, and its duplications could not be read: {error}"
        )),
    }
}

/// The result of one try of a recall.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
enum Tried {
    /// The table was recalled, or is available already.
    Over(Change<Table>),
    /// Nothing was done, and the call starts over.
    Again,
    /// The same, because the server returned ERR_APP_NOT_EXIST although it has listed the table.
    NotThere,
}

/// What the lists after a recall without a response have shown.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
enum Resolved {
    /// How the recall ended.
    Ended(Result<Change<Table>>),
    /// The response, which arrived after all.
    Response(RecallAppResponse),
}
