//! Tests `pegasus-dup info`: the meta servers, the leader, and its version and generation, as text
//! and as JSON.

use super::support::{Served, program, run};

#[test]
fn info_of_a_leader() {
    for (behaviour, options, generation, known_by) in [
        ("freezed", &[][..], "freezed", "no_replica_count_rpc"),
        ("checkpoint", &[], "checkpoint", "version"),
        ("remote-name", &[], "snapshot-2.6", "version"),
        ("remote-name", &["--generation", "remote-name"], "remote-name", "stated"),
        ("dup-exist", &[], "dup-exist", "list_rpc"),
    ] {
        let served = Served::start(&["--clock", "stopped", "--behave-as", behaviour]);
        let ran = served.run(&[&["--json", "info"], options].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let report = ran.report();
        assert_eq!(report["outcome"], "info");
        let info = &report["value"];
        assert_eq!(info["leader"], served.address, "{ran:?}");
        assert_eq!(info["cluster_name"], "onebox", "{ran:?}");
        assert_eq!(info["generation"], generation, "{ran:?}");
        assert_eq!(info["known_by"], known_by, "{ran:?}");
        let version = info["version"].as_str().expect("a version");
        let server = serde_json::json!({
            "server": served.address, "role": "leader", "detail": null
        });
        assert_eq!(info["servers"], serde_json::json!([server]));
        assert_eq!(ran.stderr, "");

        let text = served.run(&[&["info"], options].concat());
        assert_eq!(
            text.stdout,
            format!(
                "server={0} role=leader\nleader={0} cluster_name=onebox version={version} generation={generation} known_by={known_by}\n",
                served.address
            )
        );
    }
}

#[test]
fn info_of_a_group_shows_every_server() {
    let served = Served::start_group(3, &["--clock", "stopped"]);
    let ran = served.run(&["--json", "info"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report = ran.report();
    let servers = report["value"]["servers"].as_array().expect("servers");
    let addresses: Vec<&str> = servers.iter().filter_map(|one| one["server"].as_str()).collect();
    assert_eq!(addresses.join(","), served.address);
    let leaders = servers.iter().filter(|one| one["role"] == "leader").count();
    let followers = servers.iter().filter(|one| one["role"] == "follower").count();
    assert_eq!((leaders, followers), (1, 2), "{ran:?}");
    assert_eq!(
        served.run(&["--json", "info"]).stdout,
        ran.stdout,
        "the same state, the same bytes"
    );
}

#[test]
fn a_wrong_stated_generation_is_a_warning() {
    let served = Served::start(&["--clock", "stopped", "--behave-as", "freezed"]);
    let ran = served.run(&["--json", "info", "--generation", "dup-exist"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.report()["value"]["generation"], "freezed");
    assert!(ran.stderr.starts_with("warning: "), "{ran:?}");
    assert!(ran.stderr.contains("stated=dup-exist found=freezed"), "{ran:?}");
}

#[test]
fn without_a_leader_there_is_a_report_and_the_exit_code_is_1() {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it");
    let meta = port.to_string();
    let ran = run(program().args(["--meta", &meta, "--timeout", "2", "--json", "info"]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report = ran.report();
    assert_eq!(report["value"]["leader"], serde_json::Value::Null);
    assert_eq!(report["value"]["servers"][0]["role"], "unreachable");
    assert_eq!(ran.stderr, "error: no leader among the meta servers\n");
    let text = run(program().args(["--meta", &meta, "--timeout", "2", "info"]));
    assert!(
        text.stdout.starts_with(&format!("server={meta} role=unreachable detail=")),
        "{text:?}"
    );
    assert!(
        text.stdout.ends_with("leader=- cluster_name=- version=- generation=- known_by=-\n"),
        "{text:?}"
    );
}
