//! How a duplication moves on as time passes. Nothing here waits: the status is computed from the
//! time when the duplication came into an earlier status, and from the current time.

use crate::protocol::generation::Status;
use crate::server::behaviour::ClockMode;

/// How long a duplication is in DS_PREPARE, with the real clock.
const PREPARE_MS: i64 = 2_000;
/// How long a duplication is in DS_APP, with the real clock.
const APP_MS: i64 = 3_000;
/// How long it takes to ship all earlier writes, with the real clock.
const CATCH_UP_MS: i64 = 1_000;
/// The number of decrees that a partition commits each second, with the real clock.
const DECREES_PER_SECOND: i64 = 10;
/// A decree that is not known.
pub(crate) const UNKNOWN_DECREE: i64 = -1;

/// The status of a duplication, and since when the duplication has had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// The status.
    pub(crate) status: Status,
    /// The wall time when the duplication came into the status, in milliseconds.
    pub(crate) since_ms: i64,
    /// The confirmed decree of partition 0 at that time. The decrees of the other partitions are
    /// greater by the index of the partition.
    pub(crate) confirmed: i64,
}

impl Life {
    /// Returns the life of a duplication that enters a status now and has not confirmed any decree.
    pub(crate) fn begin(status: Status, now_ms: i64) -> Life {
        Life { status, since_ms: now_ms, confirmed: UNKNOWN_DECREE }
    }

    /// Returns the life after the duplication has been moved to `status` at `now_ms`.
    pub(crate) fn moved_to(
        &self,
        status: Status,
        mode: ClockMode,
        created_ms: i64,
        now_ms: i64,
    ) -> Life {
        let (confirmed, _) = self.decrees(mode, created_ms, now_ms);
        Life { status, since_ms: now_ms, confirmed }
    }

    /// Returns the life at `now_ms`, if nobody changes the status until then.
    pub(crate) fn at(&self, mode: ClockMode, now_ms: i64) -> Life {
        let Some(speed) = speed(mode) else { return *self };
        let mut life = *self;
        loop {
            let (after_ms, next) = match life.status {
                Status::Prepare => (PREPARE_MS / speed, Status::App),
                Status::App => (APP_MS / speed, Status::Log),
                Status::Init
                | Status::Log
                | Status::Start
                | Status::Pause
                | Status::Removed
                | Status::Unknown(_) => return life,
            };
            if now_ms.saturating_sub(life.since_ms) < after_ms {
                return life;
            }
            life.status = next;
            life.since_ms = life.since_ms.saturating_add(after_ms);
        }
    }

    /// Returns the confirmed and the last committed decree of partition 0 at `now_ms`. The life
    /// must be the one that [`Life::at`] returns for that time.
    pub(crate) fn decrees(&self, mode: ClockMode, created_ms: i64, now_ms: i64) -> (i64, i64) {
        let Some(speed) = speed(mode) else { return (self.confirmed, UNKNOWN_DECREE) };
        let committed_at =
            |ms: i64| 1 + ms.saturating_sub(created_ms).max(0) * DECREES_PER_SECOND * speed / 1_000;
        let committed = committed_at(now_ms);
        let confirmed = match self.status {
            // All earlier writes are shipped within the catch-up time, and then the confirmed
            // decree follows the committed one.
            Status::Log | Status::Start => {
                let gap = committed_at(self.since_ms) - self.confirmed.max(0);
                let whole = (CATCH_UP_MS / speed).max(1);
                let left = (whole - now_ms.saturating_sub(self.since_ms)).clamp(0, whole);
                committed - gap.max(0) * left / whole
            }
            Status::Init
            | Status::Prepare
            | Status::App
            | Status::Pause
            | Status::Removed
            | Status::Unknown(_) => self.confirmed,
        };
        (confirmed, committed)
    }
}

/// Returns how much faster than real time the time passes, or `None` if it stands still.
fn speed(mode: ClockMode) -> Option<i64> {
    match mode {
        ClockMode::Real | ClockMode::Manual => Some(1),
        ClockMode::Fast => Some(100),
        ClockMode::Stopped => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_duplication_is_in_ds_log_after_five_seconds_and_has_caught_up_after_six() {
        let life = Life::begin(Status::Prepare, 1_000_000);
        let status = |ms: i64| life.at(ClockMode::Real, 1_000_000 + ms).status;
        assert_eq!(status(0), Status::Prepare);
        assert_eq!(status(1_999), Status::Prepare);
        assert_eq!(status(2_000), Status::App);
        assert_eq!(status(4_999), Status::App);
        assert_eq!(status(5_000), Status::Log);
        let decrees = |ms: i64| {
            let now = 1_000_000 + ms;
            life.at(ClockMode::Real, now).decrees(ClockMode::Real, 1_000_000, now)
        };
        assert_eq!(decrees(4_000), (UNKNOWN_DECREE, 41));
        assert_eq!(decrees(5_500), (56 - 25, 56));
        assert_eq!(decrees(6_000), (61, 61));
        assert_eq!(decrees(90_000), (901, 901));
    }

    #[test]
    fn the_fast_clock_is_a_hundred_times_as_fast_and_the_stopped_clock_stands_still() {
        let life = Life::begin(Status::Prepare, 0);
        assert_eq!(life.at(ClockMode::Fast, 49).status, Status::App);
        assert_eq!(life.at(ClockMode::Fast, 50).status, Status::Log);
        assert_eq!(life.at(ClockMode::Stopped, i64::MAX), life);
        assert_eq!(life.decrees(ClockMode::Stopped, 0, i64::MAX), (UNKNOWN_DECREE, UNKNOWN_DECREE));
    }

    #[test]
    fn a_pause_holds_the_confirmed_decree_and_a_start_ships_the_writes_since() {
        let running = Life::begin(Status::Log, 0).at(ClockMode::Real, 10_000);
        let paused = running.moved_to(Status::Pause, ClockMode::Real, 0, 10_000);
        assert_eq!(paused.decrees(ClockMode::Real, 0, 20_000), (101, 201));
        let started = paused.moved_to(Status::Log, ClockMode::Real, 0, 20_000);
        assert_eq!(started.decrees(ClockMode::Real, 0, 20_000), (101, 201));
        assert_eq!(started.decrees(ClockMode::Real, 0, 21_000), (211, 211));
    }
}
