//! What an outcome holds, made for C: texts that end with a NUL, numbers instead of enums.

use std::ffi::CString;
use std::ops::Range;

use super::duplication::Duplication;
use super::pointers::c_string;
use super::text;
use crate::client::operation::Answer;
use crate::enums::{ErrorKind, Evidence, Generation, OutcomeKind};
use crate::error::{Error, Result};
use crate::info::{self, Info};
use crate::json::Report;
use crate::outcome::{self, Change, Removal, TableDuplications};

/// What an outcome holds; shared by the handles to it.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) kind: OutcomeKind,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) duplications: Vec<Duplication>,
    pub(crate) tables: Vec<Table>,
    pub(crate) before: Option<Duplication>,
    pub(crate) differences: Vec<Difference>,
    pub(crate) unverified: Vec<CString>,
    pub(crate) warning: Option<CString>,
    pub(crate) error: Option<ErrorTexts>,
    pub(crate) info: Option<InfoTexts>,
    pub(crate) text: CString,
    pub(crate) json: CString,
}

#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) field: CString,
    pub(crate) asked: CString,
    pub(crate) existing: CString,
}

/// A table that was listed.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: CString,
    pub(crate) id: i32,
    pub(crate) partition_count: Option<i32>,
    /// Which of the outcome's duplications are the table's.
    pub(crate) duplications: Range<usize>,
}

#[derive(Debug)]
pub(crate) struct InfoTexts {
    pub(crate) servers: Vec<ServerTexts>,
    pub(crate) leader: Option<CString>,
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
    fn new(kind: OutcomeKind, text: &str, report: &Report) -> Facts {
        Facts::with_json(kind, text, &report.to_string())
    }

    fn with_json(kind: OutcomeKind, text: &str, json: &str) -> Facts {
        Facts {
            kind,
            evidence: None,
            duplications: Vec::new(),
            tables: Vec::new(),
            before: None,
            differences: Vec::new(),
            unverified: Vec::new(),
            warning: None,
            error: None,
            info: None,
            text: c_string(text),
            json: c_string(json),
        }
    }

    fn with(mut self, duplication: outcome::Duplication, warning: Option<String>) -> Facts {
        self.duplications.push(Duplication::new(duplication));
        self.warning = warning.as_deref().map(c_string);
        self
    }

    pub(crate) fn of_call(result: Result<Answer>) -> Facts {
        match result {
            Ok(Answer::Outcome(outcome)) => Facts::of_add(outcome),
            Ok(Answer::Duplications(found)) => Facts::of_list(found),
            Ok(Answer::ByTable(found)) => Facts::of_tables(found),
            Ok(Answer::Change(change)) => Facts::of_change(change),
            Ok(Answer::Removal(removal)) => Facts::of_removal(removal),
            Ok(Answer::Info(info)) => Facts::of_info(&info),
            Err(error) => Facts::of_error(&error),
        }
    }

    fn of_add(outcome: outcome::Outcome<outcome::Duplication>) -> Facts {
        let report = Report::of_add(&outcome);
        let text = text::of_add(&outcome);
        let kind = match outcome.created() {
            true => OutcomeKind::Created,
            false => OutcomeKind::AlreadyExists,
        };
        let facts = Facts {
            evidence: Some(outcome.evidence()),
            differences: outcome.differences().iter().map(Difference::new).collect(),
            unverified: outcome.unverified().iter().map(|one| c_string(one.name())).collect(),
            ..Facts::new(kind, &text, &report)
        };
        match outcome {
            outcome::Outcome::Created { value: one, warning, .. }
            | outcome::Outcome::AlreadyExists { existing: one, warning, .. } => {
                facts.with(one, warning)
            }
        }
    }

    fn of_list(found: Vec<outcome::Duplication>) -> Facts {
        let lines: Vec<String> =
            found.iter().map(|found| Report::of_listed(found).to_string()).collect();
        let text = text::of_list(&found);
        Facts {
            duplications: found.into_iter().map(Duplication::new).collect(),
            ..Facts::with_json(OutcomeKind::Listed, &text, &lines.join("\n"))
        }
    }

    fn of_tables(found: Vec<TableDuplications>) -> Facts {
        let lines: Vec<String> =
            found.iter().map(|found| Report::of_table(found).to_string()).collect();
        let text = text::of_tables(&found);
        let mut facts = Facts::with_json(OutcomeKind::Listed, &text, &lines.join("\n"));
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

    fn of_change(change: Change<outcome::Duplication>) -> Facts {
        let report = Report::of_change(&change);
        let text = text::of_change(&change);
        match change {
            Change::Changed { before, after, warning } => Facts {
                before: Some(Duplication::new(before)),
                ..Facts::new(OutcomeKind::Changed, &text, &report).with(after, warning)
            },
            Change::Unchanged { current, warning } => {
                Facts::new(OutcomeKind::Unchanged, &text, &report).with(current, warning)
            }
        }
    }

    fn of_removal(removal: Removal<outcome::Duplication>) -> Facts {
        let report = Report::of_removal(&removal);
        let text = text::of_removal(&removal);
        match removal {
            Removal::Removed { was, warning } => {
                Facts::new(OutcomeKind::Removed, &text, &report).with(was, warning)
            }
            Removal::NotFound => Facts::new(OutcomeKind::NotFound, &text, &report),
        }
    }

    fn of_info(info: &Info) -> Facts {
        let server = |one: &info::ServerInfo| ServerTexts {
            server: c_string(&one.server),
            role: c_string(one.role.name()),
            detail: one.detail.as_deref().map(c_string),
        };
        Facts {
            warning: info.warning.as_deref().map(c_string),
            info: Some(InfoTexts {
                servers: info.servers.iter().map(server).collect(),
                leader: info.leader.as_deref().map(c_string),
                version: info.version.as_deref().map(c_string),
                generation: info.generation,
                known_by: info.known_by.map(|how| c_string(how.name())),
            }),
            ..Facts::new(OutcomeKind::Info, &text::of_info(info), &Report::of_info(info))
        }
    }

    pub(crate) fn of_error(error: &Error) -> Facts {
        Facts {
            duplications: error.known().iter().cloned().map(Duplication::new).collect(),
            error: Some(ErrorTexts {
                kind: error.kind(),
                message: c_string(error.message()),
                hint: error.hint().map(c_string),
                code: error.code().map(|code| c_string(code.name())),
                server: error.server().map(c_string),
            }),
            ..Facts::new(OutcomeKind::Error, &text::of_error(error), &Report::of_error(error))
        }
    }
}

impl Difference {
    fn new(of: &outcome::Difference) -> Difference {
        Difference {
            field: c_string(of.field()),
            asked: c_string(&of.asked()),
            existing: c_string(&of.existing()),
        }
    }
}
