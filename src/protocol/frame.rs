//! Frames: how requests and responses stand on a connection.
//!
//! Clients speak different formats, and the first bytes of a frame tell which one. A request is read
//! into the same [`RequestFrame`] from every format, and its [`Envelope`] frames the [`Response`] in
//! the format of the request. All frames of a connection have the same format.
//!
//! Nothing here does I/O. The parsers look at the bytes that have arrived so far, and return `None`
//! while a frame is incomplete.

mod native;
mod parts;
mod thft;

use std::net::SocketAddrV4;

use super::error_code::ErrorCode;
use super::messages::Rpc;
use super::thrift::Wire;
pub use parts::{
    Format, FrameError, MAX_RPC_NAME, RESPONSE_SUFFIX, RequestFrame, Response, ResponseFrame,
    THRIFT_BINARY, THRIFT_JSON,
};
use parts::{Header, word};
pub use thft::REQUEST_HEADER;

impl Format {
    const ALL: [Format; 2] = [Format::Thft, Format::Native];

    /// Returns the first bytes of every request in this format.
    fn magic(self) -> [u8; 4] {
        match self {
            Format::Thft => thft::MAGIC,
            Format::Native => native::MAGIC,
        }
    }

    /// Returns the format of the request at the front of `bytes`, or `None` if too few bytes have
    /// arrived.
    pub fn of(bytes: &[u8]) -> Result<Option<Format>, FrameError> {
        let shown = &bytes[..bytes.len().min(4)];
        match Format::ALL.into_iter().find(|format| format.magic().starts_with(shown)) {
            Some(format) => Ok((shown.len() == 4).then_some(format)),
            None => Err(bad_magic(shown)),
        }
    }

    /// Works like [`request_length`] for a connection that uses this format, and refuses requests in
    /// another format.
    pub fn request_length(
        self,
        bytes: &[u8],
        max_body: usize,
    ) -> Result<Option<usize>, FrameError> {
        let shown = &bytes[..bytes.len().min(4)];
        if !self.magic().starts_with(shown) {
            return Err(bad_magic(shown));
        }
        let measured = match self {
            Format::Thft => thft::request_length(bytes)?,
            Format::Native => native::request_length(bytes)?,
        };
        let Some((header, length)) = measured else { return Ok(None) };
        match usize::try_from(length) {
            Ok(length) if length <= max_body => Ok(Some(header + length)),
            _ => Err(FrameError::TooLong { length, limit: max_body }),
        }
    }
}

/// Returns the error for a frame that begins with these bytes, at most four.
fn bad_magic(shown: &[u8]) -> FrameError {
    let mut found = [0; 4];
    found[..shown.len()].copy_from_slice(shown);
    FrameError::BadMagic(found)
}

impl RequestFrame<'_> {
    /// Returns the envelope for the response.
    pub fn envelope(&self) -> Envelope {
        Envelope { header: self.header.clone(), name: self.name.to_string(), seqid: self.seqid }
    }
}

/// What the frame of a request determines about the frame of its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    header: Header,
    name: String,
    seqid: i32,
}

impl Envelope {
    /// Returns the name of the RPC.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of the request.
    pub fn seqid(&self) -> i32 {
        self.seqid
    }

    /// Returns the envelope for the response to another request of the same connection.
    pub fn with_seqid(self, seqid: i32) -> Envelope {
        Envelope { seqid, ..self }
    }

    /// Returns the frame of the response. The native format names the server that responds.
    pub fn frame(&self, response: &Response, server: Option<SocketAddrV4>) -> Vec<u8> {
        match &self.header {
            Header::Thft => thft::encode_response(&self.name, self.seqid, response),
            Header::Native(header) => {
                native::encode_response(header, &self.name, self.seqid, response, server)
            }
        }
    }
}

/// Returns the frame of a request. `client_timeout_ms` tells the server how long the caller waits.
pub fn encode_request<R: Rpc>(request: &R::Request, seqid: i32, client_timeout_ms: u32) -> Vec<u8> {
    thft::encode_request::<R>(request, seqid, client_timeout_ms)
}

/// Returns the frame of a response to a request of that name.
pub fn encode_response<T: Wire>(response: &T, name: &str, seqid: i32) -> Vec<u8> {
    thft::encode_response(name, seqid, &Response::new(response))
}

/// Returns the frame by which the RPC layer refuses a request of that name.
pub fn encode_framework_error(framework: &ErrorCode, name: &str, seqid: i32) -> Vec<u8> {
    thft::encode_response(name, seqid, &Response::framework_error(framework.clone()))
}

/// Returns the length of the request at the front of `bytes`, header included, or `None` if too few
/// bytes have arrived. Reports a bad header as soon as its bytes show it.
pub fn request_length(bytes: &[u8], max_body: usize) -> Result<Option<usize>, FrameError> {
    match Format::of(bytes)? {
        Some(format) => format.request_length(bytes, max_body),
        None => Ok(None),
    }
}

/// Reads the envelope of a whole request, header included, as [`request_length`] has measured it.
pub fn decode_request(frame: &[u8]) -> Result<RequestFrame<'_>, FrameError> {
    match Format::of(frame)? {
        Some(Format::Thft) | None => thft::decode_request(frame),
        Some(Format::Native) => native::decode_request(frame),
    }
}

/// Returns the length of the response at the front of `bytes`, its length word included, or `None` if
/// too few bytes have arrived.
pub fn response_length(bytes: &[u8], max_frame: usize) -> Result<Option<usize>, FrameError> {
    let Some(length) = word(bytes, 0) else { return Ok(None) };
    if length < 4 {
        return Err(FrameError::TooShort(length));
    }
    match usize::try_from(length) {
        Ok(length) if length <= max_frame => Ok(Some(length)),
        _ => Err(FrameError::TooLong { length: u64::from(length), limit: max_frame }),
    }
}

/// Reads the envelope of a response, without its length word.
pub fn decode_response(payload: &[u8]) -> Result<ResponseFrame<'_>, FrameError> {
    thft::decode_response(payload)
}
