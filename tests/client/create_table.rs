//! Creates of tables meet every generation and every fault. The result of the client is compared with the
//! state of the server afterwards. The clock is paused.

use std::collections::BTreeMap;
use std::time::Duration;

use pegasus_dup::server::{Behaviour, Election, Group, ServerConfig};
use pegasus_dup::{
    Client, Difference, Error, ErrorKind, Evidence, Outcome, PROOF_KEY, Property, Table,
    TableSelection, TableSpec,
};
use tokio::time::sleep;

use super::support::in_memory;
use crate::common::embedded;

fn spec() -> TableSpec {
    TableSpec::new("made", 8)
}

fn proving() -> TableSpec {
    TableSpec { prove_authorship: true, ..spec() }
}

fn servers(behaviour: Behaviour, servers: u8, rules: &[&str]) -> (Group, Client) {
    let config = ServerConfig { nodes: Some(3), ..embedded::still(behaviour) };
    let group = in_memory::group(&config, servers);
    group.set_faults(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
    let client = in_memory::client(&group, behaviour).build().expect("a client");
    (group, client)
}

/// Returns all tables of the name, dropped ones included, as a client sees them without faults.
async fn stored(group: &Group, behaviour: Behaviour) -> Vec<Table> {
    group.set_faults(Vec::new());
    let client = in_memory::client(group, behaviour).build().expect("a client");
    let selection = TableSelection { dropped: true, ..TableSelection::default() };
    let tables = client.list_tables(&selection).await.expect("the tables");
    tables.into_iter().filter(|table| table.table == "made").collect()
}

#[track_caller]
fn assert_created(result: &Result<Outcome<Table>, Error>, evidence: Evidence) -> Table {
    match result {
        Ok(Outcome::Created { value, evidence: found, .. }) if *found == evidence => value.clone(),
        other => panic!("expected Created, {evidence}; got {other:?}"),
    }
}

#[track_caller]
fn assert_exists(result: &Result<Outcome<Table>, Error>, evidence: Evidence) -> Table {
    match result {
        Ok(Outcome::AlreadyExists { existing, evidence: found, .. }) if *found == evidence => {
            existing.clone()
        }
        other => panic!("expected AlreadyExists, {evidence}; got {other:?}"),
    }
}

#[track_caller]
fn assert_error(result: &Result<Outcome<Table>, Error>, kind: ErrorKind) -> Error {
    match result {
        Err(error) if error.kind() == kind => error.clone(),
        other => panic!("expected an error {kind}; got {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_and_its_repetition_are_certain_on_every_generation() {
    for behaviour in Behaviour::ALL {
        let (group, client) = servers(behaviour, 1, &[]);
        let envs = BTreeMap::from([("business.info".to_owned(), "x".to_owned())]);
        let spec = TableSpec { envs, ..spec() };
        let outcome = client.create_table(&spec).await;
        let made = assert_created(&outcome, Evidence::ServerSaidSo);
        let now = stored(&group, behaviour).await;
        assert_eq!(now, std::slice::from_ref(&made), "{behaviour}");
        assert_eq!(outcome.expect("an outcome").warning(), None, "{behaviour}");

        let again = client.create_table(&spec).await;
        assert_eq!(assert_exists(&again, Evidence::ListedBefore), made);
        assert_eq!(again.expect("an outcome").differences(), [], "{behaviour}");

        let other = TableSpec { replica_count: 2, ..TableSpec::new("made", 16) };
        let differs = client.create_table(&other).await.expect("an outcome");
        let fields: Vec<Property> = differs.differences().iter().map(|one| one.field).collect();
        let expected = [Property::PartitionCount, Property::ReplicaCount, Property::Envs];
        assert_eq!(fields, expected, "{behaviour}");
        assert_eq!(differs.differences()[0], Difference::new(Property::PartitionCount, 16, 8));
        assert_eq!(stored(&group, behaviour).await, [made], "{behaviour}");
        assert_eq!(client.unsettled(), [""; 0]);
    }
}

/// What a create without and with a proof of authorship does if its request meets a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Created(Evidence),
    Fails(ErrorKind),
}

use Expected::{Created, Fails};

#[tokio::test(start_paused = true)]
async fn every_fault_leads_to_the_expected_outcome_on_every_generation() {
    let said = Created(Evidence::ServerSaidSo);
    let appeared = Created(Evidence::AppearedDuringCall);
    let proof = Created(Evidence::ProofListed);
    let unknown = Fails(ErrorKind::OutcomeUnknown);
    // The columns are: the fault, without a proof, with a proof, and whether the table is there afterwards.
    let table = [
        ("drop-reply", appeared, proof, true),
        ("close-before", unknown, unknown, false),
        ("close-after", appeared, proof, true),
        ("delay:300", said, said, true),
        ("delay:9000", appeared, proof, true),
        ("hold:300", said, said, true),
        ("slow-store:300", said, said, true),
        ("slow-store:60000", unknown, unknown, true),
        ("fail-store", unknown, unknown, false),
        ("answer-twice", said, said, true),
        ("another-seqid", appeared, proof, true),
        ("no-such-rpc", Fails(ErrorKind::Unsupported), Fails(ErrorKind::Unsupported), false),
        ("crash-before-store", unknown, unknown, false),
        ("crash-after-store", appeared, proof, true),
        (
            "refuse:ERR_STATE_FREEZED",
            Fails(ErrorKind::Unavailable),
            Fails(ErrorKind::Unavailable),
            false,
        ),
        (
            "refuse:ERR_INVALID_PARAMETERS",
            Fails(ErrorKind::InvalidArgument),
            Fails(ErrorKind::InvalidArgument),
            false,
        ),
        (
            "refuse:ERR_ACL_DENY",
            Fails(ErrorKind::PermissionDenied),
            Fails(ErrorKind::PermissionDenied),
            false,
        ),
        // These are refusals after which the client tries again, and succeeds.
        ("refuse:ERR_APP_EXIST", said, said, true),
        ("refuse:ERR_BUSY_CREATING", said, said, true),
        ("refuse:ERR_BUSY_DROPPING", said, said, true),
        ("refuse:ERR_FORWARD_TO_OTHERS", said, said, true),
        ("refuse:ERR_SERVICE_NOT_ACTIVE", said, said, true),
        ("refuse:ERR_UNDER_RECOVERY", said, said, true),
        // No server returns these codes to a create, so they prove nothing.
        ("refuse:ERR_BUSY", unknown, unknown, false),
        ("refuse:ERR_TIMEOUT", unknown, unknown, false),
    ];
    for behaviour in Behaviour::ALL {
        for (fault, without, with, there) in table {
            for (spec, expected) in [(spec(), without), (proving(), with)] {
                let rule = format!("RPC_CM_CREATE_APP#1={fault}");
                let (group, client) = servers(behaviour, 1, &[&rule]);
                let result = client.create_table(&spec).await;
                let got = match &result {
                    Ok(outcome) if outcome.created() => Created(outcome.evidence()),
                    Ok(_) => panic!("{behaviour} {fault}: {result:?}"),
                    Err(error) => Fails(error.kind()),
                };
                assert_eq!(got, expected, "{behaviour} {fault}: {result:?}");
                let unsettled = got == unknown;
                assert_eq!(!client.unsettled().is_empty(), unsettled, "{behaviour} {fault}");
                sleep(Duration::from_secs(70)).await;
                let stored = stored(&group, behaviour).await;
                assert_eq!(stored.len(), usize::from(there), "{behaviour} {fault}");
                if let (Ok(outcome), [one]) = (&result, stored.as_slice()) {
                    assert_eq!(outcome.value().table_id, one.table_id, "{behaviour} {fault}");
                }
            }
        }
    }
}

/// The response arrives while the client reads back, and makes the outcome certain.
#[tokio::test(start_paused = true)]
async fn a_late_response_counts() {
    for rule in ["create-app#1=hold:9000", "create-app#1=slow-store:9000"] {
        let (group, client) = servers(Behaviour::DupExist, 1, &[rule]);
        let made = assert_created(&client.create_table(&spec()).await, Evidence::ServerSaidSo);
        assert_eq!(stored(&group, Behaviour::DupExist).await, [made], "{rule}");
        assert_eq!(client.unsettled(), [""; 0]);
    }
}

/// The response arrives together with the response to a request behind it in the queue. The list after that
/// shows the table, but the response says more.
#[tokio::test(start_paused = true)]
async fn a_response_that_arrives_during_the_last_read_counts() {
    let (_group, client) = servers(Behaviour::DupExist, 1, &["create-app#1=hold:4000"]);
    let client = client.with_timeout(Duration::from_secs(5));
    assert_created(&client.create_table(&spec()).await, Evidence::ServerSaidSo);
}

/// Requests behind the create have passed the queue, so the error says more than that the table is not listed.
#[tokio::test(start_paused = true)]
async fn the_queue_shows_that_a_create_was_probably_not_executed() {
    for behaviour in Behaviour::ALL {
        let (_group, client) = servers(behaviour, 1, &["create-app#1=refuse:ERR_TIMEOUT"]);
        let error = assert_error(&client.create_table(&spec()).await, ErrorKind::OutcomeUnknown);
        let passed = error.message().contains("has probably not executed the create");
        // Servers of 2.3 do not have the RPC.
        assert_eq!(passed, behaviour != Behaviour::Freezed, "{behaviour}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_two_racing_creates_is_created_on_every_generation() {
    for behaviour in Behaviour::ALL {
        let (group, client) =
            servers(behaviour, 1, &["list-apps#1=delay:500", "list-apps#2=delay:500"]);
        let other = in_memory::client(&group, behaviour).build().expect("a client");
        let spec = spec();
        let (one, two) = tokio::join!(client.create_table(&spec), other.create_table(&spec));
        let outcomes = [one.expect("an outcome"), two.expect("an outcome")];
        let created: Vec<&Outcome<Table>> =
            outcomes.iter().filter(|outcome| outcome.created()).collect();
        assert_eq!(created.len(), 1, "{behaviour}: {outcomes:?}");
        assert_eq!(created[0].evidence(), Evidence::ServerSaidSo, "{behaviour}");
        let exists = outcomes.iter().find(|outcome| !outcome.created()).expect("the other one");
        // Servers of 2.3 return ERR_INVALID_PARAMETERS for a table that exists.
        let expected = match behaviour {
            Behaviour::Freezed => Evidence::ListedAfter,
            _ => Evidence::ServerSaidSo,
        };
        assert_eq!(exists.evidence(), expected, "{behaviour}");
        assert_eq!(stored(&group, behaviour).await.len(), 1, "{behaviour}");
    }
}

/// The creates of one client go one after the other, so the second one finds the table.
#[tokio::test(start_paused = true)]
async fn creates_of_one_client_take_turns() {
    let (_group, client) = servers(Behaviour::DupExist, 1, &["create-app=delay:300"]);
    let spec = spec();
    let (one, two) = tokio::join!(client.create_table(&spec), client.create_table(&spec));
    assert_created(&one, Evidence::ServerSaidSo);
    assert_exists(&two, Evidence::ListedBefore);
}

/// While the table is being stored, a create waits. If that takes too long, nothing was sent.
#[tokio::test(start_paused = true)]
async fn a_table_that_is_being_created_is_waited_for() {
    let (group, client) = servers(Behaviour::DupExist, 1, &["create-app#1=slow-store:3000"]);
    let other = in_memory::client(&group, Behaviour::DupExist).build().expect("a client");
    let spec = spec();
    let waiting = async {
        sleep(Duration::from_millis(100)).await;
        other.create_table(&spec).await
    };
    let (made, found) = tokio::join!(client.create_table(&spec), waiting);
    assert_created(&made, Evidence::ServerSaidSo);
    assert_exists(&found, Evidence::ListedBefore);

    let (group, client) = servers(Behaviour::DupExist, 1, &["create-app#1=slow-store:60000"]);
    let other = in_memory::client(&group, Behaviour::DupExist).build().expect("a client");
    let waiting = async {
        sleep(Duration::from_millis(100)).await;
        other.create_table(&spec).await
    };
    let (lost, busy) = tokio::join!(client.create_table(&spec), waiting);
    let lost = assert_error(&lost, ErrorKind::OutcomeUnknown);
    assert!(lost.message().contains("still busy with a table of that name"), "{lost}");
    let busy = assert_error(&busy, ErrorKind::Busy);
    assert!(busy.message().ends_with("status=AS_CREATING"), "{busy}");
    assert_eq!(other.unsettled(), [""; 0]);
}

/// The server that received the create has ended, and the next leader does not have the table. The create
/// can be sent again, and the outcome is certain.
#[tokio::test(start_paused = true)]
async fn another_leader_without_the_table_proves_that_a_lost_create_did_nothing() {
    for behaviour in Behaviour::ALL {
        for spec in [spec(), proving()] {
            let (group, client) = servers(behaviour, 2, &["create-app#1=crash-before-store:60000"]);
            let electing = async {
                sleep(Duration::from_secs(1)).await;
                let next = 1 - group.leader();
                group.elect(&Election { leader: Some(next), ..Election::default() });
            };
            let (result, ()) = tokio::join!(client.create_table(&spec), electing);
            let made = assert_created(&result, Evidence::ServerSaidSo);
            assert_eq!(stored(&group, behaviour).await, [made], "{behaviour}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_leaves_an_unsettled_create_until_the_table_is_listed() {
    let (_group, client) = servers(Behaviour::DupExist, 1, &["create-app#1=hold:3000"]);
    let given_up = tokio::time::timeout(Duration::from_secs(1), client.create_table(&spec())).await;
    assert!(given_up.is_err());
    assert_eq!(client.unsettled(), ["create-table table=made"]);
    sleep(Duration::from_secs(5)).await;
    assert_exists(&client.create_table(&spec()).await, Evidence::ListedBefore);
    assert_eq!(client.unsettled(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_proof_is_a_setting_of_the_table_and_no_difference() {
    let (_group, client) = servers(Behaviour::DupExist, 1, &[]);
    let made = assert_created(&client.create_table(&proving()).await, Evidence::ServerSaidSo);
    let proof = made.envs.get(PROOF_KEY).expect("the proof");
    assert!(proof.len() == 32 && made.envs.len() == 1, "{proof}");
    for spec in [spec(), proving()] {
        let found = client.create_table(&spec).await.expect("an outcome");
        assert_eq!(found.differences(), []);
        assert_eq!(found.value().envs.get(PROOF_KEY), Some(proof));
    }
    let other = TableSpec { table: "another".to_owned(), ..proving() };
    let other = assert_created(&client.create_table(&other).await, Evidence::ServerSaidSo);
    assert_ne!(other.envs.get(PROOF_KEY), Some(proof));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_how_many_replica_servers_are_alive() {
    let (group, client) = servers(Behaviour::DupExist, 1, &[]);
    let many = TableSpec { replica_count: 4, ..spec() };
    let error = assert_error(&client.create_table(&many).await, ErrorKind::InvalidArgument);
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains("fewer are alive than replica_count=4: alive=3 known=3"), "{error}");
    group.set_faults(vec!["list-apps#1=alive-nodes:0".parse().expect("a rule")]);
    let error = assert_error(&client.create_table(&spec()).await, ErrorKind::Unavailable);
    let hint = error.hint().unwrap_or_default();
    assert!(hint.ends_with("alive=0 known=3"), "{error}");
}

/// A server that lists tables shows by them whether it has the property. One without tables is asked.
#[tokio::test(start_paused = true)]
async fn atomic_idempotence_is_only_requested_from_servers_that_have_it() {
    for (behaviour, empty) in Behaviour::ALL.into_iter().flat_map(|one| [(one, true), (one, false)])
    {
        let mut config = ServerConfig { nodes: Some(3), ..embedded::still(behaviour) };
        if empty {
            config.tables.clear();
        }
        let group = in_memory::group(&config, 1);
        let client = in_memory::client(&group, behaviour).build().expect("a client");
        let spec = TableSpec { atomic_idempotent: Some(true), ..spec() };
        let result = client.create_table(&spec).await;
        if matches!(behaviour, Behaviour::DupExist | Behaviour::Idempotent) {
            let made = assert_created(&result, Evidence::ServerSaidSo);
            assert_eq!(made.atomic_idempotent, Some(true));
            let spec = TableSpec { atomic_idempotent: Some(false), ..spec };
            let differs = client.create_table(&spec).await.expect("an outcome");
            let expected = Difference::new(Property::AtomicIdempotent, false, true);
            assert_eq!(differs.differences(), [expected]);
            continue;
        }
        let error = assert_error(&result, ErrorKind::Unsupported);
        assert!(error.message().ends_with("nothing was sent"), "{error}");
        assert_eq!(stored(&group, behaviour).await, []);
        // The tables of the server are not idempotent, but the server does not report that.
        let spec = TableSpec { atomic_idempotent: Some(false), ..spec };
        assert_created(&client.create_table(&spec).await, Evidence::ServerSaidSo);
        let found = client.create_table(&spec).await.expect("an outcome");
        assert_eq!(found.unverified(), [Property::AtomicIdempotent], "{behaviour}");
    }
}
