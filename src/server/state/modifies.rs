//! How a change of a duplication is decided.

use super::answers::modify_answer;
use super::effect::{CallId, Effect, Update, UpdateAnswer};
use super::rule::UpdateRule;
use super::{Pending, State};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::RequestFrame;
use crate::protocol::generation::{FailMode, Status};
use crate::protocol::messages::{ModifyDuplication, ModifyRequest};
use crate::protocol::thrift::DecodeError;

impl UpdateRule for ModifyDuplication {
    fn update(frame: &RequestFrame<'_>) -> Result<Update, DecodeError> {
        frame.request().map(Update::Modify)
    }
}

impl State {
    pub(super) fn modify(&mut self, call: CallId, request: &ModifyRequest) -> Option<Effect> {
        let answer = |err, appid| {
            Some(Effect::Answer(call, UpdateAnswer::Modify(modify_answer(err, appid))))
        };
        // A real server looks at the numbers before it looks for the table.
        let status = request.status.map(|number| self.rules.generation.status(number));
        let fail_mode = request.fail_mode.map(FailMode::from_number);
        if matches!(status, Some(Status::Unknown(_)))
            || matches!(fail_mode, Some(FailMode::Unknown(_)))
        {
            return Some(Effect::Die(call));
        }
        let (clock, now) = (self.clock, self.latest_ms);
        let Some(table) = self.table(&request.app_name) else {
            return answer(ErrorCode::AppNotExist, 0);
        };
        let Some(duplication) = table.duplication(request.dupid) else {
            return answer(ErrorCode::ObjectNotFound, 0);
        };
        if duplication.altering.is_some() {
            return answer(ErrorCode::Busy, 0);
        }
        let life = duplication.life.at(clock, now);
        let to_status = status.unwrap_or(life.status);
        let to_fail_mode = fail_mode.unwrap_or(duplication.fail_mode);
        if !self.rules.may_go(life.status, to_status) {
            return answer(ErrorCode::InvalidParameters, 0);
        }
        if to_status == life.status && to_fail_mode == duplication.fail_mode {
            return answer(ErrorCode::Ok, 0);
        }
        let next = if to_status == life.status {
            life
        } else {
            life.moved_to(to_status, clock, duplication.create_ts_ms, now)
        };
        let (table_id, dupid) = (table.id, duplication.dupid);
        let answer = UpdateAnswer::Modify(modify_answer(ErrorCode::Ok, table_id));
        let then = Some((next, to_fail_mode));
        Some(self.store(Pending { call, table_id, dupid, answer, then, new: false }))
    }
}
