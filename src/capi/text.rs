//! Outcomes as text for people: on as many lines as there are parts, and nothing hidden within them.

use std::fmt::Write;

use crate::error::Error;
use crate::info::{Info, KnownBy};
use crate::outcome::{Change, Duplication, Outcome, Removal, TableDuplications};
use crate::protocol::generation::Generation;
use crate::text::{name, sentence};

fn duplication(of: &Duplication) -> String {
    let mut text = format!(
        "table={} cluster={} dupid={} table_id={}",
        name(&of.table),
        name(&of.cluster),
        of.dupid,
        of.table_id
    );
    // Writing to a String can't fail; what wasn't told is left out.
    if let Some(status) = of.status {
        let _ = write!(text, " status={status}");
    }
    if let Some(mode) = of.fail_mode {
        let _ = write!(text, " fail_mode={mode}");
    }
    if let Some(table) = &of.remote_table {
        let _ = write!(text, " remote_table={}", name(table));
    }
    if let Some(count) = of.remote_replica_count {
        let _ = write!(text, " remote_replica_count={count}");
    }
    text
}

fn with_warning(mut text: String, warning: Option<&str>) -> String {
    if let Some(warning) = warning {
        let _ = write!(text, "\nwarning: {}", sentence(warning));
    }
    text
}

pub(super) fn of_add(outcome: &Outcome<Duplication>) -> String {
    let what = if outcome.created() { "created" } else { "already exists" };
    let certain = if outcome.certain() { "certain" } else { "not certain" };
    let evidence = outcome.evidence();
    let mut text = format!("{what}: {} ({certain}: {evidence})", duplication(outcome.value()));
    for difference in outcome.differences() {
        let _ = write!(text, "\ndiffers: {difference}");
    }
    for property in outcome.unverified() {
        let _ = write!(text, "\nnot compared: {property} ({})", property.why_unverified());
    }
    with_warning(text, outcome.warning())
}

pub(super) fn of_list(found: &[Duplication]) -> String {
    let lines: Vec<String> = found.iter().map(duplication).collect();
    if lines.is_empty() { "no duplications".to_owned() } else { lines.join("\n") }
}

pub(super) fn of_tables(found: &[TableDuplications]) -> String {
    let mut lines = Vec::new();
    for table in found {
        let mut line = format!("table={} table_id={}", name(&table.table), table.table_id);
        if let Some(count) = table.partition_count {
            let _ = write!(line, " partition_count={count}");
        }
        let _ = write!(line, " duplications={}", table.duplications.len());
        lines.push(line);
        lines.extend(table.duplications.iter().map(|one| format!("  {}", duplication(one))));
    }
    if lines.is_empty() { "no tables".to_owned() } else { lines.join("\n") }
}

pub(super) fn of_change(change: &Change<Duplication>) -> String {
    let what = if change.changed() { "changed" } else { "unchanged" };
    with_warning(format!("{what}: {}", duplication(change.value())), change.warning())
}

pub(super) fn of_removal(removal: &Removal<Duplication>) -> String {
    match removal {
        Removal::Removed { was, warning } => {
            with_warning(format!("removed: {}", duplication(was)), warning.as_deref())
        }
        Removal::NotFound => "not found: there was nothing to remove".to_owned(),
    }
}

pub(super) fn of_info(info: &Info) -> String {
    let or_dash = |value: Option<&str>| value.map_or_else(|| "-".into(), name).into_owned();
    let mut text = format!(
        "info: leader={} version={} generation={} known_by={}",
        or_dash(info.leader.as_deref()),
        or_dash(info.version.as_deref()),
        or_dash(info.generation.map(Generation::name)),
        or_dash(info.known_by.map(KnownBy::name)),
    );
    for one in &info.servers {
        let _ = write!(text, "\nserver: {} role={}", name(&one.server), one.role);
        if let Some(detail) = &one.detail {
            let _ = write!(text, " detail={}", name(detail));
        }
    }
    with_warning(text, info.warning.as_deref())
}

pub(super) fn of_error(error: &Error) -> String {
    let mut text = format!("error: {error} kind={}", error.kind());
    for known in error.known() {
        let _ = write!(text, "\nknown: {}", duplication(known));
    }
    text
}
