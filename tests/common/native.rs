//! Frames of the native format. This code writes and reads them on its own, and shares nothing with the
//! crate. It also reads the recorded sessions of the C++ shell.

use std::path::Path;

use pegasus_dup::protocol::thrift::Wire;
use serde_json::Value;

use super::wire::unhex;

/// The length of a header.
pub(crate) const HEADER: usize = 192;

// The offsets of the fields of a header.
pub(crate) const HEADER_LENGTH: usize = 8;
pub(crate) const HEADER_CHECKSUM: usize = 12;
pub(crate) const BODY_LENGTH: usize = 16;
pub(crate) const BODY_CHECKSUM: usize = 20;
pub(crate) const ID: usize = 24;
pub(crate) const RPC_NAME: usize = 40;
pub(crate) const RPC_CODE: usize = 88;
pub(crate) const APP_ID: usize = 96;
pub(crate) const CONTEXT: usize = 104;
pub(crate) const FROM_ADDRESS: usize = 112;
pub(crate) const ERROR_NAME: usize = 136;

/// The context in the requests of the shell: a request in the binary format of thrift, which may be
/// forwarded.
pub(crate) const USUAL_CONTEXT: u64 = 0x441;

/// A recorded frame.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// The place in the recording, for messages.
    pub(crate) place: String,
    /// Whether the shell has sent the frame.
    pub(crate) is_request: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Returns the frames of a recorded session, in order.
pub(crate) fn recorded(file: &str) -> Vec<Recorded> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    text.lines()
        .enumerate()
        .map(|(index, line)| (index, serde_json::from_str::<Value>(line).expect("JSON")))
        .filter(|(_, line)| line.get("hex").is_some())
        .map(|(index, line)| Recorded {
            place: format!("{file}:{}", index + 1),
            is_request: line["dir"] == ">",
            bytes: unhex(line["hex"].as_str().expect("hex")),
        })
        .collect()
}

/// Returns a request as the shell sends it.
pub(crate) fn request(rpc: &str, id: u64, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; HEADER];
    frame[..4].copy_from_slice(b"RDSN");
    frame.extend_from_slice(body);
    let frame = put(frame, HEADER_LENGTH, &192_u32.to_le_bytes());
    let frame = put(frame, BODY_LENGTH, &u32::try_from(body.len()).expect("short").to_le_bytes());
    let frame = put(frame, ID, &id.to_le_bytes());
    let frame = put(frame, RPC_NAME, rpc.as_bytes());
    let frame = put(frame, RPC_CODE, &70_u32.to_le_bytes());
    let frame = put(frame, CONTEXT, &USUAL_CONTEXT.to_le_bytes());
    put(frame, FROM_ADDRESS, &[1, 0, 1, 0, 1, 0, 0, 127])
}

/// Returns the body of a request or a response with that struct.
pub(crate) fn body(value: &impl Wire) -> Vec<u8> {
    let mut out = vec![12, 0, 0];
    value.write(&mut out);
    out.push(0);
    out
}

/// Returns the frame with other bytes at that offset.
pub(crate) fn put(mut frame: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    frame
}

/// Returns the frame with its checksums.
pub(crate) fn with_checksums(frame: Vec<u8>) -> Vec<u8> {
    let of_body = checksum(&frame[HEADER..]);
    let frame = put(put(frame, BODY_CHECKSUM, &of_body.to_le_bytes()), HEADER_CHECKSUM, &[0; 4]);
    let of_header = checksum(&frame[..HEADER]);
    put(frame, HEADER_CHECKSUM, &of_header.to_le_bytes())
}

/// Returns the CRC-32C of the bytes, computed bit by bit.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}

/// Returns the number at that offset.
pub(crate) fn u32_at(frame: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*frame[at..].first_chunk().expect("four bytes"))
}

/// Returns the number at that offset.
pub(crate) fn u64_at(frame: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*frame[at..].first_chunk().expect("eight bytes"))
}

/// Returns the name at that offset, and checks that only zero bytes follow the name in its field.
pub(crate) fn name_at(frame: &[u8], at: usize) -> &str {
    let field = std::str::from_utf8(&frame[at..at + 48]).expect("UTF-8");
    let name = field.trim_end_matches('\0');
    assert!(name.len() < 48 && !name.contains('\0'), "{field:?}");
    name
}

/// Decodes the struct in the body of a frame.
pub(crate) fn decoded<T: Wire>(frame: &[u8]) -> T {
    use pegasus_dup::protocol::thrift::Reader;
    let body = &frame[HEADER..];
    assert_eq!((&body[..3], body.last()), (&[12, 0, 0][..], Some(&0)));
    let mut reader = Reader::new(&body[3..body.len() - 1]);
    let value = T::read(&mut reader).expect("a struct");
    reader.finish().expect("nothing follows");
    value
}
