//! The rules for the results of creates of tables, and for what is stored.

use std::collections::BTreeMap;

use pegasus_dup::protocol::messages::{CreateApp, CreateAppRequest, Rpc};
use pegasus_dup::server::Event;
use pegasus_dup::server::store::{RecordChange, TableRecord};
use pegasus_dup::{
    Error, ErrorCode, ErrorKind, Evidence, Outcome, PROOF_KEY, Property, Table, TableSpec,
};

use super::plan::What;
use super::plan_table::TableStep;
use super::trace::{Asked, Ended, Line, Told};
use super::truth::{self, Got, Request, Sent, Truth, Whole};

/// The creation of a table by a create.
struct Making<'a> {
    /// The line at which the store accepted it, if it did.
    kept: Option<usize>,
    /// The request.
    request: Request,
    record: &'a TableRecord,
}

/// What the record says about tables.
pub(crate) struct Tables<'a> {
    pub(crate) truth: &'a Truth<'a>,
    makings: Vec<Making<'a>>,
}

impl<'a> Tables<'a> {
    pub(crate) fn of(truth: &'a Truth<'a>) -> Tables<'a> {
        let mut makings: Vec<Making<'a>> = Vec::new();
        for (line, written) in truth.log.lines.iter().enumerate() {
            match &written.line {
                Line::Server {
                    meta,
                    event:
                        Event::Storing { connection, seqid, change: RecordChange::PutTable { record } },
                } => {
                    let request = (*meta, *connection, *seqid);
                    let rpc = truth.taken.get(&request).map(|(_, rpc)| *rpc);
                    if rpc == Some(CreateApp::NAME) {
                        makings.push(Making { kept: None, request, record });
                    }
                }
                // Another change may store an equal record later.
                Line::Server { meta, event: Event::NotStored { connection, seqid, .. } } => {
                    let request = (*meta, *connection, *seqid);
                    makings.retain(|making| making.kept.is_some() || making.request != request);
                }
                Line::Kept(RecordChange::PutTable { record }) => {
                    let making = makings
                        .iter_mut()
                        .rev()
                        .find(|making| making.kept.is_none() && making.record == record);
                    if let Some(making) = making {
                        making.kept = Some(line);
                    }
                }
                _ => {}
            }
        }
        Tables { truth, makings }
    }

    /// Returns the tables that are stored before that line, by id.
    pub(crate) fn stored_at(&self, line: usize) -> BTreeMap<i32, &'a TableRecord> {
        let mut stored: BTreeMap<i32, &TableRecord> =
            self.truth.plan.tables.iter().map(|record| (record.id, record)).collect();
        for written in &self.truth.log.lines[..line] {
            if let Line::Kept(RecordChange::PutTable { record }) = &written.line {
                stored.insert(record.id, record);
            }
        }
        stored
    }

    /// Returns whether a server that was not the leader told the call something. Real servers end when they
    /// lose their leadership.
    pub(crate) fn was_misled(&self, call: usize) -> bool {
        self.truth.got[call].iter().any(|got| self.truth.leader_at(got.line) != got.request.0)
            || self.truth.log.lines.iter().any(|written| matches!(written.line, Line::Stale { .. }))
    }

    /// Returns whether the table is dropped at that line.
    pub(crate) fn is_dropped(&self, table_id: i32, line: usize) -> bool {
        self.stored_at(line).get(&table_id).is_some_and(|record| record.dropped)
    }

    /// Returns whether the table was dropped when the server that created a duplication had last read back
    /// what is stored.
    pub(crate) fn was_dropped_at_read_back(&self, table_id: i32, created: &truth::Making) -> bool {
        let mut earlier = self.truth.log.lines[..created.line].iter();
        let read_back = earlier.rposition(|written| {
            matches!(&written.line, Line::Server { meta, event: Event::ReadBack | Event::Leads { read_back: true } }
                if *meta == created.meta)
        });
        read_back.is_some_and(|line| self.is_dropped(table_id, line))
    }

    /// Returns every record that the table had before that line.
    fn records(&self, table_id: i32, until: usize) -> Vec<&'a TableRecord> {
        let kept = self.truth.log.lines[..until].iter().filter_map(|written| match &written.line {
            Line::Kept(RecordChange::PutTable { record }) => Some(record),
            _ => None,
        });
        let all = self.truth.plan.tables.iter().chain(kept);
        all.filter(|record| record.id == table_id).collect()
    }

    /// Returns the stored tables that the creates of a call made.
    fn made_by(&self, call: usize) -> impl Iterator<Item = &Making<'a>> + '_ {
        self.makings.iter().filter(move |making| {
            making.kept.is_some() && self.truth.senders.get(&making.request) == Some(&call)
        })
    }

    /// Checks that no name ever has two live tables.
    pub(crate) fn one_of_each(&self, wrong: &mut Vec<String>) {
        for (line, written) in self.truth.log.lines.iter().enumerate() {
            let Line::Kept(RecordChange::PutTable { record }) = &written.line else { continue };
            let others = self.stored_at(line).into_values();
            let another = others
                .filter(|other| other.id != record.id && !other.dropped && !record.dropped)
                .find(|other| other.name == record.name);
            if let Some(another) = another {
                wrong.push(format!(
                    "two live tables are called {}: {} and {}",
                    record.name, another.id, record.id
                ));
            }
        }
    }
}

/// A create with everything that the rules need.
struct Create<'a> {
    tables: &'a Tables<'a>,
    truth: &'a Truth<'a>,
    whole: &'a Whole<'a>,
    spec: &'a TableSpec,
    sent: Vec<(&'a Sent<'a>, &'a CreateAppRequest)>,
}

pub(crate) fn check<'a>(tables: &'a Tables<'a>, whole: &'a Whole<'a>, wrong: &mut Vec<String>) {
    let truth = tables.truth;
    let What::Table(TableStep::Create(spec)) = &truth.log.calls[whole.call].step.what else {
        return;
    };
    let sent = truth.sent[whole.call]
        .iter()
        .filter_map(|sent| match sent.what {
            Asked::CreateTable(request) => Some((sent, request)),
            _ => None,
        })
        .collect();
    let create = Create { tables, truth, whole, spec, sent };
    let mut found = Vec::new();
    match whole.how {
        Ended::Created(Ok(outcome)) => create.outcome(outcome, &mut found),
        Ended::Created(Err(error)) => create.error(error, &mut found),
        Ended::GaveUp => {}
        _ => found.push("the result is not that of a create".to_owned()),
    }
    create.requests(&mut found);
    if truth.plan.is_calm() {
        create.calm(&mut found);
    }
    wrong.extend(found.into_iter().map(|what| format!("call {}: {what}", whole.call)));
}

impl<'a> Create<'a> {
    fn outcome(&self, outcome: &Outcome<Table>, wrong: &mut Vec<String>) {
        let value = outcome.value();
        let records = self.tables.records(value.table_id, self.whole.ends);
        if records.is_empty() {
            wrong.push("the reported table was never stored".to_owned());
        }
        match outcome {
            Outcome::Created { evidence: Evidence::AppearedDuringCall, .. } => {
                self.appeared(value, &records, wrong);
            }
            Outcome::Created { .. } => {
                let made = self.tables.made_by(self.whole.call);
                if !made.into_iter().any(|making| making.record.id == value.table_id) {
                    wrong.push("a certain Created, but this call did not create it".to_owned());
                }
            }
            Outcome::AlreadyExists { evidence, .. } => {
                if *evidence == Evidence::ListedBefore && !self.sent.is_empty() {
                    wrong.push("listed_before, but a create was sent".to_owned());
                }
                self.created_nothing(wrong);
                self.differences(outcome, &records, wrong);
            }
        }
        if let Some(id) = self.promised() {
            let said = outcome.created()
                && outcome.evidence() != Evidence::AppearedDuringCall
                && value.table_id == id;
            if !said {
                wrong.push(format!("the server said that it created {id}"));
            }
        }
    }

    /// Checks a Created that is not certain.
    fn appeared(&self, value: &Table, records: &[&TableRecord], wrong: &mut Vec<String>) {
        if self.sent.is_empty() {
            wrong.push("Created, but nothing was sent".to_owned());
        }
        let before = self.tables.stored_at(self.whole.begins);
        if before.contains_key(&value.table_id) && !self.was_misled() {
            wrong.push("Created, but the table existed before the call".to_owned());
        }
        let as_asked = |record: &&&TableRecord| {
            record.partitions == self.spec.partition_count
                && record.replicas == self.spec.replica_count
                && differing(self.spec, record).is_empty()
        };
        if !records.iter().any(|record| as_asked(&record)) {
            wrong.push("Created, but the table is not as requested".to_owned());
        }
    }

    /// Checks that this call made no table that it could have seen.
    fn created_nothing(&self, wrong: &mut Vec<String>) {
        let last_list = self.truth.sent[self.whole.call]
            .iter()
            .rev()
            .find(|sent| sent.line < self.whole.ends && matches!(sent.what, Asked::Tables));
        let Some(last_list) = last_list else {
            return wrong.push("AlreadyExists, but nothing was listed".to_owned());
        };
        let visible = self
            .tables
            .made_by(self.whole.call)
            .any(|making| making.kept.is_some_and(|kept| kept < last_list.line));
        if visible && !self.was_misled() {
            wrong.push("AlreadyExists, but this call created a table".to_owned());
        }
    }

    fn error(&self, error: &Error, wrong: &mut Vec<String>) {
        let unknown = error.kind() == ErrorKind::OutcomeUnknown;
        if unknown && self.sent.is_empty() {
            wrong.push("OutcomeUnknown, but nothing was sent".to_owned());
        }
        let made = self.tables.made_by(self.whole.call).next().is_some();
        if !unknown && made && !self.was_misled() && !self.came_back() {
            wrong.push("the error says that nothing was created, but a table was".to_owned());
        }
        if let Some(id) = self.promised() {
            wrong.push(format!("the server said that it created {id}"));
        }
        if error.message().contains("has probably not executed the create")
            && self
                .tables
                .made_by(self.whole.call)
                .any(|making| making.kept.is_some_and(|kept| kept > self.whole.ends))
        {
            wrong.push("the create was executed although requests behind it were".to_owned());
        }
    }

    /// Returns the id in an ERR_OK that arrived while the call waited for it.
    fn promised(&self) -> Option<i32> {
        let limit = self.truth.log.calls[self.whole.call].step.timeout_ms;
        let deadline = self.whole.began_ms + limit;
        self.sent.iter().find_map(|(create, _)| {
            let got = self.answer(create)?;
            match got.what {
                Told::CreateTable(answer) if answer.err == ErrorCode::Ok => {
                    answer.appid.filter(|_| got.ms + 2 < deadline)
                }
                _ => None,
            }
        })
    }

    fn answer(&self, create: &Sent<'a>) -> Option<&Got<'a>> {
        self.truth.answer_to(create.request, self.whole.ends)
    }

    /// Returns whether a server that was not the leader gave the call a list or took its create. Real servers
    /// end when they lose their leadership.
    fn was_misled(&self) -> bool {
        self.truth.got[self.whole.call].iter().any(|got| {
            let (meta, ..) = got.request;
            matches!(got.what, Told::Tables { .. } | Told::CreateTable(_))
                && self.truth.leader_at(got.line) != meta
        }) || self.truth.log.lines.iter().any(|written| matches!(written.line, Line::Stale { .. }))
    }

    /// Returns whether the server that received a create lost its leadership without ending, and executed
    /// the create when it was the leader again. A real server ends.
    fn came_back(&self) -> bool {
        self.sent.iter().any(|(create, _)| {
            let later = &self.truth.log.lines[create.line..];
            later.iter().any(|written| {
                matches!(&written.line, Line::Server { meta, event: Event::Follows }
                    if *meta == create.request.0)
            })
        })
    }

    /// Checks the differences of an AlreadyExists.
    fn differences(
        &self,
        outcome: &Outcome<Table>,
        records: &[&TableRecord],
        wrong: &mut Vec<String>,
    ) {
        // Only the name and the drop of a table change in these schedules.
        let Some(record) = records.first() else { return };
        let mut expected = Vec::new();
        if record.partitions != self.spec.partition_count {
            expected.push(Property::PartitionCount);
        }
        if record.replicas != self.spec.replica_count {
            expected.push(Property::ReplicaCount);
        }
        if !differing(self.spec, record).is_empty() {
            expected.push(Property::Envs);
        }
        let found: Vec<Property> = outcome.differences().iter().map(|one| one.field).collect();
        if found != expected {
            wrong.push(format!("the differences are {expected:?}, not {found:?}"));
        }
    }

    /// Checks the creates that were sent.
    fn requests(&self, wrong: &mut Vec<String>) {
        let all = &self.truth.sent[self.whole.call];
        for (index, (create, request)) in self.sent.iter().enumerate() {
            let options = &request.options;
            if options.success_if_exist || !options.is_stateful || options.app_type != "pegasus" {
                wrong.push("a create that could harm a server".to_owned());
            }
            let proof = options.envs.contains_key(PROOF_KEY);
            if request.app_name != self.spec.table || proof != self.spec.prove_authorship {
                wrong.push("a create of something else".to_owned());
            }
            let before = all.iter().rev().find(|sent| sent.line < create.line);
            let same = |sent: &Sent<'_>| {
                (sent.request.0, sent.request.1) == (create.request.0, create.request.1)
                    && matches!(sent.what, Asked::Tables)
            };
            if !before.is_some_and(same) {
                wrong.push("a create without a list on the same connection".to_owned());
            }
            let Some((earlier, _)) = index.checked_sub(1).map(|index| self.sent[index]) else {
                continue;
            };
            let refused = self.truth.answer_to(earlier.request, create.line).is_some_and(
                |got| matches!(got.what, Told::CreateTable(answer) if answer.err != ErrorCode::Ok),
            );
            // A list of another leader has shown that the earlier create did nothing. The leader may have
            // changed back since.
            let elsewhere = self.truth.got[self.whole.call].iter().any(|got| {
                (earlier.line..create.line).contains(&got.line)
                    && got.request.0 != earlier.request.0
                    && matches!(got.what, Told::Tables { err: ErrorCode::Ok, .. })
            });
            if !refused && !elsewhere {
                wrong
                    .push("a create was sent again, although it may have had an effect".to_owned());
            }
        }
    }

    /// Checks that every outcome is certain if there are no faults and no other actors.
    fn calm(&self, wrong: &mut Vec<String>) {
        let exists = self
            .tables
            .stored_at(self.whole.begins)
            .into_values()
            .any(|record| record.name == self.spec.table && !record.dropped);
        let fine = match self.whole.how {
            Ended::Created(Ok(outcome)) => outcome.certain() && outcome.created() != exists,
            // There are three replica servers.
            Ended::Created(Err(error)) => {
                error.kind() == ErrorKind::InvalidArgument && self.spec.replica_count > 3
            }
            _ => false,
        };
        if !fine {
            wrong.push("there were no faults, but the result is not the expected one".to_owned());
        }
    }
}

/// Returns the settings that differ, in both directions, apart from those that are written by themselves.
fn differing(spec: &TableSpec, record: &TableRecord) -> Vec<String> {
    let keys = spec.envs.keys().chain(record.envs.keys());
    let written = |key: &str| key == PROOF_KEY || key.starts_with("manual_compact.once.");
    keys.filter(|key| spec.envs.get(*key) != record.envs.get(*key))
        .filter(|key| spec.envs.contains_key(*key) || !written(key))
        .cloned()
        .collect()
}
