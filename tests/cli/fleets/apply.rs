//! Tests `apply`: its results, its limits and its exit codes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::support::{Fleet, by_table, count, declared};
use crate::cli::support::{Served, finish, run};

#[test]
fn an_apply_creates_what_is_declared_and_a_second_one_does_nothing() {
    let fleet = Fleet::start(&["--clock", "stopped"]);
    let keys = "remote_table = \"{table}_copy\"\nstatus = \"paused\"\nfail_mode = \"skip\"";
    fleet.file("f.toml", &declared("app_*,!app_tmp", keys));
    let ran = fleet.expect(0, "apply f.toml --yes");
    assert_eq!(ran.stdout.lines().count(), 3, "{ran:?}");
    assert!(ran.stdout.contains("created: table=app_1 cluster=target dupid="), "{ran:?}");
    assert!(ran.stdout.contains("evidence=server_said_so certain=true"), "{ran:?}");
    assert!(ran.stdout.ends_with("apply: 2 created\n"), "{ran:?}");
    assert!(ran.stderr.contains("plan: 2 to create; source cluster onebox\n"), "{ran:?}");
    let value = fleet.client(0, "query app_2 --json").report()["value"].clone();
    assert_eq!(value["remote_table"], "app_2_copy");
    assert_eq!((&value["status"], &value["fail_mode"]), (&"DS_PAUSE".into(), &"FAIL_SKIP".into()));

    let before = fleet.client(0, "list --json").stdout;
    let ran = fleet.expect(0, "apply f.toml --yes --json");
    assert_eq!(count(&ran, "unchanged"), 2);
    assert!(ran.events().iter().all(|event| event["event"] != "started"), "{ran:?}");
    assert_eq!(fleet.expect(0, "apply f.toml --yes").stdout, "apply: 2 unchanged\n");
    assert_eq!(fleet.expect(0, "apply f.toml --yes --all").stdout.lines().count(), 3);
    assert_eq!(fleet.client(0, "list --json").stdout, before);
    assert_eq!(count(&fleet.expect(0, "plan f.toml --json"), "as_wanted"), 2);
}

#[test]
fn the_events_of_an_apply_match_the_schema() {
    let fleet = Fleet::start(&[]);
    fleet.client(0, "add app_1 target");
    fleet.file("f.toml", &declared("app_1,app_2,gone", "fail_mode = \"skip\""));
    let ran = fleet.expect(1, "apply f.toml --yes --json --keep-going");
    assert_eq!(
        by_table(&ran, "finished", "result"),
        ["app_1:differs", "app_2:created", "gone:failed"]
    );
    let events = ran.events();
    let started: Vec<_> = events.iter().filter(|one| one["event"] == "started").collect();
    assert_eq!((started.len(), &started[0]["table"]), (1, &"app_2".into()), "{ran:?}");
    let created = events.iter().find(|one| one["result"] == "created").expect("an event");
    assert!(created["dupid"].is_i64() && created["certain"] == true, "{created}");
    assert_eq!(created["done"], serde_json::json!(["add", "set_fail_mode"]));
}

#[test]
fn what_differs_is_left_unless_it_is_to_be_fixed() {
    let fleet = Fleet::start(&["--clock", "stopped"]);
    fleet.client(0, "add app_1 target");
    fleet.client(0, "add app_2 target");
    fleet.client(0, "pause app_2 target");
    fleet.file("f.toml", &declared("app_1,app_2", "fail_mode = \"skip\"\nstatus = \"running\""));
    let value = |table: &str, key: &str| {
        let report = fleet.client(0, &format!("query {table} --json")).report();
        report["value"][key].as_str().expect("text").to_owned()
    };
    let ran = fleet.expect(4, "apply f.toml --yes");
    assert!(ran.stdout.ends_with("apply: 2 differ\n"), "{ran:?}");
    assert!(ran.stderr.contains("--fix status,fail-mode"), "{ran:?}");
    assert_eq!(value("app_1", "fail_mode"), "FAIL_SLOW");

    let ran = fleet.expect(4, "apply f.toml --yes --fix fail-mode");
    assert!(ran.stdout.ends_with("apply: 1 differs, 1 changed\n"), "{ran:?}");
    assert_eq!(value("app_2", "fail_mode"), "FAIL_SKIP");
    assert_eq!(value("app_2", "status"), "DS_PAUSE");
    // The server's clock stands still since it started, so the duplication is young.
    let ran = fleet.expect(0, "apply f.toml --yes --fix status,fail-mode --json");
    assert_eq!((count(&ran, "changed"), count(&ran, "unchanged")), (1, 1));
    assert_eq!(value("app_2", "status"), "DS_LOG");

    fleet.file("f.toml", &declared("app_1", "remote_table = \"copy\""));
    let ran = fleet.expect(4, "apply f.toml --yes --fix status,fail-mode");
    assert!(ran.stdout.contains("remote_table: app_1 -> copy"), "{ran:?}");
    fleet.expect(2, "apply f.toml --yes --fix remote-table");
}

#[test]
fn a_prune_needs_a_scope_and_an_earlier_apply() {
    let fleet = Fleet::start(&[]);
    fleet.client(0, "add app_1 target");
    fleet.client(0, "add temp target");
    let scope = "[[scope]]\ntable = \"app_*\"\ncluster = \"target\"\n";
    fleet.file("f.toml", &(declared("app_2", "") + scope));
    fleet.expect(2, "apply f.toml --yes --prune");
    fleet.expect(1, "apply f.toml --yes --prune --audit a.log");
    assert_eq!(fleet.client(0, "list --json").stdout.lines().count(), 2, "nothing was sent");

    fleet.expect(0, "apply f.toml --yes --audit a.log");
    let ran = fleet.expect(1, "apply f.toml --yes --prune --audit a.log --max-removals 0");
    assert!(ran.stderr.contains("removals"), "{ran:?}");
    let ran = fleet.expect(0, "apply f.toml --yes --prune --audit a.log --json");
    assert_eq!(
        by_table(&ran, "finished", "result"),
        ["app_1:removed", "app_2:unchanged", "temp:unchanged"]
    );
    assert_eq!(fleet.client(0, "query app_1 --json").stdout, "");
    assert_eq!(fleet.client(0, "query temp --json").stdout.lines().count(), 1);
}

#[test]
fn too_many_changes_are_refused_before_anything_is_sent() {
    let fleet = Fleet::start(&[]);
    fleet.file("f.toml", &declared("app_*", ""));
    let ran = fleet.expect(1, "apply f.toml --yes --max-changes 2 --json");
    let message = ran.report()["error"]["message"].as_str().expect("text").to_owned();
    assert!(message.contains('3') && message.contains('2'), "{message}");
    assert_eq!(fleet.client(0, "list --json").stdout, "");
    fleet.expect(0, "apply f.toml --yes --max-changes 3");
}

#[test]
fn without_a_terminal_an_apply_needs_yes() {
    let fleet = Fleet::start(&[]);
    fleet.file("f.toml", &declared("temp", ""));
    let ran = fleet.expect(2, "apply f.toml --json");
    assert_eq!(ran.report()["error"]["kind"], "invalid_argument");
    assert!(ran.stderr.contains("--yes"), "{ran:?}");
    assert_eq!(fleet.client(0, "list --json").stdout, "");
}

#[test]
fn after_a_failure_an_apply_stops_or_goes_on() {
    // The first add is that by which the plan finds out whether the remote cluster is configured.
    let refuse = "add#2=refuse:ERR_ACL_DENY";
    for (options, results, not_tried) in [
        ("", &["app_1:failed"][..], 2),
        ("--stop-on-error", &["app_1:failed"], 2),
        ("--keep-going", &["app_1:failed", "app_2:created", "app_tmp:created"], 0),
    ] {
        let fleet = Fleet::start(&["--fault", refuse]);
        fleet.file("f.toml", &declared("app_*", ""));
        let ran = fleet.expect(1, &format!("apply f.toml --yes --json --concurrency 1 {options}"));
        assert_eq!(by_table(&ran, "finished", "result"), results, "{options}: {ran:?}");
        assert_eq!(count(&ran, "not_tried"), not_tried);
        let failed = ran.events().into_iter().find(|one| one["result"] == "failed").expect("one");
        assert_eq!(failed["error"]["kind"], "permission_denied");
        // The next apply does the rest.
        fleet.expect(0, "apply f.toml --yes");
        assert_eq!(fleet.client(0, "list --json").stdout.lines().count(), 3);
    }
}

#[test]
fn the_failures_come_first_in_the_summary() {
    let fleet = Fleet::start(&["--fault", "add#2=refuse:ERR_ACL_DENY"]);
    fleet.file("f.toml", &declared("app_*", ""));
    let ran = fleet.expect(1, "apply f.toml --yes --keep-going --concurrency 1");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{ran:?}");
    assert_eq!(lines[0], lines[3]);
    assert!(lines[3].starts_with("failed: table=app_1 cluster=target; "), "{ran:?}");
    assert_eq!(lines[4], "apply: 1 failed, 2 created");
}

#[test]
fn an_unknown_outcome_has_exit_code_5() {
    let fleet = Fleet::start(&["--fault", "add#2=hold:60000"]);
    fleet.file("f.toml", &declared("temp", ""));
    let ran = fleet.expect(5, "apply f.toml --yes --timeout 1 --json --audit a.log");
    assert_eq!(by_table(&ran, "finished", "result"), ["temp:unknown"]);
    let fleet = Fleet::start(&["--fault", "add#2=hold:60000"]);
    fleet.file("f.toml", &declared("temp", ""));
    let ran = fleet.expect(5, "apply f.toml --yes --timeout 1");
    assert!(ran.stdout.ends_with("apply: 1 unknown\n"), "{ran:?}");
}

#[test]
fn a_lost_response_is_settled_by_looking() {
    let fleet = Fleet::start(&["--fault", "add=drop-reply"]);
    fleet.file("f.toml", &declared("app_*", ""));
    let ran = fleet.expect(0, "apply f.toml --yes --json");
    assert_eq!(count(&ran, "created"), 3);
    let uncertain = ran.events().iter().filter(|one| one["certain"] == false).count();
    assert_eq!(uncertain, 3, "{ran:?}");
}

#[test]
fn checkpoints_are_created_a_few_at_a_time() {
    let fleet = Fleet::start(&["--clock", "fast"]);
    fleet.file("f.toml", &declared("app_*", "checkpoint = true"));
    let ran = fleet.expect(0, "apply f.toml --yes --json --max-preparing 1 --timeout 20");
    assert_eq!(count(&ran, "created"), 3);
    let waited = ran.events().iter().any(|one| one["event"] == "preparing");
    assert!(waited, "{ran:?}");
    fleet.expect(2, "apply f.toml --yes --max-preparing 0");
    fleet.expect(2, "apply f.toml --yes --concurrency 0");
}

#[test]
fn a_reader_that_closes_the_pipe_does_not_stop_an_apply() {
    let fleet = Fleet::start(&[]);
    fleet.file("f.toml", &declared("app_*", ""));
    let mut command = fleet.command("apply f.toml --yes --concurrency 1");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawn");
    drop(child.stdout.take());
    let ran = finish(child);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(fleet.client(0, "list --json").stdout.lines().count(), 3);
}

#[test]
fn many_tables_are_applied_at_once() {
    const TABLES: usize = 2000;
    let names: Vec<String> = (0..TABLES).map(|number| format!("many_{number:05}:1")).collect();
    let fleet = Fleet::start(&[]);
    let mut config =
        String::from("listen = \"127.0.0.1:0\"\nremote-cluster = \"target=127.0.0.1:35601\"\n");
    config += &format!("table = {names:?}\n");
    fleet.write("serve.toml", &config);
    let served = Served::spawn(fleet.command("serve --config serve.toml"));
    fleet.file("f.toml", &declared("many_*", "fail_mode = \"skip\""));
    let meta = &served.address;
    // A pipe holds less than all events, so they are read while the command runs.
    let mut command =
        fleet.command(&format!("apply f.toml --yes --json --meta {meta} --timeout 60"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("spawn");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let last = lines.map(|line| line.expect("UTF-8")).last().expect("a summary");
    assert!(last.contains(&format!("\"created\":{TABLES}")), "{last}");
    assert_eq!(child.wait().expect("ended").code(), Some(0));
    let ran = run(&mut fleet.command(&format!("plan f.toml --meta {meta}")));
    assert_eq!(ran.stdout, format!("plan: {TABLES} as wanted; source cluster onebox\n"), "{ran:?}");
}
