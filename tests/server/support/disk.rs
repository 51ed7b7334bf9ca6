//! A disk in memory that fails as real disks do. It may write only a part and report an error,
//! refuse writes when it is full, or fail a sync. After a power failure it keeps any part of the
//! writes that were not synced, including torn pages.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// The failure of the disk after a number of writes and syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// A write stops after this many bytes with an error. Later writes work.
    ShortWrite(usize),
    /// A write fails and writes nothing. Later writes work.
    NoWrite,
    /// A sync fails. Its data may be lost, although later syncs succeed.
    NoSync,
    /// All later writes fail.
    Dead,
}

/// A disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// The content that survives a power failure.
    safe: Vec<u8>,
    /// The content that a reader sees.
    now: Vec<u8>,
    /// The operations since the last sync.
    unsynced: Vec<Operation>,
    operations: usize,
    mishap: Option<(usize, Mishap)>,
    /// The maximum size in bytes.
    room: Option<u64>,
}

#[derive(Debug, Clone)]
enum Operation {
    Length(usize),
    Write(usize, Vec<u8>),
}

impl Operation {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Operation::Length(length) => to.resize(*length, 0),
            Operation::Write(at, bytes) => {
                // The earlier change of the length may be lost.
                if to.len() < at + bytes.len() {
                    to.resize(at + bytes.len(), 0);
                }
                to[*at..at + bytes.len()].copy_from_slice(bytes);
            }
        }
    }
}

impl Disk {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Makes the disk fail after `after` more writes and syncs.
    pub(crate) fn let_fail(&self, after: usize, mishap: Mishap) {
        let mut inner = self.inner();
        inner.mishap = Some((inner.operations + after, mishap));
    }

    /// Limits the disk to this many further bytes.
    pub(crate) fn room_for(&self, bytes: u64) {
        let mut inner = self.inner();
        inner.room = Some(inner.now.len() as u64 + bytes);
    }

    /// Returns the number of writes and syncs.
    pub(crate) fn operations(&self) -> usize {
        self.inner().operations
    }

    /// Simulates a power failure: each write since the last sync is kept, lost or torn at random.
    /// Returns the disk afterwards, which fails no more.
    pub(crate) fn crash(&self, random: &mut fastrand::Rng) -> Disk {
        let inner = self.inner();
        let mut left = inner.safe.clone();
        for operation in &inner.unsynced {
            match (operation, random.u8(..3)) {
                (_, 0) => {}
                (Operation::Write(at, bytes), 1) if bytes.len() > 1 => {
                    // The write is torn at a sector, or anywhere.
                    let cut = random.usize(1..bytes.len());
                    let cut = if random.bool() { cut / 512 * 512 } else { cut };
                    Operation::Write(*at, bytes[..cut].to_vec()).apply(&mut left);
                }
                (operation, _) => operation.apply(&mut left),
            }
        }
        Disk(Arc::new(Mutex::new(Inner { now: left.clone(), safe: left, ..Inner::default() })))
    }
}

impl Inner {
    fn mishap(&mut self, applies: impl Fn(Mishap) -> bool) -> Option<Mishap> {
        let number = self.operations;
        self.operations += 1;
        let (from, mishap) = self.mishap?;
        if number < from || !applies(mishap) {
            return None;
        }
        if mishap != Mishap::Dead {
            self.mishap = None;
        }
        Some(mishap)
    }

    fn keep(&mut self, operation: Operation) {
        operation.apply(&mut self.now);
        self.unsynced.push(operation);
    }

    fn full(&self, length: u64) -> Result<(), Error> {
        match self.room {
            Some(room) if length > room => Err(ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

fn broken() -> Error {
    Error::other("the disk is broken")
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.inner().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let at = usize::try_from(offset).unwrap();
        let inner = self.inner();
        let bytes = inner.now.get(at..at + out.len());
        out.copy_from_slice(bytes.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        let mut inner = self.inner();
        inner.full(len)?;
        match inner.mishap(|mishap| mishap == Mishap::Dead || mishap == Mishap::NoWrite) {
            Some(_) => Err(broken()),
            None => {
                inner.keep(Operation::Length(usize::try_from(len).unwrap()));
                Ok(())
            }
        }
    }

    fn sync_data(&self) -> Result<(), Error> {
        let mut inner = self.inner();
        match inner.mishap(|mishap| mishap == Mishap::Dead || mishap == Mishap::NoSync) {
            Some(Mishap::NoSync) => {
                // As on Linux, the pages count as clean, and the next sync does not write them.
                inner.unsynced.clear();
                Err(broken())
            }
            Some(_) => Err(broken()),
            None => {
                let Inner { safe, unsynced, .. } = &mut *inner;
                unsynced.drain(..).for_each(|operation| operation.apply(safe));
                Ok(())
            }
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let at = usize::try_from(offset).unwrap();
        let mut inner = self.inner();
        inner.full(offset + data.len() as u64)?;
        match inner.mishap(|mishap| mishap != Mishap::NoSync) {
            Some(Mishap::ShortWrite(bytes)) => {
                inner.keep(Operation::Write(at, data[..bytes.min(data.len())].to_vec()));
                Err(broken())
            }
            Some(_) => Err(broken()),
            None => {
                inner.keep(Operation::Write(at, data.to_vec()));
                Ok(())
            }
        }
    }
}
