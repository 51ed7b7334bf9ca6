//! Tests stated generations. The client compares a stated generation with the server. It refuses a
//! wrong one before anything depends on it or, if only the response to an add can contradict it,
//! immediately afterwards.

use std::time::Duration;

use pegasus_dup::protocol::messages::{AddDuplication, ModifyDuplication, Rpc};
use pegasus_dup::server::{Behaviour, Event, MetaServer};
use pegasus_dup::transport::seams::{LookingUp, VersionLookup};
use pegasus_dup::{
    Client, ClientBuilder, Duplication, DuplicationSpec, Error, ErrorKind, Evidence, FailMode,
    Generation, Mode, Selector, Status, TablePattern,
};

use crate::common::embedded;

/// A version look-up of a server whose HTTP is closed.
#[derive(Debug, Clone, Copy)]
struct Closed;

impl VersionLookup for Closed {
    fn version(&self, _: std::net::SocketAddr) -> LookingUp {
        Box::pin(std::future::ready(None))
    }
}

fn builder(server: &MetaServer, http: bool) -> ClientBuilder {
    let timeout = Duration::from_secs(5);
    let builder = Client::builder().meta(server.address().to_string()).timeout(timeout);
    if http { builder } else { builder.version_lookup(Closed) }
}

fn stating(server: &MetaServer, http: bool, stated: Generation) -> Client {
    builder(server, http).generation(stated).build().unwrap()
}

fn spec() -> DuplicationSpec {
    DuplicationSpec::new("temp", "target")
}

fn named() -> DuplicationSpec {
    DuplicationSpec { remote_table: Some("other".into()), ..spec() }
}

fn target() -> Selector {
    Selector::Cluster("target".into())
}

/// Returns whether a server that has reported a duplication contradicts the stated generation,
/// according to `docs/operators.md`.
fn is_refuted(behaviour: Behaviour, stated: Generation, http: bool) -> bool {
    let right: &[Generation] = match behaviour {
        Behaviour::Freezed => &[Generation::Freezed],
        Behaviour::Checkpoint if http => &[Generation::Checkpoint],
        // Without a version the server may be any snapshot.
        Behaviour::Checkpoint => &[Generation::Checkpoint, Generation::Snapshot26],
        Behaviour::RemoteName => {
            &[Generation::RemoteName, Generation::Snapshot26, Generation::DupExist]
        }
        Behaviour::DupExist | Behaviour::Idempotent => {
            &[Generation::DupExist, Generation::Snapshot26]
        }
    };
    !right.contains(&stated)
}

/// Returns every behaviour, with and without HTTP, with every stated generation.
fn everything() -> Vec<(Behaviour, bool, Generation)> {
    let mut all = Vec::new();
    for behaviour in Behaviour::ALL {
        for http in [true, false] {
            all.extend(Generation::ALL.map(|stated| (behaviour, http, stated)));
        }
    }
    all
}

/// Returns the duplications of the server, read by a client that states no generation.
async fn truth(server: &MetaServer) -> Vec<Duplication> {
    builder(server, false).build().unwrap().list(&TablePattern::All).await.unwrap()
}

#[track_caller]
fn assert_refuted(error: &Error, stated: Generation) {
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    let message = error.message();
    assert!(message.contains("the stated generation is not that of this server"), "{error}");
    assert!(message.contains("nothing was sent that depends on the generation"), "{error}");
    assert!(message.contains(&format!("stated={stated} found=")), "{error}");
    assert!(error.server().is_some() && error.hint().is_some(), "{error}");
}

/// An operation of the client.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Query,
    List,
    Start,
    Pause,
    SetFailMode,
    Remove,
    Add,
    AddAnother,
}

const OPERATIONS: [Operation; 8] = [
    Operation::Query,
    Operation::List,
    Operation::Start,
    Operation::Pause,
    Operation::SetFailMode,
    Operation::Remove,
    Operation::Add,
    Operation::AddAnother,
];

/// Runs the operation, and returns the statuses of the duplications that were listed, changed or
/// added.
async fn run(client: &Client, operation: Operation) -> Result<Vec<Option<Status>>, Error> {
    let which = target();
    let status = |one: &Duplication| one.status;
    match operation {
        Operation::Query => Ok(client.query("temp").await?.iter().map(status).collect()),
        Operation::List => Ok(client.list(&TablePattern::All).await?.iter().map(status).collect()),
        Operation::Start => Ok(vec![client.start("temp", &which).await?.value().status]),
        Operation::Pause => Ok(vec![client.pause("temp", &which).await?.value().status]),
        Operation::SetFailMode => {
            let change = client.set_fail_mode("temp", &which, FailMode::Skip).await?;
            Ok(vec![change.value().status])
        }
        Operation::Remove => {
            let _ = client.remove("temp", &which).await?;
            Ok(Vec::new())
        }
        Operation::Add => Ok(vec![client.add(&spec()).await?.value().status]),
        Operation::AddAnother => {
            let another = DuplicationSpec::new("temp", "target2");
            Ok(vec![client.add(&another).await?.value().status])
        }
    }
}

/// Runs an operation on a server that has a duplication, and returns the result and the final
/// status. Checks that a failed operation changed nothing, and that no request would have ended a
/// real server.
async fn end_of(
    operation: Operation,
    behaviour: Behaviour,
    http: bool,
    stated: Option<Generation>,
) -> (Result<Vec<Option<Status>>, Error>, Vec<Option<Status>>) {
    let case = format!("{behaviour} http={http} stated={stated:?} {operation:?}");
    let server = embedded::start(embedded::still(behaviour)).await;
    let plain = builder(&server, false).build().unwrap();
    assert!(plain.add(&spec()).await.unwrap().created(), "{case}");
    if matches!(operation, Operation::Start | Operation::Query) {
        assert!(plain.pause("temp", &target()).await.unwrap().changed(), "{case}");
    }
    let before = truth(&server).await;
    let client = match stated {
        None => builder(&server, http).build().unwrap(),
        Some(stated) => stating(&server, http, stated),
    };
    let end = run(&client, operation).await;
    let after = truth(&server).await;
    if end.is_err() {
        assert_eq!(after, before, "{case}");
    }
    assert_eq!(server.would_have_died(), 0, "{case}");
    server.stop().await;
    (end, after.iter().map(|one| one.status).collect())
}

#[tokio::test]
async fn every_operation_with_every_stated_generation_on_every_generation() {
    for behaviour in Behaviour::ALL {
        for operation in OPERATIONS {
            let (expected, then) = end_of(operation, behaviour, false, None).await;
            let expected = expected.unwrap();
            for http in [true, false] {
                for stated in Generation::ALL {
                    let case = format!("{behaviour} http={http} stated={stated} {operation:?}");
                    let (end, now) = end_of(operation, behaviour, http, Some(stated)).await;
                    assert_eq!(
                        end.is_err(),
                        is_refuted(behaviour, stated, http),
                        "{case}: {end:?}"
                    );
                    match end {
                        Err(error) => assert_refuted(&error, stated),
                        Ok(end) => assert_eq!((&end, &now), (&expected, &then), "{case}"),
                    }
                }
            }
        }
    }
}

/// The client first reads a table without duplications. Its changes find nothing, so only its adds
/// show whether the stated generation is right.
#[tokio::test]
async fn an_add_with_every_stated_generation_is_created_only_as_requested() {
    for (behaviour, http, stated) in everything() {
        for asked in [spec(), named()] {
            let case = format!("{behaviour} http={http} stated={stated} {asked:?}");
            let server = embedded::start(embedded::still(behaviour)).await;
            let client = stating(&server, http, stated);
            let outcome = client.add(&asked).await;
            let there = truth(&server).await;
            match outcome {
                Ok(outcome) => {
                    assert!(outcome.created(), "{case}: {outcome:?}");
                    assert_eq!(there.len(), 1, "{case}");
                    let remote_table = there[0].remote_table.as_deref().unwrap_or("temp");
                    assert_eq!(remote_table, asked.wanted_remote_table(), "{case}: {outcome:?}");
                    let proven = matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent);
                    assert_eq!(outcome.certain(), proven, "{case}: {outcome:?}");
                    // If the response contradicted the stated generation, there is a warning, and
                    // the next call is refused.
                    let wrong = is_refuted(behaviour, stated, http);
                    let warned = outcome.warning().is_some_and(|text| text.contains("stated"));
                    assert_eq!(warned, wrong && stated != Generation::Checkpoint, "{case}");
                    match client.query("temp").await {
                        Ok(_) => assert!(!wrong, "{case}"),
                        Err(error) => {
                            assert!(wrong, "{case}: {error}");
                            assert_refuted(&error, stated);
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                    // The server ignored the remote table, and the error says so.
                    assert!(behaviour == Behaviour::Checkpoint && !http, "{case}: {error}");
                    assert!(matches!(stated, Generation::RemoteName | Generation::DupExist));
                    assert_eq!(asked, named(), "{case}");
                    assert_eq!(error.known(), there, "{case}");
                    assert!(error.message().contains("the remote table"), "{error}");
                    assert!(
                        error.message().contains("stated generation is not that of this server"),
                        "{error}"
                    );
                    let error = client.add(&asked).await.unwrap_err();
                    assert_refuted(&error, stated);
                }
                Err(error) => {
                    assert_eq!(there, [], "{case}: {error}");
                    match error.kind() {
                        ErrorKind::InvalidArgument => {
                            assert!(is_refuted(behaviour, stated, http), "{case}: {error}");
                            assert_refuted(&error, stated);
                        }
                        kind => {
                            assert_eq!(kind, ErrorKind::Unsupported, "{case}: {error}");
                            assert_eq!(asked, named(), "{case}: {error}");
                        }
                    }
                }
            }
            assert_eq!(server.would_have_died(), 0, "{case}");
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn an_ignored_remote_table_is_not_reported_as_created_after_a_lost_response() {
    let server = embedded::start(embedded::still(Behaviour::Checkpoint)).await;
    server.set_faults(vec!["add#1=drop-reply".parse().unwrap()]);
    let client = stating(&server, false, Generation::RemoteName);
    let error = client.with_timeout(Duration::from_secs(2)).add(&named()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert!(error.message().contains("the remote table"), "{error}");
    assert_eq!(error.known(), truth(&server).await);
    server.stop().await;
}

/// Only the version distinguishes 2.5 from a snapshot that a brace ends. If there is no version, a
/// stated generation does not replace it.
#[tokio::test]
async fn no_stated_generation_sends_a_brace_to_a_server_that_it_may_end() {
    for (behaviour, http, stated) in everything() {
        let server = embedded::start(embedded::still(behaviour)).await;
        let (sender, adds) = std::sync::mpsc::channel();
        server.hub().observe(move |event| {
            if matches!(event, Event::Request { rpc, .. } if rpc == AddDuplication::NAME) {
                sender.send(()).unwrap();
            }
        });
        let client = stating(&server, http, stated);
        let error = client.add(&DuplicationSpec::new("temp", "a{b")).await.unwrap_err();
        let survives = match behaviour {
            Behaviour::Freezed => true,
            Behaviour::Checkpoint => http,
            _ => false,
        };
        let sent = survives && !is_refuted(behaviour, stated, http);
        assert_eq!(
            adds.try_iter().count(),
            usize::from(sent),
            "{behaviour} {http} {stated}: {error}"
        );
        assert_eq!(server.would_have_died(), 0, "{behaviour} {http} {stated}: {error}");
        server.stop().await;
    }
}

/// Without a proof no Created is certain, and direct mode is refused.
#[tokio::test]
async fn stating_dup_exist_proves_nothing() {
    for http in [true, false] {
        let server = embedded::start(embedded::still(Behaviour::RemoteName)).await;
        let client = stating(&server, http, Generation::DupExist);
        let direct = client.with_mode(Mode::Direct).add(&named()).await.unwrap_err();
        assert_eq!(direct.kind(), ErrorKind::Unsupported, "{direct}");
        let outcome = client.add(&named()).await.unwrap();
        assert_eq!(outcome.evidence(), Evidence::AppearedDuringCall);
        assert_eq!(outcome.value().remote_table.as_deref(), Some("other"));
        server.stop().await;
    }
}

/// The snapshots of June to December 2024 have ERR_DUP_EXIST, but no list RPC to prove it.
#[tokio::test]
async fn a_dup_exist_server_without_the_list_rpc_is_believed_and_not_certain() {
    for (stated, refused) in [
        (Generation::DupExist, false),
        (Generation::RemoteName, false),
        (Generation::Snapshot26, false),
        (Generation::Checkpoint, true),
        (Generation::Freezed, true),
    ] {
        let server = embedded::start(embedded::still(Behaviour::DupExist)).await;
        server.set_faults(vec!["list=no-such-rpc".parse().unwrap()]);
        let client = stating(&server, true, stated);
        match client.add(&spec()).await {
            Ok(outcome) => {
                assert!(!refused && outcome.created(), "{stated}: {outcome:?}");
                assert_eq!(outcome.evidence(), Evidence::AppearedDuringCall, "{stated}");
                assert!(client.pause("temp", &target()).await.unwrap().changed(), "{stated}");
            }
            Err(error) => {
                assert!(refused, "{stated}: {error}");
                assert_refuted(&error, stated);
            }
        }
        assert_eq!(server.would_have_died(), 0, "{stated}");
        server.stop().await;
    }
}

/// A stated generation applies to all servers of a group, and is checked on each of them.
#[tokio::test]
async fn a_new_leader_of_another_version_is_checked_again() {
    let old = embedded::start(embedded::still(Behaviour::Checkpoint)).await;
    let new = embedded::start(embedded::still(Behaviour::DupExist)).await;
    let metas = format!("{},{}", old.address(), new.address());
    let client = Client::builder()
        .meta(metas)
        .timeout(Duration::from_secs(8))
        .generation(Generation::Checkpoint)
        .build()
        .unwrap();
    assert!(client.add(&spec()).await.unwrap().created());
    old.stop().await;
    let (sender, modifies) = std::sync::mpsc::channel();
    new.hub().observe(move |event| {
        if matches!(event, Event::Request { rpc, .. } if rpc == ModifyDuplication::NAME) {
            sender.send(()).unwrap();
        }
    });
    let error = client.pause("temp", &target()).await.unwrap_err();
    assert_refuted(&error, Generation::Checkpoint);
    assert_eq!(modifies.try_iter().count(), 0);
    new.stop().await;
}
