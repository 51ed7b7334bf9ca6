//! The work that an apply has to do.

use super::decide::{Todo, decide, starts_long_paused};
use super::item::compared;
use super::options::ApplyOptions;
use super::report::{Event, ItemReport, Summary};
use super::schedule::Schedule;
use super::stop::Stop;
use crate::client::Client;
use crate::client::compare::Server;
use crate::clock::{Clock as _, SystemClock};
use crate::enums::{ItemResult, PlanStep, Verdict};
use crate::error::{Error, ErrorKind, Result};
use crate::fleet::audit::{Audit, Recorder};
use crate::fleet::state::State;
use crate::fleet::{Item, Plan};

/// The work that an apply has to do, after the options have been checked. Nothing has been sent.
#[derive(Debug, Clone)]
pub struct Work {
    plan: Plan,
    options: ApplyOptions,
    /// What is to be done with each item of the plan.
    todos: Vec<Todo>,
    now_ms: i64,
}

impl Work {
    /// Returns the work for a plan.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the plan has more changes or more removals than the options allow, or
    /// if an option is 0 that must be at least 1.
    pub fn new(plan: Plan, options: ApplyOptions) -> Result<Work> {
        Work::new_at(plan, options, SystemClock.now_ms())
    }

    /// Returns the work for a plan at a time, in milliseconds since 1970. The time decides which duplications
    /// may have been paused for long.
    ///
    /// # Errors
    ///
    /// Fails like [`Work::new`].
    pub fn new_at(plan: Plan, options: ApplyOptions, now_ms: i64) -> Result<Work> {
        for (value, name) in
            [(Some(options.concurrency), "concurrency"), (options.max_preparing, "max_preparing")]
        {
            if value == Some(0) {
                return Err(Error::invalid(format!("the option must be at least 1: {name}=0")));
            }
        }
        let todos = plan.items.iter().map(|item| decide(item, &options, now_ms)).collect();
        let work = Work { plan, options, todos, now_ms };
        let changes = (work.changes(), work.options.max_changes);
        let removals = (work.removals().count(), work.options.max_removals);
        for ((count, limit), what) in [(changes, "changes"), (removals, "removals")] {
            if let Some(limit) = limit.filter(|&limit| count > limit) {
                return Err(Error::invalid(format!(
                    "the plan has more {what} than allowed, and nothing was sent: {what}={count} max_{what}={limit}"
                ))
                .with_hint("look at the plan again, and raise the limit if the plan is right"));
            }
        }
        Ok(work)
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the number of duplications that are to be created, changed or removed.
    pub fn changes(&self) -> usize {
        self.todos.iter().filter(|todo| !todo.steps().is_empty()).count()
    }

    /// Returns the duplications that are to be removed.
    pub fn removals(&self) -> impl Iterator<Item = &Item> {
        let todos = self.plan.items.iter().zip(&self.todos);
        todos.filter(|(_, todo)| todo.steps().contains(&PlanStep::Remove)).map(|(item, _)| item)
    }

    /// Returns the duplications that are to be started and may have been paused for long. They are only
    /// started if [`ApplyOptions::start_long_paused`] is set.
    pub fn long_paused(&self) -> impl Iterator<Item = &Item> {
        let items = self.plan.items.iter();
        items.filter(|item| starts_long_paused(item, &self.options, self.now_ms))
    }

    /// Does the work. Looks at the cluster again first. A duplication that has changed since the plan was made
    /// is reported as stale, unless it is as wanted now, and nothing is sent for it.
    ///
    /// Several duplications are worked on at the same time, over the connections of the one client. After a
    /// failure, or after an effect that is not known, no further duplication is started unless
    /// [`ApplyOptions::keep_going`] is set. What the plan refuses and what is stale does not count as a
    /// failure, because nothing was sent for it.
    ///
    /// Dropping the future stops the apply at once, and leaves the requests in flight in
    /// [`Client::unsettled`]. [`Stop`] brings them to their end first.
    ///
    /// # Errors
    ///
    /// Fails if the cluster cannot be read or is not the one of the plan, if the audit file cannot be written,
    /// or if duplications are to be removed and the audit file records no earlier finished apply to the same
    /// cluster. Nothing was sent then. If the audit file cannot be written later, nothing more is sent, and
    /// [`Summary::error`] says so. No request is sent that is not in the audit file.
    pub async fn run(
        &self,
        client: &Client,
        audit: Option<&mut Audit>,
        stop: &Stop,
        mut events: impl FnMut(Event<'_>),
    ) -> Result<Summary> {
        self.check_removals(audit.as_deref())?;
        let state = State::read_again(client, &self.plan).await?;
        let mut reports = self.before_anything(&state)?;
        for report in reports.iter().flatten() {
            events(Event::Finished(report));
        }
        let removals = self.removals().count();
        let recorder = Recorder::begin(audit, &self.plan, self.changes(), removals).await?;
        let mut schedule = Schedule::new(self, client, &recorder, &state, &mut reports);
        schedule.run(stop, &mut events).await;
        let items = self.plan.items.iter();
        let mut summary = Summary {
            stopped: reports.iter().any(Option::is_none),
            reports: items
                .zip(reports)
                .map(|(item, report)| {
                    report.unwrap_or_else(|| ItemReport::nothing_sent(item, ItemResult::NotTried))
                })
                .collect(),
            error: None,
        };
        // The first error of the audit file is kept by the recorder.
        let _ = recorder.end(&summary).await;
        summary.error = recorder.failure().cloned();
        Ok(summary)
    }

    /// Returns an error if duplications are to be removed, and no earlier finished apply is recorded.
    fn check_removals(&self, audit: Option<&Audit>) -> Result<()> {
        let earlier = audit.is_some_and(|audit| {
            self.plan.has_scopes && audit.earlier().has_finished_apply(&self.plan.source)
        });
        match self.removals().count() {
            0 => Ok(()),
            _ if earlier => Ok(()),
            removals => Err(Error::invalid(format!(
                "duplications are only removed if the audit file records an earlier finished apply to this cluster, and nothing was sent: removals={removals}"
            ))
            .with_hint("apply with the audit file and without the removals first, and look at what the plan would remove")),
        }
    }

    /// Returns the reports of the items for which nothing is to be sent. The other items have no report.
    fn before_anything(&self, state: &State) -> Result<Vec<Option<ItemReport>>> {
        let stale = self.plan.staleness(state)?;
        let items = self.plan.items.iter().zip(&self.todos).zip(stale);
        Ok(items.map(|((item, todo), stale)| before_anything(item, todo, stale, state)).collect())
    }

    /// Returns what may be done.
    pub(super) fn options(&self) -> &ApplyOptions {
        &self.options
    }

    /// Returns what is to be done with one item of the plan.
    pub(super) fn todo(&self, index: usize) -> (&Item, &Todo) {
        (&self.plan.items[index], &self.todos[index])
    }
}

/// Returns the report of an item for which nothing is to be sent.
fn before_anything(
    item: &Item,
    todo: &Todo,
    stale: Option<String>,
    state: &State,
) -> Option<ItemReport> {
    let unmanaged = item.verdict == Verdict::Unmanaged && todo.steps().is_empty();
    if let Some(why) = stale.filter(|_| item.verdict != Verdict::Refused && !unmanaged) {
        return Some(changed_since(item, why, state));
    }
    let Todo::Leave { result, why } = todo else { return None };
    let mut report = ItemReport::nothing_sent(item, *result);
    if *result == ItemResult::Failed {
        let kind = match item.table_id {
            Some(_) => ErrorKind::InvalidArgument,
            None => ErrorKind::TableNotFound,
        };
        let why = why.as_deref().unwrap_or("the plan does not say why");
        report.error = Some(Error::new(kind, format!("the plan refuses it: {why}: {item}")));
    } else {
        report.warning.clone_from(why);
    }
    Some(report)
}

/// Returns the report of an item that has changed since the plan was made. It is stale, unless it is as wanted
/// now. A plan can therefore be applied again after an apply of it was interrupted.
fn changed_since(item: &Item, why: String, state: &State) -> ItemReport {
    let staying: Vec<_> = state
        .tables
        .get(&item.table)
        .into_iter()
        .flat_map(|table| table.duplications.iter().map(move |one| (table, one)))
        .filter(|(_, one)| one.cluster == item.cluster && !one.is_being_removed())
        .collect();
    let as_wanted = match (&item.wanted, staying.as_slice()) {
        (Some(_), [(table, one)]) => {
            let server =
                Server { generation: state.generation, own_replica_count: table.replica_count };
            let (result, note) = compared(item, server, one);
            (result == ItemResult::Unchanged).then_some(note)
        }
        // It was to be removed.
        (None, []) => Some(None),
        _ => None,
    };
    match as_wanted {
        Some(note) => {
            let mut report = ItemReport::nothing_sent(item, ItemResult::Unchanged);
            report.warn(Some(format!(
                "it has changed since the plan was made, and is as wanted now: {why}"
            )));
            report.warn(note);
            report
        }
        None => {
            let mut report = ItemReport::nothing_sent(item, ItemResult::Stale);
            report.error = Some(
                Error::invalid(format!(
                    "it has changed since the plan was made, and nothing was sent: {why}: {item}"
                ))
                .with_hint("make another plan"),
            );
            report
        }
    }
}
