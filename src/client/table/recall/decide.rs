//! Decides about a recall from a list of all tables. Pure functions.

use crate::client::spec::RecallSpec;
use crate::client::table::named::{Named, status, with_id};
use crate::enums::TableStatus;
use crate::protocol::messages::AppInfo;

/// A table that was dropped so soon after its creation may never have been ready. Replica servers need up to 10 s
/// and a few more with default settings, and the client cannot see settings that are longer.
const SOON_SECONDS: i64 = 60;

/// What a list shows about a table to recall.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'a> {
    /// No table has the id.
    Nothing,
    /// The table is available under the requested name.
    Available(&'a AppInfo),
    /// The table is available under another name.
    OtherName(&'a AppInfo),
    /// The table, or the table that has the requested name, is being created, dropped or recalled.
    Changing(&'a AppInfo),
    /// The table is dropped, and another table has the requested name.
    NameTaken { table: &'a AppInfo, by: &'a AppInfo },
    /// The table is dropped, and the name is free.
    Dropped(&'a AppInfo),
}

impl<'a> Found<'a> {
    /// Finds the table in a list.
    pub(super) fn of(spec: &RecallSpec, tables: &'a [AppInfo]) -> Found<'a> {
        let Some(table) = with_id(tables, spec.table_id) else { return Found::Nothing };
        let wanted = spec.new_name.as_deref();
        match status(table) {
            TableStatus::Available if wanted.is_none_or(|name| name == table.app_name) => {
                Found::Available(table)
            }
            TableStatus::Available => Found::OtherName(table),
            TableStatus::Dropped => match Named::of(tables, wanted.unwrap_or(&table.app_name)) {
                Named::Nothing => Found::Dropped(table),
                Named::Available(by) => Found::NameTaken { table, by },
                Named::Changing(by) => Found::Changing(by),
                Named::Several(by) => Found::NameTaken { table, by: by[0] },
            },
            _ => Found::Changing(table),
        }
    }
}

/// Returns for how many seconds a dropped table existed, if that is so short that the table may never have been
/// ready. A recall of such a table may end all replica servers.
pub(super) fn lived_too_short(table: &AppInfo) -> Option<i64> {
    let lived = table.drop_second.saturating_sub(table.create_second);
    (lived < SOON_SECONDS).then_some(lived)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(app_id: i32, app_name: &str, status: i32) -> AppInfo {
        AppInfo { app_id, app_name: app_name.to_owned(), status, ..AppInfo::default() }
    }

    #[test]
    fn the_status_and_the_names_decide() {
        let own = RecallSpec::new(2);
        let new = RecallSpec { new_name: Some("n".to_owned()), ..RecallSpec::new(2) };
        for (spec, name) in [(&own, "t"), (&new, "n")] {
            assert_eq!(Found::of(spec, &[info(1, "t", 6), info(3, "n", 1)]), Found::Nothing);
            for status in 0..8 {
                let tables = [info(1, name, 6), info(2, "t", status), info(4, "other", 1)];
                let expected = match status {
                    1 if name == "t" => Found::Available(&tables[1]),
                    1 => Found::OtherName(&tables[1]),
                    6 => Found::Dropped(&tables[1]),
                    _ => Found::Changing(&tables[1]),
                };
                assert_eq!(Found::of(spec, &tables), expected, "{status} {name}");
                // Another table that has the requested name.
                let tables = [info(2, "t", 6), info(3, name, status)];
                let (table, by) = (&tables[0], &tables[1]);
                let expected = match status {
                    1 => Found::NameTaken { table, by },
                    6 => Found::Dropped(table),
                    _ => Found::Changing(by),
                };
                assert_eq!(Found::of(spec, &tables), expected, "{status} {name}");
            }
            let tables = [info(2, "t", 6), info(3, name, 1), info(4, name, 4)];
            let (table, by) = (&tables[0], &tables[1]);
            assert_eq!(Found::of(spec, &tables), Found::NameTaken { table, by });
        }
    }

    #[test]
    fn a_table_that_existed_for_less_than_a_minute_may_never_have_been_ready() {
        let lived = |create_second, drop_second| {
            lived_too_short(&AppInfo { create_second, drop_second, ..AppInfo::default() })
        };
        assert_eq!(lived(1_000, 1_000), Some(0));
        assert_eq!(lived(1_000, 1_059), Some(59));
        assert_eq!(lived(1_000, 1_060), None);
        assert_eq!(lived(1_000, 900_000), None);
        // A clock that was set back, and a server that does not report the time.
        assert_eq!(lived(1_000, 990), Some(-10));
        assert_eq!(lived(1_000, 0), Some(-1_000));
    }
}
