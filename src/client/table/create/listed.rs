//! What a list of tables shows about a name.

use crate::client::table::compare::APP_TYPE;
use crate::client::table::named::{not_dropped, status};
use crate::enums::TableStatus;
use crate::protocol::messages::AppInfo;

/// The tables of a name in a list. Dropped tables are left out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Listed<'a> {
    /// There is no table, or only dropped ones.
    Nothing,
    /// The table is being created, dropped or recalled, or has an unknown status.
    Unsettled(&'a AppInfo),
    /// A table is available.
    One(&'a AppInfo),
    /// Several tables of this name are available, which a meta server never lists.
    Several(Vec<&'a AppInfo>),
}

/// Returns what a list shows about a name.
pub(crate) fn listed<'a>(infos: &'a [AppInfo], name: &str) -> Listed<'a> {
    let (available, others): (Vec<_>, Vec<_>) =
        not_dropped(infos, name).partition(|info| is_available(info));
    match (available.as_slice(), others.first()) {
        ([], None) => Listed::Nothing,
        ([], Some(one)) => Listed::Unsettled(one),
        ([one], _) => Listed::One(one),
        _ => Listed::Several(available),
    }
}

/// Returns the highest id of a table that is certainly stored, or 0. A table that is being created does
/// not count: if the server ends now, another create may get its id.
pub(crate) fn highest_stored_id(infos: &[AppInfo]) -> i32 {
    let stored = infos.iter().filter(|info| status(info) != TableStatus::Creating);
    stored.map(|info| info.app_id).max().unwrap_or(0).max(0)
}

/// Returns whether a table is available.
pub(crate) fn is_available(info: &AppInfo) -> bool {
    status(info) == TableStatus::Available
}

/// Returns whether nothing about a table that never changes differs from a request: its type, and the
/// number of partitions that it had at first.
pub(super) fn began_as(info: &AppInfo, partition_count: i32) -> bool {
    let at_first = info.init_partition_count.filter(|&count| count > 0);
    info.app_type == APP_TYPE && at_first.unwrap_or(info.partition_count) == partition_count
}
