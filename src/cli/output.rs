//! What a command writes in the end: text or JSON to stdout, warnings and errors to stderr, and the exit
//! code. It is made from the result alone, without any I/O.

use crate::client::Operation;
use crate::client::hints;
use crate::enums::ResourceKind;
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::info::Info;
use crate::json::Report;
use crate::outcome::{Change, Outcome, Removal};
use crate::remote_cluster::{RemoteCluster, RemoteClusterState};
use crate::resource::{Duplication, Resource, Table, TableDuplications};
use crate::text::{self, Line, Text};

use super::exit::Exit;

/// The form in which a command writes its result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub(super) json: bool,
}

/// What a command writes in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) stdout: Vec<Line>,
    pub(super) stderr: Vec<Line>,
    pub(super) exit: Exit,
}

impl Format {
    /// Returns the output for a result that is one report in JSON.
    fn one(self, text: Text, report: Report, exit: Exit) -> Output {
        self.several(text, [report], exit)
    }

    fn several(self, text: Text, reports: impl IntoIterator<Item = Report>, exit: Exit) -> Output {
        let stdout = match self.json {
            true => reports.into_iter().map(|report| Line::plain(report.to_string())).collect(),
            false => text.result,
        };
        Output { stdout, stderr: text.remarks, exit }
    }

    /// Returns the output for an add. With `exist_ok`, an existing duplication is a success unless it
    /// differs.
    pub(super) fn add(self, outcome: &Outcome<Resource>, exist_ok: bool) -> Output {
        let exit = Exit::of_outcome(outcome, exist_ok);
        self.one(text::outcome(outcome), Report::of_add(outcome), exit)
    }

    pub(super) fn change(self, change: &Change<Resource>) -> Output {
        self.one(text::change(change), Report::of_change(change), Exit::Done)
    }

    /// Returns the output for a removal. A resource that does not exist is an error here; `target`
    /// names it.
    pub(super) fn removal(
        self,
        removal: &Removal<Resource>,
        resource: ResourceKind,
        target: &str,
    ) -> Output {
        match removal {
            Removal::Removed { .. } => {
                let report = Report::of_removal(removal, resource);
                self.one(text::removal(removal), report, Exit::Done)
            }
            Removal::NotFound => self.error(
                &Error::new(
                    ErrorKind::not_found(resource),
                    format!("no such {}, so nothing was removed: {target}", resource.noun()),
                ),
                Some(resource),
            ),
        }
    }

    pub(super) fn listed(self, listed: &[Duplication]) -> Output {
        self.several(text::duplications(listed), Report::of_duplications(listed), Exit::Done)
    }

    pub(super) fn by_table(self, listed: &[TableDuplications]) -> Output {
        let reports = Report::of_tables_with_duplications(listed);
        self.several(text::by_table(listed), reports, Exit::Done)
    }

    pub(super) fn tables(self, listed: &[Table]) -> Output {
        let reports = listed.iter().map(Report::of_listed);
        self.several(text::tables(listed), reports, Exit::Done)
    }

    /// Returns the output for a look at the meta servers. A cluster without a leader can do nothing, so
    /// the exit code is that of an error.
    pub(super) fn info(self, info: &Info) -> Output {
        let exit = if info.leader.is_some() { Exit::Done } else { Exit::Error };
        self.one(text::info(info), Report::of_info(info), exit)
    }

    /// Returns the output for a remote cluster. A script needs to know whether duplications to the remote
    /// cluster can be added, so any other state has the exit code of an error.
    pub(super) fn remote_cluster(self, remote: &RemoteCluster) -> Output {
        let exit = match remote.state {
            RemoteClusterState::Configured => Exit::Done,
            RemoteClusterState::NotConfigured | RemoteClusterState::OwnCluster => Exit::Error,
        };
        self.one(text::remote_cluster(remote), Report::of_listed(remote), exit)
    }

    /// Returns the output for an error of the wait until a table is ready.
    pub(super) fn not_ready(self, error: &Error) -> Output {
        let output = self.error(error, Some(ResourceKind::Table));
        match error.kind() {
            ErrorKind::Timeout => Output { exit: Exit::TimedOut, ..output },
            _ => output,
        }
    }

    /// Returns the output for an error. `resource` is the kind of resource that the command was about.
    pub(super) fn error(self, error: &Error, resource: Option<ResourceKind>) -> Output {
        self.one(text::error(error), Report::of_error(error, resource), Exit::of_error(error))
    }

    /// Returns the output for an operation that a signal stopped. `unsettled` names the requests that
    /// were sent and may have changed something.
    pub(super) fn interrupted(
        self,
        signal: &str,
        unsettled: &[String],
        operation: &Operation,
    ) -> Output {
        let resource = Some(operation.resource());
        if !unsettled.is_empty() {
            let error = Error::new(
                ErrorKind::OutcomeUnknown,
                format!(
                    "stopped by {signal}, and it is not known whether this took effect: {}",
                    unsettled.join("; ")
                ),
            )
            .with_hint(format!(
                "{}; {}",
                hints::after_a_loss(),
                where_to_look(operation)
            ));
            return self.error(&error, resource);
        }
        self.nothing_sent(&format!("stopped by {signal}"), resource)
    }

    /// Returns the output for a command that was stopped before it sent a request that changes anything.
    pub(super) fn nothing_sent(self, why: &str, resource: Option<ResourceKind>) -> Output {
        let message = format!("{why}: no request was sent that changes anything");
        Output { exit: Exit::Interrupted, ..self.settled(message, resource) }
    }

    /// Returns the output for a command that was stopped. What its requests did is known.
    pub(super) fn settled(self, message: String, resource: Option<ResourceKind>) -> Output {
        let remarks = vec![Line::error(&*message)];
        let report = Report::of_failure("interrupted", message, resource);
        self.one(Text { result: Vec::new(), remarks }, report, Exit::Error)
    }

    /// Returns the lines of the history of a call, which go to stderr.
    pub(super) fn history(self, history: &History) -> Vec<Line> {
        match self.json {
            true => history.entries().iter().map(|entry| Line::plain(entry.json())).collect(),
            false => history.lines().into_iter().map(Line::plain).collect(),
        }
    }

    /// Returns the output for a command line that is wrong whatever the server is, if this program
    /// found the mistake. Clap writes its own messages.
    pub(super) fn usage(self, error: &Error) -> Output {
        let mut output = self.error(error, None);
        output.stderr.push(Line::plain(""));
        output.stderr.push(Line::plain("For more information, try '--help'."));
        output.exit = Exit::Usage;
        output
    }
}

/// Returns the words that name the command which shows what an operation did.
fn where_to_look(operation: &Operation) -> String {
    let table = operation.table().unwrap_or_default();
    match operation.resource() {
        ResourceKind::Duplication
        | ResourceKind::TableDuplications
        | ResourceKind::MetaServers
        | ResourceKind::RemoteCluster => {
            format!("`pegasus-dup query {table}` shows the current state")
        }
        ResourceKind::Table => "`pegasus-dup tables --dropped` shows the current state".to_owned(),
        ResourceKind::BackupPolicy => {
            "the same command reports the policy if it exists then".to_owned()
        }
    }
}

/// Returns the report of a command line that clap rejects.
pub(super) fn usage_report(message: &str) -> Report {
    Report::of_failure(ErrorKind::InvalidArgument.name(), message, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Difference, Evidence, Property};

    const TEXT: Format = Format { json: false };
    const JSON: Format = Format { json: true };

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| format!("{line}\n")).collect()
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

    fn exists(differences: Vec<Difference>) -> Outcome<Resource> {
        Outcome::AlreadyExists {
            existing: one("t", 1).into(),
            differences,
            unverified: vec![],
            evidence: Evidence::ServerSaidSo,
            warning: None,
        }
    }

    #[test]
    fn exit_codes_of_an_add() {
        let other = || vec![Difference::new(Property::RemoteReplicaCount, 1, 3)];
        assert_eq!(TEXT.add(&exists(vec![]), false).exit.code(), 3);
        assert_eq!(TEXT.add(&exists(vec![]), true).exit.code(), 0);
        assert_eq!(TEXT.add(&exists(other()), false).exit.code(), 4);
        assert_eq!(TEXT.add(&exists(other()), true).exit.code(), 4);
        for evidence in [Evidence::ServerSaidSo, Evidence::AppearedDuringCall] {
            let value = one("t", 1).into();
            let created = Outcome::Created { value, unverified: vec![], evidence, warning: None };
            assert_eq!(TEXT.add(&created, false).exit.code(), 0);
        }
        for kind in ErrorKind::ALL {
            let code = TEXT.error(&Error::new(kind, "no"), None).exit.code();
            assert_eq!(code, if kind == ErrorKind::OutcomeUnknown { 5 } else { 1 }, "{kind}");
        }
    }

    /// A property that was not compared is not a difference, but the user must be warned of it.
    #[test]
    fn exit_codes_if_a_property_was_not_compared() {
        let unverified = || Outcome::AlreadyExists {
            existing: one("t", 1).into(),
            differences: vec![],
            unverified: vec![Property::Checkpoint],
            evidence: Evidence::ListedBefore,
            warning: None,
        };
        assert_eq!(TEXT.add(&unverified(), false).exit.code(), 3);
        let output = JSON.add(&unverified(), true);
        assert_eq!(output.exit.code(), 0);
        let stderr = text(&output.stderr);
        assert!(stderr.contains("not compared: checkpoint ("), "{stderr}");
        assert!(!stderr.contains("it is as requested"), "{stderr}");
    }

    #[test]
    fn json_keeps_stdout_pure_and_still_warns() {
        let output = JSON.add(&exists(vec![]), false);
        let stdout = text(&output.stdout);
        assert!(stdout.starts_with('{') && stdout.ends_with("}\n"));
        assert_eq!(stdout.lines().count(), 1);
        assert!(text(&output.stderr).starts_with("warning: nothing was created: "));
    }

    #[test]
    fn an_error_has_its_hint_on_a_line_of_its_own() {
        let error = Error::new(ErrorKind::Busy, "a change is under way: table=t")
            .with_hint("start dup[t(1)] failed")
            .with_server("127.0.0.1:34601");
        let output = TEXT.error(&error, Some(ResourceKind::Duplication));
        assert_eq!((output.stdout, output.exit), (vec![], Exit::Error));
        assert_eq!(
            text(&output.stderr),
            "error: a change is under way: table=t server=127.0.0.1:34601\n\
             hint: start dup[t(1)] failed\n"
        );
    }

    #[test]
    fn an_interrupt_says_whether_anything_was_sent() {
        let add = Operation::Add(crate::DuplicationSpec::new("t", "c"));
        let nothing = JSON.interrupted("SIGINT", &[], &add);
        assert_eq!(nothing.exit.code(), 130);
        assert!(text(&nothing.stdout).contains(r#""error":{"kind":"interrupted","#));
        let sent = JSON.interrupted("SIGTERM", &["add table=t cluster=c".into()], &add);
        assert_eq!(sent.exit.code(), 5);
        assert!(text(&sent.stdout).contains(r#""resource":"duplication","value":null,"#));
        assert!(text(&sent.stdout).contains(r#""kind":"outcome_unknown""#));
        let stderr = text(&sent.stderr);
        assert!(stderr.contains("add table=t cluster=c"), "{stderr}");
        assert!(stderr.contains("`pegasus-dup query t`"), "{stderr}");
    }

    #[test]
    fn removing_a_resource_that_does_not_exist_is_an_error() {
        let output = JSON.removal(&Removal::NotFound, ResourceKind::Duplication, "table=t dupid=7");
        assert_eq!(output.exit.code(), 1);
        assert!(text(&output.stdout).contains(r#""kind":"duplication_not_found""#));
        let stderr = text(&output.stderr);
        assert!(stderr.contains("no such duplication") && stderr.contains("table=t dupid=7"));
    }

    /// A table that was recalled after a restart may have two duplications to one remote cluster.
    #[test]
    fn two_duplications_of_one_pair_are_a_warning_that_names_both() {
        let leaving = Duplication { status: Some(crate::Status::Removed), ..one("b", 5) };
        let elsewhere = Duplication { cluster: "other".into(), ..one("a", 3) };
        let all = [one("a", 1), one("a", 2), elsewhere, Duplication { table_id: 2, ..leaving }];
        let staying = Duplication { table_id: 2, ..one("b", 4) };
        let all = [&all[..], &[staying]].concat();
        let expected = "table=a cluster=target dupid=1 dupid=2";
        for output in [TEXT.listed(&all), JSON.listed(&all)] {
            assert_eq!(output.exit, Exit::Done);
            let stderr = text(&output.stderr);
            assert!(stderr.starts_with("warning: there are several"), "{stderr}");
            assert_eq!(stderr.lines().count(), 1);
            assert!(stderr.contains(expected), "{stderr}");
        }
        let warned = |lines: &[Line]| -> Vec<bool> {
            lines.iter().map(|line| line.text.contains(expected)).collect()
        };
        assert_eq!(warned(&JSON.listed(&all).stdout), [true, true, false, false, false]);
        let table = |table_id, duplications: Vec<Duplication>| TableDuplications {
            table: "a".into(),
            table_id,
            partition_count: None,
            duplications,
        };
        let tables = [table(1, all[..3].to_vec()), table(2, vec![one("b", 1)])];
        assert_eq!(warned(&JSON.by_table(&tables).stdout), [true, false]);
        assert_eq!(warned(&TEXT.by_table(&tables).stderr), [true]);
    }

    #[test]
    fn an_empty_list_is_a_header_and_nothing_in_json() {
        assert_eq!(JSON.listed(&[one("a", 1), one("b", 1)]).stdout.len(), 2);
        assert_eq!(JSON.listed(&[]).stdout, []);
        assert_eq!(TEXT.listed(&[]).stdout.len(), 1);
    }
}
