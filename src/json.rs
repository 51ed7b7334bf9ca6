//! The report: one JSON object that says what became of a call, the same in every face that speaks
//! JSON.
//!
//! All keys are always there, in one order; what isn't told is `null`. It holds nothing that
//! changes from run to run (no elapsed times), so the same state gives the same bytes. Characters
//! that would do something to a terminal are written as `\uXXXX`. The schema stands in
//! `docs/json.md`.

use std::fmt;

use serde::Serialize;

use crate::enums::OutcomeKind;
use crate::error::{Error, ErrorKind};
use crate::info::{Info, KnownBy, ServerInfo};
use crate::outcome::{Change, Difference, Duplication, Outcome, Removal, TableDuplications};
use crate::protocol::generation::Generation;
use crate::text;

/// What became of a call, ready to be written as JSON.
///
/// [`fmt::Display`] writes it on one line, without a line end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    outcome: &'static str,
    evidence: Option<&'static str>,
    certain: Option<bool>,
    duplication: Option<DuplicationReport>,
    table_duplications: Option<TableReport>,
    info: Option<InfoReport>,
    differences: Option<Vec<DifferenceReport>>,
    unverified: Option<Vec<&'static str>>,
    warning: Option<String>,
    error: Option<ErrorReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct DuplicationReport {
    table: String,
    table_id: i32,
    cluster: String,
    dupid: i32,
    status: Option<String>,
    fail_mode: Option<String>,
    remote_table: Option<String>,
    remote_replica_count: Option<i32>,
    create_ts_ms: Option<i64>,
    partitions: Option<Vec<PartitionReport>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct TableReport {
    table: String,
    table_id: i32,
    partition_count: Option<i32>,
    duplications: Vec<DuplicationReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct PartitionReport {
    partition: i32,
    confirmed_decree: Option<i64>,
    last_committed_decree: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct DifferenceReport {
    field: &'static str,
    asked: FieldValue,
    existing: FieldValue,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct InfoReport {
    servers: Vec<ServerReport>,
    leader: Option<String>,
    version: Option<String>,
    generation: Option<&'static str>,
    known_by: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ServerReport {
    server: String,
    role: &'static str,
    detail: Option<String>,
}

/// A field's value keeps its own type: a name is a string, a count a number.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum FieldValue {
    Text(String),
    Number(i32),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ErrorReport {
    kind: &'static str,
    code: Option<String>,
    hint: Option<String>,
    server: Option<String>,
    message: String,
}

impl Report {
    fn new(outcome: OutcomeKind) -> Report {
        Report {
            outcome: outcome.name(),
            evidence: None,
            certain: None,
            duplication: None,
            table_duplications: None,
            info: None,
            differences: None,
            unverified: None,
            warning: None,
            error: None,
        }
    }

    /// The report of an add that came to an outcome: `created` or `already_exists`.
    ///
    /// Only `already_exists` has differences, and both name what could not be compared. The existing
    /// one is as asked where both lists are empty; `null` says that there was nothing to compare.
    pub fn of_add(outcome: &Outcome<Duplication>) -> Report {
        let (name, differences) = match outcome {
            Outcome::Created { .. } => (OutcomeKind::Created, None),
            Outcome::AlreadyExists { differences, .. } => (
                OutcomeKind::AlreadyExists,
                Some(differences.iter().map(DifferenceReport::from).collect()),
            ),
        };
        Report {
            evidence: Some(outcome.evidence().name()),
            certain: Some(outcome.certain()),
            duplication: Some(outcome.value().into()),
            differences,
            unverified: Some(outcome.unverified().iter().map(|one| one.name()).collect()),
            warning: outcome.warning().map(str::to_owned),
            ..Report::new(name)
        }
    }

    /// The report of a start, a pause or a change of the fail mode: `changed` or `unchanged`. The
    /// duplication is as it is now.
    pub fn of_change(change: &Change<Duplication>) -> Report {
        Report {
            duplication: Some(change.value().into()),
            warning: change.warning().map(str::to_owned),
            ..Report::new(if change.changed() {
                OutcomeKind::Changed
            } else {
                OutcomeKind::Unchanged
            })
        }
    }

    /// The report of a removal: `removed`, with the duplication as it was. That it wasn't there is
    /// the error `duplication_not_found`.
    pub fn of_removal(removal: &Removal<Duplication>) -> Report {
        match removal {
            Removal::Removed { was, warning } => Report {
                duplication: Some(was.into()),
                warning: warning.clone(),
                ..Report::new(OutcomeKind::Removed)
            },
            Removal::NotFound => Report::of_failure(
                ErrorKind::DuplicationNotFound.name(),
                "no such duplication, so nothing was removed",
            ),
        }
    }

    /// The report of one duplication that was asked for: `listed`.
    pub fn of_listed(duplication: &Duplication) -> Report {
        Report { duplication: Some(duplication.into()), ..Report::new(OutcomeKind::Listed) }
    }

    /// The report of one table that was asked for, with its duplications: `listed`.
    pub fn of_table(table: &TableDuplications) -> Report {
        let table = TableReport {
            table: table.table.clone(),
            table_id: table.table_id,
            partition_count: table.partition_count,
            duplications: table.duplications.iter().map(DuplicationReport::from).collect(),
        };
        Report { table_duplications: Some(table), ..Report::new(OutcomeKind::Listed) }
    }

    /// The report of what the meta servers are: `info`.
    pub fn of_info(info: &Info) -> Report {
        let server = |one: &ServerInfo| ServerReport {
            server: one.server.clone(),
            role: one.role.name(),
            detail: one.detail.clone(),
        };
        Report {
            info: Some(InfoReport {
                servers: info.servers.iter().map(server).collect(),
                leader: info.leader.clone(),
                version: info.version.clone(),
                generation: info.generation.map(Generation::name),
                known_by: info.known_by.map(KnownBy::name),
            }),
            warning: info.warning.clone(),
            ..Report::new(OutcomeKind::Info)
        }
    }

    /// The report of an error. Where the error knows of exactly one duplication, it is told; of
    /// several none is, since any choice would mislead, and the message names them.
    pub fn of_error(error: &Error) -> Report {
        let duplication = match error.known() {
            [known] => Some(known.into()),
            _ => None,
        };
        Report {
            duplication,
            error: Some(ErrorReport {
                kind: error.kind().name(),
                code: error.code().map(|code| code.name().to_owned()),
                hint: error.hint().map(str::to_owned),
                server: error.server().map(str::to_owned),
                message: error.message().to_owned(),
            }),
            ..Report::new(OutcomeKind::Error)
        }
    }

    /// The report of a failure that isn't an [`Error`] of the library: a signal, say.
    pub(crate) fn of_failure(kind: &'static str, message: impl Into<String>) -> Report {
        Report {
            error: Some(ErrorReport {
                kind,
                code: None,
                hint: None,
                server: None,
                message: message.into(),
            }),
            ..Report::new(OutcomeKind::Error)
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only maps with keys that aren't strings, and failing `Serialize`s, make this fail.
        f.write_str(&text::json(self).map_err(|_| fmt::Error)?)
    }
}

impl From<&Duplication> for DuplicationReport {
    fn from(duplication: &Duplication) -> DuplicationReport {
        let partitions: Vec<_> = duplication
            .partitions
            .iter()
            .map(|progress| PartitionReport {
                partition: progress.partition,
                confirmed_decree: progress.confirmed_decree,
                last_committed_decree: progress.last_committed_decree,
            })
            .collect();
        DuplicationReport {
            table: duplication.table.clone(),
            table_id: duplication.table_id,
            cluster: duplication.cluster.clone(),
            dupid: duplication.dupid,
            status: duplication.status.map(|status| status.to_string()),
            fail_mode: duplication.fail_mode.map(|mode| mode.to_string()),
            remote_table: duplication.remote_table.clone(),
            remote_replica_count: duplication.remote_replica_count,
            create_ts_ms: duplication.create_ts_ms,
            // A table has one partition at least, so none means that none was told.
            partitions: Some(partitions).filter(|partitions| !partitions.is_empty()),
        }
    }
}

impl From<&Difference> for DifferenceReport {
    fn from(difference: &Difference) -> DifferenceReport {
        let (asked, existing) = match difference {
            Difference::RemoteTable { asked, existing } => {
                (FieldValue::Text(asked.clone()), FieldValue::Text(existing.clone()))
            }
            Difference::RemoteReplicaCount { asked, existing } => {
                (FieldValue::Number(*asked), FieldValue::Number(*existing))
            }
        };
        DifferenceReport { field: difference.field(), asked, existing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Evidence, FailMode, PartitionProgress, Property, Status};
    use crate::protocol::error_code::ErrorCode;

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

    const TOLD: &str = concat!(
        r#"{"table":"temp","table_id":2,"cluster":"target","dupid":1772000000,"#,
        r#""status":"DS_LOG","fail_mode":"FAIL_SLOW","remote_table":"temp","#,
        r#""remote_replica_count":3,"create_ts_ms":1772000000123,"#,
        r#""partitions":[{"partition":0,"confirmed_decree":null,"last_committed_decree":7}]}"#,
    );

    #[test]
    fn a_created_one_byte_for_byte() {
        let report = Report::of_add(&Outcome::Created {
            value: duplication(),
            unverified: vec![Property::Checkpoint],
            evidence: Evidence::AppearedDuringCall,
            warning: None,
        });
        let expected = format!(
            r#"{{"outcome":"created","evidence":"appeared_during_call","certain":false,"duplication":{TOLD},"table_duplications":null,"info":null,"differences":null,"unverified":["checkpoint"],"warning":null,"error":null}}"#
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
            Difference::RemoteTable { asked: "a".into(), existing: "temp".into() },
            Difference::RemoteReplicaCount { asked: 5, existing: 3 },
        ]);
        assert!(differing.contains(concat!(
            r#""differences":[{"field":"remote_table","asked":"a","existing":"temp"},"#,
            r#"{"field":"remote_replica_count","asked":5,"existing":3}]"#
        )));
    }

    #[test]
    fn what_is_not_told_is_null() {
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
                r#"{"outcome":"listed","evidence":null,"certain":null,"duplication":{"#,
                r#""table":"temp","table_id":2,"cluster":"target","dupid":1772000000,"#,
                r#""status":null,"fail_mode":null,"remote_table":null,"#,
                r#""remote_replica_count":null,"create_ts_ms":null,"partitions":null},"#,
                r#""table_duplications":null,"info":null,"differences":null,"unverified":null,"#,
                r#""warning":null,"error":null}"#
            )
        );
    }

    #[test]
    fn a_table_is_told_with_all_its_duplications() {
        let mut table = TableDuplications {
            table: "temp".into(),
            table_id: 2,
            partition_count: Some(8),
            duplications: vec![duplication()],
        };
        assert_eq!(
            Report::of_table(&table).to_string(),
            format!(
                r#"{{"outcome":"listed","evidence":null,"certain":null,"duplication":null,"table_duplications":{{"table":"temp","table_id":2,"partition_count":8,"duplications":[{TOLD}]}},"info":null,"differences":null,"unverified":null,"warning":null,"error":null}}"#
            )
        );
        table.partition_count = None;
        table.duplications.clear();
        let report = Report::of_table(&table).to_string();
        assert!(report.contains(r#""partition_count":null,"duplications":[]}"#), "{report}");
    }

    #[test]
    fn a_change_tells_what_is_there_now() {
        let before = Duplication { status: Some(Status::Pause), ..duplication() };
        let change = Change::Changed { before, after: duplication(), warning: None };
        let report = Report::of_change(&change).to_string();
        assert!(report.starts_with(r#"{"outcome":"changed","evidence":null,"certain":null,"#));
        assert!(report.contains(TOLD));
        let unchanged = Change::Unchanged { current: duplication(), warning: None };
        assert!(Report::of_change(&unchanged).to_string().starts_with(r#"{"outcome":"unchanged""#));
    }

    #[test]
    fn what_the_servers_are_byte_for_byte() {
        let info = Info {
            servers: vec![
                crate::info::ServerInfo {
                    server: "a:1".into(),
                    role: crate::info::Role::Follower,
                    detail: Some("is a follower".into()),
                },
                crate::info::ServerInfo {
                    server: "b:1".into(),
                    role: crate::info::Role::Leader,
                    detail: None,
                },
            ],
            leader: Some("b:1".into()),
            version: None,
            generation: Some(Generation::DupExist),
            known_by: Some(KnownBy::ListRpc),
            warning: None,
        };
        let report = Report::of_info(&info).to_string();
        assert!(report.starts_with(r#"{"outcome":"info","evidence":null,"certain":null,"#));
        assert!(report.contains(concat!(
            r#""duplication":null,"table_duplications":null,"info":{"servers":["#,
            r#"{"server":"a:1","role":"follower","detail":"is a follower"},"#,
            r#"{"server":"b:1","role":"leader","detail":null}],"#,
            r#""leader":"b:1","version":null,"generation":"dup-exist","known_by":"list_rpc"},"#,
        )));
    }

    #[test]
    fn removing_what_is_not_there_is_an_error() {
        let removed = Removal::Removed { was: duplication(), warning: None };
        assert!(Report::of_removal(&removed).to_string().contains(TOLD));
        let report = Report::of_removal(&Removal::NotFound).to_string();
        assert!(report.starts_with(r#"{"outcome":"error","#));
        assert!(report.contains(r#""error":{"kind":"duplication_not_found","code":null,"#));
    }

    #[test]
    fn an_error_tells_of_the_one_known_duplication_only() {
        let error = |known| {
            Report::of_error(
                &Error::new(ErrorKind::OutcomeUnknown, "no answer")
                    .with_hint("query the table")
                    .with_server("127.0.0.1:34601")
                    .with_code(&ErrorCode::from_name("ERR_NEW"))
                    .with_known(known),
            )
            .to_string()
        };
        let told = concat!(
            r#""error":{"kind":"outcome_unknown","code":"ERR_NEW","hint":"query the table","#,
            r#""server":"127.0.0.1:34601","message":"no answer"}}"#
        );
        assert!(error(vec![]).contains(r#""duplication":null"#));
        assert!(error(vec![duplication()]).contains(TOLD));
        assert!(error(vec![duplication(), duplication()]).contains(r#""duplication":null"#));
        assert!(error(vec![]).ends_with(told));
    }
}
