//! The options of `serve`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::cli::serve_limits::{LimitArgs, seconds};
use crate::server::{
    BLOCK_SERVICE, Behaviour, ClockMode, FaultRule, PartitionRule, RemoteCluster, ServerConfig,
    StoreChoice, TableSpec,
};

/// The format of the log of `serve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object on each line.
    Json,
}

const EXAMPLES: &str = "\
Examples:
  Serve a table that can be duplicated to the cluster `target`:
    pegasus-dup serve --table temp --remote-cluster target=127.0.0.1:35601
  Behave like 2.4 and 2.5, including the side effects of a repeated add:
    pegasus-dup serve ... --behave-as checkpoint
  Lose the response to the first add, and delay queries from the second query on:
    pegasus-dup serve ... --fault add#1=drop-reply --fault query#2+=delay:200
  Run a group of two servers, of which the second one becomes the leader at the first add:
    pegasus-dup serve ... --listen 127.0.0.1:34601 --listen 127.0.0.1:34602 \\
      --fault add#1=change-leader";

/// The options of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{}\n{EXAMPLES}", FaultRule::help()))]
pub(super) struct ServeArgs {
    /// A TOML file with these options by their long names. An option on the command line overrides
    /// the option in the file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Check the file and the options, and start nothing.
    #[arg(long)]
    check_config: bool,

    /// Log to stderr in this format, at the level info or the level of -v.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,

    #[command(flatten)]
    limits: LimitArgs,

    /// A partition that lags or gets stuck. May be given several times.
    #[arg(long, value_name = "TABLE:PARTITION=lag:N|stick:N")]
    partition: Vec<PartitionRule>,

    /// The address to listen on. Port 0 is any free port. Several addresses make a group of meta
    /// servers over one store: the first server leads, and the others send clients to it.
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:34601",
        value_parser = address
    )]
    listen: Vec<SocketAddr>,

    /// The name of this cluster.
    #[arg(long, value_name = "NAME", default_value = "onebox")]
    cluster_name: String,

    /// A remote cluster that tables can be duplicated to. May be given several times. Nothing is ever
    /// sent to it.
    #[arg(long, value_name = "NAME=HOST:PORT[,...]")]
    remote_cluster: Vec<RemoteCluster>,

    /// A table, with 8 partitions and 3 replicas unless other numbers are given. May be given several
    /// times. The ids are 1, 2, ... in this order. A name may contain colons: only numbers at the end
    /// count as numbers.
    #[arg(long, value_name = "NAME[:PARTITIONS[:REPLICAS]]")]
    table: Vec<TableSpec>,

    /// The file that stores tables, duplications and backup policies, or `memory`.
    #[arg(long, value_name = "PATH|memory", default_value = "memory")]
    store: PathBuf,

    /// The server to behave as: `idempotent`, which handles a repeated add without side effects, or the
    /// generation of a real server, with the side effects of that server. In a group, give one name for
    /// all servers or one name for each server [default: idempotent].
    #[arg(long, alias = "generation", value_name = "NAME", value_parser = behaviour())]
    behave_as: Vec<Behaviour>,

    /// Whether duplication is enabled. With `false` the server refuses all requests about duplication
    /// with ERR_SERVICE_NOT_ACTIVE, like a real server on which duplication is disabled.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    duplication_enabled: bool,

    /// Whether backups are enabled. With `false` the server refuses all requests about backup policies with
    /// ERR_SERVICE_NOT_ACTIVE, like a real server on which backups are disabled.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    backup_enabled: bool,

    /// A provider that backup policies may use. May be given several times. Nothing is ever stored there.
    #[arg(long, value_name = "NAME", default_value = BLOCK_SERVICE)]
    block_service: Vec<String>,

    /// The clock by which duplications move to their next status. With `manual` it advances when a line
    /// `advance SECONDS` arrives on stdin. A line `alive-nodes N` then says how many replica servers are
    /// alive [default: stopped with --behave-as, otherwise real].
    #[arg(long, value_name = "CLOCK", value_parser = clock())]
    clock: Option<ClockMode>,

    /// The number of replica servers that the server names. Each partition has a primary and
    /// secondaries on them. They exist in the responses only [default: 0 with --behave-as, otherwise 3].
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,

    /// The number of replica servers that must be alive. If fewer are alive, or less than 65 % of them, the
    /// function level is `freezed`.
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_alive_nodes: usize,

    /// The time from the creation of a table until its partitions have their replicas. After a recall it
    /// takes three times as long.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    ready_after: Duration,

    /// A fault rule, such as `add#1=drop-reply`: which requests meet which fault. May be given several
    /// times. See below.
    #[arg(long, value_name = "RULE")]
    fault: Vec<FaultRule>,
}

/// The server or the group of servers to run, and the fault rules for all of them.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) servers: Vec<ServerConfig>,
    pub(super) faults: Vec<FaultRule>,
}

impl ServeArgs {
    /// Returns the configuration file.
    pub(super) fn file(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    pub(super) fn log_format(&self) -> Option<LogFormat> {
        self.log_format
    }

    /// Returns whether the configuration is only checked.
    pub(super) fn check_only(&self) -> bool {
        self.check_config
    }

    /// Returns the servers to run. The error says which options contradict each other.
    pub(super) fn plan(self) -> Result<Plan, String> {
        let generations = match self.behave_as[..] {
            [] => vec![Behaviour::default(); self.listen.len()],
            [all] => vec![all; self.listen.len()],
            _ if self.behave_as.len() == self.listen.len() => self.behave_as.clone(),
            _ => {
                return Err(format!(
                    "give --behave-as once for all servers, or once for each server: servers={} names={}",
                    self.listen.len(),
                    self.behave_as.len()
                ));
            }
        };
        // With a named generation, users expect what its recordings show. In them, nothing moves on,
        // and there are no replica servers.
        let still = (!self.behave_as.is_empty()).then_some(ClockMode::Stopped);
        let none = (!self.behave_as.is_empty()).then_some(0);
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
            backup_enabled: self.backup_enabled,
            block_services: self.block_service,
            clock: self.clock.or(still),
            nodes: self.nodes.or(none),
            min_alive_nodes: self.min_alive_nodes,
            ready_after: self.ready_after,
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

/// Parses an address, or resolves a host name.
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
    fn every_option_has_its_effect() {
        let config = config(concat!(
            "pegasus-dup serve --listen [::1]:0 --cluster-name here ",
            "--remote-cluster target=127.0.0.1:35601 --remote-cluster far=a:1,b:2 ",
            "--table temp --table big:64:5 --store some/file --behave-as dup-exist ",
            "--clock fast --duplication-enabled false --nodes 5 --min-alive-nodes 2 ",
            "--ready-after 0.5 --backup-enabled false --block-service a --block-service b",
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
        assert!(!config.backup_enabled);
        assert_eq!(config.block_services, ["a", "b"]);
        assert_eq!((config.nodes, config.min_alive_nodes), (Some(5), 2));
        assert_eq!(config.ready_after, Duration::from_millis(500));
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
    fn a_named_behaviour_has_no_replica_servers_unless_told_otherwise() {
        for generation in Behaviour::ALL.map(Behaviour::name) {
            let line = format!("pegasus-dup serve --behave-as {generation}");
            assert_eq!(config(&line).node_count(), 0, "{line}");
            let line = format!("{line} --nodes 5");
            assert_eq!(config(&line).node_count(), 5, "{line}");
        }
        assert_eq!(config("pegasus-dup serve").node_count(), 3);
        assert_eq!(config("pegasus-dup serve --nodes 0").node_count(), 0);
        let many = config("pegasus-dup serve --nodes 1001").check().expect_err("too many");
        assert!(many.to_string().contains("nodes=1001"), "{many}");
    }

    #[test]
    fn a_block_service_has_a_name() {
        let line = ["pegasus-dup", "serve", "--block-service", ""];
        let Command::Serve(serve) = Cli::try_parse_from(line).expect("parsed").command else {
            panic!("{line:?}");
        };
        let nameless = serve.plan().expect("a plan").servers.remove(0);
        let nameless = nameless.check().expect_err("no name").to_string();
        assert!(nameless.contains("a block service's name"), "{nameless}");
        assert_eq!(config("pegasus-dup serve").block_services, [BLOCK_SERVICE]);
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
        // Scripts use the old spelling.
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
