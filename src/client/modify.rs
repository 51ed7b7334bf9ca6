//! Changing a duplication: start, pause, fail mode, remove. What is there is looked at on the same
//! connection just before the change is sent, since a dupid may be used again for another one.

mod goal;
mod sent;

use super::ask::Asked;
use super::attempt::Attempts;
use super::core::Call;
use super::listed::{Listed, dupids, why_unsettled};
use super::spec::{Selector, check_name};
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::{Change, Duplication, FailMode, Removal, Status};

pub(super) use goal::Goal;
use sent::{Changing, Ended};

/// Start, pause, set fail mode.
pub(super) async fn change(
    call: Call<'_>,
    table: &str,
    which: &Selector,
    goal: Goal,
) -> Result<Change<Duplication>> {
    match run(call, table, which, goal).await? {
        Ended::Changed { before, after: Some(after), warning } => {
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

/// Remove.
pub(super) async fn remove(
    call: Call<'_>,
    table: &str,
    which: &Selector,
) -> Result<Removal<Duplication>> {
    Ok(match run(call, table, which, Goal::Removed).await? {
        Ended::Changed { before, warning, .. } => Removal::Removed { was: before, warning },
        Ended::Unchanged { .. } | Ended::NotFound => Removal::NotFound,
    })
}

async fn run(call: Call<'_>, table: &str, which: &Selector, goal: Goal) -> Result<Ended> {
    check_name("table", table)?;
    which.check()?;
    if let Goal::FailMode(mode @ FailMode::Unknown(_)) = goal {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("not a fail mode that can be set: fail_mode={mode}"),
        ));
    }
    let Call { core, deadline, .. } = call;
    let turns = &core.turns;
    // Whose turn it is to take shows only when the table was asked about, where a dupid is given.
    let mut turn = match which {
        Selector::Cluster(cluster) => {
            Some(turns.take((table.to_owned(), cluster.clone()), deadline).await?)
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
            // It cannot be changed: in DS_INIT it may be forgotten again, in DS_REMOVED it will be gone.
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
                    format!("several are meant: {}: table={table} {which}", dupids(&many)),
                )
                .with_hint("name one by its dupid")
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
                        "it is {status}: writes are shipped once the remote cluster has the checkpoint, \
                         which a start does not speed up; if it stays so, look at the remote cluster \
                         and at the replica servers"
                    )
                });
            return Ok(Ended::Unchanged { current: before, warning });
        }
        let Some(request) = goal.request(table, before.dupid, generation) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "this server's generation is not known, and it might take a {} for something else; nothing was sent",
                    goal.word()
                ),
            )
            .with_server(&connection.server)
            .with_hint("say the generation, if you know it"));
        };
        let pair = (table.to_owned(), before.cluster.clone());
        if turn.as_ref().is_none_or(|turn| *turn.pair() != pair) {
            drop(turn.take());
            turn = turns.take_at_once(pair.clone());
            if turn.is_none() {
                // What was listed may have been changed by whoever had the turn.
                turn = Some(turns.take(pair, deadline).await?);
                continue;
            }
        }
        let change = Changing { core, table, goal, before };
        if let Some(ended) = change.send(request, &mut attempts, &connection).await? {
            return Ok(ended);
        }
    }
}
