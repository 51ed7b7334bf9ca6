//! The rules for the results of drops and recalls of tables.

use pegasus_dup::protocol::messages::{DropApp, QueryConfig, RecallApp, Rpc};
use pegasus_dup::server::Event;
use pegasus_dup::server::store::{RecordChange, TableRecord};
use pegasus_dup::{Change, ErrorCode, ErrorKind, Evidence, Removal, Table};

use super::check_table::Tables;
use super::plan::What;
use super::plan_table::TableStep;
use super::trace::{Asked, Ended, Line, Told};
use super::truth::{Request, Sent, Truth, Whole, error_of};

/// A change of a table that the store has accepted.
struct Kept<'a> {
    line: usize,
    record: &'a TableRecord,
    /// The RPC of the request.
    rpc: &'a str,
    /// The call that sent the request, if a client sent it.
    call: Option<usize>,
}

/// Returns the drops and recalls that were stored.
fn changes<'a>(truth: &'a Truth<'a>) -> Vec<Kept<'a>> {
    let mut storing: Vec<(Request, &TableRecord)> = Vec::new();
    let mut kept = Vec::new();
    for (line, written) in truth.log.lines.iter().enumerate() {
        match &written.line {
            Line::Server {
                meta,
                event:
                    Event::Storing { connection, seqid, change: RecordChange::PutTable { record } },
            } => storing.push(((*meta, *connection, *seqid), record)),
            Line::Kept(RecordChange::PutTable { record }) => {
                let found = storing.iter().rposition(|(_, stored)| *stored == record);
                let Some(found) = found else { continue };
                let (request, record) = storing.remove(found);
                let rpc = truth.taken.get(&request).map_or("", |(_, rpc)| *rpc);
                if [DropApp::NAME, RecallApp::NAME].contains(&rpc) {
                    let call = truth.senders.get(&request).copied();
                    kept.push(Kept { line, record, rpc, call });
                }
            }
            _ => {}
        }
    }
    kept
}

/// A drop or a recall with everything that the rules need.
struct Changing<'a> {
    tables: &'a Tables<'a>,
    truth: &'a Truth<'a>,
    whole: &'a Whole<'a>,
    /// All drops and recalls that were stored.
    changes: Vec<Kept<'a>>,
    /// The drops or recalls that this call sent.
    sent: Vec<&'a Sent<'a>>,
}

pub(crate) fn check<'a>(tables: &'a Tables<'a>, whole: &'a Whole<'a>, wrong: &mut Vec<String>) {
    let truth = tables.truth;
    let What::Table(step) = &truth.log.calls[whole.call].step.what else { return };
    let sent = truth.sent[whole.call]
        .iter()
        .filter(|sent| matches!(sent.what, Asked::DropTable(_) | Asked::RecallTable(_)))
        .collect();
    let call = Changing { tables, truth, whole, changes: changes(truth), sent };
    let mut found = Vec::new();
    match (step, whole.how) {
        (TableStep::Drop(name), Ended::Dropped(result)) => {
            if let Ok(removal) = result {
                call.removal(name, removal, &mut found);
            }
            call.errors(DropApp::NAME, &mut found);
            if truth.plan.is_calm() {
                call.calm(name, &mut found);
            }
        }
        (TableStep::RecallById { .. }, Ended::Recalled(result)) => {
            if let Ok(change) = result {
                call.change(change, &mut found);
            }
            call.errors(RecallApp::NAME, &mut found);
        }
        (TableStep::Drop(_) | TableStep::RecallById { .. }, Ended::GaveUp) => {}
        (TableStep::Drop(_) | TableStep::RecallById { .. }, _) => {
            found.push("the result is not that of the step".to_owned());
        }
        (TableStep::Create(_) | TableStep::Rename(..) | TableStep::Recall { .. }, _) => return,
    }
    call.requests(&mut found);
    wrong.extend(found.into_iter().map(|what| format!("call {}: {what}", whole.call)));
}

impl Changing<'_> {
    /// Returns the drops or recalls of this call that were stored, at any time.
    fn own(&self, rpc: &str) -> impl Iterator<Item = &Kept<'_>> {
        self.changes
            .iter()
            .filter(move |kept| kept.call == Some(self.whole.call) && kept.rpc == rpc)
    }

    /// Returns whether the change was stored during the call.
    fn during(&self, kept: &Kept<'_>) -> bool {
        (self.whole.begins..self.whole.ends).contains(&kept.line)
    }

    fn was_misled(&self) -> bool {
        self.tables.was_misled(self.whole.call)
    }

    fn removal(&self, name: &str, removal: &Removal<Table>, wrong: &mut Vec<String>) {
        let (was, evidence, warning) = match removal {
            Removal::Removed { was, evidence, warning } => {
                (was, *evidence, warning.as_deref().unwrap_or_default())
            }
            Removal::NotFound => {
                let never = (self.whole.begins..=self.whole.ends).all(|line| {
                    let stored = self.tables.stored_at(line);
                    stored.into_values().any(|record| record.name == name && !record.dropped)
                });
                if never && !self.was_misled() {
                    wrong.push(
                        "NotFound, but there was a table of this name all the time".to_owned(),
                    );
                }
                if self.own(DropApp::NAME).next().is_some() {
                    wrong.push("NotFound, but this call dropped a table".to_owned());
                }
                return;
            }
        };
        if self.sent.is_empty() {
            wrong.push("Removed, but nothing was sent".to_owned());
        }
        let dropped = self.changes.iter().any(|kept| {
            kept.rpc == DropApp::NAME && kept.record.id == was.table_id && self.during(kept)
        });
        if !dropped && !self.was_misled() {
            wrong.push("Removed, but the table was not dropped during the call".to_owned());
        }
        let own: Vec<_> = self.own(DropApp::NAME).collect();
        let open = warning.contains("which of them this call dropped is not known")
            || warning.contains("could not be listed after the drop")
            || warning.contains("was not listed after the drop");
        if evidence == Evidence::ServerSaidSo {
            let right = own.iter().any(|kept| kept.record.id == was.table_id || open);
            if !right {
                wrong.push("a certain Removed, but this call dropped another table".to_owned());
            }
        }
        let later = own.iter().any(|kept| kept.line > self.whole.ends);
        if later && !warning.contains("may still be in flight") {
            wrong.push("the drop of this call was stored later, and no warning says so".to_owned());
        }
    }

    fn change(&self, change: &Change<Table>, wrong: &mut Vec<String>) {
        let own: Vec<_> = self.own(RecallApp::NAME).filter(|kept| self.during(kept)).collect();
        match change {
            Change::Changed { after, warning, .. } => {
                let lost = warning.as_deref().is_some_and(|words| words.contains("no response"));
                // Another actor may have renamed the table since. If the response is lost, another actor may
                // also have recalled the table under another name and renamed it then.
                let named_so = |kept: &Kept<'_>| {
                    (kept.line + 1..=self.whole.ends).any(|line| {
                        let stored = self.tables.stored_at(line);
                        stored
                            .get(&after.table_id)
                            .is_some_and(|record| record.name == after.table && !record.dropped)
                    })
                };
                let recalled = self.changes.iter().any(|kept| {
                    kept.rpc == RecallApp::NAME
                        && kept.record.id == after.table_id
                        && self.during(kept)
                        && (lost || named_so(kept))
                });
                if !recalled {
                    wrong
                        .push("Changed, but the table was not recalled during the call".to_owned());
                }
                if !lost && own.is_empty() {
                    wrong.push("Changed, but another call recalled the table".to_owned());
                }
            }
            Change::Unchanged { current, .. } => {
                let live = (self.whole.begins..=self.whole.ends).any(|line| {
                    let stored = self.tables.stored_at(line);
                    stored.get(&current.table_id).is_some_and(|record| !record.dropped)
                });
                if !live && !self.was_misled() {
                    wrong.push("Unchanged, but the table was dropped all the time".to_owned());
                }
                if !own.is_empty() {
                    wrong.push("Unchanged, but this call recalled the table".to_owned());
                }
            }
        }
    }

    /// Checks an error: only OutcomeUnknown may hide an effect, and something must have been sent.
    fn errors(&self, rpc: &str, wrong: &mut Vec<String>) {
        let Some(error) = error_of(self.whole.how) else { return };
        match error.kind() {
            ErrorKind::OutcomeUnknown if self.sent.is_empty() => {
                wrong.push("OutcomeUnknown, but nothing was sent".to_owned());
            }
            ErrorKind::OutcomeUnknown => {}
            kind if self.own(rpc).next().is_some() => {
                wrong.push(format!("the error {kind} says that nothing was done, but it was"));
            }
            _ => {}
        }
    }

    /// Checks the requests: each follows a list on the same connection, and another one follows only a refusal.
    fn requests(&self, wrong: &mut Vec<String>) {
        let all = &self.truth.sent[self.whole.call];
        for (index, sent) in self.sent.iter().enumerate() {
            let earlier: Vec<_> = all
                .iter()
                .filter(|one| one.line < sent.line)
                .filter(|one| (one.request.0, one.request.1) == (sent.request.0, sent.request.1))
                .collect();
            let before = |back: usize| earlier.iter().rev().nth(back).map(|one| one.what);
            let looked = match sent.what {
                Asked::DropTable(_) => {
                    matches!(before(0), Some(Asked::Other(rpc)) if rpc == QueryConfig::NAME)
                        && matches!(before(1), Some(Asked::Tables))
                }
                _ => matches!(before(0), Some(Asked::Tables)),
            };
            if !looked {
                wrong.push("a change of a table without a look just before".to_owned());
            }
            if let Asked::DropTable(request) = sent.what
                && request.options.success_if_not_exist
            {
                wrong.push("a drop that succeeds without a table".to_owned());
            }
            let Some(first) = index.checked_sub(1).map(|index| self.sent[index]) else { continue };
            let refused = self.truth.answer_to(first.request, sent.line).is_some_and(
                |got| matches!(got.what, Told::ChangedTable { err, .. } if *err != ErrorCode::Ok),
            );
            if !refused {
                wrong
                    .push("a change was sent again, although it may have had an effect".to_owned());
            }
        }
    }

    /// Checks that the outcome is certain if there are no faults and no other actors.
    fn calm(&self, name: &str, wrong: &mut Vec<String>) {
        let stored = self.tables.stored_at(self.whole.begins);
        let exists = stored.into_values().any(|record| record.name == name && !record.dropped);
        let fine = match self.whole.how {
            Ended::Dropped(Ok(Removal::Removed { evidence, .. })) => {
                exists && *evidence == Evidence::ServerSaidSo
            }
            Ended::Dropped(Ok(Removal::NotFound)) => !exists,
            _ => false,
        };
        if !fine {
            wrong.push("there were no faults, but the result is not the expected one".to_owned());
        }
    }
}
