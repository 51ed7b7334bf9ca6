//! Tests `serve` with a configuration file, with a log in JSON, and with a clock that is advanced
//! by hand.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use super::support::{Served, finish, program, run, signal};

fn file(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("serve.toml");
    std::fs::write(&path, text).expect("written");
    path
}

const GOOD: &str = r#"
listen = "127.0.0.1:0"
remote-cluster = ["target=127.0.0.1:35601", "far=127.0.0.1:35602"]
table = ["temp", "other:4"]
clock = "manual"
"#;

#[test]
fn a_check_reports_what_is_wrong_and_starts_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("store.redb");
    let good = format!("{GOOD}store = {:?}\n", store.to_str().expect("UTF-8"));
    let check = |text: &str| {
        let path = file(&folder, text);
        run(program().args(["serve", "--check-config", "--config"]).arg(path))
    };
    let ran = check(&good);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(ran.stdout, "the configuration makes sense\n");
    assert!(!store.exists());
    for (text, what) in [
        ("tabel = 'temp'", "no such option: tabel"),
        ("table = ['temp', 'temp']", "a table is configured twice"),
        ("max-connections = 0", "a limit must be greater than 0"),
        ("clock = 'sundial'", "sundial"),
        ("clock = ", "the configuration is wrong"),
        ("remote-cluster = 'target'", "a remote cluster is NAME=HOST:PORT"),
    ] {
        let ran = check(text);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{text}: {ran:?}");
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(what), "{ran:?}");
    }
    let nowhere = folder.path().join("no.toml");
    let ran = run(program().args(["serve", "--config"]).arg(nowhere));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.starts_with("error: cannot read the configuration"), "{ran:?}");
}

/// The program must not wait for the end of any of these inputs.
#[test]
fn an_input_that_is_no_configuration_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = file(&folder, &"# a comment\n".repeat(100_000));
    let latin1 = folder.path().join("latin1.toml");
    std::fs::write(&latin1, b"cluster-name = '\xe9'").expect("written");
    for (path, what) in [
        (PathBuf::from("/dev/zero"), "it is longer than 1048576 bytes"),
        (long, "it is longer than 1048576 bytes"),
        (folder.path().to_owned(), "it is a directory"),
        (latin1, "it is not UTF-8"),
    ] {
        let ran = run(program().args(["serve", "--config"]).arg(&path));
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{path:?}: {ran:?}");
        let said = format!("error: cannot read the configuration: {what} path={}", path.display());
        assert_eq!(ran.stderr.trim_end(), said);
    }
}

#[test]
fn a_configuration_may_come_through_a_pipe() {
    let mut child = program()
        .args(["serve", "--check-config", "--config", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("spawn");
    child.stdin.take().expect("piped").write_all(GOOD.as_bytes()).expect("taken");
    let ran = finish(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
}

#[test]
fn every_line_of_a_json_log_is_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program();
    command.args(["serve", "--log-format", "json", "--config"]).arg(file(&folder, GOOD));
    let served = Served::spawn(command);
    assert_eq!(served.run(&["query", "temp"]).code, Some(0));
    let address = served.address.clone();
    let ran = served.end("TERM");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lines: Vec<Value> =
        ran.stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["level"] == "INFO", "{line}");
    }
    let of = |message: &str| lines.iter().find(|line| line["message"] == message);
    assert_eq!(of("serving").expect("logged")["address"], address);
    assert_eq!(of("stopping").expect("logged")["signal"], "SIGTERM");
}

#[test]
fn a_line_on_stdin_advances_the_clock() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = program()
        .args(["serve", "--config"])
        .arg(file(&folder, GOOD))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("spawn");
    let mut stdin = child.stdin.take().expect("piped");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || lines.next().expect("a line").expect("UTF-8");
    let first = next();
    let address = first.strip_prefix("serving on ").expect(&first);
    let client = |args: &[&str]| run(program().args(["--json", "--meta", address]).args(args));
    assert_eq!(client(&["add", "temp", "target", "--sst"]).code, Some(0));
    let status = || client(&["query", "temp"]).report()["value"]["status"].clone();
    assert_eq!(status(), "DS_PREPARE");
    for (line, expected) in
        [("advance 2", "DS_APP"), ("advance 2.999", "DS_APP"), ("advance 0.001", "DS_LOG")]
    {
        writeln!(stdin, "{line}").expect("taken");
        assert_eq!(next(), line.replace("advance", "advanced"));
        assert_eq!(status(), expected, "{line}");
    }
    writeln!(stdin, "nonsense\nadvance -1").expect("taken");
    // A line that is not UTF-8 causes an error message, and the next line still advances the clock.
    stdin.write_all(b"advance \xff1\nadvance 1\n").expect("taken");
    assert_eq!(next(), "advanced 1");
    writeln!(stdin, "alive-nodes 2").expect("taken");
    assert_eq!(next(), "alive nodes 2");
    // The server keeps running without stdin.
    drop(stdin);
    assert_eq!(status(), "DS_LOG");
    signal(&child, "TERM");
    let ran = finish(child);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 3, "{ran:?}");
}

#[test]
fn a_table_on_the_command_line_may_have_colons_in_its_name() {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--remote-cluster", "target=127.0.0.1:1"]);
    command.args(["--table", "a:b", "--table", "a:5:4:3"]);
    let served = Served::spawn(command);
    for name in ["a:b", "a:5"] {
        assert_eq!(served.run(&["add", name, "target"]).code, Some(0), "{name}");
    }
    assert_eq!(served.run(&["add", "a", "target"]).code, Some(1));
    assert_eq!(served.end("TERM").code, Some(0));
}
