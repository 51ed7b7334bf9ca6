//! The configuration file of `serve`. Its keys are the long options of the command. The file is turned
//! into options before those of the command line, so options are declared and checked in one place only,
//! and a new option works in the file too. An option on the command line overrides the file.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgAction, CommandFactory, Parser};

use super::args::{Cli, Command};
use super::input;
use super::serve_args::ServeArgs;

/// The longest file that is read, in bytes. A configuration of ten thousand tables is much shorter.
const MAX_FILE: u64 = 1 << 20;

/// Parses the command line again, together with the configuration file that it names.
pub(super) fn add(serve: &ServeArgs, args: &[OsString]) -> Result<Cli, String> {
    let Some(path) = serve.file() else { return Err("no file is named".to_owned()) };
    let shown = path.display();
    let text = input::file(path, MAX_FILE)
        .map_err(|error| format!("cannot read the configuration: {error} path={shown}"))?;
    let options = options(&text, args)
        .map_err(|error| format!("the configuration is wrong: {error} path={shown}"))?;
    let at = command_at(args);
    let args = [&args[..at], &options, &args[at..]].concat();
    Cli::try_parse_from(args).map_err(|error| {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = first.strip_prefix("error: ").unwrap_or(&first);
        format!("the configuration is wrong: {first} path={shown}")
    })
}

/// Returns the position of the first option of `serve`. It follows the word `serve`, but the same word may
/// also be the value of an earlier option.
fn command_at(args: &[OsString]) -> usize {
    let is_command = |end: usize| {
        matches!(Cli::try_parse_from(&args[..end]), Ok(Cli { command: Command::Serve(_), .. }))
    };
    (1..=args.len()).find(|&end| is_command(end)).unwrap_or(args.len())
}

/// Returns the contents of a file as options.
fn options(text: &str, args: &[OsString]) -> Result<Vec<OsString>, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start].lines().count().max(1));
        let line = line.map_or_else(String::new, |line| format!(" line={line}"));
        format!("{}{line}", error.message())
    })?;
    let cli = Cli::command();
    let given = cli.clone().try_get_matches_from(args).map_err(|error| error.to_string())?;
    let given = given.subcommand_matches("serve");
    let serve = cli.find_subcommand("serve").ok_or("there is no command serve")?;
    let mut options = Vec::new();
    for (key, value) in table {
        let known = serve.get_arguments().find(|arg| {
            let aliases = arg.get_all_aliases().unwrap_or_default();
            (arg.get_long() == Some(&key) || aliases.contains(&key.as_str()))
                && !["config", "check-config"].contains(&key.as_str())
        });
        let Some(option) = known else { return Err(format!("no such option: {key}")) };
        // An option on the command line overrides the file.
        let source = given.and_then(|given| given.value_source(option.get_id().as_str()));
        if source == Some(ValueSource::CommandLine) {
            continue;
        }
        let repeatable = matches!(option.get_action(), ArgAction::Append);
        let yes_or_no =
            option.get_possible_values().iter().any(|value| value.matches("true", false));
        let values = match value {
            toml::Value::Array(values) if repeatable => values,
            value => vec![value],
        };
        for value in values {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                toml::Value::Boolean(value) if yes_or_no => value.to_string(),
                toml::Value::Boolean(_)
                | toml::Value::Datetime(_)
                | toml::Value::Array(_)
                | toml::Value::Table(_) => return Err(format!("{key} must be a text or a number")),
            };
            options.push(format!("--{key}={text}").into());
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{ClockMode, ServerConfig, StoreChoice};

    fn config(file: &str, line: &str) -> Result<ServerConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serve.toml");
        std::fs::write(&path, file).unwrap();
        let mut args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        args.extend(["--config".into(), path.clone().into()]);
        let Command::Serve(serve) = Cli::try_parse_from(&args).unwrap().command else { panic!() };
        let shown = path.display().to_string();
        match add(&serve, &args).map_err(|error| error.replace(&shown, "FILE"))?.command {
            Command::Serve(serve) => Ok(serve.plan()?.servers.remove(0)),
            other => panic!("{other:?}"),
        }
    }

    const FILE: &str = r#"
        listen = "127.0.0.1:0"
        cluster-name = "here"
        remote-cluster = ["target=127.0.0.1:35601", "far=a:1,b:2"]
        table = ["temp", "big:64:5", "a:b", "a:5:8:3"]
        store = "some/file"
        behave-as = "dup-exist"
        clock = "manual"
        duplication-enabled = false
        backup-enabled = false
        block-service = ["a", "b"]
        partition = "temp:1=lag:30"
        max-connections = 100
        idle-timeout = 2.5
    "#;

    #[test]
    fn a_file_has_the_effect_of_its_options() {
        let config = config(FILE, "pegasus-dup serve").unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:0");
        let tables: Vec<_> = config.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(tables, ["temp", "big", "a:b", "a:5"]);
        assert_eq!(config.remote_clusters.len(), 2);
        assert_eq!(config.store, StoreChoice::File("some/file".into()));
        assert_eq!(config.clock, Some(ClockMode::Manual));
        assert!(!config.duplication_enabled);
        assert!(!config.backup_enabled);
        assert_eq!(config.block_services, ["a", "b"]);
        assert_eq!(config.partitions[0].to_string(), "temp:1=lag:30");
        assert_eq!(config.limits.max_connections, 100);
        assert_eq!(config.limits.idle_timeout.as_millis(), 2_500);
        assert_eq!(config.limits.max_in_flight, 256);
    }

    #[test]
    fn the_old_spelling_of_an_option_is_accepted() {
        let config = config("generation = 'freezed'", "pegasus-dup serve").unwrap();
        assert_eq!(config.behaviour, crate::server::Behaviour::Freezed);
    }

    #[test]
    fn the_command_line_wins() {
        let line = "pegasus-dup -v serve --cluster-name there --table more --clock real";
        let config = config(FILE, line).unwrap();
        assert_eq!(config.cluster_name, "there");
        assert_eq!(config.clock, Some(ClockMode::Real));
        let tables: Vec<_> = config.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(tables, ["more"]);
        // The first word `serve` here is the value of an option, not the command.
        assert!(self::config(FILE, "pegasus-dup --meta serve serve").is_ok());
    }

    #[test]
    fn mistakes_are_reported() {
        let wrong = |file: &str| config(file, "pegasus-dup serve").unwrap_err();
        let same = "the configuration is wrong:";
        assert_eq!(wrong("tabel = 'x'"), format!("{same} no such option: tabel path=FILE"));
        assert_eq!(wrong("config = 'x'"), format!("{same} no such option: config path=FILE"));
        assert_eq!(
            wrong("clock = true"),
            format!("{same} clock must be a text or a number path=FILE")
        );
        let number = wrong("max-connections = 'many'");
        assert!(number.contains("--max-connections") && number.contains("many"), "{number}");
        let syntax = wrong("listen = \"127.0.0.1:0\"\ntable = [");
        assert!(syntax.contains("line=2"), "{syntax}");
        let twice = wrong("clock = ['real', 'fast']");
        assert!(twice.contains("clock must be a text or a number"), "{twice}");
    }
}
