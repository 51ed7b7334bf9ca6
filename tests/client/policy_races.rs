//! Several clients add different backup policies of one name, while requests meet faults and the leader changes. A
//! seed determines everything. Afterwards each outcome is compared with what the servers stored. The clock is
//! paused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use pegasus_dup::protocol::messages::{QueryBackupPolicy, QueryBackupPolicyRequest};
use pegasus_dup::server::store::RecordChange;
use pegasus_dup::server::{Behaviour, Election, Event, Group};
use pegasus_dup::{BackupPolicy, BackupPolicySpec, Error, ErrorKind, Evidence, Outcome};
use tokio::time::sleep;

use super::support::in_memory;
use crate::common::embedded;
use crate::common::peer::Peer;

const SEEDS: u64 = 600;

const RPCS: [&str; 6] = [
    "add-backup-policy",
    "add-backup-policy",
    "add-backup-policy",
    "query-backup-policy",
    "list-apps",
    "query-config",
];

const FAULTS: [&str; 18] = [
    "drop-reply",
    "close-before",
    "close-after",
    "delay:300",
    "delay:9000",
    "hold:300",
    "hold:9000",
    "slow-store:300",
    "slow-store:9000",
    "fail-store",
    "refuse:ERR_SERVICE_NOT_ACTIVE",
    "refuse:ERR_FORWARD_TO_OTHERS",
    "refuse:ERR_UNDER_RECOVERY",
    "refuse:ERR_TIMEOUT",
    "change-leader",
    "change-leader-after",
    "crash-before-store:500",
    "crash-after-store:500",
];

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}

/// A call: the number of backups that its policy keeps tells the policies apart.
struct Call {
    keep: i32,
    after: Duration,
    timeout: Duration,
}

struct Schedule {
    behaviour: Behaviour,
    servers: u8,
    rules: Vec<String>,
    calls: Vec<Call>,
    election: Option<(Duration, Duration)>,
}

impl Schedule {
    fn draw(seed: u64) -> Schedule {
        let rng = &mut Rng::with_seed(seed);
        let ms = |rng: &mut Rng, limit: u64| Duration::from_millis(rng.u64(..limit));
        let early = [0, 0, 0, 1_000, 1_900].map(Duration::from_millis);
        Schedule {
            behaviour: pick(rng, &Behaviour::ALL),
            servers: rng.u8(1..=3),
            rules: (0..rng.usize(..7))
                .map(|_| format!("{}#{}={}", pick(rng, &RPCS), rng.u8(1..4), pick(rng, &FAULTS)))
                .collect(),
            calls: (1..=rng.i32(1..4))
                .map(|keep| Call {
                    keep,
                    after: if rng.bool() { Duration::from_millis(1) } else { ms(rng, 4_000) },
                    timeout: Duration::from_millis(pick(rng, &[900, 3_000, 10_000, 20_000])),
                })
                .collect(),
            election: rng.bool().then(|| (ms(rng, 5_000), pick(rng, &early))),
        }
    }

    /// Whether a leader may serve before it has read its policies.
    fn is_early(&self) -> bool {
        self.election.is_some_and(|(_, early)| !early.is_zero())
    }
}

type Added = Result<Outcome<BackupPolicy>, Error>;

fn spec(keep: i32) -> BackupPolicySpec {
    BackupPolicySpec {
        policy: "daily".to_owned(),
        provider: "local_service".to_owned(),
        tables: vec!["temp".to_owned()],
        interval_seconds: 86_400,
        history_count: keep,
        start_time: "03:30".to_owned(),
    }
}

/// Runs a schedule. Returns the outcomes, the policies that the servers accepted, in order, and the policy that the
/// leader lists in the end.
async fn run(seed: u64, schedule: &Schedule) -> (Vec<Added>, Vec<i32>, Option<i32>) {
    let group: Group = in_memory::group(&embedded::still(schedule.behaviour), schedule.servers);
    let stored: Arc<Mutex<Vec<i32>>> = Arc::default();
    for hub in group.hubs() {
        let stored = stored.clone();
        hub.observe(move |event| {
            if let Event::Storing { change: RecordChange::AddPolicy { record }, .. } = event {
                stored.lock().expect("nobody panics").push(record.keep);
            }
        });
    }
    group.set_faults(schedule.rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
    if let Some((at, early)) = schedule.election {
        let group = group.clone();
        tokio::spawn(async move {
            sleep(at).await;
            group.elect(&Election { early, ..Election::default() });
        });
    }
    let calls = schedule.calls.iter().map(|call| {
        let builder = in_memory::client(&group, schedule.behaviour).timeout(call.timeout);
        let client = builder.seed(seed).build().expect("a client");
        async move {
            sleep(call.after).await;
            client.add_backup_policy(&spec(call.keep)).await
        }
    });
    let outcomes = futures_util::future::join_all(calls).await;
    group.set_faults(Vec::new());
    sleep(Duration::from_secs(60)).await;
    let leader = group.hubs().find(|hub| hub.leads()).expect("a leader");
    let request = QueryBackupPolicyRequest { policy_names: Vec::new(), backup_info_count: 0 };
    let listed = Peer::in_memory(leader).call::<QueryBackupPolicy>(&request).await;
    let listed =
        listed.policys.expect("a list").first().map(|one| one.backup_history_count_to_keep);
    let stored = stored.lock().expect("nobody panics").clone();
    (outcomes, stored, listed)
}

/// Returns what is wrong with an outcome.
fn wrong(
    schedule: &Schedule,
    keep: i32,
    added: &Added,
    stored: &[i32],
    listed: Option<i32>,
) -> Option<&'static str> {
    let accepted = stored.contains(&keep);
    match added {
        Ok(Outcome::Created { .. }) if !accepted => Some("Created, and no server accepted it"),
        Ok(Outcome::Created { .. }) if !schedule.is_early() && listed != Some(keep) => {
            Some("Created, and another policy is listed in the end")
        }
        Ok(Outcome::Created { evidence: Evidence::AppearedDuringCall, .. }) => None,
        Ok(Outcome::Created { .. }) => Some("a certain Created"),
        Ok(Outcome::AlreadyExists { existing, .. }) if existing.history_count == keep => {
            Some("AlreadyExists, and this call created the policy")
        }
        Ok(Outcome::AlreadyExists { existing, .. })
            if !stored.contains(&existing.history_count) =>
        {
            Some("AlreadyExists, and no server accepted the policy")
        }
        Ok(Outcome::AlreadyExists { differences, .. }) if differences.len() != 1 => {
            Some("the difference is missing")
        }
        Ok(Outcome::AlreadyExists { .. }) => None,
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => None,
        Err(_) if accepted => Some("an error, and a server accepted the policy"),
        Err(_) => None,
    }
}

#[test]
fn no_outcome_is_false_whatever_happens() {
    let (mut created, mut exists, mut unknown) = (0, 0, 0);
    for seed in 0..SEEDS {
        let schedule = Schedule::draw(seed);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let (outcomes, stored, listed) = runtime.block_on(run(seed, &schedule));
        for (call, added) in schedule.calls.iter().zip(&outcomes) {
            let wrong = wrong(&schedule, call.keep, added, &stored, listed);
            let Schedule { behaviour, servers, rules, election, .. } = &schedule;
            assert_eq!(
                wrong, None,
                "seed {seed}, {behaviour}, {servers} server(s), {rules:?}, {election:?}, call {}: \
                 {added:?}, accepted {stored:?}, listed {listed:?}",
                call.keep
            );
            match added {
                Ok(outcome) if outcome.created() => created += 1,
                Ok(_) => exists += 1,
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => unknown += 1,
                Err(_) => {}
            }
        }
        if !schedule.is_early() {
            let made = outcomes.iter().filter(|added| added.as_ref().is_ok_and(Outcome::created));
            assert!(made.count() <= 1, "seed {seed}: {outcomes:?}");
        }
    }
    // Each kind of outcome must happen often enough to be tested.
    assert!(created > 200 && exists > 100 && unknown > 50, "{created} {exists} {unknown}");
}
