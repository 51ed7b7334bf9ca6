//! The command line as clap parses it. Nothing here does any I/O.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::client::{DuplicationSpec, Mode, Operation, Selector, TablePattern};
use crate::error::{Error, ErrorKind::InvalidArgument};
use crate::outcome::FailMode;
use crate::protocol::generation::Generation;
use crate::seconds;

use super::backup_policy_args::AddBackupPolicyArgs;
use super::fleet::{
    APPLY_EXIT_CODES, AUDIT_EXIT_CODES, ApplyArgs, AuditArgs, ExportArgs, PLAN_EXIT_CODES, PlanArgs,
};
use super::list_args::ListArgs;
use super::listing::Listing;
use super::serve_args::ServeArgs;
use super::table_args::{CreateTableArgs, DropTableArgs, RecallTableArgs, TablesArgs};

/// The heading in the help under which the options of all client commands are listed.
const GLOBAL: &str = "Global options";

const EXIT_CODES: &str = "\
Exit codes:
  0    created (certain or not), changed, unchanged, removed, listed or ready
  1    an error; also if a duplication or a table was not found
  2    the command line is wrong
  3    the duplication, table or policy exists already, and no difference from the request
       was found (0 with --exist-ok); a warning names the properties that could not be
       compared
  4    the duplication, table or policy exists already and differs from the request
  5    the outcome is not known: a request was sent, and its effect is not known
  6    a plan has something to do
  7    a table was not ready in time
  130  a signal stopped the command before it sent a request that changes anything";

/// Add an Apache Pegasus duplication and know what happened: created, already exists, or an error.
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

    // `serve` accepts `--generation` as an old spelling of `--behave-as`. Therefore this option is not
    // global for clap: it is declared here and in each client command, with the same meaning.
    #[command(flatten)]
    pub(super) generation: GenerationOption,

    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options with the same meaning before and after the command.
#[derive(Debug, Args)]
pub(super) struct Global {
    // `metas` reads the variables. Clap would not distinguish them from options, which take precedence.
    /// The meta servers. A comma at the end of the list is allowed. [env: PEGASUS_DUP_META]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "HOST:PORT[,...]")]
    pub(super) meta: Option<String>,

    /// The cluster, by its name in the file of --clusters, instead of its meta servers. Takes precedence over
    /// PEGASUS_DUP_META.
    // Commands have an argument `cluster`, which is the remote cluster.
    #[arg(
        id = "source_cluster",
        long = "cluster",
        global = true,
        help_heading = GLOBAL,
        value_name = "NAME"
    )]
    pub(super) cluster: Option<String>,

    /// A configuration file of the Pegasus shell, whose section [pegasus.clusters] has lines
    /// `NAME = HOST:PORT,...`. [env: PEGASUS_DUP_CLUSTERS]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "FILE")]
    pub(super) clusters: Option<PathBuf>,

    /// The timeout of the whole call, in seconds. It may be a fraction.
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

    /// Print one JSON object on each line, also for errors. docs/json.md has the schema.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(super) json: bool,

    /// Print the history of the command to stderr: what was sent, what the servers responded and what was
    /// concluded, attempt by attempt. With --json each entry is a JSON object on one line.
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(super) explain: bool,

    /// Log to stderr. -vv and -vvv log more.
    #[arg(short, long, global = true, help_heading = GLOBAL, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

/// The generation of the servers, as the user states it.
#[derive(Debug, Args)]
pub(super) struct GenerationOption {
    /// State the generation of the meta servers. Only an add with another remote table or replica count
    /// on a 2.6 snapshot without the list RPC needs it. The statement is checked, and a wrong statement
    /// is refused. If HTTP is closed, however, a 2.5 server may ignore the remote table, and the outcome
    /// is then unknown (docs/operators.md).
    #[arg(long, help_heading = GLOBAL, value_name = "NAME", value_parser = generation())]
    pub(super) generation: Option<Generation>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a duplication.
    ///
    /// Looks for the duplication first, adds it only if it does not exist, and looks for it again
    /// afterwards. An existing duplication is not changed unless `--mode direct` is given.
    Add(AddArgs),
    /// Show the duplications of one table.
    Query(QueryArgs),
    /// Show the duplications of many tables.
    List(ListArgs),
    /// Show the meta servers: which can be reached, which leads, and its version and generation.
    ///
    /// The exit code is 0 if a server leads, and 1 otherwise.
    Info(GenerationOption),
    /// Start a paused duplication.
    Start(WhichArgs),
    /// Pause a duplication.
    Pause(WhichArgs),
    /// Remove a duplication.
    Remove(WhichArgs),
    /// Set what a duplication does with a write that the remote cluster refuses.
    SetFailMode(FailModeArgs),
    /// Create a table.
    ///
    /// Looks for the table first, creates it only if it does not exist, and looks for it again afterwards.
    /// A table that was just created has no replicas yet: --wait waits for them.
    CreateTable(CreateTableArgs),
    /// Wait until every partition of a table has its primary and enough secondaries.
    ///
    /// Waits for the time that --timeout sets. If the table is not ready by then, the exit code is 7.
    WaitReady(QueryArgs),
    /// Drop a table, which can be recalled for some time.
    DropTable(DropTableArgs),
    /// Recall a dropped table by its id.
    RecallTable(RecallTableArgs),
    /// Show tables.
    Tables(TablesArgs),
    /// Show one table, with the replicas of each partition.
    DescribeTable(QueryArgs),
    /// Check whether a duplication to a remote cluster could be added.
    ///
    /// The exit code is 0 if the configuration of the leader has the id and the meta servers of the remote
    /// cluster, and 1 if it lacks them or if the name is that of the cluster itself.
    CheckRemoteCluster(RemoteClusterArgs),
    /// Add a backup policy. No server removes a policy: a policy can only be disabled.
    ///
    /// Looks for the policy first, adds it only if it does not exist, and looks for it again afterwards.
    AddBackupPolicy(AddBackupPolicyArgs),
    /// Compare the duplications that a file declares with those of the cluster. Nothing is changed.
    #[command(after_help = PLAN_EXIT_CODES)]
    Plan(PlanArgs),
    /// Create the duplications that a file declares or a plan contains.
    ///
    /// Shows the plan and asks for confirmation. What exists is only altered with --fix, and only removed
    /// with --prune. The command can be repeated after every interruption.
    #[command(after_help = APPLY_EXIT_CODES)]
    Apply(Box<ApplyArgs>),
    /// Write a file that declares the duplications of the cluster as they are.
    Export(ExportArgs),
    /// Show what an audit file records, and find out what unfinished requests did.
    #[command(after_help = AUDIT_EXIT_CODES)]
    Audit(AuditArgs),
    /// Run an embedded meta server, for trials and tests.
    Serve(Box<ServeArgs>),
}

/// A command that is ready to run. Only a server can find a mistake in it.
pub(super) struct Prepared {
    pub(super) operation: Operation,
    /// The way in which an add is done.
    pub(super) mode: Mode,
    /// Whether an existing resource without a known difference is a success.
    pub(super) exist_ok: bool,
    /// What `list` shows.
    pub(super) listing: Option<Listing>,
    /// For how long to wait until the table is ready, after the operation has succeeded.
    pub(super) wait: Option<Duration>,
    /// The generation given with the command.
    pub(super) generation: Option<Generation>,
}

impl Prepared {
    /// Returns the operation that a command runs, or an error for wrong arguments and for `serve`.
    pub(super) fn of(command: Command) -> Result<Prepared, Error> {
        let given = |operation, args: GenerationOption| Prepared {
            operation,
            mode: Mode::Safe,
            exist_ok: false,
            listing: None,
            wait: None,
            generation: args.generation,
        };
        let which = |args: WhichArgs, operation: fn(String, Selector) -> Operation| {
            given(operation(args.table, args.which), args.generation)
        };
        Ok(match command {
            Command::Add(args) => {
                let prepared = given(Operation::Add(args.spec()), args.generation);
                Prepared { mode: args.mode.into(), exist_ok: args.exist_ok, ..prepared }
            }
            Command::Query(args) => given(Operation::Query(args.table), args.generation),
            Command::List(args) => {
                let (operation, listing) = args.operation()?;
                Prepared { listing: Some(listing), ..given(operation, args.generation) }
            }
            Command::Info(args) => given(Operation::Info(), args),
            Command::Start(args) => which(args, Operation::Start),
            Command::Pause(args) => which(args, Operation::Pause),
            Command::Remove(args) => which(args, Operation::Remove),
            Command::SetFailMode(args) => {
                given(Operation::SetFailMode(args.table, args.which, args.mode), args.generation)
            }
            Command::CreateTable(args) => {
                let (exist_ok, wait) = (args.exist_ok, args.wait);
                let prepared = given(Operation::CreateTable(args.spec()?), args.generation);
                Prepared { exist_ok, wait, ..prepared }
            }
            Command::WaitReady(args) => given(Operation::WaitReady(args.table), args.generation),
            Command::DropTable(args) => {
                given(Operation::DropTable(args.table, args.reserve), args.generation)
            }
            Command::RecallTable(args) => {
                given(Operation::RecallTable(args.spec()), args.generation)
            }
            Command::Tables(args) => {
                given(Operation::ListTables(args.selection()?), args.generation)
            }
            Command::DescribeTable(args) => {
                given(Operation::DescribeTable(args.table), args.generation)
            }
            Command::CheckRemoteCluster(args) => {
                given(Operation::CheckRemoteCluster(args.cluster), args.generation)
            }
            Command::AddBackupPolicy(args) => {
                let (spec, exist_ok) = (args.spec(), args.exist_ok);
                let prepared = given(Operation::AddBackupPolicy(spec), args.generation);
                Prepared { exist_ok, ..prepared }
            }
            Command::Plan(_)
            | Command::Apply(_)
            | Command::Export(_)
            | Command::Audit(_)
            | Command::Serve(_) => {
                return Err(Error::new(InvalidArgument, "the command is not a single operation"));
            }
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// The table whose writes are shipped.
    pub(super) table: String,

    /// The name of the remote cluster in the configuration of the meta servers.
    pub(super) cluster: String,

    /// The name of the table in the remote cluster [default: the table's own name].
    // The long names with underscores are those of the Pegasus shell.
    #[arg(short = 'a', long, value_name = "REMOTE_TABLE", alias = "remote_app_name")]
    pub(super) remote_table: Option<String>,

    /// The replica count of the remote table [default: the table's own replica count].
    // Clap accepts negative numbers, so the client refuses them with the same error in every face.
    #[arg(
        short = 'r',
        long,
        value_name = "REPLICAS",
        alias = "remote_replica_count",
        allow_negative_numbers = true
    )]
    pub(super) remote_replica_count: Option<i32>,

    /// Also ship the data that the table already holds, as a checkpoint.
    #[arg(short = 's', long = "sst", visible_alias = "checkpoint")]
    pub(super) checkpoint: bool,

    /// The way in which the add is done.
    #[arg(long, value_name = "MODE", default_value = "safe")]
    pub(super) mode: ModeName,

    /// Exit with 0 instead of 3 if the duplication exists already and no difference was found.
    #[arg(long)]
    pub(super) exist_ok: bool,

    /// Show what the add would do, as the command plan does, and with its exit codes. Nothing is changed.
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

impl AddArgs {
    /// Returns the description of the duplication.
    pub(super) fn spec(&self) -> DuplicationSpec {
        let mut spec = DuplicationSpec::new(&*self.table, &*self.cluster);
        spec.remote_table.clone_from(&self.remote_table);
        spec.remote_replica_count = self.remote_replica_count;
        spec.checkpoint = self.checkpoint;
        spec
    }
}

/// A [`Mode`], with the help for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ModeName {
    /// Look for the duplication first, add it only if it does not exist, and look again afterwards.
    Safe,
    /// Send the add without looking first, and only to a server that is proven to be a 2.6 snapshot
    /// with `RPC_CM_LIST_DUPLICATION`. If the duplication exists, the add may resume it, move it from
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
pub(super) struct RemoteClusterArgs {
    /// The name of the remote cluster in the configuration of the meta servers.
    pub(super) cluster: String,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

/// The selection of tables by their names.
#[derive(Debug, Args)]
pub(super) struct PatternArgs {
    /// List only tables whose name matches [default: all tables].
    #[arg(short = 'a', long, value_name = "PATTERN", alias = "app_name_pattern")]
    pub(super) pattern: Option<String>,

    /// The way in which a name must match the pattern [default: exact with -a, otherwise all].
    #[arg(short = 'm', long, value_name = "MATCHTYPE", alias = "match_type")]
    pub(super) match_type: Option<MatchType>,
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

impl PatternArgs {
    /// Returns the tables to list. A pattern without a use is an error, and so is a missing pattern,
    /// because the list would not be the one that the user meant.
    pub(super) fn tables(&self) -> Result<TablePattern, Error> {
        let wrong = |what| Err(Error::new(InvalidArgument, what));
        match (self.match_type, self.pattern.clone()) {
            (None | Some(MatchType::All), None) => Ok(TablePattern::All),
            (Some(MatchType::All), Some(_)) => {
                wrong("a pattern (-a) has no effect if all names match (-m all)")
            }
            (Some(_), None) => wrong("this match type (-m) needs a pattern (-a)"),
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

    /// The duplication: its dupid (only digits), or the name of its remote cluster.
    #[arg(value_name = "DUPID|CLUSTER", value_parser = selector)]
    pub(super) which: Selector,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

#[derive(Debug, Args)]
pub(super) struct FailModeArgs {
    /// The table.
    pub(super) table: String,

    /// The duplication: its dupid (only digits), or the name of its remote cluster.
    #[arg(value_name = "DUPID|CLUSTER", value_parser = selector)]
    pub(super) which: Selector,

    /// slow: retry the write until the remote cluster accepts it; skip: skip the write; fast: terminate
    /// the replica server.
    #[arg(value_name = "slow|skip|fast")]
    pub(super) mode: FailMode,

    #[command(flatten)]
    pub(super) generation: GenerationOption,
}

pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    seconds::above_zero(seconds::number(text)?)
}

fn generation() -> impl TypedValueParser<Value = Generation> {
    PossibleValuesParser::new(Generation::ALL.map(Generation::name))
        .try_map(|name| name.parse::<Generation>())
}

/// Parses a dupid or the name of a cluster. A text of digits is always a dupid.
fn selector(text: &str) -> Result<Selector, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Selector::Cluster(text.to_owned()));
    }
    text.parse()
        .map(Selector::Dupid)
        .map_err(|_| format!("a text of digits is a dupid, and a dupid is at most {}", i32::MAX))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_declaration_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_may_be_before_or_after_the_command() {
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
    fn a_text_of_digits_is_a_dupid() {
        assert_eq!(selector("1772000000"), Ok(Selector::Dupid(1772000000)));
        assert_eq!(selector("7up"), Ok(Selector::Cluster("7up".into())));
        assert_eq!(selector("-7"), Ok(Selector::Cluster("-7".into())));
        assert!(selector("2147483648").is_err());
    }

    #[test]
    fn the_long_names_of_the_pegasus_shell_are_accepted() {
        let line = "pegasus-dup add t c --remote_app_name u --remote_replica_count -3 --sst";
        let Command::Add(add) = parse(line).expect(line).command else { panic!() };
        assert_eq!(add.remote_table.as_deref(), Some("u"));
        assert_eq!(add.remote_replica_count, Some(-3));
        assert!(add.checkpoint && !add.exist_ok);
    }

    #[test]
    fn patterns_and_match_types_go_together() {
        let tables = |line: &str| match parse(line).expect(line).command {
            Command::List(list) => list.pattern.tables().map_err(|error| error.kind()),
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
