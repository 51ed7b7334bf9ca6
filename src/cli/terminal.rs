//! Writing to the terminal, with colours where a terminal shows them.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};

use crate::text::{Line, Tone};

/// The highest number of a standard stream.
const STDERR: RawFd = 2;

/// Opens the null device on each of stdin, stdout and stderr that is closed. Otherwise the next socket
/// would get that number, and text for stdout would be sent to a server. Rust does this for its own
/// programs, but not when the command line runs inside of a Python process.
pub(super) fn open_closed_streams() {
    let null = || File::options().read(true).write(true).open("/dev/null");
    // The operating system always assigns the lowest free number.
    while let Ok(null) = null() {
        if null.as_raw_fd() > STDERR {
            break;
        }
        // The stream stays open for as long as the process lives.
        let _ = null.into_raw_fd();
    }
}

/// Returns whether lines on this stream are coloured. Only terminals show colours, unless `NO_COLOR`
/// or another variable that [`AutoStream`] knows forbids it.
fn is_coloured(stream: &impl RawStream) -> bool {
    stream.is_terminal() && AutoStream::choice(stream) != ColorChoice::Never
}

/// Returns the lines as text, each with a line end. The labels are coloured on request.
fn written(lines: &[Line], coloured: bool) -> String {
    let mut text = String::new();
    for line in lines {
        let colour = match line.tone {
            Tone::Good => Some(AnsiColor::Green),
            Tone::Attention => Some(AnsiColor::Yellow),
            Tone::Bad => Some(AnsiColor::Red),
            Tone::Neutral => None,
        };
        // Writing to a String cannot fail.
        let _ = match colour.filter(|_| coloured && !line.label.is_empty()) {
            Some(colour) => {
                let style = Style::new().bold().fg_color(Some(colour.into()));
                writeln!(text, "{style}{}:{style:#} {}", line.label, line.text)
            }
            None => writeln!(text, "{line}"),
        };
    }
    text
}

/// Writes lines to stderr. Errors are ignored, because there is no other stream to report them on.
pub(super) fn complain(lines: &[Line]) {
    let mut stderr = io::stderr().lock();
    let text = written(lines, is_coloured(&stderr));
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// Writes lines to stdout. Returns an error unless all of them were written.
pub(super) fn say(lines: &[Line]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let text = written(lines, is_coloured(&stdout));
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Erases the current line of a terminal.
const ERASE: &str = "\r\x1b[2K";

/// A note that the program is waiting. It is shown on a terminal only, and erased when it is dropped.
pub(super) struct WaitingNote {
    shown: bool,
}

impl WaitingNote {
    pub(super) fn new() -> WaitingNote {
        WaitingNote { shown: false }
    }

    /// Shows the text in place of the previous one.
    pub(super) fn show(&mut self, text: &str) {
        if io::stderr().is_terminal() {
            let _ = io::stderr().write_all(format!("{ERASE}{text}").as_bytes());
            self.shown = true;
        }
    }
}

impl Drop for WaitingNote {
    fn drop(&mut self) {
        if self.shown {
            let _ = io::stderr().write_all(ERASE.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_labels_are_coloured() {
        let lines = [Line::error("no"), Line::plain("a b"), Line::warning("paused")];
        assert_eq!(written(&lines, false), "error: no\na b\nwarning: paused\n");
        assert_eq!(
            written(&lines, true),
            "\x1b[1m\x1b[31merror:\x1b[0m no\na b\n\x1b[1m\x1b[33mwarning:\x1b[0m paused\n"
        );
    }
}
