//! Tests lists of many tables, over streams in memory and with a paused clock. On servers without
//! the list RPC the client sends a query for each table.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::protocol::frame;
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, Group, ServerConfig};
use pegasus_dup::transport::seams::{Connecting, Connector, LookingUp, Stream, VersionLookup};
use pegasus_dup::{Client, DuplicationSpec, ErrorCode, ErrorKind, TablePattern};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, split};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::support::fake;
use crate::common::embedded;
use crate::common::fake::{Say, Seen, World};

/// How long bytes take in each direction.
const ONE_WAY: Duration = Duration::from_millis(25);
/// The wall time, which does not matter in these tests.
const NOON_MS: i64 = 1_795_000_000_000;

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now_ms(&self) -> i64 {
        NOON_MS
    }
}

#[allow(clippy::disallowed_methods)] // the clock of this test, which is paused
fn now() -> Instant {
    Instant::now()
}

/// A server for the client.
trait Serve: Send + Sync + 'static {
    fn serve(&self, stream: DuplexStream);
}

impl<F: Fn(DuplexStream) + Send + Sync + 'static> Serve for F {
    fn serve(&self, stream: DuplexStream) {
        self(stream);
    }
}

/// Streams in memory that delay all bytes by the same time.
#[derive(Clone)]
struct Slow {
    server: Arc<dyn Serve>,
    connections: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Slow")
    }
}

impl Slow {
    fn new(server: impl Serve) -> Slow {
        Slow { server: Arc::new(server), connections: Arc::default() }
    }

    /// Returns a client of a server of 2.4 or later that does not report its version.
    fn client(&self) -> Client {
        let builder = Client::builder().meta("10.0.0.1:34601").seed(1);
        builder.connector(self.clone()).version_lookup(self.clone()).build().unwrap()
    }
}

impl Connector for Slow {
    fn connect(&self, _: SocketAddr) -> Connecting {
        self.connections.fetch_add(1, Ordering::Relaxed);
        let (ours, near) = tokio::io::duplex(64 * 1024);
        let (far, theirs) = tokio::io::duplex(64 * 1024);
        self.server.serve(theirs);
        let ((from_client, to_client), (from_server, to_server)) = (split(near), split(far));
        carry(from_client, to_server);
        carry(from_server, to_client);
        Box::pin(async move { Ok(Box::new(ours) as Box<dyn Stream>) })
    }
}

impl VersionLookup for Slow {
    fn version(&self, _: SocketAddr) -> LookingUp {
        Box::pin(std::future::ready(None))
    }
}

/// Forwards the bytes of each read after the time of one direction.
fn carry(
    mut from: impl AsyncRead + Send + Unpin + 'static,
    mut to: impl AsyncWrite + Send + Unpin + 'static,
) {
    let (send, mut held) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let mut bytes = Vec::with_capacity(4096);
            if from.read_buf(&mut bytes).await.unwrap_or(0) == 0
                || send.send((now() + ONE_WAY, bytes)).is_err()
            {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((at, bytes)) = held.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
}

/// Returns an embedded server with `tables` tables, named `table0000` and so on, with 1 to 7
/// partitions.
fn embedded(behaviour: Behaviour, tables: usize) -> (Slow, Group) {
    let table = |index: usize| format!("table{index:04}:{}:3", index % 7 + 1);
    let config = ServerConfig {
        listen: "10.0.0.1:34601".parse().unwrap(),
        tables: (0..tables).map(|index| table(index).parse().unwrap()).collect(),
        ..embedded::still(behaviour)
    };
    let clock: Arc<dyn Clock> = Arc::new(Noon);
    let group = Group::new(&[config], Arc::new(MemoryStore::new()), &clock).unwrap();
    let hub = group.hub(0).unwrap().clone();
    let timers = hub.clone();
    tokio::spawn(async move { timers.run_timers().await });
    let serve = move |stream: DuplexStream| {
        let hub = hub.clone();
        tokio::spawn(async move { hub.serve(stream).await });
    };
    (Slow::new(serve), group)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_tables_far_away_are_listed_within_2_s() {
    for behaviour in [Behaviour::Freezed, Behaviour::Checkpoint, Behaviour::RemoteName] {
        let (slow, _group) = embedded(behaviour, 1000);
        let client = slow.client();
        for table in ["table0700", "table0003"] {
            let spec = DuplicationSpec {
                checkpoint: behaviour != Behaviour::Freezed,
                ..DuplicationSpec::new(table, "target")
            };
            assert!(client.add(&spec).await.unwrap().created());
        }
        let begin = now();
        let found = client.list(&TablePattern::All).await.unwrap();
        let took = begin.elapsed();
        assert!(took < Duration::from_secs(2), "{behaviour}: {took:?} of simulated time");
        let tables: Vec<&str> = found.iter().map(|one| one.table.as_str()).collect();
        assert_eq!(tables, ["table0003", "table0700"], "{behaviour}");
        assert_eq!(slow.connections.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn every_generation_reports_tables_without_duplications_and_partition_counts() {
    for behaviour in Behaviour::ALL {
        let (slow, _group) = embedded(behaviour, 300);
        let client = slow.client();
        let spec = DuplicationSpec {
            checkpoint: behaviour != Behaviour::Freezed,
            ..DuplicationSpec::new("table0003", "target")
        };
        let made = client.add(&spec).await.unwrap();
        let found = client.list_by_table(&TablePattern::Prefix("table".into())).await.unwrap();
        assert_eq!(found.len(), 300, "{behaviour}");
        for (index, table) in found.iter().enumerate() {
            assert_eq!(table.table, format!("table{index:04}"), "{behaviour}");
            assert_eq!(table.table_id, i32::try_from(index).unwrap() + 1, "{behaviour}");
            let partitions = i32::try_from(index % 7 + 1).unwrap();
            assert_eq!(table.partition_count, Some(partitions), "{behaviour} {index}");
            let dupids: Vec<i32> = table.duplications.iter().map(|one| one.dupid).collect();
            let expected = if index == 3 { vec![made.value().dupid] } else { Vec::new() };
            assert_eq!(dupids, expected, "{behaviour} {index}");
        }
        let exact = TablePattern::Exact("table0004".into());
        let found = client.list_by_table(&exact).await.unwrap();
        assert_eq!(found.len(), 1, "{behaviour}");
        assert_eq!((found[0].partition_count, found[0].duplications.len()), (Some(5), 0));
        let none = TablePattern::Postfix("nothing".into());
        assert_eq!(client.list_by_table(&none).await.unwrap(), [], "{behaviour}");
    }
}

/// Returns a server without the list RPC, whose tables and responses the test defines.
fn old(answer: impl FnMut(&Seen) -> Option<Say> + Send + 'static) -> Slow {
    let answer = Arc::new(Mutex::new(answer));
    Slow::new(move |stream: DuplexStream| {
        let answer = answer.clone();
        let world = World::old();
        let script = move |seen: &Seen| {
            (*answer.lock().unwrap())(seen).unwrap_or_else(|| world.answer(seen))
        };
        tokio::spawn(fake::answer(stream, script));
    })
}

fn apps(names: &[(&str, i32)]) -> ListAppsResponse {
    let infos = names.iter().map(|&(name, app_id)| AppInfo {
        status: 1,
        app_type: "pegasus".into(),
        app_name: name.into(),
        app_id,
        partition_count: 8,
        envs: Default::default(),
        is_stateful: true,
        max_replica_count: 3,
        expire_second: 0,
        create_second: 0,
        drop_second: 0,
        duplicating: None,
        init_partition_count: None,
        is_bulk_loading: None,
        atomic_idempotent: None,
    });
    ListAppsResponse { err: ErrorCode::Ok, infos: Some(infos.collect()), hint_message: None }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_dropped_meanwhile_is_left_out_and_a_recreated_table_has_no_partition_count()
 {
    // The server has only the table `temp`, with the id 3.
    let answer = apps(&[("temp", 2), ("zero", 4), ("dropped", 1)]);
    let slow = old(move |seen| match seen.name.as_str() {
        ListApps::NAME => Some(seen.answer(&answer)),
        QueryDuplication::NAME if seen.read::<QueryDuplication>().app_name == "zero" => {
            Some(seen.answer(&QueryResponse {
                err: ErrorCode::Ok,
                appid: Some(4),
                entry_list: Some(Vec::new()),
            }))
        }
        _ => None,
    });
    let found = slow.client().list_by_table(&TablePattern::All).await.unwrap();
    let told: Vec<(&str, i32, Option<i32>)> = found
        .iter()
        .map(|table| (table.table.as_str(), table.table_id, table.partition_count))
        .collect();
    assert_eq!(told, [("temp", 3, None), ("zero", 4, Some(8))]);
}

#[tokio::test(start_paused = true)]
async fn duplications_are_in_the_order_of_their_dupids_whatever_order_the_server_returns() {
    let answer = apps(&[("temp", 3)]);
    let slow = old(move |seen| match seen.name.as_str() {
        ListApps::NAME => Some(seen.answer(&answer)),
        QueryDuplication::NAME => {
            let world = World::old();
            let entries = [(7, "target"), (9, "other"), (8, "target"), (7, "other")];
            let entry = |(dupid, remote): (i32, &str)| Entry {
                remote: remote.into(),
                ..world.entry(dupid)
            };
            Some(seen.answer(&QueryResponse {
                err: ErrorCode::Ok,
                appid: Some(3),
                entry_list: Some(entries.map(entry).into()),
            }))
        }
        _ => None,
    });
    let expected = [(7, "other"), (7, "target"), (8, "target"), (9, "other")];
    let client = slow.client();
    for found in [client.query("temp").await, client.list(&TablePattern::All).await] {
        let found = found.unwrap();
        let order: Vec<_> = found.iter().map(|one| (one.dupid, one.cluster.as_str())).collect();
        assert_eq!(order, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_tables_are_refused_is_an_error() {
    let answer = apps(&[("temp", 3), ("secret", 4)]);
    let slow = old(move |seen| match seen.name.as_str() {
        ListApps::NAME => Some(seen.answer(&answer)),
        QueryDuplication::NAME if seen.read::<QueryDuplication>().app_name == "secret" => {
            Some(seen.answer(&QueryResponse {
                err: ErrorCode::AclDeny,
                appid: None,
                entry_list: None,
            }))
        }
        _ => None,
    });
    let error = slow.client().list(&TablePattern::All).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_takes_too_long_does_not_mention_kerberos() {
    let answer = apps(&[("temp", 3)]);
    let slow = old(move |seen| match seen.name.as_str() {
        ListApps::NAME => Some(seen.answer(&answer)),
        QueryDuplication::NAME => Some(Say::NOTHING),
        _ => None,
    });
    let error = slow.client().list(&TablePattern::All).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.to_string().contains("Kerberos"), "{error}");
}

/// Holds back the responses to queries until no more queries arrive, then responds to the last
/// query first. `most` becomes the highest number of queries that waited at the same time.
async fn hold_back(mut stream: DuplexStream, apps: ListAppsResponse, most: Arc<AtomicUsize>) {
    let (mut input, mut held) = (Vec::new(), Vec::new());
    loop {
        while let Some(length) = frame::request_length(&input, 1 << 20).unwrap()
            && length <= input.len()
        {
            let frame: Vec<u8> = input.drain(..length).collect();
            let request = frame::decode_request(&frame).unwrap();
            let seen =
                Seen { name: request.name.into(), seqid: request.seqid, frame: frame.clone() };
            let say = match seen.name.as_str() {
                ListApps::NAME => seen.answer(&apps),
                QueryDuplication::NAME => seen.answer(&QueryResponse {
                    err: ErrorCode::Ok,
                    appid: Some(3),
                    entry_list: Some(Vec::new()),
                }),
                _ => World::old().answer(&seen),
            };
            let bytes = say.bytes;
            if seen.is::<QueryDuplication>() {
                held.push(bytes);
                most.fetch_max(held.len(), Ordering::Relaxed);
            } else {
                stream.write_all(&bytes).await.unwrap();
            }
        }
        match timeout(4 * ONE_WAY, stream.read_buf(&mut input)).await {
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(_)) => {}
            Err(_) => {
                for bytes in held.drain(..).rev() {
                    stream.write_all(&bytes).await.unwrap();
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_128_queries_are_in_flight_and_the_order_is_that_of_the_tables() {
    let names: Vec<String> = (0..300).map(|index| format!("t{index:03}")).collect();
    let answer = apps(&names.iter().map(|name| (name.as_str(), 3)).collect::<Vec<_>>());
    let most = Arc::new(AtomicUsize::new(0));
    let counted = most.clone();
    let slow = Slow::new(move |stream: DuplexStream| {
        tokio::spawn(hold_back(stream, answer.clone(), counted.clone()));
    });
    let found = slow.client().list_by_table(&TablePattern::All).await.unwrap();
    assert_eq!(found.iter().map(|table| table.table.as_str()).collect::<Vec<_>>(), names);
    assert_eq!(most.load(Ordering::Relaxed), 128);
}
