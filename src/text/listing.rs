//! Listings: a header, and a row for each resource.

use std::fmt::Write;

use jiff::Timestamp;

use super::{Line, Text};
use crate::escape::name;
use crate::resource::{Duplication, PartitionReplicas, Table, TableDuplications, envs, several_in};

/// The columns that show a table.
const OF_TABLE: [&str; 2] = ["TABLE", "TABLE_ID"];
/// The columns that show a duplication.
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

/// Returns a header, and a row for each duplication.
pub(crate) fn duplications(all: &[Duplication]) -> Text {
    let mut rows = vec![OF_TABLE.iter().chain(&OF_DUPLICATION).map(ToString::to_string).collect()];
    for one in all {
        let mut row = vec![name(&one.table).into_owned(), one.table_id.to_string()];
        row.extend(cells(one));
        rows.push(row);
    }
    Text { remarks: several(all), ..columns(&rows) }
}

/// Returns a header, and a row for each duplication. A table without duplications has a row too.
pub(crate) fn by_table(all: &[TableDuplications]) -> Text {
    let titles = OF_TABLE.iter().chain(&["PARTITIONS"]).chain(&OF_DUPLICATION);
    let mut rows = vec![titles.map(ToString::to_string).collect()];
    for table in all {
        let partitions = or_dash(table.partition_count.map(|count| count.to_string()));
        let row = [name(&table.table).into_owned(), table.table_id.to_string(), partitions];
        if table.duplications.is_empty() {
            rows.push([&row[..], &OF_DUPLICATION.map(|_| or_dash(None))].concat());
        }
        rows.extend(table.duplications.iter().map(|one| [&row[..], &cells(one)].concat()));
    }
    Text { remarks: several(all.iter().flat_map(|table| &table.duplications)), ..columns(&rows) }
}

/// Returns a warning for each table and remote cluster that have several duplications.
fn several<'a>(all: impl IntoIterator<Item = &'a Duplication>) -> Vec<Line> {
    several_in(all).into_values().map(|warning| Line::warning(&warning)).collect()
}

/// Returns a header, and a row for each table. The partitions of a table follow after an empty line, if they
/// were read.
pub(crate) fn tables(all: &[Table]) -> Text {
    let titles = OF_TABLE.iter().chain(&[
        "STATUS",
        "PARTITIONS",
        "READY",
        "REPLICAS",
        "CREATED",
        "EXPIRES",
        "ENVS",
    ]);
    let mut rows = vec![titles.map(ToString::to_string).collect::<Vec<_>>()];
    rows.extend(all.iter().map(|one| {
        vec![
            name(&one.table).into_owned(),
            one.table_id.to_string(),
            or_dash(one.status.map(|status| status.to_string())),
            one.partition_count.to_string(),
            or_dash(one.ready_partitions.map(|count| count.to_string())),
            one.replica_count.to_string(),
            or_dash(one.create_ts_ms.map(utc)),
            or_dash(one.expire_ts_ms.map(utc)),
            envs(&one.envs).shown().into_owned(),
        ]
    }));
    let mut text = columns(&rows);
    for table in all.iter().filter(|table| !table.partitions.is_empty()) {
        text.result.push(Line::plain(""));
        text.result.extend(partitions(&table.partitions).result);
    }
    text
}

/// Returns a header, and a row for each partition.
fn partitions(all: &[PartitionReplicas]) -> Text {
    let titles = ["PARTITION", "READY", "PRIMARY", "SECONDARIES"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(all.iter().map(|one| {
        vec![
            one.partition.to_string(),
            if one.ready { "yes" } else { "no" }.to_owned(),
            or_dash(one.primary.clone()),
            or_dash(Some(one.secondaries.join(",")).filter(|all| !all.is_empty())),
        ]
    }));
    columns(&rows)
}

/// Returns the cells of a duplication, in the order of [`OF_DUPLICATION`].
fn cells(of: &Duplication) -> [String; OF_DUPLICATION.len()] {
    [
        name(&of.cluster).into_owned(),
        of.dupid.to_string(),
        or_dash(of.status.map(|status| status.to_string())),
        or_dash(of.fail_mode.map(|mode| mode.to_string())),
        or_dash(of.remote_table.as_deref().map(|table| name(table).into_owned())),
        or_dash(of.remote_replica_count.map(|count| count.to_string())),
        or_dash(of.create_ts_ms.map(utc)),
        or_dash(max_gap(of).map(|gap| gap.to_string())),
    ]
}

/// Returns the text of a cell: `-` for a value that the server does not report.
fn or_dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| "-".to_owned())
}

/// Lays out rows of the same length, with each column as wide as its widest cell.
fn columns(rows: &[Vec<String>]) -> Text {
    let mut widths = vec![0; rows.first().map_or(0, Vec::len)];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        Line::plain(line.trim_end())
    };
    Text { result: rows.iter().map(line).collect(), remarks: Vec::new() }
}

/// Returns how many decrees the slowest partition is behind. Returns `None` unless the progress of all
/// partitions is known.
pub(crate) fn max_gap(of: &Duplication) -> Option<i64> {
    let mut max = None;
    for progress in &of.partitions {
        let gap = progress.last_committed_decree?.saturating_sub(progress.confirmed_decree?);
        max = max.max(Some(gap.max(0)));
    }
    max
}

/// Returns milliseconds since 1970 as `2026-03-01T12:00:00Z`, or as they are if they are no date of
/// the years -9999 to 9999.
fn utc(ms: i64) -> String {
    Timestamp::from_second(ms.div_euclid(1000))
        .map_or_else(|_| format!("{ms}ms"), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::PartitionProgress;
    use crate::text::tests::one;

    #[test]
    fn times_are_utc() {
        assert_eq!(utc(1_772_366_400_123), "2026-03-01T12:00:00Z");
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(utc(-1), "1969-12-31T23:59:59Z");
        // A server may send any number.
        assert_eq!(utc(i64::MAX), "9223372036854775807ms");
        assert_eq!(utc(i64::MIN), "-9223372036854775808ms");
    }

    #[test]
    fn columns_line_up_and_show_dashes() {
        let thin = Duplication {
            table: "a_longer_name".into(),
            table_id: one().table_id + 1,
            status: None,
            remote_table: None,
            create_ts_ms: None,
            ..one()
        };
        let text = duplications(&[one(), thin]).to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = lines[0].find("CLUSTER").expect("a header");
        assert!(lines[1..].iter().all(|line| line[column..].starts_with("target")));
        assert!(lines[2].contains(" -  "));
    }

    #[test]
    fn the_gap_is_the_gap_of_the_slowest_partition() {
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
