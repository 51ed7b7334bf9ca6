//! Waits until each partition of a table has its primary and enough secondaries.

use super::ask;
use super::named::{Named, status, with_id};
use super::nodes::nodes;
use crate::client::ask::cluster_facts;
use crate::client::attempt::Attempts;
use crate::client::core::Call;
use crate::client::progress::{self, Step};
use crate::client::try_error::TryError;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::messages::AppInfo;
use crate::resource::Table;
use crate::transport::connection::Connection;
use crate::transport::durations::{FIND_REASON, answer_until, one_try};
use crate::transport::seams::Deadline;

/// How many partitions that are not ready an error names.
const NAMED: usize = 5;
/// The key of the function level in the facts about the cluster.
const LEVEL: &str = "meta_function_level";
/// The function level on which the server assigns no replicas.
const FREEZED: &str = "freezed";

pub(crate) async fn wait_ready(call: Call<'_>, name: &str) -> Result<Table> {
    let until = answer_until(call.deadline, FIND_REASON);
    let mut attempts = Attempts::about_tables(call, name);
    let mut polling = call.core.group.polling();
    let mut waiting = Waiting { name, table: None, reported: None };
    loop {
        let connection = attempts.leader().await?;
        match waiting.read(&connection, attempts.deadline).await {
            Ok(table) if table.is_ready() == Some(true) => return Ok(table),
            Ok(table) => {
                if !polling.sleep(until).await {
                    let reason = Reason::read(&connection, attempts.deadline).await;
                    return Err(not_ready(table, &reason).or_server(&connection.server));
                }
            }
            Err(error) => attempts.failed(&connection, error).await?,
        }
    }
}

/// A wait for a table.
struct Waiting<'a> {
    name: &'a str,
    /// The table as it was listed first. Its id must stay.
    table: Option<AppInfo>,
    /// The progress that was reported last.
    reported: Option<String>,
}

impl Waiting<'_> {
    /// Reads how far the table is. The first read, and each read that finds no partitions, lists the tables.
    async fn read(
        &mut self,
        connection: &Connection,
        deadline: Deadline,
    ) -> Result<Table, TryError> {
        if self.table.is_none() {
            self.table = Some(self.list(connection, deadline).await?);
        }
        let table = self.table.as_ref().expect("it was listed");
        let partitions =
            ask::partitions(connection, self.name, table.app_id, one_try(deadline)).await?;
        let table = match partitions {
            Some(partitions) => ask::with_partitions(ask::table(table.clone()), partitions),
            // The table is being created or recalled, or the name leads to another table.
            None => {
                let listed = self.list(connection, deadline).await?;
                ask::table(self.table.insert(listed).clone())
            }
        };
        self.report(&table);
        Ok(table)
    }

    /// Lists the tables, and returns the one that is waited for.
    async fn list(&self, connection: &Connection, deadline: Deadline) -> Result<AppInfo, TryError> {
        let subject = format!("table={}", self.name);
        let tables = ask::tables(connection, &subject, one_try(deadline)).await?;
        let found = match Named::of(&tables, self.name) {
            Named::Available(one) | Named::Changing(one)
                if !ask::table(one.clone()).is_dropped() =>
            {
                Some(one)
            }
            _ => None,
        };
        match (&self.table, found) {
            (None, Some(found)) => Ok(found.clone()),
            (Some(awaited), Some(found)) if awaited.app_id == found.app_id => Ok(found.clone()),
            (awaited, found) => {
                Err(TryError::Refused(gone(self.name, awaited.as_ref(), found, &tables)))
            }
        }
    }

    /// Reports the progress if it has changed.
    fn report(&mut self, table: &Table) {
        let words = progress_of(table);
        if self.reported.as_ref() != Some(&words) {
            progress::report(|| Step::GettingReady { progress: words.clone() });
            self.reported = Some(words);
        }
    }
}

/// Returns how many partitions are ready, as `key=value` pairs.
fn progress_of(table: &Table) -> String {
    format!(
        "ready_partitions={} partition_count={}",
        table.ready_partitions.unwrap_or(0),
        table.partition_count
    )
}

/// Returns the error for a table that does not exist, or not any more. `awaited` is the table that the call has
/// waited for, and `found` the table that has the name now.
fn gone(
    name: &str,
    awaited: Option<&AppInfo>,
    found: Option<&AppInfo>,
    tables: &[AppInfo],
) -> Error {
    let Some(awaited) = awaited else {
        return ask::no_such_table(name);
    };
    let now = with_id(tables, awaited.app_id);
    let message = match (now, found) {
        (Some(now), _) if now.app_name != name => format!(
            "the table was renamed during the wait: table={name} table_id={} new_name={}",
            now.app_id, now.app_name
        ),
        (_, Some(found)) => format!(
            "the table was replaced by another table of the same name during the wait: table={name} table_id={} new_table_id={}",
            awaited.app_id, found.app_id
        ),
        (Some(now), None) => format!(
            "the table was dropped during the wait: table={name} table_id={} status={}",
            now.app_id,
            status(now)
        ),
        (None, None) => format!(
            "the table disappeared during the wait: table={name} table_id={}",
            awaited.app_id
        ),
    };
    Error::new(ErrorKind::TableNotFound, message)
        .with_hint("list the tables, dropped tables included, to see what exists")
        .with_known(now.into_iter().chain(found).map(|one| ask::table(one.clone())))
}

/// What may be the reason why a table is not ready.
#[derive(Debug, Default)]
struct Reason {
    /// The number of replica servers that are alive, if it is known.
    alive: Option<usize>,
    /// The function level of the cluster, if it is known.
    level: Option<String>,
}

impl Reason {
    /// Reads what may be the reason.
    async fn read(connection: &Connection, deadline: Deadline) -> Reason {
        let (nodes, mut facts) =
            tokio::join!(nodes(connection, deadline), cluster_facts(connection, deadline),);
        Reason { alive: nodes.map(|nodes| nodes.alive), level: facts.remove(LEVEL) }
    }

    /// Returns the reason as the hint of an error.
    fn hint(&self, replica_count: i32) -> String {
        let needed = usize::try_from(replica_count).unwrap_or(0);
        if self.level.as_deref() == Some(FREEZED) {
            "the function level is freezed, and the server assigns no replicas until more replica servers are alive: start replica servers".to_owned()
        } else if self.alive.is_some_and(|alive| alive < needed) {
            format!(
                "each partition needs {needed} replica servers, and fewer are alive: start replica servers"
            )
        } else {
            "wait again: with default settings, a new table is ready after 10 to 20 seconds, and a recalled table later"
                .to_owned()
        }
    }
}

/// Returns the error for a table that was not ready in time.
fn not_ready(table: Table, reason: &Reason) -> Error {
    let unready: Vec<String> = table
        .partitions
        .iter()
        .filter(|one| !one.ready)
        .map(|one| match one.primary {
            Some(_) => format!("{} lacks secondaries", one.partition),
            None => format!("{} has no primary", one.partition),
        })
        .collect();
    let mut words = match table.partitions.is_empty() {
        true => "the server does not report its partitions yet".to_owned(),
        false => format!("partition {}", unready[..unready.len().min(NAMED)].join(", partition ")),
    };
    if unready.len() > NAMED {
        words.push_str(&format!(", and {} more are not ready", unready.len() - NAMED));
    }
    let or_unknown = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
    let message = format!(
        "the table was not ready in time: {words}: table={} table_id={} {} alive_replica_servers={} function_level={}",
        table.table,
        table.table_id,
        progress_of(&table),
        or_unknown(reason.alive.map(|alive| alive.to_string())),
        or_unknown(reason.level.clone()),
    );
    Error::new(ErrorKind::Timeout, message)
        .with_hint(reason.hint(table.replica_count))
        .with_known([table])
}
