//! What an apply did.

use crate::enums::{Evidence, ItemResult, PlanStep};
use crate::error::Error;
use crate::fleet::Item;

/// What an apply did with one duplication.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ItemReport {
    /// The duplication, as the plan has it.
    pub item: Item,
    /// The result.
    pub result: ItemResult,
    /// The steps that had an effect, in order.
    pub done: Vec<PlanStep>,
    /// How the result of an add or a removal is known.
    pub evidence: Option<Evidence>,
    /// The dupid of the duplication that was created.
    pub dupid: Option<i32>,
    /// Additional information for the user.
    pub warning: Option<String>,
    /// Why the result is failed, stale or unknown.
    pub error: Option<Error>,
}

/// What happens while a plan is applied.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The first request for a duplication is about to be sent.
    Started(&'a Item),
    /// Nothing more is done for a duplication.
    Finished(&'a ItemReport),
    /// The next adds wait until fewer duplications are in DS_PREPARE.
    Preparing {
        /// The number of duplications in DS_PREPARE.
        preparing: usize,
        /// The number of duplications that wait.
        waiting: usize,
    },
}

/// What an apply did with all duplications.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Summary {
    /// What was done with each duplication, in the order of the plan.
    pub reports: Vec<ItemReport>,
    /// Whether the apply was stopped before everything was tried.
    pub stopped: bool,
}

impl Summary {
    /// Returns the number of duplications with this result.
    pub fn count(&self, result: ItemResult) -> usize {
        self.reports.iter().filter(|report| report.result == result).count()
    }
}
