//! Starts threads for blocking work. If the system cannot start a thread, this is an error here, whereas
//! tokio's own pool panics.

use std::io;
use std::thread;

use tokio::sync::oneshot;

/// The advice if the machine or the process has run out of a resource.
const ADVICE: &str = "this machine or this process has run out of threads, file descriptors or memory: raise the limits (ulimit -u, ulimit -n) or stop the programs that use them, and try again";

/// Runs blocking work on a separate thread.
///
/// # Errors
///
/// No thread could be started, in which case `work` has not run, or `work` panicked.
pub(crate) async fn blocking<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    // If the receiver was dropped, nothing waits for the result any more.
    let work = move || drop(done.send(work()));
    thread::Builder::new().name(name.to_owned()).spawn(work)?;
    result.await.map_err(|_| io::Error::other("a thread panicked"))
}

/// Returns advice if an error of the operating system says that this machine or this process has run out of
/// a resource.
pub(crate) fn advice(error: &io::Error) -> Option<&'static str> {
    // EMFILE and ENFILE have these numbers on every Unix, and no `io::ErrorKind`.
    let no_descriptor = matches!(error.raw_os_error(), Some(24 | 23));
    // EAGAIN means that a thread could not be started. No other operation here fails with it.
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
