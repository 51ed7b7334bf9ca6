//! An actor that does not use the client. It sends requests as other tools do, and looks up nothing
//! first except the dupid.

use pegasus_dup::protocol::frame::{decode_response, encode_request, response_length};
use pegasus_dup::protocol::messages::{
    AddDuplication, AddRequest, CreateApp, CreateAppOptions, CreateAppRequest, DropApp,
    DropAppOptions, DropAppRequest, ListApps, ListAppsRequest, ModifyDuplication, ModifyRequest,
    QueryDuplication, QueryRequest, RecallApp, RecallAppRequest, RenameApp, RenameAppRequest, Rpc,
};
use pegasus_dup::{DuplicationSpec, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::plan::{CLUSTER, TABLE, What};
use super::plan_table::TableStep;
use super::streams::{Lagging, Network};

/// A connection to the leader.
struct Peer {
    stream: Lagging,
    seqid: i32,
}

impl Peer {
    /// Sends a request. Returns `None` if no response arrives that can be decoded.
    async fn call<R: Rpc>(&mut self, request: &R::Request) -> Option<R::Response> {
        self.seqid += 1;
        let bytes = encode_request::<R>(request, self.seqid, 1_000);
        self.stream.write_all(&bytes).await.ok()?;
        let mut incoming = Vec::new();
        loop {
            if let Some(length) = response_length(&incoming, 1 << 20).ok()?
                && incoming.len() >= length
            {
                let frame = decode_response(&incoming[4..length]).ok()?;
                return (frame.seqid == self.seqid).then(|| frame.response().ok()).flatten();
            }
            if self.stream.read_buf(&mut incoming).await.ok()? == 0 {
                return None;
            }
        }
    }
}

/// Returns the fields of an add request.
fn add_request(spec: &DuplicationSpec) -> AddRequest {
    AddRequest {
        app_name: spec.table.clone(),
        remote_cluster_name: spec.cluster.clone(),
        is_duplicating_checkpoint: Some(spec.checkpoint),
        remote_app_name: spec.remote_table.clone(),
        remote_replica_count: spec.remote_replica_count,
    }
}

/// Executes a step, and returns its result in words.
pub(crate) async fn act(network: &Network, what: &What) -> String {
    let meta = network.group.leader();
    let generation = network.behaviours[meta].generation();
    let mut peer = Peer { stream: network.open(meta).stream, seqid: 0 };
    if let What::Table(step) = what {
        return act_on_tables(&mut peer, step).await.unwrap_or_else(|| "no response".to_owned());
    }
    if let What::Add(spec) = what {
        return match peer.call::<AddDuplication>(&add_request(spec)).await {
            Some(answer) => format!("{} dupid {:?}", answer.err, answer.dupid),
            None => "no response".to_owned(),
        };
    }
    let query = QueryRequest { app_name: TABLE.to_owned() };
    let Some(answer) = peer.call::<QueryDuplication>(&query).await else {
        return "no response to a query".to_owned();
    };
    let entries = answer.entry_list.unwrap_or_default();
    let Some(dupid) = entries.iter().find(|entry| entry.remote == CLUSTER).map(|entry| entry.dupid)
    else {
        return "there is no duplication".to_owned();
    };
    let number = |status| generation.status_number(status);
    let running = || number(Status::Log).or_else(|| number(Status::Start));
    let (status, fail_mode) = match what {
        What::Start => (running(), None),
        What::Pause => (number(Status::Pause), None),
        What::Remove | What::Replace => (number(Status::Removed), None),
        What::SetFailMode(mode) => (None, mode.number()),
        What::Query | What::Add(_) | What::Table(_) | What::Apply(_) => {
            return format!("{} there", entries.len());
        }
    };
    let request = ModifyRequest { app_name: TABLE.to_owned(), dupid, status, fail_mode };
    let Some(answer) = peer.call::<ModifyDuplication>(&request).await else {
        return "no response to a modify".to_owned();
    };
    if let What::Replace = what {
        let spec = DuplicationSpec::new(TABLE, CLUSTER);
        return match peer.call::<AddDuplication>(&add_request(&spec)).await {
            Some(again) => format!("{}, then {} dupid {:?}", answer.err, again.err, again.dupid),
            None => format!("{}, then no response", answer.err),
        };
    }
    answer.err.to_string()
}

/// Executes a step that concerns tables. Returns `None` if no response arrives.
async fn act_on_tables(peer: &mut Peer, step: &TableStep) -> Option<String> {
    let err = match step {
        TableStep::Create(spec) => {
            let options = CreateAppOptions {
                partition_count: spec.partition_count,
                replica_count: spec.replica_count,
                success_if_exist: true,
                app_type: "pegasus".to_owned(),
                is_stateful: true,
                envs: spec.envs.clone(),
                atomic_idempotent: None,
            };
            let request = CreateAppRequest { app_name: spec.table.clone(), options };
            peer.call::<CreateApp>(&request).await?.err
        }
        TableStep::Drop(name) => {
            let options = DropAppOptions { success_if_not_exist: true, reserve_seconds: None };
            let request = DropAppRequest { app_name: (*name).to_owned(), options };
            peer.call::<DropApp>(&request).await?.err
        }
        TableStep::Rename(from, to) => {
            let (old_app_name, new_app_name) = ((*from).to_owned(), (*to).to_owned());
            let request = RenameAppRequest { old_app_name, new_app_name };
            peer.call::<RenameApp>(&request).await?.err
        }
        TableStep::RecallById { id, name } => {
            let new_app_name = name.unwrap_or_default().to_owned();
            let request = RecallAppRequest { app_id: *id, new_app_name };
            peer.call::<RecallApp>(&request).await?.err
        }
        TableStep::Recall { newest, name } => {
            let all = ListAppsRequest { status: 6, app_name_pattern: None, match_type: None };
            let infos = peer.call::<ListApps>(&all).await?.infos.unwrap_or_default();
            let one = if *newest { infos.last() } else { infos.first() };
            let Some(one) = one else { return Some("no table is dropped".to_owned()) };
            let request = RecallAppRequest { app_id: one.app_id, new_app_name: (*name).to_owned() };
            peer.call::<RecallApp>(&request).await?.err
        }
    };
    Some(err.to_string())
}
