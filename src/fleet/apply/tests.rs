//! Tests of the decisions, which need no server.

use super::decide::{Todo, decide};
use super::item::compared;
use super::*;
use crate::client::compare::Server;
use crate::enums::{FailMode, ItemResult, PlanStep, Property, Status, Verdict};
use crate::error::ErrorKind;
use crate::fleet::plan::{Existing, SourceCluster, Wanted};
use crate::fleet::spec::{DeclaredFailMode, DeclaredStatus};
use crate::fleet::{Item, Plan};
use crate::protocol::generation::Generation;
use crate::resource::Duplication;

const NOW_MS: i64 = 1_795_000_000_000;
const HOUR_MS: i64 = 3_600_000;

fn item(verdict: Verdict, steps: &[PlanStep]) -> Item {
    let wanted = Wanted {
        remote_table: "temp".to_owned(),
        remote_replica_count: None,
        checkpoint: false,
        fail_mode: None,
        status: None,
    };
    Item {
        verdict,
        table: "temp".to_owned(),
        table_id: Some(3),
        cluster: "target".to_owned(),
        wanted: (verdict != Verdict::Unmanaged).then_some(wanted),
        existing: None,
        differences: Vec::new(),
        unverified: Vec::new(),
        steps: steps.to_vec(),
        why: None,
        in_scope: false,
    }
}

fn existing(status: Option<Status>, create_ts_ms: Option<i64>) -> Existing {
    Existing {
        dupid: 7,
        create_ts_ms,
        status,
        fail_mode: Some(FailMode::Slow),
        remote_table: None,
        remote_replica_count: None,
    }
}

fn plan(items: Vec<Item>) -> Plan {
    Plan {
        source: SourceCluster { meta: "a:1".to_owned(), name: None, generation: None },
        input_hash: String::new(),
        items,
        warnings: Vec::new(),
        has_scopes: true,
    }
}

/// Returns all lists that a plan may have of its steps.
fn step_lists() -> Vec<Vec<PlanStep>> {
    use PlanStep::{Add, Pause, Recreate, Remove, SetFailMode, Start};
    vec![
        vec![],
        vec![Add],
        vec![Add, SetFailMode],
        vec![Add, Pause],
        vec![Add, SetFailMode, Pause],
        vec![SetFailMode],
        vec![Start],
        vec![Pause],
        vec![SetFailMode, Start],
        vec![SetFailMode, Pause],
        vec![Recreate],
        vec![Recreate, SetFailMode],
        vec![Recreate, Start],
        vec![Recreate, SetFailMode, Pause],
        vec![Remove],
    ]
}

/// Calls `check` with every combination of an item and options, and with the decision.
fn every_decision(mut check: impl FnMut(&Item, &ApplyOptions, &Todo)) {
    const BOTH: [bool; 2] = [false, true];
    let statuses = [
        None,
        Some(Status::Prepare),
        Some(Status::App),
        Some(Status::Log),
        Some(Status::Start),
        Some(Status::Pause),
    ];
    let ages =
        [None, Some(NOW_MS - 2 * HOUR_MS), Some(NOW_MS - HOUR_MS / 2), Some(NOW_MS + HOUR_MS)];
    let options: Vec<ApplyOptions> = (0..16)
        .map(|bits| ApplyOptions {
            fix: Fix { status: bits & 1 > 0, fail_mode: bits & 2 > 0 },
            prune: bits & 4 > 0,
            start_long_paused: bits & 8 > 0,
            ..ApplyOptions::default()
        })
        .collect();
    for verdict in Verdict::ALL {
        for steps in step_lists() {
            for checkpoint in BOTH {
                for in_scope in BOTH {
                    for (status, age) in
                        statuses.iter().flat_map(|status| ages.map(|age| (*status, age)))
                    {
                        let mut item = item(verdict, &steps);
                        item.in_scope = in_scope;
                        if let Some(wanted) = &mut item.wanted {
                            wanted.checkpoint = checkpoint;
                        }
                        if verdict != Verdict::Create {
                            item.existing = Some(existing(status, age));
                        }
                        for options in &options {
                            let todo = decide(&item, options, NOW_MS);
                            check(&item, options, &todo);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_step_is_only_taken_where_it_is_allowed() {
    every_decision(|item, options, todo| {
        let (verdict, existing) = (item.verdict, item.existing.as_ref());
        let checkpoint = item.wanted.as_ref().is_some_and(|wanted| wanted.checkpoint);
        let young =
            existing.and_then(|one| one.create_ts_ms).is_some_and(|ms| ms >= NOW_MS - HOUR_MS);
        let status = existing.and_then(|one| one.status);
        for (index, step) in todo.steps().iter().enumerate() {
            let allowed = match step {
                PlanStep::Add => verdict == Verdict::Create && index == 0,
                PlanStep::SetFailMode => match verdict {
                    Verdict::Create => true,
                    Verdict::Differs => options.fix.fail_mode,
                    _ => false,
                },
                PlanStep::Pause => match verdict {
                    Verdict::Create => !checkpoint,
                    Verdict::Differs => {
                        options.fix.status && !matches!(status, Some(Status::Prepare | Status::App))
                    }
                    _ => false,
                },
                PlanStep::Start => {
                    let long = status == Some(Status::Pause) && !young;
                    verdict == Verdict::Differs
                        && options.fix.status
                        && (!long || options.start_long_paused)
                }
                PlanStep::Remove => verdict == Verdict::Unmanaged && options.prune && item.in_scope,
                PlanStep::Recreate => false,
            };
            assert!(allowed, "{step} of {item:?} with {options:?}");
        }
    });
}

#[test]
fn what_is_not_done_is_told() {
    every_decision(|item, options, todo| {
        let adds = item.verdict == Verdict::Create;
        let alters = item.verdict == Verdict::Differs;
        let planned = item.steps.iter().filter(|step| match step {
            PlanStep::Add => false,
            PlanStep::SetFailMode | PlanStep::Pause => adds || alters,
            PlanStep::Start | PlanStep::Recreate => alters,
            PlanStep::Remove => false,
        });
        let missing = planned.filter(|step| !todo.steps().contains(step)).count();
        match todo {
            Todo::Steps { steps, left } => {
                assert!(!steps.is_empty());
                assert_eq!(left.is_some(), missing > 0, "{item:?} with {options:?}");
            }
            Todo::Leave { result, why } => {
                let expected = match item.verdict {
                    Verdict::AsWanted | Verdict::Unmanaged => ItemResult::Unchanged,
                    // No item of these has a property that cannot be compared.
                    Verdict::NotComparable | Verdict::Differs => ItemResult::Differs,
                    Verdict::Refused => ItemResult::Failed,
                    Verdict::Create => panic!("a duplication must be created: {item:?}"),
                };
                assert_eq!(*result, expected, "{item:?} with {options:?}");
                assert_eq!(why.is_some(), missing > 0, "{item:?} with {options:?}");
            }
        }
    });
}

#[test]
fn a_property_that_cannot_be_compared_is_no_failure() {
    let mut item = item(Verdict::NotComparable, &[]);
    item.unverified.push(Property::Checkpoint);
    item.why = Some("checkpoint: not reported".to_owned());
    let todo = decide(&item, &ApplyOptions::default(), NOW_MS);
    assert_eq!(todo, Todo::Leave { result: ItemResult::Unchanged, why: item.why.clone() });
}

#[test]
fn the_limits_are_checked_before_anything_is_sent() {
    let removal = Item { in_scope: true, ..item(Verdict::Unmanaged, &[PlanStep::Remove]) };
    let items = vec![
        item(Verdict::Create, &[PlanStep::Add]),
        item(Verdict::AsWanted, &[]),
        item(Verdict::Differs, &[PlanStep::SetFailMode]),
        removal.clone(),
        removal,
    ];
    let all = ApplyOptions {
        fix: Fix { status: false, fail_mode: true },
        prune: true,
        ..ApplyOptions::default()
    };
    let work = Work::new(plan(items.clone()), all.clone()).unwrap();
    assert_eq!((work.changes(), work.removals().count()), (4, 2));
    let counted = Work::new(plan(items.clone()), ApplyOptions::default()).unwrap();
    assert_eq!((counted.changes(), counted.removals().count()), (1, 0));
    for (max_changes, max_removals, fine) in [
        (Some(4), Some(2), true),
        (Some(3), None, false),
        (None, Some(1), false),
        (Some(0), None, false),
        (None, Some(0), false),
    ] {
        let options = ApplyOptions { max_changes, max_removals, ..all.clone() };
        let work = Work::new(plan(items.clone()), options);
        assert_eq!(work.is_ok(), fine, "{max_changes:?} {max_removals:?}");
        if let Err(error) = work {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().contains("nothing was sent"), "{error}");
        }
    }
    for options in [
        ApplyOptions { concurrency: 0, ..ApplyOptions::default() },
        ApplyOptions { max_preparing: Some(0), ..ApplyOptions::default() },
    ] {
        assert!(Work::new(plan(Vec::new()), options).is_err());
    }
}

#[test]
fn what_may_have_been_paused_for_long_is_named() {
    let mut items = Vec::new();
    for (status, created_ms) in [
        (Some(Status::Pause), Some(NOW_MS - 2 * HOUR_MS)),
        (Some(Status::Pause), None),
        (Some(Status::Pause), Some(NOW_MS - 1_000)),
        (Some(Status::Log), None),
    ] {
        let item = item(Verdict::Differs, &[PlanStep::Start]);
        items.push(Item { existing: Some(existing(status, created_ms)), ..item });
    }
    let fix = Fix { status: true, fail_mode: false };
    for start_long_paused in [false, true] {
        let options = ApplyOptions { fix, start_long_paused, ..ApplyOptions::default() };
        let work = Work::new_at(plan(items.clone()), options, NOW_MS).unwrap();
        let long: Vec<&Item> = work.long_paused().collect();
        assert_eq!(long, [&items[0], &items[1]]);
        assert_eq!(work.changes(), if start_long_paused { 4 } else { 2 });
    }
    let work = Work::new_at(plan(items), ApplyOptions::default(), NOW_MS).unwrap();
    assert_eq!(work.long_paused().count(), 0, "nothing is started without the fix");
}

#[test]
fn a_duplication_that_was_there_first_is_compared() {
    let mut wanted = item(Verdict::Create, &[PlanStep::Add, PlanStep::SetFailMode]);
    let one = |status, fail_mode, remote_table: &str| Duplication {
        table: "temp".to_owned(),
        table_id: 3,
        cluster: "target".to_owned(),
        dupid: 7,
        status: Some(status),
        fail_mode: Some(fail_mode),
        remote_table: Some(remote_table.to_owned()),
        remote_replica_count: Some(3),
        create_ts_ms: Some(1),
        partitions: Vec::new(),
    };
    let server = Server::from(Some(Generation::DupExist));
    let result = |item: &Item, one: &Duplication| compared(item, server, one).0;
    let same = one(Status::Log, FailMode::Slow, "temp");
    assert_eq!(result(&wanted, &same), ItemResult::Unchanged);
    assert_eq!(result(&wanted, &one(Status::Log, FailMode::Slow, "x")), ItemResult::Differs);
    if let Some(wanted) = &mut wanted.wanted {
        wanted.fail_mode = Some(DeclaredFailMode::Skip);
        wanted.status = Some(DeclaredStatus::Running);
    }
    assert_eq!(result(&wanted, &same), ItemResult::Differs);
    assert_eq!(result(&wanted, &one(Status::Log, FailMode::Skip, "temp")), ItemResult::Unchanged);
    assert_eq!(result(&wanted, &one(Status::Pause, FailMode::Skip, "temp")), ItemResult::Differs);
    // The server has not stored it, or is removing it.
    for status in [Status::Init, Status::Removed] {
        let now = one(status, FailMode::Skip, "temp");
        assert_ne!(result(&wanted, &now), ItemResult::Created);
    }
    assert_eq!(result(&wanted, &one(Status::Init, FailMode::Skip, "temp")), ItemResult::Differs);
}
