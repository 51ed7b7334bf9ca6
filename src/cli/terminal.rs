//! What reaches the terminal, and how it looks there.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};

use crate::text::sentence;

/// The highest number of a standard stream.
const STDERR: RawFd = 2;

/// Whether either stream is to be coloured: only on a terminal, and only if `NO_COLOR` is unset or
/// empty and the terminal can do it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    pub(super) stdout: Colour,
    pub(super) stderr: Colour,
}

impl Look {
    pub(super) fn detect() -> Look {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
        Look {
            stdout: Colour(wanted && io::stdout().is_terminal()),
            stderr: Colour(wanted && io::stderr().is_terminal()),
        }
    }
}

/// Colours, or none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Colour(pub(super) bool);

impl Colour {
    pub(super) fn red(self, text: &str) -> String {
        self.paint("31", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[1;{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Opens the null device on each of stdin, stdout and stderr that is closed. Otherwise the next socket
/// would get that number, and what is written to stdout would be sent to a server. Rust does this for
/// a program of its own; in Python's process nobody has.
pub(super) fn open_closed_streams() {
    let null = || File::options().read(true).write(true).open("/dev/null");
    // The lowest number that is free is taken each time.
    while let Ok(null) = null() {
        if null.as_raw_fd() > STDERR {
            break;
        }
        // It stays open for as long as the process lives.
        let _ = null.into_raw_fd();
    }
}

/// Writes to stderr. Nobody can be told if that fails, so nobody is.
pub(super) fn complain(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// Writes an error to stderr that stops the program before there is an answer to give.
pub(super) fn complain_of(message: &str, look: Look) {
    complain(&format!("{} {}\n", look.stderr.red("error:"), sentence(message)));
}

/// Writes to stdout, all of it or an error.
pub(super) fn say(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// A note that a call takes its time; on a terminal only, and gone when dropped.
pub(super) struct WaitingNote {
    shown: bool,
}

impl WaitingNote {
    pub(super) fn new() -> WaitingNote {
        WaitingNote { shown: false }
    }

    pub(super) fn show(&mut self, text: &str) {
        if io::stderr().is_terminal() {
            complain(text);
            self.shown = true;
        }
    }
}

impl Drop for WaitingNote {
    fn drop(&mut self) {
        if self.shown {
            complain("\r\x1b[2K");
        }
    }
}
