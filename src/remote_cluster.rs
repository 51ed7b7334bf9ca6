//! What a cluster knows about a remote cluster.

use std::fmt;

pub use crate::enums::RemoteClusterState;
use crate::enums::ResourceKind;
use crate::resource::{Described, Fields, fields};
use crate::text;

/// A remote cluster, as [`crate::Client::check_remote_cluster`] finds it in the configuration of the leader.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteCluster {
    /// The name of the remote cluster.
    pub cluster: String,
    /// Whether the leader accepts the remote cluster as the target of duplications.
    pub state: RemoteClusterState,
    /// The explanation of the server, if it refuses the remote cluster.
    pub hint: Option<String>,
}

impl Described for RemoteCluster {
    fn kind(&self) -> ResourceKind {
        ResourceKind::RemoteCluster
    }

    fn fields(&self) -> Fields {
        fields! {
            cluster: self.cluster.as_str(),
            state: self.state.name(),
            hint: self.hint.as_deref(),
        }
    }
}

/// Writes `cluster=target state=configured`, and the hint if there is one.
impl fmt::Display for RemoteCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::fields(&self.fields()).fmt(f)
    }
}
