//! The maps that hold the rows of the state machine. In tests they count the rows that are visited,
//! which distinguishes a look-up from a scan however fast the machine is.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::{Index, RangeBounds};

/// A sorted map.
#[derive(Debug, Clone)]
pub(crate) struct Rows<K, V>(BTreeMap<K, V>);

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        Rows(BTreeMap::new())
    }
}

impl<K: Ord, V> Rows<K, V> {
    /// Returns the row with that key.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        visit();
        self.0.get(key)
    }

    /// Returns the row with that key, to change the row.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        visit();
        self.0.get_mut(key)
    }

    /// Inserts a row, in the place of the row that has the same key.
    pub(crate) fn insert(&mut self, key: K, row: V) {
        visit();
        self.0.insert(key, row);
    }

    /// Removes the row with that key, and returns it.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        visit();
        self.0.remove(key)
    }

    /// Returns the rows whose keys are in the range, with their keys, in the order of the keys.
    pub(crate) fn range(
        &self,
        keys: impl RangeBounds<K>,
    ) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.range(keys).inspect(|_| visit())
    }

    /// Returns all rows, in the order of their keys.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().inspect(|_| visit())
    }
}

impl<K: Ord, V> Index<&K> for Rows<K, V> {
    type Output = V;
    fn index(&self, key: &K) -> &V {
        visit();
        &self.0[key]
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Rows<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(rows: I) -> Self {
        Rows(rows.into_iter().collect())
    }
}

#[cfg(not(test))]
fn visit() {}

#[cfg(test)]
fn visit() {
    VISITED.set(VISITED.get() + 1);
}

#[cfg(test)]
thread_local! {
    static VISITED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Returns how many rows `work` visits on this thread.
#[cfg(test)]
pub(crate) fn visited(work: impl FnOnce()) -> u64 {
    let before = VISITED.get();
    work();
    VISITED.get() - before
}
