//! Lists tables, and describes one table with its partitions.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::ask;
use crate::client::attempt::Attempts;
use crate::client::core::Call;
use crate::client::list::IN_FLIGHT;
use crate::client::spec::{TablePattern, TableSelection};
use crate::client::try_error::TryError;
use crate::enums::TableStatus;
use crate::error::Result;
use crate::resource::Table;
use crate::transport::connection::Connection;
use crate::transport::durations::one_try;
use crate::transport::seams::Deadline;

pub(crate) async fn list(call: Call<'_>, selection: &TableSelection) -> Result<Vec<Table>> {
    let mut attempts = Attempts::about_tables(call, selection.tables.text());
    loop {
        let connection = attempts.leader().await?;
        match read(&connection, selection, attempts.deadline).await {
            Ok(tables) => return Ok(tables),
            Err(error) => attempts.failed(&connection, error).await?,
        }
    }
}

pub(crate) async fn describe(call: Call<'_>, table: &str) -> Result<Table> {
    let mut attempts = Attempts::about_tables(call, table);
    loop {
        let connection = attempts.leader().await?;
        match read_one(&connection, table, attempts.deadline).await {
            Ok(table) => return Ok(table),
            Err(error) => attempts.failed(&connection, error).await?,
        }
    }
}

/// Reads the selected tables.
async fn read(
    connection: &Connection,
    selection: &TableSelection,
    deadline: Deadline,
) -> Result<Vec<Table>, TryError> {
    let subject = selection.tables.subject();
    let infos = ask::tables(connection, &subject, one_try(deadline)).await?;
    let mut tables: Vec<Table> = infos.into_iter().map(ask::table).collect();
    tables.retain(|one| {
        selection.tables.matches(&one.table) && (selection.dropped || !one.is_dropped())
    });
    tables.sort_by(|a, b| (&a.table, a.table_id).cmp(&(&b.table, b.table_id)));
    if !selection.health {
        return Ok(tables);
    }
    let questions = tables.into_iter().map(|table| async move {
        let table = with_partitions(connection, table, deadline).await?;
        Ok(Table { partitions: Vec::new(), ..table })
    });
    stream::iter(questions).buffered(IN_FLIGHT).try_collect().await
}

/// Reads the table of this name that is not dropped, with its partitions.
async fn read_one(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<Table, TryError> {
    let pattern = TablePattern::Exact(table.to_owned());
    let selection = TableSelection { tables: pattern, dropped: false, health: false };
    let found = read(connection, &selection, deadline).await?.pop();
    let Some(found) = found else {
        return Err(TryError::Refused(ask::no_such_table(table)));
    };
    with_partitions(connection, found, deadline).await
}

/// Reads the partitions of a table, if the table is available. A table that was dropped or renamed between
/// the two requests stays without partitions.
async fn with_partitions(
    connection: &Connection,
    table: Table,
    deadline: Deadline,
) -> Result<Table, TryError> {
    if table.status != Some(TableStatus::Available) {
        return Ok(table);
    }
    let partitions =
        ask::partitions(connection, &table.table, table.table_id, one_try(deadline)).await?;
    Ok(match partitions {
        Some(partitions) => ask::with_partitions(table, partitions),
        None => table,
    })
}
