//! Turns resources, and the values of their fields, into objects of the classes of
//! `pegasus_dup._resources`.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use super::interned::interned;
use crate::resource::{
    BackupPolicy, Duplication, FieldValue, PartitionProgress, PartitionReplicas, Resource, Table,
    TableDuplications, envs,
};

pub(super) type Object<'py> = Bound<'py, PyAny>;

/// Makes an object of a class of resources.
fn make<'py>(py: Python<'py>, class: &str, fields: &Bound<'py, PyDict>) -> PyResult<Object<'py>> {
    self::class(py, class)?.call((), Some(fields))
}

/// Returns a class of resources.
fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Object<'py>> {
    py.import(interned!(py, "pegasus_dup._resources"))?.getattr(name)
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
        partitions: PackedProgress::of(&duplication.partitions),
    };
    make(py, "Duplication", &fields)
}

/// The progress of the partitions of a duplication, as a `Duplication` of Python holds it.
///
/// A list may have hundreds of thousands of partitions, and few programs read all of them. Therefore the
/// Python objects are made only when the attribute `partitions` is read, and they are not kept.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct PackedProgress(Box<[PackedPartition]>);

/// A [`PartitionProgress`] without the space for two `Option`s: 24 bytes instead of 40. As on the wire, -1
/// stands for a decree that is not known.
struct PackedPartition {
    partition: i32,
    confirmed_decree: i64,
    last_committed_decree: i64,
}

impl PackedProgress {
    fn of(partitions: &[PartitionProgress]) -> PackedProgress {
        let packed = |one: &PartitionProgress| PackedPartition {
            partition: one.partition,
            confirmed_decree: one.confirmed_decree.unwrap_or(-1),
            last_committed_decree: one.last_committed_decree.unwrap_or(-1),
        };
        PackedProgress(partitions.iter().map(packed).collect())
    }
}

#[pymethods]
impl PackedProgress {
    /// Makes the tuple of the partitions.
    fn unpack<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let class = class(py, "PartitionProgress")?;
        let known = |decree: i64| Some(decree).filter(|&decree| decree >= 0);
        // The arguments are passed by position, because a dictionary for each partition would take more time
        // than all the rest.
        tuple(py, &self.0, |_, one| {
            class.call1((
                one.partition,
                known(one.confirmed_decree),
                known(one.last_committed_decree),
            ))
        })
    }

    /// Makes pickle and copy store the tuple instead of this object.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        Ok((py.get_type::<PyTuple>(), (self.unpack(py)?,)))
    }
}

/// A callable and its arguments, from which pickle and copy make an object.
type Reduced<'py> = (Bound<'py, PyType>, (Bound<'py, PyTuple>,));

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
