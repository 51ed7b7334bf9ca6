//! Tests the outcomes, exit codes and JSON of the client's commands, with the embedded server.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use super::support::{Served, expect, finish, now, program, run};

#[test]
fn an_add_creates_then_finds_then_finds_differences() {
    let served = Served::start(&["--clock", "stopped"]);
    let created = expect(&served, 0, "--json add temp target");
    let report = created.report();
    assert_eq!(report["outcome"], "created");
    assert_eq!(report["evidence"], "server_said_so");
    assert_eq!(report["certain"], true);
    let duplication = &report["value"];
    assert_eq!(duplication["table"], "temp");
    assert_eq!(duplication["table_id"], 1);
    assert_eq!(duplication["cluster"], "target");
    assert_eq!(duplication["remote_table"], "temp");
    assert_eq!(created.stderr, "");

    let again = expect(&served, 3, "--json add temp target");
    let report = again.report();
    assert_eq!(report["outcome"], "already_exists");
    assert_eq!(report["evidence"], "listed_before");
    assert_eq!(report["differences"], serde_json::json!([]));
    assert_eq!(report["value"]["dupid"], duplication["dupid"]);
    assert!(again.stderr.starts_with("warning: nothing was created: "), "{again:?}");

    let fine = expect(&served, 0, "--json add temp target --exist-ok");
    assert_eq!(fine.stdout, again.stdout, "the same state is the same bytes");

    let differs = expect(&served, 4, "--json add temp target -a copy -r 5 --exist-ok");
    assert_eq!(
        differs.report()["differences"],
        serde_json::json!([
            {"field": "remote_table", "asked": "copy", "existing": "temp"},
            {"field": "remote_replica_count", "asked": 5, "existing": 3},
        ])
    );
    assert!(differs.stderr.contains("remote_table is temp, not copy"), "{differs:?}");
    expect(&served, 4, "add temp target -a copy");
}

#[test]
fn an_unverified_property_causes_a_warning() {
    let served = Served::start(&["--clock", "stopped"]);
    expect(&served, 0, "add temp target");
    let asked = expect(&served, 3, "--json add temp target -s");
    let report = asked.report();
    assert_eq!(report["differences"], serde_json::json!([]));
    assert_eq!(report["unverified"], serde_json::json!(["checkpoint"]));
    let fine = expect(&served, 0, "add temp target -s --exist-ok");
    assert!(fine.stdout.ends_with("\nunverified: field=checkpoint\n"), "{fine:?}");
    assert!(
        fine.stderr.contains("what could be compared is as requested; not compared: checkpoint (")
    );

    // The checkpoint is still being shipped. A warning says so, and a start does not change it.
    expect(&served, 0, "add other target -s");
    let shipping = expect(&served, 3, "--json add other target -s").report();
    assert_eq!(shipping["unverified"], serde_json::json!([]));
    let started = expect(&served, 0, "--json start other target").report();
    assert_eq!(started["outcome"], "unchanged");
    let warning = started["warning"].as_str().expect("a warning");
    assert!(
        warning.starts_with("the duplication is in DS_PREPARE: ") && !warning.contains("itself"),
        "{warning}"
    );

    let old = Served::start(&["--clock", "stopped", "--behave-as", "checkpoint"]);
    let created = expect(&old, 0, "--json add temp target");
    assert_eq!(created.report()["unverified"], serde_json::json!([]));
    assert!(created.stderr.contains("created it; it is as requested"), "{created:?}");
    let differs = expect(&old, 4, "--json add temp target -a copy -r 5 -s --exist-ok").report();
    assert_eq!(differs["differences"][0]["field"], "remote_table");
    assert_eq!(differs["differences"][1]["field"], "remote_replica_count");
    assert_eq!(differs["unverified"], serde_json::json!(["checkpoint"]));
}

#[test]
fn direct_mode_warns_about_its_side_effects() {
    let served = Served::start(&["--clock", "stopped", "--behave-as", "dup-exist"]);
    expect(&served, 0, "add temp target");
    expect(&served, 0, "pause temp target");
    let safe = expect(&served, 3, "--json add temp target").report();
    assert_eq!(safe["value"]["status"], "DS_PAUSE");
    let direct = expect(&served, 3, "--json add temp target --mode direct");
    // The duplication has been resumed.
    let again = expect(&served, 3, "--json add temp target").report();
    assert_eq!(again["value"]["status"], "DS_LOG");
    let warning = direct.report()["warning"].as_str().expect("a warning").to_owned();
    assert!(warning.contains("it may have resumed the duplication"), "{warning}");
}

#[test]
fn a_brace_in_a_name_is_not_sent_to_a_server_that_it_ends() {
    for (behaviour, kind) in
        [("dup-exist", "unsupported"), ("checkpoint", "remote_cluster_not_configured")]
    {
        let served = Served::start(&["--clock", "stopped", "--behave-as", behaviour]);
        let ran = expect(&served, 1, "--json add temp tar{get");
        let error = &ran.report()["error"];
        assert_eq!(error["kind"], kind, "{ran:?}");
        let brace = error["message"].as_str().expect("text").contains("contains a brace");
        assert_eq!(brace, kind == "unsupported", "{ran:?}");
        assert!(ran.stderr.contains("tar{get"), "{ran:?}");
        expect(&served, 1, "--json query tem}p");
        expect(&served, 0, "--json add temp target");
    }
}

#[test]
fn a_wrong_generation_is_refused_and_nothing_changes() {
    for (behaviour, wrong) in
        [("freezed", "dup-exist"), ("checkpoint", "freezed"), ("dup-exist", "remote-name")]
    {
        let served = Served::start(&["--clock", "stopped", "--behave-as", behaviour]);
        expect(&served, 0, "add temp target");
        let before = expect(&served, 0, "--json query temp").stdout;
        for command in [
            "add temp far",
            "query temp",
            "list",
            "start temp target",
            "pause temp target",
            "set-fail-mode temp target skip",
            "remove temp target",
        ] {
            let ran = expect(&served, 1, &format!("--json --generation {wrong} {command}"));
            let error = &ran.report()["error"];
            assert_eq!(error["kind"], "invalid_argument", "{ran:?}");
            let told = format!("stated={wrong} found={behaviour}");
            assert!(error["message"].as_str().expect("text").contains(&told), "{ran:?}");
        }
        assert_eq!(expect(&served, 0, "--json query temp").stdout, before);
        expect(&served, 0, &format!("--generation {behaviour} pause temp target"));
    }
}

#[test]
fn text_says_the_same() {
    let served = Served::start(&["--clock", "stopped"]);
    let created = expect(&served, 0, "add temp target -a copy -s");
    let line = created.stdout;
    assert!(line.starts_with("created: table=temp table_id=1 cluster=target dupid="), "{line}");
    assert!(line.contains(" remote_table=copy "), "{line}");
    assert!(line.ends_with(" evidence=server_said_so certain=true\n"), "{line}");
    let again = expect(&served, 3, "add temp target -a copy");
    assert!(again.stdout.starts_with("already_exists: table=temp "), "{again:?}");
    assert!(again.stderr.starts_with("warning: nothing was created: "), "{again:?}");
    assert!(!again.stdout.contains('\x1b') && !again.stderr.contains('\x1b'), "{again:?}");
    let query = expect(&served, 0, "query temp");
    assert!(query.stdout.starts_with("TABLE "), "{query:?}");
    assert_eq!(query.stdout.lines().count(), 2, "{query:?}");
}

#[test]
fn a_change_is_changed_the_first_time_and_unchanged_the_second() {
    let served = Served::start(&["--clock", "stopped"]);
    let added = expect(&served, 0, "--json add temp target").report();
    let dupid = added["value"]["dupid"].to_string();
    let change = |line: &str, outcome: &str| {
        let ran = expect(&served, 0, &format!("{line} --json"));
        let report = ran.report();
        assert_eq!(report["outcome"], outcome, "{line}: {ran:?}");
        report["value"].clone()
    };
    assert_eq!(change("pause temp target", "changed")["status"], "DS_PAUSE");
    assert_eq!(change(&format!("pause temp {dupid}"), "unchanged")["status"], "DS_PAUSE");
    let paused = expect(&served, 3, "--json add temp target");
    assert!(paused.report()["warning"].is_string(), "{paused:?}");
    assert_eq!(change(&format!("start temp {dupid}"), "changed")["status"], "DS_LOG");
    assert_eq!(change("start temp target", "unchanged")["status"], "DS_LOG");
    let skip = change("set-fail-mode temp target skip", "changed");
    assert_eq!(skip["fail_mode"], "FAIL_SKIP");
    assert_eq!(skip["status"], "DS_LOG");
    change(&format!("set-fail-mode temp {dupid} skip"), "unchanged");
    change(&format!("remove temp {dupid}"), "removed");
    let gone = expect(&served, 1, "--json remove temp target");
    assert_eq!(gone.report()["error"]["kind"], "duplication_not_found");
    let gone = expect(&served, 1, "--json pause temp target");
    assert_eq!(gone.report()["error"]["kind"], "duplication_not_found");
    let none = expect(&served, 0, "--json query temp");
    assert_eq!(none.stdout, "");
}

#[test]
fn lists_are_one_object_a_line_and_the_same_each_time() {
    let served = Served::start(&["--clock", "stopped"]);
    for pair in ["other target", "temp far", "temp target"] {
        expect(&served, 0, &format!("add {pair}"));
    }
    let tables = |line: &str| -> Vec<String> {
        let reports = expect(&served, 0, line).reports();
        assert!(reports.iter().all(|report| report["outcome"] == "listed"));
        reports.iter().map(|r| r["value"]["table"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(tables("list --json"), ["other", "temp", "temp"]);
    assert_eq!(tables("list --json -m all"), ["other", "temp", "temp"]);
    assert_eq!(tables("list --json -a temp"), ["temp", "temp"]);
    assert_eq!(tables("list --json -a the -m anywhere"), ["other"]);
    assert_eq!(tables("list --json -a te -m prefix"), ["temp", "temp"]);
    assert_eq!(tables("list --json -a er -m postfix"), ["other"]);
    assert_eq!(tables("list --json -a nothing"), [""; 0]);
    assert_eq!(tables("query --json temp"), ["temp", "temp"]);
    let (one, two) = (expect(&served, 0, "list --json"), expect(&served, 0, "list --json"));
    assert_eq!(one.stdout, two.stdout);
    assert_eq!(expect(&served, 0, "list").stdout.lines().count(), 4);
}

fn by_table_line(report: &serde_json::Value) -> String {
    let table = &report["value"];
    let count = table["duplications"].as_array().expect("an array").len();
    format!("{} {} {count}", table["table"].as_str().expect("a name"), table["partition_count"])
}

#[test]
fn lists_by_table_contain_tables_without_duplications() {
    let served = Served::start(&["--clock", "stopped"]);
    for pair in ["temp far", "temp target"] {
        expect(&served, 0, &format!("add {pair}"));
    }
    let by_table = expect(&served, 0, "list --json --by-table");
    let told: Vec<_> = by_table.reports().iter().map(by_table_line).collect();
    assert_eq!(told, ["other 4 0", "temp 8 2"]);
    let one = expect(&served, 0, "list --json --by-table -a oth -m prefix");
    assert_eq!(one.reports().iter().map(by_table_line).collect::<Vec<_>>(), ["other 4 0"]);
    assert_eq!(expect(&served, 0, "list --json --by-table").stdout, by_table.stdout);
    let text = expect(&served, 0, "list --by-table").stdout;
    let lines: Vec<Vec<&str>> = text.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..4], ["TABLE", "TABLE_ID", "PARTITIONS", "CLUSTER"], "{text}");
    // A table without a duplication has a line, too.
    assert_eq!(lines[1][0], "other", "{text}");
    assert_eq!(lines[1][2..], ["4", "-", "-", "-", "-", "-", "-", "-", "-"], "{text}");
    assert_eq!(lines.iter().filter(|line| line[0] == "temp" && line[2] == "8").count(), 2);
}

#[test]
fn an_error_names_the_server_as_it_was_given_and_its_address() {
    let served = Served::start(&["--clock", "stopped"]);
    let (_, port) = served.address.rsplit_once(':').expect("a port");
    let named = format!("localhost:{port}");
    let ran = run(program().args(["--meta", &named, "--json", "query", "nothing"]));
    let error = &ran.report()["error"];
    assert_eq!(error["kind"], "table_not_found", "{ran:?}");
    assert_eq!(error["server"], format!("{named} ({})", served.address), "{ran:?}");
}

#[test]
fn errors_have_exit_code_1_and_their_kind() {
    let served = Served::start(&[]);
    expect(&served, 0, "add other target -a taken");
    for (line, kind) in [
        ("add nothing target", "table_not_found"),
        ("query nothing", "table_not_found"),
        ("add temp onebox", "invalid_argument"),
        ("add temp nowhere", "remote_cluster_not_configured"),
        ("add temp target -a taken", "remote_table_taken"),
        ("pause temp 77", "duplication_not_found"),
    ] {
        let json = expect(&served, 1, &format!("--json {line}"));
        let report = json.report();
        assert_eq!(report["error"]["kind"], kind, "{line}: {json:?}");
        assert!(json.stderr.starts_with("error: "), "{line}: {json:?}");
        let text = expect(&served, 1, line);
        assert_eq!(text.stdout, "", "{line}");
        assert_eq!(text.stderr, json.stderr, "{line}");
    }
}

#[test]
fn the_environment_names_the_servers_and_the_option_overrides_it() {
    let served = Served::start(&[]);
    let mut command = program();
    command.env("PEGASUS_DUP_META", &served.address).args(["query", "temp"]);
    assert_eq!(run(&mut command).code, Some(0));
    for line in [["query", "temp", "--meta"], ["--meta", "", "query"]] {
        let mut command = program();
        command.env("PEGASUS_DUP_META", "127.0.0.1:1");
        for word in line {
            command.arg(if word.is_empty() { served.address.as_str() } else { word });
        }
        command.arg(if line[2] == "--meta" { served.address.as_str() } else { "temp" });
        let ran = run(&mut command);
        assert_eq!(ran.code, Some(0), "{line:?}: {ran:?}");
    }
}

#[test]
fn a_missing_server_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("bound");
    let started = now();
    let mut command = program();
    command.args(["--meta", &free.to_string(), "--timeout", "1.5", "--json", "query", "temp"]);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(ran.report()["error"]["kind"], "unavailable", "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_call_to_a_silent_server_ends_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = silent.local_addr().expect("bound").to_string();
    let started = now();
    let mut command = program();
    command.args(["--meta", &address, "--timeout", "0.8", "--json", "add", "temp", "target"]);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let report = ran.report();
    let kind = report["error"]["kind"].as_str().expect("a kind");
    assert!(matches!(kind, "timeout" | "unavailable"), "{ran:?}");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let served = Served::start(&[]);
    expect(&served, 0, "add temp target");
    let mut command = served.client(&["list"]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    command.stdout(writer).stderr(Stdio::piped());
    let ran = finish(command.spawn().expect("spawn"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.stderr, "");
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_reported_and_the_exit_code_of_an_add_stays() {
    let served = Served::start(&[]);
    for (line, code) in [("add temp target", 0), ("add temp target", 3), ("list", 1)] {
        let mut command = served.client(&line.split_whitespace().collect::<Vec<_>>());
        let full = std::fs::File::create("/dev/full").expect("a device");
        command.stdout(full).stderr(Stdio::piped());
        let ran = finish(command.spawn().expect("spawn"));
        assert_eq!(ran.code, Some(code), "{line}: {ran:?}");
        assert!(ran.stderr.contains("error: cannot write to stdout"), "{line}: {ran:?}");
    }
}

#[test]
fn of_racing_adds_one_is_created() {
    let served = Served::start(&[]);
    let racing: Vec<_> = (0..12)
        .map(|_| {
            let mut command = served.client(&["--json", "add", "temp", "target"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("spawn")
        })
        .collect();
    let ran: Vec<_> = racing.into_iter().map(finish).collect();
    let count = |code| ran.iter().filter(|ran| ran.code == Some(code)).count();
    assert_eq!((count(0), count(3)), (1, 11), "{ran:?}");
    let dupid = ran[0].report()["value"]["dupid"].clone();
    assert!(ran.iter().all(|ran| ran.report()["value"]["dupid"] == dupid), "{ran:?}");
}

#[test]
fn a_server_of_the_newest_generation_says_the_same() {
    let served = Served::start(&["--behave-as", "dup-exist"]);
    expect(&served, 0, "--generation dup-exist add temp target");
    expect(&served, 3, "add temp target --generation dup-exist");
    expect(&served, 4, "add temp target -a copy");
}

#[test]
fn logs_are_written_to_stderr_and_only_on_request() {
    let served = Served::start(&[]);
    let quiet = expect(&served, 0, "query temp");
    assert_eq!(quiet.stderr, "");
    let loud = expect(&served, 0, "query temp -vvv");
    assert_eq!(loud.stdout, quiet.stdout);
}

#[test]
fn a_list_of_servers_may_end_with_a_comma() {
    let served = Served::start(&["--remote-cluster", "more=127.0.0.1:1,127.0.0.1:2,"]);
    let meta = format!("{},", served.address);
    assert_eq!(run(program().args(["--meta", &meta, "add", "temp", "more"])).code, Some(0));
    let environment = run(program().env("PEGASUS_DUP_META", &meta).args(["query", "temp"]));
    assert_eq!(environment.code, Some(0), "{environment:?}");
}

#[test]
fn an_add_may_be_direct() {
    let proven = Served::start(&["--behave-as", "dup-exist"]);
    let created = expect(&proven, 0, "--json add temp target --mode direct").report();
    assert_eq!(created["evidence"], "server_said_so");
    expect(&proven, 0, "pause temp target");
    // An add in safe mode does not change the paused duplication, and an add in direct mode resumes
    // it. This shows that the option has an effect.
    expect(&proven, 3, "add temp target --mode safe");
    let status = || expect(&proven, 0, "--json query temp").report()["value"]["status"].clone();
    assert_eq!(status(), "DS_PAUSE");
    expect(&proven, 3, "add temp target --mode direct");
    assert_eq!(status(), "DS_LOG");

    let unproven = Served::start(&["--behave-as", "checkpoint"]);
    let refused = expect(&unproven, 1, "--json add temp target --mode direct").report();
    assert_eq!(refused["error"]["kind"], "unsupported");
}

#[test]
fn a_message_says_the_code_once() {
    let says = |fault: &str, line: &str, code: &str| {
        let served = Served::start(&["--fault", fault]);
        let words: Vec<_> = line.split_whitespace().collect();
        let text = served.run(&words);
        assert_eq!(text.stderr.matches("code=").count(), 1, "{fault}: {text:?}");
        assert!(text.stderr.contains(&format!("code={code}")), "{fault}: {text:?}");
        let report = served.run(&[&words[..], &["--json"]].concat()).report();
        assert_eq!(report["error"]["code"], code, "{fault}");
        assert!(!report["error"]["message"].as_str().expect("text").contains("code="), "{report}");
    };
    let short = "--timeout 0.5";
    says(
        "any=refuse:ERR_SERVICE_NOT_ACTIVE",
        &format!("{short} query temp"),
        "ERR_SERVICE_NOT_ACTIVE",
    );
    says("add=refuse:ERR_BUSY", "add temp target", "ERR_BUSY");
    says("add=refuse:ERR_NEW", &format!("{short} add temp target"), "ERR_NEW");
    says("query-config=refuse:ERR_UNDER_RECOVERY", &format!("{short} list"), "ERR_UNDER_RECOVERY");

    // With several servers, each has its own error code, and the error has none.
    let group = Served::start_group(2, &["--fault", "any=refuse:ERR_SERVICE_NOT_ACTIVE"]);
    let ran = group.run(&["--timeout", "0.5", "query", "temp"]);
    assert_eq!(ran.stderr.matches("(ERR_SERVICE_NOT_ACTIVE)").count(), 2, "{ran:?}");
    assert!(!ran.stderr.contains("code="), "{ran:?}");
}

#[test]
fn closed_streams_change_no_exit_code() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let served = Served::start(&[]);
        for (line, code) in [("add temp target", 0), ("add temp target", 3), ("query temp", 0)] {
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", &format!("exec \"$@\" {closed}"), "sh"]);
            shell.arg(env!("CARGO_BIN_EXE_pegasus-dup")).args(["--meta", &served.address]);
            let ran = run(shell.args(line.split(' ')));
            assert_eq!(ran.code, Some(code), "{closed} {line}: {ran:?}");
            assert_eq!(
                ran.stdout.is_empty(),
                closed.contains(">&- ") || closed == ">&-",
                "{ran:?}"
            );
        }
    }
}
