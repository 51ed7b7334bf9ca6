//! The handle of a client. Its operations are declared in the parent module.

use std::sync::Arc;
use std::time::Duration;

use super::core::{Call, Core};
use super::spec::Mode;
use crate::transport::seams::Deadline;

/// A client of the meta servers of one cluster. Clones are cheap and share their connections. The calls
/// need a tokio runtime with time and I/O enabled. Programs without a runtime can use
/// [`BlockingClient`](super::blocking::BlockingClient).
///
/// Every call ends within the timeout of the client. Dropping the future of a call cancels the call: a
/// request that was not sent by then is never sent, and an unsettled request stays in
/// [`Client::unsettled`].
#[derive(Debug, Clone)]
pub struct Client {
    core: Arc<Core>,
    timeout: Duration,
    mode: Mode,
}

impl Client {
    pub(crate) fn new(core: Core, timeout: Duration, mode: Mode) -> Client {
        Client { core: Arc::new(core), timeout, mode }
    }

    /// Returns a client with another timeout for each call. Both clients share their connections.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Client {
        Client { timeout, ..self.clone() }
    }

    /// Returns a client with another mode for adds. Both clients share their connections.
    #[must_use]
    pub fn with_mode(&self, mode: Mode) -> Client {
        Client { mode, ..self.clone() }
    }

    /// Returns the timeout of each call.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns the meta servers that the client was given, as `HOST:PORT[,...]`.
    pub fn meta_servers(&self) -> String {
        let listed = self.core.group.listed().iter();
        listed.map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// Returns the unsettled adds and changes of this client and its clones, in the order in which they
    /// were sent. Their effect is not known: they are in flight or about to be sent, were cancelled, or
    /// ended in `OutcomeUnknown`. If there are more than a thousand, the oldest are left out.
    ///
    /// Each request is described in the form `add table=temp cluster=target`.
    pub fn unsettled(&self) -> Vec<String> {
        self.core.unsettled.all()
    }

    /// Starts the time of a call.
    pub(super) fn call(&self) -> Call<'_> {
        Call { core: &self.core, mode: self.mode, deadline: Deadline::after(self.timeout) }
    }
}
