//! Tests the selections, the totals and the forms of `pegasus-dup list`, on servers with and without the list RPC.

use super::support::{Ran, Served, expect, program, run};

/// Starts a server with five tables, of which three have duplications. One duplication is paused.
fn fleet(behaviour: &str) -> Served {
    let served = Served::start(&[
        "--clock",
        "stopped",
        "--behave-as",
        behaviour,
        "--table",
        "app_a:2",
        "--table",
        "app_b:2",
        "--table",
        "app_tmp1:2",
    ]);
    for line in [
        "add app_a target",
        "add app_a far",
        "add app_tmp1 far",
        "add temp target",
        "pause app_a far",
    ] {
        expect(&served, 0, line);
    }
    served
}

/// Returns the table and the remote cluster of each listed duplication.
fn listed(ran: &Ran) -> Vec<String> {
    let of = |report: &serde_json::Value| {
        let value = &report["value"];
        format!("{} {}", value["table"].as_str().unwrap(), value["cluster"].as_str().unwrap())
    };
    ran.reports().iter().map(of).collect()
}

const BEHAVIOURS: [(&str, &str); 4] = [
    ("freezed", "DS_START"),
    ("checkpoint", "DS_LOG"),
    ("remote-name", "DS_LOG"),
    ("dup-exist", "DS_LOG"),
];

#[test]
fn selections_of_tables_and_duplications() {
    for (behaviour, running) in BEHAVIOURS {
        let served = fleet(behaviour);
        let all = ["app_a far", "app_a target", "app_tmp1 far", "temp target"];
        for (options, expected) in [
            (&[][..], &all[..]),
            (&["--tables", "*"], &all),
            (&["--tables", "app_*,!app_tmp*"], &["app_a far", "app_a target"]),
            (&["--tables", "!app_*"], &["temp target"]),
            (&["--tables", "temp,app_tmp?"], &["app_tmp1 far", "temp target"]),
            (&["--tables", "nothing"], &[]),
            (&["--status", "DS_PAUSE"], &["app_a far"]),
            (&["--status", running], &["app_a target", "app_tmp1 far", "temp target"]),
            (&["--status", &format!("DS_PAUSE,{running}")], &all),
            (&["--status", "DS_PREPARE,DS_INIT"], &[]),
            (&["--remote-cluster", "far"], &["app_a far", "app_tmp1 far"]),
            (&["--remote-cluster", "far", "--remote-cluster", "target"], &all),
            (&["--remote-cluster", "far", "--status", running], &["app_tmp1 far"]),
            (&["-a", "app", "-m", "prefix", "--remote-cluster", "target"], &["app_a target"]),
        ] {
            let mut found = listed(&served.run(&[&["--json", "list"], options].concat()));
            found.sort();
            assert_eq!(found, expected, "{behaviour} {options:?}");
        }
        let by_table = |options: &[&str]| -> Vec<String> {
            let ran = served.run(&[&["list", "--json", "--by-table"], options].concat());
            let of = |report: &serde_json::Value| {
                let value = &report["value"];
                let all = value["duplications"].as_array().unwrap().len();
                format!("{} {all}", value["table"].as_str().unwrap())
            };
            ran.reports().iter().map(of).collect()
        };
        assert_eq!(by_table(&["--tables", "app_*"]), ["app_a 2", "app_b 0", "app_tmp1 1"]);
        assert_eq!(by_table(&["--remote-cluster", "far"]), ["app_a 1", "app_tmp1 1"]);
    }
}

#[test]
fn totals_have_the_names_of_the_pegasus_shell() {
    for (behaviour, running) in BEHAVIOURS {
        let served = fleet(behaviour);
        let text = expect(&served, 0, "list --tables app_*,other --summary").stdout;
        let (list, totals) = text.split_once("\n\n").expect("an empty line");
        assert_eq!(list.lines().count(), 4, "{text}");
        // The server does not report progress if it does not have the list RPC.
        let unfinished = if behaviour == "dup-exist" { ("2", "4") } else { ("-", "-") };
        let mut statuses = [
            format!("duplication_count_by_status({running})=2"),
            "duplication_count_by_status(DS_PAUSE)=1".to_owned(),
        ];
        statuses.sort();
        let expected = [
            "total_app_count=4",
            "duplicating_app_count=2",
            &format!("unfinished_app_count={}", unfinished.0),
            "total_duplication_count=3",
            &statuses[0],
            &statuses[1],
            "duplication_count_by_follower_cluster(far)=2",
            "duplication_count_by_follower_cluster(target)=1",
            "total_partition_count=10",
            "duplicating_partition_count=4",
            &format!("unfinished_partition_count={}", unfinished.1),
        ];
        assert_eq!(totals.lines().collect::<Vec<_>>(), expected, "{behaviour}");
        // The totals are those of what is listed.
        let ran = expect(&served, 0, "list --json --summary --status DS_PAUSE --by-table");
        let reports = ran.reports();
        assert_eq!(reports.len(), 2, "{ran:?}");
        let totals = &reports[1];
        assert_eq!(
            (&totals["outcome"], &totals["resource"]),
            (&"listed".into(), &"duplication_summary".into())
        );
        assert_eq!(totals["value"]["total_app_count"], 1);
        assert_eq!(
            totals["value"]["duplication_count_by_status"],
            serde_json::json!({ "DS_PAUSE": 1 })
        );
    }
    let nothing = expect(&fleet("dup-exist"), 0, "list --json --summary --tables nothing").report();
    assert_eq!(nothing["value"]["duplication_count_by_follower_cluster"], serde_json::json!({}));
    assert_eq!(nothing["value"]["unfinished_partition_count"], 0);
}

#[test]
fn comma_separated_values_have_a_header() {
    let served = Served::start(&["--clock", "stopped", "--table", "a,\"b"]);
    expect(&served, 0, "add a,\"b far -a c");
    let added = served.run(&["--json", "query", "a,\"b"]).report();
    let (dupid, created) = (&added["value"]["dupid"], &added["value"]["create_ts_ms"]);
    let columns =
        "cluster,dupid,status,fail_mode,remote_table,remote_replica_count,create_ts_ms,max_gap";
    let ran = expect(&served, 0, "list --format csv");
    let cells = format!("far,{dupid},DS_LOG,FAIL_SLOW,c,3,{created}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{ran:?}");
    assert_eq!(lines[0], format!("table,table_id,{columns}"));
    assert!(lines[1].starts_with(&format!("\"a,\"\"b\",3,{cells},")), "{ran:?}");

    let ran = expect(&served, 0, "list --format csv --by-table --tables temp,a*");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], format!("table,table_id,partition_count,{columns}"));
    assert!(lines[1].starts_with(&format!("\"a,\"\"b\",3,8,{cells},")), "{ran:?}");
    assert_eq!(lines[2..], ["temp,1,8,,,,,,,,"]);

    let ran = expect(&served, 0, "list --format csv --status DS_PAUSE");
    assert_eq!(ran.stdout, format!("table,table_id,{columns}\n"), "a list may be empty");
}

#[test]
fn the_form_of_a_list() {
    let served = fleet("dup-exist");
    let json = expect(&served, 0, "--json list").stdout;
    assert_eq!(expect(&served, 0, "list --format json").stdout, json);
    assert_eq!(expect(&served, 0, "--json list --format json").stdout, json);
    let table = expect(&served, 0, "list").stdout;
    assert_eq!(expect(&served, 0, "list --format table").stdout, table);
    // Errors have the same form.
    let mut command = program();
    command.args(["--meta", "127.0.0.1:1", "--timeout", "1", "list", "--format", "json"]);
    assert_eq!(run(&mut command).report()["outcome"], "error");
}

#[test]
fn options_that_contradict_each_other_give_exit_code_2() {
    for (line, part) in [
        ("list --json --format table", "contradict"),
        ("list --json --format csv", "contradict"),
        ("list --format csv --summary", "--summary"),
        ("list --tables a* -a b", "--tables"),
        ("list --tables a* -m all", "--tables"),
        ("list --tables a,,b", "the pattern for tables is wrong"),
        ("list --tables [", "the pattern for tables is wrong"),
        ("list --tables=", "pattern"),
        ("list --status DS_SLEEP", "DS_PAUSE"),
        ("list --status=", "DS_PAUSE"),
        ("list --remote-cluster=", "the name of the remote cluster is empty"),
        ("list --format xml", "csv"),
    ] {
        let mut command = program();
        command.args(["--meta", "127.0.0.1:1"]).args(line.split_whitespace());
        let ran = run(&mut command);
        assert_eq!(ran.code, Some(2), "{line}: {ran:?}");
        assert!(ran.stderr.contains(part), "{line}: {ran:?}");
    }
}
