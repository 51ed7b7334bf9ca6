//! The rules for what is stored, and for the requests that are sent.

use std::collections::BTreeMap;

use pegasus_dup::protocol::generation::Generation;
use pegasus_dup::protocol::messages::{AddRequest, ModifyRequest};
use pegasus_dup::server::store::RecordChange;
use pegasus_dup::server::{Behaviour, Event};
use pegasus_dup::{DuplicationSpec, Mode, Status};

use super::check_fleet;
use super::check_table::Tables;
use super::plan::{What, Who};
use super::plan_fleet::Apply;
use super::trace::{Asked, Call, Line};
use super::truth::{Making, Truth};

/// Checks that no two duplications of a table go to the same cluster, and no two duplications to
/// the same remote table of a cluster, unless a leader that served too early created the second
/// one. The duplications of a dropped table do not count for other tables. A leader that reads back what is
/// stored does not load them, so it does not know them after a recall either.
pub(crate) fn one_of_each(tables: &Tables<'_>, wrong: &mut Vec<String>) {
    let truth = tables.truth;
    for making in &truth.makings {
        let Some(kept) = making.kept else { continue };
        if making.early {
            continue;
        }
        for ((table_id, dupid), other) in truth.stored_at(kept) {
            let itself = (table_id, dupid) == (making.table_id, making.record.dupid);
            if itself || other.cluster != making.record.cluster {
                continue;
            }
            let made_early = truth.makings.iter().any(|early| {
                early.early && (early.table_id, early.record.dupid) == (table_id, dupid)
            });
            if tables.was_dropped_at_read_back(table_id, making) {
                continue;
            }
            if table_id == making.table_id && !made_early {
                wrong.push(format!(
                    "two duplications of table {table_id} to {}: {dupid} and {}",
                    other.cluster, making.record.dupid
                ));
            }
            // Servers before 2.6 do not know remote tables, and do not check them.
            if knows_remote_tables(truth.plan.behaviours[making.meta])
                && other.remote_table == making.record.remote_table
                && table_id != making.table_id
                && !made_early
                && !was_free(tables, making, (table_id, dupid))
            {
                wrong.push(format!(
                    "two duplications to table {} of {}: {table_id}({dupid}) and {}({})",
                    other.remote_table, other.cluster, making.table_id, making.record.dupid
                ));
            }
        }
    }
}

/// Returns whether the table of the first of two adds was dropped when the server executed the second one.
fn was_free(tables: &Tables<'_>, making: &Making, (table_id, dupid): (i32, i32)) -> bool {
    let later = tables.truth.makings.iter().find(|other| {
        (other.table_id, other.record.dupid) == (table_id, dupid) && other.line > making.line
    });
    match later {
        Some(later) => tables.is_dropped(making.table_id, later.line),
        None => tables.is_dropped(table_id, making.line),
    }
}

fn knows_remote_tables(behaviour: Behaviour) -> bool {
    match behaviour {
        Behaviour::Freezed | Behaviour::Checkpoint => false,
        Behaviour::RemoteName | Behaviour::DupExist | Behaviour::Idempotent => true,
    }
}

/// Checks that no request is sent that would end or harm a real server of that generation. Two
/// clients that race on `freezed` end the server all the same, which no client can prevent.
pub(crate) fn nothing_harmful(truth: &Truth<'_>, wrong: &mut Vec<String>) {
    // The changes that are being stored, with the server and the actor.
    let mut storing: BTreeMap<(usize, u64, i32), usize> = BTreeMap::new();
    for (line, written) in truth.log.lines.iter().enumerate() {
        match &written.line {
            Line::Sent { call, meta, what, .. } => {
                let behaviour = truth.plan.behaviours[*meta];
                let call = &truth.log.calls[*call];
                let harm = match what {
                    Asked::Add(add) => harm_of_add(truth, call, add, behaviour),
                    Asked::Modify(modify) => harm_of_modify(call, modify, behaviour.generation()),
                    Asked::Table { .. }
                    | Asked::CreateTable(_)
                    | Asked::DropTable(_)
                    | Asked::RecallTable(_)
                    | Asked::Tables
                    | Asked::Other(_) => None,
                };
                if let Some(harm) = harm {
                    wrong.push(format!("{harm} was sent to a {behaviour} server: {what}"));
                }
            }
            Line::Server { meta, event } => match event {
                Event::Storing { connection, seqid, .. } => {
                    if let Some(&who) = truth.owners.get(&(*meta, *connection)) {
                        storing.insert((*meta, *connection, *seqid), who);
                    }
                }
                // A stale leader treats a change that it cannot store as under way for ever.
                Event::NotStored { .. } if truth.leader_at(line) != *meta => {}
                Event::Stored { connection, seqid, .. }
                | Event::NotStored { connection, seqid, .. } => {
                    storing.remove(&(*meta, *connection, *seqid));
                }
                Event::Crashed | Event::Follows => {
                    storing.retain(|&(on, _, _), _| on != *meta);
                }
                // No client can know that a table was dropped before a recall was complete.
                Event::WouldHaveDied { connection }
                    if recalls_again(truth, *meta, *connection, line) => {}
                Event::WouldHaveDied { connection } => {
                    let who = truth.owners.get(&(*meta, *connection)).copied();
                    if let Some(reason) = blame(truth, *meta, who, &storing) {
                        wrong.push(reason);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// Returns whether the latest request on this connection recalls a table that was recalled before.
fn recalls_again(truth: &Truth<'_>, meta: usize, connection: u64, line: usize) -> bool {
    let earlier = &truth.log.lines[..line];
    let latest = earlier.iter().rev().find_map(|written| match &written.line {
        Line::Sent { meta: on, connection: over, what, .. }
            if (*on, *over) == (meta, connection) =>
        {
            Some(what)
        }
        _ => None,
    });
    let Some(Asked::RecallTable(request)) = latest else { return false };
    let records = earlier.iter().filter_map(|written| match &written.line {
        Line::Kept(RecordChange::PutTable { record }) if record.id == request.app_id => {
            Some(record)
        }
        _ => None,
    });
    // A recalled table keeps the time of its drop.
    let mut recalls = records.filter(|record| !record.dropped && record.drop_second > 0);
    recalls.nth(1).is_some()
}

fn blame(
    truth: &Truth<'_>,
    meta: usize,
    who: Option<usize>,
    storing: &BTreeMap<(usize, u64, i32), usize>,
) -> Option<String> {
    let Some(who) = who else { return Some(format!("meta {meta} was ended by no actor")) };
    if truth.plan.actors[who].who == Who::Raw {
        return None;
    }
    let with_another = storing.iter().any(|(&(on, _, _), &other)| on == meta && other != who);
    let raced = truth.plan.behaviours[meta] == Behaviour::Freezed && with_another;
    (!raced).then(|| format!("actor {who} alone would have ended meta {meta}"))
}

fn harm_of_add(
    truth: &Truth<'_>,
    call: &Call,
    add: &AddRequest,
    behaviour: Behaviour,
) -> Option<&'static str> {
    let declared = match &call.step.what {
        What::Add(spec) => Some(spec.clone()),
        What::Apply(apply) if !check_fleet::is_probe(truth, add) => declared(apply, add),
        // The question whether a remote cluster is configured names a table that does not exist.
        What::Apply(_) => return None,
        _ => None,
    };
    let Some(spec) = declared else { return Some("an add by a call that is no add") };
    let mode = truth.plan.actors[call.who].who.mode();
    let freezed = behaviour == Behaviour::Freezed;
    let other_table = add.remote_app_name.as_ref().is_some_and(|name| *name != add.app_name);
    let count = add.remote_replica_count.is_some_and(|count| count != 0);
    let names = [Some(&add.app_name), Some(&add.remote_cluster_name), add.remote_app_name.as_ref()];
    let brace = names.into_iter().flatten().any(|name| name.contains(['{', '}']));
    if brace && behaviour.generation().dies_of_braces() && mode.is_some() {
        Some("a name with a brace")
    } else if freezed && add.is_duplicating_checkpoint == Some(true) {
        Some("\"create it paused\"")
    } else if freezed && spec.checkpoint {
        Some("a checkpoint that will not be shipped")
    } else if !freezed && (add.is_duplicating_checkpoint != Some(false)) != spec.checkpoint {
        Some("another checkpoint flag than requested")
    } else if !knows_remote_tables(behaviour)
        && (other_table || count)
        && !truth.plan.is_believed(call.who, behaviour)
    {
        Some("a property that the server ignores")
    } else if mode == Some(Mode::Direct) && behaviour.generation() != Generation::DupExist {
        Some("a direct add")
    } else {
        None
    }
}

/// Returns the description of a duplication that a fleet declares.
fn declared(apply: &Apply, add: &AddRequest) -> Option<DuplicationSpec> {
    let declaration =
        apply.fleet.duplications.iter().find(|one| {
            one.cluster == add.remote_cluster_name && one.table.matches(&add.app_name)
        })?;
    Some(declaration.duplication(&add.app_name))
}

fn harm_of_modify(
    call: &Call,
    modify: &ModifyRequest,
    generation: Generation,
) -> Option<&'static str> {
    let status = modify.status.map(|number| generation.status(number));
    let fits = match (&call.step.what, status) {
        (What::Start, Some(Status::Log | Status::Start))
        | (What::Pause, Some(Status::Pause))
        | (What::Remove, Some(Status::Removed)) => modify.fail_mode.is_none(),
        (What::SetFailMode(mode), None) => modify.fail_mode == mode.number(),
        (What::Apply(_), Some(Status::Log | Status::Start | Status::Pause | Status::Removed)) => {
            modify.fail_mode.is_none()
        }
        (What::Apply(_), None) => modify.fail_mode.is_some(),
        _ => false,
    };
    (!fits).then_some("a status with another meaning")
}
