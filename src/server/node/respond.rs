//! Responds to requests: decides whether this server responds as a leader does, and otherwise how
//! it refuses the request.

use std::net::SocketAddrV4;

use super::{Call, Node, Now, Queued, Role};
use crate::protocol::bare::{HostPort, RpcAddress};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::RequestFrame;
use crate::protocol::messages::{
    NEGOTIATION, PartitionConfig, QueryConfig, QueryConfigResponse, RPCS, RecallApp,
    ResponseStruct, Rpc,
};
use crate::protocol::rpc::{Kind, RpcInfo, Subject};
use crate::protocol::thrift::DecodeError;
use crate::server::fault::Fault;
use crate::server::reply::Reply;
use crate::server::state::CallId;
use crate::server::state::dispatch::{self, Decision};
use crate::server::state::rule::Context;

/// Returns the RPC with that code name.
fn rpc(code: &str) -> Option<&'static RpcInfo> {
    RPCS.iter().find(|rpc| rpc.code == code)
}

/// Returns whether requests of that RPC wait in the queue of updates.
pub(super) fn is_update(code: &str) -> bool {
    rpc(code).is_some_and(|rpc| rpc.kind == Kind::Update)
}

impl Node {
    /// Returns whether a real server of this generation handles the RPC.
    pub(super) fn knows(&self, code: &str) -> bool {
        code == NEGOTIATION || rpc(code).is_some_and(|rpc| self.state.rules.knows(rpc))
    }

    /// Returns the response, or `None` if the request is in the queue now.
    pub(super) fn reply_or_queue(
        &mut self,
        id: CallId,
        frame: &RequestFrame<'_>,
        now: Now,
    ) -> Result<Option<Reply>, DecodeError> {
        let Some(call) = self.calls.get(&id) else { return Ok(None) };
        let refuses = matches!(call.fault, Some(Fault::Refuse(_)));
        if matches!(call.fault, Some(Fault::NoSuchRpc)) || !self.knows(&frame.name) {
            return Ok(Some(Reply::framework(ErrorCode::HandlerNotFound)));
        }
        // The start of an authentication concerns the connection, so every server responds to it. Its
        // struct is not read, because nobody has to authenticate.
        if *frame.name == *NEGOTIATION && !refuses {
            return Ok(Some(Reply::no_authentication()));
        }
        if let Some((code, leader)) = self.refusal(call, &frame.name) {
            // A real server reads the struct before it refuses the request.
            dispatch::check(frame)?;
            // A server since 2.5 looks up the table before it looks at its own role, and a follower
            // knows no tables.
            let recalls = *frame.name == *RecallApp::NAME
                && matches!(self.role, Role::Follower { .. })
                && code == ErrorCode::ForwardToOthers
                && self.state.rules.checks_creates;
            let code = if recalls { ErrorCode::AppNotExist } else { code };
            if let Some(leader) = leader
                && frame.forward_supported
                && !recalls
            {
                return Ok(Some(Reply::forward(leader)));
            }
            let names_leader = leader.filter(|_| *frame.name == *QueryConfig::NAME);
            let reply = match names_leader {
                Some(leader) => self.refusal_that_names(leader, code),
                None => dispatch::refusal(&frame.name, code.clone())
                    .unwrap_or_else(|| Reply::framework(code)),
            };
            return Ok(Some(reply));
        }
        let context = Context {
            now_ms: now.wall_ms,
            addresses: &self.addresses,
            leader: self.leader_address(),
        };
        Ok(match dispatch::decide(&mut self.state, frame, &context)? {
            Some(Decision::Respond(reply)) => Some(reply),
            Some(Decision::Queue(update)) => {
                self.enqueue(id, update, now);
                None
            }
            Some(Decision::Begin(update)) => {
                self.queue.push_front(Queued { call: id, update, ready_ms: now.steady_ms });
                None
            }
            None => Some(Reply::framework(ErrorCode::HandlerNotFound)),
        })
    }

    /// Returns the error code of the refusal if this server refuses the request, and the leader if
    /// this server is a follower that knows the leader.
    fn refusal(&self, call: &Call, name: &str) -> Option<(ErrorCode, Option<SocketAddrV4>)> {
        let switched_off = || match rpc(name).map(|rpc| rpc.subject) {
            Some(Subject::Duplications) => !self.config.duplication_enabled,
            Some(Subject::Backups) => !self.config.backup_enabled,
            Some(Subject::Cluster) | None => false,
        };
        match (&call.fault, &self.role) {
            (Some(Fault::Refuse(code)), _) => Some((code.clone(), None)),
            (_, Role::Leader | Role::StaleLeader) if switched_off() => {
                Some((ErrorCode::ServiceNotActive, None))
            }
            (_, Role::Leader | Role::StaleLeader) => None,
            (_, Role::Follower { leader }) => Some((ErrorCode::ForwardToOthers, *leader)),
            (_, Role::NotReady(code)) => Some((code.clone(), None)),
        }
    }

    /// Returns the address of the leader, if it is known.
    pub(super) fn leader_address(&self) -> Option<SocketAddrV4> {
        match &self.role {
            Role::Follower { leader } => *leader,
            Role::Leader | Role::StaleLeader | Role::NotReady(_) => self.addresses.first().copied(),
        }
    }

    /// Returns the response by which a follower names the leader: the leader is the primary of the
    /// first partition.
    fn refusal_that_names(&self, leader: SocketAddrV4, err: ErrorCode) -> Reply {
        let host = || HostPort { host: leader.ip().to_string(), port: leader.port(), kind: 1 };
        let partition = PartitionConfig {
            primary: RpcAddress(Some(leader)),
            hp_primary: self.state.rules.remote_names.then(host),
            ..PartitionConfig::default()
        };
        let refused = QueryConfigResponse::refused(err);
        Reply::new(&QueryConfigResponse { partitions: Some(vec![partition]), ..refused })
    }
}
