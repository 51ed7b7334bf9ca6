//! How the server decides about a change of a duplication.

use super::effect::{CallId, Effect};
use super::responses::failed_to_store;
use super::rule::{Update, UpdateRule};
use super::{Pending, State};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::RequestFrame;
use crate::protocol::generation::{FailMode, Status};
use crate::protocol::messages::{ModifyDuplication, ModifyRequest, ModifyResponse};
use crate::protocol::thrift::DecodeError;
use crate::server::reply::Reply;

impl UpdateRule for ModifyDuplication {
    fn update(frame: &RequestFrame<'_>) -> Result<Box<dyn Update>, DecodeError> {
        let request: ModifyRequest = frame.request()?;
        Ok(Box::new(request))
    }
}

impl Update for ModifyRequest {
    fn decide(self: Box<Self>, state: &mut State, call: CallId, _: i64) -> Option<Effect> {
        Some(state.modify(call, &self))
    }
}

/// Returns the response to a change of a duplication that could not be stored.
fn not_stored(_reason: String) -> Reply {
    response(failed_to_store(), 0)
}

/// Returns the response to a change of a duplication.
fn response(err: ErrorCode, appid: i32) -> Reply {
    Reply::new(&ModifyResponse { err, appid: Some(appid) })
}

impl State {
    fn modify(&mut self, call: CallId, request: &ModifyRequest) -> Effect {
        let respond = |err, appid| Effect::Respond(call, response(err, appid));
        // A real server checks the numbers before it looks for the table.
        let status = request.status.map(|number| self.rules.generation.status(number));
        let fail_mode = request.fail_mode.map(FailMode::from_number);
        if matches!(status, Some(Status::Unknown(_)))
            || matches!(fail_mode, Some(FailMode::Unknown(_)))
        {
            return Effect::Die(call);
        }
        let (clock, now) = (self.clock, self.latest_ms);
        let Some(table) = self.table(&request.app_name) else {
            return respond(ErrorCode::AppNotExist, 0);
        };
        let Some(duplication) = table.duplication(request.dupid) else {
            return respond(ErrorCode::ObjectNotFound, 0);
        };
        if duplication.altering.is_some() {
            return respond(ErrorCode::Busy, 0);
        }
        let life = duplication.life.at(clock, now);
        let to_status = status.unwrap_or(life.status);
        let to_fail_mode = fail_mode.unwrap_or(duplication.fail_mode);
        if !self.rules.may_go(life.status, to_status) {
            return respond(ErrorCode::InvalidParameters, 0);
        }
        if to_status == life.status && to_fail_mode == duplication.fail_mode {
            return respond(ErrorCode::Ok, 0);
        }
        let next = if to_status == life.status {
            life
        } else {
            life.moved_to(to_status, clock, duplication.create_ts_ms, now)
        };
        let (table_id, dupid) = (table.record.id, duplication.dupid);
        let response = response(ErrorCode::Ok, table_id);
        let then = Some((next, to_fail_mode));
        let refusal = not_stored;
        let pending =
            Pending { call, table_id, dupid, response, refusal, then, kept: true, new: false };
        self.store(pending)
    }
}
