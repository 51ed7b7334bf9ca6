//! The THFT format. Requests have a header: of version 0, as the Go, Python and Node clients send it, or
//! of version 1, as the Java client does. Behind it, and in responses behind the length and the error
//! code of the RPC layer, is a thrift message with its own envelope.

use super::parts::{
    FrameError, Header, RequestFrame, Response, ResponseFrame, THRIFT_BINARY, kept_name,
    response_name, word,
};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{HeaderMeta, Rpc};
use crate::protocol::thrift::{DecodeError, Reader, Type, Wire, write_str};

pub(super) const MAGIC: [u8; 4] = *b"THFT";

/// The length of a request's header of version 0.
pub const REQUEST_HEADER: usize = 48;
/// The length of a header of version 1 before the struct that is its second part.
const HEADER_1: usize = 16;

const VERSION_WORD: u32 = 0x8001_0000;
const CALL: u8 = 1;
const REPLY: u8 = 2;
const ONEWAY: u8 = 4;

pub(super) fn encode_request<R: Rpc>(
    request: &R::Request,
    seqid: i32,
    client_timeout_ms: u32,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(REQUEST_HEADER + 128);
    out.extend_from_slice(&MAGIC);
    for word in [0, REQUEST_HEADER as u32, 0, 0, 0, 0, 0, client_timeout_ms, 0, 0, 0] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    out.extend_from_slice(&(VERSION_WORD | u32::from(CALL)).to_be_bytes());
    write_str(&mut out, R::NAME);
    out.extend_from_slice(&seqid.to_be_bytes());
    out.extend_from_slice(&[Type::Struct as u8, 0, 1]);
    request.write(&mut out);
    out.push(Type::Stop as u8);
    let body = u32::try_from(out.len() - REQUEST_HEADER).expect("a request longer than 4 GiB");
    out[16..20].copy_from_slice(&body.to_be_bytes());
    out
}

pub(super) fn encode_response(name: &str, seqid: i32, response: &Response) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + response.body.len());
    out.extend_from_slice(&[0; 4]);
    response.framework.write(&mut out);
    out.extend_from_slice(&(VERSION_WORD | u32::from(REPLY)).to_be_bytes());
    write_str(&mut out, &response_name(name));
    out.extend_from_slice(&seqid.to_be_bytes());
    out.extend_from_slice(&response.body);
    let length = u32::try_from(out.len()).expect("a response longer than 4 GiB");
    out[..4].copy_from_slice(&length.to_be_bytes());
    out
}

/// Returns the length of the request's header, and of what follows the header.
pub(super) fn request_length(bytes: &[u8]) -> Result<Option<(usize, u64)>, FrameError> {
    let Some(version) = word(bytes, 4) else { return Ok(None) };
    Ok(match version {
        0 => match word(bytes, 8) {
            Some(header) if header != REQUEST_HEADER as u32 => {
                return Err(FrameError::BadHeaderLength(header));
            }
            Some(_) | None => word(bytes, 16).map(|body| (REQUEST_HEADER, u64::from(body))),
        },
        1 => match (word(bytes, 8), word(bytes, 12)) {
            (Some(meta), Some(body)) => Some((HEADER_1, u64::from(meta) + u64::from(body))),
            _ => None,
        },
        other => return Err(FrameError::BadHeaderVersion(other)),
    })
}

pub(super) fn decode_request(frame: &[u8]) -> Result<RequestFrame<'_>, FrameError> {
    let (app_id, body) = split_header(frame)?;
    let mut reader = Reader::new(body);
    let (name, kind) = match reader.u32()? {
        // In the envelope that thrift wrote before it had versions, the word is the name's length.
        length if length & 0x8000_0000 == 0 => {
            reader = Reader::new(body);
            (reader.bytes()?, reader.u8()?)
        }
        word => (message_type(word).and_then(|kind| Ok((reader.bytes()?, kind))))?,
    };
    let seqid = reader.i32()?;
    if kind != CALL && kind != ONEWAY {
        return Err(DecodeError::BadMessageType(kind).into());
    }
    Ok(RequestFrame {
        header: Header::Thft,
        name: kept_name(name),
        seqid,
        serialize_format: THRIFT_BINARY,
        forward_supported: false,
        app_id,
        body: &body[body.len() - reader.left()..],
    })
}

/// Returns the app id in the header, and the bytes after the header.
fn split_header(frame: &[u8]) -> Result<(i32, &[u8]), DecodeError> {
    let short = |needed| DecodeError::Truncated { needed, left: frame.len() };
    if word(frame, 4) == Some(1) {
        let rest = frame.get(HEADER_1..).ok_or(short(HEADER_1))?;
        let length = word(frame, 8).and_then(|length| usize::try_from(length).ok());
        let (meta, body) =
            length.and_then(|length| rest.split_at_checked(length)).ok_or(short(HEADER_1))?;
        let meta = HeaderMeta::read(&mut Reader::lenient(meta))?;
        return Ok((meta.app_id.unwrap_or(0), body));
    }
    let body = frame.get(REQUEST_HEADER..).ok_or(short(REQUEST_HEADER))?;
    // The cast from unsigned to signed keeps all bits.
    Ok((word(frame, 24).unwrap_or(0) as i32, body))
}

pub(super) fn decode_response(payload: &[u8]) -> Result<ResponseFrame<'_>, FrameError> {
    let mut reader = Reader::new(payload);
    let framework = ErrorCode::read(&mut reader)?;
    let kind = message_type(reader.u32()?)?;
    if kind != REPLY {
        return Err(DecodeError::BadMessageType(kind).into());
    }
    let name = reader.str()?;
    let seqid = reader.i32()?;
    let body = &payload[payload.len() - reader.left()..];
    Ok(ResponseFrame { framework, name, seqid, body })
}

fn message_type(word: u32) -> Result<u8, DecodeError> {
    // Thrift checks the upper half and takes the type from the lowest byte.
    if word & 0xffff_0000 != VERSION_WORD {
        return Err(DecodeError::BadVersion(word));
    }
    Ok(word as u8)
}
