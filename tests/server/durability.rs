//! Every acknowledged change survives a restart. A file that is no store is refused and not
//! changed.

use std::path::Path;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{AddRequest, ListApps, ListAppsRequest, ModifyRequest};
use pegasus_dup::server::{
    Behaviour, ClockMode, MetaServer, ServerConfig, ServerError, StoreChoice, StoreError, TableSpec,
};

use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

fn on_file(behaviour: Behaviour, path: &Path) -> ServerConfig {
    ServerConfig { store: StoreChoice::File(path.to_owned()), ..embedded::still(behaviour) }
}

async fn refused(config: ServerConfig) -> StoreError {
    match MetaServer::start(config).await {
        Err(ServerError::Store(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_acknowledged_change_survives_a_copy_taken_at_that_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let server = embedded::start(on_file(Behaviour::Idempotent, &path)).await;
    let mut peer = Peer::connect(server.address()).await;
    let request = AddRequest {
        remote_app_name: Some("elsewhere".to_owned()),
        remote_replica_count: Some(5),
        ..add("temp", "target")
    };
    assert_eq!(peer.add(&request).await.err, ErrorCode::Ok);
    let dupid = peer.query("temp").await.entry_list.expect("a list")[0].dupid;
    let change = ModifyRequest { fail_mode: Some(1), ..set_status("temp", dupid, 4) };
    assert_eq!(peer.modify(&change).await.err, ErrorCode::Ok);
    let before = peer.query("temp").await;

    // The server keeps running, so the file is as `kill -9` would leave it.
    let copy = folder.path().join("copy.redb");
    std::fs::copy(&path, &copy).expect("copied");
    let second = embedded::start(on_file(Behaviour::Idempotent, &copy)).await;
    let mut other = Peer::connect(second.address()).await;
    assert_eq!(other.query("temp").await, before);
    second.stop().await;

    assert_eq!(peer.modify(&set_status("temp", dupid, 5)).await.err, ErrorCode::Ok);
    std::fs::copy(&path, &copy).expect("copied");
    let third = embedded::start(on_file(Behaviour::Idempotent, &copy)).await;
    let mut other = Peer::connect(third.address()).await;
    assert_eq!(other.query("temp").await.entry_list, Some(vec![]));
    // The dupid of the removed duplication is not used again, not even after a restart.
    let again = other.add(&add("temp", "target")).await;
    assert!(again.dupid > Some(dupid), "{again:?}");
    third.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_stopped_server_releases_the_file_and_a_running_server_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let first = embedded::start(on_file(Behaviour::Idempotent, &path)).await;
    let in_use = refused(on_file(Behaviour::Idempotent, &path)).await;
    assert!(matches!(in_use, StoreError::InUse { .. }), "{in_use}");
    assert!(in_use.to_string().starts_with("the store is in use by another server"));
    first.stop().await;
    embedded::start(on_file(Behaviour::Idempotent, &path)).await.stop().await;
}

#[tokio::test]
async fn a_file_opens_as_any_generation() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let mut dupid = 0;
    // The status numbers of "running" and "paused" in each generation.
    let generations = [
        (Behaviour::DupExist, 3, 4),
        (Behaviour::Freezed, 1, 2),
        (Behaviour::Checkpoint, 3, 4),
        (Behaviour::RemoteName, 3, 4),
        (Behaviour::Idempotent, 3, 4),
    ];
    for (round, (behaviour, runs, paused)) in generations.into_iter().enumerate() {
        let server = embedded::start(on_file(behaviour, &path)).await;
        let mut peer = Peer::connect(server.address()).await;
        if round == 0 {
            dupid = peer.add(&add("temp", "target")).await.dupid.expect("a dupid");
        }
        let entry = peer.query("temp").await.entry_list.expect("a list").remove(0);
        assert_eq!((entry.dupid, entry.status), (dupid, runs), "{behaviour}");
        assert_eq!(peer.modify(&set_status("temp", dupid, paused)).await.appid, Some(3));
        server.stop().await;
        let server = embedded::start(on_file(behaviour, &path)).await;
        let mut peer = Peer::connect(server.address()).await;
        let entry = peer.query("temp").await.entry_list.expect("a list").remove(0);
        assert_eq!((entry.dupid, entry.status), (dupid, paused), "{behaviour}");
        assert_eq!(peer.modify(&set_status("temp", dupid, runs)).await.appid, Some(3));
        server.stop().await;
    }
}

#[tokio::test]
async fn tables_keep_their_ids_and_their_partitions() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let with = |tables: &[&str]| ServerConfig {
        tables: tables.iter().map(|table| table.parse::<TableSpec>().unwrap()).collect(),
        ..on_file(Behaviour::DupExist, &path)
    };
    let show = async |config: ServerConfig| {
        let server = embedded::start(config).await;
        let mut peer = Peer::connect(server.address()).await;
        let request = ListAppsRequest { status: 0, app_name_pattern: None, match_type: None };
        let infos = peer.call::<ListApps>(&request).await.infos.expect("tables");
        server.stop().await;
        infos
            .iter()
            .map(|info| {
                let (name, id) = (&info.app_name, info.app_id);
                format!("{id}={name}:{}:{}", info.partition_count, info.max_replica_count)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(show(with(&["a", "b:4"])).await, ["1=a:8:3", "2=b:4:3"]);
    // The tables have another order, one is missing, and one is new.
    assert_eq!(show(with(&["c:2:1", "b:4"])).await, ["1=a:8:3", "2=b:4:3", "3=c:2:1"]);
    assert_eq!(show(with(&["a:8:5"])).await, ["1=a:8:5", "2=b:4:3", "3=c:2:1"]);
    assert_eq!(show(with(&[])).await, ["1=a:8:5", "2=b:4:3", "3=c:2:1"]);
    let error = refused(with(&["b:8"])).await;
    assert_eq!(
        error.to_string(),
        "the store has the table with another number of partitions; give the table as it is stored, \
         or leave it out: stored=b:4:3 given=b:8:3"
    );
}

#[tokio::test]
async fn a_file_of_another_cluster_or_another_kind_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    embedded::start(on_file(Behaviour::DupExist, &path)).await.stop().await;
    let other = ServerConfig {
        cluster_name: "elsewhere".to_owned(),
        ..on_file(Behaviour::DupExist, &path)
    };
    let error = refused(other).await;
    assert!(matches!(error, StoreError::OtherCluster { .. }), "{error}");

    let text = folder.path().join("notes.txt");
    let content = "dear diary\n".repeat(1_000);
    std::fs::write(&text, &content).expect("written");
    let error = refused(on_file(Behaviour::DupExist, &text)).await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&text).expect("read"), content);

    let foreign = folder.path().join("foreign.redb");
    let table: redb::TableDefinition<'_, u64, u64> = redb::TableDefinition::new("counters");
    let database = redb::Database::create(&foreign).expect("made");
    let write = database.begin_write().expect("begun");
    write.open_table(table).expect("opened").insert(1, 1).expect("inserted");
    write.commit().expect("committed");
    drop(database);
    let error = refused(on_file(Behaviour::DupExist, &foreign)).await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");

    let folder_itself = refused(on_file(Behaviour::DupExist, folder.path())).await;
    assert!(matches!(folder_itself, StoreError::Io { .. }), "{folder_itself}");
    let nowhere = folder.path().join("no/such/folder/store.redb");
    let error = refused(on_file(Behaviour::DupExist, &nowhere)).await;
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_refused_or_serves_what_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let server = embedded::start(on_file(Behaviour::DupExist, &path)).await;
    let mut peer = Peer::connect(server.address()).await;
    peer.add(&add("temp", "target")).await;
    let expected = peer.query("temp").await;
    server.stop().await;
    let good = std::fs::read(&path).expect("read");
    let mut refusals = 0;
    // The files are truncated, or damaged at many places.
    let mut cases: Vec<Vec<u8>> =
        (1..8).map(|eighth| good[..good.len() * eighth / 8].to_vec()).collect();
    for at in (0..good.len()).step_by(good.len() / 48) {
        let mut bad = good.clone();
        let end = (at + 600).min(bad.len());
        bad[at..end].fill(0xa5);
        cases.push(bad);
    }
    for (index, case) in cases.iter().enumerate() {
        let damaged = folder.path().join(format!("damaged{index}.redb"));
        std::fs::write(&damaged, case).expect("written");
        match MetaServer::start(on_file(Behaviour::DupExist, &damaged)).await {
            Ok(server) => {
                let mut peer = Peer::connect(server.address()).await;
                assert_eq!(peer.query("temp").await, expected, "case {index}");
                server.stop().await;
            }
            Err(ServerError::Store(
                StoreError::Corrupt { .. } | StoreError::Foreign { .. } | StoreError::Io { .. },
            )) => refusals += 1,
            Err(other) => panic!("case {index}: {other}"),
        }
        std::fs::remove_file(&damaged).expect("removed");
    }
    assert!(refusals > 7, "{refusals} of {}", cases.len());
}

#[tokio::test]
async fn changes_by_the_clock_survive_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.redb");
    let config =
        ServerConfig { clock: Some(ClockMode::Fast), ..on_file(Behaviour::Idempotent, &path) };
    let server = embedded::start(config.clone()).await;
    let mut peer = Peer::connect(server.address()).await;
    let request = AddRequest { is_duplicating_checkpoint: None, ..add("temp", "target") };
    assert_eq!(peer.add(&request).await.err, ErrorCode::Ok);
    let status = peer.query("temp").await.entry_list.expect("a list")[0].status;
    assert!((1..=3).contains(&status));
    server.stop().await;
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    let server = embedded::start(config).await;
    let mut peer = Peer::connect(server.address()).await;
    assert_eq!(peer.query("temp").await.entry_list.expect("a list")[0].status, 3);
    server.stop().await;
}
