//! Tests the checker that compares reports with the schema in `docs/json.md`: it must find
//! violations.

use serde_json::{Value, json};

use super::support::schema::{check, documented};

fn listed() -> Value {
    json!({
        "outcome": "listed", "evidence": null, "certain": null, "resource": "duplication",
        "value": {
            "table": "temp", "table_id": 1, "cluster": "target", "dupid": 7, "status": "DS_LOG",
            "fail_mode": "FAIL_SLOW", "remote_table": null, "remote_replica_count": null,
            "create_ts_ms": 1, "partitions": [
                {"partition": 0, "confirmed_decree": null, "last_committed_decree": 3}
            ]
        },
        "differences": null, "unverified": null, "warning": null, "error": null
    })
}

fn holds(value: &Value) -> Result<(), String> {
    let schema = documented();
    check(value, &schema, &schema, "report")
}

#[test]
fn a_documented_report_is_accepted() {
    assert_eq!(holds(&listed()), Ok(()));
}

#[test]
fn every_violation_is_found() {
    for (pointer, wrong) in [
        ("/outcome", json!("found")),
        ("/evidence", json!("listed_before")),
        ("/certain", json!("yes")),
        ("/resource", json!("table_duplications")),
        ("/resource", Value::Null),
        ("/value", Value::Null),
        ("/value/dupid", json!("7")),
        ("/value/create_ts_ms", json!(1.5)),
        ("/value/partitions/0", json!({"partition": 0})),
        ("/differences", json!([])),
        ("/unverified", json!([])),
        ("/error", json!({"kind": "busy"})),
    ] {
        let mut report = listed();
        *report.pointer_mut(pointer).expect(pointer) = wrong;
        assert!(holds(&report).is_err(), "{pointer}");
    }
    for parent in ["", "/value"] {
        let mut report = listed();
        let object = report.pointer_mut(parent).and_then(Value::as_object_mut).expect(parent);
        object.insert("elapsed_ms".into(), json!(3));
        assert!(holds(&report).is_err(), "{parent}");
    }
    for key in ["unverified", "warning", "error"] {
        let mut report = listed();
        report.as_object_mut().expect("an object").remove(key);
        assert!(holds(&report).is_err(), "{key}");
    }
}

#[test]
fn a_listed_report_holds_a_duplication_or_a_table() {
    let mut report = listed();
    let duplication = report["value"].take();
    report["resource"] = json!("table_duplications");
    report["value"] = json!({
        "table": "temp", "table_id": 1, "partition_count": null, "duplications": [duplication]
    });
    assert_eq!(holds(&report), Ok(()));
    let mut wrong = report.clone();
    wrong["value"]["partition_count"] = json!("8");
    assert!(holds(&wrong).is_err());
    report["resource"] = json!("duplication");
    assert!(holds(&report).is_err());
}

#[test]
fn an_error_names_the_known_resources_by_their_kind() {
    let mut report = listed();
    let duplication = report["value"].take();
    report["outcome"] = json!("error");
    report["error"] = json!({
        "kind": "busy", "code": null, "hint": null, "server": null, "message": "no",
        "known": [{"resource": "duplication", "value": duplication}]
    });
    assert_eq!(holds(&report), Ok(()));
    report["error"]["known"][0]["resource"] = json!("meta_servers");
    assert!(holds(&report).is_err());
    report["error"]["known"][0] = json!({"resource": "duplication"});
    assert!(holds(&report).is_err());
}

#[test]
fn every_property_is_documented_in_the_schema() {
    let schema = documented();
    let names = schema.pointer("/$defs/property/enum").expect("names");
    let properties = pegasus_dup::Property::ALL.map(|property| json!(property.name()));
    assert_eq!(names.as_array().expect("names").as_slice(), properties);
}

#[test]
fn every_kind_of_error_is_documented_in_the_schema() {
    let schema = documented();
    let kinds = schema.pointer("/$defs/error_kind/enum").expect("kinds");
    for kind in pegasus_dup::ErrorKind::ALL {
        assert!(kinds.as_array().expect("kinds").contains(&json!(kind.name())), "{kind}");
    }
}
