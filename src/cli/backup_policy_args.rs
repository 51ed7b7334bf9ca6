//! The command that adds a backup policy, as clap parses it.

use clap::Args;

use super::args::GenerationOption;
use crate::client::BackupPolicySpec;

#[derive(Debug, Args)]
pub(super) struct AddBackupPolicyArgs {
    /// The name of the new policy.
    policy: String,

    /// The storage to which the backups are written: the name of a section `block_service.TYPE` in the
    /// configuration of the meta servers.
    #[arg(long, value_name = "TYPE")]
    provider: String,

    /// The tables to back up. The policy stores their ids, so it does not back up a table that is created
    /// anew with the same name.
    #[arg(long, value_name = "TABLE[,...]", value_delimiter = ',', required = true)]
    tables: Vec<String>,

    /// The time between two backups, in whole seconds. Servers of 2.6 require at least a day (86400).
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    interval: i64,

    /// The number of backups that are kept.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    keep: i32,

    /// The time of day at which a backup starts, in the local time of the meta server. Servers only use
    /// the hour.
    #[arg(long, value_name = "HH:MM")]
    start: String,

    /// Exit with 0 instead of 3 if the policy exists already and no difference was found.
    #[arg(long)]
    pub(super) exist_ok: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

impl AddBackupPolicyArgs {
    pub(super) fn spec(&self) -> BackupPolicySpec {
        BackupPolicySpec {
            policy: self.policy.clone(),
            provider: self.provider.clone(),
            tables: self.tables.clone(),
            interval_seconds: self.interval,
            history_count: self.keep,
            start_time: self.start.clone(),
        }
    }
}
