//! The thrift binary protocol, as far as Pegasus uses it, over byte slices.
//!
//! Reading never panics, and never allocates by a length that the input hasn't got: a string or a
//! container is checked against what is left before anything is reserved. Nesting is bounded by
//! [`MAX_DEPTH`].

use std::collections::BTreeMap;

/// How deep structs and containers may nest before reading gives up: as deep as thrift itself reads.
pub const MAX_DEPTH: u32 = 64;

/// A thrift field type, as the byte that stands before a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    /// End of a struct.
    Stop = 0,
    /// One byte, 0 or 1.
    Bool = 2,
    /// One byte, signed.
    Byte = 3,
    /// Eight bytes, floating point.
    Double = 4,
    /// Two bytes, signed.
    I16 = 6,
    /// Four bytes, signed.
    I32 = 8,
    /// Eight bytes, signed.
    I64 = 10,
    /// Length and bytes.
    String = 11,
    /// Fields up to a stop; or one of rDSN's bare types, which have neither.
    Struct = 12,
    /// Key type, value type, count, pairs.
    Map = 13,
    /// Element type, count, elements.
    Set = 14,
    /// Element type, count, elements.
    List = 15,
}

impl Type {
    fn from_byte(byte: u8) -> Result<Type, DecodeError> {
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

/// Why bytes could not be read as what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input ends inside a value.
    #[error("the input ends early: needed={needed} left={left}")]
    Truncated {
        /// Bytes that the value needs.
        needed: usize,
        /// Bytes that were left.
        left: usize,
    },
    /// A string or container with a negative length.
    #[error("negative length: length={0}")]
    NegativeLength(i32),
    /// A field type that thrift does not have.
    #[error("unknown thrift type: type={0}")]
    UnknownType(u8),
    /// A field of another type than the message says.
    #[error("wrong type: message={message} field={field} type={found:?}")]
    WrongType {
        /// The message.
        message: &'static str,
        /// The field's id.
        field: i16,
        /// The type that was found.
        found: Type,
    },
    /// A container whose elements have another type than the message says.
    #[error("wrong element type: expected={expected:?} found={found:?}")]
    WrongElement {
        /// What the message says.
        expected: Type,
        /// What was found.
        found: Type,
    },
    /// A field that must be there isn't.
    #[error("a field is missing: message={message} field={field}")]
    Missing {
        /// The message.
        message: &'static str,
        /// The field's id.
        field: i16,
    },
    /// Structs or containers nested deeper than [`MAX_DEPTH`].
    #[error("nested too deep: limit={MAX_DEPTH}")]
    TooDeep,
    /// A string that is not UTF-8.
    #[error("a string is not UTF-8")]
    NotUtf8,
    /// A bool that is neither 0 nor 1.
    #[error("a bool is neither 0 nor 1: byte={0}")]
    NotBool(u8),
    /// Bytes left over behind the message.
    #[error("bytes left over behind the message: count={0}")]
    TrailingBytes(usize),
    /// The version word of an envelope is not thrift's.
    #[error("not a thrift message: word={0:#010x}")]
    BadVersion(u32),
    /// Another message type than the direction allows.
    #[error("wrong message type: type={0}")]
    BadMessageType(u8),
    /// An envelope whose argument or result is not the one expected.
    #[error("the message's body is not a struct at the expected field")]
    BadBody,
}

/// Reads values off the front of a slice.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    depth: u32,
    lenient: bool,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, depth: 0, lenient: false }
    }

    /// A reader at the start of `bytes` that takes what a C++ server takes: a known field of another
    /// type counts as absent, the element types of containers are not looked at, a bool is true
    /// unless it is 0, and a string may be any bytes (those that are not UTF-8 become U+FFFD).
    pub fn lenient(bytes: &'a [u8]) -> Reader<'a> {
        Reader { lenient: true, ..Reader::new(bytes) }
    }

    /// Whether it takes what a C++ server takes.
    pub fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Ends reading: an error if anything is left.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes(left)),
        }
    }

    fn take(&mut self, needed: usize) -> Result<&'a [u8], DecodeError> {
        let left = self.rest.len();
        let (taken, rest) =
            self.rest.split_at_checked(needed).ok_or(DecodeError::Truncated { needed, left })?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let left = self.rest.len();
        let (taken, rest) =
            self.rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated { needed: N, left })?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes, signed.
    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.array().map(i16::from_be_bytes)
    }

    /// Four bytes, signed.
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        self.array().map(i32::from_be_bytes)
    }

    /// Four bytes, unsigned.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, signed.
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        self.array().map(i64::from_be_bytes)
    }

    /// A length that the input can still hold: `count` elements of at least `each` bytes.
    fn count(&mut self, each: usize) -> Result<usize, DecodeError> {
        let count = self.i32()?;
        let count = usize::try_from(count).map_err(|_| DecodeError::NegativeLength(count))?;
        let needed = count.saturating_mul(each);
        if needed > self.rest.len() {
            return Err(DecodeError::Truncated { needed, left: self.rest.len() });
        }
        Ok(count)
    }

    /// A string's bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.count(1)?;
        self.take(length)
    }

    /// A string, which must be UTF-8.
    pub fn str(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::NotUtf8)
    }

    /// A string as text.
    fn text(&mut self) -> Result<String, DecodeError> {
        if self.lenient {
            return self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        }
        self.str().map(str::to_owned)
    }

    /// Passes over the header of a field, or a stop, whatever type it names.
    pub fn skip_header(&mut self) -> Result<(), DecodeError> {
        if self.u8()? != Type::Stop as u8 {
            self.i16()?;
        }
        Ok(())
    }

    /// The header of the next field, or `None` at the stop.
    pub fn field(&mut self) -> Result<Option<(Type, i16)>, DecodeError> {
        match Type::from_byte(self.u8()?)? {
            Type::Stop => Ok(None),
            kind => Ok(Some((kind, self.i16()?))),
        }
    }

    /// Runs `read` one level deeper.
    pub fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if self.depth == MAX_DEPTH {
            return Err(DecodeError::TooDeep);
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Passes over a value of a field that the reader doesn't know. rDSN's bare types can't be
    /// passed over this way: they look like structs and aren't.
    pub fn skip(&mut self, kind: Type) -> Result<(), DecodeError> {
        match kind {
            Type::Stop => Ok(()),
            Type::Bool | Type::Byte => self.take(1).map(drop),
            Type::I16 => self.take(2).map(drop),
            Type::I32 => self.take(4).map(drop),
            Type::I64 | Type::Double => self.take(8).map(drop),
            Type::String => self.bytes().map(drop),
            Type::Struct => self.nested(|reader| {
                while let Some((kind, _)) = reader.field()? {
                    reader.skip(kind)?;
                }
                Ok(())
            }),
            Type::List | Type::Set => self.nested(|reader| {
                let element = Type::from_byte(reader.u8()?)?;
                for _ in 0..reader.count(1)? {
                    reader.skip_element(element)?;
                }
                Ok(())
            }),
            Type::Map => self.nested(|reader| {
                let (key, value) = (Type::from_byte(reader.u8()?)?, Type::from_byte(reader.u8()?)?);
                for _ in 0..reader.count(2)? {
                    reader.skip_element(key)?;
                    reader.skip_element(value)?;
                }
                Ok(())
            }),
        }
    }

    /// An element's type is never a stop: such a "container" would be a loop over nothing.
    fn skip_element(&mut self, kind: Type) -> Result<(), DecodeError> {
        match kind {
            Type::Stop => Err(DecodeError::UnknownType(0)),
            kind => self.skip(kind),
        }
    }
}

/// Something with a place on the wire: a thrift base type, a container, a message, or one of
/// rDSN's bare types.
pub trait Wire: Sized {
    /// The type byte before it.
    const TYPE: Type;
    /// The fewest bytes that one takes: containers are checked against it before they are read.
    const MIN_SIZE: usize;
    /// Reads one, without its field header.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
    /// Writes it, without its field header.
    fn write(&self, out: &mut Vec<u8>);
}

/// Writes a field header and its value.
pub fn write_field<T: Wire>(out: &mut Vec<u8>, id: i16, value: &T) {
    out.push(T::TYPE as u8);
    out.extend_from_slice(&id.to_be_bytes());
    value.write(out);
}

/// Writes a length. Nothing that we write comes near `i32::MAX`; a length beyond it is a defect.
fn write_length(out: &mut Vec<u8>, length: usize) {
    let length = i32::try_from(length).expect("a value longer than thrift can say");
    out.extend_from_slice(&length.to_be_bytes());
}

/// Writes a string.
pub fn write_str(out: &mut Vec<u8>, value: &str) {
    write_bytes(out, value.as_bytes());
}

/// Writes a string's bytes.
pub fn write_bytes(out: &mut Vec<u8>, value: &[u8]) {
    write_length(out, value.len());
    out.extend_from_slice(value);
}

impl Wire for bool {
    const TYPE: Type = Type::Bool;
    const MIN_SIZE: usize = 1;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ if reader.lenient => Ok(true),
            other => Err(DecodeError::NotBool(other)),
        }
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Wire for i32 {
    const TYPE: Type = Type::I32;
    const MIN_SIZE: usize = 4;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.i32()
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl Wire for i64 {
    const TYPE: Type = Type::I64;
    const MIN_SIZE: usize = 8;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.i64()
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl Wire for String {
    const TYPE: Type = Type::String;
    const MIN_SIZE: usize = 4;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.text()
    }
    fn write(&self, out: &mut Vec<u8>) {
        write_str(out, self);
    }
}

impl Reader<'_> {
    fn expect_element(&self, expected: Type, found: u8) -> Result<(), DecodeError> {
        if self.lenient {
            return Ok(());
        }
        let found = Type::from_byte(found)?;
        if found == expected { Ok(()) } else { Err(DecodeError::WrongElement { expected, found }) }
    }
}

impl<T: Wire> Wire for Vec<T> {
    const TYPE: Type = Type::List;
    const MIN_SIZE: usize = 5;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.nested(|reader| {
            let element = reader.u8()?;
            let count = reader.count(T::MIN_SIZE)?;
            // C++ writes the element type of an empty list too, but another writer may not.
            if count > 0 {
                reader.expect_element(T::TYPE, element)?;
            }
            (0..count).map(|_| T::read(reader)).collect()
        })
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.push(T::TYPE as u8);
        write_length(out, self.len());
        for element in self {
            element.write(out);
        }
    }
}

/// A map whose order is its keys': a `HashMap`'s would differ from run to run.
impl<K: Wire + Ord, V: Wire> Wire for BTreeMap<K, V> {
    const TYPE: Type = Type::Map;
    const MIN_SIZE: usize = 6;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.nested(|reader| {
            let (key, value) = (reader.u8()?, reader.u8()?);
            let count = reader.count(K::MIN_SIZE + V::MIN_SIZE)?;
            if count > 0 {
                reader.expect_element(K::TYPE, key)?;
                reader.expect_element(V::TYPE, value)?;
            }
            (0..count).map(|_| Ok((K::read(reader)?, V::read(reader)?))).collect()
        })
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.push(K::TYPE as u8);
        out.push(V::TYPE as u8);
        write_length(out, self.len());
        for (key, value) in self {
            key.write(out);
            value.write(out);
        }
    }
}

/// Declares thrift structs in the manner of an IDL: `id: name: type`.
///
/// - `T`: always written; its absence is an error on reading.
/// - `T = default`: always written; where it is absent, it reads as the type's default. For
///   requests, which a C++ server reads the same way.
/// - `Option<T>`: written when it is there, and absent stays apart from a default value.
macro_rules! messages {
    ($(
        $(#[$meta:meta])*
        struct $name:ident {
            $( $(#[$field_meta:meta])* $id:literal: $field:ident: $kind:ty $(= $default:ident)? ),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $kind, )*
        }

        impl $crate::protocol::thrift::Wire for $name {
            const TYPE: $crate::protocol::thrift::Type = $crate::protocol::thrift::Type::Struct;
            const MIN_SIZE: usize = 1;

            fn read(
                reader: &mut $crate::protocol::thrift::Reader<'_>,
            ) -> Result<Self, $crate::protocol::thrift::DecodeError> {
                reader.nested(|reader| {
                    $( let mut $field = None; )*
                    while let Some((found, id)) = reader.field()? {
                        match id {
                            $( $id if found == <$kind as $crate::protocol::thrift::Field>::TYPE
                                || !reader.is_lenient() =>
                            {
                                if found != <$kind as $crate::protocol::thrift::Field>::TYPE {
                                    return Err($crate::protocol::thrift::DecodeError::WrongType {
                                        message: stringify!($name),
                                        field: id,
                                        found,
                                    });
                                }
                                $field = Some(<$kind as $crate::protocol::thrift::Field>::read_there(reader)?);
                            } )*
                            _ => reader.skip(found)?,
                        }
                    }
                    Ok($name {
                        $( $field: messages!(@absent $name $id $kind, $field $(, $default)?), )*
                    })
                })
            }

            fn write(&self, out: &mut Vec<u8>) {
                $( $crate::protocol::thrift::Field::write_there(&self.$field, out, $id); )*
                out.push($crate::protocol::thrift::Type::Stop as u8);
            }
        }
    )*};
    (@absent $name:ident $id:literal $kind:ty, $value:ident, default) => {
        $value.unwrap_or_default()
    };
    (@absent $name:ident $id:literal $kind:ty, $value:ident) => {
        match $value {
            Some(value) => value,
            None => <$kind as $crate::protocol::thrift::Field>::absent().ok_or(
                $crate::protocol::thrift::DecodeError::Missing {
                    message: stringify!($name),
                    field: $id,
                },
            )?,
        }
    };
}
pub(crate) use messages;

/// How a field of a message is read and written: a plain one, or an optional one.
pub trait Field: Sized {
    /// The type byte before it.
    const TYPE: Type;
    /// Reads one that is there.
    fn read_there(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
    /// What stands for one that isn't there, if anything may.
    fn absent() -> Option<Self>;
    /// Writes header and value, or nothing.
    fn write_there(&self, out: &mut Vec<u8>, id: i16);
}

impl<T: Wire> Field for T {
    const TYPE: Type = T::TYPE;
    fn read_there(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::read(reader)
    }
    fn absent() -> Option<Self> {
        None
    }
    fn write_there(&self, out: &mut Vec<u8>, id: i16) {
        write_field(out, id, self);
    }
}

impl<T: Wire> Field for Option<T> {
    const TYPE: Type = T::TYPE;
    fn read_there(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::read(reader).map(Some)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn write_there(&self, out: &mut Vec<u8>, id: i16) {
        if let Some(value) = self {
            write_field(out, id, value);
        }
    }
}
