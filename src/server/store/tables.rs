//! Which tables a server serves.

use super::api::Store;
use super::record::{Snapshot, TableRecord};
use crate::server::config::ServerConfig;
use crate::server::error::StoreError;
use crate::server::spec::TableSpec;

/// Returns the tables to serve, and the ids of the tables that are new. Tables that are stored keep
/// their ids, and tables that are only configured are stored now. The configuration may change the
/// replica count of a stored table, but not the number of partitions. What requests have created,
/// dropped and renamed stays as it is.
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
        let is_live = |table: &&mut TableRecord| table.name == spec.name && !table.dropped;
        let is_known = |table: &TableRecord| {
            table.name == spec.name || table.configured_as.as_deref() == Some(&spec.name)
        };
        let known = snapshot.tables.iter().any(is_known);
        match snapshot.tables.iter_mut().find(is_live) {
            Some(created) if created.init_partitions.is_some() => {}
            Some(stored) if stored.partitions != spec.partitions => {
                let stored = TableSpec {
                    name: stored.name.clone(),
                    partitions: stored.partitions,
                    replicas: stored.replicas,
                };
                return Err(StoreError::OtherTable { stored, given: spec.clone() });
            }
            Some(stored) if stored.replicas != spec.replicas && !stored.replicas_changed => {
                stored.replicas = spec.replicas;
                changed.push(stored.clone());
            }
            Some(_) => {}
            // The table was dropped or renamed.
            None if known => {}
            None => {
                let table = TableRecord {
                    id: next_id,
                    name: spec.name.clone(),
                    partitions: spec.partitions,
                    replicas: spec.replicas,
                    create_second: now_ms / 1_000,
                    ..TableRecord::default()
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
