//! Which real server the embedded one behaves as, and how its time passes.

use std::fmt;
use std::str::FromStr;

use super::parse::ParseError;
use crate::protocol::generation::Generation;

/// What the server makes of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Behaviour {
    /// As 1.12 to 2.3: field 3 of an add means "create it paused".
    Freezed,
    /// As 2.4 and 2.5: a repeated add is ERR_OK; remote table and replica count are ignored.
    Checkpoint,
    /// As 2.6 snapshots before June 2024: a repeated add is ERR_OK, with an echo.
    RemoteName,
    /// As 2.6 snapshots since June 2024, side effects of a repeated add included.
    DupExist,
    /// As `dup-exist`, but a repeated add changes nothing and is ERR_DUP_EXIST in every state.
    #[default]
    Idempotent,
}

impl Behaviour {
    /// All of them, oldest first.
    pub const ALL: [Behaviour; 5] = [
        Behaviour::Freezed,
        Behaviour::Checkpoint,
        Behaviour::RemoteName,
        Behaviour::DupExist,
        Behaviour::Idempotent,
    ];

    /// The name that every face uses.
    pub fn name(self) -> &'static str {
        match self {
            Behaviour::Freezed => "freezed",
            Behaviour::Checkpoint => "checkpoint",
            Behaviour::RemoteName => "remote-name",
            Behaviour::DupExist => "dup-exist",
            Behaviour::Idempotent => "idempotent",
        }
    }

    /// The generation whose messages and numbers it speaks.
    pub fn generation(self) -> Generation {
        match self {
            Behaviour::Freezed => Generation::Freezed,
            Behaviour::Checkpoint => Generation::Checkpoint,
            Behaviour::RemoteName => Generation::RemoteName,
            Behaviour::DupExist | Behaviour::Idempotent => Generation::DupExist,
        }
    }

    /// The clock unless told otherwise: a server that copies a real one stands still, as the real
    /// one does without replica servers.
    pub fn default_clock(self) -> ClockMode {
        match self {
            Behaviour::Freezed
            | Behaviour::Checkpoint
            | Behaviour::RemoteName
            | Behaviour::DupExist => ClockMode::Stopped,
            Behaviour::Idempotent => ClockMode::Real,
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Behaviour {
    type Err = ParseError;
    fn from_str(name: &str) -> Result<Behaviour, ParseError> {
        Behaviour::ALL.into_iter().find(|behaviour| behaviour.name() == name).ok_or_else(|| {
            ParseError::new("not one of freezed|checkpoint|remote-name|dup-exist|idempotent:", name)
        })
    }
}

/// How duplications move on by themselves. Dupids and creation times come from wall time, but for
/// [`ClockMode::Manual`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockMode {
    /// DS_PREPARE for 2 s, DS_APP for 3 s, then DS_LOG, where confirmed decrees follow committed
    /// ones.
    Real,
    /// The same, a hundred times as fast.
    Fast,
    /// Nothing moves, and decrees stay -1: what a meta server without replica servers shows.
    Stopped,
    /// As [`ClockMode::Real`], but time stands still until [`super::Hub::advance`] turns it. Dupids
    /// and creation times come from it too, so that the same steps show the same. It starts at wall
    /// time, or where the store's latest change was made if that is later.
    Manual,
}

impl ClockMode {
    /// All of them.
    pub const ALL: [ClockMode; 4] =
        [ClockMode::Real, ClockMode::Fast, ClockMode::Stopped, ClockMode::Manual];

    /// The name that every face uses.
    pub fn name(self) -> &'static str {
        match self {
            ClockMode::Real => "real",
            ClockMode::Fast => "fast",
            ClockMode::Stopped => "stopped",
            ClockMode::Manual => "manual",
        }
    }
}

impl fmt::Display for ClockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ClockMode {
    type Err = ParseError;
    fn from_str(name: &str) -> Result<ClockMode, ParseError> {
        ClockMode::ALL
            .into_iter()
            .find(|mode| mode.name() == name)
            .ok_or_else(|| ParseError::new("not one of real|fast|stopped|manual:", name))
    }
}
