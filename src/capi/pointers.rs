//! The only file that handles raw pointers. It checks every pointer from C and turns it into a Rust
//! type.
//!
//! Only C creates values of [`Text`]. The methods of this file therefore rely on the rules that the
//! header states for callers: a pointer is NULL or points to an object of its type, and the object
//! stays valid and unchanged during the call.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::MaybeUninit;
use std::slice;

use super::numbers::{
    PEGASUS_DUP_BAD_ARGUMENT, PEGASUS_DUP_NOT_UTF8, PEGASUS_DUP_NULL_ARGUMENT, Refusal,
};

/// An output parameter: NULL, or uninitialised memory for a `T`.
pub(crate) type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// Text from C: NULL, or a pointer to text that does not change during the call. In the header the
/// type is `const char *`.
#[repr(transparent)]
#[derive(Debug)]
pub struct Text(*const c_char);

impl Text {
    /// Returns text that ends with a NUL.
    pub(crate) fn terminated(&self) -> Result<&str, Refusal> {
        self.terminated_or_null()?.ok_or(Refusal(PEGASUS_DUP_NULL_ARGUMENT))
    }

    /// Returns text that ends with a NUL, or `None` if C passed NULL.
    pub(crate) fn terminated_or_null(&self) -> Result<Option<&str>, Refusal> {
        if self.0.is_null() {
            return Ok(None);
        }
        // SAFETY: the pointer is not NULL. By the rules of the header it points to text that ends with a
        // NUL and does not change during the call, and the call outlives `self`.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map(Some).map_err(|_| Refusal(PEGASUS_DUP_NOT_UTF8))
    }

    /// Returns text of `length` bytes. NULL stands for the empty text if the length is 0, like in a
    /// `std::string_view` of C++.
    pub(crate) fn sized(&self, length: usize) -> Result<&str, Refusal> {
        if length == 0 {
            return Ok("");
        }
        if self.0.is_null() {
            return Err(Refusal(PEGASUS_DUP_NULL_ARGUMENT));
        }
        if isize::try_from(length).is_err() {
            return Err(Refusal(PEGASUS_DUP_BAD_ARGUMENT));
        }
        // SAFETY: the pointer is not NULL. By the rules of the header it points to `length` bytes that do
        // not change during the call, and the call outlives `self`. A slice may have that length.
        let bytes = unsafe { slice::from_raw_parts(self.0.cast::<u8>(), length) };
        str::from_utf8(bytes).map_err(|_| Refusal(PEGASUS_DUP_NOT_UTF8))
    }
}

/// Text that is lent to a callback until the callback returns. In the header the type is `const
/// char *`.
#[repr(transparent)]
#[derive(Debug, Clone, Copy)]
pub struct CText(*const c_char);

impl CText {
    pub(crate) fn lend(text: &CString) -> CText {
        CText(text.as_ptr())
    }
}

/// The pointer that C wants to be passed to its callback. In the header the type is `void *`. The
/// library never dereferences it.
#[repr(transparent)]
#[derive(Debug, Clone, Copy)]
pub struct UserData(*mut c_void);

// SAFETY: the library never dereferences the pointer. The header says on which threads callbacks run,
// and the owner of the pointer must allow for that.
unsafe impl Send for UserData {}
// SAFETY: the same reasons apply.
unsafe impl Sync for UserData {}

/// Returns the value of an argument, or refuses if C passed NULL.
pub(crate) fn given<T>(pointer: Option<T>) -> Result<T, Refusal> {
    pointer.ok_or(Refusal(PEGASUS_DUP_NULL_ARGUMENT))
}

/// Returns a string for C, which the handle that keeps it owns. C cannot read past a NUL, so a NUL
/// within the text becomes U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default()
}

/// Returns a pointer to the string, or NULL if there is no string.
pub(crate) fn or_null(text: Option<&CString>) -> *const c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// Returns the static text that a function of this library returned to C.
#[cfg(test)]
pub(crate) fn static_str(pointer: *const c_char) -> &'static str {
    assert!(!pointer.is_null());
    // SAFETY: the pointer points to static text of this library, which ends with a NUL and is never freed.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_checked() {
        let null = Text(std::ptr::null());
        assert_eq!(null.terminated(), Err(Refusal(PEGASUS_DUP_NULL_ARGUMENT)));
        assert_eq!(null.terminated_or_null(), Ok(None));
        assert_eq!(null.sized(0), Ok(""));
        assert_eq!(null.sized(1), Err(Refusal(PEGASUS_DUP_NULL_ARGUMENT)));

        let table = Text(c"tempest".as_ptr());
        assert_eq!(table.terminated(), Ok("tempest"));
        assert_eq!(table.sized(4), Ok("temp"));
        assert_eq!(table.sized(usize::MAX), Err(Refusal(PEGASUS_DUP_BAD_ARGUMENT)));

        let latin1 = Text(c"temp\xe9".as_ptr());
        assert_eq!(latin1.terminated(), Err(Refusal(PEGASUS_DUP_NOT_UTF8)));
        assert_eq!(latin1.sized(5), Err(Refusal(PEGASUS_DUP_NOT_UTF8)));
        assert_eq!(latin1.sized(4), Ok("temp"));
    }

    #[test]
    fn strings_for_c_end_where_they_end() {
        assert_eq!(c_string("a\0b").to_str(), Ok("a\u{FFFD}b"));
        assert!(or_null(None).is_null());
    }
}
