//! Tests that outcomes list exactly the properties that were requested and could not be compared.
//! The client never claims that a property is as requested if the server does not report it.

use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, MetaServer};
use pegasus_dup::{
    Client, Difference, Duplication, DuplicationSpec, ErrorCode, Evidence, Generation, Outcome,
    Property, Status,
};

use super::support::adding::{self, add, assert_created, assert_exists, spec, with};
use crate::common::embedded;
use crate::common::fake::{DUPID, Fake, Say, World};

const CHECKPOINT: &[Property] = &[Property::Checkpoint];
const NOTHING: &[Property] = &[];

fn with_checkpoint() -> DuplicationSpec {
    DuplicationSpec { checkpoint: true, ..spec() }
}

fn to(remote_table: &str) -> DuplicationSpec {
    DuplicationSpec { remote_table: Some(remote_table.into()), ..spec() }
}

fn client(server: &MetaServer, generation: Option<Generation>) -> Client {
    let builder =
        Client::builder().meta(server.address().to_string()).timeout(Duration::from_secs(5));
    match generation {
        Some(generation) => builder.generation(generation).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

fn exists(outcome: Outcome<Duplication>) -> (Vec<Difference>, Vec<Property>) {
    match outcome {
        Outcome::AlreadyExists { differences, unverified, .. } => (differences, unverified),
        Outcome::Created { .. } => panic!("{outcome:?}"),
    }
}

/// The status shows a checkpoint only while it is being shipped.
#[tokio::test]
async fn a_checkpoint_is_compared_only_while_it_is_shipped() {
    for behaviour in [Behaviour::Checkpoint, Behaviour::RemoteName, Behaviour::DupExist] {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = client(&server, None);
        assert!(client.add(&spec()).await.unwrap().created());
        let (differences, unverified) = exists(client.add(&with_checkpoint()).await.unwrap());
        assert_eq!(differences, [], "{behaviour}");
        assert_eq!(unverified, CHECKPOINT, "{behaviour}");
        assert_eq!(exists(client.add(&spec()).await.unwrap()).1, NOTHING, "{behaviour}");
        server.stop().await;

        let server = embedded::start(embedded::still(behaviour)).await;
        let client = self::client(&server, None);
        let made = client.add(&with_checkpoint()).await.unwrap();
        assert_eq!(made.value().status, Some(Status::Prepare), "{behaviour}");
        assert_eq!(made.unverified(), NOTHING, "{behaviour}");
        let again = client.add(&with_checkpoint()).await.unwrap();
        assert_eq!(again.warning(), None, "{behaviour}");
        assert_eq!(exists(again).1, NOTHING, "{behaviour}");
        // If the checkpoint was not requested, the outcome has a warning about it.
        let unasked = client.add(&spec()).await.unwrap();
        let warning = "the duplication is shipping a checkpoint, which was not requested";
        assert_eq!(unasked.warning(), Some(warning), "{behaviour}");
        assert_eq!(exists(unasked), (vec![], vec![]), "{behaviour}");
        server.stop().await;
    }
}

/// 2.5 and older report neither property, but the remote table always has the table's own name and
/// replica count.
#[tokio::test]
async fn on_old_servers_another_remote_table_and_replica_count_differ() {
    for behaviour in [Behaviour::Freezed, Behaviour::Checkpoint] {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = client(&server, None);
        assert!(client.add(&spec()).await.unwrap().created());
        let other = Difference::new(Property::RemoteTable, "copy", "temp");
        let found = exists(client.add(&to("copy")).await.unwrap());
        assert_eq!(found, (vec![other], vec![]), "{behaviour}");
        assert_eq!(exists(client.add(&to("temp")).await.unwrap()), (vec![], vec![]), "{behaviour}");
        for (asked, differs) in [(3, false), (5, true)] {
            let counted = DuplicationSpec { remote_replica_count: Some(asked), ..spec() };
            let difference = Difference::new(Property::RemoteReplicaCount, asked, 3);
            let expected: Vec<_> = differs.then_some(difference).into_iter().collect();
            let found = exists(client.add(&counted).await.unwrap());
            assert_eq!(found, (expected, vec![]), "{behaviour}");
        }
        // 0 means the table's own replica count, like a request without a count.
        let zero = DuplicationSpec { remote_replica_count: Some(0), ..spec() };
        assert_eq!(exists(client.add(&zero).await.unwrap()), (vec![], vec![]), "{behaviour}");
        assert_eq!(server.would_have_died(), 0, "{behaviour}");
        server.stop().await;
    }
}

/// A server of 2.3 ships no checkpoint. Nothing shows whether the remote table was filled in
/// another way.
#[tokio::test]
async fn a_checkpoint_is_unverified_on_a_server_that_has_none() {
    let server = embedded::start(embedded::still(Behaviour::Freezed)).await;
    let client = client(&server, None);
    assert!(client.add(&spec()).await.unwrap().created());
    assert_eq!(exists(client.add(&with_checkpoint()).await.unwrap()), (vec![], CHECKPOINT.into()));
    server.stop().await;
}

#[tokio::test]
async fn properties_that_a_server_of_an_unknown_version_does_not_report_are_unverified() {
    let all = DuplicationSpec { checkpoint: true, remote_replica_count: Some(3), ..to("copy") };
    for (spec, unverified) in [
        (all, vec![Property::Checkpoint, Property::RemoteTable, Property::RemoteReplicaCount]),
        (to("copy"), vec![Property::RemoteTable]),
        // A property that the request names counts as requested, even the table's own name.
        (to("temp"), vec![Property::RemoteTable]),
        (spec(), vec![]),
    ] {
        let world = with(World::old(), |world| vec![world.entry(DUPID)]);
        let (outcome, _fake) = add(world, spec, |_, _| panic!("an add was sent")).await;
        assert_exists(&outcome, Evidence::ListedBefore);
        assert_eq!(exists(outcome.unwrap()), (vec![], unverified));
    }
}

/// A certain Created is as requested, because the server said so. A Created that appeared is as
/// requested as far as the server reports its properties.
#[tokio::test]
async fn a_duplication_that_appeared_is_as_requested_as_far_as_it_is_reported() {
    for world in [World::dup_exist(), World::old()] {
        let (outcome, _fake) = add(world, with_checkpoint(), |world, _| {
            world.entries = vec![world.entry(DUPID)];
            Say::CLOSE
        })
        .await;
        assert_created(&outcome, Evidence::AppearedDuringCall);
        assert_eq!(outcome.unwrap().unverified(), CHECKPOINT);
    }
    let (outcome, _fake) = add(World::dup_exist(), with_checkpoint(), |world, seen| {
        world.entries = vec![world.entry(DUPID)];
        seen.answer(&world.made(DUPID))
    })
    .await;
    assert_created(&outcome, Evidence::ServerSaidSo);
    assert_eq!(outcome.unwrap().unverified(), NOTHING);
}

/// An add without a checkpoint never creates a duplication that ships one, so it belongs to another
/// client.
#[tokio::test]
async fn a_duplication_with_an_unrequested_checkpoint_was_not_created_by_this_call() {
    for status in [1, 2] {
        let mut world = World::dup_exist();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => {
                world.entries = vec![Entry { status, ..world.entry(DUPID) }];
                Say::CLOSE
            }
            false => world.answer(seen),
        })
        .await;
        let outcome = adding::client(&fake).add(&spec()).await;
        assert_exists(&outcome, Evidence::ListedAfter);
        assert!(outcome.unwrap().warning().unwrap().contains("which was not requested"));
    }
}

/// The response to an add has no status, and only the status could show a checkpoint.
#[tokio::test]
async fn the_checkpoint_is_unverified_if_only_the_response_reports_the_duplication() {
    let (outcome, _fake) = add(World::dup_exist(), with_checkpoint(), |world, seen| {
        let exists = AddResponse { err: ErrorCode::DupExist, ..world.made(DUPID) };
        seen.answer(&exists)
    })
    .await;
    assert_exists(&outcome, Evidence::ServerSaidSo);
    assert_eq!(exists(outcome.unwrap()), (vec![], CHECKPOINT.into()));
}
