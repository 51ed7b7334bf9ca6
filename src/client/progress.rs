//! Reports the steps of a call while it runs. Users can follow a call, and the faces learn what a cancelled
//! call has sent.
//!
//! An observer belongs to one call and travels with the future of the call. The signatures of the operations
//! therefore do not mention it, and a call without an observer costs one look-up for each step.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

pub use crate::enums::StepKind;
use crate::history;
use crate::text;

/// A step of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Waits until another change of the same resource by this client has ended.
    WaitingForTurn,
    /// Looks for the leader of the meta servers.
    LookingForLeader,
    /// Reads from a server, before the change or after it.
    Asking {
        /// The address of the server.
        server: String,
    },
    /// Sends a request that changes something, and waits for the response.
    Sending {
        /// The change, in the format of [`Client::unsettled`](super::Client::unsettled).
        what: String,
    },
    /// The effect of the change is known.
    Settled,
    /// Starts over after a pause.
    TryingAgain {
        /// The error of the previous try.
        why: String,
    },
    /// Waits for the partitions of a table to get their replicas.
    GettingReady {
        /// The numbers of partitions, as `ready_partitions=3 partition_count=8`.
        progress: String,
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
            Step::GettingReady { .. } => StepKind::GettingReady,
        }
    }

    /// Returns the server, the change, the error of the previous try, or the number of ready partitions.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Step::WaitingForTurn | Step::LookingForLeader | Step::Settled => None,
            Step::Asking { server } => Some(server),
            Step::Sending { what } => Some(what),
            Step::TryingAgain { why } => Some(why),
            Step::GettingReady { progress } => Some(progress),
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

/// Makes a call report its steps to `observer`. The observer is called while the future of the call is
/// polled, and must not block.
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

/// Reports a step to the observer of this call and to its history, if there are any.
pub(crate) fn report(step: impl FnOnce() -> Step) {
    let observer = OBSERVER.try_with(Arc::clone);
    if observer.is_err() && !history::is_recorded() {
        return;
    }
    let step = step();
    history::step(step.kind(), step.detail());
    if let Ok(observer) = observer {
        observer(step);
    }
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
            Step::TryingAgain { why: text.clone() },
            Step::GettingReady { progress: text },
        ];
        assert_eq!(steps.each_ref().map(Step::kind), StepKind::ALL);
        assert_eq!(steps[1].to_string(), "looking for leader");
        assert_eq!(steps[5].to_string(), "trying again: x");
    }
}
