//! The native format of Pegasus. The C++ shell uses it, and servers use it among themselves.
//!
//! A frame is a header of 192 bytes and a body. The header is a C++ struct as it lies in memory, with
//! little-endian numbers. It contains the name and the number of the request, so the body contains
//! nothing but the thrift struct.

use std::net::SocketAddrV4;

use crc::{CRC_32_ISCSI, Crc};

use super::parts::{FrameError, Header as AnyHeader, RequestFrame, Response};
use super::parts::{MAX_RPC_NAME, kept_name, response_name};
use crate::protocol::bare::RpcAddress;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::thrift::DecodeError;

pub(super) const MAGIC: [u8; 4] = *b"RDSN";

/// The length of a header.
const HEADER: usize = 192;

/// The checksum of headers and bodies, which is also known as CRC-32C. A checksum of 0 in a header means
/// that there is none.
const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

// The offsets of the fields of a header.
const HEADER_LENGTH: usize = 8;
const HEADER_CHECKSUM: usize = 12;
const BODY_LENGTH: usize = 16;
const BODY_CHECKSUM: usize = 20;
const ID: usize = 24;
const RPC_NAME: usize = 40;
const RPC_CODE: usize = 88;
const RPC_CODE_HASH: usize = 92;
const APP_ID: usize = 96;
const CONTEXT: usize = 104;
const FROM_ADDRESS: usize = 112;
const ERROR_NAME: usize = 136;
const ERROR_CODE: usize = 184;
const ERROR_CODE_HASH: usize = 188;

/// The length of the fields with names, which end with at least one zero byte.
const NAME: usize = 48;

// The bits of the context.
const IS_REQUEST: u32 = 1;
const IS_FORWARDED: u32 = 1 << 1;
const SERIALIZE_FORMAT_SHIFT: u32 = 6;
const SERIALIZE_FORMAT_MASK: u32 = 0xf;
const IS_FORWARD_SUPPORTED: u32 = 1 << 10;

/// The header of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header(Box<[u8; HEADER]>);

/// Returns the length of the request's header, and of what follows the header.
pub(super) fn request_length(bytes: &[u8]) -> Result<Option<(usize, u64)>, FrameError> {
    if let Some(length) = word(bytes, HEADER_LENGTH)
        && length != HEADER as u32
    {
        return Err(FrameError::BadHeaderLength(length));
    }
    if let Some(header) = bytes.first_chunk::<HEADER>() {
        // The checksum is that of the header with 0 in its own place.
        let mut covered = *header;
        put(&mut covered, HEADER_CHECKSUM, &[0; 4]);
        check(&covered, word(header, HEADER_CHECKSUM))?;
    }
    let Some(body) = word(bytes, BODY_LENGTH) else { return Ok(None) };
    if body.checked_add(HEADER as u32).is_none() {
        // A real server computes with 32 bits, and ends itself once the header is complete.
        return if bytes.len() < HEADER { Ok(None) } else { Err(FrameError::Overflow(body)) };
    }
    Ok(Some((HEADER, u64::from(body))))
}

pub(super) fn decode_request(frame: &[u8]) -> Result<RequestFrame<'_>, FrameError> {
    let Some((header, body)) = frame.split_first_chunk::<HEADER>() else {
        return Err(DecodeError::Truncated { needed: HEADER, left: frame.len() }.into());
    };
    check(body, word(header, BODY_CHECKSUM))?;
    // The upper half of the context has no meaning.
    let context = word(header, CONTEXT).unwrap_or(0);
    if context & IS_REQUEST == 0 {
        return Err(FrameError::NotARequest);
    }
    if context & IS_FORWARDED != 0 {
        return Err(FrameError::Forwarded);
    }
    // The casts from unsigned to signed keep all bits.
    Ok(RequestFrame {
        header: AnyHeader::Native(Header(Box::new(*header))),
        name: kept_name(&header[RPC_NAME..RPC_NAME + NAME]),
        seqid: word(header, ID).unwrap_or(0) as i32,
        serialize_format: (context >> SERIALIZE_FORMAT_SHIFT & SERIALIZE_FORMAT_MASK) as u8,
        forward_supported: context & IS_FORWARD_SUPPORTED != 0,
        app_id: word(header, APP_ID).unwrap_or(0) as i32,
        body,
    })
}

/// Returns the frame of the response. Its header is that of the request with other values in the fields
/// in which requests and responses differ.
pub(super) fn encode_response(
    request: &Header,
    name: &str,
    seqid: i32,
    response: &Response,
    server: Option<SocketAddrV4>,
) -> Vec<u8> {
    let mut header = *request.0;
    let length = u32::try_from(response.body.len()).expect("a response longer than 4 GiB");
    let context = word(&header, CONTEXT).unwrap_or(0) & !IS_REQUEST;
    // The numbers of the names differ from build to build. With 0 as their hash, the reader uses the names.
    // In a real server the number of a response is the next after that of its request.
    let code = match response.framework {
        ErrorCode::HandlerNotFound => 0,
        _ => word(&header, RPC_CODE).unwrap_or(0).wrapping_add(1),
    };
    put(&mut header, HEADER_CHECKSUM, &[0; 4]);
    put(&mut header, BODY_LENGTH, &length.to_le_bytes());
    put(&mut header, BODY_CHECKSUM, &[0; 4]);
    put(&mut header, ID, &seqid.to_le_bytes());
    put_name(&mut header, RPC_NAME, &response_name(name));
    put(&mut header, RPC_CODE, &code.to_le_bytes());
    put(&mut header, RPC_CODE_HASH, &[0; 4]);
    put(&mut header, CONTEXT, &context.to_le_bytes());
    put(&mut header, FROM_ADDRESS, &RpcAddress(server).to_bits().to_le_bytes());
    put_name(&mut header, ERROR_NAME, response.framework.name());
    put(&mut header, ERROR_CODE, &[0; 4]);
    put(&mut header, ERROR_CODE_HASH, &[0; 4]);
    [&header, &*response.body].concat()
}

/// Returns an error unless the checksum is that of the bytes, or there is no checksum.
fn check(bytes: &[u8], sent: Option<u32>) -> Result<(), FrameError> {
    let sent = sent.unwrap_or(0);
    if sent == 0 {
        return Ok(());
    }
    let computed = CHECKSUM.checksum(bytes);
    if sent == computed { Ok(()) } else { Err(FrameError::WrongChecksum { sent, computed }) }
}

/// Returns the little-endian number at that offset.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn put(header: &mut [u8; HEADER], at: usize, bytes: &[u8]) {
    header[at..at + bytes.len()].copy_from_slice(bytes);
}

/// Writes a name and the zero bytes that fill its field. Cuts the name off if it is too long.
fn put_name(header: &mut [u8; HEADER], at: usize, name: &str) {
    let mut field = [0; NAME];
    let kept = &name.as_bytes()[..name.len().min(MAX_RPC_NAME)];
    field[..kept.len()].copy_from_slice(kept);
    put(header, at, &field);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc_32c() {
        assert_eq!(CHECKSUM.checksum(b"123456789"), 0xe306_9283);
    }
}
