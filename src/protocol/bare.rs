//! The types that rDSN defines itself. A field header calls them structs, but on the wire the value
//! is bare: it has no inner field header and no stop.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::error_code::ErrorCode;
use super::thrift::{DecodeError, Reader, Type, Wire, write_bytes, write_str};
use crate::resource::FieldValue;

impl Wire for ErrorCode {
    const TYPE: Type = Type::Struct;
    const MIN_SIZE: usize = 4;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.str().map(ErrorCode::from_name)
    }
    fn write(&self, out: &mut Vec<u8>) {
        write_str(out, self.name());
    }
    fn describe(&self, _: usize) -> FieldValue {
        FieldValue::from(self.name())
    }
}

/// A sequence of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blob(pub Vec<u8>);

impl Wire for Blob {
    const TYPE: Type = Type::Struct;
    const MIN_SIZE: usize = 4;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.bytes().map(|bytes| Blob(bytes.to_vec()))
    }
    fn write(&self, out: &mut Vec<u8>) {
        write_bytes(out, &self.0);
    }
    fn describe(&self, _: usize) -> FieldValue {
        FieldValue::Text(format!("{} bytes", self.0.len()))
    }
}

/// The id of a partition: a table id and a partition index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gpid {
    /// The id of the table.
    pub app_id: i32,
    /// The index of the partition within the table.
    pub partition_index: i32,
}

impl Wire for Gpid {
    const TYPE: Type = Type::Struct;
    const MIN_SIZE: usize = 8;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let value = reader.i64()?;
        // Two i32 are packed into one i64. The casts cut off bits and keep the sign on purpose.
        Ok(Gpid { app_id: value as i32, partition_index: (value >> 32) as i32 })
    }
    fn write(&self, out: &mut Vec<u8>) {
        let value = (i64::from(self.partition_index) << 32) | i64::from(self.app_id as u32);
        value.write(out);
    }
    fn describe(&self, _: usize) -> FieldValue {
        FieldValue::Text(format!("{}.{}", self.app_id, self.partition_index))
    }
}

/// An IPv4 address and port, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RpcAddress(pub Option<SocketAddrV4>);

impl RpcAddress {
    /// Returns the number that stands for the address.
    pub(super) fn to_bits(self) -> u64 {
        match self.0 {
            None => 0,
            Some(address) => {
                (u64::from(address.ip().to_bits()) << 32) | (u64::from(address.port()) << 16) | 1
            }
        }
    }
}

impl Wire for RpcAddress {
    const TYPE: Type = Type::Struct;
    const MIN_SIZE: usize = 8;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let value = reader.i64()? as u64;
        // Type 1 is IPv4, and 0 is "invalid". The other types name groups, which no client can
        // connect to.
        if value & 0xffff != 1 {
            return Ok(RpcAddress(None));
        }
        let port = (value >> 16) as u16;
        Ok(RpcAddress(Some(SocketAddrV4::new(Ipv4Addr::from_bits((value >> 32) as u32), port))))
    }
    fn write(&self, out: &mut Vec<u8>) {
        (self.to_bits() as i64).write(out);
    }
    fn describe(&self, _: usize) -> FieldValue {
        self.0.map(|address| address.to_string()).into()
    }
}

/// A host name and port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostPort {
    /// The name, as the server has sent it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// 1 for a host, 0 for "invalid". Other kinds name groups.
    pub kind: u8,
}

impl Wire for HostPort {
    const TYPE: Type = Type::Struct;
    const MIN_SIZE: usize = 7;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(HostPort {
            host: reader.str()?.to_owned(),
            port: reader.i16()? as u16,
            kind: reader.u8()?,
        })
    }
    fn write(&self, out: &mut Vec<u8>) {
        write_str(out, &self.host);
        out.extend_from_slice(&self.port.to_be_bytes());
        out.push(self.kind);
    }
    fn describe(&self, _: usize) -> FieldValue {
        FieldValue::Text(format!("{}:{}", self.host, self.port))
    }
}
