//! Embedded meta servers on the loopback interface, with the tables and remote clusters of the
//! tests.

use pegasus_dup::server::{Behaviour, ClockMode, MetaServer, RemoteCluster, ServerConfig};

/// Returns a configuration with a free port, the cluster `onebox`, the remote clusters `target` and
/// `target2`, and the tables `dup_src`, `dup_src2` and `temp`.
pub(crate) fn config(behaviour: Behaviour) -> ServerConfig {
    let cluster = |text: &str| text.parse::<RemoteCluster>().expect("a remote cluster");
    ServerConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        remote_clusters: vec![
            cluster("target=127.0.0.1:35601"),
            cluster("target2=127.0.0.1:35602"),
        ],
        tables: ["dup_src", "dup_src2", "temp"]
            .map(|table| table.parse().expect("a table"))
            .to_vec(),
        behaviour,
        ..ServerConfig::default()
    }
}

/// Returns the same configuration with a stopped clock.
pub(crate) fn still(behaviour: Behaviour) -> ServerConfig {
    ServerConfig { clock: Some(ClockMode::Stopped), ..config(behaviour) }
}

/// Starts a server.
pub(crate) async fn start(config: ServerConfig) -> MetaServer {
    MetaServer::start(config).await.expect("the server starts")
}
