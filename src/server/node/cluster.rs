//! What a meta server tells of its cluster: the same over HTTP and by RPC_CM_CLUSTER_INFO.

use serde::{Serialize, Serializer};

use super::{Node, Role};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::ClusterInfoAnswer;

/// Keys and values, in the order in which real servers tell them.
#[derive(Debug)]
pub(super) struct ClusterFacts(Vec<(&'static str, String)>);

impl Serialize for ClusterFacts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl Node {
    pub(super) fn cluster_facts(&self) -> ClusterFacts {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let leader = match &self.role {
            Role::Follower { leader } => leader.map(|leader| leader.to_string()),
            Role::Leader | Role::StaleLeader | Role::NotReady(_) => addresses.first().cloned(),
        };
        let balance = if self.state.rules.remote_names {
            "{\n  \"copy_pri\": 0,\n  \"copy_sec\": 0,\n  \"move_pri\": 0,\n  \"total\": 0\n}"
        } else {
            "move_pri=0,copy_pri=0,copy_sec=0,total=0"
        };
        ClusterFacts(vec![
            ("meta_servers", addresses.join(",")),
            ("primary_meta_server", leader.unwrap_or_default()),
            ("zookeeper_hosts", String::new()),
            ("zookeeper_root", format!("/pegasus/{}", self.config.cluster_name)),
            ("meta_function_level", "freezed".to_owned()),
            ("balance_operation_count", balance.to_owned()),
            ("primary_replica_count_stddev", "0.00".to_owned()),
            ("total_replica_count_stddev", "0.00".to_owned()),
        ])
    }

    /// The RPC tells the cluster's name besides.
    pub(super) fn cluster_info(&self) -> ClusterInfoAnswer {
        let ClusterFacts(mut facts) = self.cluster_facts();
        facts.push(("cluster_name", self.config.cluster_name.clone()));
        let (keys, values) = facts.into_iter().map(|(key, value)| (key.to_owned(), value)).unzip();
        ClusterInfoAnswer { err: ErrorCode::Ok, keys: Some(keys), values: Some(values) }
    }
}
