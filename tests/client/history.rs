//! Tests the history of a call: it has every request and every response, in the same order in every run.
//!
//! The files in `history/` have the expected texts. `PEGASUS_DUP_WRITE=1 cargo test --features cli --test
//! client history` writes them again.

use std::time::Duration;

use pegasus_dup::history::{Entry, EntryKind, History, Recorder};
use pegasus_dup::server::{Behaviour, MetaGroup, MetaServer, ServerConfig};
use pegasus_dup::{Client, DuplicationSpec, Selector, TablePattern};
use tokio::time::sleep;

use super::support::in_memory;
use crate::common::embedded;

async fn serve(behaviour: Behaviour, faults: &[&str]) -> MetaServer {
    let faults = faults.iter().map(|fault| fault.parse().expect("a fault")).collect();
    embedded::start(ServerConfig { faults, ..embedded::still(behaviour) }).await
}

fn client(metas: impl Into<String>) -> Client {
    Client::builder().meta(metas.into()).timeout(Duration::from_secs(20)).build().unwrap()
}

fn spec() -> DuplicationSpec {
    DuplicationSpec::new("temp", "target")
}

/// Returns the text without what differs from run to run: the address of the server, the dupid and the times.
fn stable(history: &History, server: &MetaServer) -> String {
    let text = history.to_string().replace(&server.address().to_string(), "SERVER");
    let mut stable = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        stable.push_str(if digits.len() < 10 { &digits } else { "NUMBER" });
        digits.clear();
        stable.push(c);
    }
    stable
}

/// Compares a history with the expected text, which is in a file.
#[track_caller]
fn assert_golden(file: &str, history: &History, server: &MetaServer) {
    let path = format!("{}/tests/client/history/{file}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = stable(history, server);
    if std::env::var_os("PEGASUS_DUP_WRITE").is_some() {
        std::fs::write(&path, &text).expect(&path);
    }
    assert_eq!(text, std::fs::read_to_string(&path).expect(&path), "{path}");
}

/// Returns the requests of a history, each with a part of its text.
fn requests(history: &History) -> Vec<&str> {
    let requests = history.entries().iter().filter(|entry| entry.kind == EntryKind::Request);
    requests.map(|entry| entry.name.expect("a code name")).collect()
}

fn last(history: &History) -> &Entry {
    history.entries().last().expect("an entry")
}

#[tokio::test]
async fn an_add_that_creates_and_an_add_that_finds_the_duplication() {
    let server = serve(Behaviour::Idempotent, &[]).await;
    let client = client(server.address().to_string());
    let recorder = Recorder::default();
    let _ = recorder.record(client.add(&spec())).await.unwrap();
    assert_golden("created", &recorder.history(), &server);
    let recorder = Recorder::default();
    let _ = recorder.record(client.add(&spec())).await.unwrap();
    assert_golden("already_exists", &recorder.history(), &server);
}

#[tokio::test]
async fn a_lost_response_and_the_read_after_it() {
    let server = serve(Behaviour::Idempotent, &["add#1=close-after"]).await;
    let recorder = Recorder::default();
    let client = client(server.address().to_string());
    let _ = recorder.record(client.add(&spec())).await.unwrap();
    assert_golden("lost", &recorder.history(), &server);
}

#[tokio::test]
async fn a_server_that_does_not_lead_any_more_and_a_second_attempt() {
    let faults = ["add#1=refuse:ERR_FORWARD_TO_OTHERS"];
    let server = serve(Behaviour::Idempotent, &faults).await;
    let recorder = Recorder::default();
    let client = client(server.address().to_string());
    let _ = recorder.record(client.add(&spec())).await.unwrap();
    assert_golden("second_attempt", &recorder.history(), &server);
}

#[tokio::test]
async fn a_version_that_is_looked_up_by_http() {
    let server = serve(Behaviour::Checkpoint, &[]).await;
    let recorder = Recorder::default();
    let client = client(server.address().to_string());
    recorder.record(client.query("temp")).await.unwrap();
    assert_golden("version", &recorder.history(), &server);
}

#[tokio::test]
async fn json_has_all_keys_and_the_types_of_the_fields() {
    let server = serve(Behaviour::Idempotent, &[]).await;
    let recorder = Recorder::default();
    let address = server.address().to_string();
    recorder.record(client(&*address).query("temp")).await.unwrap();
    let lines = recorder.history().json_lines();
    let listed = lines.lines().find(|line| line.contains("LIST_DUPLICATION")).expect("a list");
    assert_eq!(
        listed,
        [
            r#"{"entry":"request","call":1,"attempt":1,"server":""#,
            &address,
            r#"","name":"RPC_CM_LIST_DUPLICATION","#,
            r#""request":{"app_name_pattern":"temp","match_type":2},"#,
            r#""response":{"err":"ERR_OK","hint_message":"","app_states":{"temp":"#,
            r#"{"appid":3,"duplications":{},"app_name":"temp","partition_count":8}}},"text":null}"#,
        ]
        .concat()
    );
    assert_eq!(
        serde_json::to_string(last(&recorder.history())).unwrap(),
        lines.lines().last().unwrap()
    );
}

#[tokio::test]
async fn every_server_that_was_asked_for_the_leader_is_in_the_history() {
    let config = embedded::still(Behaviour::Idempotent);
    let group = MetaGroup::start(vec![config; 2]).await.expect("the group starts");
    let [leader, follower] = group.servers() else { panic!("two servers") };
    let (leader, follower) = (leader.address(), follower.address());
    // Nothing listens on port 1.
    let client = client(format!("127.0.0.1:1,{follower}"));
    let recorder = Recorder::default();
    recorder.record(client.query("temp")).await.unwrap();
    let history = recorder.history();
    let found: Vec<String> = history
        .entries()
        .iter()
        .filter(|entry| entry.kind == EntryKind::Server)
        .map(Entry::to_string)
        .collect();
    let [unreachable, follows, leads] = &found[..] else { panic!("{history}") };
    assert!(unreachable.starts_with("attempt 1: 127.0.0.1:1: cannot be reached: "), "{history}");
    let names = format!("is a follower, and names a leader: leader={leader}");
    assert!(follows.starts_with(&format!("attempt 1: {follower}: {names}")), "{history}");
    assert_eq!(*leads, format!("attempt 1: {leader}: is the leader"), "{history}");
}

#[tokio::test]
async fn nothing_is_recorded_outside_of_the_recorded_call() {
    let server = serve(Behaviour::Idempotent, &[]).await;
    let client = client(server.address().to_string());
    let recorder = Recorder::default();
    let recorded = recorder.record(client.query("temp"));
    let _ = client.add(&spec()).await.unwrap();
    assert_eq!(recorder.history().entries(), []);
    recorded.await.unwrap();
    client.query("dup_src").await.unwrap();
    // The connection is known already, so the call has sent one request.
    assert_eq!(requests(&recorder.history()), ["RPC_CM_LIST_DUPLICATION"]);
}

#[tokio::test]
async fn concurrent_calls_and_requests_are_in_the_order_in_which_they_began() {
    let mut config = embedded::still(Behaviour::Checkpoint);
    config.tables = (0..300).map(|n| format!("t{n:03}:1").parse().expect("a table")).collect();
    let server = embedded::start(config).await;
    let client = client(server.address().to_string());
    let recorder = Recorder::default();
    let calls = [TablePattern::All, TablePattern::Prefix("t0".to_owned())];
    let calls = calls.each_ref().map(|tables| recorder.record(client.list(tables)));
    for listed in futures_util::future::join_all(calls).await {
        listed.unwrap();
    }
    let history = recorder.history();
    for (call, tables) in [(1, 300), (2, 100)] {
        let entries = history.entries().iter().filter(|entry| entry.call == call);
        let asked: Vec<String> = entries
            .filter(|entry| entry.name == Some("RPC_CM_QUERY_DUPLICATION"))
            .map(|entry| entry.request.as_ref().expect("a request").to_string())
            .collect();
        let expected: Vec<_> = (0..tables).map(|n| format!("{{app_name=t{n:03}}}")).collect();
        assert_eq!(asked, expected, "call {call}");
    }
    assert!(history.entries().is_sorted_by_key(|entry| entry.call));
    let text = history.to_string();
    // A list of 300 tables is described by its length.
    assert!(text.contains(r#"err=ERR_OK infos="300 elements""#), "{text}");
    assert!(text.starts_with("call 1 attempt 1: looking for leader\n"), "{text}");
    assert!(text.ends_with("call 2 conclusion: listed: count=0"), "{text}");
}

#[tokio::test]
async fn a_future_that_makes_several_calls_has_a_part_for_each() {
    let server = serve(Behaviour::Idempotent, &[]).await;
    let client = client(server.address().to_string());
    let recorder = Recorder::default();
    let calls = async {
        let first = client.query("temp").await;
        let (second, third) = tokio::join!(client.query("dup_src"), client.query("dup_src2"));
        [first, second, third]
    };
    for queried in recorder.record(calls).await {
        queried.unwrap();
    }
    let history = recorder.history();
    let tables: Vec<_> = history
        .entries()
        .iter()
        .filter(|entry| entry.name == Some("RPC_CM_LIST_DUPLICATION"))
        .map(|entry| (entry.call, entry.request.as_ref().expect("a request").to_string()))
        .collect();
    let expected = [(1, "temp"), (2, "dup_src"), (3, "dup_src2")]
        .map(|(call, table)| (call, format!("{{app_name_pattern={table},match_type=2}}")));
    assert_eq!(tables, expected);
    let conclusions = history.entries().iter().filter(|one| one.kind == EntryKind::Conclusion);
    assert_eq!(conclusions.map(|one| one.call).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn a_call_that_sends_nothing_has_only_a_conclusion() {
    let recorder = Recorder::default();
    recorder.record(client("127.0.0.1:1").query("")).await.unwrap_err();
    let history = recorder.history();
    assert_eq!((history.entries().len(), last(&history).kind), (1, EntryKind::Conclusion));
    let text = history.to_string();
    assert!(text.starts_with("conclusion: error: the name of the table is empty\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_response_that_arrives_late_is_an_entry_of_its_own() {
    let group = in_memory::group(&embedded::config(Behaviour::Idempotent), 1);
    group.set_faults(vec!["add#1=delay:4000".parse().unwrap()]);
    let client = in_memory::client(&group, Behaviour::Idempotent).build().unwrap();
    let recorder = Recorder::default();
    let _ = recorder.record(client.add(&spec())).await.unwrap();
    let history = recorder.history();
    let text = history.to_string();
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    let failed = "request to 10.0.0.1:34601 failed: RPC_CM_ADD_DUPLICATION: no response arrived";
    let late = "late response from 10.0.0.1:34601: RPC_CM_ADD_DUPLICATION err=ERR_OK";
    assert!(place(failed) < place(late), "{text}");
    assert!(text.ends_with("evidence=server_said_so certain=true"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_history_of_a_cancelled_call_ends_where_the_call_ended() {
    let group = in_memory::group(&embedded::config(Behaviour::Idempotent), 1);
    group.set_faults(vec!["modify#1=drop-reply".parse().unwrap()]);
    let client = in_memory::client(&group, Behaviour::Idempotent).build().unwrap();
    let _ = client.add(&spec()).await.unwrap();
    let which = Selector::Cluster("target".to_owned());
    let recorder = Recorder::default();
    let mut call = Box::pin(recorder.record(client.pause("temp", &which)));
    tokio::select! {
        _ = &mut call => panic!("the response was dropped"),
        () = sleep(Duration::from_secs(1)) => {}
    }
    drop(call);
    let history = recorder.history();
    let text = history.to_string();
    assert!(
        text.ends_with("no response from 10.0.0.1:34601 yet: RPC_CM_MODIFY_DUPLICATION"),
        "{text}"
    );
    assert_eq!((&last(&history).response, &last(&history).text), (&None, &None));
}
