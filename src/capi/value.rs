//! Functions that read the typed value of a field.

use std::ffi::{CString, c_char};
use std::ptr::null;

use super::boundary::{catch, status};
use super::numbers::*;
use super::pointers::{Out, Text, c_string, given, or_null};
use crate::enums::{Numbered, ValueType};
use crate::resource::FieldValue;

/// The value of a field, with its type. A value is always lent by an outcome and is valid until the
/// outcome is freed. The caller never frees it. It never changes, so any number of threads may read
/// it.
#[derive(Debug)]
pub struct Value {
    value_type: ValueType,
    /// The number, or 1 or 0 for a boolean.
    number: Option<i64>,
    /// The value as text, unless the value is absent.
    text: Option<CString>,
    /// The values of a list or a map, with their names in a map.
    parts: Vec<(Option<CString>, Value)>,
}

impl Value {
    pub(crate) fn new(of: FieldValue) -> Value {
        Value {
            value_type: of.value_type(),
            number: match of {
                FieldValue::Number(number) => Some(number),
                FieldValue::Boolean(boolean) => Some(boolean.into()),
                _ => None,
            },
            text: (of != FieldValue::Absent).then(|| c_string(&of.to_string())),
            parts: match of {
                FieldValue::List(values) => {
                    values.into_iter().map(|value| (None, Value::new(value))).collect()
                }
                FieldValue::Map(fields) => fields
                    .into_iter()
                    .map(|(key, value)| (Some(c_string(&key)), Value::new(value)))
                    .collect(),
                _ => Vec::new(),
            },
        }
    }

    /// Returns the value as text, or NULL if it is absent.
    pub(crate) fn as_text(&self) -> *const c_char {
        or_null(self.text.as_ref())
    }
}

/// Returns the result of `of` for a value, or `otherwise` if the handle is NULL or `of` returns
/// nothing.
fn read<'a, T: Copy>(
    value: Option<&'a Value>,
    otherwise: T,
    of: impl FnOnce(&'a Value) -> Option<T>,
) -> T {
    catch(otherwise, || value.and_then(of).unwrap_or(otherwise))
}

/// Returns the type of a value, one of `PEGASUS_DUP_VALUE_*`, or `PEGASUS_DUP_NONE` for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_value_type(value: Option<&Value>) -> i32 {
    read(value, PEGASUS_DUP_NONE, |value| Some(value.value_type.abi_number()))
}

/// Returns a value of any type as text, such as "true", "3", "[1,2]" or "{key=value}". A text is
/// returned as the server sent it, so it may contain any character, including characters that
/// control a terminal. Returns NULL for NULL and for an absent value.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_value_text(value: Option<&Value>) -> *const c_char {
    read(value, null(), |value| Some(value.as_text()))
}

/// Writes the number of a value of the type `PEGASUS_DUP_VALUE_NUMBER`, or 1 or 0 for a value of
/// the type `PEGASUS_DUP_VALUE_BOOLEAN`. Returns `PEGASUS_DUP_BAD_ARGUMENT` for every other type.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_value_number(value: Option<&Value>, number: Out<'_, i64>) -> i32 {
    status(|| {
        let (value, number) = (given(value)?, given(number)?);
        number.write(value.number.ok_or(Refusal(PEGASUS_DUP_BAD_ARGUMENT))?);
        Ok(())
    })
}

/// Returns the number of values in a list or a map, or 0 for every other type.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_value_count(value: Option<&Value>) -> usize {
    read(value, 0, |value| Some(value.parts.len()))
}

/// Returns the value at an index of a list or a map, which starts at 0. Returns NULL if the index
/// is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_value_at(value: Option<&Value>, index: usize) -> Option<&Value> {
    read(value, None, |value| value.parts.get(index).map(|(_, value)| Some(value)))
}

/// Returns the name of the value at an index of a map, which starts at 0. Returns NULL for a list,
/// and if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_value_key_at(value: Option<&Value>, index: usize) -> *const c_char {
    read(value, null(), |value| value.parts.get(index).map(|(key, _)| or_null(key.as_ref())))
}

/// Returns the value that has a name in a map. Returns NULL if the map has no such name, if the
/// value is no map, and if an argument is NULL. A name is compared byte for byte. The functions that
/// read a value accept NULL, so that a field that does not exist can be read like an absent field.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_value_get(value: Option<&Value>, key: Text) -> Option<&Value> {
    read(value, None, |value| {
        let wanted = key.terminated().ok()?;
        let named = |key: &CString| key.as_bytes() == wanted.as_bytes();
        let found = value.parts.iter().find(|(key, _)| key.as_ref().is_some_and(named))?;
        Some(Some(&found.1))
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::pointers::static_str;
    use super::*;

    /// Returns the text of a value that lives until the end of the process.
    fn text(value: Option<&'static Value>) -> &'static str {
        static_str(pegasus_dup_value_text(value))
    }

    #[test]
    fn every_type_can_be_read() {
        let of = FieldValue::Map(vec![
            (Cow::Borrowed("boolean"), true.into()),
            (Cow::Borrowed("number"), i64::MIN.into()),
            (Cow::Borrowed("text"), "a b".into()),
            (Cow::Borrowed("list"), [1.into(), 2.into()].into_iter().collect()),
            (Cow::Borrowed("absent"), FieldValue::Absent),
        ]);
        let map: Option<&'static Value> = Some(Box::leak(Box::new(Value::new(of))));
        assert_eq!(pegasus_dup_value_type(map), ValueType::Map.abi_number());
        assert_eq!(pegasus_dup_value_count(map), 5);
        let keys = ["boolean", "number", "text", "list", "absent"];
        for (index, key) in keys.into_iter().enumerate() {
            assert_eq!(static_str(pegasus_dup_value_key_at(map, index)), key);
        }
        let types = [
            ValueType::Boolean,
            ValueType::Number,
            ValueType::Text,
            ValueType::List,
            ValueType::Absent,
        ];
        for (index, value_type) in types.into_iter().enumerate() {
            let number = pegasus_dup_value_type(pegasus_dup_value_at(map, index));
            assert_eq!(number, value_type.abi_number());
        }
        let at = |index| pegasus_dup_value_at(map, index);
        assert_eq!([text(at(0)), text(at(2)), text(at(3))], ["true", "a b", "[1,2]"]);
        assert!(pegasus_dup_value_text(at(4)).is_null());
        assert_eq!(text(pegasus_dup_value_at(at(3), 1)), "2");
        assert!(pegasus_dup_value_key_at(at(3), 0).is_null());
        assert!(at(5).is_none() && pegasus_dup_value_key_at(map, 5).is_null());
        let number = |index| {
            let mut number = std::mem::MaybeUninit::new(7);
            let status = pegasus_dup_value_number(at(index), Some(&mut number));
            (status, pegasus_dup_value_number(at(index), None))
        };
        assert_eq!(number(0), (PEGASUS_DUP_OK, PEGASUS_DUP_NULL_ARGUMENT));
        assert_eq!(number(1).0, PEGASUS_DUP_OK);
        assert_eq!(number(2).0, PEGASUS_DUP_BAD_ARGUMENT);
        assert_eq!(number(4).0, PEGASUS_DUP_BAD_ARGUMENT);
    }
}
