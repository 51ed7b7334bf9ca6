//! The matrix of statements and findings, written down a second time, as `docs/operators.md` has
//! it.

use super::*;
use Generation::*;

/// What can be found out, by name.
fn found() -> [(&'static str, Found); 7] {
    let version = |text: &str| Found::Version(text.to_owned());
    [
        ("the list RPC", Found::ListRpc),
        ("no replica count RPC", Found::NoReplicaCountRpc),
        ("2.5", version("2.5.0")),
        ("2.6", version("2.6.0-SNAPSHOT")),
        ("older", version("2.3.0")),
        ("no version", version("null")),
        ("nothing", Found::NoVersion),
    ]
}

#[test]
fn what_is_found_without_a_statement() {
    let generations: Vec<_> = found().into_iter().map(|(_, found)| found.generation()).collect();
    assert_eq!(
        generations,
        [DupExist, Freezed, Checkpoint, Snapshot26, Snapshot26, Snapshot26, Snapshot26]
    );
}

#[test]
fn every_statement_against_everything_that_can_be_found() {
    // There is one column for each of the findings, in the order above.
    let matrix: [(Generation, [Option<Generation>; 7]); 5] = [
        (Freezed, [None, Some(Freezed), None, None, None, None, None]),
        (
            Checkpoint,
            [None, None, Some(Checkpoint), None, None, Some(Checkpoint), Some(Checkpoint)],
        ),
        (
            RemoteName,
            [None, None, None, Some(RemoteName), None, Some(RemoteName), Some(RemoteName)],
        ),
        (
            Snapshot26,
            [
                Some(DupExist),
                None,
                None,
                Some(Snapshot26),
                None,
                Some(Snapshot26),
                Some(Snapshot26),
            ],
        ),
        (
            DupExist,
            [
                Some(DupExist),
                None,
                None,
                Some(RemoteName),
                None,
                Some(RemoteName),
                Some(RemoteName),
            ],
        ),
    ];
    assert_eq!(matrix.map(|(stated, _)| stated), Generation::ALL);
    for (stated, row) in matrix {
        for ((name, found), expected) in found().into_iter().zip(row) {
            for names in [None, Some(true), Some(false)] {
                let without = found.generation_if_stated(stated, names);
                // What the server says about a duplication counts only if nothing else decides.
                let refuted = match (stated, expected) {
                    (RemoteName | DupExist, Some(RemoteName)) => names == Some(false),
                    (Checkpoint, Some(Checkpoint)) => names == Some(true) && name != "2.5",
                    _ => false,
                };
                let expected = expected.filter(|_| !refuted);
                assert_eq!(without.ok(), expected, "stated {stated}, found {name}, {names:?}");
            }
        }
    }
}

/// A stated generation never changes what could end or harm a server: the status numbers, and
/// whether racing adds end the server, always follow the generation that was found out.
#[test]
fn a_statement_changes_no_number() {
    for stated in Generation::ALL {
        for (name, found) in found() {
            let Ok(used) = found.generation_if_stated(stated, None) else { continue };
            let proven = found.generation();
            assert_eq!(used.dies_of_racing_adds(), proven.dies_of_racing_adds(), "{name}");
            assert_eq!(used == DupExist, proven == DupExist, "{name}");
            for number in 0..8 {
                assert_eq!(used.status(number), proven.status(number), "{name}");
            }
        }
    }
}

#[test]
fn a_refusal_says_what_was_stated_what_was_found_and_how() {
    let refuted = |stated, found: Found, names| {
        let Refuted { stated, found, reason } =
            found.generation_if_stated(stated, names).unwrap_err();
        format!("{reason}: stated={stated} found={found}")
    };
    let version = || Found::Version("2.5.0".to_owned());
    for (text, told) in [
        (
            refuted(RemoteName, version(), None),
            "says \"2.5.0\": stated=remote-name found=checkpoint",
        ),
        (refuted(Freezed, version(), None), "no server before 2.4 has: stated=freezed"),
        (refuted(DupExist, Found::NoReplicaCountRpc, None), "lacks RPC_CM_GET_MAX_REPLICA_COUNT"),
        (refuted(RemoteName, Found::ListRpc, None), "which only dup-exist has"),
        (refuted(RemoteName, Found::NoVersion, Some(false)), "does not name the remote table"),
        (refuted(Checkpoint, Found::NoVersion, Some(true)), "names the remote table"),
    ] {
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn versions_are_read_by_their_first_two_numbers() {
    for (text, release) in [
        ("2.4.0", Release::Checkpoint),
        ("2.5.0-rc1", Release::Checkpoint),
        ("2.6.0-SNAPSHOT", Release::Snapshot),
        ("2.10.1", Release::Snapshot),
        ("3.0", Release::Snapshot),
        ("2.3.9", Release::Older),
        ("1.12.3", Release::Older),
        ("2", Release::Nothing),
        ("", Release::Nothing),
        ("master", Release::Nothing),
        ("v2.5.0", Release::Nothing),
    ] {
        assert_eq!(Release::of(text), release, "{text}");
    }
}
