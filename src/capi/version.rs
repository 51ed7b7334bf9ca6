//! The version of the library and of its ABI.

use std::ffi::{CStr, c_char};

use super::boundary::catch;

/// The version of the ABI that this header declares. Compare it with the result of
/// `pegasus_dup_abi_version` to find out whether the header and the library belong together. The
/// number grows with every addition to the ABI. Existing parts of the ABI do not change as long as
/// the soname stays the same.
pub const PEGASUS_DUP_ABI_VERSION: u32 = 2;

/// Returns the version of the ABI that the library has.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_abi_version() -> u32 {
    catch(0, || PEGASUS_DUP_ABI_VERSION)
}

/// Returns the version of the library, such as "0.1.0". The text is static: it is never NULL and
/// never freed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_version() -> *const c_char {
    let version = CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes());
    catch(c"".as_ptr(), || version.unwrap_or_default().as_ptr())
}
