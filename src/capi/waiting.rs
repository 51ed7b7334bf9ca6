//! The threads on which a call may wait.

use tokio::runtime::Handle;

use super::log;
use super::numbers::{PEGASUS_DUP_WRONG_THREAD, Refusal};

/// Refuses to wait on a thread that the connections of a client run on, because that thread would wait
/// for itself, and in a log callback, which may run on such a thread.
pub(crate) fn may_wait() -> Result<(), Refusal> {
    if log::in_callback() || Handle::try_current().is_ok() {
        return Err(Refusal(PEGASUS_DUP_WRONG_THREAD));
    }
    Ok(())
}
