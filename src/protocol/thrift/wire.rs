//! The trait of the types that thrift can encode and decode, and the encoder.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::reader::Reader;
use super::types::{DecodeError, Type};
use crate::resource::FieldValue;

/// The greatest number of elements that [`Wire::describe`] lists, in all containers within each other.
pub const ROOM: usize = 32;
/// The longest text that [`Wire::describe`] shows, in bytes.
const LONGEST: usize = 4096;

/// A type that has a representation on the wire: a base type of thrift, a container, a message, or
/// one of rDSN's bare types.
pub trait Wire: Sized {
    /// The type byte before the value.
    const TYPE: Type;
    /// The smallest number of bytes of a value. The length of a container is compared with it
    /// before the container is read.
    const MIN_SIZE: usize;
    /// Reads a value, without its field header.
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
    /// Writes the value, without its field header.
    fn write(&self, out: &mut Vec<u8>);
    /// Describes the value for people. A container with more than `room` elements is described by their
    /// number, so the size of a description does not grow with the size of the message. [`ROOM`] is for
    /// a whole message.
    fn describe(&self, room: usize) -> FieldValue;
}

/// Describes a container with too many elements.
fn too_many(count: usize) -> FieldValue {
    FieldValue::Text(format!("{count} elements"))
}

/// Writes a field header and its value.
pub fn write_field<T: Wire>(out: &mut Vec<u8>, id: i16, value: &T) {
    out.push(T::TYPE as u8);
    out.extend_from_slice(&id.to_be_bytes());
    value.write(out);
}

/// Writes a length. The lengths that this library writes are far below `i32::MAX`, so a greater
/// length is a defect.
fn write_length(out: &mut Vec<u8>, length: usize) {
    let length = i32::try_from(length).expect("a value longer than thrift can say");
    out.extend_from_slice(&length.to_be_bytes());
}

/// Writes a string.
pub fn write_str(out: &mut Vec<u8>, value: &str) {
    write_bytes(out, value.as_bytes());
}

/// Writes the bytes of a string.
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
            _ if reader.is_lenient() => Ok(true),
            other => Err(DecodeError::NotBool(other)),
        }
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn describe(&self, _: usize) -> FieldValue {
        FieldValue::from(*self)
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
    fn describe(&self, _: usize) -> FieldValue {
        FieldValue::from(*self)
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
    fn describe(&self, _: usize) -> FieldValue {
        FieldValue::from(*self)
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
    fn describe(&self, _: usize) -> FieldValue {
        match self.len() {
            0..=LONGEST => FieldValue::from(self.as_str()),
            length => FieldValue::Text(format!("{length} bytes")),
        }
    }
}

impl<T: Wire> Wire for Vec<T> {
    const TYPE: Type = Type::List;
    const MIN_SIZE: usize = 5;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        read_elements(reader)
    }
    fn write(&self, out: &mut Vec<u8>) {
        write_elements(out, self.iter());
    }
    fn describe(&self, room: usize) -> FieldValue {
        describe_elements(self.iter(), room)
    }
}

/// A set is sorted, as C++ writes it.
impl<T: Wire + Ord> Wire for BTreeSet<T> {
    const TYPE: Type = Type::Set;
    const MIN_SIZE: usize = 5;
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        read_elements(reader)
    }
    fn write(&self, out: &mut Vec<u8>) {
        write_elements(out, self.iter());
    }
    fn describe(&self, room: usize) -> FieldValue {
        describe_elements(self.iter(), room)
    }
}

/// Reads the elements of a list or of a set, whose bytes are equal.
fn read_elements<T: Wire, C: FromIterator<T>>(reader: &mut Reader<'_>) -> Result<C, DecodeError> {
    reader.nested(|reader| {
        let element = reader.u8()?;
        let count = reader.count(T::MIN_SIZE)?;
        // C++ also writes the element type of an empty list, but another writer may not.
        if count > 0 {
            reader.expect_element(T::TYPE, element)?;
        }
        (0..count).map(|_| T::read(reader)).collect()
    })
}

/// Describes the elements of a list or of a set.
fn describe_elements<'a, T: Wire + 'a>(
    elements: impl ExactSizeIterator<Item = &'a T>,
    room: usize,
) -> FieldValue {
    match elements.len() {
        0 => FieldValue::List(Vec::new()),
        count if count > room => too_many(count),
        count => elements.map(|element| element.describe(room / count)).collect(),
    }
}

/// Writes the elements of a list or of a set.
fn write_elements<'a, T: Wire + 'a>(
    out: &mut Vec<u8>,
    elements: impl ExactSizeIterator<Item = &'a T>,
) {
    out.push(T::TYPE as u8);
    write_length(out, elements.len());
    for element in elements {
        element.write(out);
    }
}

/// A map is sorted by its keys, because the order of a `HashMap` would differ from run to run.
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
    fn describe(&self, room: usize) -> FieldValue {
        if self.len() > room {
            return too_many(self.len());
        }
        let inside = room / self.len().max(1);
        let fields = self.iter().map(|(key, value)| {
            (Cow::Owned(key.describe(inside).to_string()), value.describe(inside))
        });
        FieldValue::Map(fields.collect())
    }
}
