//! The common parts of the tests of the command line: the program, a server, and the schema.

pub mod proxy;
pub mod schema;

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A timeout that is longer than any command in the tests takes.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Real processes take real time, so there is no clock to pass in.
#[allow(clippy::disallowed_methods)]
pub fn now() -> Instant {
    Instant::now()
}

/// Returns a command for the program, without the variables of the environment.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pegasus-dup"));
    for variable in ["PEGASUS_DUP_META", "PEGASUS_DUP_CLUSTERS", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// The result of a run.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Returns the only line of stdout as a report, and checks it with the schema.
    #[track_caller]
    pub fn report(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        schema::assert_report(self.stdout.trim_end())
    }

    /// Returns each line of stdout as a report, and checks it with the schema.
    #[track_caller]
    pub fn reports(&self) -> Vec<Value> {
        self.stdout.lines().map(schema::assert_report).collect()
    }

    /// Returns each line of stdout as an event, and checks it with the schema.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        self.stdout.lines().map(schema::assert_event).collect()
    }
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawn");
    finish(child)
}

/// Runs a command line, and checks its exit code.
#[track_caller]
pub fn expect(served: &Served, code: i32, line: &str) -> Ran {
    let words: Vec<_> = line.split_whitespace().collect();
    let ran = served.run(&words);
    assert_eq!(ran.code, Some(code), "{line}: {ran:?}");
    ran
}

/// Waits until a child process ends.
#[track_caller]
pub fn finish(mut child: Child) -> Ran {
    let deadline = now() + PATIENCE;
    while child.try_wait().expect("wait").is_none() {
        if now() > deadline {
            let _ = child.kill();
            panic!("still running: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("output");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Sends a signal by name.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(sent.expect("kill").success());
}

/// A running `pegasus-dup serve`, which is killed when this is dropped.
pub struct Served {
    child: Option<Child>,
    stdout: BufReader<ChildStdout>,
    pub address: String,
}

impl Served {
    /// Starts a server with two tables, two remote clusters and a stopped clock, and with
    /// `options`.
    #[track_caller]
    pub fn start(options: &[&str]) -> Served {
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--remote-cluster", "target=127.0.0.1:35601"]);
        command.args(["--remote-cluster", "far=127.0.0.1:35602"]);
        command.args(["--table", "temp", "--table", "other:4"]);
        command.args(options);
        Served::spawn(command)
    }

    #[track_caller]
    pub fn spawn(mut command: Command) -> Served {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawn");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("UTF-8");
        match line.trim_end().strip_prefix("serving on ") {
            Some(address) => Served { address: address.to_owned(), child: Some(child), stdout },
            None => panic!("{line:?} {:?}", finish(child)),
        }
    }

    /// Starts a group with this many servers.
    #[track_caller]
    pub fn start_group(servers: usize, options: &[&str]) -> Served {
        let more = ["--listen", "127.0.0.1:0"].repeat(servers - 1);
        let mut served = Served::start(&[&more, options].concat());
        for _ in 1..servers {
            let mut line = String::new();
            served.stdout.read_line(&mut line).expect("UTF-8");
            let address = line.trim_end().strip_prefix("serving on ").expect("an address");
            served.address = format!("{},{address}", served.address);
        }
        served
    }

    /// Returns a command that runs the program as a client of this server.
    pub fn client(&self, args: &[&str]) -> Command {
        let mut command = program();
        command.args(["--meta", &self.address]).args(args);
        command
    }

    /// Runs the program as a client of this server.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ran {
        run(&mut self.client(args))
    }

    /// Ends the server with a signal, and returns the result.
    #[track_caller]
    pub fn end(mut self, name: &str) -> Ran {
        let child = self.child.take().expect("running");
        signal(&child, name);
        finish(child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
