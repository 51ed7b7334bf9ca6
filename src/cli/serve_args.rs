//! The options of `serve`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::serve_limits::LimitArgs;
use crate::server::{
    Behaviour, ClockMode, FaultRule, PartitionRule, RemoteCluster, ServerConfig, StoreChoice,
    TableSpec,
};

/// How `serve` writes its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

const EXAMPLES: &str = "\
Examples:
  pegasus-dup serve --table temp --remote-cluster target=127.0.0.1:35601
  pegasus-dup serve ... --behave-as checkpoint
  behave as 2.4 and 2.5 do, side effects of a repeated add included
  pegasus-dup serve ... --fault add#1=drop-reply --fault query#2+=delay:200
  the first add is done, and its answer lost; queries are slow from the second on
  pegasus-dup serve ... --listen 127.0.0.1:34601 --listen 127.0.0.1:34602 \\
  --fault add#1=change-leader
  a group of two; when the first add comes, the second one takes over the lead";

#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{}\n{EXAMPLES}", FaultRule::help()))]
pub(super) struct ServeArgs {
    /// A TOML file with these options, by their long names; an option on the command line
    /// counts instead of the file's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Say whether the file and the options make sense, and start nothing.
    #[arg(long)]
    check_config: bool,

    /// Log to stderr in that format, at the level info or as -v says.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,

    #[command(flatten)]
    limits: LimitArgs,

    /// A partition that lags or sticks; repeatable.
    #[arg(long, value_name = "TABLE:PARTITION=lag:N|stick:N")]
    partition: Vec<PartitionRule>,

    /// Where to listen; port 0 = any free one. Given more than once, a group of meta servers
    /// over one store: the first one leads, the others send clients on to it.
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:34601",
        value_parser = address
    )]
    listen: Vec<SocketAddr>,

    /// This cluster's name.
    #[arg(long, value_name = "NAME", default_value = "onebox")]
    cluster_name: String,

    /// A cluster that may be duplicated to; repeatable. Nothing is ever sent there.
    #[arg(long, value_name = "NAME=HOST:PORT[,...]")]
    remote_cluster: Vec<RemoteCluster>,

    /// A table, of 8 partitions and 3 replicas unless given; repeatable. The ids are 1, 2, ...
    /// in this order. A name may contain colons: only numbers at the end count as numbers.
    #[arg(long, value_name = "NAME[:PARTITIONS[:REPLICAS]]")]
    table: Vec<TableSpec>,

    /// The file that keeps the duplications, or `memory`.
    #[arg(long, value_name = "PATH|memory", default_value = "memory")]
    store: PathBuf,

    /// What to behave as: `idempotent`, which handles a repeated add without side effects, or the
    /// generation of a real server, with that server's side effects. In a group, give one name for
    /// all servers or one for each [default: idempotent].
    #[arg(long, alias = "generation", value_name = "NAME", value_parser = behaviour())]
    behave_as: Vec<Behaviour>,

    /// Whether there is duplication. `false` behaves as servers do on which duplication is switched
    /// off: all requests about duplication are refused by ERR_SERVICE_NOT_ACTIVE.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    duplication_enabled: bool,

    /// How fast duplications move on by themselves; `manual` = when a line `advance SECONDS`
    /// comes on stdin [default: stopped with --behave-as,
    /// else real].
    #[arg(long, value_name = "CLOCK", value_parser = clock())]
    clock: Option<ClockMode>,

    /// Which requests meet which mishap, such as `add#1=drop-reply`; repeatable. See below.
    #[arg(long, value_name = "RULE")]
    fault: Vec<FaultRule>,
}

/// What is to be served: one server, or a group of them, and the fault rules of the whole.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) servers: Vec<ServerConfig>,
    pub(super) faults: Vec<FaultRule>,
}

impl ServeArgs {
    /// The file that says more.
    pub(super) fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    pub(super) fn log_format(&self) -> Option<LogFormat> {
        self.log_format
    }

    /// Whether it is only to be checked.
    pub(super) fn check_only(&self) -> bool {
        self.check_config
    }

    /// An error says what doesn't go together.
    pub(super) fn plan(self) -> Result<Plan, String> {
        let generations = match self.behave_as[..] {
            [] => vec![Behaviour::default(); self.listen.len()],
            [all] => vec![all; self.listen.len()],
            _ if self.behave_as.len() == self.listen.len() => self.behave_as.clone(),
            _ => {
                return Err(format!(
                    "--behave-as is given once for all servers, or once for each: servers={} names={}",
                    self.listen.len(),
                    self.behave_as.len()
                ));
            }
        };
        // Who names a generation wants what its recordings show, in which nothing moves by itself.
        let still = (!self.behave_as.is_empty()).then_some(ClockMode::Stopped);
        let common = ServerConfig {
            cluster_name: self.cluster_name,
            remote_clusters: self.remote_cluster,
            tables: self.table,
            store: if self.store.as_os_str() == "memory" {
                StoreChoice::Memory
            } else {
                StoreChoice::File(self.store)
            },
            duplication_enabled: self.duplication_enabled,
            clock: self.clock.or(still),
            limits: self.limits.limits(),
            partitions: self.partition,
            ..ServerConfig::default()
        };
        let servers = self.listen.into_iter().zip(generations);
        let servers = servers
            .map(|(listen, behaviour)| ServerConfig { listen, behaviour, ..common.clone() })
            .collect();
        Ok(Plan { servers, faults: self.fault })
    }
}

/// An address, or a name that has one.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.to_socket_addrs()
        .map_err(|error| error.to_string())?
        .next()
        .ok_or_else(|| "the name has no address".to_owned())
}

fn behaviour() -> impl TypedValueParser<Value = Behaviour> {
    PossibleValuesParser::new(Behaviour::ALL.map(Behaviour::name))
        .try_map(|name| name.parse::<Behaviour>())
}

fn clock() -> impl TypedValueParser<Value = ClockMode> {
    PossibleValuesParser::new(ClockMode::ALL.map(ClockMode::name))
        .try_map(|name| name.parse::<ClockMode>())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn plan(line: &str) -> Result<Plan, String> {
        match Cli::try_parse_from(line.split_whitespace()).expect(line).command {
            Command::Serve(serve) => serve.plan(),
            other => panic!("{other:?}"),
        }
    }

    fn config(line: &str) -> ServerConfig {
        let mut plan = plan(line).expect(line);
        assert_eq!(plan.servers.len(), 1, "{line}");
        plan.servers.remove(0)
    }

    #[test]
    fn no_options_are_the_servers_own_defaults() {
        assert_eq!(config("pegasus-dup serve"), ServerConfig::default());
    }

    #[test]
    fn every_option_arrives() {
        let config = config(concat!(
            "pegasus-dup serve --listen [::1]:0 --cluster-name here ",
            "--remote-cluster target=127.0.0.1:35601 --remote-cluster far=a:1,b:2 ",
            "--table temp --table big:64:5 --store some/file --behave-as dup-exist ",
            "--clock fast --duplication-enabled false",
        ));
        assert_eq!(config.listen.to_string(), "[::1]:0");
        assert_eq!(config.cluster_name, "here");
        let remotes: Vec<_> = config.remote_clusters.iter().map(|c| c.to_string()).collect();
        assert_eq!(remotes, ["target=127.0.0.1:35601", "far=a:1,b:2"]);
        let tables: Vec<_> = config.tables.iter().map(|table| table.to_string()).collect();
        assert_eq!(tables, ["temp:8:3", "big:64:5"]);
        assert_eq!(config.store, StoreChoice::File("some/file".into()));
        assert_eq!(config.behaviour, Behaviour::DupExist);
        assert_eq!(config.clock, Some(ClockMode::Fast));
        assert!(!config.duplication_enabled);
    }

    #[test]
    fn a_named_behaviour_stops_the_clock_unless_told_otherwise() {
        for generation in Behaviour::ALL.map(Behaviour::name) {
            let line = format!("pegasus-dup serve --behave-as {generation}");
            assert_eq!(config(&line).clock_mode(), ClockMode::Stopped, "{line}");
            let line = format!("{line} --clock real");
            assert_eq!(config(&line).clock_mode(), ClockMode::Real, "{line}");
        }
        assert_eq!(config("pegasus-dup serve").clock_mode(), ClockMode::Real);
    }

    #[test]
    fn more_than_one_address_is_a_group() {
        let group = |more: &str| {
            plan(&format!("pegasus-dup serve --listen 127.0.0.1:1 --listen 127.0.0.1:2 {more}"))
        };
        let behaviours = |more: &str| -> Vec<Behaviour> {
            group(more).expect(more).servers.iter().map(|config| config.behaviour).collect()
        };
        assert_eq!(behaviours(""), [Behaviour::Idempotent; 2]);
        assert_eq!(behaviours("--behave-as freezed"), [Behaviour::Freezed; 2]);
        // The old spelling, which scripts use.
        assert_eq!(behaviours("--generation freezed"), [Behaviour::Freezed; 2]);
        assert_eq!(
            behaviours("--behave-as checkpoint --behave-as dup-exist"),
            [Behaviour::Checkpoint, Behaviour::DupExist]
        );
        let three = "--behave-as freezed --behave-as freezed --behave-as freezed";
        assert!(group(three).expect_err(three).ends_with("servers=2 names=3"));
        let plan = group("--fault add#1=change-leader --fault any=delay:5").expect("a plan");
        let ports: Vec<u16> = plan.servers.iter().map(|config| config.listen.port()).collect();
        assert_eq!(ports, [1, 2]);
        let faults: Vec<_> = plan.faults.iter().map(|rule| rule.to_string()).collect();
        assert_eq!(faults, ["add#1=change-leader:0", "any=delay:5"]);
    }
}
