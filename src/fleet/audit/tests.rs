//! Tests of the file: what is written, and what is read back after a crash.

use std::io::{self, Write};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;

use super::line::{Entry, Line};
use super::writer::{Sink, Writer};
use super::*;
use crate::enums::{ErrorKind, Evidence, ItemResult, OutcomeKind, PlanStep};
use crate::fleet::plan::{Existing, SourceCluster};

struct Fixed;

impl Clock for Fixed {
    fn now_ms(&self) -> i64 {
        1_795_000_000_123
    }
}

fn begin() -> Entry {
    Entry::Begin {
        program: "test".to_owned(),
        meta: "a:1,b:2".to_owned(),
        cluster_name: Some("onebox".to_owned()),
        input_hash: "00".to_owned(),
        changes: 2,
        removals: 0,
    }
}

fn change(number: u64) -> AuditChange {
    AuditChange {
        change: number,
        step: PlanStep::Add,
        table: format!("temp{number}"),
        table_id: Some(3),
        cluster: "target".to_owned(),
        dupid: None,
        create_ts_ms: None,
        wanted: None,
        outcome: None,
    }
}

fn outcome(error: Option<ErrorKind>) -> AuditOutcome {
    let existing = Existing {
        dupid: 7,
        create_ts_ms: Some(5),
        status: None,
        fail_mode: None,
        remote_table: None,
        remote_replica_count: None,
    };
    AuditOutcome {
        outcome: error.map_or(OutcomeKind::Created, |_| OutcomeKind::Error),
        evidence: error.is_none().then_some(Evidence::ServerSaidSo),
        table_id: Some(3),
        duplication: error.is_none().then_some(existing),
        warning: None,
        error: error.map(|kind| AuditError { kind, message: "no response".to_owned() }),
    }
}

fn after(change: u64, error: Option<ErrorKind>) -> Entry {
    Entry::After {
        change,
        table: format!("temp{change}"),
        cluster: "target".to_owned(),
        outcome: outcome(error),
    }
}

fn end() -> Entry {
    let results = [(ItemResult::Created, 1), (ItemResult::Unknown, 1)].into();
    Entry::End { stopped: false, results }
}

fn lines(run: u64, entries: impl IntoIterator<Item = Entry>) -> Vec<u8> {
    let lines = entries.into_iter().map(|entry| Line::new(1_795_000_000_123, run, entry).bytes());
    lines.collect::<Vec<_>>().concat()
}

fn whole() -> Vec<u8> {
    lines(
        1,
        [
            begin(),
            Entry::Before(change(1)),
            Entry::Before(change(2)),
            after(2, Some(ErrorKind::OutcomeUnknown)),
            after(1, None),
            Entry::Before(change(3)),
            end(),
        ],
    )
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn what_is_written_is_read_back() {
    let log = AuditLog::parse(&whole()).unwrap();
    let [run] = log.runs.as_slice() else { panic!("{log:?}") };
    assert_eq!(
        (run.run, run.meta.as_str(), run.time.as_str()),
        (1, "a:1,b:2", "2026-11-18T11:06:40.123Z")
    );
    assert_eq!(run.changes.len(), 3);
    assert_eq!(run.changes[0], AuditChange { outcome: Some(outcome(None)), ..change(1) });
    assert_eq!(run.end.as_ref().unwrap().results[&ItemResult::Created], 1);
    let unsettled: Vec<u64> = log.unsettled().map(|(_, change)| change.change).collect();
    assert_eq!(unsettled, [2, 3], "an effect that is not known, and no outcome");
    assert!(log.unreadable.is_empty());
}

#[test]
fn a_line_names_what_it_is_about() {
    let line = String::from_utf8(lines(4, [Entry::Before(change(1))])).unwrap();
    assert_eq!(
        line,
        concat!(
            r#"{"audit":1,"time":"2026-11-18T11:06:40.123Z","run":4,"line":"before","change":1,"step":"add","#,
            r#""table":"temp1","table_id":3,"cluster":"target","dupid":null,"create_ts_ms":null,"wanted":null}"#,
            "\n"
        )
    );
}

#[test]
fn the_names_of_a_table_cannot_break_a_line() {
    let odd = AuditChange { table: "a\nb\u{9b}\"".to_owned(), ..change(1) };
    let bytes = lines(1, [begin(), Entry::Before(odd.clone())]);
    assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), 2);
    assert_eq!(AuditLog::parse(&bytes).unwrap().runs[0].changes, [odd]);
}

/// The file may end after any byte. Whatever was written completely before is read, and what is appended
/// afterwards is read, too.
#[tokio::test]
async fn a_crash_after_any_byte_loses_only_the_line_that_was_being_written() {
    let (content, folder) = (whole(), folder());
    let path = folder.path().join("audit");
    for length in 0..=content.len() {
        let kept = &content[..length];
        let complete = kept.iter().filter(|&&byte| byte == b'\n').count();
        // A line is complete without its end, too.
        let complete_at_end = content.get(length) == Some(&b'\n');
        std::fs::write(&path, kept).unwrap();
        let expected = AuditLog::parse(
            &content[..kept.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1)],
        );
        let expected = expected.unwrap();
        let log = Audit::read(&path).unwrap();
        if !complete_at_end {
            assert_eq!(log.runs, expected.runs, "length={length}");
        }
        let torn = length > 0 && kept.last() != Some(&b'\n') && !complete_at_end;
        assert_eq!(
            log.unreadable,
            if torn { vec![complete + 1] } else { vec![] },
            "length={length}"
        );
        // Each line that is appended waits for the disk.
        if length % 19 != 0 {
            continue;
        }
        let audit = Audit::open_with_clock(&path, Arc::new(Fixed)).unwrap();
        audit.append(2, begin()).await.unwrap();
        audit.append(2, Entry::Before(change(1))).await.unwrap();
        drop(audit);
        let again = Audit::read(&path).unwrap();
        assert_eq!(again.runs.len(), log.runs.len() + 1, "length={length}");
        assert_eq!(again.runs[..log.runs.len()], log.runs, "length={length}");
        assert_eq!(again.runs.last().unwrap().changes, [change(1)], "length={length}");
        assert_eq!(again.unreadable, log.unreadable, "length={length}");
    }
}

#[test]
fn a_file_that_is_no_audit_file_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("audit");
    for content in ["meta = \"a:1\"\n", "{}\n", "x", "\0\0\0"] {
        std::fs::write(&path, content).unwrap();
        let error = Audit::open(&path).unwrap_err();
        assert!(error.message().contains("not an audit file"), "{content:?} {error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
    std::fs::write(&path, "{\"audit\":2,\"new\":1}\n").unwrap();
    assert!(Audit::open(&path).unwrap_err().message().contains("newer"));
    assert!(Audit::read(&path).is_err());
    assert_eq!(Audit::open(folder.path()).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        Audit::read(&folder.path().join("none")).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn a_second_apply_waits_for_the_file() {
    let folder = folder();
    let path = folder.path().join("audit");
    let first = Audit::open(&path).unwrap();
    let error = Audit::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    // Reading needs no lock.
    assert_eq!(Audit::read(&path).unwrap(), AuditLog::default());
    drop(first);
    Audit::open(&path).unwrap();
}

#[test]
fn only_a_finished_apply_to_the_same_cluster_counts() {
    let source = |meta: &str, name: Option<&str>| SourceCluster {
        meta: meta.to_owned(),
        name: name.map(str::to_owned),
        generation: None,
    };
    let log = AuditLog::parse(&whole()).unwrap();
    assert!(log.has_finished_apply(&source("b:2", Some("onebox"))));
    assert!(!log.has_finished_apply(&source("c:3", Some("onebox"))));
    assert!(!log.has_finished_apply(&source("b:2", Some("other"))));
    assert!(!log.has_finished_apply(&source("b:2", None)));
    let stopped = Entry::End { stopped: true, results: [].into() };
    let log = AuditLog::parse(&lines(1, [begin(), stopped])).unwrap();
    assert!(!log.has_finished_apply(&source("b:2", Some("onebox"))));
    let log = AuditLog::parse(&lines(1, [begin()])).unwrap();
    assert!(!log.has_finished_apply(&source("b:2", Some("onebox"))));
}

/// A file that waits before each sync until the test lets it go on, or that fails.
struct Slow {
    written: Arc<Mutex<Vec<u8>>>,
    syncs: Arc<Mutex<usize>>,
    go_on: mpsc::Receiver<io::Result<()>>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Slow {
    fn sync(&mut self) -> io::Result<()> {
        *self.syncs.lock().unwrap() += 1;
        self.go_on.recv().unwrap_or(Ok(()))
    }
}

#[tokio::test]
async fn lines_that_come_together_share_one_sync() {
    let (go_on, waits) = mpsc::channel();
    let (written, syncs) = (Arc::default(), Arc::default());
    let sink = Slow { written: Arc::clone(&written), syncs: Arc::clone(&syncs), go_on: waits };
    let writer = Writer::start(sink, false).unwrap();
    let first = writer.append(b"a\n".to_vec());
    tokio::pin!(first);
    // The first line waits for its sync, and so do all others behind it.
    assert!((&mut first).now_or_never().is_none());
    while *syncs.lock().unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    let rest = futures_util::future::join_all((0..20).map(|_| writer.append(b"b\n".to_vec())));
    tokio::pin!(rest);
    assert!((&mut rest).now_or_never().is_none());
    go_on.send(Ok(())).unwrap();
    go_on.send(Ok(())).unwrap();
    first.await.unwrap();
    assert!(rest.await.into_iter().all(|result| result.is_ok()));
    assert_eq!(*syncs.lock().unwrap(), 2);
    assert_eq!(*written.lock().unwrap(), [b"a\n".to_vec(), b"b\n".repeat(20)].concat());
}

#[tokio::test]
async fn nothing_is_written_after_a_failure() {
    let (go_on, waits) = mpsc::channel();
    let (written, syncs) = (Arc::default(), Arc::default());
    let sink = Slow { written: Arc::clone(&written), syncs: Arc::clone(&syncs), go_on: waits };
    let writer = Writer::start(sink, true).unwrap();
    go_on.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
    for _ in 0..3 {
        let error = writer.append(b"a\n".to_vec()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
    assert_eq!(*written.lock().unwrap(), b"\na\n");
    assert_eq!(*syncs.lock().unwrap(), 1);
}
