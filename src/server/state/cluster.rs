//! The facts about the cluster, which the server returns over HTTP and by RPC_CM_CLUSTER_INFO.

use serde::{Serialize, Serializer};

use super::State;
use super::nodes::named;
use super::rule::{Context, ReadRule};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{ClusterInfo, ClusterInfoRequest, ClusterInfoResponse};

/// Keys and values, in the order in which real servers return them.
#[derive(Debug)]
pub(crate) struct ClusterFacts(Vec<(&'static str, String)>);

impl Serialize for ClusterFacts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl State {
    /// Returns the facts that the HTTP page shows.
    pub(crate) fn cluster_facts(&self, context: &Context<'_>) -> ClusterFacts {
        let addresses: Vec<String> = context.addresses.iter().map(ToString::to_string).collect();
        let balance = if self.rules.remote_names {
            "{\n  \"copy_pri\": 0,\n  \"copy_sec\": 0,\n  \"move_pri\": 0,\n  \"total\": 0\n}"
        } else {
            "move_pri=0,copy_pri=0,copy_sec=0,total=0"
        };
        let leader = |address| match self.rules.remote_names {
            true => named(address),
            false => address.to_string(),
        };
        let replicas = self.replicas.lock();
        let level = if replicas.are_too_few() { "freezed" } else { "steady" };
        let spread = self.spread(&replicas);
        ClusterFacts(vec![
            ("meta_servers", addresses.join(",")),
            ("primary_meta_server", context.leader.map(leader).unwrap_or_default()),
            ("zookeeper_hosts", String::new()),
            ("zookeeper_root", format!("/pegasus/{}", self.cluster_name)),
            ("meta_function_level", level.to_owned()),
            ("balance_operation_count", balance.to_owned()),
            ("primary_replica_count_stddev", format!("{:.2}", spread.primaries)),
            ("total_replica_count_stddev", format!("{:.2}", spread.replicas)),
        ])
    }
}

impl ReadRule for ClusterInfo {
    /// Returns the facts of the page, and the name of the cluster.
    fn read(
        state: &mut State,
        _: &ClusterInfoRequest,
        context: &Context<'_>,
    ) -> ClusterInfoResponse {
        let ClusterFacts(mut facts) = state.cluster_facts(context);
        facts.push(("cluster_name", state.cluster_name.clone()));
        let (keys, values) = facts.into_iter().map(|(key, value)| (key.to_owned(), value)).unzip();
        ClusterInfoResponse { err: ErrorCode::Ok, keys: Some(keys), values: Some(values) }
    }
}
