//! The interface of a store.

use super::record::{RecordChange, Snapshot, TableRecord};
use crate::server::error::StoreError;

/// Receives the result of a change. It is called once.
pub type Done = Box<dyn FnOnce(Result<(), StoreFailure>) + Send>;

/// Why a change may not have been stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// Nothing of the change is on the disk.
    #[error("the change was not stored: {0}")]
    NotStored(String),
    /// The change may be on the disk or not. Only opening the store again shows which.
    #[error("the change may or may not have been stored: {0}")]
    Uncertain(String),
}

/// A place where tables, duplications and backup policies are kept.
pub trait Store: Send + Sync + 'static {
    /// Returns everything that is kept.
    fn load(&self) -> Result<Snapshot, StoreError>;

    /// Stores tables: new tables, or new versions of tables with the same ids. Returns when the
    /// tables are safe.
    fn put_tables(&self, tables: Vec<TableRecord>) -> Result<(), StoreError>;

    /// Stores a change, and calls `done` when the change is safe. The call comes from any thread,
    /// or before this method returns.
    fn submit(&self, change: RecordChange, done: Done);

    /// Waits until all submitted changes are safe, and releases what the store holds. Changes that
    /// are submitted later fail.
    fn close(&self);
}
