//! The cost of an add, counted in rows that the server visits.

use super::*;
use crate::protocol::messages::{AddRequest, ListRequest, match_type};
use crate::server::behaviour::{Behaviour, ClockMode};
use crate::server::config::ServerConfig;
use crate::server::spec::RemoteCluster;
use crate::server::state::ReplicaServers;
use crate::server::state::rows::visited;
use crate::server::state::rule::{self, Update};
use crate::server::store::{DuplicationRecord, Snapshot, TableRecord};

const NOW_MS: i64 = 1_700_000_000_000;

/// Returns a state in which every table has a duplication to every cluster except the last one. The
/// dupids of a table are consecutive numbers from the current second on, as they are after a burst
/// of adds.
fn full(behaviour: Behaviour, tables: i32, clusters: i32) -> State {
    let config = ServerConfig {
        behaviour,
        clock: Some(ClockMode::Stopped),
        remote_clusters: (0..=clusters)
            .map(|number| RemoteCluster { name: format!("c{number}"), metas: vec!["h:1".into()] })
            .collect(),
        ..ServerConfig::default()
    };
    let first = i32::try_from(NOW_MS / 1_000).expect("a second of this century");
    let table = |id: i32| TableRecord {
        id,
        name: format!("t{id}"),
        partitions: 1,
        replicas: 3,
        create_second: 1,
        ..TableRecord::default()
    };
    let duplication = |id: i32, number: i32| DuplicationRecord {
        dupid: first + number,
        cluster: format!("c{number}"),
        status: Status::Log.name().to_owned(),
        since_ms: NOW_MS,
        confirmed: -1,
        fail_mode: "FAIL_SLOW".to_owned(),
        remote_table: format!("t{id}"),
        remote_table_is_utf8: true,
        remote_replica_count: 3,
        create_ts_ms: NOW_MS,
    };
    let snapshot = Snapshot {
        policies: Vec::new(),
        tables: (1..=tables).map(table).collect(),
        duplications: (1..=tables)
            .flat_map(|id| (0..clusters).map(move |number| (id, number)))
            .map(|(id, number)| (id, duplication(id, number)))
            .collect(),
    };
    State::new(&config, snapshot, ReplicaServers::new(3, 1), None).expect("a state")
}

fn add(table: &str, cluster: &str, remote_table: &str) -> Box<dyn Update> {
    let request = AddRequest {
        app_name: table.to_owned(),
        remote_cluster_name: cluster.to_owned(),
        is_duplicating_checkpoint: Some(false),
        remote_app_name: Some(remote_table.to_owned()),
        remote_replica_count: None,
    };
    Box::new(Add { request, remote_table_is_utf8: true })
}

/// Returns how many rows the server visits to decide about an add. The adds are of all kinds: of a
/// new duplication, of an existing one, to a remote table that another table's duplication has, of
/// a missing table, and to an unknown cluster.
fn costs(mut state: State, clusters: i32) -> Vec<u64> {
    let last = format!("c{clusters}");
    [
        add("t1", &last, "t1"),
        add("t1", "c0", "t1"),
        add("t2", &last, "t1"),
        add("missing", "c0", "missing"),
        add("t1", "missing", "t1"),
    ]
    .into_iter()
    .map(|update| {
        visited(|| {
            for effect in rule::begin(&mut state, CallId(0), update, NOW_MS) {
                if let Effect::Store(_, ticket, _) = effect {
                    state.finish(ticket, Ok(()), NOW_MS);
                }
            }
        })
    })
    .collect()
}

#[test]
fn an_add_visits_as_many_rows_however_many_duplications_there_are() {
    for behaviour in Behaviour::ALL {
        let few = costs(full(behaviour, 2, 2), 2);
        assert!(few.iter().all(|&rows| (1..40).contains(&rows)), "{behaviour} {few:?}");
        for (tables, clusters) in [(2, 3_000), (3_000, 2), (60, 60)] {
            let many = costs(full(behaviour, tables, clusters), clusters);
            assert_eq!(many, few, "{behaviour} tables={tables} clusters={clusters}");
        }
    }
}

/// The counter sees a scan: a list of all duplications visits all rows.
#[test]
fn a_scan_shows_in_the_number_of_visited_rows() {
    let mut state = full(Behaviour::Idempotent, 60, 60);
    let all = ListRequest { app_name_pattern: String::new(), match_type: match_type::ALL };
    let scan = visited(|| {
        state.list(&all, NOW_MS);
    });
    assert!(scan >= 60 * 60, "{scan}");
}
