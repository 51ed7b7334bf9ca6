//! Tests plans of embedded servers of every generation.

use std::collections::BTreeMap;

use pegasus_dup::fleet::{Item, Plan, State};
use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::Behaviour;
use pegasus_dup::{Client, DuplicationSpec, FailMode, PlanStep, Removal, Selector, Verdict};

use super::support::{BEHAVIOURS, Recorded, declared, fleet, server};

/// Returns the plan of a fleet with this text.
async fn plan(client: &Client, text: &str) -> Plan {
    Plan::make(client, &fleet(text)).await.unwrap()
}

/// Returns the items by table and remote cluster.
fn items(plan: &Plan) -> BTreeMap<(&str, &str), &Item> {
    plan.items.iter().map(|item| ((item.table.as_str(), item.cluster.as_str()), item)).collect()
}

#[tokio::test]
async fn every_verdict_on_every_generation_and_nothing_is_changed() {
    for behaviour in BEHAVIOURS {
        let (server, client) = server(behaviour, 6).await;
        for table in ["t000", "t001", "t002", "t005"] {
            assert!(client.add(&DuplicationSpec::new(table, "target")).await.unwrap().created());
        }
        let target = Selector::Cluster("target".into());
        assert!(client.pause("t001", &target).await.unwrap().changed());
        assert!(client.set_fail_mode("t001", &target, FailMode::Skip).await.unwrap().changed());
        let recorded = Recorded::of(&server);
        let text = "expect_cluster = \"onebox\"\n".to_owned()
            + &declared(
                "t000",
                "target",
                "status = \"running\"\nfail_mode = \"slow\"\nremote_replica_count = 3",
            )
            + &declared("t001", "target", "status = \"running\"\nfail_mode = \"slow\"")
            + &declared("t002", "target", "checkpoint = true")
            + &declared("t003", "target", "status = \"paused\"")
            + &declared("t004", "target", "checkpoint = true")
            + &declared("t00[45]", "nowhere", "")
            + &declared("t000", "onebox", "")
            + &declared("gone", "target", "")
            + "[[scope]]\ntable = \"t005\"\ncluster = \"target\"\n";
        let plan = plan(&client, &text).await;
        let reads = recorded.reads();
        assert_eq!(reads[AddDuplication::NAME], 2, "{behaviour}: target and nowhere are checked");

        let case = format!("{behaviour} {plan:?}");
        assert_eq!(plan.source.name.as_deref(), Some("onebox"), "{case}");
        assert_eq!(plan.source.meta, server.address().to_string());
        let items = items(&plan);
        assert_eq!(items.len(), 10, "{case}");
        let is = |table: &str, cluster: &str, verdict: Verdict, steps: &[PlanStep]| {
            let item = items[&(table, cluster)];
            assert_eq!((item.verdict, &*item.steps), (verdict, steps), "{item:?} {case}");
            item
        };
        // Servers of 2.5 and older do not report the remote replica count, which is that of the table itself there.
        is("t000", "target", Verdict::AsWanted, &[]);
        is("t001", "target", Verdict::Differs, &[PlanStep::SetFailMode, PlanStep::Start]);
        is("t002", "target", Verdict::NotComparable, &[]);
        is("t003", "target", Verdict::Create, &[PlanStep::Add, PlanStep::Pause]);
        if behaviour == Behaviour::Freezed {
            let item = is("t004", "target", Verdict::Refused, &[]);
            assert!(item.why.as_ref().unwrap().contains("checkpoint"), "{case}");
        } else {
            is("t004", "target", Verdict::Create, &[PlanStep::Add]);
        }
        for table in ["t004", "t005"] {
            let item = is(table, "nowhere", Verdict::Refused, &[]);
            assert!(item.why.as_ref().unwrap().contains("lacks the remote cluster"), "{case}");
        }
        let item = is("t000", "onebox", Verdict::Refused, &[]);
        assert!(item.why.as_ref().unwrap().contains("itself"), "{case}");
        is("gone", "target", Verdict::Refused, &[]);
        is("t005", "target", Verdict::Unmanaged, &[PlanStep::Remove]);

        assert_eq!(Plan::parse(&plan.to_text()).unwrap(), plan, "{case}");
        assert_eq!(server.would_have_died(), 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn two_hundred_tables_cost_as_many_requests_as_two() {
    for behaviour in [Behaviour::DupExist, Behaviour::Idempotent] {
        let mut seen = Vec::new();
        for tables in [2, 200] {
            let (server, client) = server(behaviour, tables).await;
            let recorded = Recorded::of(&server);
            let plan = plan(&client, &declared("t*", "target", "")).await;
            assert_eq!((plan.count(Verdict::Create), plan.items.len()), (tables, tables));
            seen.push(recorded.reads());
            server.stop().await;
        }
        assert_eq!(seen[0], seen[1], "{behaviour}");
        // The query is that of the table that does not exist, for the check of the remote cluster.
        assert_eq!(seen[0][QueryDuplication::NAME], 1, "{behaviour}");
        assert_eq!(seen[0].get(ListApps::NAME), None, "no replica count is declared");
    }
    for behaviour in [Behaviour::Freezed, Behaviour::Checkpoint, Behaviour::RemoteName] {
        let (server, client) = server(behaviour, 200).await;
        let recorded = Recorded::of(&server);
        let plan = plan(&client, &declared("t*", "target", "")).await;
        assert_eq!((plan.count(Verdict::Create), plan.items.len()), (200, 200));
        let reads = recorded.reads();
        // One query for each table, and the query of the table that does not exist.
        assert_eq!((reads[QueryDuplication::NAME], reads[ListApps::NAME]), (201, 1), "{behaviour}");
        server.stop().await;
    }
}

#[tokio::test]
async fn remote_clusters_are_only_checked_for_what_is_to_be_created() {
    let (server, client) = server(Behaviour::DupExist, 2).await;
    assert!(client.add(&DuplicationSpec::new("t000", "target")).await.unwrap().created());
    let recorded = Recorded::of(&server);
    let plan = plan(&client, &declared("t000", "target", "")).await;
    assert_eq!(plan.count(Verdict::AsWanted), 1);
    assert_eq!(recorded.reads().get(AddDuplication::NAME), None);
    server.stop().await;
}

#[tokio::test]
async fn a_plan_file_is_stale_after_a_change() {
    let (server, client) = server(Behaviour::DupExist, 3).await;
    for table in ["t000", "t001"] {
        assert!(client.add(&DuplicationSpec::new(table, "target")).await.unwrap().created());
    }
    let fleet = fleet(&declared("t*", "target", "status = \"running\""));
    let file = Plan::make(&client, &fleet).await.unwrap().to_text();
    let planned = Plan::parse(&file).unwrap();
    let now = || async { State::read(&client, &fleet).await.unwrap() };
    assert_eq!(planned.staleness(&now().await).unwrap(), [None, None, None]);
    // Somebody removes a duplication and adds it again. The embedded server gives it the same dupid.
    let target = Selector::Cluster("target".into());
    let removed = client.remove("t000", &target).await.unwrap();
    assert!(matches!(removed, Removal::Removed { .. }), "{removed:?}");
    assert!(client.add(&DuplicationSpec::new("t000", "target")).await.unwrap().created());
    assert!(client.pause("t001", &target).await.unwrap().changed());
    assert!(client.add(&DuplicationSpec::new("t002", "target")).await.unwrap().created());
    let stale = planned.staleness(&now().await).unwrap();
    let why: Vec<&str> = stale.iter().map(|why| why.as_deref().unwrap_or_default()).collect();
    assert!(why[0].starts_with("the duplication does not exist any more"), "{why:?}");
    assert!(why[1].starts_with("the status has changed: planned=DS_LOG now=DS_PAUSE"), "{why:?}");
    assert!(why[2].starts_with("a duplication exists now"), "{why:?}");
    server.stop().await;
}
