//! Tests the store on a disk that fails: short writes, failed syncs, torn pages and a full disk. A
//! change that was reported as stored is there when the disk is read again, and a change that was
//! reported as not stored is not. A failure always causes an error.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, mpsc};

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{AddDuplication, AddRequest};
use pegasus_dup::server::store::{
    DuplicationRecord, FileStore, RecordChange, Store, StoreFailure, TableRecord,
};
use pegasus_dup::server::{Behaviour, Hub, ServerConfig, ServerError};
use proptest::prelude::*;

use super::support::disk::{Disk, Mishap};
use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::{Peer, add};

const TABLE: i32 = 1;

fn open(disk: &Disk) -> Result<FileStore, ServerError> {
    FileStore::over(disk.clone(), Path::new("the disk"), "onebox")
}

fn table() -> TableRecord {
    TableRecord {
        id: TABLE,
        name: "temp".to_owned(),
        partitions: 8,
        replicas: 3,
        create_second: 1,
        highest_dupid: 0,
        ..TableRecord::default()
    }
}

fn record(dupid: i32, value: i64) -> DuplicationRecord {
    DuplicationRecord {
        dupid,
        cluster: format!("cluster{dupid}"),
        status: "DS_LOG".to_owned(),
        since_ms: value,
        confirmed: -1,
        fail_mode: "FAIL_SLOW".to_owned(),
        // The name is so long that changes affect several pages.
        remote_table: "r".repeat(700),
        remote_table_is_utf8: true,
        remote_replica_count: 3,
        create_ts_ms: 5,
    }
}

/// The possible states of a duplication when the disk is read again. There are several if the
/// result of a change is not known.
type Possible = BTreeMap<i32, Vec<Option<i64>>>;

/// Submits these changes, and waits for the results.
fn change_all(store: &FileStore, changes: &[(i32, Option<i64>)], possible: &mut Possible) {
    let (sender, words) = mpsc::channel();
    for &(dupid, value) in changes {
        let change = match value {
            Some(value) => RecordChange::Put { table_id: TABLE, record: record(dupid, value) },
            None => RecordChange::Remove { table_id: TABLE, dupid },
        };
        let sender = sender.clone();
        let done = Box::new(move |word| sender.send((dupid, value, word)).unwrap());
        store.submit(change, done);
    }
    drop(sender);
    let mut words: Vec<_> = words.iter().collect();
    assert_eq!(words.len(), changes.len());
    for (dupid, value, word) in words.drain(..) {
        match word {
            Ok(()) => {
                possible.insert(dupid, vec![value]);
            }
            Err(StoreFailure::NotStored(_)) => {}
            Err(StoreFailure::Uncertain(_)) => {
                possible.entry(dupid).or_insert_with(|| vec![None]).push(value);
            }
        }
    }
}

/// Reads the disk, and checks that the state is possible.
fn check(disk: &Disk, possible: &mut Possible) -> FileStore {
    let store = open(disk).expect("a disk that lost power is a store all the same");
    let snapshot = store.load().expect("readable");
    assert_eq!(snapshot.tables.len(), 1);
    let there: BTreeMap<i32, i64> =
        snapshot.duplications.iter().map(|(_, record)| (record.dupid, record.since_ms)).collect();
    assert_eq!(there.len(), snapshot.duplications.len());
    for (dupid, record) in &there {
        assert!(possible.contains_key(dupid), "{dupid} {record} was never stored");
    }
    for (dupid, values) in possible.iter_mut() {
        let is = there.get(dupid).copied();
        assert!(values.contains(&is), "dupid={dupid} is={is:?} possible={values:?}");
        *values = vec![is];
    }
    let highest = there.keys().max().copied().unwrap_or(0);
    assert!(snapshot.tables[0].highest_dupid >= highest);
    store
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        (0usize..5000).prop_map(Mishap::ShortWrite),
        Just(Mishap::NoWrite),
        Just(Mishap::NoSync),
        Just(Mishap::Dead),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_failing_disk_loses_nothing_that_was_said_to_be_stored(
        rounds in prop::collection::vec(
            (
                prop::collection::vec(
                    prop::collection::btree_map(
                        1i32..12, prop::option::weighted(0.8, 0i64..1_000_000), 1..8,
                    ),
                    1..6,
                ),
                prop::option::of((0usize..40, mishap())),
            ),
            1..5,
        ),
        seed: u64,
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut disk = Disk::default();
        let store = open(&disk).unwrap();
        store.put_tables(vec![table()]).unwrap();
        store.close();
        drop(store);
        let mut possible = Possible::new();
        for (batches, trouble) in rounds {
            let store = check(&disk, &mut possible);
            if let Some((after, mishap)) = trouble {
                disk.let_fail(after, mishap);
            }
            for batch in batches {
                let changes: Vec<_> = batch.into_iter().collect();
                change_all(&store, &changes, &mut possible);
            }
            // The power fails while the store is open.
            disk = disk.crash(&mut random);
            drop(store);
        }
        check(&disk, &mut possible).close();
    }
}

#[test]
fn a_failure_of_any_write_of_a_change_is_an_error_or_loses_nothing() {
    let mut failures = 0;
    for mishap in [Mishap::ShortWrite(100), Mishap::NoWrite, Mishap::NoSync, Mishap::Dead] {
        for after in 0.. {
            let disk = Disk::default();
            let store = open(&disk).unwrap();
            store.put_tables(vec![table()]).unwrap();
            let mut possible = Possible::new();
            change_all(&store, &[(1, Some(1)), (2, Some(2))], &mut possible);
            let before = disk.operations();
            disk.let_fail(after, mishap);
            change_all(&store, &[(1, Some(10)), (2, None), (3, Some(3))], &mut possible);
            let operations = disk.operations() - before;
            let failed =
                possible.values().any(|values| values.len() > 1) || !possible.contains_key(&3);
            failures += usize::from(failed);
            let left = disk.crash(&mut fastrand::Rng::with_seed(after as u64));
            drop(store);
            check(&left, &mut possible).close();
            if after > operations {
                assert!(!failed, "{mishap:?} after {after}");
                break;
            }
        }
    }
    assert!(failures > 8, "only {failures} mishaps were met");
}

const MANY: usize = 4_000;

/// Starts a server with many tables, whose store is on the disk.
fn serve(disk: &Disk) -> Hub {
    let config = ServerConfig {
        tables: (0..MANY).map(|table| format!("t{table}:1").parse().unwrap()).collect(),
        ..embedded::still(Behaviour::Idempotent)
    };
    Hub::new(&config, Arc::new(open(disk).unwrap()), Arc::new(HandClock::at(1_700_000_000_000)))
        .expect("a server")
}

fn long_add(table: usize) -> AddRequest {
    AddRequest {
        remote_app_name: Some(format!("{table}{}", "r".repeat(1_000))),
        ..add(&format!("t{table}"), "target")
    }
}

#[tokio::test]
async fn with_a_full_disk_changes_are_refused_and_queries_are_served() {
    let disk = Disk::default();
    let hub = serve(&disk);
    disk.room_for(0);
    // Changes are stored as long as they fit into the file.
    let mut peer = Peer::in_memory(&hub);
    let (mut made, mut unheard, mut refused) = (BTreeSet::new(), 0, Vec::new());
    for table in 0..MANY {
        match peer.try_call::<AddDuplication>(&long_add(table)).await {
            Some(answer) if answer.err == ErrorCode::Ok => {
                assert_eq!((unheard, refused.len()), (0, 0), "{answer:?}");
                made.insert(table);
            }
            Some(answer) => refused.push(answer),
            // If the result is not known, the server closes the connection without a response.
            None => {
                unheard += 1;
                peer = Peer::in_memory(&hub);
            }
        }
        if refused.len() == 3 {
            break;
        }
    }
    assert!(made.len() > 10 && refused.len() == 3 && unheard < 2, "{} {unheard}", made.len());
    for answer in &refused {
        assert!(answer.hint.as_ref().is_some_and(|hint| !hint.is_empty()), "{answer:?}");
    }
    // The server still serves its duplications.
    let list = async |peer: &mut Peer, table: usize| {
        peer.query(&format!("t{table}")).await.entry_list.expect("a list").len()
    };
    for &table in &made {
        assert_eq!(list(&mut peer, table).await, 1, "t{table}");
    }
    // After a restart with more room, everything is there, and changes work again.
    let disk = disk.crash(&mut fastrand::Rng::with_seed(1));
    hub.close_store();
    let hub = serve(&disk);
    let mut peer = Peer::in_memory(&hub);
    for &table in &made {
        assert_eq!(list(&mut peer, table).await, 1, "t{table}");
    }
    let last = MANY - 1;
    assert_eq!(list(&mut peer, last).await, 0);
    assert_eq!(peer.add(&long_add(last)).await.err, ErrorCode::Ok);
    hub.close_store();
}

#[test]
fn a_disk_that_fails_at_the_start_is_a_clear_error() {
    for after in 0..12 {
        let disk = Disk::default();
        disk.let_fail(after, Mishap::Dead);
        match open(&disk) {
            Ok(store) => {
                let Err(error) = store.put_tables(vec![table()]) else { continue };
                assert!(error.to_string().contains("check the disk"), "{error}");
            }
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.contains("check the disk") && text.contains("the disk is broken"),
                    "{text}"
                );
            }
        }
    }
}
