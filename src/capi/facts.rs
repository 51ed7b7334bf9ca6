//! The contents of an outcome in the form that C needs: text that ends with a NUL.

use std::ffi::CString;
use std::ops::Range;

use super::duplication::Duplication;
use super::history::History;
use super::pointers::c_string;
use super::value::Value;
use crate::client::OperationResult;
use crate::enums::{ErrorKind, Evidence, Generation, OutcomeKind, ResourceKind};
use crate::error::{Error, Result};
use crate::history::Recorder;
use crate::info::{self, Info};
use crate::json::Report;
use crate::outcome::{self, Change, Removal};
use crate::remote_cluster::RemoteCluster;
use crate::resource::{self, Described as _, FieldValue, Resource, TableDuplications};
use crate::text::{self, Text};

/// The contents of an outcome. All handles to the outcome share them.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) kind: OutcomeKind,
    /// The kind of the resource that the outcome describes. `None` if it is not known which
    /// resource the failed call was about.
    pub(crate) resource: Option<ResourceKind>,
    pub(crate) evidence: Option<Evidence>,
    /// The duplications among the values: those that were created, listed or changed, or that an error
    /// knows to exist.
    pub(crate) duplications: Vec<Duplication>,
    pub(crate) tables: Vec<Table>,
    /// The values that are no duplications, each as a map of its fields.
    pub(crate) values: Vec<Value>,
    /// The table before the change.
    pub(crate) value_before: Option<Value>,
    /// The duplication before the change.
    pub(crate) duplication_before: Option<Duplication>,
    pub(crate) differences: Vec<Difference>,
    pub(crate) unverified: Vec<CString>,
    pub(crate) warning: Option<CString>,
    pub(crate) error: Option<ErrorTexts>,
    pub(crate) info: Option<InfoTexts>,
    pub(crate) text: CString,
    pub(crate) json: CString,
    pub(crate) history: Option<History>,
}

#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) field: CString,
    pub(crate) asked: Value,
    pub(crate) existing: Value,
}

/// A table that was listed.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: CString,
    pub(crate) id: i32,
    pub(crate) partition_count: Option<i32>,
    /// The range of the table's duplications in the outcome's duplications.
    pub(crate) duplications: Range<usize>,
}

#[derive(Debug)]
pub(crate) struct InfoTexts {
    pub(crate) servers: Vec<ServerTexts>,
    pub(crate) leader: Option<CString>,
    pub(crate) cluster_name: Option<CString>,
    pub(crate) version: Option<CString>,
    pub(crate) generation: Option<Generation>,
    pub(crate) known_by: Option<CString>,
}

#[derive(Debug)]
pub(crate) struct ServerTexts {
    pub(crate) server: CString,
    pub(crate) role: CString,
    pub(crate) detail: Option<CString>,
}

#[derive(Debug)]
pub(crate) struct ErrorTexts {
    pub(crate) kind: ErrorKind,
    pub(crate) message: CString,
    pub(crate) hint: Option<CString>,
    pub(crate) code: Option<CString>,
    pub(crate) server: Option<CString>,
}

impl Facts {
    /// Returns facts that contain only a text and reports, each on a line.
    fn new(
        kind: OutcomeKind,
        resource: Option<ResourceKind>,
        text: &Text,
        reports: impl IntoIterator<Item = Report>,
    ) -> Facts {
        let lines: Vec<String> = reports.into_iter().map(|report| report.to_string()).collect();
        Facts {
            kind,
            resource,
            evidence: None,
            duplications: Vec::new(),
            tables: Vec::new(),
            values: Vec::new(),
            value_before: None,
            duplication_before: None,
            differences: Vec::new(),
            unverified: Vec::new(),
            warning: None,
            error: None,
            info: None,
            text: c_string(&text.to_string()),
            json: c_string(&lines.join("\n")),
            history: None,
        }
    }

    /// Adds the history of the call. The conclusion of a call that was cancelled is its outcome.
    pub(crate) fn with_history(mut self, recorder: Option<&Recorder>) -> Facts {
        if let Some(recorder) = recorder {
            recorder.conclude(|| self.text.to_string_lossy().into_owned());
            self.history = Some(recorder.history().into());
        }
        self
    }

    fn with(mut self, value: Resource, warning: Option<String>) -> Facts {
        self.add(value);
        self.warning = warning.as_deref().map(c_string);
        self
    }

    /// Adds a resource to the list that the functions for its kind read.
    fn add(&mut self, value: Resource) {
        match value {
            Resource::Duplication(duplication) => {
                self.duplications.push(Duplication::new(duplication));
            }
            other @ (Resource::Table(_) | Resource::BackupPolicy(_)) => {
                self.values.push(Value::new(FieldValue::Map(other.fields())));
            }
        }
    }

    fn set_before(&mut self, value: Resource) {
        match value {
            Resource::Duplication(duplication) => {
                self.duplication_before = Some(Duplication::new(duplication));
            }
            other @ (Resource::Table(_) | Resource::BackupPolicy(_)) => {
                self.value_before = Some(Value::new(FieldValue::Map(other.fields())));
            }
        }
    }

    /// Returns the facts of a call that was about a resource of this kind.
    pub(crate) fn of_call(resource: ResourceKind, result: Result<OperationResult>) -> Facts {
        match result {
            Ok(OperationResult::Outcome(outcome)) => Facts::of_add(resource, outcome),
            Ok(OperationResult::Duplications(found)) => Facts::of_list(resource, found),
            Ok(OperationResult::ByTable(found)) => Facts::of_tables(resource, found),
            Ok(OperationResult::Table(table)) => Facts::of_table_list(resource, vec![table]),
            Ok(OperationResult::Tables(found)) => Facts::of_table_list(resource, found),
            Ok(OperationResult::Change(change)) => Facts::of_change(resource, change),
            Ok(OperationResult::Removal(removal)) => Facts::of_removal(resource, removal),
            Ok(OperationResult::Info(info)) => Facts::of_info(resource, &info),
            Ok(OperationResult::RemoteCluster(remote)) => {
                Facts::of_remote_cluster(resource, &remote)
            }
            Err(error) => Facts::of_error(Some(resource), &error),
        }
    }

    fn of_add(resource: ResourceKind, outcome: outcome::Outcome<Resource>) -> Facts {
        let kind = match outcome {
            outcome::Outcome::Created { .. } => OutcomeKind::Created,
            outcome::Outcome::AlreadyExists { .. } => OutcomeKind::AlreadyExists,
        };
        let (text, report) = (text::outcome(&outcome), Report::of_add(&outcome));
        let facts = Facts {
            evidence: Some(outcome.evidence()),
            differences: outcome.differences().iter().map(Difference::new).collect(),
            unverified: outcome.unverified().iter().map(|one| c_string(one.name())).collect(),
            ..Facts::new(kind, Some(resource), &text, [report])
        };
        match outcome {
            outcome::Outcome::Created { value, warning, .. }
            | outcome::Outcome::AlreadyExists { existing: value, warning, .. } => {
                facts.with(value, warning)
            }
        }
    }

    fn of_list(resource: ResourceKind, found: Vec<resource::Duplication>) -> Facts {
        let (text, reports) = (text::duplications(&found), Report::of_duplications(&found));
        let mut facts = Facts::new(OutcomeKind::Listed, Some(resource), &text, reports);
        facts.duplications = found.into_iter().map(Duplication::new).collect();
        facts
    }

    fn of_tables(resource: ResourceKind, found: Vec<TableDuplications>) -> Facts {
        let text = text::by_table(&found);
        let reports = Report::of_tables_with_duplications(&found);
        let mut facts = Facts::new(OutcomeKind::Listed, Some(resource), &text, reports);
        for table in found {
            let first = facts.duplications.len();
            facts.duplications.extend(table.duplications.into_iter().map(Duplication::new));
            facts.tables.push(Table {
                name: c_string(&table.table),
                id: table.table_id,
                partition_count: table.partition_count,
                duplications: first..facts.duplications.len(),
            });
        }
        facts
    }

    fn of_table_list(resource: ResourceKind, found: Vec<resource::Table>) -> Facts {
        let (text, reports) = (text::tables(&found), found.iter().map(Report::of_listed));
        let mut facts = Facts::new(OutcomeKind::Listed, Some(resource), &text, reports);
        for table in found {
            facts.add(table.into());
        }
        facts
    }

    fn of_change(resource: ResourceKind, change: Change<Resource>) -> Facts {
        let kind = match change {
            Change::Changed { .. } => OutcomeKind::Changed,
            Change::Unchanged { .. } => OutcomeKind::Unchanged,
        };
        let (text, report) = (text::change(&change), Report::of_change(&change));
        let mut facts = Facts::new(kind, Some(resource), &text, [report]);
        match change {
            Change::Changed { before, after, warning } => {
                facts.set_before(before);
                facts.with(after, warning)
            }
            Change::Unchanged { current, warning } => facts.with(current, warning),
        }
    }

    fn of_removal(resource: ResourceKind, removal: Removal<Resource>) -> Facts {
        let (text, report) = (text::removal(&removal), Report::of_removal(&removal, resource));
        let facts = |kind| Facts::new(kind, Some(resource), &text, [report]);
        match removal {
            Removal::Removed { was, evidence, warning } => {
                Facts { evidence: Some(evidence), ..facts(OutcomeKind::Removed).with(was, warning) }
            }
            Removal::NotFound => facts(OutcomeKind::NotFound),
        }
    }

    fn of_info(resource: ResourceKind, info: &Info) -> Facts {
        let server = |one: &info::ServerInfo| ServerTexts {
            server: c_string(&one.server),
            role: c_string(one.role.name()),
            detail: one.detail.as_deref().map(c_string),
        };
        let (text, report) = (text::info(info), Report::of_info(info));
        Facts {
            warning: info.warning.as_deref().map(c_string),
            info: Some(InfoTexts {
                servers: info.servers.iter().map(server).collect(),
                leader: info.leader.as_deref().map(c_string),
                cluster_name: info.cluster_name.as_deref().map(c_string),
                version: info.version.as_deref().map(c_string),
                generation: info.generation,
                known_by: info.known_by.map(|how| c_string(how.name())),
            }),
            ..Facts::new(OutcomeKind::Info, Some(resource), &text, [report])
        }
    }

    fn of_remote_cluster(resource: ResourceKind, remote: &RemoteCluster) -> Facts {
        let (text, report) = (text::remote_cluster(remote), Report::of_listed(remote));
        Facts {
            values: vec![Value::new(FieldValue::Map(remote.fields()))],
            ..Facts::new(OutcomeKind::Listed, Some(resource), &text, [report])
        }
    }

    /// Returns the facts of an error. `resource` is the kind of resource that the call was about, if it
    /// is known.
    pub(crate) fn of_error(resource: Option<ResourceKind>, error: &Error) -> Facts {
        let (text, report) = (text::error(error), Report::of_error(error, resource));
        let mut facts = Facts::new(OutcomeKind::Error, resource, &text, [report]);
        for known in error.known() {
            facts.add(known.clone());
        }
        facts.error = Some(ErrorTexts {
            kind: error.kind(),
            message: c_string(error.message()),
            hint: error.hint().map(c_string),
            code: error.code().map(|code| c_string(code.name())),
            server: error.server().map(c_string),
        });
        facts
    }
}

impl Difference {
    fn new(of: &outcome::Difference) -> Difference {
        Difference {
            field: c_string(of.field.name()),
            asked: Value::new(of.asked.clone()),
            existing: Value::new(of.existing.clone()),
        }
    }
}
