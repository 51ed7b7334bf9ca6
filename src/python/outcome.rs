//! Turns outcomes into objects of the classes of `pegasus_dup._outcome`.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::interned::interned;
use super::resource::{
    Object, duplication, fields, list, member, resource, table, table_duplications, tuple, value,
};
use crate::client::OperationResult;
use crate::info::{Info, ServerInfo};
use crate::outcome::{Change, Difference, Evidence, Outcome, Property, Removal};
use crate::remote_cluster::RemoteCluster;
use crate::resource::Resource;

/// Makes an object of a class of outcomes.
fn make<'py>(py: Python<'py>, class: &str, fields: &Bound<'py, PyDict>) -> PyResult<Object<'py>> {
    py.import(interned!(py, "pegasus_dup._outcome"))?.getattr(class)?.call((), Some(fields))
}

fn evidence(py: Python<'_>, evidence: Evidence) -> PyResult<Object<'_>> {
    member(py, "Evidence", evidence.name())
}

fn difference<'py>(py: Python<'py>, difference: &Difference) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        field: property(py, &difference.field)?,
        asked: value(py, &difference.asked)?,
        existing: value(py, &difference.existing)?,
    };
    make(py, "Difference", &fields)
}

fn property<'py>(py: Python<'py>, property: &Property) -> PyResult<Object<'py>> {
    member(py, "Property", property.name())
}

/// Returns the result of an operation.
pub(super) fn of_operation<'py>(
    py: Python<'py>,
    result: &OperationResult,
) -> PyResult<Object<'py>> {
    match result {
        OperationResult::Outcome(one) => outcome(py, one),
        OperationResult::Duplications(all) => list(py, all, duplication)?.into_pyobject(py),
        OperationResult::ByTable(all) => list(py, all, table_duplications)?.into_pyobject(py),
        OperationResult::Table(one) => table(py, one),
        OperationResult::Tables(all) => list(py, all, table)?.into_pyobject(py),
        OperationResult::Change(one) => change(py, one),
        OperationResult::Removal(one) => removal(py, one),
        OperationResult::Info(one) => info(py, one),
        OperationResult::RemoteCluster(one) => remote_cluster(py, one),
    }
}

pub(super) fn outcome<'py>(py: Python<'py>, outcome: &Outcome<Resource>) -> PyResult<Object<'py>> {
    match outcome {
        Outcome::Created { value, unverified, evidence: how, warning } => {
            let fields = fields! { py,
                value: resource(py, value)?,
                evidence: evidence(py, *how)?,
                warning: warning.as_deref(),
                unverified: tuple(py, unverified, property)?,
            };
            make(py, "Created", &fields)
        }
        Outcome::AlreadyExists { existing, differences, unverified, evidence: how, warning } => {
            let fields = fields! { py,
                existing: resource(py, existing)?,
                differences: tuple(py, differences, difference)?,
                evidence: evidence(py, *how)?,
                warning: warning.as_deref(),
                unverified: tuple(py, unverified, property)?,
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

fn server_info<'py>(py: Python<'py>, info: &ServerInfo) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        server: &info.server,
        role: member(py, "Role", info.role.name())?,
        detail: info.detail.as_deref(),
    };
    make(py, "ServerInfo", &fields)
}

fn info<'py>(py: Python<'py>, info: &Info) -> PyResult<Object<'py>> {
    let generation = info.generation.map(|one| member(py, "Generation", one.name())).transpose()?;
    let known_by = info.known_by.map(|how| member(py, "KnownBy", how.name())).transpose()?;
    let fields = fields! { py,
        servers: tuple(py, &info.servers, server_info)?,
        leader: info.leader.as_deref(),
        cluster_name: info.cluster_name.as_deref(),
        version: info.version.as_deref(),
        generation: generation,
        known_by: known_by,
        warning: info.warning.as_deref(),
    };
    make(py, "Info", &fields)
}

fn remote_cluster<'py>(py: Python<'py>, remote: &RemoteCluster) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        cluster: &remote.cluster,
        state: member(py, "RemoteClusterState", remote.state.name())?,
        hint: remote.hint.as_deref(),
    };
    make(py, "RemoteCluster", &fields)
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
