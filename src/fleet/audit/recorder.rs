//! Records one apply.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Audit;
use super::line::Entry;
use super::log::{AuditChange, AuditOutcome};
use crate::error::{Error, Result};
use crate::fleet::apply::Summary;
use crate::fleet::plan::Plan;

/// Records one apply in an audit file, if there is one.
#[derive(Debug)]
pub(in crate::fleet) struct Recorder<'a> {
    audit: Option<&'a Audit>,
    run: u64,
    changes: AtomicU64,
    failed: OnceLock<Error>,
}

impl<'a> Recorder<'a> {
    /// Records that an apply begins.
    pub(in crate::fleet) async fn begin(
        audit: Option<&'a mut Audit>,
        plan: &Plan,
        changes: usize,
        removals: usize,
    ) -> Result<Recorder<'a>> {
        let run = audit.map(|audit| {
            audit.last_run += 1;
            (audit.last_run, &*audit)
        });
        let recorder = Recorder {
            audit: run.map(|(_, audit)| audit),
            run: run.map(|(run, _)| run).unwrap_or_default(),
            changes: AtomicU64::new(0),
            failed: OnceLock::new(),
        };
        let begin = || Entry::Begin {
            program: concat!("pegasus-dup ", env!("CARGO_PKG_VERSION")).to_owned(),
            meta: plan.source.meta.clone(),
            cluster_name: plan.source.name.clone(),
            input_hash: plan.input_hash.clone(),
            changes,
            removals,
        };
        recorder.append(begin).await?;
        Ok(recorder)
    }

    /// Records that a change is about to be sent. Returns the change with its number.
    pub(in crate::fleet) async fn before(&self, change: AuditChange) -> Result<AuditChange> {
        let change =
            AuditChange { change: self.changes.fetch_add(1, Ordering::Relaxed) + 1, ..change };
        self.append(|| Entry::Before(change.clone())).await?;
        Ok(change)
    }

    /// Records the outcome of a change.
    pub(in crate::fleet) async fn after(
        &self,
        change: &AuditChange,
        outcome: impl FnOnce() -> AuditOutcome,
    ) -> Result<()> {
        self.append(|| Entry::After {
            change: change.change,
            table: change.table.clone(),
            cluster: change.cluster.clone(),
            outcome: outcome(),
        })
        .await
    }

    /// Records that the apply has ended.
    pub(in crate::fleet) async fn end(&self, summary: &Summary) -> Result<()> {
        self.append(|| Entry::End { stopped: summary.stopped, results: summary.results() }).await
    }

    /// Returns the first error of the audit file.
    pub(in crate::fleet) fn failure(&self) -> Option<&Error> {
        self.failed.get()
    }

    async fn append(&self, entry: impl FnOnce() -> Entry) -> Result<()> {
        let Some(audit) = self.audit else { return Ok(()) };
        audit.append(self.run, entry()).await.inspect_err(|error| {
            let _ = self.failed.set(error.clone());
        })
    }
}
