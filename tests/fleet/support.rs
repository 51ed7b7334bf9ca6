//! Servers whose requests are recorded, and fleets from text.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pegasus_dup::Client;
use pegasus_dup::fleet::{ApplyOptions, Fleet, Format};
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, Event, MetaServer, ServerConfig};

use crate::common::embedded;

/// The behaviour of each generation of servers.
pub(crate) const BEHAVIOURS: [Behaviour; 5] = [
    Behaviour::Freezed,
    Behaviour::Checkpoint,
    Behaviour::RemoteName,
    Behaviour::DupExist,
    Behaviour::Idempotent,
];

pub(crate) fn fleet(text: &str) -> Fleet {
    Fleet::parse(text, Format::Toml).unwrap()
}

/// Returns the default options with some changes.
pub(crate) fn options(change: impl FnOnce(&mut ApplyOptions)) -> ApplyOptions {
    let mut options = ApplyOptions::default();
    change(&mut options);
    options
}

/// Returns a declaration with these further keys.
pub(crate) fn declared(table: &str, cluster: &str, more: &str) -> String {
    format!("[[duplication]]\ntable = \"{table}\"\ncluster = \"{cluster}\"\n{more}\n")
}

/// Starts a server with tables `t000`, `t001` and so on, and no other tables.
pub(crate) async fn server(behaviour: Behaviour, tables: usize) -> (MetaServer, Client) {
    let table = |index: usize| format!("t{index:03}:4:3").parse().unwrap();
    let server = embedded::start(ServerConfig {
        tables: (0..tables).map(table).collect(),
        ..embedded::still(behaviour)
    })
    .await;
    let client = Client::builder().meta(server.address().to_string()).build().unwrap();
    (server, client)
}

/// The requests that a server has received, and the changes that it has made.
#[derive(Default, Clone)]
pub(crate) struct Recorded(Arc<Mutex<(BTreeMap<String, usize>, usize)>>);

impl Recorded {
    /// Starts to record. A server records only once.
    pub(crate) fn of(server: &MetaServer) -> Recorded {
        let recorded = Recorded::default();
        let record = recorded.clone();
        server.hub().observe(move |event| {
            let (requests, changes) = &mut *record.0.lock().unwrap();
            match event {
                Event::Request { rpc, .. } => *requests.entry(rpc.clone()).or_default() += 1,
                Event::Storing { .. } => *changes += 1,
                _ => {}
            }
        });
        recorded
    }

    /// Returns the number of requests of each RPC, and forgets them. Fails if the server has changed anything.
    pub(crate) fn reads(&self) -> BTreeMap<String, usize> {
        let (requests, changes) = &mut *self.0.lock().unwrap();
        assert_eq!(*changes, 0, "{requests:?}");
        let reads = [
            QueryConfig::NAME,
            ListDuplication::NAME,
            QueryDuplication::NAME,
            ListApps::NAME,
            GetMaxReplicaCount::NAME,
            ClusterInfo::NAME,
            // Only the check of a remote cluster sends an add, for a table that does not exist.
            AddDuplication::NAME,
        ];
        for rpc in requests.keys() {
            assert!(reads.contains(&rpc.as_str()), "{rpc} is no read");
        }
        std::mem::take(requests)
    }
}
