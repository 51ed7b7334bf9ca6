//! Which library this is.

use std::ffi::{CStr, c_char};

use super::boundary::catch;

/// The number of this ABI, as declared by the header: compare it with what
/// `pegasus_dup_abi_version` says to learn whether header and library belong together. It grows
/// when something is added; what is there keeps its meaning for as long as the soname stays.
pub const PEGASUS_DUP_ABI_VERSION: u32 = 1;

/// The number of the ABI that the library has.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_abi_version() -> u32 {
    catch(0, || PEGASUS_DUP_ABI_VERSION)
}

/// The library's version, such as "0.1.0". Static: never freed, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_version() -> *const c_char {
    let version = CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes());
    catch(c"".as_ptr(), || version.unwrap_or_default().as_ptr())
}
