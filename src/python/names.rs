//! The names of the enums that all faces share, for a test that compares the Python enums with them.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::errors;
use crate::enums::ENUMS;
use crate::error::ErrorKind;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let enums = PyDict::new(py);
    for declared in ENUMS {
        let members = declared.members.iter().chain(&declared.other);
        let names: Vec<&str> = members.map(|member| member.name).collect();
        enums.set_item(declared.name, PyTuple::new(py, names)?)?;
    }
    module.add("ENUMS", enums)?;
    let exceptions = PyDict::new(py);
    for kind in ErrorKind::ALL {
        exceptions.set_item(kind.name(), errors::class_name(kind))?;
    }
    module.add("EXCEPTIONS", exceptions)
}
