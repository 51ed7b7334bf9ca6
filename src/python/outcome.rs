//! Turns outcomes into objects of the classes of `pegasus_dup._outcome` and
//! `pegasus_dup._resources`.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::interned::interned;
use crate::client::OperationResult;
use crate::info::{Info, ServerInfo};
use crate::outcome::{Change, Difference, Evidence, Outcome, Property, Removal};
use crate::resource::{
    Described as _, Duplication, FieldValue, PartitionProgress, Resource, TableDuplications,
};

type Object<'py> = Bound<'py, PyAny>;

/// Makes an object of a class of outcomes.
fn make<'py>(py: Python<'py>, class: &str, fields: &Bound<'py, PyDict>) -> PyResult<Object<'py>> {
    py.import(interned!(py, "pegasus_dup._outcome"))?.getattr(class)?.call((), Some(fields))
}

/// Makes an object of a class of resources.
fn make_resource<'py>(
    py: Python<'py>,
    class: &str,
    fields: &Bound<'py, PyDict>,
) -> PyResult<Object<'py>> {
    py.import(interned!(py, "pegasus_dup._resources"))?.getattr(class)?.call((), Some(fields))
}

/// Returns the member of an enumeration that has this text.
fn member<'py>(py: Python<'py>, class: &str, text: &str) -> PyResult<Object<'py>> {
    py.import(interned!(py, "pegasus_dup._enums"))?.getattr(class)?.call1((text,))
}

fn evidence(py: Python<'_>, evidence: Evidence) -> PyResult<Object<'_>> {
    member(py, "Evidence", evidence.name())
}

/// Makes a dictionary of keyword arguments. Fields are passed by name, so their order does not matter.
macro_rules! fields {
    ($py:ident, $( $name:ident : $value:expr ),* $(,)?) => {{
        let fields = PyDict::new($py);
        $( fields.set_item(interned!($py, stringify!($name)), $value)?; )*
        fields
    }};
}

pub(super) fn duplication<'py>(
    py: Python<'py>,
    duplication: &Duplication,
) -> PyResult<Object<'py>> {
    let partitions: Vec<_> = duplication
        .partitions
        .iter()
        .map(|partition| progress(py, partition))
        .collect::<PyResult<_>>()?;
    let status =
        duplication.status.map(|status| member(py, "Status", status.name())).transpose()?;
    let fail_mode =
        duplication.fail_mode.map(|mode| member(py, "FailMode", mode.name())).transpose()?;
    let fields = fields! { py,
        table: &duplication.table,
        table_id: duplication.table_id,
        cluster: &duplication.cluster,
        dupid: duplication.dupid,
        status: status,
        fail_mode: fail_mode,
        remote_table: duplication.remote_table.as_deref(),
        remote_replica_count: duplication.remote_replica_count,
        create_ts_ms: duplication.create_ts_ms,
        partitions: PyTuple::new(py, partitions)?,
    };
    make_resource(py, "Duplication", &fields)
}

pub(super) fn duplications<'py>(
    py: Python<'py>,
    all: &[Duplication],
) -> PyResult<Vec<Object<'py>>> {
    all.iter().map(|one| duplication(py, one)).collect()
}

fn table_duplications<'py>(py: Python<'py>, table: &TableDuplications) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        table: &table.table,
        table_id: table.table_id,
        partition_count: table.partition_count,
        duplications: PyTuple::new(py, duplications(py, &table.duplications)?)?,
    };
    make_resource(py, "TableDuplications", &fields)
}

fn progress<'py>(py: Python<'py>, progress: &PartitionProgress) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        partition: progress.partition,
        confirmed_decree: progress.confirmed_decree,
        last_committed_decree: progress.last_committed_decree,
    };
    make_resource(py, "PartitionProgress", &fields)
}

/// Returns any resource as an object of its class.
pub(super) fn resource<'py>(py: Python<'py>, resource: &Resource) -> PyResult<Object<'py>> {
    match resource {
        Resource::Duplication(one) => duplication(py, one),
        other => value(py, &FieldValue::Map(other.fields())),
    }
}

/// Returns a value as Python's type for it: a list becomes a tuple, and a map a dictionary.
fn value<'py>(py: Python<'py>, of: &FieldValue) -> PyResult<Object<'py>> {
    match of {
        FieldValue::Absent => Ok(py.None().into_bound(py)),
        FieldValue::Boolean(boolean) => boolean.into_bound_py_any(py),
        FieldValue::Number(number) => number.into_bound_py_any(py),
        FieldValue::Text(text) => text.into_bound_py_any(py),
        FieldValue::List(values) => {
            let values: Vec<_> =
                values.iter().map(|one| value(py, one)).collect::<PyResult<_>>()?;
            PyTuple::new(py, values)?.into_bound_py_any(py)
        }
        FieldValue::Map(fields) => {
            let map = PyDict::new(py);
            for (key, of) in fields {
                map.set_item(&**key, value(py, of)?)?;
            }
            map.into_bound_py_any(py)
        }
    }
}

fn difference<'py>(py: Python<'py>, difference: &Difference) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        field: member(py, "Property", difference.field.name())?,
        asked: value(py, &difference.asked)?,
        existing: value(py, &difference.existing)?,
    };
    make(py, "Difference", &fields)
}

fn properties<'py>(py: Python<'py>, all: &[Property]) -> PyResult<Bound<'py, PyTuple>> {
    let all: Vec<_> =
        all.iter().map(|one| member(py, "Property", one.name())).collect::<PyResult<_>>()?;
    PyTuple::new(py, all)
}

/// Returns the result of an operation.
pub(super) fn of_operation<'py>(
    py: Python<'py>,
    result: &OperationResult,
) -> PyResult<Bound<'py, PyAny>> {
    match result {
        OperationResult::Outcome(one) => outcome(py, one),
        OperationResult::Duplications(all) => duplications(py, all)?.into_pyobject(py),
        OperationResult::ByTable(all) => {
            let tables: Vec<_> =
                all.iter().map(|table| table_duplications(py, table)).collect::<PyResult<_>>()?;
            tables.into_pyobject(py)
        }
        OperationResult::Tables(all) => {
            let tables: Vec<_> = all
                .iter()
                .map(|table| value(py, &FieldValue::Map(table.fields())))
                .collect::<PyResult<_>>()?;
            tables.into_pyobject(py)
        }
        OperationResult::Change(one) => change(py, one),
        OperationResult::Removal(one) => removal(py, one),
        OperationResult::Info(one) => info(py, one),
    }
}

pub(super) fn outcome<'py>(py: Python<'py>, outcome: &Outcome<Resource>) -> PyResult<Object<'py>> {
    match outcome {
        Outcome::Created { value, unverified, evidence: how, warning } => {
            let fields = fields! { py,
                value: resource(py, value)?,
                evidence: evidence(py, *how)?,
                warning: warning.as_deref(),
                unverified: properties(py, unverified)?,
            };
            make(py, "Created", &fields)
        }
        Outcome::AlreadyExists { existing, differences, unverified, evidence: how, warning } => {
            let differences: Vec<_> =
                differences.iter().map(|one| difference(py, one)).collect::<PyResult<_>>()?;
            let fields = fields! { py,
                existing: resource(py, existing)?,
                differences: PyTuple::new(py, differences)?,
                evidence: evidence(py, *how)?,
                warning: warning.as_deref(),
                unverified: properties(py, unverified)?,
            };
            make(py, "AlreadyExists", &fields)
        }
    }
}

pub(super) fn change<'py>(py: Python<'py>, change: &Change<Resource>) -> PyResult<Object<'py>> {
    match change {
        Change::Changed { before, after, warning } => {
            let fields = fields! { py,
                before: resource(py, before)?,
                after: resource(py, after)?,
                warning: warning.as_deref(),
            };
            make(py, "Changed", &fields)
        }
        Change::Unchanged { current, warning } => {
            let fields = fields! { py,
                current: resource(py, current)?,
                warning: warning.as_deref(),
            };
            make(py, "Unchanged", &fields)
        }
    }
}

fn info<'py>(py: Python<'py>, info: &Info) -> PyResult<Object<'py>> {
    let server = |one: &ServerInfo| {
        let fields = fields! { py,
            server: &one.server,
            role: member(py, "Role", one.role.name())?,
            detail: one.detail.as_deref(),
        };
        make(py, "ServerInfo", &fields)
    };
    let servers: Vec<_> = info.servers.iter().map(server).collect::<PyResult<_>>()?;
    let generation = info.generation.map(|one| member(py, "Generation", one.name())).transpose()?;
    let known_by = info.known_by.map(|how| member(py, "KnownBy", how.name())).transpose()?;
    let fields = fields! { py,
        servers: PyTuple::new(py, servers)?,
        leader: info.leader.as_deref(),
        version: info.version.as_deref(),
        generation: generation,
        known_by: known_by,
        warning: info.warning.as_deref(),
    };
    make(py, "Info", &fields)
}

pub(super) fn removal<'py>(py: Python<'py>, removal: &Removal<Resource>) -> PyResult<Object<'py>> {
    match removal {
        Removal::Removed { was, evidence: how, warning } => {
            let fields = fields! { py,
                was: resource(py, was)?,
                evidence: evidence(py, *how)?,
                warning: warning.as_deref(),
            };
            make(py, "Removed", &fields)
        }
        Removal::NotFound => make(py, "NotFound", &PyDict::new(py)),
    }
}
