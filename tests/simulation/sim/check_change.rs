//! What a start, a pause, a change of the fail mode and a removal may never claim.

use pegasus_dup::protocol::messages::{ModifyDuplication, Rpc};
use pegasus_dup::server::Event;
use pegasus_dup::server::store::Change as Stored;
use pegasus_dup::{Change, Duplication, ErrorKind, Removal};

use super::trace::{Asked, Ended, Line, Told};
use super::truth::{Truth, Whole, error_of};

pub(crate) fn check(truth: &Truth<'_>, whole: &Whole<'_>, wrong: &mut Vec<String>) {
    let mut found = Vec::new();
    match whole.how {
        Ended::Change(Ok(Change::Changed { before, after, .. }))
            if before.identity() != after.identity() =>
        {
            found.push("it tells of two duplications as if they were one".to_owned());
        }
        Ended::Removal(Ok(Removal::Removed { was, .. })) if still_there(truth, whole, was) => {
            found.push("Removed, and it was there all the time".to_owned());
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
            found.push(format!("it changed something, and says {}", error.kind()));
        }
        sent_once(truth, whole, &mut found);
    }
    wrong.extend(found.into_iter().map(|what| format!("call {}: {what}", whole.call)));
}

/// Whether one was stored when the call began, and at every moment until it ended.
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
    // Seen by a server that could not know better.
    let misled = truth.got[whole.call].iter().any(|got| truth.misled(got.request.0, got.line));
    !misled
        && !truth.log.lines[whole.begins..whole.ends].iter().any(|written| {
            matches!(&written.line, Line::Kept(Stored::Remove { table_id, dupid })
                if (*table_id, *dupid) == (one.table_id, one.dupid))
        })
}

/// Whether a modify of this call was stored.
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

/// Sent again only after an answer that says that nothing was done.
fn sent_once(truth: &Truth<'_>, whole: &Whole<'_>, wrong: &mut Vec<String>) {
    let modifies: Vec<_> = truth.sent[whole.call]
        .iter()
        .filter(|sent| matches!(sent.what, Asked::Modify(_)))
        .collect();
    for pair in modifies.windows(2) {
        let answer = truth.answer_to(pair[0].request, pair[1].line);
        if !answer.is_some_and(|got| matches!(got.what, Told::Modify(_)) && got.what.not_applied())
        {
            wrong.push("a change was sent again, and the first may have been done".to_owned());
        }
    }
}
