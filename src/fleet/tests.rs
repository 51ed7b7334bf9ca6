//! Tests of what needs no server: files, and the comparison of a fleet with a cluster.

mod exports;
mod plan_files;
mod properties;
mod warnings;

use std::collections::BTreeMap;

use super::*;
use crate::enums::{FailMode, PlanStep, Property, Status, Verdict};
use crate::protocol::generation::Generation;
use crate::resource::Duplication;

const TOML: &str = r#"
meta = "127.0.0.1:34601"
expect_cluster = "onebox"
[[duplication]]
table = "app_*,!app_tmp*"
cluster = "target"
remote_table = "{table}_copy"
remote_replica_count = 3
checkpoint = false
fail_mode = "slow"
status = "running"
[[scope]]
table = "*"
cluster = "target"
"#;

fn fleet(text: &str) -> Fleet {
    Fleet::parse(text, Format::Toml).unwrap()
}

#[test]
fn the_formats_say_the_same() {
    let expected = fleet(TOML);
    let json = serde_json::to_string(&expected).unwrap();
    assert_eq!(Fleet::parse(&json, Format::Json).unwrap(), expected);
    let yaml = "
meta: 127.0.0.1:34601
expect_cluster: onebox
duplication:
  - table: ['app_*', '!app_tmp*']
    cluster: target
    remote_table: '{table}_copy'
    remote_replica_count: 3
    fail_mode: slow
    status: running
scope:
  - {table: '*', cluster: target}
";
    let mut yaml = Fleet::parse(yaml, Format::Yaml).unwrap();
    assert!(yaml.duplications[0].table.matches("app_1"));
    assert!(!yaml.duplications[0].table.matches("app_tmp1"));
    yaml.duplications[0].table = expected.duplications[0].table.clone();
    assert_eq!(yaml, expected);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let toml = "meta = \"a:1\"\n[[duplication]]\ntable = \"t\"\ncluster = \"c\"\nreplicas = 3\n";
    let yaml = "meta: a:1\nduplication:\n  - table: t\n    cluster: c\n    replicas: 3\n";
    let json = "{\"meta\": \"a:1\",\n\"duplication\": [\n{\"table\": \"t\",\n\"cluster\": \"c\",\n\"replicas\": 3}]}";
    for (text, format) in [(toml, Format::Toml), (yaml, Format::Yaml), (json, Format::Json)] {
        let error = Fleet::parse(text, format).unwrap_err().to_string();
        assert!(error.contains("replicas") && error.contains("line=5"), "{format:?} {error}");
    }
}

#[test]
fn a_wrong_value_is_named_with_its_line() {
    for (line, what) in [
        ("table = \"a,,b\"\ncluster = \"c\"", "pattern"),
        ("table = \"a\"\ncluster = \"c\"\nremote_table = \"{other}\"", "{other}"),
        ("table = \"a\"\ncluster = \"c\"\nstatus = \"on\"", "`on`"),
        ("table = \"a\"", "cluster"),
    ] {
        let text = format!("[[duplication]]\n{line}\n");
        let error = Fleet::parse(&text, Format::Toml).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("line="), "{error}");
    }
}

/// Returns a running duplication of a table to "target".
fn listed(table: &str, table_id: i32, dupid: i32) -> Duplication {
    Duplication {
        table: table.into(),
        table_id,
        cluster: "target".into(),
        dupid,
        status: Some(Status::Log),
        fail_mode: Some(FailMode::Slow),
        remote_table: Some(table.into()),
        remote_replica_count: Some(3),
        create_ts_ms: Some(1),
        partitions: Vec::new(),
    }
}

/// Returns a cluster with tables "a" (id 1), "b" (id 2) and so on, and with these duplications.
fn state(tables: &[&str], duplications: &[Duplication]) -> State {
    let mut all = BTreeMap::new();
    for (table, table_id) in tables.iter().zip(1..) {
        let duplications =
            duplications.iter().filter(|one| one.table_id == table_id).cloned().collect();
        let has =
            TableState { table_id, partition_count: None, replica_count: Some(3), duplications };
        all.insert((*table).to_owned(), has);
    }
    State {
        cluster_name: Some("onebox".into()),
        generation: Some(Generation::DupExist),
        tables: all,
        remotes: BTreeMap::new(),
    }
}

/// Returns the only item of a fleet with one declaration.
fn one(declaration: &str, state: &State) -> Item {
    let text = format!("[[duplication]]\ncluster = \"target\"\n{declaration}");
    let mut items = compare(&fleet(&text), state).unwrap();
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

#[test]
fn an_absent_duplication_is_created() {
    let item = one("table = \"a\"", &state(&["a"], &[]));
    assert_eq!((item.verdict, item.table_id), (Verdict::Create, Some(1)));
    assert_eq!(item.steps, [PlanStep::Add]);
    let spec = item.spec().unwrap();
    assert_eq!((spec.table_id, spec.remote_table), (Some(1), None));
    let item = one("table = \"a\"\nstatus = \"paused\"\nfail_mode = \"skip\"", &state(&["a"], &[]));
    assert_eq!(item.steps, [PlanStep::Add, PlanStep::SetFailMode, PlanStep::Pause]);
}

#[test]
fn what_cannot_be_created_is_refused() {
    let why = |declaration: &str, state: &State| {
        let item = one(declaration, state);
        assert_eq!((item.verdict, item.steps.len()), (Verdict::Refused, 0), "{item:?}");
        item.why.unwrap()
    };
    let has = state(&["a", "b"], &[]);
    assert!(why("table = \"gone\"", &has).contains("no such table"));
    let own = State { cluster_name: Some("target".into()), ..has.clone() };
    assert!(why("table = \"a\"", &own).contains("source cluster itself"));
    let with =
        |remote| State { remotes: BTreeMap::from([("target".into(), remote)]), ..has.clone() };
    let lacks = with(RemoteState::NotConfigured("no such\u{1b}id".into()));
    assert!(why("table = \"a\"", &lacks).ends_with("no such\\u{1b}id"));
    assert!(why("table = \"a\"", &with(RemoteState::OwnCluster)).contains("itself"));
    assert_eq!(
        one("table = \"a\"", &with(RemoteState::NotKnown("why".into()))).verdict,
        Verdict::Create
    );
    let barred = with(RemoteState::Unsupported("no reason".into()));
    assert!(why("table = \"a\"", &barred).contains("no reason"));
    assert!(why("table = \"a\"\nremote_replica_count = -1", &has).contains("negative"));
    let brace = state(&["{"], &[]);
    assert!(why("table = '\\{'", &brace).contains("brace"));
    let old = State { generation: Some(Generation::Freezed), ..has.clone() };
    assert!(why("table = \"a\"\ncheckpoint = true", &old).contains("checkpoint"));
    assert!(why("table = \"a\"\nremote_table = \"x\"", &old).contains("remote table"));
    let unknown = State { generation: None, ..has.clone() };
    assert!(why("table = \"a\"", &unknown).contains("generation of the server is unknown"));
    assert!(why("table = \"a\"\nremote_replica_count = 1", &unknown).contains("unknown"));
}

#[test]
fn a_remote_table_has_one_source() {
    let mut taken = listed("b", 2, 7);
    taken.remote_table = Some("shared".into());
    let text = "[[duplication]]\ntable = \"a\"\ncluster = \"target\"\nremote_table = \"shared\"";
    let items = compare(&fleet(text), &state(&["a", "b"], &[taken])).unwrap();
    assert_eq!(items[0].verdict, Verdict::Refused);
    assert!(items[0].why.as_ref().unwrap().contains("other_table=b"));
    // Two declared tables may not share a remote table either.
    let text = text.replace("\"a\"", "\"?\"");
    let items = compare(&fleet(&text), &state(&["a", "b"], &[])).unwrap();
    assert!(items.iter().all(|item| item.verdict == Verdict::Refused), "{items:?}");
}

#[test]
fn an_existing_duplication_is_compared() {
    let has = |change: fn(&mut Duplication)| {
        let mut one = listed("a", 1, 7);
        change(&mut one);
        state(&["a"], &[one])
    };
    let as_is = has(|_| {});
    assert_eq!(one("table = \"a\"", &as_is).verdict, Verdict::AsWanted);
    let full =
        "table = \"a\"\nstatus = \"running\"\nfail_mode = \"slow\"\nremote_replica_count = 3";
    assert_eq!(one(full, &as_is).verdict, Verdict::AsWanted);

    let paused = has(|one| one.status = Some(Status::Pause));
    assert_eq!(one("table = \"a\"", &paused).verdict, Verdict::AsWanted, "status is not declared");
    let item = one(full, &paused);
    assert_eq!((item.verdict, &*item.steps), (Verdict::Differs, &[PlanStep::Start][..]));
    assert_eq!(item.differences[0].to_string(), "status: DS_PAUSE -> running");

    let skips = has(|one| one.fail_mode = Some(FailMode::Skip));
    assert_eq!(one(full, &skips).steps, [PlanStep::SetFailMode]);

    let item = one("table = \"a\"\nremote_table = \"x\"", &as_is);
    assert_eq!((item.verdict, &*item.steps), (Verdict::Differs, &[PlanStep::Recreate][..]));

    let item = one("table = \"a\"\ncheckpoint = true", &as_is);
    assert_eq!(
        (item.verdict, &*item.unverified),
        (Verdict::NotComparable, &[Property::Checkpoint][..])
    );
    assert!(item.why.unwrap().starts_with("checkpoint: "));

    let unknown = has(|one| one.status = None);
    assert_eq!(one(full, &unknown).unverified, [Property::Status]);
    let starting = has(|one| one.status = Some(Status::Init));
    assert_eq!(one("table = \"a\"", &starting).verdict, Verdict::NotComparable);
    let leaving = has(|one| one.status = Some(Status::Removed));
    assert_eq!(one("table = \"a\"", &leaving).verdict, Verdict::NotComparable);
    let shipping = has(|one| one.status = Some(Status::Prepare));
    let item = one("table = \"a\"\nstatus = \"paused\"", &shipping);
    assert!(item.why.unwrap().contains("DS_PREPARE"));
    let odd = has(|one| one.status = Some(Status::Unknown(9)));
    assert!(one("table = \"a\"", &odd).why.unwrap().contains("DS_UNKNOWN(9)"));
    let unread = State { generation: None, ..as_is };
    assert!(one("table = \"a\"", &unread).why.unwrap().contains("generation"));
}

#[test]
fn two_duplications_of_a_pair_cannot_be_compared() {
    let both = [listed("a", 1, 7), listed("a", 1, 8)];
    let item = one("table = \"a\"", &state(&["a"], &both));
    assert_eq!(item.verdict, Verdict::NotComparable);
    assert!(item.why.unwrap().contains("dupid=7 dupid=8"));
}

#[test]
fn what_is_not_declared_is_unmanaged() {
    let has = state(&["a", "b"], &[listed("a", 1, 7), listed("b", 2, 8)]);
    let text = "[[scope]]\ntable = \"b\"\ncluster = \"target\"";
    let items = compare(&fleet(text), &has).unwrap();
    let seen: Vec<_> =
        items.iter().map(|item| (&*item.table, item.verdict, item.in_scope)).collect();
    assert_eq!(seen, [("a", Verdict::Unmanaged, false), ("b", Verdict::Unmanaged, true)]);
    assert_eq!((items[0].steps.len(), &*items[1].steps), (0, &[PlanStep::Remove][..]));
    let unread = State { generation: None, ..has };
    assert_eq!(compare(&fleet(text), &unread).unwrap()[1].steps, []);
}

#[test]
fn a_glob_without_a_match_is_an_error() {
    let text = "[[duplication]]\ntable = \"x*\"\ncluster = \"target\"\n";
    let error = compare(&fleet(text), &state(&["a"], &[])).unwrap_err().to_string();
    assert!(error.contains("pattern=x*"), "{error}");
    let allowed = format!("{text}allow_empty = true\n");
    assert_eq!(compare(&fleet(&allowed), &state(&["a"], &[])).unwrap(), []);
}

#[test]
fn a_duplication_is_declared_once() {
    let declared =
        |table: &str| format!("[[duplication]]\ntable = \"{table}\"\ncluster = \"target\"\n");
    let text = declared("a*") + &declared("ab");
    let error = compare(&fleet(&text), &state(&["ab"], &[])).unwrap_err().to_string();
    assert!(error.contains("duplication=1 duplication=2"), "{error}");
}
