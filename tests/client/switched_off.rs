//! Tests servers on which duplication is switched off, and servers that only look like this for a
//! moment. The clock is paused, except in the tests over sockets.

use std::time::Duration;

use pegasus_dup::server::{Behaviour, ServerConfig};
use pegasus_dup::{
    Client, DuplicationSpec, Error, ErrorCode, ErrorKind, FailMode, Mode, Selector, TablePattern,
};
use tokio::time::sleep;

use super::support::in_memory;
use crate::common::embedded;

fn switched_off(behaviour: Behaviour) -> ServerConfig {
    ServerConfig { duplication_enabled: false, ..embedded::still(behaviour) }
}

fn spec() -> DuplicationSpec {
    DuplicationSpec::new("temp", "target")
}

/// Runs every operation, and returns the errors.
async fn every_operation(client: &Client) -> Vec<(&'static str, Error)> {
    let which = Selector::Dupid(5);
    let direct = client.with_mode(Mode::Direct);
    vec![
        ("add", client.add(&spec()).await.expect_err("add")),
        ("direct add", direct.add(&spec()).await.expect_err("direct add")),
        ("query", client.query("temp").await.expect_err("query")),
        ("list", client.list(&TablePattern::All).await.expect_err("list")),
        ("start", client.start("temp", &which).await.expect_err("start")),
        ("pause", client.pause("temp", &which).await.expect_err("pause")),
        ("remove", client.remove("temp", &which).await.expect_err("remove")),
        (
            "set-fail-mode",
            client.set_fail_mode("temp", &which, FailMode::Skip).await.expect_err("set-fail-mode"),
        ),
    ]
}

fn assert_says_so(what: &str, error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{what}: {error}");
    assert_eq!(error.code().map(ErrorCode::name), Some("ERR_SERVICE_NOT_ACTIVE"), "{what}");
    assert!(
        error.message().contains("refuses requests about duplication and responds to others"),
        "{what}: {error}"
    );
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("`duplication_enabled = false`"), "{what}: {error}");
}

#[tokio::test(start_paused = true)]
async fn every_operation_reports_it_and_does_not_wait_for_the_timeout() {
    for behaviour in Behaviour::ALL {
        for servers in [1, 2] {
            let group = in_memory::group(&switched_off(behaviour), servers);
            let client = in_memory::client(&group, behaviour)
                .timeout(Duration::from_secs(600))
                .build()
                .expect("a client");
            // Each of the eight calls needs 2 s and a pause, in simulated time.
            let all = Duration::from_secs(8 * 4);
            let errors = tokio::time::timeout(all, every_operation(&client)).await;
            for (what, error) in errors.expect("not the whole of the time") {
                assert_says_so(&format!("{what} on {behaviour}"), &error);
            }
            assert_eq!(client.unsettled(), [""; 0]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_is_too_short_to_be_certain_reports_it_too() {
    let group = in_memory::group(&switched_off(Behaviour::Checkpoint), 1);
    let client = in_memory::client(&group, Behaviour::Checkpoint)
        .timeout(Duration::from_secs(1))
        .build()
        .expect("a client");
    assert_says_so("query", &client.query("temp").await.expect_err("query"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_just_starting_is_waited_for() {
    for behaviour in Behaviour::ALL {
        let group = in_memory::group(&embedded::still(behaviour), 1);
        let client = in_memory::client(&group, behaviour).build().expect("a client");
        client.query("temp").await.expect("an answer");
        let hub = group.hub(0).expect("a server").clone();
        // The server refuses every request on the current connection.
        hub.not_ready(ErrorCode::from_name("ERR_SERVICE_NOT_ACTIVE"));
        tokio::spawn(async move {
            sleep(Duration::from_secs(5)).await;
            hub.lead(Duration::ZERO);
        });
        assert!(client.add(&spec()).await.expect("an outcome").created(), "{behaviour}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_begins_with_duplication_last_is_waited_for() {
    for behaviour in Behaviour::ALL {
        let group = in_memory::group(&embedded::still(behaviour), 1);
        let off = ["add", "modify", "query", "list"]
            .map(|rpc| format!("{rpc}=refuse:ERR_SERVICE_NOT_ACTIVE").parse().expect("a rule"));
        // A server that lacks an RPC refuses it with another error code.
        let lists = matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent);
        let off: Vec<_> = off.into_iter().take(if lists { 4 } else { 3 }).collect();
        group.set_faults(off);
        let client = in_memory::client(&group, behaviour).build().expect("a client");
        let later = group.clone();
        tokio::spawn(async move {
            sleep(Duration::from_millis(1_500)).await;
            later.set_faults(Vec::new());
        });
        assert!(client.add(&spec()).await.expect("an outcome").created(), "{behaviour}");
    }
}

#[tokio::test]
async fn over_sockets() {
    let server = embedded::start(switched_off(Behaviour::Checkpoint)).await;
    let client = Client::builder().meta(server.address().to_string()).build().expect("a client");
    let error = client.add(&spec()).await.expect_err("switched off");
    assert_says_so("add", &error);
    assert_eq!(error.server(), Some(server.address().to_string().as_str()));
    server.stop().await;
}
