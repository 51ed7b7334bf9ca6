//! How long the client waits for what. Those that depend on others are derived from them here, so
//! that every operation can come to its outcome within the default time limit.

use std::time::Duration;

use super::seams::Deadline;

/// The time limit of a call where the caller gives none.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a server may keep silent before the next server is asked too whether it leads.
pub(crate) const STAGGER: Duration = Duration::from_millis(250);

/// How long a server may take to answer the question whether it leads.
pub(crate) const PROBE: Duration = Duration::from_secs(3);

/// How long resolving a name may take. The resolver of glibc asks its second name server after 5 s.
pub(crate) const RESOLVE: Duration = Duration::from_secs(6);

/// How long a server may take to answer any other question before another connection is tried.
const ONE_TRY: Duration = PROBE;

/// Returns the deadline of one request within a call. It leaves time for another server.
pub(crate) fn one_try(deadline: Deadline) -> Deadline {
    deadline.or_after(ONE_TRY.min(deadline.left() / 2))
}

/// The pause before a failed try is repeated: the first pause, and the longest one.
pub(crate) const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// For how long a duplication must be absent before the absence is believed where the leader may have
/// changed. A new leader serves before it has read its duplications back, and lists none until then.
/// The client cannot notice a leader that serves like this for longer than `QUIET`.
pub(crate) const QUIET: Duration = Duration::from_secs(2);

/// What is kept of a call's time for finding out what a request did whose response does not come. A
/// response that comes during that time still counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadBackTime {
    /// No more than that.
    pub(crate) most: Duration,
    /// No more than this part of the time that is left: 4 means a quarter.
    pub(crate) part: u32,
}

impl ReadBackTime {
    /// How much that is of the time that is left.
    fn of(self, left: Duration) -> Duration {
        self.most.min(left / self.part)
    }
}

/// Returns until when a call waits for the response to a request that changes something. It leaves time
/// to read back what the request did.
pub(crate) fn answer_until(deadline: Deadline, read_back: ReadBackTime) -> Deadline {
    let left = deadline.left();
    Deadline::after(left - read_back.of(left))
}

/// After an add, one read that shows the duplication is enough, while the response alone can make a
/// Created certain: so most of the time is the response's. A leader that took over meanwhile lists the
/// duplication after [`QUIET`].
pub(crate) const READ_BACK_ADD: ReadBackTime = ReadBackTime { most: QUIET, part: 4 };

/// A removal is confirmed by two reads that are [`QUIET`] apart; the same time again is for the reads
/// themselves, for finding the leader, and for a server that carries the request out late.
pub(crate) const READ_BACK_CHANGE: ReadBackTime =
    ReadBackTime { most: QUIET.saturating_mul(2), part: 2 };

/// How long a request whose response was lost counts as under way after its call ended, unless
/// something shows before that the server is done with it. The protocol sets no limit: the request may
/// be in a buffer of the network or in the server's queue. A minute is six times the default time limit;
/// a server that keeps a request for longer than that cannot be told from one that lost it.
pub(crate) const UNDER_WAY: Duration = Duration::from_secs(60);

/// How long an outcome that is certain already waits to be read back.
pub(crate) const CONFIRM: Duration = Duration::from_secs(1);

// Both fit into the default time limit whole.
const _: () = {
    let limit = DEFAULT_TIMEOUT.as_millis();
    assert!(READ_BACK_ADD.most.as_millis() * READ_BACK_ADD.part as u128 <= limit);
    assert!(READ_BACK_CHANGE.most.as_millis() * READ_BACK_CHANGE.part as u128 <= limit);
};
