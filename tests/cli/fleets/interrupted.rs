//! Tests what signals do to an apply, and that another apply brings everything to its end.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use super::support::{Fleet, count, declared};
use crate::cli::support::{Ran, finish, schema, signal};

/// Starts an apply and waits for the first event of this kind. The first add is the one by which the plan finds
/// out whether the remote cluster is configured, and the second creates the first duplication.
fn start(fleet: &Fleet, options: &str, event: &str) -> (Child, Vec<String>) {
    fleet.file("f.toml", &declared("app_*", ""));
    let line = format!("apply f.toml --yes --json --concurrency 1 {options}");
    let mut child =
        fleet.command(&line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawn");
    let mut stdout = BufReader::with_capacity(1, child.stdout.take().expect("piped"));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stdout.read_line(&mut line).expect("UTF-8");
        assert!(!line.is_empty(), "{lines:?}");
        let found = schema::assert_event(line.trim_end());
        lines.push(line);
        if found["event"] == "started" && found["table"] == event {
            break;
        }
    }
    child.stdout = Some(stdout.into_inner());
    (child, lines)
}

fn end(child: Child, before: Vec<String>) -> Ran {
    let ran = finish(child);
    Ran { stdout: before.concat() + &ran.stdout, ..ran }
}

#[test]
fn the_first_signal_lets_the_requests_in_flight_end() {
    for name in ["INT", "TERM"] {
        let fleet = Fleet::start(&["--fault", "add#3=hold:1500"]);
        let (child, before) = start(&fleet, "", "app_2");
        signal(&child, name);
        let ran = end(child, before);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_eq!((count(&ran, "created"), count(&ran, "not_tried")), (2, 1), "{ran:?}");
        assert!(ran.stderr.contains(&format!("stopped by SIG{name}: waiting")), "{ran:?}");
        assert_eq!(fleet.client(0, "list --json").stdout.lines().count(), 2);
        fleet.expect(0, "apply f.toml --yes");
        assert_eq!(fleet.client(0, "list --json").stdout.lines().count(), 3);
    }
}

#[test]
fn the_second_signal_ends_an_apply_at_once() {
    let fleet = Fleet::start(&["--fault", "add#3=hold:60000"]);
    let (mut child, before) = start(&fleet, "--timeout 60", "app_2");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    // A started event comes before the request is sent.
    assert!((0..100).any(|number| sent(&fleet, number)));
    signal(&child, "INT");
    let mut line = String::new();
    while !line.contains("another signal") {
        line.clear();
        assert!(stderr.read_line(&mut line).expect("UTF-8") > 0);
    }
    signal(&child, "INT");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut rest).expect("UTF-8");
    let ran = finish(child);
    assert_eq!(ran.code, Some(5), "{ran:?} {rest}");
    assert!(rest.contains("add table=app_2 cluster=target"), "{rest}");
    let report = schema::assert_report(ran.stdout.lines().last().expect("a report"));
    assert_eq!(report["error"]["kind"], "outcome_unknown", "{before:?}");
}

/// Returns whether the server holds an add, so that other updates wait behind it.
fn sent(fleet: &Fleet, number: u32) -> bool {
    let table = format!("probe_{number}");
    let mut command = fleet.served.client(&["--timeout", "0.5", "create-table", &table]);
    crate::cli::support::run(&mut command).code == Some(5)
}

#[test]
fn a_signal_before_the_first_request_has_exit_code_130() {
    let fleet = Fleet::start(&[]);
    let silent = TcpListener::bind("127.0.0.1:0").expect("bind");
    let meta = silent.local_addr().expect("bound");
    fleet.write("f.toml", &format!("meta = \"{meta}\"\n{}", declared("temp", "")));
    for line in ["plan f.toml --json --timeout 60", "apply f.toml --yes --json --timeout 60"] {
        let mut command = fleet.command(line);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawn");
        // The program receives signals before it connects.
        let connection = silent.accept().expect("a connection");
        signal(&child, "INT");
        let ran = finish(child);
        drop(connection);
        assert_eq!(ran.code, Some(130), "{line}: {ran:?}");
        assert_eq!(ran.report()["error"]["kind"], "interrupted");
    }
}
