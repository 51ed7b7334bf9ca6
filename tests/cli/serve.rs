//! Tests how `serve` starts and ends, and what it refuses.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::support::{PATIENCE, Served, program, run};

/// Sends bytes to the first server, and waits until it closes the connection.
fn provoke(served: &Served, bytes: &[u8]) {
    let first = served.address.split(',').next().expect("an address");
    let mut stream = TcpStream::connect(first).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    stream.write_all(bytes).expect("sent");
    assert_eq!(stream.read(&mut [0]).expect("closed"), 0);
}

/// Returns a complete header and an empty body, which is too short for any request.
fn a_body_that_ends_a_real_server() -> Vec<u8> {
    let mut frame = b"THFT".to_vec();
    frame.extend([0, 0, 0, 0, 0, 0, 0, 48]);
    frame.resize(48, 0);
    frame
}

#[test]
fn signals_end_the_server_with_exit_code_0() {
    for signal in ["TERM", "INT"] {
        let ran = Served::start(&[]).end(signal);
        assert_eq!(ran.code, Some(0), "{signal}: {ran:?}");
        assert_eq!(ran.stderr, "", "{signal}");
    }
}

#[test]
fn an_address_in_use_is_a_clear_error() {
    let served = Served::start(&[]);
    let ran = run(program().args(["serve", "--listen", &served.address]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("error: cannot listen"), "{ran:?}");
    assert!(ran.stderr.contains(&served.address), "{ran:?}");
}

#[test]
fn a_store_in_use_is_a_clear_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store.redb");
    let store = store.to_str().expect("UTF-8");
    let _served = Served::start(&["--store", store]);
    let ran = run(program().args(["serve", "--listen", "127.0.0.1:0", "--store", store]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    assert!(ran.stderr.contains("in use"), "{ran:?}");
}

#[test]
fn a_file_that_is_no_store_is_a_clear_error_and_stays_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "these are somebody's notes").expect("written");
    let nowhere = folder.path().join("no/such/folder/store.redb");
    for store in [&file, &nowhere] {
        let mut command = program();
        let ran = run(command.args(["serve", "--listen", "127.0.0.1:0", "--store"]).arg(store));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "these are somebody's notes");
}

#[test]
fn listening_on_other_addresses_causes_a_warning() {
    let mut command = program();
    command.args(["serve", "--listen", "0.0.0.0:0"]);
    let ran = Served::spawn(command).end("TERM");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.starts_with("warning: the server has no authentication"), "{ran:?}");
}

#[test]
fn acknowledged_changes_survive_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store.redb");
    let options = ["--store", store.to_str().expect("UTF-8"), "--clock", "stopped"];
    let served = Served::start(&options);
    let added = served.run(&["--json", "add", "temp", "target", "-a", "copy"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    let before = served.run(&["--json", "query", "temp"]);
    let killed = served.end("KILL");
    assert_eq!(killed.code, None, "{killed:?}");

    let served = Served::start(&options);
    let after = served.run(&["--json", "query", "temp"]);
    assert_eq!(after.code, Some(0), "{after:?}");
    assert_eq!(before.stdout, after.stdout);
    let report = after.report();
    assert_eq!(report["value"]["remote_table"], "copy");
    assert_eq!(report["value"]["dupid"], added.report()["value"]["dupid"]);
}

#[test]
fn requests_that_would_have_ended_a_real_server_are_counted_and_reported() {
    let served = Served::start(&["-v", "--behave-as", "checkpoint"]);
    for _ in 0..2 {
        provoke(&served, &a_body_that_ends_a_real_server());
    }
    assert_eq!(served.run(&["query", "temp"]).code, Some(0));
    let ran = served.end("TERM");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let logged = ran.stderr.matches("a request that would have ended a real server").count();
    assert_eq!(logged, 2, "{}", ran.stderr);
    let last = ran.stderr.lines().last();
    assert_eq!(last, Some("warning: requests that would have ended a real server: 2"));
}

#[test]
fn the_server_behaves_as_every_generation() {
    let remote_names = ["remote-name", "dup-exist", "idempotent"];
    for generation in ["freezed", "checkpoint", "remote-name", "dup-exist", "idempotent"] {
        let served = Served::start(&["--behave-as", generation]);
        let added = served.run(&["--json", "add", "temp", "target"]);
        assert_eq!(added.code, Some(0), "{generation}: {added:?}");
        let report = served.run(&["--json", "query", "temp"]).report();
        let echoed = !report["value"]["remote_table"].is_null();
        assert_eq!(echoed, remote_names.contains(&generation), "{generation}: {report}");
        let running = if generation == "freezed" { "DS_START" } else { "DS_LOG" };
        // Only a client that knows the generation understands the status numbers.
        let status = report["value"]["status"].as_str().expect("a status");
        assert!([running, "DS_PREPARE"].contains(&status), "{generation}: {report}");
        let ran = served.end("TERM");
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{generation}");
    }
}

#[test]
fn requests_meet_the_faults() {
    let served = Served::start(&["--fault", "add#1=refuse:ERR_ACL_DENY"]);
    let refused = served.run(&["--json", "add", "temp", "target"]);
    assert_eq!(refused.report()["error"]["kind"], "permission_denied", "{refused:?}");
    let added = served.run(&["--json", "add", "temp", "target"]);
    assert_eq!(added.report()["outcome"], "created", "{added:?}");
}

#[test]
fn a_group_has_one_leader_and_keeps_acknowledged_changes() {
    // The fault occurs once, on any server, because the servers of a group count together.
    let served = Served::start_group(3, &["--fault", "add#1=change-leader-after"]);
    let metas: Vec<String> = served.address.split(',').map(str::to_owned).collect();
    assert_eq!(metas.len(), 3);
    let alone = |meta: &str, args: &[&str]| {
        run(program().args(["--meta", meta, "--timeout", "1", "--json"]).args(args))
    };
    let added = served.run(&["--json", "add", "temp", "target"]);
    assert_eq!(added.report()["outcome"], "created", "{added:?}");
    let dupid = added.report()["value"]["dupid"].clone();
    // The second server is the leader now. A client that knows only another server is forwarded to
    // it.
    for meta in &metas {
        let listed = alone(meta, &["query", "temp"]);
        assert_eq!(listed.code, Some(0), "{meta}: {listed:?}");
        assert_eq!(listed.report()["value"]["dupid"], dupid, "{meta}");
    }
    let again = served.run(&["--json", "add", "temp", "target"]);
    assert_eq!(again.report()["outcome"], "already_exists", "{again:?}");
    let ran = served.end("TERM");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_group_may_have_two_generations() {
    let served = Served::start_group(
        2,
        &[
            "--behave-as",
            "checkpoint",
            "--behave-as",
            "dup-exist",
            "--fault",
            "query#2=change-leader",
        ],
    );
    let show = || served.run(&["--json", "query", "temp"]);
    assert_eq!(served.run(&["add", "temp", "target"]).code, Some(0));
    // Whichever request met the change, the newer server is the leader in the end, and reports
    // more.
    let shown = [show(), show(), show()];
    let last = shown[2].report();
    assert_eq!(last["value"]["remote_table"], "temp", "{shown:?}");
}

#[test]
fn an_error_says_that_duplication_is_switched_off() {
    let served = Served::start(&["--duplication-enabled", "false"]);
    let commands: [&[&str]; 4] =
        [&["add", "temp", "target"], &["query", "temp"], &["list"], &["remove", "temp", "5"]];
    for command in commands {
        let ran = served.run(&[&["--json"], command].concat());
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let report = ran.report();
        assert_eq!(report["error"]["kind"], "unavailable", "{ran:?}");
        assert_eq!(report["error"]["code"], "ERR_SERVICE_NOT_ACTIVE", "{ran:?}");
    }
    let ran = served.run(&["query", "temp"]);
    assert!(ran.stderr.contains("refuses requests about duplication"), "{ran:?}");
    assert!(ran.stderr.contains("`duplication_enabled = false`"), "{ran:?}");
}
