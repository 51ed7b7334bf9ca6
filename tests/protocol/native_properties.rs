//! Tests the native format with random frames.

use std::net::SocketAddrV4;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::frame::{Response, decode_request, request_length};
use pegasus_dup::protocol::messages::{AddRequest, QueryRequest};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::common::native::{
    APP_ID, BODY_LENGTH, CONTEXT, ERROR_NAME, FROM_ADDRESS, HEADER, HEADER_LENGTH, ID, RPC_CODE,
    RPC_NAME, body, put, request, with_checksums,
};

prop_compose! {
    /// A request with random values in all fields that may have any value.
    fn frame()(
        name in "[A-Z_]{0,43}",
        header in vec(any::<u8>(), HEADER),
        id: u64,
        context: u64,
        body in vec(any::<u8>(), 0..200),
        checked: bool,
    ) -> Vec<u8> {
        let usual = request(&name, id, &body);
        let kept = |frame: Vec<u8>, at: usize, length: usize| {
            put(frame, at, &usual[at..at + length])
        };
        let mut frame = [header, body].concat();
        frame[12..16].fill(0);
        frame[20..24].fill(0);
        for (at, length) in [(0, 4), (HEADER_LENGTH, 4), (BODY_LENGTH, 4), (ID, 8), (RPC_NAME, 48)] {
            frame = kept(frame, at, length);
        }
        // The two lowest bits say that the frame is a request, and not a forwarded one.
        let frame = put(frame, CONTEXT, &(context & !2 | 1).to_le_bytes());
        if checked { with_checksums(frame) } else { frame }
    }
}

fn address() -> impl Strategy<Value = Option<SocketAddrV4>> {
    option::of(any::<(u32, u16)>().prop_map(|(ip, port)| SocketAddrV4::new(ip.into(), port)))
}

proptest! {
    #[test]
    fn a_request_and_its_response_have_the_same_header_but_for_known_fields(
        sent in frame(),
        server in address(),
        query in "\\PC{0,20}",
    ) {
        prop_assert_eq!(request_length(&sent, 1 << 20), Ok(Some(sent.len())));
        for end in 0..sent.len() {
            let length = request_length(&sent[..end], 1 << 20);
            prop_assert!(length == Ok(None) || length == Ok(Some(sent.len())), "{:?}", length);
        }
        let frame = decode_request(&sent).unwrap();
        let number = |at: usize| u32::from_le_bytes(*sent[at..].first_chunk().unwrap());
        prop_assert_eq!(frame.seqid as u32, number(ID));
        prop_assert_eq!(frame.app_id as u32, number(APP_ID));
        prop_assert_eq!(u32::from(frame.serialize_format), number(CONTEXT) >> 6 & 0xf);
        prop_assert_eq!(frame.forward_supported, number(CONTEXT) & 0x400 != 0);
        let envelope = frame.envelope();
        prop_assert_eq!(envelope.name(), &*frame.name);

        let query = QueryRequest { app_name: query };
        let name = format!("{}_ACK", frame.name);
        let mut expected = sent[..HEADER].to_vec();
        expected[12..16].fill(0);
        expected[20..24].fill(0);
        expected[RPC_NAME..RPC_NAME + 48].fill(0);
        expected[ERROR_NAME..HEADER].fill(0);
        expected[RPC_CODE + 4..RPC_CODE + 8].fill(0);
        expected[CONTEXT] &= !1;
        let body = body(&query);
        let address = server.map_or([0; 8], |server| {
            let ip = server.ip().octets();
            let port = server.port().to_le_bytes();
            [1, 0, port[0], port[1], ip[3], ip[2], ip[1], ip[0]]
        });
        let code = number(RPC_CODE).wrapping_add(1).to_le_bytes();
        for (at, bytes) in [
            (BODY_LENGTH, &(body.len() as u32).to_le_bytes()[..]),
            (RPC_NAME, name.as_bytes()),
            (RPC_CODE, &code),
            (FROM_ADDRESS, &address),
            (ERROR_NAME, b"ERR_OK"),
        ] {
            expected = put(expected, at, bytes);
        }
        let got = frame.envelope().frame(&Response::new(&query), server);
        prop_assert_eq!(got, [expected, body].concat());
    }

    #[test]
    fn an_add_comes_back_as_it_was_sent(
        app_name in "\\PC{0,20}",
        remote_cluster_name in "\\PC{0,20}",
        (is_duplicating_checkpoint, remote_replica_count) in any::<(Option<bool>, Option<i32>)>(),
        remote_app_name in option::of("\\PC{0,20}"),
        id: u64,
    ) {
        let add = AddRequest {
            app_name,
            remote_cluster_name,
            is_duplicating_checkpoint,
            remote_app_name,
            remote_replica_count,
        };
        let sent = request("RPC_CM_ADD_DUPLICATION", id, &body(&add));
        prop_assert_eq!(decode_request(&sent).unwrap().request::<AddRequest>(), Ok(add));
    }

    /// Both checksums together cover every byte of a frame.
    #[test]
    fn no_damage_to_a_frame_with_checksums_goes_unnoticed(
        sent in frame().prop_map(with_checksums),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let at = at.index(sent.len());
        let mut bad = sent.clone();
        bad[at] ^= 1_u8 << bit;
        // A checksum of 0 says that there is none.
        let cleared = |at: usize| bad[at..at + 4] == [0; 4];
        prop_assume!(!cleared(12) && !cleared(20));
        let read = request_length(&bad, 1 << 20)
            .map(|length| length == Some(bad.len()) && decode_request(&bad).is_ok());
        prop_assert!(!matches!(read, Ok(true)), "{:?}", read);
    }

    #[test]
    fn no_native_bytes_make_a_reader_panic(
        bytes in vec(any::<u8>(), 0..300),
        sent in frame(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut damaged = sent;
        for (at, byte) in &damage {
            let at = at.index(damaged.len());
            damaged[at] = *byte;
        }
        let cut = damaged[..cut.index(damaged.len())].to_vec();
        for bytes in [[b"RDSN", &*bytes].concat(), damaged, cut] {
            for limit in [0, 64, 1 << 20, usize::MAX] {
                if let Ok(Some(length)) = request_length(&bytes, limit) {
                    assert!((16..=limit.saturating_add(HEADER)).contains(&length));
                }
            }
            if let Ok(frame) = decode_request(&bytes) {
                let _ = frame.request::<AddRequest>();
                let response = Response::framework_error(ErrorCode::HandlerNotFound);
                frame.envelope().frame(&response, None);
            }
        }
    }
}
