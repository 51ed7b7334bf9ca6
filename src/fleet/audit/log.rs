//! What an audit file records, as it is read back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::line::{BadLine, Entry, Line};
use crate::enums::{ErrorKind, Evidence, ItemResult, OutcomeKind, PlanStep};
use crate::error::{Error, Result};
use crate::fleet::plan::{Existing, SourceCluster, Wanted};
use crate::resource::Identity;

/// What an audit file records.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct AuditLog {
    /// The applies, in the order in which they began.
    pub runs: Vec<AuditRun>,
    /// The numbers of the lines that cannot be read, from 1. A crash can leave one such line, which was
    /// written in part: no change was sent because of it.
    pub unreadable: Vec<usize>,
}

/// One apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditRun {
    /// The number of the apply within the file, from 1.
    pub run: u64,
    /// The time at which the apply began, as `2026-11-26T08:00:00.123Z`.
    pub time: String,
    /// The meta servers of the cluster.
    pub meta: String,
    /// The name that the cluster reported for itself.
    pub cluster_name: Option<String>,
    /// The hash of the fleet that the plan was made from.
    pub input_hash: String,
    /// The changes that were sent or were about to be sent, in the order of their numbers.
    pub changes: Vec<AuditChange>,
    /// How the apply ended. `None` if it is still running, or ended without recording its end.
    pub end: Option<AuditEnd>,
}

/// A change that was sent or was about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditChange {
    /// The number of the change within the apply, from 1.
    pub change: u64,
    /// The kind of the change.
    pub step: PlanStep,
    /// The table whose writes are shipped.
    pub table: String,
    /// The id of the table.
    pub table_id: Option<i32>,
    /// The name of the remote cluster.
    pub cluster: String,
    /// The dupid of the duplication that is changed or removed.
    pub dupid: Option<i32>,
    /// The time of creation of the duplication that is changed or removed.
    pub create_ts_ms: Option<i64>,
    /// What the fleet declares. `None` for a removal.
    pub wanted: Option<Wanted>,
    /// The outcome. `None` if none is recorded: the change was in flight when the apply ended, or is in
    /// flight now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<AuditOutcome>,
}

/// The outcome of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditOutcome {
    /// The kind of the outcome.
    pub outcome: OutcomeKind,
    /// How the outcome is known.
    pub evidence: Option<Evidence>,
    /// The id of the table of the duplication.
    pub table_id: Option<i32>,
    /// The duplication: as it was before a removal, and otherwise as it is after the change.
    pub duplication: Option<Existing>,
    /// Additional information for the user.
    pub warning: Option<String>,
    /// The error, if the change failed.
    pub error: Option<AuditError>,
}

/// The error of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditError {
    /// The kind of the error.
    pub kind: ErrorKind,
    /// The error in words, with its hint, code and server.
    pub message: String,
}

/// The end of an apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditEnd {
    /// The time at which the apply ended.
    pub time: String,
    /// Whether the apply was stopped before everything was tried.
    pub stopped: bool,
    /// The number of duplications with each result.
    pub results: BTreeMap<ItemResult, usize>,
}

impl AuditLog {
    /// Reads the content of a file.
    pub(super) fn parse(content: &[u8]) -> Result<AuditLog> {
        let mut log = AuditLog::default();
        let whole = content.strip_suffix(b"\n").unwrap_or(content);
        for (index, line) in whole.split(|&byte| byte == b'\n').enumerate() {
            // A line that was written in part and then ended leaves an empty line if nothing of it was
            // written.
            if line.is_empty() {
                continue;
            }
            let number = index + 1;
            match Line::parse(line) {
                Ok(line) => {
                    if !log.take(line) {
                        log.unreadable.push(number);
                    }
                }
                Err(BadLine::Newer(version)) => {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        format!(
                            "a newer program wrote the audit file: line={number} version={version}"
                        ),
                    )
                    .with_hint("use that program"));
                }
                Err(BadLine::Unreadable) if number == 1 && !Line::may_begin_with(line) => {
                    return Err(Error::new(
                        ErrorKind::InvalidArgument,
                        "the file is not an audit file: line=1",
                    )
                    .with_hint("give a file that an apply wrote, or the name of a new file"));
                }
                Err(BadLine::Unreadable) => log.unreadable.push(number),
            }
        }
        Ok(log)
    }

    /// Takes a line in. Returns `false` if the line belongs to nothing before it.
    fn take(&mut self, line: Line) -> bool {
        let Line { time, run, entry, .. } = line;
        if let Entry::Begin { meta, cluster_name, input_hash, .. } = entry {
            let changes = Vec::new();
            self.runs.push(AuditRun {
                run,
                time,
                meta,
                cluster_name,
                input_hash,
                changes,
                end: None,
            });
            return true;
        }
        // One process at a time appends to the file, so a line belongs to the last apply.
        let Some(last) = self.runs.last_mut().filter(|last| last.run == run && last.end.is_none())
        else {
            return false;
        };
        match entry {
            Entry::Begin { .. } => {}
            Entry::Before(change) => last.changes.push(change),
            Entry::After { change, outcome, .. } => {
                // Changes are numbered in the order of their lines, except after an unreadable line.
                let found = last.changes.iter_mut().rev().find(|one| one.change == change);
                let Some(found) = found.filter(|one| one.outcome.is_none()) else { return false };
                found.outcome = Some(outcome);
            }
            Entry::End { stopped, results } => last.end = Some(AuditEnd { time, stopped, results }),
        }
        true
    }

    /// Returns whether an apply to this cluster is recorded that ended and was not stopped before.
    pub fn has_finished_apply(&self, source: &SourceCluster) -> bool {
        self.runs.iter().any(|run| {
            run.end.as_ref().is_some_and(|end| !end.stopped)
                && run.is_about(&source.meta, source.name.as_deref())
        })
    }

    /// Returns the changes whose effect is not recorded, each with its apply: those without an outcome, and
    /// those whose outcome was not known.
    pub fn unsettled(&self) -> impl Iterator<Item = (&AuditRun, &AuditChange)> {
        self.runs.iter().flat_map(|run| {
            run.changes.iter().filter(|one| !one.is_settled()).map(move |change| (run, change))
        })
    }
}

impl AuditRun {
    /// Returns whether the apply was to the cluster with these meta servers and this name of its own: the
    /// names are equal, and at least one meta server is.
    pub(super) fn is_about(&self, meta: &str, name: Option<&str>) -> bool {
        let same = |one: &str| meta.split(',').any(|other| other == one);
        self.cluster_name.as_deref() == name && self.meta.split(',').any(same)
    }
}

impl AuditChange {
    /// Returns whether the effect of the change is recorded.
    pub fn is_settled(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| {
            outcome.error.as_ref().is_none_or(|error| error.kind != ErrorKind::OutcomeUnknown)
        })
    }

    /// Returns the identity of the duplication that is changed or removed. `None` for an add.
    pub(super) fn identity(&self) -> Option<Identity> {
        Some(Identity {
            table_id: self.table_id?,
            cluster: self.cluster.clone(),
            dupid: self.dupid?,
            create_ts_ms: self.create_ts_ms,
        })
    }
}

impl From<&Error> for AuditError {
    fn from(error: &Error) -> AuditError {
        AuditError { kind: error.kind(), message: error.to_string() }
    }
}
