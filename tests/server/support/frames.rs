//! Requests as bytes, for requests that our clients never send.

use pegasus_dup::protocol::frame::encode_request;
use pegasus_dup::protocol::messages::{AddDuplication, QueryDuplication, QueryRequest, Rpc};

use crate::common::peer::add;

/// Returns the frame of a valid request.
pub(crate) fn good() -> Vec<u8> {
    encode_request::<AddDuplication>(&add("temp", "target"), 7, 1000)
}

pub(crate) fn with_word(mut frame: Vec<u8>, at: usize, word: u32) -> Vec<u8> {
    frame[at..at + 4].copy_from_slice(&word.to_be_bytes());
    frame
}

/// Returns a frame with this body.
pub(crate) fn with_body(body: &[u8]) -> Vec<u8> {
    let mut frame = good()[..48].to_vec();
    frame.extend_from_slice(body);
    let length = u32::try_from(body.len()).unwrap();
    with_word(frame, 16, length)
}

/// Returns a frame with a header of version 1: the struct of the header, then the body.
pub(crate) fn with_header_1(meta: &[u8], body: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [b"THFT\0\0\0\x01", &length(meta)[..], &length(body)[..], meta, body].concat()
}

/// Returns the body of a query whose struct contains `depth` nested structs after the table.
pub(crate) fn nested(depth: usize) -> Vec<u8> {
    let query = QueryRequest { app_name: "temp".to_owned() };
    let mut body = encode_request::<QueryDuplication>(&query, 7, 1000)[48..].to_vec();
    // Removes the stops of the request and of the struct around it.
    body.truncate(body.len() - 2);
    body.extend_from_slice(&[12, 0, 99].repeat(depth));
    body.extend_from_slice(&vec![0; depth + 2]);
    body
}

/// Returns the request of an RPC with these fields.
pub(crate) fn with_struct<R: Rpc>(fields: &[u8]) -> Vec<u8> {
    let length = u32::try_from(R::NAME.len()).unwrap().to_be_bytes();
    let head =
        [&[0x80, 1, 0, 1], &length[..], R::NAME.as_bytes(), &[0, 0, 0, 7, 12, 0, 1]].concat();
    with_body(&[&head, fields, &[0, 0]].concat())
}

pub(crate) fn text(id: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[11, 0, id], &length[..], bytes].concat()
}
