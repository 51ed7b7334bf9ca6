//! Tests of the audit file of real applies, and of removals, which need it.

use std::path::PathBuf;
use std::time::Duration;

use pegasus_dup::enums::OutcomeKind;
use pegasus_dup::fleet::{ApplyOptions, Audit, Now, Plan, Stop, Summary, Work};
use pegasus_dup::server::{Behaviour, Event as ServerEvent};
use pegasus_dup::{Client, DuplicationSpec, ErrorKind, ItemResult, PlanStep, TablePattern};

use super::support::{Recorded, declared, fleet, options, server};

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    (folder, path)
}

async fn apply(client: &Client, text: &str, options: ApplyOptions, audit: &mut Audit) -> Summary {
    let plan = Plan::make(client, &fleet(text)).await.unwrap();
    let work = Work::new(plan, options).unwrap();
    work.run(client, Some(audit), &Stop::new(), |_| {}).await.unwrap()
}

#[tokio::test]
async fn every_change_is_recorded_before_it_is_sent_and_after() {
    let (server, client) = server(Behaviour::DupExist, 40).await;
    let (_folder, path) = file();
    // The server looks at the file whenever it stores a change.
    let watched = path.clone();
    server.hub().observe(move |event| {
        if let ServerEvent::Storing { .. } = event {
            let log = Audit::read(&watched).unwrap();
            assert!(log.unsettled().count() > 0, "a change is stored that is not recorded");
        }
    });
    let mut audit = Audit::open(&path).unwrap();
    let text = declared("t*", "target", "fail_mode = \"skip\"");
    let summary = apply(&client, &text, ApplyOptions::default(), &mut audit).await;
    assert_eq!(summary.count(ItemResult::Created), 40, "{summary:?}");
    assert!(summary.error.is_none());
    drop(audit);
    let log = Audit::read(&path).unwrap();
    let [run] = log.runs.as_slice() else { panic!("{log:?}") };
    assert_eq!(run.changes.len(), 80);
    assert_eq!(log.unsettled().count(), 0);
    assert!(log.unreadable.is_empty());
    for report in &summary.reports {
        let mut changes = run.changes.iter().filter(|one| one.table == report.item.table);
        let add = changes.next().unwrap();
        assert_eq!((add.step, add.table_id), (PlanStep::Add, report.item.table_id));
        let outcome = add.outcome.as_ref().unwrap();
        assert_eq!(outcome.outcome, OutcomeKind::Created);
        assert_eq!(outcome.evidence, report.evidence);
        let created = outcome.duplication.as_ref().unwrap();
        assert_eq!(Some(created.dupid), report.dupid);
        let mode = changes.next().unwrap();
        assert_eq!((mode.step, mode.dupid), (PlanStep::SetFailMode, report.dupid));
        assert_eq!(mode.outcome.as_ref().unwrap().outcome, OutcomeKind::Changed);
    }
    let end = run.end.as_ref().unwrap();
    assert_eq!((end.stopped, end.results[&ItemResult::Created]), (false, 40));
    server.stop().await;
}

#[tokio::test]
async fn what_was_in_flight_is_settled_by_a_look() {
    let (server, client) = server(Behaviour::DupExist, 3).await;
    let (_folder, path) = file();
    let text = declared("t*", "target", "");
    let plan = Plan::make(&client, &fleet(&text)).await.unwrap();
    // The first add is done and its response is lost, and the second one never arrives.
    let rules = ["add#1=drop-reply", "add#2=hold:60000"];
    server.set_faults(rules.map(|rule| rule.parse().unwrap()).to_vec());
    let mut audit = Audit::open(&path).unwrap();
    let work = Work::new(plan, options(|options| options.concurrency = 2)).unwrap();
    let stop = Stop::new();
    let run = work.run(&client, Some(&mut audit), &stop, |_| {});
    // The process "crashes" after a while.
    assert!(tokio::time::timeout(Duration::from_secs(1), run).await.is_err());
    drop(audit);
    server.set_faults(Vec::new());
    let log = Audit::read(&path).unwrap();
    assert!(log.runs[0].end.is_none());
    let reader = Client::builder().meta(server.address().to_string()).build().unwrap();
    let settled = log.settle(&reader).await;
    assert_eq!(settled.len(), 2, "{settled:?}");
    for one in &settled {
        match (one.change.table.as_str(), &one.now) {
            ("t000", Now::Exists(found)) => assert_eq!(found.len(), 1),
            ("t001", Now::Absent) => {}
            other => panic!("{other:?}"),
        }
        assert!(one.to_string().contains(" run=1 "), "{one}");
    }
    // Another cluster says nothing about these changes.
    let (other, elsewhere) = self::server(Behaviour::DupExist, 3).await;
    for one in log.settle(&elsewhere).await {
        assert!(matches!(one.now, Now::OtherCluster), "{one:?}");
    }
    other.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn removals_need_an_earlier_finished_apply_and_a_scope() {
    let (server, client) = server(Behaviour::DupExist, 4).await;
    let (_folder, path) = file();
    for table in ["t000", "t001", "t002"] {
        for cluster in ["target", "target2"] {
            assert!(client.add(&DuplicationSpec::new(table, cluster)).await.unwrap().created());
        }
    }
    let text =
        declared("t000", "target", "") + "[[scope]]\ntable = \"t00[0-1]\"\ncluster = \"target\"\n";
    let prune = options(|options| options.prune = true);
    let plan = Plan::make(&client, &fleet(&text)).await.unwrap();
    let work = Work::new(plan, prune.clone()).unwrap();
    assert_eq!(work.removals().count(), 1);
    let recorded = Recorded::of(&server);
    let mut audit = Audit::open(&path).unwrap();
    for audit in [None, Some(&mut audit)] {
        let error = work.run(&client, audit, &Stop::new(), |_| {}).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    let first = apply(&client, &text, ApplyOptions::default(), &mut audit).await;
    assert_eq!(first.results(), [(ItemResult::Unchanged, 6)].into(), "{first:?}");
    recorded.reads();
    drop(audit);

    let mut audit = Audit::open(&path).unwrap();
    let summary = apply(&client, &text, prune, &mut audit).await;
    let expected = [(ItemResult::Removed, 1), (ItemResult::Unchanged, 5)].into();
    assert_eq!(summary.results(), expected, "{summary:?}");
    let left = client.list(&TablePattern::All).await.unwrap();
    assert_eq!(left.len(), 5);
    assert!(!left.iter().any(|one| one.table == "t001" && one.cluster == "target"));
    server.stop().await;
}
