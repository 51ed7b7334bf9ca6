//! How the server decides about requests that add, list and change backup policies. The checks have the
//! order of a real server.
//!
//! Real servers do not protect these requests from each other, and neither does this server: an add
//! looks at the policies that are stored already, so two adds of one name may both be accepted while the
//! first is being stored. The store keeps the policy that arrives first. A change replaces the whole
//! policy by what it was when the change was decided about, with the properties that change.

use super::State;
use super::effect::{CallId, Effect};
use super::responses::failed_to_store;
use super::rule::updates;
use super::rules::PolicyRules;
use super::start_time::StartTime;
use super::table::TableStatus;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{
    AddBackupPolicy, AddBackupPolicyRequest, AddBackupPolicyResponse, BackupEntry,
    BackupPolicyEntry, ModifyBackupPolicy, ModifyBackupPolicyRequest, ModifyBackupPolicyResponse,
    QueryBackupPolicy, QueryBackupPolicyRequest, QueryBackupPolicyResponse,
};
use crate::server::reply::Reply;
use crate::server::store::{BackupRecord, PolicyRecord, RecordChange, StoreFailure};

/// The least interval between two backups must be greater than this, in seconds: the setting
/// `cold_backup_checkpoint_reserve_minutes` is 10.
const RESERVE_SECONDS: i64 = 600;
/// The least interval between two backups on servers that check it, in seconds.
const DAY_SECONDS: i64 = 86_400;
/// The time that a backup takes with the clock [`ClockMode::Real`](crate::server::ClockMode::Real), in
/// milliseconds.
const BACKUP_MS: i64 = 20_000;
/// The text that no name of a policy may contain.
const RESERVED: &str = "backup_info";

/// A change of a backup policy that is being stored, and what follows.
#[derive(Debug)]
pub(super) struct PendingPolicy {
    call: CallId,
    /// The policy after the change.
    after: PolicyRecord,
    /// Whether the policy is new.
    is_new: bool,
    /// The response if the change is stored.
    response: Reply,
    /// The response if the change is not stored.
    refusal: Reply,
}

/// The policies that a request or a page asks for.
struct Policies<'a> {
    found: Vec<&'a PolicyRecord>,
    /// The hint about names that are not known, or an empty text.
    hint: String,
}

updates! {
    AddBackupPolicy AddBackupPolicyRequest add_policy
    QueryBackupPolicy QueryBackupPolicyRequest query_policies
    ModifyBackupPolicy ModifyBackupPolicyRequest modify_policy
}

fn added(err: ErrorCode, hint: impl Into<String>) -> Reply {
    Reply::new(&AddBackupPolicyResponse { err, hint_message: Some(hint.into()) })
}

fn modified(err: ErrorCode, hint: impl Into<String>) -> Reply {
    Reply::new(&ModifyBackupPolicyResponse { err, hint_message: Some(hint.into()) })
}

impl PolicyRules {
    /// Returns the hint of the refusal if a policy cannot have this interval.
    fn interval_fault(&self, seconds: i64) -> Option<String> {
        if seconds <= RESERVE_SECONDS {
            let minutes = RESERVE_SECONDS / 60;
            return Some(format!("backup interval must be {}={minutes}", self.reserve_setting));
        }
        (self.has_limits && seconds < DAY_SECONDS)
            .then(|| format!("backup interval must be >= {DAY_SECONDS} (1 day)"))
    }

    /// Returns the hint of the refusal if a policy cannot have this name.
    fn name_fault(&self, name: &str, is_taken: bool) -> Option<String> {
        if !self.has_limits {
            return is_taken.then(|| format!("invalid policy_name: {name}"));
        }
        let fault = if name.contains(RESERVED) {
            "policy name is reserved"
        } else if !is_metric_name(name) {
            "policy name should match regex '[a-zA-Z_:][a-zA-Z0-9_:]*' when act as a metric name in \
             prometheus"
        } else if name.contains(':') {
            "policy name should match regex '[a-zA-Z_][a-zA-Z0-9_]*' when act as a metric label in \
             prometheus"
        } else if is_taken {
            "policy name is already exist"
        } else {
            return None;
        };
        Some(format!("invalid policy name: '{name}', {fault}"))
    }
}

/// Returns whether a name may be the name of a metric.
fn is_metric_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':');
    name.starts_with(is_letter)
        && !name.starts_with("__")
        && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

impl PolicyRecord {
    fn start_time(&self) -> StartTime {
        StartTime { hour: self.start_hour, minute: self.start_minute }
    }

    fn set_start_time(&mut self, StartTime { hour, minute }: StartTime) {
        (self.start_hour, self.start_minute) = (hour, minute);
    }

    /// Returns the policy as responses show it.
    fn entry(&self) -> BackupPolicyEntry {
        BackupPolicyEntry {
            policy_name: self.name.clone(),
            backup_provider_type: self.provider.clone(),
            backup_interval_seconds: self.interval_seconds.to_string(),
            app_ids: self.table_ids.clone(),
            backup_history_count_to_keep: self.keep,
            start_time: self.start_time().to_string(),
            is_disable: self.disabled,
        }
    }

    /// Returns the backups as responses show them, the latest first.
    fn backup_entries(&self, most: i32, now_ms: i64) -> Vec<BackupEntry> {
        let most = usize::try_from(most).unwrap_or(0);
        let entry = |backup: &BackupRecord| BackupEntry {
            backup_id: backup.start_ms,
            start_time_ms: backup.start_ms,
            end_time_ms: backup.end_ms.filter(|&end| end <= now_ms).unwrap_or(0),
            app_ids: backup.table_ids.clone(),
        };
        self.backups.iter().rev().take(most).map(entry).collect()
    }

    /// Returns whether a backup is running.
    fn is_backing_up(&self, now_ms: i64) -> bool {
        self.backups.last().is_some_and(|backup| backup.end_ms.is_none_or(|end| now_ms < end))
    }
}

impl State {
    fn add_policy(&mut self, call: CallId, request: AddBackupPolicyRequest) -> Option<Effect> {
        let rules = self.rules.policies;
        let AddBackupPolicyRequest {
            backup_provider_type: provider,
            policy_name: name,
            app_ids: table_ids,
            backup_interval_seconds: interval_seconds,
            backup_history_count_to_keep: keep,
            start_time,
        } = request;
        let unknown_table = || table_ids.iter().find(|id| self.tables.get(*id).is_none());
        let fault = rules
            .interval_fault(interval_seconds)
            .or_else(|| unknown_table().map(|id| format!("invalid app {id}")))
            .or_else(|| rules.name_fault(&name, self.policies.get(&name).is_some()))
            .or_else(|| {
                // A real server treats the name as a C string here, which a NUL ends.
                let service = provider.split('\0').next().unwrap_or_default();
                let is_known = self.block_services.iter().any(|known| known == service);
                (!is_known).then(|| format!("invalid backup_provider_type: {provider}"))
            });
        if let Some(hint) = fault {
            return Some(match self.rules.hint_ends_it(&hint) {
                true => Effect::Die(call),
                false => Effect::Respond(call, added(ErrorCode::InvalidParameters, hint)),
            });
        }
        // The name is a part of a path in the meta store.
        if !rules.has_limits && (name.is_empty() || name.contains('/')) {
            return Some(Effect::Die(call));
        }
        let mut record = PolicyRecord {
            name,
            provider,
            table_ids: table_ids.into_iter().collect(),
            interval_seconds,
            keep,
            start_hour: 0,
            start_minute: 0,
            disabled: false,
            backups: Vec::new(),
        };
        record.set_start_time(StartTime::of_add(&start_time));
        if record.start_time().permits(self.latest_ms) {
            record.backups.push(self.backup(&record));
        }
        Some(self.store_policy(PendingPolicy {
            call,
            after: record,
            is_new: true,
            response: added(ErrorCode::Ok, ""),
            refusal: added(failed_to_store(), ""),
        }))
    }

    /// Returns a backup that starts now. It never ends if there is nothing to back up, or nobody to do
    /// it.
    fn backup(&self, policy: &PolicyRecord) -> BackupRecord {
        let is_available = |id: &i32| {
            self.tables.get(id).is_some_and(|table| table.status == TableStatus::Available)
        };
        let (are_too_few, _) = self.alive_nodes();
        let ends = !are_too_few && policy.table_ids.iter().any(is_available);
        BackupRecord {
            start_ms: self.latest_ms,
            end_ms: ends.then(|| self.done_in(BACKUP_MS)),
            table_ids: policy.table_ids.clone(),
        }
    }

    fn query_policies(
        &mut self,
        call: CallId,
        request: QueryBackupPolicyRequest,
    ) -> Option<Effect> {
        let QueryBackupPolicyRequest { policy_names, backup_info_count } = request;
        let Policies { found, hint } = self.policies(&policy_names);
        if self.rules.hint_ends_it(&hint) {
            return Some(Effect::Die(call));
        }
        let backups =
            |policy: &&PolicyRecord| policy.backup_entries(backup_info_count, self.latest_ms);
        let response = QueryBackupPolicyResponse {
            err: match found.is_empty() && !hint.is_empty() {
                true => ErrorCode::InvalidParameters,
                false => ErrorCode::Ok,
            },
            policys: Some(found.iter().map(|policy| policy.entry()).collect()),
            backup_infos: Some(found.iter().map(backups).collect()),
            hint_msg: Some(hint).filter(|hint| !hint.is_empty()),
        };
        Some(Effect::Respond(call, Reply::new(&response)))
    }

    /// Returns the policies with these names, in this order. Without names, returns all policies.
    fn policies(&self, names: &[String]) -> Policies<'_> {
        if names.is_empty() {
            return Policies { found: self.policies.values().collect(), hint: String::new() };
        }
        let (mut found, mut hints) = (Vec::new(), Vec::new());
        for name in names {
            match self.policies.get(name) {
                Some(policy) => found.push(policy),
                None => hints.push(format!("invalid policy_name {name}")),
            }
        }
        Policies { found, hint: hints.join("\n\t") }
    }

    /// Returns the policies that the HTTP page shows: the policy with that name, or all policies. Returns
    /// `None` if a real server would end.
    pub(crate) fn policy_entries(&self, name: Option<&str>) -> Option<Vec<BackupPolicyEntry>> {
        let names: Vec<String> = name.into_iter().map(str::to_owned).collect();
        let Policies { found, hint } = self.policies(&names);
        (!self.rules.hint_ends_it(&hint))
            .then(|| found.iter().map(|policy| policy.entry()).collect())
    }

    /// Decides about a change. What is not valid in it is skipped in silence.
    fn modify_policy(
        &mut self,
        call: CallId,
        request: ModifyBackupPolicyRequest,
    ) -> Option<Effect> {
        let rules = self.rules.policies;
        let Some(policy) = self.policies.get(&request.policy_name) else {
            return Some(Effect::Respond(call, modified(ErrorCode::InvalidParameters, "")));
        };
        let (mut after, mut changes) = (policy.clone(), false);
        let (mut err, mut hint) = (ErrorCode::Ok, "");
        let force = rules.can_force && request.force_disable == Some(true);
        match (request.is_disable, policy.disabled) {
            (Some(true), _) if policy.is_backing_up(self.latest_ms) && !force => {
                err = ErrorCode::Busy;
            }
            (Some(false), false) => hint = "policy is already enabled",
            (Some(disable), _) => {
                changes = true;
                after.disabled = disable;
            }
            (None, _) => {}
        }
        for id in request.add_appids.iter().flatten() {
            if self.tables.get(id).is_some() {
                changes = true;
                after.table_ids.insert(*id);
            }
        }
        for id in request.removal_appids.iter().flatten().filter(|id| **id > 0) {
            changes = true;
            after.table_ids.remove(id);
        }
        let is_interval = |seconds: &i64| match rules.has_limits {
            true => rules.interval_fault(*seconds).is_none(),
            false => *seconds > 0,
        };
        if let Some(seconds) = request.new_backup_interval_sec.filter(is_interval) {
            changes = true;
            after.interval_seconds = seconds;
        }
        if let Some(keep) = request.backup_history_count_to_keep.filter(|&keep| keep > 0) {
            changes = true;
            after.keep = keep;
        }
        if let Some(time) = request.start_time.as_deref().and_then(StartTime::of_change) {
            changes = true;
            after.set_start_time(time);
        }
        let response = modified(err, hint);
        if !changes {
            return Some(Effect::Respond(call, response));
        }
        let refusal = modified(failed_to_store(), "");
        Some(self.store_policy(PendingPolicy { call, after, is_new: false, response, refusal }))
    }

    /// Returns the effect that stores a change of a policy, and remembers what follows.
    fn store_policy(&mut self, pending: PendingPolicy) -> Effect {
        let ticket = self.ticket();
        let (call, record) = (pending.call, pending.after.clone());
        let change = match pending.is_new {
            true => RecordChange::AddPolicy { record },
            false => RecordChange::PutPolicy { record },
        };
        self.pending_policies.insert(ticket, pending);
        Effect::Store(call, ticket, change)
    }

    /// Takes the result of a change of a policy from the store.
    pub(super) fn settle_policy(
        &mut self,
        pending: PendingPolicy,
        result: Result<(), StoreFailure>,
    ) -> Effect {
        let PendingPolicy { call, after, is_new, response, refusal } = pending;
        match result {
            Ok(()) => {
                let shown = self.policies.get(&after.name);
                // Of two adds of one name, the one that is stored first counts.
                if !is_new || shown.is_none() {
                    self.policies.insert(after.name.clone(), after);
                }
                Effect::Respond(call, response)
            }
            Err(StoreFailure::NotStored(_)) => Effect::Respond(call, refusal),
            Err(StoreFailure::Uncertain(_)) => Effect::HangUp(call),
        }
    }
}
