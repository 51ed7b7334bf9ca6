//! Changes a duplication: start, pause, set fail mode, remove. The duplication is read over the same
//! connection just before the change is sent, because a dupid may be reused for another duplication.

mod goal;
mod sent;

use super::ask::Asked;
use super::attempt::Attempts;
use super::core::Call;
use super::listed::{Listed, dupids, why_unsettled};
use super::spec::Selector;
use super::subject::Subject;
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::{Change, Removal, Status};
use crate::resource::{Duplication, Identity};

pub(super) use goal::Goal;
use sent::{Changing, Ended};

/// Starts or pauses a duplication, or sets its fail mode.
pub(super) async fn change(
    call: Call<'_>,
    table: &str,
    which: &Selector,
    goal: Goal,
) -> Result<Change<Duplication>> {
    match run(call, table, which, goal).await? {
        Ended::Changed { before, after: Some(after), warning, .. } => {
            Ok(Change::Changed { before, after, warning })
        }
        Ended::Unchanged { current, warning } => Ok(Change::Unchanged { current, warning }),
        Ended::Changed { after: None, .. } | Ended::NotFound => Err(Error::new(
            ErrorKind::DuplicationNotFound,
            format!("no such duplication: table={table} {which}"),
        )
        .with_hint("query the table to see its duplications")),
    }
}

/// Removes a duplication.
pub(super) async fn remove(
    call: Call<'_>,
    table: &str,
    which: &Selector,
) -> Result<Removal<Duplication>> {
    Ok(match run(call, table, which, Goal::Removed).await? {
        Ended::Changed { before, evidence, warning, .. } => {
            Removal::Removed { was: before, evidence, warning }
        }
        Ended::Unchanged { .. } | Ended::NotFound => Removal::NotFound,
    })
}

async fn run(call: Call<'_>, table: &str, which: &Selector, goal: Goal) -> Result<Ended> {
    let Call { core, deadline, .. } = call;
    let turns = &core.turns;
    // If a dupid is given, the duplication whose turn is needed is only known after the table was read.
    let mut turn = match which {
        Selector::Cluster(cluster) | Selector::Identity(Identity { cluster, .. }) => {
            Some(turns.take(Subject::duplication(table, cluster), deadline).await?)
        }
        Selector::Dupid(_) => None,
    };
    let mut attempts = Attempts::new(call, table);
    loop {
        let connection = attempts.leader().await?;
        let absent = |asked: &Asked| {
            !asked.duplications.iter().any(|duplication| which.selects(duplication))
        };
        let Some(asked) = attempts.ask(&connection, &absent).await? else { continue };
        let generation = asked.generation;
        let selected = asked.duplications.into_iter().filter(|one| which.selects(one));
        let before = match Listed::of(selected) {
            Listed::Nothing => return Ok(Ended::NotFound),
            Listed::One(one) => one,
            // It cannot be changed: in DS_INIT it may still be lost, and in DS_REMOVED it will disappear.
            Listed::Unsettled(_) if attempts.pause().await => continue,
            Listed::Unsettled(one) => {
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!(
                        "{}; nothing was sent: table={table} {which} dupid={}",
                        why_unsettled(&one),
                        one.dupid
                    ),
                )
                .with_server(&connection.server));
            }
            Listed::Several(many) => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!("several duplications match: {}: table={table} {which}", dupids(&many)),
                )
                .with_hint("select one of them by its dupid")
                .with_known(many));
            }
        };
        if goal.reached(Some(&before)) == Some(true) {
            let warning = (goal == Goal::Running)
                .then(|| {
                    before.status.filter(|status| matches!(status, Status::Prepare | Status::App))
                })
                .flatten()
                .map(|status| {
                    format!(
                        "the duplication is in {status}: writes are shipped after the remote cluster has \
                         loaded the checkpoint, and a start does not speed this up; if the status \
                         does not change, check the remote cluster and the replica servers"
                    )
                });
            return Ok(Ended::Unchanged { current: before, warning });
        }
        let Some(request) = goal.request(table, before.dupid, generation) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the generation of this server is not known, and the server might misread a {}; nothing was sent",
                    goal.word()
                ),
            )
            .with_server(&connection.server)
            .with_hint("state the generation if you know it"));
        };
        let subject = Subject::duplication(table, &before.cluster);
        if turn.as_ref().is_none_or(|turn| *turn.subject() != subject) {
            drop(turn.take());
            turn = turns.take_at_once(subject.clone());
            if turn.is_none() {
                // The call that had the turn may have changed the duplication since it was read.
                turn = Some(turns.take(subject, deadline).await?);
                continue;
            }
        }
        let change = Changing { core, table, goal, before };
        if let Some(ended) = change.send(request, &mut attempts, &connection).await? {
            return Ok(ended);
        }
    }
}
