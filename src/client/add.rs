//! Adds a duplication: reads the table, refuses what the server would misread, sends the add once, reads
//! the table back, and decides on the outcome.

use std::sync::Arc;

use super::ask::{self, Asked};
use super::attempt::Attempts;
use super::compare::Server;
use super::core::{Call, Core};
use super::decide::{self, Afterwards, Case, LookFor, Question, Reply};
use super::harm;
use super::hints;
use super::learn;
use super::listed::{Listed, why_unsettled};
use super::read_back::{Next, Queue, ReadBack};
use super::spec::{DuplicationSpec, Mode};
use super::subject::Subject;
use super::table::queue;
use super::try_error::TryError;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::{Evidence, Outcome, Property};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::Generation;
use crate::protocol::messages::{AddDuplication, AddRequest, AddResponse};
use crate::resource::{Duplication, several};
use crate::transport::connection::{Connection, Late};
use crate::transport::durations::{CHECK_QUEUE, CONFIRM, READ_BACK_ADD, answer_until};
use crate::transport::seams::Deadline;

/// The result of one try of an add.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, on the stack")]
enum Tried {
    /// The call ends with this result.
    Over(Result<Outcome<Duplication>>),
    /// Nothing was done, and the call starts over.
    Again,
}

pub(super) async fn add(call: Call<'_>, spec: &DuplicationSpec) -> Result<Outcome<Duplication>> {
    let _turn = call.core.turns.take(subject_of(spec), call.deadline).await?;
    let mut attempts = Attempts::new(call, &spec.table);
    loop {
        let connection = attempts.leader().await?;
        let tried = match call.mode {
            Mode::Safe => safe(call.core, spec, &mut attempts, &connection).await?,
            Mode::Direct => direct(call.core, spec, &mut attempts, &connection).await?,
        };
        if let Tried::Over(result) = tried {
            return result.map_err(|error| error.or_server(&connection.server));
        }
    }
}

/// Adds in safe mode: looks first, and sends the add only if the duplication does not exist.
async fn safe(
    core: &Core,
    spec: &DuplicationSpec,
    attempts: &mut Attempts<'_>,
    connection: &Arc<Connection>,
) -> Result<Tried> {
    let Some(asked) = ask_first(spec, attempts, connection).await? else {
        return Ok(Tried::Again);
    };
    let (table_id, generation) = (asked.table_id, asked.generation);
    match asked.into_listed(&spec.cluster) {
        Listed::Nothing => core.unsettled.gone(&subject_of(spec)),
        Listed::Unsettled(one) => return wait_until_settled(spec, &one, attempts).await,
        Listed::One(one) => {
            let server = server(spec, generation, connection, attempts.deadline).await;
            return Ok(Tried::Over(Ok(listed_before(spec, server, one, None))));
        }
        Listed::Several(many) => {
            let warning = several(&many.iter().collect::<Vec<_>>());
            let oldest = many.into_iter().next().expect("several are at least one");
            let server = server(spec, generation, connection, attempts.deadline).await;
            let outcome = listed_before(spec, server, oldest, Some(warning));
            return Ok(Tried::Over(Ok(outcome)));
        }
    }
    refuse_what_would_harm(core, spec, generation)?;
    let question = Question { spec, table_id, generation, absent_before: true };
    send(core, &question, Mode::Safe, attempts, connection).await
}

/// Adds in direct mode: one round trip if the server and the table are known already. If the duplication
/// exists, the add has the side effects of a repeated add.
async fn direct(
    core: &Core,
    spec: &DuplicationSpec,
    attempts: &mut Attempts<'_>,
    connection: &Arc<Connection>,
) -> Result<Tried> {
    let generation = learn::generation(connection);
    let table_id = connection.learnt.table_id(&spec.table);
    let (generation, table_id, absent_before) = match (generation, table_id) {
        (Some(generation), Some(table_id)) if !attempts.disturbed => {
            refuse_other_table(spec, table_id)?;
            (Some(generation), table_id, false)
        }
        // One read gives the proof, and the id of the table that the response must name.
        _ => match ask_first(spec, attempts, connection).await? {
            Some(asked) => {
                let (generation, table_id) = (asked.generation, asked.table_id);
                (generation, table_id, asked.into_listed(&spec.cluster) == Listed::Nothing)
            }
            None => return Ok(Tried::Again),
        },
    };
    if generation != Some(Generation::DupExist) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "direct mode needs a server that is proven to return ERR_DUP_EXIST; nothing was sent",
        )
        .with_server(&connection.server)
        .with_hint("use the safe mode"));
    }
    let question = Question { spec, table_id, generation, absent_before };
    send(core, &question, Mode::Direct, attempts, connection).await
}

/// Reads the table before the add. Returns `None` if the call has to start over.
async fn ask_first(
    spec: &DuplicationSpec,
    attempts: &mut Attempts<'_>,
    connection: &Arc<Connection>,
) -> Result<Option<Asked>> {
    let nothing = |asked: &Asked| asked.duplications.iter().all(|one| one.cluster != spec.cluster);
    let asked = attempts.ask(connection, &nothing).await?;
    if let Some(asked) = &asked {
        refuse_other_table(spec, asked.table_id)?;
    }
    Ok(asked)
}

/// Returns an error if the name leads to another table than the requested one.
fn refuse_other_table(spec: &DuplicationSpec, table_id: i32) -> Result<()> {
    match spec.table_id {
        Some(wanted) if wanted != table_id => Err(Error::new(
            ErrorKind::TableNotFound,
            format!(
                "the name leads to another table than the requested one; nothing was sent: table={} table_id={table_id} requested_table_id={wanted}",
                spec.table
            ),
        )
        .with_hint("the table was dropped, renamed or created again: look at the list of tables")),
        _ => Ok(()),
    }
}

/// Pauses, because the listed duplication is unsettled, or returns an error if no time is left.
async fn wait_until_settled(
    spec: &DuplicationSpec,
    listed: &Duplication,
    attempts: &mut Attempts<'_>,
) -> Result<Tried> {
    if attempts.pause().await {
        return Ok(Tried::Again);
    }
    Err(Error::new(
        ErrorKind::Busy,
        format!(
            "{}; nothing was sent: table={} cluster={} dupid={}",
            why_unsettled(listed),
            spec.table,
            spec.cluster,
            listed.dupid
        ),
    )
    .with_hint("try again: this takes the server only moments, unless it cannot store anything"))
}

/// Returns an error if the server would ignore or misread a part of the add. Also returns an error if an
/// earlier add may still be in the server's queue and the server would terminate because of both. Changes of
/// the same duplication that are in flight do no harm: their duplication does not exist any more, so the server
/// refuses them.
fn refuse_what_would_harm(
    core: &Core,
    spec: &DuplicationSpec,
    generation: Option<Generation>,
) -> Result<()> {
    let frail = generation.is_none_or(Generation::dies_of_racing_adds);
    if frail && let Some(until) = core.unsettled.create_in_flight(&subject_of(spec)) {
        return Err(Error::new(
            ErrorKind::Busy,
            format!(
                "an earlier add of this client got no response and may still be in flight, and a second add could terminate this server; nothing was sent: table={} cluster={} in_flight_seconds={}",
                spec.table,
                spec.cluster,
                until.left().as_millis().div_ceil(1000)
            ),
        )
        .with_hint(hints::after_a_lost_add()));
    }
    let Some(property) = spec.unsupported_by(generation) else { return Ok(()) };
    let what = match property {
        Property::RemoteTable => "a remote table with another name",
        Property::RemoteReplicaCount => "a remote replica count",
        _ => "the checkpoint",
    };
    let name = generation.map_or("unknown", Generation::name);
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("this server may ignore or misread {what}; nothing was sent: generation={name}"),
    )
    .with_hint(match generation {
        // The client cannot find out more about these servers, so a stated generation may help.
        Some(Generation::Snapshot26) => {
            "leave it out; if you know that this snapshot supports it, state the generation remote-name"
        }
        _ => "leave it out, or use a cluster of a version that supports it",
    }))
}

fn subject_of(spec: &DuplicationSpec) -> Subject {
    Subject::duplication(&spec.table, &spec.cluster)
}

fn request(spec: &DuplicationSpec) -> AddRequest {
    AddRequest {
        app_name: spec.table.clone(),
        remote_cluster_name: spec.cluster.clone(),
        // A missing field means yes. False means no, and "not paused" to servers of 2.3 and older.
        is_duplicating_checkpoint: if spec.checkpoint { None } else { Some(false) },
        remote_app_name: spec.other_remote_table().map(str::to_owned),
        remote_replica_count: spec.wanted_replica_count(),
    }
}

/// Sends the add once, over the connection over which the table was read. Then reads the table back and
/// decides on the outcome.
async fn send(
    core: &Core,
    question: &Question<'_>,
    mode: Mode,
    attempts: &mut Attempts<'_>,
    connection: &Arc<Connection>,
) -> Result<Tried> {
    let spec = question.spec;
    // A stated generation does not count here. Only what the server shows is believed.
    harm::refuse_braces(learn::found_generation(connection), spec.names())?;
    let note = core.unsettled.note_create("add", subject_of(spec), connection);
    let response_until = answer_until(attempts.deadline, READ_BACK_ADD);
    // If the queue can be checked, the reads begin earlier, and the client waits for the response meanwhile.
    let until = match queue::can_be_checked(connection) {
        true => response_until.or_after(CHECK_QUEUE),
        false => response_until,
    };
    let (called, mut late) =
        connection.call_for_a_while::<AddDuplication>(&request(spec), until).await;
    let mut reply = match Reply::of(called) {
        Ok(reply) => reply,
        Err(not_sent) => {
            note.settle();
            attempts.failed(connection, not_sent.into()).await?;
            return Ok(Tried::Again);
        }
    };
    let result = loop {
        if let Reply::Answer(answer) = &reply
            && matches!(answer.err, ErrorCode::Ok | ErrorCode::DupExist)
            && answer.dupid.is_some_and(|dupid| dupid != 0)
        {
            // This may refute a stated generation, which then does not apply to the next add.
            connection.learnt.note_names(answer.remote_app_name.is_some());
        }
        let case = match Case::new(question, &reply) {
            Ok(case) => case,
            Err(why) => {
                note.settle();
                attempts.failed(connection, why).await?;
                return Ok(Tried::Again);
            }
        };
        if mode == Mode::Direct
            && let Some(outcome) = case.decide_unread()
        {
            break Ok(outcome);
        }
        let look_for = case.look_for();
        let times = Times { response_until, deadline: attempts.deadline };
        match read_back(core, spec, connection, look_for, &mut late, times).await {
            ReadBackResult::Several(many) => break Err(case.several(many)),
            ReadBackResult::AtMostOne(found) => break case.decide(found),
            ReadBackResult::Response(answer) => reply = Reply::Answer(answer),
        }
    };
    if matches!(&reply, Reply::Answer(AddResponse { err: ErrorCode::Ok, .. })) {
        note.was_done();
    }
    note.conclude(&result, matches!(reply, Reply::Answer(_)), late);
    Ok(Tried::Over(result))
}

/// What happened while the table was read back after an add.
enum ReadBackResult {
    /// Several duplications to the cluster are listed.
    Several(Vec<Duplication>),
    /// At most one duplication to the cluster is listed.
    AtMostOne(Afterwards),
    /// The response to the add arrived after all.
    Response(AddResponse),
}

/// The times that limit the reads after an add.
struct Times {
    /// Until when the client waits for the response, even if the list shows a duplication. Only the response
    /// can make a Created certain.
    response_until: Deadline,
    /// When the call ends.
    deadline: Deadline,
}

/// Reads the table back after the add.
async fn read_back(
    core: &Core,
    spec: &DuplicationSpec,
    connection: &Arc<Connection>,
    look_for: LookFor,
    late: &mut Late<AddDuplication>,
    Times { response_until, deadline }: Times,
) -> ReadBackResult {
    let until = match look_for {
        LookFor::Anything => deadline.or_after(CONFIRM),
        LookFor::Settled | LookFor::Confirmation | LookFor::Appearance => deadline,
    };
    let mut reads = ReadBack::new(core, &spec.table, connection, late, until);
    // Whether the add has left the server's queue, so that a list shows what it did.
    let mut left_queue = false;
    loop {
        let last = match reads.read().await {
            Ok(asked) => match asked.into_listed(&spec.cluster) {
                Listed::Several(many) => return ReadBackResult::Several(many),
                Listed::One(one) => {
                    return match reads.wait_for_response(response_until).await {
                        Some(answer) => ReadBackResult::Response(answer),
                        None => ReadBackResult::AtMostOne(Afterwards::One(one)),
                    };
                }
                Listed::Nothing
                    if look_for == LookFor::Appearance && left_queue && !reads.moved() =>
                {
                    return ReadBackResult::AtMostOne(Afterwards::NothingBehindQueue);
                }
                Listed::Nothing if look_for == LookFor::Appearance => {
                    match reads.check_queue().await {
                        Queue::Response(answer) => return ReadBackResult::Response(answer),
                        Queue::Left => {
                            left_queue = true;
                            continue;
                        }
                        Queue::NotKnown => Afterwards::Nothing,
                    }
                }
                Listed::Nothing if reads.absent() => {
                    return ReadBackResult::AtMostOne(Afterwards::Nothing);
                }
                Listed::Nothing if reads.moved() => Afterwards::Unknown(
                    "the leader may have just changed, and does not list the duplication so far"
                        .to_owned(),
                ),
                Listed::Nothing if look_for == LookFor::Confirmation => Afterwards::Nothing,
                Listed::Nothing => return ReadBackResult::AtMostOne(Afterwards::Nothing),
                Listed::Unsettled(one) => {
                    reads.there();
                    Afterwards::Unsettled(one)
                }
            },
            Err(error @ TryError::Refused(_)) => {
                return ReadBackResult::AtMostOne(Afterwards::Unknown(error.to_string()));
            }
            // Reads from before the connection broke do not count any more.
            Err(error) => Afterwards::Unknown(error.to_string()),
        };
        match reads.pause().await {
            Next::Read => {}
            Next::Response(answer) => return ReadBackResult::Response(answer),
            Next::Over => return ReadBackResult::AtMostOne(last),
        }
    }
}

/// Returns what is known about the server, for the comparison of an existing duplication with the request.
/// The replica count of the table itself is only read if the request names a count and a server of this
/// generation ignores it.
async fn server(
    spec: &DuplicationSpec,
    generation: Option<Generation>,
    connection: &Connection,
    deadline: Deadline,
) -> Server {
    let keeps_own = generation.is_some_and(Generation::keeps_table_name);
    let own_replica_count = match keeps_own && spec.wanted_replica_count().is_some() {
        true => ask::replica_count(connection, &spec.table, deadline).await,
        false => None,
    };
    Server { generation, own_replica_count }
}

fn listed_before(
    spec: &DuplicationSpec,
    server: Server,
    existing: Duplication,
    warning: Option<String>,
) -> Outcome<Duplication> {
    decide::already_exists(spec, server, existing, Evidence::ListedBefore, warning)
}
