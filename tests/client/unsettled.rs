//! A request whose response was lost blocks adds to a server that two adds at once would end. These
//! tests check how long it blocks them, and what ends this earlier. The clock is paused.

use std::time::Duration;

use pegasus_dup::server::{Behaviour, Group};
use pegasus_dup::{
    Change, Client, Duplication, DuplicationSpec, Error, ErrorKind, Outcome, Removal, Selector,
};
use tokio::time::sleep;

use super::support::in_memory;
use crate::common::embedded;
use crate::common::peer::{Peer, set_status};

/// The status number with which a `freezed` server removes a duplication.
const REMOVED: i32 = 3;

fn spec(cluster: &str) -> DuplicationSpec {
    DuplicationSpec::new("temp", cluster)
}

fn target() -> Selector {
    Selector::Cluster("target".to_owned())
}

/// Returns a `freezed` server with these fault rules, and a client of the server.
fn freezed(rules: &[&str]) -> (Group, Client) {
    let group = in_memory::group(&embedded::still(Behaviour::Freezed), 1);
    set_faults(&group, rules);
    let client = in_memory::client(&group, Behaviour::Freezed).build().expect("a client");
    (group, client)
}

fn set_faults(group: &Group, rules: &[&str]) {
    group.set_faults(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
}

async fn add(client: &Client, cluster: &str) -> Result<Outcome<Duplication>, Error> {
    client.add(&spec(cluster)).await
}

async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}

#[track_caller]
fn assert_kind<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind) -> Error {
    match result {
        Err(error) if error.kind() == kind => error,
        other => panic!("expected {kind}, got {other:?}"),
    }
}

#[track_caller]
fn assert_created(outcome: Result<Outcome<Duplication>, Error>) {
    assert!(outcome.as_ref().is_ok_and(Outcome::created), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_add_blocks_for_a_minute_after_its_call() {
    let (group, client) = freezed(&["add#1=close-before"]);
    let unknown = assert_kind(add(&client, "target").await, ErrorKind::OutcomeUnknown);
    seconds(58).await;
    let busy = assert_kind(add(&client, "target").await, ErrorKind::Busy);
    // Both errors give the same advice, and name the same time.
    assert_eq!(unknown.hint(), busy.hint());
    assert!(busy.hint().is_some_and(|hint| hint.contains("for at most 60 s")), "{busy}");
    assert!(busy.message().ends_with("in_flight_seconds=2"), "{busy}");
    seconds(3).await;
    assert_created(add(&client, "target").await);
    // The list now settles the lost add, too.
    assert_eq!(client.unsettled(), [""; 0]);
    assert_eq!(group.would_have_died(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_add_blocks_for_a_minute() {
    let (_group, client) = freezed(&["add#1=close-before"]);
    let given_up = tokio::time::timeout(Duration::from_secs(1), add(&client, "target")).await;
    assert!(given_up.is_err());
    seconds(59).await;
    assert_kind(add(&client, "target").await, ErrorKind::Busy);
    seconds(2).await;
    assert_created(add(&client, "target").await);
}

#[tokio::test(start_paused = true)]
async fn an_add_that_is_listed_late_blocks_no_more() {
    let (group, client) = freezed(&["add#1=hold:15000"]);
    assert_kind(add(&client, "target").await, ErrorKind::OutcomeUnknown);
    assert_kind(add(&client, "target").await, ErrorKind::Busy);
    seconds(6).await;
    // The removal finds the duplication.
    let removal = client.remove("temp", &target()).await;
    assert!(matches!(removal, Ok(Removal::Removed { .. })), "{removal:?}");
    assert_created(add(&client, "target").await);
    assert_eq!(client.unsettled(), [""; 0]);
    assert_eq!(group.would_have_died(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_response_after_the_call_ends_the_waiting() {
    let (_group, client) = freezed(&["add#1=hold:15000"]);
    // The server refuses this add when it looks at it.
    assert_kind(add(&client, "nowhere").await, ErrorKind::OutcomeUnknown);
    assert_kind(add(&client, "nowhere").await, ErrorKind::Busy);
    seconds(6).await;
    assert_kind(add(&client, "nowhere").await, ErrorKind::RemoteClusterNotConfigured);
}

#[tokio::test(start_paused = true)]
async fn a_later_successful_request_on_the_same_connection_ends_the_waiting() {
    let (_group, client) = freezed(&["add#1=drop-reply"]);
    assert_kind(add(&client, "nowhere").await, ErrorKind::OutcomeUnknown);
    assert_kind(add(&client, "nowhere").await, ErrorKind::Busy);
    assert_created(add(&client, "target2").await);
    assert_kind(add(&client, "nowhere").await, ErrorKind::RemoteClusterNotConfigured);
}

#[tokio::test(start_paused = true)]
async fn a_successful_change_on_the_same_connection_ends_the_waiting() {
    let (_group, client) = freezed(&["add#2=drop-reply"]);
    assert_created(add(&client, "target2").await);
    assert_kind(add(&client, "nowhere").await, ErrorKind::OutcomeUnknown);
    let paused = client.pause("temp", &Selector::Cluster("target2".to_owned())).await;
    assert!(paused.as_ref().is_ok_and(Change::changed), "{paused:?}");
    assert_kind(add(&client, "nowhere").await, ErrorKind::RemoteClusterNotConfigured);
}

#[tokio::test(start_paused = true)]
async fn a_later_request_on_another_connection_does_not() {
    let (_group, client) = freezed(&["add#1=close-before"]);
    assert_kind(add(&client, "target").await, ErrorKind::OutcomeUnknown);
    assert_created(add(&client, "target2").await);
    assert_kind(add(&client, "target").await, ErrorKind::Busy);
}

#[tokio::test(start_paused = true)]
async fn a_removal_and_an_add_at_once_take_turns() {
    for by_dupid in [false, true] {
        let (group, client) = freezed(&[]);
        let dupid = add(&client, "target").await.expect("an outcome").value().dupid;
        set_faults(&group, &["modify#1=slow-store:700"]);
        let which = if by_dupid { Selector::Dupid(dupid) } else { target() };
        let removal = async {
            let removal = client.remove("temp", &which).await;
            assert!(matches!(removal, Ok(Removal::Removed { .. })), "{removal:?}");
        };
        let adding = async {
            // The add starts after the removal was sent.
            sleep(Duration::from_millis(300)).await;
            assert_created(add(&client, "target").await);
        };
        tokio::join!(removal, adding);
        assert_eq!(group.would_have_died(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_by_dupid_reads_again_after_it_has_waited_for_its_turn() {
    let (group, client) = freezed(&[]);
    let dupid = add(&client, "target").await.expect("an outcome").value().dupid;
    set_faults(&group, &["modify#1=slow-store:700"]);
    let removal = async {
        let removal = client.remove("temp", &target()).await;
        assert!(matches!(removal, Ok(Removal::Removed { .. })), "{removal:?}");
    };
    let pausing = async {
        sleep(Duration::from_millis(300)).await;
        let paused = client.pause("temp", &Selector::Dupid(dupid)).await;
        assert_kind(paused, ErrorKind::DuplicationNotFound);
    };
    tokio::join!(removal, pausing);
}

#[tokio::test(start_paused = true)]
async fn a_lost_change_does_not_block_an_add_once_its_duplication_is_gone() {
    let (group, client) = freezed(&["modify#1=close-before"]);
    let dupid = add(&client, "target").await.expect("an outcome").value().dupid;
    assert_kind(client.pause("temp", &target()).await, ErrorKind::OutcomeUnknown);
    assert_eq!(client.unsettled().len(), 1);
    let mut somebody = Peer::in_memory(group.hub(0).expect("a server"));
    somebody.modify(&set_status("temp", dupid, REMOVED)).await;
    assert_created(add(&client, "target").await);
    assert_eq!(client.unsettled(), [""; 0]);
    assert_eq!(group.would_have_died(), 0);
}
