//! Tests the files of fleets: what is wrong with them, which server they name, plan files, and exports.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::support::{Fleet, by_table, count, declared};
use crate::cli::support::{finish, run};

#[test]
fn a_wrong_file_is_a_usage_error_that_names_the_line() {
    let fleet = Fleet::start(&[]);
    for (name, text, told) in [
        ("key.toml", "meta = \"a:1\"\nreplicas = 3\n", "line=2"),
        ("key.yaml", "meta: a:1\nreplicas: 3\n", "line=2"),
        ("key.json", "{\"meta\": \"a:1\",\n\"replicas\": 3}", "line=2"),
        (
            "value.toml",
            "[[duplication]]\ntable = \"t\"\ncluster = \"c\"\nstatus = \"on\"\n",
            "`on`",
        ),
    ] {
        fleet.write(name, text);
        for command in ["plan", "apply --yes"] {
            let ran = fleet.expect(2, &format!("{command} {name} --json"));
            assert!(ran.stderr.contains(told), "{name}: {ran:?}");
            assert_eq!(ran.report()["error"]["kind"], "invalid_argument");
        }
    }
    let ran = fleet.expect(2, "plan absent.toml");
    assert!(ran.stderr.contains("path=absent.toml"), "{ran:?}");
    let ran = fleet.expect(2, "plan .");
    assert!(ran.stderr.contains("directory"), "{ran:?}");
    fleet.write("bytes.toml", "");
    std::fs::write(fleet.path("bytes.toml"), [0xff, 0xfe]).expect("written");
    assert!(fleet.expect(2, "plan bytes.toml").stderr.contains("UTF-8"));
    // Nothing names a server.
    fleet.write("nowhere.toml", &declared("temp", ""));
    let ran = fleet.expect(2, "plan nowhere.toml");
    assert!(ran.stderr.contains("no meta servers are given"), "{ran:?}");
}

#[test]
fn the_option_takes_precedence_over_the_file_and_the_file_over_the_variable() {
    let fleet = Fleet::start(&[]);
    let good = fleet.served.address.clone();
    let with_file = |meta: &str, line: &str, variable: &str| {
        fleet.write("f.toml", &format!("meta = \"{meta}\"\n{}", declared("temp", "")));
        let line = format!("plan f.toml --timeout 1 {line}");
        run(fleet.command(&line).env("PEGASUS_DUP_META", variable)).code
    };
    let bad = "127.0.0.1:1";
    assert_eq!(with_file(bad, &format!("--meta {good}"), bad), Some(6));
    assert_eq!(with_file(bad, &format!("--meta {good}"), &good), Some(6));
    assert_eq!(with_file(&good, "", bad), Some(6));
    assert_eq!(with_file(&good, &format!("--meta {bad}"), &good), Some(1));
    fleet.write("f.toml", &declared("temp", ""));
    let ran = run(fleet.command("plan f.toml").env("PEGASUS_DUP_META", &good));
    assert_eq!(ran.code, Some(6), "{ran:?}");
}

#[test]
fn a_file_may_name_its_cluster() {
    let fleet = Fleet::start(&[]);
    fleet.write("f.toml", &format!("cluster = \"here\"\n{}", declared("temp", "")));
    let address = &fleet.served.address;
    fleet.write("shell.ini", &format!("[pegasus.clusters]\nhere = {address}\n"));
    fleet.expect(6, "plan f.toml --clusters shell.ini");
    fleet.expect(6, &format!("plan f.toml --meta {address}"));
    fleet.expect(2, "plan f.toml");
    fleet.expect(0, "apply f.toml --yes --clusters shell.ini");
}

#[test]
fn stdin_has_toml_json_or_a_plan() {
    let fleet = Fleet::start(&[]);
    let toml = std::fs::read(fleet.file("f.toml", &declared("temp", ""))).expect("read");
    let json = format!(
        "\n{{\"meta\":\"{}\",\"duplication\":[{{\"table\":\"temp\",\"cluster\":\"target\"}}]}}",
        fleet.served.address
    );
    fleet.expect(6, "plan f.toml --out p");
    let plan = std::fs::read(fleet.path("p")).expect("read");
    let piped = |line: &str, text: &[u8]| {
        let mut command = fleet.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("spawn");
        let mut stdin = child.stdin.take().expect("piped");
        std::io::Write::write_all(&mut stdin, text).expect("written");
        drop(stdin);
        finish(child)
    };
    assert_eq!(piped("plan -", &toml).code, Some(6));
    assert_eq!(piped("plan -", json.as_bytes()).code, Some(6));
    assert_eq!(piped("plan - --show", &plan).code, Some(6));
    assert_eq!(piped("apply - --yes", &plan).code, Some(0));
}

#[test]
fn a_plan_file_is_shown_without_a_server_and_applied_exactly() {
    let fleet = Fleet::start(&[]);
    fleet.file("f.toml", &declared("app_*", ""));
    let shown = fleet.expect(6, "plan f.toml --out first.plan");
    let mode = std::fs::metadata(fleet.path("first.plan")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The file is replaced as a whole, and nothing else stays in the folder.
    fleet.expect(6, "plan f.toml --out first.plan");
    let files = std::fs::read_dir(fleet.path(".")).expect("a folder").count();
    assert_eq!(files, 2);
    for line in ["plan first.plan --show", "plan --show first.plan"] {
        let again = run(fleet.command(line).env("PEGASUS_DUP_META", "127.0.0.1:1"));
        assert_eq!((again.code, &again.stdout), (Some(6), &shown.stdout), "{again:?}");
    }
    assert_eq!(fleet.expect(6, "plan --show first.plan --json").events().len(), 4);

    // What the file declares now is not in the plan.
    fleet.file("f.toml", &declared("temp", ""));
    let ran = fleet.expect(0, "apply first.plan --yes --json");
    assert_eq!(
        by_table(&ran, "finished", "result"),
        ["app_1:created", "app_2:created", "app_tmp:created"]
    );
    assert_eq!(fleet.client(0, "query temp --json").stdout, "");

    let ran = fleet.expect(2, "plan first.plan");
    assert!(ran.stderr.contains("--show"), "{ran:?}");
    let ran = fleet.expect(2, "plan f.toml --show");
    assert!(ran.stderr.contains("not a plan"), "{ran:?}");
    fleet.expect(2, "plan f.toml --show --out x");
    let ran = fleet.expect(1, "plan f.toml --out absent/x");
    assert!(ran.stderr.contains("path=absent/x"), "{ran:?}");
    let text = std::fs::read_to_string(fleet.path("first.plan")).expect("read");
    fleet.write("newer.plan", &text.replace("\"version\":1", "\"version\":2"));
    assert!(fleet.expect(2, "apply newer.plan --yes").stderr.contains("version=2"));
}

#[test]
fn a_plan_file_of_another_cluster_is_refused() {
    let one = Fleet::start(&[]);
    let two = Fleet::start(&["--cluster-name", "elsewhere"]);
    one.file("f.toml", &declared("temp", ""));
    one.expect(6, "plan f.toml --out p");
    let ran = one.expect(1, &format!("apply p --yes --meta {}", two.served.address));
    assert!(ran.stderr.contains("elsewhere"), "{ran:?}");
    assert_eq!(two.client(0, "query temp --json").stdout, "");
}

#[test]
fn a_stale_plan_is_refused_and_names_what_changed() {
    let fleet = Fleet::start(&[]);
    let keys = "fail_mode = \"skip\"";
    fleet.client(0, "add app_1 target");
    fleet.file("f.toml", &declared("app_1,app_2", keys));
    fleet.expect(6, "plan f.toml --out p");
    fleet.client(0, "remove app_1 target");
    fleet.client(0, "add app_1 target -a copy");
    let ran = fleet.expect(1, "apply p --yes --fix fail-mode --json --keep-going");
    assert_eq!(by_table(&ran, "finished", "result"), ["app_1:stale", "app_2:created"]);
    let text = fleet.expect(1, "apply p --yes --fix fail-mode --keep-going");
    assert!(text.stdout.contains("stale: table=app_1 cluster=target"), "{text:?}");
    let now = fleet.client(0, "query app_1 --json").report();
    assert_eq!(now["value"]["fail_mode"], "FAIL_SLOW");
}

#[test]
fn the_plan_after_an_export_is_empty() {
    let fleet = Fleet::start(&[]);
    for line in [
        "add temp target",
        "add temp far -a copy -r 5",
        "add app_1 target",
        "pause app_1 target",
        "set-fail-mode app_1 target skip",
    ] {
        fleet.client(0, line);
    }
    let toml = fleet.client(0, "export").stdout;
    assert_eq!(fleet.client(0, "export --toml").stdout, toml);
    assert!(toml.starts_with(&format!("meta = \"{}\"\n", fleet.served.address)), "{toml}");
    assert!(toml.contains("expect_cluster = \"onebox\"\n"), "{toml}");
    fleet.write("e.toml", &toml);
    let json = fleet.client(0, "export --json").stdout;
    assert_eq!(json.lines().count(), 1);
    fleet.write("e.json", &json);
    let plans: Vec<_> = ["e.toml", "e.json"]
        .map(|name| {
            let ran = fleet.expect(0, &format!("plan {name} --json"));
            assert_eq!(count(&ran, "as_wanted"), 3, "{ran:?}");
            ran.stdout
        })
        .into();
    assert_eq!(plans[0], plans[1], "both files declare the same");
    let ran = fleet.expect(0, "apply e.toml --yes --json");
    assert_eq!(count(&ran, "unchanged"), 3, "{ran:?}");
    fleet.client(2, "export --toml --json");

    // The file brings another cluster into the same state.
    let other = Fleet::start(&[]);
    let meta = &other.served.address;
    fleet.expect(0, &format!("apply e.toml --yes --meta {meta}"));
    assert_eq!(fleet.expect(0, &format!("plan e.toml --json --meta {meta}")).events().len(), 4);
    let again = other.client(0, "export").stdout;
    // The duplications of a table are in the order in which they were added.
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&again.replace(meta, &fleet.served.address)), sorted(&toml));
}
