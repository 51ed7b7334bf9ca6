//! Decides what a drop did, from the lists before and after it. Pure functions.

use crate::client::table::named::{status, with_id};
use crate::enums::TableStatus;
use crate::protocol::messages::AppInfo;

/// What the list after a drop shows about the table to which the name led before the drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The table is dropped.
    Dropped,
    /// The table is being dropped. The server has not stored the drop yet, and loses it in a crash.
    Dropping,
    /// The table is not dropped, and was not dropped since the list before the drop.
    Kept,
    /// The table was dropped since the list before the drop, and has been recalled.
    Recalled,
    /// The table is not listed.
    Absent,
}

impl Target {
    /// Compares the two lists. `before` is the table as it was listed before the drop.
    pub(super) fn of(before: &AppInfo, after: &[AppInfo]) -> Target {
        let Some(now) = with_id(after, before.app_id) else { return Target::Absent };
        match status(now) {
            TableStatus::Dropped => Target::Dropped,
            TableStatus::Dropping => Target::Dropping,
            TableStatus::Recalling => Target::Recalled,
            // A recalled table keeps the time of its last drop.
            _ if now.drop_second != before.drop_second => Target::Recalled,
            _ => Target::Kept,
        }
    }
}

/// Returns the other tables of this name that were dropped between the two lists, or in the same second as the
/// target. Servers report whole seconds, so such a table may have been recalled and dropped again.
pub(super) fn others_dropped<'a>(
    name: &str,
    target_id: i32,
    before: &[AppInfo],
    after: &'a [AppInfo],
) -> Vec<&'a AppInfo> {
    let is_dropped =
        |one: &AppInfo| matches!(status(one), TableStatus::Dropped | TableStatus::Dropping);
    let target = with_id(after, target_id).filter(|target| is_dropped(target));
    let old = |now: &AppInfo| {
        target.is_none_or(|target| target.drop_second != now.drop_second)
            && with_id(before, now.app_id)
                .is_some_and(|old| is_dropped(old) && old.drop_second == now.drop_second)
    };
    after
        .iter()
        .filter(|now| now.app_id != target_id && now.app_name == name)
        .filter(|now| is_dropped(now) && !old(now))
        .collect()
}

/// What is known about a drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The table to which the name led was dropped.
    Removed,
    /// That table was dropped, and so was another table of the same name. The drop of this call dropped one
    /// of them.
    RemovedWithAnother,
    /// That table was dropped and has been recalled since.
    RemovedAndRecalled,
    /// That table was dropped as far as the response says. The list does not show it.
    RemovedUnseen,
    /// The name had moved to the only other table that was dropped.
    AnotherRemoved,
    /// What was dropped is not known. If the response was lost, a later list may show it.
    NotKnown,
}

/// Decides on a drop to which the server returned ERR_OK: a table that had the name was dropped. `others` is
/// the number of other tables of this name that were dropped since the list before the drop.
pub(super) fn after_ok(target: Target, others: usize) -> Verdict {
    match (target, others) {
        (Target::Dropped | Target::Dropping, 0) => Verdict::Removed,
        (Target::Dropped | Target::Dropping, _) => Verdict::RemovedWithAnother,
        (Target::Recalled, 0) => Verdict::RemovedAndRecalled,
        (Target::Absent, 0) => Verdict::RemovedUnseen,
        (Target::Kept, 1) => Verdict::AnotherRemoved,
        (Target::Kept | Target::Recalled | Target::Absent, _) => Verdict::NotKnown,
    }
}

/// Decides on a drop whose response was lost.
pub(super) fn after_loss(target: Target, others: usize) -> Verdict {
    match (target, others) {
        (Target::Dropped, 0) => Verdict::Removed,
        (Target::Dropped, _) => Verdict::RemovedWithAnother,
        // A table that is being dropped is no evidence, because the server loses the drop in a crash.
        (Target::Dropping | Target::Kept | Target::Recalled | Target::Absent, _) => {
            Verdict::NotKnown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(app_id: i32, app_name: &str, status: i32, drop_second: i64) -> AppInfo {
        let app_name = app_name.to_owned();
        AppInfo { app_id, app_name, status, drop_second, ..AppInfo::default() }
    }

    #[test]
    fn the_status_and_the_time_of_the_drop_show_what_happened_to_the_table() {
        // A table that was never dropped, and one that was recalled before.
        for earlier in [0, 50] {
            let before = info(7, "t", 1, earlier);
            for (status, expected) in [
                (0, Target::Kept),
                (1, Target::Kept),
                (2, Target::Kept),
                (4, Target::Dropping),
                (6, Target::Dropped),
                (7, Target::Recalled),
            ] {
                // The name does not matter: the table may have been renamed.
                for name in ["t", "u"] {
                    let after = [info(3, "t", 6, 1), info(7, name, status, earlier)];
                    assert_eq!(Target::of(&before, &after), expected, "{status}");
                }
            }
            assert_eq!(Target::of(&before, &[info(7, "t", 1, 99)]), Target::Recalled);
            assert_eq!(Target::of(&before, &[info(7, "t", 6, 99)]), Target::Dropped);
            assert_eq!(Target::of(&before, &[info(8, "t", 6, 99)]), Target::Absent);
        }
    }

    #[test]
    fn other_tables_count_if_they_were_dropped_between_the_lists() {
        let before = [
            info(1, "t", 6, 10),
            info(2, "t", 6, 20),
            info(3, "t", 1, 0),
            info(4, "u", 1, 0),
            info(8, "t", 6, 90),
        ];
        let after = [
            info(1, "t", 6, 10),
            // Recalled and dropped again.
            info(2, "t", 6, 90),
            // The target itself.
            info(3, "t", 6, 90),
            // Renamed into the name.
            info(4, "t", 4, 0),
            // Created since, and not dropped.
            info(5, "t", 1, 0),
            // Created and dropped since.
            info(6, "t", 6, 91),
            // Of another name.
            info(7, "u", 6, 92),
            // Perhaps recalled and dropped again in the second in which table 3 was dropped.
            info(8, "t", 6, 90),
        ];
        let ids = |target| -> Vec<i32> {
            let others = others_dropped("t", target, &before, &after);
            others.iter().map(|one| one.app_id).collect()
        };
        assert_eq!(ids(3), [2, 4, 6, 8]);
        assert_eq!(ids(6), [2, 3, 4]);
    }

    #[test]
    fn every_case_has_one_verdict() {
        use Target::{Absent, Dropped, Dropping, Kept, Recalled};
        use Verdict::{
            AnotherRemoved, NotKnown, Removed, RemovedAndRecalled, RemovedUnseen,
            RemovedWithAnother,
        };
        // The verdicts for no, one and two other tables: after ERR_OK, and without a response.
        let table = [
            (
                Dropped,
                [Removed, RemovedWithAnother, RemovedWithAnother],
                [Removed, RemovedWithAnother, RemovedWithAnother],
            ),
            (Dropping, [Removed, RemovedWithAnother, RemovedWithAnother], [NotKnown; 3]),
            (Kept, [NotKnown, AnotherRemoved, NotKnown], [NotKnown; 3]),
            (Recalled, [RemovedAndRecalled, NotKnown, NotKnown], [NotKnown; 3]),
            (Absent, [RemovedUnseen, NotKnown, NotKnown], [NotKnown; 3]),
        ];
        for (target, ok, lost) in table {
            for others in 0..3 {
                assert_eq!(after_ok(target, others), ok[others], "{target:?} {others}");
                assert_eq!(after_loss(target, others), lost[others], "{target:?} {others}");
            }
        }
    }
}
