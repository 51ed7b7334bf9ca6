//! Compares the operations and the enums of each face with `tests/parity.json`, which is generated
//! from `src/enums.rs`. The tests of C, C++ and Python compare their faces with that file too.
//! After an addition to `src/enums.rs`, the tests of every face fail until that face has the new
//! name.

use std::collections::BTreeSet;
use std::path::Path;

use pegasus_dup::outcome::{FailMode, Status};
use pegasus_dup::{
    Change, ErrorKind, Evidence, Generation, KnownBy, Outcome, Property, RemoteClusterState,
    Removal, Role,
};
use serde_json::Value;

fn read(path: &str) -> String {
    #[cfg(feature = "capi")]
    for written in [&super::enums::WRITTEN, &super::capi_header::WRITTEN] {
        std::sync::LazyLock::force(written);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

fn section(name: &str) -> Vec<Value> {
    let table: Value = serde_json::from_str(&read("tests/parity.json")).expect("JSON");
    table[name].as_array().unwrap_or_else(|| panic!("no section {name}")).clone()
}

fn names(section_name: &str) -> Vec<String> {
    let name = |entry: &Value| entry["name"].as_str().expect("a name").to_owned();
    section(section_name).iter().map(name).collect()
}

#[test]
fn errors_and_evidence_are_those_of_every_face() {
    assert_eq!(ErrorKind::ALL.map(ErrorKind::name).to_vec(), names("errors"));
    assert_eq!(Evidence::ALL.map(Evidence::name).to_vec(), names("evidence"));
    for (evidence, entry) in Evidence::ALL.into_iter().zip(section("evidence")) {
        assert_eq!(entry["certain"], evidence.certain(), "{evidence}");
    }
    assert_eq!(Property::ALL.map(Property::name).to_vec(), names("properties"));
    assert_eq!(Generation::ALL.map(Generation::name).to_vec(), names("generations"));
    assert_eq!(Role::ALL.map(Role::name).to_vec(), names("roles"));
    assert_eq!(KnownBy::ALL.map(KnownBy::name).to_vec(), names("known_by"));
    assert_eq!(
        RemoteClusterState::ALL.map(RemoteClusterState::name).to_vec(),
        names("remote_cluster_states")
    );
    assert_eq!(FailMode::ALL.map(FailMode::name).to_vec(), names("fail_modes"));
    assert_eq!(Status::ALL.map(Status::name).to_vec(), names("statuses"));
}

/// The matches have no wildcards, so a new variant does not compile until it is named here.
#[test]
fn outcomes_are_those_of_every_face() {
    let evidence = Evidence::ServerSaidSo;
    let adds = [
        Outcome::Created { value: (), unverified: vec![], evidence, warning: None },
        Outcome::AlreadyExists {
            existing: (),
            differences: vec![],
            unverified: vec![],
            evidence,
            warning: None,
        },
    ]
    .map(|outcome| match outcome {
        Outcome::Created { .. } => "created",
        Outcome::AlreadyExists { .. } => "already_exists",
    });
    let changes = [
        Change::Changed { before: (), after: (), warning: None },
        Change::Unchanged { current: (), warning: None },
    ]
    .map(|change| match change {
        Change::Changed { .. } => "changed",
        Change::Unchanged { .. } => "unchanged",
    });
    let removals = [
        Removal::Removed { was: (), evidence: Evidence::ServerSaidSo, warning: None },
        Removal::NotFound,
    ]
    .map(|removal| match removal {
        Removal::Removed { .. } => "removed",
        Removal::NotFound => "not_found",
    });
    let mut all = [&adds[..], &["error", "listed", "info"], &changes, &removals].concat();
    let mut table = names("outcomes");
    all.sort_unstable();
    table.sort_unstable();
    assert_eq!(all, table);
}

/// Returns the names of the declared operations, each of which is a method of both Rust clients.
fn declared_operations() -> BTreeSet<String> {
    let module = read("src/client/mod.rs");
    let (_, declarations) = module.split_once("operations! {").expect("the declarations");
    let names = declarations.lines().filter_map(|line| line.strip_prefix("    fn "));
    names.map(|rest| rest.split_once('(').expect("arguments").0.to_owned()).collect()
}

#[test]
fn operations_are_those_of_every_face() {
    let table: BTreeSet<String> = names("operations").into_iter().collect();
    assert_eq!(declared_operations(), table);
}

/// Returns the names and numbers of the constants whose documentation in the C header starts with a
/// word.
fn documented(header: &str, word: &str, prefix: &str) -> Vec<(String, i64)> {
    let lines: Vec<&str> = header.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let define = line.strip_prefix("#define PEGASUS_DUP_");
        let Some((name, number)) = define.and_then(|define| define.split_once(' ')) else {
            continue;
        };
        let comment = lines[..index].iter().rposition(|line| *line == "/**").expect("a comment");
        if lines[comment + 1].trim_start_matches(" * ").starts_with(word) {
            let name = name.strip_prefix(prefix).unwrap_or_else(|| panic!("{word}: {name}"));
            found.push((name.to_owned(), number.parse().expect("a number")));
        }
    }
    found.sort_by_key(|&(_, number)| number);
    found
}

#[test]
fn the_c_header_has_the_same_names_and_numbers() {
    let header = read("include/pegasus_dup.h");
    let sections = [
        ("operations", "The operation ", "OPERATION_", ""),
        ("outcomes", "The outcome kind ", "", ""),
        ("evidence", "The evidence ", "", ""),
        ("errors", "The error kind ", "ERROR_", ""),
        ("statuses", "The duplication status ", "STATUS_", "DS_"),
        ("fail_modes", "The fail mode ", "FAIL_", "FAIL_"),
        ("generations", "The generation ", "GENERATION_", ""),
        ("modes", "The mode ", "MODE_", ""),
        ("match_types", "The match type ", "TABLES_", ""),
        ("resources", "The resource kind ", "RESOURCE_", ""),
        ("value_types", "The value type ", "VALUE_", ""),
        ("log_levels", "The log level ", "LOG_", ""),
    ];
    for (name, word, prefix, other) in sections {
        let table: Vec<(String, i64)> = section(name)
            .iter()
            .map(|entry| {
                let name = entry["name"].as_str().expect("a name").to_uppercase();
                let name = name.strip_prefix(other).expect("the prefix").replace(['-', '.'], "_");
                (name, entry["number"].as_i64().expect("a number"))
            })
            .collect();
        assert_eq!(documented(&header, word, prefix), table, "{name}");
    }
}
