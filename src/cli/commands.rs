//! The commands of a client. Each runs one operation, and a signal stops it early.

use std::io;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::client::blocking::cannot_start;
use crate::client::progress::{self, Step};
use crate::client::{self, Client, Operation};
use crate::error::Result;
use crate::escape::sentence;
use crate::history::{self, Recorder};
use crate::protocol::generation::Generation;
use crate::text::{self, Line};
use crate::threads;

use super::args::{Command, Global, Prepared};
use super::exit::Exit;
use super::metas;
use super::output::{Format, Output};
use super::signals::Signals;
use super::terminal::{WaitingNote, complain, say};

/// The time after which a user wonders whether anything happens, or how far it is.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs a command of a client. `generation` is the option that was given before the command.
pub(super) fn run(
    global: Global,
    generation: Option<Generation>,
    command: Command,
    format: Format,
) -> Exit {
    let prepared = prepare(command, global.json).and_then(|prepared| {
        let generation = prepared.generation.or(generation);
        let metas = metas::of(&global)?;
        let client = client(&metas, global.timeout, generation)?.with_mode(prepared.mode);
        Ok((prepared, client, metas))
    });
    let (prepared, client, metas) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return deliver(format.usage(&error), false),
    };
    let (runtime, signals) = match start() {
        Ok(started) => started,
        Err(why) => {
            let resource = prepared.operation.resource();
            return deliver(format.error(&cannot_start(why), Some(resource)), false);
        }
    };
    let recorder = global.explain.then(Recorder::default);
    let exit = runtime.block_on(async {
        let mut calls = Calls { client, format, signals, metas, recorder };
        let exit = calls.complete(&prepared).await;
        match (prepared.waiting(), exit) {
            (Some((waiting, time)), ControlFlow::Continue(Exit::Done)) => {
                calls.client = calls.client.with_timeout(time);
                calls.complete(&waiting).await
            }
            _ => exit,
        }
    });
    runtime.shutdown_background();
    match exit {
        ControlFlow::Continue(exit) | ControlFlow::Break(exit) => exit,
    }
}

/// What the calls of one command share.
struct Calls {
    client: Client,
    format: Format,
    signals: Signals,
    metas: String,
    /// The recorder of the history, if the user asked for it.
    recorder: Option<Recorder>,
}

impl Calls {
    /// Runs the operation and writes its output. The result is a `Break` if a signal stopped the program.
    async fn complete(&mut self, prepared: &Prepared) -> ControlFlow<Exit, Exit> {
        let recorder = self.recorder.as_ref().map(Recorder::begin);
        let mut output = self.operate(prepared, recorder.as_ref()).await;
        if let Some(recorder) = recorder {
            recorder.conclude(|| text::joined(&output.stderr));
            output.stderr.extend(self.format.history(&recorder.history()));
        }
        write(output, !prepared.operation.changes(), &mut self.signals).await
    }

    /// Runs the operation until it is done or a signal comes.
    async fn operate(&mut self, prepared: &Prepared, recorder: Option<&Recorder>) -> Output {
        let progress = Arc::new(Mutex::new(None));
        let observer = progress.clone();
        let observer = move |step| {
            if let Step::GettingReady { progress } = step {
                *observer.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
            }
        };
        let (client, format) = (&self.client, self.format);
        let call = progress::observed(observer, prepared.run(client, format));
        let running = history::recorded(recorder, call);
        let seconds = client.timeout().as_secs_f64();
        let note = format!("waiting for {} (at most {seconds} s)", sentence(&self.metas));
        let note = || match &*progress.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(progress) => format!("{note}: {progress}"),
            None => note.clone(),
        };
        // The unsettled requests are read while the call is suspended, before it is dropped.
        let stopped = |signal| format.interrupted(signal, &client.unsettled(), &prepared.operation);
        until_signal(running, &mut self.signals, note, stopped).await
    }
}

/// Waits until `running` ends or a signal comes, whose name `stopped` gets before `running` is dropped. On a
/// terminal, `note` says meanwhile what the program waits for.
pub(super) async fn until_signal<T>(
    running: impl Future<Output = T>,
    signals: &mut Signals,
    note: impl Fn() -> String,
    stopped: impl FnOnce(&'static str) -> T,
) -> T {
    let mut running = pin!(running);
    let mut waiting = pin!(tokio::time::sleep(PATIENCE));
    let mut shown = WaitingNote::new();
    loop {
        tokio::select! {
            // If the operation ends and a signal arrives at the same time, the result counts.
            biased;
            result = &mut running => return result,
            signal = signals.next() => return stopped(signal),
            () = &mut waiting => {
                shown.show(&note());
                waiting.set(tokio::time::sleep(PATIENCE));
            }
        }
    }
}

/// Writes the output. The result is a `Break` if a signal stopped the program meanwhile.
pub(super) async fn write(
    output: Output,
    reads: bool,
    signals: &mut Signals,
) -> ControlFlow<Exit, Exit> {
    // The reader of the output may be stuck. A signal ends the program even then, with the exit code
    // of the operation.
    let exit = output.exit;
    let shown = output.clone();
    let writing = threads::blocking("pegasus-dup-output", move || deliver(shown, reads));
    tokio::select! {
        biased;
        // If no thread can be started, this thread writes the output.
        written = writing => {
            ControlFlow::Continue(written.unwrap_or_else(|_| deliver(output, reads)))
        }
        _ = signals.next() => ControlFlow::Break(if reads { Exit::Interrupted } else { exit }),
    }
}

/// Starts the runtime, and begins to receive signals.
pub(super) fn start() -> io::Result<(Runtime, Signals)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let within = runtime.enter();
    let signals = Signals::listen()?;
    drop(within);
    Ok((runtime, signals))
}

/// Prepares a command. It refuses arguments that are wrong whatever the server is. `json` is the global option.
fn prepare(command: Command, json: bool) -> Result<Prepared> {
    if let Command::List(args) = &command {
        args.check_form(json)?;
    }
    let prepared = Prepared::of(command)?;
    prepared.operation.check()?;
    Ok(prepared)
}

pub(super) fn client(
    metas: &str,
    timeout: Duration,
    generation: Option<Generation>,
) -> Result<Client> {
    let mut builder = Client::builder().meta(metas).timeout(timeout);
    if let Some(generation) = generation {
        builder = builder.generation(generation);
    }
    builder.build()
}

impl Prepared {
    /// Returns the wait that follows the operation, and how long it may take.
    fn waiting(&self) -> Option<(Prepared, Duration)> {
        let table = self.operation.table()?.to_owned();
        let waiting = Prepared {
            operation: Operation::WaitReady(table),
            mode: self.mode,
            exist_ok: false,
            listing: None,
            wait: None,
            generation: self.generation,
        };
        Some((waiting, self.wait?))
    }

    async fn run(&self, client: &Client, format: Format) -> Output {
        let resource = self.operation.resource();
        match self.operation.run(client).await {
            Ok(client::OperationResult::Outcome(outcome)) => format.add(&outcome, self.exist_ok),
            Ok(client::OperationResult::Duplications(listed)) => match &self.listing {
                Some(listing) => listing.duplications(format, listed),
                None => format.listed(&listed),
            },
            Ok(client::OperationResult::ByTable(listed)) => match &self.listing {
                Some(listing) => listing.tables(format, listed),
                None => format.by_table(&listed),
            },
            Ok(client::OperationResult::Table(table)) => format.tables(&[table]),
            Ok(client::OperationResult::Tables(listed)) => format.tables(&listed),
            Ok(client::OperationResult::Change(change)) => format.change(&change),
            Ok(client::OperationResult::Removal(removal)) => {
                format.removal(&removal, resource, &self.operation.target())
            }
            Ok(client::OperationResult::Info(info)) => format.info(&info),
            Ok(client::OperationResult::RemoteCluster(remote)) => format.remote_cluster(&remote),
            Err(error) => match self.operation {
                Operation::WaitReady(_) => format.not_ready(&error),
                _ => format.error(&error, Some(resource)),
            },
        }
    }
}

/// Writes the output, with the warnings and errors first. If stdout cannot be written, the exit code is
/// still that of the operation. Only an operation that reads (`reads`) then fails.
pub(super) fn deliver(output: Output, reads: bool) -> Exit {
    complain(&output.stderr);
    match say(&output.stdout) {
        Ok(()) => output.exit,
        // The reader has closed the pipe (`| head`).
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => output.exit,
        Err(error) => {
            complain(&[Line::error(format!("cannot write to stdout: {error}"))]);
            if reads { Exit::Error } else { output.exit }
        }
    }
}
