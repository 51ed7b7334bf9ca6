//! How the server decides about changes of a table's settings: its envs, its replica count, and whether
//! it is atomic idempotent.

use super::State;
use super::effect::{CallId, Effect};
use super::envs::{self, NoSuchEnv};
use super::responses::failed_to_store;
use super::table::TableStatus;
use super::tables::{MAX_REPLICAS, PendingTable};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{
    AtomicIdempotentRequest, AtomicIdempotentResponse, MaxReplicaCountRequest,
    MaxReplicaCountResponse, SetAtomicIdempotentRequest, SetAtomicIdempotentResponse,
    SetMaxReplicaCountRequest, SetMaxReplicaCountResponse, UpdateAppEnvRequest,
    UpdateAppEnvResponse, env_op,
};
use crate::server::reply::Reply;
use crate::server::store::TableRecord;

/// The hint of a refusal because too few replica servers are alive.
const FREEZED: &str = "current meta function level is freezed, since there are too few alive nodes";

fn state_freezed() -> ErrorCode {
    ErrorCode::from_name("ERR_STATE_FREEZED")
}

fn env_updated(err: ErrorCode, hint: impl Into<String>) -> Reply {
    Reply::new(&UpdateAppEnvResponse { err, hint_message: Some(hint.into()) })
}

fn replicas_set(err: ErrorCode, old: i32, hint: impl Into<String>) -> Reply {
    let (old_max_replica_count, hint_message) = (Some(old), Some(hint.into()));
    Reply::new(&SetMaxReplicaCountResponse { err, old_max_replica_count, hint_message })
}

fn idempotence_set(err: ErrorCode, old: bool, hint: impl Into<String>) -> Reply {
    let (old_atomic_idempotent, hint_message) = (Some(old), Some(hint.into()));
    Reply::new(&SetAtomicIdempotentResponse { err, old_atomic_idempotent, hint_message })
}

fn missing(name: &str) -> String {
    format!("app({name}) does not exist")
}

impl State {
    pub(super) fn update_envs(
        &mut self,
        call: CallId,
        request: UpdateAppEnvRequest,
    ) -> Option<Effect> {
        let refuse = |err, hint: &str| Some(Effect::Respond(call, env_updated(err, hint)));
        let wrong = ErrorCode::InvalidParameters;
        let keys = request.keys.clone().unwrap_or_default();
        let values = request.values.clone().unwrap_or_default();
        match request.op {
            env_op::SET if keys.is_empty() || keys.len() != values.len() => {
                return refuse(wrong, "");
            }
            env_op::SET => {
                for (key, value) in keys.iter().zip(&values) {
                    let hint = match envs::fault(key, value) {
                        Ok(hint) => hint,
                        Err(NoSuchEnv) if self.rules.table_patterns => {
                            Some(format!("app_env '{key}' is not supported"))
                        }
                        Err(NoSuchEnv) => Some(format!("app_env \"{key}\" is not supported")),
                    };
                    if let Some(hint) = hint {
                        return refuse(wrong, &hint);
                    }
                }
            }
            env_op::DELETE if keys.is_empty() => return refuse(wrong, ""),
            env_op::CLEAR if request.clear_prefix.is_none() => return refuse(wrong, ""),
            env_op::DELETE | env_op::CLEAR => {}
            _ => {
                return refuse(
                    wrong,
                    "recv a invalid update_app_env request with op = APP_ENV_OP_INVALID",
                );
            }
        }
        let Some(table) = self.named(&request.app_name) else {
            return match self.rules.table_patterns {
                true => refuse(ErrorCode::AppNotExist, "app cannot be found"),
                false => refuse(wrong, "invalid app name"),
            };
        };
        match table.status {
            TableStatus::Dropping if self.rules.table_patterns => {
                return refuse(ErrorCode::from_name("ERR_BUSY_DROPPING"), "app is being dropped");
            }
            TableStatus::Available | TableStatus::Dropped => {}
            // The status is stored along, and a server that finds such a status ends.
            TableStatus::Creating | TableStatus::Dropping | TableStatus::Recalling => {
                return Some(Effect::Die(call));
            }
        }
        if table.altering.is_some() {
            return self.wait_for_table(call, table.record.id, Box::new(request), |err| {
                env_updated(err, "")
            });
        }
        let mut after = table.record.clone();
        let deleted: Vec<String> = match request.op {
            env_op::SET => {
                after.envs.extend(keys.into_iter().zip(values));
                return Some(self.store_settings(
                    call,
                    after,
                    env_updated(ErrorCode::Ok, ""),
                    env_updated(failed_to_store(), ""),
                ));
            }
            env_op::DELETE => {
                keys.into_iter().filter(|key| after.envs.remove(key).is_some()).collect()
            }
            _ => {
                let prefix = request.clear_prefix.unwrap_or_default();
                let within = |key: &str| {
                    let rest = key.strip_prefix(&prefix);
                    prefix.is_empty() || rest.is_some_and(|rest| rest.starts_with('.'))
                };
                let keys: Vec<String> =
                    after.envs.keys().filter(|key| within(key)).cloned().collect();
                after.envs.retain(|key, _| !within(key));
                keys
            }
        };
        if deleted.is_empty() {
            return refuse(
                ErrorCode::Ok,
                match self.rules.table_patterns {
                    true => "no key needs to be deleted",
                    false => "no key need to delete",
                },
            );
        }
        let hint = format!("deleted keys:\n    {}", deleted.join("\n    "));
        Some(self.store_settings(
            call,
            after,
            env_updated(ErrorCode::Ok, hint),
            env_updated(failed_to_store(), ""),
        ))
    }

    /// Returns the replica count of a table, whatever the status of the table is.
    pub(super) fn max_replica_count(
        &mut self,
        call: CallId,
        request: MaxReplicaCountRequest,
    ) -> Option<Effect> {
        let response = match self.named(&request.app_name) {
            Some(table) => MaxReplicaCountResponse {
                err: ErrorCode::Ok,
                max_replica_count: Some(table.record.replicas),
                hint_message: Some(String::new()),
            },
            None => MaxReplicaCountResponse {
                err: ErrorCode::AppNotExist,
                max_replica_count: Some(0),
                hint_message: Some(missing(&request.app_name)),
            },
        };
        Some(Effect::Respond(call, Reply::new(&response)))
    }

    pub(super) fn set_max_replica_count(
        &mut self,
        call: CallId,
        request: SetMaxReplicaCountRequest,
    ) -> Option<Effect> {
        let asked = request.max_replica_count;
        let refuse =
            |err, old, hint: String| Some(Effect::Respond(call, replicas_set(err, old, hint)));
        let Some(table) = self.named(&request.app_name) else {
            return refuse(ErrorCode::AppNotExist, 0, missing(&request.app_name));
        };
        let old = table.record.replicas;
        if table.status != TableStatus::Available {
            let err = match self.rules.remote_names {
                true => ErrorCode::InvalidState,
                false => ErrorCode::InvalidParameters,
            };
            return refuse(err, old, String::new());
        }
        let (too_few, alive) = self.alive_nodes();
        if too_few {
            return refuse(state_freezed(), old, FREEZED.to_owned());
        }
        let wrong = ErrorCode::InvalidParameters;
        if !(1..=MAX_REPLICAS).contains(&asked) {
            let hint = format!(
                "requested replica count({asked}) must be within the range of [min=1, \
                 max={MAX_REPLICAS}]"
            );
            return refuse(wrong, old, hint);
        }
        if asked > alive {
            let hint = format!(
                "there are not enough alive replica servers({alive}) for the requested replica \
                 count({asked})"
            );
            return refuse(wrong, old, hint);
        }
        if asked == old {
            let hint = "no need to update max_replica_count since it's not changed";
            return refuse(ErrorCode::Ok, old, hint.to_owned());
        }
        if self.new_replicas(table).is_some() {
            let hint = format!(
                "max_replica_count of app({}) is being updated, thus this request would be rejected",
                table.record.name
            );
            return refuse(ErrorCode::from_name("ERR_OPERATION_DISABLED"), old, hint);
        }
        if table.altering.is_some() {
            return self.wait_for_table(call, table.record.id, Box::new(request), |err| {
                replicas_set(err, 0, "")
            });
        }
        let mut after = table.record.clone();
        // This is the ballot without the replicas that each partition will have: besides the change of
        // the count, each replica that comes or goes is a change.
        let (ballot, placed) = self.replicas.lock().most(after.id);
        let placed = i64::try_from(placed).unwrap_or(i64::MAX);
        let will_be = i64::from(asked.min(alive));
        after.ballot = ballot + 1 + (will_be - placed).abs() - will_be;
        after.replicas = asked;
        after.replicas_changed = true;
        Some(self.store_settings(
            call,
            after,
            replicas_set(ErrorCode::Ok, old, ""),
            replicas_set(failed_to_store(), old, ""),
        ))
    }

    pub(super) fn atomic_idempotent(
        &mut self,
        call: CallId,
        request: AtomicIdempotentRequest,
    ) -> Option<Effect> {
        let (err, value, hint) = match self.named(&request.app_name) {
            Some(table) => (ErrorCode::Ok, table.record.atomic_idempotent, String::new()),
            None => (ErrorCode::AppNotExist, false, missing(&request.app_name)),
        };
        let response = AtomicIdempotentResponse {
            err,
            atomic_idempotent: Some(value),
            hint_message: Some(hint),
        };
        Some(Effect::Respond(call, Reply::new(&response)))
    }

    pub(super) fn set_atomic_idempotent(
        &mut self,
        call: CallId,
        request: SetAtomicIdempotentRequest,
    ) -> Option<Effect> {
        let refuse =
            |err, old, hint: String| Some(Effect::Respond(call, idempotence_set(err, old, hint)));
        let Some(table) = self.named(&request.app_name) else {
            return refuse(ErrorCode::AppNotExist, false, missing(&request.app_name));
        };
        let old = table.record.atomic_idempotent;
        if table.status != TableStatus::Available {
            return refuse(ErrorCode::InvalidState, old, String::new());
        }
        if self.alive_nodes().0 {
            return refuse(state_freezed(), old, FREEZED.to_owned());
        }
        if table.altering.is_some() {
            return self.wait_for_table(call, table.record.id, Box::new(request), |err| {
                idempotence_set(err, false, "")
            });
        }
        if request.atomic_idempotent == old {
            let hint = "no need to update atomic_idempotent since it's unchanged";
            return refuse(ErrorCode::Ok, old, hint.to_owned());
        }
        let mut after = table.record.clone();
        after.atomic_idempotent = request.atomic_idempotent;
        Some(self.store_settings(
            call,
            after,
            idempotence_set(ErrorCode::Ok, old, ""),
            idempotence_set(failed_to_store(), old, ""),
        ))
    }

    /// Stores a change of the settings of an available table.
    pub(super) fn store_settings(
        &mut self,
        call: CallId,
        after: TableRecord,
        response: Reply,
        refusal: Reply,
    ) -> Effect {
        self.store_table(PendingTable::settings(call, after, response, refusal))
    }
}
