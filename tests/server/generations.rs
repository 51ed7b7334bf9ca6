//! Tests a repeated add in every state and generation: the response, the state of the duplication
//! afterwards, and what of the change survives a restart.

use std::sync::Arc;

use pegasus_dup::protocol::bare::HostPort;
use pegasus_dup::protocol::messages::{
    AddRequest, AddResponse, GetMaxReplicaCount, ListApps, ListAppsRequest, ListDuplication,
    ListRequest, MaxReplicaCountRequest, ModifyRequest, QueryConfig, QueryConfigRequest, Rpc,
};
use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Hub, ServerConfig};
use pegasus_dup::{ErrorCode, Status};

use super::support::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

const NOW_MS: i64 = 1_795_000_000_123;
const NOW: i32 = 1_795_000_000;
const SLOW: i32 = 0;
const SKIP: i32 = 1;

/// The response to a repeated add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// ERR_OK or ERR_DUP_EXIST, depending on the generation, with the table id and the dupid.
    Full,
    /// An empty ERR_OK, or ERR_INVALID_PARAMETERS with a hint.
    Refused,
}

struct Scene {
    config: ServerConfig,
    store: Arc<MemoryStore>,
    peer: Peer,
}

impl Scene {
    /// Starts a server with a duplication in this state and the fail mode FAIL_SKIP.
    async fn with(behaviour: Behaviour, status: Status) -> Scene {
        let config = embedded::still(behaviour);
        let store = Arc::new(MemoryStore::new());
        let peer = Scene::peer(&config, &store);
        let mut scene = Scene { config, store, peer };
        let log = matches!(status, Status::Log | Status::Pause);
        let flag = if behaviour == Behaviour::Freezed { None } else { Some(!log) };
        let first = AddRequest { is_duplicating_checkpoint: flag, ..add("temp", "target") };
        assert_eq!(scene.peer.add(&first).await.err, ErrorCode::Ok);
        let number = behaviour.generation().status_number(status).expect("a known status");
        let change = ModifyRequest { fail_mode: Some(SKIP), ..set_status("temp", NOW, number) };
        assert_eq!(scene.peer.modify(&change).await.err, ErrorCode::Ok);
        assert_eq!(scene.stands().await, (status, SKIP));
        scene
    }

    fn peer(config: &ServerConfig, store: &Arc<MemoryStore>) -> Peer {
        let clock = Arc::new(HandClock::at(NOW_MS));
        Peer::in_memory(&Hub::new(config, store.clone(), clock).expect("a server"))
    }

    async fn stands(&mut self) -> (Status, i32) {
        let entry = self.peer.query("temp").await.entry_list.expect("a list").remove(0);
        assert_eq!(entry.dupid, NOW);
        let status = self.config.behaviour.generation().status(entry.status);
        (status, entry.fail_mode.expect("a fail mode"))
    }

    async fn restart(&mut self) {
        self.peer = Scene::peer(&self.config, &self.store);
    }
}

fn check_full(behaviour: Behaviour, answer: &AddResponse) {
    let err = match behaviour {
        Behaviour::Freezed | Behaviour::Checkpoint | Behaviour::RemoteName => ErrorCode::Ok,
        Behaviour::DupExist | Behaviour::Idempotent => ErrorCode::DupExist,
    };
    assert_eq!(answer.err, err);
    assert_eq!((answer.appid, answer.dupid), (Some(3), Some(NOW)));
    let echoes = !matches!(behaviour, Behaviour::Freezed | Behaviour::Checkpoint);
    assert_eq!(answer.remote_app_name.as_deref(), echoes.then_some("temp"));
    assert_eq!(answer.remote_replica_count, echoes.then_some(3));
    assert_eq!(answer.hint.is_some(), behaviour == Behaviour::Idempotent);
}

fn check_refused(behaviour: Behaviour, answer: &AddResponse) {
    assert_eq!((answer.appid, answer.dupid), (Some(0), Some(0)));
    assert_eq!((&answer.remote_app_name, answer.remote_replica_count), (&None, None));
    if behaviour == Behaviour::Checkpoint {
        assert_eq!((&answer.err, &answer.hint), (&ErrorCode::Ok, &None));
    } else {
        assert_eq!(answer.err, ErrorCode::InvalidParameters);
        let hint = format!("start dup[temp({NOW})] failed: err = ERR_INVALID_PARAMETERS");
        assert_eq!(answer.hint, Some(hint));
    }
}

#[tokio::test]
async fn repeated_adds_since_2_4() {
    use Status::{App, Log, Pause, Prepare};
    // (state, checkpoint flag, response, state afterwards)
    let table = [
        (Prepare, Some(true), Given::Full, Prepare),
        (Prepare, None, Given::Full, Prepare),
        (Prepare, Some(false), Given::Refused, Prepare),
        (App, Some(true), Given::Refused, App),
        (App, None, Given::Refused, App),
        (App, Some(false), Given::Full, Log),
        (Log, Some(true), Given::Refused, Log),
        (Log, None, Given::Refused, Log),
        (Log, Some(false), Given::Full, Log),
        (Pause, Some(true), Given::Refused, Pause),
        (Pause, None, Given::Refused, Pause),
        (Pause, Some(false), Given::Full, Log),
    ];
    for behaviour in [Behaviour::Checkpoint, Behaviour::RemoteName, Behaviour::DupExist] {
        for (status, flag, given, afterwards) in table {
            let what = format!("{behaviour} {status} {flag:?}");
            let mut scene = Scene::with(behaviour, status).await;
            let again = AddRequest { is_duplicating_checkpoint: flag, ..add("temp", "target") };
            let answer = scene.peer.add(&again).await;
            match given {
                Given::Full => {
                    check_full(behaviour, &answer);
                    assert_eq!(scene.stands().await, (afterwards, SLOW), "{what}");
                }
                Given::Refused => {
                    check_refused(behaviour, &answer);
                    assert_eq!(scene.stands().await, (status, SKIP), "{what}");
                }
            }
            scene.restart().await;
            assert_eq!(scene.stands().await, (status, SKIP), "{what}");
        }
    }
}

#[tokio::test]
async fn repeated_adds_until_2_3() {
    // (state, field 3, state and fail mode afterwards)
    let table = [
        (Status::Start, None, (Status::Start, SKIP)),
        (Status::Start, Some(false), (Status::Start, SKIP)),
        (Status::Start, Some(true), (Status::Pause, SLOW)),
        (Status::Pause, None, (Status::Start, SKIP)),
        (Status::Pause, Some(false), (Status::Start, SKIP)),
        (Status::Pause, Some(true), (Status::Pause, SLOW)),
    ];
    for (status, flag, afterwards) in table {
        let mut scene = Scene::with(Behaviour::Freezed, status).await;
        let again = AddRequest { is_duplicating_checkpoint: flag, ..add("temp", "target") };
        check_full(Behaviour::Freezed, &scene.peer.add(&again).await);
        assert_eq!(scene.stands().await, afterwards, "{status} {flag:?}");
        scene.restart().await;
        assert_eq!(scene.stands().await, (status, SKIP), "{status} {flag:?}");
    }
}

#[tokio::test]
async fn until_2_3_a_restart_forgets_the_fail_mode_of_a_repeated_add() {
    let again = add("temp", "target");
    let skip = ModifyRequest { fail_mode: Some(SKIP), status: None, ..set_status("temp", NOW, 0) };
    for status in [Status::Start, Status::Pause] {
        let mut scene = Scene::with(Behaviour::Freezed, status).await;
        scene.restart().await;
        // A request that changes nothing does not count as setting the fail mode.
        assert_eq!(scene.peer.modify(&skip).await.appid, Some(0));
        check_full(Behaviour::Freezed, &scene.peer.add(&again).await);
        assert_eq!(scene.stands().await, (Status::Start, SLOW));
        // A fail mode that was set since the start stays.
        assert_eq!(scene.peer.modify(&skip).await.appid, Some(3));
        check_full(Behaviour::Freezed, &scene.peer.add(&again).await);
        assert_eq!(scene.stands().await, (Status::Start, SKIP));
    }
    // A change of the status alone also counts as setting the current fail mode.
    let mut scene = Scene::with(Behaviour::Freezed, Status::Start).await;
    scene.restart().await;
    assert_eq!(scene.peer.modify(&set_status("temp", NOW, 2)).await.appid, Some(3));
    check_full(Behaviour::Freezed, &scene.peer.add(&again).await);
    assert_eq!(scene.stands().await, (Status::Start, SKIP));
}

#[tokio::test]
async fn until_2_3_a_table_that_was_duplicated_says_whether_it_is_duplicated() {
    for behaviour in Behaviour::ALL {
        let (config, store) = (embedded::still(behaviour), Arc::new(MemoryStore::new()));
        let mut peer = Scene::peer(&config, &store);
        let duplicating = async |peer: &mut Peer| {
            let all = ListAppsRequest { status: 0, app_name_pattern: None, match_type: None };
            let infos = peer.call::<ListApps>(&all).await.infos.expect("tables");
            infos.iter().map(|info| info.duplicating).collect::<Vec<_>>()
        };
        let never = (behaviour != Behaviour::Freezed).then_some(false);
        assert_eq!(duplicating(&mut peer).await, [never; 3], "{behaviour}");
        for table in ["dup_src", "dup_src2"] {
            assert_eq!(peer.add(&add(table, "target")).await.err, ErrorCode::Ok);
        }
        let removed = behaviour.generation().status_number(Status::Removed).expect("a number");
        assert_eq!(peer.modify(&set_status("dup_src", NOW, removed)).await.appid, Some(1));
        let shown = duplicating(&mut peer).await;
        assert_eq!(shown, [Some(false), Some(true), never], "{behaviour}");
        let mut peer = Scene::peer(&config, &store);
        assert_eq!(duplicating(&mut peer).await, [never, Some(true), never], "{behaviour}");
    }
}

#[tokio::test]
async fn partitions_have_host_names_since_2_6_and_an_empty_primary_once_they_are_read_back() {
    for behaviour in Behaviour::ALL {
        let config = ServerConfig { nodes: Some(0), ..embedded::still(behaviour) };
        let store = Arc::new(MemoryStore::new());
        let names = !matches!(behaviour, Behaviour::Freezed | Behaviour::Checkpoint);
        for read_back in [false, true] {
            let mut peer = Scene::peer(&config, &store);
            let request =
                QueryConfigRequest { app_name: "temp".into(), partition_indices: vec![3] };
            let answer = peer.call::<QueryConfig>(&request).await;
            let partition = answer.partitions.expect("partitions").remove(0);
            let empty = (names && read_back).then(HostPort::default);
            assert_eq!(partition.hp_primary, empty, "{behaviour} {read_back}");
            assert_eq!(partition.hp_secondaries, names.then(Vec::new));
            assert_eq!(partition.hp_last_drops, names.then(Vec::new));
        }
    }
}

#[tokio::test]
async fn repeated_adds_of_the_idempotent_server() {
    for status in [Status::Prepare, Status::App, Status::Log, Status::Pause] {
        // DS_APP is reached from DS_PREPARE, and DS_PAUSE from DS_LOG.
        for flag in [None, Some(false), Some(true)] {
            let mut scene = Scene::with(Behaviour::Idempotent, status).await;
            let again = AddRequest { is_duplicating_checkpoint: flag, ..add("temp", "target") };
            check_full(Behaviour::Idempotent, &scene.peer.add(&again).await);
            assert_eq!(scene.stands().await, (status, SKIP));
        }
    }
}

#[tokio::test]
async fn the_number_of_start_removes_on_an_old_server() {
    // On this server, the number of DS_LOG means DS_REMOVED.
    let mut scene = Scene::with(Behaviour::Freezed, Status::Start).await;
    let log = Behaviour::DupExist.generation().status_number(Status::Log).expect("a number");
    assert_eq!(scene.peer.modify(&set_status("temp", NOW, log)).await.err, ErrorCode::Ok);
    assert_eq!(scene.peer.query("temp").await.entry_list, Some(vec![]));
}

#[tokio::test]
async fn old_servers_ignore_remote_tables_and_replica_counts() {
    for behaviour in [Behaviour::Freezed, Behaviour::Checkpoint] {
        let hub = Hub::new(
            &embedded::still(behaviour),
            Arc::new(MemoryStore::new()),
            Arc::new(HandClock::at(NOW_MS)),
        )
        .expect("a server");
        let mut peer = Peer::in_memory(&hub);
        assert_eq!(peer.add(&add("temp", "target")).await.err, ErrorCode::Ok);
        // The remote table is taken and the count is negative. Servers since 2.6 refuse this add,
        // but this server accepts it.
        let request = AddRequest {
            remote_app_name: Some("temp".to_owned()),
            remote_replica_count: Some(-1),
            ..add("dup_src", "target")
        };
        let made = peer.add(&request).await;
        assert_eq!((made.err, made.dupid), (ErrorCode::Ok, Some(NOW)), "{behaviour}");
        let entry = peer.query("dup_src").await.entry_list.expect("a list").remove(0);
        assert_eq!((entry.remote_app_name, entry.remote_replica_count), (None, None));
        assert_eq!(entry.partition_states, None);
    }
}

#[tokio::test]
async fn the_rpcs_show_the_generation() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::config(behaviour)).await;
        let mut peer = Peer::connect(server.address()).await;
        let knows_list = matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent);
        let list = ListRequest { app_name_pattern: "temp".to_owned(), match_type: 2 };
        peer.send::<ListDuplication>(&list).await;
        let framed = peer.receive().await.expect("an answer");
        assert_eq!(framed.name, format!("{}_ACK", ListDuplication::NAME));
        assert_eq!(framed.framework == ErrorCode::Ok, knows_list, "{behaviour}");
        let request = MaxReplicaCountRequest { app_name: "temp".to_owned() };
        peer.send::<GetMaxReplicaCount>(&request).await;
        let framed = peer.receive().await.expect("an answer");
        if behaviour == Behaviour::Freezed {
            assert_eq!(framed.framework, ErrorCode::HandlerNotFound);
        } else {
            let answer = framed.response::<GetMaxReplicaCount>();
            assert_eq!((answer.err, answer.max_replica_count), (ErrorCode::Ok, Some(3)));
        }
        server.stop().await;
    }
}
