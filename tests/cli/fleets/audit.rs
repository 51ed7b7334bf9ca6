//! Tests the audit file, what a crash leaves, and that two applies exclude each other.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::support::{Fleet, count, declared};
use crate::cli::support::{finish, signal};

/// Starts an apply whose second add waits in the server's queue, and returns when the first add has ended.
fn start(fleet: &Fleet) -> Child {
    let mut child = fleet
        .command("apply f.toml --yes --json --concurrency 1 --audit a.log --timeout 60")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("spawn");
    let mut stdout = BufReader::with_capacity(1, child.stdout.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("\"event\":\"started\",\"table\":\"app_2\"") {
        line.clear();
        assert!(stdout.read_line(&mut line).expect("UTF-8") > 0);
    }
    child.stdout = Some(stdout.into_inner());
    child
}

#[test]
fn an_audit_shows_the_applies_and_their_changes() {
    let fleet = Fleet::start(&[]);
    fleet.file("f.toml", &declared("app_*", "fail_mode = \"skip\""));
    fleet.expect(0, "apply f.toml --yes --audit a.log");
    fleet.expect(0, "apply f.toml --yes --audit a.log");
    let text = fleet.expect(0, "audit a.log").stdout;
    assert_eq!(text.lines().count(), 9, "{text}");
    assert!(text.starts_with("run: run=1 time="), "{text}");
    assert!(text.contains("; it finished created=3\n"), "{text}");
    assert!(text.contains("; it finished unchanged=3\n"), "{text}");
    assert!(
        text.contains("change: run=1 change=1 step=add table=app_1 cluster=target dupid="),
        "{text}"
    );
    assert!(text.ends_with("audit: 2 runs, 6 changes\n"), "{text}");
    let events = fleet.expect(0, "audit a.log --json").events();
    let of = |kind: &str| events.iter().filter(|one| one["event"] == kind).count();
    assert_eq!((of("run"), of("change"), of("in_flight"), of("audit")), (2, 6, 0, 1));
    assert_eq!(events[0]["end"]["counts"]["created"], 3);
}

#[test]
fn a_killed_apply_leaves_no_change_unrecorded_and_the_next_one_ends_the_work() {
    let fleet = Fleet::start(&["--fault", "add#3=hold:1000"]);
    fleet.file("f.toml", &declared("app_*", ""));
    let child = start(&fleet);
    // The record is on the disk before the request leaves.
    let recorded = || std::fs::read_to_string(fleet.path("a.log")).expect("a file");
    while !recorded().contains("\"table\":\"app_2\"") {}
    signal(&child, "KILL");
    assert_eq!(finish(child).code, None);

    let events = fleet.expect(0, "audit a.log --json").events();
    let in_flight: Vec<_> = events.iter().filter(|one| one["event"] == "in_flight").collect();
    assert_eq!(in_flight.len(), 1, "{events:?}");
    assert_eq!((&in_flight[0]["table"], &in_flight[0]["step"]), (&"app_2".into(), &"add".into()));
    assert_eq!(in_flight[0]["known"], true);
    let text = fleet.expect(0, "audit a.log").stdout;
    assert!(text.contains("; its end is not recorded\n"), "{text}");
    assert!(text.ends_with("audit: 1 runs, 2 changes, 1 in flight\n"), "{text}");
    let ran = fleet.expect(5, "audit a.log --meta 127.0.0.1:1 --timeout 0.5");
    assert!(ran.stdout.contains("in_flight: not known: "), "{ran:?}");

    // A request that was sent may still take effect, and the next apply finds or creates the duplication.
    let ran = fleet.expect(0, "apply f.toml --yes --json --audit a.log");
    assert_eq!(count(&ran, "created") + count(&ran, "unchanged"), 3, "{ran:?}");
    assert_eq!(fleet.client(0, "list --json").stdout.lines().count(), 3);
    assert_eq!(count(&fleet.expect(0, "plan f.toml --json"), "as_wanted"), 3);
}

#[test]
fn two_applies_exclude_each_other() {
    let fleet = Fleet::start(&["--fault", "add#3=hold:1500"]);
    fleet.file("f.toml", &declared("app_*", ""));
    let first = start(&fleet);
    let second = fleet.expect(1, "apply f.toml --yes --json --audit a.log");
    assert_eq!(second.report()["error"]["kind"], "busy", "{second:?}");
    let second = fleet.expect(1, "apply f.toml --yes");
    assert!(second.stderr.contains("another apply to this cluster is running"), "{second:?}");
    let first = finish(first);
    assert_eq!(first.code, Some(0), "{first:?}");
    fleet.expect(0, "apply f.toml --yes --audit a.log");
}

#[test]
fn a_file_that_is_no_audit_file_is_refused() {
    let fleet = Fleet::start(&[]);
    fleet.file("f.toml", &declared("temp", ""));
    let ran = fleet.expect(2, "audit f.toml");
    assert!(ran.stderr.contains("not an audit file"), "{ran:?}");
    fleet.expect(2, "audit absent.log");
    fleet.expect(1, "apply f.toml --yes --audit f.toml");
    assert_eq!(fleet.client(0, "list --json").stdout, "");
}
