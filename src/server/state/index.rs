//! Looks up what an add needs, so that an add costs the same however many duplications there are: a
//! table by its name, and duplications by their cluster and their remote table.

use std::ops::Bound;

use super::rows::Rows;
use super::table::DuplicationState;

/// Finds tables and duplications without looking at all of them.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The ids of the tables by name.
    tables: Rows<String, i32>,
    /// The table id, the cluster and the dupid of each duplication. There may be two duplications
    /// of one table to one cluster, because a leader that serves early does not know the older one.
    clusters: Rows<ClusterKey, ()>,
    /// The cluster, the remote table, the table id and the dupid of each duplication.
    targets: Rows<TargetKey, ()>,
}

impl Index {
    /// Makes a name lead to a table.
    pub(super) fn insert_name(&mut self, name: &str, table_id: i32) {
        self.tables.insert(name.to_owned(), table_id);
    }

    /// Removes a name, if it leads to that table.
    pub(super) fn remove_name(&mut self, name: &str, table_id: i32) {
        if self.table(name) == Some(table_id) {
            self.tables.remove(&name.to_owned());
        }
    }

    /// Adds a duplication.
    pub(super) fn insert(&mut self, table_id: i32, duplication: &DuplicationState) {
        let (cluster, target) = keys(table_id, duplication);
        self.clusters.insert(cluster, ());
        self.targets.insert(target, ());
    }

    /// Removes a duplication.
    pub(super) fn remove(&mut self, table_id: i32, duplication: &DuplicationState) {
        let (cluster, target) = keys(table_id, duplication);
        self.clusters.remove(&cluster);
        self.targets.remove(&target);
    }

    /// Returns the id of the table with that name.
    pub(super) fn table(&self, name: &str) -> Option<i32> {
        self.tables.get(name).copied()
    }

    /// Returns the lowest dupid of the table's duplications to that cluster.
    pub(super) fn to_cluster(&self, table_id: i32, cluster: &str) -> Option<i32> {
        let key = |dupid: i32| (table_id, cluster.to_owned(), dupid);
        self.clusters.range(key(i32::MIN)..=key(i32::MAX)).next().map(|((.., dupid), ())| *dupid)
    }

    /// Returns the table ids and the dupids of the duplications of other tables to that remote table.
    pub(super) fn others_to(
        &self,
        table_id: i32,
        cluster: &str,
        remote_table: &str,
    ) -> impl Iterator<Item = (i32, i32)> {
        let key = |id: i32, dupid: i32| (cluster.to_owned(), remote_table.to_owned(), id, dupid);
        // The duplications of the table itself stand together in the order of the keys, and are
        // left out.
        let before = key(i32::MIN, i32::MIN)..key(table_id, i32::MIN);
        let after =
            (Bound::Excluded(key(table_id, i32::MAX)), Bound::Included(key(i32::MAX, i32::MAX)));
        let others = self.targets.range(before).chain(self.targets.range(after));
        others.map(|((.., id, dupid), ())| (*id, *dupid))
    }
}

/// A key in `clusters`: the table's id, the cluster and the dupid.
type ClusterKey = (i32, String, i32);
/// A key in `targets`: the cluster, the remote table, the table's id and the dupid.
type TargetKey = (String, String, i32, i32);

/// Returns the keys of a duplication in `clusters` and in `targets`.
fn keys(table_id: i32, duplication: &DuplicationState) -> (ClusterKey, TargetKey) {
    let DuplicationState { dupid, cluster, remote_table, .. } = duplication;
    ((table_id, cluster.clone(), *dupid), (cluster.clone(), remote_table.clone(), table_id, *dupid))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::protocol::generation::{FailMode, Status};
    use crate::server::state::life::Life;

    fn duplication(dupid: i32, cluster: u8, remote_table: u8) -> DuplicationState {
        DuplicationState {
            dupid,
            cluster: format!("c{cluster}"),
            remote_table: format!("t{remote_table}"),
            remote_table_is_utf8: true,
            remote_replica_count: 3,
            create_ts_ms: 0,
            life: Life::begin(Status::Log, 0),
            fail_mode: FailMode::Slow,
            fail_mode_last_set: FailMode::Slow,
            altering: None,
        }
    }

    proptest! {
        /// Whatever is added and removed, the index finds what a scan of everything finds, and keeps
        /// nothing of what was removed.
        #[test]
        fn it_finds_what_a_scan_of_everything_finds(
            steps in prop::collection::vec((0..4_i32, 0..3_i32, 0..3_u8, 0..3_u8), 1..200)
        ) {
            let mut index = Index::default();
            let mut all = BTreeMap::new();
            for (table_id, dupid, cluster, remote_table) in steps {
                match all.remove(&(table_id, dupid)) {
                    Some(gone) => index.remove(table_id, &gone),
                    None => {
                        let new = duplication(dupid, cluster, remote_table);
                        index.insert(table_id, &new);
                        all.insert((table_id, dupid), new);
                    }
                }
                let to_cluster = all.iter().find(|((table, _), one)| {
                    *table == table_id && one.cluster == format!("c{cluster}")
                });
                prop_assert_eq!(
                    index.to_cluster(table_id, &format!("c{cluster}")),
                    to_cluster.map(|((_, dupid), _)| *dupid)
                );
                let target = (format!("c{cluster}"), format!("t{remote_table}"));
                let another = all.iter().find(|((table, _), one)| {
                    *table != table_id && (&one.cluster, &one.remote_table) == (&target.0, &target.1)
                });
                prop_assert_eq!(
                    index.others_to(table_id, &target.0, &target.1).next(),
                    another.map(|(key, _)| *key)
                );
            }
            for ((table_id, _), gone) in all {
                index.remove(table_id, &gone);
            }
            prop_assert!(index.clusters.values().next().is_none());
            prop_assert!(index.targets.values().next().is_none());
        }
    }
}
