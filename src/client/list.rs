//! Lists the duplications of several tables: by the list RPC if the server has it, otherwise table by
//! table.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::ask;
use super::attempt::Attempts;
use super::core::Call;
use super::learn;
use super::progress::{self, Step};
use super::spec::TablePattern;
use super::try_error::TryError;
use crate::error::{ErrorKind, Result};
use crate::protocol::messages::{AppInfo, ListRequest, match_type};
use crate::resource::{Duplication, TableDuplications};
use crate::transport::connection::Connection;
use crate::transport::durations::one_try;
use crate::transport::seams::Deadline;

/// The number that selects available tables.
const AVAILABLE: i32 = 1;
/// How many tables are read at the same time. If tables were read one after the other, each would cost a
/// round trip. A server reads only a limited number of requests ahead (the embedded server 256).
pub(super) const IN_FLIGHT: usize = 128;

pub(super) async fn list(call: Call<'_>, tables: &TablePattern) -> Result<Vec<Duplication>> {
    let listed = list_by_table(call, tables).await?;
    Ok(listed.into_iter().flat_map(|table| table.duplications).collect())
}

pub(super) async fn list_by_table(
    call: Call<'_>,
    tables: &TablePattern,
) -> Result<Vec<TableDuplications>> {
    let mut attempts = Attempts::new(call, tables.text());
    loop {
        let connection = attempts.leader().await?;
        attempts.wait_for_a_new_leader(&connection).await?;
        progress::report(|| Step::Asking { server: connection.server.to_string() });
        let listed = match by_list(&connection, tables, one_try(attempts.deadline)).await {
            Ok(Some(listed)) => Ok(listed),
            Ok(None) => by_query(&connection, tables, attempts.deadline).await,
            Err(error) => Err(error),
        };
        match listed {
            Ok(listed) => {
                learn::check_statement(&connection)?;
                let duplications = listed.iter().flat_map(|table| &table.duplications);
                call.core.unsettled.listed(duplications);
                return Ok(listed);
            }
            Err(error) => attempts.failed(&connection, error).await?,
        }
    }
}

/// Lists the tables by the list RPC. Returns `None` if the server does not have this RPC.
async fn by_list(
    connection: &Connection,
    tables: &TablePattern,
    deadline: Deadline,
) -> Result<Option<Vec<TableDuplications>>, TryError> {
    let match_type = match tables {
        TablePattern::All => match_type::ALL,
        TablePattern::Exact(_) => match_type::EXACT,
        TablePattern::Anywhere(_) => match_type::ANYWHERE,
        TablePattern::Prefix(_) => match_type::PREFIX,
        TablePattern::Postfix(_) => match_type::POSTFIX,
    };
    let request = ListRequest { app_name_pattern: tables.text().to_owned(), match_type };
    let Some((answer, known)) = ask::list_rpc(connection, &request, deadline).await? else {
        return Ok(None);
    };
    ask::check_read(connection, &answer.err, answer.hint_message.as_deref(), &tables.subject())?;
    let Some(states) = answer.app_states else {
        return Err(TryError::Refused(ask::garbled(
            connection,
            "it says ERR_OK and lacks the tables",
        )));
    };
    let wanted = states.into_iter().filter(|(table, _)| tables.matches(table));
    Ok(Some(
        wanted
            .map(|(table, state)| {
                let entries = state.duplications.into_values();
                TableDuplications {
                    duplications: entries
                        .map(|entry| ask::duplication(&table, state.appid, known, entry))
                        .collect(),
                    table,
                    table_id: state.appid,
                    partition_count: state.partition_count,
                }
            })
            .collect(),
    ))
}

/// Lists the tables by one query for each table.
async fn by_query(
    connection: &Connection,
    tables: &TablePattern,
    deadline: Deadline,
) -> Result<Vec<TableDuplications>, TryError> {
    let infos = ask::tables(connection, AVAILABLE, &tables.subject(), one_try(deadline)).await?;
    let mut wanted: Vec<AppInfo> =
        infos.into_iter().filter(|info| tables.matches(&info.app_name)).collect();
    wanted.sort_by(|a, b| a.app_name.cmp(&b.app_name));
    let questions = wanted.into_iter().map(|info| async move {
        match ask::ask(connection, &info.app_name, one_try(deadline)).await {
            Ok(asked) => Ok(Some(TableDuplications {
                // If the ids differ, the table was created again between the two requests, and the
                // number of partitions is that of the old table.
                partition_count: Some(info.partition_count)
                    .filter(|_| asked.table_id == info.app_id),
                table: info.app_name,
                table_id: asked.table_id,
                duplications: asked.duplications,
            })),
            // The table was dropped between the two requests.
            Err(TryError::Refused(error)) if error.kind() == ErrorKind::TableNotFound => Ok(None),
            Err(error) => Err(error),
        }
    });
    // The results are in the order of the tables, in whatever order the responses arrive.
    let answers = stream::iter(questions).buffered(IN_FLIGHT);
    answers.try_filter_map(|table| async { Ok(table) }).try_collect().await
}
