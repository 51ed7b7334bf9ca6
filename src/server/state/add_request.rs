//! The request to add a duplication, as the state machine receives it.
#![allow(unreachable_pub)] // `messages!` makes public structs.

use crate::protocol::frame::RequestFrame;
use crate::protocol::messages::AddRequest;
use crate::protocol::thrift::{DecodeError, Reader, Type, Wire, messages, write_bytes};
use crate::resource::FieldValue;

/// The request to add a duplication, and what the text of its fields does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Add {
    pub(crate) request: AddRequest,
    /// Whether the name of the remote table arrived as UTF-8. In `request`, U+FFFD stands for bytes
    /// that are not UTF-8.
    pub(crate) remote_table_is_utf8: bool,
}

impl Add {
    pub(crate) fn read(frame: &RequestFrame<'_>) -> Result<Add, DecodeError> {
        let request = frame.request()?;
        let RemoteTable { remote_app_name } = frame.request()?;
        let remote_table_is_utf8 =
            remote_app_name.is_none_or(|Bytes(bytes)| str::from_utf8(&bytes).is_ok());
        Ok(Add { request, remote_table_is_utf8 })
    }
}

messages! {
    /// The field of an [`AddRequest`] whose exact bytes matter.
    struct RemoteTable {
        /// The name of the remote table.
        4: remote_app_name: Option<Bytes>,
    }
}

/// The bytes of a string field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes(Vec<u8>);

impl Wire for Bytes {
    const TYPE: Type = Type::String;
    const MIN_SIZE: usize = 4;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.bytes().map(|bytes| Bytes(bytes.to_vec()))
    }
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, &self.0);
    }
    fn describe(&self, _: usize) -> FieldValue {
        FieldValue::Text(String::from_utf8_lossy(&self.0).into_owned())
    }
}
