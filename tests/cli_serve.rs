//! `serve`: how it starts, what it refuses, how it ends.
#![cfg(all(feature = "server", feature = "cli"))]

mod cli_support;

use cli_support::{Served, program, run};

#[test]
fn signals_end_it_with_exit_code_0() {
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
fn a_store_that_is_none_is_a_clear_error_and_stays_as_it_was() {
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
fn listening_for_others_is_warned_of() {
    let mut command = program();
    command.args(["serve", "--listen", "0.0.0.0:0"]);
    let ran = Served::spawn(command).end("TERM");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.starts_with("warning: the server has no authentication"), "{ran:?}");
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
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
    assert_eq!(report["duplication"]["remote_table"], "copy");
    assert_eq!(report["duplication"]["dupid"], added.report()["duplication"]["dupid"]);
}
