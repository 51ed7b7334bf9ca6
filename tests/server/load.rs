//! Tests ten thousand silent connections, and clients that send too much. The server, a process of
//! its own, survives, uses a limited amount of memory, and serves other clients meanwhile.
//!
//! `cargo test --release --features server --test server load -- --nocapture` prints the figures.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::frame::encode_request;
use pegasus_dup::protocol::messages::{QueryDuplication, QueryRequest, Rpc};
use pegasus_dup::server::Behaviour;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::process::{Process, only, output};
use crate::common::embedded;
use crate::common::peer::{Peer, add};

const IDLE: usize = 10_000;
const CHILD: &str = "PEGASUS_DUP_TEST_CHILD";

/// This is no test, but the server. It serves until it is killed.
#[tokio::test]
#[ignore = "the other tests start it as a process of its own"]
async fn child_server() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let server = embedded::start(embedded::still(Behaviour::Idempotent)).await;
    println!("\nserving on {}", server.address());
    std::future::pending::<()>().await;
}

/// Returns a command that runs a test of this binary with the highest limit of open files.
fn itself(test: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"ulimit -n "$(ulimit -Hn)"; exec "$0" "$@""#])
        .arg(std::env::current_exe().expect("this test's binary"))
        .args(only(module_path!(), test))
        .env(CHILD, "1");
    command
}

/// Real processes take real time, so there is no clock to pass in.
#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    fn start() -> Server {
        let (process, address) = Process::serving(&mut itself("child_server"));
        Server { process, address }
    }

    /// Returns the resident memory of the server, in KiB.
    fn resident_kib(&self) -> u64 {
        let id = self.process.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it lives");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
    }

    /// Returns how long another client waits for its response.
    async fn answer_time(&self) -> Duration {
        let began = now();
        let mut peer = Peer::connect(self.address).await;
        assert_eq!(peer.query("temp").await.err, ErrorCode::Ok);
        began.elapsed()
    }
}

/// This is no test, but the clients of the next test, in a process with a raised limit.
#[tokio::test]
#[ignore = "another test starts it as a process of its own"]
async fn child_of_ten_thousand() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let server = Server::start();
    server.answer_time().await;
    let before = server.resident_kib();
    let mut connections = Vec::new();
    while connections.len() < IDLE {
        match TcpStream::connect(server.address).await {
            Ok(stream) => connections.push(stream),
            Err(error) => {
                println!("the system's limit: {error}");
                connections.truncate(connections.len() - 20);
                break;
            }
        }
    }
    // Every third connection has begun a request and stopped. The response to a later connection
    // shows that the server has accepted all of them.
    for stream in connections.iter_mut().step_by(3) {
        stream.write_all(b"THFT\0\0\0\0").await.expect("taken");
    }
    let waited = server.answer_time().await;
    let grown = server.resident_kib().saturating_sub(before);
    println!(
        "connections={} grown_kib={grown} each_bytes={} answer_ms={}",
        connections.len(),
        grown * 1024 / connections.len() as u64,
        waited.as_millis(),
    );
    assert!(connections.len() == IDLE || connections.len() > 900, "{}", connections.len());
    assert!(grown < 128 * 1024, "{grown} KiB");
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    // All connections are still open.
    let mut still = 0;
    for stream in &connections {
        still += usize::from(stream.try_read(&mut [0]).is_err());
    }
    assert_eq!(still, connections.len());
    println!("\nall is well");
}

#[tokio::test]
async fn ten_thousand_idle_connections_cost_little() {
    let output = output(itself("child_of_ten_thousand")).await;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("all is well"), "{text} {errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_pipelined_requests_leaves_room_for_others() {
    let server = Server::start();
    let mut maker = Peer::connect(server.address).await;
    assert_eq!(maker.add(&add("temp", "target")).await.err, ErrorCode::Ok);
    let before = server.resident_kib();
    let query = QueryRequest { app_name: "temp".to_owned() };
    let block: Vec<u8> = encode_request::<QueryDuplication>(&query, 1, 1000).repeat(500);
    assert!(
        block.windows(QueryDuplication::NAME.len()).any(|w| w == QueryDuplication::NAME.as_bytes())
    );
    let mut floods = tokio::task::JoinSet::new();
    for greedy in 0..32 {
        let (mut reader, mut writer) =
            TcpStream::connect(server.address).await.expect("connected").into_split();
        let block = block.clone();
        floods.spawn(async move { while writer.write_all(&block).await.is_ok() {} });
        floods.spawn(async move {
            // Half of the clients read their responses, and the others read nothing.
            let mut buffer = vec![0; 1 << 16];
            while greedy % 2 == 0 && reader.read(&mut buffer).await.unwrap_or(0) > 0 {}
            std::future::pending::<()>().await;
        });
    }
    let (mut worst, mut most, mut asked) = (Duration::ZERO, 0, 0);
    let began = now();
    while began.elapsed() < Duration::from_secs(4) {
        worst = worst.max(server.answer_time().await);
        most = most.max(server.resident_kib().saturating_sub(before));
        asked += 1;
    }
    floods.shutdown().await;
    println!("asked={asked} worst_ms={} grown_kib={most}", worst.as_millis());
    assert!(worst < Duration::from_secs(4), "{worst:?}");
    assert!(most < 128 * 1024, "{most} KiB");
    server.answer_time().await;
}

#[tokio::test]
async fn announcements_of_a_gibibyte_are_refused_while_others_are_served() {
    let server = Server::start();
    server.answer_time().await;
    let before = server.resident_kib();
    let query = QueryRequest { app_name: "temp".to_owned() };
    let mut frame = encode_request::<QueryDuplication>(&query, 1, 1000);
    frame[16..20].copy_from_slice(&(1_u32 << 30).to_be_bytes());
    for _ in 0..500 {
        let mut stream = TcpStream::connect(server.address).await.expect("connected");
        // The server closes the connection after the header, so later bytes may be refused.
        let _ = stream.write_all(&frame).await;
        let _ = stream.write_all(&[0; 4096]).await;
        let mut byte = [0];
        assert!(!matches!(stream.read(&mut byte).await, Ok(1..)), "it was answered");
    }
    let waited = server.answer_time().await;
    let grown = server.resident_kib().saturating_sub(before);
    println!("grown_kib={grown} answer_ms={}", waited.as_millis());
    assert!(grown < 16 * 1024, "{grown} KiB");
}
