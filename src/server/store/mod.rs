//! The seam for durability: what is kept, and the interface of a store.

mod api;
mod file;
mod memory;
mod record;
mod shared;
mod tables;

pub use api::{Done, Store, StoreFailure};
pub use file::FileStore;
pub use memory::MemoryStore;
pub use record::{
    BackupRecord, DuplicationRecord, PolicyRecord, RecordChange, Snapshot, TableRecord,
};
pub(crate) use shared::SharedStore;
pub(crate) use tables::settle_tables;
