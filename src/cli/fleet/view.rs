//! Writes the results of an apply while it runs, on a thread of its own. If the reader of stdout is slow or
//! stuck, the requests in flight must not wait for it, because they would time out.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::oneshot;

use crate::cli::terminal::{complain, say};
use crate::enums::ItemResult;
use crate::fleet::Event;
use crate::text::{Line, Tone};

use super::{json, text};

/// What is shown next.
enum Shown {
    /// A line for stdout.
    Result(Line),
    /// A line for stderr.
    Remark(Line),
    /// The apply is done with one more duplication.
    Finished,
    /// What the apply waits for.
    Waiting(String),
}

/// Shows the events of an apply.
pub(super) struct View {
    json: bool,
    all: bool,
    shown: Sender<Shown>,
    written: oneshot::Receiver<io::Result<()>>,
    /// Does the work of the thread if no thread could be started.
    here: Option<(Receiver<Shown>, Writer, oneshot::Sender<io::Result<()>>)>,
}

/// How the results are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) json: bool,
    /// Whether duplications for which there was nothing to do are shown.
    pub(super) all: bool,
}

impl View {
    /// Starts to show the results for this many duplications.
    pub(super) fn start(style: Style, total: usize) -> View {
        let (shown, next) = channel();
        let (done, written) = oneshot::channel();
        let writer = Writer::new(total);
        let mut view = View { json: style.json, all: style.all, shown, written, here: None };
        let (give, take) = channel();
        let started =
            thread::Builder::new().name("pegasus-dup-output".to_owned()).spawn(move || {
                if let Ok((next, writer, done)) = take.recv() {
                    run(next, writer, done);
                }
            });
        let work = (next, writer, done);
        match started {
            Ok(_) => {
                // The thread waits for it.
                let _ = give.send(work);
            }
            Err(_) => view.here = Some(work),
        }
        view
    }

    fn show(&mut self, shown: Shown) {
        match &mut self.here {
            Some((_, writer, _)) => writer.show(shown),
            // The thread reads until the view ends.
            None => drop(self.shown.send(shown)),
        }
    }

    /// Shows an event.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        let line = match event {
            _ if self.json => Some(json::event(event)),
            Event::Finished(report) => {
                let quiet = match report.result {
                    ItemResult::Unchanged => report.warning.is_none(),
                    ItemResult::NotTried => true,
                    _ => false,
                };
                (self.all || !quiet).then(|| text::report(report))
            }
            Event::Started(_) | Event::Preparing { .. } => None,
        };
        if let Some(line) = line {
            self.show(Shown::Result(line));
        }
        match event {
            Event::Finished(_) => self.show(Shown::Finished),
            Event::Preparing { preparing, waiting } => {
                self.show(Shown::Waiting(format!("preparing={preparing} waiting={waiting}")));
            }
            Event::Started(_) => {}
        }
    }

    /// Writes a line to stderr.
    pub(super) fn remark(&mut self, line: Line) {
        self.show(Shown::Remark(line));
    }

    /// Writes the last lines to stdout, and waits until everything is written.
    pub(super) async fn end(mut self, lines: Vec<Line>) -> io::Result<()> {
        for line in lines {
            self.show(Shown::Result(line));
        }
        let View { shown, written, here, .. } = self;
        // Without the sender, the thread ends after the last line.
        drop(shown);
        if let Some((next, writer, done)) = here {
            run(next, writer, done);
        }
        written.await.unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))
    }
}

/// Shows everything that comes, and says in the end whether all of it was written.
fn run(next: Receiver<Shown>, mut writer: Writer, done: oneshot::Sender<io::Result<()>>) {
    for shown in next {
        writer.show(shown);
    }
    writer.bar.finish_and_clear();
    // Without a receiver, a signal has ended the program.
    let _ = done.send(writer.written);
}

/// The bar has no colours, so it is the same with `NO_COLOR`.
const BAR: &str = "[{bar:40}] {pos}/{len} {msg}";

/// Writes to stdout and stderr. If stderr is a terminal, a bar on it shows how far the apply is.
struct Writer {
    bar: ProgressBar,
    /// The last text about what the apply waits for.
    waiting: String,
    written: io::Result<()>,
}

impl Writer {
    fn new(total: usize) -> Writer {
        let style = ProgressStyle::with_template(BAR).expect("the template is valid");
        let bar = ProgressBar::new(total as u64).with_style(style.progress_chars("=> "));
        Writer { bar, waiting: String::new(), written: Ok(()) }
    }

    fn show(&mut self, shown: Shown) {
        match shown {
            Shown::Result(line) if self.written.is_ok() => {
                self.written = self.bar.suspend(|| say(&[line]));
            }
            // The reader has closed stdout. The apply goes on, because what is in flight has to end.
            Shown::Result(_) => {}
            Shown::Remark(line) => self.bar.suspend(|| complain(&[line])),
            Shown::Finished => self.bar.inc(1),
            Shown::Waiting(text) if text == self.waiting => {}
            Shown::Waiting(text) => {
                if self.bar.is_hidden() {
                    complain(&[Line::new("waiting", Tone::Neutral, &*text)]);
                }
                self.bar.set_message(text.clone());
                self.waiting = text;
            }
        }
    }
}
