//! What differs between the generations of meta servers in use, in one place.
//!
//! A status travels as a number whose meaning depends on the generation, so no number becomes a
//! [`Status`], and no status a number, without one.

use std::fmt;
use std::str::FromStr;

/// A generation of Pegasus meta servers, by what it makes of a duplication request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// 1.12 to 2.3. Field 3 of an add means "create it paused"; a repeated add runs or pauses it.
    Freezed,
    /// 2.4 and 2.5. Remote table and replica count are ignored; a repeated add is ERR_OK.
    Checkpoint,
    /// 2.6 snapshots before June 2024. A repeated add is ERR_OK, with an echo.
    RemoteName,
    /// Some 2.6 snapshot without the list RPC, not known which; or a server of 2.4 or later that
    /// does not tell its version. What only some of these understand is not sent. It is what is found
    /// out of such a server; whoever states it states no more than that.
    Snapshot26,
    /// 2.6 snapshots since June 2024. A repeated add is ERR_DUP_EXIST, where the state lets it through.
    DupExist,
}

impl Generation {
    /// All of them, oldest first.
    pub const ALL: [Generation; 5] = [
        Generation::Freezed,
        Generation::Checkpoint,
        Generation::RemoteName,
        Generation::Snapshot26,
        Generation::DupExist,
    ];

    /// The name that every face uses.
    pub fn name(self) -> &'static str {
        match self {
            Generation::Freezed => "freezed",
            Generation::Checkpoint => "checkpoint",
            Generation::RemoteName => "remote-name",
            Generation::Snapshot26 => "snapshot-2.6",
            Generation::DupExist => "dup-exist",
        }
    }

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

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not a generation's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no such generation: known=freezed|checkpoint|remote-name|snapshot-2.6|dup-exist name={0:?}"
)]
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

/// Where a duplication stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Shown, but not stored yet: a crash of the server forgets it.
    Init,
    /// The checkpoint is being made (2.4 and later).
    Prepare,
    /// The remote table is loading the checkpoint (2.4 and later).
    App,
    /// Writes are being shipped: the steady state (2.4 and later).
    Log,
    /// Writes are being shipped (2.3 and older).
    Start,
    /// Stopped by an operator; writes pile up here until it is started.
    Pause,
    /// Being removed: still listed, and about to be gone.
    Removed,
    /// A number that this generation has no name for.
    Unknown(i32),
}

impl Status {
    /// The name that Pegasus uses; for an unknown number `DS_UNKNOWN`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Init => "DS_INIT",
            Status::Prepare => "DS_PREPARE",
            Status::App => "DS_APP",
            Status::Log => "DS_LOG",
            Status::Start => "DS_START",
            Status::Pause => "DS_PAUSE",
            Status::Removed => "DS_REMOVED",
            Status::Unknown(_) => "DS_UNKNOWN",
        }
    }

    /// Whether it has been started: writes are shipped, or its checkpoint is shipped before them. Does
    /// not say that anything gets through.
    pub fn is_running(self) -> bool {
        matches!(self, Status::Prepare | Status::App | Status::Log | Status::Start)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Unknown(number) => write!(f, "DS_UNKNOWN({number})"),
            known => f.write_str(known.name()),
        }
    }
}

/// What a duplication does with a write that the remote cluster doesn't take. The numbers are the
/// same in every generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailMode {
    /// Retry until it is taken. The default.
    Slow,
    /// Skip it: the remote table then lacks writes.
    Skip,
    /// Stop the replica server.
    Fast,
    /// A number without a name.
    Unknown(i32),
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

    /// The number on the wire; `None` for an unknown one, which is never sent.
    pub fn number(self) -> Option<i32> {
        match self {
            FailMode::Slow => Some(0),
            FailMode::Skip => Some(1),
            FailMode::Fast => Some(2),
            FailMode::Unknown(_) => None,
        }
    }

    /// The name that Pegasus uses; for an unknown number `FAIL_UNKNOWN`.
    pub fn name(self) -> &'static str {
        match self {
            FailMode::Slow => "FAIL_SLOW",
            FailMode::Skip => "FAIL_SKIP",
            FailMode::Fast => "FAIL_FAST",
            FailMode::Unknown(_) => "FAIL_UNKNOWN",
        }
    }
}

impl fmt::Display for FailMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailMode::Unknown(number) => write!(f, "FAIL_UNKNOWN({number})"),
            known => f.write_str(known.name()),
        }
    }
}

/// A name that is not a fail mode's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such fail mode: known=slow|skip|fast name={0:?}")]
pub struct UnknownFailMode(String);

impl FromStr for FailMode {
    type Err = UnknownFailMode;
    /// Takes `slow`, and `FAIL_SLOW` too.
    fn from_str(name: &str) -> Result<FailMode, UnknownFailMode> {
        match name.strip_prefix("FAIL_").unwrap_or(name).to_ascii_lowercase().as_str() {
            "slow" => Ok(FailMode::Slow),
            "skip" => Ok(FailMode::Skip),
            "fast" => Ok(FailMode::Fast),
            _ => Err(UnknownFailMode(name.to_owned())),
        }
    }
}
