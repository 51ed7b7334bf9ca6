//! Compares the enums of the faces, which are checked in, with `src/enums.rs`, from which they are
//! generated. Does the same for the operations of Python's asynchronous client, which are generated
//! from those of the blocking client.
//!
//! After a change to one of the sources, `PEGASUS_DUP_WRITE=1 cargo test --features capi --test
//! faces` writes the files again, together with the C header.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::generate;

/// A part of a file that is generated: the lines between two lines that stay.
struct Part {
    file: &'static str,
    /// The line before the part, without its indentation.
    after: String,
    /// The line behind the part, without its indentation.
    before: String,
    lines: Vec<String>,
}

/// Returns a part that stands between two comments.
fn marked(file: &'static str, name: &str, lines: Vec<String>) -> Part {
    let [open, close] = match file.rsplit('.').next() {
        Some("py") => ["# ", ""],
        Some("md") => ["<!-- ", " -->"],
        _ => ["/* ", " */"],
    };
    let after = format!("{open}Generated from src/enums.rs: {name}{close}");
    Part { file, after, before: format!("{open}End of {name}{close}"), lines }
}

/// Returns a part that is an array or an object of JSON, between the line that names it and the
/// line that ends it.
fn json(file: &'static str, name: &str, [open, close]: [&str; 2], lines: Vec<String>) -> Part {
    Part { file, after: format!("\"{name}\": {open}"), before: close.to_owned(), lines }
}

fn parts() -> Vec<Part> {
    const HPP: &str = "include/pegasus_dup/enums.hpp";
    const ENUMS: &str = "python/pegasus_dup/_enums.py";
    const ERRORS: &str = "python/pegasus_dup/_errors.py";
    const REFERENCE: &str = "docs/python-reference.md";
    const PAGE: &str = "docs/json.md";
    const PARITY: &str = "tests/parity.json";
    let mut parts = vec![
        marked(HPP, "enums", generate::cpp_enums()),
        marked("tests/c/parity.cpp", "names", generate::cpp_names()),
        marked(ERRORS, "exceptions", generate::python_exceptions()),
        marked(REFERENCE, "exceptions", generate::python_reference()),
        marked("docs/glossary.md", "Evidence", generate::markdown_table("Evidence", &[])),
    ];
    parts.push(Part {
        file: "python/pegasus_dup/_async_client.py",
        after: "# Generated from _client.py: operations".to_owned(),
        before: "# End of operations".to_owned(),
        lines: generate::async_methods(include_str!("../../python/pegasus_dup/_client.py")),
    });
    for name in [
        "Evidence",
        "Property",
        "Status",
        "FailMode",
        "Generation",
        "Role",
        "KnownBy",
        "RemoteClusterState",
        "EntryKind",
    ] {
        parts.push(marked(ENUMS, name, generate::python_enum(name)));
        parts.push(marked(PAGE, name, generate::markdown_table(name, &[])));
    }
    for name in ["StepKind", "ErrorKind", "TableStatus", "Verdict", "PlanStep", "ItemResult"] {
        parts.push(marked(ENUMS, name, generate::python_enum(name)));
    }
    // Removing a duplication that does not exist is an error in JSON.
    let outcomes = generate::markdown_table("OutcomeKind", &["not_found"]);
    parts.push(marked(PAGE, "OutcomeKind", outcomes));
    parts.push(marked(PAGE, "ResourceKind", generate::markdown_table("ResourceKind", &[])));
    parts.push(marked(PAGE, "TableStatus", generate::markdown_table("TableStatus", &[])));
    parts.push(marked(PAGE, "ErrorKind", generate::markdown_table("ErrorKind", &[])));
    for name in ["Verdict", "PlanStep", "ItemResult"] {
        parts.push(marked(PAGE, name, generate::markdown_table(name, &[])));
    }
    for (key, name, more, less) in [
        ("outcome_kind", "OutcomeKind", &[][..], &["not_found"][..]),
        // The other interfaces do not print totals.
        ("resource_kind", "ResourceKind", &["duplication_summary"], &[]),
        ("evidence", "Evidence", &[], &[]),
        ("property", "Property", &[], &[]),
        ("generation", "Generation", &[], &[]),
        ("known_by", "KnownBy", &[], &[]),
        ("role", "Role", &[], &[]),
        ("remote_cluster_state", "RemoteClusterState", &[], &[]),
        ("entry_kind", "EntryKind", &[], &[]),
        ("verdict", "Verdict", &[], &[]),
        ("plan_step", "PlanStep", &[], &[]),
        ("item_result", "ItemResult", &[], &[]),
        // The command line can be interrupted, the library cannot.
        ("error_kind", "ErrorKind", &["interrupted"], &[]),
    ] {
        parts.push(json(PAGE, key, ["{", "},"], generate::schema(name, more, less)));
    }
    for (section, name) in [
        ("operations", "OperationKind"),
        ("outcomes", "OutcomeKind"),
        ("evidence", "Evidence"),
        ("properties", "Property"),
        ("errors", "ErrorKind"),
        ("fail_modes", "FailMode"),
        ("generations", "Generation"),
        ("statuses", "Status"),
        ("table_statuses", "TableStatus"),
        ("roles", "Role"),
        ("known_by", "KnownBy"),
        ("remote_cluster_states", "RemoteClusterState"),
        ("modes", "Mode"),
        ("match_types", "MatchType"),
        ("resources", "ResourceKind"),
        ("value_types", "ValueType"),
        ("log_levels", "LogLevel"),
    ] {
        let lines = generate::parity(name);
        let close = if section == "log_levels" { "]" } else { "]," };
        parts.push(json(PARITY, section, ["[", close], lines));
    }
    parts
}

/// Returns the text with the part replaced by what is generated.
fn with(text: &str, part: &Part) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let places: Vec<usize> =
        (0..lines.len()).filter(|&place| lines[place].trim() == part.after).collect();
    let [start] = places[..] else {
        panic!("{} has {} lines {:?}, and not one", part.file, places.len(), part.after);
    };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let end = (start + 1..lines.len())
        .find(|&place| {
            lines[place].trim() == part.before && indent(lines[place]) == indent(lines[start])
        })
        .unwrap_or_else(|| panic!("{} has no line {:?}", part.file, part.before));
    let mut all: Vec<&str> = lines[..=start].to_vec();
    all.extend(part.lines.iter().map(String::as_str));
    all.extend(&lines[end..]);
    all.join("\n") + "\n"
}

/// Returns each generated file with its text as it should be.
fn generated() -> BTreeMap<&'static str, String> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for part in parts() {
        let text = files.entry(part.file).or_insert_with(|| generate::read(part.file));
        *text = with(text, &part);
    }
    files
}

/// Writes the files once, if that is requested. Every test that reads one of them forces this
/// first.
pub(super) static WRITTEN: LazyLock<()> = LazyLock::new(|| {
    if generate::writing() {
        generated().iter().for_each(|(file, text)| generate::write(file, text));
    }
});

#[test]
fn the_enums_of_the_faces_are_generated_from_one_list() {
    LazyLock::force(&WRITTEN);
    for (file, generated) in generated() {
        let checked_in = generate::read(file);
        let different = checked_in.lines().zip(generated.lines()).find(|(is, should)| is != should);
        assert!(
            checked_in == generated,
            "{file} differs from what it is generated from: {different:?}. Write it again with \
             PEGASUS_DUP_WRITE=1 cargo test --features capi --test faces"
        );
    }
}

/// Every member of every enum must be documented in full sentences, since each face shows them.
#[test]
fn every_value_is_documented() {
    for declared in pegasus_dup::enums::ENUMS {
        let members = declared.members.iter().chain(&declared.other);
        for doc in members.map(|member| member.doc).chain([declared.doc]) {
            let doc = generate::prose(doc);
            assert!(doc.ends_with('.') && !doc.contains(['[', '"', '|']), "{doc}");
        }
    }
}
