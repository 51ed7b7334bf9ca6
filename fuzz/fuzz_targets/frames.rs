//! Fuzzes what a server reads: any bytes over a connection. The server must not panic or hang.
//! Afterwards it must serve another connection, and the table must have at most one duplication to
//! a cluster.
//!
//! The first byte selects the generation as which the server behaves.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pegasus_dup::protocol::frame::{
    response_length, decode_response, decode_request, encode_request, request_length,
};
use pegasus_dup::protocol::messages::{QueryDuplication, QueryRequest};
use pegasus_dup::server::ClockMode;
use pegasus_dup_fuzz::{exchange, hub, runtime};

fuzz_target!(|data: &[u8]| {
    let Some((&which, bytes)) = data.split_first() else { return };
    if let Ok(Some(length)) = request_length(bytes, 1 << 20) {
        let _ = bytes.get(..length).map(decode_request);
    }
    if let Ok(Some(length)) = response_length(bytes, 1 << 20) {
        let _ = bytes.get(..length).map(|frame| decode_response(&frame[4..]));
    }
    let hub = hub(which, if which >= 128 { ClockMode::Real } else { ClockMode::Stopped });
    runtime().block_on(async {
        exchange(&hub, bytes).await;
        let query = QueryRequest { app_name: "temp".to_owned() };
        let back = exchange(&hub, &encode_request::<QueryDuplication>(&query, 7, 1000)).await;
        let frame = decode_response(&back[4..]).expect("an answer");
        assert_eq!(frame.seqid, 7);
        let answer =
            frame.response::<<QueryDuplication as pegasus_dup::protocol::messages::Rpc>::Response>();
        let entries = answer.expect("a query's answer").entry_list.unwrap_or_default();
        assert!(entries.len() <= 1, "{entries:?}");
    });
});
