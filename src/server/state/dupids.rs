//! The dupids that the duplications of a table have.

use super::rows::Rows;

/// A set of dupids, kept as runs of consecutive numbers. However many dupids are taken, the next
/// free one is found at the end of one run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dupids {
    /// The last number of each run, by the first number of the run.
    runs: Rows<i32, i32>,
}

impl Dupids {
    /// Adds a dupid.
    pub(crate) fn insert(&mut self, dupid: i32) {
        if self.run_of(dupid).is_some() {
            return;
        }
        let before = dupid.checked_sub(1).and_then(|before| self.run_of(before));
        let after = dupid.checked_add(1).and_then(|after| self.run_of(after));
        if let Some((first, _)) = after {
            self.runs.remove(&first);
        }
        let first = before.map_or(dupid, |(first, _)| first);
        let last = after.map_or(dupid, |(_, last)| last);
        self.runs.insert(first, last);
    }

    /// Removes a dupid.
    pub(crate) fn remove(&mut self, dupid: i32) {
        let Some((first, last)) = self.run_of(dupid) else { return };
        self.runs.remove(&first);
        if first < dupid {
            self.runs.insert(first, dupid - 1);
        }
        if dupid < last {
            self.runs.insert(dupid + 1, last);
        }
    }

    /// Returns the lowest dupid that is not in the set and not below `dupid`.
    pub(crate) fn next_free(&self, dupid: i32) -> Option<i32> {
        match self.run_of(dupid) {
            Some((_, last)) => last.checked_add(1),
            None => Some(dupid),
        }
    }

    /// Returns the first and the last number of the run that contains `dupid`.
    fn run_of(&self, dupid: i32) -> Option<(i32, i32)> {
        let (&first, &last) = self.runs.range(..=dupid).next_back()?;
        (dupid <= last).then_some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is added and removed, the next free dupid is the one that counting finds.
        #[test]
        fn the_next_free_number_is_the_one_that_counting_finds(
            near_the_end in any::<bool>(),
            steps in prop::collection::vec((any::<bool>(), 0..12_i32, 0..12_i32), 1..100)
        ) {
            let base = if near_the_end { i32::MAX - 11 } else { 1 };
            let (mut dupids, mut all) = (Dupids::default(), BTreeSet::new());
            for (add, step, from) in steps {
                if add {
                    dupids.insert(base + step);
                    all.insert(base + step);
                } else {
                    dupids.remove(base + step);
                    all.remove(&(base + step));
                }
                let counted = (base + from..=i32::MAX).find(|dupid| !all.contains(dupid));
                prop_assert_eq!(dupids.next_free(base + from), counted);
            }
        }
    }
}
