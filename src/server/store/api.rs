//! What a store must do.

use super::record::{RecordChange, Snapshot, TableRecord};
use crate::server::error::StoreError;

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
    fn submit(&self, change: RecordChange, done: Done);

    /// Waits until everything submitted is safe, and lets go of what the store holds. Changes
    /// submitted later fail.
    fn close(&self);
}
