//! Fuzzes the reader of the native format, with headers and bodies that reach its deeper parts. The
//! reader must refuse or read any frame. The response to a frame that it reads must have the header
//! that belongs to the request, and a server must respond to the frame or close the connection.
//!
//! If the lowest bit of the first byte is set, the frame gets valid checksums. If the next bit is set,
//! the rest of the input is used as it is; otherwise it gets a valid magic and valid lengths.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::frame::{Response, decode_request, request_length};
use pegasus_dup::protocol::messages::{AddRequest, QueryConfigRequest};
use pegasus_dup::server::ClockMode;
use pegasus_dup_fuzz::{exchange, hub, runtime};

const HEADER: usize = 192;
const MAX_BODY: usize = 1 << 20;

/// Returns the CRC-32C of the bytes, computed bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}

fn word(frame: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*frame[at..].first_chunk().expect("a header"))
}

fn prepared(flags: u8, bytes: &[u8]) -> Vec<u8> {
    let mut frame = bytes.to_vec();
    if frame.len() < HEADER {
        return frame;
    }
    if flags & 2 == 0 {
        let length = u32::try_from(frame.len() - HEADER).expect("a short frame");
        frame[..4].copy_from_slice(b"RDSN");
        frame[8..12].copy_from_slice(&192_u32.to_le_bytes());
        frame[12..16].fill(0);
        frame[16..20].copy_from_slice(&length.to_le_bytes());
        frame[20..24].fill(0);
    }
    if flags & 1 == 1 {
        let body = checksum(&frame[HEADER..]);
        frame[20..24].copy_from_slice(&body.to_le_bytes());
        frame[12..16].fill(0);
        let header = checksum(&frame[..HEADER]);
        frame[12..16].copy_from_slice(&header.to_le_bytes());
    }
    frame
}

/// Checks the envelope of a request and of its response.
fn read(frame: &[u8]) {
    let Ok(Some(length)) = request_length(frame, MAX_BODY) else { return };
    let Some(whole) = frame.get(..length) else { return };
    if !whole.starts_with(b"RDSN") {
        return;
    }
    assert_eq!(length, HEADER + word(whole, 16) as usize);
    let Ok(request) = decode_request(whole) else { return };
    assert_eq!(request.seqid as u32, word(whole, 24));
    let _ = request.request::<AddRequest>();
    let _ = request.request::<QueryConfigRequest>();
    let server = "127.0.0.1:34601".parse().expect("an address");
    for response in [
        Response::framework_error(ErrorCode::HandlerNotFound),
        Response::forward(server),
        Response::new(&AddRequest {
            app_name: "temp".to_owned(),
            remote_cluster_name: "target".to_owned(),
            is_duplicating_checkpoint: None,
            remote_app_name: None,
            remote_replica_count: None,
        }),
    ] {
        let framed = request.envelope().frame(&response, Some(server));
        assert_eq!(framed.len(), HEADER + word(&framed, 16) as usize);
        assert_eq!((word(&framed, 12), word(&framed, 20)), (0, 0));
        // The number of the request, the partition and the client's fields are copied.
        for part in [0..12, 24..40, 96..104, 105..112, 120..136] {
            assert_eq!(framed[part.clone()], whole[part]);
        }
        assert_eq!(framed[104] | 1, whole[104]);
        assert_eq!(framed[112..120], [1, 0, 0x29, 0x87, 1, 0, 0, 127]);
        assert_eq!((framed[87], framed[183]), (0, 0));
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&flags, bytes)) = data.split_first() else { return };
    let frame = prepared(flags, bytes);
    read(&frame);
    let hub = hub(flags >> 2, ClockMode::Stopped);
    runtime().block_on(async {
        let back = exchange(&hub, &frame).await;
        // Every response has a header of its own.
        if frame.starts_with(b"RDSN") {
            let mut rest = &back[..];
            while !rest.is_empty() {
                assert!(rest.starts_with(b"RDSN"), "{rest:02x?}");
                rest = &rest[HEADER + word(rest, 16) as usize..];
            }
        }
    });
});
