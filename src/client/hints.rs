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

/// The advice after an add that may have created the listed duplication.
pub(crate) const WHERE_IT_IS_LISTED: &str = "query the table, and compare the listed duplication \
    with the request; do not add the duplication again while it is listed";
