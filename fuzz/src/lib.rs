//! What the fuzz targets share: a server in memory, and a runtime whose clock is paused.

use std::sync::Arc;
use std::time::Duration;

use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, ClockMode, Hub, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::Runtime;

struct Still;
impl Clock for Still {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000
    }
}

/// Returns a runtime whose clock is paused, and advances only when nothing else can run.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// Returns a server with the table `temp` and the remote cluster `target`. The number selects how the
/// server behaves.
pub fn hub(which: u8, clock: ClockMode) -> Hub {
    let config = ServerConfig {
        behaviour: Behaviour::ALL[usize::from(which) % Behaviour::ALL.len()],
        clock: Some(clock),
        tables: vec!["temp".parse().expect("a table")],
        remote_clusters: vec!["target=127.0.0.1:35601".parse().expect("a cluster")],
        ..ServerConfig::default()
    };
    Hub::new(&config, Arc::new(MemoryStore::new()), Arc::new(Still)).expect("a server")
}

/// Sends bytes over a new connection, and returns everything that the server sends back.
pub async fn exchange(hub: &Hub, bytes: &[u8]) -> Vec<u8> {
    let (client, server) = duplex(1 << 16);
    let (mut reader, mut writer) = tokio::io::split(client);
    let mut back = Vec::new();
    let send = async {
        // The server may close the connection before it has read everything.
        let _ = writer.write_all(bytes).await;
        let _ = writer.shutdown().await;
    };
    let receive = async {
        let _ = reader.read_to_end(&mut back).await;
    };
    let all = async { tokio::join!(hub.serve(server), send, receive) };
    tokio::time::timeout(Duration::from_secs(3_600), all).await.expect("it ends");
    back
}
