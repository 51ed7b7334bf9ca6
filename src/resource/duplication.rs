//! Duplications, as servers report them.

#[cfg(any(feature = "capi", feature = "cli"))]
use std::collections::BTreeMap;

use super::{Described, FieldValue, Fields, fields};
use crate::enums::{FailMode, ResourceKind, Status};
use crate::escape::name;

/// A duplication as the server reports it. A value that the server does not report is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplication {
    /// The table whose writes are shipped.
    pub table: String,
    /// The id of the table in the source cluster.
    pub table_id: i32,
    /// The name of the remote cluster.
    pub cluster: String,
    /// The id of the duplication within the table. The server may use the same id again after the
    /// duplication was removed: compare [`Duplication::identity`] instead.
    pub dupid: i32,
    /// The status. `None` if the generation of the server is not known, because the numbers on the
    /// wire mean different things in different generations, or if only the response to an add is
    /// known.
    pub status: Option<Status>,
    /// What the duplication does with a write that the remote cluster refuses.
    pub fail_mode: Option<FailMode>,
    /// The name of the table in the remote cluster. Only 2.6 snapshots report it.
    pub remote_table: Option<String>,
    /// The replica count of the remote table. Only 2.6 snapshots report it.
    pub remote_replica_count: Option<i32>,
    /// The time of creation, in milliseconds since 1970, by the server's clock.
    pub create_ts_ms: Option<i64>,
    /// The progress of each partition, by partition index. Only newer 2.6 snapshots report it;
    /// otherwise it is empty.
    pub partitions: Vec<PartitionProgress>,
}

impl Duplication {
    /// Returns whether the server is removing the duplication. Such a duplication is still listed,
    /// but not for long.
    pub(crate) fn is_being_removed(&self) -> bool {
        self.status == Some(Status::Removed)
    }

    /// Returns the values that identify this duplication.
    pub fn identity(&self) -> Identity {
        Identity {
            table_id: self.table_id,
            cluster: self.cluster.clone(),
            dupid: self.dupid,
            create_ts_ms: self.create_ts_ms,
        }
    }
}

/// Returns the warning about several duplications of one table to one remote cluster.
pub(crate) fn several(many: &[&Duplication]) -> String {
    let of = many.first().map_or_else(String::new, |one| {
        format!(": table={} cluster={}", name(&one.table), name(&one.cluster))
    });
    let dupids: String = many.iter().map(|one| format!(" dupid={}", one.dupid)).collect();
    format!(
        "there are several duplications of one table to one remote cluster; compare them, and remove by dupid those that are not needed{of}{dupids}"
    )
}

/// Returns the warnings of a listing, by table id and remote cluster: one for each pair that has several
/// duplications. A duplication that is being removed does not count.
#[cfg(any(feature = "capi", feature = "cli"))]
pub(crate) fn several_in<'a>(
    all: impl IntoIterator<Item = &'a Duplication>,
) -> BTreeMap<(i32, &'a str), String> {
    let mut pairs: BTreeMap<(i32, &str), Vec<&Duplication>> = BTreeMap::new();
    for one in all.into_iter().filter(|one| !one.is_being_removed()) {
        pairs.entry((one.table_id, &one.cluster)).or_default().push(one);
    }
    pairs.retain(|_, many| many.len() > 1);
    pairs.into_iter().map(|(pair, many)| (pair, several(&many))).collect()
}

impl Described for Duplication {
    fn kind(&self) -> ResourceKind {
        ResourceKind::Duplication
    }

    fn fields(&self) -> Fields {
        let partitions = match self.partitions.is_empty() {
            true => FieldValue::Absent,
            false => self.partitions.iter().map(|one| FieldValue::Map(one.fields())).collect(),
        };
        fields! {
            table: self.table.as_str(),
            table_id: self.table_id,
            cluster: self.cluster.as_str(),
            dupid: self.dupid,
            status: self.status.map(|status| status.to_string()),
            fail_mode: self.fail_mode.map(|mode| mode.to_string()),
            remote_table: self.remote_table.as_deref(),
            remote_replica_count: self.remote_replica_count,
            create_ts_ms: self.create_ts_ms,
            partitions: partitions,
        }
    }
}

/// A table and its duplications. The table may have none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableDuplications {
    /// The name of the table.
    pub table: String,
    /// The id of the table in the source cluster.
    pub table_id: i32,
    /// The number of partitions of the table. `None` if the server does not report it.
    pub partition_count: Option<i32>,
    /// The duplications of the table, in the order of their dupids.
    pub duplications: Vec<Duplication>,
}

impl Described for TableDuplications {
    fn kind(&self) -> ResourceKind {
        ResourceKind::TableDuplications
    }

    fn fields(&self) -> Fields {
        fields! {
            table: self.table.as_str(),
            table_id: self.table_id,
            partition_count: self.partition_count,
            duplications:
                self.duplications.iter().map(|one| FieldValue::Map(one.fields())).collect::<FieldValue>(),
        }
    }
}

/// The four values that identify a duplication: table id, remote cluster, dupid and time of creation.
///
/// A dupid alone does not identify a duplication: if a duplication is removed and another one is added
/// within a second, both have the same dupid.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The id of the table.
    pub table_id: i32,
    /// The name of the remote cluster.
    pub cluster: String,
    /// The id of the duplication within the table.
    pub dupid: i32,
    /// The time of creation, in milliseconds since 1970. `None` if only the response to an add is
    /// known.
    pub create_ts_ms: Option<i64>,
}

/// The progress of one partition, in decrees. A decree that is not known yet is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PartitionProgress {
    /// The index of the partition.
    pub partition: i32,
    /// The last decree that the remote cluster has confirmed.
    pub confirmed_decree: Option<i64>,
    /// The last decree that was committed in the source cluster.
    pub last_committed_decree: Option<i64>,
}

impl PartitionProgress {
    fn fields(&self) -> Fields {
        fields! {
            partition: self.partition,
            confirmed_decree: self.confirmed_decree,
            last_committed_decree: self.last_committed_decree,
        }
    }
}
