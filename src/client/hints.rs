//! Advice for whoever does not know what a request did. All of it names the same time limit, the one
//! after which the client itself takes a lost request to be gone.

use crate::transport::durations::UNDER_WAY;

/// After an add without a response.
pub(crate) fn after_a_lost_add() -> String {
    format!(
        "query the table until the duplication shows up, or for {} s; add it again only if it does not",
        UNDER_WAY.as_secs()
    )
}

/// After a change without a response, or whatever was sent by a call that was given up.
pub(crate) fn after_a_loss() -> String {
    format!(
        "query the table: what was sent may still take effect within {} s of the call's end",
        UNDER_WAY.as_secs()
    )
}

/// After an add of which it is not known whether it made what is listed.
pub(crate) const WHERE_IT_IS_LISTED: &str = "query the table, and compare what is listed with what \
    was asked for; do not add it again as long as it is listed";
