//! The state in which a change leaves a duplication, and the request for it.

use crate::outcome::{FailMode, Status};
use crate::protocol::generation::Generation;
use crate::protocol::messages::ModifyRequest;
use crate::resource::Duplication;

/// The state that a change requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    Running,
    Paused,
    FailMode(FailMode),
    Removed,
}

impl Goal {
    /// Returns the name of the operation.
    pub(super) fn word(self) -> &'static str {
        match self {
            Goal::Running => "start",
            Goal::Paused => "pause",
            Goal::FailMode(_) => "set-fail-mode",
            Goal::Removed => "remove",
        }
    }

    /// Returns whether the duplication is in the requested state, or `None` if that is not known. A
    /// duplication of `None` does not exist.
    pub(super) fn reached(self, now: Option<&Duplication>) -> Option<bool> {
        let Some(now) = now else { return Some(self == Goal::Removed) };
        match self {
            Goal::Running => now.status.map(Status::is_running),
            Goal::Paused => now.status.map(|status| status == Status::Pause),
            Goal::FailMode(mode) => now.fail_mode.map(|now| now == mode),
            Goal::Removed => Some(false),
        }
    }

    /// Returns the request with the numbers of this generation, or `None` if the generation is not known. A
    /// number that the server does not know would terminate the server, and a number of another generation
    /// would mean something else.
    pub(super) fn request(
        self,
        table: &str,
        dupid: i32,
        generation: Option<Generation>,
    ) -> Option<ModifyRequest> {
        let generation = generation?;
        let (status, fail_mode) = match self {
            Goal::Running => {
                let running = [Status::Log, Status::Start];
                (
                    Some(running.into_iter().find_map(|status| generation.status_number(status))?),
                    None,
                )
            }
            Goal::Paused => (Some(generation.status_number(Status::Pause)?), None),
            Goal::Removed => (Some(generation.status_number(Status::Removed)?), None),
            Goal::FailMode(mode) => (None, Some(mode.number()?)),
        };
        Some(ModifyRequest { app_name: table.to_owned(), dupid, status, fail_mode })
    }
}
