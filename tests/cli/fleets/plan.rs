//! Tests `plan` and `add --dry-run`.

use serde_json::json;

use super::support::{Fleet, by_table, count, declared};
use crate::cli::support::run;

#[test]
fn a_plan_shows_what_is_to_be_done_and_changes_nothing() {
    let fleet = Fleet::start(&["--clock", "stopped"]);
    fleet.client(0, "add app_1 target");
    fleet.client(0, "pause app_1 target");
    fleet.client(0, "add temp far");
    let app = declared("app_*,!app_tmp", "fail_mode = \"skip\"\nstatus = \"running\"");
    fleet.file("fleet.toml", &app);
    let before = fleet.client(0, "list --json").stdout;

    let text = fleet.expect(6, "plan fleet.toml").stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("differs: table=app_1 cluster=target dupid="), "{text}");
    assert!(lines[0].contains("; status: DS_PAUSE -> running"), "{text}");
    assert!(lines[0].contains("; fail_mode: FAIL_SLOW -> FAIL_SKIP"), "{text}");
    assert!(lines[0].ends_with("; steps: set_fail_mode, start"), "{text}");
    assert!(
        lines[1].starts_with("create: table=app_2 cluster=target fail_mode=FAIL_SKIP"),
        "{text}"
    );
    assert!(lines[2].starts_with("unmanaged: table=temp cluster=far dupid="), "{text}");
    assert_eq!(lines[3], "plan: 1 to create, 1 differs, 1 unmanaged; source cluster onebox");
    assert_eq!(lines.len(), 4, "{text}");

    let json = fleet.expect(6, "plan fleet.toml --json");
    assert_eq!(
        by_table(&json, "item", "verdict"),
        ["app_1:differs", "app_2:create", "temp:unmanaged"]
    );
    let events = json.events();
    assert_eq!(events[0]["steps"], json!(["set_fail_mode", "start"]));
    assert_eq!(events[0]["existing"]["status"], "DS_PAUSE");
    assert_eq!(events[1]["wanted"]["fail_mode"], "skip");
    let plan = events.last().expect("a plan");
    assert_eq!((&plan["event"], &plan["has_changes"]), (&json!("plan"), &json!(true)));
    assert_eq!(plan["source"]["name"], "onebox");
    assert_eq!(count(&json, "create"), 1);
    assert_eq!(fleet.client(0, "list --json").stdout, before);
}

#[test]
fn what_is_as_wanted_is_only_shown_on_request() {
    let fleet = Fleet::start(&[]);
    fleet.client(0, "add temp target");
    fleet.file("fleet.toml", &declared("temp", ""));
    let text = fleet.expect(0, "plan fleet.toml").stdout;
    assert_eq!(text, "plan: 1 as wanted; source cluster onebox\n");
    let text = fleet.expect(0, "plan fleet.toml --all").stdout;
    assert!(text.starts_with("as_wanted: table=temp cluster=target dupid="), "{text}");
}

#[test]
fn a_refused_duplication_makes_the_exit_code_1() {
    let fleet = Fleet::start(&[]);
    let nowhere = "[[duplication]]\ntable = \"temp\"\ncluster = \"nowhere\"\n";
    let text = declared("gone", "") + &declared("other", "") + nowhere;
    fleet.file("fleet.toml", &text);
    let ran = fleet.expect(1, "plan fleet.toml --json");
    assert_eq!(by_table(&ran, "item", "verdict"), ["gone:refused", "other:create", "temp:refused"]);
    let text = fleet.expect(1, "plan fleet.toml").stdout;
    assert!(
        text.contains("refused: table=gone cluster=target; no such table is available\n"),
        "{text}"
    );
    assert!(text.contains("refused: table=temp cluster=nowhere; "), "{text}");
    assert!(text.ends_with("plan: 1 to create, 2 refused; source cluster onebox\n"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_not_a_change() {
    let fleet = Fleet::start(&[]);
    fleet.client(0, "add temp target");
    fleet.file("fleet.toml", &declared("temp", "checkpoint = true"));
    let text = fleet.expect(0, "plan fleet.toml").stdout;
    assert!(text.starts_with("not_comparable: table=temp cluster=target dupid="), "{text}");
    assert!(text.contains("; checkpoint: "), "{text}");
}

#[test]
fn the_wrong_cluster_is_refused() {
    let fleet = Fleet::start(&[]);
    let text = format!("expect_cluster = \"other\"\n{}", declared("temp", ""));
    fleet.file("fleet.toml", &text);
    for line in ["plan fleet.toml", "apply fleet.toml --yes"] {
        let ran = fleet.expect(1, line);
        assert!(ran.stderr.contains("other") && ran.stderr.contains("onebox"), "{ran:?}");
        let ran = fleet.expect(1, &format!("{line} --json"));
        assert_eq!(ran.report()["error"]["kind"], "invalid_argument");
    }
    assert_eq!(fleet.client(0, "query temp --json").stdout, "");
}

#[test]
fn a_dry_run_of_an_add_says_what_the_add_would_do() {
    let fleet = Fleet::start(&[]);
    fleet.client(0, "add other far");
    let ran = fleet.client(6, "add --dry-run temp target -a copy -r 5 --json");
    let events = ran.events();
    assert_eq!(events.len(), 2, "{ran:?}");
    assert_eq!(events[0]["verdict"], "create");
    assert_eq!(events[0]["wanted"]["remote_table"], "copy");
    assert_eq!(events[0]["wanted"]["remote_replica_count"], 5);
    let text = fleet.client(6, "add --dry-run temp target").stdout;
    assert!(text.starts_with("create: table=temp cluster=target\n"), "{text}");
    assert_eq!(fleet.client(0, "query temp --json").stdout, "");

    fleet.client(0, "add temp target");
    assert_eq!(
        fleet.client(0, "add --dry-run temp target --json").events()[0]["verdict"],
        "as_wanted"
    );
    let ran = fleet.client(6, "add --dry-run temp target -a copy --json");
    assert_eq!(ran.events()[0]["verdict"], "differs");
    let text = fleet.client(6, "add --dry-run temp target -a copy").stdout;
    assert!(text.contains("; steps: recreate (apply never takes this step)\n"), "{text}");
    assert_eq!(
        fleet.client(1, "add --dry-run gone target --json").events()[0]["verdict"],
        "refused"
    );
    fleet.client(1, "add --dry-run temp onebox");
    fleet.client(2, "add --dry-run temp target -r -1");
}

#[test]
fn a_plan_explains_what_it_asked() {
    let fleet = Fleet::start(&[]);
    fleet.file("fleet.toml", &declared("temp", ""));
    let ran = fleet.expect(6, "plan fleet.toml --explain");
    assert!(ran.stderr.contains("RPC_CM_LIST_DUPLICATION"), "{ran:?}");
    let ran = fleet.expect(0, "apply fleet.toml --yes --explain");
    assert!(ran.stderr.contains("RPC_CM_ADD_DUPLICATION"), "{ran:?}");
}

#[test]
fn a_server_that_is_missing_is_an_error() {
    let fleet = Fleet::start(&[]);
    let text = format!("meta = \"127.0.0.1:1\"\n{}", declared("temp", ""));
    fleet.write("fleet.toml", &text);
    for line in ["plan fleet.toml", "apply fleet.toml --yes", "export --meta 127.0.0.1:1"] {
        let ran = fleet.expect(1, &format!("{line} --timeout 1 --json"));
        assert_eq!(ran.report()["error"]["kind"], "unavailable", "{ran:?}");
    }
}

#[test]
fn every_command_has_help_with_its_exit_codes() {
    let fleet = Fleet::start(&[]);
    for (command, line) in [
        ("plan", "6    something to do"),
        ("apply", "4    a duplication differs"),
        ("audit", "5    the effect of a recorded request"),
        ("export", "--toml"),
        ("add", "--dry-run"),
    ] {
        let ran = run(&mut fleet.command(&format!("{command} --help")));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.stdout.contains(line), "{command}: {}", ran.stdout);
    }
}
