//! The arguments of operations on backup policies.

use super::{Argument, check_name};
use crate::error::Result;

/// The description of a backup policy to add.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BackupPolicySpec {
    /// The name of the policy.
    pub policy: String,
    /// The storage to which the backups are written: the name of a section `block_service.NAME` in the
    /// configuration of the meta servers.
    pub provider: String,
    /// The names of the tables. Each must exist.
    pub tables: Vec<String>,
    /// The time between two backups, in seconds. Servers of 2.6 require at least a day.
    pub interval_seconds: i64,
    /// The number of backups that are kept.
    pub history_count: i32,
    /// The time of day at which a backup starts, as `HH:MM` from `00:00` to `23:59` in the server's local
    /// time. Servers only use the hour.
    pub start_time: String,
}

impl Argument for BackupPolicySpec {
    fn check(&self, _: &str) -> Result<()> {
        check_name("policy", &self.policy)?;
        check_name("provider", &self.provider)?;
        self.tables.iter().try_for_each(|table| check_name("table", table))
    }
}
