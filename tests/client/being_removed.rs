//! A duplication in DS_REMOVED is being removed. It is still listed, and will be gone soon, so it
//! does not count as an existing duplication.

use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::{Client, ErrorCode, ErrorKind, Evidence, FailMode, Removal, Selector, Status};

use super::support::adding::{assert_created, assert_error, assert_exists, client, spec};
use crate::common::fake::{DUPID, Fake, Say, Seen, World};

/// Returns the number of DS_REMOVED in the generation of the server.
fn removed(world: &World) -> i32 {
    if world.counts { 5 } else { 3 }
}

/// Returns the number of DS_LOG or DS_START.
fn running(world: &World) -> i32 {
    if world.counts { 3 } else { 1 }
}

fn being_removed(world: &World, dupid: i32) -> Entry {
    Entry { status: removed(world), ..world.entry(dupid) }
}

/// Returns servers of each kind, with and without the list RPC.
fn worlds() -> [World; 3] {
    [World::dup_exist(), World::old(), World::freezed()]
}

/// Returns a client with a short timeout.
fn hurried(fake: &Fake) -> Client {
    client(fake).with_timeout(Duration::from_millis(1_200))
}

fn asks(seen: &Seen) -> bool {
    seen.is::<ListDuplication>() || seen.is::<QueryDuplication>()
}

/// Starts a server whose duplication is gone after it was listed `shown` times. It executes adds
/// and removals.
async fn going(mut world: World, shown: usize) -> Fake {
    world.entries = vec![being_removed(&world, DUPID)];
    let mut left = shown;
    Fake::start(move |seen| {
        if seen.is::<AddDuplication>() {
            assert!(world.entries.is_empty(), "an add was sent before the duplication was gone");
            let entry = Entry { status: running(&world), ..world.entry(DUPID + 9) };
            world.entries.push(entry);
            return seen.answer(&world.made(DUPID + 9));
        }
        assert!(!seen.is::<ModifyDuplication>(), "a change was sent");
        let answer = world.answer(seen);
        // A list RPC that is not handled lists nothing.
        if asks(seen) && (world.lists || seen.is::<QueryDuplication>()) {
            left = left.saturating_sub(1);
            if left == 0 {
                world.entries.retain(|entry| entry.dupid != DUPID);
            }
        }
        answer
    })
    .await
}

#[tokio::test]
async fn an_add_waits_until_it_is_gone() {
    for world in worlds() {
        let evidence = match world.lists {
            true => Evidence::ServerSaidSo,
            false => Evidence::AppearedDuringCall,
        };
        let fake = going(world, 3).await;
        let value = assert_created(&client(&fake).add(&spec()).await, evidence);
        assert_eq!(value.dupid, DUPID + 9);
        assert_eq!(fake.count::<AddDuplication>(), 1);
    }
}

#[tokio::test]
async fn an_add_is_busy_if_the_duplication_stays() {
    for world in worlds() {
        let fake = going(world, usize::MAX).await;
        let error = assert_error(&hurried(&fake).add(&spec()).await, ErrorKind::Busy);
        let said = error.to_string();
        assert!(said.contains("is being removed; nothing was sent"), "{said}");
        assert!(said.contains(&format!("dupid={DUPID}")), "{said}");
        assert_eq!(fake.count::<AddDuplication>(), 0);
    }
}

#[tokio::test]
async fn a_removal_waits_until_it_is_gone_and_finds_none() {
    for world in worlds() {
        let table = world.table.clone();
        for which in [Selector::Cluster("target".into()), Selector::Dupid(DUPID)] {
            let fake = going(world.clone(), 3).await;
            let removal = client(&fake).remove(&table, &which).await.unwrap();
            assert_eq!(removal, Removal::NotFound);

            let fake = going(world.clone(), usize::MAX).await;
            let error = hurried(&fake).remove(&table, &which).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy);
            assert!(error.message().contains("is being removed"), "{error}");
        }
    }
}

#[tokio::test]
async fn no_other_change_is_sent() {
    let which = Selector::Cluster("target".into());
    for world in worlds() {
        let table = world.table.clone();
        let fake = going(world.clone(), 3).await;
        let error = client(&fake).start(&table, &which).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicationNotFound);

        let fake = going(world, usize::MAX).await;
        let error = hurried(&fake).pause(&table, &which).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        let error = hurried(&fake).set_fail_mode(&table, &which, FailMode::Skip).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
    }
}

/// Starts a server with a duplication that is being removed, and with its successor.
async fn beside_another(mut world: World) -> Fake {
    let after = Entry { status: running(&world), ..world.entry(DUPID + 9) };
    world.entries = vec![being_removed(&world, DUPID), after];
    Fake::start(move |seen| {
        if seen.is::<ModifyDuplication>() {
            let request = seen.read::<ModifyDuplication>();
            assert_eq!(request.dupid, DUPID + 9);
            world.entries[1].fail_mode = request.fail_mode;
            let answer = ModifyResponse { err: ErrorCode::Ok, appid: Some(world.table_id) };
            return seen.answer(&answer);
        }
        world.answer(seen)
    })
    .await
}

#[tokio::test]
async fn beside_another_it_does_not_count() {
    let which = Selector::Cluster("target".into());
    for world in worlds() {
        let table = world.table.clone();
        let fake = beside_another(world).await;
        let client = client(&fake);
        let outcome = client.add(&spec()).await;
        assert_eq!(assert_exists(&outcome, Evidence::ListedBefore).dupid, DUPID + 9);
        assert_eq!(outcome.unwrap().warning(), None);

        let change = client.set_fail_mode(&table, &which, FailMode::Skip).await.unwrap();
        assert!(change.changed());
        assert_eq!(change.value().dupid, DUPID + 9);
        // The dupid selects the duplication that is still being removed.
        let gone = Selector::Dupid(DUPID);
        let error = hurried(&fake).set_fail_mode(&table, &gone, FailMode::Skip).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);

        let listed = client.query(&table).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[0].status, Some(Status::Removed));
    }
}

#[tokio::test]
async fn after_a_lost_response_it_is_no_evidence() {
    for world in worlds() {
        let mut world = world;
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => {
                world.entries = vec![being_removed(&world, DUPID)];
                Say::CLOSE
            }
            false => world.answer(seen),
        })
        .await;
        let error = assert_error(&hurried(&fake).add(&spec()).await, ErrorKind::OutcomeUnknown);
        assert!(error.message().contains("is being removed"), "{error}");
        assert_eq!(error.known()[0].duplication().expect("a duplication").dupid, DUPID);
    }
}

#[tokio::test]
async fn a_removal_warns_if_it_is_still_listed() {
    for world in worlds() {
        let mut world = world;
        world.entries = vec![Entry { status: running(&world), ..world.entry(DUPID) }];
        let table = world.table.clone();
        let fake = Fake::start(move |seen| match seen.is::<ModifyDuplication>() {
            true => {
                world.entries[0].status = removed(&world);
                let answer = ModifyResponse { err: ErrorCode::Ok, appid: Some(world.table_id) };
                seen.answer(&answer)
            }
            false => world.answer(seen),
        })
        .await;
        let removal = client(&fake).remove(&table, &Selector::Dupid(DUPID)).await.unwrap();
        let Removal::Removed { warning: Some(warning), .. } = removal else {
            panic!("{removal:?}");
        };
        assert_eq!(warning, "the server is still removing the duplication");
    }
}
