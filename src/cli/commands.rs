//! The commands of a client: run one operation, and stop early on a signal.

use std::pin::pin;
use std::time::Duration;

use crate::client::{Client, DuplicationSpec, Selector, TablePattern};
use crate::error::Result;
use crate::outcome::FailMode;
use crate::protocol::generation::Generation;

use super::answer::{Answer, Format};
use super::args::{Command, Global, WhichArgs};
use super::exit::Exit;
use super::signals::Signals;
use super::terminal::{WaitingNote, complain, say};

/// After that long a person wonders whether anything happens.
const PATIENCE: Duration = Duration::from_secs(1);

/// One command, ready to run: nothing in it can be wrong any more but to the server.
enum Operation {
    Add { spec: DuplicationSpec, exist_ok: bool },
    Query(String),
    List(TablePattern),
    Start(String, Selector),
    Pause(String, Selector),
    Remove(String, Selector),
    SetFailMode(String, Selector, FailMode),
}

/// Runs a client's command; `generation` is the one that stood before the command.
pub(super) fn run(
    global: Global,
    generation: Option<Generation>,
    command: Command,
    format: Format,
) -> Exit {
    let prepared = prepare(command).and_then(|(operation, after)| {
        let client = client(&global, after.or(generation))?;
        Ok((operation, client))
    });
    let (operation, client) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => return deliver(format.usage(&message), false),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("error: cannot start a runtime: {error}\n"));
            return Exit::Error;
        }
    };
    let exit = runtime.block_on(async {
        let mut signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => {
                complain(&format!("error: cannot watch for signals: {error}\n"));
                return Exit::Error;
            }
        };
        let note = format!(
            "waiting for {} (at most {} s)",
            global.meta.as_deref().unwrap_or_default(),
            global.timeout.as_secs_f64()
        );
        let answer = operate(&client, &operation, format, &mut signals, &note).await;
        // Whoever reads the output may be stuck; a signal still ends this, and the exit code is
        // what became of the call all the same.
        let exit = answer.exit;
        let reads = operation.reads();
        let writing = tokio::task::spawn_blocking(move || deliver(answer, reads));
        tokio::select! {
            biased;
            written = writing => written.unwrap_or(Exit::Error),
            _ = signals.next() => if reads { Exit::Interrupted } else { exit },
        }
    });
    // A name look-up that hangs must not keep the process.
    runtime.shutdown_background();
    exit
}

/// The operation, and the generation given with the command.
fn prepare(command: Command) -> Result<(Operation, Option<Generation>), String> {
    let which = |args: WhichArgs, operation: fn(String, Selector) -> Operation| {
        (operation(args.table, args.which), args.generation.generation)
    };
    Ok(match command {
        Command::Add(args) => {
            let mut spec = DuplicationSpec::new(args.table, args.cluster);
            spec.remote_table = args.remote_table;
            spec.remote_replica_count = args.remote_replica_count;
            spec.checkpoint = args.checkpoint;
            (Operation::Add { spec, exist_ok: args.exist_ok }, args.generation.generation)
        }
        Command::Query(args) => (Operation::Query(args.table), args.generation.generation),
        Command::List(args) => (Operation::List(args.tables()?), args.generation.generation),
        Command::Start(args) => which(args, Operation::Start),
        Command::Pause(args) => which(args, Operation::Pause),
        Command::Remove(args) => which(args, Operation::Remove),
        Command::SetFailMode(args) => {
            (Operation::SetFailMode(args.table, args.which, args.mode), args.generation.generation)
        }
        Command::Serve(_) => return Err("serve is no client's command".to_owned()),
    })
}

fn client(global: &Global, generation: Option<Generation>) -> Result<Client, String> {
    let metas = global
        .meta
        .as_deref()
        .filter(|metas| !metas.is_empty())
        .ok_or("no meta servers given: give --meta HOST:PORT[,...], or set PEGASUS_DUP_META")?;
    let mut builder = Client::builder().meta(metas).timeout(global.timeout);
    if let Some(generation) = generation {
        builder = builder.generation(generation);
    }
    builder.build().map_err(|error| error.to_string())
}

impl Operation {
    /// Whether it changes nothing, whatever happens.
    fn reads(&self) -> bool {
        matches!(self, Operation::Query(_) | Operation::List(_))
    }

    fn table(&self) -> &str {
        match self {
            Operation::Add { spec, .. } => &spec.table,
            Operation::List(_) => "",
            Operation::Query(table)
            | Operation::Start(table, _)
            | Operation::Pause(table, _)
            | Operation::Remove(table, _)
            | Operation::SetFailMode(table, _, _) => table,
        }
    }

    async fn run(&self, client: &Client, format: Format) -> Answer {
        match self {
            Operation::Add { spec, exist_ok } => format.add(&client.add(spec).await, *exist_ok),
            Operation::Query(table) => format.listed(client.query(table).await),
            Operation::List(tables) => format.listed(client.list(tables).await),
            Operation::Start(table, which) => format.change(&client.start(table, which).await),
            Operation::Pause(table, which) => format.change(&client.pause(table, which).await),
            Operation::Remove(table, which) => {
                let what = match which {
                    Selector::Dupid(dupid) => format!("table={table} dupid={dupid}"),
                    Selector::Cluster(cluster) => format!("table={table} cluster={cluster}"),
                };
                format.removal(&client.remove(table, which).await, &what)
            }
            Operation::SetFailMode(table, which, mode) => {
                format.change(&client.set_fail_mode(table, which, *mode).await)
            }
        }
    }
}

/// Runs the operation until it is done or a signal comes.
async fn operate(
    client: &Client,
    operation: &Operation,
    format: Format,
    signals: &mut Signals,
    note: &str,
) -> Answer {
    let mut running = pin!(operation.run(client, format));
    let mut waiting = pin!(tokio::time::sleep(PATIENCE));
    let mut shown = WaitingNote::new();
    let mut patient = true;
    loop {
        tokio::select! {
            // What is done counts, also where a signal came at the same time.
            biased;
            answer = &mut running => return answer,
            // Asked while the operation still stands where it stood.
            signal = signals.next() => {
                return format.interrupted(signal, &client.unsettled(), operation.table());
            }
            () = &mut waiting, if patient => {
                patient = false;
                shown.show(note);
            }
        }
    }
}

/// Writes the answer: first what must not be missed. The exit code stays what became of the call,
/// but for one that was only meant to be read (`reads`) and couldn't be.
fn deliver(answer: Answer, reads: bool) -> Exit {
    complain(&answer.stderr);
    match say(&answer.stdout) {
        Ok(()) => answer.exit,
        // The reader has seen enough (`| head`).
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => answer.exit,
        Err(error) => {
            complain(&format!("error: cannot write to stdout: {error}\n"));
            if reads { Exit::Error } else { answer.exit }
        }
    }
}
