//! Backup policies, as servers report them.

use super::{Described, FieldValue, Fields, fields};
use crate::enums::ResourceKind;

/// A policy by which the cluster backs up tables periodically. A policy can be disabled but not removed.
///
/// The name identifies a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupPolicy {
    /// The name of the policy.
    pub policy: String,
    /// The storage to which the backups are written: the name of a section `block_service.NAME` in the
    /// configuration of the meta servers.
    pub provider: String,
    /// The ids of the tables, in ascending order. An id stays in the policy after its table was dropped,
    /// and a table that is created anew with the same name has another id.
    pub table_ids: Vec<i32>,
    /// The time between two backups, in seconds.
    pub interval_seconds: i64,
    /// The number of backups that are kept.
    pub history_count: i32,
    /// The time of day at which a backup starts, as `HH:MM` in the server's local time. The server only
    /// uses the hour, and `24:00` stands for any time.
    pub start_time: String,
    /// Whether the policy is disabled.
    pub disabled: bool,
}

impl Described for BackupPolicy {
    fn kind(&self) -> ResourceKind {
        ResourceKind::BackupPolicy
    }

    fn fields(&self) -> Fields {
        fields! {
            policy: self.policy.as_str(),
            provider: self.provider.as_str(),
            table_ids: self.table_ids.iter().map(|&id| id.into()).collect::<FieldValue>(),
            interval_seconds: self.interval_seconds,
            history_count: self.history_count,
            start_time: self.start_time.as_str(),
            disabled: self.disabled,
        }
    }
}
