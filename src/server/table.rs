//! Tables and their duplications, as the state machine holds them.

use std::collections::BTreeMap;

use super::life::Life;
use super::rules::Rules;
use super::state::Ticket;
use super::store::DuplicationRecord;
use crate::protocol::generation::{FailMode, Status};
use crate::protocol::messages::AddRequest;

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) partitions: i32,
    pub(crate) replicas: i32,
    pub(crate) create_second: i64,
    pub(crate) duplications: BTreeMap<i32, Duplication>,
    pub(crate) highest_dupid: i32,
    /// Whether it has had a duplication since the server started.
    pub(crate) had_duplications: bool,
    /// Whether the server made it since it started, and did not find it in its store.
    pub(crate) just_made: bool,
}

/// A duplication.
#[derive(Debug, Clone)]
pub(crate) struct Duplication {
    pub(crate) dupid: i32,
    pub(crate) cluster: String,
    pub(crate) remote_table: String,
    pub(crate) remote_replica_count: i32,
    pub(crate) create_ts_ms: i64,
    pub(crate) life: Life,
    pub(crate) fail_mode: FailMode,
    /// The fail mode that was set since the server started: 2.3 and older forget it on their way up,
    /// and an add that meets the duplication brings FAIL_SLOW then.
    pub(crate) fail_mode_last_set: FailMode,
    /// The change that is being stored.
    pub(crate) altering: Option<Ticket>,
}

impl Table {
    /// The id of a new duplication: the second, or the next that is free. `None` = none is left.
    pub(crate) fn free_dupid(&self, now_ms: i64, reuses: bool) -> Option<i32> {
        let mut dupid = i32::try_from(now_ms / 1_000).unwrap_or(i32::MAX).max(1);
        if !reuses && dupid <= self.highest_dupid {
            return self.highest_dupid.checked_add(1);
        }
        // One pass over those that are taken, not a look-up for each.
        for (&taken, _) in self.duplications.range(dupid..) {
            if taken != dupid {
                break;
            }
            dupid = dupid.checked_add(1)?;
        }
        Some(dupid)
    }
}

impl Duplication {
    pub(crate) fn from_record(
        record: DuplicationRecord,
        rules: &Rules,
    ) -> Result<Duplication, String> {
        let status = [Status::Prepare, Status::App, Status::Log, Status::Start, Status::Pause]
            .into_iter()
            .find(|status| status.name() == record.status)
            .ok_or_else(|| format!("unknown status: dupid={} {:?}", record.dupid, record.status))?;
        let fail_mode =
            record.fail_mode.parse().map_err(|error| format!("dupid={}: {error}", record.dupid))?;
        Ok(Duplication {
            dupid: record.dupid,
            cluster: record.cluster,
            remote_table: record.remote_table,
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
            remote_replica_count: self.remote_replica_count,
            create_ts_ms: self.create_ts_ms,
        }
    }

    /// That it exists, and what of it is otherwise than `request` asks.
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
