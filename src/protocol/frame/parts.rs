//! The parts of frames that all formats have.

use std::borrow::Cow;

use crate::protocol::error_code::ErrorCode;
use crate::protocol::thrift::{DecodeError, Reader, Type, Wire};

/// The longest RPC name that a C++ server keeps.
pub const MAX_RPC_NAME: usize = 47;
/// The suffix of the name in a response, after the name of the request.
pub const RESPONSE_SUFFIX: &str = "_ACK";

/// Why bytes are not a frame. The connection cannot be used any further, because it is not known where
/// the next frame starts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first bytes are not those of any format.
    #[error("wrong magic: bytes={0:02x?}")]
    BadMagic([u8; 4]),
    /// The header has an unknown version.
    #[error("unsupported header version: version={0}")]
    BadHeaderVersion(u32),
    /// The header has another length than its version has.
    #[error("wrong header length: length={0}")]
    BadHeaderLength(u32),
    /// The frame is longer than the reader accepts.
    #[error("the frame is too long: length={length} limit={limit}")]
    TooLong {
        /// The length that the frame announces.
        length: u64,
        /// The greatest length that the reader accepts.
        limit: usize,
    },
    /// A response announces a length that is shorter than its length word.
    #[error("the frame's length is too small: length={0}")]
    TooShort(u32),
    /// The envelope inside the frame cannot be read.
    #[error("the frame's envelope cannot be read: {0}")]
    Envelope(#[from] DecodeError),
}

/// A format of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The format of the Go, Python, Node and Java clients.
    Thft,
}

/// A request as a server sees it. The envelope has been read, but not the request struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFrame<'a> {
    pub(super) format: Format,
    /// The name of the RPC, cut off where a C++ server cuts it off. U+FFFD stands for bytes that are
    /// not UTF-8.
    pub name: Cow<'a, str>,
    /// The number that the response must repeat.
    pub seqid: i32,
    /// The id of the table whose replica the request is for, or 0 for the meta server.
    pub app_id: i32,
    pub(super) body: &'a [u8],
}

impl RequestFrame<'_> {
    /// Reads the request struct as a C++ server does: ignores the fields around the struct and the
    /// bytes after it, whatever they are.
    pub fn request<T: Wire>(&self) -> Result<T, DecodeError> {
        let mut reader = Reader::lenient(self.body);
        reader.skip_header()?;
        let value = T::read(&mut reader)?;
        reader.skip_header()?;
        Ok(value)
    }
}

/// A response that has no frame yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub(super) framework: ErrorCode,
    /// The response struct with what encloses it, which is the same in every format. Empty if the RPC
    /// layer refuses the request.
    pub(super) body: Vec<u8>,
}

impl Response {
    /// Returns a response with that response struct.
    pub fn new<T: Wire>(response: &T) -> Response {
        let mut body = vec![Type::Struct as u8, 0, 0];
        response.write(&mut body);
        body.push(Type::Stop as u8);
        Response { framework: ErrorCode::Ok, body }
    }

    /// Returns the response by which the RPC layer refuses a request. It has no response struct.
    pub fn framework_error(framework: ErrorCode) -> Response {
        Response { framework, body: Vec::new() }
    }
}

/// A response as a client sees it. The envelope has been read, but not the response struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseFrame<'a> {
    /// The error code of the RPC layer.
    pub framework: ErrorCode,
    /// The name of the request's RPC, with the suffix `_ACK`.
    pub name: &'a str,
    /// The number of the request.
    pub seqid: i32,
    pub(super) body: &'a [u8],
}

impl ResponseFrame<'_> {
    /// Returns whether this is the response to a request of that name.
    pub fn is_response_to(&self, request_name: &str) -> bool {
        self.name.strip_suffix(RESPONSE_SUFFIX) == Some(request_name)
    }

    /// Reads the response struct. A response has one only if `framework` is ERR_OK.
    pub fn response<T: Wire>(&self) -> Result<T, DecodeError> {
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

/// Returns the name in the response to a request of that name, cut off where a C++ server cuts it off.
pub(super) fn response_name(name: &str) -> String {
    let mut response = format!("{name}{RESPONSE_SUFFIX}");
    response.truncate(response.floor_char_boundary(MAX_RPC_NAME));
    response
}

/// Returns the big-endian number at that offset.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}
