//! Compares the native format with the recorded frames of the C++ shell and of a real meta server.

use std::net::SocketAddrV4;

use pegasus_dup::protocol::error_code::ErrorCode;
use pegasus_dup::protocol::frame::{
    Format, FrameError, RequestFrame, Response, THRIFT_BINARY, decode_request, request_length,
};
use pegasus_dup::protocol::messages::{
    AddDuplication, ClusterInfo, CreateApp, DropApp, ListApps, ListDuplication, ListNodes,
    ModifyDuplication, QueryConfig, QueryDuplication, Rpc,
};

use crate::common::native::{
    BODY_CHECKSUM, BODY_LENGTH, CONTEXT, ERROR_NAME, FROM_ADDRESS, HEADER, HEADER_CHECKSUM,
    HEADER_LENGTH, ID, RPC_CODE, RPC_NAME, Recorded, USUAL_CONTEXT, body, checksum, decoded,
    name_at, put, recorded, request, u32_at, u64_at, with_checksums,
};

/// The address of the recorded server.
fn server(response: &[u8]) -> SocketAddrV4 {
    let bits = u64_at(response, FROM_ADDRESS);
    SocketAddrV4::new(((bits >> 32) as u32).into(), (bits >> 16) as u16)
}

/// Decodes a recorded request and its recorded response, and encodes both again.
fn again<R: Rpc>(frame: &RequestFrame<'_>, response: &[u8]) -> (Vec<u8>, Vec<u8>)
where
    R::Request: PartialEq + std::fmt::Debug,
{
    let asked = frame.request::<R::Request>().expect("a request struct");
    let response = frame
        .envelope()
        .frame(&Response::new(&decoded::<R::Response>(response)), Some(server(response)));
    (body(&asked), response)
}

#[test]
fn recorded_requests_decode_and_recorded_responses_encode_to_the_same_bytes() {
    let mut seen = 0;
    for file in ["shell-native-a.jsonl", "shell-native-frames.jsonl"] {
        let frames = recorded(file);
        for (sent, received) in frames.iter().filter(|frame| frame.is_request).map(|sent| {
            let id = u64_at(&sent.bytes, ID);
            let response = |frame: &&Recorded| !frame.is_request && u64_at(&frame.bytes, ID) == id;
            (sent, frames.iter().find(response).expect("a response"))
        }) {
            let (place, bytes) = (&sent.place, &sent.bytes);
            assert_eq!(Format::of(bytes), Ok(Some(Format::Native)), "{place}");
            assert_eq!(request_length(bytes, 1 << 20), Ok(Some(bytes.len())), "{place}");
            let frame = decode_request(bytes).unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(&*frame.name, name_at(bytes, RPC_NAME), "{place}");
            assert_eq!(i64::from(frame.seqid), u64_at(bytes, ID) as i64, "{place}");
            assert_eq!(frame.app_id, 0, "{place}");
            assert_eq!(frame.serialize_format, THRIFT_BINARY, "{place}");
            assert!(frame.forward_supported, "{place}");
            let (request, response) = match &*frame.name {
                AddDuplication::NAME => again::<AddDuplication>(&frame, &received.bytes),
                ModifyDuplication::NAME => again::<ModifyDuplication>(&frame, &received.bytes),
                QueryDuplication::NAME => again::<QueryDuplication>(&frame, &received.bytes),
                ListDuplication::NAME => again::<ListDuplication>(&frame, &received.bytes),
                ListApps::NAME => again::<ListApps>(&frame, &received.bytes),
                QueryConfig::NAME => again::<QueryConfig>(&frame, &received.bytes),
                ListNodes::NAME => again::<ListNodes>(&frame, &received.bytes),
                ClusterInfo::NAME => again::<ClusterInfo>(&frame, &received.bytes),
                CreateApp::NAME => again::<CreateApp>(&frame, &received.bytes),
                DropApp::NAME => again::<DropApp>(&frame, &received.bytes),
                other => panic!("{place}: {other}"),
            };
            assert_eq!(request, bytes[HEADER..], "{place}");
            assert_eq!(response, received.bytes, "{}", received.place);
            seen += 1;
        }
    }
    assert_eq!(seen, 29);
}

#[test]
fn a_request_without_a_handler_gets_a_header_and_no_body() {
    let frame = request("RPC_CM_NO_SUCH_THING", 7, b"");
    let response = decode_request(&frame)
        .expect("a request")
        .envelope()
        .frame(&Response::framework_error(ErrorCode::HandlerNotFound), None);
    assert_eq!(response.len(), HEADER);
    assert_eq!(name_at(&response, RPC_NAME), "RPC_CM_NO_SUCH_THING_ACK");
    assert_eq!(name_at(&response, ERROR_NAME), "ERR_HANDLER_NOT_FOUND");
    assert_eq!((u32_at(&response, RPC_CODE), u64_at(&response, FROM_ADDRESS)), (0, 0));
    assert_eq!(u64_at(&response, CONTEXT), 0x440);
}

#[test]
fn the_response_that_names_the_leader() {
    let frame = request(AddDuplication::NAME, 7, b"");
    let leader = "127.0.0.1:34601".parse().expect("an address");
    let response = decode_request(&frame)
        .expect("a request")
        .envelope()
        .frame(&Response::forward(leader), None);
    assert_eq!(name_at(&response, ERROR_NAME), "ERR_FORWARD_TO_OTHERS");
    assert_eq!(response[HEADER..], [12, 0, 0, 127, 0, 0, 1, 0x87, 0x29, 0, 1, 0]);
}

#[test]
fn headers_that_no_request_has_are_refused() {
    let frame = request(QueryDuplication::NAME, 7, &[12, 0, 0, 0, 0]);
    let measured = |frame: &[u8]| request_length(frame, 1 << 20).expect_err("refused");
    for length in [0, 48, 191, 193, u32::MAX] {
        let bad = put(frame.clone(), HEADER_LENGTH, &length.to_le_bytes());
        assert_eq!(measured(&bad), FrameError::BadHeaderLength(length));
        // The length is refused as soon as it has arrived.
        assert_eq!(measured(&bad[..12]), FrameError::BadHeaderLength(length));
        assert_eq!(request_length(&bad[..11], 1 << 20), Ok(None));
    }
    for length in [(1_u32 << 20) + 1, 0xffff_ff3f] {
        let bad = put(frame.clone(), BODY_LENGTH, &length.to_le_bytes());
        let too_long = FrameError::TooLong { length: u64::from(length), limit: 1 << 20 };
        assert_eq!(measured(&bad[..20]), too_long);
    }
    // A real server adds the lengths modulo 2^32 when the header is complete.
    for length in [0xffff_ff40_u32, u32::MAX] {
        let bad = put(frame.clone(), BODY_LENGTH, &length.to_le_bytes());
        assert_eq!(request_length(&bad[..191], 1 << 20), Ok(None));
        assert_eq!(measured(&bad[..192]), FrameError::Overflow(length));
    }
    let decoded = |frame: &[u8]| decode_request(frame).expect_err("refused");
    let with_context = |context: u64| put(frame.clone(), CONTEXT, &context.to_le_bytes());
    assert_eq!(decoded(&with_context(0x440)), FrameError::NotARequest);
    assert_eq!(decoded(&with_context(0x443)), FrameError::Forwarded);
    let native_then_thft = Format::Native.request_length(b"THFT", 1 << 20);
    assert_eq!(native_then_thft, Err(FrameError::BadMagic(*b"THFT")));
    assert_eq!(Format::Thft.request_length(b"R", 1), Err(FrameError::BadMagic([b'R', 0, 0, 0])));
}

#[test]
fn checksums_are_compared_unless_they_are_0() {
    assert_eq!(checksum(b"123456789"), 0xe306_9283);
    let frame = with_checksums(request(QueryDuplication::NAME, 7, &[12, 0, 0, 0, 0]));
    assert_eq!(request_length(&frame, 1 << 20), Ok(Some(frame.len())));
    decode_request(&frame).expect("a request");
    let sent = u32_at(&frame, HEADER_CHECKSUM);
    let bad = put(frame.clone(), ID, &[8]);
    let computed = checksum(&put(bad[..HEADER].to_vec(), HEADER_CHECKSUM, &[0; 4]));
    let wrong = Err(FrameError::WrongChecksum { sent, computed });
    assert_eq!(request_length(&bad, 1 << 20), wrong);
    let bad = put(frame.clone(), HEADER, &[11]);
    let sent = u32_at(&frame, BODY_CHECKSUM);
    let computed = checksum(&bad[HEADER..]);
    assert_eq!(decode_request(&bad), Err(FrameError::WrongChecksum { sent, computed }));
    let unchecked = put(put(bad, BODY_CHECKSUM, &[0; 4]), HEADER_CHECKSUM, &[0; 4]);
    assert_eq!(request_length(&unchecked, 1 << 20), Ok(Some(frame.len())));
    decode_request(&unchecked).expect("a request");
    // The checksums of a request are not those of the response.
    let response = decode_request(&frame)
        .expect("a request")
        .envelope()
        .frame(&Response::framework_error(ErrorCode::Ok), None);
    assert_eq!((u32_at(&response, HEADER_CHECKSUM), u32_at(&response, BODY_CHECKSUM)), (0, 0));
}

#[test]
fn a_name_is_read_within_its_field() {
    let longest = "X".repeat(47);
    for (name, read, response) in [
        (&b"RPC_X\0RPC_Y"[..], "RPC_X", "RPC_X_ACK"),
        (b"", "", "_ACK"),
        (b"RPC_\xff", "RPC_\u{fffd}", "RPC_\u{fffd}_ACK"),
        (longest.as_bytes(), &longest, &longest),
        ("X".repeat(48).as_bytes(), &longest, &longest),
        ("X".repeat(45).as_bytes(), &longest[..45], &format!("{}_A", &longest[..45])),
    ] {
        let frame = put(request("", 7, b""), RPC_NAME, name);
        let frame = decode_request(&frame).expect("a request");
        assert_eq!(frame.name, read);
        let framed = frame.envelope().frame(&Response::framework_error(ErrorCode::Ok), None);
        assert_eq!(name_at(&framed, RPC_NAME), response);
    }
    assert_eq!(USUAL_CONTEXT >> 6 & 0xf, u64::from(THRIFT_BINARY));
}
