//! Servers whose responses to an add are wrong in one field. No such response may become a certain
//! Created.

use pegasus_dup::protocol::messages::*;
use pegasus_dup::{Duplication, DuplicationSpec, Error, ErrorKind, Evidence, Outcome};

use super::support::adding::{assert_created, assert_error, assert_exists, client, spec};
use crate::common::fake::{DUPID, Fake, Seen, World};

/// Adds a duplication on a server whose response is changed by `spoil`, and whose list is correct.
async fn lie(spoil: fn(&mut AddResponse)) -> Result<Outcome<Duplication>, Error> {
    let mut world = World::dup_exist();
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => {
            world.entries = vec![world.entry(DUPID)];
            let mut answer = world.made(DUPID);
            spoil(&mut answer);
            seen.answer(&answer)
        }
        false => world.answer(seen),
    })
    .await;
    let spec = DuplicationSpec { remote_replica_count: Some(3), ..spec() };
    client(&fake).add(&spec).await
}

fn assert_not_certainly_created(outcome: &Result<Outcome<Duplication>, Error>) {
    if let Ok(outcome @ Outcome::Created { .. }) = outcome {
        assert!(!outcome.certain(), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_correct_response_is_certain() {
    assert_created(&lie(|_| {}).await, Evidence::ServerSaidSo);
}

#[tokio::test]
async fn another_remote_table_in_the_echo() {
    let outcome = lie(|answer| answer.remote_app_name = Some("other".into())).await;
    assert_error(&outcome, ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn another_replica_count_in_the_echo() {
    let outcome = lie(|answer| answer.remote_replica_count = Some(7)).await;
    assert_error(&outcome, ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn half_an_echo() {
    assert_error(&lie(|answer| answer.remote_app_name = None).await, ErrorKind::OutcomeUnknown);
    assert_error(
        &lie(|answer| answer.remote_replica_count = None).await,
        ErrorKind::OutcomeUnknown,
    );
}

#[tokio::test]
async fn another_appid() {
    assert_error(&lie(|answer| answer.appid = Some(4)).await, ErrorKind::OutcomeUnknown);
    assert_error(&lie(|answer| answer.appid = Some(0)).await, ErrorKind::OutcomeUnknown);
    assert_error(&lie(|answer| answer.appid = None).await, ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn another_dupid() {
    let outcome = lie(|answer| answer.dupid = Some(DUPID + 1)).await;
    assert_created(&outcome, Evidence::AppearedDuringCall);
    assert!(outcome.unwrap().warning().unwrap().contains("names another duplication"));
    assert_not_certainly_created(&lie(|answer| answer.dupid = Some(-5)).await);
    assert_not_certainly_created(&lie(|answer| answer.dupid = Some(0)).await);
    assert_not_certainly_created(&lie(|answer| answer.dupid = None).await);
}

#[tokio::test]
async fn ok_with_nothing_in_it() {
    let outcome = lie(|answer| {
        (answer.appid, answer.dupid) = (None, None);
        (answer.remote_app_name, answer.remote_replica_count) = (None, None);
    })
    .await;
    assert_created(&outcome, Evidence::AppearedDuringCall);
}

#[tokio::test]
async fn dup_exist_that_names_nothing() {
    let outcome = lie(|answer| {
        (answer.err, answer.appid, answer.dupid) = (pegasus_dup::ErrorCode::DupExist, None, None);
    })
    .await;
    assert_exists(&outcome, Evidence::ServerSaidSo);
    assert!(outcome.unwrap().warning().unwrap().contains("did not identify"));
}

#[tokio::test]
async fn another_seqid() {
    for shift in [1, -1, 1000] {
        let mut world = World::dup_exist();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => {
                world.entries = vec![world.entry(DUPID)];
                let seqid = seen.seqid + shift;
                Seen { seqid, ..seen.clone() }.answer(&world.made(DUPID))
            }
            false => world.answer(seen),
        })
        .await;
        assert_created(&client(&fake).add(&spec()).await, Evidence::AppearedDuringCall);
    }
}

#[tokio::test]
async fn the_response_to_another_rpc() {
    let mut world = World::dup_exist();
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => {
            world.entries = vec![world.entry(DUPID)];
            Seen { name: "RPC_CM_CREATE_APP".into(), ..seen.clone() }.answer(&world.made(DUPID))
        }
        false => world.answer(seen),
    })
    .await;
    assert_created(&client(&fake).add(&spec()).await, Evidence::AppearedDuringCall);
}

#[tokio::test]
async fn a_list_of_another_table() {
    for spoil in [
        (|state: &mut AppState| state.app_name = Some("other".into())) as fn(&mut AppState),
        |state| state.appid = 0,
        |state| drop(state.duplications.insert(9, World::dup_exist().entry(DUPID))),
    ] {
        let world = World::dup_exist();
        let fake = Fake::start(move |seen| match seen.is::<ListDuplication>() {
            true => {
                let mut state = AppState {
                    appid: 3,
                    duplications: Default::default(),
                    app_name: Some("temp".into()),
                    partition_count: Some(8),
                };
                spoil(&mut state);
                seen.answer(&ListResponse {
                    err: pegasus_dup::ErrorCode::Ok,
                    hint_message: None,
                    app_states: Some([("temp".to_owned(), state)].into()),
                })
            }
            false => world.answer(seen),
        })
        .await;
        assert_error(&client(&fake).add(&spec()).await, ErrorKind::Protocol);
        assert_eq!(fake.count::<AddDuplication>(), 0);
    }
}

#[tokio::test]
async fn a_query_with_nothing_in_it() {
    let world = World::old();
    let fake = Fake::start(move |seen| match seen.is::<QueryDuplication>() {
        true => seen.answer(&QueryResponse {
            err: pegasus_dup::ErrorCode::Ok,
            appid: None,
            entry_list: None,
        }),
        false => world.answer(seen),
    })
    .await;
    assert_error(&client(&fake).add(&spec()).await, ErrorKind::Protocol);
    assert_eq!(fake.count::<AddDuplication>(), 0);
}
