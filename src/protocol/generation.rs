//! What differs between the generations of meta servers in use.
//!
//! A status travels as a number whose meaning depends on the generation. A number therefore becomes
//! a [`Status`], and a status becomes a number, only together with a generation.

use std::str::FromStr;

pub use crate::enums::{FailMode, Generation, Status};

impl Generation {
    /// Returns whether an add can request a checkpoint. The add does so by leaving out field 3,
    /// which 2.3 and older read as "not paused".
    pub fn has_checkpoint(self) -> bool {
        match self {
            Generation::Freezed => false,
            Generation::Checkpoint
            | Generation::RemoteName
            | Generation::Snapshot26
            | Generation::DupExist => true,
        }
    }

    /// Returns whether the server is sure to use the remote table's name and replica count (fields
    /// 4 and 5).
    pub fn has_remote_table(self) -> bool {
        match self {
            Generation::Freezed | Generation::Checkpoint | Generation::Snapshot26 => false,
            Generation::RemoteName | Generation::DupExist => true,
        }
    }

    /// Returns whether a duplication always goes to a remote table with the table's own name,
    /// whatever an add requests.
    pub fn keeps_table_name(self) -> bool {
        match self {
            Generation::Freezed | Generation::Checkpoint => true,
            Generation::RemoteName | Generation::Snapshot26 | Generation::DupExist => false,
        }
    }

    /// Returns whether an ERR_OK without a table id and without a dupid may be the refusal of a
    /// repeated add.
    pub fn refuses_by_thin_ok(self) -> bool {
        match self {
            Generation::Checkpoint | Generation::Snapshot26 => true,
            Generation::Freezed | Generation::RemoteName | Generation::DupExist => false,
        }
    }

    /// Returns whether a second add of the same table and cluster ends the server while the first
    /// add is being stored.
    pub fn dies_of_racing_adds(self) -> bool {
        self == Generation::Freezed
    }

    /// Returns whether a brace in a name ends the server if the hint of a refusal repeats the name,
    /// because the server formats the hint a second time. Snapshots of 2.6 do so since March 2024.
    /// Neither the exact snapshot nor a later fix can be found out, so all snapshots count as
    /// vulnerable.
    pub fn dies_of_braces(self) -> bool {
        match self {
            Generation::Freezed | Generation::Checkpoint => false,
            Generation::RemoteName | Generation::Snapshot26 | Generation::DupExist => true,
        }
    }

    /// Returns the statuses in the order of their numbers, from 0.
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

    /// Returns the meaning of a status number in this generation.
    pub fn status(self, number: i32) -> Status {
        usize::try_from(number)
            .ok()
            .and_then(|index| self.statuses().get(index).copied())
            .unwrap_or(Status::Unknown(number))
    }

    /// Returns the number of a status, or `None` if this generation does not have the status. To
    /// send any number then could end the server.
    pub fn status_number(self, status: Status) -> Option<i32> {
        self.statuses().iter().position(|&known| known == status).map(|index| index as i32)
    }
}

/// A name is not the name of a generation.
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
    /// Returns whether the duplication has been started: it ships writes, or ships its checkpoint
    /// before them. This does not say that anything arrives.
    pub fn is_running(self) -> bool {
        matches!(self, Status::Prepare | Status::App | Status::Log | Status::Start)
    }
}

impl FailMode {
    /// Returns the meaning of a number on the wire.
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

    /// Returns the number on the wire, or `None` for an unknown fail mode, which is never sent.
    pub fn number(self) -> Option<i32> {
        match self {
            FailMode::Slow => Some(0),
            FailMode::Skip => Some(1),
            FailMode::Fast => Some(2),
            FailMode::Unknown(_) => None,
        }
    }
}

/// A name is not the name of a fail mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such fail mode: known={known} name={0:?}", known = FailMode::ALL.map(FailMode::short_name).join("|"))]
pub struct UnknownFailMode(String);

impl FromStr for FailMode {
    type Err = UnknownFailMode;
    /// Parses `slow` and the other short names, and also `FAIL_SLOW` and the other full names.
    fn from_str(name: &str) -> Result<FailMode, UnknownFailMode> {
        let short = name.strip_prefix("FAIL_").unwrap_or(name).to_ascii_lowercase();
        FailMode::ALL
            .into_iter()
            .find(|mode| mode.short_name() == short)
            .ok_or_else(|| UnknownFailMode(name.to_owned()))
    }
}
