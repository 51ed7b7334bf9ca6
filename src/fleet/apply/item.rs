//! Takes the steps of one duplication, in order.

use super::report::ItemReport;
use crate::client::compare::Server;
use crate::client::{Client, Selector};
use crate::enums::{ErrorKind, ItemResult, OutcomeKind, PlanStep, Verdict};
use crate::error::{Error, Result};
use crate::fleet::audit::{AuditChange, AuditOutcome, Recorder};
use crate::fleet::compare::existing;
use crate::fleet::plan::{Existing, Item};
use crate::outcome::{Change, FailMode, Outcome, Removal};
use crate::resource::{Duplication, Identity};

/// The work on one duplication.
pub(super) struct Job<'a> {
    pub(super) client: &'a Client,
    pub(super) recorder: &'a Recorder<'a>,
    pub(super) item: &'a Item,
    pub(super) steps: &'a [PlanStep],
    /// What differs from the declaration even after the steps.
    pub(super) left: Option<&'a str>,
    /// What is known about the server, to compare a duplication with its declaration.
    pub(super) server: Server,
}

/// What a step did.
enum Done {
    Added(Outcome<Duplication>),
    Changed(Change<Duplication>),
    Removed(Removal<Duplication>),
}

/// Whether the next step can follow.
enum Next {
    Step,
    /// The duplication has its result.
    End(ItemResult),
}

impl Job<'_> {
    /// Takes the steps.
    pub(super) async fn run(&self) -> ItemReport {
        let mut report = ItemReport::nothing_sent(self.item, ItemResult::Unchanged);
        let mut identity = self.item.identity();
        for &step in self.steps {
            match self.step(step, &mut identity, &mut report).await {
                Ok(Next::Step) => {}
                Ok(Next::End(result)) => {
                    report.result = result;
                    return report;
                }
                Err(error) => {
                    report.result = result_of(step, &error);
                    match report.result {
                        ItemResult::Differs => report.warn(Some(error.to_string())),
                        _ => report.error = Some(error),
                    }
                    return report;
                }
            }
        }
        report.result = match self.left {
            Some(_) => ItemResult::Differs,
            None => result_of_steps(&report.done),
        };
        report.warn(self.left.map(|left| format!("left as it is: {left}")));
        report
    }

    /// Takes one step. `identity` is that of the duplication, once it exists.
    async fn step(
        &self,
        step: PlanStep,
        identity: &mut Option<Identity>,
        report: &mut ItemReport,
    ) -> Result<Next> {
        if step != PlanStep::Add {
            self.complete(identity).await?;
        }
        let change = self.recorder.before(self.change(step, identity.as_ref())).await?;
        let done = self.send(step, identity.as_ref()).await;
        let recorded = self.recorder.after(&change, || outcome(&done)).await;
        let next = match done? {
            Done::Added(outcome) => self.added(outcome, identity, report),
            Done::Changed(Change::Changed { warning, .. }) => {
                report.done.push(step);
                report.warn(warning);
                Next::Step
            }
            Done::Changed(Change::Unchanged { warning, .. }) => {
                report.warn(Some(format!("{step}: another client has done this already")));
                report.warn(warning);
                Next::Step
            }
            Done::Removed(Removal::Removed { evidence, warning, .. }) => {
                report.done.push(step);
                report.evidence = Some(evidence);
                report.warn(warning);
                Next::Step
            }
            Done::Removed(Removal::NotFound) => {
                report.warn(Some("another client has removed it already".to_owned()));
                Next::Step
            }
        };
        if let Err(error) = recorded {
            // The effect of this step is known, and must not be lost with the audit file.
            let last = self.steps.last() == Some(&step);
            if !last && matches!(next, Next::Step) {
                return Err(error);
            }
            report.warn(Some(format!("{step}: the audit file lacks the outcome")));
        }
        Ok(next)
    }

    /// Sends a change, bound to the table and the duplication that were seen.
    async fn send(&self, step: PlanStep, identity: Option<&Identity>) -> Result<Done> {
        let Job { client, item, .. } = self;
        let table = item.table.as_str();
        let which = || identity.cloned().map(Selector::Identity).ok_or_else(|| self.no_identity());
        let wanted = item.wanted.as_ref();
        match step {
            PlanStep::Add => {
                let spec = item.spec().ok_or_else(|| self.wrong("nothing is declared"))?;
                client.add(&spec).await.map(Done::Added)
            }
            PlanStep::Start => client.start(table, &which()?).await.map(Done::Changed),
            PlanStep::Pause => client.pause(table, &which()?).await.map(Done::Changed),
            PlanStep::SetFailMode => {
                let mode = wanted.and_then(|wanted| wanted.fail_mode);
                let mode = mode.ok_or_else(|| self.wrong("no fail mode is declared"))?;
                client
                    .set_fail_mode(table, &which()?, FailMode::from(mode))
                    .await
                    .map(Done::Changed)
            }
            PlanStep::Remove => client.remove(table, &which()?).await.map(Done::Removed),
            PlanStep::Recreate => Err(self.wrong("this step is never taken by an apply")),
        }
    }

    /// Takes in what the add did.
    fn added(
        &self,
        outcome: Outcome<Duplication>,
        identity: &mut Option<Identity>,
        report: &mut ItemReport,
    ) -> Next {
        report.evidence = Some(outcome.evidence());
        match outcome {
            Outcome::Created { value, unverified, warning, .. } => {
                report.done.push(PlanStep::Add);
                report.dupid = Some(value.dupid);
                report.warn(warning);
                for property in unverified {
                    report.warn(Some(format!(
                        "{property} could not be compared: {}",
                        property.why_unverified()
                    )));
                }
                if let Some(planned) = self.item.table_id.filter(|&id| id != value.table_id) {
                    report.warn(Some(format!(
                        "it was created for another table of this name than planned: table_id={} planned_table_id={planned}",
                        value.table_id
                    )));
                }
                *identity = Some(value.identity());
                Next::Step
            }
            Outcome::AlreadyExists { existing, warning, .. } => {
                let (result, note) = compared(self.item, self.server, &existing);
                report.warn(Some(format!(
                    "another client was faster, so this apply created nothing: dupid={}",
                    existing.dupid
                )));
                report.warn(note);
                report.warn(warning);
                Next::End(result)
            }
        }
    }

    /// Completes the identity of a duplication that was just created, if the table could not be read after
    /// the add. The response to an add does not contain the time of creation.
    async fn complete(&self, identity: &mut Option<Identity>) -> Result<()> {
        let Some(known) = identity.as_mut().filter(|one| one.create_ts_ms.is_none()) else {
            return Ok(());
        };
        let listed = self.client.query(&self.item.table).await?;
        let same = listed.into_iter().find(|one| {
            (one.table_id, one.dupid) == (known.table_id, known.dupid)
                && one.cluster == known.cluster
        });
        if let Some(same) = same {
            *known = same.identity();
        }
        Ok(())
    }

    /// Returns what the audit file records before a step.
    fn change(&self, step: PlanStep, identity: Option<&Identity>) -> AuditChange {
        let identity = identity.filter(|_| step != PlanStep::Add);
        AuditChange {
            change: 0,
            step,
            table: self.item.table.clone(),
            table_id: identity.map(|identity| identity.table_id).or(self.item.table_id),
            cluster: self.item.cluster.clone(),
            dupid: identity.map(|identity| identity.dupid),
            create_ts_ms: identity.and_then(|identity| identity.create_ts_ms),
            wanted: self.item.wanted.clone().filter(|_| step != PlanStep::Remove),
            outcome: None,
        }
    }

    fn no_identity(&self) -> Error {
        self.wrong("the plan does not say which duplication to change")
    }

    /// Returns the error for an item that no plan contains.
    fn wrong(&self, what: &str) -> Error {
        let message = format!("the plan is wrong: {what}: {}", self.item);
        Error::new(ErrorKind::InvalidArgument, message).with_hint("make another plan")
    }
}

/// Compares an existing duplication with what is declared. Returns whether it is as wanted, and what differs
/// or cannot be compared.
pub(super) fn compared(
    item: &Item,
    server: Server,
    one: &Duplication,
) -> (ItemResult, Option<String>) {
    let Some(spec) = item.spec() else { return (ItemResult::Differs, None) };
    let blank = Item {
        table_id: Some(one.table_id),
        differences: Vec::new(),
        unverified: Vec::new(),
        steps: Vec::new(),
        why: None,
        ..item.clone()
    };
    let now = existing(blank, &spec, server, one);
    match now.verdict {
        Verdict::AsWanted => (ItemResult::Unchanged, None),
        Verdict::NotComparable if !now.unverified.is_empty() => (ItemResult::Unchanged, now.why),
        Verdict::Differs => {
            let differences: Vec<String> =
                now.differences.iter().map(ToString::to_string).collect();
            (ItemResult::Differs, Some(format!("it differs: {}", differences.join(", "))))
        }
        _ => (ItemResult::Differs, now.why),
    }
}

/// Returns the result of a duplication all of whose steps were taken.
fn result_of_steps(done: &[PlanStep]) -> ItemResult {
    if done.contains(&PlanStep::Add) {
        ItemResult::Created
    } else if done.contains(&PlanStep::Remove) {
        ItemResult::Removed
    } else if done.is_empty() {
        ItemResult::Unchanged
    } else {
        ItemResult::Changed
    }
}

/// Returns the result of a duplication whose step failed.
fn result_of(step: PlanStep, error: &Error) -> ItemResult {
    match error.kind() {
        ErrorKind::OutcomeUnknown => ItemResult::Unknown,
        // The name leads to no table or to another one, or the duplication with this identity is gone.
        ErrorKind::TableNotFound | ErrorKind::DuplicationNotFound => ItemResult::Stale,
        // The duplication has not reached DS_LOG yet, so a later apply can pause it.
        ErrorKind::WrongState if step == PlanStep::Pause => ItemResult::Differs,
        _ => ItemResult::Failed,
    }
}

/// Returns what the audit file records after a step.
fn outcome(done: &Result<Done>) -> AuditOutcome {
    let (outcome, evidence, value, warning, error) = match done {
        Ok(Done::Added(added)) => {
            let kind = match added {
                Outcome::Created { .. } => OutcomeKind::Created,
                Outcome::AlreadyExists { .. } => OutcomeKind::AlreadyExists,
            };
            (kind, Some(added.evidence()), Some(added.value()), added.warning(), None)
        }
        Ok(Done::Changed(change)) => {
            let kind = match change {
                Change::Changed { .. } => OutcomeKind::Changed,
                Change::Unchanged { .. } => OutcomeKind::Unchanged,
            };
            (kind, None, Some(change.value()), change.warning(), None)
        }
        Ok(Done::Removed(removal)) => match removal {
            Removal::Removed { was, evidence, .. } => {
                (OutcomeKind::Removed, Some(*evidence), Some(was), removal.warning(), None)
            }
            Removal::NotFound => (OutcomeKind::NotFound, None, None, None, None),
        },
        Err(error) => (OutcomeKind::Error, None, None, None, Some(error.into())),
    };
    AuditOutcome {
        outcome,
        evidence,
        table_id: value.map(|one| one.table_id),
        duplication: value.map(Existing::from),
        warning: warning.map(str::to_owned),
        error,
    }
}
