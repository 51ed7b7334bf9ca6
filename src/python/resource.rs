//! Turns resources, and the values of their fields, into objects of the classes of
//! `pegasus_dup._resources`.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::interned::interned;
use crate::resource::{
    BackupPolicy, Duplication, FieldValue, PartitionProgress, PartitionReplicas, Resource, Table,
    TableDuplications, envs,
};

pub(super) type Object<'py> = Bound<'py, PyAny>;

/// Makes an object of a class of resources.
fn make<'py>(py: Python<'py>, class: &str, fields: &Bound<'py, PyDict>) -> PyResult<Object<'py>> {
    py.import(interned!(py, "pegasus_dup._resources"))?.getattr(class)?.call((), Some(fields))
}

/// Returns the member of an enumeration that has this text.
pub(super) fn member<'py>(py: Python<'py>, class: &str, text: &str) -> PyResult<Object<'py>> {
    py.import(interned!(py, "pegasus_dup._enums"))?.getattr(class)?.call1((text,))
}

/// Makes a tuple of the objects for all values.
pub(super) fn tuple<'py, T>(
    py: Python<'py>,
    all: &[T],
    object: impl Fn(Python<'py>, &T) -> PyResult<Object<'py>>,
) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, list(py, all, object)?)
}

/// Makes the objects for all values.
pub(super) fn list<'py, T>(
    py: Python<'py>,
    all: &[T],
    object: impl Fn(Python<'py>, &T) -> PyResult<Object<'py>>,
) -> PyResult<Vec<Object<'py>>> {
    all.iter().map(|one| object(py, one)).collect()
}

/// Makes a dictionary of keyword arguments. Fields are passed by name, so their order does not matter.
macro_rules! fields {
    ($py:ident, $( $name:ident : $value:expr ),* $(,)?) => {{
        let fields = ::pyo3::types::PyDict::new($py);
        $( fields.set_item($crate::python::interned::interned!($py, stringify!($name)), $value)?; )*
        fields
    }};
}
pub(super) use fields;

/// Returns any resource as an object of its class.
pub(super) fn resource<'py>(py: Python<'py>, resource: &Resource) -> PyResult<Object<'py>> {
    match resource {
        Resource::Duplication(one) => duplication(py, one),
        Resource::Table(one) => table(py, one),
        Resource::BackupPolicy(one) => backup_policy(py, one),
    }
}

pub(super) fn duplication<'py>(
    py: Python<'py>,
    duplication: &Duplication,
) -> PyResult<Object<'py>> {
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
        partitions: tuple(py, &duplication.partitions, progress)?,
    };
    make(py, "Duplication", &fields)
}

fn progress<'py>(py: Python<'py>, progress: &PartitionProgress) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        partition: progress.partition,
        confirmed_decree: progress.confirmed_decree,
        last_committed_decree: progress.last_committed_decree,
    };
    make(py, "PartitionProgress", &fields)
}

pub(super) fn table_duplications<'py>(
    py: Python<'py>,
    table: &TableDuplications,
) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        table: &table.table,
        table_id: table.table_id,
        partition_count: table.partition_count,
        duplications: tuple(py, &table.duplications, duplication)?,
    };
    make(py, "TableDuplications", &fields)
}

pub(super) fn table<'py>(py: Python<'py>, table: &Table) -> PyResult<Object<'py>> {
    let status = table.status.map(|status| member(py, "TableStatus", status.name())).transpose()?;
    let fields = fields! { py,
        table: &table.table,
        table_id: table.table_id,
        status: status,
        partition_count: table.partition_count,
        replica_count: table.replica_count,
        atomic_idempotent: table.atomic_idempotent,
        envs: value(py, &envs(&table.envs))?,
        duplicating: table.duplicating,
        create_ts_ms: table.create_ts_ms,
        drop_ts_ms: table.drop_ts_ms,
        expire_ts_ms: table.expire_ts_ms,
        ready_partitions: table.ready_partitions,
        partitions: tuple(py, &table.partitions, replicas)?,
    };
    make(py, "Table", &fields)
}

fn replicas<'py>(py: Python<'py>, replicas: &PartitionReplicas) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        partition: replicas.partition,
        ready: replicas.ready,
        primary: replicas.primary.as_deref(),
        secondaries: PyTuple::new(py, &replicas.secondaries)?,
    };
    make(py, "PartitionReplicas", &fields)
}

fn backup_policy<'py>(py: Python<'py>, policy: &BackupPolicy) -> PyResult<Object<'py>> {
    let fields = fields! { py,
        policy: &policy.policy,
        provider: &policy.provider,
        table_ids: PyTuple::new(py, &policy.table_ids)?,
        interval_seconds: policy.interval_seconds,
        history_count: policy.history_count,
        start_time: &policy.start_time,
        disabled: policy.disabled,
    };
    make(py, "BackupPolicy", &fields)
}

/// Returns a value as Python's type for it. A list becomes a tuple, and a map a dictionary that cannot be
/// changed.
pub(super) fn value<'py>(py: Python<'py>, of: &FieldValue) -> PyResult<Object<'py>> {
    match of {
        FieldValue::Absent => Ok(py.None().into_bound(py)),
        FieldValue::Boolean(boolean) => boolean.into_bound_py_any(py),
        FieldValue::Number(number) => number.into_bound_py_any(py),
        FieldValue::Text(text) => text.into_bound_py_any(py),
        FieldValue::List(values) => tuple(py, values, value)?.into_bound_py_any(py),
        FieldValue::Map(fields) => {
            let map = PyDict::new(py);
            for (key, of) in fields {
                map.set_item(&**key, value(py, of)?)?;
            }
            py.import(interned!(py, "pegasus_dup._values"))?
                .getattr(interned!(py, "FrozenDict"))?
                .call1((map,))
        }
    }
}
