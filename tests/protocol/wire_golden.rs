//! Compares the codec with the recorded bytes of real meta servers and clients.

use pegasus_dup::protocol::error_code::ErrorCode;
use pegasus_dup::protocol::frame::{
    ResponseFrame, decode_request, decode_response, encode_framework_error, encode_request,
    encode_response, request_length,
};
use pegasus_dup::protocol::generation::Generation;
use pegasus_dup::protocol::messages::{
    AddBackupPolicy, AddBackupPolicyRequest, AddDuplication, AddRequest, AddResponse, ClusterInfo,
    ClusterInfoRequest, CreateApp, CreateAppRequest, DropApp, DropAppRequest, GetMaxReplicaCount,
    ListApps, ListAppsRequest, ListDuplication, ListNodes, ListNodesRequest,
    MaxReplicaCountRequest, ModifyBackupPolicy, ModifyBackupPolicyRequest, ModifyDuplication,
    QueryBackupPolicy, QueryBackupPolicyRequest, QueryConfig, QueryConfigRequest, QueryDuplication,
    Rpc,
};
use pegasus_dup::protocol::thrift::{Reader, Wire};
use serde_json::Value;

use crate::common::wire::{Asked, Shown, Step, steps, unhex};

const RECORDINGS: [(&str, Generation, i32, usize); 4] = [
    ("meta-modern-a.jsonl", Generation::DupExist, 0, 29),
    ("meta-legacy-a.jsonl", Generation::RemoteName, 0, 29),
    ("meta-2.5-a.jsonl", Generation::Checkpoint, 0, 29),
    ("meta-2.3-a.jsonl", Generation::Freezed, 1, 51),
];

/// Decodes a response to `R`, checks that it encodes to the same bytes, and returns its fields.
fn round_trip<R: Rpc>(step: &Step, frame: &ResponseFrame<'_>) -> Value
where
    R::Response: Shown,
{
    let answer: R::Response =
        frame.response().unwrap_or_else(|error| panic!("{}: {error}", step.place));
    let again = encode_response(&answer, R::NAME, frame.seqid);
    assert_eq!(again[4..], step.payload, "{}", step.place);
    answer.shown()
}

fn shown(step: &Step, rpc: &str, frame: &ResponseFrame<'_>) -> Value {
    match rpc {
        AddDuplication::NAME => round_trip::<AddDuplication>(step, frame),
        ModifyDuplication::NAME => round_trip::<ModifyDuplication>(step, frame),
        QueryDuplication::NAME => round_trip::<QueryDuplication>(step, frame),
        ListDuplication::NAME => round_trip::<ListDuplication>(step, frame),
        ListApps::NAME => round_trip::<ListApps>(step, frame),
        QueryConfig::NAME => round_trip::<QueryConfig>(step, frame),
        GetMaxReplicaCount::NAME => round_trip::<GetMaxReplicaCount>(step, frame),
        ListNodes::NAME => round_trip::<ListNodes>(step, frame),
        ClusterInfo::NAME => round_trip::<ClusterInfo>(step, frame),
        CreateApp::NAME => round_trip::<CreateApp>(step, frame),
        DropApp::NAME => round_trip::<DropApp>(step, frame),
        AddBackupPolicy::NAME => round_trip::<AddBackupPolicy>(step, frame),
        QueryBackupPolicy::NAME => round_trip::<QueryBackupPolicy>(step, frame),
        ModifyBackupPolicy::NAME => round_trip::<ModifyBackupPolicy>(step, frame),
        other => panic!("{}: unknown RPC {other}", step.place),
    }
}

#[test]
fn recorded_responses_decode_to_the_recorded_fields_and_encode_to_the_same_bytes() {
    for (file, generation, list_match_type, count) in RECORDINGS {
        let steps = steps(file);
        assert_eq!(steps.len(), count, "{file}");
        for step in steps {
            let asked = Asked::from_words(&step.words, generation, list_match_type);
            let frame = decode_response(&step.payload).expect("an answer");
            assert!(frame.is_response_to(asked.rpc()), "{}", step.place);
            assert_eq!(frame.framework.name(), step.response["header_err"], "{}", step.place);
            assert_eq!(frame.name, step.response["msg_name"], "{}", step.place);
            assert_eq!(frame.seqid, step.response["seqid"], "{}", step.place);
            if frame.framework == ErrorCode::Ok {
                let got = shown(&step, asked.rpc(), &frame);
                assert_eq!(got, step.response["args"]["0"], "{}", step.place);
            } else {
                assert_eq!(step.response["args"], Value::Null, "{}", step.place);
                let again = encode_framework_error(&frame.framework, asked.rpc(), frame.seqid);
                assert_eq!(again[4..], step.payload, "{}", step.place);
            }
        }
    }
}

#[test]
fn our_encoder_makes_the_recorded_requests() {
    for (file, generation, list_match_type, _) in RECORDINGS {
        for step in steps(file) {
            let asked = Asked::from_words(&step.words, generation, list_match_type);
            assert_eq!(asked.encode(), step.request, "{} {}", step.place, step.words);
        }
    }
}

#[test]
fn recorded_tables_decode_and_encode_to_the_same_bytes() {
    let mut seen = 0;
    for step in steps("meta-2.5-tables.jsonl") {
        let rpc = step.rpc.clone().expect("these lines name their RPC");
        let again = match rpc.as_str() {
            ListApps::NAME => again::<ListAppsRequest>(&step),
            QueryConfig::NAME => again::<QueryConfigRequest>(&step),
            GetMaxReplicaCount::NAME => again::<MaxReplicaCountRequest>(&step),
            ListNodes::NAME => again::<ListNodesRequest>(&step),
            ClusterInfo::NAME => again::<ClusterInfoRequest>(&step),
            _ => continue,
        };
        assert_eq!(again, step.request, "{}", step.place);
        seen += 1;
        let frame = decode_response(&step.payload).expect("an answer");
        let got = shown(&step, &rpc, &frame);
        if rpc == QueryConfig::NAME {
            let there = step.words.ends_with(" dup_src");
            assert_eq!(got["1"], if there { "ERR_OK" } else { "ERR_OBJECT_NOT_FOUND" });
            let partitions = got["5"].as_array().expect("partitions").len();
            assert_eq!(partitions, if there { 4 } else { 0 });
        } else {
            assert_eq!(got, step.response["args"]["0"], "{}", step.place);
        }
    }
    assert_eq!(seen, 8);
}

#[test]
fn recorded_backup_policies_decode_and_encode_to_the_same_bytes() {
    for (file, count) in [("meta-modern-backup-a.jsonl", 114), ("meta-modern-backup-off.jsonl", 5)]
    {
        let steps = steps(file);
        assert_eq!(steps.len(), count, "{file}");
        for step in steps {
            let rpc = step.rpc.clone().expect("these lines name their RPC");
            let again = match rpc.as_str() {
                CreateApp::NAME => again::<CreateAppRequest>(&step),
                DropApp::NAME => again::<DropAppRequest>(&step),
                AddBackupPolicy::NAME => again::<AddBackupPolicyRequest>(&step),
                QueryBackupPolicy::NAME => again::<QueryBackupPolicyRequest>(&step),
                ModifyBackupPolicy::NAME => again::<ModifyBackupPolicyRequest>(&step),
                other => panic!("{}: unknown RPC {other}", step.place),
            };
            assert_eq!(again, step.request, "{}", step.place);
            let frame = decode_response(&step.payload).expect("an answer");
            assert_eq!(shown(&step, &rpc, &frame), step.response["args"]["0"], "{}", step.place);
        }
    }
}

/// Decodes a recorded request, and encodes it again.
fn again<T: Wire>(step: &Step) -> Vec<u8> {
    let mut reader = Reader::new(&step.request);
    let request = T::read(&mut reader).unwrap_or_else(|error| panic!("{}: {error}", step.place));
    let mut out = Vec::new();
    request.write(&mut out);
    out
}

/// The worked examples of the format are a request of the official Go client and two responses.
#[test]
fn the_worked_examples_match_byte_for_byte() {
    let request = unhex(
        "54484654 00000000 00000030 00000000 00000043 00000000 00000000 00000000 000002c1 00000000
         00000000 00000000
         80010001 00000016 5250435f 434d5f41 44445f44 55504c49 43415449 4f4e 00000004 0c0001
         0b0001 00000004 74656d70 0b0002 00000006 74617267 6574 020003 00 00 00",
    );
    let asked = AddRequest {
        app_name: "temp".to_owned(),
        remote_cluster_name: "target".to_owned(),
        is_duplicating_checkpoint: Some(false),
        remote_app_name: None,
        remote_replica_count: None,
    };
    assert_eq!(encode_request::<AddDuplication>(&asked, 4, 705), request);
    assert_eq!(request_length(&request, 1 << 20), Ok(Some(request.len())));
    let frame = decode_request(&request).expect("a request");
    assert_eq!((&*frame.name, frame.seqid, frame.app_id), (AddDuplication::NAME, 4, 0));
    assert_eq!(frame.request::<AddRequest>(), Ok(asked));

    let answer = |err: ErrorCode| AddResponse {
        err,
        appid: Some(1),
        dupid: Some(1_795_485_039),
        hint: None,
        remote_app_name: Some("temp".to_owned()),
        remote_replica_count: Some(3),
    };
    let created = unhex(
        "00000066 00000006 4552525f 4f4b 80010002 0000001a 5250435f 434d5f41 44445f44 55504c49
         43415449 4f4e5f41 434b 00000004 0c0000 0c0001 00000006 4552525f 4f4b 080002 00000001
         080003 6b04ed6f 0b0005 00000004 74656d70 080006 00000003 00 00",
    );
    assert_eq!(encode_response(&answer(ErrorCode::Ok), AddDuplication::NAME, 4), created);
    let exists = unhex(
        "0000006d 00000006 4552525f 4f4b 80010002 0000001a 5250435f 434d5f41 44445f44 55504c49
         43415449 4f4e5f41 434b 00000005 0c0000 0c0001 0000000d 4552525f 4455505f 45584953 54
         080002 00000001 080003 6b04ed6f 0b0005 00000004 74656d70 080006 00000003 00 00",
    );
    assert_eq!(encode_response(&answer(ErrorCode::DupExist), AddDuplication::NAME, 5), exists);
    let frame = decode_response(&exists[4..]).expect("an answer");
    assert_eq!(frame.response::<AddResponse>(), Ok(answer(ErrorCode::DupExist)));
}
