//! What a command says in the end: text or JSON for stdout, warnings and errors for stderr, and the
//! exit code. Made from the result alone, without any I/O.

use crate::client::hints;
use crate::error::{Error, ErrorKind};
use crate::info::Info;
use crate::json::Report;
use crate::outcome::{Change, Duplication, Outcome, Removal, TableDuplications};

use super::exit::Exit;
use super::terminal::Look;
use super::text;

/// How an answer is to look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub(super) json: bool,
    pub(super) look: Look,
}

/// What a command says in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) exit: Exit,
}

impl Format {
    pub(super) fn add(self, outcome: &Outcome<Duplication>, exist_ok: bool) -> Answer {
        Answer {
            stdout: if self.json {
                line(Report::of_add(outcome))
            } else {
                text::outcome(outcome, self.look.stdout)
            },
            stderr: self.warnings(text::outcome_warnings(outcome)),
            exit: Exit::of_outcome(outcome, exist_ok),
        }
    }

    pub(super) fn change(self, change: &Change<Duplication>) -> Answer {
        Answer {
            stdout: if self.json {
                line(Report::of_change(change))
            } else {
                text::change(change, self.look.stdout)
            },
            stderr: self.warnings(change.warning().map(|text| text::sentence(text).into_owned())),
            exit: Exit::Done,
        }
    }

    /// `what` names the one that was to be removed.
    pub(super) fn removal(self, removal: &Removal<Duplication>, what: &str) -> Answer {
        match removal {
            Removal::Removed { was, warning } => Answer {
                stdout: if self.json {
                    line(Report::of_removal(removal))
                } else {
                    text::removed(was, self.look.stdout)
                },
                stderr: self.warnings(warning.as_deref().map(|t| text::sentence(t).into_owned())),
                exit: Exit::Done,
            },
            Removal::NotFound => self.error(&Error::new(
                ErrorKind::DuplicationNotFound,
                format!("no such duplication, so nothing was removed: {what}"),
            )),
        }
    }

    /// Servers give no order, so one is made: the same state is the same text.
    pub(super) fn listed(self, mut listed: Vec<Duplication>) -> Answer {
        listed.sort_by(|a, b| {
            (&a.table, a.table_id, a.dupid, &a.cluster)
                .cmp(&(&b.table, b.table_id, b.dupid, &b.cluster))
        });
        Answer {
            stdout: if self.json {
                listed.iter().map(|duplication| line(Report::of_listed(duplication))).collect()
            } else {
                text::table(&listed)
            },
            stderr: String::new(),
            exit: Exit::Done,
        }
    }

    /// Tables come in the order of their names.
    pub(super) fn by_table(self, listed: &[TableDuplications]) -> Answer {
        Answer {
            stdout: if self.json {
                listed.iter().map(|table| line(Report::of_table(table))).collect()
            } else {
                text::by_table(listed)
            },
            stderr: String::new(),
            exit: Exit::Done,
        }
    }

    /// Without a leader nothing can be done with the cluster, so the exit code is that of an error.
    pub(super) fn info(self, info: &Info) -> Answer {
        let mut stderr =
            self.warnings(info.warning.as_deref().map(|t| text::sentence(t).into_owned()));
        if info.leader.is_none() {
            let label = self.look.stderr.red("error:");
            stderr.push_str(&format!("{label} no leader among the meta servers\n"));
        }
        Answer {
            stdout: if self.json { line(Report::of_info(info)) } else { text::info(info) },
            stderr,
            exit: if info.leader.is_some() { Exit::Done } else { Exit::Error },
        }
    }

    pub(super) fn error(self, error: &Error) -> Answer {
        let label = self.look.stderr.red("error:");
        let mut stderr = format!("{label} {}", text::sentence(error.message()));
        if let Some(code) = error.code() {
            stderr.push_str(&format!(" code={}", text::sentence(code.name())));
        }
        if let Some(server) = error.server() {
            stderr.push_str(&format!(" server={}", text::sentence(server)));
        }
        stderr.push('\n');
        for known in error.known() {
            stderr.push_str(&format!("exists: {}\n", text::duplication(known)));
        }
        if let Some(hint) = error.hint() {
            stderr.push_str(&format!("hint: {}\n", text::sentence(hint)));
        }
        self.failure(Report::of_error(error), stderr, Exit::of_error(error))
    }

    /// Stopped by a signal. `unsettled` tells what was sent that may have changed something.
    pub(super) fn interrupted(self, signal: &str, unsettled: &[String], table: &str) -> Answer {
        if !unsettled.is_empty() {
            return self.error(
                &Error::new(
                    ErrorKind::OutcomeUnknown,
                    format!(
                        "stopped by {signal}, and whether this took effect is not known: {}",
                        unsettled.join("; ")
                    ),
                )
                .with_hint(format!(
                    "{}; `pegasus-dup query {table}` shows what is there now",
                    hints::after_a_loss()
                )),
            );
        }
        let message = format!("stopped by {signal}: nothing was sent that changes anything");
        let stderr = format!("{} {message}\n", self.look.stderr.red("error:"));
        self.failure(Report::of_failure("interrupted", message), stderr, Exit::Interrupted)
    }

    /// What the command line alone shows to be wrong, found by this program rather than by clap,
    /// whose own words go another way.
    pub(super) fn usage(self, error: &Error) -> Answer {
        let mut answer = self.error(error);
        answer.stderr.push_str("\nFor more information, try '--help'.\n");
        answer.exit = Exit::Usage;
        answer
    }

    fn failure(self, report: Report, stderr: String, exit: Exit) -> Answer {
        Answer { stdout: if self.json { line(report) } else { String::new() }, stderr, exit }
    }

    fn warnings(self, warnings: impl IntoIterator<Item = String>) -> String {
        let label = self.look.stderr.yellow("warning:");
        warnings.into_iter().map(|warning| format!("{label} {warning}\n")).collect()
    }
}

/// The report of a command line that makes no sense.
pub(super) fn usage_report(message: &str) -> Report {
    Report::of_failure(ErrorKind::InvalidArgument.name(), message)
}

fn line(report: Report) -> String {
    format!("{report}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Difference, Evidence, Property};

    const TEXT: Format = Format { json: false, look: plain() };
    const JSON: Format = Format { json: true, look: plain() };

    const fn plain() -> Look {
        use super::super::terminal::Colour;
        Look { stdout: Colour(false), stderr: Colour(false) }
    }

    fn one(table: &str, dupid: i32) -> Duplication {
        Duplication {
            table: table.into(),
            table_id: 1,
            cluster: "target".into(),
            dupid,
            status: None,
            fail_mode: None,
            remote_table: None,
            remote_replica_count: None,
            create_ts_ms: None,
            partitions: vec![],
        }
    }

    fn exists(differences: Vec<Difference>) -> Outcome<Duplication> {
        Outcome::AlreadyExists {
            existing: one("t", 1),
            differences,
            unverified: vec![],
            evidence: Evidence::ServerSaidSo,
            warning: None,
        }
    }

    #[test]
    fn exit_codes_of_an_add() {
        let other = || vec![Difference::RemoteReplicaCount { asked: 1, existing: 3 }];
        assert_eq!(TEXT.add(&exists(vec![]), false).exit.code(), 3);
        assert_eq!(TEXT.add(&exists(vec![]), true).exit.code(), 0);
        assert_eq!(TEXT.add(&exists(other()), false).exit.code(), 4);
        assert_eq!(TEXT.add(&exists(other()), true).exit.code(), 4);
        for evidence in [Evidence::ServerSaidSo, Evidence::AppearedDuringCall] {
            let value = one("t", 1);
            let created = Outcome::Created { value, unverified: vec![], evidence, warning: None };
            assert_eq!(TEXT.add(&created, false).exit.code(), 0);
        }
        for kind in ErrorKind::ALL {
            let code = TEXT.error(&Error::new(kind, "no")).exit.code();
            assert_eq!(code, if kind == ErrorKind::OutcomeUnknown { 5 } else { 1 }, "{kind}");
        }
    }

    /// What was not compared is no difference, and no success without a warning either.
    #[test]
    fn exit_codes_where_not_all_was_compared() {
        let unverified = || Outcome::AlreadyExists {
            existing: one("t", 1),
            differences: vec![],
            unverified: vec![Property::Checkpoint],
            evidence: Evidence::ListedBefore,
            warning: None,
        };
        assert_eq!(TEXT.add(&unverified(), false).exit.code(), 3);
        let answer = JSON.add(&unverified(), true);
        assert_eq!(answer.exit.code(), 0);
        assert!(answer.stderr.contains("not compared: checkpoint ("), "{}", answer.stderr);
        assert!(!answer.stderr.contains("it is as asked"), "{}", answer.stderr);
    }

    #[test]
    fn json_keeps_stdout_pure_and_still_warns() {
        let answer = JSON.add(&exists(vec![]), false);
        assert!(answer.stdout.starts_with('{') && answer.stdout.ends_with("}\n"));
        assert_eq!(answer.stdout.lines().count(), 1);
        assert!(answer.stderr.starts_with("warning: nothing was created: "));
    }

    #[test]
    fn an_error_has_its_hint_on_a_line_of_its_own() {
        let error = Error::new(ErrorKind::Busy, "a change is under way: table=t")
            .with_hint("start dup[t(1)] failed")
            .with_server("127.0.0.1:34601");
        assert_eq!(
            TEXT.error(&error),
            Answer {
                stdout: String::new(),
                stderr: "error: a change is under way: table=t server=127.0.0.1:34601\n\
                         hint: start dup[t(1)] failed\n"
                    .into(),
                exit: Exit::Error
            }
        );
    }

    #[test]
    fn an_interrupt_tells_whether_anything_was_sent() {
        let nothing = JSON.interrupted("SIGINT", &[], "t");
        assert_eq!(nothing.exit.code(), 130);
        assert!(nothing.stdout.contains(r#""error":{"kind":"interrupted","#));
        let sent = JSON.interrupted("SIGTERM", &["add table=t cluster=c".into()], "t");
        assert_eq!(sent.exit.code(), 5);
        assert!(sent.stdout.contains(r#""kind":"outcome_unknown""#));
        assert!(sent.stderr.contains("add table=t cluster=c"));
    }

    #[test]
    fn what_was_not_there_to_remove_is_an_error() {
        let answer = JSON.removal(&Removal::NotFound, "table=t dupid=7");
        assert_eq!(answer.exit.code(), 1);
        assert!(answer.stdout.contains(r#""kind":"duplication_not_found""#));
        assert!(answer.stderr.contains("table=t dupid=7"));
    }

    #[test]
    fn lists_are_in_one_order() {
        let there = JSON.listed(vec![one("a", 1), one("a", 2), one("b", 1)]);
        let back = JSON.listed(vec![one("b", 1), one("a", 2), one("a", 1)]);
        assert_eq!(there, back);
        assert_eq!(JSON.listed(vec![]).stdout, "");
        assert_eq!(TEXT.listed(vec![]).stdout.lines().count(), 1);
    }
}
