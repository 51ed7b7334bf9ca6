//! Tests of the export.

use super::*;

#[test]
fn an_export_says_what_exists() {
    let mut other = Duplication { cluster: "target2".into(), ..listed("a", 1, 8) };
    other.status = Some(Status::Pause);
    other.fail_mode = Some(FailMode::Skip);
    other.remote_table = Some("a copy".into());
    other.remote_replica_count = Some(0);
    let has = state(&["a", "b,c"], &[listed("a", 1, 7), other, listed("b,c", 2, 7)]);
    let (fleet, warnings) = export(&has);
    assert_eq!(warnings, [""; 0]);
    assert_eq!(
        fleet.to_toml(),
        r#"expect_cluster = "onebox"

[[duplication]]
table = "a"
cluster = "target"
remote_replica_count = 3
fail_mode = "slow"
status = "running"

[[duplication]]
table = "a"
cluster = "target2"
remote_table = "a copy"
fail_mode = "skip"
status = "paused"

[[duplication]]
table = ['b\,c']
cluster = "target"
remote_replica_count = 3
fail_mode = "slow"
status = "running"
"#
    );
    assert!(fleet.to_json().ends_with("]\n}\n"), "{}", fleet.to_json());
}

#[test]
fn what_cannot_be_declared_is_named() {
    let warnings = |change: fn(&mut Duplication)| {
        let mut one = listed("a", 1, 7);
        change(&mut one);
        let (fleet, warnings) = export(&state(&["a"], &[one]));
        (fleet.duplications.len(), warnings.join("\n"))
    };
    let left_out = |change| {
        let (declared, warnings) = warnings(change);
        assert_eq!(declared, 0);
        assert!(warnings.ends_with(": table=a cluster=target dupid=7"), "{warnings}");
        warnings
    };
    assert!(left_out(|one| one.status = Some(Status::Init)).contains("DS_INIT cannot be declared"));
    assert!(left_out(|one| one.status = Some(Status::Removed)).contains("is removing it"));
    assert!(left_out(|one| one.status = None).contains("its status is not known"));
    assert!(left_out(|one| one.remote_table = Some("{a".into())).contains("template"));
    let (declared, why) = warnings(|one| one.fail_mode = Some(FailMode::Unknown(7)));
    assert!(declared == 1 && why.contains("FAIL_UNKNOWN(7) cannot be declared"), "{why}");
    let (declared, why) = warnings(|one| one.remote_table = None);
    assert!(declared == 1 && why.contains("does not report the names"), "{why}");

    let both = [listed("a", 1, 7), listed("a", 1, 8)];
    let (fleet, warnings) = export(&state(&["a"], &both));
    assert_eq!((fleet.duplications.len(), warnings.len()), (0, 1));
    assert!(warnings[0].contains("dupid=7 dupid=8"), "{warnings:?}");
    let nameless = Duplication { table_id: 1, ..listed("", 1, 7) };
    assert_eq!(export(&state(&[""], &[nameless])).0.duplications, []);
}

#[test]
fn a_server_of_2_5_has_remote_tables_with_the_names_of_the_tables() {
    let one = Duplication { remote_table: None, remote_replica_count: None, ..listed("a", 1, 7) };
    let has = State { generation: Some(Generation::Checkpoint), ..state(&["a"], &[one]) };
    let (fleet, warnings) = export(&has);
    assert_eq!(warnings, [""; 0]);
    assert_eq!(compare(&fleet, &has).unwrap()[0].verdict, Verdict::AsWanted);
}
