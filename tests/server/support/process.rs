//! Runs processes for tests, with the functions of std. With those of tokio, every runtime of the
//! tests would handle signals, which the runtime of the library does not.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

/// Names the test that a process runs alone.
const ALONE: &str = "PEGASUS_DUP_TEST_ALONE";

/// Returns the arguments with which a test binary runs one test and no other, even one that is
/// ignored. `module` is the `module_path!()` of the test.
pub(crate) fn only(module: &str, test: &str) -> [String; 4] {
    let (_, module) = module.split_once("::").expect("the crate and a module");
    ["--include-ignored", "--nocapture", "--exact", &format!("{module}::{test}")].map(str::to_owned)
}

/// Returns whether this process runs the given test and no other. If it does not, runs the test in
/// a process of its own, and panics if the test fails there.
///
/// A test that measures its own process begins with this, because the other tests of the binary run
/// at the same time.
pub(crate) fn is_alone(module: &str, test: &str) -> bool {
    if std::env::var_os(ALONE).is_some_and(|name| name == test) {
        return true;
    }
    let output = Command::new(std::env::current_exe().expect("the path of this binary"))
        .args(only(module, test))
        .env(ALONE, test)
        .output()
        .expect("a process starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("test result: ok. 1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program that prints a line `serving on HOST:PORT`, and waits for that line.
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

    /// Returns the process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends the process with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("it is killed");
        self.0.wait().expect("it has ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If this fails, the process has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end. Other tasks of the runtime keep running.
pub(crate) async fn output(mut command: Command) -> Output {
    let run = move || command.output().expect("it runs");
    tokio::task::spawn_blocking(run).await.expect("it does not panic")
}
