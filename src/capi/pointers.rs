//! The one file that handles raw pointers: what C gives is checked and turned into Rust's types
//! here, and nowhere else.
//!
//! Only C makes values of [`Text`], so the methods here lean on what the header demands of its
//! callers: a pointer is NULL or points to what its type says, and stays so during the call.

use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::MaybeUninit;
use std::slice;

use super::numbers::{
    PEGASUS_DUP_BAD_ARGUMENT, PEGASUS_DUP_NOT_UTF8, PEGASUS_DUP_NULL_ARGUMENT, Refusal,
};

/// Where a value is handed out to: NULL, or memory for a `T` that isn't initialised yet.
pub(crate) type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// Text from C: NULL, or the start of what stays there unchanged during the call. In the header it
/// is `const char *`.
#[repr(transparent)]
#[derive(Debug)]
pub struct Text(*const c_char);

impl Text {
    /// NUL-terminated text.
    pub(crate) fn terminated(&self) -> Result<&str, Refusal> {
        self.terminated_or_null()?.ok_or(Refusal(PEGASUS_DUP_NULL_ARGUMENT))
    }

    /// NUL-terminated text, or nothing where C passed NULL.
    pub(crate) fn terminated_or_null(&self) -> Result<Option<&str>, Refusal> {
        if self.0.is_null() {
            return Ok(None);
        }
        // SAFETY: not NULL, so by the header it points to text that ends with a NUL, and that stays
        // unchanged during the call, which outlives `self`.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map(Some).map_err(|_| Refusal(PEGASUS_DUP_NOT_UTF8))
    }

    /// `length` bytes of text. NULL is the empty text if the length is 0, as with C++'s
    /// `std::string_view`.
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
        // SAFETY: not NULL, so by the header it points to `length` bytes that stay unchanged during
        // the call, which outlives `self`; no more of them than a slice may have.
        let bytes = unsafe { slice::from_raw_parts(self.0.cast::<u8>(), length) };
        str::from_utf8(bytes).map_err(|_| Refusal(PEGASUS_DUP_NOT_UTF8))
    }
}

/// Text lent to a callback until it returns. In the header it is `const char *`.
#[repr(transparent)]
#[derive(Debug, Clone, Copy)]
pub struct CText(*const c_char);

impl CText {
    pub(crate) fn lend(text: &CString) -> CText {
        CText(text.as_ptr())
    }
}

/// What C wants to be called with. In the header it is `void *`. Only passed on, never looked at.
#[repr(transparent)]
#[derive(Debug, Clone, Copy)]
pub struct UserData(*mut c_void);

// SAFETY: nothing here looks at what it points to; whether its owner's callback may do so on another
// thread is said in the header, and up to its owner.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

/// A lent handle, or a refusal where C passed NULL.
pub(crate) fn given<T>(pointer: Option<T>) -> Result<T, Refusal> {
    pointer.ok_or(Refusal(PEGASUS_DUP_NULL_ARGUMENT))
}

/// A string for C, owned by the handle that keeps it. A NUL within, which C can't see past, becomes
/// U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default()
}

/// What C sees of a string that its handle may lack: NULL where it does.
pub(crate) fn or_null(text: Option<&CString>) -> *const c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// What a function of ours that returns static text returned.
#[cfg(test)]
pub(crate) fn static_str(pointer: *const c_char) -> &'static str {
    assert!(!pointer.is_null());
    // SAFETY: static text of this library: NUL-terminated and never freed.
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
