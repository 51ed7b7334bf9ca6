//! The audit file: a record of each change, before it is sent and after it.
//!
//! The file consists of JSON lines, and is only ever appended to. Each line is on the disk before the apply
//! continues. A change is therefore recorded before its request leaves the process, also if the process or
//! the machine crashes.

mod line;
mod log;
mod recorder;
mod settle;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use log::{AuditChange, AuditEnd, AuditError, AuditLog, AuditOutcome, AuditRun};
pub(super) use recorder::Recorder;
pub use settle::{Now, Settled};
use writer::Writer;

use crate::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorKind, Result};
use crate::escape::name;
use crate::threads::advice;

/// An open audit file. It is locked for this process until it is dropped.
pub struct Audit {
    path: PathBuf,
    earlier: AuditLog,
    writer: Writer,
    clock: Arc<dyn Clock>,
    /// The number of the last apply in the file.
    last_run: u64,
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Audit {
    /// Opens the file for appending, and creates it if it does not exist. Reads what the file records. The
    /// call blocks until the disk has responded.
    ///
    /// # Errors
    ///
    /// Fails with `Busy` if another process has the file open, and with `InvalidArgument` if the file cannot
    /// be opened or is not an audit file.
    pub fn open(path: &Path) -> Result<Audit> {
        Audit::open_with_clock(path, Arc::new(SystemClock))
    }

    /// Does what [`Audit::open`] does, with the time from `clock`.
    ///
    /// # Errors
    ///
    /// Fails like [`Audit::open`].
    pub fn open_with_clock(path: &Path, clock: Arc<dyn Clock>) -> Result<Audit> {
        let cannot = |error: io::Error| cannot("opened", path, error);
        let existed = path.exists();
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(cannot)?;
        check_kind(&file, path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!("another process has the audit file open: path={}", shown(path)),
                )
                .with_hint("wait until that apply has ended"));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        if !existed {
            // A crash must not lose the new file with the changes that it records.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = File::open(folder.unwrap_or(Path::new(".")));
            folder.and_then(|folder| folder.sync_all()).map_err(cannot)?;
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(cannot)?;
        let earlier = AuditLog::parse(&content).map_err(|error| about(path, &error))?;
        let torn = content.last().is_some_and(|&last| last != b'\n');
        let last_run = earlier.runs.iter().map(|run| run.run).max().unwrap_or_default();
        let writer = Writer::start(file, torn).map_err(cannot)?;
        Ok(Audit { path: path.to_owned(), earlier, writer, clock, last_run })
    }

    /// Reads an audit file. The call changes nothing, and also reads the file while an apply writes it. The
    /// changes in flight are then those of the apply that is running. The call blocks until the disk has
    /// responded.
    ///
    /// # Errors
    ///
    /// Fails with `InvalidArgument` if the file cannot be read or is not an audit file.
    pub fn read(path: &Path) -> Result<AuditLog> {
        let cannot = |error: io::Error| cannot("read", path, error);
        let mut file = File::open(path).map_err(cannot)?;
        check_kind(&file, path)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(cannot)?;
        AuditLog::parse(&content).map_err(|error| about(path, &error))
    }

    /// Returns what the file recorded when it was opened.
    pub fn earlier(&self) -> &AuditLog {
        &self.earlier
    }

    /// Appends a line, and returns when it is on the disk.
    async fn append(&self, run: u64, entry: line::Entry) -> Result<()> {
        let bytes = line::Line::new(self.clock.now_ms(), run, entry).bytes();
        self.writer.append(bytes).await.map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!(
                    "the audit file cannot be written, so nothing more is sent: {error}: path={}",
                    shown(&self.path)
                ),
            )
            .with_hint("correct the cause, read the file with the command `audit`, and apply again")
            .with_source(error)
        })
    }
}

/// Returns an error unless the file is a regular file. Nothing else can be read back.
fn check_kind(file: &File, path: &Path) -> Result<()> {
    let kind = file.metadata().map_err(|error| cannot("opened", path, error))?;
    if kind.is_file() {
        return Ok(());
    }
    let message = format!("the audit file must be a regular file: path={}", shown(path));
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    let message = format!("the audit file cannot be {what}: {error}: path={}", shown(path));
    let hint = advice(&error).unwrap_or_default();
    Error::new(ErrorKind::InvalidArgument, message).with_hint(hint).with_source(error)
}

/// Adds the path to an error about the content of a file.
fn about(path: &Path, error: &Error) -> Error {
    let message = format!("{} path={}", error.message(), shown(path));
    Error::new(error.kind(), message).with_hint(error.hint().unwrap_or_default())
}

fn shown(path: &Path) -> String {
    name(&path.to_string_lossy()).into_owned()
}
