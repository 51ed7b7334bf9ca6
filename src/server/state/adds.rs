//! How the server decides about an add: the checks, the new duplication, and an add whose
//! duplication exists.

use super::add_request::Add;
use super::effect::{CallId, Effect, LOST, Ticket};
use super::life::Life;
use super::responses::{add_refused, failed_to_store, start_failed};
use super::rule::{Update, UpdateRule};
use super::rules::{Altering, Field3, Refused, Repeated};
use super::table::DuplicationState;
use super::{Pending, State};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::RequestFrame;
use crate::protocol::generation::{FailMode, Status};
use crate::protocol::messages::{AddDuplication, AddRequest};
use crate::protocol::thrift::DecodeError;
use crate::server::reply::Reply;

impl UpdateRule for AddDuplication {
    fn update(frame: &RequestFrame<'_>) -> Result<Box<dyn Update>, DecodeError> {
        Ok(Box::new(Add::read(frame)?))
    }
}

impl Update for Add {
    fn decide(self: Box<Self>, state: &mut State, call: CallId, now_ms: i64) -> Option<Effect> {
        state.add(call, *self, now_ms)
    }
}

/// Returns the response to an add whose change could not be stored.
fn not_stored(reason: String) -> Reply {
    let hint = format!("the duplication could not be stored: {reason}");
    Reply::new(&add_refused(failed_to_store(), Some(hint)))
}

impl State {
    /// Decides about an add, with the checks in the order of a real server. Returns `None` if the
    /// add waits until another change is stored.
    pub(super) fn add(&mut self, call: CallId, add: Add, now_ms: i64) -> Option<Effect> {
        let rules = self.rules;
        let Add { request, .. } = &add;
        if let Some(hint) = self.misplaced(&request.remote_cluster_name) {
            return Some(self.refuse(call, ErrorCode::InvalidParameters, Some(hint)));
        }
        let asked_count = request.remote_replica_count.filter(|_| rules.remote_names).unwrap_or(0);
        if asked_count < 0 {
            let hint = format!(
                "invalid remote_replica_count({asked_count}) which should never be negative"
            );
            return Some(self.refuse(call, ErrorCode::InvalidParameters, Some(hint)));
        }
        let Some(table) = self.table(&request.app_name) else {
            let hint = format!("app {} was not found", request.app_name);
            let hint = rules.missing_table_hint.then_some(hint);
            return Some(self.refuse(call, ErrorCode::AppNotExist, hint));
        };
        let (table_id, replicas) = (table.record.id, table.record.replicas);
        if let Some(dupid) = self.index.to_cluster(table_id, &request.remote_cluster_name) {
            return match self.duplication(table_id, dupid).altering {
                Some(ticket) => self.add_meets_altering(call, add, table_id, dupid, ticket),
                None => Some(self.repeat(call, request, table_id, dupid)),
            };
        }
        let (remote_table, remote_table_is_utf8) = match &request.remote_app_name {
            Some(name) if rules.remote_names => (name.clone(), add.remote_table_is_utf8),
            Some(_) | None => (request.app_name.clone(), true),
        };
        if rules.remote_names
            && let Some((other, altering)) =
                self.taken(table_id, &request.remote_cluster_name, &remote_table)
        {
            return match (altering, rules.altering) {
                (Some(ticket), Altering::Waits) if ticket != LOST => {
                    self.waiting.entry(ticket).or_default().push((call, Box::new(add)));
                    None
                }
                _ => {
                    let hint = format!(
                        "illegal operation: another app({other}) is also duplicated to the same \
                         remote app(cluster={}, app={remote_table})",
                        request.remote_cluster_name
                    );
                    Some(self.refuse(call, ErrorCode::InvalidParameters, Some(hint)))
                }
            };
        }
        let Some(dupid) = table.free_dupid(now_ms, rules.reuses_dupids) else {
            let hint = "no dupid is left for this table".to_owned();
            return Some(self.refuse(call, ErrorCode::InvalidState, Some(hint)));
        };
        let duplication = DuplicationState {
            dupid,
            cluster: request.remote_cluster_name.clone(),
            remote_table,
            remote_table_is_utf8,
            remote_replica_count: if asked_count == 0 { replicas } else { asked_count },
            create_ts_ms: now_ms,
            life: Life::begin(Status::Init, now_ms),
            fail_mode: FailMode::Slow,
            fail_mode_last_set: FailMode::Slow,
            altering: None,
        };
        let response = Reply::new(&rules.full_response(ErrorCode::Ok, table_id, &duplication));
        self.index.insert(table_id, &duplication);
        self.tables.get_mut(&table_id).expect("found above").insert(duplication);
        let target = rules.add_target(request.is_duplicating_checkpoint);
        let then = Some((Life::begin(target, self.latest_ms), FailMode::Slow));
        Some(self.store(Pending {
            call,
            table_id,
            dupid,
            response,
            refusal: not_stored,
            then,
            kept: true,
            new: true,
        }))
    }

    /// Returns the hint of the refusal if the server does not accept the remote cluster.
    fn misplaced(&self, cluster: &str) -> Option<String> {
        if cluster == self.cluster_name {
            return Some("illegal operation: adding duplication to itself".to_owned());
        }
        if cluster.is_empty() {
            return Some(
                "get_duplication_cluster_id() failed, error: ERR_INVALID_PARAMETERS: \
                 cluster_name is empty"
                    .to_owned(),
            );
        }
        match self.remote_clusters.get(cluster) {
            None => Some(format!(
                "get_duplication_cluster_id({cluster}) failed, error: ERR_OBJECT_NOT_FOUND: \
                 failed to get cluster id for  << {}",
                // A real server treats the name as a C string here, which a NUL ends.
                cluster.split('\0').next().unwrap_or_default()
            )),
            Some(metas) if metas.is_empty() => {
                let named = match self.rules.hint_names_cluster {
                    true => format!("[{cluster}]"),
                    false => String::new(),
                };
                Some(format!("failed to find cluster{named} address in config [pegasus.clusters]"))
            }
            Some(_) => None,
        }
    }

    /// Returns another table that has a duplication to that remote table, and the ticket of the
    /// duplication's change that is being stored, if there is one.
    fn taken(
        &self,
        table_id: i32,
        cluster: &str,
        remote_table: &str,
    ) -> Option<(&str, Option<Ticket>)> {
        // A real server looks at the tables in the order of their names.
        let others = self.index.others_to(table_id, cluster, remote_table);
        let named =
            others.map(|(other, dupid)| (self.tables[&other].record.name.as_str(), other, dupid));
        let (name, other, dupid) = named.min()?;
        Some((name, self.duplication(other, dupid).altering))
    }

    fn add_meets_altering(
        &mut self,
        call: CallId,
        add: Add,
        table_id: i32,
        dupid: i32,
        ticket: Ticket,
    ) -> Option<Effect> {
        match self.rules.altering {
            Altering::Dies => Some(Effect::Die(call)),
            Altering::Thin => Some(self.refuse(call, ErrorCode::Ok, None)),
            Altering::Waits if ticket == LOST => {
                let hint = format!(
                    "whether the last change of duplication {dupid} was stored is not known before \
                     the server is started again"
                );
                Some(self.refuse(call, ErrorCode::Busy, Some(hint)))
            }
            Altering::Busy => {
                let hint = start_failed(&self.tables[&table_id], dupid, &ErrorCode::Busy);
                Some(self.refuse(call, ErrorCode::Busy, Some(hint)))
            }
            Altering::Waits => {
                self.waiting.entry(ticket).or_default().push((call, Box::new(add)));
                None
            }
        }
    }

    /// Decides about an add whose duplication exists. Changes that the add makes are in memory
    /// only: after a restart the stored status and fail mode are back.
    fn repeat(&mut self, call: CallId, request: &AddRequest, table_id: i32, dupid: i32) -> Effect {
        let (rules, clock, now) = (self.rules, self.clock, self.latest_ms);
        let table = &self.tables[&table_id];
        let duplication = self.duplication(table_id, dupid);
        let err = match rules.repeated {
            Repeated::Untouched => {
                let mut response = rules.full_response(ErrorCode::DupExist, table_id, duplication);
                response.hint = Some(duplication.exists_hint(request));
                return Effect::Respond(call, Reply::new(&response));
            }
            Repeated::Ok => ErrorCode::Ok,
            Repeated::DupExist => ErrorCode::DupExist,
        };
        let life = duplication.life.at(clock, now);
        let target = rules.add_target(request.is_duplicating_checkpoint);
        if !rules.may_go(life.status, target) {
            return match rules.refused {
                Refused::Thin => self.refuse(call, ErrorCode::Ok, None),
                Refused::InvalidParameters => {
                    let hint = start_failed(table, dupid, &ErrorCode::InvalidParameters);
                    self.refuse(call, ErrorCode::InvalidParameters, Some(hint))
                }
            };
        }
        let fail_mode = rules.fail_mode_after_repeat(duplication.fail_mode_last_set, target);
        let moves = life.status != target || fail_mode != duplication.fail_mode;
        let then = (moves || rules.field_3 == Field3::Freezed).then(|| {
            let next = if life.status == target {
                life
            } else {
                life.moved_to(target, clock, duplication.create_ts_ms, now)
            };
            (next, fail_mode)
        });
        let response = Reply::new(&rules.full_response(err, table_id, duplication));
        let refusal = not_stored;
        let pending =
            Pending { call, table_id, dupid, response, refusal, then, kept: false, new: false };
        self.store(pending)
    }

    /// Returns the refusal of an add. With ERR_OK and without a hint it is the thin response.
    fn refuse(&self, call: CallId, err: ErrorCode, hint: Option<String>) -> Effect {
        match hint {
            Some(hint) if self.rules.hint_ends_it(&hint) => Effect::Die(call),
            hint => Effect::Respond(call, Reply::new(&add_refused(err, hint))),
        }
    }
}

#[cfg(test)]
mod tests;
