//! The thread that calls the callbacks of a client. It is not one of the threads that the client's
//! connections need, so a callback may wait.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use once_cell::sync::OnceCell;

use super::numbers::{PEGASUS_DUP_NO_THREAD, Refusal};

pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs one after the other on a thread. The thread starts when the first job needs it. It
/// ends when nothing can send jobs any more, which is when the client is freed and its calls in the
/// background are finished.
#[derive(Debug, Default)]
pub(crate) struct CallbackThread(OnceCell<Sender<Job>>);

impl CallbackThread {
    pub(crate) fn jobs(&self) -> Result<Sender<Job>, Refusal> {
        let jobs = self.0.get_or_try_init(|| {
            let (sender, receiver) = channel::<Job>();
            thread::Builder::new()
                .name("pegasus-dup-done".to_owned())
                .spawn(move || receiver.into_iter().for_each(|job| job()))
                .map(|_| sender)
        });
        jobs.cloned().map_err(|_| Refusal(PEGASUS_DUP_NO_THREAD))
    }
}
