//! Tests how tables are created, dropped, recalled and renamed, in the cases that the recordings do
//! not have.

use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    CreateApp, CreateAppOptions, CreateAppRequest, DropApp, DropAppOptions, DropAppRequest,
    GetMaxReplicaCount, MaxReplicaCountRequest, QueryConfig, QueryConfigRequest, RecallApp,
    RenameApp,
};
use pegasus_dup::server::store::{FileStore, MemoryStore, Store, StoreFailure};
use pegasus_dup::server::{Behaviour, Election, Hub, MetaGroup, ServerConfig};

use super::nodes::nodes;
use super::support::slow_store::{HandClock, SlowStore};
use super::support::tables::{code, create, drop_table, recall, rename, shown, table, tables};
use crate::common::embedded;
use crate::common::peer::{Peer, add};

const NOW_MS: i64 = 1_795_000_000_000;
/// A time in which a new table gets its replicas.
const PLACED_MS: i64 = 3_000;

fn config(behaviour: Behaviour) -> ServerConfig {
    ServerConfig { nodes: Some(3), ..embedded::still(behaviour) }
}

struct Scene {
    hub: Hub,
    peer: Peer,
    clock: HandClock,
}

impl Scene {
    fn over(config: &ServerConfig, store: Arc<dyn Store>) -> Scene {
        let clock = HandClock::at(NOW_MS);
        let hub = Hub::new(config, store, Arc::new(clock.clone())).expect("a server");
        Scene { peer: Peer::in_memory(&hub), hub, clock }
    }

    fn with(behaviour: Behaviour) -> Scene {
        Scene::over(&config(behaviour), Arc::new(MemoryStore::new()))
    }

    async fn create(&mut self, name: &str) -> (ErrorCode, i32) {
        let response = self.peer.call::<CreateApp>(&create(name)).await;
        (response.err, response.appid.expect("an id"))
    }

    async fn drop_table(&mut self, name: &str) -> ErrorCode {
        self.peer.call::<DropApp>(&drop_table(name)).await.err
    }

    async fn recall(&mut self, id: i32) -> ErrorCode {
        self.peer.call::<RecallApp>(&recall(id)).await.err
    }
}

/// A server before 2.4 checks only that the counts are positive.
#[tokio::test]
async fn the_checks_of_a_create_differ_by_generation() {
    for behaviour in Behaviour::ALL {
        let old = behaviour == Behaviour::Freezed;
        let mut scene = Scene::with(behaviour);
        let options = create("x").options;
        let levels = |text: &str| [("rocksdb.num_levels".to_owned(), text.to_owned())].into();
        let wrong = ErrorCode::InvalidParameters;
        for (name, options, new) in [
            ("partitions", CreateAppOptions { partition_count: 0, ..options.clone() }, true),
            ("replicas", CreateAppOptions { replica_count: -1, ..options.clone() }, true),
            ("alive", CreateAppOptions { replica_count: 4, ..options.clone() }, false),
            ("range", CreateAppOptions { replica_count: 6, ..options.clone() }, false),
            ("env", CreateAppOptions { envs: levels("11"), ..options.clone() }, false),
        ] {
            let request = CreateAppRequest { app_name: name.to_owned(), options };
            let response = scene.peer.call::<CreateApp>(&request).await;
            let expected = if old && !new { ErrorCode::Ok } else { wrong.clone() };
            assert_eq!(response.err, expected, "{behaviour} {name}");
        }
        let exists = if old { wrong } else { code("ERR_APP_EXIST") };
        assert_eq!(scene.create("temp").await, (exists, 0), "{behaviour}");
        let same = CreateAppOptions { success_if_exist: true, ..options.clone() };
        let request = CreateAppRequest { app_name: "new".to_owned(), options: same };
        let first = scene.peer.call::<CreateApp>(&request).await;
        assert_eq!(first.err, ErrorCode::Ok);
        assert_eq!(scene.peer.call::<CreateApp>(&request).await, first);
    }
}

#[tokio::test]
async fn without_replica_servers_the_function_level_refuses_every_create() {
    for behaviour in Behaviour::ALL {
        let config = ServerConfig { nodes: Some(0), ..config(behaviour) };
        let mut scene = Scene::over(&config, Arc::new(MemoryStore::new()));
        let freezed = (code("ERR_STATE_FREEZED"), 0);
        let old = behaviour == Behaviour::Freezed;
        let expected = if old { (ErrorCode::Ok, 4) } else { freezed.clone() };
        assert_eq!(scene.create("new").await, expected, "{behaviour}");
        // The level comes before the name and the counts.
        let expected = if old { (ErrorCode::InvalidParameters, 0) } else { freezed };
        assert_eq!(scene.create("temp").await, expected, "{behaviour}");
        assert_eq!(scene.drop_table("temp").await, ErrorCode::Ok);
        assert_eq!(scene.recall(3).await, ErrorCode::Ok);
        assert_eq!(scene.hub.would_have_died(), 0);
    }
}

#[tokio::test]
async fn creates_that_end_real_servers_are_counted() {
    let options = create("x").options;
    let mut scene = Scene::with(Behaviour::DupExist);
    for (number, options) in [
        CreateAppOptions { is_stateful: false, ..options.clone() },
        CreateAppOptions { app_type: "other".to_owned(), ..options.clone() },
        CreateAppOptions { partition_count: 1_000_000, ..options },
    ]
    .into_iter()
    .enumerate()
    {
        let request = CreateAppRequest { app_name: "x".to_owned(), options };
        assert_eq!(scene.peer.try_call::<CreateApp>(&request).await, None);
        assert_eq!(scene.hub.would_have_died(), number as u64 + 1);
        scene.peer = Peer::in_memory(&scene.hub);
        assert_eq!(shown(&mut scene.peer).await.len(), 3);
    }
}

/// Whatever was acknowledged is there after a restart, in a store in memory and in a file. An id is
/// never used again.
#[tokio::test]
async fn creates_drops_recalls_and_renames_last() {
    let folder = tempfile::tempdir().expect("a folder");
    for in_file in [false, true] {
        let path = folder.path().join("store.redb");
        let memory = Arc::new(MemoryStore::new());
        let open = || -> Arc<dyn Store> {
            match in_file {
                true => Arc::new(FileStore::open(&path, "onebox").expect("a store")),
                false => memory.clone(),
            }
        };
        let config = config(Behaviour::DupExist);
        let before = {
            let mut scene = Scene::over(&config, open());
            for (id, name) in (4..).zip(["a", "b", "c"]) {
                assert_eq!(scene.create(name).await, (ErrorCode::Ok, id));
            }
            scene.clock.forward(PLACED_MS);
            for name in ["a", "b", "c", "dup_src"] {
                assert_eq!(scene.drop_table(name).await, ErrorCode::Ok);
            }
            assert_eq!(scene.recall(5).await, ErrorCode::Ok);
            let renamed = scene.peer.call::<RenameApp>(&rename("b", "b2")).await;
            assert_eq!(renamed.err, ErrorCode::Ok);
            let renamed = scene.peer.call::<RenameApp>(&rename("temp", "temp2")).await;
            assert_eq!(renamed.err, ErrorCode::Ok);
            assert_eq!(scene.create("a").await, (ErrorCode::Ok, 7));
            let before = tables(&mut scene.peer).await;
            scene.hub.stop();
            scene.hub.close_store();
            before
        };
        // The tables of the configuration that were dropped or renamed are not made again.
        let mut scene = Scene::over(&config, open());
        assert_eq!(tables(&mut scene.peer).await, before);
        assert_eq!(
            shown(&mut scene.peer).await,
            [
                table(1, "dup_src", 6),
                table(2, "dup_src2", 1),
                table(3, "temp2", 1),
                table(4, "a", 6),
                table(5, "b2", 1),
                table(6, "c", 6),
                table(7, "a", 1),
            ]
        );
        assert_eq!(scene.create("d").await, (ErrorCode::Ok, 8));
        assert_eq!(scene.recall(6).await, ErrorCode::Ok);
        assert_eq!(scene.hub.would_have_died(), 0);
        scene.hub.close_store();
    }
}

/// While a change is being stored, the table has a status of its own and is busy.
#[tokio::test]
async fn a_table_is_busy_while_its_change_is_being_stored() {
    let store = Arc::new(SlowStore::default());
    let mut scene = Scene::over(&config(Behaviour::DupExist), store.clone());
    let mut other = Peer::in_memory(&scene.hub);
    let query = QueryConfigRequest { app_name: "new".to_owned(), partition_indices: vec![] };
    let stored = || {
        store.release();
    };
    let busy = |name: &str| code(&format!("ERR_BUSY_{name}"));

    scene.peer.send::<CreateApp>(&create("new")).await;
    assert_eq!(other.call::<CreateApp>(&create("new")).await.err, busy("CREATING"));
    assert_eq!(other.call::<DropApp>(&drop_table("new")).await.err, busy("CREATING"));
    assert_eq!(other.call::<RecallApp>(&recall(4)).await.err, busy("CREATING"));
    assert_eq!(other.call::<RenameApp>(&rename("new", "x")).await.err, busy("CREATING"));
    assert_eq!(other.call::<QueryConfig>(&query).await.err, busy("CREATING"));
    assert_eq!(other.query("new").await.err, ErrorCode::AppNotExist);
    let count = MaxReplicaCountRequest { app_name: "new".to_owned() };
    assert_eq!(other.call::<GetMaxReplicaCount>(&count).await.err, ErrorCode::Ok);
    assert_eq!(shown(&mut other).await[3], table(4, "new", 2));
    stored();
    let response = scene.peer.receive().await.expect("a response").response::<CreateApp>();
    assert_eq!((response.err, response.appid), (ErrorCode::Ok, Some(4)));

    scene.clock.forward(PLACED_MS);
    scene.peer.send::<DropApp>(&drop_table("new")).await;
    assert_eq!(other.call::<CreateApp>(&create("new")).await.err, busy("DROPPING"));
    assert_eq!(other.call::<DropApp>(&drop_table("new")).await.err, busy("DROPPING"));
    assert_eq!(other.call::<RecallApp>(&recall(4)).await.err, busy("DROPPING"));
    assert_eq!(other.call::<QueryConfig>(&query).await.err, busy("DROPPING"));
    assert_eq!(shown(&mut other).await[3], table(4, "new", 4));
    stored();
    let response = scene.peer.receive().await.expect("a response").response::<DropApp>();
    assert_eq!(response.err, ErrorCode::Ok);

    scene.peer.send::<RecallApp>(&recall(4)).await;
    assert_eq!(other.call::<RecallApp>(&recall(4)).await.err, busy("CREATING"));
    assert_eq!(other.call::<CreateApp>(&create("new")).await.err, busy("CREATING"));
    assert_eq!(shown(&mut other).await[3], table(4, "new", 7));
    stored();
    let response = scene.peer.receive().await.expect("a response").response::<RecallApp>();
    assert_eq!(response.err, ErrorCode::Ok);

    // Meanwhile both names lead to the table, and a drop waits until the rename is stored.
    scene.peer.send::<RenameApp>(&rename("new", "newer")).await;
    assert_eq!(other.query("new").await.appid, Some(4));
    assert_eq!(other.query("newer").await.appid, Some(4));
    other.send::<DropApp>(&drop_table("newer")).await;
    while store.held() < 1 {
        tokio::task::yield_now().await;
    }
    stored();
    let response = scene.peer.receive().await.expect("a response").response::<RenameApp>();
    assert_eq!(response.err, ErrorCode::Ok);
    while store.held() < 1 {
        tokio::task::yield_now().await;
    }
    stored();
    let response = other.receive().await.expect("a response").response::<DropApp>();
    assert_eq!(response.err, ErrorCode::Ok);
    assert_eq!(shown(&mut other).await[3], table(4, "newer", 6));
}

#[tokio::test]
async fn a_change_that_was_not_stored_leaves_no_trace() {
    let store = Arc::new(SlowStore::default());
    let mut scene = Scene::over(&config(Behaviour::Idempotent), store.clone());
    let fail = || store.fail(StoreFailure::NotStored("the disk is full".to_owned()));
    let mut other = Peer::in_memory(&scene.hub);
    let before = tables(&mut other).await;

    scene.peer.send::<CreateApp>(&create("new")).await;
    assert_eq!(shown(&mut other).await.len(), 4);
    fail();
    let failed = code("ERR_FILE_OPERATION_FAILED");
    let response = scene.peer.receive().await.expect("a response").response::<CreateApp>();
    assert_eq!((response.err, response.appid), (failed.clone(), Some(0)));
    assert_eq!(tables(&mut other).await, before);

    scene.peer.send::<DropApp>(&drop_table("temp")).await;
    assert_eq!(shown(&mut other).await[2], table(3, "temp", 4));
    fail();
    let response = scene.peer.receive().await.expect("a response").response::<DropApp>();
    assert_eq!(response.err, failed);
    assert_eq!(tables(&mut other).await, before);

    scene.peer.send::<RenameApp>(&rename("temp", "new")).await;
    assert_eq!(other.query("new").await.err, ErrorCode::Ok);
    fail();
    let response = scene.peer.receive().await.expect("a response").response::<RenameApp>();
    assert_eq!(response.err, failed);
    assert_eq!(other.query("new").await.err, ErrorCode::AppNotExist);
    assert_eq!(tables(&mut other).await, before);
}

/// A change that may have been stored gets no response, and nobody can use the table before the
/// server is started again.
#[tokio::test]
async fn a_change_that_may_have_been_stored_gets_no_response() {
    let store = Arc::new(SlowStore::default());
    let mut scene = Scene::over(&config(Behaviour::Idempotent), store.clone());
    let mut other = Peer::in_memory(&scene.hub);
    scene.peer.send::<RenameApp>(&rename("temp", "new")).await;
    assert_eq!(other.query("new").await.err, ErrorCode::Ok);
    store.fail(StoreFailure::Uncertain("the disk is gone".to_owned()));
    assert_eq!(scene.peer.receive().await, None);
    assert_eq!(other.call::<DropApp>(&drop_table("temp")).await.err, ErrorCode::Busy);
    assert_eq!(other.call::<RenameApp>(&rename("temp", "x")).await.err, ErrorCode::Busy);
}

#[tokio::test]
async fn a_dropped_table_can_be_recalled_for_as_long_as_the_drop_says() {
    let mut scene = Scene::with(Behaviour::DupExist);
    for (seconds, reserved) in
        [(None, 604_800), (Some(0), 604_800), (Some(-5), 604_800), (Some(60), 60)]
    {
        let request = DropAppRequest {
            app_name: "temp".to_owned(),
            options: DropAppOptions { success_if_not_exist: false, reserve_seconds: seconds },
        };
        assert_eq!(scene.peer.call::<DropApp>(&request).await.err, ErrorCode::Ok);
        let info = tables(&mut scene.peer).await.remove(2);
        assert_eq!(info.expire_second - info.drop_second, reserved, "{seconds:?}");
        scene.clock.forward(reserved * 1_000);
        assert_eq!(scene.recall(3).await, ErrorCode::Ok, "the last second counts");
        scene.clock.forward(PLACED_MS);
    }
    assert_eq!(scene.drop_table("temp").await, ErrorCode::Ok);
    scene.clock.forward(604_801_000);
    assert_eq!(scene.recall(3).await, ErrorCode::AppNotExist);
    assert_eq!(shown(&mut scene.peer).await[2], table(3, "temp", 6));
}

/// A real meta server responds as usual, but all replica servers end.
#[tokio::test]
async fn the_recall_of_a_table_that_never_had_its_replicas_is_counted() {
    for (forward, counted) in [(0, 1), (PLACED_MS, 0)] {
        let mut scene = Scene::with(Behaviour::DupExist);
        assert_eq!(scene.create("new").await, (ErrorCode::Ok, 4));
        scene.clock.forward(forward);
        assert_eq!(scene.drop_table("new").await, ErrorCode::Ok);
        scene.clock.forward(PLACED_MS);
        assert_eq!(scene.recall(4).await, ErrorCode::Ok);
        assert_eq!(scene.hub.would_have_died(), counted);
        assert_eq!(nodes(&mut scene.peer, 1).await.len(), if counted == 1 { 0 } else { 3 });
        scene.hub.set_alive_nodes(3);
        scene.clock.forward(PLACED_MS);
        assert_eq!(scene.drop_table("new").await, ErrorCode::Ok);
        assert_eq!(scene.recall(4).await, ErrorCode::Ok);
        assert_eq!(scene.hub.would_have_died(), counted, "the table had its replicas");
    }
}

/// A real server does not load the duplications of a table that is dropped when it starts. One pair may
/// then have two.
#[tokio::test]
async fn a_recall_after_a_restart_may_bring_a_second_duplication() {
    for behaviour in Behaviour::ALL {
        let store = Arc::new(MemoryStore::new());
        let config = config(behaviour);
        let forgets = behaviour != Behaviour::Idempotent;
        let mut scene = Scene::over(&config, store.clone());
        assert_eq!(scene.peer.add(&add("temp", "target")).await.err, ErrorCode::Ok);
        assert_eq!(scene.drop_table("temp").await, ErrorCode::Ok);
        assert_eq!(scene.recall(3).await, ErrorCode::Ok);
        let entries = scene.peer.query("temp").await.entry_list.expect("a list");
        assert_eq!(entries.len(), 1, "the same process still knows the duplication");
        scene.clock.forward(PLACED_MS);
        assert_eq!(scene.drop_table("temp").await, ErrorCode::Ok);

        let mut scene = Scene::over(&config, store.clone());
        scene.clock.forward(60_000);
        assert_eq!(scene.recall(3).await, ErrorCode::Ok);
        let entries = scene.peer.query("temp").await.entry_list.expect("a list");
        assert_eq!(entries.len(), if forgets { 0 } else { 1 }, "{behaviour}");
        // A server before 2.4 says so only after it has loaded a duplication.
        let silent = behaviour == Behaviour::Freezed;
        let duplicating = tables(&mut scene.peer).await[2].duplicating;
        assert_eq!(duplicating, (!silent).then_some(true), "{behaviour}");
        scene.peer.add(&add("temp", "target")).await;

        let mut scene = Scene::over(&config, store);
        let entries = scene.peer.query("temp").await.entry_list.expect("a list");
        assert_eq!(entries.len(), if forgets { 2 } else { 1 }, "{behaviour}");
        assert_eq!(scene.hub.would_have_died(), 0);
    }
}

/// While a table is dropped, another table may take its remote table. After the recall both ship to it.
#[tokio::test]
async fn the_remote_table_of_a_dropped_table_is_free() {
    let mut scene = Scene::with(Behaviour::DupExist);
    let other = |table: &str| pegasus_dup::protocol::messages::AddRequest {
        remote_app_name: Some("temp".to_owned()),
        ..add(table, "target")
    };
    assert_eq!(scene.peer.add(&add("temp", "target")).await.err, ErrorCode::Ok);
    assert_eq!(scene.peer.add(&other("dup_src")).await.err, ErrorCode::InvalidParameters);
    assert_eq!(scene.drop_table("temp").await, ErrorCode::Ok);
    assert_eq!(scene.peer.add(&other("dup_src")).await.err, ErrorCode::Ok);
    assert_eq!(scene.recall(3).await, ErrorCode::Ok);
    // The hint names the first table in the order of names.
    let refused = scene.peer.add(&other("dup_src2")).await;
    let hint = refused.hint.expect("a hint");
    assert!(hint.contains("another app(dup_src) is"), "{hint}");
    let renamed = scene.peer.call::<RenameApp>(&rename("temp", "a")).await;
    assert_eq!(renamed.err, ErrorCode::Ok);
    let hint = scene.peer.add(&other("dup_src2")).await.hint.expect("a hint");
    assert!(hint.contains("another app(a) is"), "{hint}");
}

/// A follower since 2.5 looks up the table before it looks at its own role, and knows no table.
#[tokio::test]
async fn a_follower_answers_a_recall_by_its_generation() {
    for behaviour in Behaviour::ALL {
        let group = MetaGroup::start(vec![embedded::still(behaviour); 2]).await.expect("started");
        let mut peer = Peer::connect(group.servers()[1].address()).await;
        let response = peer.call::<RecallApp>(&recall(3)).await;
        let expected = match behaviour {
            Behaviour::Freezed => ErrorCode::ForwardToOthers,
            _ => ErrorCode::AppNotExist,
        };
        assert_eq!(response.err, expected, "{behaviour}");
        let response = peer.call::<DropApp>(&drop_table("temp")).await;
        assert_eq!(response.err, ErrorCode::ForwardToOthers);
        group.stop().await;
    }
}

#[tokio::test]
async fn a_new_leader_has_the_tables() {
    let group = MetaGroup::start(vec![config(Behaviour::DupExist); 2]).await.expect("started");
    let mut peer = Peer::connect(group.servers()[0].address()).await;
    assert_eq!(peer.call::<CreateApp>(&create("new")).await.err, ErrorCode::Ok);
    assert_eq!(peer.call::<DropApp>(&drop_table("temp")).await.err, ErrorCode::Ok);
    group.group().elect(&Election::default());
    let mut peer = Peer::connect(group.servers()[1].address()).await;
    let expected =
        [table(1, "dup_src", 1), table(2, "dup_src2", 1), table(3, "temp", 6), table(4, "new", 1)];
    assert_eq!(shown(&mut peer).await, expected);
    group.stop().await;
}

#[tokio::test]
async fn a_server_before_2_5_cannot_rename() {
    let mut scene = Scene::with(Behaviour::Freezed);
    scene.peer.send::<RenameApp>(&rename("temp", "new")).await;
    let framed = scene.peer.receive().await.expect("a response");
    assert_eq!(framed.framework, ErrorCode::HandlerNotFound);
}
