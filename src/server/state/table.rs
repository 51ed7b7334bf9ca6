//! Tables and their duplications, as the state machine holds them.

use super::dupids::Dupids;
use super::effect::Ticket;
use super::life::Life;
use super::rows::Rows;
use super::rules::Rules;
use crate::protocol::generation::{FailMode, Status};
use crate::protocol::messages::AddRequest;
use crate::server::store::{DuplicationRecord, TableRecord};

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) partitions: i32,
    pub(crate) replicas: i32,
    pub(crate) create_second: i64,
    duplications: Rows<i32, DuplicationState>,
    /// The dupids of the duplications.
    dupids: Dupids,
    pub(crate) highest_dupid: i32,
    /// Whether the table has had a duplication since the server started.
    pub(crate) had_duplications: bool,
    /// Whether the server has created the table since it started, and did not find the table in its
    /// store.
    pub(crate) just_made: bool,
}

/// A duplication.
#[derive(Debug, Clone)]
pub(crate) struct DuplicationState {
    pub(crate) dupid: i32,
    pub(crate) cluster: String,
    pub(crate) remote_table: String,
    /// Whether the name of the remote table arrived as UTF-8.
    pub(crate) remote_table_is_utf8: bool,
    pub(crate) remote_replica_count: i32,
    pub(crate) create_ts_ms: i64,
    pub(crate) life: Life,
    pub(crate) fail_mode: FailMode,
    /// The fail mode that was set since the server started. A server of 2.3 or older forgets the
    /// fail mode during its start, and an add that meets the duplication then resets the fail mode
    /// to FAIL_SLOW.
    pub(crate) fail_mode_last_set: FailMode,
    /// The ticket of the change that is being stored.
    pub(crate) altering: Option<Ticket>,
}

impl Table {
    /// Returns the table that a record describes, without duplications.
    pub(crate) fn from_record(record: TableRecord) -> Table {
        Table {
            id: record.id,
            name: record.name,
            partitions: record.partitions,
            replicas: record.replicas,
            create_second: record.create_second,
            duplications: Rows::default(),
            dupids: Dupids::default(),
            highest_dupid: record.highest_dupid,
            had_duplications: false,
            just_made: false,
        }
    }

    /// Returns the duplications in the order of their dupids.
    pub(crate) fn duplications(&self) -> impl Iterator<Item = &DuplicationState> {
        self.duplications.values()
    }

    /// Returns the duplication with that id.
    pub(crate) fn duplication(&self, dupid: i32) -> Option<&DuplicationState> {
        self.duplications.get(&dupid)
    }

    /// Returns the duplication with that id, to change the duplication.
    pub(crate) fn duplication_mut(&mut self, dupid: i32) -> Option<&mut DuplicationState> {
        self.duplications.get_mut(&dupid)
    }

    /// Adds a duplication.
    pub(crate) fn insert(&mut self, duplication: DuplicationState) {
        self.had_duplications = true;
        self.highest_dupid = self.highest_dupid.max(duplication.dupid);
        self.dupids.insert(duplication.dupid);
        self.duplications.insert(duplication.dupid, duplication);
    }

    /// Removes the duplication with that id, and returns it.
    pub(crate) fn remove(&mut self, dupid: i32) -> Option<DuplicationState> {
        self.dupids.remove(dupid);
        self.duplications.remove(&dupid)
    }

    /// Returns the id for a new duplication: the current second, or the next number that is free.
    /// Returns `None` if no number is left.
    pub(crate) fn free_dupid(&self, now_ms: i64, reuses: bool) -> Option<i32> {
        let second = i32::try_from(now_ms / 1_000).unwrap_or(i32::MAX).max(1);
        if !reuses && second <= self.highest_dupid {
            return self.highest_dupid.checked_add(1);
        }
        self.dupids.next_free(second)
    }
}

impl DuplicationState {
    pub(crate) fn from_record(
        record: DuplicationRecord,
        rules: &Rules,
    ) -> Result<DuplicationState, String> {
        let status = [Status::Prepare, Status::App, Status::Log, Status::Start, Status::Pause]
            .into_iter()
            .find(|status| status.name() == record.status)
            .ok_or_else(|| format!("unknown status: dupid={} {:?}", record.dupid, record.status))?;
        let fail_mode =
            record.fail_mode.parse().map_err(|error| format!("dupid={}: {error}", record.dupid))?;
        Ok(DuplicationState {
            dupid: record.dupid,
            cluster: record.cluster,
            remote_table: record.remote_table,
            remote_table_is_utf8: record.remote_table_is_utf8,
            remote_replica_count: record.remote_replica_count,
            create_ts_ms: record.create_ts_ms,
            life: Life {
                status: rules.adopt(status),
                since_ms: record.since_ms,
                confirmed: record.confirmed,
            },
            fail_mode,
            fail_mode_last_set: FailMode::Slow,
            altering: None,
        })
    }

    pub(crate) fn to_record(&self, life: &Life, fail_mode: FailMode) -> DuplicationRecord {
        DuplicationRecord {
            dupid: self.dupid,
            cluster: self.cluster.clone(),
            status: life.status.name().to_owned(),
            since_ms: life.since_ms,
            confirmed: life.confirmed,
            fail_mode: fail_mode.name().to_owned(),
            remote_table: self.remote_table.clone(),
            remote_table_is_utf8: self.remote_table_is_utf8,
            remote_replica_count: self.remote_replica_count,
            create_ts_ms: self.create_ts_ms,
        }
    }

    /// Returns the hint that the duplication exists, and which of its properties differ from the
    /// request.
    pub(crate) fn exists_hint(&self, request: &AddRequest) -> String {
        let mut hint = format!(
            "duplication {}({}) to cluster {} already exists",
            request.app_name, self.dupid, self.cluster
        );
        let asked_table = request.remote_app_name.as_ref().unwrap_or(&request.app_name);
        let mut differences = Vec::new();
        if *asked_table != self.remote_table {
            differences.push(format!(
                "remote_app_name asked={asked_table} existing={}",
                self.remote_table
            ));
        }
        if let Some(asked) = request.remote_replica_count.filter(|&asked| asked > 0)
            && asked != self.remote_replica_count
        {
            differences.push(format!(
                "remote_replica_count asked={asked} existing={}",
                self.remote_replica_count
            ));
        }
        if differences.is_empty() {
            hint.push_str(" as asked");
        } else {
            hint.push_str(": ");
            hint.push_str(&differences.join(", "));
        }
        hint
    }
}
