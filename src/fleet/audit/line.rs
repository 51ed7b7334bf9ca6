//! The lines of an audit file. Each line is a JSON object.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::log::{AuditChange, AuditOutcome};
use crate::enums::ItemResult;
use crate::escape::json;

/// The version of the format, which each line has.
const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    /// The version of the format.
    audit: u32,
    /// The time at which the line was written, as `2026-11-26T08:00:00.123Z`.
    pub(super) time: String,
    /// The number of the apply within the file, from 1.
    pub(super) run: u64,
    #[serde(flatten)]
    pub(super) entry: Entry,
}

/// What a line records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub(super) enum Entry {
    /// An apply begins.
    Begin {
        /// The version of the program.
        program: String,
        meta: String,
        cluster_name: Option<String>,
        input_hash: String,
        /// The number of duplications that are to be created, changed or removed.
        changes: usize,
        /// The number of duplications that are to be removed.
        removals: usize,
    },
    /// A change is about to be sent.
    Before(AuditChange),
    /// A change has ended.
    After {
        /// The number of the change within the apply.
        change: u64,
        table: String,
        cluster: String,
        #[serde(flatten)]
        outcome: AuditOutcome,
    },
    /// An apply has ended.
    End { stopped: bool, results: BTreeMap<ItemResult, usize> },
}

/// A line could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadLine {
    /// The text is not a line of an audit file: it was written in part, or altered.
    Unreadable,
    /// A newer program wrote the line, in a format of this version.
    Newer(u32),
}

impl Line {
    pub(super) fn new(now_ms: i64, run: u64, entry: Entry) -> Line {
        // The clock returns a time that fits for thousands of years.
        let time = Timestamp::from_millisecond(now_ms).unwrap_or_default().to_string();
        Line { audit: VERSION, time, run, entry }
    }

    /// Returns the line with its end.
    pub(super) fn bytes(&self) -> Vec<u8> {
        // Serialization only fails for maps whose keys are not strings.
        let mut bytes = json(self).unwrap_or_default().into_bytes();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a line without its end.
    pub(super) fn parse(line: &[u8]) -> Result<Line, BadLine> {
        #[derive(Deserialize)]
        struct Version {
            audit: u32,
        }
        let Ok(Version { audit }) = serde_json::from_slice(line) else {
            return Err(BadLine::Unreadable);
        };
        if audit > VERSION {
            return Err(BadLine::Newer(audit));
        }
        serde_json::from_slice(line).map_err(|_| BadLine::Unreadable)
    }

    /// Returns whether the bytes may be the beginning of a line that was written in part.
    pub(super) fn may_begin_with(bytes: &[u8]) -> bool {
        const BEGINNING: &[u8] = b"{\"audit\":";
        let compared = bytes.len().min(BEGINNING.len());
        bytes[..compared] == BEGINNING[..compared]
    }
}
