//! Tests of applies to embedded servers: what is done, what is left, and what is said about it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pegasus_dup::fleet::{ApplyOptions, Event, Fleet, ItemReport, Plan, Stop, Summary, Work};
use pegasus_dup::server::{Behaviour, ClockMode, Event as ServerEvent, MetaGroup, ServerConfig};
use pegasus_dup::{
    Client, DuplicationSpec, ErrorKind, Evidence, FailMode, ItemResult, PlanStep, Selector, Status,
    TablePattern, Verdict,
};

use super::support::{BEHAVIOURS, Recorded, declared, fleet, options, server};
use crate::common::embedded;

async fn apply(client: &Client, plan: &Plan, options: ApplyOptions) -> Summary {
    let work = Work::new(plan.clone(), options).unwrap();
    work.run(client, None, &Stop::new(), |_| {}).await.unwrap()
}

async fn plan(client: &Client, fleet: &Fleet) -> Plan {
    Plan::make(client, fleet).await.unwrap()
}

fn results(summary: &Summary) -> BTreeMap<ItemResult, usize> {
    summary.results()
}

fn by_table(summary: &Summary) -> BTreeMap<&str, &ItemReport> {
    summary.reports.iter().map(|report| (&*report.item.table, report)).collect()
}

/// Returns the duplications by table, with what a fleet can declare of them.
async fn listed(client: &Client) -> Vec<(String, Option<Status>, Option<FailMode>)> {
    let all = client.list(&TablePattern::All).await.unwrap();
    all.into_iter().map(|one| (one.table, one.status, one.fail_mode)).collect()
}

fn target() -> Selector {
    Selector::Cluster("target".to_owned())
}

#[tokio::test]
async fn applying_twice_is_applying_once() {
    for behaviour in BEHAVIOURS {
        let (server, client) = server(behaviour, 12).await;
        let text = declared("t*,!t00[01]", "target", "fail_mode = \"skip\"")
            + &declared("t000", "target", "status = \"paused\"")
            + &declared("t001", "target", "status = \"running\"\nfail_mode = \"slow\"");
        let fleet = fleet(&text);
        let first = plan(&client, &fleet).await;
        let summary = apply(&client, &first, ApplyOptions::default()).await;
        assert_eq!(
            results(&summary),
            [(ItemResult::Created, 12)].into(),
            "{behaviour} {summary:?}"
        );
        assert!(!summary.stopped);
        for (table, report) in by_table(&summary) {
            let steps: &[PlanStep] = match table {
                "t000" => &[PlanStep::Add, PlanStep::Pause],
                "t001" => &[PlanStep::Add],
                _ => &[PlanStep::Add, PlanStep::SetFailMode],
            };
            assert_eq!(report.done, steps, "{behaviour} {table}");
            assert!(report.evidence.is_some() && report.dupid.is_some());
        }
        let now = listed(&client).await;
        assert_eq!(now.len(), 12, "{behaviour}");

        let recorded = Recorded::of(&server);
        let again = plan(&client, &fleet).await;
        assert!(!again.has_changes(), "{behaviour} {again:?}");
        // The old plan can be applied again, too.
        for plan in [&again, &first] {
            let summary = apply(&client, plan, ApplyOptions::default()).await;
            let expected = [(ItemResult::Unchanged, 12)].into();
            assert_eq!(results(&summary), expected, "{behaviour} {summary:?}");
        }
        recorded.reads();
        assert_eq!(listed(&client).await, now);
        assert_eq!(server.would_have_died(), 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_exists_is_only_altered_where_a_fix_says_so() {
    let (server, client) = server(Behaviour::DupExist, 4).await;
    for table in ["t000", "t001", "t002"] {
        assert!(client.add(&DuplicationSpec::new(table, "target")).await.unwrap().created());
    }
    assert!(client.pause("t001", &target()).await.unwrap().changed());
    let text = declared("t000", "target", "fail_mode = \"skip\"")
        + &declared("t001", "target", "status = \"running\"")
        + &declared("t002", "target", "remote_table = \"other\"\nstatus = \"paused\"");
    let fleet = fleet(&text);
    let differs = |count| [(ItemResult::Differs, count)].into();
    let recorded = Recorded::of(&server);
    let now = plan(&client, &fleet).await;
    let summary = apply(&client, &now, ApplyOptions::default()).await;
    assert_eq!(results(&summary), differs(3), "{summary:?}");
    assert!(summary.reports.iter().all(|report| report.warning.is_some()), "{summary:?}");
    recorded.reads();

    let all = options(|options| (options.fix.status, options.fix.fail_mode) = (true, true));
    let summary = apply(&client, &now, all.clone()).await;
    let by_table = by_table(&summary);
    assert_eq!(by_table["t000"].result, ItemResult::Changed, "{summary:?}");
    assert_eq!(by_table["t001"].result, ItemResult::Changed, "{summary:?}");
    // It is paused now, and still leads to another remote table.
    assert_eq!(by_table["t002"].result, ItemResult::Differs, "{summary:?}");
    assert_eq!(by_table["t002"].done, [PlanStep::Pause]);
    let now = listed(&client).await;
    let is = |table: &str| now.iter().find(|one| one.0 == table).unwrap();
    assert_eq!(is("t000").2, Some(FailMode::Skip));
    assert_eq!(is("t001").1, Some(Status::Log));
    assert_eq!(is("t002").1, Some(Status::Pause));
    server.stop().await;
}

#[tokio::test]
async fn an_item_that_has_changed_is_stale_and_the_others_are_applied() {
    let (server, client) = server(Behaviour::DupExist, 6).await;
    for table in ["t000", "t001", "t002"] {
        assert!(client.add(&DuplicationSpec::new(table, "target")).await.unwrap().created());
    }
    let fleet = fleet(&declared("t*", "target", "fail_mode = \"skip\""));
    let plan = plan(&client, &fleet).await;
    // Somebody pauses one, replaces one, and creates two, of which one is not as declared.
    assert!(client.pause("t000", &target()).await.unwrap().changed());
    let _ = client.remove("t001", &target()).await.unwrap();
    for table in ["t001", "t003", "t004"] {
        assert!(client.add(&DuplicationSpec::new(table, "target")).await.unwrap().created());
    }
    assert!(client.set_fail_mode("t003", &target(), FailMode::Skip).await.unwrap().changed());
    let before = listed(&client).await;
    let fix = options(|options| options.fix.fail_mode = true);
    let summary = apply(&client, &plan, fix).await;
    let by_table = by_table(&summary);
    for table in ["t000", "t001", "t004"] {
        let report = by_table[table];
        assert_eq!(report.result, ItemResult::Stale, "{report:?}");
        assert!(report.error.is_some() && report.done.is_empty());
    }
    assert_eq!(by_table["t003"].result, ItemResult::Unchanged);
    assert_eq!(by_table["t002"].result, ItemResult::Changed);
    assert_eq!(by_table["t005"].result, ItemResult::Created);
    let after = listed(&client).await;
    for one in before.iter().filter(|one| one.0 != "t002") {
        assert!(after.contains(one), "{one:?} {after:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_plan_for_another_cluster_is_refused() {
    let (server, client) = server(Behaviour::DupExist, 1).await;
    let mut plan = plan(&client, &fleet(&declared("t*", "target", ""))).await;
    plan.source.name = Some("other".to_owned());
    let recorded = Recorded::of(&server);
    let work = Work::new(plan, ApplyOptions::default()).unwrap();
    let error = work.run(&client, None, &Stop::new(), |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    recorded.reads();
    server.stop().await;
}

#[tokio::test]
async fn lost_responses_are_found_out_item_by_item() {
    for behaviour in BEHAVIOURS {
        let (server, client) = server(behaviour, 20).await;
        let fleet = fleet(&declared("t*", "target", "fail_mode = \"skip\""));
        let plan = plan(&client, &fleet).await;
        let rules = ["add#3=close-after", "add#9=close-after", "modify#4=close-after"];
        server.set_faults(rules.map(|rule| rule.parse().unwrap()).to_vec());
        let keep_going = options(|options| options.keep_going = true);
        let summary = apply(&client, &plan, keep_going).await;
        // A broken connection carries several requests. Whatever is not known is said to be so.
        for report in &summary.reports {
            let found = client.query(&report.item.table).await.unwrap();
            match report.result {
                ItemResult::Created => {
                    assert_eq!(found.len(), 1, "{behaviour} {report:?}");
                    assert_eq!(found[0].fail_mode, Some(FailMode::Skip), "{report:?}");
                }
                ItemResult::Unknown => assert!(report.error.is_some()),
                other => panic!("{behaviour} {other} {report:?}"),
            }
        }
        server.set_faults(Vec::new());
        let fix = options(|options| options.fix.fail_mode = true);
        // On the oldest servers, the first client refuses to repeat an add that may still be in flight.
        let client = Client::builder().meta(server.address().to_string()).build().unwrap();
        let again = Plan::make(&client, &fleet).await.unwrap();
        apply(&client, &again, fix).await;
        let last = Plan::make(&client, &fleet).await.unwrap();
        assert_eq!(last.count(Verdict::AsWanted), 20, "{behaviour}");
        assert_eq!(server.would_have_died(), 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_failure_stops_the_apply_unless_it_is_to_go_on() {
    for keep_going in [false, true] {
        for fault in ["refuse:ERR_ACL_DENY", "close-before"] {
            let (server, client) = server(Behaviour::DupExist, 6).await;
            let client = client.with_timeout(Duration::from_secs(4));
            let fleet = fleet(&declared("t*", "target", ""));
            let plan = plan(&client, &fleet).await;
            server.set_faults(vec![format!("add#3={fault}").parse().unwrap()]);
            let options = options(|options| {
                options.keep_going = keep_going;
                options.concurrency = 1;
            });
            let summary = apply(&client, &plan, options).await;
            let failed = match fault {
                "close-before" => ItemResult::Unknown,
                _ => ItemResult::Failed,
            };
            let expected = match keep_going {
                true => BTreeMap::from([(ItemResult::Created, 5), (failed, 1)]),
                false => [(ItemResult::Created, 2), (failed, 1), (ItemResult::NotTried, 3)].into(),
            };
            assert_eq!(results(&summary), expected, "{fault} {summary:?}");
            assert_eq!(summary.stopped, !keep_going);
            assert_eq!(summary.reports[2].result, failed, "{summary:?}");
            assert_eq!(listed(&client).await.len(), if keep_going { 5 } else { 2 });
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn a_later_step_that_fails_tells_what_was_done() {
    let (server, client) = server(Behaviour::DupExist, 2).await;
    let fleet = fleet(&declared("t*", "target", "fail_mode = \"skip\""));
    let plan = plan(&client, &fleet).await;
    server.set_faults(vec!["modify=refuse:ERR_ACL_DENY".parse().unwrap()]);
    let keep_going = options(|options| options.keep_going = true);
    let summary = apply(&client, &plan, keep_going).await;
    for report in &summary.reports {
        assert_eq!(report.result, ItemResult::Failed);
        assert_eq!(report.done, [PlanStep::Add]);
        assert_eq!(report.evidence, Some(Evidence::ServerSaidSo));
        assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::PermissionDenied);
        assert!(report.dupid.is_some());
    }
    server.stop().await;
}

#[tokio::test]
async fn two_applies_at_the_same_time_create_each_duplication_once() {
    for behaviour in [Behaviour::DupExist, Behaviour::Idempotent] {
        let (server, one) = server(behaviour, 30).await;
        let other = Client::builder().meta(server.address().to_string()).build().unwrap();
        let fleet = fleet(&declared("t*", "target", ""));
        let plan = plan(&one, &fleet).await;
        let (first, second) = tokio::join!(
            apply(&one, &plan, ApplyOptions::default()),
            apply(&other, &plan, ApplyOptions::default())
        );
        for (first, second) in first.reports.iter().zip(&second.reports) {
            let mut both = [first.result, second.result];
            both.sort();
            assert_eq!(both, [ItemResult::Created, ItemResult::Unchanged], "{first:?} {second:?}");
        }
        assert_eq!(listed(&one).await.len(), 30);
        server.stop().await;
    }
}

#[tokio::test]
async fn two_hundred_tables_and_a_change_of_the_leader() {
    let table = |index: usize| format!("t{index:03}:4:3").parse().unwrap();
    let config = ServerConfig {
        tables: (0..200).map(table).collect(),
        ..embedded::still(Behaviour::DupExist)
    };
    let rules = ["add#60=change-leader:500", "add#130=change-leader-after"];
    let group = MetaGroup::start(vec![config; 2]).await.unwrap();
    let metas: Vec<String> = group.servers().iter().map(|one| one.address().to_string()).collect();
    let client = Client::builder().meta(metas.join(",")).build().unwrap();
    let fleet = fleet(&declared("t*", "target", "fail_mode = \"skip\""));
    let plan = plan(&client, &fleet).await;
    group.group().set_faults(rules.map(|rule| rule.parse().unwrap()).to_vec());
    let keep_going = options(|options| options.keep_going = true);
    let summary = apply(&client, &plan, keep_going).await;
    let truth: BTreeMap<String, Option<FailMode>> =
        listed(&client).await.into_iter().map(|(table, _, mode)| (table, mode)).collect();
    for report in &summary.reports {
        let now = truth.get(&report.item.table);
        match report.result {
            ItemResult::Created => assert_eq!(now, Some(&Some(FailMode::Skip)), "{report:?}"),
            ItemResult::Unknown => assert!(report.error.is_some()),
            other => panic!("{other} {report:?}"),
        }
    }
    assert!(summary.count(ItemResult::Created) > 150, "{:?}", results(&summary));
    let fix = options(|options| options.fix.fail_mode = true);
    let again = Plan::make(&client, &fleet).await.unwrap();
    apply(&client, &again, fix).await;
    let last = Plan::make(&client, &fleet).await.unwrap();
    assert_eq!(last.count(Verdict::AsWanted), 200);
    group.stop().await;
}

#[tokio::test]
async fn a_stop_ends_what_is_in_flight_and_the_next_apply_does_the_rest() {
    let (server, client) = server(Behaviour::DupExist, 50).await;
    let fleet = fleet(&declared("t*", "target", ""));
    let plan = plan(&client, &fleet).await;
    let work = Work::new(plan.clone(), options(|options| options.concurrency = 4)).unwrap();
    let (stop, mut started, mut finished) = (Stop::new(), 0, 0);
    let summary = work
        .run(&client, None, &stop, |event| match event {
            Event::Started(_) => started += 1,
            Event::Finished(_) => {
                finished += 1;
                if finished == 10 {
                    stop.stop();
                }
            }
            _ => {}
        })
        .await
        .unwrap();
    assert!(summary.stopped);
    assert_eq!(started, finished, "everything that was started is brought to its end");
    let created = summary.count(ItemResult::Created);
    assert_eq!(created, finished);
    assert!((10..=14).contains(&created), "{created}");
    assert_eq!(summary.count(ItemResult::NotTried), 50 - created);
    assert_eq!(listed(&client).await.len(), created);
    assert!(client.unsettled().is_empty());
    // The same plan does the rest.
    let summary = apply(&client, &plan, ApplyOptions::default()).await;
    let expected = [(ItemResult::Created, 50 - created), (ItemResult::Unchanged, created)].into();
    assert_eq!(results(&summary), expected);
    // A stop before the beginning sends nothing.
    let recorded = Recorded::of(&server);
    stop.stop();
    let summary = work.run(&client, None, &stop, |_| {}).await.unwrap();
    assert_eq!(summary.count(ItemResult::Created), 0);
    recorded.reads();
    server.stop().await;
}

/// Returns a server whose clock is moved by hand, its client, and the highest number of adds since the clock
/// was moved.
async fn preparing(
    behaviour: Behaviour,
) -> (pegasus_dup::server::MetaServer, Client, Arc<AtomicUsize>) {
    let table = |index: usize| format!("t{index:03}:4:3").parse().unwrap();
    let server = embedded::start(ServerConfig {
        tables: (0..7).map(table).collect(),
        clock: Some(ClockMode::Manual),
        ..embedded::config(behaviour)
    })
    .await;
    let client = Client::builder().meta(server.address().to_string()).build().unwrap();
    let changes = Arc::new(AtomicUsize::new(0));
    let counted = changes.clone();
    server.hub().observe(move |event| {
        if let ServerEvent::Storing { .. } = event {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (server, client, changes)
}

#[tokio::test]
async fn at_most_so_many_checkpoints_are_prepared_at_the_same_time() {
    // The second server does not have the list RPC.
    for behaviour in [Behaviour::DupExist, Behaviour::Checkpoint] {
        let (server, client, changes) = preparing(behaviour).await;
        // One is in DS_PREPARE already.
        let spec = DuplicationSpec { checkpoint: true, ..DuplicationSpec::new("t000", "target") };
        assert!(client.add(&spec).await.unwrap().created());
        let text = declared("t00[0-4]", "target", "checkpoint = true")
            + &declared("t00[56]", "target", "");
        let plan = plan(&client, &fleet(&text)).await;
        changes.store(0, Ordering::SeqCst);
        let work = Work::new(plan, options(|options| options.max_preparing = Some(3))).unwrap();
        let mut waits = Vec::new();
        let summary = work
            .run(&client, None, &Stop::new(), |event| {
                if let Event::Preparing { preparing, waiting } = event {
                    waits.push((preparing, waiting));
                    if waits.len() == 2 {
                        // Two duplications were added with a checkpoint, beside the one from before.
                        assert!(changes.load(Ordering::SeqCst) <= 4);
                        server.hub().advance(Duration::from_secs(10));
                    }
                }
            })
            .await
            .unwrap();
        assert_eq!(summary.count(ItemResult::Created), 6, "{behaviour} {summary:?}");
        assert_eq!(waits, [(3, 2), (3, 2)], "{behaviour}");
        let prepared = listed(&client).await;
        let now = prepared.iter().filter(|one| one.1 == Some(Status::Prepare)).count();
        assert_eq!(now, 2, "{behaviour} {prepared:?}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_checkpoints() {
    let (server, client, _) = preparing(Behaviour::DupExist).await;
    let plan = plan(&client, &fleet(&declared("t*", "target", "checkpoint = true"))).await;
    let work = Work::new(plan, options(|options| options.max_preparing = Some(1))).unwrap();
    let stop = Stop::new();
    let summary = work
        .run(&client, None, &stop, |event| {
            if let Event::Preparing { .. } = event {
                let stop = stop.clone();
                // Only the wait can notice this stop.
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    stop.stop();
                });
            }
        })
        .await
        .unwrap();
    let expected = [(ItemResult::Created, 1), (ItemResult::NotTried, 6)].into();
    assert_eq!(results(&summary), expected);
    assert!(summary.stopped);
    server.stop().await;
}

#[tokio::test]
async fn a_pause_that_has_to_wait_for_a_checkpoint_is_left() {
    let (server, client) = server(Behaviour::DupExist, 1).await;
    let text = declared("t*", "target", "checkpoint = true\nstatus = \"paused\"");
    let plan = plan(&client, &fleet(&text)).await;
    let summary = apply(&client, &plan, ApplyOptions::default()).await;
    let report = &summary.reports[0];
    assert_eq!((report.result, &*report.done), (ItemResult::Differs, &[PlanStep::Add][..]));
    assert!(report.warning.as_ref().unwrap().contains("checkpoint"), "{report:?}");
    assert_eq!(listed(&client).await[0].1, Some(Status::Prepare));
    server.stop().await;
}
