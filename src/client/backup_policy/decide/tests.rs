//! Tests the table of an add with every combination of a response and of what is listed afterwards. The expected
//! outcomes are written down here a second time, and share no code with the decision.

use super::*;
use crate::protocol::error_code::ErrorCode;

/// What is listed. Each number is a set of properties that differ from the request, one bit for each.
#[derive(Debug, Clone, Copy, PartialEq)]
enum There {
    Nothing,
    Untold,
    Policy { differs: u8, disabled: bool },
}

/// The properties in the order of the bits, and in that of the differences.
const PROPERTIES: [Property; 5] = [
    Property::Provider,
    Property::TableIds,
    Property::IntervalSeconds,
    Property::HistoryCount,
    Property::StartTime,
];

/// The expected result.
#[derive(Debug, Clone, PartialEq)]
enum Expected {
    Created,
    /// AlreadyExists, and whether another client may have changed the policy.
    Exists {
        changed: bool,
    },
    Error(ErrorKind),
}

use Expected::{Created, Error as Fails, Exists};

fn spec() -> BackupPolicySpec {
    BackupPolicySpec {
        policy: "daily".to_owned(),
        provider: "local_service".to_owned(),
        tables: vec!["a".to_owned(), "b".to_owned(), "a".to_owned()],
        interval_seconds: 86_400,
        history_count: 3,
        start_time: "03:30".to_owned(),
    }
}

fn policy(differs: u8, disabled: bool) -> BackupPolicy {
    let bit = |index: u8| differs & (1 << index) != 0;
    BackupPolicy {
        policy: "daily".to_owned(),
        provider: if bit(0) { "other" } else { "local_service" }.to_owned(),
        table_ids: if bit(1) { vec![1] } else { vec![1, 2] },
        interval_seconds: if bit(2) { 90_000 } else { 86_400 },
        history_count: if bit(3) { 4 } else { 3 },
        start_time: if bit(4) { "24:00" } else { "03:30" }.to_owned(),
        disabled,
    }
}

fn answer(code: &str, hint: Option<&str>) -> Reply {
    Reply::Answer(AddBackupPolicyResponse {
        err: ErrorCode::from_name(code),
        hint_message: hint.map(str::to_owned),
    })
}

/// Each hint of a refusal, and the error kind that it means.
const HINTS: [(Option<&str>, ErrorKind); 9] = [
    (None, ErrorKind::InvalidArgument),
    (Some(""), ErrorKind::InvalidArgument),
    (Some("backup interval must be >= 86400 (1 day)"), ErrorKind::InvalidArgument),
    (Some("invalid app 99"), ErrorKind::TableNotFound),
    (Some("invalid app(99)\n"), ErrorKind::TableNotFound),
    (Some("invalid policy name: 'daily', policy name is already exist"), ErrorKind::Busy),
    (Some("invalid policy_name: daily"), ErrorKind::Busy),
    (Some("invalid policy name: 'daily', policy name is reserved"), ErrorKind::InvalidArgument),
    (Some("invalid backup_provider_type: other"), ErrorKind::InvalidArgument),
];

const CODES: [&str; 9] = [
    "ERR_OK",
    "ERR_ACL_DENY",
    "ERR_BUSY",
    "ERR_FORWARD_TO_OTHERS",
    "ERR_SERVICE_NOT_ACTIVE",
    "ERR_UNDER_RECOVERY",
    "ERR_OBJECT_NOT_FOUND",
    "ERR_TIMEOUT",
    "ERR_UNKNOWN",
];

fn replies() -> Vec<Reply> {
    let lost = [
        Reply::Lost("the timeout expired".to_owned()),
        Reply::Framework(ErrorCode::HandlerNotFound),
        Reply::Framework(ErrorCode::from_name("ERR_NETWORK_FAILURE")),
        Reply::Framework(ErrorCode::Ok),
    ];
    let refused = HINTS.iter().map(|(hint, _)| answer("ERR_INVALID_PARAMETERS", *hint));
    let coded = CODES.iter().flat_map(|code| [answer(code, None), answer(code, Some("a hint"))]);
    lost.into_iter().chain(refused).chain(coded).collect()
}

fn listed() -> impl Iterator<Item = There> {
    let policies = (0..1 << PROPERTIES.len())
        .flat_map(|differs| [false, true].map(|disabled| There::Policy { differs, disabled }));
    [There::Nothing, There::Untold].into_iter().chain(policies)
}

fn found(there: There) -> Afterwards {
    match there {
        There::Nothing => Afterwards::Nothing,
        There::Untold => Afterwards::Unknown("nobody answers".to_owned()),
        There::Policy { differs, disabled } => Afterwards::One(policy(differs, disabled)),
    }
}

fn expected(reply: &Reply, there: There) -> Expected {
    let refused = |kind| match there {
        There::Policy { .. } => Exists { changed: false },
        There::Nothing | There::Untold => Fails(kind),
    };
    let open = match there {
        There::Policy { differs: 0, .. } => Created,
        There::Policy { differs, .. } => Exists { changed: differs & 1 == 0 },
        There::Nothing | There::Untold => Fails(ErrorKind::OutcomeUnknown),
    };
    let answer = match reply {
        Reply::Lost(_) => return open,
        Reply::Framework(ErrorCode::HandlerNotFound) => return Fails(ErrorKind::Unsupported),
        Reply::Framework(_) => return open,
        Reply::Answer(answer) => answer,
    };
    match answer.err.name() {
        "ERR_INVALID_PARAMETERS" => {
            let hint = answer.hint_message.as_deref();
            refused(HINTS.iter().find(|(known, _)| *known == hint).expect("a hint").1)
        }
        "ERR_ACL_DENY" => refused(ErrorKind::PermissionDenied),
        "ERR_BUSY" => refused(ErrorKind::Busy),
        "ERR_FORWARD_TO_OTHERS" | "ERR_SERVICE_NOT_ACTIVE" | "ERR_UNDER_RECOVERY" => {
            Fails(ErrorKind::Unavailable)
        }
        _ => open,
    }
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    let spec = spec();
    let question = Question { spec: &spec, table_ids: [1, 2].into() };
    let mut count = 0;
    for reply in replies() {
        for there in listed() {
            let decided = Case::new(&question, &reply)
                .map_err(TryError::into_error)
                .and_then(|case| case.decide(found(there)));
            let case = format!("{reply:?} {there:?}: {decided:?}");
            let got = match &decided {
                Err(error) => Fails(error.kind()),
                Ok(Outcome::Created { evidence, .. }) => {
                    assert_eq!(*evidence, Evidence::AppearedDuringCall, "{case}");
                    Created
                }
                Ok(Outcome::AlreadyExists { evidence, warning, .. }) => {
                    assert_eq!(*evidence, Evidence::ListedAfter, "{case}");
                    let warning = warning.as_deref().unwrap_or_default();
                    Exists { changed: warning.contains("may have changed the policy") }
                }
            };
            assert_eq!(got, expected(&reply, there), "{case}");
            if let (Ok(outcome), There::Policy { differs, disabled }) = (&decided, there) {
                let fields: Vec<Property> =
                    outcome.differences().iter().map(|one| one.field).collect();
                let differing = (0..PROPERTIES.len()).filter(|index| differs & (1 << index) != 0);
                let differing: Vec<Property> = differing.map(|index| PROPERTIES[index]).collect();
                let warning = outcome.warning().unwrap_or_default();
                assert_eq!(fields, differing, "{case}");
                assert_eq!(outcome.value(), &policy(differs, disabled), "{case}");
                assert_eq!(warning.contains("is disabled"), disabled, "{case}");
                // A Created of a policy is never certain.
                assert!(!(outcome.created() && outcome.certain()), "{case}");
            }
            count += 1;
        }
    }
    assert!(count > 2_000, "{count}");
}

/// The client queries for as long as the result can still change.
#[test]
fn what_is_looked_for_goes_by_the_same_rows() {
    let spec = spec();
    let question = Question { spec: &spec, table_ids: [1, 2].into() };
    for reply in replies() {
        let Ok(case) = Case::new(&question, &reply) else { continue };
        let ok = matches!(&reply, Reply::Answer(answer) if answer.err == ErrorCode::Ok);
        let looked_for = match expected(&reply, There::Nothing) {
            Fails(ErrorKind::OutcomeUnknown) if !ok => LookFor::Appearance,
            Fails(ErrorKind::OutcomeUnknown | ErrorKind::Busy) => LookFor::Confirmation,
            _ => LookFor::Anything,
        };
        assert_eq!(case.look_for(), looked_for, "{reply:?}");
    }
}

#[test]
fn errors_say_what_happened_and_that_no_policy_can_be_removed() {
    let spec = spec();
    let question = Question { spec: &spec, table_ids: [1, 2].into() };
    let error = |reply: &Reply, found| {
        let case = Case::new(&question, reply).map_err(TryError::into_error);
        case.and_then(|case| case.decide(found)).expect_err("an error")
    };
    let lost = error(&Reply::Lost("the timeout expired".to_owned()), Afterwards::Nothing);
    assert!(lost.message().contains("no response arrived (the timeout expired)"), "{lost}");
    assert!(lost.message().ends_with("(yet): policy=daily"), "{lost}");
    assert!(lost.hint().is_some_and(|hint| hint.contains("no server removes a policy")), "{lost}");
    let accepted = error(&answer("ERR_OK", Some("")), Afterwards::Nothing);
    assert!(accepted.message().contains("the server returned ERR_OK"), "{accepted}");
    assert_eq!(accepted.code(), Some(&ErrorCode::Ok));
    let unread = error(&answer("ERR_OK", None), Afterwards::Unknown("why".to_owned()));
    assert!(unread.message().contains("could not be queried: why"), "{unread}");
    let refused = |hint| error(&answer("ERR_INVALID_PARAMETERS", Some(hint)), Afterwards::Nothing);
    let taken = refused("invalid policy name: 'daily', policy name is already exist");
    assert!(taken.message().contains("existing policy, which it does not list"), "{taken}");
    let provider = refused("invalid backup_provider_type: local_service");
    assert_eq!(provider.hint(), Some("invalid backup_provider_type: local_service"));
    let silent = refused("");
    assert!(silent.hint().is_some_and(|hint| hint.contains("block_service.NAME")), "{silent}");
}
