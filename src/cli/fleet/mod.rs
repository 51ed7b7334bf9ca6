//! The commands for fleets: `plan`, `apply`, `export` and `audit`, and an add that only shows its plan.
//!
//! `source` reads the file and finds the cluster, `text` and `json` show plans and results, `confirm` asks,
//! and `view` writes the results of an apply while it runs.

mod apply;
mod args;
mod audit;
mod confirm;
mod json;
mod read;
mod source;
mod text;
mod view;

use std::ops::ControlFlow;

use crate::client::Client;
use crate::client::blocking::cannot_start;
use crate::error::Error;
use crate::escape::sentence;
use crate::history::{self, Recorder};
use crate::protocol::generation::Generation;
use crate::text::Line;

use super::args::Global;
use super::commands::{client, deliver, start, until_signal, write};
use super::exit::Exit;
use super::output::{Format, Output};

pub(super) use apply::apply;
pub(super) use args::{
    APPLY_EXIT_CODES, AUDIT_EXIT_CODES, ApplyArgs, AuditArgs, ExportArgs, PLAN_EXIT_CODES, PlanArgs,
};
pub(super) use audit::audit;
pub(super) use read::{dry_run, export, plan};

/// Returns the exit of a command that may end early with an output. The exit code of the output counts even
/// if stdout cannot be written.
pub(super) fn ended(result: Result<Exit, Output>) -> Exit {
    result.unwrap_or_else(|output| deliver(output, false))
}

/// Returns the output for a mistake in the command line or in a file, which no server was asked about.
fn mistake(format: Format, error: &Error) -> Output {
    Output { exit: Exit::Usage, ..format.error(error, None) }
}

/// Returns the output for an error after a server was asked.
fn failure(format: Format, error: &Error) -> Output {
    format.error(error, None)
}

/// The cluster that a command is about, and how to talk to it.
struct Target {
    metas: String,
    client: Client,
    explain: bool,
    format: Format,
}

impl Target {
    fn new(
        metas: String,
        global: &Global,
        generation: Option<Generation>,
        format: Format,
    ) -> Result<Target, Error> {
        let client = client(&metas, global.timeout, generation)?;
        Ok(Target { metas, client, explain: global.explain, format })
    }

    /// Runs a command that changes nothing. A signal stops it.
    fn read(&self, work: impl AsyncFnOnce(&Client) -> Output) -> Exit {
        let format = self.format;
        let (runtime, mut signals) = match start() {
            Ok(started) => started,
            Err(why) => return deliver(failure(format, &cannot_start(why)), false),
        };
        let recorder = self.explain.then(Recorder::default);
        let exit = runtime.block_on(async {
            let stopped = |signal| format.nothing_sent(&format!("stopped by {signal}"), None);
            let work = history::recorded(recorder.as_ref(), work(&self.client));
            let mut output = until_signal(work, &mut signals, || self.note(), stopped).await;
            output.stderr.extend(explained(recorder.as_ref(), format));
            write(output, true, &mut signals).await
        });
        runtime.shutdown_background();
        match exit {
            ControlFlow::Continue(exit) | ControlFlow::Break(exit) => exit,
        }
    }

    /// Says what the command waits for.
    fn note(&self) -> String {
        format!("waiting for {}", sentence(&self.metas))
    }
}

/// Returns the history of the command, if the user asked for it.
fn explained(recorder: Option<&Recorder>, format: Format) -> Vec<Line> {
    recorder.map(|recorder| format.history(&recorder.history())).unwrap_or_default()
}
