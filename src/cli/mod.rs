//! The command line. The program `pegasus-dup` and the script of the Python wheel both call it.
//!
//! `args` and the files whose names end in `_args` declare the options for clap. `commands`, `fleet` and `serve` run
//! the commands. `output` turns a result into text or JSON and an exit code, and `terminal` writes it.

mod args;
mod backup_policy_args;
mod commands;
mod exit;
mod fleet;
mod input;
mod list_args;
mod listing;
mod metas;
mod output;
mod serve;
mod serve_args;
mod serve_file;
mod serve_limits;
mod signals;
mod summary;
mod table_args;
mod terminal;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Exit;
use fleet::ended;
use output::Format;
use serve_args::LogFormat;
use terminal::complain;

use crate::escape::{json_text, sentence};
use crate::text::Line;

/// Runs the command line. The first argument is the name of the program.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(run(args))
}

/// Does the same as [`main`], and returns the exit code as a number, for callers that end the process
/// themselves.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    terminal::open_closed_streams();
    let args: Vec<OsString> = args.into_iter().collect();
    let exit = match Cli::try_parse_from(&args) {
        Ok(cli) => match &cli.command {
            Command::Serve(serve) if serve.file().is_some() => {
                match serve_file::add(serve, &args) {
                    Ok(cli) => dispatch(cli),
                    Err(message) => {
                        complain(&[Line::error(sentence(&message))]);
                        Exit::Usage
                    }
                }
            }
            _ => dispatch(cli),
        },
        Err(error) => not_a_command(&error, &args),
    };
    exit.code()
}

/// Writes log lines to stderr, one whole line at a time. Hidden characters are escaped, because a log
/// line may quote a server, or a client of `serve`.
struct LogLine(for<'a> fn(&'a str) -> Cow<'a, str>);

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        let line = line.strip_suffix('\n').unwrap_or(&line);
        complain(&[Line::plain((self.0)(line))]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs the command that was parsed.
fn dispatch(cli: Cli) -> Exit {
    let log_format = match &cli.command {
        Command::Serve(args) => args.log_format(),
        _ => None,
    };
    log_to_stderr(cli.global.verbose, log_format);
    let json = match &cli.command {
        Command::List(args) => args.writes_json(cli.global.json),
        _ => cli.global.json,
    };
    let format = Format { json };
    match cli.command {
        // Before the command, --generation is an option for clients. Serving knows other names.
        Command::Serve(_) if cli.generation.generation.is_some() => {
            complain(&[Line::error(
                "serve has no option --generation: give --behave-as after the word serve instead",
            )]);
            Exit::Usage
        }
        Command::Serve(_) if cli.global.cluster.is_some() => {
            complain(&[Line::error(
                "serve has no option --cluster: --cluster-name sets the name of the cluster, and --remote-cluster adds a remote cluster",
            )]);
            Exit::Usage
        }
        Command::Serve(args) => serve::run(*args),
        Command::Plan(args) => ended(fleet::plan(&cli.global, cli.generation, &args, format)),
        Command::Apply(args) => ended(fleet::apply(&cli.global, cli.generation, &args, format)),
        Command::Export(args) => ended(fleet::export(&cli.global, cli.generation, &args, format)),
        Command::Audit(args) => ended(fleet::audit(&cli.global, cli.generation, &args, format)),
        Command::Add(args) if args.dry_run => {
            ended(fleet::dry_run(&cli.global, cli.generation, args, format))
        }
        command => commands::run(cli.global, cli.generation.generation, command, format),
    }
}

/// Writes the help or the version to stdout, or the mistake that clap found to stderr. With `--json` it
/// also writes the mistake as JSON.
fn not_a_command(error: &clap::Error, args: &[OsString]) -> Exit {
    // An error means that the stream is closed, and there is no other stream to report it on.
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    let options = args.iter().take_while(|arg| *arg != "--");
    if options.into_iter().any(|arg| arg == "--json") {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        let message = first.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        let _ = terminal::say(&[Line::plain(output::usage_report(message).to_string())]);
    }
    Exit::Usage
}

/// Sends the log to stderr. Without `-v` or `--log-format` there is no log, because stderr is for warnings.
fn log_to_stderr(verbose: u8, format: Option<LogFormat>) {
    let level = match verbose {
        0 if format.is_none() => return,
        0 | 1 => "pegasus_dup=info",
        2 => "pegasus_dup=debug",
        _ => "pegasus_dup=trace",
    };
    // If the process already has a subscriber, that subscriber stays. This happens if a Python program
    // calls the wheel's script.
    let log = tracing_subscriber::fmt()
        .with_env_filter(level)
        .with_ansi(false)
        .log_internal_errors(false);
    let _ = match format {
        Some(LogFormat::Json) => {
            log.json().flatten_event(true).with_writer(|| LogLine(json_text)).try_init()
        }
        Some(LogFormat::Text) | None => log.with_writer(|| LogLine(sentence)).try_init(),
    };
}
