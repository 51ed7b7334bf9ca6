//! Tests groups of meta servers. Followers refuse requests and name the leader. A change of the
//! leader loses nothing that a real group does not lose.

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddDuplication, ClusterInfo, ClusterInfoRequest, ListDuplication, ListNodes, ListNodesRequest,
    ListRequest, QueryConfig, QueryConfigRequest, Rpc,
};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, Election, Group, MetaGroup, ServerConfig};

use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::{Peer, add};

fn address(index: u16) -> SocketAddrV4 {
    SocketAddrV4::new([10, 0, 0, 1].into(), 34601 + index)
}

fn group(behaviours: &[Behaviour]) -> Group {
    let configs: Vec<ServerConfig> = (0..)
        .zip(behaviours)
        .map(|(index, behaviour)| ServerConfig {
            listen: SocketAddr::V4(address(index)),
            ..embedded::still(*behaviour)
        })
        .collect();
    let clock: Arc<dyn Clock> = Arc::new(HandClock::at(1_795_000_000_123));
    let group = Group::new(&configs, Arc::new(MemoryStore::new()), &clock).expect("a group");
    for hub in group.hubs() {
        let hub = hub.clone();
        tokio::spawn(async move { hub.run_timers().await });
    }
    group
}

fn peer(group: &Group, index: usize) -> Peer {
    Peer::in_memory(group.hub(index).expect("a server"))
}

/// Returns the leader that a server names.
async fn named(group: &Group, index: usize) -> Option<SocketAddrV4> {
    let request = QueryConfigRequest { app_name: "temp".to_owned(), partition_indices: vec![] };
    let answer = peer(group, index).call::<QueryConfig>(&request).await;
    assert_eq!(answer.err, ErrorCode::ForwardToOthers);
    let partitions = answer.partitions.expect("partitions");
    assert!(partitions.len() < 2);
    partitions.first().and_then(|partition| partition.primary.0)
}

async fn listed(group: &Group, index: usize) -> Vec<i32> {
    let entries = peer(group, index).query("temp").await.entry_list.expect("a list");
    entries.iter().map(|entry| entry.dupid).collect()
}

#[tokio::test(start_paused = true)]
async fn followers_refuse_requests_and_name_the_leader() {
    let group = group(&[Behaviour::DupExist; 3]);
    for index in [1, 2] {
        let mut follower = peer(&group, index);
        let sent_away = follower.add(&add("temp", "target")).await;
        assert_eq!(sent_away.err, ErrorCode::ForwardToOthers);
        assert_eq!((sent_away.appid, sent_away.dupid), (Some(0), Some(0)));
        assert_eq!(follower.query("temp").await.err, ErrorCode::ForwardToOthers);
        let nodes = follower.call::<ListNodes>(&ListNodesRequest { status: 0 }).await;
        assert_eq!((nodes.err, nodes.infos), (ErrorCode::ForwardToOthers, Some(vec![])));
        let cluster = follower.call::<ClusterInfo>(&ClusterInfoRequest {}).await;
        assert_eq!((cluster.err, cluster.keys), (ErrorCode::ForwardToOthers, Some(vec![])));
        assert_eq!(named(&group, index).await, Some(address(0)));
    }
    assert_eq!(listed(&group, 0).await, [] as [i32; 0]);
    assert_eq!(group.at(address(2)).map(pegasus_dup::server::Hub::leads), Some(false));
    assert_eq!(peer(&group, 0).add(&add("temp", "target")).await.err, ErrorCode::Ok);
}

#[tokio::test(start_paused = true)]
async fn the_next_leader_knows_the_changes_that_the_last_leader_acknowledged() {
    let group = group(&[Behaviour::DupExist; 3]);
    let dupid = peer(&group, 0).add(&add("temp", "target")).await.dupid.expect("a dupid");
    group.elect(&Election::default());
    assert_eq!(group.leader(), 1);
    assert_eq!(listed(&group, 1).await, [dupid]);
    for index in [0, 2] {
        assert_eq!(named(&group, index).await, Some(address(1)));
    }
    assert_eq!(peer(&group, 1).add(&add("temp", "target")).await.err, ErrorCode::DupExist);
    // Followers that do not know about the change name the old leader.
    group.elect(&Election { leader: Some(0), followers_learn: false, ..Election::default() });
    assert_eq!(named(&group, 1).await, Some(address(0)));
    assert_eq!(named(&group, 2).await, Some(address(1)));
    // An election of a server that does not exist changes nothing.
    group.elect(&Election { leader: Some(3), ..Election::default() });
    assert_eq!(group.leader(), 0);
    assert_eq!(listed(&group, 0).await, [dupid]);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_serves_too_early_creates_a_second_duplication() {
    let group = group(&[Behaviour::DupExist; 2]);
    let first = peer(&group, 0).add(&add("temp", "target")).await.dupid.expect("a dupid");
    group.elect(&Election { early: Duration::from_secs(3), ..Election::default() });
    assert_eq!(listed(&group, 1).await, [] as [i32; 0]);
    // The first add uses the current second as its dupid, so the second add gets a later one, as
    // after a real election.
    let mut early = peer(&group, 1);
    early.add(&add("temp", "target2")).await;
    let second = early.add(&add("temp", "target")).await;
    assert_eq!(second.err, ErrorCode::Ok);
    tokio::time::sleep(Duration::from_millis(3_010)).await;
    let all = listed(&group, 1).await;
    assert!(all.contains(&first) && all.contains(&second.dupid.expect("a dupid")), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stale_leader_shows_old_duplications_and_responds_to_no_change() {
    let group = group(&[Behaviour::DupExist; 2]);
    let known = peer(&group, 0).add(&add("temp", "target")).await.dupid.expect("a dupid");
    group.elect(&Election { old_stays: true, ..Election::default() });
    let made = peer(&group, 1).add(&add("temp", "target2")).await.dupid.expect("a dupid");
    assert_eq!(listed(&group, 0).await, [known]);
    let mut stale = peer(&group, 0);
    stale.send::<AddDuplication>(&add("dup_src", "target")).await;
    stale.closed().await;
    assert_eq!(listed(&group, 1).await, [known, made]);
    let mut leader = peer(&group, 1);
    assert_eq!(leader.query("dup_src").await.entry_list, Some(vec![]));
    // The old leader leads again, and knows all duplications.
    group.elect(&Election { leader: Some(0), ..Election::default() });
    assert_eq!(listed(&group, 0).await, [known, made]);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_a_stale_leader_delayed_is_never_stored() {
    let group = group(&[Behaviour::DupExist; 2]);
    let leader = group.hub(0).expect("a server");
    leader.set_faults(vec!["add#1=slow-store:300".parse().expect("a rule")]);
    let mut slow = peer(&group, 0);
    slow.send::<AddDuplication>(&add("temp", "target")).await;
    while listed(&group, 0).await.is_empty() {
        tokio::task::yield_now().await;
    }
    group.elect(&Election { old_stays: true, ..Election::default() });
    slow.closed().await;
    // The new leader has read the store, and creates another duplication.
    let made = peer(&group, 1).add(&add("temp", "target")).await;
    assert_eq!(made.err, ErrorCode::Ok);
    group.elect(&Election { leader: Some(0), ..Election::default() });
    assert_eq!(listed(&group, 0).await, [made.dupid.expect("a dupid")]);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_the_leader_refuses_the_queue_and_leaves_stored_changes_in_doubt() {
    let group = group(&[Behaviour::Idempotent; 2]);
    let rules = ["add#1=slow-store:1000", "add#2=hold:1000"];
    let rules = rules.map(|rule| rule.parse().expect("a rule")).to_vec();
    let leader = group.hub(0).expect("a server");
    leader.set_faults(rules);
    let mut storing = peer(&group, 0);
    let mut queued = peer(&group, 0);
    storing.send::<AddDuplication>(&add("temp", "target")).await;
    while listed(&group, 0).await.is_empty() {
        tokio::task::yield_now().await;
    }
    queued.send::<AddDuplication>(&add("dup_src", "target")).await;
    // The response to a later request on the same connection shows that the request is in the
    // queue.
    queued.query("temp").await;
    group.elect(&Election::default());
    let told = queued.receive().await.expect("an answer").response::<AddDuplication>();
    assert_eq!(told.err, ErrorCode::ForwardToOthers);
    storing.closed().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(listed(&group, 1).await, [] as [i32; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_changes_the_leader_of_the_group() {
    let group = group(&[Behaviour::DupExist; 2]);
    let leader = group.hub(0).expect("a server");
    leader.set_faults(vec!["add#1=change-leader".parse().expect("a rule")]);
    let mut first = peer(&group, 0);
    assert_eq!(first.add(&add("temp", "target")).await.err, ErrorCode::ForwardToOthers);
    assert_eq!(group.leader(), 1);
    assert_eq!(named(&group, 0).await, Some(address(1)));
    assert_eq!(peer(&group, 1).add(&add("temp", "target")).await.err, ErrorCode::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_group_may_be_half_upgraded() {
    let group = group(&[Behaviour::Checkpoint, Behaviour::DupExist]);
    let mut old = peer(&group, 0);
    let made = old.add(&add("temp", "target")).await;
    assert_eq!((made.err, made.remote_app_name), (ErrorCode::Ok, None));
    let list = ListRequest { app_name_pattern: String::new(), match_type: 1 };
    old.send::<ListDuplication>(&list).await;
    let unknown = old.receive().await.expect("an answer");
    assert_eq!(unknown.framework, ErrorCode::HandlerNotFound);
    assert_eq!(unknown.name, format!("{}_ACK", ListDuplication::NAME));
    // The follower knows the RPC, although it forwards every request.
    let answer = peer(&group, 1).call::<ListDuplication>(&list).await;
    assert_eq!(answer.err, ErrorCode::ForwardToOthers);
    group.elect(&Election::default());
    let again = peer(&group, 1).add(&add("temp", "target")).await;
    assert_eq!((again.err, again.dupid), (ErrorCode::DupExist, made.dupid));
    assert_eq!(again.remote_app_name.as_deref(), Some("temp"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_ready_refuses_requests() {
    let group = group(&[Behaviour::DupExist]);
    let hub = group.hub(0).expect("a server");
    hub.not_ready(ErrorCode::UnderRecovery);
    let mut one = peer(&group, 0);
    assert_eq!(one.add(&add("temp", "target")).await.err, ErrorCode::UnderRecovery);
    hub.lead(Duration::ZERO);
    assert_eq!(one.add(&add("temp", "target")).await.err, ErrorCode::Ok);
}

#[tokio::test]
async fn a_group_on_ports_shares_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = pegasus_dup::server::StoreChoice::File(folder.path().join("store.redb"));
    let config = ServerConfig { store, ..embedded::still(Behaviour::Idempotent) };
    let group = MetaGroup::start(vec![config.clone(); 3]).await.expect("started");
    let mut leader = Peer::connect(group.servers()[0].address()).await;
    let dupid = leader.add(&add("temp", "target")).await.dupid.expect("a dupid");
    group.group().elect(&Election { leader: Some(2), ..Election::default() });
    let mut leader = Peer::connect(group.servers()[2].address()).await;
    let again = leader.add(&add("temp", "target")).await;
    assert_eq!((again.err, again.dupid), (ErrorCode::DupExist, Some(dupid)));
    // A server that stops does not close the store of the others.
    group.servers()[0].stop().await;
    assert_eq!(leader.add(&add("dup_src", "target")).await.err, ErrorCode::Ok);
    group.stop().await;
    embedded::start(config).await.stop().await;
}

#[tokio::test]
async fn groups_that_make_no_sense_are_refused() {
    let clock: Arc<dyn Clock> = Arc::new(HandClock::at(1_795_000_000_123));
    let refused = |configs: &[ServerConfig]| {
        let store = Arc::new(MemoryStore::new());
        Group::new(configs, store, &clock).expect_err("refused").to_string()
    };
    assert!(refused(&[]).ends_with("a group needs a server"));
    let at = |index| ServerConfig {
        listen: SocketAddr::V4(address(index)),
        ..embedded::still(Behaviour::DupExist)
    };
    assert!(refused(&[at(0), at(0)]).ends_with("have addresses of their own"));
    let other = ServerConfig { cluster_name: "elsewhere".to_owned(), ..at(1) };
    assert!(refused(&[at(0), other]).ends_with("the same cluster name and tables"));
    let v6 = ServerConfig { listen: "[::1]:34601".parse().unwrap(), ..at(1) };
    assert!(refused(&[at(0), v6]).ends_with("by IPv4 addresses"));
}
