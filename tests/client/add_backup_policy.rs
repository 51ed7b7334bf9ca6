//! Adds of backup policies: with embedded servers of every generation over sockets, with every fault, and with
//! fake servers that say what a real server may say.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pegasus_dup::protocol::messages::*;
use pegasus_dup::server::{Behaviour, Group, ServerConfig};
use pegasus_dup::{
    BackupPolicy, BackupPolicySpec, Client, Error, ErrorCode, ErrorKind, Evidence, Outcome,
    Property,
};
use tokio::time::{Instant, sleep, timeout};

use super::support::in_memory;
use crate::common::embedded;
use crate::common::fake::{Fake, Say, Seen};
use crate::common::peer::Peer;

const DAY: i64 = 86_400;

type Added = Result<Outcome<BackupPolicy>, Error>;

fn spec() -> BackupPolicySpec {
    BackupPolicySpec {
        policy: "daily".to_owned(),
        provider: "local_service".to_owned(),
        tables: vec!["temp".to_owned(), "dup_src".to_owned(), "temp".to_owned()],
        interval_seconds: DAY,
        history_count: 3,
        start_time: "03:30".to_owned(),
    }
}

fn named(policy: &str) -> BackupPolicySpec {
    BackupPolicySpec { policy: policy.to_owned(), ..spec() }
}

#[track_caller]
fn assert_created(added: &Added) -> BackupPolicy {
    match added {
        Ok(Outcome::Created { value, unverified, evidence, .. }) => {
            assert_eq!((*evidence, unverified.len()), (Evidence::AppearedDuringCall, 0));
            value.clone()
        }
        other => panic!("expected Created, got {other:?}"),
    }
}

/// Checks that the policy exists, and returns the properties that differ.
#[track_caller]
fn assert_exists(added: &Added, expected: Evidence) -> Vec<Property> {
    match added {
        Ok(Outcome::AlreadyExists { differences, evidence, .. }) if *evidence == expected => {
            differences.iter().map(|one| one.field).collect()
        }
        other => panic!("expected AlreadyExists, {expected}; got {other:?}"),
    }
}

#[track_caller]
fn assert_error(added: &Added, kind: ErrorKind) -> Error {
    match added {
        Err(error) if error.kind() == kind => error.clone(),
        other => panic!("expected {kind}, got {other:?}"),
    }
}

fn client_of(address: impl ToString) -> Client {
    Client::builder().meta(address.to_string()).build().expect("a client")
}

#[tokio::test]
async fn a_new_policy_is_created_and_found_again_on_every_generation() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = client_of(server.address());
        let policy = assert_created(&client.add_backup_policy(&spec()).await);
        assert_eq!(policy.table_ids, [1, 3], "{behaviour}");
        assert_eq!((&*policy.start_time, policy.disabled), ("03:30", false));

        let again = client.add_backup_policy(&spec()).await;
        assert_eq!(assert_exists(&again, Evidence::ListedBefore), []);
        let other = BackupPolicySpec {
            provider: "another".to_owned(),
            tables: vec!["dup_src2".to_owned()],
            interval_seconds: 2 * DAY,
            history_count: 4,
            start_time: "04:30".to_owned(),
            ..spec()
        };
        assert_eq!(
            assert_exists(&client.add_backup_policy(&other).await, Evidence::ListedBefore),
            [
                Property::Provider,
                Property::TableIds,
                Property::IntervalSeconds,
                Property::HistoryCount,
                Property::StartTime,
            ]
        );
        assert_eq!(client.unsettled(), [""; 0]);
        assert_eq!(server.would_have_died(), 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_is_an_error_by_its_hint() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let client = client_of(server.address());
        let provider = BackupPolicySpec { provider: "nosuch".to_owned(), ..spec() };
        let error =
            assert_error(&client.add_backup_policy(&provider).await, ErrorKind::InvalidArgument);
        assert!(error.hint().is_some_and(|hint| hint.contains("provider")), "{error}");
        let hourly = BackupPolicySpec { interval_seconds: 3_600, ..named("hourly") };
        let hourly = client.add_backup_policy(&hourly).await;
        match behaviour {
            // These servers accept every interval above ten minutes, and any name.
            Behaviour::Freezed | Behaviour::Checkpoint => {
                assert_created(&hourly);
                assert_created(&client.add_backup_policy(&named("my policy")).await);
            }
            Behaviour::RemoteName | Behaviour::DupExist | Behaviour::Idempotent => {
                let error = assert_error(&hourly, ErrorKind::InvalidArgument);
                assert!(error.hint().is_some_and(|hint| hint.contains("1 day")), "{error}");
                let error = client.add_backup_policy(&named("my policy")).await;
                let error = assert_error(&error, ErrorKind::InvalidArgument);
                assert!(error.hint().is_some_and(|hint| hint.contains("regex")), "{error}");
            }
        }
        let missing = BackupPolicySpec { tables: vec!["temp".into(), "nosuch".into()], ..spec() };
        let error =
            assert_error(&client.add_backup_policy(&missing).await, ErrorKind::TableNotFound);
        assert!(error.message().contains("table=nosuch"), "{error}");

        // A server accepts the id of a dropped table, but the client does not send it.
        let stream = tokio::net::TcpStream::connect(server.address()).await.expect("a connection");
        let request =
            DropAppRequest { app_name: "temp".to_owned(), options: DropAppOptions::default() };
        let dropped = Peer::over(stream).call::<DropApp>(&request).await;
        assert_eq!(dropped.err, ErrorCode::Ok);
        let error =
            assert_error(&client.add_backup_policy(&spec()).await, ErrorKind::TableNotFound);
        assert!(error.message().contains("table=temp"), "{error}");
        assert_eq!(client.unsettled(), [""; 0]);
        server.stop().await;
    }
}

#[tokio::test]
async fn wrong_arguments_are_refused_before_anything_is_sent() {
    // Nobody listens here.
    let client = client_of("127.0.0.1:1");
    let wrong = [
        named(""),
        named("a/b"),
        named("a\u{7}b"),
        BackupPolicySpec { provider: String::new(), ..spec() },
        BackupPolicySpec { tables: Vec::new(), ..spec() },
        BackupPolicySpec { tables: vec![String::new()], ..spec() },
        BackupPolicySpec { interval_seconds: 0, ..spec() },
        BackupPolicySpec { interval_seconds: -DAY, ..spec() },
        BackupPolicySpec { history_count: 0, ..spec() },
        BackupPolicySpec { history_count: -1, ..spec() },
    ];
    let times = ["", "3:30", "24:00", "23:60", "03:30 ", "now"]
        .map(|time| BackupPolicySpec { start_time: time.to_owned(), ..spec() });
    for spec in wrong.iter().chain(&times) {
        assert_error(&client.add_backup_policy(spec).await, ErrorKind::InvalidArgument);
    }
}

/// A brace ends a server of 2.6 at the query already.
#[tokio::test]
async fn braces_are_sent_only_to_servers_that_survive_them() {
    for behaviour in Behaviour::ALL {
        for spec in [named("da{ily"), BackupPolicySpec { provider: "{}".to_owned(), ..spec() }] {
            let server = embedded::start(embedded::still(behaviour)).await;
            let added = client_of(server.address()).add_backup_policy(&spec).await;
            match behaviour {
                Behaviour::Freezed | Behaviour::Checkpoint if spec.provider == "{}" => {
                    assert_error(&added, ErrorKind::InvalidArgument);
                }
                // Only the version distinguishes servers of 2.5 from those of 2.6.
                Behaviour::Freezed | Behaviour::Checkpoint => {
                    assert_created(&added);
                }
                Behaviour::RemoteName | Behaviour::DupExist | Behaviour::Idempotent => {
                    let error = assert_error(&added, ErrorKind::Unsupported);
                    assert!(error.message().contains("nothing was sent"), "{error}");
                }
            }
            assert_eq!(server.would_have_died(), 0, "{behaviour}");
            server.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
#[allow(clippy::disallowed_methods)] // the paused clock of these tests
async fn a_server_without_backups_is_recognised() {
    for behaviour in Behaviour::ALL {
        let config = ServerConfig { backup_enabled: false, ..embedded::still(behaviour) };
        let group = in_memory::group(&config, 1);
        let client = in_memory::client(&group, behaviour).timeout(Duration::from_secs(600));
        let began = Instant::now();
        let added = client.build().expect("a client").add_backup_policy(&spec()).await;
        let error = assert_error(&added, ErrorKind::Unsupported);
        assert!(error.message().contains("refuses requests about backup policies"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("cold_backup_disabled")), "{error}");
        assert_eq!(error.code().map(ErrorCode::name), Some("ERR_SERVICE_NOT_ACTIVE"));
        assert!(began.elapsed() < Duration::from_secs(10), "{behaviour}");
    }
}

/// The result of an add that met a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Created,
    Unknown,
    Failed(ErrorKind),
}

/// The faults, and what comes of an add that meets one once at the default timeout.
const FAULTS: [(&str, End); 20] = [
    ("drop-reply", End::Created),
    ("close-before", End::Unknown),
    ("close-after", End::Created),
    ("delay:1000", End::Created),
    ("delay:20000", End::Created),
    ("hold:1000", End::Created),
    ("hold:20000", End::Unknown),
    ("slow-store:1000", End::Created),
    ("slow-store:20000", End::Unknown),
    ("fail-store", End::Unknown),
    ("answer-twice", End::Created),
    ("another-seqid", End::Created),
    ("refuse:ERR_UNDER_RECOVERY", End::Created),
    ("refuse:ERR_FORWARD_TO_OTHERS", End::Created),
    ("refuse:ERR_ACL_DENY", End::Failed(ErrorKind::PermissionDenied)),
    ("refuse:ERR_UNKNOWN", End::Unknown),
    ("no-such-rpc", End::Failed(ErrorKind::Unsupported)),
    ("change-leader:1500", End::Created),
    ("crash-before-store:1000", End::Unknown),
    ("crash-after-store:1000", End::Created),
];

/// Faults that a query meets once. A query changes nothing, so it is repeated.
const OF_QUERIES: [&str; 8] = [
    "drop-reply",
    "close-before",
    "close-after",
    "delay:1000",
    "hold:1000",
    "refuse:ERR_SERVICE_NOT_ACTIVE",
    "change-leader:1500",
    "change-leader-after:1500",
];

fn set_faults(group: &Group, rules: &[&str]) {
    group.set_faults(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
}

/// Returns the policies that a server of the group lists in the end.
async fn policies(group: &Group) -> Vec<String> {
    group.set_faults(Vec::new());
    sleep(Duration::from_secs(60)).await;
    let leader = group.hubs().find(|hub| hub.leads());
    let mut peer = Peer::in_memory(leader.expect("a leader"));
    let request = QueryBackupPolicyRequest { policy_names: Vec::new(), backup_info_count: 0 };
    let answer = peer.call::<QueryBackupPolicy>(&request).await;
    answer.policys.expect("a list").into_iter().map(|one| one.policy_name).collect()
}

/// Adds the policy on servers with these fault rules, and checks the outcome against the truth.
async fn meet(behaviour: Behaviour, servers: u8, rule: &str, expected: End) {
    let case = format!("{behaviour}, {servers} server(s), {rule}");
    let group = in_memory::group(&embedded::still(behaviour), servers);
    set_faults(&group, &[rule]);
    let client = in_memory::client(&group, behaviour).build().expect("a client");
    let added = client.add_backup_policy(&spec()).await;
    let end = match &added {
        Ok(Outcome::Created { evidence: Evidence::AppearedDuringCall, .. }) => End::Created,
        Ok(other) => panic!("{case}: {other:?}"),
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => End::Unknown,
        Err(error) => End::Failed(error.kind()),
    };
    assert_eq!(end, expected, "{case}: {added:?}");
    assert_eq!(client.unsettled().is_empty(), end != End::Unknown, "{case}");
    let there = !policies(&group).await.is_empty();
    match end {
        End::Created => assert!(there, "{case}: Created, and there is none"),
        End::Failed(_) => assert!(!there, "{case}: an error, and there is one"),
        End::Unknown => {}
    }
    assert_eq!(group.would_have_died(), 0, "{case}");
}

#[test]
fn an_add_meets_every_fault_at_the_default_timeout() {
    let adds = FAULTS.map(|(fault, end)| (format!("add-backup-policy#1={fault}"), end));
    let queries = ["query-backup-policy#1", "query-backup-policy#2", "list-apps#1"]
        .iter()
        .flat_map(|rpc| OF_QUERIES.map(|fault| (format!("{rpc}={fault}"), End::Created)));
    let cases: Vec<(String, End)> = adds.into_iter().chain(queries).collect();
    for behaviour in Behaviour::ALL {
        for servers in [1, 2] {
            for (rule, expected) in &cases {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .start_paused(true)
                    .build()
                    .expect("a runtime");
                runtime.block_on(meet(behaviour, servers, rule, *expected));
            }
        }
    }
}

/// A cancelled add stays unsettled until the policy is listed.
#[tokio::test(start_paused = true)]
async fn a_cancelled_add_is_unsettled() {
    let group = in_memory::group(&embedded::still(Behaviour::DupExist), 1);
    set_faults(&group, &["add-backup-policy#1=slow-store:3000"]);
    let client = in_memory::client(&group, Behaviour::DupExist).build().expect("a client");
    timeout(Duration::from_secs(1), client.add_backup_policy(&spec()))
        .await
        .expect_err("cancelled");
    assert_eq!(client.unsettled(), ["add-backup-policy policy=daily"]);
    sleep(Duration::from_secs(5)).await;
    let again = client.add_backup_policy(&spec()).await;
    assert_eq!(assert_exists(&again, Evidence::ListedBefore), []);
    assert_eq!(client.unsettled(), [""; 0]);
}

/// One client sends its adds of a name one after the other.
#[tokio::test(start_paused = true)]
async fn one_client_creates_a_policy_once() {
    let group = in_memory::group(&embedded::still(Behaviour::DupExist), 1);
    set_faults(&group, &["add-backup-policy=slow-store:500"]);
    let client = in_memory::client(&group, Behaviour::DupExist).build().expect("a client");
    let spec = spec();
    let (first, second) =
        tokio::join!(client.add_backup_policy(&spec), client.add_backup_policy(&spec));
    assert_created(&first);
    assert_eq!(assert_exists(&second, Evidence::ListedBefore), []);
}

/// Two clients add different policies of one name at once, and both get ERR_OK. Only one is Created.
#[tokio::test(start_paused = true)]
async fn of_two_racing_adds_only_the_one_that_is_listed_is_created() {
    for behaviour in Behaviour::ALL {
        let group = in_memory::group(&embedded::still(behaviour), 1);
        set_faults(&group, &["add-backup-policy=slow-store:500"]);
        let client = || in_memory::client(&group, behaviour).build().expect("a client");
        let (one, other) = (client(), client());
        let (mine, theirs) = (spec(), BackupPolicySpec { history_count: 7, ..spec() });
        let (first, second) =
            tokio::join!(one.add_backup_policy(&mine), other.add_backup_policy(&theirs));
        let created = [&first, &second]
            .into_iter()
            .filter(|added| added.as_ref().is_ok_and(Outcome::created));
        assert_eq!(created.count(), 1, "{behaviour}: {first:?} {second:?}");
        let loser = if first.as_ref().is_ok_and(Outcome::created) { &second } else { &first };
        assert_eq!(assert_exists(loser, Evidence::ListedAfter), [Property::HistoryCount]);
        let warning = loser.as_ref().expect("an outcome").warning().unwrap_or_default();
        assert!(warning.contains("may have changed the policy"), "{behaviour}: {warning}");
    }
}

/// A leader that has just started does not list its policies yet. The client asks again after 2 s.
#[tokio::test(start_paused = true)]
async fn after_a_change_of_the_leader_an_absence_is_confirmed() {
    for behaviour in Behaviour::ALL {
        let group = in_memory::group(&embedded::still(behaviour), 2);
        let client = in_memory::client(&group, behaviour).build().expect("a client");
        assert_created(&client.add_backup_policy(&spec()).await);
        set_faults(&group, &["list-apps#1=change-leader:1500"]);
        let again = client.add_backup_policy(&spec()).await;
        assert_eq!(assert_exists(&again, Evidence::ListedBefore), [], "{behaviour}");
    }
}

/// The policies of a fake server.
#[derive(Debug, Clone, Default)]
struct Policies {
    listed: Vec<BackupPolicyEntry>,
    queries: usize,
}

fn entry() -> BackupPolicyEntry {
    BackupPolicyEntry {
        policy_name: "daily".to_owned(),
        backup_provider_type: "local_service".to_owned(),
        backup_interval_seconds: DAY.to_string(),
        app_ids: BTreeSet::from([1, 3]),
        backup_history_count_to_keep: 3,
        start_time: "03:30".to_owned(),
        is_disable: false,
    }
}

fn app(app_id: i32, name: &str) -> AppInfo {
    AppInfo {
        status: 1,
        app_type: "pegasus".to_owned(),
        app_name: name.to_owned(),
        app_id,
        partition_count: 8,
        max_replica_count: 3,
        ..AppInfo::default()
    }
}

/// Starts a fake server. `on_add` handles the add, and `on_query` is told how many queries came before.
async fn fake(
    on_add: impl Fn(&mut Policies, &Seen) -> Say + Send + 'static,
    on_query: impl Fn(&mut Policies) + Send + 'static,
) -> Fake {
    let policies = Arc::new(Mutex::new(Policies::default()));
    Fake::start(move |seen| {
        let mut policies = policies.lock().expect("nobody panics");
        if seen.is::<QueryConfig>() {
            return seen.answer(&QueryConfigResponse {
                err: ErrorCode::Ok,
                app_id: Some(3),
                partition_count: Some(8),
                is_stateful: Some(true),
                partitions: Some(Vec::new()),
            });
        }
        if seen.is::<ListApps>() {
            let infos = Some(vec![app(1, "dup_src"), app(3, "temp")]);
            return seen.answer(&ListAppsResponse {
                err: ErrorCode::Ok,
                infos,
                hint_message: None,
            });
        }
        if seen.is::<AddBackupPolicy>() {
            return on_add(&mut policies, seen);
        }
        if seen.is::<QueryBackupPolicy>() {
            on_query(&mut policies);
            policies.queries += 1;
            let none = policies.listed.is_empty();
            return seen.answer(&QueryBackupPolicyResponse {
                err: if none { ErrorCode::InvalidParameters } else { ErrorCode::Ok },
                policys: Some(policies.listed.clone()),
                backup_infos: Some(Vec::new()),
                hint_msg: none.then(|| "invalid policy_name daily".to_owned()),
            });
        }
        seen.no_such_rpc()
    })
    .await
}

fn added(seen: &Seen, code: &str, hint: &str) -> Say {
    seen.answer(&AddBackupPolicyResponse {
        err: ErrorCode::from_name(code),
        hint_message: Some(hint.to_owned()),
    })
}

/// Adds the policy on a fake server, with a short timeout.
async fn add_on(fake: &Fake) -> Added {
    let client = client_of(fake.address).with_timeout(Duration::from_secs(4));
    let added = client.add_backup_policy(&spec()).await;
    let adds = fake.seen().iter().filter(|seen| seen.is::<AddBackupPolicy>()).count();
    assert!(adds <= 1, "{adds} adds were sent");
    added
}

#[tokio::test]
async fn a_policy_that_is_listed_a_moment_later_is_created() {
    let on_query = |policies: &mut Policies| {
        if policies.queries == 4 {
            policies.listed = vec![entry()];
        }
    };
    let accepting = fake(|_, seen| added(seen, "ERR_OK", ""), on_query).await;
    assert_created(&add_on(&accepting).await);
    let lost = fake(|_, _| Say::NOTHING, on_query).await;
    assert_created(&add_on(&lost).await);
}

#[tokio::test]
async fn an_ok_that_the_list_does_not_confirm_is_unknown() {
    let fake = fake(|_, seen| added(seen, "ERR_OK", ""), |_| {}).await;
    let error = assert_error(&add_on(&fake).await, ErrorKind::OutcomeUnknown);
    assert!(error.message().contains("returned ERR_OK; the server does not list"), "{error}");
    assert!(
        error.hint().is_some_and(|hint| hint.contains("no server removes a policy")),
        "{error}"
    );
}

#[tokio::test]
async fn a_listed_policy_that_differs_existed_or_was_changed() {
    for (listed, field, warned) in [
        (
            BackupPolicyEntry { backup_provider_type: "hdfs".to_owned(), ..entry() },
            Property::Provider,
            false,
        ),
        (BackupPolicyEntry { app_ids: BTreeSet::from([1]), ..entry() }, Property::TableIds, true),
        (
            BackupPolicyEntry { backup_interval_seconds: "90000".to_owned(), ..entry() },
            Property::IntervalSeconds,
            true,
        ),
        (
            BackupPolicyEntry { start_time: "24:00".to_owned(), ..entry() },
            Property::StartTime,
            true,
        ),
    ] {
        for code in ["ERR_OK", "ERR_UNKNOWN"] {
            let listed = listed.clone();
            let fake = fake(
                move |policies, seen| {
                    policies.listed = vec![listed.clone()];
                    added(seen, code, "")
                },
                |_| {},
            )
            .await;
            let outcome = add_on(&fake).await;
            assert_eq!(assert_exists(&outcome, Evidence::ListedAfter), [field]);
            let warning = outcome.expect("an outcome").warning().unwrap_or_default().to_owned();
            assert_eq!(warning.contains("may have changed the policy"), warned, "{warning}");
        }
    }
}

/// The interval is checked before the name, so a refusal for any reason may hide that the policy exists.
#[tokio::test]
async fn a_refusal_may_hide_that_the_policy_exists() {
    for hint in ["", "backup interval must be >= 86400 (1 day)", "policy name is already exist"] {
        let fake = fake(
            move |policies, seen| {
                policies.listed = vec![entry()];
                added(seen, "ERR_INVALID_PARAMETERS", hint)
            },
            |_| {},
        )
        .await;
        assert_eq!(assert_exists(&add_on(&fake).await, Evidence::ListedAfter), []);
    }
}

#[tokio::test]
async fn a_policy_that_is_taken_and_not_listed_is_busy() {
    let taken = "invalid policy name: 'daily', policy name is already exist";
    let fake = fake(move |_, seen| added(seen, "ERR_INVALID_PARAMETERS", taken), |_| {}).await;
    let error = assert_error(&add_on(&fake).await, ErrorKind::Busy);
    assert!(error.message().contains("nothing was created"), "{error}");
    assert_eq!(error.hint(), Some(taken));
}

#[tokio::test]
async fn a_disabled_policy_is_a_warning() {
    let fake = fake(
        |_, seen| added(seen, "ERR_OK", ""),
        |policies| policies.listed = vec![BackupPolicyEntry { is_disable: true, ..entry() }],
    )
    .await;
    let outcome = add_on(&fake).await;
    assert_eq!(assert_exists(&outcome, Evidence::ListedBefore), []);
    assert_eq!(outcome.expect("an outcome").warning(), Some("the policy is disabled"));
}

#[tokio::test]
async fn a_response_without_sense_is_an_error() {
    let fake = fake(
        |_, seen| added(seen, "ERR_OK", ""),
        |policies| {
            let backup_interval_seconds = "a day".to_owned();
            policies.listed = vec![BackupPolicyEntry { backup_interval_seconds, ..entry() }];
        },
    )
    .await;
    let error = assert_error(&add_on(&fake).await, ErrorKind::Protocol);
    assert!(error.message().contains("the interval of a policy"), "{error}");
    assert_eq!(fake.seen().iter().filter(|seen| seen.is::<AddBackupPolicy>()).count(), 0);
}
