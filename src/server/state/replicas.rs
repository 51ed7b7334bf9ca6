//! Which replica servers are alive, and which replicas they hold. The meta servers of a group share this,
//! because the replica servers outlive a crash of a meta server and a change of the leader.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::nodes::Node;
use crate::server::store::TableRecord;

/// The least percentage of the replica servers that must be alive. If fewer are alive, the function level
/// is `freezed`.
const LEAST_PERCENT: usize = 65;

/// The replica servers of a cluster. Clones are the same replica servers.
#[derive(Debug, Clone)]
pub(crate) struct ReplicaServers(Arc<Mutex<Replicas>>);

impl ReplicaServers {
    /// Returns as many replica servers as given, all of them alive and without replicas. The function
    /// level is `freezed` if fewer than `least_alive` are alive.
    pub(crate) fn new(count: usize, least_alive: usize) -> ReplicaServers {
        let nodes: Vec<Node> = Node::all(count).collect();
        ReplicaServers(Arc::new(Mutex::new(Replicas {
            alive: nodes.len(),
            nodes,
            least_alive,
            tables: BTreeMap::new(),
            checks: BTreeSet::new(),
        })))
    }

    /// Locks the replica servers. The lock is never held while another lock is taken.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Replicas> {
        // Nothing that holds this lock can panic in the middle of a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The replica servers, and the replicas of each table.
#[derive(Debug)]
pub(crate) struct Replicas {
    nodes: Vec<Node>,
    /// How many replica servers are alive: the first ones.
    alive: usize,
    least_alive: usize,
    tables: BTreeMap<i32, TableReplicas>,
    /// The times of the partition checks, in milliseconds since 1970, each with the id of the table
    /// whose partitions are checked then.
    checks: BTreeSet<(i64, i32)>,
}

/// When the partitions of a table are checked after a change of the table, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// After a creation, and after a change of the replica count.
    pub(super) placing_ms: i64,
    /// After a recall.
    pub(super) recalling_ms: i64,
}

impl Due {
    /// The partitions are checked at once.
    pub(super) const AT_ONCE: Due = Due { placing_ms: i64::MIN, recalling_ms: i64::MIN };
}

/// The replicas of a table.
#[derive(Debug)]
struct TableReplicas {
    id: i32,
    /// The replica count.
    count: usize,
    dropped: bool,
    /// The partitions, until their primaries would repeat. Partitions whose distance is the number of
    /// replica servers have their replicas at the same places.
    partitions: Vec<Partition>,
}

/// The configuration of a partition: where its replicas are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Partition {
    /// The number of changes of the configuration.
    pub(super) ballot: i64,
    pub(super) primary: Option<Node>,
    pub(super) secondaries: Vec<Node>,
    /// The replica servers that held a replica and do not hold it any more, the latest one last.
    pub(super) dropped: Vec<Node>,
    /// Whether the partition has had a primary.
    pub(super) had_primary: bool,
    /// Whether the partition waits for its first primary since the table was created or recalled.
    awaits_primary: bool,
}

impl Replicas {
    /// Returns the replica servers that are alive, in the order of their addresses.
    pub(crate) fn alive(&self) -> &[Node] {
        &self.nodes[..self.alive]
    }

    /// Returns the replica servers that are dead, in the order of their addresses.
    pub(crate) fn dead(&self) -> &[Node] {
        &self.nodes[self.alive..]
    }

    /// Returns whether the function level is `freezed`, because too few replica servers are alive.
    pub(super) fn are_too_few(&self) -> bool {
        self.alive < self.least_alive.max(1) || self.alive * 100 < self.nodes.len() * LEAST_PERCENT
    }

    /// Lets the first `count` replica servers be alive, and the others dead. A primary that dies is
    /// replaced at once by a secondary that is alive. Everything else waits for the partition check at
    /// `due_ms`.
    pub(super) fn set_alive(&mut self, count: usize, due_ms: i64) {
        self.alive = count.min(self.nodes.len());
        let (alive, _) = self.nodes.split_at(self.alive);
        for table in self.tables.values_mut().filter(|table| !table.dropped) {
            for partition in &mut table.partitions {
                partition.lose_all_but(alive);
            }
            self.checks.insert((due_ms, table.id));
        }
    }

    /// Makes the replicas those of a table that was stored: created, dropped, recalled, or with another
    /// replica count. Does nothing if that is known already.
    pub(super) fn adopt(&mut self, record: &TableRecord, due: Due) {
        let count = usize::try_from(record.replicas).unwrap_or(0);
        let nodes = self.nodes.len().max(1);
        let mut check_ms = None;
        let table = self.tables.entry(record.id).or_insert_with(|| {
            check_ms = (!record.dropped).then_some(due.placing_ms);
            let partitions = usize::try_from(record.partitions).unwrap_or(0).min(nodes);
            let new =
                Partition { ballot: record.ballot, awaits_primary: true, ..Partition::default() };
            let partitions = vec![new; partitions];
            TableReplicas { id: record.id, count, dropped: record.dropped, partitions }
        });
        if table.count != count {
            table.count = count;
            table.partitions.iter_mut().for_each(|partition| partition.ballot += 1);
            check_ms = Some(due.placing_ms);
        }
        match (table.dropped, record.dropped) {
            (false, true) => table.partitions.iter_mut().for_each(Partition::leave),
            (true, false) => {
                for partition in &mut table.partitions {
                    partition.awaits_primary = true;
                }
                check_ms = Some(due.recalling_ms);
            }
            (false, false) | (true, true) => {}
        }
        table.dropped = record.dropped;
        if let Some(check_ms) = check_ms.filter(|_| !record.dropped) {
            self.checks.insert((check_ms, record.id));
        }
    }

    /// Makes the partition checks that are due. While the function level is `freezed`, no check changes
    /// anything; another one follows when more replica servers are alive.
    pub(super) fn check(&mut self, now_ms: i64) {
        while let Some(&(due_ms, id)) = self.checks.first().filter(|(due_ms, _)| *due_ms <= now_ms)
        {
            self.checks.remove(&(due_ms, id));
            if self.are_too_few() {
                continue;
            }
            let (alive, _) = self.nodes.split_at(self.alive);
            let Some(table) = self.tables.get_mut(&id).filter(|table| !table.dropped) else {
                continue;
            };
            for (index, partition) in table.partitions.iter_mut().enumerate() {
                // Neighbouring partitions have different primaries.
                let first = usize::try_from(id).unwrap_or(0) + index;
                let turned = self.nodes.iter().cycle().skip(first % self.nodes.len());
                let turned = turned.take(self.nodes.len()).copied();
                let order: Vec<Node> = turned.filter(|node| alive.contains(node)).collect();
                partition.cure(&order, table.count);
            }
        }
    }

    /// Returns the configuration of a partition. A table that is not stored yet has no replicas.
    pub(super) fn partition(&self, table_id: i32, index: i32) -> Partition {
        let table = self.tables.get(&table_id).filter(|table| !table.partitions.is_empty());
        let Some(table) = table else { return Partition::default() };
        let index = usize::try_from(index).unwrap_or(0);
        table.partitions[index % table.partitions.len()].clone()
    }

    /// Returns the highest ballot of a table's partitions, and the number of replicas of the partition
    /// that has most of them.
    pub(super) fn most(&self, table_id: i32) -> (i64, usize) {
        let partitions = self.tables.get(&table_id).map_or(&[][..], |table| &table.partitions);
        let ballot = partitions.iter().map(|partition| partition.ballot).max();
        let replicas = partitions.iter().map(Partition::replicas).max();
        (ballot.unwrap_or(0), replicas.unwrap_or(0))
    }

    /// Returns whether the partitions of a table are about to get their first replicas since the table
    /// was created or recalled.
    pub(super) fn are_being_placed(&self, table_id: i32) -> bool {
        let waits = |table: &TableReplicas| table.partitions.iter().any(|one| one.awaits_primary);
        !self.are_too_few() && self.tables.get(&table_id).is_some_and(waits)
    }
}

impl Partition {
    fn replicas(&self) -> usize {
        usize::from(self.primary.is_some()) + self.secondaries.len()
    }

    /// Takes note that all replica servers but those are dead. The meta server replaces a primary at
    /// once. A primary removes its secondaries, so a partition without a primary keeps them.
    fn lose_all_but(&mut self, alive: &[Node]) {
        if let Some(primary) = self.primary.take_if(|primary| !alive.contains(primary)) {
            self.ballot += 1;
            self.dropped.push(primary);
            self.promote(alive);
        }
        if self.primary.is_some() {
            self.remove_secondaries(|_, node| !alive.contains(&node));
        }
    }

    /// Makes a secondary that is alive the primary.
    fn promote(&mut self, alive: &[Node]) {
        if let Some(at) = self.secondaries.iter().position(|node| alive.contains(node)) {
            self.primary = Some(self.secondaries.remove(at));
            self.ballot += 1;
        }
    }

    /// Removes the secondaries for which the condition on their index and their replica server holds.
    fn remove_secondaries(&mut self, condition: impl Fn(usize, Node) -> bool) {
        let mut index = 0;
        let gone = self.secondaries.extract_if(.., |node| {
            index += 1;
            condition(index - 1, *node)
        });
        for node in gone {
            self.ballot += 1;
            self.dropped.push(node);
        }
    }

    /// Puts a replica on a replica server.
    fn place(&mut self, node: Node) {
        self.ballot += 1;
        self.dropped.retain(|other| *other != node);
        match self.primary {
            None => self.primary = Some(node),
            Some(_) => self.secondaries.push(node),
        }
    }

    /// Removes all replicas, because the table is dropped.
    fn leave(&mut self) {
        self.ballot += 1;
        self.dropped.append(&mut self.secondaries);
        self.dropped.extend(self.primary.take());
    }

    /// Gives the partition its primary and the secondaries that it lacks, and removes superfluous
    /// secondaries. `alive` are the replica servers that are alive, the preferred one first.
    fn cure(&mut self, alive: &[Node], count: usize) {
        if self.primary.is_none() {
            if !self.secondaries.is_empty() {
                self.promote(alive);
            } else if self.dropped.is_empty() {
                alive.first().into_iter().for_each(|node| self.place(*node));
            } else if let Some(latest) = self.dropped.iter().rfind(|node| alive.contains(node)) {
                // Only a replica server that held the data can be the primary.
                self.place(*latest);
            }
        }
        let Some(primary) = self.primary else { return };
        self.had_primary = true;
        self.awaits_primary = false;
        self.remove_secondaries(|_, node| !alive.contains(&node));
        self.remove_secondaries(|index, _| index + 1 >= count);
        let lacking: Vec<Node> = alive
            .iter()
            .copied()
            .filter(|node| *node != primary && !self.secondaries.contains(node))
            .take(count.saturating_sub(self.replicas()))
            .collect();
        for node in lacking {
            self.place(node);
        }
    }
}
