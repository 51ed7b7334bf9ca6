//! The record of a schedule, in order: the calls of the clients, their requests and the responses,
//! the actions of the servers, the changes of the store, and the events of the group. The checks
//! use only this record.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use pegasus_dup::fleet::{self, Summary};
use pegasus_dup::protocol::messages::{
    AddRequest, AddResponse, AppInfo, CreateAppRequest, CreateAppResponse, DropAppRequest, Entry,
    ModifyRequest, ModifyResponse, RecallAppRequest,
};
use pegasus_dup::server::Event;
use pegasus_dup::server::store::RecordChange;
use pegasus_dup::{Change, Duplication, Error, ErrorCode, Outcome, Removal, Table};

use super::plan::{Step, What};

/// One line of the record.
#[derive(Debug)]
pub(crate) enum Line {
    /// A call begins.
    Begins { call: usize },
    /// A call has ended.
    Ends { call: usize, how: Ended },
    /// An actor has opened a connection. Its requests belong to that actor.
    Connected { who: usize, meta: usize, connection: u64 },
    /// A client looked up a version.
    LookedUp { who: usize, meta: usize, version: Option<&'static str> },
    /// A client has written a request.
    Sent { call: usize, meta: usize, connection: u64, seqid: i32, what: Asked },
    /// A response has reached a client, whose current call is `call`.
    Got { call: usize, meta: usize, connection: u64, seqid: i32, what: Told },
    /// A server did something.
    Server { meta: usize, event: Event },
    /// The store has accepted a change.
    Kept(RecordChange),
    /// An event of the schedule happened.
    Happens(String),
    /// A server continues to act as the leader, although another server is the leader.
    Stale { meta: usize },
}

/// The relevant parts of a request.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Add(AddRequest),
    Modify(ModifyRequest),
    /// A list or query of one table.
    Table {
        rpc: &'static str,
        table: String,
    },
    CreateTable(CreateAppRequest),
    DropTable(DropAppRequest),
    RecallTable(RecallAppRequest),
    /// A list of all tables.
    Tables,
    Other(String),
}

/// The relevant parts of a response.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    Add(AddResponse),
    Modify(ModifyResponse),
    /// The response to a list or query, with the duplications of each table.
    Table {
        err: ErrorCode,
        entries: Vec<Entry>,
    },
    CreateTable(CreateAppResponse),
    /// The response to a drop or a recall of a table.
    ChangedTable {
        rpc: &'static str,
        err: ErrorCode,
    },
    /// The response to a list of all tables.
    Tables {
        err: ErrorCode,
        infos: Vec<AppInfo>,
    },
    Other {
        rpc: String,
        err: ErrorCode,
        names_leader: bool,
    },
    /// The RPC layer refused the request.
    Framework {
        rpc: String,
        err: ErrorCode,
    },
    Garbage,
}

impl Told {
    /// Returns whether the response says that nothing was done, and that another server or a later
    /// try may succeed.
    pub(crate) fn not_applied(&self) -> bool {
        match self {
            Told::Add(AddResponse { err, .. })
            | Told::Modify(ModifyResponse { err, .. })
            | Told::CreateTable(CreateAppResponse { err, .. })
            | Told::ChangedTable { err, .. }
            | Told::Tables { err, .. }
            | Told::Table { err, .. } => err.says_not_applied(),
            Told::Other { .. } | Told::Framework { .. } | Told::Garbage => false,
        }
    }
}

/// The result of a call.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    Add(Result<Outcome<Duplication>, Error>),
    Change(Result<Change<Duplication>, Error>),
    Removal(Result<Removal<Duplication>, Error>),
    Queried(Result<Vec<Duplication>, Error>),
    Created(Result<Outcome<Table>, Error>),
    Dropped(Result<Removal<Table>, Error>),
    Recalled(Result<Change<Table>, Error>),
    /// The plan that was applied, and what the apply did.
    Applied(Result<Box<(fleet::Plan, Summary)>, Error>),
    /// The caller dropped the future.
    GaveUp,
    /// The result of an actor without the client, in words. No check uses it.
    Raw(String),
}

/// A call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) who: usize,
    pub(crate) step: Step,
    pub(crate) began_ms: u64,
}

/// A line of the record with its time.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) ms: u64,
    pub(crate) line: Line,
}

/// The record of a schedule.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) lines: Vec<Written>,
    pub(crate) calls: Vec<Call>,
    /// The latest call of each actor.
    latest: Vec<usize>,
}

/// Writes to the record, with the time of the simulated clock.
#[derive(Debug, Clone)]
pub(crate) struct Pen {
    log: Arc<Mutex<Log>>,
    clock: Clock,
}

/// The time since the schedule began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(tokio::time::Instant);

impl Clock {
    #[allow(clippy::disallowed_methods)] // the simulated clock
    pub(crate) fn begin() -> Clock {
        Clock(tokio::time::Instant::now())
    }

    pub(crate) fn ms(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).expect("a short run")
    }
}

impl Pen {
    pub(crate) fn new(clock: Clock, people: usize) -> Pen {
        let log = Log { latest: vec![0; people], ..Log::default() };
        Pen { log: Arc::new(Mutex::new(log)), clock }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("nobody panics under this lock")
    }

    pub(crate) fn write(&self, line: Line) {
        let ms = self.clock.ms();
        self.log().lines.push(Written { ms, line });
    }

    pub(crate) fn begins(&self, who: usize, step: &Step) -> usize {
        let began_ms = self.clock.ms();
        let call = {
            let mut log = self.log();
            log.calls.push(Call { who, step: step.clone(), began_ms });
            let call = log.calls.len() - 1;
            log.latest[who] = call;
            call
        };
        self.write(Line::Begins { call });
        call
    }

    /// Returns the latest call of an actor. The bytes that the actor writes belong to this call.
    pub(crate) fn latest(&self, who: usize) -> usize {
        self.log().latest[who]
    }

    /// Returns the complete record.
    pub(crate) fn into_log(self) -> Log {
        std::mem::take(&mut *self.log())
    }
}

impl Log {
    /// Writes the record in readable form.
    pub(crate) fn write(&self, out: &mut String) {
        for Written { ms, line } in &self.lines {
            let _ = write!(out, "{ms:>7} ");
            self.write_line(line, out);
            out.push('\n');
        }
    }

    fn write_line(&self, line: &Line, out: &mut String) {
        let at = |meta: &usize, connection: &u64| format!("meta {meta} connection {connection}");
        let _ = match line {
            Line::Begins { call } => {
                let Call { who, step, .. } = &self.calls[*call];
                write!(out, "actor {who} call {call} begins: {step}")
            }
            Line::Ends { call, how } => {
                write!(out, "actor {} call {call} ENDS: {how}", self.calls[*call].who)
            }
            Line::Connected { who, meta, connection } => {
                write!(out, "actor {who} connects: {}", at(meta, connection))
            }
            Line::LookedUp { who, meta, version } => {
                write!(out, "actor {who} looks the version of meta {meta} up: {version:?}")
            }
            Line::Sent { call, meta, connection, seqid, what } => {
                write!(out, "call {call} -> {} seqid {seqid}: {what}", at(meta, connection))
            }
            Line::Got { call, meta, connection, seqid, what } => {
                write!(out, "call {call} <- {} seqid {seqid}: {what}", at(meta, connection))
            }
            Line::Server { meta, event } => write!(out, "        meta {meta}: {event:?}"),
            Line::Kept(change) => write!(out, "        store: {change:?}"),
            Line::Happens(what) => write!(out, "        *** {what}"),
            Line::Stale { meta } => {
                write!(out, "        *** meta {meta} acts as if it were still the leader")
            }
        };
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Asked::Add(add) => {
                write!(f, "add {} to {}", add.app_name, add.remote_cluster_name)?;
                let fields = (
                    &add.is_duplicating_checkpoint,
                    &add.remote_app_name,
                    &add.remote_replica_count,
                );
                write!(f, " fields 3 to 5: {fields:?}")
            }
            Asked::Modify(modify) => write!(
                f,
                "modify {}({}) status {:?} fail mode {:?}",
                modify.app_name, modify.dupid, modify.status, modify.fail_mode
            ),
            Asked::Table { rpc, table } => write!(f, "{rpc} {table}"),
            Asked::CreateTable(create) => {
                write!(f, "create {} {:?}", create.app_name, create.options)
            }
            Asked::DropTable(request) => write!(f, "drop {}", request.app_name),
            Asked::RecallTable(request) => {
                write!(f, "recall {} as {:?}", request.app_id, request.new_app_name)
            }
            Asked::Tables => f.write_str("list the tables"),
            Asked::Other(rpc) => f.write_str(rpc),
        }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Told::Add(AddResponse {
                err,
                appid,
                dupid,
                hint,
                remote_app_name,
                remote_replica_count,
            }) => {
                write!(f, "add {err} appid {appid:?} dupid {dupid:?}")?;
                if remote_app_name.is_some() || remote_replica_count.is_some() {
                    write!(f, " echo {remote_app_name:?} {remote_replica_count:?}")?;
                }
                match hint {
                    Some(hint) => write!(f, " hint {hint:?}"),
                    None => Ok(()),
                }
            }
            Told::Modify(ModifyResponse { err, appid }) => {
                write!(f, "modify {err} appid {appid:?}")
            }
            Told::Table { err, entries } => {
                write!(f, "{err}, {} there", entries.len())?;
                for entry in entries {
                    write!(
                        f,
                        "; {} to {} status {} fail mode {:?} made {}",
                        entry.dupid, entry.remote, entry.status, entry.fail_mode, entry.create_ts
                    )?;
                    if let Some(name) = &entry.remote_app_name {
                        write!(f, " as {name} x {:?}", entry.remote_replica_count)?;
                    }
                }
                Ok(())
            }
            Told::CreateTable(CreateAppResponse { err, appid }) => {
                write!(f, "create {err} appid {appid:?}")
            }
            Told::ChangedTable { rpc, err } => write!(f, "{rpc} {err}"),
            Told::Tables { err, infos } => {
                write!(f, "{err}, {} tables", infos.len())?;
                for info in infos {
                    write!(
                        f,
                        "; {} {} status {} {} x {} envs {:?}",
                        info.app_id,
                        info.app_name,
                        info.status,
                        info.partition_count,
                        info.max_replica_count,
                        info.envs
                    )?;
                }
                Ok(())
            }
            Told::Other { rpc, err, .. } => write!(f, "{rpc} {err}"),
            Told::Framework { rpc, err } => write!(f, "{rpc} refused by the RPC layer: {err}"),
            Told::Garbage => f.write_str("something that cannot be read"),
        }
    }
}

fn one(duplication: &Duplication) -> String {
    let Duplication { dupid, cluster, create_ts_ms, status, fail_mode, .. } = duplication;
    format!(
        "{}({dupid}) to {cluster} made {create_ts_ms:?} status {status:?} fail mode {fail_mode:?} as {:?} x {:?}",
        duplication.table, duplication.remote_table, duplication.remote_replica_count
    )
}

fn write_outcome<T>(
    f: &mut std::fmt::Formatter<'_>,
    outcome: &Outcome<T>,
    value: &str,
) -> std::fmt::Result {
    let word = if outcome.created() { "Created" } else { "AlreadyExists" };
    write!(f, "{word} {}: {value}", outcome.evidence())?;
    for difference in outcome.differences() {
        write!(f, " ({difference})")?;
    }
    match outcome.warning() {
        Some(warning) => write!(f, " warning: {warning}"),
        None => Ok(()),
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ended::Add(Ok(outcome)) => write_outcome(f, outcome, &one(outcome.value())),
            Ended::Created(Ok(outcome)) => {
                let Table { table, table_id, status, .. } = outcome.value();
                write_outcome(f, outcome, &format!("{table}({table_id}) status {status:?}"))
            }
            Ended::Dropped(Ok(removal)) => match removal {
                Removal::Removed { was, evidence, warning } => write!(
                    f,
                    "Removed {evidence}: {}({}) warning: {warning:?}",
                    was.table, was.table_id
                ),
                Removal::NotFound => f.write_str("NotFound"),
            },
            Ended::Recalled(Ok(change)) => {
                let word = if change.changed() { "Changed" } else { "Unchanged" };
                let Table { table, table_id, .. } = change.value();
                write!(f, "{word}: {table}({table_id}) warning: {:?}", change.warning())
            }
            Ended::Change(Ok(change)) => {
                let word = if change.changed() { "Changed" } else { "Unchanged" };
                write!(f, "{word}: {} warning: {:?}", one(change.value()), change.warning())
            }
            Ended::Removal(Ok(Removal::Removed { was, evidence, warning })) => {
                write!(f, "Removed ({evidence}): {} warning: {warning:?}", one(was))
            }
            Ended::Removal(Ok(Removal::NotFound)) => f.write_str("NotFound"),
            Ended::Applied(Ok(result)) => {
                write!(f, "Applied, stopped: {}", result.1.stopped)?;
                for report in &result.1.reports {
                    let verdict = report.item.verdict;
                    write!(f, "; {} {verdict} -> {}", report.item, report.result)?;
                    write!(f, " {:?} {:?}", report.done, report.evidence)?;
                    if let Some(error) = &report.error {
                        write!(f, " ({error})")?;
                    }
                }
                Ok(())
            }
            Ended::Queried(Ok(found)) => write!(f, "{} found", found.len()),
            Ended::Add(Err(error))
            | Ended::Change(Err(error))
            | Ended::Removal(Err(error))
            | Ended::Created(Err(error))
            | Ended::Dropped(Err(error))
            | Ended::Recalled(Err(error))
            | Ended::Applied(Err(error))
            | Ended::Queried(Err(error)) => write!(f, "error {}: {error}", error.kind()),
            Ended::GaveUp => f.write_str("dropped by its caller"),
            Ended::Raw(how) => f.write_str(how),
        }
    }
}

impl Call {
    /// Returns the request of the add, if the call is an add.
    pub(crate) fn adds(&self) -> Option<&pegasus_dup::DuplicationSpec> {
        match &self.step.what {
            What::Add(spec) => Some(spec),
            _ => None,
        }
    }
}
