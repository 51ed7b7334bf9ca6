//! Tests an apply on a terminal: the questions, and the progress bar. `script` of util-linux provides the
//! terminal.

use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::support::{Fleet, declared};
use crate::cli::support::finish;

/// A program on a terminal.
struct Terminal {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    seen: String,
}

impl Terminal {
    fn start(fleet: &Fleet, line: &str) -> Terminal {
        let mut command = Command::new("script");
        let program = env!("CARGO_BIN_EXE_pegasus-dup");
        command.args(["-q", "-e", "-c", &format!("exec {program} {line}"), "/dev/null"]);
        command.current_dir(fleet.path(".")).env_remove("PEGASUS_DUP_META");
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("script of util-linux");
        let stdin = child.stdin.take();
        let stdout = BufReader::with_capacity(1, child.stdout.take().expect("piped"));
        Terminal { child, stdin, stdout, seen: String::new() }
    }

    /// Waits until the terminal shows a text.
    #[track_caller]
    fn expect(&mut self, text: &str) {
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let mut byte = [0];
            assert!(self.stdout.read(&mut byte).expect("read") > 0, "{} {bytes:?}", self.seen);
            bytes.extend(byte);
        }
        self.seen += &String::from_utf8_lossy(&bytes);
    }

    /// Types a text.
    fn types(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("open");
        stdin.write_all(text.as_bytes()).expect("written");
    }

    /// Waits for the end, and returns the exit code and everything that was shown.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = Vec::new();
        self.stdout.read_to_end(&mut rest).expect("read");
        drop(self.stdin.take());
        let seen = self.seen + &String::from_utf8_lossy(&rest);
        (finish(self.child).code, seen)
    }
}

fn fleet() -> Fleet {
    let fleet = Fleet::start(&[]);
    fleet.file("f.toml", &declared("app_*", ""));
    fleet
}

#[test]
fn an_apply_shows_the_plan_and_waits_for_yes() {
    let fleet = fleet();
    let mut terminal = Terminal::start(&fleet, "apply f.toml");
    terminal.expect("Type yes to continue: ");
    assert!(terminal.seen.contains("create: table=app_1 cluster=target"), "{}", terminal.seen);
    assert!(terminal.seen.contains("3 duplications of the cluster onebox"), "{}", terminal.seen);
    terminal.types("yes\n");
    let (code, seen) = terminal.end();
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("apply: 3 created"), "{seen}");
    assert!(seen.contains("/3 "), "the bar is shown: {seen}");
    assert!(!seen.contains("\x1b[3"), "NO_COLOR is honoured: {seen:?}");
    assert_eq!(fleet.client(0, "list --json").stdout.lines().count(), 3);
    // If there is nothing to do, there is no question.
    let (code, seen) = Terminal::start(&fleet, "apply f.toml").end();
    assert_eq!(code, Some(0), "{seen}");
    assert!(seen.contains("apply: 3 unchanged"), "{seen}");
}

#[test]
fn anything_but_yes_sends_nothing() {
    for answer in ["no\n", "y\n", "yes please\n", "\n", "\x04", "\x03"] {
        let fleet = fleet();
        let mut terminal = Terminal::start(&fleet, "apply f.toml");
        terminal.expect("Type yes to continue: ");
        terminal.types(answer);
        let (code, seen) = terminal.end();
        assert_eq!(code, Some(130), "{answer:?}: {seen}");
        assert!(seen.contains("no request was sent that changes anything"), "{answer:?}: {seen}");
        assert_eq!(fleet.client(0, "list --json").stdout, "", "{answer:?}");
    }
}
