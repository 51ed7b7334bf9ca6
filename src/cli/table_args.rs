//! The commands that create, drop, recall and list tables, as clap parses them.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use super::args::{GenerationOption, PatternArgs, timeout};
use crate::client::{DEFAULT_PARTITION_LIMIT, RecallSpec, TableSelection, TableSpec};
use crate::error::{Error, ErrorKind::InvalidArgument};

#[derive(Debug, Args)]
pub(super) struct CreateTableArgs {
    /// The name of the new table.
    pub(super) table: String,

    /// The number of partitions. It cannot be lowered afterwards.
    // The default is that of the Pegasus shell.
    #[arg(
        short = 'p',
        long,
        value_name = "PARTITIONS",
        default_value_t = 4,
        alias = "partition_count",
        allow_negative_numbers = true
    )]
    partitions: i32,

    /// The number of replicas of each partition.
    #[arg(
        short = 'r',
        long,
        value_name = "REPLICAS",
        default_value_t = 3,
        alias = "replica_count",
        allow_negative_numbers = true
    )]
    replicas: i32,

    /// A setting of the table. The option can be repeated.
    #[arg(short = 'e', long = "env", value_name = "KEY=VALUE", value_parser = env)]
    envs: Vec<(String, String)>,

    /// Request that the writes of the table are made idempotent before they are replicated. Only 2.6
    /// snapshots since March 2025 can do so.
    #[arg(long, value_name = "true|false")]
    atomic_idempotent: Option<bool>,

    /// Accept up to this number of partitions. The limit protects against typing errors, because a server
    /// allocates memory for all partitions at once.
    #[arg(long, value_name = "PARTITIONS", default_value_t = DEFAULT_PARTITION_LIMIT)]
    partition_limit: i32,

    /// Write a random value into the settings of the table. If the response is lost, the value shows
    /// whether this command created the table. The setting stays, and a repeated `create` of the Pegasus
    /// shell fails because of it.
    #[arg(long)]
    prove_authorship: bool,

    /// After the create, wait until every partition has its replicas, for at most this time. If the table
    /// is not ready in time, the exit code is 7. If the table exists already, the command only waits if
    /// --exist-ok is given and no difference was found.
    #[arg(long, value_name = "SECONDS", value_parser = timeout, allow_negative_numbers = true)]
    pub(super) wait: Option<Duration>,

    /// Exit with 0 instead of 3 if the table exists already and no difference was found.
    #[arg(long)]
    pub(super) exist_ok: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

impl CreateTableArgs {
    /// Returns the description of the table, or an error if a setting is given twice.
    pub(super) fn spec(&self) -> Result<TableSpec, Error> {
        let mut envs = BTreeMap::new();
        for (key, value) in &self.envs {
            if envs.insert(key.clone(), value.clone()).is_some() {
                let message = format!("the same setting is given twice: env={key}");
                return Err(Error::new(InvalidArgument, message));
            }
        }
        Ok(TableSpec {
            replica_count: self.replicas,
            envs,
            atomic_idempotent: self.atomic_idempotent,
            partition_limit: self.partition_limit,
            prove_authorship: self.prove_authorship,
            ..TableSpec::new(&self.table, self.partitions)
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct DropTableArgs {
    /// The table.
    pub(super) table: String,

    /// For how long the table can be recalled [default: as configured on the meta servers; a week unless
    /// they say otherwise].
    #[arg(long, value_name = "SECONDS", value_parser = timeout, allow_negative_numbers = true)]
    pub(super) reserve: Option<Duration>,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

#[derive(Debug, Args)]
pub(super) struct RecallTableArgs {
    /// The id of the dropped table, as `tables --dropped` shows it.
    #[arg(value_name = "ID", allow_negative_numbers = true)]
    table_id: i32,

    /// The name that the table gets [default: the name that it had].
    #[arg(long = "as", value_name = "NAME")]
    new_name: Option<String>,

    /// Recall the table even if it was dropped less than a minute after it was created. If its replicas
    /// were not ready then, the recall ends all replica servers.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

impl RecallTableArgs {
    pub(super) fn spec(&self) -> RecallSpec {
        RecallSpec {
            new_name: self.new_name.clone(),
            force: self.force,
            ..RecallSpec::new(self.table_id)
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct TablesArgs {
    #[command(flatten)]
    pattern: PatternArgs,

    /// Also list the tables that were dropped.
    #[arg(long)]
    dropped: bool,

    /// Also count the partitions that have their primary and enough secondaries. This sends one request
    /// for each table.
    #[arg(long)]
    health: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

impl TablesArgs {
    /// Returns the selection, or an error for a pattern that cannot be what the user means.
    pub(super) fn selection(&self) -> Result<TableSelection, Error> {
        Ok(TableSelection {
            tables: self.pattern.tables()?,
            dropped: self.dropped,
            health: self.health,
        })
    }
}

/// Parses a setting. The key ends at the first equals sign.
fn env(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a setting has the form KEY=VALUE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_setting_ends_at_the_first_equals_sign() {
        assert_eq!(env("a=b"), Ok(("a".into(), "b".into())));
        assert_eq!(env("a=b=c,d"), Ok(("a".into(), "b=c,d".into())));
        assert_eq!(env("a="), Ok(("a".into(), String::new())));
        assert!(env("a").is_err() && env("=b").is_err() && env("").is_err());
    }
}
