//! Tests that no text from a server controls a terminal: in text output, in JSON, and in the log.

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::bare::HostPort;
use pegasus_dup::protocol::messages::*;
use serde_json::Value;
use tokio::task::JoinSet;

use super::support::{Ran, program, run};
use crate::common::fake::{DUPID, Fake, Say, Seen, World, refused};

/// Control characters of ASCII and beyond, line separators, marks that change the direction of
/// text, invisible characters, and a character for private use.
const HIDDEN: &str = "\x07\x1b\x7f\r\u{85}\u{9b}\u{ad}\u{200b}\u{2028}\u{2029}\u{202e}\u{2066}\u{feff}\u{e000}\u{e0041}";

/// Returns the text that a hostile server sends instead of a name.
fn hostile(what: &str) -> String {
    format!("{what}{HIDDEN}[31m=\"\\")
}

/// The field in which a hostile server sends it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lie {
    Cluster,
    RemoteTable,
    Table,
    Hint,
    Code,
    FrameworkCode,
    ListCode,
    AnswerName,
    Leader,
}

const LIES: [Lie; 9] = [
    Lie::Cluster,
    Lie::RemoteTable,
    Lie::Table,
    Lie::Hint,
    Lie::Code,
    Lie::FrameworkCode,
    Lie::ListCode,
    Lie::AnswerName,
    Lie::Leader,
];

fn answer(lie: Lie, seen: &Seen) -> Say {
    let mut world = World::dup_exist();
    let mut entry = world.entry(DUPID);
    match lie {
        Lie::Cluster => entry.remote = hostile("far"),
        Lie::RemoteTable => entry.remote_app_name = Some(hostile("copy")),
        _ => {}
    }
    if matches!(lie, Lie::Cluster | Lie::RemoteTable | Lie::Table) {
        world.entries = vec![entry];
    }
    match lie {
        Lie::Table if seen.is::<ListDuplication>() => {
            let state = AppState {
                appid: world.table_id,
                duplications: [(DUPID, world.entry(DUPID))].into(),
                app_name: Some(hostile("temp")),
                partition_count: Some(8),
            };
            seen.answer(&ListResponse {
                err: ErrorCode::Ok,
                hint_message: Some(hostile("hint")),
                app_states: Some([(hostile("temp"), state)].into()),
            })
        }
        Lie::ListCode if seen.is::<ListDuplication>() || seen.is::<QueryDuplication>() => seen
            .answer(&ListResponse {
                err: ErrorCode::from_name(&hostile("ERR_X")),
                hint_message: Some(hostile("hint")),
                app_states: None,
            }),
        Lie::Hint if seen.is::<AddDuplication>() => {
            seen.answer(&refused("ERR_INVALID_PARAMETERS", &hostile("hint")))
        }
        Lie::Code if seen.is::<AddDuplication>() => {
            seen.answer(&refused(&hostile("ERR_X"), &hostile("hint")))
        }
        Lie::FrameworkCode => seen.framework(&hostile("ERR_X")),
        Lie::AnswerName if !seen.is::<QueryConfig>() => {
            let other = Seen { name: hostile("RPC_X"), ..seen.clone() };
            other.answer(&refused("ERR_OK", ""))
        }
        Lie::Leader if seen.is::<QueryConfig>() => {
            let answer = QueryConfigResponse {
                err: ErrorCode::from_name("ERR_FORWARD_TO_OTHERS"),
                app_id: None,
                partition_count: None,
                is_stateful: None,
                partitions: Some(vec![PartitionConfig {
                    hp_primary: Some(HostPort { host: hostile("leader"), port: 1, kind: 1 }),
                    ..PartitionConfig::default()
                }]),
            };
            seen.answer(&answer)
        }
        _ => world.answer(seen),
    }
}

#[track_caller]
fn assert_nothing_hidden(text: &str, what: &str) {
    let raw = text.chars().find(|&c| HIDDEN.contains(c) || (c.is_control() && c != '\n'));
    assert_eq!(raw, None, "{what}: {text:?}");
}

const COMMANDS: [&str; 8] = [
    "add temp target",
    "add temp target -a other",
    "query temp",
    "list",
    "start temp 1795488624",
    "pause temp target",
    "remove temp 1795488624",
    "set-fail-mode temp 1795488624 skip",
];

async fn run_against(lie: Lie, line: &str, json: bool) -> Ran {
    let fake = Fake::start(move |seen| answer(lie, seen)).await;
    let mut command = program();
    command.args(["--meta", &fake.address.to_string(), "--timeout", "0.5", "-vvv"]);
    command.args(json.then_some("--json")).args(line.split(' '));
    let ran = tokio::task::spawn_blocking(move || run(&mut command)).await.expect("it runs");
    assert!(!fake.seen().is_empty(), "{line} sends no request");
    ran
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hidden_character_from_a_server_reaches_the_terminal() {
    let mut lies = JoinSet::new();
    for lie in LIES {
        lies.spawn(async move {
            let mut shown = false;
            for line in COMMANDS {
                let text = run_against(lie, line, false).await;
                let json = run_against(lie, line, true).await;
                for ran in [&text, &json] {
                    let what = format!("{lie:?} {line} code={:?}", ran.code);
                    assert_nothing_hidden(&ran.stdout, &what);
                    assert_nothing_hidden(&ran.stderr, &what);
                }
                json.reports();
                shown |= (text.stdout + &text.stderr).contains(r"\u{9b}");
            }
            (lie, shown)
        });
    }
    for (lie, shown) in lies.join_all().await {
        // Each text must reach the output, so that the checks prove something. Only the name of a
        // leader that is no host name is not shown.
        assert!(shown || lie == Lie::Leader, "{lie:?} is shown nowhere");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hidden_character_reaches_the_terminal_in_a_history() {
    for lie in LIES {
        let mut shown = false;
        for line in ["--explain add temp target -a other", "--explain query temp"] {
            for (json, escaped) in [(false, r"\u{9b}"), (true, r"\u009b")] {
                let ran = run_against(lie, line, json).await;
                assert_nothing_hidden(&ran.stderr, &format!("{lie:?} {line} {json}"));
                shown |= ran.stderr.contains(escaped);
            }
        }
        assert!(shown, "{lie:?} is shown nowhere");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parsed_json_contains_the_text_of_the_server() {
    let value = |report: &Value, pointer: &str| {
        report.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let listed = run_against(Lie::Cluster, "query temp", true).await;
    let report = listed.report();
    assert_eq!(value(&report, "/value/cluster"), hostile("far"));
    assert!(listed.stdout.contains(r"\u009b") && listed.stdout.contains(r"\udb40\udc41"));
    let differs = run_against(Lie::RemoteTable, "add temp target", true).await.report();
    assert_eq!(value(&differs, "/differences/0/existing"), hostile("copy"));
    let refused = run_against(Lie::Code, "add temp target", true).await.report();
    assert_eq!(value(&refused, "/error/hint"), hostile("hint"));
    assert_eq!(value(&refused, "/error/code"), hostile("ERR_X"));
}
