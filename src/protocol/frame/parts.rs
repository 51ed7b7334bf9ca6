//! The parts of frames that all formats have.

use std::borrow::Cow;
use std::net::SocketAddrV4;

use super::native;
use crate::protocol::bare::RpcAddress;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::thrift::{DecodeError, Reader, Type, Wire};

/// The longest RPC name that a C++ server keeps.
pub const MAX_RPC_NAME: usize = 47;
/// The suffix of the name in a response, after the name of the request.
pub const RESPONSE_SUFFIX: &str = "_ACK";
/// The binary format of thrift, in which request structs are.
pub const THRIFT_BINARY: u8 = 1;
/// The JSON format of thrift, which real servers can read as well.
pub const THRIFT_JSON: u8 = 3;

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
    /// The length of a header and a body together does not fit into 32 bits.
    #[error("the length of the frame overflows: body={0}")]
    Overflow(u32),
    /// A response announces a length that is shorter than its length word.
    #[error("the frame's length is too small: length={0}")]
    TooShort(u32),
    /// A checksum in the header differs from the checksum of the bytes.
    #[error("wrong checksum: sent={sent:08x} computed={computed:08x}")]
    WrongChecksum {
        /// The checksum in the header.
        sent: u32,
        /// The checksum of the bytes that have arrived.
        computed: u32,
    },
    /// The header says that the frame is a response.
    #[error("the frame is a response and not a request")]
    NotARequest,
    /// Another server has forwarded the request. The response would have to go to a third address.
    #[error("the request was forwarded by another server")]
    Forwarded,
    /// The envelope inside the frame cannot be read.
    #[error("the frame's envelope cannot be read: {0}")]
    Envelope(#[from] DecodeError),
}

/// A format of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The format of the Go, Python, Node and Java clients.
    Thft,
    /// The native format, which the C++ shell uses.
    Native,
}

/// The header of a request, as far as the frame of the response depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Header {
    /// The response depends on nothing but the name and the number of the request.
    Thft,
    /// The header of the response is a copy with other values in some fields.
    Native(native::Header),
}

/// A request as a server sees it. The envelope has been read, but not the request struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFrame<'a> {
    pub(super) header: Header,
    /// The name of the RPC, cut off where a C++ server cuts it off. U+FFFD stands for bytes that are
    /// not UTF-8.
    pub name: Cow<'a, str>,
    /// The number that the response must repeat. Numbers of the native format have 64 bits, of which
    /// these are the lower 32.
    pub seqid: i32,
    /// The format of the request struct: [`THRIFT_BINARY`], [`THRIFT_JSON`], or a number without a
    /// meaning. Only the native format has a choice.
    pub serialize_format: u8,
    /// Whether the client understands a response of the RPC layer that names the leader.
    pub forward_supported: bool,
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

    /// Returns the response by which a follower names the leader to a client that supports this.
    pub fn forward(leader: SocketAddrV4) -> Response {
        let body = Response::new(&RpcAddress(Some(leader))).body;
        Response { framework: ErrorCode::ForwardToOthers, body }
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

/// Returns the name of an RPC, as a C++ server understands these bytes.
pub(super) fn kept_name(bytes: &[u8]) -> Cow<'_, str> {
    let kept = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(&kept[..kept.len().min(MAX_RPC_NAME)])
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
