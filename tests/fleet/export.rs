//! Tests that a plan after an export is empty.

use pegasus_dup::fleet::{Fleet, Format, Plan, State, export};
use pegasus_dup::{DuplicationSpec, FailMode, Selector, Verdict};

use super::support::{BEHAVIOURS, Recorded, server};

#[tokio::test]
async fn the_plan_after_an_export_is_empty_on_every_generation() {
    for behaviour in BEHAVIOURS {
        let (server, client) = server(behaviour, 200).await;
        for table in 0..40 {
            let table = format!("t{table:03}");
            for cluster in ["target", "target2"] {
                let spec = DuplicationSpec::new(&*table, cluster);
                assert!(client.add(&spec).await.unwrap().created(), "{behaviour}");
            }
            if table.ends_with('3') {
                let which = Selector::Cluster("target".into());
                assert!(client.pause(&table, &which).await.unwrap().changed());
                let which = Selector::Cluster("target2".into());
                assert!(
                    client.set_fail_mode(&table, &which, FailMode::Skip).await.unwrap().changed()
                );
            }
        }
        let recorded = Recorded::of(&server);
        let state = State::read(&client, &Fleet::default()).await.unwrap();
        let (fleet, warnings) = export(&state);
        assert_eq!(fleet.duplications.len(), 80, "{behaviour}");
        assert!(fleet.to_toml().starts_with("expect_cluster = \"onebox\"\n"), "{behaviour}");
        for (text, format) in [(fleet.to_toml(), Format::Toml), (fleet.to_json(), Format::Json)] {
            let fleet = Fleet::parse(&text, format).unwrap();
            let plan = Plan::make(&client, &fleet).await.unwrap();
            assert_eq!(plan.count(Verdict::AsWanted), 80, "{behaviour} {plan:?}");
            assert_eq!((plan.items.len(), plan.warnings.len()), (80, 0), "{behaviour}");
            assert!(!plan.has_changes());
        }
        assert_eq!(warnings, [""; 0], "{behaviour}");
        recorded.reads();
        server.stop().await;
    }
}
