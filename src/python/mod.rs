//! The Python module `pegasus_dup._core`, which the Python package in `python/` uses.
//!
//! The package contains everything that callers see: classes, enumerations, exceptions and the checks of
//! arguments. This module contains the code that waits and that talks to servers. It returns objects of
//! the package's classes.

mod call;
mod client;
mod errors;
mod fleet;
mod gate;
mod history;
mod interned;
mod logging;
mod mailbox;
mod names;
mod operation;
mod outcome;
mod resource;
mod server;
mod text;
mod threads;
mod watch;

use std::ffi::OsString;
use std::io::Write;

use pyo3::prelude::*;

/// Nothing here relies on the GIL. The classes are frozen, and everything that changes is behind locks.
#[pymodule(gil_used = false)]
#[pyo3(name = "_core")]
fn core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    gate::open();
    names::add_to(module)?;
    module.add_class::<call::Call>()?;
    module.add_class::<mailbox::Mailbox>()?;
    module.add_class::<client::Client>()?;
    module.add_class::<history::Recorder>()?;
    module.add_class::<operation::Operation>()?;
    module.add_class::<resource::PackedProgress>()?;
    module.add_class::<server::MetaGroup>()?;
    module.add_class::<server::MetaServer>()?;
    module.add_function(wrap_pyfunction!(fleet::fleet_of_text, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::fleet_toml, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::fleet_json, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::plan_of_text, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::plan_text, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::item_text, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::item_difference_text, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::plan_operation, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::export_operation, module)?)?;
    module.add_function(wrap_pyfunction!(fleet::apply_operation, module)?)?;
    module.add_function(wrap_pyfunction!(gate::close_gate, module)?)?;
    module.add_function(wrap_pyfunction!(logging::set_log, module)?)?;
    module.add_function(wrap_pyfunction!(text::outcome_text, module)?)?;
    module.add_function(wrap_pyfunction!(text::resource_text, module)?)?;
    module.add_function(wrap_pyfunction!(text::difference_text, module)?)?;
    module.add_function(wrap_pyfunction!(text::error_text, module)?)?;
    module.add_function(wrap_pyfunction!(text::step_text, module)?)?;
    module.add_function(wrap_pyfunction!(cli_main, module)?)
}

/// Runs the command line and returns its exit code. The first argument is the name of the program.
#[pyfunction]
fn cli_main(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| {
        let code = crate::cli::run(args);
        // Rust flushes its standard output only at the end of a Rust `main`. An error was reported
        // before, so it is ignored here.
        let _ = std::io::stdout().flush();
        code
    })
}
