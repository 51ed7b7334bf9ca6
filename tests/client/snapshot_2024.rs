//! Tests the client with the 2.6 snapshots of June to December 2024. They have ERR_DUP_EXIST, but
//! no list RPC by which a client could recognize them.

use pegasus_dup::protocol::messages::{AddDuplication, ListDuplication, ListRequest};
use pegasus_dup::server::{Behaviour, Group};
use pegasus_dup::{DuplicationSpec, ErrorCode, Evidence, Outcome, TablePattern};

use super::support::in_memory;
use crate::common::embedded;
use crate::common::peer::{Peer, add};

fn snapshot(faults: &[&str]) -> Group {
    let group = in_memory::group(&embedded::still(Behaviour::DupExist), 1);
    let rules = ["list=no-such-rpc"].iter().chain(faults);
    let rules = rules.map(|rule| rule.parse().expect("a rule")).collect();
    group.hubs().next().expect("a server").set_faults(rules);
    group
}

#[tokio::test(start_paused = true)]
async fn an_add_is_created_without_certainty_and_a_second_add_is_not_sent() {
    let group = snapshot(&[]);
    let mut peer = Peer::in_memory(group.hubs().next().expect("a server"));
    peer.send::<ListDuplication>(&ListRequest { app_name_pattern: String::new(), match_type: 1 })
        .await;
    let framed = peer.receive().await.expect("an answer");
    assert_eq!(framed.framework, ErrorCode::HandlerNotFound);
    let client = in_memory::client(&group, Behaviour::DupExist).build().expect("a client");
    let outcome = client.add(&DuplicationSpec::new("temp", "target")).await.expect("an outcome");
    assert!(matches!(outcome, Outcome::Created { .. }), "{outcome:?}");
    assert_eq!(outcome.evidence(), Evidence::AppearedDuringCall);
    let outcome = client.add(&DuplicationSpec::new("temp", "target")).await.expect("an outcome");
    assert!(matches!(outcome, Outcome::AlreadyExists { .. }), "{outcome:?}");
    assert_eq!(outcome.evidence(), Evidence::ListedBefore);
    assert_eq!(client.list(&TablePattern::All).await.expect("a list").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn err_dup_exist_is_believed() {
    // The server looks at the add of the client when the first add is stored.
    let group = snapshot(&["add#1=hold:300", "add#2=hold:500"]);
    let mut peer = Peer::in_memory(group.hubs().next().expect("a server"));
    // The client finds out the generation by a request that would wait behind the add of another
    // client, so it does that first.
    let client = in_memory::client(&group, Behaviour::DupExist).build().expect("a client");
    assert_eq!(client.query("temp").await.expect("a list"), []);
    // The add of another client waits in the queue, where no query shows it.
    peer.send::<AddDuplication>(&add("temp", "target")).await;
    assert_eq!(peer.query("temp").await.entry_list, Some(vec![]));
    let outcome = client.add(&DuplicationSpec::new("temp", "target")).await.expect("an outcome");
    assert!(matches!(outcome, Outcome::AlreadyExists { .. }), "{outcome:?}");
    assert_eq!(outcome.evidence(), Evidence::ServerSaidSo);
    let theirs = peer.receive().await.expect("an answer").response::<AddDuplication>();
    assert_eq!((theirs.err, theirs.dupid), (ErrorCode::Ok, Some(outcome.value().dupid)));
}
