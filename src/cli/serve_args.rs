//! The options of `serve`. They need the server's types; where it isn't compiled in, whatever is
//! given is taken, so that the command itself can say what is wrong.

#[cfg(not(feature = "server"))]
pub(super) use without_server::ServeArgs;

#[cfg(feature = "server")]
pub(super) use with_server::ServeArgs;

/// How `serve` writes its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[cfg(not(feature = "server"))]
mod without_server {
    use std::ffi::OsString;

    #[derive(Debug, clap::Args)]
    pub(in crate::cli) struct ServeArgs {
        /// Passed over: this build has no server in it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        _options: Vec<OsString>,
    }

    impl ServeArgs {
        pub(in crate::cli) fn file(&self) -> Option<&std::path::Path> {
            None
        }
        pub(in crate::cli) fn log_format(&self) -> Option<super::LogFormat> {
            None
        }
    }
}

#[cfg(feature = "server")]
mod with_server {
    use std::net::{SocketAddr, ToSocketAddrs};
    use std::path::{Path, PathBuf};

    use clap::builder::{PossibleValuesParser, TypedValueParser};

    use super::LogFormat;
    use crate::cli::serve_limits::LimitArgs;
    use crate::server::{
        Behaviour, ClockMode, PartitionRule, RemoteCluster, ServerConfig, StoreChoice, TableSpec,
    };

    /// What the server can be asked to behave as.
    const BEHAVIOURS: [Behaviour; 2] = [Behaviour::Idempotent, Behaviour::DupExist];

    // What comes later wins: the command line stands after what the file says.
    #[derive(Debug, clap::Args)]
    #[command(args_override_self = true)]
    pub(in crate::cli) struct ServeArgs {
        /// A TOML file with these options, by their long names; what stands on the command line
        /// wins, or for those that are repeatable adds to it.
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

        /// Where to listen; port 0 = any free one.
        #[arg(
            long,
            value_name = "HOST:PORT",
            default_value = "127.0.0.1:34601",
            value_parser = address
        )]
        listen: SocketAddr,

        /// This cluster's name.
        #[arg(long, value_name = "NAME", default_value = "onebox")]
        cluster_name: String,

        /// A cluster that may be duplicated to; repeatable. Nothing is ever sent there.
        #[arg(long, value_name = "NAME=HOST:PORT[,...]")]
        remote_cluster: Vec<RemoteCluster>,

        /// A table, of 8 partitions and 3 replicas unless given; repeatable. The ids are 1, 2, ...
        /// in this order.
        #[arg(long, value_name = "NAME[:PARTITIONS[:REPLICAS]]")]
        table: Vec<TableSpec>,

        /// The file that keeps the duplications, or `memory`.
        #[arg(long, value_name = "PATH|memory", default_value = "memory")]
        store: PathBuf,

        /// What to behave as: a repeated add done right, or like a real server, side effects
        /// included [default: idempotent].
        #[arg(long, value_name = "NAME", value_parser = behaviour())]
        generation: Option<Behaviour>,

        /// How fast duplications move on by themselves; `manual` = when a line `advance SECONDS`
        /// comes on stdin [default: stopped with --generation, else
        /// real].
        #[arg(long, value_name = "CLOCK", value_parser = clock())]
        clock: Option<ClockMode>,
    }

    impl ServeArgs {
        /// The file that says more.
        pub(in crate::cli) fn file(&self) -> Option<&Path> {
            self.config.as_deref()
        }

        pub(in crate::cli) fn log_format(&self) -> Option<LogFormat> {
            self.log_format
        }

        /// Whether it is only to be checked.
        pub(in crate::cli) fn check_only(&self) -> bool {
            self.check_config
        }

        pub(in crate::cli) fn config(self) -> ServerConfig {
            // Who names a generation wants what its recordings show, where nothing moves by itself.
            let clock = self.clock.or(self.generation.map(|_| ClockMode::Stopped));
            ServerConfig {
                listen: self.listen,
                cluster_name: self.cluster_name,
                remote_clusters: self.remote_cluster,
                tables: self.table,
                store: if self.store.as_os_str() == "memory" {
                    StoreChoice::Memory
                } else {
                    StoreChoice::File(self.store)
                },
                behaviour: self.generation.unwrap_or_default(),
                clock,
                limits: self.limits.limits(),
                partitions: self.partition,
                ..ServerConfig::default()
            }
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
        PossibleValuesParser::new(BEHAVIOURS.map(Behaviour::name))
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

        fn config(line: &str) -> ServerConfig {
            match Cli::try_parse_from(line.split_whitespace()).expect(line).command {
                Command::Serve(serve) => serve.config(),
                other => panic!("{other:?}"),
            }
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
                "--table temp --table big:64:5 --store some/file --generation dup-exist ",
                "--clock fast",
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
        }

        #[test]
        fn an_explicit_generation_stops_the_clock_unless_told_otherwise() {
            for generation in ["idempotent", "dup-exist"] {
                let line = format!("pegasus-dup serve --generation {generation}");
                assert_eq!(config(&line).clock_mode(), ClockMode::Stopped, "{line}");
                let line = format!("{line} --clock real");
                assert_eq!(config(&line).clock_mode(), ClockMode::Real, "{line}");
            }
            assert_eq!(config("pegasus-dup serve").clock_mode(), ClockMode::Real);
        }
    }
}
