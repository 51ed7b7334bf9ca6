//! What people read: one line for an outcome, a table for a list. All of it is made from values, so
//! the same state reads the same.

use std::borrow::Cow;
use std::fmt::Write;

use crate::info::{Info, KnownBy};
use crate::outcome::{Change, Duplication, Evidence, Outcome, TableDuplications};

use crate::protocol::generation::Generation;

use super::terminal::Colour;
use crate::text::name;
pub(super) use crate::text::{json_text, sentence};

/// An error with all its causes, on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    sentence(&text).into_owned()
}

/// `table=... cluster=... dupid=...`; what isn't told is left out.
pub(super) fn duplication(it: &Duplication) -> String {
    let mut line = format!(
        "table={} table_id={} cluster={} dupid={}",
        name(&it.table),
        it.table_id,
        name(&it.cluster),
        it.dupid
    );
    let mut field = |key: &str, value: Option<Cow<'_, str>>| {
        if let Some(value) = value {
            let _ = write!(line, " {key}={value}");
        }
    };
    field("status", it.status.map(|status| status.to_string().into()));
    field("fail_mode", it.fail_mode.map(|mode| mode.to_string().into()));
    field("remote_table", it.remote_table.as_deref().map(name));
    let replicas = it.remote_replica_count.map(|count| count.to_string().into());
    field("remote_replica_count", replicas);
    field("create_ts_ms", it.create_ts_ms.map(|ts| ts.to_string().into()));
    line
}

/// The line of an add.
pub(super) fn outcome(outcome: &Outcome<Duplication>, colour: Colour) -> String {
    let word = match outcome {
        Outcome::Created { .. } => colour.green("created:"),
        Outcome::AlreadyExists { .. } => colour.yellow("already_exists:"),
    };
    let mut text = format!(
        "{word} {} evidence={} certain={}\n",
        duplication(outcome.value()),
        outcome.evidence(),
        outcome.certain()
    );
    for difference in outcome.differences() {
        let _ = writeln!(
            text,
            "difference: field={} asked={} existing={}",
            difference.field(),
            name(&difference.asked()),
            name(&difference.existing())
        );
    }
    for property in outcome.unverified() {
        let _ = writeln!(text, "unverified: field={property}");
    }
    text
}

/// How what is there compares with what was asked for. It is as asked only where all was compared.
fn compared(outcome: &Outcome<Duplication>) -> String {
    let differing: Vec<_> = outcome
        .differences()
        .iter()
        .map(|difference| {
            format!(
                "{} is {}, not {}",
                difference.field(),
                name(&difference.existing()),
                name(&difference.asked())
            )
        })
        .collect();
    let unverified: Vec<_> = outcome
        .unverified()
        .iter()
        .map(|property| format!("{property} ({})", property.why_unverified()))
        .collect();
    let mut text = match (differing.is_empty(), unverified.is_empty()) {
        (false, _) => format!("it differs: {}", differing.join(", ")),
        (true, true) => "it is as asked".to_owned(),
        (true, false) => "what could be compared is as asked".to_owned(),
    };
    if !unverified.is_empty() {
        let _ = write!(text, "; not compared: {}", unverified.join(", "));
    }
    text
}

/// What a person must not miss about an add, a line each.
pub(super) fn outcome_warnings(outcome: &Outcome<Duplication>) -> Vec<String> {
    let mut warnings = Vec::new();
    match outcome {
        Outcome::Created { evidence: Evidence::AppearedDuringCall, .. } => warnings.push(format!(
            "not certain that this call created it: it was absent before and is there now, so this \
             call created it, or another did at the same time; {}",
            compared(outcome)
        )),
        Outcome::Created { .. } => {}
        Outcome::AlreadyExists { existing, .. } => warnings.push(format!(
            "nothing was created: it exists already, {}; {}",
            duplication(existing),
            compared(outcome)
        )),
    }
    warnings.extend(outcome.warning().map(|warning| sentence(warning).into_owned()));
    warnings
}

/// The line of a start, a pause or a change of the fail mode.
pub(super) fn change(change: &Change<Duplication>, colour: Colour) -> String {
    match change {
        Change::Changed { before, after, .. } => {
            let mut line = format!("{} {}", colour.green("changed:"), duplication(after));
            if let Some(status) = before.status.filter(|_| before.status != after.status) {
                let _ = write!(line, " status_before={status}");
            }
            if let Some(mode) = before.fail_mode.filter(|_| before.fail_mode != after.fail_mode) {
                let _ = write!(line, " fail_mode_before={mode}");
            }
            line + "\n"
        }
        Change::Unchanged { current, .. } => {
            format!("{} {}\n", colour.yellow("unchanged:"), duplication(current))
        }
    }
}

/// The line of a removal.
pub(super) fn removed(was: &Duplication, colour: Colour) -> String {
    format!("{} {}\n", colour.green("removed:"), duplication(was))
}

/// A line for each server, then what is known of the leader; `-` is what is not known.
pub(super) fn info(info: &Info) -> String {
    let mut text = String::new();
    for one in &info.servers {
        let _ = write!(text, "server={} role={}", name(&one.server), one.role);
        if let Some(detail) = &one.detail {
            let _ = write!(text, " detail={}", name(detail));
        }
        text.push('\n');
    }
    let or_dash = |value: Option<&str>| value.map_or(Cow::Borrowed("-"), name).into_owned();
    let _ = writeln!(
        text,
        "leader={} version={} generation={} known_by={}",
        or_dash(info.leader.as_deref()),
        or_dash(info.version.as_deref()),
        or_dash(info.generation.map(Generation::name)),
        or_dash(info.known_by.map(KnownBy::name)),
    );
    text
}

/// What is shown of a table in a list.
const OF_TABLE: [&str; 2] = ["TABLE", "TABLE_ID"];
/// What is shown of a duplication in a list.
const OF_DUPLICATION: [&str; 8] = [
    "CLUSTER",
    "DUPID",
    "STATUS",
    "FAIL_MODE",
    "REMOTE_TABLE",
    "REMOTE_REPLICAS",
    "CREATED",
    "MAX_GAP",
];

fn or_dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| "-".to_owned())
}

/// A duplication's cells, in the order of [`OF_DUPLICATION`]; `-` is what isn't told.
fn cells(it: &Duplication) -> [String; OF_DUPLICATION.len()] {
    [
        name(&it.cluster).into_owned(),
        it.dupid.to_string(),
        or_dash(it.status.map(|status| status.to_string())),
        or_dash(it.fail_mode.map(|mode| mode.to_string())),
        or_dash(it.remote_table.as_deref().map(|table| name(table).into_owned())),
        or_dash(it.remote_replica_count.map(|count| count.to_string())),
        or_dash(it.create_ts_ms.map(utc)),
        or_dash(max_gap(it).map(|gap| gap.to_string())),
    ]
}

/// A header, and a line for each duplication.
pub(super) fn table(duplications: &[Duplication]) -> String {
    let mut rows = vec![OF_TABLE.iter().chain(&OF_DUPLICATION).map(ToString::to_string).collect()];
    for it in duplications {
        let mut row = vec![name(&it.table).into_owned(), it.table_id.to_string()];
        row.extend(cells(it));
        rows.push(row);
    }
    columns(&rows)
}

/// A header, and a line for each duplication; a table without a duplication has one line too.
pub(super) fn by_table(tables: &[TableDuplications]) -> String {
    let titles = OF_TABLE.iter().chain(&["PARTITIONS"]).chain(&OF_DUPLICATION);
    let mut rows = vec![titles.map(ToString::to_string).collect()];
    for it in tables {
        let partitions = or_dash(it.partition_count.map(|count| count.to_string()));
        let row = [name(&it.table).into_owned(), it.table_id.to_string(), partitions];
        if it.duplications.is_empty() {
            let nothing = OF_DUPLICATION.map(|_| or_dash(None));
            rows.push([&row[..], &nothing].concat());
        }
        rows.extend(it.duplications.iter().map(|one| [&row[..], &cells(one)].concat()));
    }
    columns(&rows)
}

/// Rows of one length, each column as wide as its widest cell.
fn columns(rows: &[Vec<String>]) -> String {
    let mut widths = vec![0; rows.first().map_or(0, Vec::len)];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// How far the slowest partition is behind, in decrees; `None` unless all of them are known.
fn max_gap(it: &Duplication) -> Option<i64> {
    let mut max = None;
    for progress in &it.partitions {
        let gap = progress.last_committed_decree?.saturating_sub(progress.confirmed_decree?);
        max = max.max(Some(gap.max(0)));
    }
    max
}

/// Milliseconds since 1970 as `2026-03-01T12:00:00Z`.
fn utc(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days are counted from 0000-03-01, in eras of 400 years, so that a leap day ends its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Difference, FailMode, PartitionProgress, Property, Status};

    fn one() -> Duplication {
        Duplication {
            table: "temp".into(),
            table_id: 1,
            cluster: "target".into(),
            dupid: 1772366400,
            status: Some(Status::Log),
            fail_mode: Some(FailMode::Slow),
            remote_table: Some("temp".into()),
            remote_replica_count: Some(3),
            create_ts_ms: Some(1_772_366_400_123),
            partitions: vec![],
        }
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(utc(1_772_366_400_123), "2026-03-01T12:00:00Z");
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(utc(-1), "1969-12-31T23:59:59Z");
        // Whatever a server says, it is no reason to fail.
        utc(i64::MAX);
        utc(i64::MIN);
    }

    fn created(evidence: Evidence, unverified: Vec<Property>) -> Outcome<Duplication> {
        Outcome::Created { value: one(), unverified, evidence, warning: None }
    }

    fn exists(differences: Vec<Difference>, unverified: Vec<Property>) -> Outcome<Duplication> {
        Outcome::AlreadyExists {
            existing: one(),
            differences,
            unverified,
            evidence: Evidence::ListedBefore,
            warning: Some("it is paused".into()),
        }
    }

    /// "As asked" is said where all was compared, and nowhere else.
    #[test]
    fn what_was_not_compared_is_named() {
        let differs = || Difference::RemoteTable { asked: "other".into(), existing: "temp".into() };
        let appeared = |unverified| created(Evidence::AppearedDuringCall, unverified);
        let last = |outcome: &Outcome<Duplication>| {
            let warning = outcome_warnings(outcome).remove(0);
            warning.split_once("; ").expect("what was compared").1.to_owned()
        };
        assert_eq!(last(&exists(vec![], vec![])), "it is as asked");
        assert_eq!(last(&appeared(vec![])), "it is as asked");
        let checkpoint = "not compared: checkpoint (the status does not tell whether a checkpoint \
                          was shipped)";
        let in_part = format!("what could be compared is as asked; {checkpoint}");
        assert_eq!(last(&exists(vec![], vec![Property::Checkpoint])), in_part);
        assert_eq!(last(&appeared(vec![Property::Checkpoint])), in_part);
        let both = last(&exists(vec![differs()], vec![Property::Checkpoint]));
        assert_eq!(both, format!("it differs: remote_table is temp, not other; {checkpoint}"));
        let two = vec![Property::RemoteTable, Property::RemoteReplicaCount];
        assert!(last(&exists(vec![], two.clone())).ends_with(
            "; not compared: remote_table (the server does not tell it), \
             remote_replica_count (the server does not tell it)"
        ));
        assert!(outcome(&exists(vec![], two), Colour(false)).ends_with(
            "\nunverified: field=remote_table\nunverified: field=remote_replica_count\n"
        ));
    }

    #[test]
    fn an_uncertain_one_says_so() {
        let created = |evidence| created(evidence, vec![]);
        let certain = created(Evidence::ServerSaidSo);
        assert_eq!(
            outcome(&certain, Colour(false)),
            "created: table=temp table_id=1 cluster=target dupid=1772366400 status=DS_LOG \
             fail_mode=FAIL_SLOW remote_table=temp remote_replica_count=3 \
             create_ts_ms=1772366400123 evidence=server_said_so certain=true\n"
        );
        assert!(outcome_warnings(&certain).is_empty());
        let uncertain = created(Evidence::AppearedDuringCall);
        assert!(outcome(&uncertain, Colour(false)).ends_with(" certain=false\n"));
        assert!(outcome_warnings(&uncertain)[0].starts_with("not certain"));
    }

    #[test]
    fn an_existing_one_says_that_nothing_was_created_and_what_differs() {
        let exists = |differences| exists(differences, vec![]);
        let same = outcome_warnings(&exists(vec![]));
        assert!(same[0].starts_with("nothing was created: "));
        assert!(same[0].ends_with("; it is as asked"));
        assert_eq!(same[1], "it is paused");
        let differs = exists(vec![Difference::RemoteTable {
            asked: "other".into(),
            existing: "temp".into(),
        }]);
        assert!(
            outcome_warnings(&differs)[0]
                .ends_with("; it differs: remote_table is temp, not other")
        );
        assert!(
            outcome(&differs, Colour(false))
                .ends_with("\ndifference: field=remote_table asked=other existing=temp\n")
        );
    }

    #[test]
    fn a_change_tells_what_was_before() {
        let before = Duplication { status: Some(Status::Pause), ..one() };
        let changed = Change::Changed { before, after: one(), warning: None };
        let line = change(&changed, Colour(false));
        assert!(line.starts_with("changed: table=temp "));
        assert!(line.ends_with(" status_before=DS_PAUSE\n"));
        assert!(!line.contains("fail_mode_before"));
    }

    #[test]
    fn a_table_lines_up_and_shows_dashes() {
        let thin = Duplication {
            table: "a_longer_name".into(),
            status: None,
            remote_table: None,
            create_ts_ms: None,
            ..one()
        };
        let text = table(&[one(), thin]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = lines[0].find("CLUSTER").expect("a header");
        assert!(lines[1..].iter().all(|line| line[column..].starts_with("target")));
        assert!(lines[2].contains(" -  "));
    }

    #[test]
    fn the_gap_is_the_slowest_partitions() {
        let progress = |partition, confirmed_decree, committed| PartitionProgress {
            partition,
            confirmed_decree,
            last_committed_decree: Some(committed),
        };
        let with = |partitions| max_gap(&Duplication { partitions, ..one() });
        assert_eq!(with(vec![]), None);
        assert_eq!(with(vec![progress(0, Some(5), 7), progress(1, Some(1), 9)]), Some(8));
        assert_eq!(with(vec![progress(0, Some(5), 7), progress(1, None, 9)]), None);
    }
}
