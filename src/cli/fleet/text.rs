//! Plans and results as lines of text.

use std::fmt::Write;

use crate::enums::{FailMode, ItemResult, PlanStep, Verdict};
use crate::escape::{name, sentence};
use crate::fleet::{AuditChange, AuditLog, AuditRun, Item, ItemReport, Plan, Settled, Summary};
use crate::text::{Line, Tone};

/// Returns a line for each duplication that needs attention, and a summary. With `all` it has a line for each
/// duplication.
pub(super) fn plan(plan: &Plan, all: bool) -> Vec<Line> {
    let shown = plan.items.iter().filter(|item| all || item.verdict != Verdict::AsWanted);
    let mut lines: Vec<Line> = shown.map(item).collect();
    lines.push(summary(plan));
    lines
}

/// Returns what the operator should know before the plan is applied.
pub(super) fn warnings(plan: &Plan) -> Vec<Line> {
    plan.warnings.iter().map(|warning| Line::warning(warning)).collect()
}

/// Returns the line that counts the duplications of a plan.
pub(super) fn summary(plan: &Plan) -> Line {
    let counts = [
        (Verdict::Create, "to create"),
        (Verdict::Differs, DIFFER),
        (Verdict::NotComparable, "not comparable"),
        (Verdict::Refused, "refused"),
        (Verdict::Unmanaged, "unmanaged"),
        (Verdict::AsWanted, "as wanted"),
    ];
    let counts = counts.map(|(verdict, words)| (plan.count(verdict), words));
    let cluster = plan.source.name.as_deref().unwrap_or(&plan.source.meta);
    Line::new(
        "plan",
        Tone::Neutral,
        format!("{}; source cluster {}", counted(&counts, NONE), name(cluster)),
    )
}

/// The word for the duplications that differ from their declarations.
const DIFFER: &str = "differ";
/// The words for a plan without duplications.
const NONE: &str = "no duplications";

/// Returns the counts that are not 0, or `none` if all of them are.
fn counted(counts: &[(usize, &str)], none: &str) -> String {
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| match (count, *words) {
            (1, DIFFER) => "1 differs".to_owned(),
            (count, words) => format!("{count} {words}"),
        })
        .collect();
    match counts.is_empty() {
        true => none.to_owned(),
        false => counts.join(", "),
    }
}

/// Returns the line for one duplication of a plan.
pub(super) fn item(item: &Item) -> Line {
    let tone = match item.verdict {
        Verdict::Create => Tone::Good,
        Verdict::Differs | Verdict::NotComparable => Tone::Attention,
        Verdict::Refused => Tone::Bad,
        Verdict::AsWanted | Verdict::Unmanaged => Tone::Neutral,
    };
    let mut text = item.to_string();
    if item.verdict == Verdict::Create {
        text += &wanted(item);
    }
    differences(&mut text, item);
    match item.verdict {
        Verdict::Unmanaged if item.in_scope => {
            text += "; it is in a scope of the file, and apply --prune removes it";
        }
        _ if item.steps.is_empty() || item.steps == [PlanStep::Add] => {}
        _ => {
            let _ = write!(text, "; steps: {}", steps(&item.steps));
        }
    }
    if let Some(why) = &item.why {
        let _ = write!(text, "; {}", sentence(why));
    }
    Line::new(item.verdict.name(), tone, text)
}

/// Returns the properties of a duplication that is to be created, as far as they are not the defaults.
fn wanted(item: &Item) -> String {
    let mut text = String::new();
    let Some(wanted) = &item.wanted else { return text };
    if wanted.remote_table != item.table {
        let _ = write!(text, " remote_table={}", name(&wanted.remote_table));
    }
    if let Some(count) = wanted.remote_replica_count {
        let _ = write!(text, " remote_replica_count={count}");
    }
    if wanted.checkpoint {
        text += " checkpoint=true";
    }
    if let Some(mode) = wanted.fail_mode {
        let _ = write!(text, " fail_mode={}", FailMode::from(mode));
    }
    if let Some(status) = wanted.status {
        let _ = write!(text, " status={}", status.name());
    }
    text
}

fn differences(text: &mut String, item: &Item) {
    for difference in &item.differences {
        let _ = write!(text, "; {difference}");
    }
}

fn steps(steps: &[PlanStep]) -> String {
    let words: Vec<&str> = steps
        .iter()
        .map(|step| match step {
            PlanStep::Recreate => "recreate (apply never takes this step)",
            step => step.name(),
        })
        .collect();
    words.join(", ")
}

/// Returns the line for what an apply did with one duplication.
pub(super) fn report(report: &ItemReport) -> Line {
    let tone = match report.result {
        ItemResult::Created | ItemResult::Changed | ItemResult::Removed => Tone::Good,
        ItemResult::Unchanged | ItemResult::NotTried => Tone::Neutral,
        ItemResult::Differs => Tone::Attention,
        ItemResult::Stale | ItemResult::Failed | ItemResult::Unknown => Tone::Bad,
    };
    let mut text = report.item.to_string();
    if let (None, Some(dupid)) = (&report.item.existing, report.dupid) {
        let _ = write!(text, " dupid={dupid}");
    }
    if let Some(evidence) = report.evidence {
        let _ = write!(text, " evidence={evidence} certain={}", evidence.certain());
    }
    if report.result == ItemResult::Differs {
        differences(&mut text, &report.item);
    }
    let whole = matches!(report.result, ItemResult::Created | ItemResult::Removed);
    if !(report.done.is_empty() || whole && report.done.len() == 1) {
        let _ = write!(text, "; done: {}", steps(&report.done));
    }
    if let Some(warning) = &report.warning {
        let _ = write!(text, "; warning: {}", sentence(warning));
    }
    if let Some(error) = &report.error {
        let _ = write!(text, "; {}", sentence(&error.to_string()));
        if let Some(hint) = error.hint() {
            let _ = write!(text, "; hint: {}", sentence(hint));
        }
    }
    Line::new(report.result.name(), tone, text)
}

/// The results of which an operator has to know, with the most important first.
const FAILURES: [ItemResult; 3] = [ItemResult::Unknown, ItemResult::Failed, ItemResult::Stale];

/// Returns the lines that conclude an apply: the failures, and the number of duplications with each result.
pub(super) fn conclusion(summary: &Summary) -> Vec<Line> {
    let mut lines = Vec::new();
    for failure in FAILURES {
        lines.extend(summary.reports.iter().filter(|one| one.result == failure).map(report));
    }
    let counts = [
        (ItemResult::Unknown, "unknown"),
        (ItemResult::Failed, "failed"),
        (ItemResult::Stale, "stale"),
        (ItemResult::NotTried, "not tried"),
        (ItemResult::Differs, DIFFER),
        (ItemResult::Created, "created"),
        (ItemResult::Changed, "changed"),
        (ItemResult::Removed, "removed"),
        (ItemResult::Unchanged, "unchanged"),
    ];
    let counts = counts.map(|(result, words)| (summary.count(result), words));
    lines.push(Line::new("apply", Tone::Neutral, counted(&counts, NONE)));
    lines
}

/// Returns a line for each apply and each change that an audit file records, and a summary.
pub(super) fn audit(log: &AuditLog, settled: &[Settled]) -> Vec<Line> {
    let mut lines = Vec::new();
    for run in &log.runs {
        lines.push(Line::new("run", Tone::Neutral, self::run(run)));
        lines.extend(run.changes.iter().map(|change| {
            let tone = if change.is_settled() { Tone::Neutral } else { Tone::Attention };
            Line::new("change", tone, self::change(run.run, change))
        }));
    }
    lines.extend(
        settled
            .iter()
            .map(|settled| Line::new("in_flight", Tone::Attention, sentence(&settled.to_string()))),
    );
    let changes = log.runs.iter().map(|run| run.changes.len()).sum();
    let counts = [(log.runs.len(), "runs"), (changes, "changes"), (settled.len(), "in flight")];
    lines.push(Line::new("audit", Tone::Neutral, counted(&counts, "nothing is recorded")));
    lines
}

fn run(run: &AuditRun) -> String {
    let mut text = format!("run={} time={} meta={}", run.run, run.time, name(&run.meta));
    if let Some(cluster) = &run.cluster_name {
        let _ = write!(text, " cluster_name={}", name(cluster));
    }
    match &run.end {
        None => text += "; its end is not recorded",
        Some(end) => {
            text += if end.stopped { "; it was stopped" } else { "; it finished" };
            for (result, count) in &end.results {
                let _ = write!(text, " {result}={count}");
            }
        }
    }
    text
}

fn change(run: u64, change: &AuditChange) -> String {
    let AuditChange { step, table, cluster, dupid, change, outcome, .. } = change;
    let mut text = format!(
        "run={run} change={change} step={step} table={} cluster={}",
        name(table),
        name(cluster)
    );
    let Some(outcome) = outcome else { return text + "; its outcome is not recorded" };
    let created = outcome.duplication.as_ref().map(|one| one.dupid);
    if let Some(dupid) = dupid.or(created) {
        let _ = write!(text, " dupid={dupid}");
    }
    let _ = write!(text, " outcome={}", outcome.outcome);
    if let Some(evidence) = outcome.evidence {
        let _ = write!(text, " evidence={evidence}");
    }
    if let Some(warning) = &outcome.warning {
        let _ = write!(text, "; warning: {}", sentence(warning));
    }
    if let Some(error) = &outcome.error {
        let _ = write!(text, "; {}", sentence(&error.message));
    }
    text
}

/// Returns a warning for each line of an audit file that cannot be read.
pub(super) fn unreadable(log: &AuditLog) -> Vec<Line> {
    let warning = |line: &usize| {
        Line::warning(&format!(
            "a line cannot be read, as after a crash while it was written: line={line}"
        ))
    };
    log.unreadable.iter().map(warning).collect()
}
