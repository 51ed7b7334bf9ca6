//! A disk in memory that fails as real ones do: it writes a part and says so, refuses when it is full,
//! fails a sync, and, when the power goes, keeps any part of what was not synced, torn pages included.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

/// What the disk does wrong, once it has done that many writes and syncs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// A write stops after that many bytes, with an error; later ones work.
    ShortWrite(usize),
    /// A write fails, and nothing of it is done; later ones work.
    NoWrite,
    /// A sync fails. What it was for may be lost, and later syncs say that all is well.
    NoSync,
    /// Everything that writes fails from then on.
    Dead,
}

/// A disk; clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// What survives when the power goes.
    safe: Vec<u8>,
    /// What a reader sees.
    now: Vec<u8>,
    /// What was done since the last sync.
    unsynced: Vec<Operation>,
    operations: usize,
    mishap: Option<(usize, Mishap)>,
    /// No more bytes than this.
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
                // The length that made room for it may be lost.
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

    /// Lets something go wrong that many writes and syncs from now.
    pub(crate) fn let_fail(&self, after: usize, mishap: Mishap) {
        let mut inner = self.inner();
        inner.mishap = Some((inner.operations + after, mishap));
    }

    /// It takes that many bytes more, and no others.
    pub(crate) fn room_for(&self, bytes: u64) {
        let mut inner = self.inner();
        inner.room = Some(inner.now.len() as u64 + bytes);
    }

    /// How many writes and syncs there were.
    pub(crate) fn operations(&self) -> usize {
        self.inner().operations
    }

    /// The power goes: of what was not synced each write is kept, lost or torn, as chance will have
    /// it. The disk afterwards, which fails no more.
    pub(crate) fn crash(&self, random: &mut fastrand::Rng) -> Disk {
        let inner = self.inner();
        let mut left = inner.safe.clone();
        for operation in &inner.unsynced {
            match (operation, random.u8(..3)) {
                (_, 0) => {}
                (Operation::Write(at, bytes), 1) if bytes.len() > 1 => {
                    // Torn at a sector, or anywhere.
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
                // As Linux has it: the pages count as clean, and the next sync doesn't write them.
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
