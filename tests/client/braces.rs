//! Names with braces: a refused add with a brace in a name ends a meta server of 2.6, so such an
//! add is sent only to servers of 2.5 and older. Requests of other kinds with such names are
//! harmless.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, Event, MetaServer};
use pegasus_dup::{
    Client, DuplicationSpec, ErrorKind, Evidence, FailMode, Mode, Outcome, Removal, Selector,
    TablePattern,
};

use crate::common::embedded;
use crate::common::fake::{DUPID, Fake, World};

const NAMES: [&str; 5] = ["a{b", "a}b", "{}", "{{}}", "{0}"];

fn client(address: impl ToString, mode: Mode) -> Client {
    let builder = Client::builder().meta(address.to_string()).timeout(Duration::from_secs(5));
    builder.mode(mode).build().unwrap()
}

/// Returns three requests, each with the name in another field and with its own table.
fn specs(name: &str) -> [DuplicationSpec; 3] {
    [
        DuplicationSpec::new(name, "target"),
        DuplicationSpec::new("temp", name),
        DuplicationSpec {
            remote_table: Some(name.into()),
            ..DuplicationSpec::new("temp", "target")
        },
    ]
}

/// Starts a server that has a table of each name, and counts the adds that arrive.
async fn start(behaviour: Behaviour) -> (MetaServer, Arc<AtomicUsize>) {
    let mut config = embedded::still(behaviour);
    config.tables.extend(NAMES.map(|name| name.parse().expect("a table")));
    let server = embedded::start(config).await;
    let adds = Arc::new(AtomicUsize::new(0));
    let counted = adds.clone();
    server.hub().observe(move |event| {
        if matches!(event, Event::Request { rpc, .. } if rpc == AddDuplication::NAME) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (server, adds)
}

#[tokio::test]
async fn an_add_with_a_brace_is_sent_only_to_servers_of_2_5_and_older() {
    for behaviour in Behaviour::ALL {
        let old = matches!(behaviour, Behaviour::Freezed | Behaviour::Checkpoint);
        let (server, adds) = start(behaviour).await;
        for mode in [Mode::Safe, Mode::Direct] {
            let client = client(server.address(), mode);
            for name in NAMES {
                for spec in specs(name) {
                    let outcome = client.add(&spec).await;
                    let sent = old && mode == Mode::Safe && spec.remote_table.is_none();
                    match outcome {
                        Ok(outcome) if sent && spec.cluster == "target" => {
                            assert!(outcome.created(), "{behaviour} {spec:?}");
                        }
                        Err(error) if sent && spec.cluster == name => {
                            let kind = ErrorKind::RemoteClusterNotConfigured;
                            assert_eq!(error.kind(), kind, "{behaviour}: {error}");
                        }
                        Err(error) if !sent => {
                            assert_eq!(
                                error.kind(),
                                ErrorKind::Unsupported,
                                "{behaviour}: {error}"
                            );
                            assert!(error.message().contains("nothing was sent"), "{error}");
                            if matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent) {
                                assert!(error.message().contains("brace"), "{error}");
                                assert!(
                                    error.hint().unwrap().contains("check the spelling"),
                                    "{error}"
                                );
                            }
                        }
                        other => panic!("{behaviour} {mode:?} {spec:?}: {other:?}"),
                    }
                }
            }
            assert_eq!(client.unsettled(), Vec::<String>::new());
        }
        // Old servers get an add for each table and for each cluster.
        let expected = if old { 2 * NAMES.len() } else { 0 };
        assert_eq!(adds.load(Ordering::Relaxed), expected, "{behaviour}");
        assert_eq!(server.would_have_died(), 0, "{behaviour}");
        server.stop().await;
    }
}

/// Nothing has to be sent if the duplication exists already.
#[tokio::test]
async fn an_existing_duplication_with_such_a_name_is_reported_and_can_be_changed() {
    let mut world = World::dup_exist();
    world.entries = vec![Entry { remote: "a{b".into(), ..world.entry(DUPID) }];
    let fake = Fake::start(move |seen| {
        if !seen.is::<ModifyDuplication>() {
            return world.answer(seen);
        }
        let asked = seen.read::<ModifyDuplication>();
        match asked.status {
            Some(5) => world.entries.clear(),
            Some(status) => world.entries[0].status = status,
            None => world.entries[0].fail_mode = asked.fail_mode,
        }
        seen.answer(&ModifyResponse { err: pegasus_dup::ErrorCode::Ok, appid: Some(3) })
    })
    .await;
    let client = client(fake.address, Mode::Safe);
    let outcome = client.add(&DuplicationSpec::new("temp", "a{b")).await.unwrap();
    assert!(matches!(outcome, Outcome::AlreadyExists { .. }), "{outcome:?}");
    assert_eq!(outcome.evidence(), Evidence::ListedBefore);
    let which = Selector::Cluster("a{b".into());
    assert!(client.pause("temp", &which).await.unwrap().changed());
    assert!(client.start("temp", &which).await.unwrap().changed());
    assert!(client.set_fail_mode("temp", &which, FailMode::Skip).await.unwrap().changed());
    assert!(matches!(client.remove("temp", &which).await.unwrap(), Removal::Removed { .. }));
    assert_eq!(fake.count::<AddDuplication>(), 0);
}

#[tokio::test]
async fn reads_with_such_names_are_sent() {
    for behaviour in Behaviour::ALL {
        let (server, _) = start(behaviour).await;
        let client = client(server.address(), Mode::Safe);
        assert_eq!(client.query("a{b").await.unwrap(), [], "{behaviour}");
        assert_eq!(client.query("b}a").await.unwrap_err().kind(), ErrorKind::TableNotFound);
        for pattern in [TablePattern::Exact("{}".into()), TablePattern::Prefix("{".into())] {
            assert_eq!(client.list(&pattern).await.unwrap(), [], "{behaviour}");
        }
        let error = client.pause("a{b", &Selector::Cluster("{".into())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicationNotFound, "{behaviour}: {error}");
        assert_eq!(server.would_have_died(), 0, "{behaviour}");
        server.stop().await;
    }
}
