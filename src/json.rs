//! The report: one JSON object for the result of a call. All faces that write JSON write this object.
//!
//! All keys are always present and in the same order. A value that is not known is `null`. A report
//! contains nothing that differs from run to run, such as elapsed times, so the same state gives the
//! same bytes. Hidden characters are escaped as `\uXXXX`. `docs/json.md` has the schema.

use std::fmt;

use serde::Serialize;

use crate::enums::{OutcomeKind, ResourceKind};
use crate::error::{Error, ErrorKind};
use crate::escape;
use crate::info::Info;
use crate::outcome::{Change, Difference, Outcome, Removal};
#[cfg(feature = "cli")]
use crate::resource::Fields;
use crate::resource::{Described, FieldValue};
#[cfg(any(feature = "capi", feature = "cli"))]
use crate::resource::{Duplication, TableDuplications, several_in};

/// The result of a call, ready to be written as JSON.
///
/// [`fmt::Display`] writes the report on one line, without a line end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    outcome: &'static str,
    evidence: Option<&'static str>,
    certain: Option<bool>,
    resource: Option<&'static str>,
    value: Option<FieldValue>,
    differences: Option<Vec<DifferenceReport>>,
    unverified: Option<Vec<&'static str>>,
    warning: Option<String>,
    error: Option<ErrorReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct DifferenceReport {
    field: &'static str,
    asked: FieldValue,
    existing: FieldValue,
}

/// An error, ready to be written as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ErrorReport {
    kind: &'static str,
    code: Option<String>,
    hint: Option<String>,
    server: Option<String>,
    message: String,
    known: Vec<KnownReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct KnownReport {
    resource: &'static str,
    value: FieldValue,
}

impl Report {
    fn new(outcome: OutcomeKind, resource: Option<ResourceKind>) -> Report {
        Report {
            outcome: outcome.name(),
            evidence: None,
            certain: None,
            resource: resource.map(ResourceKind::name),
            value: None,
            differences: None,
            unverified: None,
            warning: None,
            error: None,
        }
    }

    fn with_value(outcome: OutcomeKind, value: &impl Described) -> Report {
        Report {
            value: Some(FieldValue::Map(value.fields())),
            ..Report::new(outcome, Some(value.kind()))
        }
    }

    /// Returns the report of an add that succeeded: `created` or `already_exists`.
    ///
    /// Only `already_exists` has differences. Both name the properties that could not be compared. The
    /// existing resource is as requested if both lists are empty.
    pub fn of_add(outcome: &Outcome<impl Described>) -> Report {
        let (kind, differences) = match outcome {
            Outcome::Created { .. } => (OutcomeKind::Created, None),
            Outcome::AlreadyExists { differences, .. } => (
                OutcomeKind::AlreadyExists,
                Some(differences.iter().map(DifferenceReport::from).collect()),
            ),
        };
        Report {
            evidence: Some(outcome.evidence().name()),
            certain: Some(outcome.certain()),
            differences,
            unverified: Some(outcome.unverified().iter().map(|one| one.name()).collect()),
            warning: outcome.warning().map(str::to_owned),
            ..Report::with_value(kind, outcome.value())
        }
    }

    /// Returns the report of a change: `changed` or `unchanged`, with the resource as it is now.
    pub fn of_change(change: &Change<impl Described>) -> Report {
        let kind = match change {
            Change::Changed { .. } => OutcomeKind::Changed,
            Change::Unchanged { .. } => OutcomeKind::Unchanged,
        };
        Report {
            warning: change.warning().map(str::to_owned),
            ..Report::with_value(kind, change.value())
        }
    }

    /// Returns the report of a removal: `removed`, with the resource that was removed. A resource
    /// that did not exist is an error such as `duplication_not_found`; `kind` is the kind of that
    /// resource.
    pub fn of_removal(removal: &Removal<impl Described>, kind: ResourceKind) -> Report {
        match removal {
            Removal::Removed { was, evidence, warning } => Report {
                evidence: Some(evidence.name()),
                certain: Some(evidence.certain()),
                warning: warning.clone(),
                ..Report::with_value(OutcomeKind::Removed, was)
            },
            Removal::NotFound => Report::of_error(
                &Error::new(ErrorKind::not_found(kind), "there was nothing to remove"),
                Some(kind),
            ),
        }
    }

    /// Returns the report of one element of a listing: `listed`.
    pub fn of_listed(listed: &impl Described) -> Report {
        Report::with_value(OutcomeKind::Listed, listed)
    }

    /// Returns the reports of listed duplications. The report of a duplication has a warning if there is another
    /// one of the same table to the same remote cluster.
    #[cfg(any(feature = "capi", feature = "cli"))]
    pub(crate) fn of_duplications(all: &[Duplication]) -> Vec<Report> {
        let warnings = several_in(all);
        all.iter()
            .map(|one| Report {
                warning: warnings
                    .get(&(one.table_id, &*one.cluster))
                    .filter(|_| !one.is_being_removed())
                    .cloned(),
                ..Report::of_listed(one)
            })
            .collect()
    }

    /// Returns the reports of tables with their duplications, with the same warnings.
    #[cfg(any(feature = "capi", feature = "cli"))]
    pub(crate) fn of_tables_with_duplications(all: &[TableDuplications]) -> Vec<Report> {
        all.iter()
            .map(|table| Report {
                warning: several_in(&table.duplications)
                    .into_values()
                    .reduce(|all, next| format!("{all}; {next}")),
                ..Report::of_listed(table)
            })
            .collect()
    }

    /// Returns the report of the totals of a list. Totals are no resource of the other interfaces.
    #[cfg(feature = "cli")]
    pub(crate) fn of_totals(totals: Fields) -> Report {
        Report {
            resource: Some("duplication_summary"),
            value: Some(FieldValue::Map(totals)),
            ..Report::new(OutcomeKind::Listed, None)
        }
    }

    /// Returns the report of a look at the meta servers: `info`.
    pub fn of_info(info: &Info) -> Report {
        Report { warning: info.warning.clone(), ..Report::with_value(OutcomeKind::Info, info) }
    }

    /// Returns the report of an error. `resource` is the kind of resource that the call was about, if
    /// it is known.
    ///
    /// The error names all resources that are known to exist. If it is exactly one, of the kind that
    /// the call was about, the report has it as its value too.
    pub fn of_error(error: &Error, resource: Option<ResourceKind>) -> Report {
        let value = match error.known() {
            [known] if resource.is_none_or(|kind| kind == known.kind()) => Some(known),
            _ => None,
        };
        let report = match value {
            Some(value) => Report::with_value(OutcomeKind::Error, value),
            None => Report::new(OutcomeKind::Error, resource),
        };
        Report { error: Some(ErrorReport::from(error)), ..report }
    }

    /// Returns the report of a failure that is not an [`Error`] of the library, such as a signal.
    #[cfg(feature = "cli")]
    pub(crate) fn of_failure(
        kind: &'static str,
        message: impl Into<String>,
        resource: Option<ResourceKind>,
    ) -> Report {
        Report {
            error: Some(ErrorReport {
                kind,
                code: None,
                hint: None,
                server: None,
                message: message.into(),
                known: Vec::new(),
            }),
            ..Report::new(OutcomeKind::Error, resource)
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Serialization only fails for maps whose keys are not strings.
        f.write_str(&escape::json(self).map_err(|_| fmt::Error)?)
    }
}

impl From<&Error> for ErrorReport {
    fn from(error: &Error) -> ErrorReport {
        ErrorReport {
            kind: error.kind().name(),
            code: error.code().map(|code| code.name().to_owned()),
            hint: error.hint().map(str::to_owned),
            server: error.server().map(str::to_owned),
            message: error.message().to_owned(),
            known: error.known().iter().map(KnownReport::from).collect(),
        }
    }
}

impl From<&Difference> for DifferenceReport {
    fn from(difference: &Difference) -> DifferenceReport {
        DifferenceReport {
            field: difference.field.name(),
            asked: difference.asked.clone(),
            existing: difference.existing.clone(),
        }
    }
}

impl<T: Described> From<&T> for KnownReport {
    fn from(known: &T) -> KnownReport {
        KnownReport { resource: known.kind().name(), value: FieldValue::Map(known.fields()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enums::{Evidence, FailMode, Generation, KnownBy, Property, Role, Status};
    use crate::info::ServerInfo;
    use crate::protocol::error_code::ErrorCode;
    use crate::resource::PartitionProgress;
    #[cfg(not(any(feature = "capi", feature = "cli")))]
    use crate::resource::{Duplication, TableDuplications};

    fn duplication() -> Duplication {
        Duplication {
            table: "temp".into(),
            table_id: 2,
            cluster: "target".into(),
            dupid: 1772000000,
            status: Some(Status::Log),
            fail_mode: Some(FailMode::Slow),
            remote_table: Some("temp".into()),
            remote_replica_count: Some(3),
            create_ts_ms: Some(1772000000123),
            partitions: vec![PartitionProgress {
                partition: 0,
                confirmed_decree: None,
                last_committed_decree: Some(7),
            }],
        }
    }

    const VALUE: &str = concat!(
        r#"{"table":"temp","table_id":2,"cluster":"target","dupid":1772000000,"#,
        r#""status":"DS_LOG","fail_mode":"FAIL_SLOW","remote_table":"temp","#,
        r#""remote_replica_count":3,"create_ts_ms":1772000000123,"#,
        r#""partitions":[{"partition":0,"confirmed_decree":null,"last_committed_decree":7}]}"#,
    );

    #[test]
    fn a_created_duplication_byte_for_byte() {
        let report = Report::of_add(&Outcome::Created {
            value: duplication(),
            unverified: vec![Property::Checkpoint],
            evidence: Evidence::AppearedDuringCall,
            warning: None,
        });
        let expected = format!(
            r#"{{"outcome":"created","evidence":"appeared_during_call","certain":false,"resource":"duplication","value":{VALUE},"differences":null,"unverified":["checkpoint"],"warning":null,"error":null}}"#
        );
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn differences_are_empty_where_compared_and_keep_their_types() {
        let exists = |differences| {
            Report::of_add(&Outcome::AlreadyExists {
                existing: duplication(),
                differences,
                unverified: vec![],
                evidence: Evidence::ListedBefore,
                warning: Some("paused".into()),
            })
            .to_string()
        };
        assert!(
            exists(vec![])
                .ends_with(r#""differences":[],"unverified":[],"warning":"paused","error":null}"#)
        );
        let differing = exists(vec![
            Difference::new(Property::RemoteTable, "a", "temp"),
            Difference::new(Property::RemoteReplicaCount, 5, 3),
        ]);
        assert!(differing.contains(concat!(
            r#""differences":[{"field":"remote_table","asked":"a","existing":"temp"},"#,
            r#"{"field":"remote_replica_count","asked":5,"existing":3}]"#
        )));
    }

    #[test]
    fn a_value_that_is_not_reported_is_null() {
        let thin = Duplication {
            status: None,
            fail_mode: None,
            remote_table: None,
            remote_replica_count: None,
            create_ts_ms: None,
            partitions: vec![],
            ..duplication()
        };
        assert_eq!(
            Report::of_listed(&thin).to_string(),
            concat!(
                r#"{"outcome":"listed","evidence":null,"certain":null,"resource":"duplication","#,
                r#""value":{"table":"temp","table_id":2,"cluster":"target","dupid":1772000000,"#,
                r#""status":null,"fail_mode":null,"remote_table":null,"#,
                r#""remote_replica_count":null,"create_ts_ms":null,"partitions":null},"#,
                r#""differences":null,"unverified":null,"warning":null,"error":null}"#
            )
        );
    }

    #[test]
    fn a_table_is_reported_with_all_its_duplications() {
        let mut table = TableDuplications {
            table: "temp".into(),
            table_id: 2,
            partition_count: Some(8),
            duplications: vec![duplication()],
        };
        assert_eq!(
            Report::of_listed(&table).to_string(),
            format!(
                r#"{{"outcome":"listed","evidence":null,"certain":null,"resource":"table_duplications","value":{{"table":"temp","table_id":2,"partition_count":8,"duplications":[{VALUE}]}},"differences":null,"unverified":null,"warning":null,"error":null}}"#
            )
        );
        table.partition_count = None;
        table.duplications.clear();
        let report = Report::of_listed(&table).to_string();
        assert!(report.contains(r#""partition_count":null,"duplications":[]}"#), "{report}");
    }

    #[test]
    fn a_change_reports_the_current_state() {
        let before = Duplication { status: Some(Status::Pause), ..duplication() };
        let change = Change::Changed { before, after: duplication(), warning: None };
        let report = Report::of_change(&change).to_string();
        assert!(report.starts_with(r#"{"outcome":"changed","evidence":null,"certain":null,"#));
        assert!(report.contains(VALUE));
        let unchanged = Change::Unchanged { current: duplication(), warning: None };
        assert!(Report::of_change(&unchanged).to_string().starts_with(r#"{"outcome":"unchanged""#));
    }

    #[test]
    fn the_meta_servers_byte_for_byte() {
        let info = Info {
            servers: vec![
                ServerInfo {
                    server: "a:1".into(),
                    role: Role::Follower,
                    detail: Some("is a follower".into()),
                },
                ServerInfo { server: "b:1".into(), role: Role::Leader, detail: None },
            ],
            leader: Some("b:1".into()),
            cluster_name: Some("onebox".into()),
            version: None,
            generation: Some(Generation::DupExist),
            known_by: Some(KnownBy::ListRpc),
            warning: None,
        };
        let report = Report::of_info(&info).to_string();
        assert!(report.starts_with(concat!(
            r#"{"outcome":"info","evidence":null,"certain":null,"resource":"meta_servers","#,
            r#""value":{"servers":["#,
            r#"{"server":"a:1","role":"follower","detail":"is a follower"},"#,
            r#"{"server":"b:1","role":"leader","detail":null}],"#,
            r#""leader":"b:1","cluster_name":"onebox","version":null,"generation":"dup-exist","known_by":"list_rpc"},"#,
        )));
    }

    #[test]
    fn removing_what_is_not_there_is_an_error() {
        let kind = ResourceKind::Duplication;
        let removed = Removal::Removed {
            was: duplication(),
            evidence: Evidence::ServerSaidSo,
            warning: None,
        };
        assert!(Report::of_removal(&removed, kind).to_string().contains(VALUE));
        let report = Report::of_removal(&Removal::<Duplication>::NotFound, kind).to_string();
        assert!(report.starts_with(r#"{"outcome":"error","#));
        assert!(report.contains(r#""resource":"duplication","value":null,"#), "{report}");
        assert!(report.contains(r#""error":{"kind":"duplication_not_found","code":null,"#));
    }

    #[test]
    fn an_error_names_all_known_resources_and_has_a_single_one_as_its_value() {
        let error = |known: Vec<Duplication>, kind| {
            let error = Error::new(ErrorKind::OutcomeUnknown, "no response")
                .with_hint("query the table")
                .with_server("127.0.0.1:34601")
                .with_code(&ErrorCode::from_name("ERR_NEW"))
                .with_known(known);
            Report::of_error(&error, kind).to_string()
        };
        let details = concat!(
            r#""error":{"kind":"outcome_unknown","code":"ERR_NEW","hint":"query the table","#,
            r#""server":"127.0.0.1:34601","message":"no response","known":["#
        );
        let known = format!(r#"{{"resource":"duplication","value":{VALUE}}}"#);
        let nothing = error(vec![], None);
        assert!(nothing.contains(r#""resource":null,"value":null,"#), "{nothing}");
        assert!(nothing.ends_with(&format!("{details}]}}}}")), "{nothing}");
        let one = error(vec![duplication()], Some(ResourceKind::Duplication));
        assert!(one.contains(&format!(r#""resource":"duplication","value":{VALUE},"#)), "{one}");
        assert!(one.ends_with(&format!("{details}{known}]}}}}")), "{one}");
        // Any choice between two would mislead.
        let two = error(vec![duplication(), duplication()], Some(ResourceKind::Duplication));
        assert!(two.contains(r#""resource":"duplication","value":null,"#), "{two}");
        assert!(two.ends_with(&format!("{details}{known},{known}]}}}}")), "{two}");
        // A value is always of the kind that the report names.
        let other = error(vec![duplication()], Some(ResourceKind::TableDuplications));
        assert!(other.contains(r#""resource":"table_duplications","value":null,"#), "{other}");
    }
}
