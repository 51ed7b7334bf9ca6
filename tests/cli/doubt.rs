//! Tests outcomes that are not certain: lost adds, lost responses, and signals during a call.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::support::proxy::{self, Lose};
use super::support::schema::assert_entry;
use super::support::{PATIENCE, Served, finish, now, program, run, signal};

fn client(meta: &str, args: &[&str]) -> Command {
    let mut command = program();
    command.args(["--meta", meta, "--json"]).args(args);
    command
}

fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawn")
}

fn wait_for(seen: &AtomicBool) {
    let deadline = now() + PATIENCE;
    while !seen.load(Ordering::SeqCst) {
        assert!(now() < deadline, "nothing came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_lost_add_is_outcome_unknown() {
    let served = Served::start(&[]);
    let (meta, _) = proxy::start(&served.address, Lose::Request);
    let ran = run(&mut client(&meta, &["--timeout", "1.5", "add", "temp", "target"]));
    assert_eq!(ran.code, Some(5), "{ran:?}");
    let report = ran.report();
    assert_eq!(report["error"]["kind"], "outcome_unknown", "{ran:?}");
}

#[test]
fn a_lost_response_is_created_but_not_certain() {
    let served = Served::start(&[]);
    let (meta, _) = proxy::start(&served.address, Lose::Answer);
    let ran = run(&mut client(&meta, &["--timeout", "5", "add", "temp", "target"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.report();
    assert_eq!(report["outcome"], "created", "{ran:?}");
    assert_eq!(report["evidence"], "appeared_during_call", "{ran:?}");
    assert_eq!(report["certain"], false, "{ran:?}");
    assert!(ran.stderr.starts_with("warning: not certain"), "{ran:?}");
}

#[test]
fn a_signal_before_anything_was_sent_gives_exit_code_130() {
    for name in ["INT", "TERM"] {
        let silent = TcpListener::bind("127.0.0.1:0").expect("bind");
        let meta = silent.local_addr().expect("bound").to_string();
        let child = spawn(client(&meta, &["add", "temp", "target"]));
        // The program handles signals once it has connected.
        let _connection = silent.accept().expect("a client");
        signal(&child, name);
        let ran = finish(child);
        assert_eq!(ran.code, Some(130), "{name}: {ran:?}");
        assert_eq!(ran.report()["error"]["kind"], "interrupted", "{ran:?}");
        assert!(ran.stderr.contains(&format!("stopped by SIG{name}")), "{ran:?}");
    }
}

#[test]
fn a_signal_after_the_add_was_sent_gives_exit_code_5() {
    for name in ["INT", "TERM"] {
        let served = Served::start(&[]);
        let (meta, seen) = proxy::start(&served.address, Lose::Request);
        let child = spawn(client(&meta, &["--explain", "add", "temp", "target"]));
        wait_for(&seen);
        signal(&child, name);
        let ran = finish(child);
        assert_eq!(ran.code, Some(5), "{name}: {ran:?}");
        let entries: Vec<_> =
            ran.stderr.lines().filter(|line| line.starts_with('{')).map(assert_entry).collect();
        let [.., add, conclusion] = &entries[..] else { panic!("{ran:?}") };
        assert_eq!(add["name"], "RPC_CM_ADD_DUPLICATION", "{ran:?}");
        assert!(add["response"].is_null() && add["text"].is_null(), "{ran:?}");
        assert_eq!(conclusion["entry"], "conclusion", "{ran:?}");
        let text = conclusion["text"].as_str().expect("a text");
        assert!(text.starts_with(&format!("error: stopped by SIG{name}")), "{ran:?}");
        let report = ran.report();
        assert_eq!(report["error"]["kind"], "outcome_unknown", "{ran:?}");
        let hint = report["error"]["hint"].as_str().expect("a hint");
        assert!(hint.contains("pegasus-dup query temp"), "{ran:?}");
        assert!(ran.stderr.contains("hint: "), "{ran:?}");
    }
}

#[test]
fn a_signal_ends_the_program_while_nothing_reads_its_output() {
    // The report is larger than the buffer of a pipe.
    let served = Served::start(&["--table", "large:4000"]);
    assert_eq!(served.run(&["add", "large", "target"]).code, Some(0));
    let mut child = spawn(client(&served.address, &["list"]));
    let mut first = [0];
    child.stdout.as_mut().expect("piped").read_exact(&mut first).expect("it writes");
    signal(&child, "TERM");
    let ran = finish(child);
    assert_eq!(ran.code, Some(130), "{:?}", ran.code);
}
