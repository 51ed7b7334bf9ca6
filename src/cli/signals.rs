//! The signals that stop a command: SIGINT (Ctrl-C) and SIGTERM.

use std::io;
use std::os::unix::net;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

/// Receives the two signals. Without it, each of them would end the process at once.
///
/// This does not use tokio's signal handling, because tokio then panics whenever a runtime is built and
/// no file descriptor is left.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: UnixStream,
    terminate: UnixStream,
}

impl Signals {
    /// Starts to receive the signals. It must be called within a tokio runtime.
    pub(super) fn listen() -> io::Result<Signals> {
        Ok(Signals { interrupt: listen(SIGINT)?, terminate: listen(SIGTERM)? })
    }

    /// Waits for the next signal and returns its name.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            biased;
            () = came(&mut self.interrupt) => "SIGINT",
            () = came(&mut self.terminate) => "SIGTERM",
        }
    }
}

/// Returns a stream that receives a byte for each signal of this number.
fn listen(signal: i32) -> io::Result<UnixStream> {
    let (ours, handlers) = net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let ours = UnixStream::from_std(ours)?;
    // This comes last, because from here on the signal no longer ends the process.
    pipe::register(signal, handlers)?;
    Ok(ours)
}

/// Waits for a signal. Several signals that arrive at about the same time may count as one.
async fn came(stream: &mut UnixStream) {
    let mut bytes = [0; 16];
    match stream.read(&mut bytes).await {
        Ok(1..) => {}
        // The handler keeps its end of the stream open for as long as the process lives.
        Ok(0) | Err(_) => std::future::pending().await,
    }
}
