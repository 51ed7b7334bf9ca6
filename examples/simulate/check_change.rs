//! The rules for the results of a start, a pause, a change of the fail mode and a removal.

use pegasus_dup::protocol::messages::{ModifyDuplication, Rpc};
use pegasus_dup::server::Event;
use pegasus_dup::server::store::RecordChange;
use pegasus_dup::{Change, Duplication, ErrorCode, ErrorKind, Removal};

use super::trace::{Asked, Ended, Line, Told};
use super::truth::{Truth, Whole, error_of};

/// How long nothing must be listed before the client believes it, plus a margin, in milliseconds.
const QUIET_MS: u64 = 3_500;
/// How long a read may take, in milliseconds.
const LAST_LOOK_MS: u64 = 500;

pub(crate) fn check(truth: &Truth<'_>, whole: &Whole<'_>, wrong: &mut Vec<String>) {
    let mut found = Vec::new();
    match whole.how {
        Ended::Change(Ok(Change::Changed { before, after, .. }))
            if before.identity() != after.identity() =>
        {
            found.push("the result treats two duplications as one".to_owned());
        }
        Ended::Removal(Ok(Removal::Removed { was, .. })) if still_there(truth, whole, was) => {
            found.push("Removed, but the duplication existed all the time".to_owned());
        }
        _ => {}
    }
    let changes = matches!(whole.how, Ended::Change(_) | Ended::Removal(_));
    if changes {
        if let Some(error) = error_of(whole.how)
            && error.kind() != ErrorKind::OutcomeUnknown
            && stored_something(truth, whole)
            && error.kind() != ErrorKind::DuplicationNotFound
        {
            found.push(format!("the call changed something, but reports {}", error.kind()));
        }
        sent_once(truth, whole, &mut found);
        if error_of(whole.how).is_some_and(|error| error.kind() == ErrorKind::OutcomeUnknown) {
            doubted(truth, whole, &mut found);
        }
    }
    wrong.extend(found.into_iter().map(|what| format!("call {}: {what}", whole.call)));
}

/// Returns whether the duplication was stored from the begin of the call to its end.
fn still_there(truth: &Truth<'_>, whole: &Whole<'_>, one: &Duplication) -> bool {
    let stored = |line| {
        truth
            .stored_at(line)
            .get(&(one.table_id, one.dupid))
            .is_some_and(|record| Some(record.create_ts_ms) == one.create_ts_ms)
    };
    if !stored(whole.begins) || !stored(whole.ends) {
        return false;
    }
    // The response came from a server that could not know better.
    let misled = truth.got[whole.call].iter().any(|got| truth.misled(got.request.0, got.line));
    !misled
        && !truth.log.lines[whole.begins..whole.ends].iter().any(|written| {
            matches!(&written.line, Line::Kept(RecordChange::Remove { table_id, dupid })
                if (*table_id, *dupid) == (one.table_id, one.dupid))
        })
}

/// Returns whether a modify of this call was stored.
fn stored_something(truth: &Truth<'_>, whole: &Whole<'_>) -> bool {
    truth.log.lines.iter().any(|written| match &written.line {
        Line::Server { meta, event: Event::Stored { connection, seqid, .. } } => {
            let request = (*meta, *connection, *seqid);
            truth.senders.get(&request) == Some(&whole.call)
                && truth.taken.get(&request).is_some_and(|(_, rpc)| *rpc == ModifyDuplication::NAME)
        }
        _ => false,
    })
}

/// Checks that OutcomeUnknown is reported only if a request was sent, and not if two reads with
/// enough time between them showed that the duplication is gone.
fn doubted(truth: &Truth<'_>, whole: &Whole<'_>, wrong: &mut Vec<String>) {
    let sent = truth.sent[whole.call].iter().rev().find_map(|sent| match sent.what {
        Asked::Modify(modify) => Some((sent.line, modify.dupid)),
        _ => None,
    });
    let Some((sent, dupid)) = sent else {
        wrong.push("OutcomeUnknown, but nothing was sent".to_owned());
        return;
    };
    let tells = |told: &Told| match told {
        Told::Table { err: ErrorCode::Ok, entries } => {
            Some(entries.iter().find(|entry| entry.dupid == dupid).map(|entry| entry.create_ts))
        }
        _ => None,
    };
    let seen = |after: bool| {
        let got = truth.got[whole.call].iter().filter(move |got| (got.line > sent) == after);
        got.filter_map(|got| tells(got.what).map(|made| (got.request.1, got.ms, made)))
    };
    let Some((_, _, Some(meant))) = seen(false).next_back() else { return };
    // Only reads on the last connection count. What was read before a connection broke is no longer
    // valid.
    let Some((over, ..)) = seen(true).next_back() else { return };
    // The last read may have been too late for the call.
    let gone: Vec<u64> = seen(true)
        .filter(|&(connection, ms, _)| connection == over && ms + LAST_LOOK_MS < whole.ended_ms)
        .map(|(_, ms, made)| if made == Some(meant) { 0 } else { ms })
        .collect();
    let last = gone.iter().rev().take_while(|&&ms| ms != 0);
    if let (Some(to), Some(from)) = (last.clone().next(), last.last())
        && to - from >= QUIET_MS
    {
        wrong.push("OutcomeUnknown, but the reads showed that the duplication is gone".to_owned());
    }
}

/// Checks that a change was sent again only after a response that says that nothing was done.
fn sent_once(truth: &Truth<'_>, whole: &Whole<'_>, wrong: &mut Vec<String>) {
    let modifies: Vec<_> = truth.sent[whole.call]
        .iter()
        .filter(|sent| matches!(sent.what, Asked::Modify(_)))
        .collect();
    for pair in modifies.windows(2) {
        let answer = truth.answer_to(pair[0].request, pair[1].line);
        if !answer.is_some_and(|got| matches!(got.what, Told::Modify(_)) && got.what.not_applied())
        {
            wrong.push(
                "a change was sent again, although the first may have had an effect".to_owned(),
            );
        }
    }
}
