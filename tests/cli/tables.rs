//! Tests the commands for tables and backup policies, with the embedded server.

use serde_json::json;

use super::support::{Served, expect};

#[test]
fn a_create_creates_then_finds_then_finds_differences() {
    let served = Served::start(&["--clock", "stopped"]);
    let line = "--json create-table orders -p 8 -r 3 -e business.info=billing";
    let created = expect(&served, 0, line);
    let report = created.report();
    assert_eq!(report["outcome"], "created");
    assert_eq!(report["evidence"], "server_said_so");
    assert_eq!(report["certain"], true);
    assert_eq!(report["resource"], "table");
    assert_eq!(report["value"]["table"], "orders");
    assert_eq!(report["value"]["partition_count"], 8);
    assert_eq!(report["value"]["envs"], json!({"business.info": "billing"}));
    assert_eq!(created.stderr, "");

    let again = expect(&served, 3, line);
    let report = again.report();
    assert_eq!(report["outcome"], "already_exists");
    assert_eq!(report["evidence"], "listed_before");
    assert_eq!(report["differences"], json!([]));
    assert!(again.stderr.starts_with("warning: nothing was created: the table "), "{again:?}");
    let fine = expect(&served, 0, &format!("{line} --exist-ok"));
    assert_eq!(fine.stdout, again.stdout, "the same state is the same bytes");

    let differs = expect(&served, 4, "--json create-table orders -p 16 --exist-ok");
    assert_eq!(
        differs.report()["differences"],
        json!([
            {"field": "partition_count", "asked": 16, "existing": 8},
            {"field": "envs", "asked": {}, "existing": {"business.info": "billing"}},
        ])
    );
    assert!(differs.stderr.contains("partition_count is 8, not 16"), "{differs:?}");
}

#[test]
fn a_create_waits_until_the_table_is_ready() {
    let served = Served::start(&[]);
    let ran = expect(&served, 0, "--json create-table orders -p 4 --wait 20");
    let reports = ran.reports();
    assert_eq!(reports.len(), 2, "{ran:?}");
    assert_eq!(reports[0]["outcome"], "created");
    assert_eq!(reports[1]["outcome"], "listed");
    assert_eq!(reports[1]["value"]["ready_partitions"], 4);
    assert_eq!(reports[1]["value"]["partitions"].as_array().map(Vec::len), Some(4));
    // Without --exist-ok the exit code would not be 0, so there is no wait.
    assert_eq!(expect(&served, 3, "--json create-table orders --wait 20").reports().len(), 1);
    let ran = expect(&served, 0, "--json create-table orders --wait 20 --exist-ok");
    assert_eq!(ran.reports().len(), 2);
}

#[test]
fn a_table_that_is_not_ready_in_time_gives_exit_code_7() {
    // With a stopped clock the server never assigns replicas.
    let served = Served::start(&["--clock", "stopped", "--ready-after", "10"]);
    let ran = expect(&served, 7, "--json create-table orders -p 4 --wait 0.3");
    let reports = ran.reports();
    assert_eq!(reports[0]["outcome"], "created");
    assert_eq!(reports[1]["outcome"], "error");
    assert_eq!(reports[1]["error"]["kind"], "timeout");
    assert!(ran.stderr.contains("ready_partitions=0 partition_count=4"), "{ran:?}");
    let ran = expect(&served, 7, "--timeout 0.3 wait-ready orders");
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
    expect(&served, 1, "wait-ready absent");
}

#[test]
fn a_dropped_table_can_be_recalled() {
    let served = Served::start(&[]);
    expect(&served, 0, "create-table orders --wait 20");
    let dropped = expect(&served, 0, "--json drop-table orders --reserve 3600");
    let report = dropped.report();
    assert_eq!(report["outcome"], "removed");
    assert_eq!(report["evidence"], "server_said_so");
    let value = &report["value"];
    assert_eq!(value["status"], "AS_DROPPED");
    assert_eq!(value["ready_partitions"], 4);
    let time = |key: &str| value[key].as_i64().expect(key);
    assert_eq!(time("expire_ts_ms") - time("drop_ts_ms"), 3_600_000);

    let missing = expect(&served, 1, "--json drop-table orders");
    assert_eq!(missing.report()["error"]["kind"], "table_not_found");
    assert!(missing.stderr.contains("no such table"), "{missing:?}");

    let id = value["table_id"].as_i64().expect("an id");
    let refused = expect(&served, 1, &format!("--json recall-table {id}"));
    assert_eq!(refused.report()["error"]["kind"], "unsupported");
    let recalled = expect(&served, 0, &format!("--json recall-table {id} --as copy --force"));
    let report = recalled.report();
    assert_eq!(report["outcome"], "changed");
    assert_eq!(report["value"]["table"], "copy");
    assert_eq!(report["value"]["table_id"], id);
    assert_eq!(report["value"]["expire_ts_ms"], json!(null));
    let again = expect(&served, 0, &format!("--json recall-table {id}"));
    assert_eq!(again.report()["outcome"], "unchanged");
    expect(&served, 1, "recall-table 999");
}

#[test]
fn tables_are_listed_and_described() {
    let served = Served::start(&["--table", "users:2"]);
    let listed = expect(&served, 0, "--json tables").reports();
    let names: Vec<_> = listed.iter().map(|one| one["value"]["table"].clone()).collect();
    assert_eq!(names, [json!("other"), json!("temp"), json!("users")]);
    assert_eq!(listed[2]["value"]["ready_partitions"], json!(null));
    let healthy = expect(&served, 0, "--json tables --health -a us -m prefix").reports();
    assert_eq!(healthy.len(), 1);
    assert_eq!(healthy[0]["value"]["ready_partitions"], 2);
    assert_eq!(healthy[0]["value"]["partitions"], json!(null));

    expect(&served, 0, "drop-table users");
    assert_eq!(expect(&served, 0, "--json tables").reports().len(), 2);
    assert_eq!(expect(&served, 0, "--json tables --dropped").reports().len(), 3);

    let text = expect(&served, 0, "describe-table temp").stdout;
    assert!(text.starts_with("TABLE "), "{text}");
    let partitions = text.split("\n\n").nth(1).expect("the partitions");
    assert!(partitions.starts_with("PARTITION "), "{text}");
    assert_eq!(partitions.lines().count(), 9, "{text}");
    assert!(partitions.lines().skip(1).all(|line| line.contains(" yes ")), "{text}");
    let missing = expect(&served, 1, "--json describe-table users").report();
    assert_eq!(missing["error"]["kind"], "table_not_found");
}

#[test]
fn a_lost_response_to_a_create_is_settled_by_looking() {
    let served = Served::start(&["--fault", "RPC_CM_CREATE_APP#1=drop-reply"]);
    let ran = expect(&served, 0, "--json create-table orders");
    let report = ran.report();
    assert_eq!(report["outcome"], "created");
    assert_eq!(report["evidence"], "appeared_during_call");
    assert_eq!(report["certain"], false);
    assert!(ran.stderr.starts_with("warning: not certain that this call created the table"));
}

#[test]
fn mistakes_are_refused_before_a_server_is_asked() {
    for line in [
        "create-table t -p 0",
        "create-table t -p 1025",
        "create-table t -p -1",
        "create-table t -r 0",
        "create-table t -e novalue",
        "create-table t -e a=1 -e a=2",
        "create-table t -e restore.policy_name=p",
        "create-table t -e duplication.master_cluster=c",
        "create-table t --wait 0",
        "drop-table t --reserve 0",
        "drop-table t --reserve 1.5",
        "recall-table 0",
        "recall-table -1",
        "recall-table x",
        "tables -m prefix",
        "add-backup-policy p --provider f --tables t --interval 86400 --keep 3 --start 25:00",
        "add-backup-policy p --provider f --tables t --interval 86400 --keep 3 --start 3",
        "add-backup-policy p --provider f --interval 86400 --keep 3 --start 03:00",
    ] {
        let words: Vec<_> = line.split_whitespace().collect();
        // Nothing listens on port 1, so a request would fail with another exit code.
        let mut command = super::support::program();
        let ran = super::support::run(command.args(["--meta", "127.0.0.1:1"]).args(&words));
        assert_eq!(ran.code, Some(2), "{line}: {ran:?}");
    }
    let served = Served::start(&[]);
    expect(&served, 0, "create-table many -p 1025 --partition-limit 2000");
}

#[test]
fn a_policy_is_created_then_found() {
    let served = Served::start(&["--table", "users:4"]);
    let line = "--json add-backup-policy daily --provider local_service --tables temp,users \
                --interval 86400 --keep 7 --start 03:00";
    let created = expect(&served, 0, line);
    let report = created.report();
    assert_eq!(report["outcome"], "created");
    assert_eq!(report["certain"], false, "no server proves that it created a policy");
    assert_eq!(report["resource"], "backup_policy");
    assert_eq!(report["value"]["table_ids"], json!([1, 3]));
    let again = expect(&served, 3, line);
    assert_eq!(again.report()["evidence"], "listed_before");
    expect(&served, 0, &format!("{line} --exist-ok"));
    let differs = line.replace("86400", "172800");
    let differs = expect(&served, 4, &differs).report();
    assert_eq!(
        differs["differences"],
        json!([{"field": "interval_seconds", "asked": 172800, "existing": 86400}])
    );
    let missing = expect(&served, 1, &line.replace("users", "absent")).report();
    assert_eq!(missing["error"]["kind"], "table_not_found");
}
