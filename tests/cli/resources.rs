//! Tests the command line on a machine that has no thread or file descriptor left. There must still
//! be one line of JSON and a documented exit code.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::{Ran, Served, run};

/// Runs the program with a limit that `prlimit` sets.
fn limited(limit: &str, words: &[&str]) -> Ran {
    let mut command = Command::new("prlimit");
    command.args([limit, env!("CARGO_BIN_EXE_pegasus-dup")]).args(words);
    run(command.env_remove("PEGASUS_DUP_META"))
}

#[track_caller]
fn assert_ends_properly(ran: &Ran, what: &str) {
    assert!(!ran.stderr.contains("panicked"), "{what}: {ran:?}");
    let report = ran.report();
    match ran.code {
        Some(0 | 3) => assert_ne!(report["outcome"], "error", "{what}: {ran:?}"),
        Some(1) => {
            assert_eq!(report["error"]["kind"], "unavailable", "{what}: {ran:?}");
            assert!(ran.stderr.starts_with("error: "), "{what}: {ran:?}");
        }
        _ => panic!("{what}: {ran:?}"),
    }
}

#[test]
fn few_file_descriptors_are_an_error_or_enough() {
    let served = Served::start(&[]);
    let port = served.address.rsplit_once(':').expect("a port").1;
    let (mut failed, mut done) = (0, 0);
    for meta in [&served.address, &format!("localhost:{port}")] {
        // With fewer than four descriptors the program cannot be loaded.
        for descriptors in 4..20 {
            let limit = format!("--nofile={descriptors}");
            let ran = limited(&limit, &["--meta", meta, "--json", "add", "temp", "target"]);
            assert_ends_properly(&ran, &limit);
            if ran.code == Some(1) {
                failed += 1;
                let report = ran.report();
                let message = report["error"]["message"].as_str().expect("text");
                assert!(message.contains("nothing was sent"), "{limit}: {ran:?}");
                if message.contains("os error 24") {
                    let hint = report["error"]["hint"].as_str().expect("a hint");
                    assert!(hint.contains("ulimit -n"), "{limit}: {ran:?}");
                }
            } else {
                done += 1;
            }
        }
    }
    assert!(failed > 2 && done > 10, "failed={failed} done={done}");
}

#[test]
fn a_server_without_file_descriptors_reports_it() {
    for descriptors in 4..14 {
        let limit = format!("--nofile={descriptors}");
        let ran = limited(&limit, &["serve", "--listen", "127.0.0.1:0", "--check-config"]);
        assert!(!ran.stderr.contains("panicked"), "{limit}: {ran:?}");
    }
    let ran = limited("--nofile=5", &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
}

/// Copies the program to a place where an unprivileged user may run it, because the limit of
/// threads does not apply to root.
fn program_for_anybody(folder: &Path) -> PathBuf {
    let anybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder, anybody.clone()).expect("allowed");
    let path = folder.join("pegasus-dup");
    // `cp` makes the copy, because Linux does not run a file that is open for writing. A program that
    // another test starts at the same time would inherit this process's open file for a moment.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_pegasus-dup")).arg(&path).status();
    assert!(copied.expect("cp runs").success());
    std::fs::set_permissions(&path, anybody).expect("allowed");
    path
}

/// Runs the program with a limit of one thread.
fn without_threads(words: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let program = program_for_anybody(folder.path());
    let id = Command::new("id").arg("-u").output().expect("id runs");
    let mut command = if id.stdout == b"0\n" {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "prlimit"]);
        command
    } else {
        Command::new("prlimit")
    };
    run(command.arg("--nproc=1").arg(program).args(words).env_remove("PEGASUS_DUP_META"))
}

#[test]
fn without_threads_everything_works_except_names() {
    let served = Served::start(&[]);
    let added = without_threads(&["--meta", &served.address, "--json", "add", "temp", "target"]);
    assert_eq!(added.code, Some(0), "{added:?}");
    assert_ends_properly(&added, "add");

    let port = served.address.rsplit_once(':').expect("a port").1;
    let meta = format!("localhost:{port}");
    for words in [&["add", "temp", "far"][..], &["query", "temp"], &["list"]] {
        let ran = without_threads(&[&["--meta", &meta, "--json"][..], words].concat());
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert_ends_properly(&ran, &meta);
        let report = ran.report();
        let message = report["error"]["message"].as_str().expect("text");
        assert!(message.contains("cannot be resolved: Resource temporarily"), "{ran:?}");
        assert!(report["error"]["hint"].as_str().expect("a hint").contains("ulimit -u"), "{ran:?}");
    }
}

#[test]
fn a_server_without_threads_reports_it() {
    let ran = without_threads(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.starts_with("error: cannot start a thread"), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
}
