//! Responses to adds, which differ by generation.

use super::rules::Rules;
use super::table::{DuplicationState, Table};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{AddResponse, ResponseStruct};

impl Rules {
    /// Returns a response that describes a duplication.
    pub(super) fn full_response(
        &self,
        err: ErrorCode,
        table_id: i32,
        duplication: &DuplicationState,
    ) -> AddResponse {
        AddResponse {
            err,
            appid: Some(table_id),
            dupid: Some(duplication.dupid),
            hint: None,
            remote_app_name: self.remote_names.then(|| duplication.remote_table.clone()),
            remote_replica_count: self.remote_names.then_some(duplication.remote_replica_count),
        }
    }
}

/// Returns a response that describes no duplication. With ERR_OK it is the thin response.
pub(super) fn add_refused(err: ErrorCode, hint: Option<String>) -> AddResponse {
    AddResponse { hint, ..AddResponse::refused(err) }
}

/// Returns the error code of an update whose change could not be stored.
pub(super) fn failed_to_store() -> ErrorCode {
    ErrorCode::from_name("ERR_FILE_OPERATION_FAILED")
}

pub(super) fn start_failed(table: &Table, dupid: i32, err: &ErrorCode) -> String {
    format!("start dup[{}({dupid})] failed: err = {err}", table.record.name)
}
