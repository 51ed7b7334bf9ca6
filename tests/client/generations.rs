//! Tests the client with a server of each generation. The outcome must be correct, and no request
//! may end or harm a real server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, MetaServer};
use pegasus_dup::transport::seams::{LookingUp, VersionLookup};
use pegasus_dup::{
    Change, Client, ClientBuilder, DuplicationSpec, ErrorKind, Evidence, FailMode, Generation,
    Outcome, Removal, Selector, Status, TablePattern,
};

use crate::common::embedded;
use crate::common::fake::{DUPID, Fake, Say, World, refused};

const ALL: [Behaviour; 5] = [
    Behaviour::Freezed,
    Behaviour::Checkpoint,
    Behaviour::RemoteName,
    Behaviour::DupExist,
    Behaviour::Idempotent,
];

fn builder(server: &MetaServer) -> ClientBuilder {
    Client::builder().meta(server.address().to_string()).timeout(Duration::from_secs(5))
}

fn spec() -> DuplicationSpec {
    DuplicationSpec::new("temp", "target")
}

fn target() -> Selector {
    Selector::Cluster("target".into())
}

fn proven(behaviour: Behaviour) -> bool {
    matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent)
}

fn running(behaviour: Behaviour) -> Status {
    if behaviour == Behaviour::Freezed { Status::Start } else { Status::Log }
}

#[tokio::test]
async fn the_life_of_a_duplication_on_every_generation() {
    for behaviour in ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = builder(&server).build().unwrap();

        let first = client.add(&spec()).await.unwrap();
        let evidence = match proven(behaviour) {
            true => Evidence::ServerSaidSo,
            false => Evidence::AppearedDuringCall,
        };
        assert!(first.created(), "{behaviour}: {first:?}");
        assert_eq!(first.evidence(), evidence, "{behaviour}");
        assert_eq!(first.value().status, Some(running(behaviour)), "{behaviour}");
        let dupid = Selector::Dupid(first.value().dupid);

        let paused = client.pause("temp", &dupid).await.unwrap();
        assert!(paused.changed(), "{behaviour}");
        assert_eq!(paused.value().status, Some(Status::Pause), "{behaviour}");
        assert!(!client.pause("temp", &target()).await.unwrap().changed(), "{behaviour}");

        let mode = client.set_fail_mode("temp", &target(), FailMode::Skip).await.unwrap();
        assert_eq!(mode.value().fail_mode, Some(FailMode::Skip), "{behaviour}");

        // The existing duplication is reported and not changed: it stays paused, with its fail
        // mode.
        let again = client.add(&spec()).await.unwrap();
        let Outcome::AlreadyExists { existing, differences, evidence, warning, .. } = again else {
            panic!("{behaviour}: {again:?}");
        };
        assert_eq!((evidence, differences.len()), (Evidence::ListedBefore, 0), "{behaviour}");
        assert_eq!(existing.identity(), first.value().identity(), "{behaviour}");
        assert_eq!(existing.status, Some(Status::Pause), "{behaviour}");
        assert_eq!(existing.fail_mode, Some(FailMode::Skip), "{behaviour}");
        assert!(warning.unwrap().contains("paused"), "{behaviour}");

        let started = client.start("temp", &target()).await.unwrap();
        assert!(started.changed(), "{behaviour}");
        assert_eq!(started.value().status, Some(running(behaviour)), "{behaviour}");
        assert_eq!(started.value().fail_mode, Some(FailMode::Skip), "{behaviour}");
        assert!(!client.start("temp", &dupid).await.unwrap().changed(), "{behaviour}");

        let listed = client.list(&TablePattern::All).await.unwrap();
        assert_eq!(listed, client.query("temp").await.unwrap(), "{behaviour}");
        assert_eq!(listed.len(), 1, "{behaviour}");
        assert_eq!(client.list(&TablePattern::Prefix("dup".into())).await.unwrap(), []);

        let removed = client.remove("temp", &dupid).await.unwrap();
        assert!(matches!(removed, Removal::Removed { .. }), "{behaviour}");
        assert_eq!(client.remove("temp", &target()).await.unwrap(), Removal::NotFound);
        let error = client.start("temp", &target()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicationNotFound, "{behaviour}");
        assert_eq!(client.query("temp").await.unwrap(), [], "{behaviour}");

        assert_eq!(client.unsettled(), Vec::<String>::new(), "{behaviour}");
        assert_eq!(server.would_have_died(), 0, "{behaviour}");
        server.stop().await;
    }
}

#[tokio::test]
async fn refusals_on_every_generation() {
    for behaviour in ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = builder(&server).build().unwrap();
        for (table, cluster, kind) in [
            ("nosuch", "target", ErrorKind::TableNotFound),
            ("temp", "onebox", ErrorKind::InvalidArgument),
            ("temp", "nosuch", ErrorKind::RemoteClusterNotConfigured),
        ] {
            let error = client.add(&DuplicationSpec::new(table, cluster)).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{behaviour}: {error}");
        }
        assert_eq!(client.list(&TablePattern::All).await.unwrap(), [], "{behaviour}");
        server.stop().await;
    }
}

#[tokio::test]
async fn properties_that_a_generation_would_ignore_are_refused_unless_the_generation_is_stated() {
    let named = DuplicationSpec { remote_table: Some("other".into()), ..spec() };
    let counted = DuplicationSpec { remote_replica_count: Some(1), ..spec() };
    let shipped = DuplicationSpec { checkpoint: true, ..spec() };
    for behaviour in ALL {
        for (asked, refused) in [
            (&named, !proven(behaviour)),
            (&counted, !proven(behaviour)),
            (&shipped, behaviour == Behaviour::Freezed),
        ] {
            let server = embedded::start(embedded::still(behaviour)).await;
            let client = builder(&server).build().unwrap();
            match client.add(asked).await {
                Err(error) if refused => assert_eq!(error.kind(), ErrorKind::Unsupported),
                Ok(outcome) if !refused => assert!(outcome.created(), "{behaviour}: {outcome:?}"),
                other => panic!("{behaviour} {asked:?}: {other:?}"),
            }
            let there = client.query("temp").await.unwrap();
            assert_eq!(there.is_empty(), refused, "{behaviour}: {there:?}");
            server.stop().await;
        }
    }
    // A snapshot with an echo supports remote tables, but only the user can know this beforehand.
    let server = embedded::start(embedded::still(Behaviour::RemoteName)).await;
    let client = builder(&server).generation(Generation::RemoteName).build().unwrap();
    let outcome = client.add(&named).await.unwrap();
    assert_eq!(outcome.evidence(), Evidence::AppearedDuringCall);
    assert_eq!(outcome.value().remote_table.as_deref(), Some("other"));
    server.stop().await;
}

/// A version look-up that returns a fixed version, and counts the look-ups.
#[derive(Debug, Clone)]
struct Told(Option<&'static str>, Arc<AtomicUsize>);

impl VersionLookup for Told {
    fn version(&self, _server: SocketAddr) -> LookingUp {
        self.1.fetch_add(1, Ordering::Relaxed);
        let version = self.0.map(str::to_owned);
        Box::pin(async move { version })
    }
}

#[tokio::test]
async fn everything_works_with_http_closed() {
    for behaviour in ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let asked = Arc::new(AtomicUsize::new(0));
        let client = builder(&server).version_lookup(Told(None, asked.clone())).build().unwrap();
        let shipped = DuplicationSpec { checkpoint: behaviour != Behaviour::Freezed, ..spec() };
        assert!(client.add(&shipped).await.unwrap().created(), "{behaviour}");
        assert!(!client.add(&spec()).await.unwrap().created(), "{behaviour}");
        // The RPCs alone prove the other generations.
        let needed = matches!(behaviour, Behaviour::Checkpoint | Behaviour::RemoteName);
        assert_eq!(asked.load(Ordering::Relaxed), usize::from(needed), "{behaviour}");
        let which = target();
        assert!(matches!(client.remove("temp", &which).await.unwrap(), Removal::Removed { .. }));
        assert_eq!(server.would_have_died(), 0, "{behaviour}");
        server.stop().await;
    }
}

/// The client sends no status number before it knows the generation, and never the number of
/// another generation. The server records the requests.
#[tokio::test]
async fn no_status_number_is_sent_before_the_generation_is_known() {
    for (counts, running, paused, removed) in [(true, 3, 4, 5), (false, 1, 2, 3)] {
        let mut world = World { counts, ..World::old() };
        world.entries = vec![Entry { status: running, ..world.entry(DUPID) }];
        let fake = Fake::start(move |seen| {
            if !seen.is::<ModifyDuplication>() {
                return world.answer(seen);
            }
            let asked = seen.read::<ModifyDuplication>();
            match asked.status {
                Some(status) if status == removed => world.entries.clear(),
                Some(status) => world.entries[0].status = status,
                None => world.entries[0].fail_mode = asked.fail_mode,
            }
            let answer = ModifyResponse { err: pegasus_dup::ErrorCode::Ok, appid: Some(3) };
            seen.answer(&answer)
        })
        .await;
        let meta = fake.address.to_string();
        let client = Client::builder().meta(meta).timeout(Duration::from_secs(5)).build().unwrap();
        assert!(client.pause("temp", &target()).await.unwrap().changed());
        assert!(client.start("temp", &target()).await.unwrap().changed());
        assert!(client.set_fail_mode("temp", &target(), FailMode::Fast).await.unwrap().changed());
        assert!(matches!(client.remove("temp", &target()).await.unwrap(), Removal::Removed { .. }));
        let seen = fake.seen();
        let first = seen.iter().position(|seen| seen.is::<ModifyDuplication>()).unwrap();
        let learnt = seen.iter().position(|seen| seen.is::<GetMaxReplicaCount>()).unwrap();
        assert!(learnt < first, "the generation was found out before anything was changed");
        let numbers: Vec<_> = seen
            .iter()
            .filter(|seen| seen.is::<ModifyDuplication>())
            .map(|seen| seen.read::<ModifyDuplication>())
            .map(|asked| (asked.status, asked.fail_mode))
            .collect();
        assert_eq!(
            numbers,
            [(Some(paused), None), (Some(running), None), (None, Some(2)), (Some(removed), None)]
        );
    }
}

/// If the response to the list RPC is garbage, the generation is not known, and nothing is sent.
#[tokio::test]
async fn no_change_is_sent_if_the_generation_is_not_known() {
    let world = World::old();
    let fake = Fake::start(move |seen| match seen.is::<GetMaxReplicaCount>() {
        true => seen.framework("ERR_NETWORK_FAILURE"),
        false => world.answer(seen),
    })
    .await;
    let meta = fake.address.to_string();
    let client = Client::builder().meta(meta).timeout(Duration::from_secs(2)).build().unwrap();
    assert!(client.add(&spec()).await.is_err());
    assert!(client.pause("temp", &target()).await.is_err());
    assert_eq!(fake.count::<AddDuplication>() + fake.count::<ModifyDuplication>(), 0);
}

#[tokio::test]
async fn a_thin_response_is_a_refusal_on_generations_that_refuse_so() {
    for version in ["2.5.0", "2.6.0-SNAPSHOT"] {
        let world = World::old();
        let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
            true => seen.answer(&refused("ERR_OK", "")),
            false => world.answer(seen),
        })
        .await;
        let client = Client::builder()
            .meta(fake.address.to_string())
            .timeout(Duration::from_secs(2))
            .version_lookup(Told(Some(version), Arc::default()))
            .build()
            .unwrap();
        let error = client.add(&spec()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    }
}

#[tokio::test]
async fn after_a_lost_response_a_freezed_server_is_sent_only_queries() {
    let world = World::freezed();
    let fake = Fake::start(move |seen| match seen.is::<AddDuplication>() {
        true => Say::CLOSE,
        false => world.answer(seen),
    })
    .await;
    let meta = fake.address.to_string();
    let client = Client::builder().meta(meta).timeout(Duration::from_secs(3)).build().unwrap();
    let error = client.add(&spec()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    let error = client.add(&spec()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("nothing was sent"), "{error}");
    assert_eq!(fake.count::<AddDuplication>(), 1);
}

/// If the response to a change is lost, reads show the change. If the request is lost, the result
/// is unknown.
#[tokio::test]
async fn changes_with_lost_responses() {
    for behaviour in ALL {
        for (fault, known) in [
            ("modify#1=drop-reply", true),
            ("modify#1=close-after", true),
            ("modify#1=close-before", false),
        ] {
            let server = embedded::start(embedded::still(behaviour)).await;
            let client = builder(&server).build().unwrap();
            assert!(client.add(&spec()).await.unwrap().created());
            server.set_faults(vec![fault.parse().unwrap()]);
            let paused = client.with_timeout(Duration::from_secs(2)).pause("temp", &target()).await;
            let there = client.query("temp").await.unwrap();
            if known {
                let Ok(Change::Changed { warning: Some(warning), after, .. }) = paused else {
                    panic!("{behaviour} {fault}: {paused:?}");
                };
                assert!(warning.contains("no response confirmed the change"), "{warning}");
                assert_eq!(there, [after]);
            } else {
                let error = paused.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{behaviour} {fault}: {error}");
                assert_eq!(error.known(), there);
                assert_eq!(client.unsettled().len(), 1);
            }
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn a_removal_with_a_lost_response() {
    for behaviour in ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = builder(&server).build().unwrap();
        assert!(client.add(&spec()).await.unwrap().created());
        server.set_faults(vec!["modify#1=close-after".parse().unwrap()]);
        let removed = client.remove("temp", &target()).await.unwrap();
        assert!(matches!(removed, Removal::Removed { warning: Some(_), .. }), "{removed:?}");
        server.stop().await;
    }
}

/// A change is not applied to another duplication with the same dupid.
#[tokio::test]
async fn a_dupid_that_is_used_again_is_another_duplication() {
    let mut world = World::dup_exist();
    world.entries = vec![world.entry(DUPID)];
    let fake = Fake::start(move |seen| {
        if seen.is::<ModifyDuplication>() {
            // Another client removes and adds the duplication within the second.
            world.entries[0].create_ts += 7;
            world.entries[0].status = 4;
            return Say::CLOSE;
        }
        world.answer(seen)
    })
    .await;
    let meta = fake.address.to_string();
    let client = Client::builder().meta(meta).timeout(Duration::from_secs(6)).build().unwrap();
    let error = client.pause("temp", &target()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DuplicationNotFound, "{error}");
}

/// A leader that has not read its duplications back lists none. The client does not believe this at
/// once.
#[tokio::test]
async fn an_early_leader_does_not_end_a_change_with_a_lost_response() {
    let (mut world, mut changed) = (World::dup_exist(), false);
    world.entries = vec![world.entry(DUPID)];
    let mut paused = Vec::new();
    let fake = Fake::start(move |seen| {
        if seen.is::<ModifyDuplication>() {
            changed = true;
            world.entries[0].status = 4;
            paused = std::mem::take(&mut world.entries);
            return Say::CLOSE;
        }
        let say = world.answer(seen);
        if changed && seen.is::<ListDuplication>() {
            world.entries.append(&mut paused);
        }
        say
    })
    .await;
    let meta = fake.address.to_string();
    let client = Client::builder().meta(meta).timeout(Duration::from_secs(8)).build().unwrap();
    let change = client.pause("temp", &target()).await.unwrap();
    assert!(change.changed());
    assert_eq!(change.value().status, Some(Status::Pause));
}
