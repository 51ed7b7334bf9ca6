//! What differs between the generations of meta servers in use, in one place.
//!
//! A status travels as a number whose meaning depends on the generation, so no number becomes a
//! [`Status`], and no status a number, without one.

use std::str::FromStr;

pub use crate::enums::{FailMode, Generation, Status};

impl Generation {
    /// Whether an add may ask for the checkpoint: by field 3 left out, which 2.3 and older take for
    /// "not paused" and nothing else.
    pub fn has_checkpoint(self) -> bool {
        match self {
            Generation::Freezed => false,
            Generation::Checkpoint
            | Generation::RemoteName
            | Generation::Snapshot26
            | Generation::DupExist => true,
        }
    }

    /// Whether it surely looks at the remote table's name and replica count (fields 4 and 5).
    pub fn has_remote_table(self) -> bool {
        match self {
            Generation::Freezed | Generation::Checkpoint | Generation::Snapshot26 => false,
            Generation::RemoteName | Generation::DupExist => true,
        }
    }

    /// Whether a duplication always goes to a remote table of the table's own name, whatever an add
    /// asks for.
    pub fn keeps_table_name(self) -> bool {
        match self {
            Generation::Freezed | Generation::Checkpoint => true,
            Generation::RemoteName | Generation::Snapshot26 | Generation::DupExist => false,
        }
    }

    /// Whether ERR_OK with neither a table nor a duplication in it may be its refusal of a repeated
    /// add.
    pub fn refuses_by_thin_ok(self) -> bool {
        match self {
            Generation::Checkpoint | Generation::Snapshot26 => true,
            Generation::Freezed | Generation::RemoteName | Generation::DupExist => false,
        }
    }

    /// Whether a second add of one pair, while the first one is being stored, ends the server.
    pub fn dies_of_racing_adds(self) -> bool {
        self == Generation::Freezed
    }

    /// Whether the server formats the hint of a refusal a second time, so that a brace in a name that
    /// the hint repeats ends the server. Snapshots of 2.6 do so since March 2024. Which snapshot a
    /// server is cannot be told, and a later fix cannot be told either: all of them count as frail.
    pub fn dies_of_braces(self) -> bool {
        match self {
            Generation::Freezed | Generation::Checkpoint => false,
            Generation::RemoteName | Generation::Snapshot26 | Generation::DupExist => true,
        }
    }

    /// Statuses by number, from 0.
    fn statuses(self) -> &'static [Status] {
        match self {
            Generation::Freezed => &[Status::Init, Status::Start, Status::Pause, Status::Removed],
            Generation::Checkpoint
            | Generation::RemoteName
            | Generation::Snapshot26
            | Generation::DupExist => &[
                Status::Init,
                Status::Prepare,
                Status::App,
                Status::Log,
                Status::Pause,
                Status::Removed,
            ],
        }
    }

    /// What a status number means to a server of this generation.
    pub fn status(self, number: i32) -> Status {
        usize::try_from(number)
            .ok()
            .and_then(|index| self.statuses().get(index).copied())
            .unwrap_or(Status::Unknown(number))
    }

    /// The number of a status; `None` where this generation hasn't got it, and sending any number
    /// could end the server.
    pub fn status_number(self, status: Status) -> Option<i32> {
        self.statuses().iter().position(|&known| known == status).map(|index| index as i32)
    }
}

/// A name that is not a generation's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such generation: known={known} name={0:?}", known = Generation::ALL.map(Generation::name).join("|"))]
pub struct UnknownGeneration(String);

impl FromStr for Generation {
    type Err = UnknownGeneration;
    fn from_str(name: &str) -> Result<Generation, UnknownGeneration> {
        Generation::ALL
            .into_iter()
            .find(|generation| generation.name() == name)
            .ok_or_else(|| UnknownGeneration(name.to_owned()))
    }
}

impl Status {
    /// Whether it has been started: writes are shipped, or its checkpoint is shipped before them. Does
    /// not say that anything gets through.
    pub fn is_running(self) -> bool {
        matches!(self, Status::Prepare | Status::App | Status::Log | Status::Start)
    }
}

impl FailMode {
    /// What a number on the wire means.
    pub fn from_number(number: i32) -> FailMode {
        match number {
            0 => FailMode::Slow,
            1 => FailMode::Skip,
            2 => FailMode::Fast,
            other => FailMode::Unknown(other),
        }
    }

    /// Returns the name that people type: `slow`, `skip` or `fast`.
    fn short_name(self) -> String {
        self.name().trim_start_matches("FAIL_").to_ascii_lowercase()
    }

    /// The number on the wire; `None` for an unknown one, which is never sent.
    pub fn number(self) -> Option<i32> {
        match self {
            FailMode::Slow => Some(0),
            FailMode::Skip => Some(1),
            FailMode::Fast => Some(2),
            FailMode::Unknown(_) => None,
        }
    }
}

/// A name that is not a fail mode's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such fail mode: known={known} name={0:?}", known = FailMode::ALL.map(FailMode::short_name).join("|"))]
pub struct UnknownFailMode(String);

impl FromStr for FailMode {
    type Err = UnknownFailMode;
    /// Takes `slow`, and `FAIL_SLOW` too.
    fn from_str(name: &str) -> Result<FailMode, UnknownFailMode> {
        let short = name.strip_prefix("FAIL_").unwrap_or(name).to_ascii_lowercase();
        FailMode::ALL
            .into_iter()
            .find(|mode| mode.short_name() == short)
            .ok_or_else(|| UnknownFailMode(name.to_owned()))
    }
}
