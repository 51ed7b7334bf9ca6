//! The work that an apply has to do.

use super::options::ApplyOptions;
use super::report::{Event, Summary};
use super::stop::Stop;
use crate::client::Client;
use crate::error::Result;
use crate::fleet::audit::Audit;
use crate::fleet::{Item, Plan};

/// The work that an apply has to do, after the options have been checked. Nothing has been sent.
#[derive(Debug, Clone)]
pub struct Work {
    plan: Plan,
    options: ApplyOptions,
}

impl Work {
    /// Returns the work for a plan.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the plan has more changes or more removals than the options allow.
    pub fn new(plan: Plan, options: ApplyOptions) -> Result<Work> {
        Ok(Work { plan, options }) // STUBBED
    }

    /// Returns the number of duplications that are to be created, changed or removed.
    pub fn changes(&self) -> usize {
        self.options.concurrency // STUBBED
    }

    /// Returns the duplications that are to be removed.
    pub fn removals(&self) -> impl Iterator<Item = &Item> {
        self.plan.items.iter().take(0) // STUBBED
    }

    /// Returns the duplications that are to be started and may have been paused for long. They are only
    /// started if [`ApplyOptions::start_long_paused`] is set.
    pub fn long_paused(&self) -> impl Iterator<Item = &Item> {
        self.plan.items.iter().take(0) // STUBBED
    }

    /// Does the work. Looks at the cluster again first: a duplication that has changed since the plan was made
    /// is reported as stale, and nothing is sent for it.
    ///
    /// Dropping the future stops the apply at once, and leaves the requests in flight in
    /// [`Client::unsettled`]. [`Stop`] brings them to their end first.
    ///
    /// # Errors
    ///
    /// Fails if the cluster cannot be read, or if the audit file cannot be written. No request is sent
    /// that is not in the audit file.
    pub async fn run(
        &self,
        _client: &Client,
        _audit: Option<&mut Audit>,
        _stop: &Stop,
        _events: impl FnMut(Event<'_>),
    ) -> Result<Summary> {
        Ok(Summary { reports: Vec::new(), stopped: false }) // STUBBED
    }
}
