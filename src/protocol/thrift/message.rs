//! The macro that declares messages.

use super::reader::Reader;
use super::types::{DecodeError, Type};
use super::wire::{Wire, write_field};
use crate::resource::FieldValue;

/// Declares thrift structs in the manner of an IDL: `id: name: type`.
///
/// - `T`: the field is always written. Its absence is an error when the struct is read.
/// - `T = default`: the field is always written. An absent field reads as the default of the type,
///   as a C++ server reads requests.
/// - `Option<T>`: the field is written if it is present. An absent field and a default value stay
///   different.
/// - `=> hidden` after the type: descriptions of the message do not show the value, because it may be a
///   secret.
macro_rules! messages {
    ($(
        $(#[$meta:meta])*
        struct $name:ident {
            $( $(#[$field_meta:meta])* $id:literal: $field:ident: $kind:ty $(= $default:ident)? $(=> $hidden:ident)? ),* $(,)?
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

            #[allow(unused_variables)] // a message without fields needs no room
            fn describe(&self, room: usize) -> $crate::resource::FieldValue {
                let fields: Vec<(&'static str, Option<$crate::resource::FieldValue>)> = vec![$((
                    stringify!($field),
                    $crate::protocol::thrift::Field::describe_there(&self.$field, room)
                        $(.map(|_| messages!(@$hidden)))?,
                ),)*];
                let there = fields.into_iter().filter_map(|(name, value)| {
                    Some((name.into(), value?))
                });
                $crate::resource::FieldValue::Map(there.collect())
            }
        }
    )*};
    (@hidden) => { $crate::resource::FieldValue::from("hidden") };
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
    /// Describes a field that is present, like [`Wire::describe`]. Returns `None` for an absent field.
    fn describe_there(&self, room: usize) -> Option<FieldValue>;
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
    fn describe_there(&self, room: usize) -> Option<FieldValue> {
        Some(self.describe(room))
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
    fn describe_there(&self, room: usize) -> Option<FieldValue> {
        self.as_ref().map(|value| value.describe(room))
    }
}

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub)] // `messages!` makes public structs.

    use std::collections::BTreeMap;

    use crate::protocol::error_code::ErrorCode;
    use crate::protocol::thrift::{ROOM, Wire};

    messages! {
        /// A message with fields of every kind.
        struct Every {
            /// An error code.
            1: err: ErrorCode,
            /// A list in a map.
            2: map: Option<BTreeMap<i32, Vec<i32>>>,
            /// A secret.
            3: password: String => hidden,
            /// A secret that may be absent.
            4: token: Option<String> => hidden,
        }
    }

    fn described(map: Option<BTreeMap<i32, Vec<i32>>>, token: Option<&str>) -> String {
        let message = Every {
            err: ErrorCode::Ok,
            map,
            password: "tiger".to_owned(),
            token: token.map(str::to_owned),
        };
        message.describe(ROOM).to_string()
    }

    #[test]
    fn absent_fields_are_left_out_and_secrets_are_hidden() {
        assert_eq!(described(None, None), "{err=ERR_OK,password=hidden}");
        assert_eq!(
            described(Some(BTreeMap::new()), Some("scott")),
            "{err=ERR_OK,map={},password=hidden,token=hidden}"
        );
    }

    #[test]
    fn containers_are_cut_before_a_description_gets_large() {
        let lists = |count: i32, each: i32| {
            let list: Vec<i32> = (0..each).collect();
            described(Some((0..count).map(|key| (key, list.clone())).collect()), None)
        };
        assert!(lists(1, 3).contains("map={0=[0,1,2]}"), "{}", lists(1, 3));
        assert!(lists(1, 32).contains(",31]"), "{}", lists(1, 32));
        assert!(lists(1, 33).contains(r#"map={0="33 elements"}"#), "{}", lists(1, 33));
        assert!(lists(8, 4).contains("7=[0,1,2,3]"), "{}", lists(8, 4));
        assert!(lists(8, 5).contains(r#"7="5 elements""#), "{}", lists(8, 5));
        assert!(lists(10_000, 1).contains(r#"map="10000 elements""#), "{}", lists(10_000, 1));
    }
}
