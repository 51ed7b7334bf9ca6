//! The text of Python's objects, from the renderer that all faces share.
//!
//! The objects are read by their attributes, so that `str()` also works for objects that a program made
//! or changed itself.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString, PyTuple};

use crate::enums::{OutcomeKind, ResourceKind};
use crate::info::{Info, ServerInfo};
use crate::outcome::{Change, Difference, Evidence, Outcome, Removal};
use crate::resource::{Described, FieldValue, Fields};
use crate::text::{self, ErrorLine};

/// A resource that Python holds.
struct Held {
    kind: ResourceKind,
    fields: Fields,
}

impl Described for Held {
    fn kind(&self) -> ResourceKind {
        self.kind
    }

    fn fields(&self) -> Fields {
        self.fields.clone()
    }
}

impl<'py> FromPyObject<'_, 'py> for Held {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Held> {
        let kind = attribute::<String>(&object, "kind")?;
        Ok(Held {
            kind: named(ResourceKind::ALL, ResourceKind::name, &kind)?,
            fields: fields(&object)?,
        })
    }
}

/// Returns the attribute of an object.
fn attribute<'py, T>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error: Into<PyErr>>,
{
    object.getattr(name)?.extract().map_err(Into::into)
}

/// Returns the member of an enum that has this name.
fn named<T: Copy, const N: usize>(
    all: [T; N],
    name_of: fn(T) -> &'static str,
    name: &str,
) -> PyResult<T> {
    all.into_iter()
        .find(|&member| name_of(member) == name)
        .ok_or_else(|| PyValueError::new_err(format!("no such name: {name:?}")))
}

/// Returns the fields of a dataclass of this package.
fn fields(object: &Bound<'_, PyAny>) -> PyResult<Fields> {
    attribute::<Vec<String>>(object, "__match_args__")?
        .into_iter()
        .map(|name| {
            let field = value(&object.getattr(&*name)?)?;
            Ok((name.into(), field))
        })
        .collect()
}

/// Returns a field's value as this library holds it.
fn value(object: &Bound<'_, PyAny>) -> PyResult<FieldValue> {
    if object.is_none() {
        Ok(FieldValue::Absent)
    } else if object.is_instance_of::<PyBool>() {
        Ok(FieldValue::Boolean(object.extract()?))
    } else if object.is_instance_of::<PyInt>() {
        Ok(FieldValue::Number(object.extract()?))
    } else if object.is_instance_of::<PyString>() {
        Ok(FieldValue::Text(object.extract()?))
    } else if object.is_instance_of::<PyTuple>() || object.is_instance_of::<PyList>() {
        object.try_iter()?.map(|one| value(&one?)).collect()
    } else if object.hasattr("items")? {
        let pairs = object.call_method0("items")?;
        let fields = pairs
            .try_iter()?
            .map(|pair| {
                let (key, one): (String, Bound<'_, PyAny>) = pair?.extract()?;
                Ok((key.into(), value(&one)?))
            })
            .collect::<PyResult<Fields>>()?;
        Ok(FieldValue::Map(fields))
    } else if object.hasattr("__match_args__")? {
        Ok(FieldValue::Map(fields(object)?))
    } else {
        Err(PyTypeError::new_err("a field has a type that no resource has"))
    }
}

fn difference(object: &Bound<'_, PyAny>) -> PyResult<Difference> {
    use crate::enums::Property;

    let field = attribute::<String>(object, "field")?;
    Ok(Difference::new(
        named(Property::ALL, Property::name, &field)?,
        value(&object.getattr("asked")?)?,
        value(&object.getattr("existing")?)?,
    ))
}

fn outcome(object: &Bound<'_, PyAny>, kind: OutcomeKind) -> PyResult<Outcome<Held>> {
    use crate::enums::Property;

    let unverified = attribute::<Vec<String>>(object, "unverified")?
        .iter()
        .map(|name| named(Property::ALL, Property::name, name))
        .collect::<PyResult<_>>()?;
    let evidence = evidence(object)?;
    let warning = attribute(object, "warning")?;
    Ok(match kind {
        OutcomeKind::Created => {
            Outcome::Created { value: attribute(object, "value")?, unverified, evidence, warning }
        }
        _ => Outcome::AlreadyExists {
            existing: attribute(object, "existing")?,
            differences: attribute::<Vec<Bound<'_, PyAny>>>(object, "differences")?
                .iter()
                .map(difference)
                .collect::<PyResult<_>>()?,
            unverified,
            evidence,
            warning,
        },
    })
}

fn info(object: &Bound<'_, PyAny>) -> PyResult<Info> {
    use crate::enums::{Generation, KnownBy, Role};

    let server = |server: &Bound<'_, PyAny>| -> PyResult<ServerInfo> {
        Ok(ServerInfo {
            server: attribute(server, "server")?,
            role: named(Role::ALL, Role::name, &attribute::<String>(server, "role")?)?,
            detail: attribute(server, "detail")?,
        })
    };
    let generation = attribute::<Option<String>>(object, "generation")?;
    let known_by = attribute::<Option<String>>(object, "known_by")?;
    Ok(Info {
        servers: attribute::<Vec<Bound<'_, PyAny>>>(object, "servers")?
            .iter()
            .map(server)
            .collect::<PyResult<_>>()?,
        leader: attribute(object, "leader")?,
        cluster_name: attribute(object, "cluster_name")?,
        version: attribute(object, "version")?,
        generation: generation
            .map(|name| named(Generation::ALL, Generation::name, &name))
            .transpose()?,
        known_by: known_by.map(|name| named(KnownBy::ALL, KnownBy::name, &name)).transpose()?,
        warning: attribute(object, "warning")?,
    })
}

/// Returns the evidence of an outcome.
fn evidence(object: &Bound<'_, PyAny>) -> PyResult<Evidence> {
    named(Evidence::ALL, Evidence::name, &attribute::<String>(object, "evidence")?)
}

/// Returns the text of an outcome of this kind, with its warnings.
#[pyfunction]
pub(super) fn outcome_text(kind: &str, outcome: &Bound<'_, PyAny>) -> PyResult<String> {
    let object = outcome;
    let text = match named(OutcomeKind::ALL, OutcomeKind::name, kind)? {
        kind @ (OutcomeKind::Created | OutcomeKind::AlreadyExists) => {
            text::outcome(&self::outcome(object, kind)?)
        }
        OutcomeKind::Changed => text::change(&Change::<Held>::Changed {
            before: attribute(object, "before")?,
            after: attribute(object, "after")?,
            warning: attribute(object, "warning")?,
        }),
        OutcomeKind::Unchanged => text::change(&Change::<Held>::Unchanged {
            current: attribute(object, "current")?,
            warning: attribute(object, "warning")?,
        }),
        OutcomeKind::Removed => text::removal(&Removal::<Held>::Removed {
            was: attribute(object, "was")?,
            evidence: evidence(object)?,
            warning: attribute(object, "warning")?,
        }),
        OutcomeKind::NotFound => text::removal(&Removal::<Held>::NotFound),
        OutcomeKind::Info => text::info(&info(object)?),
        OutcomeKind::Error | OutcomeKind::Listed => {
            return Err(PyValueError::new_err(format!("no class has this kind: {kind:?}")));
        }
    };
    Ok(text.to_string())
}

/// Returns the text of a resource, such as `table=temp table_id=1`.
#[pyfunction]
pub(super) fn resource_text(resource: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(text::fields(&fields(resource)?))
}

/// Returns the text of a difference.
#[pyfunction]
pub(super) fn difference_text(difference: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(self::difference(difference)?.to_string())
}

/// Returns the text of an exception, on one line.
#[pyfunction]
pub(super) fn error_text(
    message: &str,
    hint: Option<&str>,
    code: Option<&str>,
    server: Option<&str>,
    cause: Option<&str>,
) -> String {
    text::error_line(&ErrorLine { message, hint, code, server, cause })
}

/// Returns the text of a step.
#[pyfunction]
pub(super) fn step_text(step: &str, detail: Option<&str>) -> String {
    text::step(step, detail)
}
