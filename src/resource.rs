//! The resources that outcomes and errors carry, and the values of their fields.
//!
//! A resource lists its fields once, in [`Described::fields`]. JSON and text are made from that list, so
//! a new resource needs no code of its own there.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

mod backup_policy;
mod duplication;
mod table;

pub use backup_policy::BackupPolicy;
pub use duplication::{Duplication, Identity, PartitionProgress, TableDuplications};
pub use table::{PartitionReplicas, Table};

pub(crate) use duplication::several;
#[cfg(any(feature = "capi", feature = "cli"))]
pub(crate) use duplication::several_in;
pub(crate) use table::envs;

pub use crate::enums::{ResourceKind, ValueType};
use crate::escape::{name, quoted};

/// The fields of a resource with their names, in the order in which all faces show them.
pub type Fields = Vec<(Cow<'static, str>, FieldValue)>;

/// The value of a field, with its type.
///
/// [`fmt::Display`] writes the value as text for people. It quotes nothing and escapes nothing in a
/// value that is [`FieldValue::Text`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldValue {
    /// No value: the server did not report the field, or the resource does not have it.
    Absent,
    /// Yes or no.
    Boolean(bool),
    /// A number.
    Number(i64),
    /// Text as it was given, with any character in it.
    Text(String),
    /// Several values.
    List(Vec<FieldValue>),
    /// Several values with names.
    Map(Fields),
}

impl FieldValue {
    /// Returns the type of the value.
    pub fn value_type(&self) -> ValueType {
        match self {
            FieldValue::Absent => ValueType::Absent,
            FieldValue::Boolean(_) => ValueType::Boolean,
            FieldValue::Number(_) => ValueType::Number,
            FieldValue::Text(_) => ValueType::Text,
            FieldValue::List(_) => ValueType::List,
            FieldValue::Map(_) => ValueType::Map,
        }
    }

    /// Returns the text, if the value is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            FieldValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number, if the value is a number.
    pub fn as_number(&self) -> Option<i64> {
        match self {
            FieldValue::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl FieldValue {
    /// Returns the value as part of a line: text is quoted where it could be mistaken for something
    /// else, and hidden characters are escaped.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self {
            // Unquoted, a dash stands for a value that is absent.
            FieldValue::Text(text) if text == "-" => Cow::Borrowed("\"-\""),
            FieldValue::Text(text) => name(text),
            other => Cow::Owned(other.to_string()),
        }
    }

    /// Returns the value as part of a list or a map, where text is also quoted if it contains a
    /// character that separates values.
    fn shown_inside(&self) -> Cow<'_, str> {
        match self {
            FieldValue::Text(text) if text.contains([',', '[', ']', '{', '}']) => {
                Cow::Owned(quoted(text))
            }
            other => other.shown(),
        }
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldValue::Absent => f.write_str("-"),
            FieldValue::Boolean(boolean) => boolean.fmt(f),
            FieldValue::Number(number) => number.fmt(f),
            FieldValue::Text(text) => f.write_str(text),
            FieldValue::List(values) => {
                let values: Vec<_> = values.iter().map(FieldValue::shown_inside).collect();
                write!(f, "[{}]", values.join(","))
            }
            FieldValue::Map(fields) => {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(key, value)| format!("{}={}", name(key), value.shown_inside()))
                    .collect();
                write!(f, "{{{}}}", fields.join(","))
            }
        }
    }
}

/// A map keeps the order of its fields.
impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            FieldValue::Absent => serializer.serialize_none(),
            FieldValue::Boolean(boolean) => serializer.serialize_bool(*boolean),
            FieldValue::Number(number) => serializer.serialize_i64(*number),
            FieldValue::Text(text) => serializer.serialize_str(text),
            FieldValue::List(values) => serializer.collect_seq(values),
            FieldValue::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// Reads every value that [`FieldValue`] writes.
#[cfg(feature = "fleet")]
impl<'de> serde::Deserialize<'de> for FieldValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<FieldValue, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = FieldValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, a boolean, a whole number, a text, a list or a map")
            }

            fn visit_unit<E>(self) -> Result<FieldValue, E> {
                Ok(FieldValue::Absent)
            }

            fn visit_bool<E>(self, boolean: bool) -> Result<FieldValue, E> {
                Ok(FieldValue::Boolean(boolean))
            }

            fn visit_i64<E>(self, number: i64) -> Result<FieldValue, E> {
                Ok(FieldValue::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<FieldValue, E> {
                i64::try_from(number).map(FieldValue::Number).map_err(E::custom)
            }

            fn visit_str<E>(self, text: &str) -> Result<FieldValue, E> {
                Ok(FieldValue::Text(text.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut values: A,
            ) -> Result<FieldValue, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = values.next_element()? {
                    list.push(value);
                }
                Ok(FieldValue::List(list))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut entries: A,
            ) -> Result<FieldValue, A::Error> {
                let mut fields = Fields::new();
                while let Some((name, value)) = entries.next_entry::<String, _>()? {
                    fields.push((Cow::Owned(name), value));
                }
                Ok(FieldValue::Map(fields))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl From<bool> for FieldValue {
    fn from(boolean: bool) -> FieldValue {
        FieldValue::Boolean(boolean)
    }
}

impl From<i32> for FieldValue {
    fn from(number: i32) -> FieldValue {
        FieldValue::Number(number.into())
    }
}

impl From<i64> for FieldValue {
    fn from(number: i64) -> FieldValue {
        FieldValue::Number(number)
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> FieldValue {
        FieldValue::Text(text)
    }
}

impl FromIterator<FieldValue> for FieldValue {
    fn from_iter<I: IntoIterator<Item = FieldValue>>(values: I) -> FieldValue {
        FieldValue::List(values.into_iter().collect())
    }
}

impl<T: Into<FieldValue>> From<Option<T>> for FieldValue {
    fn from(value: Option<T>) -> FieldValue {
        value.map_or(FieldValue::Absent, T::into)
    }
}

/// Lists fields: each by its name and a value that can become a [`FieldValue`].
macro_rules! fields {
    ($($name:ident: $value:expr),* $(,)?) => {
        vec![$((::std::borrow::Cow::Borrowed(stringify!($name)), $crate::resource::FieldValue::from($value))),*]
    };
}
pub(crate) use fields;

impl ResourceKind {
    /// Returns the words for a resource of this kind.
    pub(crate) fn noun(self) -> String {
        self.name().replace('_', " ")
    }
}

/// A value that faces can write as text and as JSON.
pub trait Described {
    /// Returns the kind of the value.
    fn kind(&self) -> ResourceKind;

    /// Returns the fields of the value.
    fn fields(&self) -> Fields;
}

impl<T: Described> Described for &T {
    fn kind(&self) -> ResourceKind {
        T::kind(self)
    }

    fn fields(&self) -> Fields {
        T::fields(self)
    }
}

/// A resource of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// A duplication of a table to a remote cluster.
    Duplication(Duplication),
    /// A table.
    Table(Table),
    /// A backup policy.
    BackupPolicy(BackupPolicy),
}

impl Resource {
    /// Returns the table, if the resource is one.
    pub fn table(&self) -> Option<&Table> {
        match self {
            Resource::Table(table) => Some(table),
            Resource::Duplication(_) | Resource::BackupPolicy(_) => None,
        }
    }

    /// Returns the backup policy, if the resource is one.
    pub fn backup_policy(&self) -> Option<&BackupPolicy> {
        match self {
            Resource::BackupPolicy(policy) => Some(policy),
            Resource::Duplication(_) | Resource::Table(_) => None,
        }
    }

    /// Returns the duplication, if the resource is one.
    pub fn duplication(&self) -> Option<&Duplication> {
        match self {
            Resource::Duplication(duplication) => Some(duplication),
            Resource::Table(_) | Resource::BackupPolicy(_) => None,
        }
    }
}

impl Described for Resource {
    fn kind(&self) -> ResourceKind {
        match self {
            Resource::Duplication(duplication) => duplication.kind(),
            Resource::Table(table) => table.kind(),
            Resource::BackupPolicy(policy) => policy.kind(),
        }
    }

    fn fields(&self) -> Fields {
        match self {
            Resource::Duplication(duplication) => duplication.fields(),
            Resource::Table(table) => table.fields(),
            Resource::BackupPolicy(policy) => policy.fields(),
        }
    }
}

impl From<Duplication> for Resource {
    fn from(duplication: Duplication) -> Resource {
        Resource::Duplication(duplication)
    }
}

impl From<Table> for Resource {
    fn from(table: Table) -> Resource {
        Resource::Table(table)
    }
}

impl From<BackupPolicy> for Resource {
    fn from(policy: BackupPolicy) -> Resource {
        Resource::BackupPolicy(policy)
    }
}

impl PartialEq<Duplication> for Resource {
    fn eq(&self, other: &Duplication) -> bool {
        self.duplication() == Some(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_type() -> Fields {
        fields! {
            absent: None::<i32>,
            boolean: true,
            number: i64::MAX,
            text: "a \u{9b}b",
            list: FieldValue::List(vec![1.into(), "two".into()]),
            map: FieldValue::Map(fields! { b: 1, a: false }),
        }
    }

    #[test]
    fn json_keeps_types_and_order() {
        assert_eq!(
            crate::escape::json(&FieldValue::Map(every_type())).unwrap(),
            concat!(
                r#"{"absent":null,"boolean":true,"number":9223372036854775807,"text":"a \u009bb","#,
                r#""list":[1,"two"],"map":{"b":1,"a":false}}"#
            )
        );
    }

    #[test]
    fn text_is_returned_as_it_was_given() {
        let texts: Vec<String> = every_type().iter().map(|(_, value)| value.to_string()).collect();
        assert_eq!(
            texts,
            ["-", "true", "9223372036854775807", "a \u{9b}b", "[1,two]", "{b=1,a=false}"]
        );
    }

    #[test]
    fn text_within_a_line_cannot_be_mistaken_for_something_else() {
        let shown = |value: FieldValue| value.shown().into_owned();
        assert_eq!(shown("temp".into()), "temp");
        assert_eq!(shown("a b\u{9b}".into()), "\"a b\\u{9b}\"");
        assert_eq!(shown("-".into()), "\"-\"");
        assert_eq!(shown(FieldValue::Absent), "-");
        assert_eq!(shown("a,b".into()), "a,b");
        let list = [FieldValue::from("a,b"), "-".into(), "c d".into(), None::<i32>.into()];
        assert_eq!(shown(list.into_iter().collect()), "[\"a,b\",\"-\",\"c d\",-]");
    }
}
