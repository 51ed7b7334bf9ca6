//! What a call is waiting for, told while it waits: for who watches, and for who must know what was
//! sent by a call that is given up.
//!
//! An observer belongs to one call and travels with its future, so nothing of it stands in the
//! operations' signatures, and a call that nobody observes pays one look-up for each step.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

pub use crate::enums::StepKind;
use crate::text;

/// What a call goes on to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Waits for another change of the same (table, cluster) by this client to end.
    WaitingForTurn,
    /// Looks for the meta server that leads.
    LookingForLeader,
    /// Asks a server what there is; after sending, what became of it.
    Asking {
        /// The server.
        server: String,
    },
    /// Sends what changes something, and waits for the answer.
    Sending {
        /// The change, in the words of [`Client::unsettled`](super::Client::unsettled).
        what: String,
    },
    /// The effect of what was sent is known.
    Settled,
    /// Starts over, after a pause.
    TryingAgain {
        /// What went wrong.
        why: String,
    },
}

impl Step {
    /// Returns the kind of the step.
    pub fn kind(&self) -> StepKind {
        match self {
            Step::WaitingForTurn => StepKind::WaitingForTurn,
            Step::LookingForLeader => StepKind::LookingForLeader,
            Step::Asking { .. } => StepKind::Asking,
            Step::Sending { .. } => StepKind::Sending,
            Step::Settled => StepKind::Settled,
            Step::TryingAgain { .. } => StepKind::TryingAgain,
        }
    }

    /// The server, the change, or what went wrong.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Step::WaitingForTurn | Step::LookingForLeader | Step::Settled => None,
            Step::Asking { server } => Some(server),
            Step::Sending { what } => Some(what),
            Step::TryingAgain { why } => Some(why),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::step(self.kind().name(), self.detail()))
    }
}

type Observer = Arc<dyn Fn(Step) + Send + Sync>;

tokio::task_local! {
    static OBSERVER: Observer;
}

/// The same call, which tells `observer` of its steps. It is called from within the call's polls, so
/// it must not wait.
///
/// ```no_run
/// # async fn example(client: pegasus_dup::Client) -> pegasus_dup::Result<()> {
/// use pegasus_dup::client::progress;
/// let query = client.query("temp");
/// progress::observed(|step| eprintln!("{step}"), query).await?;
/// # Ok(())
/// # }
/// ```
pub fn observed<F: Future>(
    observer: impl Fn(Step) + Send + Sync + 'static,
    call: F,
) -> impl Future<Output = F::Output> {
    OBSERVER.scope(Arc::new(observer), call)
}

/// Tells the observer, if this call has one.
pub(crate) fn report(step: impl FnOnce() -> Step) {
    let _ = OBSERVER.try_with(|observer| observer(step()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words() {
        let text = String::from("x");
        let steps = [
            Step::WaitingForTurn,
            Step::LookingForLeader,
            Step::Asking { server: text.clone() },
            Step::Sending { what: text.clone() },
            Step::Settled,
            Step::TryingAgain { why: text },
        ];
        assert_eq!(steps.each_ref().map(Step::kind), StepKind::ALL);
        assert_eq!(steps[1].to_string(), "looking for leader");
        assert_eq!(steps[5].to_string(), "trying again: x");
    }
}
