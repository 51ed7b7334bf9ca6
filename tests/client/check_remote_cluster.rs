//! Tests the check of a remote cluster: what it finds out on every generation, and that it neither creates anything
//! nor sends what would end a server.

use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::Behaviour;
use pegasus_dup::{Client, ErrorCode, ErrorKind, RemoteClusterState, TablePattern};

use crate::common::embedded;
use crate::common::fake::{Fake, Say, World, refused};

const BEHAVIOURS: [Behaviour; 5] = [
    Behaviour::Freezed,
    Behaviour::Checkpoint,
    Behaviour::RemoteName,
    Behaviour::DupExist,
    Behaviour::Idempotent,
];

fn client(fake: &Fake) -> Client {
    let meta = fake.address.to_string();
    Client::builder().meta(meta).timeout(Duration::from_secs(2)).build().unwrap()
}

fn count<R: Rpc>(fake: &Fake) -> usize {
    fake.seen().iter().filter(|seen| seen.is::<R>()).count()
}

#[tokio::test]
async fn the_state_on_every_generation_and_nothing_is_created() {
    use RemoteClusterState::{Configured, NotConfigured, OwnCluster};
    for behaviour in BEHAVIOURS {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = Client::builder().meta(server.address().to_string()).build().unwrap();
        let before = client.list_tables(&Default::default()).await.unwrap();
        for (cluster, state, hint) in [
            ("target", Configured, None),
            ("target2", Configured, None),
            ("onebox", OwnCluster, Some("adding duplication to itself")),
            ("nowhere", NotConfigured, Some("get_duplication_cluster_id(nowhere) failed")),
        ] {
            let found = client.check_remote_cluster(cluster).await.unwrap();
            let case = format!("{behaviour} {found:?}");
            assert_eq!((found.cluster.as_str(), found.state), (cluster, state), "{case}");
            assert_eq!(found.hint.is_some(), hint.is_some(), "{case}");
            assert!(found.hint.as_deref().unwrap_or("").contains(hint.unwrap_or("")), "{case}");
        }
        assert_eq!(client.list_tables(&Default::default()).await.unwrap(), before);
        assert_eq!(client.list(&TablePattern::All).await.unwrap(), []);
        assert_eq!(server.would_have_died(), 0, "{behaviour}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_name_with_a_brace_is_sent_only_to_servers_that_survive_it() {
    for behaviour in BEHAVIOURS {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = Client::builder().meta(server.address().to_string()).build().unwrap();
        let found = client.check_remote_cluster("a{b").await;
        match behaviour {
            Behaviour::Freezed | Behaviour::Checkpoint => {
                assert_eq!(found.unwrap().state, RemoteClusterState::NotConfigured);
            }
            Behaviour::RemoteName | Behaviour::DupExist | Behaviour::Idempotent => {
                let error = found.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                assert!(error.message().contains("nothing was sent"), "{error}");
            }
        }
        assert_eq!(server.would_have_died(), 0, "{behaviour}");
        server.stop().await;
    }
}

/// The add names a table that was looked up and is absent, and another one in each call.
#[tokio::test]
async fn the_table_is_looked_up_first() {
    for world in [World::dup_exist(), World::old()] {
        let script = world.clone();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => seen.answer(&refused("ERR_APP_NOT_EXIST", "")),
            false => script.answer(seen),
        })
        .await;
        let client = client(&fake);
        for _ in 0..2 {
            let found = client.check_remote_cluster("target").await.unwrap();
            assert_eq!(found.state, RemoteClusterState::Configured);
        }
        let mut looked_up = Vec::new();
        let mut added = Vec::new();
        for seen in fake.seen() {
            if seen.is::<QueryDuplication>() {
                looked_up.push(seen.read::<QueryDuplication>().app_name);
            } else if seen.is::<AddDuplication>() {
                let request = seen.read::<AddDuplication>();
                assert!(looked_up.contains(&request.app_name), "{request:?}");
                assert!(request.app_name.starts_with("pegasus-dup-check-"), "{request:?}");
                let plain = AddRequest {
                    app_name: request.app_name.clone(),
                    remote_cluster_name: "target".to_owned(),
                    is_duplicating_checkpoint: None,
                    remote_app_name: None,
                    remote_replica_count: None,
                };
                assert_eq!(request, plain, "an old server would create it paused");
                added.push(request.app_name);
            }
        }
        assert!(added.len() == 2 && added[0] != added[1], "{added:?}");
    }
}

/// The request may have ended the server, and would end the next leader if it were repeated.
#[tokio::test]
async fn without_a_response_the_state_is_not_known_and_the_request_is_not_repeated() {
    let closing = Say { closes: true, ..Say::NOTHING };
    let garbage = Say::bytes(b"this is no response of a meta server".to_vec());
    for (say, kind) in [
        (Say::NOTHING, ErrorKind::Timeout),
        (closing, ErrorKind::Unavailable),
        (garbage, ErrorKind::Protocol),
    ] {
        let world = World::dup_exist();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => say.clone(),
            false => world.answer(seen),
        })
        .await;
        let error = client(&fake).check_remote_cluster("target").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.hint().unwrap().contains("[duplication-group]"), "{error}");
        assert_eq!(count::<AddDuplication>(&fake), 1, "{error}");
    }
}

/// A server that is not ready has done nothing, so the request is sent again.
#[tokio::test]
async fn a_leader_that_is_not_ready_is_asked_again() {
    let (world, mut not_ready) = (World::dup_exist(), 1);
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true if not_ready > 0 => {
            not_ready -= 1;
            seen.answer(&refused("ERR_UNDER_RECOVERY", ""))
        }
        true => seen.answer(&refused("ERR_APP_NOT_EXIST", "")),
        false => world.answer(seen),
    })
    .await;
    let found = client(&fake).check_remote_cluster("target").await.unwrap();
    assert_eq!(found.state, RemoteClusterState::Configured);
    assert_eq!(count::<AddDuplication>(&fake), 2);
}

#[tokio::test]
async fn a_server_that_lists_a_name_that_was_made_up_gets_no_add() {
    let world = World::old();
    let fake = Fake::start(move |seen| match seen.is::<QueryDuplication>() {
        true => seen.answer(&QueryResponse {
            err: ErrorCode::Ok,
            appid: Some(1),
            entry_list: Some(Vec::new()),
        }),
        false => world.answer(seen),
    })
    .await;
    let error = client(&fake).check_remote_cluster("target").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert_eq!(count::<AddDuplication>(&fake), 0);
}

#[tokio::test]
async fn an_add_that_is_not_refused_is_no_proof_of_anything() {
    let world = World::dup_exist();
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => seen.answer(&AddResponse { dupid: Some(7), ..refused("ERR_OK", "") }),
        false => world.answer(seen),
    })
    .await;
    let error = client(&fake).check_remote_cluster("target").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert!(error.message().contains("table=pegasus-dup-check-"), "{error}");
}

/// Such a server ends because of each of the two requests.
#[cfg(feature = "cli")]
#[tokio::test]
async fn a_server_without_the_name_of_its_cluster_gets_neither_an_add_nor_a_request_for_the_name() {
    fn page(target: &str, value: &str) -> String {
        let body = match target {
            "/config?name=cluster_name" => {
                format!(r#"{{"name":"cluster_name","value":"{value}"}}"#)
            }
            _ => "{}".to_owned(),
        };
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }
    let nameless: fn(&str) -> String = |target| page(target, "");
    let named: fn(&str) -> String = |target| page(target, "a");
    for (pages, sent) in [(nameless, 0), (named, 1)] {
        let world = World::dup_exist();
        let fake = Fake::with_pages(pages, move |seen| match seen.is::<AddDuplication>() {
            true => seen.answer(&refused("ERR_APP_NOT_EXIST", "")),
            false => world.answer(seen),
        })
        .await;
        let client = client(&fake);
        assert_eq!(client.info().await.unwrap().cluster_name, None);
        assert_eq!(count::<ClusterInfo>(&fake), sent);
        let checked = client.check_remote_cluster("target").await;
        assert_eq!(count::<AddDuplication>(&fake), sent);
        match sent {
            0 => assert_eq!(checked.unwrap_err().kind(), ErrorKind::Unsupported),
            _ => assert_eq!(checked.unwrap().state, RemoteClusterState::Configured),
        }
    }
}
