//! Kills a server with SIGKILL at random moments under load. Afterwards every acknowledged change
//! is there, every other change is there completely or not at all, and no duplication exists twice.
//!
//! `PEGASUS_DUP_CRASHES=200 cargo test --features server --test server crash` runs it longer.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{AddDuplication, ModifyDuplication};
use pegasus_dup::server::{Behaviour, ClockMode, ServerConfig, StoreChoice};
use tokio::task::JoinSet;

use super::support::process::{Process, only};
use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

const TABLES: usize = 24;
const STORE: &str = "PEGASUS_DUP_TEST_STORE";
const CRASHES: &str = "PEGASUS_DUP_CRASHES";
const LOG: i32 = 3;
const PAUSE: i32 = 4;
const REMOVED: i32 = 5;

fn config(path: &Path) -> ServerConfig {
    ServerConfig {
        store: StoreChoice::File(path.to_owned()),
        clock: Some(ClockMode::Stopped),
        tables: (0..TABLES).map(|table| format!("t{table}:1").parse().unwrap()).collect(),
        ..embedded::config(Behaviour::Idempotent)
    }
}

/// This is no test, but the process that is killed. It serves until then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other tests start it as a process of its own"]
async fn child_server() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let server = embedded::start(config(Path::new(&path))).await;
    println!("\nserving on {}", server.address());
    std::future::pending::<()>().await;
}

fn spawn(path: &Path) -> (Process, SocketAddr) {
    Process::serving(
        Command::new(std::env::current_exe().expect("this test's binary"))
            .args(only(module_path!(), "child_server"))
            .env(STORE, path),
    )
}

/// What is known about the duplication of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Absent,
    There { dupid: i32, status: i32 },
}

/// What a client knows when the server is gone.
#[derive(Debug)]
struct Knowledge {
    table: usize,
    /// The last acknowledged state.
    acknowledged: Known,
    /// The request that was sent and not acknowledged.
    asked: Option<Asked>,
    /// The highest dupid in any response.
    highest: i32,
    changes: usize,
}

#[derive(Debug, Clone, Copy)]
enum Asked {
    Add,
    Status(i32),
}

/// Adds, pauses and removes until the server is gone.
async fn work(address: SocketAddr, mut knowledge: Knowledge, seed: u64) -> Knowledge {
    let mut random = fastrand::Rng::with_seed(seed);
    let table = format!("t{}", knowledge.table);
    // On a busy machine the server may be killed before the last client has connected.
    let Ok(mut peer) = Peer::try_connect(address).await else { return knowledge };
    loop {
        match knowledge.acknowledged {
            Known::Absent => {
                knowledge.asked = Some(Asked::Add);
                let request = add(&table, "target");
                let Some(answer) = peer.try_call::<AddDuplication>(&request).await else { break };
                assert_eq!(answer.err, ErrorCode::Ok, "{knowledge:?} {answer:?}");
                let dupid = answer.dupid.expect("a dupid");
                assert!(dupid > knowledge.highest, "{knowledge:?} {answer:?}");
                knowledge.highest = dupid;
                knowledge.acknowledged = Known::There { dupid, status: LOG };
            }
            Known::There { dupid, status } => {
                let other = if status == LOG { PAUSE } else { LOG };
                let next = if random.u8(..4) == 0 { REMOVED } else { other };
                knowledge.asked = Some(Asked::Status(next));
                let request = set_status(&table, dupid, next);
                let Some(answer) = peer.try_call::<ModifyDuplication>(&request).await else {
                    break;
                };
                assert_eq!(
                    (&answer.err, answer.appid.is_some_and(|id| id > 0)),
                    (&ErrorCode::Ok, true)
                );
                knowledge.acknowledged = if next == REMOVED {
                    Known::Absent
                } else {
                    Known::There { dupid, status: next }
                };
            }
        }
        knowledge.asked = None;
        knowledge.changes += 1;
    }
    knowledge
}

/// Compares the duplications on the server with what is known, and returns their state.
async fn check(peer: &mut Peer, knowledge: &Knowledge) -> Known {
    let entries = peer.query(&format!("t{}", knowledge.table)).await.entry_list.expect("a list");
    let found = match entries.as_slice() {
        [] => Known::Absent,
        [entry] => Known::There { dupid: entry.dupid, status: entry.status },
        more => panic!("{knowledge:?}: {more:?}"),
    };
    let made = matches!(
        (knowledge.acknowledged, knowledge.asked, found),
        (Known::Absent, Some(Asked::Add), Known::There { dupid, status: LOG })
            if dupid > knowledge.highest
    );
    let moved = match (knowledge.acknowledged, knowledge.asked) {
        (Known::There { .. }, Some(Asked::Status(REMOVED))) => found == Known::Absent,
        (Known::There { dupid, .. }, Some(Asked::Status(status))) => {
            found == Known::There { dupid, status }
        }
        _ => false,
    };
    assert!(found == knowledge.acknowledged || made || moved, "{knowledge:?}: found {found:?}");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_that_it_acknowledged() {
    let crashes = match std::env::var(CRASHES) {
        Ok(number) => number.parse().expect("a number of crashes"),
        Err(_) => 20,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let mut random = fastrand::Rng::with_seed(8);
    let mut known: Vec<(Known, i32)> = vec![(Known::Absent, 0); TABLES];
    let (mut changes, mut in_doubt) = (0, 0);
    for _ in 0..crashes {
        let (child, address) = spawn(&path);
        let mut clients = JoinSet::new();
        for (table, &(acknowledged, highest)) in known.iter().enumerate() {
            let knowledge = Knowledge { table, acknowledged, asked: None, highest, changes: 0 };
            clients.spawn(work(address, knowledge, random.u64(..)));
        }
        tokio::time::sleep(Duration::from_millis(random.u64(5..120))).await;
        child.kill();
        let server = embedded::start(config(&path)).await;
        let mut peer = Peer::connect(server.address()).await;
        while let Some(knowledge) = clients.join_next().await {
            let knowledge = knowledge.expect("a client");
            changes += knowledge.changes;
            in_doubt += usize::from(knowledge.asked.is_some());
            let found = check(&mut peer, &knowledge).await;
            let highest = match found {
                Known::There { dupid, .. } => dupid.max(knowledge.highest),
                Known::Absent => knowledge.highest,
            };
            known[knowledge.table] = (found, highest);
        }
        server.stop().await;
    }
    println!("crashes={crashes} acknowledged={changes} in_doubt={in_doubt}");
    // Otherwise no request was in flight when the server was killed, and the test proves nothing.
    assert!(changes > crashes * TABLES && in_doubt > crashes, "{changes} {in_doubt}");
}
