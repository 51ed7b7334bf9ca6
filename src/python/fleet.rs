//! The calls for fleets: make a plan, apply a plan, export a cluster. Each of them makes many calls of the
//! client.
//!
//! Fleets, plans and results pass between Rust and Python as JSON text. `pegasus_dup.fleet` has the classes,
//! and a function for each kind of value that comes from here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use serde::Serialize;

use super::errors;
use super::interned::interned;
use super::operation::{Operation, Task};
use super::resource::Object;
use super::watch::Watch;
use crate::client::Client;
use crate::client::blocking::cannot_start;
use crate::client::progress::Step;
use crate::enums::{Evidence, ItemResult, PlanStep};
use crate::error::{Error, Result};
use crate::fleet::{
    ApplyOptions, Audit, Event, Fix, Fleet, Format, Item, ItemDifference, ItemReport, Plan, State,
    Stop, Summary, Work, export,
};
use crate::threads;

/// A call for a fleet, with its arguments. It runs once.
pub(super) enum Job {
    Plan(Fleet),
    Export,
    Apply(Box<Apply>),
}

/// The arguments and the state of an apply.
pub(super) struct Apply {
    work: Work,
    audit: Option<PathBuf>,
    stop: Stop,
    /// The changes that were sent, in the format of [`Client::unsettled`].
    sent: Mutex<BTreeSet<String>>,
}

/// A value on its way to Python: JSON text, and the errors that belong to it.
pub(super) struct Value {
    /// The function of `pegasus_dup.fleet` that makes the object.
    maker: &'static str,
    json: String,
    errors: Vec<Option<Error>>,
}

impl Value {
    fn new(maker: &'static str, value: &impl Serialize, errors: Vec<Option<Error>>) -> Value {
        let json = serde_json::to_string(value).expect("a value of a fleet can be written as JSON");
        Value { maker, json, errors }
    }

    fn event(event: &Event<'_>) -> Value {
        match event {
            Event::Started(item) => Value::new("_started", item, Vec::new()),
            Event::Finished(report) => {
                Value::new("_finished", &Report::of(report), vec![report.error.clone()])
            }
            &Event::Preparing { preparing, waiting } => {
                Value::new("_preparing", &(preparing, waiting), Vec::new())
            }
        }
    }

    fn summary(summary: Summary) -> Value {
        let reports: Vec<Report<'_>> = summary.reports.iter().map(Report::of).collect();
        // The error of the apply itself is the last one.
        let of_items = summary.reports.iter().map(|report| report.error.clone());
        let errors = of_items.chain([summary.error.clone()]).collect();
        Value::new("_summary", &(reports, summary.stopped), errors)
    }

    /// Returns the value as an object of a class of `pegasus_dup.fleet`.
    pub(super) fn object<'py>(&self, py: Python<'py>) -> PyResult<Object<'py>> {
        let exception = |error: &Error| errors::exception(py, error).into_value(py);
        let errors = self.errors.iter().map(|error| error.as_ref().map(exception));
        let errors = PyTuple::new(py, errors.collect::<Vec<_>>())?;
        py.import(interned!(py, "pegasus_dup.fleet"))?
            .getattr(self.maker)?
            .call1((&self.json, errors))
    }
}

/// What Python needs of an [`ItemReport`], without its error.
#[derive(Serialize)]
struct Report<'a> {
    item: &'a Item,
    result: ItemResult,
    done: &'a [PlanStep],
    evidence: Option<Evidence>,
    dupid: Option<i32>,
    warning: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn of(report: &'a ItemReport) -> Report<'a> {
        Report {
            item: &report.item,
            result: report.result,
            done: &report.done,
            evidence: report.evidence,
            dupid: report.dupid,
            warning: report.warning.as_deref(),
        }
    }
}

impl Job {
    /// Does the work, and reports the events of an apply to `watch`.
    pub(super) async fn run(&self, client: &Client, watch: &Watch) -> Result<Value> {
        match self {
            Job::Plan(fleet) => {
                let plan = Plan::make(client, fleet).await?;
                Ok(Value::new("_plan", &plan, Vec::new()))
            }
            Job::Export => {
                let state = State::read(client, &Fleet::default()).await?;
                Ok(Value::new("_export", &export(&state), Vec::new()))
            }
            Job::Apply(apply) => apply.run(client, watch).await,
        }
    }

    /// Returns the apply, if this is one.
    pub(super) fn apply(&self) -> Option<&Apply> {
        match self {
            Job::Apply(apply) => Some(apply),
            Job::Plan(_) | Job::Export => None,
        }
    }
}

impl Apply {
    async fn run(&self, client: &Client, watch: &Watch) -> Result<Value> {
        let mut audit = match self.audit.clone() {
            None => None,
            // The disk must not delay the calls of other tasks.
            Some(path) => {
                let open = move || Audit::open(&path);
                let opened = threads::blocking("pegasus-dup-audit", open).await;
                Some(opened.map_err(cannot_start)??)
            }
        };
        let tell = |event: Event<'_>| watch.event(|| Value::event(&event));
        let summary = self.work.run(client, audit.as_mut(), &self.stop, tell).await?;
        Ok(Value::summary(summary))
    }

    /// Takes note of a step of one of the calls.
    pub(super) fn note(&self, step: Step) {
        if let Step::Sending { what } = step {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(what);
        }
    }

    /// Lets the requests in flight come to their end, and starts nothing more.
    pub(super) fn stop(&self) {
        self.stop.stop();
    }

    /// Returns the changes of this apply whose effect is not known, in the order in which they were sent.
    pub(super) fn unsettled(&self, client: &Client) -> Option<String> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let unsettled = client.unsettled().into_iter().filter(|what| sent.contains(what));
        let unsettled: Vec<String> = unsettled.collect();
        (!unsettled.is_empty()).then(|| unsettled.join("; "))
    }
}

/// Returns the result, or raises the exception for the error.
fn or_raise<T>(py: Python<'_>, result: Result<T>) -> PyResult<T> {
    result.map_err(|error| errors::exception(py, &error))
}

/// Reads a value that Python has written as JSON.
fn from_json<T: serde::de::DeserializeOwned>(py: Python<'_>, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| {
        // Only this library sees the text, so its lines mean nothing to the user.
        let text = error.to_string();
        let what = text.rsplit_once(" at line ").map_or(&*text, |(what, _)| what);
        errors::invalid_argument(py, what)
    })
}

/// Reads a fleet from the text of a file, and returns the fleet as JSON. The name of the file decides its
/// format.
#[pyfunction]
pub(super) fn fleet_of_text(py: Python<'_>, text: &str, file: &str) -> PyResult<String> {
    Ok(or_raise(py, Fleet::parse(text, Format::of(Path::new(file))))?.to_json())
}

/// Returns the text of a TOML file that declares a fleet.
#[pyfunction]
pub(super) fn fleet_toml(py: Python<'_>, fleet: &str) -> PyResult<String> {
    Ok(from_json::<Fleet>(py, fleet)?.to_toml())
}

/// Returns the text of a JSON file that declares a fleet.
#[pyfunction]
pub(super) fn fleet_json(py: Python<'_>, fleet: &str) -> PyResult<String> {
    Ok(from_json::<Fleet>(py, fleet)?.to_json())
}

/// Reads a plan from the text of a plan file, and returns the object.
#[pyfunction]
pub(super) fn plan_of_text<'py>(py: Python<'py>, text: &str) -> PyResult<Object<'py>> {
    Value::new("_plan", &or_raise(py, Plan::parse(text))?, Vec::new()).object(py)
}

/// Returns the text of a plan file.
#[pyfunction]
pub(super) fn plan_text(py: Python<'_>, plan: &str) -> PyResult<String> {
    Ok(from_json::<Plan>(py, plan)?.to_text())
}

/// Returns the text of an item, such as `table=temp cluster=target`.
#[pyfunction]
pub(super) fn item_text(py: Python<'_>, item: &str) -> PyResult<String> {
    Ok(from_json::<Item>(py, item)?.to_string())
}

/// Returns the text of a difference between an item and its declaration.
#[pyfunction]
pub(super) fn item_difference_text(py: Python<'_>, difference: &str) -> PyResult<String> {
    Ok(from_json::<ItemDifference>(py, difference)?.to_string())
}

/// Returns the call that makes a plan of a fleet.
#[pyfunction]
pub(super) fn plan_operation(py: Python<'_>, fleet: &str) -> PyResult<Operation> {
    Ok(operation(Job::Plan(from_json(py, fleet)?)))
}

/// Returns the call that exports a cluster.
#[pyfunction]
pub(super) fn export_operation() -> Operation {
    operation(Job::Export)
}

/// Returns the call that applies a plan, which is given as the text of a plan file.
#[pyfunction]
#[pyo3(signature = (plan, *, fix, prune, start_long_paused, max_changes, max_removals, max_preparing, concurrency, keep_going, audit))]
#[allow(clippy::too_many_arguments, reason = "Python passes them by name")]
pub(super) fn apply_operation(
    py: Python<'_>,
    plan: &str,
    fix: Vec<String>,
    prune: bool,
    start_long_paused: bool,
    max_changes: Option<usize>,
    max_removals: Option<usize>,
    max_preparing: Option<usize>,
    concurrency: usize,
    keep_going: bool,
    audit: Option<PathBuf>,
) -> PyResult<Operation> {
    let fixes = |property: &str| fix.iter().any(|one| one == property);
    let options = ApplyOptions {
        fix: Fix { status: fixes("status"), fail_mode: fixes("fail_mode") },
        prune,
        start_long_paused,
        max_changes,
        max_removals,
        max_preparing,
        concurrency,
        keep_going,
    };
    let work = Plan::parse(plan).and_then(|plan| Work::new(plan, options));
    let work = or_raise(py, work)?;
    let (stop, sent) = (Stop::new(), Mutex::default());
    Ok(operation(Job::Apply(Box::new(Apply { work, audit, stop, sent }))))
}

fn operation(job: Job) -> Operation {
    Operation::of(Task::Fleet(Arc::new(job)))
}
