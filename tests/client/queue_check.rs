//! After an add without a response, the client sends requests that wait in the same queue of the server. If
//! the server responds to them, the client need not wait until its deadline. The clock is paused, except in
//! the test over sockets.

use std::time::Duration;

use pegasus_dup::protocol::messages::{AddDuplication, GetMaxReplicaCount};
use pegasus_dup::server::{Behaviour, Group};
use pegasus_dup::{Duplication, DuplicationSpec, Error, ErrorKind, Evidence, Outcome};
use tokio::time::Instant;

use super::support::adding::{assert_created, assert_error, client, fake, spec};
use super::support::in_memory;
use crate::common::embedded;
use crate::common::fake::{Say, World, refused};

/// The words about an add that has left the queue.
const LEFT: &str = "the server has handled two requests that were sent after the add";
/// The words about an add that may be in the queue.
const MAY_WAIT: &str = "the add may still be in the server's queue";

type Added = Result<Outcome<Duplication>, Error>;

/// Adds on a server whose add meets a fault, with a timeout of 60 s. Returns the outcome and how long the
/// call took, in seconds.
#[allow(clippy::disallowed_methods)] // the paused clock of these tests
async fn add(behaviour: Behaviour, rules: &[&str]) -> (Added, u64, Group) {
    let group = in_memory::group(&embedded::still(behaviour), 1);
    group.set_faults(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
    let client = in_memory::client(&group, behaviour)
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client");
    let began = Instant::now();
    let outcome = client.add(&DuplicationSpec::new("temp", "target")).await;
    (outcome, began.elapsed().as_secs(), group)
}

fn checks(behaviour: Behaviour) -> bool {
    behaviour != Behaviour::Freezed
}

#[tokio::test(start_paused = true)]
async fn an_add_that_got_lost_is_unknown_soon() {
    for behaviour in Behaviour::ALL {
        // The response says that something failed, and not what.
        let (outcome, seconds, _group) = add(behaviour, &["add#1=fail-store"]).await;
        let error = assert_error(&outcome, ErrorKind::OutcomeUnknown);
        match checks(behaviour) {
            true => {
                assert!(error.message().contains(LEFT), "{behaviour}: {error}");
                assert!(seconds < 5, "{behaviour}: {seconds} s");
            }
            false => {
                assert!(error.message().contains(MAY_WAIT), "{behaviour}: {error}");
                assert!(seconds >= 59, "{behaviour}: {seconds} s");
            }
        }
    }
}

/// The response proves what the list only suggests, so the client waits for it as long as before.
#[tokio::test(start_paused = true)]
async fn a_late_response_still_makes_the_outcome_certain() {
    for rule in ["add#1=delay:40000", "add#1=hold:40000", "add#1=slow-store:40000"] {
        let (outcome, _, _group) = add(Behaviour::DupExist, &[rule]).await;
        assert_created(&outcome, Evidence::ServerSaidSo);
    }
}

#[tokio::test(start_paused = true)]
async fn an_add_that_waits_in_the_queue_is_waited_for() {
    for behaviour in Behaviour::ALL {
        let (outcome, _, _group) = add(behaviour, &["add#1=hold:20000"]).await;
        assert!(outcome.as_ref().is_ok_and(Outcome::created), "{behaviour}: {outcome:?}");
    }
    let (outcome, seconds, _group) = add(Behaviour::DupExist, &["add#1=hold:200000"]).await;
    let error = assert_error(&outcome, ErrorKind::OutcomeUnknown);
    assert!(error.message().contains(MAY_WAIT) && seconds >= 59, "{seconds} s: {error}");
}

/// A response that does not say what the server did is handled in the same way.
#[tokio::test]
async fn over_sockets() {
    let on_add =
        |_: &mut World, seen: &crate::common::fake::Seen| seen.answer(&refused("ERR_UNKNOWN", ""));
    for (world, checks) in [(World::dup_exist(), 2), (World::old(), 2), (World::freezed(), 0)] {
        let before = usize::from(!world.lists);
        let fake = fake(world, on_add).await;
        let error = assert_error(&client(&fake).add(&spec()).await, ErrorKind::OutcomeUnknown);
        assert_eq!(error.message().contains(LEFT), checks > 0, "{error}");
        assert_eq!(fake.count::<GetMaxReplicaCount>(), before + checks);
        assert_eq!(fake.count::<AddDuplication>(), 1);
    }
}

/// The list after the check shows what the add did.
#[tokio::test]
async fn a_duplication_that_appears_after_the_check_counts() {
    let (mut world, mut added) = (World::dup_exist(), false);
    let fake = crate::common::fake::Fake::start(move |seen| {
        if seen.is::<AddDuplication>() {
            added = true;
            return Say::NOTHING;
        }
        if added && seen.is::<GetMaxReplicaCount>() && world.entries.is_empty() {
            world.entries = vec![world.entry(crate::common::fake::DUPID)];
        }
        world.answer(seen)
    })
    .await;
    assert_created(&client(&fake).add(&spec()).await, Evidence::AppearedDuringCall);
}

/// A server that is not the leader any more responds without its queue.
#[tokio::test]
async fn a_response_that_did_not_wait_in_the_queue_proves_nothing() {
    let world = World::dup_exist();
    let fake = crate::common::fake::Fake::start(move |seen| {
        if seen.is::<AddDuplication>() {
            return Say::NOTHING;
        }
        if seen.is::<GetMaxReplicaCount>() {
            return seen.framework("ERR_NETWORK_FAILURE");
        }
        world.answer(seen)
    })
    .await;
    let error = assert_error(&client(&fake).add(&spec()).await, ErrorKind::OutcomeUnknown);
    assert!(error.message().contains(MAY_WAIT), "{error}");
}
