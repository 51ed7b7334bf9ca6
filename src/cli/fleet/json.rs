//! Plans and results as JSON. Each line is one object, with the version of the format and the kind of the
//! event. `docs/json.md` has the schema.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::enums::{ItemResult, PlanStep, Verdict};
use crate::escape;
use crate::fleet::{
    AuditChange, AuditEnd, AuditLog, AuditOutcome, Event, Item, ItemReport, Plan, Settled,
    SourceCluster, Summary,
};
use crate::json::ErrorReport;
use crate::text::Line;

use super::audit::known;

/// The version of the format. It changes if a key is removed or gets another meaning.
const VERSION: u8 = 1;

#[derive(Serialize)]
struct Object<'a, T> {
    version: u8,
    event: &'a str,
    #[serde(flatten)]
    rest: T,
}

/// Returns the line for an event.
fn line(event: &str, rest: impl Serialize) -> Line {
    let object = Object { version: VERSION, event, rest };
    // Serialization only fails for maps whose keys are not strings.
    Line::plain(escape::json(&object).unwrap_or_default())
}

#[derive(Serialize)]
struct PlanObject<'a> {
    source: &'a SourceCluster,
    input_hash: &'a str,
    has_scopes: bool,
    has_changes: bool,
    counts: BTreeMap<&'static str, usize>,
    warnings: &'a [String],
}

/// Returns an object for each duplication, and one that counts them.
pub(super) fn plan(plan: &Plan) -> Vec<Line> {
    let mut lines: Vec<Line> = plan.items.iter().map(|item| line("item", item)).collect();
    let object = PlanObject {
        source: &plan.source,
        input_hash: &plan.input_hash,
        has_scopes: plan.has_scopes,
        has_changes: plan.has_changes(),
        counts: Verdict::ALL.map(|verdict| (verdict.name(), plan.count(verdict))).into(),
        warnings: &plan.warnings,
    };
    lines.push(line("plan", object));
    lines
}

#[derive(Serialize)]
struct Started<'a> {
    table: &'a str,
    table_id: Option<i32>,
    cluster: &'a str,
    dupid: Option<i32>,
    steps: &'a [PlanStep],
}

impl<'a> Started<'a> {
    fn of(item: &'a Item) -> Started<'a> {
        Started {
            table: &item.table,
            table_id: item.table_id,
            cluster: &item.cluster,
            dupid: item.existing.as_ref().map(|existing| existing.dupid),
            steps: &item.steps,
        }
    }
}

#[derive(Serialize)]
struct Finished<'a> {
    table: &'a str,
    table_id: Option<i32>,
    cluster: &'a str,
    dupid: Option<i32>,
    result: &'static str,
    done: &'a [PlanStep],
    evidence: Option<&'static str>,
    certain: Option<bool>,
    item: &'a Item,
    warning: Option<&'a str>,
    error: Option<ErrorReport>,
}

impl<'a> Finished<'a> {
    fn of(report: &'a ItemReport) -> Finished<'a> {
        let started = Started::of(&report.item);
        Finished {
            table: started.table,
            table_id: started.table_id,
            cluster: started.cluster,
            dupid: report.dupid.or(started.dupid),
            result: report.result.name(),
            done: &report.done,
            evidence: report.evidence.map(|evidence| evidence.name()),
            certain: report.evidence.map(|evidence| evidence.certain()),
            item: &report.item,
            warning: report.warning.as_deref(),
            error: report.error.as_ref().map(ErrorReport::from),
        }
    }
}

#[derive(Serialize)]
struct Preparing {
    preparing: usize,
    waiting: usize,
}

/// Returns the object for an event of an apply.
pub(super) fn event(event: &Event<'_>) -> Line {
    match event {
        Event::Started(item) => line("started", Started::of(item)),
        Event::Finished(report) => line("finished", Finished::of(report)),
        &Event::Preparing { preparing, waiting } => {
            line("preparing", Preparing { preparing, waiting })
        }
    }
}

#[derive(Serialize)]
struct SummaryObject {
    stopped: bool,
    counts: BTreeMap<&'static str, usize>,
}

/// Returns the object that concludes an apply.
pub(super) fn summary(summary: &Summary) -> Line {
    let counts = ItemResult::ALL.map(|result| (result.name(), summary.count(result)));
    line("summary", SummaryObject { stopped: summary.stopped, counts: counts.into() })
}

#[derive(Serialize)]
struct RunObject<'a> {
    run: u64,
    time: &'a str,
    meta: &'a str,
    cluster_name: Option<&'a str>,
    input_hash: &'a str,
    end: Option<EndObject<'a>>,
}

#[derive(Serialize)]
struct EndObject<'a> {
    time: &'a str,
    stopped: bool,
    counts: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct ChangeObject<'a> {
    run: u64,
    change: u64,
    step: PlanStep,
    table: &'a str,
    table_id: Option<i32>,
    cluster: &'a str,
    dupid: Option<i32>,
    #[serde(flatten)]
    more: More<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum More<'a> {
    Outcome { outcome: &'a Option<AuditOutcome> },
    Now { known: bool, text: String },
}

impl<'a> ChangeObject<'a> {
    fn of(run: u64, of: &'a AuditChange, more: More<'a>) -> ChangeObject<'a> {
        ChangeObject {
            run,
            change: of.change,
            step: of.step,
            table: &of.table,
            table_id: of.table_id,
            cluster: &of.cluster,
            dupid: of.dupid,
            more,
        }
    }
}

#[derive(Serialize)]
struct AuditObject<'a> {
    runs: usize,
    changes: usize,
    in_flight: usize,
    unreadable: &'a [usize],
}

/// Returns an object for each apply and each change that an audit file records, and one that counts them.
pub(super) fn audit(log: &AuditLog, settled: &[Settled]) -> Vec<Line> {
    let mut lines = Vec::new();
    for run in &log.runs {
        let results = |end: &AuditEnd| {
            let of = |result| end.results.get(&result).copied().unwrap_or_default();
            ItemResult::ALL.map(|result| (result.name(), of(result))).into()
        };
        let end = run.end.as_ref().map(|end| EndObject {
            time: &end.time,
            stopped: end.stopped,
            counts: results(end),
        });
        let object = RunObject {
            run: run.run,
            time: &run.time,
            meta: &run.meta,
            cluster_name: run.cluster_name.as_deref(),
            input_hash: &run.input_hash,
            end,
        };
        lines.push(line("run", object));
        lines.extend(run.changes.iter().map(|change| {
            let more = More::Outcome { outcome: &change.outcome };
            line("change", ChangeObject::of(run.run, change, more))
        }));
    }
    lines.extend(settled.iter().map(|settled| {
        let more = More::Now { known: known(settled), text: settled.to_string() };
        line("in_flight", ChangeObject::of(settled.run, &settled.change, more))
    }));
    let object = AuditObject {
        runs: log.runs.len(),
        changes: log.runs.iter().map(|run| run.changes.len()).sum(),
        in_flight: settled.len(),
        unreadable: &log.unreadable,
    };
    lines.push(line("audit", object));
    lines
}
