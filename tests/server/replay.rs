//! Sends the recorded requests to the embedded server, and compares the responses with the recorded
//! responses of real meta servers. Every field must be the same, apart from times and ids.

use std::collections::BTreeMap;

use pegasus_dup::protocol::frame::decode_response;
use pegasus_dup::protocol::messages::{
    AddDuplication, ClusterInfo, ClusterInfoRequest, GetMaxReplicaCount, ListApps, ListAppsRequest,
    ListDuplication, ListNodes, ListNodesRequest, MaxReplicaCountRequest, ModifyDuplication,
    QueryConfig, QueryConfigRequest, QueryConfigResponse, QueryDuplication, Rpc,
};
use pegasus_dup::protocol::thrift::{Reader, Wire};
use pegasus_dup::server::{Behaviour, ServerConfig};
use serde_json::Value;

use crate::common::embedded;
use crate::common::peer::Peer;
use crate::common::wire::{Asked, Shown, steps};

/// Maps the dupids and times of the recording to those of the server. Two dupids of the recording
/// may be the same here, because the steps follow each other faster and a dupid is derived from a
/// second.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) ours: BTreeMap<i64, i64>,
}

impl Names {
    fn learn(&mut self, recorded: i64, got: i64) {
        // 0 and -1 are no ids, and are not mapped.
        let pair = if recorded <= 0 { (recorded, recorded) } else { (recorded, got) };
        assert_eq!(*self.ours.entry(pair.0).or_insert(got), got, "recorded {recorded}");
    }

    /// Returns the recorded value with the ids and times of the server, and learns new ones.
    pub(super) fn translate(&mut self, recorded: &Value, got: &Value) -> Value {
        match (recorded, got) {
            (Value::Object(recorded), Value::Object(got)) => {
                let mut out = serde_json::Map::new();
                for (key, value) in recorded {
                    let theirs = got.get(key).unwrap_or(&Value::Null);
                    out.insert(key.clone(), self.translate(value, theirs));
                }
                Value::Object(out)
            }
            (Value::Array(recorded), Value::Array(got)) if recorded.len() == got.len() => recorded
                .iter()
                .zip(got)
                .map(|(recorded, got)| self.translate(recorded, got))
                .collect(),
            // Only dupids and creation times are that large.
            (Value::Number(recorded), Value::Number(got)) => {
                let (recorded, got) = (recorded.as_i64().unwrap(), got.as_i64().unwrap());
                if recorded < 1_000_000_000 || got < 1_000_000_000 {
                    return recorded.into();
                }
                self.learn(recorded, got);
                got.into()
            }
            (Value::String(text), _) => {
                let mut text = text.clone();
                for (recorded, got) in &self.ours {
                    text = text.replace(&recorded.to_string(), &got.to_string());
                }
                text.into()
            }
            (recorded, _) => recorded.clone(),
        }
    }
}

async fn ask<R: Rpc>(peer: &mut Peer, request: &R::Request) -> Value
where
    R::Response: Shown,
{
    let seqid = peer.send::<R>(request).await;
    let framed = peer.receive().await.expect("an answer");
    assert_eq!(framed.seqid, seqid);
    if framed.framework != pegasus_dup::ErrorCode::Ok {
        return Value::String(framed.framework.name().to_owned());
    }
    framed.response::<R>().shown()
}

async fn replay(file: &str, behaviour: Behaviour) {
    // The clock is the default of the behaviour, because the recordings must match that.
    let server = embedded::start(embedded::config(behaviour)).await;
    let mut peer = Peer::connect(server.address()).await;
    let mut names = Names::default();
    let mut replayed = 0;
    for step in steps(file) {
        let mut asked = Asked::from_words(&step.words, behaviour.generation(), 0);
        if let Asked::Modify(request) = &mut asked {
            let recorded = i64::from(request.dupid);
            let ours = names.ours.get(&recorded).copied().unwrap_or(recorded);
            request.dupid = i32::try_from(ours).expect("a dupid");
        }
        let got = match &asked {
            Asked::Add(request) => ask::<AddDuplication>(&mut peer, request).await,
            Asked::Modify(request) => ask::<ModifyDuplication>(&mut peer, request).await,
            Asked::Query(request) => ask::<QueryDuplication>(&mut peer, request).await,
            Asked::List(request) => ask::<ListDuplication>(&mut peer, request).await,
        };
        let recorded = match &step.response["args"] {
            Value::Null => step.response["header_err"].clone(),
            args => args["0"].clone(),
        };
        let expected = names.translate(&recorded, &got);
        assert_eq!(got, expected, "{} {}", step.place, step.words);
        replayed += 1;
    }
    assert!(replayed > 20, "{replayed}");
    assert_eq!(server.would_have_died(), 0);
    server.stop().await;
}

#[tokio::test]
async fn dup_exist_responds_like_a_real_server_of_2026() {
    replay("meta-modern-a.jsonl", Behaviour::DupExist).await;
}

#[tokio::test]
async fn remote_name_responds_like_a_real_server_without_err_dup_exist() {
    replay("meta-legacy-a.jsonl", Behaviour::RemoteName).await;
}

#[tokio::test]
async fn checkpoint_responds_like_a_real_2_5_0() {
    replay("meta-2.5-a.jsonl", Behaviour::Checkpoint).await;
}

#[tokio::test]
async fn freezed_responds_like_a_real_2_3_0() {
    replay("meta-2.3-a.jsonl", Behaviour::Freezed).await;
}

/// The recorded 2.5.0 has tables with 4, 4 and 8 partitions.
#[tokio::test]
async fn tables_are_shown_like_those_of_a_real_2_5_0() {
    let config = ServerConfig {
        tables: ["dup_src:4", "dup_src2:4", "temp"].map(|table| table.parse().unwrap()).to_vec(),
        ..embedded::config(Behaviour::Checkpoint)
    };
    let server = embedded::start(config).await;
    let mut peer = Peer::connect(server.address()).await;
    let mut names = Names::default();
    let mut replayed = 0;
    for step in steps("meta-2.5-tables.jsonl") {
        let rpc = step.rpc.as_deref().expect("these lines name their RPC");
        let mut reader = Reader::new(&step.request);
        let (recorded, got) = match rpc {
            ListApps::NAME => {
                let request = ListAppsRequest::read(&mut reader).expect("a request");
                let got = ask::<ListApps>(&mut peer, &request).await;
                (step.response["args"]["0"].clone(), got)
            }
            GetMaxReplicaCount::NAME => {
                let request = MaxReplicaCountRequest::read(&mut reader).expect("a request");
                let got = ask::<GetMaxReplicaCount>(&mut peer, &request).await;
                (step.response["args"]["0"].clone(), got)
            }
            QueryConfig::NAME => {
                let request = QueryConfigRequest::read(&mut reader).expect("a request");
                let frame = decode_response(&step.payload).expect("an answer");
                let recorded = frame.response::<QueryConfigResponse>().expect("an answer").shown();
                (recorded, ask::<QueryConfig>(&mut peer, &request).await)
            }
            ListNodes::NAME => {
                let request = ListNodesRequest::read(&mut reader).expect("a request");
                (step.response["args"]["0"].clone(), ask::<ListNodes>(&mut peer, &request).await)
            }
            ClusterInfo::NAME => {
                let got = ask::<ClusterInfo>(&mut peer, &ClusterInfoRequest {}).await;
                let recorded = step.response["args"]["0"].to_string();
                let here = recorded.replace("127.0.0.1:34605", &server.address().to_string());
                (serde_json::from_str(&here).expect("still JSON"), got)
            }
            _ => continue,
        };
        assert_eq!(got, names.translate(&recorded, &got), "{} {}", step.place, step.words);
        replayed += 1;
    }
    assert_eq!(replayed, 8);
    server.stop().await;
}
