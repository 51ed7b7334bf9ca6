//! Tests the command line without a server: the help, and invalid arguments.

use super::support::{program, run};

const COMMANDS: [&str; 8] =
    ["add", "query", "list", "start", "pause", "remove", "set-fail-mode", "serve"];

#[test]
fn every_command_has_help() {
    let all = run(program().arg("--help"));
    assert_eq!(all.code, Some(0));
    for command in COMMANDS {
        assert!(all.stdout.contains(&format!("\n  {command} ")), "{command}: {}", all.stdout);
        let help = run(program().args([command, "--help"]));
        assert_eq!(help.code, Some(0), "{command}");
        assert!(help.stdout.contains("Usage: pegasus-dup"), "{}", help.stdout);
        assert_eq!(help.stderr, "", "{command}");
    }
    assert!(all.stdout.contains("PEGASUS_DUP_META"));
    assert!(all.stdout.contains("Exit codes:"));
    let serve = run(program().args(["serve", "--help"])).stdout;
    for named in ["idempotent", "freezed", "--fault add#1=drop-reply", "change-leader", "group"] {
        assert!(serve.contains(named), "{named}: {serve}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = run(program().arg("--version"));
    assert_eq!(version.stdout, format!("pegasus-dup {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(version.code, Some(0));
}

#[test]
fn invalid_arguments_give_exit_code_2() {
    for line in [
        "",
        "nothing-of-the-kind",
        "--meta 127.0.0.1:1 add temp",
        "--meta 127.0.0.1:1 add temp target more",
        "--meta 127.0.0.1:1 add temp target -r three",
        "--meta 127.0.0.1:1 add temp target -r -1",
        "--meta 127.0.0.1:1 add temp target --mode fast",
        "--meta 127.0.0.1:1 --timeout 0 query temp",
        "--meta 127.0.0.1:1 --timeout=-1 query temp",
        "--meta 127.0.0.1:1 --timeout nan query temp",
        "--meta 127.0.0.1:1 --generation newest query temp",
        "--meta 127.0.0.1:1 query temp --generation idempotent",
        "--meta 127.0.0.1:1 set-fail-mode temp target never",
        "--meta 127.0.0.1:1 start temp 99999999999",
        "--meta 127.0.0.1:1 start temp 0",
        "--meta 127.0.0.1:1 list -m regex -a x",
        "--meta 127.0.0.1:1 list -m prefix",
        "--meta 127.0.0.1:1 list -m all -a x",
        "query temp",
        "serve --listen here",
        "serve --table temp:0",
        "serve --table temp:8:99",
        "serve --remote-cluster target",
        "serve --behave-as snapshot-2.6",
        "serve --clock slow",
        "serve --fault add=explode",
        "serve --fault drop-reply",
        "serve --behave-as freezed --behave-as checkpoint",
        "serve --listen 127.0.0.1:0 --listen [::1]:0",
        "--generation dup-exist serve --listen 127.0.0.1:0",
    ] {
        let ran = run(program().args(line.split_whitespace()));
        assert_eq!(ran.code, Some(2), "{line}: {ran:?}");
        assert_eq!(ran.stdout, "", "{line}");
        assert!(!ran.stderr.is_empty(), "{line}");
    }
}

#[test]
fn errors_about_invalid_arguments_are_json_on_request() {
    for line in [
        "--json add temp",
        "--json query temp",
        "query temp --json --timeout 0",
        "--json --meta 127.0.0.1:1 list -m prefix",
    ] {
        let ran = run(program().args(line.split_whitespace()));
        assert_eq!(ran.code, Some(2), "{line}: {ran:?}");
        let report = ran.report();
        assert_eq!(report["outcome"], "error", "{line}");
        assert_eq!(report["error"]["kind"], "invalid_argument", "{line}");
        assert!(!report["error"]["message"].as_str().expect("text").contains('\n'), "{line}");
        assert!(!ran.stderr.is_empty(), "{line}");
    }
}

/// These mistakes do not depend on a server, so the program connects to none. Nothing listens on
/// the port.
#[test]
fn mistakes_that_the_command_line_alone_shows_give_exit_code_2() {
    let long = "x".repeat(256);
    let cases: [(&[&str], &str); 16] = [
        (&["add", "", "target"], "the name of the table is empty"),
        (&["add", "temp", ""], "the name of the remote cluster is empty"),
        (&["add", "temp", "target", "-a", ""], "the name of the remote table is empty"),
        (&["add", &long, "target"], "the name of the table is too long"),
        (&["add", "temp", &long], "the name of the remote cluster is too long"),
        (&["add", "temp", "target", "-a", &long], "the name of the remote table is too long"),
        (&["add", "te\nmp", "target"], "contains control characters"),
        (&["add", "temp", "tar\u{9b}get"], "contains control characters"),
        (&["add", "temp", "target", "-r", "-1"], "the remote replica count is negative"),
        (&["query", ""], "the name of the table is empty"),
        (&["list", "-a", "", "-m", "prefix"], "the name of the table is empty"),
        (&["start", "", "target"], "the name of the table is empty"),
        (&["pause", "temp", ""], "the name of the remote cluster is empty"),
        (&["pause", "temp", "0"], "a dupid must be above 0"),
        (&["remove", "temp", "\t"], "contains control characters"),
        (&["set-fail-mode", "temp", "0", "skip"], "a dupid must be above 0"),
    ];
    for (words, message) in cases {
        for json in [false, true] {
            let mut command = program();
            command.args(["--meta", "127.0.0.1:1"]).args(json.then_some("--json")).args(words);
            let ran = run(&mut command);
            assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
            assert!(ran.stderr.starts_with("error: "), "{words:?}: {ran:?}");
            assert!(ran.stderr.contains(message), "{words:?}: {ran:?}");
            if json {
                let report = ran.report();
                assert_eq!(report["error"]["kind"], "invalid_argument", "{words:?}");
                assert!(report["error"]["message"].as_str().expect("text").contains(message));
            } else {
                assert_eq!(ran.stdout, "", "{words:?}");
            }
        }
    }
}

#[test]
fn an_invalid_timeout_is_explained() {
    for (text, wrong) in [
        ("inf", "at most 31536000 seconds"),
        ("1e300", "at most 31536000 seconds"),
        ("1e15", "at most 31536000 seconds"),
        ("nan", "a number of seconds"),
        ("ten", "a number of seconds"),
        ("", "a number of seconds"),
        ("-inf", "above 0"),
        ("-1", "above 0"),
        ("0", "above 0"),
        ("1e-30", "at least a nanosecond"),
    ] {
        let ran = run(program().args(["--json", "query", "temp", &format!("--timeout={text}")]));
        assert_eq!(ran.code, Some(2), "{text}: {ran:?}");
        assert!(ran.stderr.contains(wrong), "{text}: {ran:?}");
        let message = ran.report()["error"]["message"].to_string();
        assert!(message.contains(wrong), "{text}: {message}");
    }
    for (text, wrong) in [("inf", "at most 31536000 seconds"), ("-1", "not be below 0")] {
        let ran = run(program().args(["serve", &format!("--idle-timeout={text}")]));
        assert_eq!(ran.code, Some(2), "{text}: {ran:?}");
        assert!(ran.stderr.contains(wrong), "{text}: {ran:?}");
    }
}

#[test]
fn an_invalid_list_of_meta_servers_gives_exit_code_2() {
    for metas in ["", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:70000", ",", "127.0.0.1:1,,"] {
        let ran = run(program().args(["--meta", metas, "--json", "query", "temp"]));
        assert_eq!(ran.code, Some(2), "{metas:?}: {ran:?}");
        assert_eq!(ran.report()["error"]["kind"], "invalid_argument", "{metas:?}");
    }
    let ran = run(program().env("PEGASUS_DUP_META", "").args(["query", "temp"]));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("PEGASUS_DUP_META"), "{ran:?}");
}
