//! The messages about the replica servers and the cluster.

use crate::protocol::bare::{HostPort, RpcAddress};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::thrift::messages;

messages! {
    /// The request of RPC_CM_LIST_NODES.
    struct ListNodesRequest {
        /// The status of the replica servers to list: 0 all, 1 alive, 2 dead.
        1: status: i32 = default,
    }

    /// The response of RPC_CM_LIST_NODES.
    struct ListNodesResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The replica servers.
        2: infos: Option<Vec<NodeInfo>>,
    }

    /// A replica server in [`ListNodesResponse`].
    struct NodeInfo {
        /// The status: 1 alive, 2 dead.
        1: status: i32,
        /// The address.
        2: node: RpcAddress,
        /// 2.6 snapshots: the name.
        3: hp_node: Option<HostPort>,
    }

    /// The request of RPC_CM_CLUSTER_INFO, which has no fields.
    struct ClusterInfoRequest {
    }

    /// The response of RPC_CM_CLUSTER_INFO.
    struct ClusterInfoResponse {
        /// The error code.
        1: err: ErrorCode,
        /// The names of the facts, for example `meta_servers`.
        2: keys: Option<Vec<String>>,
        /// The values of the facts, in the same order.
        3: values: Option<Vec<String>>,
    }
}
