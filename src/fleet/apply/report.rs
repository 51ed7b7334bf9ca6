//! What an apply did.

use std::collections::BTreeMap;

use crate::client::warning::join;
use crate::enums::{Evidence, ItemResult, PlanStep};
use crate::error::Error;
use crate::fleet::Item;

/// What an apply did with one duplication.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ItemReport {
    /// The duplication, as the plan has it.
    pub item: Item,
    /// The result. If some steps had an effect and a later one failed, this is the result of the later one.
    pub result: ItemResult,
    /// The steps that had an effect, in order.
    pub done: Vec<PlanStep>,
    /// How the result of an add or a removal is known.
    pub evidence: Option<Evidence>,
    /// The dupid of the duplication that was created.
    pub dupid: Option<i32>,
    /// Additional information for the user, and what was left as it is.
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
    /// Nothing more is done for a duplication. A duplication for which nothing was tried has no such event.
    Finished(&'a ItemReport),
    /// The next adds wait until fewer duplications are in DS_PREPARE.
    Preparing {
        /// The number of duplications in DS_PREPARE, and of adds that may have made further ones since the
        /// cluster was read.
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
    /// Why the apply was stopped, if the audit file could not be written.
    pub error: Option<Error>,
}

impl Summary {
    /// Returns the number of duplications with this result.
    pub fn count(&self, result: ItemResult) -> usize {
        self.reports.iter().filter(|report| report.result == result).count()
    }

    /// Returns the number of duplications with each result that occurs.
    pub fn results(&self) -> BTreeMap<ItemResult, usize> {
        let mut results = BTreeMap::new();
        for report in &self.reports {
            *results.entry(report.result).or_default() += 1;
        }
        results
    }
}

impl ItemReport {
    /// Returns the report of a duplication for which nothing was sent.
    pub(super) fn nothing_sent(item: &Item, result: ItemResult) -> ItemReport {
        ItemReport {
            item: item.clone(),
            result,
            done: Vec::new(),
            evidence: None,
            dupid: None,
            warning: None,
            error: None,
        }
    }

    /// Adds information for the user to that which there is already.
    pub(super) fn warn(&mut self, warning: Option<String>) {
        self.warning = join(self.warning.take(), warning);
    }
}
