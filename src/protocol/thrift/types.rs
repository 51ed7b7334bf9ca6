//! The types of values, and the errors of decoding.

/// The greatest depth of nested structs and containers, which is thrift's own limit.
pub const MAX_DEPTH: u32 = 64;

/// A thrift type, as the byte before a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    /// The end of a struct.
    Stop = 0,
    /// One byte, 0 or 1.
    Bool = 2,
    /// One byte, signed.
    Byte = 3,
    /// Eight bytes, a floating-point number.
    Double = 4,
    /// Two bytes, signed.
    I16 = 6,
    /// Four bytes, signed.
    I32 = 8,
    /// Eight bytes, signed.
    I64 = 10,
    /// A length and that many bytes.
    String = 11,
    /// Fields up to a stop. One of rDSN's bare types has neither field headers nor a stop.
    Struct = 12,
    /// A key type, a value type, a count, and that many pairs.
    Map = 13,
    /// An element type, a count, and that many elements.
    Set = 14,
    /// An element type, a count, and that many elements.
    List = 15,
}

impl Type {
    pub(super) fn from_byte(byte: u8) -> Result<Type, DecodeError> {
        Ok(match byte {
            0 => Type::Stop,
            2 => Type::Bool,
            3 => Type::Byte,
            4 => Type::Double,
            6 => Type::I16,
            8 => Type::I32,
            10 => Type::I64,
            11 => Type::String,
            12 => Type::Struct,
            13 => Type::Map,
            14 => Type::Set,
            15 => Type::List,
            other => return Err(DecodeError::UnknownType(other)),
        })
    }
}

/// Why bytes could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input ends inside a value.
    #[error("the input ends early: needed={needed} left={left}")]
    Truncated {
        /// The number of bytes that the value needs.
        needed: usize,
        /// The number of bytes that were left.
        left: usize,
    },
    /// A string or a container has a negative length.
    #[error("negative length: length={0}")]
    NegativeLength(i32),
    /// A field has a type that thrift does not have.
    #[error("unknown thrift type: type={0}")]
    UnknownType(u8),
    /// A field has another type than the message declares.
    #[error("wrong type: message={message} field={field} type={found:?}")]
    WrongType {
        /// The name of the message.
        message: &'static str,
        /// The id of the field.
        field: i16,
        /// The type of the field in the input.
        found: Type,
    },
    /// The elements of a container have another type than the message declares.
    #[error("wrong element type: expected={expected:?} found={found:?}")]
    WrongElement {
        /// The type that the message declares.
        expected: Type,
        /// The type in the input.
        found: Type,
    },
    /// A mandatory field is missing.
    #[error("a field is missing: message={message} field={field}")]
    Missing {
        /// The name of the message.
        message: &'static str,
        /// The id of the field.
        field: i16,
    },
    /// Structs or containers are nested deeper than [`MAX_DEPTH`].
    #[error("nested too deep: limit={MAX_DEPTH}")]
    TooDeep,
    /// A string is not UTF-8.
    #[error("a string is not UTF-8")]
    NotUtf8,
    /// A bool is neither 0 nor 1.
    #[error("a bool is neither 0 nor 1: byte={0}")]
    NotBool(u8),
    /// There are bytes after the message.
    #[error("bytes left over behind the message: count={0}")]
    TrailingBytes(usize),
    /// The version word of an envelope is not that of thrift.
    #[error("not a thrift message: word={0:#010x}")]
    BadVersion(u32),
    /// The message type does not fit the direction of the message.
    #[error("wrong message type: type={0}")]
    BadMessageType(u8),
    /// The argument or the result in an envelope is not the expected one.
    #[error("the message's body is not a struct at the expected field")]
    BadBody,
}
