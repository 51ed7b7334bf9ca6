//! How long the client waits. Durations that depend on each other are derived from each other here, so
//! that every operation can determine its outcome within the default timeout.

use std::time::Duration;

use super::seams::Deadline;

/// The timeout of a call if the caller sets none.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a server may take to respond before the next server is asked, too, whether it is the leader.
pub(crate) const STAGGER: Duration = Duration::from_millis(250);

/// How long a server may take to respond to the question whether it is the leader.
pub(crate) const PROBE: Duration = Duration::from_secs(3);

/// How long resolving a name may take. The resolver of glibc asks its second name server after 5 s.
pub(crate) const RESOLVE: Duration = Duration::from_secs(6);

/// How long a server may take to respond to any other read before another connection is tried.
const ONE_TRY: Duration = PROBE;

/// Returns the deadline of one request within a call. It leaves time for another server.
pub(crate) fn one_try(deadline: Deadline) -> Deadline {
    deadline.or_after(ONE_TRY.min(deadline.left() / 2))
}

/// The pause before a failed try is repeated: the first pause, and the longest pause.
pub(crate) const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// The pause between two reads of a table that is getting ready: the first pause, and the longest pause. A
/// random pause is at least half as long, so the client never reads more than ten times a second.
pub(crate) const POLL: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// The time reserved at the end of a wait for finding out why a table is not ready.
pub(crate) const FIND_REASON: ReadBackTime = ReadBackTime { most: Duration::from_secs(1), part: 4 };

/// For how long a duplication must be absent before the client believes that it does not exist, if the
/// leader may have changed. A new leader serves requests before it has read its duplications back, and
/// lists none until then. The client cannot recognize a leader that does so for longer than `QUIET`.
pub(crate) const QUIET: Duration = Duration::from_secs(2);

/// The part of a call's time that is reserved for finding out what a request did if its response does
/// not arrive. A response that arrives during that time still counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadBackTime {
    /// The upper limit.
    pub(crate) most: Duration,
    /// The fraction of the remaining time that is the limit, too: 4 means a quarter.
    pub(crate) part: u32,
}

impl ReadBackTime {
    /// Returns how much of the remaining time is reserved.
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

/// The time reserved after an add. One read that shows the duplication is enough, and only the response
/// can make a Created certain, so most of the time is spent waiting for the response. A leader that has
/// taken over in the meantime lists the duplication after [`QUIET`].
pub(crate) const READ_BACK_ADD: ReadBackTime = ReadBackTime { most: QUIET, part: 4 };

/// How long the response to an add may take before the client checks whether the add is still in the server's
/// queue. The client keeps waiting for the response meanwhile.
pub(crate) const CHECK_QUEUE: Duration = PROBE;

/// The time reserved after a create of a table. One list is enough if the table is there. Otherwise the rest of
/// the time is spent waiting for the response, as after an add.
pub(crate) const READ_BACK_CREATE: ReadBackTime = READ_BACK_ADD;

/// The time reserved after a change. A removal is confirmed by two reads that are [`QUIET`] apart. The
/// same time again is reserved for the reads themselves, for finding the leader, and for a server that
/// executes the request late.
pub(crate) const READ_BACK_CHANGE: ReadBackTime =
    ReadBackTime { most: QUIET.saturating_mul(2), part: 2 };

/// How long a request without a response counts as in flight after its call has ended, unless something
/// shows earlier that the server is done with the request. The protocol sets no limit, because the
/// request may wait in a buffer of the network or in the server's queue. A minute is six times the default
/// timeout. A server that keeps a request longer cannot be distinguished from a server that lost it.
pub(crate) const UNDER_WAY: Duration = Duration::from_secs(60);

/// How long a call reads the table back if its outcome is already certain.
pub(crate) const CONFIRM: Duration = Duration::from_secs(1);

// Both reserves fit into the default timeout.
const _: () = {
    let limit = DEFAULT_TIMEOUT.as_millis();
    assert!(READ_BACK_ADD.most.as_millis() * READ_BACK_ADD.part as u128 <= limit);
    assert!(READ_BACK_CHANGE.most.as_millis() * READ_BACK_CHANGE.part as u128 <= limit);
};
