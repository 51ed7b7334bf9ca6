//! A store that completes changes when the test says so, and a clock that the test advances.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use pegasus_dup::server::store::{
    Done, MemoryStore, RecordChange, Snapshot, Store, StoreFailure, TableRecord,
};
use pegasus_dup::server::{Clock, StoreError};

/// Holds every change until it is released.
#[derive(Default)]
pub(crate) struct SlowStore {
    inner: MemoryStore,
    held: Mutex<VecDeque<(RecordChange, Done)>>,
}

impl SlowStore {
    /// Returns the number of waiting changes.
    pub(crate) fn held(&self) -> usize {
        self.held.lock().unwrap().len()
    }

    /// Stores the change that has waited longest.
    pub(crate) fn release(&self) {
        let (change, done) = self.held.lock().unwrap().pop_front().expect("one that waits");
        self.inner.submit(change, done);
    }

    /// Fails the change that has waited longest.
    pub(crate) fn fail(&self, failure: StoreFailure) {
        let (_, done) = self.held.lock().unwrap().pop_front().expect("one that waits");
        done(Err(failure));
    }
}

impl Store for SlowStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        self.inner.load()
    }
    fn put_tables(&self, tables: Vec<TableRecord>) -> Result<(), StoreError> {
        self.inner.put_tables(tables)
    }
    fn submit(&self, change: RecordChange, done: Done) {
        self.held.lock().unwrap().push_back((change, done));
    }
    fn close(&self) {}
}

/// The wall time, which the test sets.
#[derive(Debug, Clone)]
pub(crate) struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub(crate) fn at(ms: i64) -> HandClock {
        HandClock(Arc::new(AtomicI64::new(ms)))
    }
    pub(crate) fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
