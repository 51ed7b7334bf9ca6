//! Fuzzes the thrift codec. The codec must refuse or decode any input, and a decoded message must
//! stay the same when it is encoded and decoded again.
//!
//! The first byte selects the type of the message in the rest of the input.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use pegasus_dup::protocol::messages::*;
use pegasus_dup::protocol::thrift::{Reader, Wire};

fn read<T: Wire + PartialEq + Debug>(bytes: &[u8]) {
    let Ok(value) = T::read(&mut Reader::new(bytes)) else { return };
    let mut written = Vec::new();
    value.write(&mut written);
    let mut reader = Reader::new(&written);
    assert_eq!(T::read(&mut reader).expect("what was written can be read"), value);
    reader.finish().expect("all of it");
}

fuzz_target!(|data: &[u8]| {
    let Some((&which, bytes)) = data.split_first() else { return };
    match which % 18 {
        0 => read::<AddRequest>(bytes),
        1 => read::<AddResponse>(bytes),
        2 => read::<ModifyRequest>(bytes),
        3 => read::<ModifyResponse>(bytes),
        4 => read::<QueryRequest>(bytes),
        5 => read::<QueryResponse>(bytes),
        6 => read::<ListRequest>(bytes),
        7 => read::<ListResponse>(bytes),
        8 => read::<ListAppsRequest>(bytes),
        9 => read::<ListAppsResponse>(bytes),
        10 => read::<QueryConfigRequest>(bytes),
        11 => read::<QueryConfigResponse>(bytes),
        12 => read::<MaxReplicaCountRequest>(bytes),
        13 => read::<MaxReplicaCountResponse>(bytes),
        14 => read::<ListNodesRequest>(bytes),
        15 => read::<ListNodesResponse>(bytes),
        16 => read::<ClusterInfoRequest>(bytes),
        _ => read::<ClusterInfoResponse>(bytes),
    }
});
