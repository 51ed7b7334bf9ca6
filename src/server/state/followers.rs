//! How the server decides about a create of a follower table that exists. Another cluster sends such
//! creates while it duplicates a table with a checkpoint.

use super::State;
use super::effect::{CallId, Effect};
use super::responses::failed_to_store;
use super::tables::{app_exist, created};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::CreateAppRequest;

/// The env with the name of the cluster that a follower table gets its data from.
pub(super) const MASTER_CLUSTER: &str = "duplication.master_cluster";
/// The env that says how far the create of a follower table is.
const STATUS: &str = "duplication.follower_app_status";
const CREATING: &str = "creating";
const CREATED: &str = "created";

impl State {
    /// Decides about a create with the env [`MASTER_CLUSTER`] whose table is available.
    pub(super) fn create_follower(
        &mut self,
        call: CallId,
        request: CreateAppRequest,
    ) -> Option<Effect> {
        let respond = |err, id| Some(Effect::Respond(call, created(err, id)));
        let table = self.named(&request.app_name)?;
        let (id, ours, theirs) = (table.record.id, &table.record.envs, &request.options.envs);
        if ours.get(MASTER_CLUSTER) != theirs.get(MASTER_CLUSTER) {
            return respond(app_exist(), 0);
        }
        let Some(asked) = theirs.get(STATUS) else { return respond(app_exist(), 0) };
        let Some(status) = ours.get(STATUS) else { return respond(ErrorCode::InvalidState, 0) };
        match (status.as_str(), asked.as_str()) {
            (CREATING, CREATING) | (CREATED, CREATED) => respond(ErrorCode::Ok, id),
            (CREATED, CREATING) => respond(app_exist(), 0),
            (CREATING, CREATED) if table.altering.is_some() => {
                self.wait_for_table(call, id, Box::new(request), |err| created(err, 0))
            }
            (CREATING, CREATED) => {
                let mut after = table.record.clone();
                after.envs.insert(STATUS.to_owned(), CREATED.to_owned());
                let (response, refusal) =
                    (created(ErrorCode::Ok, id), created(failed_to_store(), 0));
                Some(self.store_settings(call, after, response, refusal))
            }
            _ => respond(ErrorCode::InvalidParameters, 0),
        }
    }
}
