//! A store that several servers use, and that knows when no change is on its way: a new leader must
//! not read while the changes of the old leader are being written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::api::{Done, Store};
use super::record::{RecordChange, Snapshot, TableRecord};
use crate::server::error::StoreError;

/// Called when the store is idle.
type WhenIdle = Box<dyn FnOnce() + Send>;

/// A store, and the number of changes on their way to it. All clones are the same store.
#[derive(Clone)]
pub(crate) struct SharedStore {
    inner: Arc<dyn Store>,
    traffic: Arc<Mutex<Traffic>>,
}

#[derive(Default)]
struct Traffic {
    under_way: usize,
    waiting: Vec<WhenIdle>,
}

impl SharedStore {
    pub(crate) fn new(inner: Arc<dyn Store>) -> SharedStore {
        SharedStore { inner, traffic: Arc::default() }
    }

    /// Calls `work` when no change is on its way: now, or when the last change is stored.
    pub(crate) fn when_idle(&self, work: WhenIdle) {
        {
            let mut traffic = lock(&self.traffic);
            if traffic.under_way > 0 {
                traffic.waiting.push(work);
                return;
            }
        }
        work();
    }
}

fn lock(traffic: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for SharedStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        self.inner.load()
    }

    fn put_tables(&self, tables: Vec<TableRecord>) -> Result<(), StoreError> {
        self.inner.put_tables(tables)
    }

    fn submit(&self, change: RecordChange, done: Done) {
        lock(&self.traffic).under_way += 1;
        let traffic = Arc::clone(&self.traffic);
        let counted: Done = Box::new(move |result| {
            // The change is stored, whatever `done` does with the result: a read from here on finds
            // it.
            let waiting = {
                let mut traffic = lock(&traffic);
                traffic.under_way -= 1;
                if traffic.under_way == 0 { std::mem::take(&mut traffic.waiting) } else { vec![] }
            };
            done(result);
            for work in waiting {
                work();
            }
        });
        self.inner.submit(change, counted);
    }

    fn close(&self) {
        self.inner.close();
    }
}
