//! The real server that the embedded server imitates, and how its time passes.

use std::fmt;
use std::str::FromStr;

use super::parse::ParseError;
use crate::protocol::generation::Generation;

/// How the server treats requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Behaviour {
    /// Behaves as 1.12 to 2.3. Field 3 of an add means "create it paused".
    Freezed,
    /// Behaves as 2.4 and 2.5. A repeated add gets ERR_OK, and the remote table and the replica
    /// count are ignored.
    Checkpoint,
    /// Behaves as 2.6 snapshots before June 2024. A repeated add gets ERR_OK, with an echo.
    RemoteName,
    /// Behaves as 2.6 snapshots since June 2024, including the side effects of a repeated add.
    DupExist,
    /// Behaves as `dup-exist`, but a repeated add changes nothing, and gets ERR_DUP_EXIST whatever
    /// the status of the existing duplication is.
    #[default]
    Idempotent,
}

impl Behaviour {
    /// All behaviours, the oldest first.
    pub const ALL: [Behaviour; 5] = [
        Behaviour::Freezed,
        Behaviour::Checkpoint,
        Behaviour::RemoteName,
        Behaviour::DupExist,
        Behaviour::Idempotent,
    ];

    /// Returns the name that every face uses.
    pub fn name(self) -> &'static str {
        match self {
            Behaviour::Freezed => "freezed",
            Behaviour::Checkpoint => "checkpoint",
            Behaviour::RemoteName => "remote-name",
            Behaviour::DupExist => "dup-exist",
            Behaviour::Idempotent => "idempotent",
        }
    }

    /// Returns the generation whose messages and numbers the server uses.
    pub fn generation(self) -> Generation {
        match self {
            Behaviour::Freezed => Generation::Freezed,
            Behaviour::Checkpoint => Generation::Checkpoint,
            Behaviour::RemoteName => Generation::RemoteName,
            Behaviour::DupExist | Behaviour::Idempotent => Generation::DupExist,
        }
    }

    /// Returns the default clock. The clock of a server that imitates a real one stands still,
    /// because without replica servers nothing moves on a real one.
    pub fn default_clock(self) -> ClockMode {
        match self {
            Behaviour::Freezed
            | Behaviour::Checkpoint
            | Behaviour::RemoteName
            | Behaviour::DupExist => ClockMode::Stopped,
            Behaviour::Idempotent => ClockMode::Real,
        }
    }

    /// Returns the default number of replica servers. A server that imitates a real one has none,
    /// because the real servers that it was compared with had none.
    pub fn default_nodes(self) -> usize {
        match self {
            Behaviour::Freezed
            | Behaviour::Checkpoint
            | Behaviour::RemoteName
            | Behaviour::DupExist => 0,
            Behaviour::Idempotent => 3,
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
            let known = Behaviour::ALL.map(Behaviour::name).join("|");
            ParseError::new(format!("no such behaviour, known={known}"), name)
        })
    }
}

/// How duplications move on by themselves. Dupids and creation times come from wall time, except
/// with [`ClockMode::Manual`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockMode {
    /// A duplication is in DS_PREPARE for 2 s and in DS_APP for 3 s, then in DS_LOG, where the
    /// confirmed decrees follow the committed ones.
    Real,
    /// The same as [`ClockMode::Real`], but a hundred times as fast.
    Fast,
    /// Nothing moves, and decrees stay at -1, as on a meta server without replica servers.
    Stopped,
    /// The same as [`ClockMode::Real`], but time stands still except when [`super::Hub::advance`]
    /// moves the clock. Dupids and creation times come from this clock too, so that a test that
    /// repeats the same steps sees the same values. The clock starts at wall time, or at the time
    /// of the store's latest change if that is later.
    Manual,
}

impl ClockMode {
    /// All modes.
    pub const ALL: [ClockMode; 4] =
        [ClockMode::Real, ClockMode::Fast, ClockMode::Stopped, ClockMode::Manual];

    /// Returns the name that every face uses.
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
        ClockMode::ALL.into_iter().find(|mode| mode.name() == name).ok_or_else(|| {
            let known = ClockMode::ALL.map(ClockMode::name).join("|");
            ParseError::new(format!("no such clock, known={known}"), name)
        })
    }
}
