//! The command line as clap reads it. Nothing here talks to anything.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::client::{Mode, Selector, TablePattern};
use crate::outcome::FailMode;
use crate::protocol::generation::Generation;
use crate::seconds;

use super::serve_args::ServeArgs;

/// Under this the options stand that every client's command has, apart from a command's own.
const GLOBAL: &str = "Global options";

const EXIT_CODES: &str = "\
Exit codes:
  0    created (certainly or not), changed, unchanged, removed, listed
  1    error; what isn't found is one too
  2    the command line makes no sense
  3    exists already, and no difference from what was asked was found (0 with --exist-ok);
       a warning names what the server does not tell, so that it could not be compared
  4    exists already, but differs from what was asked
  5    outcome unknown: something was sent, and whether it did anything is not known
  130  stopped by a signal before anything was sent that could change something";

/// Add an Apache Pegasus duplication and know what happened: created, already there, or an error.
#[derive(Debug, Parser)]
#[command(
    name = "pegasus-dup",
    version,
    arg_required_else_help = true,
    after_help = EXIT_CODES,
    disable_help_subcommand = true,
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,

    // `serve` takes `--generation` as an old spelling of `--behave-as`. So this option is not global
    // for clap: it stands here and in each command of a client, and means the same.
    #[command(flatten)]
    pub(super) generation: GenerationOption,

    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options that mean the same before and after the command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// The meta servers. A comma at the end of the list is allowed.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        value_name = "HOST:PORT[,...]",
        env = "PEGASUS_DUP_META",
        hide_env_values = true
    )]
    pub(super) meta: Option<String>,

    /// The time limit of the whole call, in seconds; fractions are fine.
    #[arg(
        long,
        global = true,
        help_heading = GLOBAL,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = timeout,
        allow_negative_numbers = true
    )]
    pub(super) timeout: Duration,

    /// Print one JSON object a line (errors too); docs/json.md has the schema.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(super) json: bool,

    /// Log to stderr; more of it with -vv and -vvv.
    #[arg(short, long, global = true, help_heading = GLOBAL, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

/// The servers' generation, as somebody states it.
#[derive(Debug, Args)]
pub(super) struct GenerationOption {
    /// State the meta servers' generation; only an add with another remote table or replica count on a
    /// 2.6 snapshot without the list RPC needs it. It is checked, and a wrong one is refused; but if
    /// HTTP is closed, a 2.5 server may ignore the remote table, and the outcome is then unknown
    /// (docs/operators.md).
    #[arg(long, help_heading = GLOBAL, value_name = "NAME", value_parser = generation())]
    pub(super) generation: Option<Generation>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a duplication.
    ///
    /// Asks first, adds only what isn't there, and reads it back. What exists already is not touched,
    /// unless `--mode direct` is given.
    Add(AddArgs),
    /// Show the duplications of one table.
    Query(QueryArgs),
    /// Show the duplications of many tables.
    List(ListArgs),
    /// Show the meta servers: which can be reached, which leads, its version and generation.
    ///
    /// The exit code is 0 if a server leads, else 1.
    Info(GenerationOption),
    /// Let a paused duplication run.
    Start(WhichArgs),
    /// Pause a duplication.
    Pause(WhichArgs),
    /// Remove a duplication.
    Remove(WhichArgs),
    /// Say what a duplication does with writes that the remote cluster refuses.
    SetFailMode(FailModeArgs),
    /// Serve as a meta server, for trying things out and for tests.
    Serve(Box<ServeArgs>),
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// The table whose writes are shipped.
    pub(super) table: String,

    /// The remote cluster, by its name in the meta servers' configuration.
    pub(super) cluster: String,

    /// The table's name in the remote cluster [default: the table's own].
    // The long names with underscores are the Pegasus shell's.
    #[arg(short = 'a', long, value_name = "REMOTE_TABLE", alias = "remote_app_name")]
    pub(super) remote_table: Option<String>,

    /// The remote table's replica count [default: the table's own].
    // A negative number gets as far as the client's own check, whose error is the same in every face.
    #[arg(
        short = 'r',
        long,
        value_name = "REPLICAS",
        alias = "remote_replica_count",
        allow_negative_numbers = true
    )]
    pub(super) remote_replica_count: Option<i32>,

    /// Ship what the table holds already, too, as a checkpoint.
    #[arg(short = 's', long = "sst", visible_alias = "checkpoint")]
    pub(super) checkpoint: bool,

    /// How the add is done.
    #[arg(long, value_name = "MODE", default_value = "safe")]
    pub(super) mode: ModeName,

    /// Exit with 0, not 3, where it exists already and is not found to differ.
    #[arg(long)]
    pub(super) exist_ok: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

/// A [`Mode`] by the name that every face has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ModeName {
    /// Ask first, add only what isn't there, and read it back.
    Safe,
    /// Send the add alone, and only to a server that is proven to be a 2.6 snapshot with
    /// `RPC_CM_LIST_DUPLICATION`. If the duplication exists, the add may resume it, move it from
    /// DS_APP to DS_LOG, and reset its fail mode to FAIL_SLOW, until the meta server restarts.
    Direct,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Mode {
        match name {
            ModeName::Safe => Mode::Safe,
            ModeName::Direct => Mode::Direct,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct QueryArgs {
    /// The table.
    pub(super) table: String,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only tables whose name matches [default: all].
    #[arg(short = 'a', long, value_name = "PATTERN", alias = "app_name_pattern")]
    pub(super) pattern: Option<String>,

    /// How a name matches the pattern [default: exact with -a, else all].
    #[arg(short = 'm', long, value_name = "MATCHTYPE", alias = "match_type")]
    pub(super) match_type: Option<MatchType>,

    /// List by table: tables without a duplication too, and each table's number of partitions.
    #[arg(long)]
    pub(super) by_table: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MatchType {
    /// Every table.
    All,
    /// The name is the pattern.
    Exact,
    /// The pattern is somewhere in the name.
    Anywhere,
    /// The name starts with the pattern.
    Prefix,
    /// The name ends with the pattern.
    Postfix,
}

impl ListArgs {
    /// Which tables are meant. A pattern that would be passed over, and one that is missing, are
    /// errors: either would list something else than was meant.
    pub(super) fn tables(&self) -> Result<TablePattern, &'static str> {
        match (self.match_type, self.pattern.clone()) {
            (None | Some(MatchType::All), None) => Ok(TablePattern::All),
            (Some(MatchType::All), Some(_)) => {
                Err("a pattern (-a) has no use where all match (-m all)")
            }
            (Some(_), None) => Err("this match type (-m) needs a pattern (-a)"),
            (None | Some(MatchType::Exact), Some(name)) => Ok(TablePattern::Exact(name)),
            (Some(MatchType::Anywhere), Some(text)) => Ok(TablePattern::Anywhere(text)),
            (Some(MatchType::Prefix), Some(text)) => Ok(TablePattern::Prefix(text)),
            (Some(MatchType::Postfix), Some(text)) => Ok(TablePattern::Postfix(text)),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct WhichArgs {
    /// The table.
    pub(super) table: String,

    /// Which of its duplications: a dupid (digits only), else the remote cluster's name.
    #[arg(value_name = "DUPID|CLUSTER", value_parser = selector)]
    pub(super) which: Selector,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

#[derive(Debug, Args)]
pub(super) struct FailModeArgs {
    /// The table.
    pub(super) table: String,

    /// Which of its duplications: a dupid (digits only), else the remote cluster's name.
    #[arg(value_name = "DUPID|CLUSTER", value_parser = selector)]
    pub(super) which: Selector,

    /// slow: retry until it is taken; skip: leave it out; fast: stop the replica server.
    #[arg(value_name = "slow|skip|fast")]
    pub(super) mode: FailMode,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

fn timeout(text: &str) -> Result<Duration, String> {
    seconds::above_zero(seconds::number(text)?)
}

fn generation() -> impl TypedValueParser<Value = Generation> {
    PossibleValuesParser::new(Generation::ALL.map(Generation::name))
        .try_map(|name| name.parse::<Generation>())
}

/// Digits only are a dupid, whatever the clusters are called.
fn selector(text: &str) -> Result<Selector, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Selector::Cluster(text.to_owned()));
    }
    text.parse()
        .map(Selector::Dupid)
        .map_err(|_| format!("digits only are a dupid, and a dupid is at most {}", i32::MAX))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn clap_finds_no_fault_with_the_definition() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_and_after_the_command() {
        for line in [
            "pegasus-dup --meta a:1 --timeout 2.5 --generation checkpoint --json query t",
            "pegasus-dup query t --meta a:1 --timeout 2.5 --generation checkpoint --json",
            "pegasus-dup --meta a:1 --json query --timeout 2.5 t --generation checkpoint",
        ] {
            let cli = parse(line).expect(line);
            assert_eq!(cli.global.meta.as_deref(), Some("a:1"), "{line}");
            assert_eq!(cli.global.timeout, Duration::from_millis(2500), "{line}");
            assert!(cli.global.json, "{line}");
            let Command::Query(query) = cli.command else { panic!("{line}") };
            let generation = query.generation.generation.or(cli.generation.generation);
            assert_eq!(generation, Some(Generation::Checkpoint), "{line}");
        }
    }

    #[test]
    fn timeouts_are_above_zero_and_finite() {
        for bad in ["0", "-1", "-0.5", "nan", "inf", "1e-30", "1e300", "31536001", "ten", ""] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
        assert_eq!(timeout("0.25"), Ok(Duration::from_millis(250)));
        assert!(parse("pegasus-dup query t --timeout -1").is_err());
    }

    #[test]
    fn digits_only_are_a_dupid() {
        assert_eq!(selector("1772000000"), Ok(Selector::Dupid(1772000000)));
        assert_eq!(selector("7up"), Ok(Selector::Cluster("7up".into())));
        assert_eq!(selector("-7"), Ok(Selector::Cluster("-7".into())));
        assert!(selector("2147483648").is_err());
    }

    #[test]
    fn the_pegasus_shells_long_names_are_taken_too() {
        let line = "pegasus-dup add t c --remote_app_name u --remote_replica_count -3 --sst";
        let Command::Add(add) = parse(line).expect(line).command else { panic!() };
        assert_eq!(add.remote_table.as_deref(), Some("u"));
        assert_eq!(add.remote_replica_count, Some(-3));
        assert!(add.checkpoint && !add.exist_ok);
    }

    #[test]
    fn patterns_and_match_types_go_together() {
        let tables = |line: &str| match parse(line).expect(line).command {
            Command::List(list) => list.tables(),
            other => panic!("{other:?}"),
        };
        assert_eq!(tables("pegasus-dup list"), Ok(TablePattern::All));
        assert_eq!(tables("pegasus-dup list -m all"), Ok(TablePattern::All));
        assert_eq!(tables("pegasus-dup list -a t"), Ok(TablePattern::Exact("t".into())));
        let prefix = tables("pegasus-dup list -a t -m prefix");
        assert_eq!(prefix, Ok(TablePattern::Prefix("t".into())));
        assert!(tables("pegasus-dup list -a t -m all").is_err());
        assert!(tables("pegasus-dup list -m postfix").is_err());
    }
}
