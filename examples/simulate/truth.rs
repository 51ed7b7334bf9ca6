//! Derives the truth from the record: which call created which duplication at which time, what was
//! stored at a certain time, and which server was the leader.

use std::collections::BTreeMap;

use pegasus_dup::protocol::messages::{AddDuplication, Rpc};
use pegasus_dup::server::Event;
use pegasus_dup::server::store::{DuplicationRecord, RecordChange};
use pegasus_dup::{Duplication, Error};

use super::plan::Plan;
use super::trace::{Asked, Ended, Line, Log, Told};
use super::world;

/// A request: server, connection, seqid.
pub(crate) type Request = (usize, u64, i32);

/// The creation of a duplication by an add.
#[derive(Debug)]
pub(crate) struct Making {
    /// The line of the record.
    pub(crate) line: usize,
    /// The line at which the store accepted it, if it did.
    pub(crate) kept: Option<usize>,
    pub(crate) meta: usize,
    /// The call that sent the add, if a client sent it.
    pub(crate) call: Option<usize>,
    pub(crate) table_id: i32,
    pub(crate) record: DuplicationRecord,
    /// Whether the server served before it had read its duplications back.
    pub(crate) early: bool,
}

/// A call with its begin and its end.
#[derive(Debug)]
pub(crate) struct Whole<'a> {
    pub(crate) call: usize,
    pub(crate) begins: usize,
    pub(crate) ends: usize,
    pub(crate) began_ms: u64,
    pub(crate) ended_ms: u64,
    pub(crate) how: &'a Ended,
}

/// A request that a client's call sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) line: usize,
    pub(crate) ms: u64,
    pub(crate) request: Request,
    pub(crate) what: &'a Asked,
}

/// A response that reached a client's call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Got<'a> {
    pub(crate) line: usize,
    pub(crate) ms: u64,
    pub(crate) request: Request,
    pub(crate) what: &'a Told,
}

/// The truth about a schedule.
pub(crate) struct Truth<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) log: &'a Log,
    pub(crate) makings: Vec<Making>,
    pub(crate) calls: Vec<Whole<'a>>,
    /// The actor that owns each connection.
    pub(crate) owners: BTreeMap<(usize, u64), usize>,
    /// The requests of each call.
    pub(crate) sent: Vec<Vec<Sent<'a>>>,
    /// The responses to the requests of each call.
    pub(crate) got: Vec<Vec<Got<'a>>>,
    /// The call that sent each request of a client.
    pub(crate) senders: BTreeMap<Request, usize>,
    /// The line at which a server read each request, and the RPC.
    pub(crate) taken: BTreeMap<Request, (usize, &'a str)>,
    initial: Option<(i32, DuplicationRecord)>,
    /// The lines between which a server was the leader before it had read its duplications back.
    early: Vec<(usize, usize, usize)>,
    /// The leaders, each with the line from which on it was the leader.
    leaders: Vec<(usize, usize)>,
}

impl<'a> Truth<'a> {
    pub(crate) fn of(plan: &'a Plan, log: &'a Log) -> Truth<'a> {
        let mut truth = Truth {
            plan,
            log,
            makings: Vec::new(),
            calls: Vec::new(),
            owners: BTreeMap::new(),
            sent: vec![Vec::new(); log.calls.len()],
            got: vec![Vec::new(); log.calls.len()],
            senders: BTreeMap::new(),
            taken: BTreeMap::new(),
            initial: world::existing(plan),
            early: Vec::new(),
            leaders: vec![(0, 0)],
        };
        let mut begins = vec![0; log.calls.len()];
        for (line, written) in log.lines.iter().enumerate() {
            let ms = written.ms;
            match &written.line {
                Line::Begins { call } => begins[*call] = line,
                Line::Ends { call, how } => truth.calls.push(Whole {
                    call: *call,
                    begins: begins[*call],
                    ends: line,
                    began_ms: log.calls[*call].began_ms,
                    ended_ms: ms,
                    how,
                }),
                Line::Connected { who, meta, connection } => {
                    truth.owners.insert((*meta, *connection), *who);
                }
                Line::Sent { call, meta, connection, seqid, what } => {
                    let request = (*meta, *connection, *seqid);
                    truth.senders.insert(request, *call);
                    truth.sent[*call].push(Sent { line, ms, request, what });
                }
                Line::Got { meta, connection, seqid, what, .. } => {
                    let request = (*meta, *connection, *seqid);
                    // The request may be that of an earlier call. If the response has another
                    // seqid, it belongs to no request, and the client ignores it.
                    if let Some(&call) = truth.senders.get(&request) {
                        truth.got[call].push(Got { line, ms, request, what });
                    }
                }
                Line::Server { meta, event } => truth.take_event(line, *meta, event),
                Line::Kept(change) => truth.take_kept(line, change),
                Line::LookedUp { .. } | Line::Happens(_) | Line::Stale { .. } => {}
            }
        }
        truth
    }

    fn take_event(&mut self, line: usize, meta: usize, event: &'a Event) {
        match event {
            Event::Request { connection, seqid, rpc, .. } => {
                self.taken.insert((meta, *connection, *seqid), (line, rpc));
            }
            Event::Storing {
                connection,
                seqid,
                change: RecordChange::Put { table_id, record },
            } => {
                let request = (meta, *connection, *seqid);
                let rpc = self.taken.get(&request).map(|(_, rpc)| *rpc);
                if rpc == Some(AddDuplication::NAME) {
                    self.makings.push(Making {
                        line,
                        kept: None,
                        meta,
                        call: self.senders.get(&request).copied(),
                        table_id: *table_id,
                        record: record.clone(),
                        early: self.early_at(meta, line),
                    });
                }
            }
            Event::Leads { read_back } => {
                self.end_early(line, meta);
                self.leaders.push((line, meta));
                if !read_back {
                    self.early.push((meta, line, usize::MAX));
                }
            }
            Event::ReadBack | Event::Follows | Event::Crashed => self.end_early(line, meta),
            _ => {}
        }
    }

    fn end_early(&mut self, line: usize, meta: usize) {
        for span in &mut self.early {
            if span.0 == meta && span.2 == usize::MAX {
                span.2 = line;
            }
        }
    }

    fn take_kept(&mut self, line: usize, change: &RecordChange) {
        if let RecordChange::Put { table_id, record } = change {
            let making = self.makings.iter_mut().rev().find(|making| {
                making.kept.is_none() && making.table_id == *table_id && making.record == *record
            });
            if let Some(making) = making {
                making.kept = Some(line);
            }
        }
    }

    /// Returns whether the server served at that line before it had read its duplications back.
    pub(crate) fn early_at(&self, meta: usize, line: usize) -> bool {
        self.early.iter().any(|&(own, from, to)| own == meta && (from..to).contains(&line))
    }

    /// Returns the leader at that line.
    pub(crate) fn leader_at(&self, line: usize) -> usize {
        self.leaders.iter().rev().find(|&&(from, _)| from <= line).map_or(0, |&(_, meta)| meta)
    }

    /// Returns whether the response of a server at that line may have been wrong, because the
    /// server had become the leader too early or was not the leader.
    pub(crate) fn misled(&self, meta: usize, line: usize) -> bool {
        self.early_at(meta, line) || self.leader_at(line) != meta
    }

    /// Returns the duplications that were stored at that line.
    pub(crate) fn stored_at(&self, line: usize) -> BTreeMap<(i32, i32), &DuplicationRecord> {
        let mut stored = BTreeMap::new();
        if let Some((table_id, record)) = &self.initial {
            stored.insert((*table_id, record.dupid), record);
        }
        for (table_id, record) in &self.plan.records {
            stored.insert((*table_id, record.dupid), record);
        }
        for written in &self.log.lines[..line] {
            match &written.line {
                Line::Kept(RecordChange::Put { table_id, record }) => {
                    stored.insert((*table_id, record.dupid), record);
                }
                Line::Kept(RecordChange::Remove { table_id, dupid }) => {
                    stored.remove(&(*table_id, *dupid));
                }
                _ => {}
            }
        }
        stored
    }

    /// Returns whether the duplication was stored at any time before that line, or at the
    /// beginning.
    pub(crate) fn was_stored(&self, one: &Duplication, until: usize) -> bool {
        let same = |table_id: i32, record: &DuplicationRecord| {
            table_id == one.table_id
                && record.dupid == one.dupid
                && one.create_ts_ms.is_none_or(|ms| ms == record.create_ts_ms)
        };
        self.was_there_before(one)
            || self.log.lines[..until].iter().any(|written| match &written.line {
                Line::Kept(RecordChange::Put { table_id, record }) => same(*table_id, record),
                _ => false,
            })
    }

    /// Returns the duplication that existed before the actors started, and the id of its table.
    pub(crate) fn initial(&self) -> Option<(i32, &DuplicationRecord)> {
        self.initial.as_ref().map(|(table_id, record)| (*table_id, record))
    }

    /// Returns whether the duplication existed before the actors started.
    pub(crate) fn was_there_before(&self, one: &Duplication) -> bool {
        self.initial.as_ref().is_some_and(|(table_id, record)| {
            *table_id == one.table_id
                && record.dupid == one.dupid
                && one.create_ts_ms.is_none_or(|ms| ms == record.create_ts_ms)
        })
    }

    /// Returns every creation of the duplication.
    pub(crate) fn makings_of<'s>(
        &'s self,
        one: &'s Duplication,
    ) -> impl Iterator<Item = &'s Making> + 's {
        self.makings.iter().filter(move |making| {
            making.table_id == one.table_id
                && making.record.dupid == one.dupid
                && one.create_ts_ms.is_none_or(|ms| ms == making.record.create_ts_ms)
        })
    }

    /// Returns the adds that a call sent.
    pub(crate) fn adds_of(&self, call: usize) -> impl Iterator<Item = &Sent<'a>> + '_ {
        self.sent[call].iter().filter(|sent| matches!(sent.what, Asked::Add(_)))
    }

    /// Returns the response to a request, if it reached the call before that line.
    pub(crate) fn answer_to(&self, request: Request, until: usize) -> Option<&Got<'a>> {
        let call = *self.senders.get(&request)?;
        self.got[call].iter().find(|got| got.request == request && got.line < until)
    }
}

/// Returns the error of a call.
pub(crate) fn error_of(how: &Ended) -> Option<&Error> {
    match how {
        Ended::Add(Err(error))
        | Ended::Change(Err(error))
        | Ended::Removal(Err(error))
        | Ended::Created(Err(error))
        | Ended::Dropped(Err(error))
        | Ended::Recalled(Err(error))
        | Ended::Applied(Err(error))
        | Ended::Queried(Err(error)) => Some(error),
        Ended::Add(Ok(_))
        | Ended::Change(Ok(_))
        | Ended::Removal(Ok(_))
        | Ended::Queried(Ok(_))
        | Ended::Created(Ok(_))
        | Ended::Dropped(Ok(_))
        | Ended::Recalled(Ok(_))
        | Ended::Applied(Ok(_))
        | Ended::GaveUp
        | Ended::Raw(_) => None,
    }
}
