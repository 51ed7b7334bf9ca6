//! Describes the meta servers: asks each server whether it is the leader, and the leader for its version, its
//! generation and the name of its cluster.

use std::sync::Arc;

use super::ask;
use super::core::{Call, Core};
use super::learn;
use super::warning;
use crate::error::Result;
use crate::info::{Info, KnownBy, Role, ServerInfo};
use crate::protocol::found::Found;
use crate::transport::connection::Connection;
use crate::transport::durations::one_try;
use crate::transport::round::{Candidate, Failure};
use crate::transport::seams::Deadline;

pub(super) async fn info(call: Call<'_>) -> Result<Info> {
    let Call { core: Core { group, .. }, deadline, .. } = call;
    // A server that does not respond must leave time for the requests to the leader.
    let mut round = group.round(ask::ANY_TABLE, one_try(deadline));
    let mut asked: Vec<(Candidate, std::result::Result<Arc<Connection>, Failure>)> = Vec::new();
    while let Some(answered) = round.next().await {
        asked.push(answered);
    }
    // The responses arrive in any order. The same state must give the same result.
    asked.sort_by_cached_key(|(candidate, _)| (group.place(candidate), candidate.to_string()));

    let leaders: Vec<String> = asked
        .iter()
        .filter(|(_, probed)| probed.is_ok())
        .map(|(candidate, _)| candidate.to_string())
        .collect();
    let servers = asked.iter().map(|(candidate, probed)| server(candidate, probed)).collect();
    let connection = asked.into_iter().find_map(|(_, probed)| probed.ok());
    let mut info = Info {
        servers,
        leader: leaders.first().cloned(),
        cluster_name: None,
        version: None,
        generation: None,
        known_by: None,
        warning: None,
    };
    if let Some(connection) = connection {
        look_at_leader(&connection, deadline, &mut info).await;
        info.cluster_name = ask::cluster_name(&connection, deadline).await;
    }
    if leaders.len() > 1 {
        let several = format!(
            "several servers claim to be the leader, and only the first one was examined: servers={}",
            leaders.join(",")
        );
        info.warning = warning::join(info.warning.take(), Some(several));
    }
    Ok(info)
}

fn server(
    candidate: &Candidate,
    probed: &std::result::Result<Arc<Connection>, Failure>,
) -> ServerInfo {
    let role = match probed {
        Ok(_) => Role::Leader,
        Err(Failure::Follower { .. }) => Role::Follower,
        Err(Failure::NotReady(_)) => Role::NotReady,
        Err(Failure::Unresolved(_) | Failure::NoAddress | Failure::Unreachable(_)) => {
            Role::Unreachable
        }
        Err(Failure::Lost(why)) if why.is_garbage() => Role::NoMetaServer,
        Err(Failure::Silent | Failure::Unfinished | Failure::Lost(_)) => Role::NoAnswer,
        Err(Failure::NoMetaServer(_)) => Role::NoMetaServer,
    };
    let detail = probed.as_ref().err().map(Failure::with_code);
    ServerInfo { server: candidate.to_string(), role, detail }
}

/// Finds out the version and generation of the leader, by requests that change nothing on any version.
async fn look_at_leader(connection: &Connection, deadline: Deadline, info: &mut Info) {
    let asked = ask::find_generation(connection, deadline).await;
    let Some(found) = connection.learnt.found() else {
        let why = asked.err().map_or_else(|| "no response".to_owned(), |error| error.to_string());
        info.warning = Some(format!("the leader's generation could not be found out: {why}"));
        return;
    };
    info.version = match found {
        Found::Version(version) => Some(version.clone()),
        // The version was requested a moment ago, and the server did not report it.
        Found::NoVersion => None,
        Found::ListRpc | Found::NoReplicaCountRpc => connection.version(deadline).await,
    };
    info.generation = learn::generation(connection);
    let found_by = match found {
        Found::ListRpc => KnownBy::ListRpc,
        Found::NoReplicaCountRpc => KnownBy::NoReplicaCountRpc,
        Found::Version(_) => KnownBy::Version,
        Found::NoVersion => KnownBy::NoVersion,
    };
    let refined = info.generation != Some(found.generation());
    info.known_by = Some(if refined { KnownBy::Stated } else { found_by });
    if let Err(refuted) = learn::check_statement(connection) {
        info.warning =
            Some(format!("every other operation of this client fails: {}", refuted.message()));
    }
}
