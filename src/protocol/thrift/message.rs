//! The macro that declares messages.

use super::reader::Reader;
use super::types::{DecodeError, Type};
use super::wire::{Wire, write_field};

/// Declares thrift structs in the manner of an IDL: `id: name: type`.
///
/// - `T`: the field is always written. Its absence is an error when the struct is read.
/// - `T = default`: the field is always written. An absent field reads as the default of the type,
///   as a C++ server reads requests.
/// - `Option<T>`: the field is written if it is present. An absent field and a default value stay
///   different.
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

/// How a field of a message is read and written. A field is mandatory or optional.
pub trait Field: Sized {
    /// The type byte before the field.
    const TYPE: Type;
    /// Reads a field that is present.
    fn read_there(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
    /// Returns the value of an absent field, or `None` if the field must be present.
    fn absent() -> Option<Self>;
    /// Writes the header and the value of a field that is present.
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
