//! The thrift binary protocol, as far as Pegasus uses it, over byte slices.
//!
//! Reading never panics, and never reserves memory for a length that the input does not have: the
//! length of a string or a container is compared with the rest of the input first. Nesting is
//! limited by [`MAX_DEPTH`].

mod message;
mod reader;
mod types;
mod wire;

pub use message::Field;
pub(crate) use message::messages;
pub use reader::Reader;
pub use types::{DecodeError, MAX_DEPTH, Type};
pub use wire::{ROOM, Wire, write_bytes, write_field, write_str};
