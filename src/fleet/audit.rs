//! The audit file: a record of each change, before it is sent and after it.

use std::path::Path;

use crate::error::Result;

/// An open audit file. It is locked for this process until it is dropped.
#[derive(Debug)]
pub struct Audit {}

impl Audit {
    /// Opens the file for appending, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// Fails with `Busy` if another process has the file open, and with `InvalidArgument` if the file cannot
    /// be opened or is not an audit file.
    pub fn open(_path: &Path) -> Result<Audit> {
        Ok(Audit {}) // STUBBED
    }
}
