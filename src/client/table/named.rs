//! Finds the table to which a name leads.

use crate::enums::TableStatus;
use crate::error::{Error, ErrorKind};
use crate::protocol::messages::AppInfo;
use crate::transport::connection::Connection;

use super::ask;

/// The table to which a name leads, in a list of all tables.
#[derive(Debug, PartialEq)]
pub(super) enum Named<'a> {
    /// No table has the name, except dropped tables.
    Nothing,
    /// An available table.
    Available(&'a AppInfo),
    /// A table that the server is creating, dropping or recalling, or whose status is not known.
    Changing(&'a AppInfo),
    /// Several tables, which contradicts the rules of the server.
    Several(Vec<&'a AppInfo>),
}

impl<'a> Named<'a> {
    /// Returns the table of this name.
    pub(super) fn of(tables: &'a [AppInfo], name: &str) -> Named<'a> {
        let mut found: Vec<&AppInfo> = not_dropped(tables, name).collect();
        match (found.len(), found.pop()) {
            (_, None) => Named::Nothing,
            (1, Some(one)) if status(one) == TableStatus::Available => Named::Available(one),
            (1, Some(one)) => Named::Changing(one),
            (_, Some(one)) => {
                found.push(one);
                Named::Several(found)
            }
        }
    }
}

/// Returns the tables of this name that are not dropped.
pub(super) fn not_dropped<'a>(
    tables: &'a [AppInfo],
    name: &str,
) -> impl Iterator<Item = &'a AppInfo> {
    tables.iter().filter(move |one| one.app_name == name && status(one) != TableStatus::Dropped)
}

/// Returns the ids of tables, as `key=value` pairs.
pub(super) fn ids<'a>(tables: impl IntoIterator<Item = &'a AppInfo>) -> String {
    let ids: Vec<String> =
        tables.into_iter().map(|one| format!("table_id={}", one.app_id)).collect();
    ids.join(", ")
}

/// Returns the status of a table.
pub(super) fn status(of: &AppInfo) -> TableStatus {
    TableStatus::from_number(of.status)
}

/// Returns the table with this id.
pub(super) fn with_id(tables: &[AppInfo], id: i32) -> Option<&AppInfo> {
    tables.iter().find(|one| one.app_id == id)
}

/// Returns the error for a list in which several tables that are not dropped have the same name.
pub(super) fn several(connection: &Connection, name: &str, found: &[&AppInfo]) -> Error {
    Error::new(
        ErrorKind::Protocol,
        format!(
            "the server lists several tables of the same name that are not dropped; nothing was sent: table={name}"
        ),
    )
    .with_server(&connection.server)
    .with_known(found.iter().map(|&one| ask::table(one.clone())))
}

/// Returns the error for a table whose status did not settle in time.
pub(super) fn busy(of: &AppInfo) -> Error {
    Error::new(
        ErrorKind::Busy,
        format!(
            "another change of the table is in progress; nothing was sent: table={} table_id={} status={}",
            of.app_name,
            of.app_id,
            status(of)
        ),
    )
    .with_hint("try again: this takes the server only moments, unless it cannot store anything")
    .with_known([ask::table(of.clone())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_one_table_that_is_not_dropped() {
        let info = |app_id, app_name: &str, status| AppInfo {
            app_id,
            status,
            app_name: app_name.to_owned(),
            ..AppInfo::default()
        };
        let dropped = [info(1, "t", 6), info(2, "t", 6), info(3, "u", 1)];
        assert_eq!(Named::of(&dropped, "t"), Named::Nothing);
        assert_eq!(Named::of(&dropped, "u"), Named::Available(&dropped[2]));
        for status in 0..8 {
            let tables = [info(1, "t", 6), info(2, "t", status), info(3, "u", 1)];
            let expected = match status {
                1 => Named::Available(&tables[1]),
                6 => Named::Nothing,
                _ => Named::Changing(&tables[1]),
            };
            assert_eq!(Named::of(&tables, "t"), expected);
        }
        let both = [info(1, "t", 1), info(2, "t", 4)];
        assert_eq!(Named::of(&both, "t"), Named::Several(vec![&both[0], &both[1]]));
    }
}
