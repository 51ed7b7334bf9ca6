//! A store in memory, which keeps everything until it is dropped. The servers of a group may share
//! such a store. A "restart" is another server over the same store.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::api::{Done, Store};
use super::record::{DuplicationRecord, PolicyRecord, RecordChange, Snapshot, TableRecord};
use crate::server::error::StoreError;

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    tables: BTreeMap<i32, TableRecord>,
    duplications: BTreeMap<(i32, i32), DuplicationRecord>,
    policies: BTreeMap<String, PolicyRecord>,
}

impl MemoryStore {
    /// Returns an empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    fn with<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        // Every change is one insertion or removal, so a panic elsewhere cannot leave a change
        // incomplete.
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Store for MemoryStore {
    fn load(&self) -> Result<Snapshot, StoreError> {
        Ok(self.with(|kept| Snapshot {
            tables: kept.tables.values().cloned().collect(),
            duplications: kept
                .duplications
                .iter()
                .map(|(&(table_id, _), record)| (table_id, record.clone()))
                .collect(),
            policies: kept.policies.values().cloned().collect(),
        }))
    }

    fn put_tables(&self, tables: Vec<TableRecord>) -> Result<(), StoreError> {
        self.with(|kept| kept.tables.extend(tables.into_iter().map(|table| (table.id, table))));
        Ok(())
    }

    fn submit(&self, change: RecordChange, done: Done) {
        self.with(|kept| match change {
            RecordChange::Put { table_id, record } => {
                if let Some(table) = kept.tables.get_mut(&table_id) {
                    table.highest_dupid = table.highest_dupid.max(record.dupid);
                }
                kept.duplications.insert((table_id, record.dupid), record);
            }
            RecordChange::PutTable { mut record } => {
                if let Some(old) = kept.tables.get(&record.id) {
                    record.highest_dupid = record.highest_dupid.max(old.highest_dupid);
                }
                kept.tables.insert(record.id, record);
            }
            RecordChange::Keep { .. } => {}
            RecordChange::Remove { table_id, dupid } => {
                kept.duplications.remove(&(table_id, dupid));
            }
            RecordChange::AddPolicy { record } => {
                kept.policies.entry(record.name.clone()).or_insert(record);
            }
            RecordChange::PutPolicy { record } => {
                kept.policies.insert(record.name.clone(), record);
            }
        });
        done(Ok(()));
    }

    fn close(&self) {}
}
