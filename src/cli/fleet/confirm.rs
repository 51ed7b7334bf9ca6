//! Asks for confirmation on a terminal.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use crate::cli::signals::Signals;
use crate::threads;

/// The longest line that is read. A longer line is not `yes`.
const LONGEST: u64 = 1024;

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    /// Anything but `yes`, and the end of the input.
    No,
    /// A signal of this name came first.
    Signal(&'static str),
}

/// Returns whether a person can be asked, and sees the question.
pub(super) fn possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question, and waits for a line or a signal.
pub(super) async fn ask(question: &str, signals: &mut Signals) -> Answer {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{question} Type yes to continue: ");
    let _ = stderr.flush();
    tokio::select! {
        biased;
        signal = signals.next() => {
            let _ = writeln!(stderr);
            Answer::Signal(signal)
        }
        // Without a thread nobody can be asked, so the answer is no. If a signal comes first, the thread ends with
        // the process.
        answer = threads::blocking("pegasus-dup-input", line) => match answer {
            Ok(line) if line.trim() == "yes" => Answer::Yes,
            Ok(_) | Err(_) => Answer::No,
        },
    }
}

fn line() -> String {
    let mut line = String::new();
    // Without a line there is no yes.
    let _ = io::stdin().lock().take(LONGEST).read_line(&mut line);
    line
}
