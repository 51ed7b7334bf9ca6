//! Appends lines to a file on a thread of its own. Lines that arrive while the thread waits for the disk
//! are written together, so that many changes in flight share one fsync.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

/// A file that lines are appended to.
pub(super) trait Sink: Write + Send + 'static {
    /// Waits until everything that was written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// A line, and the receiver of its result.
struct Job {
    bytes: Vec<u8>,
    done: oneshot::Sender<Result<(), Arc<io::Error>>>,
}

/// The thread that writes. Dropping this closes the file.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` only while this is being dropped.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. `torn` says that the file ends in a line that was written in part, which is ended
    /// first.
    pub(super) fn start(sink: impl Sink, torn: bool) -> io::Result<Writer> {
        let (jobs, received) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("pegasus-dup-audit".to_owned())
            .spawn(move || write_all(sink, torn, &received))?;
        Ok(Writer { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Appends a line, and returns when it is on the disk. After the first error every call returns that
    /// error, and nothing more is written.
    pub(super) async fn append(&self, bytes: Vec<u8>) -> Result<(), Arc<io::Error>> {
        let gone = || Arc::new(io::Error::other("the thread that writes the file has ended"));
        let (done, result) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Job { bytes, done }).map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // The file is closed, and thereby unlocked, when this returns. A panic was reported by the
            // thread itself.
            let _ = thread.join();
        }
    }
}

fn write_all(mut sink: impl Sink, torn: bool, jobs: &mpsc::Receiver<Job>) {
    let mut failed: Option<Arc<io::Error>> = None;
    let mut bytes = if torn { b"\n".to_vec() } else { Vec::new() };
    while let Ok(first) = jobs.recv() {
        let group: Vec<Job> = std::iter::once(first).chain(jobs.try_iter()).collect();
        if failed.is_none() {
            for job in &group {
                bytes.extend_from_slice(&job.bytes);
            }
            // After an error, a part of the bytes may be in the file. To try again could write them twice.
            failed = sink.write_all(&bytes).and_then(|()| sink.sync()).err().map(Arc::new);
            bytes.clear();
        }
        for job in group {
            // If the receiver was dropped, nothing waits for the result any more.
            let _ = job.done.send(failed.clone().map_or(Ok(()), Err));
        }
    }
}
