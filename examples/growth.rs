//! Measures how the cost of an add in the embedded server grows with the number of duplications.
//! `growth [GENERATION]` adds 200,000 duplications of 1,000 tables to 200 clusters over one
//! connection in memory. At each count it prints the rate of the last thousand adds, in adds per
//! second of this thread's processor time, so that other processes on the machine do not change the
//! figures. It needs Linux, because it reads that time from /proc.

use std::error::Error;
use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::frame::{decode_response, encode_request, response_length};
use pegasus_dup::protocol::messages::{AddDuplication, AddRequest, AddResponse};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Hub, RemoteCluster, ServerConfig, SystemClock, TableSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const TABLES: usize = 1_000;
const CLUSTERS: usize = 200;
/// The number of requests in flight at the same time.
const BATCH: usize = 100;
const SHOWN: [usize; 5] = [1_000, 10_000, 40_000, 100_000, 200_000];

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Fallible<()> {
    let behaviour: Behaviour = match std::env::args().nth(1) {
        Some(name) => name.parse()?,
        None => Behaviour::default(),
    };
    let cluster = |number| RemoteCluster { name: format!("c{number}"), metas: vec!["h:1".into()] };
    let config = ServerConfig {
        behaviour,
        tables: (0..TABLES).map(|number| TableSpec::new(format!("t{number}"))).collect(),
        remote_clusters: (0..CLUSTERS).map(cluster).collect(),
        ..ServerConfig::default()
    };
    let hub = Hub::new(&config, Arc::new(MemoryStore::new()), Arc::new(SystemClock))?;
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    tokio::spawn(async move { hub.serve(theirs).await });
    let mut input = Vec::new();
    let mut began = processor_seconds()?;
    for first in (0..TABLES * CLUSTERS).step_by(BATCH) {
        if SHOWN.contains(&(first + 1_000)) {
            began = processor_seconds()?;
        }
        let requests: Vec<u8> = (first..first + BATCH).flat_map(request).collect();
        ours.write_all(&requests).await?;
        for _ in 0..BATCH {
            let answer = receive(&mut ours, &mut input).await?;
            if answer.err != ErrorCode::Ok {
                return Err(format!("not created: {answer:?}").into());
            }
        }
        let made = first + BATCH;
        if SHOWN.contains(&made) {
            let rate = 1_000.0 / (processor_seconds()? - began);
            println!("{made:>7} duplications: {rate:>7.0} adds/s");
        }
    }
    Ok(())
}

/// Returns the processor time that this thread has used, in seconds. The kernel gives it as the
/// first number of the file, in nanoseconds.
fn processor_seconds() -> Fallible<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}

fn request(number: usize) -> Vec<u8> {
    let request = AddRequest {
        app_name: format!("t{}", number % TABLES),
        remote_cluster_name: format!("c{}", number / TABLES),
        is_duplicating_checkpoint: None,
        remote_app_name: None,
        remote_replica_count: None,
    };
    encode_request::<AddDuplication>(&request, 1, 1_000)
}

async fn receive(stream: &mut DuplexStream, input: &mut Vec<u8>) -> Fallible<AddResponse> {
    loop {
        if let Some(length) = response_length(input, 1 << 20)?
            && input.len() >= length
        {
            let frame: Vec<u8> = input.drain(..length).collect();
            return Ok(decode_response(&frame[4..])?.response()?);
        }
        if stream.read_buf(input).await? == 0 {
            return Err("the server closed the connection".into());
        }
    }
}
