//! The names of everything that Python has an enumeration for, so that a test can compare them.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::errors;
use crate::client::progress::Step;
use crate::error::ErrorKind;
use crate::info::{KnownBy, Role};
use crate::outcome::{Evidence, FailMode, Property, Status};
use crate::protocol::generation::Generation;

const EVIDENCES: [Evidence; 4] = [
    Evidence::ServerSaidSo,
    Evidence::ListedBefore,
    Evidence::ListedAfter,
    Evidence::AppearedDuringCall,
];

/// More numbers than any generation has statuses.
const STATUS_NUMBERS: std::ops::Range<i32> = 0..16;

/// One number more than there are fail modes.
const FAIL_MODE_NUMBERS: std::ops::Range<i32> = 0..4;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let mut statuses: Vec<&str> = Generation::ALL
        .into_iter()
        .flat_map(|generation| STATUS_NUMBERS.map(move |number| generation.status(number)))
        .map(Status::name)
        .collect();
    statuses.sort_unstable();
    statuses.dedup();

    let add = |name: &str, values: Vec<&str>| -> PyResult<()> {
        module.add(name, PyTuple::new(module.py(), values)?)
    };
    let exceptions = PyDict::new(module.py());
    for kind in ErrorKind::ALL {
        exceptions.set_item(kind.name(), errors::class_name(kind))?;
    }
    module.add("EXCEPTIONS", exceptions)?;
    add("EVIDENCES", EVIDENCES.into_iter().map(Evidence::name).collect())?;
    add(
        "FAIL_MODES",
        FAIL_MODE_NUMBERS.map(|number| FailMode::from_number(number).name()).collect(),
    )?;
    add("GENERATIONS", Generation::ALL.into_iter().map(Generation::name).collect())?;
    add("PROPERTIES", Property::ALL.into_iter().map(Property::name).collect())?;
    add("ROLES", Role::ALL.into_iter().map(Role::name).collect())?;
    add("KNOWN_BY", KnownBy::ALL.into_iter().map(KnownBy::name).collect())?;
    add("STEPS", Step::NAMES.to_vec())?;
    add("STATUSES", statuses)
}
