//! Turns errors into exceptions. `pegasus_dup._errors` has a class for each kind of error.

use std::error::Error as _;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::interned::interned;
use super::resource;
use crate::enums::{ErrorKind, Member};
use crate::error::Error;
use crate::text::chain;

/// Returns the name of the exception class for an error kind.
pub(super) fn class_name(kind: ErrorKind) -> &'static str {
    let mut members = ErrorKind::DECLARATION.members.iter();
    members.find(|member| member.name == kind.name()).map_or("PegasusDupError", Member::exception)
}

/// Returns the exception for an error of the client.
pub(super) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let known: Vec<_> = error
            .known()
            .iter()
            .map(|known| resource::resource(py, known))
            .collect::<PyResult<_>>()?;
        let details = PyDict::new(py);
        details.set_item(interned!(py, "hint"), error.hint())?;
        details.set_item(interned!(py, "server"), error.server())?;
        details.set_item(interned!(py, "code"), error.code().map(|code| code.name()))?;
        details.set_item(interned!(py, "known"), PyTuple::new(py, known)?)?;
        details.set_item(interned!(py, "cause"), error.source().map(chain))?;
        raise(py, class_name(error.kind()), error.message(), &details)
    };
    build().unwrap_or_else(|failure| failure)
}

/// Returns the exception for a client or server that was closed, or that was made before a fork.
pub(super) fn unusable(py: Python<'_>, message: &str, hint: &str) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let details = PyDict::new(py);
        details.set_item(interned!(py, "hint"), hint)?;
        raise(py, "ClientUnusable", message, &details)
    };
    build().unwrap_or_else(|failure| failure)
}

/// Returns the exception for a wrong argument.
pub(super) fn invalid_argument(py: Python<'_>, message: &str) -> PyErr {
    raise(py, "InvalidArgument", message, &PyDict::new(py)).unwrap_or_else(|failure| failure)
}

/// Returns the exception for a wrong argument, with the message of an error.
pub(super) fn invalid_argument_of(py: Python<'_>, error: &dyn std::error::Error) -> PyErr {
    invalid_argument(py, &error.to_string())
}

/// Returns the exception for an embedded server that cannot start.
pub(super) fn server(py: Python<'_>, error: &(dyn std::error::Error + 'static)) -> PyErr {
    let build = || -> PyResult<PyErr> {
        let details = PyDict::new(py);
        details.set_item(interned!(py, "cause"), error.source().map(chain))?;
        raise(py, "MetaServerError", &error.to_string(), &details)
    };
    build().unwrap_or_else(|failure| failure)
}

/// Makes an exception of this class.
fn raise(
    py: Python<'_>,
    class: &str,
    message: &str,
    details: &Bound<'_, PyDict>,
) -> PyResult<PyErr> {
    let class = py.import(interned!(py, "pegasus_dup._errors"))?.getattr(class)?;
    Ok(PyErr::from_value(class.call((message,), Some(details))?))
}
