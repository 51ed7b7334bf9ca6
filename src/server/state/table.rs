//! Tables and their duplications, as the state machine holds them.

use super::dupids::Dupids;
use super::effect::Ticket;
use super::life::Life;
use super::rows::Rows;
use super::rules::Rules;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::{FailMode, Status};
use crate::protocol::messages::AddRequest;
use crate::server::store::{DuplicationRecord, TableRecord};

/// The status of a table, with its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum TableStatus {
    /// The table exists.
    Available = 1,
    /// The table is being stored for the first time.
    Creating = 2,
    /// The drop is being stored.
    Dropping = 4,
    /// The table is dropped.
    Dropped = 6,
    /// The recall is being stored.
    Recalling = 7,
}

impl TableStatus {
    /// Returns the status of a table of which no change is being stored.
    fn stored(record: &TableRecord) -> TableStatus {
        match record.dropped {
            true => TableStatus::Dropped,
            false => TableStatus::Available,
        }
    }

    /// Returns the number on the wire.
    pub(crate) fn number(self) -> i32 {
        self as i32
    }

    /// Returns the name without its prefix `AS_`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            TableStatus::Available => "AVAILABLE",
            TableStatus::Creating => "CREATING",
            TableStatus::Dropping => "DROPPING",
            TableStatus::Dropped => "DROPPED",
            TableStatus::Recalling => "RECALLING",
        }
    }

    /// Returns the error code of a request that needs an available table, while the table is
    /// being changed.
    pub(super) fn busy(self) -> Option<ErrorCode> {
        match self {
            TableStatus::Creating | TableStatus::Recalling => {
                Some(ErrorCode::from_name("ERR_BUSY_CREATING"))
            }
            TableStatus::Dropping => Some(ErrorCode::from_name("ERR_BUSY_DROPPING")),
            TableStatus::Available | TableStatus::Dropped => None,
        }
    }
}

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// The table as the store keeps it. During a change, the table as it was before the change.
    pub(crate) record: TableRecord,
    duplications: Rows<i32, DuplicationState>,
    /// The dupids of the duplications.
    dupids: Dupids,
    /// Whether the table has had a duplication since the server started.
    pub(crate) had_duplications: bool,
    /// Whether the server has created the table since it started, and did not find the table in its
    /// store.
    pub(crate) just_made: bool,
    pub(crate) status: TableStatus,
    /// The ticket of the table's change that is being stored.
    pub(super) altering: Option<Ticket>,
    /// Whether the store has duplications of the table that the server has not loaded.
    pub(super) has_forgotten: bool,
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
            status: TableStatus::stored(&record),
            record,
            duplications: Rows::default(),
            dupids: Dupids::default(),
            had_duplications: false,
            just_made: false,
            altering: None,
            has_forgotten: false,
        }
    }

    /// Returns the record of the table with another name. A table of the configuration keeps the
    /// name by which the configuration knows it.
    pub(super) fn renamed(&self, name: &str) -> TableRecord {
        let mut record = self.record.clone();
        let configured = record.init_partitions.is_none() && record.configured_as.is_none();
        let old = std::mem::replace(&mut record.name, name.to_owned());
        if configured && name != old {
            record.configured_as = Some(old);
        }
        record
    }

    /// Puts a change into force that is stored. Duplications that were added meanwhile keep their effect
    /// on the highest dupid.
    pub(super) fn take(&mut self, record: TableRecord) {
        self.status = TableStatus::stored(&record);
        self.record = TableRecord { highest_dupid: self.record.highest_dupid, ..record };
        self.altering = None;
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
        self.record.highest_dupid = self.record.highest_dupid.max(duplication.dupid);
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
        if !reuses && second <= self.record.highest_dupid {
            return self.record.highest_dupid.checked_add(1);
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
