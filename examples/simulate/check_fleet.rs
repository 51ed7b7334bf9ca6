//! The rules for the results of an apply of a fleet.

use std::collections::BTreeMap;

use pegasus_dup::fleet::{Item, ItemReport, Plan, Summary};
use pegasus_dup::protocol::messages::AddRequest;
use pegasus_dup::server::store::{DuplicationRecord, RecordChange};
use pegasus_dup::server::{Behaviour, Event};
use pegasus_dup::{Evidence, FailMode, ItemResult, PlanStep, Property, Status, Verdict};

use super::plan::What;
use super::plan_fleet::Apply;
use super::trace::{Ended, Line};
use super::truth::{Truth, Whole};

/// An apply with everything that the rules need.
struct Applied<'a> {
    truth: &'a Truth<'a>,
    whole: &'a Whole<'a>,
    apply: &'a Apply,
}

/// A change that a server began to store, or stored, because of a request.
struct Touch<'a> {
    line: usize,
    change: &'a RecordChange,
    /// The call that sent the request. `None` if no client did.
    call: Option<usize>,
    stored: bool,
}

pub(crate) fn check(truth: &Truth<'_>, whole: &Whole<'_>, wrong: &mut Vec<String>) {
    let What::Apply(apply) = &truth.log.calls[whole.call].step.what else { return };
    let applied = Applied { truth, whole, apply };
    let mut found = Vec::new();
    applied.touches_only_what_is_declared(&mut found);
    match whole.how {
        Ended::Applied(Ok(result)) => applied.summary(&result.0, &result.1, &mut found),
        Ended::Applied(Err(_)) | Ended::GaveUp => {}
        _ => found.push("the result is not that of an apply".to_owned()),
    }
    wrong.extend(found.into_iter().map(|what| format!("call {}: {what}", whole.call)));
}

impl Applied<'_> {
    /// Returns all changes of duplications, by whomever they were requested.
    fn touches(&self) -> impl Iterator<Item = Touch<'_>> {
        self.truth.log.lines.iter().enumerate().filter_map(|(line, written)| {
            let (meta, event) = match &written.line {
                Line::Server { meta, event } => (*meta, event),
                _ => return None,
            };
            let (connection, seqid, change, stored) = match event {
                Event::Storing { connection, seqid, change } => (connection, seqid, change, false),
                Event::Stored { connection, seqid, change } => (connection, seqid, change, true),
                _ => return None,
            };
            let call = self.truth.senders.get(&(meta, *connection, *seqid)).copied();
            Some(Touch { line, change, call, stored })
        })
    }

    fn own_touches(&self) -> impl Iterator<Item = Touch<'_>> {
        self.touches().filter(|touch| touch.call == Some(self.whole.call))
    }

    /// Returns the name of a table.
    fn name_of(&self, table_id: i32) -> Option<&str> {
        match table_id {
            1 => Some(super::plan::TABLE),
            2 => Some(super::plan::OTHER_TABLE),
            _ => {
                let mut tables = self.truth.plan.tables.iter();
                tables.find(|table| table.id == table_id).map(|table| &*table.name)
            }
        }
    }

    /// Checks that the apply changes nothing that the fleet does not declare, and nothing that the options
    /// do not allow.
    fn touches_only_what_is_declared(&self, wrong: &mut Vec<String>) {
        let Apply { fleet, options, .. } = self.apply;
        for touch in self.own_touches().filter(|touch| !touch.stored) {
            let before = self.truth.stored_at(touch.line);
            match touch.change {
                RecordChange::Put { table_id, record } => {
                    let name = self.name_of(*table_id).unwrap_or_default();
                    let declared = fleet
                        .duplications
                        .iter()
                        .find(|one| one.cluster == record.cluster && one.table.matches(name));
                    let Some(declared) = declared else {
                        wrong.push(format!("it changes {name}, which is not declared: {record:?}"));
                        continue;
                    };
                    let Some(old) = before.get(&(*table_id, record.dupid)) else { continue };
                    // Another actor may have created it after this call had looked.
                    let known = self.truth.stored_at(self.whole.begins);
                    let same = |one: &&DuplicationRecord| one.create_ts_ms == record.create_ts_ms;
                    if known
                        .get(&(*table_id, record.dupid))
                        .copied()
                        .filter(|one| same(one))
                        .is_none()
                    {
                        continue;
                    }
                    let paused = |one: &DuplicationRecord| one.status == Status::Pause.name();
                    let status = paused(old) != paused(record);
                    if status && !(options.fix.status && declared.status.is_some()) {
                        wrong.push(format!("it changes the status of {name}: {record:?}"));
                    }
                    let fail_mode = old.fail_mode != record.fail_mode;
                    if fail_mode && !(options.fix.fail_mode && declared.fail_mode.is_some()) {
                        wrong.push(format!("it changes the fail mode of {name}: {record:?}"));
                    }
                }
                RecordChange::Remove { table_id, dupid } => {
                    let name = self.name_of(*table_id).unwrap_or_default();
                    let Some(old) = before.get(&(*table_id, *dupid)) else { continue };
                    let declared = fleet
                        .duplications
                        .iter()
                        .any(|one| one.cluster == old.cluster && one.table.matches(name));
                    let in_scope = fleet
                        .scopes
                        .iter()
                        .any(|scope| scope.cluster == old.cluster && scope.table.matches(name));
                    if !options.prune || declared || !in_scope {
                        wrong.push(format!("it removes the duplication of {name}: {old:?}"));
                    }
                }
                RecordChange::Keep { table_id, dupid } => {
                    let known = self.truth.stored_at(self.whole.begins);
                    if known.contains_key(&(*table_id, *dupid)) && !self.was_misled() {
                        wrong.push(format!("it repeats an add: {:?}", touch.change));
                    }
                }
                other => wrong.push(format!("it changes something else: {other:?}")),
            }
        }
    }

    fn summary(&self, plan: &Plan, summary: &Summary, wrong: &mut Vec<String>) {
        if plan.items.len() != summary.reports.len() {
            wrong.push(format!(
                "{} duplications are planned, but {} are reported",
                plan.items.len(),
                summary.reports.len()
            ));
        }
        for report in &summary.reports {
            let mut found = Vec::new();
            self.report(report, &mut found);
            let words = |what| format!("{what}: {} is reported as {}", report.item, report.result);
            wrong.extend(found.into_iter().map(words));
        }
    }

    /// Returns the duplications of the pair of an item that are stored at a line.
    fn stored_at(&self, item: &Item, line: usize) -> Vec<&DuplicationRecord> {
        let stored = self.truth.stored_at(line).into_iter();
        stored
            .filter(|((table_id, _), one)| {
                Some(*table_id) == item.table_id && one.cluster == item.cluster
            })
            .map(|(_, one)| one)
            .collect()
    }

    /// Returns whether only this call has changed the table since the plan of the call was made.
    fn is_undisturbed(&self, item: &Item) -> bool {
        let table_of = |change: &RecordChange| match change {
            RecordChange::Put { table_id, .. }
            | RecordChange::Keep { table_id, .. }
            | RecordChange::Remove { table_id, .. } => Some(*table_id),
            _ => None,
        };
        // A change of another call that is stored late begins before this call, and ends after it began.
        let mut others = self.touches().filter(|touch| {
            touch.call != Some(self.whole.call)
                && table_of(touch.change) == item.table_id
                && touch.line < self.whole.ends
        });
        !self.was_misled() && others.all(|touch| touch.stored && touch.line < self.whole.begins)
    }

    /// Returns whether a response came from a server that could not know better.
    fn was_misled(&self) -> bool {
        let mut got = self.truth.got[self.whole.call].iter();
        got.any(|got| self.truth.misled(got.request.0, got.line))
    }

    fn report(&self, report: &ItemReport, wrong: &mut Vec<String>) {
        let item = &report.item;
        let own: Vec<Touch<'_>> = self
            .own_touches()
            .filter(|touch| touch.stored && touch_is_of(touch, item, report, self.truth))
            .collect();
        let certain = report.evidence.is_some_and(Evidence::certain);
        if report.result == ItemResult::Unknown {
            return;
        }
        if report.result == ItemResult::Created {
            let made = self.truth.makings.iter().any(|making| {
                Some(making.record.dupid) == report.dupid
                    && making.record.cluster == item.cluster
                    && (!certain || making.call == Some(self.whole.call))
            });
            // A leader that served too early may have listed nothing.
            if !made && (certain || !self.was_misled()) {
                wrong.push("no add created it".to_owned());
            }
        }
        if !self.is_undisturbed(item) {
            return;
        }
        if report.done.is_empty() && !own.is_empty() {
            wrong.push("the call changed it, but reports no step".to_owned());
        }
        let now = self.stored_at(item, self.whole.ends);
        match report.result {
            ItemResult::Removed if !now.is_empty() => wrong.push("it still exists".to_owned()),
            ItemResult::Created | ItemResult::Changed | ItemResult::Unchanged
                if item.wanted.is_some() =>
            {
                match now.as_slice() {
                    [one] => self.as_declared(report, one, wrong),
                    [] => wrong.push("it does not exist".to_owned()),
                    _ => wrong.push("there are several".to_owned()),
                }
            }
            ItemResult::Failed | ItemResult::Stale | ItemResult::NotTried
                if item.verdict == Verdict::Create && report.done.is_empty() && !now.is_empty() =>
            {
                wrong.push("it was created".to_owned());
            }
            _ => {}
        }
    }

    /// Checks that a stored duplication is as declared.
    fn as_declared(&self, report: &ItemReport, one: &DuplicationRecord, wrong: &mut Vec<String>) {
        let Some(wanted) = &report.item.wanted else { return };
        // What the plan could not compare may differ. Older servers do not use the remote table.
        let knows = |behaviour: &Behaviour| behaviour.generation().has_remote_table();
        let knows_remote_tables = self.truth.plan.behaviours.iter().all(knows);
        let compared = |property| {
            let remote = matches!(property, Property::RemoteTable | Property::RemoteReplicaCount);
            !report.item.unverified.contains(&property) && (knows_remote_tables || !remote)
        };
        if compared(Property::RemoteTable) && one.remote_table != wanted.remote_table {
            wrong.push(format!("its remote table is {}", one.remote_table));
        }
        let count = wanted.remote_replica_count.filter(|count| *count != 0);
        if compared(Property::RemoteReplicaCount)
            && count.is_some_and(|count| count != one.remote_replica_count)
        {
            wrong.push(format!("its replica count is {}", one.remote_replica_count));
        }
        let fail_mode = wanted.fail_mode.map(|mode| FailMode::from(mode).name());
        if compared(Property::FailMode) && fail_mode.is_some_and(|mode| mode != one.fail_mode) {
            wrong.push(format!("its fail mode is {}", one.fail_mode));
        }
        let paused = one.status == Status::Pause.name();
        let wants_paused = wanted.status.map(|status| status.name() == "paused");
        if compared(Property::Status) && wants_paused.is_some_and(|wants| wants != paused) {
            wrong.push(format!("its status is {}", one.status));
        }
    }
}

/// Returns whether a change is about the duplication of an item.
fn touch_is_of(touch: &Touch<'_>, item: &Item, report: &ItemReport, truth: &Truth<'_>) -> bool {
    match touch.change {
        RecordChange::Put { table_id, record } => {
            Some(*table_id) == item.table_id && record.cluster == item.cluster
        }
        RecordChange::Remove { table_id, dupid } => {
            let dupids = [report.dupid, item.existing.as_ref().map(|existing| existing.dupid)];
            let before = truth.stored_at(touch.line);
            Some(*table_id) == item.table_id
                && (dupids.contains(&Some(*dupid))
                    || before
                        .get(&(*table_id, *dupid))
                        .is_some_and(|one| one.cluster == item.cluster))
        }
        _ => false,
    }
}

/// Returns the word under which the results of an apply are counted.
pub(crate) fn words(summary: &Summary) -> BTreeMap<String, u64> {
    let mut words = BTreeMap::new();
    for report in &summary.reports {
        let evidence = report.evidence.map_or_else(String::new, |evidence| format!(" {evidence}"));
        let steps: Vec<&str> = report.done.iter().copied().map(PlanStep::name).collect();
        let word = format!("{}{evidence} [{}]", report.result, steps.join(","));
        *words.entry(word).or_default() += 1;
    }
    words
}

/// Returns whether an add is the question whether a remote cluster is configured.
pub(crate) fn is_probe(truth: &Truth<'_>, add: &AddRequest) -> bool {
    let tables = truth.plan.tables.iter().map(|table| &*table.name);
    !tables.chain([super::plan::TABLE, super::plan::OTHER_TABLE]).any(|name| name == add.app_name)
}
