//! Adds a backup policy: finds the tables, queries the policy, sends the add once, queries the policy again, and
//! decides on the outcome.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ask;
use super::decide::{self, Afterwards, Case, LookFor, Question, Reply};
use crate::client::attempt::{Attempts, Feature};
use crate::client::core::{Call, Core};
use crate::client::read_back::{Next, ReadBack};
use crate::client::spec::BackupPolicySpec;
use crate::client::subject::Subject;
use crate::client::try_error::TryError;
use crate::client::{ask as client_ask, harm, learn};
use crate::error::Result;
use crate::outcome::{Evidence, Outcome};
use crate::protocol::messages::{AddBackupPolicy, AddBackupPolicyRequest, AddBackupPolicyResponse};
use crate::resource::BackupPolicy;
use crate::transport::connection::{Connection, Late};
use crate::transport::durations::{READ_BACK_ADD, answer_until, one_try};
use crate::transport::seams::Deadline;

pub(crate) async fn add(call: Call<'_>, spec: &BackupPolicySpec) -> Result<Outcome<BackupPolicy>> {
    let _turn = call.core.turns.take(subject_of(spec), call.deadline).await?;
    let mut attempts = Attempts::new(call, any_table(spec)).using(Feature::Backups);
    loop {
        let connection = attempts.leader().await?;
        let Some((table_ids, existing)) = look(spec, &mut attempts, &connection).await? else {
            continue;
        };
        let question = Question { spec, table_ids };
        if let Some(existing) = existing {
            call.core.unsettled.exist([subject_of(spec)]);
            let evidence = Evidence::ListedBefore;
            return Ok(decide::already_exists(&question, existing, evidence, None));
        }
        if let Some(result) = send(call.core, &question, &mut attempts, &connection).await? {
            return result.map_err(|error| error.or_server(&connection.server));
        }
    }
}

/// Finds the ids of the tables, and queries the policy. After a disturbance, an absent policy is queried a second
/// time, because a new leader may not have read its policies back yet. Returns `None` if the call has to start
/// over.
async fn look(
    spec: &BackupPolicySpec,
    attempts: &mut Attempts<'_>,
    connection: &Arc<Connection>,
) -> Result<Option<(BTreeSet<i32>, Option<BackupPolicy>)>> {
    let disturbed = attempts.disturbed;
    let (table_ids, mut existing) = match look_once(spec, connection, attempts.deadline).await {
        Ok(found) => found,
        Err(error) => {
            attempts.failed(connection, error).await?;
            return Ok(None);
        }
    };
    if existing.is_none() && disturbed {
        attempts.wait_for_a_new_leader(connection).await?;
        existing = match ask::policy(connection, &spec.policy, one_try(attempts.deadline)).await {
            Ok(existing) => existing,
            Err(error) => {
                attempts.failed(connection, error).await?;
                return Ok(None);
            }
        };
    }
    Ok(Some((table_ids, existing)))
}

async fn look_once(
    spec: &BackupPolicySpec,
    connection: &Connection,
    deadline: Deadline,
) -> Result<(BTreeSet<i32>, Option<BackupPolicy>), TryError> {
    refuse_braces(spec, connection, deadline).await?;
    let table_ids = ask::table_ids(connection, spec, one_try(deadline)).await?;
    let existing = ask::policy(connection, &spec.policy, one_try(deadline)).await?;
    Ok((table_ids, existing))
}

/// Returns an error if a name contains a brace, unless the server is known to survive it. A query with such a
/// name can terminate a server, too, so this comes before the query.
async fn refuse_braces(
    spec: &BackupPolicySpec,
    connection: &Connection,
    deadline: Deadline,
) -> Result<(), TryError> {
    let names = [("policy", spec.policy.as_str()), ("provider", spec.provider.as_str())];
    if names.iter().all(|(_, name)| !name.contains(['{', '}'])) {
        return Ok(());
    }
    client_ask::find_generation(connection, one_try(deadline)).await?;
    // A stated generation does not count here. Only what the server shows is believed.
    harm::refuse_braces(learn::found_generation(connection), names).map_err(TryError::Refused)
}

/// Sends the add once, over the connection over which the policy was queried. Then queries the policy again and
/// decides on the outcome. Returns `None` if nothing was done and the call has to start over.
async fn send(
    core: &Core,
    question: &Question<'_>,
    attempts: &mut Attempts<'_>,
    connection: &Arc<Connection>,
) -> Result<Option<Result<Outcome<BackupPolicy>>>> {
    let spec = question.spec;
    let note = core.unsettled.note_create("add-backup-policy", subject_of(spec), connection);
    let until = answer_until(attempts.deadline, READ_BACK_ADD);
    let (called, mut late) =
        connection.call_for_a_while::<AddBackupPolicy>(&request(question), until).await;
    let mut reply = match Reply::of(called) {
        Ok(reply) => reply,
        Err(not_sent) => {
            note.settle();
            attempts.failed(connection, not_sent.into()).await?;
            return Ok(None);
        }
    };
    let result = loop {
        let case = match Case::new(question, &reply) {
            Ok(case) => case,
            Err(why) => {
                note.settle();
                attempts.failed(connection, why).await?;
                return Ok(None);
            }
        };
        let look_for = case.look_for();
        let reads = read_back(core, spec, connection, look_for, &mut late, attempts.deadline);
        match reads.await {
            Found::Afterwards(found) => break case.decide(found),
            Found::Response(answer) => reply = Reply::Answer(answer),
        }
    };
    note.conclude(&result, matches!(reply, Reply::Answer(_)), late);
    Ok(Some(result))
}

/// What happened while the policy was queried after an add.
enum Found {
    /// What is listed.
    Afterwards(Afterwards),
    /// The response to the add arrived after all.
    Response(AddBackupPolicyResponse),
}

/// Queries the policy after the add.
async fn read_back(
    core: &Core,
    spec: &BackupPolicySpec,
    connection: &Arc<Connection>,
    look_for: LookFor,
    late: &mut Late<AddBackupPolicy>,
    deadline: Deadline,
) -> Found {
    let mut reads = ReadBack::new(core, any_table(spec), connection, late, deadline);
    loop {
        let query = |connection: Arc<Connection>, deadline| async move {
            ask::policy(&connection, &spec.policy, deadline).await
        };
        let last = match reads.read_with(query).await {
            Ok(Some(policy)) => {
                core.unsettled.exist([subject_of(spec)]);
                return Found::Afterwards(Afterwards::One(policy));
            }
            Ok(None) if look_for == LookFor::Appearance => Afterwards::Nothing,
            Ok(None) if look_for == LookFor::Anything && !reads.moved() => {
                return Found::Afterwards(Afterwards::Nothing);
            }
            // A new leader may not have read its policies back yet.
            Ok(None) if reads.absent() => return Found::Afterwards(Afterwards::Nothing),
            Ok(None) => Afterwards::Nothing,
            Err(error @ TryError::Refused(_)) => {
                return Found::Afterwards(Afterwards::Unknown(error.to_string()));
            }
            Err(error) => Afterwards::Unknown(error.to_string()),
        };
        match reads.pause().await {
            Next::Read => {}
            Next::Response(answer) => return Found::Response(answer),
            Next::Over => return Found::Afterwards(last),
        }
    }
}

fn request(Question { spec, table_ids }: &Question<'_>) -> AddBackupPolicyRequest {
    AddBackupPolicyRequest {
        backup_provider_type: spec.provider.clone(),
        policy_name: spec.policy.clone(),
        app_ids: table_ids.iter().copied().collect(),
        backup_interval_seconds: spec.interval_seconds,
        backup_history_count_to_keep: spec.history_count,
        start_time: spec.start_time.clone(),
    }
}

fn subject_of(spec: &BackupPolicySpec) -> Subject {
    Subject::BackupPolicy(spec.policy.clone())
}

/// Returns a table of the policy, for the request that finds the leader.
fn any_table(spec: &BackupPolicySpec) -> &str {
    spec.tables.first().map_or("", String::as_str)
}
