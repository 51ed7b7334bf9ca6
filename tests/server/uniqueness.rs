//! Compares the server with a simple model, with many clients on few tables and clusters and
//! repeated power failures. At any time there is at most one duplication for each table and
//! cluster, and for each cluster and remote table. An acknowledged duplication exists until a
//! client removes it. No dupid is used twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddDuplication, AddRequest, ModifyDuplication, QueryDuplication, QueryRequest,
};
use pegasus_dup::server::store::FileStore;
use pegasus_dup::server::{Behaviour, Hub};
use proptest::prelude::*;
use tokio::task::JoinSet;

use super::support::disk::Disk;
use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

const TABLES: [&str; 3] = ["dup_src", "dup_src2", "temp"];
const CLUSTERS: [&str; 2] = ["target", "target2"];
const REMOTE: [&str; 3] = ["one", "two", "temp"];
const REMOVED: i32 = 5;

/// The table and the dupid of a duplication.
type Id = (usize, i32);

/// The model: what all clients together know about each duplication.
#[derive(Debug, Default)]
struct Known {
    /// The acknowledged duplications, with their clusters and remote tables.
    made: BTreeMap<Id, (usize, String)>,
    /// The adds without a response. Each may have created a duplication.
    in_doubt: Vec<(usize, usize, String)>,
    /// The duplications whose removal was requested.
    to_go: BTreeSet<Id>,
    /// The duplications whose removal was acknowledged.
    gone: BTreeSet<Id>,
    /// Every id that was ever seen.
    seen: BTreeSet<Id>,
}

fn serve(disk: &Disk, clock: &HandClock) -> Hub {
    let store = FileStore::over(disk.clone(), Path::new("the disk"), "onebox").expect("a store");
    let config = embedded::still(Behaviour::Idempotent);
    Hub::new(&config, Arc::new(store), Arc::new(clock.clone())).expect("a server")
}

/// Runs a client, and returns what it knows.
async fn work(hub: Hub, mut random: fastrand::Rng, changes: usize) -> Known {
    let mut known = Known::default();
    let mut peer = Peer::in_memory(&hub);
    for _ in 0..changes {
        let table = random.usize(..TABLES.len());
        let cluster = random.usize(..CLUSTERS.len());
        if random.u8(..3) > 0 {
            let remote = REMOTE[random.usize(..REMOTE.len())].to_owned();
            let request = AddRequest {
                remote_app_name: Some(remote.clone()),
                ..add(TABLES[table], CLUSTERS[cluster])
            };
            match peer.try_call::<AddDuplication>(&request).await {
                Some(answer) if answer.err == ErrorCode::Ok => {
                    let id = (table, answer.dupid.expect("a dupid"));
                    assert!(known.made.insert(id, (cluster, remote)).is_none(), "{id:?} twice");
                }
                Some(answer) => assert!(
                    [ErrorCode::DupExist, ErrorCode::InvalidParameters].contains(&answer.err),
                    "{answer:?}"
                ),
                None => {
                    known.in_doubt.push((table, cluster, remote));
                    return known;
                }
            }
        } else {
            let request = QueryRequest { app_name: TABLES[table].to_owned() };
            let answer = peer.try_call::<QueryDuplication>(&request).await;
            let Some(entries) = answer.and_then(|answer| answer.entry_list) else {
                return known;
            };
            let clusters: BTreeSet<_> = entries.iter().map(|entry| &entry.remote).collect();
            assert_eq!(clusters.len(), entries.len(), "{entries:?}");
            let Some(entry) = random.choice(&entries) else { continue };
            let id = (table, entry.dupid);
            known.to_go.insert(id);
            let request = set_status(TABLES[table], entry.dupid, REMOVED);
            let Some(answer) = peer.try_call::<ModifyDuplication>(&request).await else {
                return known;
            };
            if answer.err == ErrorCode::Ok {
                known.gone.insert(id);
            }
        }
    }
    known
}

impl Known {
    fn learn(&mut self, other: Known) {
        for (id, what) in other.made {
            assert!(!self.seen.contains(&id), "{id:?} was given before");
            assert!(self.made.insert(id, what).is_none(), "{id:?} was given to two");
        }
        self.in_doubt.extend(other.in_doubt);
        self.to_go.extend(other.to_go);
        self.gone.extend(other.gone);
    }

    /// Compares the duplications on the server with the model, and updates the model.
    async fn check(&mut self, hub: &Hub) {
        let mut peer = Peer::in_memory(hub);
        let mut there: BTreeMap<Id, (usize, String)> = BTreeMap::new();
        for (table, name) in TABLES.into_iter().enumerate() {
            for entry in peer.query(name).await.entry_list.expect("a list") {
                let cluster = CLUSTERS.iter().position(|cluster| *cluster == entry.remote);
                let remote = entry.remote_app_name.expect("told by this generation");
                let id = (table, entry.dupid);
                assert!(there.insert(id, (cluster.expect("known"), remote)).is_none());
            }
        }
        let pairs: BTreeSet<_> =
            there.iter().map(|((table, _), (cluster, _))| (table, cluster)).collect();
        assert_eq!(pairs.len(), there.len(), "two of one table to one cluster: {there:?}");
        let remotes: BTreeSet<_> = there.values().collect();
        assert_eq!(remotes.len(), there.len(), "two to one remote table: {there:?}");
        for (id, what) in &self.made {
            match there.get(id) {
                Some(found) => {
                    assert_eq!(found, what, "{id:?}");
                    assert!(!self.gone.contains(id), "{id:?} was removed and is there");
                }
                None => assert!(self.to_go.contains(id), "{id:?} {what:?} is lost"),
            }
        }
        for (id, what) in &there {
            if self.made.contains_key(id) {
                continue;
            }
            assert!(!self.seen.contains(id), "{id:?} is back, or its id was given again");
            let doubt = self.in_doubt.iter().position(|(table, cluster, remote)| {
                (table, cluster, remote) == (&id.0, &what.0, &what.1)
            });
            let doubt = doubt.unwrap_or_else(|| panic!("nobody asked for {id:?} {what:?}"));
            self.in_doubt.remove(doubt);
        }
        // If two duplications of a table and cluster were created, the removal of the first was
        // requested before the second was created.
        for (id, (cluster, _)) in &self.made {
            let later = self
                .made
                .iter()
                .any(|(other, (its, _))| other.0 == id.0 && its == cluster && other.1 > id.1);
            assert!(!later || self.to_go.contains(id), "{id:?} and a later one of that pair");
        }
        self.seen.extend(self.made.keys());
        self.seen.extend(there.keys());
        self.made = there;
        self.in_doubt.clear();
        self.to_go.clear();
        self.gone.clear();
    }
}

async fn story(clients: usize, lives: Vec<(usize, u64, bool)>, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let clock = HandClock::at(1_700_000_000_000);
    let mut disk = Disk::default();
    let mut known = Known::default();
    for (changes, patience, power) in lives {
        let hub = serve(&disk, &clock);
        known.check(&hub).await;
        let mut at_work = JoinSet::new();
        for _ in 0..clients {
            at_work.spawn(work(hub.clone(), random.fork(), changes));
        }
        // The clients are interrupted somewhere in the middle, unless they have finished.
        tokio::time::sleep(Duration::from_micros(patience)).await;
        if power {
            // From here on no response arrives. Changes that are stored all the same are in doubt.
            hub.crash(Duration::from_secs(1_000));
        } else {
            hub.stop();
        }
        let left = if power { Some(disk.crash(&mut random)) } else { None };
        while let Some(done) = at_work.join_next().await {
            known.learn(done.expect("a client"));
        }
        hub.close_store();
        if let Some(left) = left {
            disk = left;
        }
        clock.forward(random.i64(0..3_000));
    }
    let hub = serve(&disk, &clock);
    known.check(&hub).await;
    hub.close_store();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn pairs_are_unique_whoever_asks_and_whatever_crashes(
        clients in 2usize..9,
        lives in prop::collection::vec((1usize..20, 0u64..6_000, any::<bool>()), 1..5),
        seed: u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(story(clients, lives, seed));
    }
}
