//! Bugs on purpose, to show that the simulation finds them. They are there only where the crate is
//! built with `--cfg pegasus_dup_planted`: elsewhere [`is`] is `false` at compile time, and nothing
//! of them is left. Where each is planted, `planted::is` stands.
//!
//! None is planted in `decide.rs`: every line of that is for its table test.

use crate::protocol::generation::Generation;

/// A bug.
#[cfg_attr(not(pegasus_dup_planted), allow(unreachable_pub))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(pegasus_dup_planted, derive(PartialOrd, Ord))]
pub enum Bug {
    /// An add without an answer is sent again.
    ResendOnTimeout,
    /// An add without an answer counts as not sent.
    LostIsNotSent,
    /// An ERR_OK is certain, whatever server says it.
    TrustOk,
    /// What an add made is not looked at.
    SkipReadBack,
    /// What is not listed after a lost answer is said not to have been made.
    AbsentIsFinal,
    /// One that is still being stored counts as one that is there.
    IgnoreInit,
    /// Of two, the first is told of as if it were alone.
    FirstOfTwo,
    /// An add is sent whatever was there.
    SendWithoutAsking,
    /// After a disturbance one asking is enough.
    SkipSecondAsking,
    /// A reconnect is no disturbance, if nothing failed.
    QuietReconnect,
    /// What is known of one server is taken to hold for the next.
    ProofForEver,
    /// A direct add is said to have found nothing there.
    DirectSawNothing,
    /// A stated generation is believed, whatever the server shows.
    BelieveStatements,
    /// What a server would ignore or misread is sent all the same.
    SendAnything,
    /// Every server is told today's status numbers.
    TodaysNumbers,
    /// What a server does not tell counts as compared.
    ClaimUntold,
    /// What is not settled is forgotten.
    ForgetUnsettled,
    /// Two duplications of one dupid are the same one.
    DupidAlone,
    /// Reading back goes on after the deadline.
    NoDeadline,
    /// Connections that are given up stay open.
    KeepConnections,
}

/// Whether that bug is planted.
#[cfg(not(pegasus_dup_planted))]
pub(crate) const fn is(_: Bug) -> bool {
    false
}

/// What was first known of any server by whoever has that number.
#[cfg(not(pegasus_dup_planted))]
pub(crate) const fn first_known(_: usize, now: Option<Generation>) -> Option<Generation> {
    now
}

#[cfg(pegasus_dup_planted)]
pub use planting::{ALL, plant};
#[cfg(pegasus_dup_planted)]
pub(crate) use planting::{first_known, is};

#[cfg(pegasus_dup_planted)]
mod planting {
    #![allow(missing_docs, reason = "no part of the crate as it is published")]

    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    use super::{Bug, Generation};

    pub const ALL: [Bug; 20] = [
        Bug::ResendOnTimeout,
        Bug::LostIsNotSent,
        Bug::TrustOk,
        Bug::SkipReadBack,
        Bug::AbsentIsFinal,
        Bug::IgnoreInit,
        Bug::FirstOfTwo,
        Bug::SendWithoutAsking,
        Bug::SkipSecondAsking,
        Bug::QuietReconnect,
        Bug::ProofForEver,
        Bug::DirectSawNothing,
        Bug::BelieveStatements,
        Bug::SendAnything,
        Bug::TodaysNumbers,
        Bug::ClaimUntold,
        Bug::ForgetUnsettled,
        Bug::DupidAlone,
        Bug::NoDeadline,
        Bug::KeepConnections,
    ];

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
        static KNOWN: RefCell<BTreeMap<usize, Option<Generation>>> = const { RefCell::new(BTreeMap::new()) };
    }

    /// Plants one on this thread, for a simulation that stays on it.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
        KNOWN.with_borrow_mut(BTreeMap::clear);
    }

    pub(crate) fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// What was first known of any server by whoever has that number.
    pub(crate) fn first_known(who: usize, now: Option<Generation>) -> Option<Generation> {
        KNOWN.with_borrow_mut(|known| *known.entry(who).or_insert(now))
    }
}
