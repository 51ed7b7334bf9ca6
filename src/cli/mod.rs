//! The command line. `bin/pegasus-dup` and the wheel's script both call [`main`].

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line: `args` with the program's name first.
pub fn main(_args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::FAILURE
}
