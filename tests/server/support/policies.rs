//! A server for tests of backup policies, and the requests to the server.

use std::sync::Arc;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddBackupPolicy, AddBackupPolicyRequest, ModifyBackupPolicy, ModifyBackupPolicyRequest,
    QueryBackupPolicy, QueryBackupPolicyRequest, QueryBackupPolicyResponse,
};
use pegasus_dup::server::store::{MemoryStore, Store};
use pegasus_dup::server::{Behaviour, Hub, ServerConfig};

use super::slow_store::HandClock;
use crate::common::embedded;
use crate::common::peer::Peer;

/// 11 o'clock.
pub(crate) const NOW_MS: i64 = 1_795_000_000_000;
/// The response to a change or an add that was executed.
pub(crate) const DONE: (ErrorCode, &str) = (ErrorCode::Ok, "");

pub(crate) fn config(behaviour: Behaviour) -> ServerConfig {
    ServerConfig { nodes: Some(3), ..embedded::still(behaviour) }
}

pub(crate) fn serve(config: &ServerConfig, store: Arc<dyn Store>) -> (Hub, HandClock, Peer) {
    let clock = HandClock::at(NOW_MS);
    let hub = Hub::new(config, store, Arc::new(clock.clone())).expect("a server");
    let timers = hub.clone();
    tokio::spawn(async move { timers.run_timers().await });
    let peer = Peer::in_memory(&hub);
    (hub, clock, peer)
}

pub(crate) fn in_memory(behaviour: Behaviour) -> (Hub, HandClock, Peer) {
    serve(&config(behaviour), Arc::new(MemoryStore::new()))
}

/// Returns a policy whose backups never start by themselves at the time of the tests.
pub(crate) fn policy(name: &str) -> AddBackupPolicyRequest {
    AddBackupPolicyRequest {
        backup_provider_type: "local_service".to_owned(),
        policy_name: name.to_owned(),
        app_ids: vec![1],
        backup_interval_seconds: 86_400,
        backup_history_count_to_keep: 3,
        start_time: "03:30".to_owned(),
    }
}

/// Returns a change that changes nothing.
pub(crate) fn change(name: &str) -> ModifyBackupPolicyRequest {
    ModifyBackupPolicyRequest {
        policy_name: name.to_owned(),
        add_appids: None,
        removal_appids: None,
        new_backup_interval_sec: None,
        backup_history_count_to_keep: None,
        is_disable: None,
        start_time: None,
        force_disable: None,
    }
}

/// Returns a request for the policies with these names, and for all their backups.
pub(crate) fn named(names: &[&str]) -> QueryBackupPolicyRequest {
    let policy_names = names.iter().map(|&name| name.to_owned()).collect();
    QueryBackupPolicyRequest { policy_names, backup_info_count: 10 }
}

pub(crate) async fn try_add(
    peer: &mut Peer,
    request: &AddBackupPolicyRequest,
) -> Option<(ErrorCode, String)> {
    let response = peer.try_call::<AddBackupPolicy>(request).await?;
    Some((response.err, response.hint_message.expect("a hint")))
}

pub(crate) async fn add(peer: &mut Peer, request: &AddBackupPolicyRequest) -> (ErrorCode, String) {
    try_add(peer, request).await.expect("a response")
}

pub(crate) async fn modify(
    peer: &mut Peer,
    request: &ModifyBackupPolicyRequest,
) -> (ErrorCode, String) {
    let response = peer.call::<ModifyBackupPolicy>(request).await;
    (response.err, response.hint_message.expect("a hint"))
}

pub(crate) async fn query(peer: &mut Peer, names: &[&str]) -> QueryBackupPolicyResponse {
    peer.call::<QueryBackupPolicy>(&named(names)).await
}

/// Returns the number of backups to keep of each policy, with the policy's name.
pub(crate) async fn kept(peer: &mut Peer) -> Vec<(String, i32)> {
    let policies = query(peer, &[]).await.policys.expect("a list");
    let shown = policies.into_iter();
    shown.map(|policy| (policy.policy_name, policy.backup_history_count_to_keep)).collect()
}

pub(crate) fn said((code, hint): &(ErrorCode, String)) -> (ErrorCode, &str) {
    (code.clone(), hint)
}
