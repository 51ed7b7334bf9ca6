//! The options of `list`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::client::Operation;
use crate::error::{Error, ErrorKind::InvalidArgument};
use crate::fleet::TableGlobs;
use crate::outcome::Status;

use super::args::{GenerationOption, PatternArgs};
use super::listing::Listing;

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    pub(super) pattern: PatternArgs,

    /// List only tables that one of these names and globs matches. A glob that begins with ! excludes tables:
    /// 'app_*,!app_tmp*'.
    #[arg(
        long,
        value_name = "GLOB[,...]",
        value_parser = TableGlobs::parse,
        conflicts_with_all = ["pattern", "match_type"]
    )]
    tables: Option<TableGlobs>,

    /// List only duplications that have one of these statuses.
    #[arg(long, value_name = "STATUS[,...]", value_delimiter = ',', value_parser = status())]
    status: Vec<Status>,

    /// List only duplications to this remote cluster. May be given several times.
    #[arg(long, value_name = "NAME")]
    remote_cluster: Vec<String>,

    /// Group the list by table. It then has tables without duplications too, and the number of
    /// partitions of each table.
    #[arg(long)]
    by_table: bool,

    /// Also print totals of what is listed, with the names that the command `dups` of the Pegasus shell prints.
    #[arg(long)]
    summary: bool,

    /// The form of the list [default: table].
    #[arg(long, value_name = "FORMAT")]
    format: Option<ListFormat>,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// Columns for people.
    Table,
    /// One JSON object on each line, also for errors, like --json.
    Json,
    /// Comma-separated values with a header. The list has no partitions, but the gap of the slowest one.
    Csv,
}

impl ListArgs {
    /// Returns whether the command writes JSON. `json` is the global option.
    pub(super) fn writes_json(&self, json: bool) -> bool {
        json || self.format == Some(ListFormat::Json)
    }

    /// Returns an error if the options do not agree on the form of the list. `json` is the global option.
    pub(super) fn check_form(&self, json: bool) -> Result<(), Error> {
        let wrong = |what| Err(Error::new(InvalidArgument, what));
        match self.format {
            Some(ListFormat::Table) if json => {
                wrong("--json and --format table contradict each other")
            }
            Some(ListFormat::Csv) if json => wrong("--json and --format csv contradict each other"),
            Some(ListFormat::Csv) if self.summary => {
                wrong("--summary has no place among comma-separated values: use another --format")
            }
            _ => Ok(()),
        }
    }

    /// Returns the operation, and what is shown of its result.
    pub(super) fn operation(&self) -> Result<(Operation, Listing), Error> {
        if self.remote_cluster.iter().any(String::is_empty) {
            return Err(Error::new(InvalidArgument, "the name of the remote cluster is empty"));
        }
        let tables = self.pattern.tables()?;
        // The totals count tables without duplications too.
        let operation = match self.by_table || self.summary {
            true => Operation::ListByTable(tables),
            false => Operation::List(tables),
        };
        let listing = Listing {
            globs: self.tables.clone(),
            statuses: self.status.clone(),
            clusters: self.remote_cluster.clone(),
            by_table: self.by_table,
            summary: self.summary,
            csv: self.format == Some(ListFormat::Csv),
        };
        Ok((operation, listing))
    }
}

/// Accepts the names of statuses as a list shows them.
fn status() -> impl TypedValueParser<Value = Status> {
    PossibleValuesParser::new(Status::ALL.map(Status::name)).map(|name| {
        let named = Status::ALL.into_iter().find(|status| status.name() == name);
        named.expect("clap accepts only the possible values")
    })
}
