//! The seam for durability: what is kept, and what a store must do.

mod file;
mod memory;
mod record;
mod shared;

pub use file::FileStore;
pub use memory::MemoryStore;
pub use record::{Change, DuplicationRecord, Snapshot, TableRecord};
pub(crate) use shared::SharedStore;

use super::config::{ServerConfig, TableSpec};
use super::error::StoreError;

/// What a store says of a change, once.
pub type Done = Box<dyn FnOnce(Result<(), StoreFailure>) + Send>;

/// A change that was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// Nothing of it is on disk.
    #[error("not stored: {0}")]
    NotStored(String),
    /// It may be on disk or not: only opening the store again tells.
    #[error("perhaps stored: {0}")]
    Uncertain(String),
}

/// Where tables and duplications are kept.
pub trait Store: Send + Sync + 'static {
    /// Everything that is kept.
    fn load(&self) -> Result<Snapshot, StoreError>;

    /// Keeps tables: new ones, or others of an id that is there. Returns when they are safe.
    fn put_tables(&self, tables: Vec<TableRecord>) -> Result<(), StoreError>;

    /// Keeps a change, and calls `done` when it is safe, on any thread, or before returning.
    fn submit(&self, change: Change, done: Done);

    /// Waits until everything submitted is safe, and lets go of what the store holds. Changes
    /// submitted later fail.
    fn close(&self);
}

/// The tables to serve: those stored, which keep their ids, and those given that are not stored
/// yet, which are stored now, with the ids of the latter. Replica counts may change, partitions may
/// not.
pub(crate) fn settle_tables(
    store: &dyn Store,
    config: &ServerConfig,
    now_ms: i64,
) -> Result<(Snapshot, Vec<i32>), StoreError> {
    let mut snapshot = store.load()?;
    let mut changed = Vec::new();
    let mut made = Vec::new();
    let mut next_id = snapshot.tables.iter().map(|table| table.id).max().unwrap_or(0) + 1;
    for spec in &config.tables {
        match snapshot.tables.iter_mut().find(|table| table.name == spec.name) {
            Some(stored) if stored.partitions != spec.partitions => {
                let stored = TableSpec {
                    name: stored.name.clone(),
                    partitions: stored.partitions,
                    replicas: stored.replicas,
                };
                return Err(StoreError::OtherTable { stored, given: spec.clone() });
            }
            Some(stored) if stored.replicas != spec.replicas => {
                stored.replicas = spec.replicas;
                changed.push(stored.clone());
            }
            Some(_) => {}
            None => {
                let table = TableRecord {
                    id: next_id,
                    name: spec.name.clone(),
                    partitions: spec.partitions,
                    replicas: spec.replicas,
                    create_second: now_ms / 1_000,
                    highest_dupid: 0,
                };
                made.push(next_id);
                next_id += 1;
                changed.push(table.clone());
                snapshot.tables.push(table);
            }
        }
    }
    if !changed.is_empty() {
        store.put_tables(changed)?;
    }
    Ok((snapshot, made))
}
