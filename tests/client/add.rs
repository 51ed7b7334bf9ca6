//! Tests each row of the decision table of an add, with servers that send the response of the row.
//! `add_lies.rs` tests servers whose responses are wrong.

use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::{DuplicationSpec, ErrorKind, Evidence, Mode, Property};

use super::support::adding::{
    add, assert_created, assert_error, assert_exists, client, fake, spec, with,
};
use crate::common::fake::{DUPID, Fake, Say, Seen, World, refused};

// Servers that are proven to be `dup-exist`, and whose responses are correct.

#[tokio::test]
async fn created_and_listed_is_created_because_the_server_said_so() {
    let (outcome, fake) = add(World::dup_exist(), spec(), |world, seen| {
        world.entries.push(world.entry(DUPID));
        seen.answer(&world.made(DUPID))
    })
    .await;
    let value = assert_created(&outcome, Evidence::ServerSaidSo);
    assert_eq!((value.table_id, value.dupid), (3, DUPID));
    assert_eq!(outcome.unwrap().warning(), None);
    assert_eq!(fake.count::<AddDuplication>(), 1);
    // The request has no checkpoint unless one is requested, and no other optional fields.
    let sent = fake.first::<AddDuplication>();
    assert_eq!(sent.is_duplicating_checkpoint, Some(false));
    assert_eq!((sent.remote_app_name, sent.remote_replica_count), (None, None));
}

#[tokio::test]
async fn a_checkpoint_is_requested_by_leaving_out_field_3() {
    let spec = DuplicationSpec { checkpoint: true, ..spec() };
    let (outcome, fake) = add(World::dup_exist(), spec, |world, seen| {
        world.entries.push(Entry { status: 1, ..world.entry(DUPID) });
        seen.answer(&world.made(DUPID))
    })
    .await;
    assert_created(&outcome, Evidence::ServerSaidSo);
    let sent = fake.first::<AddDuplication>();
    assert_eq!(sent.is_duplicating_checkpoint, None);
}

#[tokio::test]
async fn created_and_gone_again_is_created_with_a_warning() {
    let (outcome, _fake) =
        add(World::dup_exist(), spec(), |world, seen| seen.answer(&world.made(DUPID))).await;
    let value = assert_created(&outcome, Evidence::ServerSaidSo);
    assert_eq!((value.dupid, value.status), (DUPID, None));
    assert!(outcome.unwrap().warning().unwrap().contains("not listed any more"));
}

#[tokio::test]
async fn created_and_not_read_back_is_created_with_a_warning() {
    let fake = Fake::start({
        let (world, mut added) = (World::dup_exist(), false);
        move |seen| match seen.is::<AddDuplication>() {
            true => {
                added = true;
                seen.answer(&world.made(DUPID))
            }
            false if added => Say::CLOSE,
            false => world.answer(seen),
        }
    })
    .await;
    let outcome = client(&fake).add(&spec()).await;
    assert_created(&outcome, Evidence::ServerSaidSo);
    assert!(outcome.unwrap().warning().unwrap().contains("could not be read back"));
}

#[tokio::test]
async fn an_existing_duplication_is_reported_and_nothing_is_sent() {
    let world = with(World::dup_exist(), |world| {
        let mut entry = world.entry(DUPID);
        (entry.status, entry.fail_mode) = (4, Some(1));
        entry.remote_app_name = Some("other".into());
        entry.remote_replica_count = Some(2);
        vec![entry]
    });
    let asked = DuplicationSpec { remote_replica_count: Some(5), ..spec() };
    let (outcome, fake) = add(world, asked, |_, _| panic!("an add was sent")).await;
    assert_exists(&outcome, Evidence::ListedBefore);
    let outcome = outcome.unwrap();
    let fields: Vec<_> = outcome
        .differences()
        .iter()
        .map(|one| (one.field, one.asked.clone(), one.existing.clone()))
        .collect();
    assert_eq!(
        fields,
        [
            (Property::RemoteTable, "temp".into(), "other".into()),
            (Property::RemoteReplicaCount, 5.into(), 2.into())
        ]
    );
    let warning = outcome.warning().unwrap();
    assert!(warning.contains("paused") && warning.contains("FAIL_SKIP"), "{warning}");
    assert_eq!(fake.count::<AddDuplication>(), 0);
}

#[tokio::test]
async fn of_two_to_one_cluster_the_older_is_reported_and_both_are_named() {
    let world = with(World::dup_exist(), |world| vec![world.entry(DUPID), world.entry(DUPID + 7)]);
    let (outcome, fake) = add(world, spec(), |_, _| panic!("an add was sent")).await;
    assert_eq!(assert_exists(&outcome, Evidence::ListedBefore).dupid, DUPID);
    let outcome = outcome.unwrap();
    let warning = outcome.warning().unwrap();
    assert!(warning.contains(&DUPID.to_string()) && warning.contains(&(DUPID + 7).to_string()));
    assert_eq!(fake.count::<AddDuplication>(), 0);
}

#[tokio::test]
async fn dup_exist_is_already_exists() {
    let (outcome, _fake) = add(World::dup_exist(), spec(), |world, seen| {
        world.entries.push(world.entry(DUPID));
        seen.answer(&AddResponse { err: pegasus_dup::ErrorCode::DupExist, ..world.made(DUPID) })
    })
    .await;
    assert!(assert_exists(&outcome, Evidence::ServerSaidSo).status.is_some());
    assert_eq!(outcome.unwrap().warning(), None);
}

#[tokio::test]
async fn dup_exist_with_another_dupid_than_listed_has_a_warning() {
    let (outcome, _fake) = add(World::dup_exist(), spec(), |world, seen| {
        world.entries.push(world.entry(DUPID + 5));
        seen.answer(&AddResponse { err: pegasus_dup::ErrorCode::DupExist, ..world.made(DUPID) })
    })
    .await;
    assert_eq!(assert_exists(&outcome, Evidence::ServerSaidSo).dupid, DUPID + 5);
    assert!(outcome.unwrap().warning().unwrap().contains("names another duplication"));
}

#[tokio::test]
async fn dup_exist_and_not_listed_is_reported_from_the_echo() {
    let (outcome, _fake) = add(World::dup_exist(), spec(), |world, seen| {
        let mut answer = world.made(DUPID);
        (answer.err, answer.remote_app_name) =
            (pegasus_dup::ErrorCode::DupExist, Some("other".into()));
        seen.answer(&answer)
    })
    .await;
    assert_eq!(assert_exists(&outcome, Evidence::ServerSaidSo).dupid, DUPID);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.differences().len(), 1);
    assert!(outcome.warning().is_some());
}

#[tokio::test]
async fn refused_and_listed_existed_when_the_add_arrived() {
    for (code, hint) in [
        ("ERR_INVALID_PARAMETERS", "start dup[temp(7)] failed: err = ERR_INVALID_PARAMETERS"),
        ("ERR_BUSY", ""),
        ("ERR_APP_NOT_EXIST", ""),
        ("ERR_ACL_DENY", ""),
    ] {
        let mut world = World::dup_exist();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => {
                world.entries = vec![world.entry(DUPID)];
                seen.answer(&refused(code, hint))
            }
            false => world.answer(seen),
        })
        .await;
        let outcome = client(&fake).add(&spec()).await;
        assert_exists(&outcome, Evidence::ListedAfter);
    }
}

#[tokio::test]
async fn refused_and_not_listed_is_an_error_by_code_and_hint() {
    let itself = "illegal operation: adding duplication to itself";
    let id = "get_duplication_cluster_id(target) failed, error: ERR_OBJECT_NOT_FOUND: failed";
    let list = "failed to find cluster[target] address in config [pegasus.clusters]";
    let list_of_2_3 = "failed to find cluster address in config [pegasus.clusters]";
    let taken = "illegal operation: another app(a) is also duplicated to the same remote app(cluster=target, app=temp)";
    let start = "start dup[temp(7)] failed: err = ERR_INVALID_PARAMETERS";
    for (code, hint, kind) in [
        ("ERR_INVALID_PARAMETERS", itself, ErrorKind::InvalidArgument),
        ("ERR_INVALID_PARAMETERS", id, ErrorKind::RemoteClusterNotConfigured),
        ("ERR_INVALID_PARAMETERS", list, ErrorKind::RemoteClusterNotConfigured),
        ("ERR_INVALID_PARAMETERS", list_of_2_3, ErrorKind::RemoteClusterNotConfigured),
        ("ERR_INVALID_PARAMETERS", taken, ErrorKind::RemoteTableTaken),
        ("ERR_INVALID_PARAMETERS", start, ErrorKind::Busy),
        ("ERR_BUSY", "", ErrorKind::Busy),
        ("ERR_APP_NOT_EXIST", "app temp was not found", ErrorKind::TableNotFound),
        ("ERR_ACL_DENY", "", ErrorKind::PermissionDenied),
    ] {
        let world = World::dup_exist();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => seen.answer(&refused(code, hint)),
            false => world.answer(seen),
        })
        .await;
        let error = assert_error(&client(&fake).add(&spec()).await, kind);
        assert_eq!(error.code().unwrap().name(), code);
        assert_eq!(error.hint().unwrap_or_default(), hint);
        assert_eq!(error.server().unwrap(), fake.address.to_string());
    }
}

#[tokio::test]
async fn a_lost_response_is_settled_by_the_list() {
    for lose in [
        (|_| Say::CLOSE) as fn(&Seen) -> Say,
        |_| Say::NOTHING,
        |_| Say::bytes(vec![0, 0, 0, 9, 1, 2, 3, 4, 5]),
        |seen| seen.framework("ERR_TIMEOUT"),
        |seen| seen.answer(&refused("ERR_NEVER_HEARD_OF", "")),
    ] {
        for (remote, sure) in [("temp", false), ("other", true)] {
            let mut world = World::dup_exist();
            let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
                true => {
                    let remote_app_name = Some(remote.to_owned());
                    world.entries = vec![Entry { remote_app_name, ..world.entry(DUPID) }];
                    lose(seen)
                }
                false => world.answer(seen),
            })
            .await;
            let client = client(&fake).with_timeout(Duration::from_secs(6));
            let outcome = client.add(&spec()).await;
            if sure {
                assert_exists(&outcome, Evidence::ListedAfter);
            } else {
                assert_created(&outcome, Evidence::AppearedDuringCall);
                assert!(!outcome.unwrap().certain());
            }
            assert_eq!(fake.count::<AddDuplication>(), 1, "never sent again");
            assert_eq!(client.unsettled(), Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_lost_response_and_nothing_listed_is_unknown_at_the_deadline() {
    let fake = fake(World::dup_exist(), |_, _| Say::CLOSE).await;
    let client = client(&fake);
    let error = assert_error(&client.add(&spec()).await, ErrorKind::OutcomeUnknown);
    assert!(error.hint().unwrap().contains("query the table"), "{error}");
    assert_eq!(fake.count::<AddDuplication>(), 1, "never sent again");
    assert_eq!(client.unsettled(), ["add table=temp cluster=target"]);
}

#[tokio::test]
async fn a_lost_add_that_is_listed_late_is_waited_for() {
    let fake = Fake::start({
        let (mut world, mut asked) = (World::dup_exist(), 0);
        move |seen| {
            if seen.is::<AddDuplication>() {
                asked = 1;
                return Say::CLOSE;
            }
            if asked > 0 && seen.is::<ListDuplication>() {
                asked += 1;
                // First there is no duplication, then one that is not stored yet, then a stored
                // one.
                world.entries = match asked {
                    2 => vec![],
                    3 => vec![Entry { status: 0, ..world.entry(DUPID) }],
                    _ => vec![world.entry(DUPID)],
                };
            }
            world.answer(seen)
        }
    })
    .await;
    let outcome = client(&fake).add(&spec()).await;
    assert_created(&outcome, Evidence::AppearedDuringCall);
}

#[tokio::test]
async fn a_duplication_that_is_not_stored_yet_does_not_count_as_existing() {
    let world = with(World::dup_exist(), |world| vec![Entry { status: 0, ..world.entry(DUPID) }]);
    let (outcome, fake) = add(world, spec(), |_, _| panic!("an add was sent")).await;
    assert_error(&outcome, ErrorKind::Busy);
    assert_eq!(fake.count::<AddDuplication>(), 0);
}

#[tokio::test]
async fn no_such_rpc_is_unsupported() {
    let (outcome, _fake) = add(World::dup_exist(), spec(), |_, seen| seen.no_such_rpc()).await;
    assert_error(&outcome, ErrorKind::Unsupported);
}

#[tokio::test]
async fn refused_as_not_ready_ends_in_unavailable_and_is_not_sent_again_too_soon() {
    for code in ["ERR_FORWARD_TO_OTHERS", "ERR_SERVICE_NOT_ACTIVE", "ERR_UNDER_RECOVERY"] {
        let world = World::dup_exist();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => seen.answer(&refused(code, "")),
            false => world.answer(seen),
        })
        .await;
        let error = assert_error(&client(&fake).add(&spec()).await, ErrorKind::Unavailable);
        assert_eq!(error.code().unwrap().name(), code);
        // Two reads 2 s apart do not fit into the timeout.
        assert_eq!(fake.count::<AddDuplication>(), 1);
    }
}

#[tokio::test]
async fn after_a_refusal_as_not_ready_the_add_is_sent_again_if_nothing_is_listed_for_2_s() {
    let fake = Fake::start({
        let (mut world, mut adds) = (World::dup_exist(), 0);
        move |seen| {
            if !seen.is::<AddDuplication>() {
                return world.answer(seen);
            }
            adds += 1;
            if adds == 1 {
                return seen.answer(&refused("ERR_SERVICE_NOT_ACTIVE", ""));
            }
            world.entries = vec![world.entry(DUPID)];
            seen.answer(&world.made(DUPID))
        }
    })
    .await;
    let client = client(&fake).with_timeout(Duration::from_secs(8));
    assert_created(&client.add(&spec()).await, Evidence::ServerSaidSo);
    assert_eq!(fake.count::<AddDuplication>(), 2);
    let between = fake
        .seen()
        .iter()
        .rev()
        .skip_while(|seen| !seen.is::<AddDuplication>())
        .skip(1)
        .take_while(|seen| !seen.is::<AddDuplication>())
        .filter(|seen| seen.is::<ListDuplication>())
        .count();
    assert_eq!(between, 2, "read twice before the add was sent again");
}

#[tokio::test]
async fn two_to_the_cluster_afterwards_is_unknown_and_names_both() {
    let (outcome, _fake) = add(World::dup_exist(), spec(), |world, seen| {
        world.entries = vec![world.entry(DUPID), world.entry(DUPID + 1)];
        seen.answer(&world.made(DUPID + 1))
    })
    .await;
    let error = assert_error(&outcome, ErrorKind::OutcomeUnknown);
    assert_eq!(error.known().len(), 2);
}

// Servers that are not proven to be `dup-exist`.

#[tokio::test]
async fn not_proven_is_never_certain() {
    let (outcome, _fake) = add(World::old(), spec(), |world, seen| {
        world.entries = vec![world.entry(DUPID)];
        seen.answer(&world.made(DUPID))
    })
    .await;
    assert_created(&outcome, Evidence::AppearedDuringCall);
}

#[tokio::test]
async fn not_proven_and_listed_with_differences_is_already_exists() {
    let (outcome, _fake) = add(World::old(), spec(), |world, seen| {
        let remote_app_name = Some("other".to_owned());
        world.entries = vec![Entry { remote_app_name, ..world.entry(DUPID) }];
        seen.answer(&world.made(DUPID))
    })
    .await;
    assert_exists(&outcome, Evidence::ListedAfter);
}

#[tokio::test]
async fn not_proven_and_not_listed_is_unknown() {
    let (outcome, _fake) =
        add(World::old(), spec(), |world, seen| seen.answer(&world.made(DUPID))).await;
    assert_error(&outcome, ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn a_request_that_an_old_server_would_ignore_or_misread_is_not_sent() {
    let named = DuplicationSpec { remote_table: Some("other".into()), ..spec() };
    let counted = DuplicationSpec { remote_replica_count: Some(2), ..spec() };
    let shipped = DuplicationSpec { checkpoint: true, ..spec() };
    for (world, spec) in [
        (World::old(), named.clone()),
        (World::old(), counted.clone()),
        (World::freezed(), named),
        (World::freezed(), counted),
        (World::freezed(), shipped),
    ] {
        let (outcome, fake) = add(world, spec, |_, _| panic!("an add was sent")).await;
        let error = assert_error(&outcome, ErrorKind::Unsupported);
        assert!(error.to_string().contains("nothing was sent"), "{error}");
        assert_eq!(fake.count::<AddDuplication>(), 0);
    }
    // A request that states the defaults requests nothing.
    let same = DuplicationSpec {
        remote_table: Some("temp".into()),
        remote_replica_count: Some(0),
        ..spec()
    };
    let (outcome, fake) = add(World::old(), same, |world, seen| {
        world.entries = vec![world.entry(DUPID)];
        seen.answer(&world.made(DUPID))
    })
    .await;
    assert_created(&outcome, Evidence::AppearedDuringCall);
    let sent = fake.first::<AddDuplication>();
    assert_eq!((sent.remote_app_name, sent.remote_replica_count), (None, None));
}

// Adds in direct mode.

#[tokio::test]
async fn direct_mode_is_one_round_trip_once_the_server_is_known() {
    let (mut world, mut next) = (World::dup_exist(), DUPID);
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => {
            next += 1;
            world.entries = vec![world.entry(next)];
            seen.answer(&world.made(next))
        }
        false => world.answer(seen),
    })
    .await;
    let client = client(&fake).with_mode(Mode::Direct);
    for _ in 0..3 {
        let outcome = client.add(&spec()).await;
        assert_created(&outcome, Evidence::ServerSaidSo);
        assert_eq!(outcome.unwrap().warning(), None);
    }
    assert_eq!(fake.count::<ListDuplication>(), 1);
    assert_eq!(fake.count::<AddDuplication>(), 3);
}

/// If a duplication exists, a direct add is a repeated add, and may have its side effects.
#[tokio::test]
async fn direct_mode_warns_about_side_effects_on_an_existing_duplication() {
    let effects =
        "resumed the duplication, moved it from DS_APP to DS_LOG, and reset its fail mode";
    for (code, listed) in [("ERR_DUP_EXIST", true), ("ERR_DUP_EXIST", false), ("", true)] {
        let mut world = with(World::dup_exist(), |world| vec![world.entry(DUPID)]);
        let other = Some("elsewhere".to_owned());
        world.entries[0].remote_app_name = other.clone();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true if code.is_empty() => Say::CLOSE,
            true => {
                let err = pegasus_dup::ErrorCode::from_name(code);
                let remote_app_name = other.clone();
                let answer = AddResponse { err, remote_app_name, ..world.made(DUPID) };
                if !listed {
                    world.entries.clear();
                }
                seen.answer(&answer)
            }
            false => world.answer(seen),
        })
        .await;
        let outcome = client(&fake).with_mode(Mode::Direct).add(&spec()).await.unwrap();
        assert!(!outcome.created(), "{outcome:?}");
        assert!(outcome.warning().unwrap().contains(effects), "{outcome:?}");

        // In safe mode nothing is sent if a duplication exists.
        let world = with(World::dup_exist(), |world| vec![world.entry(DUPID)]);
        let (outcome, _fake) = add(world, spec(), |_, _| panic!("an add was sent")).await;
        assert_eq!(outcome.unwrap().warning(), None);
    }
    // There is no such warning if the add was refused, because it had no effect.
    let mut world = World::dup_exist();
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => {
            world.entries = vec![world.entry(DUPID)];
            seen.answer(&refused("ERR_INVALID_PARAMETERS", "start dup[temp(1)] failed"))
        }
        false => world.answer(seen),
    })
    .await;
    let outcome = client(&fake).with_mode(Mode::Direct).add(&spec()).await;
    assert_exists(&outcome, Evidence::ListedAfter);
    assert_eq!(outcome.unwrap().warning(), None);
}

#[tokio::test]
async fn direct_mode_reads_back_after_an_incomplete_response() {
    let mut world = World::dup_exist();
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => {
            world.entries = vec![world.entry(DUPID)];
            seen.answer(&refused("ERR_BUSY", ""))
        }
        false => world.answer(seen),
    })
    .await;
    let client = client(&fake).with_mode(Mode::Direct);
    assert_exists(&client.add(&spec()).await, Evidence::ListedAfter);
}

#[tokio::test]
async fn direct_mode_needs_the_proof() {
    let fake = fake(World::old(), |_, _| panic!("an add was sent")).await;
    let client = client(&fake).with_mode(Mode::Direct);
    assert_error(&client.add(&spec()).await, ErrorKind::Unsupported);
    assert_eq!(fake.count::<AddDuplication>(), 0);
}

#[tokio::test]
async fn adds_of_one_table_and_cluster_run_one_after_the_other() {
    let mut world = World::dup_exist();
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => {
            assert!(world.entries.is_empty(), "the second add must have read after the first");
            world.entries = vec![world.entry(DUPID)];
            seen.answer(&world.made(DUPID)).later(Duration::from_millis(50))
        }
        false => world.answer(seen),
    })
    .await;
    let (client, spec) = (client(&fake), spec());
    let (first, second) = tokio::join!(client.add(&spec), client.add(&spec));
    assert_created(&first, Evidence::ServerSaidSo);
    assert_exists(&second, Evidence::ListedBefore);
    assert_eq!(fake.count::<AddDuplication>(), 1);
}

#[tokio::test]
async fn a_cancelled_add_stays_unsettled() {
    let fake = fake(World::dup_exist(), |_, _| Say::NOTHING).await;
    let client = client(&fake);
    let spec = spec();
    let cancelled = tokio::time::timeout(Duration::from_millis(200), client.add(&spec)).await;
    assert!(cancelled.is_err());
    assert_eq!(client.unsettled(), ["add table=temp cluster=target"]);
}
