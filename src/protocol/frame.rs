//! Frames between a client and a meta server: THFT header version 0, as the Go, Python and Node
//! clients send it, version 1, as the Java client does, and the answer's frame, which has no magic.
//!
//! Nothing here does I/O: the parsers look at the bytes that have come so far and say `None` where
//! a frame is not whole yet.

use std::borrow::Cow;

use super::error_code::ErrorCode;
use super::messages::{HeaderMeta, Rpc};
use super::thrift::{DecodeError, Reader, Type, Wire, write_str};

/// Bytes of a request's header of version 0.
pub const REQUEST_HEADER: usize = 48;
/// Bytes of a header of version 1, before the struct that is its other part.
const HEADER_1: usize = 16;
/// The longest RPC name that a C++ server keeps.
pub const MAX_RPC_NAME: usize = 47;
/// What an answer's method name ends with.
pub const ANSWER_SUFFIX: &str = "_ACK";

const MAGIC: &[u8; 4] = b"THFT";
const VERSION_WORD: u32 = 0x8001_0000;
const CALL: u8 = 1;
const REPLY: u8 = 2;
const ONEWAY: u8 = 4;

/// Why bytes are not a frame. After any of these the connection can't be used further: where the
/// next frame starts is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first bytes are not `THFT`.
    #[error("wrong magic: bytes={0:02x?}")]
    BadMagic([u8; 4]),
    /// A header version other than 0 and 1.
    #[error("unsupported header version: version={0}")]
    BadHeaderVersion(u32),
    /// A header length other than 48.
    #[error("wrong header length: length={0}")]
    BadHeaderLength(u32),
    /// A frame longer than the reader takes.
    #[error("the frame is too long: length={length} limit={limit}")]
    TooLong {
        /// What the frame says of itself.
        length: u64,
        /// The most that is taken.
        limit: usize,
    },
    /// An answer whose length does not even cover the length.
    #[error("the frame's length is too small: length={0}")]
    TooShort(u32),
    /// The envelope inside the frame can't be read.
    #[error("the frame's envelope cannot be read: {0}")]
    Envelope(#[from] DecodeError),
}

/// A request as a server sees it: the envelope read, the request struct not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFrame<'a> {
    /// The RPC code name, as far as a C++ server keeps it. Bytes that are not UTF-8 are U+FFFD.
    pub name: Cow<'a, str>,
    /// What the answer must carry.
    pub seqid: i32,
    /// Which table's replica it is for; 0 = the meta server.
    pub app_id: i32,
    body: &'a [u8],
}

impl RequestFrame<'_> {
    /// Reads the request struct as a C++ server does: what stands before and after it is passed over,
    /// whatever it is, and bytes that follow are not looked at.
    pub fn request<T: Wire>(&self) -> Result<T, DecodeError> {
        let mut reader = Reader::lenient(self.body);
        reader.skip_header()?;
        let value = T::read(&mut reader)?;
        reader.skip_header()?;
        Ok(value)
    }
}

/// An answer as a client sees it: the envelope read, the answer struct not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFrame<'a> {
    /// The error code of the RPC layer.
    pub framework: ErrorCode,
    /// The method name, with `_ACK`.
    pub name: &'a str,
    /// Which request it answers.
    pub seqid: i32,
    body: &'a [u8],
}

impl AnswerFrame<'_> {
    /// Whether it answers a request of that name.
    pub fn answers(&self, request_name: &str) -> bool {
        self.name.strip_suffix(ANSWER_SUFFIX) == Some(request_name)
    }

    /// Reads the answer struct. Only with framework ERR_OK is there one.
    pub fn answer<T: Wire>(&self) -> Result<T, DecodeError> {
        let mut reader = Reader::new(self.body);
        match reader.field()? {
            Some((Type::Struct, 0)) => {}
            _ => return Err(DecodeError::BadBody),
        }
        let value = T::read(&mut reader)?;
        match reader.u8()? {
            0 => reader.finish()?,
            _ => return Err(DecodeError::BadBody),
        }
        Ok(value)
    }
}

/// The frame of a request, ready to send. `client_timeout_ms` tells the server how long the caller
/// waits.
pub fn encode_request<R: Rpc>(request: &R::Request, seqid: i32, client_timeout_ms: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(REQUEST_HEADER + 128);
    out.extend_from_slice(MAGIC);
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

/// The frame of an answer, ready to send. `name` is the request's.
pub fn encode_answer<T: Wire>(answer: &T, name: &str, seqid: i32) -> Vec<u8> {
    let mut out = start_answer(&ErrorCode::Ok, name, seqid);
    out.extend_from_slice(&[Type::Struct as u8, 0, 0]);
    answer.write(&mut out);
    out.push(Type::Stop as u8);
    end_answer(out)
}

/// The frame of a refusal by the RPC layer: no body.
pub fn encode_framework_error(framework: &ErrorCode, name: &str, seqid: i32) -> Vec<u8> {
    end_answer(start_answer(framework, name, seqid))
}

fn start_answer(framework: &ErrorCode, name: &str, seqid: i32) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(&[0; 4]);
    framework.write(&mut out);
    out.extend_from_slice(&(VERSION_WORD | u32::from(REPLY)).to_be_bytes());
    write_str(&mut out, &answer_name(name));
    out.extend_from_slice(&seqid.to_be_bytes());
    out
}

/// The method name of the answer to a request of that name: no longer than a C++ server keeps it.
pub fn answer_name(name: &str) -> String {
    let mut answer = format!("{name}{ANSWER_SUFFIX}");
    answer.truncate(answer.floor_char_boundary(MAX_RPC_NAME));
    answer
}

fn end_answer(mut out: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(out.len()).expect("an answer longer than 4 GiB");
    out[..4].copy_from_slice(&length.to_be_bytes());
    out
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

/// How long the request at the front of `bytes` is, header included; `None` where too little has
/// come to tell. Bad headers are told from as few bytes as show it.
pub fn request_length(bytes: &[u8], max_body: usize) -> Result<Option<usize>, FrameError> {
    let shown = bytes.len().min(MAGIC.len());
    if bytes[..shown] != MAGIC[..shown] {
        let mut found = [0; 4];
        found[..shown].copy_from_slice(&bytes[..shown]);
        return Err(FrameError::BadMagic(found));
    }
    let Some(version) = word(bytes, 4) else { return Ok(None) };
    let (header, length) = match version {
        0 => {
            let Some(header) = word(bytes, 8) else { return Ok(None) };
            if header != REQUEST_HEADER as u32 {
                return Err(FrameError::BadHeaderLength(header));
            }
            let Some(body) = word(bytes, 16) else { return Ok(None) };
            (REQUEST_HEADER, u64::from(body))
        }
        1 => {
            let (Some(meta), Some(body)) = (word(bytes, 8), word(bytes, 12)) else {
                return Ok(None);
            };
            (HEADER_1, u64::from(meta) + u64::from(body))
        }
        other => return Err(FrameError::BadHeaderVersion(other)),
    };
    match usize::try_from(length) {
        Ok(length) if length <= max_body => Ok(Some(header + length)),
        _ => Err(FrameError::TooLong { length, limit: max_body }),
    }
}

/// Reads the envelope of a whole request, header included, as [`request_length`] measured it.
pub fn decode_request(frame: &[u8]) -> Result<RequestFrame<'_>, FrameError> {
    let (app_id, body) = split_header(frame)?;
    let mut reader = Reader::new(body);
    let (name, kind) = match reader.u32()? {
        // The envelope as thrift wrote it before it had versions: the word is the name's length.
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
    let kept = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = String::from_utf8_lossy(&kept[..kept.len().min(MAX_RPC_NAME)]);
    let body = &body[body.len() - reader.left()..];
    Ok(RequestFrame { name, seqid, app_id, body })
}

/// The app id that the header tells, and what follows the header.
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
    // The casts between unsigned and signed keep all bits.
    Ok((word(frame, 24).unwrap_or(0) as i32, body))
}

/// How long the answer at the front of `bytes` is, its length word included; `None` where too
/// little has come to tell.
pub fn answer_length(bytes: &[u8], max_frame: usize) -> Result<Option<usize>, FrameError> {
    let Some(length) = word(bytes, 0) else { return Ok(None) };
    if length < 4 {
        return Err(FrameError::TooShort(length));
    }
    match usize::try_from(length) {
        Ok(length) if length <= max_frame => Ok(Some(length)),
        _ => Err(FrameError::TooLong { length: u64::from(length), limit: max_frame }),
    }
}

/// Reads the envelope of an answer, without its length word.
pub fn decode_answer(payload: &[u8]) -> Result<AnswerFrame<'_>, FrameError> {
    let mut reader = Reader::new(payload);
    let framework = ErrorCode::read(&mut reader)?;
    let kind = message_type(reader.u32()?)?;
    if kind != REPLY {
        return Err(DecodeError::BadMessageType(kind).into());
    }
    let name = reader.str()?;
    let seqid = reader.i32()?;
    let body = &payload[payload.len() - reader.left()..];
    Ok(AnswerFrame { framework, name, seqid, body })
}

fn message_type(word: u32) -> Result<u8, DecodeError> {
    // Thrift checks the upper half and takes the type from the lowest byte.
    if word & 0xffff_0000 != VERSION_WORD {
        return Err(DecodeError::BadVersion(word));
    }
    Ok(word as u8)
}
