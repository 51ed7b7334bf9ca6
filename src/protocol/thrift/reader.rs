//! Reading.

use super::types::{DecodeError, MAX_DEPTH, Type};

/// Reads values from the front of a slice.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    depth: u32,
    lenient: bool,
}

impl<'a> Reader<'a> {
    /// Returns a reader at the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, depth: 0, lenient: false }
    }

    /// Returns a reader at the start of `bytes` that accepts what a C++ server accepts. A known
    /// field of another type counts as absent, the element types of containers are ignored, a bool
    /// is true unless it is 0, and a string may consist of any bytes, with U+FFFD for those that
    /// are not UTF-8.
    pub fn lenient(bytes: &'a [u8]) -> Reader<'a> {
        Reader { lenient: true, ..Reader::new(bytes) }
    }

    /// Returns whether the reader accepts what a C++ server accepts.
    pub fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// Returns the number of bytes that are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Returns an error if any bytes are left.
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

    /// Reads one byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    /// Reads two bytes, signed.
    pub fn i16(&mut self) -> Result<i16, DecodeError> {
        self.array().map(i16::from_be_bytes)
    }

    /// Reads four bytes, signed.
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        self.array().map(i32::from_be_bytes)
    }

    /// Reads four bytes, unsigned.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Reads eight bytes, signed.
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        self.array().map(i64::from_be_bytes)
    }

    /// Reads a number of elements, each of which has at least `each` bytes. Returns an error if the
    /// rest of the input is too short for them.
    pub(super) fn count(&mut self, each: usize) -> Result<usize, DecodeError> {
        let count = self.i32()?;
        let count = usize::try_from(count).map_err(|_| DecodeError::NegativeLength(count))?;
        let needed = count.saturating_mul(each);
        if needed > self.rest.len() {
            return Err(DecodeError::Truncated { needed, left: self.rest.len() });
        }
        Ok(count)
    }

    /// Reads the bytes of a string.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.count(1)?;
        self.take(length)
    }

    /// Reads a string, which must be UTF-8.
    pub fn str(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::NotUtf8)
    }

    /// Reads a string as text.
    pub(super) fn text(&mut self) -> Result<String, DecodeError> {
        if self.lenient {
            return self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        }
        self.str().map(str::to_owned)
    }

    /// Skips the header of a field of any type, or a stop.
    pub fn skip_header(&mut self) -> Result<(), DecodeError> {
        if self.u8()? != Type::Stop as u8 {
            self.i16()?;
        }
        Ok(())
    }

    /// Reads the header of the next field. Returns `None` at the stop.
    pub fn field(&mut self) -> Result<Option<(Type, i16)>, DecodeError> {
        match Type::from_byte(self.u8()?)? {
            Type::Stop => Ok(None),
            kind => Ok(Some((kind, self.i16()?))),
        }
    }

    /// Calls `read` one level deeper.
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

    /// Skips the value of a field that the reader does not know. This does not work for rDSN's bare
    /// types, which look like structs and are none.
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

    /// The type of an element is never a stop, because such a container would be a loop over
    /// nothing.
    fn skip_element(&mut self, kind: Type) -> Result<(), DecodeError> {
        match kind {
            Type::Stop => Err(DecodeError::UnknownType(0)),
            kind => self.skip(kind),
        }
    }

    /// Returns an error if the elements of a container have another type than `expected`.
    pub(super) fn expect_element(&self, expected: Type, found: u8) -> Result<(), DecodeError> {
        if self.lenient {
            return Ok(());
        }
        let found = Type::from_byte(found)?;
        if found == expected { Ok(()) } else { Err(DecodeError::WrongElement { expected, found }) }
    }
}
