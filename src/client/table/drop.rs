//! Drops a table. The request names no table id. The client therefore reads to which table the name leads
//! just before it sends the drop, sends the drop once, and then reads which table was dropped.

mod decide;

use std::sync::Arc;
use std::time::Duration;

use super::ask;
use super::named::{self, Named, ids, status, with_id};
use super::queue;
use crate::client::attempt::Attempts;
use crate::client::codes::{Meaning, Request};
use crate::client::core::{Call, Core};
use crate::client::hints;
use crate::client::read_back::{Next, ReadBack};
use crate::client::subject::Subject;
use crate::client::try_error::TryError;
use crate::client::warning;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::{Evidence, Removal};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{
    AppInfo, DropApp, DropAppOptions, DropAppRequest, DropAppResponse,
};
use crate::resource::Table;
use crate::transport::connection::{CallError, Connection, Late};
use crate::transport::durations::{READ_BACK_ADD, UNDER_WAY, answer_until, one_try};
use crate::transport::seams::Deadline;
use decide::{Target, Verdict, others_dropped};

pub(crate) async fn drop(
    call: Call<'_>,
    table: &str,
    reserve: Option<Duration>,
) -> Result<Removal<Table>> {
    let subject = Subject::Table(table.to_owned());
    let _turn = call.core.turns.take(subject.clone(), call.deadline).await?;
    let mut attempts = Attempts::about_tables(call, table);
    loop {
        let connection = attempts.leader().await?;
        let before = match list(&connection, table, attempts.deadline).await {
            Ok(infos) => infos,
            Err(error) => {
                attempts.failed(&connection, error).await?;
                continue;
            }
        };
        let target = match Named::of(&before, table) {
            Named::Nothing => return Ok(Removal::NotFound),
            Named::Several(found) => return Err(named::several(&connection, table, &found)),
            Named::Available(one) => one.clone(),
            Named::Changing(_) if attempts.pause().await => continue,
            Named::Changing(one) => return Err(named::busy(one).or_server(&connection.server)),
        };
        let deadline = one_try(attempts.deadline);
        let partitions = match ask::partitions(&connection, table, target.app_id, deadline).await {
            Ok(partitions) => partitions,
            Err(error) => {
                attempts.failed(&connection, error).await?;
                continue;
            }
        };
        let Some(partitions) = partitions else {
            // The name does not lead to the listed table any more.
            if attempts.pause().await {
                continue;
            }
            return Err(named::busy(&target).or_server(&connection.server));
        };
        let ready = ask::with_partitions(ask::table(target.clone()), partitions).ready_partitions;
        let drop = Dropping { core: call.core, table, target, ready, before };
        if let Some(removal) = drop.send(&subject, reserve, &mut attempts, &connection).await? {
            return Ok(removal);
        }
    }
}

/// Reads all tables.
async fn list(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<Vec<AppInfo>, TryError> {
    ask::tables(connection, &format!("table={table}"), one_try(deadline)).await
}

/// A drop that is about to be sent or was sent.
struct Dropping<'a> {
    core: &'a Core,
    table: &'a str,
    /// The table to which the name led.
    target: AppInfo,
    /// How many partitions of that table were ready.
    ready: Option<i32>,
    /// The list before the drop.
    before: Vec<AppInfo>,
}

impl Dropping<'_> {
    /// Sends the drop once. Returns `None` if nothing was done and the call has to start over.
    async fn send(
        &self,
        subject: &Subject,
        reserve: Option<Duration>,
        attempts: &mut Attempts<'_>,
        connection: &Arc<Connection>,
    ) -> Result<Option<Removal<Table>>> {
        let words = format!("drop-table {}", self.subject());
        let note = self.core.unsettled.note_change(subject.clone(), words, connection);
        let reserve_seconds = reserve.map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        let request = DropAppRequest {
            app_name: self.table.to_owned(),
            options: DropAppOptions { success_if_not_exist: false, reserve_seconds },
        };
        let until = answer_until(attempts.deadline, READ_BACK_ADD);
        let (mut reply, mut late) = connection.call_for_a_while::<DropApp>(&request, until).await;
        let mut answered = false;
        let ended = loop {
            answered |= reply.is_ok();
            let doubt = match reply {
                Err(error @ CallError::NotSent(_)) => {
                    note.settle();
                    attempts.failed(connection, error.into()).await?;
                    return Ok(None);
                }
                Err(CallError::Framework(code)) => {
                    match Request::Drop.refused_by_rpc_layer(&code) {
                        Some(kind) => {
                            break Err(Request::Drop.refused(kind, &code, &self.subject()));
                        }
                        None => format!("the server returned {code}"),
                    }
                }
                Err(CallError::Lost(why)) => why.to_string(),
                Ok(DropAppResponse { err }) => match Request::Drop.meaning(&err, None) {
                    Meaning::Done => {
                        note.was_done();
                        break self.done(connection, attempts.deadline).await;
                    }
                    Meaning::NotApplied => {
                        note.settle();
                        attempts.failed(connection, TryError::NotApplied(err)).await?;
                        return Ok(None);
                    }
                    Meaning::Refused(ErrorKind::TableNotFound) => break Ok(Removal::NotFound),
                    Meaning::Refused(ErrorKind::Busy) => {
                        note.settle();
                        if attempts.pause().await {
                            return Ok(None);
                        }
                        return Err(self.refused(ErrorKind::Busy, &err, connection));
                    }
                    Meaning::Refused(kind) => break Err(self.refused(kind, &err, connection)),
                    Meaning::Exists | Meaning::Unclear => format!("the server returned {err}"),
                },
            };
            match self.find_out(connection, &doubt, &mut late, attempts.deadline).await {
                Resolved::Ended(ended) => break ended,
                Resolved::Response(response) => reply = Ok(response),
            }
        };
        note.conclude(&ended, answered, late);
        ended.map(Some).map_err(|error| error.or_server(&connection.server))
    }

    /// Returns the table to which the name led, as `key=value` pairs.
    fn subject(&self) -> String {
        format!("table={} table_id={}", self.table, self.target.app_id)
    }

    fn refused(&self, kind: ErrorKind, code: &ErrorCode, connection: &Connection) -> Error {
        Request::Drop
            .refused(kind, code, &self.subject())
            .with_server(&connection.server)
            .with_known([ask::table(self.target.clone())])
    }

    /// Finds out which table was dropped after the server returned ERR_OK.
    async fn done(
        &self,
        connection: &Arc<Connection>,
        deadline: Deadline,
    ) -> Result<Removal<Table>> {
        let subject = self.subject();
        let read = ask::tables_afterwards::<DropApp>(
            self.core, connection, self.table, &subject, deadline,
        );
        let after = match read.await {
            Ok((_, after)) => after,
            Err(error) => {
                let unread = format!(
                    "the tables could not be listed after the drop ({error}): if the name was moved to another table during the call, that table was dropped"
                );
                return Ok(self.removed(&self.target, Evidence::ServerSaidSo, Some(unread)));
            }
        };
        let target = Target::of(&self.target, &after);
        let others = others_dropped(self.table, self.target.app_id, &self.before, &after);
        let verdict = decide::after_ok(target, others.len());
        self.outcome(verdict, &after, &others, Evidence::ServerSaidSo, None).unwrap_or_else(|| {
            let mut known: Vec<AppInfo> = others.iter().map(|&one| one.clone()).collect();
            known.extend(with_id(&after, self.target.app_id).cloned());
            let words = "the list does not show which table was dropped";
            Err(self.not_known("the server returned ERR_OK", &known, words))
        })
    }

    /// Returns the outcome for a verdict, or `None` if it is not known.
    fn outcome(
        &self,
        verdict: Verdict,
        after: &[AppInfo],
        others: &[&AppInfo],
        evidence: Evidence,
        remark: Option<String>,
    ) -> Option<Result<Removal<Table>>> {
        let now = with_id(after, self.target.app_id).unwrap_or(&self.target);
        let (was, words) = match verdict {
            Verdict::Removed => (now, None),
            Verdict::RemovedWithAnother => {
                let words = format!(
                    "another table of this name was dropped at about the same time, and which of them this call dropped is not known: {}",
                    ids(others.iter().copied())
                );
                (now, Some(words))
            }
            Verdict::RemovedAndRecalled => {
                (now, Some("the table has been recalled since, so it exists again".to_owned()))
            }
            Verdict::RemovedUnseen => {
                let words = "the table was not listed after the drop, so how long it can be recalled is not known";
                (now, Some(words.to_owned()))
            }
            Verdict::AnotherRemoved => {
                let other = others.first()?;
                let words = format!(
                    "the name was moved to another table just before the drop, and the drop dropped that table: to undo this, recall table_id={}; the table that had the name when the call began still exists: table={} table_id={}; how many partitions of the dropped table were ready is not known",
                    other.app_id, now.app_name, now.app_id
                );
                (*other, Some(words))
            }
            Verdict::NotKnown => return None,
        };
        Some(Ok(self.removed(was, evidence, warning::join(words, remark))))
    }

    /// Returns the outcome for a table that was dropped.
    fn removed(&self, was: &AppInfo, evidence: Evidence, remark: Option<String>) -> Removal<Table> {
        let is_target = was.app_id == self.target.app_id;
        let was =
            Table { ready_partitions: self.ready.filter(|_| is_target), ..ask::table(was.clone()) };
        let unready = (was.is_ready() == Some(false)).then(|| {
            format!(
                "not all partitions were ready before the drop: a recall could end all replica servers, because they would look for replicas that were never complete: ready_partitions={} partition_count={}",
                was.ready_partitions.unwrap_or_default(),
                was.partition_count
            )
        });
        Removal::Removed { was, evidence, warning: warning::join(remark, unready) }
    }

    /// Lists the tables after a drop without a response, until the table is dropped, the response arrives
    /// after all, or no time is left.
    async fn find_out(
        &self,
        connection: &Arc<Connection>,
        why: &str,
        late: &mut Late<DropApp>,
        deadline: Deadline,
    ) -> Resolved {
        let table = self.table;
        let mut reads = ReadBack::new(self.core, table, connection, late, deadline);
        let mut passed = false;
        loop {
            let read = reads.read_with(|connection, deadline| async move {
                list(&connection, table, deadline).await
            });
            let (known, words) = match read.await {
                Ok(after) => {
                    let target = Target::of(&self.target, &after);
                    let others = others_dropped(table, self.target.app_id, &self.before, &after);
                    let verdict = decide::after_loss(target, others.len());
                    let behind_queue = passed;
                    passed = passed || self.has_passed(connection, &reads, deadline).await;
                    let remark = self.unconfirmed(why, !passed);
                    let evidence = Evidence::AppearedDuringCall;
                    if let Some(ended) =
                        self.outcome(verdict, &after, &others, evidence, Some(remark))
                    {
                        return match reads.arrived().await {
                            Some(response) => Resolved::Response(response),
                            None => Resolved::Ended(ended),
                        };
                    }
                    if passed && !behind_queue {
                        // Only a list that follows the check of the queue shows what the drop did.
                        continue;
                    }
                    let words = self.listed_now(&after);
                    let mut known: Vec<AppInfo> = others.into_iter().cloned().collect();
                    known.extend(with_id(&after, self.target.app_id).cloned());
                    if let Some(response) = reads.arrived().await {
                        return Resolved::Response(response);
                    }
                    if behind_queue && target == Target::Kept {
                        let words = format!(
                            "{words}, and the server has already responded to requests that were sent after the drop, so the server has probably refused or never received the drop"
                        );
                        return Resolved::Ended(Err(self.not_known(why, &known, &words)));
                    }
                    (known, words)
                }
                Err(error) => (Vec::new(), format!("the tables could not be listed ({error})")),
            };
            match reads.pause().await {
                Next::Read => {}
                Next::Response(response) => return Resolved::Response(response),
                Next::Over => return Resolved::Ended(Err(self.not_known(why, &known, &words))),
            }
        }
    }

    /// Returns whether the server has handled requests that were sent after the drop over the same connection.
    async fn has_passed(
        &self,
        connection: &Connection,
        reads: &ReadBack<'_, DropApp>,
        deadline: Deadline,
    ) -> bool {
        !reads.moved() && queue::has_passed(connection, self.table, deadline).await
    }

    /// Returns what the list shows about the table, in words.
    fn listed_now(&self, after: &[AppInfo]) -> String {
        match with_id(after, self.target.app_id) {
            None => "when last listed, the table was missing".to_owned(),
            Some(now) if now.app_name == self.table => {
                format!("when last listed, the table was in {}", status(now))
            }
            Some(now) => format!(
                "when last listed, the table was in {} and had another name ({})",
                status(now),
                now.app_name
            ),
        }
    }

    /// Returns the warning for a drop without a response whose table is dropped.
    fn unconfirmed(&self, why: &str, may_come: bool) -> String {
        let mut words = format!("no response confirmed the drop, but the table is dropped: {why}");
        if may_come {
            words.push_str(&format!(
                "; if another client dropped the table, the drop of this call may still be in flight, and would drop a table that is created under this name within {} s",
                UNDER_WAY.as_secs()
            ));
        }
        words
    }

    fn not_known(&self, why: &str, known: &[AppInfo], afterwards: &str) -> Error {
        Error::new(
            ErrorKind::OutcomeUnknown,
            format!(
                "what the drop did is not known: the drop was sent, and nothing shows its effect ({why}); {afterwards}: {}",
                self.subject()
            ),
        )
        .with_hint(hints::after_a_lost_drop())
        .with_known(known.iter().map(|one| ask::table(one.clone())))
    }
}

/// What the lists after a drop without a response have shown.
enum Resolved {
    /// How the drop ended.
    Ended(Result<Removal<Table>>),
    /// The response, which arrived after all.
    Response(DropAppResponse),
}
