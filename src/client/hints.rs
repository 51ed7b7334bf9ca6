//! Advice for users who do not know what a request did. The advice names the time after which the client
//! itself assumes that a lost request has no effect any more.

use crate::transport::durations::UNDER_WAY;

/// Returns the advice after an add without a response.
pub(crate) fn after_a_lost_add() -> String {
    format!(
        "query the table until the duplication appears, but for at most {} s; add it again only if it does not appear",
        UNDER_WAY.as_secs()
    )
}

/// Returns the advice after a change without a response, or after a call that was cancelled.
pub(crate) fn after_a_loss() -> String {
    format!(
        "read the current state again later: the request may still take effect until {} s after the end of the call",
        UNDER_WAY.as_secs()
    )
}

/// The advice after an add of a backup policy whose effect is not known.
pub(crate) const AFTER_A_LOST_POLICY: &str = "send the same add again later, which adds nothing if the policy exists \
    by then; the server may store the policy much later, because it repeats a write that failed; no server removes a \
    policy, a policy can only be disabled";

/// The advice if the server refused a backup policy without a reason, as servers of 2.1 and older do.
pub(crate) const REFUSED_POLICY: &str = "check whether the configuration of the meta servers has a section \
    `block_service.NAME` for the provider";

/// Returns the advice after a create of a table without a response.
pub(crate) fn after_a_lost_create() -> String {
    format!(
        "list the tables until the table appears, but for at most {} s; a repeated create makes no second table, and reports a table of this call as one that exists",
        UNDER_WAY.as_secs()
    )
}

/// The advice after a create that may have created a listed table.
pub(crate) const WHERE_TABLES_ARE_LISTED: &str = "list the tables, dropped tables included, and compare \
    the listed tables with the request";

/// Returns the advice after a drop without a response.
pub(crate) fn after_a_lost_drop() -> String {
    format!(
        "list the tables, dropped tables included; the drop may still take effect until {} s after the end of the call, and would then drop the table that has the name at that time",
        UNDER_WAY.as_secs()
    )
}

/// The advice after a recall without a response.
pub(crate) const AFTER_A_LOST_RECALL: &str = "list the tables, dropped tables included; the recall can be \
    repeated, because a recall of an available table changes nothing";

/// The advice after an add that may have created the listed duplication.
pub(crate) const WHERE_IT_IS_LISTED: &str = "query the table, and compare the listed duplication \
    with the request; do not add the duplication again while it is listed";
