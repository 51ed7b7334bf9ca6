//! What an add looks up, so that it costs the same however many duplications there are: tables by
//! name, duplications by their cluster, and by the remote table that they go to.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Duplication, Table};

/// The ways to find tables and duplications without looking at all of them.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Table ids by name.
    tables: BTreeMap<String, i32>,
    /// The dupids of a table's duplications to a cluster. An early leader may have made two.
    clusters: BTreeMap<(i32, String), BTreeSet<i32>>,
    /// The table ids and dupids of what goes to a remote table of a cluster.
    targets: BTreeMap<(String, String), BTreeSet<(i32, i32)>>,
}

impl Index {
    pub(super) fn insert_table(&mut self, table: &Table) {
        self.tables.insert(table.name.clone(), table.id);
    }

    pub(super) fn insert(&mut self, table_id: i32, duplication: &Duplication) {
        let (cluster, target) = keys(table_id, duplication);
        self.clusters.entry(cluster).or_default().insert(duplication.dupid);
        self.targets.entry(target).or_default().insert((table_id, duplication.dupid));
    }

    pub(super) fn remove(&mut self, table_id: i32, duplication: &Duplication) {
        let (cluster, target) = keys(table_id, duplication);
        take(&mut self.clusters, cluster, duplication.dupid);
        take(&mut self.targets, target, (table_id, duplication.dupid));
    }

    /// The id of the table of that name.
    pub(super) fn table(&self, name: &str) -> Option<i32> {
        self.tables.get(name).copied()
    }

    /// The lowest dupid of the table's duplications to that cluster.
    pub(super) fn to_cluster(&self, table_id: i32, cluster: &str) -> Option<i32> {
        self.clusters.get(&(table_id, cluster.to_owned()))?.first().copied()
    }

    /// Table id and dupid of another table's duplication to that remote table: the first of them.
    pub(super) fn another_to(
        &self,
        table_id: i32,
        cluster: &str,
        remote_table: &str,
    ) -> Option<(i32, i32)> {
        let all = self.targets.get(&(cluster.to_owned(), remote_table.to_owned()))?;
        // Those of the table itself stand together: at most one step goes over them.
        let before = all.range(..(table_id, i32::MIN)).next();
        before.or_else(|| all.range((table_id.saturating_add(1), i32::MIN)..).next()).copied()
    }
}

fn keys(table_id: i32, duplication: &Duplication) -> ((i32, String), (String, String)) {
    let cluster = &duplication.cluster;
    ((table_id, cluster.clone()), (cluster.clone(), duplication.remote_table.clone()))
}

/// Takes a value out, and the key with the last one.
fn take<K: Ord, V: Ord>(index: &mut BTreeMap<K, BTreeSet<V>>, key: K, value: V) {
    if let std::collections::btree_map::Entry::Occupied(mut found) = index.entry(key) {
        found.get_mut().remove(&value);
        if found.get().is_empty() {
            found.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::generation::{FailMode, Status};
    use crate::server::life::Life;

    fn duplication(dupid: i32, cluster: u8, remote_table: u8) -> Duplication {
        Duplication {
            dupid,
            cluster: format!("c{cluster}"),
            remote_table: format!("t{remote_table}"),
            remote_replica_count: 3,
            create_ts_ms: 0,
            life: Life::begin(Status::Log, 0),
            fail_mode: FailMode::Slow,
            fail_mode_last_set: FailMode::Slow,
            altering: None,
        }
    }

    proptest! {
        /// Whatever comes and goes, the index finds what a look at everything finds, and keeps
        /// nothing of what is gone.
        #[test]
        fn it_finds_what_a_look_at_everything_finds(
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
                    index.another_to(table_id, &target.0, &target.1),
                    another.map(|(key, _)| *key)
                );
            }
            for ((table_id, _), gone) in all {
                index.remove(table_id, &gone);
            }
            prop_assert!(index.clusters.is_empty() && index.targets.is_empty());
        }
    }
}
