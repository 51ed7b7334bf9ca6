//! Tests `pegasus-dup check-remote-cluster`: the text, the JSON and the exit code for each state.

use super::support::Served;

#[test]
fn a_remote_cluster_is_configured_or_the_exit_code_is_1() {
    for behaviour in ["freezed", "checkpoint", "remote-name", "dup-exist"] {
        let served = Served::start(&["--clock", "stopped", "--behave-as", behaviour]);
        for (cluster, code, state) in [
            ("target", 0, "configured"),
            ("nowhere", 1, "not_configured"),
            ("onebox", 1, "own_cluster"),
        ] {
            let ran = served.run(&["--json", "check-remote-cluster", cluster]);
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), ""), "{behaviour}: {ran:?}");
            let report = ran.report();
            assert_eq!(
                (&report["outcome"], &report["resource"]),
                (&"listed".into(), &"remote_cluster".into())
            );
            let value = &report["value"];
            assert_eq!((&value["cluster"], &value["state"]), (&cluster.into(), &state.into()));
            assert_eq!(value["hint"].is_null(), state == "configured", "{ran:?}");

            let text = served.run(&["check-remote-cluster", cluster]);
            assert_eq!(text.code, Some(code), "{text:?}");
            let line = format!("cluster={cluster} state={state}");
            match value["hint"].as_str() {
                Some(hint) => assert_eq!(text.stdout, format!("{line} hint=\"{hint}\"\n")),
                None => assert_eq!(text.stdout, format!("{line}\n")),
            }
        }
        assert!(served.run(&["--json", "list"]).reports().is_empty());
    }
}

#[test]
fn an_error_is_not_a_state() {
    let served = Served::start(&["--clock", "stopped"]);
    let ran = served.run(&["--json", "check-remote-cluster", "a{b"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report = ran.report();
    assert_eq!((&report["outcome"], &report["value"]), (&"error".into(), &serde_json::Value::Null));
    assert_eq!(report["error"]["kind"], "unsupported");
    assert_eq!(served.run(&["check-remote-cluster", ""]).code, Some(2));
}
