//! The Python face, `pegasus_dup._core`: a thin module under the Python package of `python/`.
//!
//! What callers see (classes, enumerations, exceptions, checks of arguments) is Python; what waits
//! and talks to servers is here. Values cross as objects of the Python package's own classes.

mod call;
mod client;
mod errors;
mod gate;
mod interned;
mod logging;
mod mailbox;
mod names;
mod operation;
mod outcome;
mod server;
mod text;
mod threads;
mod watch;

use std::ffi::OsString;
use std::io::Write;

use pyo3::prelude::*;

/// Nothing here relies on the GIL: classes are frozen, and what changes stands behind locks.
#[pymodule(gil_used = false)]
#[pyo3(name = "_core")]
fn core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    gate::open();
    names::add_to(module)?;
    module.add_class::<call::Call>()?;
    module.add_class::<mailbox::Mailbox>()?;
    module.add_class::<client::Client>()?;
    module.add_class::<operation::Operation>()?;
    module.add_class::<server::MetaGroup>()?;
    module.add_class::<server::MetaServer>()?;
    module.add_function(wrap_pyfunction!(gate::close_gate, module)?)?;
    module.add_function(wrap_pyfunction!(logging::set_log, module)?)?;
    module.add_function(wrap_pyfunction!(text::outcome_text, module)?)?;
    module.add_function(wrap_pyfunction!(text::resource_text, module)?)?;
    module.add_function(wrap_pyfunction!(text::difference_text, module)?)?;
    module.add_function(wrap_pyfunction!(text::error_text, module)?)?;
    module.add_function(wrap_pyfunction!(text::step_text, module)?)?;
    module.add_function(wrap_pyfunction!(cli_main, module)?)
}

/// Runs the command line, the program's name first, and returns its exit code.
#[pyfunction]
fn cli_main(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| {
        let code = crate::cli::run(args);
        // Rust flushes its own standard output only at the end of a Rust `main`. Who closed the
        // other end is not told a second time.
        let _ = std::io::stdout().flush();
        code
    })
}
