//! Tests meta servers that are given by name. Each address of a name counts as a server.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::protocol::bare::{HostPort, RpcAddress};
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, MetaGroup, MetaServer};
use pegasus_dup::transport::MetaAddr;
use pegasus_dup::transport::seams::{Connecting, Connector, Resolver, Resolving, Stream};
use pegasus_dup::{Client, ClientBuilder, DuplicationSpec, ErrorCode, ErrorKind};
use tokio::net::TcpListener;

use super::support::fake;
use crate::common::embedded;
use crate::common::fake::{Fake, Pages, Say, Seen, World};

/// A resolver whose addresses the test defines.
#[derive(Debug, Clone, Default)]
struct Names(Arc<Mutex<BTreeMap<String, Told>>>);

#[derive(Debug, Clone)]
enum Told {
    Addresses(Vec<SocketAddr>),
    Unknown,
    Silence,
}

impl Names {
    fn set(&self, host: &str, told: Told) {
        self.0.lock().unwrap().insert(host.to_owned(), told);
    }

    fn with(self, host: &str, addresses: &[SocketAddr]) -> Names {
        self.set(host, Told::Addresses(addresses.to_vec()));
        self
    }
}

impl Resolver for Names {
    fn resolve(&self, name: &MetaAddr) -> Resolving {
        let told = self.0.lock().unwrap().get(name.host()).cloned().unwrap_or(Told::Unknown);
        Box::pin(async move {
            match told {
                Told::Addresses(addresses) => Ok(addresses),
                Told::Unknown => Err(io::Error::other("no such name")),
                Told::Silence => std::future::pending().await,
            }
        })
    }
}

fn client(metas: &str, names: &Names) -> Client {
    builder(metas, names).build().unwrap()
}

fn builder(metas: &str, names: &Names) -> ClientBuilder {
    Client::builder().meta(metas).resolver(names.clone())
}

async fn leader() -> MetaServer {
    embedded::start(embedded::still(Behaviour::DupExist)).await
}

/// Returns a loopback address at which nothing listens.
async fn closed(ip: [u8; 4]) -> SocketAddr {
    let listener = TcpListener::bind(SocketAddr::from((ip, 0))).await.unwrap();
    listener.local_addr().unwrap()
}

/// Returns a loopback address that accepts connections and never responds, until the listener is
/// dropped.
async fn silent(ip: [u8; 4]) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(SocketAddr::from((ip, 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn the_first_addresses_of_a_name_may_be_down_or_silent() {
    let server = leader().await;
    let down = closed([127, 0, 0, 2]).await;
    let (_listener, silent) = silent([127, 0, 0, 3]).await;
    let at = server.address();
    for addresses in [vec![down, at], vec![silent, at], vec![silent, down, at]] {
        let names = Names::default().with("meta.example", &addresses);
        let client = client("meta.example:34601", &names);
        assert_eq!(client.query("temp").await.unwrap(), [], "{addresses:?}");
        // An error names the server as the user gave it, and the address that responded.
        let error = client.query("nothing").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TableNotFound);
        assert_eq!(error.server(), Some(format!("meta.example:34601 ({at})").as_str()));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_follower_leads_to_the_leader() {
    let group =
        MetaGroup::start(vec![embedded::still(Behaviour::DupExist); 3]).await.expect("it starts");
    let addresses: Vec<SocketAddr> = group.servers().iter().map(MetaServer::address).collect();
    // The leader is not among the addresses.
    let names = Names::default().with("meta.example", &addresses[1..]);
    let client = client("meta.example:34601", &names);
    assert!(client.add(&DuplicationSpec::new("temp", "target")).await.unwrap().created());
    let error = client.query("nothing").await.unwrap_err();
    assert_eq!(error.server(), Some(addresses[0].to_string().as_str()));
    group.stop().await;
}

#[tokio::test]
async fn each_search_resolves_the_names_again() {
    let (old, new) = (leader().await, leader().await);
    let names = Names::default().with("meta.example", &[old.address()]);
    let client = client("meta.example:34601", &names);
    client.query("temp").await.unwrap();
    names.set("meta.example", Told::Addresses(vec![new.address()]));
    old.stop().await;
    let error = client.query("nothing").await.unwrap_err();
    assert!(error.server().unwrap().contains(&new.address().to_string()), "{error}");
    new.stop().await;
}

#[tokio::test]
async fn the_operating_system_resolves_names_by_default() {
    let server = leader().await;
    let port = server.address().port();
    let client = Client::builder().meta(format!("localhost:{port}")).build().unwrap();
    assert_eq!(client.query("temp").await.unwrap(), []);
    let error = client.query("nothing").await.unwrap_err();
    let both = format!("localhost:{port} (127.0.0.1:{port})");
    assert_eq!(error.server(), Some(both.as_str()));
    server.stop().await;
}

#[tokio::test]
async fn a_name_that_cannot_be_resolved_does_not_stop_the_others() {
    let server = leader().await;
    let names = Names::default().with("empty.example", &[]);
    names.set("silent.example", Told::Silence);
    let metas = format!(
        "unknown.example:34601,empty.example:34601,silent.example:34601,{}",
        server.address()
    );
    assert_eq!(client(&metas, &names).query("temp").await.unwrap(), []);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_name_that_cannot_be_resolved_is_a_clear_error() {
    let names = Names::default().with("empty.example", &[]);
    names.set("silent.example", Told::Silence);
    for (host, says) in [
        ("unknown.example", "cannot be resolved: no such name"),
        ("empty.example", "is a name without an address"),
        ("silent.example", "cannot be resolved: the timeout expired"),
    ] {
        let named = format!("{host}:34601");
        let error = client(&named, &names).query("temp").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.message().contains(&format!("{named} {says}")), "{error}");
        assert_eq!(
            error.hint(),
            Some("check the addresses, and whether the meta servers are running")
        );
        assert_eq!(error.server(), Some(named.as_str()));
    }
}

#[tokio::test]
async fn the_version_is_looked_up_at_the_address_of_the_connection() {
    let world = World::old();
    let page: Pages = |_| {
        let body = r#"{"Version":"2.5.0"}"#;
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let fake = Fake::with_pages(page, move |seen| world.answer(seen)).await;
    let down = closed([127, 0, 0, 2]).await;
    // Only the resolver of this test knows the name, so HTTP must not resolve the name again.
    let names = Names::default().with("meta.example", &[down, fake.address]);
    let spec = DuplicationSpec {
        remote_table: Some("other".into()),
        ..DuplicationSpec::new("temp", "target")
    };
    let error = client("meta.example:34601", &names).add(&spec).await.unwrap_err();
    assert!(error.message().ends_with("generation=checkpoint"), "{error}");
}

/// Returns the response of a follower to the request for the leader.
fn names_leader(by_address: Option<SocketAddr>, by_name: Option<&str>) -> QueryConfigResponse {
    let primary = by_address.map(|address| match address {
        SocketAddr::V4(address) => address,
        SocketAddr::V6(_) => panic!("followers name IPv4 addresses"),
    });
    let partition = PartitionConfig {
        primary: RpcAddress(primary),
        hp_primary: by_name.map(|host| HostPort { host: host.into(), port: 34601, kind: 1 }),
        ..PartitionConfig::default()
    };
    QueryConfigResponse {
        err: ErrorCode::ForwardToOthers,
        app_id: Some(0),
        partition_count: Some(0),
        is_stateful: Some(true),
        partitions: Some(vec![partition]),
    }
}

#[tokio::test]
async fn a_leader_that_is_named_twice_is_tried_by_both_names() {
    let server = leader().await;
    let down = closed([127, 0, 0, 2]).await;
    let (_listener, silent) = silent([127, 0, 0, 3]).await;
    let at = server.address();
    let names = Names::default().with("leader.example", &[at]).with("gone.example", &[down]);
    for (by_address, by_name) in [
        (None, Some("leader.example")),
        (Some(down), Some("leader.example")),
        (Some(silent), Some("leader.example")),
        (Some(at), Some("gone.example")),
        (Some(at), Some("unknown.example")),
        // The host name is empty.
        (Some(at), Some("")),
        (Some(at), None),
    ] {
        let answer = names_leader(by_address, by_name);
        let follower = Fake::start(move |seen| seen.answer(&answer)).await;
        let client = client(&follower.address.to_string(), &names);
        assert_eq!(client.query("temp").await.unwrap(), [], "{by_address:?} {by_name:?}");
    }
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_leader_is_reported_with_both_its_names() {
    let network = Network::default();
    let (follower, silent) = (at([10, 0, 0, 1]), at([10, 0, 0, 2]));
    network.set(follower, Place::Follows(silent, "leader.example"));
    network.set(silent, Place::Silent);
    let names = Names::default().with("leader.example", &[at([10, 0, 0, 3])]);
    let client = builder("10.0.0.1:34601", &names).connector(network).build().unwrap();
    let error = client.query("temp").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    for says in [
        "10.0.0.1:34601 is a follower, and names a leader: leader=10.0.0.2:34601,leader.example:34601",
        "10.0.0.2:34601 accepts the connection and does not respond",
        "leader.example:34601 (10.0.0.3:34601) cannot be reached",
    ] {
        assert!(error.message().contains(says), "{error}");
    }
    // One server has responded, so the cluster does not require Kerberos.
    assert!(error.hint().unwrap().contains("may be the leader"), "{error}");
}

/// Servers in memory, for tests that depend on the order of events or on time.
#[derive(Debug, Clone, Default)]
struct Network {
    places: Arc<Mutex<BTreeMap<SocketAddr, Place>>>,
    tried: Arc<Mutex<Vec<SocketAddr>>>,
}

/// The server at an address. Connections to all other addresses are refused.
#[derive(Debug, Clone)]
enum Place {
    Silent,
    Leads,
    LeadsAndBreaks,
    Follows(SocketAddr, &'static str),
}

fn at(ip: [u8; 4]) -> SocketAddr {
    SocketAddr::from((ip, 34601))
}

impl Network {
    fn set(&self, address: SocketAddr, place: Place) {
        self.places.lock().unwrap().insert(address, place);
    }

    /// Returns the addresses that were tried since the last call of this function.
    fn tried(&self) -> Vec<SocketAddr> {
        std::mem::take(&mut self.tried.lock().unwrap())
    }
}

impl Connector for Network {
    fn connect(&self, to: SocketAddr) -> Connecting {
        self.tried.lock().unwrap().push(to);
        let place = self.places.lock().unwrap().get(&to).cloned();
        Box::pin(async move {
            let place = place.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            tokio::spawn(serve(place, theirs));
            Ok(Box::new(ours) as Box<dyn Stream>)
        })
    }
}

async fn serve(place: Place, stream: tokio::io::DuplexStream) {
    let world = World::dup_exist();
    match place {
        Place::Silent => {
            let _open = stream;
            std::future::pending().await
        }
        Place::Leads => fake::answer(stream, move |seen| world.answer(seen)).await,
        Place::LeadsAndBreaks => {
            let mut questions = 0;
            let script = move |seen: &Seen| {
                questions += 1;
                if questions > 2 { Say::CLOSE } else { world.answer(seen) }
            };
            fake::answer(stream, script).await;
        }
        Place::Follows(by_address, by_name) => {
            let answer = names_leader(Some(by_address), Some(by_name));
            fake::answer(stream, move |seen| seen.answer(&answer)).await;
        }
    }
}

/// Returns a client of one name, for servers in memory.
fn client_of(addresses: &[SocketAddr], network: &Network) -> Client {
    let names = Names::default().with("meta.example", addresses);
    builder("meta.example:34601", &names).connector(network.clone()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn all_addresses_are_tried_within_the_timeout() {
    let network = Network::default();
    let addresses: Vec<SocketAddr> = (1..=40).map(|last| at([10, 0, 0, last])).collect();
    let (leader, others) = addresses.split_last().unwrap();
    for &other in others {
        network.set(other, Place::Silent);
    }
    network.set(*leader, Place::Leads);
    for timeout_ms in [500, 1_000, 10_000] {
        let client = client_of(&addresses, &network);
        let client = client.with_timeout(Duration::from_millis(timeout_ms));
        assert_eq!(client.query("temp").await.unwrap(), [], "within {timeout_ms} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn the_families_of_addresses_take_turns() {
    let network = Network::default();
    let v6 = |last| SocketAddr::from((Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last), 34601));
    let addresses = [v6(1), v6(2), v6(3), at([10, 0, 0, 1]), at([10, 0, 0, 2])];
    network.set(at([10, 0, 0, 2]), Place::Leads);
    client_of(&addresses, &network).query("temp").await.unwrap();
    assert_eq!(network.tried(), [v6(1), at([10, 0, 0, 1]), v6(2), at([10, 0, 0, 2])]);
}

#[tokio::test(start_paused = true)]
async fn the_next_search_asks_the_address_of_the_old_leader_first() {
    let network = Network::default();
    let [silent, leads, gone] = [1, 2, 3].map(|last| at([10, 0, 0, last]));
    network.set(silent, Place::Silent);
    network.set(leads, Place::LeadsAndBreaks);
    let client = client_of(&[silent, leads, gone], &network);
    client.query("temp").await.unwrap();
    assert_eq!(network.tried(), [silent, leads]);
    // The connection breaks, and the client finds the leader again without asking the silent
    // server.
    network.set(leads, Place::Leads);
    client.query("temp").await.unwrap();
    assert_eq!(network.tried(), [leads]);
}

#[tokio::test(start_paused = true)]
async fn the_address_of_the_old_leader_is_not_asked_after_the_name_has_lost_it() {
    // The old address may belong to another cluster now.
    let network = Network::default();
    let [old, new] = [1, 2].map(|last| at([10, 0, 0, last]));
    network.set(old, Place::LeadsAndBreaks);
    network.set(new, Place::Leads);
    let names = Names::default().with("meta.example", &[old]);
    let client = builder("meta.example:34601", &names).connector(network.clone()).build().unwrap();
    client.query("temp").await.unwrap();
    names.set("meta.example", Told::Addresses(vec![new]));
    client.query("temp").await.unwrap();
    assert_eq!(network.tried(), [old, new]);
}

#[tokio::test(start_paused = true)]
async fn an_address_with_two_names_is_asked_once() {
    let network = Network::default();
    let (follower, leader) = (at([10, 0, 0, 1]), at([10, 0, 0, 2]));
    network.set(follower, Place::Follows(leader, "leader.example"));
    let names = Names::default().with("leader.example", &[leader]).with("all.example", &[follower]);
    let client = builder("10.0.0.1:34601,all.example:34601", &names)
        .connector(network.clone())
        .timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    client.query("temp").await.unwrap_err();
    assert_eq!(network.tried(), [follower, leader]);
}
