//! From a request to its answer: which RPC it is, whether this server answers it, and what a
//! refusal of each looks like.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;

use super::reply::Reply;
use super::{Call, Node, Now, Role};
use crate::protocol::bare::{Gpid, HostPort, RpcAddress};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::RequestFrame;
use crate::protocol::messages::{
    AddDuplication, ClusterInfo, ClusterInfoAnswer, ClusterInfoRequest, GetMaxReplicaCount,
    ListAnswer, ListApps, ListAppsAnswer, ListDuplication, ListNodes, ListNodesAnswer,
    MaxReplicaCountAnswer, ModifyDuplication, NEGOTIATION, PartitionConfig, QueryAnswer,
    QueryConfig, QueryConfigAnswer, QueryDuplication, Rpc,
};
use crate::protocol::thrift::DecodeError;
use crate::server::fault::Fault;
use crate::server::state::Add;
use crate::server::state::{CallId, Update};
use crate::server::state::{add_refused, modify_answer};

/// Whether it waits in the queue of adds and modifies.
pub(super) fn is_update(rpc: &str) -> bool {
    matches!(rpc, AddDuplication::NAME | ModifyDuplication::NAME)
}

/// Whether a server on which duplication is switched off refuses it.
fn is_about_duplication(rpc: &str) -> bool {
    is_update(rpc) || matches!(rpc, QueryDuplication::NAME | ListDuplication::NAME)
}

impl Node {
    /// The answer, or none where the request was put in the queue.
    pub(super) fn reply_or_queue(
        &mut self,
        id: CallId,
        frame: &RequestFrame<'_>,
        now: Now,
    ) -> Result<Option<Reply>, DecodeError> {
        let Some(call) = self.calls.get(&id).cloned() else { return Ok(None) };
        let unknown = matches!(call.fault, Some(Fault::NoSuchRpc));
        if unknown || !self.state.rules.knows(&frame.name) {
            return Ok(Some(Reply::framework(ErrorCode::HandlerNotFound)));
        }
        // No role matters to it, and what it says is not looked at where nobody has to.
        if *frame.name == *NEGOTIATION && !matches!(call.fault, Some(Fault::Refuse(_))) {
            return Ok(Some(Reply::no_authentication()));
        }
        let refusal = match (&call.fault, &self.role) {
            (Some(Fault::Refuse(code)), _) => Some((code.clone(), None)),
            (_, Role::Leader | Role::StaleLeader) => (!self.config.duplication_enabled
                && is_about_duplication(&frame.name))
            .then_some((ErrorCode::ServiceNotActive, None)),
            (_, Role::Follower { leader }) => Some((ErrorCode::ForwardToOthers, *leader)),
            (_, Role::NotReady(code)) => Some((code.clone(), None)),
        };
        if let Some((code, leader)) = refusal {
            let names_hosts = self.state.rules.remote_names;
            return refuse(frame, code, leader, names_hosts).map(Some);
        }
        let state = &mut self.state;
        let wall_ms = now.wall_ms;
        let reply = match &*frame.name {
            AddDuplication::NAME => {
                let update = Update::Add(Add::read(frame)?);
                self.enqueue(id, update, now);
                return Ok(None);
            }
            ModifyDuplication::NAME => {
                let update = Update::Modify(frame.request()?);
                self.enqueue(id, update, now);
                return Ok(None);
            }
            QueryDuplication::NAME => Reply::new(&state.query(&frame.request()?, wall_ms)),
            ListDuplication::NAME => Reply::new(&state.list(&frame.request()?, wall_ms)),
            ListApps::NAME => Reply::new(&state.list_apps(&frame.request()?)),
            QueryConfig::NAME => Reply::new(&state.query_config(&frame.request()?)),
            GetMaxReplicaCount::NAME => Reply::new(&state.max_replica_count(&frame.request()?)),
            ListNodes::NAME => Reply::new(&state.list_nodes(&frame.request()?)),
            ClusterInfo::NAME => {
                frame.request::<ClusterInfoRequest>()?;
                Reply::new(&self.cluster_info())
            }
            _ => Reply::framework(ErrorCode::HandlerNotFound),
        };
        Ok(Some(reply))
    }

    /// The refusal of an add or a modify that was read before.
    pub(super) fn refuse_queued(call: &Call, code: ErrorCode) -> Reply {
        if call.envelope.name() == ModifyDuplication::NAME {
            Reply::new(&modify_answer(code, 0))
        } else {
            Reply::new(&add_refused(code, None))
        }
    }
}

/// An answer with nothing in it but the error, and, where its message has room for that, the
/// leader. The request is read all the same: a real server can't pass over it either.
fn refuse(
    frame: &RequestFrame<'_>,
    err: ErrorCode,
    leader: Option<SocketAddrV4>,
    names_hosts: bool,
) -> Result<Reply, DecodeError> {
    fn read<R: Rpc>(frame: &RequestFrame<'_>) -> Result<(), DecodeError> {
        frame.request::<R::Request>().map(drop)
    }
    Ok(match &*frame.name {
        ModifyDuplication::NAME => {
            read::<ModifyDuplication>(frame)?;
            Reply::new(&modify_answer(err, 0))
        }
        QueryDuplication::NAME => {
            read::<QueryDuplication>(frame)?;
            let answer = QueryAnswer { err, appid: Some(0), entry_list: Some(Vec::new()) };
            Reply::new(&answer)
        }
        ListDuplication::NAME => {
            read::<ListDuplication>(frame)?;
            let answer = ListAnswer {
                err,
                hint_message: Some(String::new()),
                app_states: Some(BTreeMap::new()),
            };
            Reply::new(&answer)
        }
        ListApps::NAME => {
            read::<ListApps>(frame)?;
            let answer = ListAppsAnswer { err, infos: Some(Vec::new()), hint_message: None };
            Reply::new(&answer)
        }
        GetMaxReplicaCount::NAME => {
            read::<GetMaxReplicaCount>(frame)?;
            let answer = MaxReplicaCountAnswer {
                err,
                max_replica_count: Some(0),
                hint_message: Some(String::new()),
            };
            Reply::new(&answer)
        }
        ListNodes::NAME => {
            read::<ListNodes>(frame)?;
            Reply::new(&ListNodesAnswer { err, infos: Some(Vec::new()) })
        }
        ClusterInfo::NAME => {
            read::<ClusterInfo>(frame)?;
            let answer =
                ClusterInfoAnswer { err, keys: Some(Vec::new()), values: Some(Vec::new()) };
            Reply::new(&answer)
        }
        QueryConfig::NAME => {
            read::<QueryConfig>(frame)?;
            let partitions = leader.map(|leader| leading(leader, names_hosts)).into_iter();
            let answer = QueryConfigAnswer {
                err,
                app_id: Some(0),
                partition_count: Some(0),
                is_stateful: Some(false),
                partitions: Some(partitions.collect()),
            };
            Reply::new(&answer)
        }
        _ => {
            read::<AddDuplication>(frame)?;
            Reply::new(&add_refused(err, None))
        }
    })
}

/// The partition whose primary is the leader: how a follower names it.
fn leading(leader: SocketAddrV4, names_hosts: bool) -> PartitionConfig {
    let host = || HostPort { host: leader.ip().to_string(), port: leader.port(), kind: 1 };
    PartitionConfig {
        pid: Gpid::default(),
        ballot: 0,
        max_replica_count: 0,
        primary: RpcAddress(Some(leader)),
        secondaries: Vec::new(),
        last_drops: Vec::new(),
        last_committed_decree: 0,
        partition_flags: 0,
        hp_primary: names_hosts.then(host),
        hp_secondaries: None,
        hp_last_drops: None,
    }
}
