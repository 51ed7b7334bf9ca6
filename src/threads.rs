//! Threads, on a machine that may have none left to give: that is an error here, where tokio's own pool
//! panics.

use std::io;
use std::thread;

use tokio::sync::oneshot;

/// What to do about a machine, or a process, that is short of something.
const ADVICE: &str = "this machine or this process is short of threads, file descriptors or memory: raise its limits (ulimit -u, ulimit -n), or end what holds them, and try again";

/// Runs what blocks on a thread of its own.
///
/// # Errors
///
/// No thread can be started, and then nothing of `work` has run; or `work` panicked.
pub(crate) async fn blocking<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    // Nobody waits any more where the receiver is gone.
    let work = move || drop(done.send(work()));
    thread::Builder::new().name(name.to_owned()).spawn(work)?;
    result.await.map_err(|_| io::Error::other("a thread panicked"))
}

/// Advice, where an error is the operating system's word that something has run out here, rather than
/// that something is wrong elsewhere.
pub(crate) fn advice(error: &io::Error) -> Option<&'static str> {
    // EMFILE and ENFILE, which have these numbers on every Unix and no `io::ErrorKind`.
    let no_descriptor = matches!(error.raw_os_error(), Some(24 | 23));
    // A thread that can't be started is EAGAIN, which nothing else here ends in.
    let nothing_left =
        matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory);
    (no_descriptor || nothing_left).then_some(ADVICE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thread_gives_its_value_or_an_error() {
        assert_eq!(blocking("test", || 7).await.unwrap(), 7);
        assert!(blocking("test", || -> i32 { panic!("on purpose") }).await.is_err());
    }

    #[test]
    fn advice_is_given_for_what_runs_out_here() {
        for number in [11, 12, 23, 24] {
            let error = io::Error::from_raw_os_error(number);
            assert!(advice(&error).is_some(), "{error}");
        }
        for number in [2, 13, 104, 110, 111, 113] {
            let error = io::Error::from_raw_os_error(number);
            assert!(advice(&error).is_none(), "{error}");
        }
    }
}
