//! The signals that end a command: SIGINT (Ctrl-C) and SIGTERM.

use std::io;
use std::os::unix::net;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

/// Takes the two signals over from their default, which is to end the process at once.
///
/// Not by tokio, which panics where no file descriptor is left, and does so whenever it makes a
/// runtime.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: UnixStream,
    terminate: UnixStream,
}

impl Signals {
    /// From here on the signals arrive here. Needs a tokio runtime.
    pub(super) fn listen() -> io::Result<Signals> {
        Ok(Signals { interrupt: listen(SIGINT)?, terminate: listen(SIGTERM)? })
    }

    /// Waits for the next one; its name.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            biased;
            () = came(&mut self.interrupt) => "SIGINT",
            () = came(&mut self.terminate) => "SIGTERM",
        }
    }
}

/// A stream that a byte comes from with each such signal.
fn listen(signal: i32) -> io::Result<UnixStream> {
    let (ours, handlers) = net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let ours = UnixStream::from_std(ours)?;
    // Last, since from here on the signal does not end the process any more.
    pipe::register(signal, handlers)?;
    Ok(ours)
}

/// Several that came at about the same time may be told of once.
async fn came(stream: &mut UnixStream) {
    let mut bytes = [0; 16];
    match stream.read(&mut bytes).await {
        Ok(1..) => {}
        // The handler keeps its end for as long as the process lives.
        Ok(0) | Err(_) => std::future::pending().await,
    }
}
