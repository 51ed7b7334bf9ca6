//! The command `apply`.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::pin;
use std::time::Duration;

use crate::cli::args::{GenerationOption, Global};
use crate::cli::commands::{start, until_signal};
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Output};
use crate::cli::signals::Signals;
use crate::cli::terminal::complain;
use crate::client::blocking::cannot_start;
use crate::client::hints;
use crate::enums::ItemResult;
use crate::error::{Error, ErrorKind, Result};
use crate::escape::name;
use crate::fleet::{ApplyOptions, Audit, Event, HostLock, Plan, Stop, Summary, Work};
use crate::history::{self, Recorder};
use crate::text::{Line, Tone};

use super::confirm::{self, Answer};
use super::source::Source;
use super::view::{Style, View};
use super::{ApplyArgs, Target, ended, explained, failure, json, mistake, text};

/// The advice if a duplication differs from its declaration.
const ABOUT_FIX: &str = "what differs was left as it is; --fix status,fail-mode alters the status and the fail mode, \
                         and no option alters the other properties";

/// How long the last lines may take after a second signal.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Runs `apply`.
pub(in crate::cli) fn apply(
    global: &Global,
    before: GenerationOption,
    args: &ApplyArgs,
    format: Format,
) -> std::result::Result<Exit, Output> {
    let mistake = |error: Error| mistake(format, &error);
    let source = Source::read(&args.file).map_err(mistake)?;
    if !args.yes && !confirm::possible() {
        let error =
            Error::invalid("there is no terminal to ask for confirmation: nothing was sent")
                .with_hint("look at the plan, and give --yes to apply it without a question");
        return Err(mistake(error));
    }
    let generation = args.generation.generation.or(before.generation);
    let target = source
        .metas(global)
        .and_then(|metas| Target::new(metas, global, generation, format))
        .map_err(mistake)?;
    // From before the plan is made until the end, no other apply of this host may change the cluster.
    let alone = HostLock::take(&target.client.meta_servers());
    let _alone = alone.map_err(|error| failure(format, &error))?;
    let audit = args.audit.as_deref().map(Audit::open).transpose();
    let audit = audit.map_err(|error| failure(format, &error))?;
    let (runtime, signals) = start().map_err(|why| failure(format, &cannot_start(why)))?;
    let recorder = global.explain.then(Recorder::default);
    let mut command = Apply { target, args, format, signals, recorder: recorder.as_ref() };
    let exit = ended(runtime.block_on(command.run(source, audit)));
    runtime.shutdown_background();
    complain(&explained(recorder.as_ref(), format));
    Ok(exit)
}

/// An apply, after the command line and the file were checked.
struct Apply<'a> {
    target: Target,
    args: &'a ApplyArgs,
    format: Format,
    signals: Signals,
    /// The recorder of the history, if the user asked for it.
    recorder: Option<&'a Recorder>,
}

impl Apply<'_> {
    async fn run(
        &mut self,
        source: Source,
        audit: Option<Audit>,
    ) -> std::result::Result<Exit, Output> {
        let format = self.format;
        let plan = self.plan(source).await?;
        let (options, total) = (self.args.options(), plan.items.len());
        let work = Work::new(plan.clone(), options.clone());
        let mut work = work.map_err(|error| failure(format, &error))?;
        complain(&text::warnings(&plan));
        match self.args.yes {
            true => complain(&[text::summary(&plan)]),
            false => complain(&text::plan(&plan, self.args.all)),
        }
        if !self.args.yes && work.changes() > 0 {
            self.ask(&question(&plan, &work)).await?;
        }
        let paused = work.long_paused().count();
        if paused > 0 && !options.start_long_paused {
            if self.args.yes {
                complain(&[Line::warning(&not_started(paused))]);
            } else if self.confirmed(&about_paused(paused)).await? {
                let options = ApplyOptions { start_long_paused: true, ..options };
                work = Work::new(plan, options).map_err(|error| failure(format, &error))?;
            }
        }
        self.send(&work, total, audit).await
    }

    /// Returns the plan of the file, or makes it.
    async fn plan(&mut self, source: Source) -> std::result::Result<Plan, Output> {
        let fleet = match source {
            Source::Plan(plan) => return Ok(plan),
            Source::Fleet(fleet) => fleet,
        };
        let format = self.format;
        let making = async {
            Plan::make(&self.target.client, &fleet).await.map_err(|error| failure(format, &error))
        };
        let making = history::recorded(self.recorder, making);
        let stopped = |signal| Err(stopped(format, signal));
        until_signal(making, &mut self.signals, || self.target.note(), stopped).await
    }

    /// Asks a question. Without a yes the command ends.
    async fn ask(&mut self, question: &str) -> std::result::Result<(), Output> {
        match self.confirmed(question).await? {
            true => Ok(()),
            false => Err(self.format.nothing_sent("the plan was not confirmed", None)),
        }
    }

    /// Asks a question, and returns whether the answer was yes. If a signal came, the command ends.
    async fn confirmed(&mut self, question: &str) -> std::result::Result<bool, Output> {
        match confirm::ask(question, &mut self.signals).await {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Signal(signal) => Err(stopped(self.format, signal)),
        }
    }

    /// Does the work. The first signal stops it after the requests in flight, and the second at once.
    async fn send(
        &mut self,
        work: &Work,
        total: usize,
        mut audit: Option<Audit>,
    ) -> std::result::Result<Exit, Output> {
        let format = self.format;
        let style = Style { json: format.json, all: self.args.all };
        let view = RefCell::new(View::start(style, total));
        let sent = Cell::new(false);
        let stop = Stop::new();
        let mut stopped_by = None;
        let end = {
            let events = |event: Event<'_>| {
                sent.set(sent.get() || matches!(event, Event::Started(_)));
                view.borrow_mut().event(&event);
            };
            let running = work.run(&self.target.client, audit.as_mut(), &stop, events);
            let mut running = pin!(history::recorded(self.recorder, running));
            loop {
                tokio::select! {
                    // If the work ends and a signal arrives at the same time, the result counts.
                    biased;
                    result = &mut running => break End::Done(result),
                    signal = self.signals.next() => {
                        if stopped_by.replace(signal).is_some() {
                            // The unsettled requests are read before the work is dropped.
                            break End::CutOff(signal, self.target.client.unsettled());
                        }
                        stop.stop();
                        view.borrow_mut().remark(Line::warning(&format!(
                            "stopped by {signal}: waiting for the requests in flight; another signal ends the \
                             program at once"
                        )));
                    }
                }
            }
        };
        let view = view.into_inner();
        match end {
            End::Done(Ok(summary)) => {
                let lines = match format.json {
                    true => vec![json::summary(&summary)],
                    false => text::conclusion(&summary),
                };
                let exit = exit(&summary);
                self.finish(view, lines).await;
                if summary.count(ItemResult::Differs) > 0 {
                    complain(&[Line::new("hint", Tone::Neutral, ABOUT_FIX)]);
                }
                if let Some(error) = &summary.error {
                    return Err(Output {
                        exit: if exit == Exit::Unknown { exit } else { Exit::Error },
                        ..failure(format, error)
                    });
                }
                match stopped_by {
                    Some(signal) if exit != Exit::Unknown && !sent.get() && summary.stopped => {
                        Err(stopped(format, signal))
                    }
                    Some(_) | None => Ok(exit),
                }
            }
            End::Done(Err(error)) => {
                let unsettled = self.target.client.unsettled();
                self.finish(view, Vec::new()).await;
                let mut output = failure(format, &error);
                if !unsettled.is_empty() {
                    output.stderr.push(Line::warning(&format!(
                        "it is not known whether this took effect: {}",
                        unsettled.join("; ")
                    )));
                    output.exit = Exit::Unknown;
                }
                Err(output)
            }
            End::CutOff(signal, unsettled) => {
                // The reader of stdout may be stuck.
                let _ = tokio::time::timeout(LAST_LINES, view.end(Vec::new())).await;
                Err(cut_off(format, signal, &unsettled, sent.get()))
            }
        }
    }

    /// Writes the last lines. The reader of stdout may be stuck, and a signal ends the program even then.
    async fn finish(&mut self, view: View, lines: Vec<Line>) {
        let written = tokio::select! {
            biased;
            written = view.end(lines) => written,
            _ = self.signals.next() => Ok(()),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                complain(&[Line::error(format!("cannot write to stdout: {error}"))]);
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// The end of the work.
enum End {
    Done(Result<Summary>),
    /// A second signal of this name came, and these requests are not settled.
    CutOff(&'static str, Vec<String>),
}

/// Returns the exit of an apply that came to its end.
fn exit(summary: &Summary) -> Exit {
    use ItemResult::{Differs, Failed, NotTried, Stale, Unknown};
    let any = |result| summary.count(result) > 0;
    if any(Unknown) {
        Exit::Unknown
    } else if any(Failed) || any(Stale) || any(NotTried) {
        Exit::Error
    } else if any(Differs) {
        Exit::Differs
    } else {
        Exit::Done
    }
}

/// Returns the output for a signal that came before anything was sent.
fn stopped(format: Format, signal: &str) -> Output {
    format.nothing_sent(&format!("stopped by {signal}"), None)
}

/// Returns the output for a second signal.
fn cut_off(format: Format, signal: &str, unsettled: &[String], sent: bool) -> Output {
    if !unsettled.is_empty() {
        let what = format!(
            "stopped by {signal}, and it is not known whether this took effect: {}",
            unsettled.join("; ")
        );
        let hint = format!("{}; apply the file again afterwards", hints::after_a_loss());
        return failure(format, &Error::new(ErrorKind::OutcomeUnknown, what).with_hint(hint));
    }
    match sent {
        true => format.settled(
            format!("stopped by {signal}: not everything was done, and no request is in flight"),
            None,
        ),
        false => stopped(format, signal),
    }
}

/// Returns the question before anything is sent.
fn question(plan: &Plan, work: &Work) -> String {
    let cluster = plan.source.name.as_deref().unwrap_or(&plan.source.meta);
    format!(
        "Change {} of the cluster {}, and remove {} of them?",
        duplications(work.changes()),
        name(cluster),
        work.removals().count()
    )
}

fn about_paused(paused: usize) -> String {
    format!(
        "Start also {}, which may have been paused for more than an hour? The log that was retained may be large.",
        duplications(paused)
    )
}

fn not_started(paused: usize) -> String {
    format!(
        "{} may have been paused for more than an hour and will not be started, because the log that was retained \
         may be large; --start-long-paused starts them",
        duplications(paused)
    )
}

fn duplications(count: usize) -> String {
    match count {
        1 => "1 duplication".to_owned(),
        count => format!("{count} duplications"),
    }
}
