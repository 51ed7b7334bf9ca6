//! Works on the duplications of an apply, several at the same time.

use std::collections::VecDeque;

use futures_util::future::{Fuse, FusedFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::decide::Todo;
use super::item::Job;
use super::preparing::{Look, Preparing};
use super::report::{Event, ItemReport};
use super::stop::Stop;
use super::work::Work;
use crate::client::Client;
use crate::client::compare::Server;
use crate::enums::{ItemResult, PlanStep};
use crate::error::Error;
use crate::fleet::audit::Recorder;
use crate::fleet::{Item, State};

/// The order in which the duplications are worked on.
pub(super) struct Schedule<'a> {
    work: &'a Work,
    client: &'a Client,
    recorder: &'a Recorder<'a>,
    state: &'a State,
    /// The reports by the index of the item. An item without a report is still to be done.
    reports: &'a mut Vec<Option<ItemReport>>,
    /// The items to start as soon as there is room for them, by index.
    ready: VecDeque<usize>,
    /// The items with a checkpoint, which also wait for the duplications in DS_PREPARE.
    waiting: VecDeque<usize>,
    preparing: Option<Preparing>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(
        work: &'a Work,
        client: &'a Client,
        recorder: &'a Recorder<'a>,
        state: &'a State,
        reports: &'a mut Vec<Option<ItemReport>>,
    ) -> Schedule<'a> {
        let preparing = work.options().max_preparing.map(|limit| Preparing::new(limit, state));
        let to_do = reports.iter().enumerate().filter(|(_, report)| report.is_none());
        let waits = |&index: &usize| preparing.is_some() && adds_checkpoint(work.todo(index));
        let (waiting, ready) = to_do.map(|(index, _)| index).partition(waits);
        Schedule { work, client, recorder, state, reports, ready, waiting, preparing }
    }

    /// Works until everything is done, or until nothing more may be started and what was in flight has ended.
    pub(super) async fn run(&mut self, stop: &Stop, events: &mut impl FnMut(Event<'_>)) {
        let (work, client) = (self.work, self.client);
        let mut running = FuturesUnordered::new();
        let mut look: Fuse<Look<'_>> = Fuse::terminated();
        let mut stopped = stop.is_requested();
        loop {
            if !stopped {
                while running.len() < work.options().concurrency
                    && let Some((index, gated)) = self.next(look.is_terminated())
                {
                    events(Event::Started(work.todo(index).0));
                    running.push(self.job(index, gated));
                }
                let full = self.preparing.as_ref().filter(|preparing| !preparing.has_room());
                if let Some(preparing) = full
                    && !self.waiting.is_empty()
                    && look.is_terminated()
                {
                    let (preparing_now, waiting) = (preparing.count(), self.waiting.len());
                    events(Event::Preparing { preparing: preparing_now, waiting });
                    look = Preparing::pause().fuse();
                }
            }
            if running.is_empty() && (stopped || look.is_terminated()) {
                return;
            }
            tokio::select! {
                // The order makes a run repeatable.
                biased;
                () = stop.requested(), if !stopped => stopped = true,
                Some((index, gated, report)) = running.next(), if !running.is_empty() => {
                    if let Some(preparing) = self.preparing.as_mut().filter(|_| gated) {
                        preparing.ended();
                    }
                    stopped |= self.finished(index, report, events);
                }
                looked = &mut look, if !stopped && !look.is_terminated() => match looked {
                    Ok(listed) => {
                        if let Some(preparing) = &mut self.preparing {
                            match listed {
                                None => look = preparing.look(client).fuse(),
                                Some(listed) => preparing.looked(listed),
                            }
                        }
                    }
                    Err(error) => stopped |= self.not_counted(&error, events),
                },
            }
        }
    }

    /// Returns the next item to start, and whether its add counts among the duplications in DS_PREPARE.
    fn next(&mut self, may_count: bool) -> Option<(usize, bool)> {
        let room = may_count && self.preparing.as_ref().is_some_and(Preparing::has_room);
        // The items are started in the order of the plan, as far as they may be.
        let first = match (self.ready.front(), self.waiting.front().filter(|_| room)) {
            (Some(ready), Some(waiting)) => waiting < ready,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if !first {
            return self.ready.pop_front().map(|index| (index, false));
        }
        let index = self.waiting.pop_front()?;
        if let Some(preparing) = &mut self.preparing {
            preparing.started(&self.work.todo(index).0.table);
        }
        Some((index, true))
    }

    /// Returns the future that works on one item.
    fn job(
        &self,
        index: usize,
        gated: bool,
    ) -> impl Future<Output = (usize, bool, ItemReport)> + use<'a> {
        let (item, todo) = self.work.todo(index);
        let (steps, left) = match todo {
            Todo::Steps { steps, left } => (steps.as_slice(), left.as_deref()),
            Todo::Leave { .. } => (&[][..], None),
        };
        let table = self.state.tables.get(&item.table);
        let server = Server {
            generation: self.state.generation,
            own_replica_count: table.and_then(|table| table.replica_count),
        };
        let (client, recorder) = (self.client, self.recorder);
        let job = Job { client, recorder, item, steps, left, server };
        async move { (index, gated, job.run().await) }
    }

    /// Takes in the report of an item. Returns whether nothing more may be started.
    fn finished(
        &mut self,
        index: usize,
        report: ItemReport,
        events: &mut impl FnMut(Event<'_>),
    ) -> bool {
        events(Event::Finished(&report));
        let failed =
            matches!(report.result, ItemResult::Failed | ItemResult::Stale | ItemResult::Unknown);
        self.reports[index] = Some(report);
        failed && !self.work.options().keep_going || self.recorder.failure().is_some()
    }

    /// Reports the next item that waits as failed, because the duplications in DS_PREPARE could not be
    /// counted. Returns whether nothing more may be started.
    fn not_counted(&mut self, error: &Error, events: &mut impl FnMut(Event<'_>)) -> bool {
        let Some(index) = self.waiting.pop_front() else { return false };
        let mut report = ItemReport::nothing_sent(self.work.todo(index).0, ItemResult::Failed);
        report.error = Some(error.clone());
        report.warn(Some(
            "nothing was sent, because the duplications in DS_PREPARE could not be counted"
                .to_owned(),
        ));
        self.finished(index, report, events)
    }
}

/// Returns whether the item adds a duplication with a checkpoint.
fn adds_checkpoint((item, todo): (&Item, &Todo)) -> bool {
    todo.steps().contains(&PlanStep::Add)
        && item.wanted.as_ref().is_some_and(|wanted| wanted.checkpoint)
}
