//! Embedded meta servers on loopback, with the tables and remote clusters that the tests use.

use pegasus_dup::server::{Behaviour, ClockMode, MetaServer, RemoteCluster, ServerConfig};

/// A configuration on a free port: cluster `onebox`, remote clusters `target` and `target2`, tables
/// `dup_src`, `dup_src2`, `temp`.
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

/// The same with the clock stopped.
pub(crate) fn still(behaviour: Behaviour) -> ServerConfig {
    ServerConfig { clock: Some(ClockMode::Stopped), ..config(behaviour) }
}

/// Starts it.
pub(crate) async fn start(config: ServerConfig) -> MetaServer {
    MetaServer::start(config).await.expect("the server starts")
}
