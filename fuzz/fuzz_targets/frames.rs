//! Fuzzes what a server reads: any bytes over a connection. The server must not panic or hang.
//! Afterwards it must serve another connection, and the table must have at most one duplication to
//! a cluster.
//!
//! The first byte selects the generation as which the server behaves.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pegasus_dup::protocol::frame::{
    response_length, decode_response, decode_request, encode_request, request_length,
};
use pegasus_dup::protocol::messages::{QueryDuplication, QueryRequest};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, ClockMode, Hub, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

struct Still;
impl Clock for Still {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000
    }
}

/// Sends bytes over a new connection, and returns the response.
async fn exchange(hub: &Hub, bytes: &[u8]) -> Vec<u8> {
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
    // The clock is paused, and advances only when nothing else can run.
    tokio::time::timeout(Duration::from_secs(3_600), all).await.expect("it ends");
    back
}

fuzz_target!(|data: &[u8]| {
    let Some((&which, bytes)) = data.split_first() else { return };
    if let Ok(Some(length)) = request_length(bytes, 1 << 20) {
        let _ = bytes.get(..length).map(decode_request);
    }
    if let Ok(Some(length)) = response_length(bytes, 1 << 20) {
        let _ = bytes.get(..length).map(|frame| decode_response(&frame[4..]));
    }
    let config = ServerConfig {
        behaviour: Behaviour::ALL[usize::from(which) % Behaviour::ALL.len()],
        clock: Some(if which >= 128 { ClockMode::Real } else { ClockMode::Stopped }),
        tables: vec!["temp".parse().expect("a table")],
        remote_clusters: vec!["target=127.0.0.1:35601".parse().expect("a cluster")],
        ..ServerConfig::default()
    };
    let hub = Hub::new(&config, Arc::new(MemoryStore::new()), Arc::new(Still)).expect("a server");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        exchange(&hub, bytes).await;
        let query = QueryRequest { app_name: "temp".to_owned() };
        let back = exchange(&hub, &encode_request::<QueryDuplication>(&query, 7, 1000)).await;
        let frame = decode_response(&back[4..]).expect("an answer");
        assert_eq!(frame.seqid, 7);
        let answer =
            frame.response::<<QueryDuplication as pegasus_dup::protocol::messages::Rpc>::Response>();
        let entries = answer.expect("a query's answer").entry_list.unwrap_or_default();
        assert!(entries.len() <= 1, "{entries:?}");
    });
});
