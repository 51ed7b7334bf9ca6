//! What `list` shows of the duplications that a server lists: the selection, the totals, and comma-separated values.

use crate::escape::{name, sentence};
use crate::fleet::TableGlobs;
use crate::json::Report;
use crate::outcome::Status;
use crate::resource::{Duplication, FieldValue, TableDuplications};
use crate::text::{Line, max_gap};

use super::output::{Format, Output};
use super::summary::Summary;

/// The columns of comma-separated values that show a duplication.
const OF_DUPLICATION: [&str; 8] = [
    "cluster",
    "dupid",
    "status",
    "fail_mode",
    "remote_table",
    "remote_replica_count",
    "create_ts_ms",
    "max_gap",
];

/// What `list` shows.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    /// The tables to show, or `None` for all tables.
    pub(super) globs: Option<TableGlobs>,
    /// The statuses of the duplications to show. All are shown if there are none here.
    pub(super) statuses: Vec<Status>,
    /// The remote clusters of the duplications to show. All are shown if there are none here.
    pub(super) clusters: Vec<String>,
    /// Whether the list is grouped by table.
    pub(super) by_table: bool,
    /// Whether the totals are shown.
    pub(super) summary: bool,
    /// Whether the list consists of comma-separated values.
    pub(super) csv: bool,
}

impl Listing {
    /// Returns the output for duplications.
    pub(super) fn duplications(&self, format: Format, mut listed: Vec<Duplication>) -> Output {
        listed.retain(|one| self.selects_table(&one.table) && self.selects(one));
        let output = format.listed(&listed);
        match self.csv {
            true => {
                Output { stdout: csv(&["table", "table_id"], listed.iter().map(row)), ..output }
            }
            false => output,
        }
    }

    /// Returns the output for tables with their duplications. The list is grouped by table only if the user wants
    /// it so.
    pub(super) fn tables(&self, format: Format, listed: Vec<TableDuplications>) -> Output {
        let tables = self.selected(listed);
        let mut output = match self.by_table {
            true if self.csv => {
                let rows = tables.iter().flat_map(rows);
                let stdout = csv(&["table", "table_id", "partition_count"], rows);
                Output { stdout, ..format.by_table(&tables) }
            }
            true => format.by_table(&tables),
            false => {
                let duplications = tables.iter().flat_map(|table| table.duplications.clone());
                format.listed(&duplications.collect::<Vec<_>>())
            }
        };
        if self.summary {
            output.stdout.extend(totals(format, &Summary::of(&tables)));
        }
        output
    }

    /// Returns the selected tables with their selected duplications. A table without any is left out if the user
    /// selects duplications.
    fn selected(&self, mut tables: Vec<TableDuplications>) -> Vec<TableDuplications> {
        tables.retain_mut(|table| {
            table.duplications.retain(|one| self.selects(one));
            let all = self.statuses.is_empty() && self.clusters.is_empty();
            self.selects_table(&table.table) && (all || !table.duplications.is_empty())
        });
        tables
    }

    fn selects_table(&self, table: &str) -> bool {
        self.globs.as_ref().is_none_or(|globs| globs.matches(table))
    }

    fn selects(&self, one: &Duplication) -> bool {
        let status = one.status.is_some_and(|status| self.statuses.contains(&status));
        (self.statuses.is_empty() || status)
            && (self.clusters.is_empty() || self.clusters.contains(&one.cluster))
    }
}

/// Returns the totals: one JSON object, or an empty line and a line for each total.
fn totals(format: Format, summary: &Summary) -> Vec<Line> {
    let fields = summary.fields();
    if format.json {
        return vec![Line::plain(Report::of_totals(fields).to_string())];
    }
    let mut lines = vec![Line::plain("")];
    for (key, value) in &fields {
        match value {
            FieldValue::Map(counts) => lines.extend(
                counts
                    .iter()
                    .map(|(of, count)| Line::plain(format!("{key}({})={count}", name(of)))),
            ),
            value => lines.push(Line::plain(format!("{key}={value}"))),
        }
    }
    lines
}

/// Returns a header and rows as comma-separated values. `of_table` are the columns before those of a duplication.
fn csv(of_table: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<Line> {
    let header = of_table.iter().chain(&OF_DUPLICATION).map(ToString::to_string).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(header).chain(rows) {
        // Escaped, a name has no line end and no other character that controls a terminal.
        let cells = row.iter().map(|cell| sentence(cell).into_owned());
        writer.write_record(cells).expect("all rows have the same length");
    }
    let bytes = writer.into_inner().expect("a vector takes all bytes");
    String::from_utf8_lossy(&bytes).lines().map(Line::plain).collect()
}

/// Returns the row of a duplication.
fn row(of: &Duplication) -> Vec<String> {
    [&[of.table.clone(), of.table_id.to_string()][..], &cells(of)].concat()
}

/// Returns the rows of a table, of which there is one if it has no duplication.
fn rows(of: &TableDuplications) -> Vec<Vec<String>> {
    let table = [of.table.clone(), of.table_id.to_string(), or_empty(of.partition_count)];
    if of.duplications.is_empty() {
        return vec![[&table[..], &OF_DUPLICATION.map(|_| String::new())].concat()];
    }
    of.duplications.iter().map(|one| [&table[..], &cells(one)].concat()).collect()
}

/// Returns the cells of a duplication, in the order of [`OF_DUPLICATION`].
fn cells(of: &Duplication) -> [String; OF_DUPLICATION.len()] {
    [
        of.cluster.clone(),
        of.dupid.to_string(),
        or_empty(of.status),
        or_empty(of.fail_mode),
        or_empty(of.remote_table.as_ref()),
        or_empty(of.remote_replica_count),
        or_empty(of.create_ts_ms),
        or_empty(max_gap(of)),
    ]
}

/// Returns the text of a cell. A value that the server does not report is empty.
fn or_empty(value: Option<impl ToString>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
