//! Each failure, over the loopback interface, becomes an error of its own kind. It arrives in time
//! and leaves no task behind.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use pegasus_dup::protocol::messages::ListDuplication;
use pegasus_dup::server::Behaviour;
use pegasus_dup::{Client, DuplicationSpec, Error, ErrorKind, Outcome, Selector, TablePattern};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::common::embedded;
use crate::common::fake::{Fake, Say, World};

/// The timeout of the calls in these tests, and the time that a busy machine may add.
const LIMIT: Duration = Duration::from_millis(1500);
const SLACK: Duration = Duration::from_secs(3);

fn client(metas: impl ToString) -> Client {
    Client::builder().meta(metas.to_string()).timeout(LIMIT).build().unwrap()
}

#[allow(clippy::disallowed_methods)] // the test measures how long a caller waits
fn now() -> Instant {
    Instant::now()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until there are not more tasks than before.
async fn tidied_up(before: usize) {
    let until = timeout(Duration::from_secs(10), async {
        while tasks() > before {
            sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(until.await.is_ok(), "{} tasks, {before} before", tasks());
}

/// Starts a server that responds to any request with `bytes`, and then closes the connection if
/// `closes` is true. A client may connect any number of times.
async fn saying(bytes: &'static [u8], closes: bool) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let mut chunk = [0; 4096];
                if stream.read(&mut chunk).await.unwrap_or(0) == 0 {
                    return;
                }
                stream.write_all(bytes).await.unwrap_or(());
                while !closes && stream.read(&mut chunk).await.unwrap_or(0) > 0 {}
            });
        }
    });
    (address, tasks)
}

/// Expects an add to fail in time, and to leave nothing behind once the client is dropped.
async fn fails(metas: impl ToString, spec: &DuplicationSpec) -> Error {
    let (before, begin) = (tasks(), now());
    let client = client(metas);
    let error = match client.add(spec).await {
        Err(error) => error,
        Ok(outcome) => panic!("{spec:?}: {outcome:?}"),
    };
    assert!(begin.elapsed() < LIMIT + SLACK, "{error}: {:?}", begin.elapsed());
    assert_eq!(client.unsettled(), [""; 0], "{error}");
    drop(client);
    tidied_up(before).await;
    error
}

fn spec(table: &str, cluster: &str) -> DuplicationSpec {
    DuplicationSpec::new(table, cluster)
}

#[tokio::test]
async fn every_bad_request_has_an_error_of_its_own() {
    let over_long = "x".repeat(256);
    for behaviour in [Behaviour::Idempotent, Behaviour::DupExist] {
        let server = embedded::start(embedded::still(behaviour)).await;
        let address = server.address();
        let taken =
            DuplicationSpec { remote_table: Some("theirs".into()), ..spec("dup_src", "target") };
        let first = client(address);
        assert!(first.add(&taken).await.unwrap().created());
        drop(first);
        let cases = [
            (spec("no_such_table", "target"), ErrorKind::TableNotFound, "no_such_table"),
            (spec("temp", "onebox"), ErrorKind::InvalidArgument, ""),
            (spec("temp", "nowhere"), ErrorKind::RemoteClusterNotConfigured, "nowhere"),
            (
                DuplicationSpec { table: "dup_src2".into(), ..taken },
                ErrorKind::RemoteTableTaken,
                "theirs",
            ),
            (spec("", "target"), ErrorKind::InvalidArgument, "name of the table is empty"),
            (spec("temp", ""), ErrorKind::InvalidArgument, "name of the remote cluster is empty"),
            (
                DuplicationSpec { remote_table: Some(String::new()), ..spec("temp", "target") },
                ErrorKind::InvalidArgument,
                "name of the remote table is empty",
            ),
            (spec(&over_long, "target"), ErrorKind::InvalidArgument, "table is too long"),
            (spec("temp", &over_long), ErrorKind::InvalidArgument, "remote cluster is too long"),
            (
                DuplicationSpec { remote_table: Some(over_long.clone()), ..spec("temp", "target") },
                ErrorKind::InvalidArgument,
                "remote table is too long",
            ),
            (
                DuplicationSpec { remote_replica_count: Some(-1), ..spec("temp", "target") },
                ErrorKind::InvalidArgument,
                "replica count is negative: remote_replica_count=-1",
            ),
        ];
        let mut texts = BTreeSet::new();
        let count = cases.len();
        for (spec, kind, says) in cases {
            let error = fails(address, &spec).await;
            assert_eq!(error.kind(), kind, "{behaviour}: {error}");
            assert!(error.to_string().contains(says), "{behaviour}: {error}");
            assert!(error.hint().is_some() || error.code().is_some(), "{behaviour}: {error}");
            texts.insert(error.to_string());
        }
        assert_eq!(texts.len(), count, "{texts:#?}");
        server.stop().await;
    }
}

#[tokio::test]
async fn the_longest_name_is_sent() {
    let server = embedded::start(embedded::still(Behaviour::Idempotent)).await;
    let error = fails(server.address(), &spec(&"x".repeat(255), "target")).await;
    assert_eq!(error.kind(), ErrorKind::TableNotFound);
}

/// The advice concerns the name that is wrong.
#[tokio::test]
async fn the_advice_for_an_empty_name_says_where_to_find_such_names() {
    let there = |remote: &str| DuplicationSpec {
        remote_table: Some(remote.to_owned()),
        ..spec("temp", "target")
    };
    for (spec, hint) in [
        (spec("", "target"), "`ls` of the Pegasus shell shows it"),
        (spec("temp", ""), "[pegasus.clusters] and [duplication-group]"),
        (there(""), "a table in the remote cluster"),
    ] {
        let error = fails("127.0.0.1:1", &spec).await;
        assert!(error.hint().is_some_and(|text| text.contains(hint)), "{error}");
    }
    let selector = Selector::Cluster(String::new());
    let error = client("127.0.0.1:1").pause("temp", &selector).await.unwrap_err();
    assert!(error.hint().is_some_and(|text| text.contains("[pegasus.clusters]")), "{error}");
}

#[tokio::test]
async fn changes_and_reads_refuse_bad_names_too() {
    let client = client("127.0.0.1:1");
    let selector = Selector::Cluster(String::new());
    let errors = [
        client.query("").await.unwrap_err(),
        client.list(&TablePattern::Prefix(String::new())).await.unwrap_err(),
        client.pause("temp", &selector).await.unwrap_err(),
        client.remove("temp", &Selector::Dupid(0)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_unavailable_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = fails(address, &spec("temp", "target")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("cannot be reached"), "{error}");
    assert!(error.hint().unwrap().contains("check the addresses"), "{error}");
    assert_eq!(error.server(), Some(address.to_string().as_str()));
}

#[tokio::test]
async fn the_error_about_garbage_says_what_is_wrong() {
    let cases: [(&[u8], &str); 5] = [
        // As a length, these bytes are more than a gigabyte.
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "too long"),
        (&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 6], "too long"),
        (&[0, 0, 0, 3, 1, 2, 3], "too small"),
        // The envelope has an error code of minus one byte, or nothing after the error code.
        (&[0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff], "envelope"),
        (b"\0\0\0\x0e\0\0\0\x06ERR_OK", "envelope"),
    ];
    for (bytes, says) in cases {
        for closes in [true, false] {
            let (address, _server) = saying(bytes, closes).await;
            let error = fails(address, &spec("temp", "target")).await;
            assert_eq!(error.kind(), ErrorKind::Protocol, "{bytes:?}: {error}");
            assert!(error.to_string().contains(says), "{bytes:?}: {error}");
            assert!(error.hint().unwrap().contains("34601"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_incomplete_response_is_no_response() {
    let half = b"\0\0\0\x40\0\0\0\x06ERR_OK";
    let (address, _server) = saying(half, true).await;
    let error = fails(address, &spec("temp", "target")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("closed"), "{error}");

    let (address, _server) = saying(half, false).await;
    let error = fails(address, &spec("temp", "target")).await;
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("began to respond"), "{error}");
    assert!(!error.to_string().contains("Kerberos"), "{error}");
}

#[tokio::test]
async fn a_silent_server_may_require_kerberos() {
    let (address, _server) = saying(b"", false).await;
    let begin = now();
    let error = fails(address, &spec("temp", "target")).await;
    assert!(begin.elapsed() >= LIMIT / 2, "given its time");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("nothing was sent"), "{error}");
    assert!(error.hint().unwrap().contains("Kerberos"), "{error}");
    assert_eq!(error.server(), Some(address.to_string().as_str()));
}

#[tokio::test]
async fn a_server_that_has_responded_does_not_require_kerberos() {
    let world = World::dup_exist();
    let fake = Fake::start(move |seen| match seen.is::<ListDuplication>() {
        true => Say::NOTHING,
        false => world.answer(seen),
    })
    .await;
    let error = fails(fake.address, &spec("temp", "target")).await;
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.hint().unwrap().contains("has responded on this connection before"), "{error}");
    assert!(!error.to_string().contains("Kerberos"), "{error}");
}

#[tokio::test]
async fn success_leaves_no_task_behind_either() {
    let server = embedded::start(embedded::still(Behaviour::Idempotent)).await;
    let before = tasks();
    let client = client(server.address());
    let outcome = client.add(&spec("temp", "target")).await.unwrap();
    assert!(matches!(outcome, Outcome::Created { .. }));
    assert_eq!(client.query("temp").await.unwrap().len(), 1);
    assert!(tasks() > before, "a connection is a task");
    drop(client);
    tidied_up(before).await;
}

#[tokio::test]
async fn a_cancelled_call_leaves_no_task_behind() {
    let (address, _server) = saying(b"", false).await;
    let before = tasks();
    let client = client(address);
    assert!(timeout(Duration::from_millis(100), client.query("temp")).await.is_err());
    drop(client);
    tidied_up(before).await;
}
