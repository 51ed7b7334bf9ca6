//! The command line where no server is needed: help, and what makes no sense.
#![cfg(all(feature = "server", feature = "cli"))]

mod cli_support;

use cli_support::{program, run};

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
fn the_version_is_the_packages() {
    let version = run(program().arg("--version"));
    assert_eq!(version.stdout, format!("pegasus-dup {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(version.code, Some(0));
}

#[test]
fn what_makes_no_sense_is_exit_code_2() {
    for line in [
        "",
        "nothing-of-the-kind",
        "--meta 127.0.0.1:1 add temp",
        "--meta 127.0.0.1:1 add temp target more",
        "--meta 127.0.0.1:1 add temp target -r three",
        "--meta 127.0.0.1:1 --timeout 0 query temp",
        "--meta 127.0.0.1:1 --timeout=-1 query temp",
        "--meta 127.0.0.1:1 --timeout nan query temp",
        "--meta 127.0.0.1:1 --generation newest query temp",
        "--meta 127.0.0.1:1 query temp --generation idempotent",
        "--meta 127.0.0.1:1 set-fail-mode temp target never",
        "--meta 127.0.0.1:1 start temp 99999999999",
        "--meta 127.0.0.1:1 list -m regex -a x",
        "--meta 127.0.0.1:1 list -m prefix",
        "--meta 127.0.0.1:1 list -m all -a x",
        "query temp",
        "serve --listen here",
        "serve --table temp:x",
        "serve --table temp:8:3:1",
        "serve --remote-cluster target",
        "serve --generation snapshot-2.6",
        "serve --clock slow",
        "serve --fault add=explode",
        "serve --fault drop-reply",
        "serve --generation freezed --generation checkpoint",
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
fn what_makes_no_sense_is_json_too_where_asked_for() {
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

#[test]
fn a_bad_meta_list_is_exit_code_2() {
    for metas in ["", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:70000", "127.0.0.1:1,,"] {
        let ran = run(program().args(["--meta", metas, "--json", "query", "temp"]));
        assert_eq!(ran.code, Some(2), "{metas:?}: {ran:?}");
        assert_eq!(ran.report()["error"]["kind"], "invalid_argument", "{metas:?}");
    }
    let ran = run(program().env("PEGASUS_DUP_META", "").args(["query", "temp"]));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("PEGASUS_DUP_META"), "{ran:?}");
}
