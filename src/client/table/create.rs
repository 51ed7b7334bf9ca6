//! Creates a table: lists the tables, sends the create once if the name is free, lists the tables again,
//! and decides on the outcome.

mod decide;
mod listed;
mod refusal;

use std::sync::Arc;

use crate::client::attempt::Attempts;
use crate::client::core::{Call, Core};
use crate::client::read_back::{Next, ReadBack};
use crate::client::spec::{PROOF_KEY, TableSpec};
use crate::client::subject::Subject;
use crate::client::table::compare::APP_TYPE;
use crate::client::table::nodes::nodes;
use crate::client::table::{ask, named, queue};
use crate::client::try_error::TryError;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::{Evidence, Outcome};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{
    AppInfo, AtomicIdempotentRequest, CreateApp, CreateAppOptions, CreateAppRequest,
    CreateAppResponse, GetAtomicIdempotent,
};
use crate::resource::Table;
use crate::transport::connection::{CallError, Connection, Late};
use crate::transport::durations::{CONFIRM, READ_BACK_CREATE, answer_until, one_try};
use crate::transport::seams::Deadline;
use decide::{Afterwards, Case, Decision, LookFor, Question, Reply};
use listed::Listed;

/// The result of one try of a create.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
enum Tried {
    /// The call ends with this result.
    Over(Result<Outcome<Table>>),
    /// Nothing was done, and the call starts over.
    Again,
}

/// A call of a create.
struct Creation<'a> {
    core: &'a Core,
    spec: &'a TableSpec,
    attempts: Attempts<'a>,
    /// The random value that proves that this call created the table.
    proof: Option<String>,
    /// Whether this call has sent a create, which certainly did nothing.
    sent: bool,
}

pub(crate) async fn create(call: Call<'_>, spec: &TableSpec) -> Result<Outcome<Table>> {
    let _turn = call.core.turns.take(subject_of(spec), call.deadline).await?;
    let mut creation = Creation {
        core: call.core,
        spec,
        attempts: Attempts::new(call, &spec.table),
        proof: spec.prove_authorship.then(|| call.core.group.unique()),
        sent: false,
    };
    loop {
        let connection = creation.attempts.leader().await?;
        if let Tried::Over(result) = creation.try_once(&connection).await? {
            return result.map_err(|error| error.or_server(&connection.server));
        }
    }
}

impl Creation<'_> {
    /// Lists the tables, and sends the create if the name is free.
    async fn try_once(&mut self, connection: &Arc<Connection>) -> Result<Tried> {
        let deadline = self.attempts.deadline;
        let infos = match ask::tables(connection, &self.about(), one_try(deadline)).await {
            Ok(infos) => infos,
            Err(error) => {
                self.attempts.failed(connection, error).await?;
                return Ok(Tried::Again);
            }
        };
        note_available(self.core, &infos);
        let evidence = if self.sent { Evidence::ListedAfter } else { Evidence::ListedBefore };
        let spec = self.spec;
        match listed::listed(&infos, &spec.table) {
            Listed::Nothing => {}
            Listed::One(one) => {
                return Ok(Tried::Over(Ok(decide::exists(spec, one, evidence, None))));
            }
            Listed::Several(many) => {
                return Ok(Tried::Over(Ok(decide::exists_several(spec, &many, evidence))));
            }
            Listed::Unsettled(one) => return self.again(busy_with(one)).await,
        }
        if spec.atomic_idempotent == Some(true) {
            match has_atomic_idempotence(connection, &infos, &spec.table, deadline).await {
                Ok(true) => {}
                Ok(false) => return Err(no_atomic_idempotence()),
                Err(error) => {
                    self.attempts.failed(connection, error).await?;
                    return Ok(Tried::Again);
                }
            }
        }
        self.send(connection, listed::highest_stored_id(&infos)).await
    }

    /// Sends the create once, over the connection over which the tables were listed. Then lists the tables
    /// and decides on the outcome.
    async fn send(&mut self, connection: &Arc<Connection>, highest_id: i32) -> Result<Tried> {
        let proof = self.proof.clone();
        let question = Question { spec: self.spec, highest_id, proof: proof.as_deref() };
        let deadline = self.attempts.deadline;
        let core = self.core;
        let note = core.unsettled.note_create("create-table", subject_of(self.spec), connection);
        let until = answer_until(deadline, READ_BACK_CREATE);
        let request = request(&question);
        let (called, mut late) = connection.call_for_a_while::<CreateApp>(&request, until).await;
        let mut reply = match Reply::of(called) {
            Ok(reply) => reply,
            Err(not_sent) => {
                note.settle();
                self.attempts.failed(connection, not_sent.into()).await?;
                return Ok(Tried::Again);
            }
        };
        let decision = loop {
            let case = match Case::new(&question, &reply) {
                Ok(case) => case,
                Err(why) => {
                    note.settle();
                    self.sent = true;
                    self.attempts.failed(connection, why).await?;
                    return Ok(Tried::Again);
                }
            };
            match self.read_back(&case, connection, &mut late).await {
                Ok(found) => break case.decide(found),
                Err(answer) => reply = Reply::Answer(answer),
            }
        };
        if matches!(&reply, Reply::Answer(CreateAppResponse { err: ErrorCode::Ok, .. })) {
            note.was_done();
        }
        match decision {
            Decision::Outcome(outcome) => {
                note.settle();
                Ok(Tried::Over(Ok(outcome)))
            }
            Decision::Fails(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                note.leave(matches!(reply, Reply::Answer(_)), late);
                Ok(Tried::Over(Err(error)))
            }
            Decision::Fails(error) => {
                note.settle();
                let nodes = nodes(connection, one_try(deadline)).await;
                Ok(Tried::Over(Err(refusal::with_advice(error, self.spec, nodes))))
            }
            Decision::Again(error) => {
                note.settle();
                self.sent = true;
                self.again(error.or_server(&connection.server)).await
            }
        }
    }

    /// Lists the tables after the create, until the list shows what the create did. Returns the response to the create if
    /// it arrives meanwhile.
    async fn read_back(
        &self,
        case: &Case<'_>,
        connection: &Arc<Connection>,
        late: &mut Late<CreateApp>,
    ) -> std::result::Result<Afterwards, CreateAppResponse> {
        let deadline = match case.look_for() {
            LookFor::Anything => self.attempts.deadline.or_after(CONFIRM),
            LookFor::Settled | LookFor::Appearance => self.attempts.deadline,
        };
        let table = &self.spec.table;
        let about = self.about();
        let mut reads = ReadBack::new(self.core, table, connection, late, deadline);
        let mut passed = false;
        loop {
            let check_queue = case.look_for() == LookFor::Appearance && !passed && !reads.moved();
            let about = &about;
            let read = reads
                .read_with(|reader, until| async move {
                    let infos = ask::tables(&reader, about, until).await?;
                    let passed = check_queue
                        && !case.is_enough(&infos, false)
                        && queue::has_passed(&reader, table, until).await;
                    // The create may have been executed between the two requests.
                    let infos = match passed {
                        true => ask::tables(&reader, about, until).await?,
                        false => infos,
                    };
                    Ok((passed, infos, reader))
                })
                .await;
            let last = match read {
                Ok((now, infos, reader)) => {
                    passed |= now;
                    note_available(self.core, &infos);
                    let elsewhere =
                        self.core.group.are_distinct(&reader.server, &connection.server);
                    let enough = case.is_enough(&infos, elsewhere);
                    let found = Afterwards { listed: Ok(infos), elsewhere, passed };
                    if enough {
                        // A response says more than a list.
                        return reads.response().await.map_or(Ok(found), Err);
                    }
                    found
                }
                Err(error) => {
                    let listed = Err(error.to_string());
                    let found = Afterwards { listed, elsewhere: false, passed: false };
                    if matches!(error, TryError::Refused(_)) {
                        return Ok(found);
                    }
                    found
                }
            };
            match reads.pause().await {
                Next::Read => {}
                Next::Response(answer) => return Err(answer),
                Next::Over => return reads.response().await.map_or(Ok(last), Err),
            }
        }
    }

    /// Pauses before the call starts over, or returns the error if no time is left.
    async fn again(&mut self, error: Error) -> Result<Tried> {
        tracing::debug!(%error, "trying again");
        if self.attempts.pause().await { Ok(Tried::Again) } else { Err(error) }
    }

    /// Returns what the call is about, as `key=value` pairs.
    fn about(&self) -> String {
        subject_of(self.spec).to_string()
    }
}

fn subject_of(spec: &TableSpec) -> Subject {
    Subject::Table(spec.table.clone())
}

/// Settles earlier creates of the tables that are available.
fn note_available(core: &Core, infos: &[AppInfo]) {
    let available = infos.iter().filter(|info| listed::is_available(info));
    core.unsettled.exist(available.map(|info| Subject::Table(info.app_name.clone())));
}

fn request(question: &Question<'_>) -> CreateAppRequest {
    let spec = question.spec;
    let proof = question.proof.map(|proof| (PROOF_KEY.to_owned(), proof.to_owned()));
    CreateAppRequest {
        app_name: spec.table.clone(),
        options: CreateAppOptions {
            partition_count: spec.partition_count,
            replica_count: spec.replica_count,
            // Otherwise ERR_OK would not show whether the table existed.
            success_if_exist: false,
            // Other values end servers.
            app_type: APP_TYPE.to_owned(),
            is_stateful: true,
            envs: spec.envs.clone().into_iter().chain(proof).collect(),
            atomic_idempotent: spec.atomic_idempotent,
        },
    }
}

/// Returns the error if the server is still busy with a table of the name at the deadline.
fn busy_with(one: &AppInfo) -> Error {
    Error::new(
        ErrorKind::Busy,
        format!(
            "the server is creating, dropping or recalling a table of that name; nothing was created: table={} table_id={} status={}",
            one.app_name,
            one.app_id,
            named::status(one)
        ),
    )
    .with_hint("try again: this takes the server only moments, unless it cannot store anything")
}

/// Returns whether the server creates atomic idempotent tables. Such a server reports the property of each
/// table, and has an RPC that returns the property of one.
async fn has_atomic_idempotence(
    connection: &Connection,
    infos: &[AppInfo],
    table: &str,
    deadline: Deadline,
) -> std::result::Result<bool, TryError> {
    if let Some(any) = infos.first() {
        return Ok(any.atomic_idempotent.is_some());
    }
    let request = AtomicIdempotentRequest { app_name: table.to_owned() };
    match connection.call::<GetAtomicIdempotent>(&request, one_try(deadline)).await {
        Ok(answer) if answer.err.says_not_applied() => Err(TryError::NotApplied(answer.err)),
        Ok(_) => Ok(true),
        Err(CallError::Framework(ErrorCode::HandlerNotFound)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn no_atomic_idempotence() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "this server does not create atomic idempotent tables, and would ignore that part of the request; nothing was sent",
    )
    .with_hint("leave it out, or use a cluster of a 2.6 snapshot since March 2025")
}
