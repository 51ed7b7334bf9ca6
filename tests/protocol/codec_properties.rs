//! Tests the codec with random bytes and values.

use std::collections::BTreeMap;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::bare::{Gpid, HostPort, RpcAddress};
use pegasus_dup::protocol::frame::{
    decode_request, decode_response, encode_request, encode_response, request_length,
    response_length,
};
use pegasus_dup::protocol::messages::{
    AddDuplication, AddRequest, AddResponse, AppInfo, AppState, Entry, ListAppsRequest,
    ListAppsResponse, ListDuplication, ListRequest, ListResponse, ModifyRequest, ModifyResponse,
    PartitionConfig, PartitionState, QueryConfig, QueryConfigRequest, QueryConfigResponse,
    QueryRequest, QueryResponse, Rpc,
};
use pegasus_dup::protocol::thrift::{Reader, Type, Wire};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{0,12}", "\\PC{0,20}"]
}

fn error_code() -> impl Strategy<Value = ErrorCode> {
    "(ERR_OK|ERR_DUP_EXIST|ERR_BUSY|ERR_[A-Z_]{1,20})".prop_map(|name| ErrorCode::from_name(&name))
}

prop_compose! {
    fn add_request()(
        app_name in name(),
        remote_cluster_name in name(),
        is_duplicating_checkpoint in any::<Option<bool>>(),
        remote_app_name in option::of(name()),
        remote_replica_count in any::<Option<i32>>(),
    ) -> AddRequest {
        AddRequest {
            app_name,
            remote_cluster_name,
            is_duplicating_checkpoint,
            remote_app_name,
            remote_replica_count,
        }
    }
}

prop_compose! {
    fn add_answer()(
        err in error_code(),
        appid in any::<Option<i32>>(),
        dupid in any::<Option<i32>>(),
        hint in option::of(name()),
        remote_app_name in option::of(name()),
        remote_replica_count in any::<Option<i32>>(),
    ) -> AddResponse {
        AddResponse { err, appid, dupid, hint, remote_app_name, remote_replica_count }
    }
}

prop_compose! {
    fn entry()(
        (dupid, status, create_ts) in any::<(i32, i32, i64)>(),
        remote in name(),
        progress in option::of(btree_map(any::<i32>(), any::<i64>(), 0..4)),
        fail_mode in any::<Option<i32>>(),
        remote_app_name in option::of(name()),
        (remote_replica_count, mode) in any::<(Option<i32>, Option<i32>)>(),
        states in option::of(btree_map(any::<i32>(), any::<(i64, i64)>(), 0..4)),
    ) -> Entry {
        Entry {
            dupid,
            status,
            remote,
            create_ts,
            progress,
            fail_mode,
            remote_app_name,
            remote_replica_count,
            mode,
            partition_states: states.map(|states: BTreeMap<i32, (i64, i64)>| {
                states
                    .into_iter()
                    .map(|(partition, (confirmed_decree, last_committed_decree))| {
                        (partition, PartitionState { confirmed_decree, last_committed_decree })
                    })
                    .collect()
            }),
        }
    }
}

prop_compose! {
    fn list_answer()(
        err in error_code(),
        hint_message in option::of(name()),
        states in option::of(btree_map(
            name(),
            (any::<i32>(), btree_map(any::<i32>(), entry(), 0..3), option::of(name())),
            0..3,
        )),
    ) -> ListResponse {
        ListResponse {
            err,
            hint_message,
            app_states: states.map(|states: BTreeMap<_, _>| {
                states
                    .into_iter()
                    .map(|(table, (appid, duplications, app_name))| {
                        let partition_count = Some(appid);
                        (table, AppState { appid, duplications, app_name, partition_count })
                    })
                    .collect()
            }),
        }
    }
}

fn address() -> impl Strategy<Value = RpcAddress> {
    any::<Option<(u32, u16)>>().prop_map(|address| {
        RpcAddress(address.map(|(ip, port)| std::net::SocketAddrV4::new(ip.into(), port)))
    })
}

fn host_port() -> impl Strategy<Value = HostPort> {
    (name(), any::<u16>(), any::<u8>()).prop_map(|(host, port, kind)| HostPort { host, port, kind })
}

prop_compose! {
    fn partition()(
        (app_id, partition_index) in any::<(i32, i32)>(),
        (ballot, max_replica_count, last_committed_decree) in any::<(i64, i32, i64)>(),
        primary in address(),
        secondaries in vec(address(), 0..3),
        last_drops in vec(address(), 0..3),
        hp_primary in option::of(host_port()),
        hp_secondaries in option::of(vec(host_port(), 0..3)),
    ) -> PartitionConfig {
        PartitionConfig {
            pid: Gpid { app_id, partition_index },
            ballot,
            max_replica_count,
            primary,
            secondaries,
            last_drops,
            last_committed_decree,
            partition_flags: max_replica_count,
            hp_primary,
            hp_secondaries,
            hp_last_drops: None,
        }
    }
}

prop_compose! {
    fn config_answer()(
        err in error_code(),
        (app_id, partition_count, is_stateful) in any::<(Option<i32>, Option<i32>, Option<bool>)>(),
        partitions in option::of(vec(partition(), 0..4)),
    ) -> QueryConfigResponse {
        QueryConfigResponse { err, app_id, partition_count, is_stateful, partitions }
    }
}

/// Decodes a value. If this succeeds, encodes the value, and checks that it decodes to the same
/// value.
fn read_any<T: Wire + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(value) = T::read(&mut Reader::new(bytes)) {
        let mut again = Vec::new();
        value.write(&mut again);
        assert_eq!(T::read(&mut Reader::new(&again)), Ok(value));
    }
}

fn read_all(bytes: &[u8]) {
    let _ = AddRequest::read(&mut Reader::lenient(bytes));
    let _ = QueryConfigRequest::read(&mut Reader::lenient(bytes));
    let _ = ListResponse::read(&mut Reader::lenient(bytes));
    read_any::<AddRequest>(bytes);
    read_any::<AddResponse>(bytes);
    read_any::<ModifyRequest>(bytes);
    read_any::<ModifyResponse>(bytes);
    read_any::<QueryRequest>(bytes);
    read_any::<QueryResponse>(bytes);
    read_any::<ListRequest>(bytes);
    read_any::<ListResponse>(bytes);
    read_any::<ListAppsRequest>(bytes);
    read_any::<ListAppsResponse>(bytes);
    read_any::<AppInfo>(bytes);
    read_any::<QueryConfigRequest>(bytes);
    read_any::<QueryConfigResponse>(bytes);
    for kind in [Type::Struct, Type::List, Type::Set, Type::Map, Type::String, Type::Double] {
        let _ = Reader::new(bytes).skip(kind);
    }
    if let Ok(frame) = decode_request(bytes) {
        let _ = frame.request::<AddRequest>();
        let _ = frame.request::<QueryConfigRequest>();
    }
    if let Ok(frame) = decode_response(bytes) {
        let _ = frame.response::<ListResponse>();
        let _ = frame.response::<QueryConfigResponse>();
    }
    for limit in [0, 64, 1 << 20, usize::MAX] {
        if let Ok(Some(length)) = request_length(bytes, limit) {
            assert!((16..=limit.saturating_add(48)).contains(&length));
        }
        if let Ok(Some(length)) = response_length(bytes, limit) {
            assert!((4..=limit).contains(&length));
        }
    }
}

proptest! {
    #[test]
    fn an_add_comes_back_as_it_was_sent(request in add_request(), seqid: i32, timeout: u32) {
        let bytes = encode_request::<AddDuplication>(&request, seqid, timeout);
        prop_assert_eq!(request_length(&bytes, 1 << 20), Ok(Some(bytes.len())));
        let frame = decode_request(&bytes).unwrap();
        prop_assert_eq!((&*frame.name, frame.seqid), (AddDuplication::NAME, seqid));
        prop_assert_eq!(frame.request::<AddRequest>(), Ok(request));
        // No prefix is a complete request.
        for end in 0..bytes.len() {
            let length = request_length(&bytes[..end], 1 << 20);
            prop_assert!(length == Ok(None) || length == Ok(Some(bytes.len())), "{:?}", length);
        }
    }

    #[test]
    fn answers_come_back_as_they_were_sent(
        add in add_answer(),
        list in list_answer(),
        config in config_answer(),
        seqid: i32,
    ) {
        let bytes = encode_response(&add, AddDuplication::NAME, seqid);
        prop_assert_eq!(response_length(&bytes, 1 << 20), Ok(Some(bytes.len())));
        let frame = decode_response(&bytes[4..]).unwrap();
        prop_assert!(frame.is_response_to(AddDuplication::NAME));
        prop_assert_eq!((&frame.framework, frame.seqid), (&ErrorCode::Ok, seqid));
        prop_assert_eq!(frame.response::<AddResponse>(), Ok(add));
        let bytes = encode_response(&list, ListDuplication::NAME, seqid);
        prop_assert_eq!(decode_response(&bytes[4..]).unwrap().response::<ListResponse>(), Ok(list));
        let bytes = encode_response(&config, QueryConfig::NAME, seqid);
        let got = decode_response(&bytes[4..]).unwrap().response::<QueryConfigResponse>();
        prop_assert_eq!(got, Ok(config));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    /// A damaged response reaches deeper parts of the decoder than random bytes.
    #[test]
    fn no_damage_makes_a_reader_panic(
        list in list_answer(),
        config in config_answer(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut answers = [Vec::new(), Vec::new()];
        list.write(&mut answers[0]);
        config.write(&mut answers[1]);
        for mut bytes in answers {
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            read_all(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            read_all(&bytes);
        }
    }
}
