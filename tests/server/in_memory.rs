//! Runs the real client with a group of servers, over streams in memory and with a paused clock,
//! like the simulation. Two equal runs give the same record.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::server::store::MemoryStore;
use pegasus_dup::server::{Behaviour, Clock, Group, ServerConfig};
use pegasus_dup::{Client, DuplicationSpec, Evidence, Outcome};

use crate::common::embedded;
use crate::common::in_memory::{InMemory, SimulatedClock};

/// Adds twice, with faults for the first add. Returns both outcomes, and the record of the servers.
fn run(faults: &[&str]) -> (Vec<Outcome<pegasus_dup::Duplication>>, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let configs: Vec<ServerConfig> = (1..=2)
            .map(|index| ServerConfig {
                listen: SocketAddr::from(([10, 0, 0, index], 34601)),
                faults: faults.iter().map(|rule| rule.parse().expect("a rule")).collect(),
                ..embedded::still(Behaviour::DupExist)
            })
            .collect();
        let clock: Arc<dyn Clock> = Arc::new(SimulatedClock::begin());
        let group = Group::new(&configs, Arc::new(MemoryStore::new()), &clock).expect("a group");
        let story: Arc<Mutex<String>> = Arc::default();
        for (index, hub) in group.hubs().enumerate() {
            let (story, clock) = (Arc::clone(&story), Arc::clone(&clock));
            hub.observe(move |event| {
                let line = format!("{} {index} {event:?}\n", clock.now_ms());
                story.lock().unwrap().push_str(&line);
            });
            let hub = hub.clone();
            tokio::spawn(async move { hub.run_timers().await });
        }
        let client = Client::builder()
            .meta("10.0.0.1:34601,10.0.0.2:34601")
            .connector(InMemory(group))
            .seed(7)
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client");
        let spec = DuplicationSpec::new("temp", "target");
        let outcomes = vec![
            client.add(&spec).await.expect("an outcome"),
            client.add(&spec).await.expect("an outcome"),
        ];
        let story = story.lock().unwrap().clone();
        (outcomes, story)
    })
}

#[test]
fn a_client_and_a_group_in_one_thread() {
    let (outcomes, story) = run(&[]);
    assert!(outcomes[0].created() && outcomes[0].certain(), "{outcomes:?}\n{story}");
    assert!(!outcomes[1].created(), "{outcomes:?}");
    assert_eq!(outcomes[1].evidence(), Evidence::ListedBefore);
    assert_eq!(outcomes[0].value(), outcomes[1].value());
    // The second call sent no add.
    assert_eq!(story.matches("Storing").count(), 1, "{story}");
}

#[test]
fn a_lost_response_leaves_a_doubt() {
    let (outcomes, story) = run(&["add#1=close-after"]);
    assert_eq!(outcomes[0].evidence(), Evidence::AppearedDuringCall, "{outcomes:?}\n{story}");
    assert_eq!(story.matches("Storing").count(), 1, "{story}");
}

#[test]
fn the_same_run_gives_the_same_record() {
    for faults in [&["add#1=change-leader"][..], &["add#1=drop-reply", "list#3=delay:900"]] {
        let (first, second) = (run(faults), run(faults));
        assert!(!first.1.is_empty());
        assert_eq!(first, second, "{faults:?}");
    }
}
