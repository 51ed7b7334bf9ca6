//! Processes of a test's own. They are std's: with tokio's, every runtime of the tests would have
//! signal handling in it that the library's has not.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts what prints a line `serving on HOST:PORT`, and waits for that line.
    pub(crate) fn serving(command: &mut Command) -> (Process, SocketAddr) {
        let mut process =
            Process(command.stdout(Stdio::piped()).spawn().expect("a process starts"));
        let stdout = process.0.stdout.take().expect("it is piped");
        for line in BufReader::new(stdout).lines() {
            if let Some(address) = line.expect("it is readable").strip_prefix("serving on ") {
                return (process, address.parse().expect("an address"));
            }
        }
        panic!("it ended before it served");
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it by SIGKILL.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("it is killed");
        self.0.wait().expect("it has ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error is a process that has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end while other tasks of the runtime go on.
pub(crate) async fn output(mut command: Command) -> Output {
    let run = move || command.output().expect("it runs");
    tokio::task::spawn_blocking(run).await.expect("it does not panic")
}
